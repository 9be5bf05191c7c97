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

# All of apt's talk goes to stderr: stdout belongs to the scripts.
apt_update() {
	say "asking Debian for its list of packages (apt-get update)"
	as_root apt-get -qq update >&2
}

# What dpkg has to tell is only of interest if it fails.
apt_install() {
	local log status=0

	log=$(mktemp)
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y --no-install-recommends install "$@" >"$log" 2>&1 || status=$?
	[[ $status -eq 0 ]] || cat "$log" >&2
	rm -f "$log"
	return "$status"
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
