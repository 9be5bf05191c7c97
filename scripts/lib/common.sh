# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For every script: where the tree is, messages, failures.
#
# Failures end a script through errexit, also out of $(...). A call of a
# function that relies on it mustn't stand in a condition or before ||, where
# bash switches errexit off.

shopt -s inherit_errexit

# shellcheck disable=SC2034 # for those who include this
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PROGRAM=$(basename "$0")

# Scripts use some commands that only root's PATH has (depmod, modinfo).
PATH=$PATH:/usr/sbin:/sbin

say() {
	printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

# Status 1 unless the script has another one for its failures
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
