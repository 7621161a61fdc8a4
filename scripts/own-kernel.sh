#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build a test kernel that no package provides, and print its directory:
#   vmlinuz	the kernel
#   release	the release of the kernel, as in uname -r
#   build	the build directory for modules
#   source	the kernel tree
# The kernel does not contain umbra, so all checkouts with the same
# configuration share it.
#   KERNEL_VERSION=	6.12 or newer; default 6.12 for debug, else the newest
#   KSRC=DIRECTORY	the kernel tree to use
# usage: own-kernel.sh um|debug|clang

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

kernel=${1:?usage: own-kernel.sh um|debug|clang}
case $kernel in
um)	arch=um config=$top/kunit/uml.kunitconfig image=linux
	default=newest ;;
debug)	arch=x86_64 config=$top/kunit/x86_64.kunitconfig
	image=arch/x86/boot/bzImage default=6.12 ;;
clang)	arch=x86_64 config=$top/kunit/clang.kunitconfig
	image=arch/x86/boot/bzImage default=newest ;;
*)	die "KERNEL=$kernel: must be um, debug or clang" ;;
esac

need "${kunit_packages[@]}" "${source_packages[@]}"
kunit_source "${KERNEL_VERSION:-$default}"
# The options are the key, so that a comment does not cost a build.
key=$(grep -E '^(# )?CONFIG_' "$config" | cksum | cut -d ' ' -f 1)
dir=$cache/kernel/$kernel-$version-$key
options=()
if [ "$kernel" = clang ]; then
	llvm=$("$top/scripts/llvm.sh")
	PATH=$llvm:$PATH
	options=(--make_options LLVM=1)
	dir+=-llvm-$(basename "$(dirname "$llvm")")
fi
[ -z "${KSRC:-}" ] || dir+=-$(cksum <<<"$tree" | cut -d ' ' -f 1)
lock "$(basename "$dir")"
if [ ! -e "$dir/.complete" ] || [ -n "${KSRC:-}" ]; then
	say "building kernel $version for $kernel, takes minutes"
	mkdir -p "$dir/build"
	quietly "build-kernel-$kernel" kunit_py build --arch="$arch" \
		--kunitconfig="$config" --build_dir="$dir/build" \
		--jobs="$jobs" "${options[@]}"
	! grep -A5 -E 'warning:|error:' "$own/log/build-kernel-$kernel" >&2 ||
		die "the build of kernel $version has warnings"
	cp "$dir/build/$image" "$dir/vmlinuz"
	cp "$dir/build/include/config/kernel.release" "$dir/release"
	ln -sfn "$tree" "$dir/source"
	touch "$dir/.complete"
fi
printf '%s\n' "$dir"
