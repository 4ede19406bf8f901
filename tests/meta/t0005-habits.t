# Habits that a script can see.  STYLE has the reasons.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$DYNAPI_SRCDIR" || exit 1

tree=(src cgi-bin etc sql share man tests .ci bootstrap configure.ac Makefile.am)

files() {
	find "${tree[@]}" -type f ! -path '*/corpus/*' ! -path 'tests/data/*' \
		! -path 'tests/golden/*' ! -name '*.log' ! -name '*.trs' ! -name '*.o' \
		! -name '*.a' ! -path '*/.deps/*' ! -name .dirstamp
}

# forbid NAME REGEX FILE-PATTERN : the lines are shown
forbid() {
	local hits
	hits=$(files | grep -E "$3" | grep -v 'tests/meta/t0005-habits.t' |
		xargs grep -nEI -- "$2" /dev/null)
	is "$hits" "" "$1"
}

is "$(files | sed 's|.*/||' | sort | uniq -d)" "" "file names are unique"
is "$(files | grep -E '(^|/)utils?\.' )" "" "no file is called util"

forbid "nothing is put off" '\b(TODO|FIXME|XXX|HACK)\b' '.'
forbid "no excuse" '\b([Kk]ludge|[Ss]orry|for now|not (yet )?implemented)\b' '.'
forbid "no function that cannot be used safely" \
	'\b(strcat|sprintf|vsprintf|gets|strtok|system|popen|alloca|atoi|atol|setjmp|longjmp)\(' \
	'^(src|cgi-bin)/.*\.[ch]$'
forbid "handlers free nothing" '\b(free|malloc|calloc|realloc|strdup)\(' \
	'^src/(handler|render|stmt|query)/'
forbid "handlers do not look at the method" 'method\b.*METHOD_(GET|POST|PUT|PATCH|DELETE|OPTIONS)' \
	'^src/handler/'
forbid "no struct is hidden behind a typedef" '^typedef +(struct|union)[^*]*;' '^src/.*\.h$'
forbid "no blank at a line's end" '[ 	]+$' '\.([chty]|sql|sh|in|def|ac|am)$|^bootstrap$'
forbid "no test sleeps for luck" '^[ 	]*sleep ([1-9]|0\.[5-9])' '^tests/(api|live|meta)/'

# a .c begins by saying what it is for
for file in $(files | grep -E '^(src|cgi-bin)/.*\.c$'); do
	case $(head -n 1 "$file") in
	'/*'*) ;;
	*) echo "$file" ;;
	esac
done >"$TMP/bare"
is "$(cat "$TMP/bare")" "" "every file begins with its purpose"

files | grep -E '^src/.*\.c$' | xargs wc -l |
	awk '$2 != "total" && $1 > 800 { print $2, $1 }' >"$TMP/long"
is "$(cat "$TMP/long")" "" "a file can be read in one sitting"

# everything that make dist would forget
grep -v '^#' Makefile.am >"$TMP/am"
for file in $(files | grep -vE '^(configure\.ac|Makefile\.am)$'); do
	grep -qF "${file%.c}" "$TMP/am" || grep -qF "$(basename "${file%.in}")" "$TMP/am" ||
		echo "$file"
done >"$TMP/forgotten"
is "$(cat "$TMP/forgotten")" "" "every file is in Makefile.am"

done_testing
