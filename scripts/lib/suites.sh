# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Packages of Debian's other suites, which have newer kernels: downloaded, never
# installed. apt works in a state directory in the cache, with a configuration
# that knows those suites alone and verifies them as it does any other. The
# machine's own apt sees none of this. Needs common.sh and cache.sh.

. "$(dirname "${BASH_SOURCE[0]}")/apt_state.sh"

SUITES_NAMES=(trixie-backports sid experimental)

# suites_state: prints the state directory.
suites_state() {
	local suites=() suite

	for suite in "${SUITES_NAMES[@]}"; do
		suites+=("deb $suite")
	done
	apt_state suites "${suites[@]}"
}

# suites_apt PROGRAM WORD...: apt-get or apt-cache with that configuration.
suites_apt() {
	local program=$1 state

	shift
	state=$(suites_state)
	"$program" -c "$state/apt.conf" -qq "$@"
}

# suites_update: called when the lists don't name a package (yet).
suites_update() (
	cache_lock suites
	say "asking Debian's other suites for their lists of packages (${SUITES_NAMES[*]})"
	suites_apt apt-get update >&2 ||
		die "can't get the package lists of ${SUITES_NAMES[*]}"
	touch "$CACHE/suites/updated"
)

# suites_refresh: called before a package is chosen for download, since old
# lists name packages that are gone.
suites_refresh() {
	[[ -n $(find "$CACHE/suites/updated" -mmin -720 2>/dev/null) ]] || suites_update
}

# suites_names PREFIX REGEX: prints the packages of that name, from the lists as
# they are, or from new ones if these have none.
suites_names() {
	local found

	found=$(suites_apt apt-cache pkgnames "$1" | grep -E "$2") || {
		suites_refresh
		found=$(suites_apt apt-cache pkgnames "$1" | grep -E "$2") || found=
	}
	[[ -z $found ]] || printf '%s\n' "$found"
}

# suites_version PACKAGE [SUITE]: prints the newest version that isn't a release
# candidate, or nothing. SUITE is the only one that counts.
suites_version() {
	local version newest='' suite=${2:-[^/]*}

	while read -r version; do
		if [[ -z $newest ]] || dpkg --compare-versions "$version" gt "$newest"; then
			newest=$version
		fi
	done < <(suites_apt apt-cache madison "$1" | grep " $suite/" | awk '{ print $3 }' |
		grep -v '~rc')
	[[ -z $newest ]] || printf '%s\n' "$newest"
}

# suites_depends PACKAGE=VERSION: prints the packages that it needs in just that
# version. Debian ties the parts of one kernel together so.
suites_depends() {
	local package=${1%%=*} version=${1#*=}

	suites_apt apt-cache show "$1" | sed -n 's/^Depends: //p' | tr ',' '\n' |
		sed -n "s/^ *\([^ ]*\) (= ${version//./\\.})\$/\1/p" |
		{ grep -vx "$package" || true; }
}

# suites_download DIRECTORY PACKAGE=VERSION...
suites_download() {
	local directory=$1

	shift
	(cd "$directory" && suites_apt apt-get download "$@" >&2) ||
		die "can't fetch $*"
}

# suites_source LINE VERSION: prints where the archive of that linux-source is. It
# stays in the cache, since Debian's archive has only the newest versions.
suites_source() {
	local package=linux-source-$1 entry=$CACHE/linux-source/$1/$2 tmp

	cache_has "$entry" || (
		cache_lock "linux-source-$1"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		say "fetching $package $2 (some 160 MB)"
		mkdir "$tmp/entry"
		suites_download "$tmp" "$package=$2"
		dpkg-deb --fsys-tarfile "$tmp"/*.deb |
			tar -x -C "$tmp/entry" --strip-components=3 "./usr/src/$package.tar.xz"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s/%s.tar.xz\n' "$entry" "$package"
}

# suites_image_fetch KERNEL VERSION DIRECTORY: unpacks the parts of the image, which
# lies there then as vmlinuz and modules/. If there is no signed one an unsigned one will do.
suites_image_fetch() {
	local kernel=$1 version=$2 directory=$3 package=linux-image-$1 parts part

	suites_apt apt-cache madison "$package" | grep -cF " $version " >/dev/null || package+=-unsigned
	mapfile -t parts < <(suites_depends "$package=$version" | grep -F -- "-$kernel")
	mkdir "$directory/deb"
	say "fetching $package $version"
	suites_download "$directory/deb" "$package=$version" "${parts[@]/%/=$version}"
	for part in "$directory"/deb/*.deb; do
		dpkg-deb -x "$part" "$directory/x"
	done
	mkdir "$directory/entry"
	part=$(find "$directory/x" -name vmlinuz -o -name "vmlinuz-$kernel" | head -n 1)
	[[ -n $part ]] || die "$package and its parts have no vmlinuz"
	mv "$part" "$directory/entry/vmlinuz"
	part=$(find "$directory/x" -path "*/lib/modules/$kernel" -print -quit)
	[[ -d $part/kernel ]] || die "$package and its parts have no modules"
	mv "$part" "$directory/entry/modules"
}

# suites_image KERNEL VERSION: prints the directory of the image, which is unpacked in the
# cache.
suites_image() {
	local entry=$CACHE/image/$1/$2 tmp

	cache_has "$entry" || (
		cache_lock "image-$1"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		suites_image_fetch "$1" "$2" "$tmp"
		cache_publish "$tmp/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}
