# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A state directory of apt's own in the cache, with a configuration that knows only the
# suites that it is made for. Needs common.sh and cache.sh.

APT_STATE_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
APT_STATE_ARCHIVE=http://deb.debian.org/debian

# apt_state NAME "TYPE SUITE"...: prints the directory; apt.conf is there. TYPE is deb or
# deb-src.
apt_state() {
	local directory=$CACHE/$1 entry archive new

	shift
	[[ -r $APT_STATE_KEYRING ]] ||
		die "$APT_STATE_KEYRING is missing; install it with: apt-get install debian-archive-keyring"
	mkdir -p "$directory"/{lists,archives}/partial
	touch "$directory/status"
	# Renamed into place, since another script may be reading the file
	new=$(mktemp "$directory/new.XXXXXX")
	for entry; do
		archive=$APT_STATE_ARCHIVE
		[[ $entry != *-security ]] || archive+=-security
		printf '%s [signed-by=%s] %s %s main\n' "${entry% *}" "$APT_STATE_KEYRING" \
			"$archive" "${entry#* }"
	done >"$new"
	mv "$new" "$directory/sources.list"
	new=$(mktemp "$directory/new.XXXXXX")
	cat >"$new" <<-END
		Dir::Etc::SourceList "$directory/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State::Lists "$directory/lists";
		Dir::State::status "$directory/status";
		Dir::Cache "$directory";
		Dir::Cache::archives "$directory/archives";
		Acquire::Languages "none";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	END
	mv "$new" "$directory/apt.conf"
	printf '%s\n' "$directory"
}
