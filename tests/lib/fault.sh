# fault.sh - one API behind nginx, and what its answers must be like while
# something is broken; sourced after tap.sh, pg.sh, api.sh and web.sh.

need curl jq nginx spawn-fcgi multiwatch

H=$TMP/h
base=''
status='' code='' seconds='' curl_exit=''

# What a busy machine may add to a time that is bounded
SLACK=${DYNAPI_SLACK:-1.5}

# fault_home DATABASE SQL ["NAME = VALUE"...] : a running cluster with these
# tables, the API set up, no server; anonymous may do everything
fault_home() {
	local db=$1 text=$2
	shift 2
	pg_home "$H" && sql postgres "CREATE DATABASE $db" &&
		sql "$db" "$text" >/dev/null && api_programs "$H" &&
		api_conf "$H" "$db" "$@" && api_init "$H" secret-of-admin &&
		ctl "$H" grant anonymous '*' crud >/dev/null || bail_out "no API"
}

# fault_web N [COMMAND...] : N responders behind nginx
fault_web() {
	responders_start "$H" "$@" || bail_out "no responders"
	at_exit "responders_stop '$H'"
	wait_for 5 have_responders "$1" || bail_out "no $1 responders"
	port=$(free_port)
	web_start "$H" nginx "$port" || bail_out "no nginx"
	at_exit "web_stop '$H' nginx"
	base=http://127.0.0.1:$port
}

# ask METHOD PATH [BODY [CURL-ARGUMENT...]] : sets status, code, seconds and
# curl_exit; head and body are files
ask() {
	local method=$1 path=$2 body=${3-} line
	shift 2
	[ $# -eq 0 ] || shift
	: >"$TMP/body"
	line=$(curl -sS -m 30 -X "$method" -D "$TMP/head" -o "$TMP/body" \
		-w '%{http_code} %{time_total}' \
		${body:+-H 'Content-Type: application/json' --data-binary "$body"} \
		"$@" "$base$path" 2>"$TMP/curl")
	curl_exit=$?
	status=${line% *} seconds=${line#* }
	code=$(sed -n 's/.*"code":"\([a-z_]*\)".*/\1/p' "$TMP/body")
}

# ask_later NAME METHOD PATH [BODY [CURL-ARGUMENT...]] : the same beside the
# test; asked NAME waits for it and sets what ask sets
ask_later() {
	local name=$1
	shift
	(
		trap - EXIT
		mkdir -p "$TMP/later-$name"
		TMP=$TMP/later-$name
		ask "$@"
		printf '%s\n' "$status" "$code" "$seconds" "$curl_exit" >"$TMP/asked"
	) &
	later=$!
}
asked() {
	wait "$later"
	cp "$TMP/later-$1/body" "$TMP/later-$1/head" "$TMP/"
	{
		read -r status
		read -r code
		read -r seconds
		read -r curl_exit
	} <"$TMP/later-$1/asked"
}

# within SECONDS COMMAND... : until it succeeds; 1 when more than the seconds
# and the slack have passed
within() {
	local end
	end=$(awk -v now="$EPOCHREALTIME" -v max="$1" -v slack="$SLACK" \
		'BEGIN { printf "%.3f", now + max + slack }')
	shift
	until "$@" >/dev/null 2>&1; do
		[[ $EPOCHREALTIME < $end ]] || return 1
		sleep 0.05
	done
}

answers() {
	ask GET "$1" && [ "$status" = "${2:-200}" ]
}

# at_most SECONDS : the last answer came within them
at_most() {
	awk -v s="$seconds" -v max="$1" -v slack="$SLACK" \
		'BEGIN { exit !(s <= max + slack) }'
}

# problem NAME "STATUS CODE"... : the last answer is one of these, as a problem
# document (RFC 9457) without a word about the inside
problem() {
	local name=$1 want text
	shift
	for want; do
		[ "$status $code" = "$want" ] && break
	done
	if [ "$status $code" != "$want" ]; then
		fail "$name"
		diag "got: $status $code $(head -c 300 "$TMP/body") $(cat "$TMP/curl" 2>/dev/null)"
		diag "wanted: $*"
		return
	fi
	text=$(tr -d '\r' <"$TMP/head")
	[[ $text == *"Content-Type: application/problem+json"* ]] &&
		[[ $status != 503 || $text == *"Retry-After: "* ]] &&
		grep -q "\"status\":$status," "$TMP/body" &&
		! grep -qiE 'sqlstate|select|insert|socket|psql|/tmp|/run' "$TMP/body" && {
		pass "$name: $status $code"
		return
	}
	fail "$name: a problem document that tells nothing"
	diag "$text"
	diag "$(cat "$TMP/body")"
}

# events NAME [WORD] : lines of that kind in the responders' log
events() {
	grep -c "event=$1\b.*${2-}" "$H/log/dynapi"
}

# backends : the process ids of the responders' sessions
backends() {
	sql postgres "SELECT pid FROM pg_stat_activity
		WHERE usename = 'dynapi_responder' ORDER BY backend_start"
}

# busy WORD : how many of them work on a statement with that word
busy() {
	sql postgres "SELECT count(*) FROM pg_stat_activity
		WHERE usename = 'dynapi_responder' AND state = 'active'
			AND query LIKE '%$1%'"
}
is_busy() {
	[ "$(busy "$1")" -gt 0 ]
}
is_idle() {
	[ "$(busy "$1")" -eq 0 ]
}

# responders : those that run, one a line
responders() {
	local pid
	for pid in $(cat "$H/run/responders.pid" 2>/dev/null); do
		! pid_runs "$pid" dynapi.fcgi || echo "$pid"
	done
}
# responders_kill SIGNAL
responders_kill() {
	local pid
	for pid in $(responders); do
		kill "-$1" "$pid"
	done
}
have_responders() {
	[ "$(responders | wc -l)" -eq "$1" ]
}
