# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of suites, tests/suites, whose head explains its columns. Needs common.sh and
# own_kernel.sh.

# shellcheck disable=SC2034 # for those who include this
# Names in the table's order, and the other columns by name
SUITES=()
declare -A SUITE_WHEN SUITE_COST SUITE_NEEDS SUITE_PATHS

# suite_table_read FILE
suite_table_read() {
	local name when cost needs paths rest

	while read -r name when cost needs paths rest; do
		[[ $name && $name != \#* ]] || continue
		[[ $paths && -z $rest ]] || die "$1: the row of $name hasn't five columns"
		[[ $when =~ ^(everyday|rotation|submission|named)$ ]] ||
			die "$1: $name runs '$when', which the head of the table doesn't explain"
		[[ $cost =~ ^([1-9][0-9]*|-)$ ]] || die "$1: '$cost' isn't the cost of $name"
		[[ -z ${SUITE_WHEN[$name]:-} ]] || die "$1: $name has two rows"
		SUITES+=("$name")
		SUITE_WHEN[$name]=$when
		SUITE_COST[$name]=${cost#-}
		[[ $needs == - ]] || needs=programs,$needs
		SUITE_NEEDS[$name]=${needs#-}
		SUITE_PATHS[$name]=${paths#-}
	done <"$1"
}

# suites_when WHEN...: prints the suites of these kinds.
suites_when() {
	local name

	for name in "${SUITES[@]}"; do
		[[ " $* " != *" ${SUITE_WHEN[$name]} "* ]] || printf '%s\n' "$name"
	done
}

# suites_drop_gone: forgets those whose kernels this Debian hasn't got any more, and says so.
# Needs kernel.sh.
suites_drop_gone() {
	local name build needs kept=() gone=()

	for name in "${SUITES[@]}"; do
		IFS=, read -r -a needs <<<"${SUITE_NEEDS[$name]}"
		for build in "${needs[@]}"; do
			! kernel_gone "$build" || {
				gone+=("$name")
				continue 2
			}
		done
		kept+=("$name")
	done
	[[ ${#gone[@]} -eq 0 ]] || say "this Debian has no kernel for: ${gone[*]}"
	SUITES=("${kept[@]}")
}

# suite_meant NAME WANTED: whether the word WANTED stands for that suite.
suite_meant() {
	[[ $1 != "$2" ]] || return 0
	if own_kernel "${1##*-}"; then
		[[ ${1##*-} == "$2" ]]
	else
		[[ $1 == "$2"-* ]]
	fi
}

# suites_meant WANTED...: prints the suites that the words stand for, in the table's order.
suites_meant() {
	local name wanted

	for name in "${SUITES[@]}"; do
		for wanted; do
			if suite_meant "$name" "$wanted"; then
				printf '%s\n' "$name"
				break
			fi
		done
	done
}

# suites_longest_first: sorts names from stdin. Two suites run at a time, and a long one that
# begins last would end alone. A suite that wasn't measured counts as long.
suites_longest_first() {
	local name

	while read -r name; do
		printf '%s %s\n' "${SUITE_COST[$name]:-9999}" "$name"
	done | sort -s -k1,1nr | cut -d' ' -f2
}

# suite_called NAME FILE...: whether one of the changed files calls for the suite; prints the
# first that does.
suite_called() {
	local name=$1 file path paths

	shift
	IFS=, read -r -a paths <<<"${SUITE_PATHS[$name]}"
	for path in "${paths[@]}"; do
		for file; do
			[[ $file == "$path"* ]] || continue
			printf '%s\n' "$file"
			return 0
		done
	done
	return 1
}

# suite_kernel NAME: prints the line, or the name, of the kernel that a suite runs on, and nothing
# for one that needs none.
suite_kernel() {
	local last=${1##*-}

	if own_kernel "$last" || [[ $last =~ ^[0-9]+\.[0-9]+$ ]]; then
		printf '%s\n' "$last"
	elif [[ ${SUITE_NEEDS[$1]} ]]; then
		printf '6.12\n'
	fi
}
