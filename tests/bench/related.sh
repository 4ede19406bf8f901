# related.sh - I1, includes beside a hand-written query, and C1, pages by key
# far behind beside the first one; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

included='/api/dyn/buyer/?ordering=id&limit=100&include=address,rental(limit=5;ordering=-id)'

# the better of two ways to write it by hand; sets ceiling
hand_written() {
	local rate two
	side I1 "ceiling, json_agg" "$main/run/ceiling.pid" GET /j0
	ceiling=$rate
	side I1 "ceiling, two statements" "$main/run/ceiling.pid" GET /s0
	two=$rate
	ceiling=$(awk -v a="$ceiling" -v b="$two" 'BEGIN { print (a > b ? a : b) }')
}

includes() {
	local i rate ours ceiling db
	title I1 "100 rows with two includes, one to-one, one of 5 rows each"
	target I1 "dynapi / ceiling" '>=' 0.8
	target I1 "dynapi / PostgREST" '>=' 3
	side_ours warm GET "$included"
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		db=$(pgbench_rate "\\set k 0
			SELECT b.*, a.* FROM public.buyer b JOIN public.address a
				ON a.id = b.address_id WHERE b.id > :k ORDER BY b.id LIMIT 100;
			SELECT b.id, r.* FROM (SELECT id FROM public.buyer
				WHERE id > :k ORDER BY id LIMIT 100) b
				CROSS JOIN LATERAL (SELECT * FROM public.rental
					WHERE buyer_id = b.id ORDER BY id DESC LIMIT 5) r
				ORDER BY b.id, r.id DESC;") ||
			die "I1: pgbench could not run"
		figure I1 "pgbench, two statements" req/s "$db"
		if ((i % 2)); then
			side_ours I1 GET "$included"
			BENCH_TOKEN='' hand_written
		else
			BENCH_TOKEN='' hand_written
			side_ours I1 GET "$included"
		fi
		figure I1 "dynapi / ceiling" ratio "$(ratio "$ours" "$ceiling")"
		peers I1 "$ours"
	done
}

# ---------------------------------------------------------------- pages by key

page_rows=25
deep_page=10000
rentals='/api/dyn/rental/?ordering=rented'

# next_of URI : where the answer says that the next page is
next_of() {
	ask "$home" -i "$1" | tr -d '\r' |
		sed -n 's/^Link: <\(.*\)>; rel="next"$/\1/p;/^$/q'
}

# cursor_behind ROWS : walks there in large pages, for a cursor does not know
# the size of the page
cursor_behind() {
	local left=$1 step uri cursor=
	while ((left > 0)); do
		step=$((left < 1000 ? left : 1000))
		uri=$(next_of "$rentals&limit=$step&cursor=$cursor")
		cursor=${uri##*cursor=}
		cursor=${cursor%%&*}
		[ -n "$cursor" ] || return 1
		left=$((left - step))
	done
	echo "$cursor"
}

# page_ms CURSOR : the median of many
page_ms() {
	ask "$home" -t -n $((BENCH_ROUNDS * 100)) \
		"$rentals&limit=$page_rows&cursor=$1" | awk '$1 == 200 { print $2 }' |
		median
}

# the deep page begins where the walk should have led
check_deep() {
	local expected
	expected=$(sql main "SELECT id FROM public.rental ORDER BY rented, id
		OFFSET $((page_rows * (deep_page - 1))) LIMIT 1")
	[[ $(ask "$home" "$rentals&limit=$page_rows&cursor=$1") == \
		'[{"id":'"$expected,"* ]] || die "C1: this is not page $deep_page"
}

cursor_pages() {
	local home=$TMP/cursor deep first far i
	title C1 "page 1 and page $deep_page by key, $page_rows rows, ordered by an indexed column"
	one_start "$home" || die "C1: no responder"
	deep=$(cursor_behind $((page_rows * (deep_page - 1)))) ||
		die "C1: page $deep_page was not reached"
	check_deep "$deep"
	first=$(page_ms '') && far=$(page_ms "$deep") || die "C1: no answer"
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		if ((i % 2)); then
			first=$(page_ms '') && far=$(page_ms "$deep")
		else
			far=$(page_ms "$deep") && first=$(page_ms '')
		fi || die "C1: no answer"
		figure C1 "page 1" ms "$first"
		figure C1 "page $deep_page" ms "$far"
		figure C1 "page $deep_page / page 1" ratio "$(ratio "$far" "$first")"
	done
	target C1 "page $deep_page / page 1" '<=' 1.2
	responders_stop "$home"
}

bench_related() {
	! wanted I1 || includes
	! wanted C1 || cursor_pages
}
