# Every request that dynapi-query(7) and dynapi(7) show is made, of the sample
# data, through a web server; the head of dynapi-query.7 says how it is
# written.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need curl spawn-fcgi multiwatch nginx

home=$TMP/h
port=$(free_port)
base=http://127.0.0.1:$port
api_home "$home" shop 'search.order = =status, customer.name' \
	'shape.order_item = {"except":["price"],"include":{"product":{"only":["name"]}}}' && responders_start "$home" 2 || bail_out "no API"
at_exit "responders_stop '$home'"
web_start "$home" nginx "$port" || bail_out "no web server"
at_exit "web_stop '$home' nginx"
token=$(ctl "$home" token admin --ttl 1h)

# requests PAGE DIR : of each a file of lines, "kind text": method, uri, header,
# body, want; "same" when its answer is that of the one before
requests() {
	awk -v dir="$2" '
	function plain(s) {
		gsub(/\\\(ti/, "~", s)
		gsub(/\\\(ha/, "^", s)
		gsub(/\\\(aq/, "\047", s)
		gsub(/\\[-]/, "-", s)
		gsub(/\\&/, "", s)
		gsub(/\\e/, "\\", s)
		return s
	}
	function flush_it() {
		if (uri == "")
			return
		file = sprintf("%s/%03d", dir, ++n)
		print "line " line >file
		print "method " method >file
		print "uri " uri >file
		if (want != "")
			print "want " want >file
		if (same && ++member > 1)
			print "same" >file
		printf "%s", rest >file
		close(file)
		uri = want = rest = ""
	}
	/^\.\\" same/ { next_same = 1; next }
	/^\.Bd -literal/ { on = 1; same = next_same; member = next_same = 0; next }
	/^\.Ed/ { flush_it(); on = 0; next }
	!on { next }
	{ text = plain($0) }
	text ~ /^(GET|HEAD|POST|PUT|PATCH|DELETE|QUERY|OPTIONS) \/api\// {
		flush_it()
		method = $1
		uri = substr(text, length(method) + 2)
		state = "uri"
		line = NR
		next
	}
	uri == "" { next }
	text ~ /^[1-5][0-9][0-9]( |$)/ { want = text; state = "want"; next }
	text == "" && state == "uri" { state = "body"; next }
	state == "body" { rest = rest "body " text "\n"; next }
	{ sub(/^ +/, "", text) }
	state == "want" { want = want text; next }
	text ~ /^[A-Z][A-Za-z-]*: / { rest = rest "header " text "\n"; next }
	{ uri = uri text }' "$1"
}

# send FILE : sets method, uri, want, same, status and body
send() {
	local kind text args=()
	method='' uri='' want='' same=''
	: >"$TMP/body"
	while read -r kind text; do
		case $kind in
		line) line=$text ;;
		method) method=$text ;;
		uri) uri=$text ;;
		want) want=$text ;;
		same) same=1 ;;
		header) args+=(-H "$text") ;;
		body) printf '%s\n' "$text" >>"$TMP/body" ;;
		esac
	done <"$1"
	[ "$method" != HEAD ] || args+=(-I)
	if [ -s "$TMP/body" ]; then
		# a form would keep the end of its line
		! grep -q '^header Content-Type: .*urlencoded' "$1" ||
			truncate -s -1 "$TMP/body"
		args+=(--data-binary "@$TMP/body")
		grep -q '^header Content-Type:' "$1" ||
			args+=(-H 'Content-Type: application/json')
	fi
	status=$(curl -gs -m 30 -o "$TMP/answer" -w '%{http_code}' -X "$method" \
		-H "Authorization: Bearer $token" "${args[@]}" "$base$uri")
	body=$(cat "$TMP/answer")
}

# what an answer has to have: the status, the code of a problem, a text
judge() {
	local want_status want_code='' want_text rest
	if [ -z "$want" ]; then
		like "$status ${body:0:2}" '^2.. ([^[]|\[[^]]|$)' "$name finds something"
		[[ $status == 2* ]] || diag "$body"
		return
	fi
	read -r want_status rest <<<"$want"
	want_text=$rest
	if [[ $want_status == 4* && $rest != - && $rest != '- '* ]]; then
		want_code=${rest%% *}
		want_text=${rest#"$want_code"}
	fi
	want_text=${want_text#-}
	want_text=${want_text# }
	if [ "$status" = "$want_status" ] &&
		[[ -z $want_code || $body == *"\"code\":\"$want_code\""* ]] &&
		[[ ${body//\\\"/\"} == *"$want_text"* ]]; then
		pass "$name is $want"
	else
		fail "$name is $want"
		diag "$status $body"
	fi
}

for page in dynapi-query.7 dynapi.7; do
	mkdir "$TMP/$page"
	requests "$DYNAPI_SRCDIR/man/$page" "$TMP/$page"
	count=$(find "$TMP/$page" -type f | wc -l)
	diag "$page: $count requests"
	[ "$page" = dynapi.7 ] || ok "$page has examples" test "$count" -gt 100
	before=''
	for file in "$TMP/$page"/*; do
		[ -e "$file" ] || continue
		send "$file"
		name="$page line $line: $method ${uri:0:90}"
		judge
		[ -z "$same" ] || is "$body" "$before" "$name is the same question"
		before=$body
	done
done
is "$(grep -E 'status=5|level=error' "$home/log/dynapi" | head -n 3)" "" \
	"nothing in the log is our fault"

done_testing
