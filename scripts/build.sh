#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbra.ko for a provisioned kernel, and print where it is.
# usage: build.sh 6.1|6.1-rt|6.12|7 [MAKE ARGUMENT...]

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: build.sh KERNEL [MAKE ARGUMENT...]}
shift

dir=$("$top/scripts/kernel.sh" "$kernel")
release=$(cat "$dir/release")

lock "build-$kernel"
build=umbra-$checkout
mkdir -p "$dir/root/$build"
tar -C "$top" -c Kbuild Makefile include src kunit dkms.conf |
	tar -C "$dir/root/$build" -x

# objtool reads /proc; a mount of a namespace of its own leaves nothing behind
quietly "$cache/log/build-$kernel" unshare -m sh -c '
	mount -t proc proc "$1/proc" || exit
	root=$1 release=$2 build=$3
	shift 3
	exec chroot "$root" make -C "/lib/modules/$release/build" \
		"M=/$build" "$@" modules' sh "$dir/root" "$release" "$build" "$@"
if [ -n "${VERBOSE_WARNINGS:-}" ]; then
	grep -A5 -iE 'warning|error' "$cache/log/build-$kernel" >&2 || true
fi
printf '%s\n' "$dir/root/$build/umbra.ko"
