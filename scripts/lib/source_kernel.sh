# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Building a whole kernel from Debian's source, configured by a file that names
# what it has; all else it hasn't. Needs common.sh.

# What building modules needs of a kernel's source besides what was built
SOURCE_KERNEL_PATHS=(Makefile Kconfig Kbuild scripts include arch/x86 tools/include)

# source_kernel_make DIRECTORY ARGUMENT...: says nothing unless it fails.
source_kernel_make() {
	local log

	log=$(mktemp)
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		make -s -C "$1/tree" O=out -j"$(($(nproc) + 2))" "${@:2}" >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		rm "$log"
		die "the build of a kernel failed; the messages above say where"
	}
	rm "$log"
}

# Whoever wants something that can't be had would wonder what was tested.
source_kernel_check() {
	local option

	while read -r option; do
		grep -qx "$option" "$2" || die "the kernel can't have $option of $1"
	done < <(grep '^CONFIG_' "$1")
}

# source_kernel_build LINE CONFIG DIRECTORY [VARIABLE=VALUE]... TARGET...: leaves the
# source in DIRECTORY/tree and what make made of it in DIRECTORY/tree/out: there it
# knows of its source by a relative name only, wherever it is moved.
source_kernel_build() {
	local line=$1 config=$2 directory=$3 tree=$3/tree word variables=() targets=()

	shift 3
	for word; do
		if [[ $word == *=* ]]; then
			variables+=("$word")
		else
			targets+=("$word")
		fi
	done
	mkdir -p "$tree/out"
	xz -dc -T0 "/usr/src/linux-source-$line.tar.xz" |
		tar -x -C "$tree" --strip-components=1
	source_kernel_make "$directory" "KCONFIG_ALLCONFIG=$config" "${variables[@]}" allnoconfig
	source_kernel_check "$config" "$tree/out/.config"
	source_kernel_make "$directory" "${variables[@]}" "${targets[@]}"
}

# source_kernel_shrink DIRECTORY [PATH...]: leaves of a kernel what building modules
# needs, and these parts of its source.
source_kernel_shrink() {
	local tree=$1/tree full=$1/full out=$1/tree/out

	mv "$tree" "$full"
	mkdir "$tree"
	mv "$full/out" "$tree"
	(cd "$full" && cp -r --parents "${SOURCE_KERNEL_PATHS[@]}" "${@:2}" "$tree")
	rm -rf "$full"
	find "$out" \( -name '*.[oa]' -o -name '*.cmd' -o -name '*.ko' -o -name 'vmlinux*' \) \
		-not -path "$out/scripts/*" -delete
}
