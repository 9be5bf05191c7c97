# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The distribution's kernel with the distribution's own KVM, also of lines that
# only Debian's other suites have. Needs common.sh, cache.sh, apt.sh, kernel.sh
# and suites.sh.

# stock_package LINE: prints PACKAGE=VERSION of the newest image in the other
# suites, or nothing. If there is no signed one an unsigned one will do.
stock_package() {
	local line=${1//./\\.} package version

	while read -r package; do
		version=$(suites_version "$package")
		[[ -n $version ]] || continue
		printf '%s=%s\n' "$package" "$version"
		return
	done < <(suites_names linux-image- "^linux-image-${line}[.-][0-9.+a-z]*-?amd64(-unsigned)?$" |
		sed 's/-unsigned$/~unsigned/' | sort -rV | sed 's/~unsigned$/-unsigned/')
}

# stock_fetch PACKAGE=VERSION KERNEL DIRECTORY: unpacks the parts of the package
# into vmlinuz and modules/.
stock_fetch() {
	local package=$1 kernel=$2 directory=$3 parts part

	mapfile -t parts < <(suites_depends "$package" | grep -F -- "-$kernel")
	mkdir "$directory/deb"
	say "fetching ${package%%=*} ${package#*=}"
	suites_download "$directory/deb" "$package" "${parts[@]/%/=${package#*=}}"
	for part in "$directory"/deb/*.deb; do
		dpkg-deb -x "$part" "$directory/x"
	done
	mkdir "$directory/entry"
	part=$(find "$directory/x" -name vmlinuz -o -name "vmlinuz-$kernel" | head -n 1)
	[[ -n $part ]] || die "${package%%=*} and its parts have no vmlinuz"
	mv "$part" "$directory/entry/vmlinuz"
	part=$(find "$directory/x" -path "*/lib/modules/$kernel" -print -quit)
	[[ -d $part/kernel ]] || die "${package%%=*} and its parts have no modules"
	mv "$part" "$directory/entry/modules"
}

# stock_kernel LINE: prints the kernel's version and the directory of its image.
# If the headers are installed it is the kernel that our modules are built for.
stock_kernel() {
	local line=$1 package kernel entry tmp

	kernel_check_line "$line"
	if [[ -n $(kernel_installed "$line") || -n $(kernel_available "$line") ]]; then
		kernel=$(kernel_version "$line")
		entry=$(kernel_image "$kernel")
		printf '%s %s\n' "$kernel" "$entry"
		return
	fi
	package=$(stock_package "$line")
	[[ -n $package ]] || die "no suite of Debian has a kernel of line $line:" \
		"neither this machine's nor ${SUITES_NAMES[*]}"
	kernel=${package%%=*}
	kernel=${kernel#linux-image-}
	kernel=${kernel%-unsigned}
	entry=$CACHE/image/$kernel/${package#*=}

	cache_has "$entry" || (
		cache_lock "image-$kernel"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		stock_fetch "$package" "$kernel" "$tmp"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s %s\n' "$kernel" "$entry"
}
