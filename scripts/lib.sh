# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts of this directory: where things live, how to speak,
# how long a command may take, and a private view of the Debian archive that
# leaves the machine's own apt sources alone.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/umbra
jobs=$(nproc)
checkout=$(cksum <<<"$top" | cut -d ' ' -f 1)	# tells checkouts apart
own=$cache/checkout/$checkout			# what no other checkout reads
export LC_ALL=C LANG=C

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'umbra: %s\n' "$*" >&2; exit 1; }

mkdir -p "$own/log" || die "cannot write to the cache, $cache"

# One writer at a time for a part of the cache: lock NAME
lock() {
	exec {lock_fd}>"$cache/$1.lock"
	flock -n "$lock_fd" || {
		say "waiting for another run to be done with $1"
		flock "$lock_fd"
	}
}

# The one line that says why a command failed whose output is in a log, if it
# was the disk or the archive; of a full disk a log may not tell: common_cause LOG
common_cause() {
	if grep -qi 'no space left on device' "$1" ||
	   [ "$(free_mib "$cache")" -lt 4 ]; then
		echo "the disk is full: $cache has $(free_mib "$cache") MiB left," \
			"/tmp has $(free_mib /tmp) MiB"
	elif grep -qE '^E: (Failed to fetch|Unable to fetch|.*Could not )|Could not (resolve|connect)|Unable to connect' "$1"
	then
		echo "the Debian archive cannot be reached:" \
			"$(grep -m 1 -oE '(Could not|Unable to connect|Failed to fetch|Temporary failure).*' "$1")"
	fi
}

free_mib() {
	df --output=avail -m "$1" | tail -n 1 | tr -d ' '
}

# Run a noisy command; show its output only when it fails: quietly LOG CMD...
quietly() {
	local log=$own/log/$1 cause
	shift
	if ! "$@" >"$log" 2>&1; then
		cause=$(common_cause "$log")
		[ -z "$cause" ] || die "$cause"
		tail -n 60 "$log" >&2
		die "failed: $* (whole log: $log)"
	fi
}

# How slow this machine is, in percent of two idle cores of the kind that the
# limits of the scripts were set on, and never below 100. Measured once a run,
# on all its CPUs at the same time.
slowness() {
	local start i n pids=()
	if [ -z "${UMBRA_SLOW:-}" ]; then
		start=$(date +%s%N)
		for ((n = 0; n < jobs; n++)); do
			(for ((i = 0; i < 300000; i++)); do
				n=$(((n * 31 + i) % 65521))
			done) &
			pids+=($!)
		done
		wait "${pids[@]}"
		UMBRA_SLOW=$((($(date +%s%N) - start) / 7000000))
		[ "$UMBRA_SLOW" -ge 100 ] || UMBRA_SLOW=100
		export UMBRA_SLOW
	fi
}

# End a command that takes longer than so many seconds of a machine that is not
# slow: limited SECONDS COMMAND... It stays in the process group of the caller,
# so that whatever ends this script ends it; user-mode Linux, which does not,
# is killed soon after.
limited() {
	local limit
	slowness
	limit=$(($1 * UMBRA_SLOW / 100))
	shift
	timeout --foreground -s KILL -k 3 "$limit" "$@"
}

# Install the Debian packages that are missing: need PACKAGE...
need() {
	local missing=() p
	for p; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	[ "$(id -u)" -eq 0 ] ||
		die "missing packages, and not root: apt-get install ${missing[*]}"
	say "installing ${missing[*]}"
	lock apt
	quietly apt-update apt-get -q update --error-on=any
	quietly apt-install env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"
	exec {lock_fd}>&-
}

# The mirror the machine already uses, for a suite it may not have.
debian_mirror() {
	local uri
	# What the machine has not listed yet it does not tell
	[ -n "$(apt-get indextargets)" ] ||
		quietly apt-update apt-get -q update --error-on=any
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep '/debian/*$' | head -n 1)
	[ -n "$uri" ] || die "no Debian mirror among this machine's apt sources"
	printf '%s\n' "${uri%/}"
}

security_mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		grep '/debian-security/*$' | head -n 1 | sed 's,/*$,,'
}

# Sources lines for a set of suites: sources SUITE...
sources() {
	local suite mirror security
	local key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	mirror=$(debian_mirror) || exit
	security=$(security_mirror)
	for suite; do
		case $suite in
		*-security)
			[ -z "$security" ] ||
				echo "deb $key $security $suite main" ;;
		*)	echo "deb $key $mirror $suite main" ;;
		esac
	done
}

# apt with a state of its own, which knows only SUITES: private_apt STATE CMD...
private_apt() {
	local state=$1 cmd=$2
	shift 2
	"$cmd" -q -o "Dir::Etc::sourcelist=$state/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::Etc::preferences=- \
		-o Dir::Etc::preferencesparts=- \
		-o "Dir::State::lists=$state/lists" \
		-o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null \
		-o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root "$@"
}

# Make a private apt state for some suites, at most a day old:
# apt_state NAME SUITE...; prints the state's directory
apt_state() {
	local state=$cache/apt/$1
	lock "apt-$1"
	shift
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	sources "$@" >"$state/sources.new" || exit
	if ! cmp -s "$state/sources.new" "$state/sources.list" ||
	   [ -z "$(find "$state/stamp" -mtime -1 2>/dev/null)" ]; then
		mv "$state/sources.new" "$state/sources.list"
		quietly "apt-lists" private_apt "$state" apt-get update \
			--error-on=any
		touch "$state/stamp"
	fi
	printf '%s\n' "$state"
}

# The directory of a kernel, from a package or built here: kernel_dir KERNEL
kernel_dir() {
	case $1 in
	um|debug)	"$top/scripts/own-kernel.sh" "$1" ;;
	*)		"$top/scripts/kernel.sh" "$1" ;;
	esac
}

# The highest-numbered package whose name matches: newest STATE REGEX
newest() {
	private_apt "$1" apt-cache pkgnames | grep -xE "$2" | sort -V | tail -n 1
}

# Download packages and unpack them: unpack STATE DIR PACKAGE...
unpack() {
	local state=$1 dir=$2 deb
	shift 2
	mkdir -p "$dir/.debs"
	(cd "$dir/.debs" && quietly apt-download \
		private_apt "$state" apt-get download "$@") || exit
	for deb in "$dir"/.debs/*.deb; do
		quietly dpkg-deb dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$dir/.debs"
}

# Make an empty DIRECTORY.new, which gets its name from made when it is whole,
# and is gone when this script ends before: making DIRECTORY
making() {
	rm -rf "$1.new"
	mkdir -p "$1.new"
	unfinished=$1.new
	trap remove_unfinished EXIT
}

made() {
	rm -rf "$1"
	mv "$1.new" "$1"
}

# A command that was ended by the same signal may still write for a moment.
remove_unfinished() {
	local n
	for ((n = 0; n < 20; n++)); do
		rm -rf "$unfinished" 2>/dev/null && return
		sleep 0.1
	done
}
