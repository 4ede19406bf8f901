# pg.sh - a private PostgreSQL cluster below a folder ("home"); sourced by
# bootstrap and, after tap.sh, by the tests.  It listens on a socket in
# HOME/run only, a folder that nobody else may enter, and trusts who gets there.

# pg_bin : the folder of initdb and postgres; Debian keeps them off the PATH
pg_bin() {
	local dir
	for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
		"$(pg_config --bindir 2>/dev/null)"; do
		if [ -x "$dir/initdb" ]; then
			echo "$dir"
			return
		fi
	done
	return 1
}

# home_make HOME : the folders of everything private
home_make() {
	mkdir -p "$1" "$1/run" "$1/log" && chmod 755 "$1" &&
		chmod 700 "$1/run" "$1/log" && give "$1" "$1/run" "$1/log"
}

# pg_env HOME : where psql and our programs find the cluster
pg_env() {
	PGHOST=$1/run PGPORT=5432 PGUSER=dynapi_dba
	export PGHOST PGPORT PGUSER
}

# pg_init HOME [FAST] : FAST gives up safety against power failure
pg_init() {
	local fast=()
	[ -z "${2-}" ] || fast=(--no-sync --wal-segsize=1)
	as "$(pg_bin)/initdb" -D "$1/pg" -U dynapi_dba -E UTF8 --locale=C.UTF-8 \
		--auth=trust "${fast[@]}" >"$1/log/initdb" 2>&1 || {
		cat "$1/log/initdb" >&2
		return 1
	}
	{
		echo "listen_addresses = ''"
		echo "timezone = 'UTC'"
		echo "log_min_messages = warning"
		[ -z "${2-}" ] || {
			echo "fsync = off"
			echo "full_page_writes = off"
		}
	} >>"$1/pg/postgresql.conf"
}

# pg_start HOME : the socket's folder is told here, so that a copy of a
# cluster starts in its own place
pg_start() {
	as "$(pg_bin)/pg_ctl" -D "$1/pg" -l "$1/log/postgresql" -w -t 60 -s \
		-o "-k '$1/run' -p 5432" start >&2 || {
		tail -n 20 "$1/log/postgresql" >&2
		return 1
	}
}

# pg_stop HOME [MODE]
pg_stop() {
	[ ! -e "$1/pg/postmaster.pid" ] ||
		as "$(pg_bin)/pg_ctl" -D "$1/pg" -w -t 60 -s -m "${2:-fast}" stop >&2
}

# pg_restart HOME [MODE]
pg_restart() {
	pg_stop "$1" "${2:-fast}"
	pg_start "$1"
}

# sql DATABASE TEXT [PSQL-ARGUMENT...] : rows on stdout, fields separated by |
sql() {
	local db=$1 text=$2
	shift 2
	psql -XAtq -v ON_ERROR_STOP=1 -d "$db" "$@" -c "$text"
}

# pg_load DATABASE FILE
pg_load() {
	psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -d "$1" -f "$2"
}

# pg_template DIR : a stopped cluster with pagila and chinook (where the test
# data is there), made once and copied by every test.  The copy is 0.1 s, a
# new cluster 3 s, and what one test does to its copy no other test sees.
pg_template() {
	(
		flock 9
		[ ! -e "$1/ready" ] || exit 0
		pg_template_make "$1"
	) 9>"$1.lock" >&2
}

pg_template_make() {
	local data=$DYNAPI_TESTDATA/sql work
	rm -rf "$1"
	work=$(mktemp -d "${TMPDIR:-/tmp}/dynapi-p.XXXXXX") || return 1
	home_make "$work" && pg_init "$work" fast && pg_start "$work" || return 1
	pg_env "$work"
	if [ -e "$data/pagila.sql" ]; then
		sql postgres 'CREATE DATABASE pagila' &&
			pg_load pagila "$data/pagila.sql" &&
			sql pagila ANALYZE &&
			pg_load postgres "$data/chinook.sql" &&
			sql chinook ANALYZE
	fi
	sql postgres 'CREATE DATABASE shop' &&
		pg_load shop "$DYNAPI_SRCDIR/share/demo.sql" && sql shop ANALYZE
	# shellcheck disable=SC2181
	[ $? -eq 0 ] && pg_stop "$work" && mkdir "$1" &&
		cp -a "$work/pg" "$1/" && touch "$1/ready" && rm -rf "$work"
}

# pg_home HOME : a running copy of the template, ended when the test ends
pg_home() {
	home_make "$1" && pg_template "$DYNAPI_BUILDDIR/test-cluster" &&
		cp -a "$DYNAPI_BUILDDIR/test-cluster/pg" "$1/" || return 1
	at_exit "pg_stop '$1' immediate"
	pg_start "$1" || return 1
	pg_env "$1"
}
