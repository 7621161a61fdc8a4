# SPDX-License-Identifier: GPL-2.0
# Shared by the tests that run in roots of Debian of their own. Read after
# lib.sh and checks.sh; the roots are below $work, which this file makes and
# which is removed at the end.
# shellcheck shell=bash disable=SC2034,SC2154

work=$own/$(basename "$0" -test.sh)
need mmdebstrap
[ "$(id -u)" -eq 0 ] || die "only root can make the roots of these tests"
lock "${work##*/}-$checkout"
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

# Commands in a root do not inherit these
clean=(env -u XDG_CACHE_HOME -u TMPDIR -u MAKEFLAGS -u MAKELEVEL -u RESULTS)

# Make a minimal root with a copy of this checkout, whose apt reaches the archive
# as that of this machine does: minimal_root ROOT SUITE
minimal_root() {
	sources "$2" "$2-security" >"$work/sources.list"
	quietly "${work##*/}-$2" mmdebstrap --mode=root --variant=minbase \
		--include=make "$2" "$1" - <"$work/sources.list"
	apt-config dump Acquire >"$1/etc/apt/apt.conf.d/90machine"
	cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
	mkdir "$1/umbra"
	git -C "$top" ls-files -co --exclude-standard |
		tar -C "$top" -c -T - | tar -C "$1/umbra" -x
	chroot "$1" useradd -m user
}

# Run a command while a root has /proc and a small /dev/shm, as in a container:
# mounted ROOT COMMAND...
mounted() {
	unshare -m sh -c 'mount -t proc proc "$1/proc" &&
		mount -t tmpfs -o noexec,size=64M shm "$1/dev/shm" || exit
		shift
		exec "$@"' sh "$@" </dev/null
}

# Run a command as root in a root: in_root ROOT COMMAND...
in_root() {
	mounted "$1" chroot "$1" "${clean[@]}" HOME=/root "${@:2}"
}

# Install packages in a root: install_in ROOT PACKAGE... An initrd has no use,
# and takes a minute.
install_in() {
	in_root "$1" apt-get -q update --error-on=any &&
		in_root "$1" env DEBIAN_FRONTEND=noninteractive INITRD=No \
			apt-get -q -y --no-install-recommends install "${@:2}"
}
