#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbra.ko for a kernel, and print the directory of the module. For the
# kernels um and debug, build the modules of the KUnit tests too.
# usage: build.sh 6.1|6.1-rt|6.12|7|um|debug [MAKE ARGUMENT...]
#   KERNEL_VERSION=VERSION	the version of um or debug
#   TREE=NAME		a changed kernel tree in /usr/src of the build root

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: build.sh KERNEL [MAKE ARGUMENT...]}
shift

# Copy the sources, so that the build leaves no files in the checkout:
# copy_sources DIRECTORY
copy_sources() {
	mkdir -p "$1"
	tar -C "$top" -c Kbuild Makefile include src kunit dkms.conf |
		tar -C "$1" -x
}

# Warnings are on, so that `make check` and the tests share one build. The limit
# of a stack frame is the lowest that a distribution uses (Ubuntu). objtool
# reads /proc; the mount is in a private namespace, so it is gone afterwards.
build_in_root() {
	local build=umbra-$checkout tree
	tree=/lib/modules/$(cat "$dir/release")/build
	[ -z "${TREE:-}" ] || { build+=-$TREE tree=/usr/src/$TREE; }
	copy_sources "$dir/root/$build"
	quietly "build-$kernel${TREE:+-$TREE}" unshare -m sh -c '
		mount -t proc proc "$1/proc" || exit
		root=$1 tree=$2 build=$3
		shift 3
		exec chroot "$root" make -C "$tree" "M=/$build" W=1 "$@" \
			modules' \
		sh "$dir/root" "$tree" "$build" -j "$jobs" \
		KCFLAGS=-Wframe-larger-than=1024 "$@"
	printf '%s\n' "$dir/root/$build"
}

build_here() {
	local build=$own/build/${dir##*/} arch=x86_64
	[ "$kernel" != um ] || arch=um
	copy_sources "$build"
	quietly "build-$kernel" make -C "$dir/build" ARCH="$arch" M="$build" \
		UMBRA_TESTS=1 -j "$jobs" "$@" modules
	! grep -A5 -E 'warning:|error:' "$own/log/build-$kernel" >&2 ||
		die "the build for $kernel has warnings"
	printf '%s\n' "$build"
}

dir=$(kernel_dir "$kernel")

lock "build-$kernel${TREE:+-$TREE}-$checkout"
if [[ $kernel == um || $kernel == debug ]]; then
	build_here "$@"
else
	build_in_root "$@"
fi
