# peers.sh - PostgREST and Django REST Framework where they are installed, on
# the same table, each on a port of its own without a web server before it and
# without a token: what it leaves out is in its favour.  Sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

embedded='/buyer?select=*,address(*),rental(*)&order=id&limit=100&rental.order=id.desc&rental.limit=5'
peers_installed=()
postgrest_url=
drf_url=

has_drf() {
	command -v gunicorn >/dev/null && command -v python3 >/dev/null &&
		python3 -c 'import django, rest_framework, psycopg2' 2>/dev/null
}

# peer_start NAME COMMAND... : in the background, its number in run/NAME.pid
peer_start() {
	local name=$1
	shift
	as sh -c 'echo $$ >"$0" && exec "$@"' "$main/run/$name.pid" "$@" \
		>"$main/log/$name" 2>&1 &
}

postgrest_start() {
	local port
	port=$(free_port)
	postgrest_url=http://127.0.0.1:$port
	peer_start postgrest env \
		PGRST_DB_URI="host=$main/run dbname=main user=dynapi_responder" \
		PGRST_DB_SCHEMAS=public PGRST_DB_ANON_ROLE=dynapi_responder \
		PGRST_DB_POOL="$clients" PGRST_LOG_LEVEL=crit \
		PGRST_SERVER_HOST=127.0.0.1 PGRST_SERVER_PORT="$port" \
		"$(command -v postgrest)"
	wait_for 20 curl -fsS "$postgrest_url/customer?id=eq.7"
}

drf_start() {
	local port
	port=$(free_port)
	drf_url=http://127.0.0.1:$port
	mkdir -p "$TMP/drf" && cp "$bench/drf.py" "$TMP/drf/" || return 1
	peer_start drf env PGHOST="$main/run" PGDATABASE=main \
		PGUSER=dynapi_responder "$(command -v gunicorn)" \
		--chdir "$TMP/drf" -w "$BENCH_WORKERS" -b "127.0.0.1:$port" \
		--log-level error drf:application
	wait_for 30 curl -fsS "$drf_url/customer/7/"
}

# peers_start : notes which are not there
peers_start() {
	if ! command -v postgrest >/dev/null; then
		result fact PostgREST "not installed"
	elif postgrest_start; then
		peers_installed+=(PostgREST)
		result fact PostgREST "$(first_line postgrest --version), no authentication"
	else
		cat "$main/log/postgrest" >&2
		die "PostgREST does not start"
	fi
	if ! has_drf; then
		result fact DRF "Django REST Framework with gunicorn: not installed"
	elif drf_start; then
		peers_installed+=(DRF)
		result fact DRF "$(python3 -c 'import django, rest_framework
print(rest_framework.VERSION, "Django", django.get_version())'), gunicorn, $BENCH_WORKERS workers, no authentication"
	else
		cat "$main/log/drf" >&2
		die "Django REST Framework does not start"
	fi
}

peers_stop() {
	pid_end "$main/run/postgrest.pid" ''
	pid_end "$main/run/drf.pid" ''
}

# peer_ask PEER ID : one turn; prints its rate
peer_ask() {
	local url=$postgrest_url BENCH_TOKEN=''
	[ "$1" = PostgREST ] || url=$drf_url
	export BENCH_TOKEN
	case $1-$2 in
	PostgREST-P1) wrk_rate GET '/customer?id=eq.{}' ;;
	PostgREST-P2) wrk_rate GET '/customer?order=id&limit=100' ;;
	PostgREST-P3) wrk_rate GET '/customer?order=id&limit=1000' ;;
	PostgREST-I1) wrk_rate GET "$embedded" ;;
	PostgREST-P4) wrk_rate POST /customer "$new_json" ;;
	DRF-P1) wrk_rate GET '/customer/{}/' ;;
	DRF-P2) wrk_rate GET '/customer/?limit=100' ;;
	DRF-P3) wrk_rate GET '/customer/?limit=1000' ;;
	DRF-P4) wrk_rate POST /customer/ "$new_json" ;;
	esac
}

# peers ID OUR-RATE : one turn of each
peers() {
	local peer rate
	for peer in ${peers_installed[@]+"${peers_installed[@]}"}; do
		[ "$peer-$1" != DRF-I1 ] || continue
		rate=$(peer_ask "$peer" "$1") || die "$1: $peer could not run"
		figure "$1" "$peer" req/s "$rate"
		figure "$1" "dynapi / $peer" ratio "$(ratio "$2" "$rate")"
	done
}
