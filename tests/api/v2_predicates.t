# Each of the 62 predicates of /api/v2/ against rows with null, empty, 50%,
# mixed case and wildcards; what is expected is asked of psql in other words.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TYPE mood AS ENUM ('calm', 'Cross');
	CREATE TABLE thing (id int PRIMARY KEY, name text, n int, ok boolean, day date, mood mood);
	INSERT INTO thing VALUES
	(1, 'Apple', 1, true, '2024-01-01', 'calm'), (2, 'apple', 2, false, '2024-02-29', 'Cross'),
	(3, 'APPLE pie', 3, NULL, NULL, NULL), (4, ' Pear ', NULL, true, '2025-01-01', 'calm'),
	(5, '50%', 50, false, NULL, NULL), (6, '500', 500, true, NULL, NULL), (7, 'a_b', -1, NULL, NULL, NULL),
	(8, 'axb', 0, NULL, NULL, NULL), (9, 'back\\slash', 7, NULL, NULL, NULL), (10, '', 0, true, NULL, NULL),
	(11, NULL, NULL, NULL, NULL, NULL), (12, 'Äpfel', 12, false, '0001-01-01', 'calm'), (13, 'pineapple', 13, true, NULL, NULL);
	CREATE TABLE part (id int PRIMARY KEY, thing_id int REFERENCES thing, label text);
	INSERT INTO part VALUES (1, 1, 'Core'), (2, 1, 'peel'), (3, 2, 'core'), (4, 2, NULL), (5, NULL, 'core'), (6, 13, '');
	ALTER TABLE part ADD done boolean;
	UPDATE part SET done = id IN (1, 3) WHERE id <> 4;
	CREATE TABLE fork (id int PRIMARY KEY, l text, r text, l_or_r text, thing_id int REFERENCES thing);
	INSERT INTO fork VALUES (1, 'x', 'y', 'z', 1), (2, 'z', 'x', 'x', 2), (3, NULL, NULL, NULL, NULL)"
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous thing,part,fork r >/dev/null && ask_serve ||
	bail_out "the API cannot be set up"

# ids TABLE QUERY : the ids of a list, in order, or the status
ids() {
	ask GET "/api/v2/$1?a[only][]=id&q[s]=id&$2"
	[ "$status" = 200 ] || echo "$status $body"
	printf '%s' "$body" | tr -d '[]{}"id:\n'
}

# wanted TABLE WHERE
wanted() {
	sql shop "SELECT coalesce(string_agg(id::text, ',' ORDER BY id), '') FROM $1 t WHERE $2"
}

# check QUERY WHERE [TABLE]
check() {
	is "$(ids "${3-thing}" "$1")" "$(wanted "${3-thing}" "$2")" "${3+$3 }$1 is $2"
}

literal() {
	printf "E'%s'" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")"
}

percent() {
	printf '%s' "$1" | as_percent
}

# V is the value
declare -A text=(
	[eq]='name = V' [not_eq]='name <> V' [lt]='name < V' [lteq]='name <= V' [gt]='name > V' [gteq]='name >= V'
	[in]='name = ANY (ARRAY[V])' [not_in]='name <> ALL (ARRAY[V])'
	[matches]='name ILIKE V' [does_not_match]='NOT (name ILIKE V)'
	[cont]='strpos(upper(name), upper(V)) > 0' [not_cont]='strpos(upper(name), upper(V)) = 0'
	[i_cont]='strpos(upper(name), upper(V)) > 0' [not_i_cont]='strpos(upper(name), upper(V)) = 0'
	[start]='upper(left(name, length(V))) = upper(V)' [not_start]='upper(left(name, length(V))) <> upper(V)'
	[end]='upper(right(name, length(V))) = upper(V)' [not_end]='upper(right(name, length(V))) <> upper(V)'
)
asked=0
for p in "${!text[@]}"; do
	case $p in
	matches | does_not_match) values=('a%' '50\%' 'a_b' '%PLE' 'apple') ;;
	*) values=(apple '50%' A _ '\' le b 500) ;;
	esac
	for v in "${values[@]}"; do
		check "q[name_$p]=$(percent "$v")" "${text[$p]//V/"$(literal "$v")"}"
	done
	asked=$((asked + 3))
	for ((i = 0; i + 1 < ${#values[@]}; i += 2)); do
		a=${values[i]} b=${values[i + 1]}
		wa=${text[$p]//V/"$(literal "$a")"} wb=${text[$p]//V/"$(literal "$b")"}
		check "q[name_${p}_any][]=$(percent "$a")&q[name_${p}_any][]=$(percent "$b")" "($wa) OR ($wb)"
		check "q[name_${p}_all][]=$(percent "$a")&q[name_${p}_all][]=$(percent "$b")" "($wa) AND ($wb)"
	done
done

declare -A flag=(
	[true]='C = true' [not_true]='C <> true' [false]='C = false' [not_false]='C <> false'
	[null]='C IS NULL' [not_null]='C IS NOT NULL'
)
declare -A unflag=(
	[true]='C <> true' [not_true]='C = true' [false]='C <> false' [not_false]='C = false'
	[null]='C IS NOT NULL' [not_null]='C IS NULL'
)
for p in "${!flag[@]}"; do
	asked=$((asked + 1))
	for v in true 1 t T TRUE; do
		check "q[ok_$p]=$v" "${flag[$p]//C/ok}"
	done
	for v in false 0 f F FALSE; do
		check "q[ok_$p]=$v" "${unflag[$p]//C/ok}"
	done
	check "q[ok_$p]=banana" true
	check "q[ok_$p]=" true
done
for c in name n ok day mood; do
	[ $c = name ] && also=" AND name <> ''" || also=''
	[ $c = name ] && or=" OR name = ''" || or=''
	check "q[${c}_null]=1" "$c IS NULL"
	check "q[${c}_not_null]=1" "$c IS NOT NULL"
	check "q[${c}_present]=1" "$c IS NOT NULL$also"
	check "q[${c}_present]=0" "$c IS NULL$or"
	check "q[${c}_blank]=t" "$c IS NULL$or"
	check "q[${c}_blank]=f" "$c IS NOT NULL$also"
done
asked=$((asked + 2))
is "$asked" 62 "all 62 predicates were asked"

# ---- other types
for p in eq:= not_eq:'<>' lt:'<' lteq:'<=' gt:'>' gteq:'>='; do
	check "q[n_${p%:*}]=7" "n ${p#*:} 7"
	check "q[n_${p%:*}]=-1" "n ${p#*:} -1"
	check "q[day_${p%:*}]=2024-02-29" "day ${p#*:} '2024-02-29'"
	check "q[ok_${p%:*}]=true" "ok ${p#*:} true"
	check "q[mood_${p%:*}]=calm" "mood ${p#*:} 'calm'"
	check "q[n_${p%:*}_any][]=2&q[n_${p%:*}_any][]=50" "n ${p#*:} 2 OR n ${p#*:} 50"
	check "q[n_${p%:*}_all][]=2&q[n_${p%:*}_all][]=50" "n ${p#*:} 2 AND n ${p#*:} 50"
done
check 'q[n_in][]=1&q[n_in][]=2&q[n_in][]=' 'n IN (1, 2)'
check 'q[n_not_in][]=1&q[n_not_in][]=2' 'n NOT IN (1, 2)'
check 'q[n_in][0]=1&q[n_in][1]=500' 'n IN (1, 500)'
check 'q[n_in]=1' 'n IN (1)'
check 'q[n_in_all][]=1&q[n_in_all][]=2' 'false'
check 'q[ok_eq]=false' 'ok = false'

# ---- values
check 'q[name_eq]=%20apple%20' "name = 'apple'"
check 'q[name_eq]=' true
check 'q[name_eq]=%20' true
check 'q[name_eq_any][]=&q[name_eq_any][]=' true
check 'q[name_eq_any][]=&q[name_eq_any][]=apple' "name = 'apple'"
for bad in 'q[n_eq]=abc' 'q[n_eq]=12abc' 'q[n_eq]=1.5' 'q[day_gt]=yesterday' 'q[day_gt]=2024-02-30' \
	'q[ok_eq]=banana' 'q[mood_eq]=angry' 'q[n_in][]=1&q[n_in][]=x' 'q[nothing_eq]=1' 'q[name_equals]=1' \
	'q[name]=1' 'q[name_true_any][]=1' 'q[name_eq][]=1' 'q[n_cont]=1' 'q[s]=nothing'; do
	[[ $bad == *'[s]'* ]] && ask GET "/api/v2/thing?$bad" || ask GET "/api/v2/thing?a[only][]=id&$bad"
	like "$status $body" '^400 \{"error":".*"\}' "$bad is 400"
done
ask GET '/api/v2/thing?q[nothing_eq]=1&q[name_equals]=1&q[n_eq]=1&a[only]=id' '' 'Prefer: handling=lenient'
is "$status $body" '200 [{"id":1}]' "or ignored where the client prefers it"

# ---- combinations
check 'q[name_or_mood_eq]=calm' "name = 'calm' OR mood = 'calm'"
check 'q[name_eq]=apple&q[n_eq]=2' "name = 'apple' AND n = 2"
check 'q[name_eq]=apple&q[n_eq]=3' false
check 'q[m]=or&q[name_eq]=apple&q[n_eq]=3' "name = 'apple' OR n = 3"
check 'q[g][0][m]=or&q[g][0][name_eq]=apple&q[g][0][n_gt]=100&q[ok_true]=1' "(name = 'apple' OR n > 100) AND ok"
check 'q[m]=or&q[g][0][name_start]=a&q[g][0][n_lt]=1&q[g][1][ok_true]=1&q[g][1][n_gt]=12' \
	"(name ILIKE 'a%' AND n < 1) OR (ok AND n > 12)"
check 'q[c][0][a][0][name]=n&q[c][0][p]=gt&q[c][0][v][0][value]=12' 'n > 12'
check 'q[c][0][a][]=n&q[c][0][a][]=id&q[c][0][m]=or&q[c][0][p]=eq_any&q[c][0][v][]=12&q[c][0][v][]=50' \
	'n IN (12, 50) OR id IN (12, 50)'

# ---- through relations
check 'q[part_label_cont]=CORE' "EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND p.label ILIKE '%core%')"
check 'q[part_label_not_cont]=core' "NOT EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND p.label ILIKE '%core%')"
check 'q[part_label_not_eq]=peel' "NOT EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND p.label = 'peel')"
check 'q[part_label_eq]=core&q[part_id_eq]=1' "EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND p.label = 'core' AND p.id = 1)"
check 'q[part_label_eq]=Core&q[part_id_eq]=1' "EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND p.label = 'Core' AND p.id = 1)"
# the flags ask for a row of an outer join: what null meets, it meets where there
# is no part; only those called not_ say something of all parts
some="EXISTS (SELECT FROM part p WHERE p.thing_id = t.id AND"
joined="EXISTS (SELECT FROM thing j LEFT JOIN part p ON p.thing_id = j.id WHERE j.id = t.id AND"
for v in 1 0; do
	[ $v = 1 ] && yes='' no=NOT || yes=NOT no=''
	check "q[part_label_null]=$v" "$joined p.label IS $yes NULL)"
	check "q[part_label_blank]=$v" "$joined $yes coalesce(p.label, '') = '')"
	check "q[part_label_present]=$v" "$joined $no coalesce(p.label, '') = '')"
	check "q[part_id_null]=$v" "$joined p.id IS $yes NULL)"
	check "q[part_id_blank]=$v" "$joined p.id IS $yes NULL)"
	check "q[part_done_true]=$v" "$joined $yes p.done)"
	check "q[part_done_false]=$v" "$joined $no p.done)"
	check "q[part_done_null]=$v&q[part_label_eq]=peel" "$joined p.done IS $yes NULL AND p.label = 'peel')"
	check "q[part_done_null]=$v&q[part_label_null]=1" "$joined p.done IS $yes NULL AND p.label IS NULL)"
	check "q[part_done_null]=$v&q[part_null]=0" "$some p.done IS $yes NULL)"
	check "q[m]=or&q[part_done_null]=$v&q[name_eq]=x" "$joined p.done IS $yes NULL) OR name = 'x'"
	check "q[part_done_null]=$v&q[part_thing_name_null]=0" "$some p.done IS $yes NULL)"
	for p in null blank not_present; do
		[ $p = not_present ] && query="q[part_present]=$((1 - v))" || query="q[part_$p]=$v"
		check "$query" "$no EXISTS (SELECT FROM part p WHERE p.thing_id = t.id)"
	done
done
check 'q[part_label_not_null]=1' "$some p.label IS NOT NULL)"
check 'q[part_label_not_null]=0' "NOT $some p.label IS NOT NULL)"
check 'q[part_done_not_true]=1' "NOT $some p.done)"
check 'q[part_done_not_true]=0' "NOT $some NOT p.done)"
check 'q[part_done_not_false]=1' "NOT $some NOT p.done)"
check 'q[part_done_not_false]=0' "NOT $some p.done)"
check 'q[part_label_not_eq_all][]=peel&q[part_label_not_eq_all][]=core' "NOT $some p.label IN ('peel', 'core'))"
check 'q[part_label_eq_any][]=peel&q[part_label_eq_any][]=core' "$some p.label IN ('peel', 'core'))"
check 'q[name_or_part_blank]=1' "coalesce(name, '') = '' OR NOT EXISTS (SELECT FROM part p WHERE p.thing_id = t.id)"

# ---- lists, indices, long names, a name with or in it
check "$(printf '&q[n_eq_any][]=%d' {1..80})" 'n BETWEEN 1 AND 80'
check "$(printf '&q[n_not_eq_all][]=%d' {1..80})" 'NOT n BETWEEN 1 AND 80'
check 'q[c][x][a][y][name]=n&q[c][x][p]=gt&q[c][x][v][z][value]=12&q[c][w][a]=ok&q[c][w][p]=true&q[c][w][v]=1' 'n > 12 AND ok'
check 'q[g][x][m]=or&q[g][x][n_eq]=1&q[g][x][ok_true]=1&q[g][y][n_lt]=50' '(n = 1 OR ok) AND n < 50'
check 'q[conditions][0][attributes][0][name]=n&q[conditions][0][predicate]=gt&q[conditions][0][values][0][value]=12' 'n > 12'
check 'q[combinator]=or&q[groupings][][n_eq]=1&q[groupings][][ok_true]=1&q[groupings][][n_eq]=2' '(n = 1 AND ok) OR n = 2'
check 'page=&per=&count=&q[n_gt]=12' 'n > 12'
check 'q[c][0][a][0][name]=&q[c][0][p]=&q[c][0][v][0][value]=&q[n_gt]=12' 'n > 12'
check 'q[l_or_r_eq]=x' "l_or_r = 'x'" fork
check 'q[r_or_l_eq]=x' "r = 'x' OR l = 'x'" fork
check 'q[m]=or&q[l_or_r_eq]=z&q[r_or_l_eq]=x' "l_or_r = 'z' OR r = 'x' OR l = 'x'" fork
check 'q[fork_l_or_r_eq]=x' "EXISTS (SELECT FROM fork f WHERE f.thing_id = t.id AND f.l_or_r = 'x')"
for bad in 'q[c][0][a][0][name]=n&q[c][0][p]=eq&q[c][0][value]=1' 'q[c][0][a][]=n&q[c][0][a][]=n&q[c][0][p]=eq&q[c][0][v]=1' \
	'q[c][0][a][]=&q[c][0][a][]=n&q[c][0][p]=eq&q[c][0][v]=1' 'q[s]=n&q[sorts]=id' 'q={"c":[{}]}' 'q[m]=or&q[nothing_eq]=1&q[n_eq]=2'; do
	ask GET "/api/v2/thing?${bad//[{]/%7B}"
	like "$status $body" '^400 \{"error":".*"\}' "$bad is 400"
done
ask GET '/api/v2/thing?q[m]=or&q[nothing_eq]=1&q[n_eq]=2&a[only]=id' '' 'Prefer: handling=lenient'
is "$status $body" '200 [{"id":2}]' "in lenient mode an or is without what is not there"

check 'q[thing_name_eq]=apple' "(SELECT h.name FROM thing h WHERE h.id = t.thing_id) = 'apple'" part
check 'q[thing_name_not_eq]=apple' "(SELECT h.name FROM thing h WHERE h.id = t.thing_id) <> 'apple'" part
check 'q[thing_name_null]=1' '(SELECT h.name FROM thing h WHERE h.id = t.thing_id) IS NULL' part
check 'q[thing_name_null]=0' '(SELECT h.name FROM thing h WHERE h.id = t.thing_id) IS NOT NULL' part
check 'q[thing_name_blank]=1' "coalesce((SELECT h.name FROM thing h WHERE h.id = t.thing_id), '') = ''" part
check 'q[thing_name_blank]=0' "(SELECT h.name FROM thing h WHERE h.id = t.thing_id) <> ''" part
check 'q[thing_name_not_null]=1' '(SELECT h.name FROM thing h WHERE h.id = t.thing_id) IS NOT NULL' part
check 'q[thing_name_not_null]=0' '(SELECT h.name FROM thing h WHERE h.id = t.thing_id) IS NULL' part
check 'q[thing_name_present]=0' "coalesce((SELECT h.name FROM thing h WHERE h.id = t.thing_id), '') = ''" part
check 'q[thing_ok_not_true]=1' '(SELECT h.ok FROM thing h WHERE h.id = t.thing_id) <> true' part
check 'q[thing_ok_not_true]=0' '(SELECT h.ok FROM thing h WHERE h.id = t.thing_id) = true' part
check 'q[thing_ok_true]=0' '(SELECT h.ok FROM thing h WHERE h.id = t.thing_id) <> true' part
# one behind the other: no thing, a thing without parts, a part without a label
way='(part t1 LEFT JOIN thing h ON h.id = t1.thing_id LEFT JOIN part p ON p.thing_id = h.id)'
check 'q[thing_part_label_null]=1' "EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.label IS NULL)" part
check 'q[thing_part_label_null]=0' "EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.label IS NOT NULL)" part
check 'q[thing_part_label_null]=1&q[thing_ok_null]=1' \
	"EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.label IS NULL AND h.ok IS NULL)" part
check 'q[thing_part_label_null]=1&q[thing_ok_null]=0' \
	"EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.label IS NULL AND h.ok IS NOT NULL)" part
way='(thing t1 LEFT JOIN fork f ON f.thing_id = t1.id LEFT JOIN thing h ON h.id = f.thing_id LEFT JOIN part p ON p.thing_id = h.id)'
check 'q[fork_thing_part_done_null]=1' "EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.done IS NULL)"
check 'q[fork_thing_part_done_null]=1&q[fork_l_null]=0' "EXISTS (SELECT FROM $way WHERE t1.id = t.id AND p.done IS NULL AND f.l IS NOT NULL)"
check 'q[thing_ok_true]=1&q[label_present]=1' "(SELECT h.ok FROM thing h WHERE h.id = t.thing_id) AND label <> ''" part

ask_end
