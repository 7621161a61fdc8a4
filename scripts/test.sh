#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every test. Ends with a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"

step check "$top/scripts/check.sh"
step "kunit um" env ARCH=um "$top/scripts/kunit.sh"
step "kunit x86_64" env ARCH=x86_64 "$top/scripts/kunit.sh"
for kernel in 6.1 7 debug; do
	step "vmtest $kernel" "$top/scripts/vmtest.sh" "$kernel"
done
totals
