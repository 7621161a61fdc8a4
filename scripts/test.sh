#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run every test, in two lanes of about the same length. Ends with a table and a
# line of totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"
. "$top/scripts/sets.sh"
. "$top/scripts/kunit-lib.sh"

need "${check_packages[@]}" "${machine_packages[@]}" "${program_packages[@]}" \
	"${stock_packages[@]}" "${source_packages[@]}" "${kunit_packages[@]}" \
	clang python3 libjson-c-dev binutils patch git valgrind
slowness
say "the time limits are at $UMBRA_SLOW % for this machine"

first() {
	step "vmtest debug" env SET=short "$top/scripts/vmtest.sh" debug
	step "kunit x86_64" env ARCH=x86_64 FILTER="$kunit_x86_64" "$top/scripts/kunit.sh"
	step "vmtest 6.1" env SET=short "$top/scripts/vmtest.sh" 6.1
	step oracle env SET=short "$top/scripts/oracle.sh"
}

second() {
	step unit env ALL=1 "$top/scripts/unit.sh"
	step umbractl "$top/scripts/umbractl.sh"
	step states env SET=short "$top/scripts/states.sh"
	step interleave "$top/scripts/interleave.sh"
	step fuzz env SECONDS=60 "$top/scripts/fuzz.sh"
	step "bench-user" "$top/scripts/bench-user.sh"
	step check "$top/scripts/check.sh"
	step "kunit um" env ARCH=um "$top/scripts/kunit.sh"
	step "vmtest 7" env SET=short "$top/scripts/vmtest.sh" 7
}

lane first
lane second
totals 13
