#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the tests that `make test` leaves out: every VM test on every kernel,
# KUnit built into the kernel, all of KUnit on x86_64, the long forms of the
# searches in a program, interrupted runs, the demo in the places where people run
# it, DKMS, the package, and other ways to build.
# Ends with a table and a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"

slowness
for kernel in 6.1 6.1-rt 6.12 7 um debug clang; do
	step "vmtest $kernel" "$top/scripts/vmtest.sh" "$kernel"
done
step "kunit um, built in" env BUILTIN=1 "$top/scripts/kunit.sh"
step "kunit x86_64, whole" env ARCH=x86_64 "$top/scripts/kunit.sh"
step "kunit clang, whole" env ARCH=x86_64 LLVM=1 "$top/scripts/kunit.sh"
step oracle "$top/scripts/oracle.sh"
step states "$top/scripts/states.sh"
step interleave env SET=whole "$top/scripts/interleave.sh"
step "interruption" "$top/scripts/interrupt-test.sh"
step places "$top/scripts/places-test.sh"
step DKMS "$top/scripts/dkms-test.sh"
step builds "$top/scripts/builds-test.sh"
step "builds for clang" "$top/scripts/clang-test.sh"
totals 18
