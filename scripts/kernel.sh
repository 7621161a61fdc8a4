#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetch a stock Debian kernel to boot and to build modules for, and print its
# directory:
#   vmlinuz	the kernel
#   release	the release of the kernel, as in uname -r
#   build	the build directory for modules
#   root/	the headers, a matching compiler, sparse and DKMS, unpacked; they
#		run in place, so a build needs no chroot, no mount and no root
# usage: kernel.sh 6.1|6.1-rt|6.12|7

. "$(dirname "$0")/lib.sh"
. "$top/scripts/unpack.sh"

kernel=${1:?usage: kernel.sh 6.1|6.1-rt|6.12|7}
suite=bookworm
extra=(bookworm-security)
prefix=linux-image

case $kernel in
6.1)	pattern="6\.1\.0-[0-9]+-cloud-amd64" ;;
6.1-rt)	pattern="6\.1\.0-[0-9]+-rt-amd64" ;;
6.12)	pattern="6\.12\.[0-9][^-]*-cloud-amd64"
	extra+=(bookworm-backports) ;;
7)	pattern="7\.[0-9]+\.[0-9][^-]*-cloud-amd64"
	suite=trixie extra=(trixie-backports) prefix=linux-binary ;;
*)	die "KERNEL=$kernel: must be 6.1, 6.1-rt, 6.12 or 7" ;;
esac

need "${stock_packages[@]}"

# Print the newest release that has an image and headers: newest_release STATE
newest_release() {
	local names releases release
	names=$(private_apt "$1" apt-cache pkgnames)
	releases=$(grep -xE "$prefix-$pattern" <<<"$names" |
		sed "s/^$prefix-//" | sort -Vr) || true
	for release in $releases; do
		if grep -qxF "linux-headers-$release" <<<"$names"; then
			printf '%s\n' "$release"
			return
		fi
	done
	die "the archive has no kernel $kernel with headers"
}

# Make the paths in the scripts of a root point into its final place:
# relocate_paths ROOT FINAL-ROOT RELEASE
relocate_paths() {
	local paths='(etc|usr/share|usr/lib|var/lib)/dkms|lib/modules'
	paths+='|usr/lib/linux-kbuild|usr/src'
	sed -i -E -e "s,(^|[^[:alnum:]/)}])/($paths),\1$2/\2,g" \
		-e "s,depmod -a,depmod -b '$2' -a," \
		"$1/usr/sbin/dkms" "$1/usr/src/linux-headers-$3/Makefile"
}

# Unpack and relocate a build root: build_root STATE DIR FINAL-DIR RELEASE
build_root() {
	local state=$1 root=$2/root compiler=gcc-12 packages
	[ "$suite" = bookworm ] || compiler=gcc-14
	packages=$(closure "$state" "$compiler" "linux-headers-$4")
	# DKMS and sparse run with the tools of the machine
	mapfile -t packages <<<"$packages"
	unpack "$state" "$root" "${packages[@]}" sparse dkms
	quietly "relocate-$kernel" relocate "$root" "$3/root"
	relocate_paths "$root" "$3/root" "$4"
	ln -s "$3/root/lib/modules/$4/build" "$2/build"
}

# Does the compiler of a build root run? compiles ROOT
compiles() {
	local compilers=("$1"/usr/bin/gcc-1?)
	"${compilers[0]}" -fsyntax-only -x c /dev/null 2>/dev/null
}

state=$(apt_state "$suite-${extra[-1]##*-}" "$suite" "${extra[@]}")
release=$(newest_release "$state")
dir=$cache/stock/$kernel
lock "stock-$kernel"
# the link is broken if the cache moved, as are the paths in the executables
if [ "$(cat "$dir/release" 2>/dev/null)" != "$release" ] ||
   [ ! -e "$dir/build/" ] || ! compiles "$dir/root"; then
	say "fetching kernel $release"
	making "$dir"
	mkdir -p "$dir.new/image"
	unpack "$state" "$dir.new/image" "$prefix-$release"
	find "$dir.new/image" -name "vmlinuz*" -type f \
		-exec cp {} "$dir.new/vmlinuz" \; -quit
	[ -s "$dir.new/vmlinuz" ] || die "no kernel in $prefix-$release"
	rm -rf "$dir.new/image"
	build_root "$state" "$dir.new" "$dir" "$release"
	printf '%s\n' "$release" >"$dir.new/release"
	made "$dir"
	compiles "$dir/root" ||
		die "the compiler in $dir/root does not run on this machine"
fi
printf '%s\n' "$dir"
