# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # root, of those who include this
#
# Running Linux's selftests in a virtual machine. A list of jobs has a line for
# each: a limit in seconds, the source's kernel line, a program and its arguments.

# The machine's own limit is for one command of a minute or two.
export KVM_PRIVATE_VM_TIMEOUT=${KVM_PRIVATE_VM_TIMEOUT:-3600}

# selftests_bring SOURCE DIRECTORY PROGRAM...: the programs, for --bring.
selftests_bring() {
	local source=$1 directory=$2/$1 programs program

	shift 2
	programs=$("$root/tests/selftests/build" --source "$source")/programs
	mkdir "$directory"
	for program; do
		[[ -x $programs/$program ]] || {
			echo "the selftests of $source have no $program" >&2
			return 1
		}
		cp "$programs/$program" "$directory"
	done
}

# selftests_run JOBS PREFIX VM-OPTION...: writes PREFIX.results, lines of number,
# exit status and seconds, and PREFIX.log, the tests' output. Both go as far as
# the machine lived. The status is that of scripts/vm. The machine's shell runs the
# words of SELFTESTS_FIRST before the tests.
selftests_run() {
	local jobs=$1 prefix=$2 directory source list status=0 options

	shift 2
	options=("$@")
	directory=$prefix.bring
	mkdir "$directory"
	awk '{ print NR, $0 }' "$jobs" >"$directory/jobs"
	while read -r source; do
		mapfile -t list < <(awk -v source="$source" '$2 == source { print $3 }' "$jobs" |
			sort -u)
		selftests_bring "$source" "$directory" "${list[@]}" || return
		options+=(--bring "$directory/$source")
	done < <(awk '{ print $2 }' "$jobs" | sort -u)
	"$root/scripts/vm" "${options[@]}" --bring "$directory/jobs" \
		--bring "$root/tests/selftests/guest" -- sh -c "${SELFTESTS_FIRST:-} exec ./guest" \
		>"$prefix.results" 2>"$prefix.log" || status=$?
	cat "$prefix.log" >&2
	rm -r "$directory"
	return "$status"
}

# selftests_result PREFIX NUMBER: prints "pass", "skip", "fail", "hang", or "lost"
# for a test whose end the machine never reached.
selftests_result() {
	awk -v number="$2" '
	$1 == number { status = $2 }
	END {
		if (status == "")
			print "lost"
		else if (status == 0)
			print "pass"
		else if (status == 4)
			print "skip"
		else if (status == 137)
			print "hang"
		else
			print "fail"
	}' "$1.results"
}

# selftests_said PREFIX NUMBER: prints the test's output.
selftests_said() {
	awk -v head="==== $2: " '
	/^==== [0-9]+: / { ours = index($0, head) == 1; next }
	ours' "$1.log"
}
