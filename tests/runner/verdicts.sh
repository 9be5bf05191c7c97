# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shellcheck disable=SC2034,SC2154 # shared with those who include this
#
# Verdicts on runs of scripts, as TAP. Keeps output in $tmp.

number=0 failed=0

# expect STATUS NAME COMMAND...: output goes to $tmp/out and $tmp/err
expect() {
	local wanted=$1 name=$2 status=0

	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	verdict "$name" "exit status $status, not $wanted" [ "$status" -eq "$wanted" ]
}

# verdict NAME WHY-NOT TEST...
verdict() {
	local name=$1 why=$2

	shift 2
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
		return
	fi
	failed=1
	echo "not ok $number - $name ($why)"
	cat "$tmp/err" >&2
}
