# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts of this directory: paths, messages, time limits, and a
# private apt state for the Debian archive. The apt sources of the machine stay
# unchanged.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/umbra
jobs=$(nproc)
checkout=$(cksum <<<"$top" | cut -d ' ' -f 1)	# differs between checkouts
own=$cache/checkout/$checkout			# files of this checkout only
export LC_ALL=C LANG=C
PATH+=:/usr/sbin:/sbin				# modinfo and depmod, for a user

# The files that build the module, and the make arguments for a stock kernel.
# `make check` and the tests share its builds, so warnings are on. The limit of a
# stack frame is the lowest of a distribution (Ubuntu).
module_sources=(Kbuild Makefile dkms.conf include src scripts/kernel-tree.sh)
stock_arguments=(W=1 KCFLAGS=-Wframe-larger-than=1024)

# The version of umbra, of which dkms.conf is the only place
umbra_version() {
	sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$top/dkms.conf"
}

# Copy what builds the module, and other files of the checkout, without what was
# built there: copy_sources DIRECTORY [FILE...]
copy_sources() {
	mkdir -p "$1"
	tar -C "$top" -c --exclude='*.o' --exclude='*.ko' --exclude='*.mod*' \
		--exclude='.*' --exclude=Module.symvers \
		"${module_sources[@]}" "${@:2}" | tar -C "$1" -x
}

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'umbra: %s\n' "$*" >&2; exit 1; }

case $top$cache in
*[[:space:]:]*)	die "kbuild cannot build in $top with the cache $cache: a path has a space or a colon" ;;
esac
[ -r /proc/self/maps ] ||
	die "/proc is not mounted, and objtool of the kernel needs it: mount -t proc proc /proc"
mkdir -p "$own/log" || die "cannot write to the cache, $cache"

# Lock a part of the cache, until the process ends or closes lock_fd: lock NAME
lock() {
	exec {lock_fd}>"$cache/$1.lock"
	flock -n "$lock_fd" || {
		say "waiting for another run that uses $1"
		flock "$lock_fd"
	}
}

# Print one line if a full disk or an unreachable archive explains the failure
# in a log. A log may not mention a full disk, so the free space counts as well:
# common_cause LOG
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

# Run a command and show its output only if it fails: quietly LOG COMMAND...
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

# Set UMBRA_SLOW: the time that this machine needs, in percent of the time of
# two idle cores of the reference machine, on which the limits of the scripts
# were set. It is never below 100. A run measures it once, on all CPUs at once.
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

# Run a command with a time limit, in seconds of the reference machine:
# limited SECONDS COMMAND... The command stays in the process group of the
# caller, so a signal to the group ends it too. User-mode Linux ignores the
# signal, so SIGKILL follows soon.
limited() {
	local limit
	slowness
	limit=$(($1 * UMBRA_SLOW / 100))
	shift
	timeout --foreground -s KILL -k 3 "$limit" "$@"
}

# The packages that build for a stock kernel, fetch a kernel tree, build a kernel,
# boot a machine, build its programs, and check the sources
stock_packages=(make patchelf)
source_packages=(xz-utils)
kunit_packages=(gcc libc6-dev make flex bison bc libelf-dev libssl-dev
	perl python3)
machine_packages=(qemu-system-x86 busybox-static cpio binutils)
program_packages=(gcc libc6-dev linux-libc-dev make)
check_packages=(git shellcheck perl python3 kmod python3-sphinx graphviz)

# Install the Debian packages that are missing: need PACKAGE... A script that
# calls others names their packages too, so that one message has all of them.
need() {
	local missing=() p
	command -v apt-get >/dev/null ||
		die "this machine has no apt: a container of Debian 12 or 13 can run this"
	[ "$(dpkg --print-architecture)" = amd64 ] ||
		die "this machine is $(dpkg --print-architecture): the test kernels are for amd64"
	for p; do
		dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null |
			grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return
	[ "$(id -u)" -eq 0 ] ||
		die "packages are missing, and only root can install them: apt-get update && apt-get install --no-install-recommends $(printf '%s\n' "${missing[@]}" | sort -u | paste -sd ' ')"
	say "installing ${missing[*]}"
	lock apt
	quietly apt-update apt-get -q update --error-on=any
	quietly apt-install env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"
	exec {lock_fd}>&-
}

# Print the mirrors of a Debian archive in the apt sources of the machine. A
# mirror also serves suites that the machine does not use: mirrors NAME
mirrors() {
	apt-get update --print-uris |
		sed -nE "s,^'(.*/$1)/+dists/.*/InRelease' .*,\1,p"
}

# Print the lines of a sources.list for some suites: sources SUITE...
sources() {
	local suite mirror security
	local key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	mirror=$(mirrors debian | sed -n 1p)
	[ -n "$mirror" ] || die "the apt sources of this machine have no Debian mirror"
	security=$(mirrors debian-security | sed -n 1p)
	for suite; do
		case $suite in
		*-security)
			[ -z "$security" ] ||
				echo "deb $key $security $suite main" ;;
		*)	echo "deb $key $mirror $suite main" ;;
		esac
	done
}

# Run an apt command with a private state, made by apt_state:
# private_apt STATE COMMAND...
private_apt() {
	local state=$1 cmd=$2
	shift 2
	"$cmd" -q -o "Dir::Etc::sourcelist=$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o "Dir::State::lists=$state/lists" \
		-o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null \
		-o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root "$@"
}

# Make a private apt state for some suites, at most a day old, and print its
# directory: apt_state NAME SUITE...
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

# Print the directory of a kernel, which comes from a package or is built here:
# kernel_dir KERNEL
kernel_dir() {
	case $1 in
	um|debug|clang)	"$top/scripts/own-kernel.sh" "$1" ;;
	*)		"$top/scripts/kernel.sh" "$1" ;;
	esac
}

# Print the matching package with the highest version in its name:
# newest STATE REGEX
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

# Make an empty DIRECTORY.new, to be filled and then renamed by made. If the
# script ends earlier, the directory is removed: making DIRECTORY
making() {
	rm -rf "$1.new"
	mkdir -p "$1.new"
	unfinished=$1.new
	trap remove_unfinished EXIT
}

# Rename the finished DIRECTORY.new: made DIRECTORY
made() {
	rm -rf "$1"
	mv "$1.new" "$1"
}

# A command that the same signal ends may still write for a moment, so removal
# is tried again.
remove_unfinished() {
	local n
	for ((n = 0; n < 20; n++)); do
		rm -rf "$unfinished" 2>/dev/null && return
		sleep 0.1
	done
}
