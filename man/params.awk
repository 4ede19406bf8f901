# Puts the parameters of conf.def between the marks of dynapi.conf.5:
#	awk -f man/params.awk src/conf/conf.def man/dynapi.conf.5 >new
# After a change of conf.def run it and move the result over the page.

# a new line for each sentence, and before the 80th column
function sentences(text,    n, word, i, lines, line) {
	gsub(/\\"/, "\"", text)
	n = split(text, word, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && (line ~ /\.$/ ||
		    length(line) + 1 + length(word[i]) > 79)) {
			lines = lines line "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") word[i]
	}
	return lines line
}

FILENAME ~ /\.def$/ && /^(PARAM|FAMILY)\(/ {
	n = split($0, quoted, "\"")
	split($0, word, /[(, ]+/)
	name = word[2]
	if (word[1] == "FAMILY") {
		out = out ".It Ic " name "." word[3] " = Ar text\n" \
			sentences(quoted[2]) "\nAny number of lines.\n"
		next
	}
	kind = word[3]
	default = quoted[2]
	if (quoted[1] ~ /DYNAPI_LOCALSTATEDIR/)
		default = "$localstatedir/lib/dynapi" default
	if (quoted[1] ~ /DYNAPI_BINDIR/)
		default = "$bindir" default
	limits = quoted[4]
	gsub(/ /, ", ", limits)
	out = out ".It Ic " name " = Ar " kind "\n" sentences(quoted[8]) "\n"
	if (kind == "choice")
		out = out "One of " limits ".\n"
	else if (limits != "" && quoted[6] == "")
		out = out "Known: " limits ".\n"
	else if (limits != "")
		out = out "From " limits " to " quoted[6] ".\n"
	# in one line, so that a script can find it
	out = out (default == "" ? "Not set by default" : "Default: " default) \
		".\n"
	if (quoted[7] ~ /no/)
		out = out "Read at start only.\n"
	next
}

FILENAME ~ /\.def$/ { next }
/^\.\\" parameters: begin/ { print; printf "%s", out; skip = 1; next }
/^\.\\" parameters: end/ { skip = 0 }
!skip { print }
