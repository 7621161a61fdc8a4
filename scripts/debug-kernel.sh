#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the debug kernel, with umbra and its tests as modules, and print the
# directory that holds it:
#   vmlinuz	the kernel
#   release	its release, as uname -r says
#   umbra.ko	umbra
#   umbra_test.ko	its KUnit tests
#   umbra_exercise.ko	requests of every kind, as long as it is loaded
# usage: debug-kernel.sh [VERSION]	(6.12 or newer; KSRC= a tree of your own)

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

default=6.12
kunit_tree x86_64 "${1:-$default}"
dir=$cache/kernel/debug
[ "$(basename "$build")" = "x86_64-$default" ] ||
	dir+=-$(basename "$build" | cut -d - -f 2-)

[ -e "$build/vmlinux" ] || say "building kernel $version, for minutes"
quietly "$cache/log/build-$(basename "$build")" kunit_py build --arch=x86_64 \
	--kunitconfig="$top/kunit/x86_64.kunitconfig" --build_dir="$build" \
	--jobs="$jobs"
! grep -A5 -E 'warning:|error:' "$cache/log/build-$(basename "$build")" >&2 ||
	die "kernel $version: warnings"

lay_out() {
	cmp -s "$1" "$dir/$2" || cp "$1" "$dir/$2"
}

mkdir -p "$dir"
lay_out "$build/arch/x86/boot/bzImage" vmlinuz
lay_out "$build/include/config/kernel.release" release
lay_out "$build/drivers/umbra/umbra.ko" umbra.ko
lay_out "$build/drivers/umbra/umbra_test.ko" umbra_test.ko
lay_out "$build/drivers/umbra/umbra_exercise.ko" umbra_exercise.ko
printf '%s\n' "$dir"
