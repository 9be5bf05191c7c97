# SPDX-License-Identifier: GPL-2.0-only
#
# The cost of a page against the size of the operation: one small plot for each
# kind of work. Needs results (a CSV of medians) and picture (the output file).

array row[12] = [ "fallocate", "punch hole", "punch hole mapped", "close", \
	"close mapped", "prefault first", "prefault page there", \
	"prefault again", "create and close", "touch first", \
	"touch page there", "touch again" ]

array backend[4] = [ "guest_memfd", "kvm_private 4K", "kvm_private 2M", \
	"kvm_private 1G" ]
# Colours that colour-blind people can tell apart
array colour[4] = [ "#000000", "#0072b2", "#d55e00", "#009e73" ]
array shape[4] = [ 4, 7, 5, 9 ]

measured = system("cut -d, -f2 ".results)
present = ""
do for [b = 1:4] {
	if (strstrt(measured, backend[b])) { present = present." ".b }
}

set terminal svg size 1500,900 noenhanced font "sans-serif,13" background "white"
set output picture
set datafile separator ","
# Lines of the file that belong to other curves don't interrupt this one.
set datafile missing NaN
set logscale x 2
set logscale y 10
set xtics (16, 64, 256, 1024)
set format y "%.0f"
set xrange [12:1400]
set yrange [1:12000]
set grid xtics ytics linetype 1 linecolor rgb "#dddddd"
set border 3 linecolor rgb "#888888"
set tics nomirror scale 0.5 textcolor rgb "black"
set key off

of(backend, row) = (strcol(1) eq "off" && strcol(2) eq backend && \
		    strcol(3) eq row) ? $5 : NaN
title(row) = row eq "create and close" ? "create and close (a call)" : row

set multiplot layout 3,5 title \
	"Instructions for a page of 4 KiB, by the size of the operation in MiB" \
	font ",16" offset 0,-0.3

do for [r = 1:12] {
	set title title(row[r]) offset 0,-0.5
	plot for [b in present] results \
		using 4:(of(backend[int(b)], row[r])) with linespoints \
		linecolor rgb colour[int(b)] linewidth 2 \
		pointtype shape[int(b)] pointsize 0.7
	# Beside the five kinds of what ends or makes memory there is room.
	if (r == 9) {
		set title "ordinary memory, THP" offset 0,-0.5
		set label 1 "populate" at 14,2000
		set label 2 "unmap" at 14,120
		plot for [y in "populate unmap"] results \
			using 4:(of("anonymous THP", y)) with linespoints \
			linecolor rgb "#cc79a7" linewidth 2 pointtype 5 \
			pointsize 0.7
		unset label 1
		unset label 2
	}
}

# The last place has the key to the curves of all plots.
unset title
unset border
unset tics
unset grid
set key on at graph 0.1,0.8 left top Left reverse spacing 1.6
plot for [b in present] NaN with linespoints linecolor rgb colour[int(b)] \
	linewidth 2 pointtype shape[int(b)] title backend[int(b)]
unset multiplot
