# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A run of all suites that goes on where it was stopped, and the document that it ends with.
# Needs common.sh, kernel.sh, suite_table.sh and tap.sh, and $LOGS, the folder of the output.

TESTED_DOCUMENT=docs/tested.md

# tested_changes: prints what the tree has beyond its commit. The document itself doesn't count:
# a run that ends with it could never be repeated otherwise.
tested_changes() {
	git -C "$ROOT" diff HEAD -- . ":!$TESTED_DOCUMENT"
	git -C "$ROOT" ls-files -o --exclude-standard -- . ":!$TESTED_DOCUMENT" | while read -r file; do
		printf '%s\n' "$file"
		sha256sum <"$ROOT/$file"
	done
}

# tested_key: prints what tells this commit and tree from others.
tested_key() {
	git -C "$ROOT" rev-parse HEAD
	tested_changes | sha256sum
}

# tested_begin: keeps the output of earlier runs only if they were of this commit and tree.
tested_begin() {
	local key

	key=$(tested_key)
	if [[ ! -e $LOGS/key || $(cat "$LOGS/key") != "$key" ]]; then
		rm -rf "$LOGS"
		mkdir -p "$LOGS"
		printf '%s\n' "$key" >"$LOGS/key"
	fi
}

# tested_kernel SUITE: prints the version of the kernel that it runs on.
tested_kernel() {
	local line

	line=$(suite_kernel "$1")
	if [[ $line ]]; then
		kernel_version "$line"
	else
		printf 'none\n'
	fi
}

# tested_document SUITE...: prints the document.
tested_document() {
	local name commit passed failed

	commit=$(git -C "$ROOT" rev-parse HEAD)
	printf '# What was tested\n\n'
	printf 'All suites, on commit %s of %s.\nA kernel is given by the version of its headers.\n\n' \
		"$commit" "$(git -C "$ROOT" log -1 --format=%cs)"
	printf '| suite | kernel | passed | failed |\n| --- | --- | --- | --- |\n'
	for name; do
		tap_summary "$LOGS/$name.tap" | {
			read -r passed _ failed _
			printf '| %s | %s | %s | %s |\n' "$name" "$(tested_kernel "$name")" \
				"$passed" "$failed"
		}
	done
}

# tested_write SUITE...: a document about a tree that no commit has would mislead.
tested_write() {
	if [[ $(tested_changes) || $(tested_key) != "$(cat "$LOGS/key")" ]]; then
		say "the tree isn't that of a commit, or has changed meanwhile:" \
			"$TESTED_DOCUMENT isn't written"
		return
	fi
	tested_document "$@" >"$LOGS/document"
	cp "$LOGS/document" "$ROOT/$TESTED_DOCUMENT"
	say "$TESTED_DOCUMENT has the results"
}
