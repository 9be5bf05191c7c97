# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The initramfs of a run. Needs common.sh, cache.sh and kernel.sh.

# Modules of the distribution that guest-virtio loads by name. If the kernel has one
# built in, no file is needed.
INITRAMFS_MODULES=(virtio_pci virtio_console)

# initramfs_shared DIRECTORY PROGRAM: the shared libraries and the interpreter
# of an ELF program, at their own paths. Nothing for static ones and others.
initramfs_shared() {
	local directory=$1 program=$2 list library

	[[ $(head -c 4 "$program" | tr -d '\0') == $'\x7fELF' ]] || return 0
	list=$(ldd "$program" 2>/dev/null) || return 0
	! grep 'not found' <<<"$list" >&2 ||
		die "$program needs a shared library that this machine doesn't have"
	# ldd succeeds for a static program that may lie anywhere in memory, and names no file.
	{ grep -oE '/[^ ]+' <<<"$list" || true; } | while read -r library; do
		[[ ! -e $directory$library ]] || continue
		mkdir -p "$directory$(dirname "$library")"
		cp -L "$library" "$directory$library"
	done
}

# initramfs_base: prints a directory with the part that every machine has.
initramfs_base() {
	local busybox entry tmp applet

	busybox=$(command -v busybox)
	entry=$CACHE/initramfs/$(sha256sum "$busybox" "$ROOT"/scripts/lib/guest-{init,known-races} \
		"${BASH_SOURCE[0]}" | sha256sum | cut -c1-20)

	cache_has "$entry" || (
		cache_lock initramfs
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		mkdir "$tmp/entry"
		cd "$tmp/entry" || exit
		mkdir -p usr/bin usr/sbin usr/lib usr/lib64 dev proc sys tmp run etc/vm root/job
		# The same merged layout as Debian's, so that paths of libraries agree.
		ln -s usr/bin usr/sbin usr/lib usr/lib64 .
		cp "$busybox" usr/bin/busybox
		"$busybox" --list | while read -r applet; do
			[[ $applet == busybox ]] || printf 'usr/bin/%s\0' "$applet"
		done | xargs -0 -n 1 ln -s busybox
		initramfs_shared . "$busybox"
		cp "$ROOT/scripts/lib/guest-init" init
		cp "$ROOT/scripts/lib/guest-known-races" usr/bin/known-races
		chmod 755 init usr/bin/known-races
		printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >etc/passwd
		printf 'root:x:0:\nnogroup:x:65534:\n' >etc/group
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}

# initramfs_stock_module IMAGE NAME: the file of a module of the distribution,
# relative to the image's modules/; nothing if it is built in.
initramfs_stock_module() {
	local image=$1 pattern=${2//[-_]/[-_]}

	(cd "$image/modules" && find kernel -name "$pattern.ko*" -print -quit)
}

# initramfs_add_stock DIRECTORY VERSION IMAGE NAME: with its dependencies, unpacked,
# since busybox's modprobe reads no .xz.
initramfs_add_stock() {
	local directory=$1 version=$2 image=$3 name=$4 file target

	target=$directory/lib/modules/$version
	[[ -z $(find "$target" -name "${name//[-_]/[-_]}.ko" -print -quit) ]] || return 0
	file=$(initramfs_stock_module "$image" "$name")
	if [[ -z $file ]]; then
		grep -q "/${name//[-_]/[-_]}\.ko$" "$image/modules/modules.builtin" ||
			die "the kernel $version has no module $name"
		return 0
	fi
	mkdir -p "$target/$(dirname "$file")"
	case $file in
	*.xz) xz -dc "$image/modules/$file" >"$target/${file%.xz}" ;;
	*.zst) zstd -qdc "$image/modules/$file" >"$target/${file%.zst}" ;;
	*) cp "$image/modules/$file" "$target/$file" ;;
	esac
	initramfs_add_needed "$directory" "$version" "$image" "$target/${file%.ko*}.ko"
}

# initramfs_add_needed DIRECTORY VERSION IMAGE FILE: adds the dependencies of a .ko.
initramfs_add_needed() {
	local dependency

	for dependency in $(modinfo -F depends "$4" | tr ',' ' '); do
		initramfs_add_stock "$1" "$2" "$3" "$dependency"
	done
}

# initramfs_modules DIRECTORY VERSION IMAGE MODULE...: our modules (FILE.ko),
# those of the distribution that are named or needed, and the index that finds
# them by name.
initramfs_modules() {
	local directory=$1 version=$2 image=$3 target module file

	shift 3
	target=$directory/lib/modules/$version
	mkdir -p "$target/updates"
	cp "$image"/modules/modules.{order,builtin,builtin.modinfo} "$target"
	for module; do
		[[ $module != *.ko ]] || cp "$module" "$target/updates"
	done
	for module in "${INITRAMFS_MODULES[@]}" "$@"; do
		[[ $module == *.ko ]] ||
			initramfs_add_stock "$directory" "$version" "$image" "$module"
	done
	for file in "$target"/updates/*.ko; do
		[[ ! -e $file ]] ||
			initramfs_add_needed "$directory" "$version" "$image" "$file"
	done
	depmod -b "$directory" "$version" ||
		die "depmod can't make sense of the modules"
}

# initramfs_bring DIRECTORY PATH: copies it into the working directory, ready to run.
initramfs_bring() {
	local directory=$1 path=$2 target file

	[[ -e $path ]] || die_usage "--bring $path: there is no such file"
	target=$directory/root/job/$(basename "$(realpath -s "$path")")
	if [[ -d $path ]]; then
		cp -a "$path/." "$target"
	else
		cp -L "$path" "$target"
	fi
	chmod a+x "$target"
	while IFS= read -r -d '' file; do
		initramfs_shared "$directory" "$file"
	done < <(find "$target" -type f -perm /111 -print0)
}

# initramfs_pack DIRECTORY FILE: not compressed, because unpacking under an
# emulator costs more than loading. The same content gives the same bytes, for
# boots with --icount to be comparable.
initramfs_pack() {
	(
		cd "$1" || exit
		find . -print0 | xargs -0 touch -h -d @0
		find . -print0 | LC_ALL=C sort -z |
			cpio --quiet -0 -o -H newc -R 0:0 --reproducible
	) >"$2"
}
