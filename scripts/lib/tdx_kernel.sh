# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's kernel, configured as Debian does but with the code for hosts of TDX guests, which
# Debian leaves out, and with our KVM. Needs common.sh, cache.sh, kernel.sh and source.sh.

TDX_KERNEL_LINE=7.3
# Beside what modules for that kernel take
TDX_KERNEL_PACKAGES=(bc bison cpio debhelper flex kmod libdw-dev libelf-dev libssl-dev python3 rsync)

# tdx_kernel_options: prints what differs from Debian's configuration. Debian signs modules with
# a key that its source doesn't have, and neither Rust nor debug information is needed.
tdx_kernel_options() {
	cat <<-END
	CONFIG_LOCALVERSION="-tdx"
	CONFIG_INTEL_TDX_HOST=y
	CONFIG_KVM_INTEL_TDX=y
	CONFIG_KVM_SW_PROTECTED_VM=y
	CONFIG_MODULE_SIG_KEY="certs/signing_key.pem"
	# CONFIG_RUST is not set
	CONFIG_DEBUG_INFO_NONE=y
	END
}

# tdx_kernel_configure CONFIG: prints it with these options instead of its own.
tdx_kernel_configure() {
	local names

	names=$(tdx_kernel_options | grep -oE 'CONFIG_[A-Z0-9_]+' | paste -sd'|')
	grep -vE "^(# )?($names)[= ]" "$1"
	tdx_kernel_options
}

# tdx_kernel_make TARGET...: in $tdx_directory, in the suite's root.
tdx_kernel_make() {
	unshare --mount --propagation private "$ROOT/scripts/lib/enter-root" "$tdx_root" \
		"$tdx_headers" "$tdx_directory" make -s -C "$tdx_directory/tree" -j"$(nproc)" "$@" ||
		die "the build failed; the messages above say where"
}

# tdx_kernel_prepare: the source with our KVM, and its configuration.
tdx_kernel_prepare() {
	local tree=$tdx_directory/tree new=$tdx_directory/new option

	say "unpacking Debian's kernel source $tdx_package"
	rm -rf "$new"
	mkdir "$new"
	xz -dc -T0 "$(source_archive "$TDX_KERNEL_LINE" "$tdx_package")" |
		tar -x -C "$new" --strip-components=1
	source_add_kvm "$new" "$tdx_package" "$ROOT" "$TDX_KERNEL_LINE"
	tdx_kernel_configure "$(kernel_build_tree "$tdx_version")/.config" >"$new/.config"
	mv "$new" "$tree"
	tdx_kernel_make olddefconfig
	for option in INTEL_TDX_HOST KVM_INTEL_TDX; do
		grep -qx "CONFIG_$option=y" "$tree/.config" ||
			die "the kernel can't have CONFIG_$option"
	done
}

# tdx_kernel DIRECTORY [TARGET...]: goes on with what DIRECTORY has.
tdx_kernel() {
	local targets=("${@:2}") tdx_directory tdx_version tdx_package tdx_root tdx_headers

	tdx_directory=$(realpath -m -- "$1")
	[[ $tdx_directory/ != /tmp/* ]] || die_usage "the build sees another /tmp; not $1"
	mkdir -p "$tdx_directory"
	tdx_version=$(kernel_version "$TDX_KERNEL_LINE")
	suite_kernel_version "$tdx_version" ||
		die "$tdx_version isn't from $SUITE_KERNEL_SUITE"
	tdx_package=$(kernel_package_version "$tdx_version")
	tdx_headers=$(suite_kernel_entry "$tdx_version")
	SUITE_ROOT_PACKAGES+=("${TDX_KERNEL_PACKAGES[@]}")
	tdx_root=$(suite_root)
	[[ -e $tdx_directory/tree/.config ]] || tdx_kernel_prepare
	[[ ${#targets[@]} -gt 0 ]] || targets=(bindeb-pkg)
	tdx_kernel_make "${targets[@]}"
}
