# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs suites, several at a time, as soon as the builds that they need are there. A build takes
# the place of a suite, and only one goes on at a time since it uses all processors. Needs
# suite_table.sh.

# What is still to start
QUEUE_BUILDS=()
QUEUE_SUITES=()
# How each build ended, ok or failed
declare -A QUEUE_BUILT=()
# The suites that were too late
QUEUE_LEFT_OUT=()

# queue_needs_are_there SUITE: whether all builds that it needs have ended.
queue_needs_are_there() {
	local need needs

	IFS=, read -r -a needs <<<"${SUITE_NEEDS[$1]}"
	for need in "${needs[@]}"; do
		[[ ${QUEUE_BUILT[$need]:-} ]] || return
	done
}

# queue_failed_need SUITE: prints a build that failed and that the suite needs, if there is one.
queue_failed_need() {
	local need needs

	IFS=, read -r -a needs <<<"${SUITE_NEEDS[$1]}"
	for need in "${needs[@]}"; do
		[[ ${QUEUE_BUILT[$need]} == ok ]] || {
			printf '%s\n' "$need"
			return
		}
	done
	return 1
}

# queue_next: sets next to the job that can start: "build NAME" or "suite NAME". Fails if none
# can, for now or at all.
queue_next() {
	local number name

	if [[ ${#QUEUE_BUILDS[@]} -gt 0 && " ${job[*]} " != *" build "* ]]; then
		next="build ${QUEUE_BUILDS[0]}"
		QUEUE_BUILDS=("${QUEUE_BUILDS[@]:1}")
		return
	fi
	for number in "${!QUEUE_SUITES[@]}"; do
		name=${QUEUE_SUITES[number]}
		if ! queue_in_time "$name"; then
			QUEUE_LEFT_OUT+=("$name")
			unset "QUEUE_SUITES[$number]"
		elif queue_needs_are_there "$name"; then
			next="suite $name"
			unset "QUEUE_SUITES[$number]"
			return
		fi
	done
	return 1
}

# queue_run PLACES: runs the builds and suites of QUEUE_BUILDS and QUEUE_SUITES. The caller
# defines queue_build NAME, queue_suite NAME, each run in a subshell of its own, and
# queue_in_time NAME: whether that suite may still start.
queue_run() {
	local places=$1 next pid status name
	local -A job=()

	while :; do
		while [[ ${#job[@]} -lt $places ]] && queue_next; do
			name=${next#* }
			"queue_${next% *}" "$name" </dev/null &
			job[$!]=$next
		done
		[[ ${#job[@]} -gt 0 ]] || break
		status=0
		wait -n -p pid "${!job[@]}" || status=$?
		if [[ ${job[$pid]} == build\ * ]]; then
			name=${job[$pid]#* }
			QUEUE_BUILT[$name]=ok
			[[ $status -eq 0 ]] || QUEUE_BUILT[$name]=failed
		fi
		unset "job[$pid]"
	done
}
