# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel lines that this machine's Debian doesn't have and the backports of a newer one do:
# their headers, kept in the cache by version, since the archive has only the newest ones.
# Modules for them are built in the root of suite_root.sh. Needs common.sh, cache.sh, kernel.sh,
# suites.sh and suite_root.sh.

SUITE_KERNEL_SUITE=$SUITE_ROOT_SUITE-backports

# suite_kernel_entry VERSION: prints the newest headers of that kernel that the cache has, or
# nothing. The Debian version is their folder's name.
suite_kernel_entry() {
	find "$CACHE/headers/$1" -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1
}

# suite_kernel_version VERSION: whether it is one of these kernels.
suite_kernel_version() {
	[[ ! -e /lib/modules/$1/build && -n $(suite_kernel_entry "$1") ]]
}

# suite_kernel_cached LINE: prints the newest version whose headers the cache has, or nothing.
suite_kernel_cached() {
	find "$CACHE/headers" -mindepth 1 -maxdepth 1 -printf 'linux-headers-%f\n' 2>/dev/null |
		kernel_newest "$1" || true
}

# suite_kernel_newest LINE: prints PACKAGE=VERSION of the newest headers there, or nothing.
suite_kernel_newest() {
	local package version

	while read -r package; do
		version=$(suites_version "$package" "$SUITE_KERNEL_SUITE")
		[[ -n $version ]] || continue
		printf '%s=%s\n' "$package" "$version"
		return
	done < <(suites_names linux-headers- "^$(kernel_pattern "$1")$" |
		grep -vE -- '-(rt|cloud)-' | sort -rV)
}

# suite_kernel_package LINE: the same, but asks apt only once for each update of its lists, since
# that takes seconds.
suite_kernel_package() {
	local answer=$CACHE/suites/newest-$1 new

	if [[ ! $answer -nt $CACHE/suites/updated ]]; then
		new=$(mktemp "$CACHE/suites/new.XXXXXX")
		suite_kernel_newest "$1" >"$new"
		mv "$new" "$answer"
	fi
	cat "$answer"
}

# suite_kernel_renew LINE: new lists, if those that there are may be old. Without the network
# the kernel that the cache has will do.
suite_kernel_renew() {
	local cached

	cached=$(suite_kernel_cached "$1")
	if [[ -z $cached ]]; then
		suites_refresh
	elif ! suites_refresh; then
		say "going on with $cached, which was fetched before"
	fi
}

# suite_kernel_fetch PACKAGE=VERSION: the headers and the parts of Debian's build that they
# need, unpacked as they lie in the suite.
suite_kernel_fetch() {
	local version=${1#*=} kernel=${1%%=*} entry tmp parts part

	kernel=${kernel#linux-headers-}
	entry=$CACHE/headers/$kernel/$version
	cache_has "$entry" || (
		cache_lock "headers-$kernel"
		! cache_has "$entry" || exit 0
		tmp=$(cache_tmp)
		trap 'rm -rf "$tmp"' EXIT
		say "fetching the headers of $kernel $version from $SUITE_KERNEL_SUITE"
		parts=("${1%%=*}" "linux-headers-${kernel%-amd64}-common"
			"linux-kbuild-${kernel%-amd64}")
		suites_download "$tmp" "${parts[@]/%/=$version}"
		mkdir "$tmp/entry"
		for part in "$tmp"/*.deb; do
			dpkg-deb -x "$part" "$tmp/entry"
		done
		cache_publish "$tmp/entry" "$entry"
	) >&2
}

# suite_kernel_choose LINE: prints the version that the scripts use for the line, or nothing if
# the suite hasn't got it.
suite_kernel_choose() {
	local package

	suite_kernel_renew "$1"
	package=$(suite_kernel_package "$1")
	if [[ -z $package ]]; then
		suite_kernel_cached "$1"
		return
	fi
	suite_kernel_fetch "$package"
	package=${package%%=*}
	printf '%s\n' "${package#linux-headers-}"
}
