# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Debian's kernel source: extracting what KVM needs and patching it. Needs
# common.sh, cache.sh and kernel.sh.

# The parts of KVM. The files that a series changes are extracted as well.
SOURCE_PATHS=(arch/x86/kvm virt/kvm)

# source_package_version LINE VERSION: prints the Debian version of the source
# package, which has to be that of the kernel's headers.
source_package_version() {
	local line=$1 version=$2 package=linux-source-$1 headers have

	headers=$(kernel_package_version "$version")
	if suite_kernel_version "$version"; then
		printf '%s\n' "$headers"
		return
	fi
	# shellcheck disable=SC2016
	have=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || have=
	[[ -n $have && -r /usr/src/$package.tar.xz ]] ||
		die "KVM's source is missing; install it with: apt-get install $package=$headers"
	[[ $have == "$headers" ]] ||
		die "the headers of $version are $headers, but $package is $have;" \
			"install the same version of both with:" \
			"apt-get install $package linux-headers-$(kernel_available "$line")"
	printf '%s\n' "$have"
}

# source_series DIRECTORY VERSION: prints the patches of a series in order. A patch for some
# point releases alone has "since VERSION" or "before VERSION" behind its name. VERSION is the
# source package's.
source_series() {
	local patch relation release rest

	[[ -r $1/series ]] || die "$1/series, the list of patches, is missing"
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$1/series" |
		while read -r patch relation release rest; do
			case $relation in
			'') ;;
			since) dpkg --compare-versions "$2" ge "$release" || continue ;;
			before) dpkg --compare-versions "$2" lt "$release" || continue ;;
			*) die "$1/series says '$relation' of $patch, which is neither since nor before" ;;
			esac
			[[ -r $1/$patch ]] || die "$1/series names $patch, which isn't there"
			printf '%s\n' "$patch"
		done
}

# source_patched_files DIRECTORY VERSION: the files that a series changes.
source_patched_files() {
	local directory=$1 patch

	source_series "$directory" "$2" | while read -r patch; do
		sed -n 's|^--- a/\([^[:space:]]*\).*|\1|p' "$directory/$patch"
	done
}

# source_archive LINE PACKAGE-VERSION: prints where the source package's archive is.
source_archive() {
	local archive=/usr/src/linux-source-$1.tar.xz have

	# shellcheck disable=SC2016
	have=$(dpkg-query -W -f '${Version}' "linux-source-$1" 2>/dev/null) || have=
	if [[ $have == "$2" && -r $archive ]]; then
		printf '%s\n' "$archive"
	else
		suites_source "$1" "$2"
	fi
}

# source_extract LINE PACKAGE-VERSION SERIES: prints a directory with the needed
# paths of the distribution's source, unchanged.
source_extract() {
	local line=$1 files entry tmp archive

	files=$(source_patched_files "$3" "$2")
	# tar wants no path twice, so not the files that the folders hold.
	mapfile -t files < <(printf '%s\n' "${SOURCE_PATHS[@]}" "$files" |
		LC_ALL=C sort -u |
		awk 'NF && !(held && index($0, held) == 1) { print; held = $0 "/" }')
	entry=$CACHE/source/$2/$(printf '%s\n' "${files[@]}" | sha256sum | cut -c1-20)

	cache_has "$entry" || (
		cache_lock "source-$line"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		archive=$(source_archive "$line" "$2")
		say "extracting KVM from Debian's kernel source $2"
		mkdir "$tmp/entry"
		xz -dc -T0 "$archive" |
			tar -x -C "$tmp/entry" --strip-components=1 \
				"${files[@]/#/linux-source-$line/}" ||
			die "can't extract KVM from $archive;" \
				"does the series change a file that isn't there?"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}

# source_patch TREE VERSION DIRECTORY PLACE: applies a series to the source of that version. The
# series may be a copy of the one at PLACE in our tree. patch mustn't guess: a patch that only
# nearly fits, or fits in several places, is for a person to look at.
source_patch() {
	local tree=$1 version=$2 directory=$3 place=$4 patch
	local certain=$ROOT/scripts/lib/patch-is-certain

	source_series "$directory" "$version" | while read -r patch; do
		if ! "$certain" "$tree" "$directory/$patch" ||
			! patch -s -d "$tree" -p1 --force --fuzz=0 --no-backup-if-mismatch \
				<"$directory/$patch" >&2; then
			die "$patch doesn't apply to Debian's source $version; adapt it in $place" \
				"(or install the version of the source that it was made for)"
		fi
	done
}

# source_add_kvm TREE VERSION OURS LINE: makes the KVM in TREE ours. OURS has our kvm and include.
source_add_kvm() {
	local tree=$1 ours=$3

	source_patch "$tree" "$2" "$ours/kvm/patches/$4" "kvm/patches/$4"
	cp "$ours/kvm/Kbuild" "$tree/arch/x86/kvm/Kbuild"
	find "$ours/kvm" -maxdepth 1 -name '*.[ch]' -exec cp -t "$tree/virt/kvm" {} +
	cp "$ours/kvm/probe.mk" "$tree/virt/kvm"
	cp -r "$ours/include" "$tree"
}
