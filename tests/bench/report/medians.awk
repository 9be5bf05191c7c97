# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the CSV of several boots. Prints one line for all rows that differ only
# in the boot: the medians of their figures.

BEGIN {
	FS = OFS = ","
	print "erms,backend,row,MiB,value,unit,exits,flushes"
}

FNR == 1 { next }

{
	key = $2 FS $3 FS $4 FS $5
	if (!(key in count))
		keys[++nr_keys] = key
	n = ++count[key]
	unit[key] = $7
	values[key, n] = $6
	exits[key, n] = $8
	flushes[key, n] = $9
}

function median(of, key,	n, i, j, swap, sorted) {
	n = count[key]
	for (i = 1; i <= n; i++) {
		if (of[key, i] == "")
			return ""
		sorted[i] = of[key, i] + 0
		for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
			swap = sorted[j]
			sorted[j] = sorted[j - 1]
			sorted[j - 1] = swap
		}
	}
	return (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
}

END {
	for (i = 1; i <= nr_keys; i++) {
		key = keys[i]
		print key, median(values, key), unit[key],
			median(exits, key), median(flushes, key)
	}
}
