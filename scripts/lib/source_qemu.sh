# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's source package of QEMU: fetched into the cache and unpacked. Needs common.sh,
# cache.sh and apt_state.sh.

# The line that our patches are for
SOURCE_QEMU_LINE=7.2
SOURCE_QEMU_SUITES=("deb-src bookworm" "deb-src bookworm-security")

# source_qemu_apt PROGRAM WORD...: with the lists of sources that have the line
source_qemu_apt() {
	local program=$1 state

	shift
	state=$(apt_state source "${SOURCE_QEMU_SUITES[@]}")
	"$program" -c "$state/apt.conf" -qq "$@"
}

# source_qemu_newest: prints the newest version that the cache has, or nothing.
source_qemu_newest() {
	mkdir -p "$CACHE/source-qemu"
	find "$CACHE/source-qemu" -mindepth 2 -maxdepth 2 -name "qemu_$SOURCE_QEMU_LINE*.dsc" \
		-printf '%f\n' | sed 's/^qemu_\(.*\)\.dsc$/1:\1/' | sort -V | tail -n 1
}

# source_qemu_version: the version that the installed QEMU was built from, if that is of the
# line; a newer Debian's isn't. Its firmware is what an emulator of ours starts with.
source_qemu_version() {
	local version

	# shellcheck disable=SC2016 # the braces are dpkg-query's own
	version=$(dpkg-query -W -f '${source:Version}' qemu-system-x86 2>/dev/null) ||
		die "QEMU is missing; install it with: scripts/packages run"
	if [[ $version != 1:$SOURCE_QEMU_LINE* ]]; then
		version=$(source_qemu_newest)
	fi
	if [[ -z $version ]]; then
		source_qemu_apt apt-get update >&2
		version=$(source_qemu_apt apt-cache showsrc --only-source qemu |
			sed -n "s/^Version: \(1:$SOURCE_QEMU_LINE.*\)/\1/p" | sort -V | tail -n 1)
	fi
	[[ -n $version ]] || die "Debian has no source of QEMU $SOURCE_QEMU_LINE any more"
	printf '%s\n' "$version"
}

# source_qemu_fetch VERSION: prints the directory with the package's files.
source_qemu_fetch() {
	local version=$1 entry tmp

	entry=$CACHE/source-qemu/${version//[:\/]/_}
	cache_has "$entry" || (
		cache_lock source-qemu
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		say "fetching Debian's source of QEMU $version"
		mkdir "$tmp/entry"
		cd "$tmp/entry" || exit
		{
			source_qemu_apt apt-get update &&
				source_qemu_apt apt-get source --download-only "qemu=$version"
		} >&2 || die "can't fetch the source of QEMU $version; if Debian has a newer one, and this" \
			"one is installed, upgrade it with: apt-get install qemu-system-x86"
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
