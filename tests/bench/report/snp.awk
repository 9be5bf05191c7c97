# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the lines of tests/snp/costs and prints them as a Markdown table: guest_memfd's counts,
# and beside them those of the others as ratios. Where guest_memfd has none they are counts.
# Events that never happened have no row.

BEGIN {
	FS = ","
	NATIVE = "guest_memfd"
}

NF != 4 || $1 == "warm-up" { next }

{
	if (!(($2, $3) in seen)) {
		seen[$2, $3] = 1
		rows[++row_count] = $2 SUBSEP $3
	}
	if ($1 != NATIVE && !($1 in backend_seen)) {
		backend_seen[$1] = 1
		backends[++backend_count] = $1
	}
	count[$1, $2, $3] = $4
	happened[$2, $3] += $4
}

function beside(backend, row,	base, own) {
	base = count[NATIVE, row]
	own = count[backend, row]
	if (base > 0)
		return sprintf(own / base < 0.01 ? "%.4f" : "%.2f", own / base)
	return own ? own " in all" : "0"
}

END {
	printf "| part of the life | | %s |", NATIVE
	for (i = 1; i <= backend_count; i++)
		printf " %s |", backends[i]
	printf "\n| --- | --- | --: |"
	for (i = 1; i <= backend_count; i++)
		printf " --: |"
	print ""
	for (r = 1; r <= row_count; r++) {
		if (!happened[rows[r]])
			continue
		split(rows[r], word, SUBSEP)
		printf "| %s | %s | %d |", word[1] != last ? word[1] : "", word[2],
			count[NATIVE, rows[r]]
		last = word[1]
		for (i = 1; i <= backend_count; i++)
			printf " %s |", beside(backends[i], rows[r])
		print ""
	}
}
