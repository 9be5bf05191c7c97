# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every script needs: where the tree is, how to talk, how to fail.
#
# Failures end a script through errexit, also out of $(...). A call of a
# function that relies on it mustn't stand in a condition or before ||, where
# bash looks away.

shopt -s inherit_errexit

# shellcheck disable=SC2034 # for those who include this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PROGRAM=$(basename "$0")

# Commands that only root's PATH has (depmod, modinfo) are used by everybody.
PATH=$PATH:/usr/sbin:/sbin

say() {
	printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

# Status 1 unless the script has given its failures a status of their own.
die() {
	say "$@"
	exit "${DIE_STATUS:-1}"
}

die_usage() {
	say "$@"
	exit 2
}

# need_commands SET COMMAND...: SET is what scripts/packages calls them.
need_commands() {
	local set=$1 command missing=()

	shift
	for command; do
		command -v "$command" >/dev/null || missing+=("$command")
	done
	[[ ${#missing[@]} -eq 0 ]] ||
		die "this needs ${missing[*]}; install it with: scripts/packages $set"
}
