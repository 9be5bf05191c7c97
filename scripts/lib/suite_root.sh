# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian of another suite as a folder in the cache, with the compiler and the libraries that
# the suite's kernels are built with. It is entered in a mount namespace of its own, so that
# no mount outlives a script that is killed. Needs common.sh, cache.sh and apt_state.sh.

# shellcheck disable=SC2034 # for those who include this
SUITE_ROOT_SUITE=trixie
# What a kernel's headers and their programs depend on
SUITE_ROOT_PACKAGES=(gcc-14 make libelf1t64 libssl3t64 pahole)
# Parts of a Debian that no build reads
SUITE_ROOT_UNUSED=(
	var/cache/apt var/lib/apt/lists usr/share/doc usr/share/info usr/share/locale
	usr/share/man usr/share/zoneinfo
)

# suite_root_bootstrap DIRECTORY: debootstrap mounts /proc in there.
suite_root_bootstrap() {
	local log=$1.log

	say "making a root of Debian $SUITE_ROOT_SUITE with its compiler (some two minutes)"
	unshare --mount --propagation private debootstrap --variant=minbase \
		--keyring="$APT_STATE_KEYRING" \
		--include="$(IFS=,; printf '%s' "${SUITE_ROOT_PACKAGES[*]}")" \
		"$SUITE_ROOT_SUITE" "$1" "$APT_STATE_ARCHIVE" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		die "debootstrap can't make a root of $SUITE_ROOT_SUITE; its messages are above"
	}
	(cd "$1" && rm -rf "${SUITE_ROOT_UNUSED[@]}")
	# shellcheck disable=SC2016 # the braces are dpkg-query's own
	dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${Package} ${Version}\n' >"$1/made-from"
}

# suite_root_key: prints a hash of all that the folder is made from.
suite_root_key() {
	{
		declare -p SUITE_ROOT_SUITE SUITE_ROOT_PACKAGES SUITE_ROOT_UNUSED APT_STATE_ARCHIVE
		declare -f suite_root_bootstrap
	} | sha256sum | cut -c1-20
}

# suite_root: prints the folder.
suite_root() {
	local entry tmp

	[[ $EUID -eq 0 ]] ||
		die "kernels of $SUITE_ROOT_SUITE are built in a root of that suite, which takes" \
			"the rights to mount and to chroot; run this as root"
	need_commands newer debootstrap unshare
	[[ -r $APT_STATE_KEYRING ]] ||
		die "$APT_STATE_KEYRING is missing; install it with: scripts/packages newer"
	entry=$CACHE/suite-root/$SUITE_ROOT_SUITE-$(suite_root_key)

	cache_has "$entry" || (
		cache_lock suite-root
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		suite_root_bootstrap "$tmp/entry"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}

# suite_root_identity ROOT: prints a hash of the versions of all its packages.
suite_root_identity() {
	sha256sum <"$1/made-from" | cut -c1-16
}

# suite_root_run ROOT HEADERS COMMAND...: runs it there, with the packages that were unpacked in
# HEADERS and with no variable of ours. The cache has the same name inside and outside.
suite_root_run() {
	unshare --mount --propagation private \
		"$(dirname "${BASH_SOURCE[0]}")/enter-root" "$1" "$2" "$CACHE" "${@:3}"
}
