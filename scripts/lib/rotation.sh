# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The suites that a submission runs besides those that every one does; docs/testing.md explains
# the rules. Submissions are numbered: each is a turn. Needs suite_table.sh.

# Each suite of the rotation runs in one turn of these many at least.
ROTATION_TURNS=4

# Seconds of processor that a turn has for the suites that changed files call for. A turn that
# has less to do is filled up to as much.
# shellcheck disable=SC2034 # for those who include this
ROTATION_BUDGET=2200

# The last turn in which each suite passed
declare -A ROTATION_PASSED=()

# rotation_note SUITE TURN: the suite passed in that turn.
rotation_note() {
	ROTATION_PASSED[$1]=$2
}

# rotation_notes: prints "SUITE TURN" for each suite of the rotation.
rotation_notes() {
	local name

	while read -r name; do
		printf '%s %s\n' "$name" "${ROTATION_PASSED[$name]}"
	done < <(suites_when rotation)
}

# rotation_assume TURN: lets suites of which nothing was noted have passed in one of the
# ROTATION_TURNS turns before this one, so that each of the next turns has its share of them.
# The longest suites are dealt out first, each to the turn that has the least.
rotation_assume() {
	local turn=$1 name number least sums=()

	for ((number = 0; number < ROTATION_TURNS; number++)); do
		sums[number]=0
	done
	while read -r name; do
		least=0
		for ((number = 1; number < ROTATION_TURNS; number++)); do
			((sums[number] >= sums[least])) || least=$number
		done
		sums[least]=$((sums[least] + ${SUITE_COST[$name]}))
		# The same suites have the same turns, whichever turn this is.
		[[ ${ROTATION_PASSED[$name]:-} ]] ||
			rotation_note "$name" $((turn - 1 - (turn - least + ROTATION_TURNS - 1) % ROTATION_TURNS))
	done < <(suites_when rotation | suites_longest_first)
}

# rotation_ages TURN: prints "AGE SUITE" for each suite of the rotation, the oldest first. A
# suite's age is the number of turns since it passed.
rotation_ages() {
	local name passed

	rotation_notes | while read -r name passed; do
		printf '%s %s\n' "$(($1 - passed))" "$name"
	done | sort -s -k1,1nr
}

# rotation_pick REASON NAME [BUDGET]: fails if that is more than the budget.
rotation_pick() {
	local cost=${SUITE_COST[$2]:-0}

	[[ $# -eq 2 ]] || ((sum + cost <= $3)) || return
	picked[$2]=$1
	sum=$((sum + cost))
}

# rotation_choose TURN BUDGET FILE...: prints "REASON SUITE" for each suite to run, in the order
# in which they are to run: those that the changed files call for, which are the likeliest to
# find something, then those whose turn it is, then others. A suite that is called for and has
# to wait for its turn is printed as "later". The budget doesn't limit those whose turn it is. Each
# suite of the rotation has a note, if need be one that rotation_assume() made.
rotation_choose() {
	local turn=$1 budget=$2 name age reason sum=0 ages
	local -A picked=()

	shift 2
	ages=$(rotation_ages "$turn"
		suites_when named | sed 's/^/0 /')
	while read -r age name; do
		if suite_called "$name" "$@" >/dev/null; then
			rotation_pick called "$name" "$budget" || picked[$name]=later
		fi
	done <<<"$ages"
	while read -r age name; do
		[[ ${picked[$name]:-later} != later ]] || ((age < ROTATION_TURNS)) ||
			rotation_pick due "$name"
	done <<<"$ages"
	while read -r age name; do
		[[ ${picked[$name]:-} ]] || ((age == 0)) ||
			rotation_pick share "$name" "$budget" || true
	done <<<"$ages"

	for reason in called due share later; do
		for name in "${!picked[@]}"; do
			[[ ${picked[$name]} != "$reason" ]] || printf '%s\n' "$name"
		done | sort | suites_longest_first | sed "s/^/$reason /"
	done
}
