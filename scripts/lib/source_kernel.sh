# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Building a whole kernel from Debian's source. A file names the options that it has;
# it has no others. Needs common.sh.

# The parts of a kernel's source that building modules needs besides the build's
# results
SOURCE_KERNEL_PATHS=(Makefile Kconfig Kbuild scripts include arch/x86 tools/include)

# source_kernel_make DIRECTORY ARGUMENT...: prints nothing unless it fails.
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

# A test on a kernel that silently lacks an option would prove little.
source_kernel_check() {
	local option

	while read -r option; do
		grep -qx "$option" "$2" || die "the kernel can't have $option of $1"
	done < <(grep '^CONFIG_' "$1")
}

# source_kernel_build LINE CONFIG DIRECTORY [VARIABLE=VALUE]... TARGET...: leaves the
# source in DIRECTORY/tree and make's results in DIRECTORY/tree/out. There make knows
# the source by a relative name only, wherever the directory is moved.
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

# source_kernel_shrink DIRECTORY [PATH...]: removes all of a kernel but the parts
# that building modules needs, and these parts of its source.
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
