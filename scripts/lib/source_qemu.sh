# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's source package of QEMU: fetched into the cache and unpacked. Needs common.sh,
# cache.sh and apt_state.sh.

# source_qemu_version: the version that the installed QEMU was built from. Its firmware is
# what an emulator of ours starts with.
source_qemu_version() {
	# shellcheck disable=SC2016 # the braces are dpkg-query's own
	dpkg-query -W -f '${source:Version}' qemu-system-x86 2>/dev/null ||
		die "QEMU is missing; install it with: scripts/packages run"
}

# source_qemu_fetch VERSION: prints the directory with the package's files.
source_qemu_fetch() {
	local version=$1 entry tmp state

	entry=$CACHE/source-qemu/${version//[:\/]/_}
	cache_has "$entry" || (
		cache_lock source-qemu
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		state=$(apt_state source "deb-src bookworm" "deb-src bookworm-security")
		say "fetching Debian's source of QEMU $version"
		mkdir "$tmp/entry"
		cd "$tmp/entry" || exit
		{
			apt-get -c "$state/apt.conf" -qq update &&
				apt-get -c "$state/apt.conf" -qq source --download-only \
					"qemu=$version"
		} >&2 || die "can't fetch the source of QEMU $version, which is installed;" \
			"upgrade it with: apt-get install qemu-system-x86"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}

# source_qemu_extract VERSION DIRECTORY: unpacks it there, with Debian's own patches. apt has
# verified the files.
source_qemu_extract() {
	local files

	files=$(source_qemu_fetch "$1")
	dpkg-source --no-check -x "$files"/qemu_*.dsc "$2" >/dev/null 2>&1 ||
		die "can't unpack the source of QEMU in $files"
}
