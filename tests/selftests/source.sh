# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Linux's selftests of KVM, as Debian's source packages have them. Needs
# common.sh, cache.sh and suites.sh.

# The sources of the selftests and of the exported headers that they are compiled
# with. The archive has all of these in some kernel line, and not all in each.
SELFTESTS_PATHS=(
	Makefile scripts include/uapi include/linux
	arch/x86/Makefile arch/x86/entry/syscalls arch/x86/include arch/x86/tools
	tools/arch/x86 tools/build tools/include tools/lib tools/scripts
	tools/testing/selftests/lib.mk
	tools/testing/selftests/kselftest.h tools/testing/selftests/kselftest_harness.h
	tools/testing/selftests/kvm tools/testing/selftests/rseq
	# Of newer lines
	tools/testing/selftests/cgroup tools/testing/selftests/clone3
	tools/testing/selftests/vfio
)

# Tests that need the helpers for VFIO devices, which want libuuid and the sources
# of drivers. They don't concern a guest's memory.
# shellcheck disable=SC2034 # for tests/selftests/build
SELFTESTS_UNLINKABLE=(irq_test)

# selftests_line WORD: prints the line that the word stands for. The newest
# released line stands in for one that Debian doesn't have (any more).
selftests_line() {
	local line newest

	if [[ $1 != newest ]]; then
		kernel_check_line "$1"
		[[ ! -r /usr/src/linux-source-$1.tar.xz ]] || { printf '%s\n' "$1"; return; }
	fi
	newest=
	while read -r line; do
		[[ -n $(suites_version "linux-source-$line") ]] || continue
		[[ $1 != "$line" ]] || { printf '%s\n' "$line"; return; }
		[[ -n $newest ]] || newest=$line
	done < <(suites_names linux-source- '^linux-source-[0-9]+\.[0-9]+$' |
		sed 's/^linux-source-//' | sort -rV)
	[[ -n $newest ]] || die "Debian's other suites have no linux-source"
	[[ $1 == newest ]] ||
		say "no suite of Debian has linux-source-$1; $newest is the newest there is"
	printf '%s\n' "$newest"
}

# selftests_version LINE: the version of the source package.
selftests_version() {
	if [[ -r /usr/src/linux-source-$1.tar.xz ]]; then
		# shellcheck disable=SC2016 # the braces are dpkg-query's own
		dpkg-query -W -f '${Version}' "linux-source-$1"
	else
		suites_version "linux-source-$1"
	fi
}

# selftests_archive LINE VERSION: prints where the package's archive is.
selftests_archive() {
	local archive=/usr/src/linux-source-$1.tar.xz

	if [[ -r $archive ]]; then
		printf '%s\n' "$archive"
	else
		suites_source "$1" "$2"
	fi
}

# selftests_extract ARCHIVE LINE DIRECTORY
selftests_extract() {
	local complaints=$3.complaints

	mkdir "$3"
	# Only a query of the archive tells which of the paths the line doesn't
	# have.
	xz -dc -T0 "$1" | tar -x -C "$3" --strip-components=1 \
		"${SELFTESTS_PATHS[@]/#/linux-source-$2/}" 2>"$complaints" ||
		! grep -vE ': (Not found in archive|Exiting with failure status .*)$' \
			"$complaints" >&2 || die "can't extract $1"
	[[ -d $3/tools/testing/selftests/kvm ]] || die "$1 has no selftests of KVM"
}

# selftests_tree LINE VERSION: prints a directory with the source as it is.
selftests_tree() {
	local line=$1 version=$2 entry work archive

	entry=$CACHE/selftests-source/$line/$version-$(printf '%s\n' "${SELFTESTS_PATHS[@]}" |
		sha256sum | cut -c1-12)

	cache_has "$entry" || (
		cache_lock "selftests-source-$line"
		! cache_has "$entry" || exit 0
		work=$(cache_tmp)
		trap 'rm -rf "$work"' EXIT
		archive=$(selftests_archive "$line" "$version")
		selftests_extract "$archive" "$line" "$work/entry"
		cache_publish "$work/entry" "$entry"
	) >&2
	printf '%s\n' "$entry"
}
