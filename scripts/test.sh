#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every test, in two lanes: one has the kernels built here, one the stock
# ones. Ends with a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"

set -m	# each lane is a process group
{
	step "kunit um" env ARCH=um "$top/scripts/kunit.sh"
	step "kunit x86_64" env ARCH=x86_64 "$top/scripts/kunit.sh"
	step "vmtest debug" "$top/scripts/vmtest.sh" debug
} &
lanes+=($!)
{
	step check "$top/scripts/check.sh"
	step "vmtest 6.1" "$top/scripts/vmtest.sh" 6.1
	step "vmtest 7" "$top/scripts/vmtest.sh" 7
} &
lanes+=($!)
set +m
totals 6
