# ask.sh - one API before one responder, and questions to it; sourced after
# tap.sh, pg.sh and api.sh.  The responder is asked by FastCGI without a web
# server, so that thousands of questions are cheap; one process answers all of
# them, so that what one leaves behind, the next would meet.

home=$TMP/h
socket=$home/run/fcgi.sock
token=''         # sent along when it is set
status='' head='' body=''

# ask_start DATABASE ["NAME = VALUE"...] : everything set up but the rights
ask_start() {
	api_home "$home" "$@" && ask_serve
}

ask_serve() {
	responders_start "$home" 1 || return 1
	at_exit "responders_stop '$home'"
	ask GET /api/health/live || return 1
	ask_pid=$(cat "$home/run/responders.pid")
}

# ask_conf DATABASE ["NAME = VALUE"...] : a new responder with these settings
ask_conf() {
	ask_same_pid
	responders_stop "$home"
	api_conf "$home" "$@" && ask_serve || bail_out "no responder with $*"
}

# a responder that died has been replaced
ask_same_pid() {
	is "$(cat "$home/run/responders.pid")" "$ask_pid" \
		"the responder has lived on"
}

# user_token NAME : makes the user when there is none
user_token() {
	[ "$1" = admin ] || ctl "$home" user list | grep -q "^$1 " ||
		printf '%s\n' "secret-of-$1" |
		ctl "$home" user add "$1" --password-stdin >/dev/null || return 1
	ctl "$home" token "$1" --ttl 1h
}

# ask METHOD URI [BODY [HEADER...]] : sets status, head and body; an empty
# BODY is none
ask() {
	local method=$1 uri=$2 send=${3-}
	shift 2
	[ $# -eq 0 ] || shift
	"$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" "$method" "$uri" "$send" \
		${token:+"Authorization: Bearer $token"} "$@" >"$TMP/answer" || {
		status=0 head='' body=''
		return 1
	}
	{
		IFS= read -r status
		IFS= read -r -d '' head
	} < <(tr -d '\r' <"$TMP/answer" | sed '/^$/,$d')
	body=$(sed '1,/^\r*$/d' "$TMP/answer")
}

# header NAME : its value in the last answer
header() {
	printf '%s' "$head" | sed -n "s/^$1: //Ip"
}

# fields : names of the last answer's "errors", in their order
fields() {
	printf '%s' "$body" | sed -n 's/.*"errors":{\(.*\)}}$/\1/p' |
		sed 's/":\["\([^"\\]\|\\.\)*"\(,"\([^"\\]\|\\.\)*"\)*\]/ /g; s/[",]//g; s/ $//'
}

# try STATUS CODE METHOD URI [BODY [HEADER...]] : one test; CODE "-" is an
# answer without problem document
try() {
	local want_status=$1 want_code=$2 name code
	shift 2
	ask "$@"
	name="$1 ${2:0:100} ${3:+with ${3:0:100} }is $want_status"
	code=$(printf '%s' "$body" | sed -n 's/^{"type":"urn:dynapi:error:\([a-z_]*\)".*/\1/p')
	if [ "$want_code" = - ]; then
		is "$status ${code:--}" "$want_status -" "$name"
		return
	fi
	name="$name $want_code"
	if [ "$status $code" = "$want_status $want_code" ]; then
		if [ "$1" = HEAD ] || ! is_problem; then
			fail "$name, as a problem document"
			diag "$head"
			diag "$body"
			return
		fi
		pass "$name"
		return
	fi
	fail "$name"
	diag "got: $status $body"
}

# RFC 9457, and the same code, status and id everywhere
is_problem() {
	[ "$(header Content-Type)" = application/problem+json ] &&
		[[ $body == *"\"status\":$status,"* ]] &&
		[[ $body == *"\"code\":\"$code\""* ]] &&
		[[ $body == *"\"request_id\":\"$(header X-Request-Id)\""* ]]
}

# as_bytes : stdin as a column of such a line, every byte as \xHH
as_bytes() {
	od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g'
}

# as_percent : stdin, every byte as %HH
as_percent() {
	od -An -v -tx1 | tr -d '\n' | tr ' ' %
}

# ask_all REQUESTS ANSWERS : files of lines as tests/lib/ask.c describes them
ask_all() {
	[ -s "$1" ] && "$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" <"$1" >"$2" ||
		bail_out "nothing could be asked"
}

# judge_in DATABASE : makes the schema t, which is not exposed, with the
# function t.pct(text), every byte as %HH
judge_in() {
	sql "$1" "CREATE SCHEMA t;
		CREATE TABLE t.answer (name text, status int, head text, body text);
		CREATE FUNCTION t.pct(s text) RETURNS text LANGUAGE sql AS \$\$
			SELECT coalesce(string_agg('%' || lpad(to_hex(get_byte(b, i)), 2, '0'), '' ORDER BY i), '')
			FROM (SELECT convert_to(s, 'UTF8') AS b) x, generate_series(0, length(b) - 1) i \$\$"
}

# answers DATABASE FILE : what ask_all wrote becomes the table t.answer
answers() {
	sql "$1" 'TRUNCATE t.answer' &&
		psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "\\copy t.answer from '$2'" ||
		bail_out "the answers cannot be judged"
}

# questions DATABASE QUERY FILE : rows of name, method, uri, body, headers
# become requests for ask_all
questions() {
	psql -XAtq -v ON_ERROR_STOP=1 -d "$1" \
		-c "COPY ($2) TO STDOUT" >"$3" || bail_out "no questions"
}

# none DATABASE QUERY NAME : passes when the query finds no row
none() {
	local rows
	rows=$(sql "$1" "$2" 2>&1 | cut -c 1-400)
	is "$(printf '%s\n' "$rows" | head -n 8)" "" "$3"
}

# checksum DATABASE [EXCEPT] : of every row of every table outside PostgreSQL's
# and our own schemas
checksum() {
	sql "$1" "SELECT string_agg(format('SELECT %L, count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '''')) FROM %s t',
		c.oid::regclass::text, c.oid::regclass), ' UNION ALL ' ORDER BY c.oid::regclass::text)
		FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema', 'dynapi', 't')
			AND c.relname <> '${2-}'" | psql -XAtq -v ON_ERROR_STOP=1 -d "$1"
}

# ask_end : what holds after every test; the last call
ask_end() {
	ask_same_pid
	is "$(head -n 5 "$home/log/responders" 2>/dev/null)" "" \
		"the responder has written nothing to standard error"
	is "$(grep -E 'status=(500|503|504)|level=error' "$home/log/dynapi" |
		head -n 3)" "" "nothing in the log is our fault"
	done_testing
}
