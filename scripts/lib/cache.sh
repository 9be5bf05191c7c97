# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The cache: directories named by a hash of their inputs. A complete entry
# appears by rename and never changes, so that readers need no lock. The lock
# only keeps two scripts from doing the same work.

CACHE=${KVM_PRIVATE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kvm_private}

# cache_init: to be called before anything else of this file.
cache_init() {
	mkdir -p "$CACHE/lock" "$CACHE/tmp" ||
		die "can't create the cache $CACHE; set KVM_PRIVATE_CACHE to a directory that you can write"
	CACHE=$(cd "$CACHE" && pwd)
	# Temporary directories of killed scripts
	find "$CACHE/tmp" -mindepth 1 -maxdepth 1 -mtime +1 -exec rm -rf {} +
}

# cache_tmp: prints a new empty directory on the cache's own filesystem.
cache_tmp() {
	mktemp -d "$CACHE/tmp/$PROGRAM.XXXXXX"
}

# cache_lock NAME: holds the lock until the calling (sub)shell ends.
cache_lock() {
	local fd

	exec {fd}>"$CACHE/lock/$1"
	flock "$fd"
}

# cache_has ENTRY: also marks the entry as used.
cache_has() {
	[[ -d $1 ]] && touch -c "$1"
}

# cache_publish DIRECTORY ENTRY: gives a finished directory its name. Removes
# neighbours that weren't used for a week.
cache_publish() {
	local siblings

	siblings=$(dirname "$2")
	mkdir -p "$siblings"
	chmod 755 "$1"
	mv -T "$1" "$2"
	touch "$2"
	find "$siblings" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
}

# hash_tree DIRECTORY [WORD...]: prints a hash of names, modes and content.
hash_tree() {
	local directory=$1

	shift
	{
		printf '%s\n' "$@"
		cd "$directory" || exit
		find . \( -type f -o -type l \) -printf '%M %p %l\n' | LC_ALL=C sort
		find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
	} | sha256sum | cut -c1-20
}
