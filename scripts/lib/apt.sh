# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# apt-get, for scripts: quiet, never asking, as root if need be.

as_root() {
	if [[ $EUID -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root; please run: $*"
	fi
}

# How long the package manager may be busy: unattended-upgrades, for one, keeps it so for minutes
# after the first boot of a fresh machine.
APT_PATIENCE=1200

# apt_get ARG...: its output matters only if it fails, and goes to stderr then: stdout belongs to
# the scripts. apt-get itself waits for only one of its locks, and without a message.
apt_get() {
	local log status told='' until=$((SECONDS + APT_PATIENCE))
	local held='Could not get lock .*(held by|temporarily unavailable)'

	log=$(mktemp)
	while :; do
		status=0
		as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
			apt-get -qq -o DPkg::Lock::Timeout=0 "$@" >"$log" 2>&1 || status=$?
		if [[ $status -eq 0 || $SECONDS -ge $until ]] || ! grep -qE "$held" "$log"; then
			break
		fi
		[[ $told ]] || say "waiting, for the package manager is busy:" \
			"$(grep -m 1 -oE "$held.*" "$log")"
		told=1
		sleep 2
	done
	[[ $status -eq 0 ]] || cat "$log" >&2
	rm -f "$log"
	return "$status"
}

apt_update() {
	say "asking Debian for its list of packages (apt-get update)"
	apt_get update
}

apt_install() {
	apt_get -y --no-install-recommends install "$@"
}

# apt_download DIRECTORY PACKAGE=VERSION
apt_download() {
	local directory=$1 package=$2
	local get=(apt-get -qq -o APT::Sandbox::User=root download "$package")

	(cd "$directory" && "${get[@]}" >&2) || {
		apt_update
		(cd "$directory" && "${get[@]}" >&2)
	}
}
