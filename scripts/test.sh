#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every test, in two lanes: one has the kernels built here, one the stock
# ones. Ends with a line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"
. "$top/scripts/sets.sh"

slowness
say "this machine is given $UMBRA_SLOW % of the time that one which is not slow has"

built_here() {
	step "kunit um" env ARCH=um "$top/scripts/kunit.sh"
	step "kunit x86_64" env ARCH=x86_64 FILTER="$kunit_x86_64" "$top/scripts/kunit.sh"
	step "vmtest debug" env SET=short "$top/scripts/vmtest.sh" debug
}

stock() {
	step check "$top/scripts/check.sh"
	step "vmtest 7" env SET=short "$top/scripts/vmtest.sh" 7
	step "vmtest 6.1" env SET=short "$top/scripts/vmtest.sh" 6.1
}

lane built_here
lane stock
totals 6
