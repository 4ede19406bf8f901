# The snapshot is missing, damaged, foreign, or replaced while it is read: a
# responder that has a good one serves on with it, one that has none says 503
# snapshot_unavailable, and both follow a good one as soon as it is there.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/fault.sh"

S=$H/snapshot/schema.sqlite
fault_home snap "
	CREATE TABLE item (id int PRIMARY KEY, note text);
	INSERT INTO item SELECT i, 'note ' || i FROM generate_series(1, 10) i;
	CREATE TABLE extra (id int PRIMARY KEY, note text);
	INSERT INTO extra SELECT i, 'extra ' || i FROM generate_series(1, 10) i;
	CREATE TABLE last (id int PRIMARY KEY, note text);
	INSERT INTO last SELECT i, 'last ' || i FROM generate_series(1, 10) i"
cp "$S" "$TMP/good"
: >"$H/log/dynapi" && give "$H/log/dynapi"
size=$(stat -c %s "$TMP/good")

# put FILE : in the snapshot's place at once, as a writer does
put() {
	rm -rf "$S.next"
	cp -a "$1" "$S.next" && give "$S.next" && chmod 640 "$S.next"
	[ ! -d "$S" ] || rm -rf "$S"
	mv -fT "$S.next" "$S"
}
# spoil KIND
spoil() {
	rm -rf "$S"
	case $1 in
	missing) ;;
	empty) : >"$S" ;;
	"not readable") cp "$TMP/good" "$S" ;;
	"a directory") mkdir "$S" ;;
	"a link to nowhere") ln -s "$H/nowhere" "$S" ;;
	"another file") seq 20000 >"$S" ;;
	"a device") ln -s /dev/zero "$S" ;;
	esac
	[ ! -e "$S" ] || [ -L "$S" ] || give "$S"
	[ "$1" != "not readable" ] || chmod 000 "$S"
}
kinds=(missing empty "not readable" "a directory" "a link to nowhere"
	"another file" "a device")

# fresh PATH : what a responder says that begins now; sets status, code
fresh() {
	cgi "$H" GET "$1" >"$TMP/fresh"
	status=$(cgi_status <"$TMP/fresh")
	cgi_body <"$TMP/fresh" >"$TMP/body"
	sed '/^\r*$/q' "$TMP/fresh" >"$TMP/head"
	code=$(sed -n 's/.*"code":"\([a-z_]*\)".*/\1/p' "$TMP/body")
}

# ------------------------------------------- S1: none that can be read

for kind in "${kinds[@]}"; do
	spoil "$kind"
	: >"$H/log/dynapi"
	fresh /api/dyn/item/1/
	problem "$kind" "503 snapshot_unavailable"
	like "$(cat "$H/log/dynapi")" "event=snapshot .*run dynapi-introspect -c $H" \
		"$kind: the log names the command"
	fresh /api/health/ready
	is "$status $(jq -r .snapshot "$TMP/body")" "503 snapshot_unavailable" \
		"$kind: not ready"
	fresh /api/health/live
	is "$status" 200 "$kind: alive"
done

spoil missing
: >"$H/log/dynapi"
fault_web 1
pid=$(responders)
bad=0
for i in 1 2 3 4 5; do
	for path in /api/dyn/ /api/dyn/item/ /api/dyn/item/1/ /api/dyn/none/; do
		ask GET $path
		[ "$status $code" = "503 snapshot_unavailable" ] || bad=$((bad + 1))
	done
done
is $bad 0 "started without: every table is 503"
is "$(events snapshot)" 1 "the log says it once"
put "$TMP/good"
ask GET /api/dyn/item/1/
is "$status" 200 "there it is: the next request is served"

# ------------------------------------------- S1 and S2: the old one is kept

for kind in "${kinds[@]}"; do
	spoil "$kind"
	ask GET /api/dyn/item/1/
	is "$status" 200 "$kind: who has one serves on"
done
ok "and says so" test "$(events snapshot "the old one serves on")" -ge 1
ask GET /api/dyn/extra/1/
is "$status" 200 "also what it has never touched before"

# tried NAME : serves as before, and a fresh one is right or says no
tried() {
	local path
	put "$TMP/bad"
	ask GET /api/dyn/item/1/
	[ "$status" = 200 ] && grep -q '"note":"note 1"' "$TMP/body" || {
		fail "$1: the old one is kept"
		return
	}
	for path in item/1 last/1; do
		fresh /api/dyn/$path/
		case "$status $code" in
		"503 snapshot_unavailable") refused=$((refused + 1)) ;;
		"200 ") grep -q "\"id\":1,\"note\":\"${path/item\//note }" \
			<(sed 's/last 1/last\/1/' "$TMP/body") ||
			fail "$1: $(cat "$TMP/body")" ;;
		*) fail "$1: a fresh one says $status $code" ;;
		esac
	done
}
refused=0
for ((at = 0; at < size; at += 4096)); do
	head -c $at "$TMP/good" >"$TMP/bad"
	tried "cut at $at"
done
is $refused $(((size + 4095) / 4096 * 2)) "cut at every 4 KiB: refused each time"
refused=0
for i in $(seq 30); do
	at=$(((RANDOM * 32768 + RANDOM) % size))
	cp "$TMP/good" "$TMP/bad"
	was=$(od -An -tu1 -j $at -N 1 "$TMP/good")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((was ^ 1 << RANDOM % 8)))" |
		dd of="$TMP/bad" bs=1 seek=$at conv=notrunc 2>/dev/null
	tried "bit flipped in byte $at"
done
pass "30 flipped bits: the old one serves, a new one is right or refuses ($refused)"

# not as a writer does: the very file that is open
put "$TMP/good"
ask GET /api/dyn/item/1/
is "$status" 200 "a good one again"
for at in 8192 0; do
	as truncate -s $at "$S"
	ask GET /api/dyn/item/1/
	is "$status" 200 "cut under us at $at: what was read stays"
	ask GET /api/dyn/last/1/
	case "$status $code" in
	"503 snapshot_unavailable" | "200 ") pass "cut under us at $at: $status" ;;
	*) fail "cut under us at $at: $status $code" ;;
	esac
done
put "$TMP/good"
ask GET /api/dyn/last/1/
is "$status" 200 "and a good one again"

# ------------------------------------------- S4: not ours

at=$(grep -obaF 'format3' "$TMP/good" | head -n 1)
cp "$TMP/good" "$TMP/bad"
printf 1 | dd of="$TMP/bad" bs=1 seek=$((${at%%:*} + 6)) conv=notrunc 2>/dev/null
put "$TMP/bad"
: >"$H/log/dynapi"
fresh /api/dyn/item/1/
problem "another format" "503 snapshot_unavailable"
like "$(cat "$H/log/dynapi")" "format 1 .*format 3" "the log names both"
ask GET /api/dyn/item/1/
is "$status" 200 "who has one serves on"

sql postgres "CREATE DATABASE other" && sql other "
	CREATE TABLE item (note text PRIMARY KEY, id int);
	INSERT INTO item VALUES ('other', 1)"
sed -e 's/dbname=snap/dbname=other/' -e "s|$S|$H/snapshot/other|" \
	"$H/dynapi.conf" >"$H/other.conf"
chmod 600 "$H/other.conf" && give "$H/other.conf"
as "$H/bin/dynapictl" -c "$H/other.conf" checkconf >/dev/null 2>&1
as "$H/bin/dynapi-introspect" -c "$H/other.conf" >/dev/null ||
	bail_out "no other snapshot"
put "$H/snapshot/other"
: >"$H/log/dynapi"
fresh /api/dyn/item/1/
problem "another database" "503 snapshot_unavailable"
like "$(cat "$H/log/dynapi")" "\bother\b.*\bsnap\b" "the log names both"
ask GET /api/dyn/item/1/
problem "who serves says so, too" "503 snapshot_unavailable"
put "$TMP/good"
ask GET /api/dyn/item/1/
is "$status" 200 "until a good one is there"
is "$(responders)" "$pid" "one responder has lived through all of this"

# ------------------------------------------- S5: nowhere to write

sql snap "ALTER TABLE item ADD more int"
chmod 555 "$H/snapshot"
introspect "$H" >"$TMP/out" 2>"$TMP/err"
is $? 1 "a read-only folder: dynapi-introspect fails"
like "$(cat "$TMP/err")" "cannot write the snapshot.*the old one stays" "and says so"
ask GET /api/dyn/item/1/
is "$status" 200 "the responder serves on"
token=$(login_token "$base" admin secret-of-admin)
ask POST /api/dyn/reload/ '' -H "Authorization: Bearer $token"
problem "reload" "503 reload_unavailable"
chmod 2755 "$H/snapshot"
as bash -c "trap '' XFSZ; ulimit -f 8; exec '$H/bin/dynapi-introspect' \
	-c '$H/dynapi.conf'" >"$TMP/out" 2>"$TMP/err"
is $? 1 "no room: dynapi-introspect fails"
like "$(cat "$TMP/err")" "cannot write the snapshot.*the old one stays" "and says so"
same_file "$S" "$TMP/good" "the snapshot is the old one"
is "$(find "$H/snapshot" -name '*.new')" "" "and nothing is left over"

# ------------------------------------------- S3: replaced while it is read

responders_stop "$H"
responders_start "$H" 3 || bail_out "no responders"
mkdir "$TMP/read"
for n in $(seq 20000); do
	path=$((n % 2)) path=${path/0/item\/$((n % 10 + 1))/} path=${path/#1/extra/}
	printf 'url = "%s/api/dyn/%s"\noutput = "%s/%d"\n' "$base" "$path" \
		"$TMP/read" "$n"
	printf 'write-out = "%d %%{http_code} %%{exitcode}\\n"\nnext\n' "$n"
done >"$TMP/urls"
stdbuf -oL curl -s --rate 150/s -K "$TMP/urls" >"$TMP/reads" &
load=$!
at_exit "kill $load 2>/dev/null"

sql snap "ALTER TABLE item ADD c0 int"
began=$(date +%s%N)
introspect "$H" >/dev/null 2>"$TMP/err"
took=$((($(date +%s%N) - began) / 1000))
# one is killed at ever later moments of its life, another runs beside it
failed=0
for i in $(seq 20); do
	sql snap "ALTER TABLE item ADD c$i int"
	as timeout -s KILL "0.$(printf %06d $((took * i / 20)))" \
		"$H/bin/dynapi-introspect" -c "$H/dynapi.conf" >/dev/null 2>&1 &
	first=$!
	introspect "$H" >"$TMP/out" 2>>"$TMP/err" || failed=$((failed + 1))
	wait $first
done 2>/dev/null
is "$failed $(cat "$TMP/err")" "0 " "20 were killed, those beside them wrote"
introspect "$H" --check
is $? 0 "the last snapshot is the truth"
is "$(find "$H/snapshot" -name '*.new')" "" "and nothing is left over"
last_seen() {
	ask GET /api/dyn/item/1/ && grep -q '"c20":null' "$TMP/body"
}
ok "it is served" last_seen
kill $load
wait $load 2>/dev/null
ok "it was read all the time ($(wc -l <"$TMP/reads") requests)" \
	test "$(wc -l <"$TMP/reads")" -ge 200
is "$(grep -v ' 200 0$' "$TMP/reads" | head -n 3)" "" "no request has failed"
# a row of item has the columns up to the last one added, or fewer
is "$(cut -d ' ' -f 1 "$TMP/reads" | sed "s|^|$TMP/read/|" |
	xargs jq -c 'if type == "array" then .[] else . end |
		(keys_unsorted - ["id", "note", "more"]) as $added |
		select([range($added | length)] | map("c\(.)") != $added)' 2>&1 |
	head -n 3)" "" "each row was whole: old or new"
is "$(cat "$H/log/responders" 2>/dev/null)" "" "nothing on standard error"

done_testing
