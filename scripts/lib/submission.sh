# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The submission that is checked: its number, the files that it changes, and the record of
# earlier ones, in the cache. Needs common.sh, cache.sh, suite_table.sh and rotation.sh.
#
# The record has the last turn, the last commit of which everything passed, and for each suite
# of the rotation the last turn in which it passed:
#
#   turn NUMBER
#   commit HASH
#   passed SUITE NUMBER

# submission_begin: sets SUBMISSION_TURN, SUBMISSION_HEAD, the commit that is checked, and
# SUBMISSION_SINCE, the one up to which all was checked before. Without a record the turn is the
# count of commits, and the last of these is empty.
submission_begin() {
	local word value number

	SUBMISSION_TURN='' SUBMISSION_SINCE=''
	SUBMISSION_HEAD=$(git -C "$ROOT" rev-parse HEAD)
	if [[ -e $CACHE/rotation ]]; then
		while read -r word value number; do
			case $word in
			turn) SUBMISSION_TURN=$((value + 1)) ;;
			commit) SUBMISSION_SINCE=$value ;;
			passed) rotation_note "$value" "$number" ;;
			esac
		done <"$CACHE/rotation"
	fi
	[[ $SUBMISSION_TURN ]] || SUBMISSION_TURN=$(git -C "$ROOT" rev-list --count HEAD)
	rotation_assume "$SUBMISSION_TURN"
	# The record may be of another line of development.
	[[ ! $SUBMISSION_SINCE ]] ||
		git -C "$ROOT" merge-base --is-ancestor "$SUBMISSION_SINCE" HEAD 2>/dev/null ||
		SUBMISSION_SINCE=''
}

# submission_files: prints the files that changed since that commit. If there is none, they are
# those of the commits of a day before the last one: a submission's commits are rarely older,
# and a file too many costs less than one too few.
submission_files() {
	local last

	{
		if [[ $SUBMISSION_SINCE ]]; then
			git -C "$ROOT" diff --name-only --no-renames "$SUBMISSION_SINCE" HEAD
		else
			last=$(git -C "$ROOT" log -1 --format=%ct)
			git -C "$ROOT" log --since="@$((last - 86400))" --name-only --no-renames --format=
		fi
		git -C "$ROOT" diff --name-only --no-renames HEAD
		git -C "$ROOT" ls-files -o --exclude-standard
	} | sed '/^$/d' | sort -u
}

# submission_end CLEAN SUITE...: keeps the record: these suites passed; if CLEAN is yes, nothing
# failed or was left out.
submission_end() {
	local clean=$1 name tmp

	shift
	for name; do
		rotation_note "$name" "$SUBMISSION_TURN"
	done
	[[ $clean != yes ]] || SUBMISSION_SINCE=$SUBMISSION_HEAD
	tmp=$(cache_tmp)
	{
		printf 'turn %s\n' "$SUBMISSION_TURN"
		[[ -z $SUBMISSION_SINCE ]] || printf 'commit %s\n' "$SUBMISSION_SINCE"
		rotation_notes | sed 's/^/passed /'
	} >"$tmp/rotation"
	mv "$tmp/rotation" "$CACHE/rotation"
	rmdir "$tmp"
}
