#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Repeat the tests of all machines while other processes keep all CPUs busy. No
# test may fail because of the load. Ends with a table and a line of totals.
#   ROUNDS=N	default 20
#   NICE=N	the nice value of the other processes, default 0
# usage: loaded.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"
. "$top/scripts/sets.sh"

rounds=${ROUNDS:-20}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS=$rounds: must be a number"
need stress-ng

load() {
	exec nice -n "${NICE:-0}" stress-ng --quiet --cpu $(((jobs + 1) / 2)) \
		--vm $(((jobs + 1) / 2)) --vm-bytes 256M
}

lane load
slowness	# measured under the load
say "$rounds rounds; time limits are at $UMBRA_SLOW %"
for ((round = 1; round <= rounds; round++)); do
	step "round $round, kunit um" "$top/scripts/kunit.sh"
	step "round $round, kunit x86_64" env ARCH=x86_64 \
		FILTER="$kunit_x86_64" "$top/scripts/kunit.sh"
	for kernel in debug 7 6.1; do
		step "round $round, vmtest $kernel" env SET=short \
			"$top/scripts/vmtest.sh" "$kernel"
	done
done
kill -- "-${lanes[0]}"
totals $((rounds * 5))
