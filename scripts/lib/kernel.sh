# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernels: from a line such as 6.12 to a version, its headers and its image.
# Debian's, those of own_kernel.sh and those of suite_kernel.sh. Needs common.sh,
# cache.sh and apt.sh.

. "$(dirname "${BASH_SOURCE[0]}")/own_kernel.sh"
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"
. "$(dirname "${BASH_SOURCE[0]}")/suite_root.sh"
. "$(dirname "${BASH_SOURCE[0]}")/suite_kernel.sh"

# Flavours such as -rt or -cloud are other kernels; the scripts use only the
# plain one.
kernel_pattern() {
	local line=${1//./\\.}

	printf '%s' "linux-headers-(${line}[.-][0-9][^ ]*)-amd64"
}

kernel_newest() {
	grep -E "^$(kernel_pattern "$1")$" | grep -vE -- '-(rt|cloud)-' |
		sed 's/^linux-headers-//' | sort -V | tail -n 1
}

kernel_check_line() {
	own_kernel "$1" || [[ $1 =~ ^[0-9]+\.[0-9]+$ ]] ||
		die_usage "a kernel line looks like 6.12 or 6.1, not '$1'"
}

# kernel_installed LINE: the newest version whose headers are here, or nothing.
kernel_installed() {
	local directory

	for directory in /usr/src/linux-headers-*-amd64; do
		[[ -e /lib/modules/${directory#/usr/src/linux-headers-}/build ]] &&
			basename "$directory"
	done | kernel_newest "$1" || true
}

# kernel_available LINE: the newest version that Debian has, or nothing.
kernel_available() {
	apt-cache pkgnames linux-headers- | kernel_newest "$1" || true
}

# kernel_gone LINE: whether this Debian is too new to have it.
kernel_gone() {
	local release

	[[ $1 == 6.1 ]] || return
	# shellcheck disable=SC1091 # a file of Debian's
	release=$(. /etc/os-release && printf '%s' "$ID ${VERSION_ID:-testing}")
	[[ $release == "debian "* && $release != "debian 12" ]]
}

# kernel_version LINE: prints the version that the scripts use for a line.
kernel_version() {
	local version

	kernel_check_line "$1"
	if own_kernel "$1"; then
		"$ROOT/scripts/build-kernel" "$1"
		return
	fi
	version=$(kernel_installed "$1")
	if [[ -z $version ]]; then
		version=$(kernel_available "$1")
		[[ -z $version ]] ||
			die "the headers of line $1 are missing; install them with: apt-get install linux-headers-$version"
		version=$(suite_kernel_choose "$1")
		[[ -n $version ]] ||
			die "Debian has no kernel of line $1 that this machine knows of, and none in" \
				"$SUITE_KERNEL_SUITE; try: apt-get update"
	fi
	printf '%s\n' "$version"
}

# kernel_base_line LINE: prints Debian's line whose source it is built from.
kernel_base_line() {
	if own_kernel "$1"; then
		printf '%s\n' "$OWN_KERNEL_LINE"
	else
		printf '%s\n' "$1"
	fi
}

# kernel_package_version VERSION: the Debian version of its headers, or of the
# source that it was built from.
kernel_package_version() {
	if own_kernel_version "$1"; then
		cat "$(own_kernel_entry "$1")/source"
		return
	fi
	if suite_kernel_version "$1"; then
		basename "$(suite_kernel_entry "$1")"
		return
	fi
	# shellcheck disable=SC2016 # the braces are dpkg-query's own
	dpkg-query -W -f '${Version}' "linux-headers-$1"
}

# kernel_build_tree VERSION: where its configuration and generated headers are.
kernel_build_tree() {
	if own_kernel_version "$1"; then
		printf '%s/tree/out\n' "$(own_kernel_entry "$1")"
	elif suite_kernel_version "$1"; then
		printf '%s/usr/src/linux-headers-%s\n' "$(suite_kernel_entry "$1")" "$1"
	else
		printf '/lib/modules/%s/build\n' "$1"
	fi
}

# kernel_compiler VERSION: the compiler that the headers want.
kernel_compiler() {
	sed -n 's/^CONFIG_CC_VERSION_TEXT="\?\([^ ]*\) .*/\1/p' \
		"$(kernel_build_tree "$1")/include/config/auto.conf" | head -n 1
}

# kernel_image VERSION: prints a directory with vmlinuz and modules/. An image
# that isn't installed is unpacked, not installed: this machine needn't boot it.
kernel_image() {
	local version=$1 package=linux-image-$1 wanted entry tmp

	if own_kernel_version "$version"; then
		own_kernel_entry "$version"
		return
	fi
	wanted=$(kernel_package_version "$version")
	if suite_kernel_version "$version"; then
		suites_image "$version" "$wanted"
		return
	fi
	entry=$CACHE/image/$version/$wanted

	cache_has "$entry" || (
		cache_lock "image-$version"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		mkdir "$tmp/entry"
		# shellcheck disable=SC2016
		if [[ $(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) == "$wanted" &&
		      -r /boot/vmlinuz-$version && -d /lib/modules/$version/kernel ]]; then
			cp "/boot/vmlinuz-$version" "$tmp/entry/vmlinuz"
			cp -r "/lib/modules/$version" "$tmp/entry/modules"
			rm -f "$tmp/entry/modules/build" "$tmp/entry/modules/source"
		else
			say "fetching $package $wanted"
			apt_download "$tmp" "$package=$wanted" ||
				die "can't fetch $package $wanted, the kernel of the installed headers;" \
				    "upgrade the headers with: apt-get install linux-headers-$version"
			dpkg-deb -x "$tmp"/"$package"_*.deb "$tmp/x"
			mv "$tmp/x/boot/vmlinuz-$version" "$tmp/entry/vmlinuz"
			mv "$tmp"/x/lib/modules/"$version" "$tmp/entry/modules"
		fi
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}
