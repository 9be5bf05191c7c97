# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Building modules against installed headers, in the root of another suite, or against a kernel
# of our own. Needs common.sh and kernel.sh.

# kbuild_identity VERSION: prints on one line all that a module's content depends on but its
# sources.
kbuild_identity() {
	printf '%s %s %s %s\n' "$1" "$(kernel_package_version "$1")" "$(kbuild_tools "$1")" \
		"$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-16)"
}

# kbuild_tools VERSION: prints a word for what compiles.
kbuild_tools() {
	local compiler root

	if suite_kernel_version "$1"; then
		root=$(suite_root)
		suite_root_identity "$root"
		return
	fi
	compiler=$(kernel_compiler "$1")
	"${compiler:-gcc}" -dumpfullversion 2>/dev/null || echo none
}

# kbuild VERSION DIRECTORY [ARGUMENT...]: warnings and errors reach stderr, the list of
# compiled files doesn't. If make called this script, its options and variables must not reach
# the kernel's make.
kbuild() {
	local version=$1 directory=$2 kernel=() root headers
	local run=(env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL)

	shift 2
	if own_kernel_version "$version"; then
		kernel=(-C "$(own_kernel_entry "$version")/tree" O=out)
		# For a bool that UBSAN checks GCC forgets that it is volatile, and
		# READ_ONCE() of one is a race to KCSAN.
		[[ $version != *-kcsan-* ]] || kernel+=(UBSAN_SANITIZE=n)
	elif suite_kernel_version "$version"; then
		root=$(suite_root)
		headers=$(suite_kernel_entry "$version")
		run=(suite_root_run "$root" "$headers")
		kernel=(-C "/usr/src/linux-headers-$version")
	else
		kernel=(-C "$(kernel_build_tree "$version")")
	fi
	"${run[@]}" make -s "${kernel[@]}" -j"$(nproc)" "M=$directory" CONFIG_DEBUG_INFO_BTF_MODULES= \
		"KCFLAGS=-g -ffile-prefix-map=$directory/=" "$@" >&2 ||
		die "the build failed; the messages above say where"
}

# kbuild_collect VERSION BUILD DIRECTORY MODULE...: makes DIRECTORY from the results of a
# build. Debug information is most of a module's size and no use in a guest, so that it stays
# in a file beside it.
kbuild_collect() {
	local version=$1 build=$2 directory=$3 module file magic

	shift 3
	mkdir -p "$directory/debug"
	for module; do
		file=$(find "$build" -name "$module.ko" -print -quit)
		[[ -n $file ]] || die "the build made no $module.ko"
		magic=$(modinfo -F vermagic "$file")
		[[ ${magic%% *} == "$version" ]] ||
			die "$module.ko is for kernel ${magic%% *}, not $version"
		cp "$file" "$directory/debug/$module.ko"
		strip --strip-debug -o "$directory/$module.ko" "$file"
	done
	cp "$build/Module.symvers" "$directory/Module.symvers"
}
