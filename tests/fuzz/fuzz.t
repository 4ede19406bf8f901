# Runs every fuzzer for FUZZ_SECONDS (10), as many at once as there are
# processors, on a build of their own by clang with the sanitizers.  A seed corpus is tests/fuzz/corpus/NAME; what a fuzzer finds
# interesting is kept below the build folder and used again.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"

seconds=${FUZZ_SECONDS:-10}
cc=${FUZZ_CC:-clang}
build=$DYNAPI_BUILDDIR/build-fuzz
unset MAKEFLAGS MFLAGS MAKELEVEL

if ! command -v "$cc" >/dev/null; then
	if [ -n "${DYNAPI_REQUIRE-}" ]; then
		bail_out "$cc is not installed"
	fi
	skip "fuzzers" "$cc is not installed"
	done_testing
fi

fuzz_build() {
	local src=$DYNAPI_SRCDIR
	# a configured source folder cannot have a second build folder
	if [ -e "$src/config.status" ]; then
		src=$DYNAPI_BUILDDIR/build-fuzz-src
		make -s -C "$DYNAPI_BUILDDIR" distdir distdir=build-fuzz-src || return 1
	fi
	mkdir -p "$build" && cd "$build" || return 1
	[ -e Makefile ] ||
		"$src/configure" -q --enable-fuzz CC="$cc" CFLAGS="-O1 -g" || return 1
	make -s fuzzers LDFLAGS=-fsanitize=fuzzer
}

# fuzz_run NAME : in the place of this shell, so that its process is the fuzzer
fuzz_run() {
	local name=$1 seeds=()
	mkdir -p "$build/corpus/$name"
	[ ! -d "$DYNAPI_SRCDIR/tests/fuzz/corpus/${name#fuzz_}" ] ||
		seeds=("$DYNAPI_SRCDIR/tests/fuzz/corpus/${name#fuzz_}")
	exec "$build/tests/fuzz/$name" -max_total_time="$seconds" -timeout=10 \
		-rss_limit_mb=2048 -artifact_prefix="$build/$name-" \
		"$build/corpus/$name" "${seeds[@]}" >"$build/$name.log" 2>&1
}

# fuzz_result NAME : has it run to its end without a finding?
fuzz_result() {
	wait "${pid[$1]}" && return
	tail -n 40 "$build/$1.log" | sed 's/^/# /'
	return 1
}

if ! fuzz_build >"$TMP/build.log" 2>&1; then
	fail "the fuzzers are built"
	diag "$(tail -n 30 "$TMP/build.log")"
	done_testing
fi
pass "the fuzzers are built"
declare -A pid=()
at_exit 'kill "${pid[@]}" 2>/dev/null'
for source in "$DYNAPI_SRCDIR"/tests/fuzz/fuzz_*.c; do
	name=${source##*/}
	name=${name%.c}
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
	done
	fuzz_run "$name" &
	pid[$name]=$!
done
for name in "${!pid[@]}"; do
	ok "$name for $seconds s" fuzz_result "$name"
done
done_testing
