# api.sh - the configuration, the accounts and the responders of one API below
# a folder ("home"); sourced by bootstrap and, after pg.sh, by the tests.
#
#   HOME/dynapi.conf  HOME/jwt.key  HOME/snapshot/  HOME/bin/  HOME/sql/

# api_programs HOME : HOME/bin has the programs as the servers' user can run
# them: links into the build tree, or copies where he cannot get there
api_programs() {
	local name
	mkdir -p "$1/bin" "$1/snapshot" && give "$1/bin" "$1/snapshot" || return 1
	# a snapshot that root writes keeps the group of the responders
	chmod 2755 "$1/snapshot" || return 1
	for name in dynapi.fcgi dynapi-introspect dynapictl; do
		api_program "$1" "$name" || return 1
	done
	rm -rf "$1/sql"
	mkdir "$1/sql" && cp "$DYNAPI_SRCDIR"/sql/*.sql "$1/sql"
}

# api_program HOME NAME
api_program() {
	local path=$DYNAPI_BUILDDIR/$2
	rm -f "$1/bin/$2"
	if as test -x "$path"; then
		ln -s "$path" "$1/bin/$2"
	else
		install -m 755 "$path" "$1/bin/$2"
	fi
}

# api_conf HOME DATABASE ["NAME = VALUE"...] : later lines replace the same
# names above them, so that a test can change any parameter
api_conf() {
	local home=$1 db=$2 line
	shift 2
	[ -e "$home/jwt.key" ] || (
		umask 077
		random_hex 32 >"$home/jwt.key" && echo >>"$home/jwt.key"
	) || return 1
	{
		echo "conninfo = host=$home/run dbname=$db user=dynapi_responder"
		echo "admin_conninfo = host=$home/run dbname=$db user=dynapi_dba"
		echo "schemas = public"
		echo "snapshot = $home/snapshot/schema.sqlite"
		echo "throttle_file = $home/snapshot/throttle"
		echo "jwt_key_file = $home/jwt.key"
		echo "log = $home/log/dynapi"
		echo "introspect = $home/bin/dynapi-introspect"
		for line; do
			echo "$line"
		done
	} | awk '{ name = $0; sub(/ *=.*/, "", name)
		if (!(name in line)) order[++n] = name
		line[name] = $0 }
		END { for (i = 1; i <= n; i++) print line[order[i]] }' \
		>"$home/dynapi.conf" &&
		chmod 600 "$home/dynapi.conf" &&
		give "$home/dynapi.conf" "$home/jwt.key"
}

# ctl HOME ARGUMENT... : dynapictl, as the user who owns the configuration
ctl() {
	local home=$1
	shift
	as env DYNAPI_SQLDIR="$home/sql" "$home/bin/dynapictl" \
		-c "$home/dynapi.conf" "$@"
}

# introspect HOME [ARGUMENT...]
introspect() {
	local home=$1
	shift
	as "$home/bin/dynapi-introspect" -c "$home/dynapi.conf" "$@"
}

# api_init HOME PASSWORD : the dynapi schema, the superuser "admin", a snapshot
api_init() {
	{
		ctl "$1" init && printf '%s\n' "$2" |
			ctl "$1" user add admin --superuser --password-stdin &&
			introspect "$1"
	} >"$1/log/init" 2>&1 && return
	cat "$1/log/init" >&2
	return 1
}

# responders_start HOME N [COMMAND...] : COMMAND stands before the program,
# such as env NAME=VALUE
responders_start() {
	local home=$1 n=$2
	shift 2
	# Each responder writes its number down before it becomes the
	# program; so the list is true when multiwatch has replaced some.
	cat >"$home/run/responder" <<-EOF || return 1
	#!/bin/bash
	exec 9>>'$home/run/responders.lock'
	flock 9
	for pid in \$(cat '$home/run/responders.pid' 2>/dev/null); do
		[ ! -e "/proc/\$pid/stat" ] || echo "\$pid"
	done >'$home/run/responders.new'
	echo \$\$ >>'$home/run/responders.new'
	mv '$home/run/responders.new' '$home/run/responders.pid'
	exec 9>&-
	exec $*${*:+ }'$home/bin/dynapi.fcgi' -c '$home/dynapi.conf' 2>>'$home/log/responders'
	EOF
	rm -f "$home/run/responders.pid"
	chmod 755 "$home/run/responder" && give "$home/run/responder" &&
		as spawn-fcgi -s "$home/run/fcgi.sock" -M 0600 -b 1024 \
			-P "$home/run/multiwatch.pid" -- "$(command -v multiwatch)" \
			-f "$n" -r 1000 -- "$home/run/responder" \
			>"$home/log/spawn-fcgi" 2>&1 || {
		cat "$home/log/spawn-fcgi" >&2
		return 1
	}
}

# responders_stop HOME : what runs is finished first
responders_stop() {
	local pid
	pid_end "$1/run/multiwatch.pid" "$1/"
	for pid in $(cat "$1/run/responders.pid" 2>/dev/null); do
		if pid_runs "$pid" "$1/"; then
			kill -KILL "$pid"
		fi
	done
	rm -f "$1/run/responders.pid" "$1/run/fcgi.sock"
}

# notifier_start HOME [NAME [CONF [COMMAND...]]] : dynapi-notifyd, its number
# in HOME/run/NAME.pid (notifier); COMMAND stands before the program
notifier_start() {
	local home=$1 name=${2-notifier} conf=${3-$1/dynapi.conf} listen
	shift $(($# < 3 ? $# : 3))
	api_program "$home" dynapi-notifyd || return 1
	listen=$(sed -n 's/^notify_listen *= *//p' "$conf")
	as setsid bash -c 'pid=$1; log=$2; shift 2; echo $$ >"$pid"
		exec "$@" </dev/null >>"$log" 2>&1' bash "$home/run/$name.pid" \
		"$home/log/$name" "$@" "$home/bin/dynapi-notifyd" -c "$conf" 2>/dev/null &
	disown
	wait_for 10 notifier_listens "$listen" && return
	cat "$home/log/$name" "$home/log/dynapi" >&2
	return 1
}

# notifier_listens ADDRESS
notifier_listens() {
	case $1 in
	/*) curl -s -o /dev/null --unix-socket "$1" http://localhost/ ;;
	*) port_busy "${1##*:}" ;;
	esac
}

# notifier_stop HOME [NAME [SIGNAL]]
notifier_stop() {
	pid_end "$1/run/${2-notifier}.pid" "$1/" "${3-TERM}"
}

# api_home HOME DATABASE ["NAME = VALUE"...] : everything but responders and a
# web server, in a copy of the test cluster; for the tests
api_home() {
	local home=$1 db=$2
	shift 2
	pg_home "$home" && api_programs "$home" && api_conf "$home" "$db" "$@" &&
		api_init "$home" secret-of-admin
}

# cgi HOME METHOD URI [BODY [HEADER...]] : one request to the program as plain
# CGI, without any server.  A header is "Name: value".  The answer as CGI has
# it, with a head of lines that end in CR LF, is on stdout.
cgi() {
	local home=$1 method=$2 uri=$3 body=${4-} name header env=()
	shift 3
	[ $# -eq 0 ] || shift
	for header; do
		name=${header%%:*}
		name=${name^^}
		name=${name//-/_}
		[ "$name" = CONTENT_TYPE ] || name=HTTP_$name
		header=${header#*:}
		env+=("$name=${header# }")
	done
	if [ -n "$body" ]; then
		env+=("CONTENT_LENGTH=$(printf %s "$body" | wc -c)")
		[[ " ${env[*]}" == *" CONTENT_TYPE="* ]] ||
			env+=("CONTENT_TYPE=application/json")
	fi
	printf %s "$body" | as env -i PATH=/usr/bin:/bin GATEWAY_INTERFACE=CGI/1.1 \
		SERVER_PROTOCOL=HTTP/1.1 SERVER_NAME=localhost SERVER_PORT=80 \
		REMOTE_ADDR=127.0.0.1 REQUEST_METHOD="$method" REQUEST_URI="$uri" \
		SCRIPT_NAME= ${ASAN_OPTIONS:+"ASAN_OPTIONS=$ASAN_OPTIONS"} \
		"${env[@]}" "$home/bin/dynapi.fcgi" -c "$home/dynapi.conf"
}

# cgi_status, cgi_header NAME, cgi_body : of an answer of cgi on stdin
cgi_status() {
	sed -n 's/^Status: \([0-9]*\).*/\1/p; /^\r*$/q'
}
cgi_header() {
	sed -n "s/^$1: *\([^\r]*\)\r*\$/\1/Ip; /^\r*\$/q"
}
cgi_body() {
	sed '1,/^\r*$/d'
}

# login_token BASE NAME PASSWORD : an access token on stdout
login_token() {
	curl -s -m 30 -H 'Content-Type: application/json' \
		-d "{\"username\":\"$2\",\"password\":\"$3\"}" \
		"$1/api/auth/login/" |
		sed -n 's/.*"access" *: *"\([^"]*\)".*/\1/p'
}
