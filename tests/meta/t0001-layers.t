# src/LAYERS holds: who includes whom, which library stays where, that headers
# compile alone, and that a prefix of exported names belongs to one folder.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$DYNAPI_SRCDIR" || exit 1

# none NAME : passes when the list of offences that was just made is empty
none() {
	is "$(cat "$TMP/offences")" "" "$1"
}

# every #include "F/H" as: including-file included-file
own_includes() {
	grep -Ho '^# *include *"[^"]*"' src/*/*.[ch] |
		sed 's/^src\/\([^:]*\):.*"\(.*\)"/\1 \2/'
}

folders=$(cd src && ls -d */ | tr -d /)
for folder in $folders; do
	# a folder appears with its first file
	if [ -n "$(ls "src/$folder")" ] && ! grep -q "^$folder:" src/LAYERS; then
		echo "$folder"
	fi
done >"$TMP/offences"
none "every folder is in LAYERS"

own_includes | awk '
	FILENAME != "-" {
		if ($1 ~ /^[a-z]+:$/) {
			from = substr($1, 1, length($1) - 1)
			known[from] = 1
			for (i = 2; i <= NF; i++) may[from, $i] = 1
		}
		next
	}
	{
		split($1, a, "/")
		split($2, b, "/")
		if ($2 == "config.h" || a[1] == b[1]) next
		if (!((a[1], b[1]) in may)) print $1 " includes " $2
	}' src/LAYERS - >"$TMP/offences"
none "includes point downwards"

awk '/^[a-z]+:/ {
		from = substr($1, 1, length($1) - 1)
		for (i = 2; i <= NF; i++)
			if (!($i in seen)) print from " is allowed " $i ", which is not below it"
		seen[from] = 1
	}' src/LAYERS >"$TMP/offences"
none "LAYERS itself has no circle"

own_includes | awk '{
		split($1, a, "/")
		split($2, b, "/")
		if ($2 == "config.h" || a[1] == b[1] || b[1] == "base") next
		if (b[2] != b[1] ".h") print $1 " includes " $2
	}' >"$TMP/offences"
none "nobody includes another folder's private header"

# beside FOLDER.h a folder has NAME_priv.h: FOLDER_priv.h for all of its files,
# any other for the files whose names begin with NAME
for folder in $folders; do
	[ "$folder" = base ] && continue
	find "src/$folder" -name '*.h' ! -name "$folder.h" ! -name '*_priv.h'
done >"$TMP/offences"
none "a folder has one public header"

own_includes | awk '$2 ~ /_priv\.h$/ {
		split($1, a, "/")
		split($2, b, "/")
		name = b[2]
		sub(/_priv\.h$/, "", name)
		if (name != a[1] && index(a[2], name) != 1)
			print $1 " includes " $2
	}' >"$TMP/offences"
none "a private header serves the files of its name"

sed -n 's/^!\([^:]*\): *\(.*\)/\1 \2/p' src/LAYERS | while read -r lib places; do
	grep -Hn "^# *include *[<\"]$lib" src/*/*.[ch] |
		while IFS= read -r line; do
			file=${line%%:*}
			inside=
			for place in $places; do
				case $file in
				"src/$place" | "src/$place"/*) inside=1 ;;
				esac
			done
			[ "$inside" ] || echo "$file includes $lib"
		done
done >"$TMP/offences"
none "confined libraries stay where they belong"

grep -ho '^# *include *<[^>]*>' src/*/*.[ch] | sort -u |
	grep -E 'libpq|fcgi|jwt|argon2|sqlite|openssl|json-c|lua|websockets' |
	sed 's/.*<\(.*\)>/\1/' | while read -r lib; do
	sed -n 's/^!\([^:]*\):.*/\1/p' src/LAYERS | {
		while read -r confined; do
			case $lib in
			"$confined"*) exit 0 ;;
			esac
		done
		echo "$lib"
	}
done >"$TMP/offences"
none "every third-party header is confined"

for header in src/*/*.h; do
	[ -e "$header" ] || continue
	# shellcheck disable=SC2086
	${CC:-cc} ${DYNAPI_CPPFLAGS-} -std=gnu11 -D_GNU_SOURCE -Isrc -fsyntax-only -x c "$header" \
		>"$TMP/out" 2>&1 || sed "s|^|$header: |" "$TMP/out"
done >"$TMP/offences"
none "each header compiles alone"

# "noun_verb" is exported by the folder that owns the noun
for library in "$DYNAPI_BUILDDIR"/src/lib*.a; do
	folder=${library##*/lib}
	nm -g --defined-only "$library" 2>/dev/null |
		awk -v folder="${folder%.a}" 'NF == 3 && $3 ~ /^[a-z]/ && $3 != "main" {
			sub(/_.*/, "", $3); print $3, folder }'
done | sort -u | awk '{ where[$1] = where[$1] " " $2; n[$1]++ }
	END { for (p in n) if (n[p] > 1) print p "_ is exported by" where[p] }' >"$TMP/offences"
none "a prefix belongs to one folder"

# const tables with pointers lie in .data.rel.ro
for library in "$DYNAPI_BUILDDIR"/src/lib*.a; do
	objdump -t "$library" | awk -v name="${library##*/}" '
		/ g  *O (\.data|\.bss|\*COM\*)\t/ && $NF !~ /^__/ { print name ": " $NF }'
done >"$TMP/offences"
none "no mutable variable is exported"

done_testing
