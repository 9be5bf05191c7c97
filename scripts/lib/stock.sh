# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The distribution's kernel with the distribution's own KVM, also of lines that
# only Debian's other suites have. Needs common.sh, cache.sh, apt.sh and kernel.sh.

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

# stock_kernel LINE: prints the kernel's version and the directory of its image.
# If our modules can be built for the line it is the kernel that they are built for.
stock_kernel() {
	local line=$1 package kernel entry

	kernel_check_line "$line"
	if [[ -n $(kernel_installed "$line") || -n $(kernel_available "$line") ]]; then
		kernel=$(kernel_version "$line")
	else
		kernel=$(suite_kernel_choose "$line")
	fi
	if [[ $kernel ]]; then
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
	entry=$(suites_image "$kernel" "${package#*=}")
	printf '%s %s\n' "$kernel" "$entry"
}
