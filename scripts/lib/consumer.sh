# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Building the modules under tests/ that use kvm_private's kernel interface.
# Needs common.sh, cache.sh, kernel.sh and kbuild.sh.

# consumer_build LINE FOLDER NAME [BUILD-MODULE-OPTION...]: prints the directory
# that holds NAME.ko, made from tests/FOLDER.
consumer_build() (
	line=$1 folder=$2 name=$3
	shift 3

	need_commands build make gcc modinfo strip
	cache_init
	version=$(kernel_version "$line")
	module=$("$ROOT/scripts/build-module" --kernel "$line" "$@")

	tmp=$(cache_tmp)
	trap 'rm -rf "$tmp"' EXIT
	mkdir -p "$tmp/src/tests/$folder"
	# Copied before it is hashed: the tree may be edited meanwhile.
	cp -r "$ROOT/include" "$ROOT/module" "$tmp/src"
	cp -r "$ROOT/tests/$folder"/{Kbuild,kernel} "$tmp/src/tests/$folder"
	find "$ROOT/tests/$folder" -maxdepth 1 -name '*.h' -exec cp -t "$tmp/src/tests/$folder" {} +
	hash=$(hash_tree "$tmp/src" "$(kbuild_identity "$version")" "$module")
	entry=$CACHE/$folder/$version/$hash

	if ! cache_has "$entry"; then
		cache_lock "$folder-$version-$hash"
		if ! cache_has "$entry"; then
			say "building $name.ko for $version"
			kbuild "$version" "$tmp/src/tests/$folder" modules \
				KBUILD_EXTRA_SYMBOLS="$module/Module.symvers"
			kbuild_collect "$version" "$tmp/src/tests/$folder" \
				"$tmp/entry" "$name"
			cache_publish "$tmp/entry" "$entry"
		fi
	fi
	printf '%s\n' "$entry"
)
