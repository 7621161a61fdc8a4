# SPDX-License-Identifier: GPL-2.0
# Shared by the scripts of this directory: where things live, how to speak,
# a private view of the Debian archive that leaves the machine's own apt
# sources alone, and the test machine.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/umbra
jobs=$(nproc)
checkout=$(cksum <<<"$top" | cut -d ' ' -f 1)	# tells checkouts apart
export LC_ALL=C LANG=C

mkdir -p "$cache"

say() { printf '== %s\n' "$*" >&2; }
die() { printf 'umbra: %s\n' "$*" >&2; exit 1; }

# One writer at a time for a part of the cache: lock NAME
lock() {
	exec {lock_fd}>"$cache/$1.lock"
	flock -n "$lock_fd" || {
		say "waiting for another run to be done with $1"
		flock "$lock_fd"
	}
}

# Run a noisy command; show its output only when it fails: quietly LOG CMD...
quietly() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 60 "$log" >&2
		die "failed: $* (whole log: $log)"
	fi
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
	quietly "$cache/log/apt-update" apt-get -q update
	quietly "$cache/log/apt-install" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}"
	exec {lock_fd}>&-
}

# The mirror the machine already uses, for a suite it may not have.
debian_mirror() {
	local uri
	# What the machine has not listed yet it does not tell
	[ -n "$(apt-get indextargets)" ] ||
		quietly "$cache/log/apt-update" apt-get -q update
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
		quietly "$cache/log/apt-lists" private_apt "$state" apt-get update
		touch "$state/stamp"
	fi
	printf '%s\n' "$state"
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
	(cd "$dir/.debs" && quietly "$cache/log/apt-download" \
		private_apt "$state" apt-get download "$@")
	for deb in "$dir"/.debs/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "$dir/.debs"
}

# Pack a directory as the initramfs of a machine: pack DIRECTORY FILE
pack() {
	(cd "$1" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$2"
}

# Begin the command of a test machine, in the array qemu: machine KERNEL
# INITRAMFS. With ACCEL=kvm it uses KVM; without, it is emulated, with
# ACCEL=icount so that its time counts instructions, on one CPU.
# Without five levels of page tables: an interrupt that comes while the boot
# CPU's features are read for the second time finds that bit clear, and KASAN
# then takes every address of theirs for a wild one.
machine() {
	local accel
	case ${ACCEL:-tcg} in
	tcg)	accel=(-accel "tcg,thread=multi" -cpu "max,la57=off") ;;
	kvm)	accel=(-accel kvm -cpu "host,la57=off") ;;
	icount)	accel=(-accel "tcg,thread=single" -cpu "max,la57=off"
			-icount "shift=0,align=off,sleep=off") ;;
	*)	die "ACCEL=$ACCEL: must be tcg, kvm or icount" ;;
	esac
	qemu=(qemu-system-x86_64 "${accel[@]}" -bios qboot.rom -nodefaults
		-no-user-config -display none -no-reboot
		-kernel "$1" -initrd "$2")
}
