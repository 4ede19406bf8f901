# Puts the operators of op.def between the marks of dynapi-query.7, beside what
# the other dialects call them:
#	awk -f man/ops.awk src/query/op.def src/query/where_cond.c \
#	    src/query/ransack_predicate.c man/dynapi-query.7 >new
# After a change of one of these run it and move the result over the page.

BEGIN {
	text["EQUAL"] = "Columns whose type has equality:"
	text["ORDER"] = "Columns whose type has an order:"
	text["TEXT"] = "Texts and enums; the wildcards of the value are letters:"
	text["PATTERN"] = "The same, and the value is a pattern of LIKE:"
	text["REGEX"] = "The same, and the value is a regular expression, where\n" \
		".Ic regex\nis set:"
	text["SEARCH"] = "Texts and tsvector; the value is what a search engine takes:"
	text["SET"] = "Arrays, ranges, jsonb:"
	text["ARRAY"] = "Arrays alone; the value is one element:"
	text["RANGE"] = "Ranges alone:"
	text["TREE"] = "Foreign keys to their own table; the value is the key of a row:"
	text["GRAPH"] = "Relations to edges, and from these on; the value is the key of a row:"
	text["JSON"] = "json and jsonb; the value is a key, or a list of them:"
}

# one cell of the table; what mdoc takes for its own is escaped
function cell(s) {
	gsub(/\\/, "\\e", s)
	gsub(/~/, "\\(ti", s)
	gsub(/\|/, "\\\\*(Ba", s)
	return s == "" ? "" : s ~ /^[[:punct:] ]+$/ ? "\\&" s : s
}

function join(list, word) {
	return list == "" ? word : list ", " word
}

# OP(id, suffix, negated, takes, SQL)
FILENAME ~ /op\.def$/ && /^OP\(/ {
	split($0, quoted, "\"")
	split($0, word, /[(, ]+/)
	takes = quoted[5]
	gsub(/[, ]/, "", takes)
	if (!(takes in text)) {
		print "op.def: what is " takes "?" >"/dev/stderr"
		exit 1
	}
	if (!(takes in rows))
		order[++n] = takes
	at = ++rows[takes]
	id[takes, at] = word[2]
	suffix[takes, at] = quoted[2]
	negated[takes, at] = quoted[4]
	sql[takes, at] = quoted[6]
	next
}

# {"like", OP_LIKE, false, TAKES_TEXT} and the predicates of v2; lists, flags
# and negations are told in the page
FILENAME ~ /where_cond\.c$/ && /^ *\{"[^"]*", OP_[A-Z]*, false,/ {
	if ($0 ~ /TAKES_LIST/)
		next
	split($0, quoted, "\"")
	match($0, /OP_[A-Z]*/)
	op = substr($0, RSTART + 3, RLENGTH - 3)
	auto[op] = join(auto[op], quoted[2])
	next
}
FILENAME ~ /ransack_predicate\.c$/ && /WANTS_VALUE, MEANS_OP, OP_[A-Z]*, false/ {
	split($0, quoted, "\"")
	match($0, /OP_[A-Z]*/)
	op = substr($0, RSTART + 3, RLENGTH - 3)
	v2[op] = join(v2[op], quoted[2])
	next
}

FILENAME !~ /dynapi-query\.7$/ { next }

function print_group(takes,    i) {
	print ".Pp"
	print text[takes]
	print ".Bl -column \"has_any_keys\" \"nhas_any_keys\" \"auto\" " \
		"\"cont, i_cont\" \"is distinct\""
	print ".It Em native Ta Em negated Ta Em auto Ta Em v2 Ta Em SQL"
	for (i = 1; i <= rows[takes]; i++)
		printf ".It %s Ta %s Ta %s Ta %s Ta %s\n", suffix[takes, i],
			cell(negated[takes, i]), cell(auto[id[takes, i]]),
			cell(v2[id[takes, i]]), cell(sql[takes, i])
	print ".El"
}

/^\.\\" operators: begin/ {
	print
	for (i = 1; i <= n; i++)
		print_group(order[i])
	skip = 1
	next
}
/^\.\\" operators: end/ { skip = 0 }
!skip { print }
