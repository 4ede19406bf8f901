# tap.sh - the Test Anything Protocol for shell tests.
#
# A test sources this file, calls the functions below and ends with
# done_testing.  $TMP is its own folder, removed when all went well and kept
# otherwise.  What at_exit was given runs last to first, however the test ends.

set -u
LC_ALL=C.UTF-8
export LC_ALL
: "${DYNAPI_SRCDIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
if [ -z "${DYNAPI_BUILDDIR-}" ]; then
	DYNAPI_BUILDDIR=$DYNAPI_SRCDIR
	[ ! -e "$DYNAPI_SRCDIR/build/config.status" ] ||
		DYNAPI_BUILDDIR=$DYNAPI_SRCDIR/build
fi
: "${DYNAPI_TESTDATA:=$DYNAPI_SRCDIR/../shared/testdata}"
export DYNAPI_SRCDIR DYNAPI_BUILDDIR DYNAPI_TESTDATA

. "$DYNAPI_SRCDIR/tests/lib/proc.sh"

tap_count=0
tap_failed=0
tap_done=
tap_exit=()

TMP=$(mktemp -d "${TMPDIR:-/tmp}/dynapi-t.XXXXXX") || exit 1
chmod 755 "$TMP"
give "$TMP"

at_exit() {
	tap_exit+=("$*")
}

tap_end() {
	local status=$? i
	trap '' INT TERM HUP
	trap - EXIT
	for ((i = ${#tap_exit[@]} - 1; i >= 0; i--)); do
		eval "${tap_exit[i]}" >&2
	done
	# what a sanitizer has found in a program that a test did not look at
	if grep -rqsE --exclude-dir=pg '(Address|Leak)Sanitizer|: runtime error: ' "$TMP"; then
		echo "# a sanitizer has found something:"
		grep -rsE --exclude-dir=pg '(Address|Leak)Sanitizer|: runtime error: ' "$TMP" |
			head -n 5 | sed 's/^/# /'
		tap_failed=1
		status=1
	fi
	if [ -z "$tap_done" ]; then
		echo "Bail out! the test ended early with status $status"
		[ "$status" -ne 0 ] || status=1
	fi
	if [ "$tap_failed" -eq 0 ] && [ -n "$tap_done" ]; then
		rm -rf "$TMP"
	else
		echo "# left for you to look at: $TMP"
	fi
	exit "$status"
}
trap tap_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - ${1//#/}"
}

fail() {
	local i
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - ${1//#/}"
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		case ${BASH_SOURCE[i]} in
		*/tests/lib/tap.sh | tests/lib/tap.sh) ;;
		*)
			diag "at ${BASH_SOURCE[i]##*/} line ${BASH_LINENO[i - 1]}"
			break
			;;
		esac
	done
}

# ok NAME COMMAND... : passes when the command succeeds
ok() {
	local name=$1
	shift
	if "$@"; then
		pass "$name"
	else
		fail "$name"
	fi
}

# not_ok NAME COMMAND... : passes when the command fails
not_ok() {
	local name=$1
	shift
	if "$@"; then
		fail "$name"
	else
		pass "$name"
	fi
}

# is GOT WANTED NAME
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:    $1"
		diag "wanted: $2"
	fi
}

isnt() {
	if [ "$1" != "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got just what it should not be: $1"
	fi
}

# like GOT EXTENDED-REGEX NAME
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got: $1"
		diag "which does not match: $2"
	fi
}

unlike() {
	if [[ $1 =~ $2 ]]; then
		fail "$3"
		diag "got: $1"
		diag "which matches: $2"
	else
		pass "$3"
	fi
}

# same_file GOT WANTED NAME
same_file() {
	if cmp -s "$1" "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "$(diff "$2" "$1" | head -n 20)"
	fi
}

# skip NAME REASON : one counted test that could not be made
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - ${1//#/} # SKIP $2"
}

# need COMMAND... : what the test cannot do without, or it fails
need() {
	local word
	for word in "$@"; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$word" >/dev/null ||
			bail_out "$word is not installed"
	done
}

# need_testdata PATH : a file of the shared test data.  Without it the test
# ends here with one counted skip, or fails under --require-data.
need_testdata() {
	[ ! -e "$DYNAPI_TESTDATA/$1" ] || return 0
	if [ -n "${DYNAPI_REQUIRE_DATA-}" ]; then
		fail "$1 in DYNAPI_TESTDATA"
	else
		skip "$1" "not in DYNAPI_TESTDATA ($DYNAPI_TESTDATA)"
	fi
	done_testing
}

bail_out() {
	fail "$*"
	done_testing
}

done_testing() {
	echo "1..$tap_count"
	tap_done=1
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
