# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the output of test suites (TAP, between the lines of tests/run). A test is a
# success only if it said so.

# tap_command NAME COMMAND...: a command as a test of its own; its output is
# for the log.
tap_command() {
	local name=$1 status=0

	shift
	echo "# begin ${name%% *}"
	echo "1..1"
	"$@" >&2 || status=$?
	if [[ $status -eq 0 ]]; then
		echo "ok 1 - $name"
	else
		echo "not ok 1 - $name (exit status $status)"
	fi
	echo "# end ${name%% *} $status"
}

# tap_read FILE: prints a line "passed NAME" or "failed NAME" for each test. A
# program that ends early fails for each test that it still owed. One that fails
# without a failed test, and a suite that ends with an error, fail as such.
tap_read() {
	awk '
	function result(ok, name) {
		print (ok ? "passed " : "failed ") name
		failures += !ok
	}
	function finish() {
		if (program != "")
			result(0, program ": did not come to its end")
		program = ""
	}
	/^# begin / { finish(); program = $3; planned = -1; seen = bad = 0; begun++; next }
	/^# end / {
		if (planned < 0)
			result(0, program ": printed no plan")
		while (seen < planned) {
			seen++
			bad++
			result(0, program ": test " seen " did not run")
		}
		if ($4 != 0 && !bad)
			result(0, program ": exit status " $4)
		program = ""
		next
	}
	/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; next }
	/^ok [0-9]+/ { seen++; sub(/^ok [0-9]+( - )?/, ""); result(1, program ": " $0); next }
	/^not ok [0-9]+/ {
		seen++
		bad++
		sub(/^not ok [0-9]+( - )?/, "")
		result(0, program ": " $0)
		next
	}
	/^# status / { status = $3; ended = 1 }
	END {
		finish()
		if (!begun)
			result(0, "no test ran")
		if (!ended || (status != 0 && !failures))
			result(0, "the suite ended with status " (ended ? status : "unknown"))
	}' "$1"
}

tap_summary() {
	tap_read "$1" | awk '
	$1 == "passed" { passed++ }
	$1 == "failed" { failed++ }
	END { printf "%d passed, %d failed\n", passed, failed }'
}

# tap_passed FILE: whether a suite has run and all of it passed.
tap_passed() {
	[[ -e $1 && $(tap_summary "$1") == *" 0 failed" ]]
}

# tap_said PREFIX: prints the output of failed tests and of programs that ended
# badly, as far as it fits. A reader of this alone, such as a CI's log, has no
# files.
tap_said() {
	awk '
	function test_ends(failed, i) {
		for (i = lines > 15 ? lines - 14 : 1; failed && i <= lines; i++)
			print line[i]
		lines = bad = 0
	}
	/^ok [0-9]|^# begin / { test_ends(bad); next }
	/^# end / { test_ends(bad || $4 != 0); next }
	/^not ok [0-9]/ { test_ends(bad); bad = 1 }
	{ line[++lines] = $0 }
	END { test_ends(lines > 1) }' "$1.tap" | sed -n '1,40s/^/  | /p'
	sed '/^vm: console log/d; s/^/  | /' "$1.log" | tail -n 60
}

# tap_report PREFIX...: of PREFIX.tap and PREFIX.log. Shows the failures, ends with
# the sum and fails unless all has passed.
tap_report() {
	local prefix name passed=0 failed=0 before verdict rest

	for prefix; do
		name=$(basename "$prefix")
		before=$failed
		while read -r verdict rest; do
			if [[ $verdict == passed ]]; then
				passed=$((passed + 1))
			else
				failed=$((failed + 1))
				printf 'failed: %s: %s (see %s.log and .tap)\n' "$name" "$rest" "$prefix"
			fi
		done < <(tap_read "$prefix.tap")
		[[ $failed -eq $before ]] || tap_said "$prefix"
	done
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[[ $failed -eq 0 && $passed -gt 0 ]]
}
