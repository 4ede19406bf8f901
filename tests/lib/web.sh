# web.sh - a private web server before the responders of a folder ("home"), on
# one port of the loopback; sourced by bootstrap and, after api.sh, by the
# tests.  The part that matters is the installed snippet itself, with the
# paths of this home put in; the rest here is only what a private copy needs.
#
# kinds: nginx lighttpd apache            FastCGI, responders_start first
#        fcgid lighttpd-cgi apache-cgi    the server starts the program

# web_program KIND
web_program() {
	case $1 in
	nginx) PATH=$PATH:/usr/sbin command -v nginx ;;
	lighttpd*) PATH=$PATH:/usr/sbin command -v lighttpd ;;
	*) PATH=$PATH:/usr/sbin command -v apache2 ;;
	esac
}

# snippet HOME DIR FILE PREFIX : etc/FILE into DIR, with the paths of this home
snippet() {
	local home=$1 dir=$2 prefix=$4 live
	# where dynapi-notifyd listens
	live=$(sed -n 's/^notify_listen *= *127\.0\.0\.1://p' "$home/dynapi.conf")
	sed -e "s|@pkgdatadir@|$dir|g" -e "s|@sysconfdir@/dynapi|$home|g" \
		-e "s|@pkglibexecdir@|$dir/cgi|g" \
		-e "s|/run/dynapi/fcgi.sock|$home/run/fcgi.sock|g" \
		-e "s,\([\"^ ]\)/\(api\|ws\|sse\)\([\"/( ]\),\1$prefix/\2\3,g" \
		-e "s,\(:8790\)/\(ws\|sse\)/,\1$prefix/\2/,g" \
		-e "s|\(127\.0\.0\.1:\)8790|\1${live:-8790}|g" \
		-e "s|\"port\" => 8790|\"port\" => ${live:-8790}|g" \
		-e "s|fcgi://dynapi/api|fcgi://dynapi$prefix/api|g" \
		"$DYNAPI_SRCDIR/etc/$3.in" >"$dir/$3"
}

# web_conf_nginx HOME DIR PORT PREFIX
web_conf_nginx() {
	snippet "$1" "$2" nginx.conf "$4" &&
		snippet "$1" "$2" nginx-fcgi.conf "$4" &&
		snippet "$1" "$2" nginx-live.conf "$4" &&
		cat >"$2/server.conf" <<-EOF
	pid $2/pid;
	error_log $2/error.log;
	worker_processes 2;
	events { worker_connections 512; }
	http {
	  access_log off;
	  client_body_temp_path $2/tmp/body;
	  fastcgi_temp_path $2/tmp/fastcgi;
	  proxy_temp_path $2/tmp/proxy;
	  scgi_temp_path $2/tmp/scgi;
	  uwsgi_temp_path $2/tmp/uwsgi;
	  server {
	    listen 127.0.0.1:$3 backlog=1024;
	    include $2/nginx.conf;
	  }
	}
	EOF
}

# web_conf_lighttpd HOME DIR PORT PREFIX FILE
web_conf_lighttpd() {
	snippet "$1" "$2" "$5" "$4" && cat >"$2/server.conf" <<-EOF
	server.document-root = "$2/tmp"
	server.bind = "127.0.0.1"
	server.port = $3
	server.pid-file = "$2/pid"
	server.errorlog = "$2/error.log"
	server.upload-dirs = ( "$2/tmp" )
	server.listen-backlog = 1024
	include "$2/$5"
	EOF
}

# web_conf_apache HOME DIR PORT PREFIX FILE MODULES
web_conf_apache() {
	local name
	snippet "$1" "$2" "$5" "$4" && {
		for name in mpm_event authz_core $6; do
			echo "LoadModule ${name}_module /usr/lib/apache2/modules/mod_$name.so"
		done
		cat <<-EOF
		ServerRoot "$2"
		DefaultRuntimeDir "$2"
		PidFile "$2/pid"
		Mutex file:$2
		ErrorLog "$2/error.log"
		LogLevel warn
		ServerName localhost
		Listen 127.0.0.1:$3
		StartServers 1
		ThreadsPerChild 32
		MaxRequestWorkers 128
		DocumentRoot "$2/tmp"
		<IfModule mod_fcgid.c>
		  FcgidIPCDir "$2/tmp"
		  FcgidProcessTableFile "$2/tmp/fcgid_shm"
		  FcgidMaxProcesses 4
		</IfModule>
		<IfModule mod_cgid.c>
		  ScriptSock "$2/tmp/cgisock"
		</IfModule>
		Include "$2/$5"
		EOF
	} >"$2/server.conf"
}

# web_start HOME KIND PORT [PREFIX] : PREFIX is what "mount" says
web_start() {
	local home=$1 kind=$2 port=$3 prefix=${4-} dir=$1/web-$2 program
	program=$(web_program "$kind") || {
		echo "the web server for $kind is not installed" >&2
		return 1
	}
	rm -rf "$dir"
	mkdir -p "$dir/tmp" "$dir/cgi" || return 1
	# what the server starts itself gets its configuration here
	printf '#!/bin/sh\nexec "%s/bin/dynapi.fcgi" -c "%s/dynapi.conf"\n' \
		"$home" "$home" >"$dir/cgi/dynapi.fcgi"
	chmod 755 "$dir/cgi/dynapi.fcgi"
	case $kind in
	nginx) web_conf_nginx "$home" "$dir" "$port" "$prefix" ;;
	lighttpd)
		web_conf_lighttpd "$home" "$dir" "$port" "$prefix" lighttpd.conf
		 ;;
	lighttpd-cgi)
		web_conf_lighttpd "$home" "$dir" "$port" "$prefix" lighttpd-cgi.conf
		;;
	apache)
		web_conf_apache "$home" "$dir" "$port" "$prefix" apache.conf \
			"filter deflate setenvif proxy proxy_fcgi proxy_http"
		;;
	fcgid)
		web_conf_apache "$home" "$dir" "$port" "$prefix" \
			apache-fcgid.conf "alias fcgid"
		;;
	apache-cgi)
		web_conf_apache "$home" "$dir" "$port" "$prefix" \
			apache-cgi.conf "alias cgid"
		;;
	*)
		echo "unknown web server $kind" >&2
		return 1
		;;
	esac || return 1
	[ -z "$svc" ] || chown -R "$svc:$(id -g "$svc")" "$dir"
	case $kind in
	nginx)
		as "$program" -p "$dir" -e "$dir/error.log" -c "$dir/server.conf"
		;;
	lighttpd*) as "$program" -f "$dir/server.conf" ;;
	*) as "$program" -f "$dir/server.conf" -k start ;;
	esac >"$home/log/web-$kind" 2>&1 && wait_for 20 port_busy "$port" && return
	cat "$home/log/web-$kind" "$dir/error.log" >&2
	return 1
}

# web_stop HOME KIND
web_stop() {
	pid_end "$1/web-$2/pid" "$1/"
}
