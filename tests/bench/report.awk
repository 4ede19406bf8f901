# report.awk - results of measure.sh into a table on stdout and JSON in a file.

function quote(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/[\001-\037]/, " ", s)
	return "\"" s "\""
}

# the values of one figure, sorted into v
function gather(key,    i, j, t) {
	n = split(values[key], v, " ")
	for (i = 2; i <= n; i++) {
		t = v[i] + 0
		for (j = i - 1; j >= 1 && v[j] + 0 > t; j--)
			v[j + 1] = v[j]
		v[j + 1] = t
	}
	return n % 2 ? v[(n + 1) / 2] + 0 : (v[n / 2] + v[n / 2 + 1]) / 2
}

# three digits that matter
function short(x,    a) {
	a = x < 0 ? -x : x
	return sprintf(a >= 100 ? "%.0f" : a >= 10 ? "%.1f" : a >= 1 ? "%.2f" \
		: "%.3f", x)
}

function verdict(key,    m, miss) {
	m = gather(key)
	if (sign[key] == ">=" ? m >= bound[key] : m <= bound[key])
		return "met"
	if (bound[key] == 0)
		return "missed"
	miss = (sign[key] == ">=" ? bound[key] - m : m - bound[key]) / bound[key]
	return sprintf("missed by %.*f %%", miss < 0.1 ? 1 : 0, 100 * miss)
}

$1 == "fact" {
	fact_name[++facts] = $2
	fact[facts] = $3
}

$1 == "title" {
	if (!($2 in title))
		ids[++nids] = $2
	title[$2] = $3
}

$1 == "figure" {
	key = $2 SUBSEP $3
	if (!(key in values)) {
		keys[$2, ++nkeys[$2]] = key
		name[key] = $3
		unit[key] = $4
	}
	for (i = 5; i <= NF; i++)
		values[key] = values[key] " " $i
}

$1 == "target" {
	sign[$2, $3] = $4
	bound[$2, $3] = $5
}

$1 == "note" {
	notes[$2] = notes[$2] (notes[$2] == "" ? "" : "\n") $3
}

function table(    i, k, key, line, many) {
	for (i = 1; i <= facts; i++)
		printf "%-12s %s\n", fact_name[i], fact[i]
	for (i = 1; i <= nids; i++) {
		printf "\n%-4s %s\n", ids[i], title[ids[i]]
		for (k = 1; k <= nkeys[ids[i]]; k++) {
			key = keys[ids[i], k]
			line = sprintf("     %-44s %9s", name[key],
				short(gather(key)))
			if (unit[key] != "ratio")
				line = line " " unit[key]
			if (n > 1)
				line = line sprintf("  (%s ... %s, %d)",
					short(v[1]), short(v[n]), n)
			if (key in bound)
				line = line sprintf("  target %s %s: %s",
					sign[key], bound[key], verdict(key))
			print line
		}
		if (ids[i] in notes) {
			many = split(notes[ids[i]], lines, "\n")
			for (k = 1; k <= many; k++)
				print "     " lines[k]
		}
	}
	print ""
	for (i = 1; i <= nids; i++)
		for (k = 1; k <= nkeys[ids[i]]; k++)
			if (keys[ids[i], k] in bound) {
				key = keys[ids[i], k]
				printf "%-4s %-44s %s %s: %s\n", ids[i],
					name[key], sign[key], bound[key],
					verdict(key)
			}
}

# what stands before the i-th of a list
function comma(i) {
	return i == 1 ? "" : ", "
}

function as_json(    i, k, key, m, j) {
	printf "{\"machine\": {" >json
	for (i = 1; i <= facts; i++)
		printf "%s%s: %s", comma(i), quote(fact_name[i]),
			quote(fact[i]) >json
	printf "},\n \"results\": [" >json
	for (i = 1; i <= nids; i++) {
		printf "%s\n  {\"id\": %s, \"work\": %s, \"note\": %s, \"figures\": [",
			comma(i), quote(ids[i]), quote(title[ids[i]]),
			quote(notes[ids[i]]) >json
		for (k = 1; k <= nkeys[ids[i]]; k++) {
			key = keys[ids[i], k]
			m = gather(key)
			printf "%s\n   {\"name\": %s, \"unit\": %s, \"median\": %s, \"low\": %s, \"high\": %s, \"values\": [",
				comma(k), quote(name[key]),
				quote(unit[key]), m + 0, v[1] + 0, v[n] + 0 >json
			for (j = 1; j <= n; j++)
				printf "%s%s", comma(j), v[j] + 0 >json
			printf "]" >json
			if (key in bound)
				printf ", \"target\": %s, \"verdict\": %s",
					quote(sign[key] " " bound[key]),
					quote(verdict(key)) >json
			printf "}" >json
		}
		printf "]}" >json
	}
	printf "\n ]}\n" >json
	close(json)
}

END {
	table()
	as_json()
}
