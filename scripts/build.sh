#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbra.ko for a kernel, and print the directory of the module; the
# clients are in its examples/client. For the kernels that are built here, build
# the modules of the KUnit tests too.
# usage: build.sh 6.1|6.1-rt|6.12|7|um|debug|clang [MAKE ARGUMENT...]
#   KERNEL_VERSION=VERSION	the version of um, debug or clang
#   TREE=DIRECTORY	a changed copy of the kernel tree

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: build.sh KERNEL [MAKE ARGUMENT...]}
shift

# Build with the compiler of the kernel: build_modules [MAKE ARGUMENT...]
build_modules() {
	local modules
	for modules in "$build" "$build/examples/client"; do
		env "PATH=$programs:$PATH" make -C "$tree" \
			"M=$modules" "UMBRA=$build" -j "$jobs" "$@" modules ||
			return
	done
}

dir=$(kernel_dir "$kernel")
build=$own/build/${dir##*/} log=build-$kernel tree=$dir/build
[ -z "${TREE:-}" ] || { build+=-${TREE##*/} log+=-${TREE##*/} tree=$TREE; }
programs=$dir/root/usr/bin	# of a stock kernel
built_here=yes
case $kernel in
um)	args=(ARCH=um UMBRA_TESTS=1) ;;
debug)	args=(ARCH=x86_64 UMBRA_TESTS=1) ;;
clang)	args=(ARCH=x86_64 UMBRA_TESTS=1 LLVM=1 W=1)
	programs=$("$top/scripts/llvm.sh") ;;
*)	args=("${stock_arguments[@]}")
	built_here= ;;
esac

lock "$log-$checkout"
copy_sources "$build" kunit examples	# no files are left in the checkout
quietly "$log" build_modules "${args[@]}" "$@"
if [ -n "$built_here" ]; then
	! grep -A5 -E 'warning:|error:' "$own/log/build-$kernel" >&2 ||
		die "the build for $kernel has warnings"
fi
printf '%s\n' "$build"
