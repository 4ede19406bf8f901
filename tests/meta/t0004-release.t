# What a release needs: manual pages without a fault, one version everywhere.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$DYNAPI_SRCDIR" || exit 1
need mandoc

version=$(cat VERSION)
like "$version" '^[0-9]+\.[0-9]+\.[0-9]+$' "VERSION is a version"
is "$(head -n 1 NEWS)" "$version" "the newest entry of NEWS is VERSION"

for page in dynapi.fcgi.8 dynapi-introspect.8 dynapictl.8 dynapi.conf.5 dynapi.7 \
	dynapi-query.7 dynapi-notifyd.8; do
	ok "$page exists" test -s "man/$page"
done
for page in man/*.[1-9]; do
	[ -e "$page" ] || continue
	is "$(mandoc -Tlint -W warning "$page" 2>&1)" "" "$page has no fault"
done

for program in dynapi.fcgi dynapi-introspect dynapictl dynapi-notifyd; do
	path=$DYNAPI_BUILDDIR/$program
	ok "$program is built" test -x "$path"
	[ -x "$path" ] || continue
	like "$("$path" -V </dev/null 2>&1)" "$program.*${version//./\\.}" "$program -V"
	like "$("$path" --help </dev/null 2>&1)" "[Uu]sage: .*$program" "$program --help"
done
like "$(./bootstrap --help)" 'usage: ./bootstrap' "bootstrap --help"

done_testing
