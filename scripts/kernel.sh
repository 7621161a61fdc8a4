#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fetch a stock Debian kernel to boot and to build modules for, and print its
# directory:
#   vmlinuz	the kernel
#   release	the release of the kernel, as in uname -r
#   root/	a build root with the headers and a matching compiler
# usage: kernel.sh 6.1|6.1-rt|6.12|7

. "$(dirname "$0")/lib.sh"

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

need mmdebstrap

# Print the newest release that has an image and headers: newest_release STATE
newest_release() {
	local names release
	names=$(private_apt "$1" apt-cache pkgnames)
	while read -r release; do
		if grep -qxF "linux-headers-$release" <<<"$names"; then
			printf '%s\n' "$release"
			return
		fi
	done < <(grep -xE "$prefix-$pattern" <<<"$names" |
		 sed "s/^$prefix-//" | sort -Vr)
	die "the archive has no kernel $kernel with headers"
}

# Unpack a build root: build_root STATE DIR RELEASE
build_root() {
	local state=$1 dir=$2 release=$3 compiler=gcc-12
	[ "$suite" = bookworm ] || compiler=gcc-14
	rm -rf "$dir"
	quietly "mmdebstrap-$kernel" mmdebstrap --mode=root \
		--variant=extract \
		--include="$compiler,make,kmod,libc6-dev,bash,coreutils" \
		--include="sed,gawk,grep,findutils,dash,sparse,dkms,perl" \
		--include="linux-headers-$release" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$dir" - <"$state/sources.list"
	ln -sf gawk "$dir/usr/bin/awk"
	ln -sf "$compiler" "$dir/usr/bin/gcc"
	[ -e "$dir/bin/sh" ] || ln -s dash "$dir/bin/sh"
	mkdir -p "$dir/proc" "$dir/tmp"
	chmod 1777 "$dir/tmp"
}

state=$(apt_state "$suite-${extra[-1]##*-}" "$suite" "${extra[@]}")
release=$(newest_release "$state")
dir=$cache/kernel/$kernel
lock "kernel-$kernel"
if [ "$(cat "$dir/release" 2>/dev/null)" != "$release" ]; then
	say "fetching kernel $release"
	making "$dir"
	mkdir -p "$dir.new/image"
	unpack "$state" "$dir.new/image" "$prefix-$release"
	find "$dir.new/image" -name "vmlinuz*" -type f \
		-exec cp {} "$dir.new/vmlinuz" \; -quit
	[ -s "$dir.new/vmlinuz" ] || die "no kernel in $prefix-$release"
	rm -rf "$dir.new/image"
	build_root "$state" "$dir.new/root" "$release"
	printf '%s\n' "$release" >"$dir.new/release"
	made "$dir"
fi
printf '%s\n' "$dir"
