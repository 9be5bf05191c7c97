# SPDX-License-Identifier: GPL-2.0-only
#
# Reads goals.csv, then the medians, and prints both as a Markdown table.

BEGIN {
	FS = ","
	NATIVE = "guest_memfd"
}

/^#/ { next }

FNR == 1 { file++ }

function remember(list, seen, value) {
	if (!(value in seen)) {
		seen[value] = 1
		list[++list[0]] = value
	}
}

FILENAME ~ /goals/ {
	goal[$1, $2] = $3
	next
}

FNR == 1 { next }

{
	value[$1, $2, $3, $4] = $5
	unit[$3] = $6
	if ($7 == "" && $6 ~ /call$/) {
		remember(calls, seen_calls, $3)
		call[$1, $2, $3] = $5
		next
	}
	if ($7 == "") {
		remember(others, seen_others, $2 FS $3)
		remember(other_sizes, seen_other_sizes, $4)
		next
	}
	if ($2 != NATIVE)
		remember(backends, seen_backends, $2)
	remember(rows, seen_rows, $3)
	remember(sizes, seen_sizes, $4)
	events[$1, $2, $3, $4] = thousands($7) " / " thousands($8)
}

# 1234567 -> 1,234,567
function thousands(number,	text) {
	text = sprintf("%.0f", number)
	while (match(text, /[0-9][0-9][0-9][0-9](,|$)/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return text
}

function short(backend) {
	sub(/^kvm_private /, "", backend)
	return backend
}

function number(erms, backend, row, size,	key) {
	key = erms SUBSEP backend SUBSEP row SUBSEP size
	return key in value ? thousands(value[key]) : ""
}

function ratio(erms, backend, row, size,	ours, native) {
	ours = erms SUBSEP backend SUBSEP row SUBSEP size
	native = erms SUBSEP NATIVE SUBSEP row SUBSEP size
	if (!(ours in value) || !value[native])
		return ""
	return value[ours] / value[native]
}

# Two significant digits
function rounded(x) {
	return x == "" ? "" : sprintf(x < 0.0995 ? "%.3f" : "%.2f", x)
}

# Bold: the goal isn't met yet.
function judged(backend, row, size,	x, text) {
	x = ratio("off", backend, row, size)
	text = rounded(x)
	if (x != "" && goal[row, backend] != "" && x > goal[row, backend] + 0)
		text = "**" text "**"
	return text
}

function print_head(words, nr_left,	cells, n, i) {
	n = split(words, cells, "|")
	for (i = 1; i <= n; i++)
		printf("| %s ", cells[i])
	printf("|\n")
	for (i = 1; i <= n; i++)
		printf(i <= nr_left ? "| --- " : "| ---: ")
	printf("|\n")
}

function print_ratios(	head, i, r, s) {
	print "Instructions of guest_memfd for 4 KiB, and what part of that kvm_private takes, by the size of its pages.\n" \
	      "ERMS: the same ratio on a processor that clears memory byte by byte. Bold: above the goal.\n"
	head = "work|MiB|" NATIVE
	for (i = 1; i <= backends[0]; i++)
		head = head "|" short(backends[i]) "|goal|ERMS"
	print_head(head, 1)
	for (r = 1; r <= rows[0]; r++)
		for (s = 1; s <= sizes[0]; s++) {
			printf("| %s | %s | %s ", rows[r], sizes[s],
			       number("off", NATIVE, rows[r], sizes[s]))
			for (i = 1; i <= backends[0]; i++)
				printf("| %s | %s | %s ",
				       judged(backends[i], rows[r], sizes[s]),
				       goal[rows[r], backends[i]],
				       rounded(ratio("on", backends[i], rows[r], sizes[s])))
			print "|"
		}
}

function print_events(	head, line, i, r, s) {
	print "\nExits of the guest / TLB flushes by KVM, of a whole operation. Those that have none aren't shown.\n"
	head = "work|MiB|" NATIVE
	for (i = 1; i <= backends[0]; i++)
		head = head "|" short(backends[i])
	print_head(head, 1)
	for (r = 1; r <= rows[0]; r++)
		for (s = 1; s <= sizes[0]; s++) {
			line = events["off", NATIVE, rows[r], sizes[s]]
			for (i = 1; i <= backends[0]; i++)
				line = line " | " events["off", backends[i], rows[r], sizes[s]]
			if (line ~ /[1-9]/)
				printf("| %s | %s | %s |\n", rows[r], sizes[s], line)
		}
}

function print_others(	head, i, s, names) {
	print "\nYardsticks, and the bytes that the records of a GiB take.\n"
	head = "|"
	for (s = 1; s <= other_sizes[0]; s++)
		head = head "|" other_sizes[s] " MiB"
	print_head(head "|ERMS, " other_sizes[other_sizes[0]] " MiB", 2)
	for (i = 1; i <= others[0]; i++) {
		split(others[i], names, FS)
		printf("| %s, %s | %s ", names[1], names[2], unit[names[2]])
		for (s = 1; s <= other_sizes[0]; s++)
			printf("| %s ", number("off", names[1], names[2], other_sizes[s]))
		printf("| %s |\n", number("on", names[1], names[2], other_sizes[other_sizes[0]]))
	}
}

function print_calls(	head, i, r, key) {
	print "\nInstructions of a call that has to do with one page, by the size of the file's pages.\n"
	head = "work"
	for (i = 1; i <= backends[0]; i++)
		head = head "|" short(backends[i])
	print_head(head, 1)
	for (r = 1; r <= calls[0]; r++) {
		printf("| %s ", calls[r])
		for (i = 1; i <= backends[0]; i++) {
			key = "off" SUBSEP backends[i] SUBSEP calls[r]
			printf("| %s ", key in call ? thousands(call[key]) : "")
		}
		print "|"
	}
}

END {
	print_ratios()
	print_events()
	print_others()
	if (calls[0])
		print_calls()
}
