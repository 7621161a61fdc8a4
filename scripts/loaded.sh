#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the tests that run in a machine, again and again in two lanes, while
# stressors keep all CPUs busy. No test may fail for that. The last lines are a
# table and the totals.
#   ROUNDS=N	default 20
#   MINUTES=N	no round begins later; default: no limit
#   NICE=N	of the stressors; default 0
# usage: loaded.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/totals.sh"
. "$top/scripts/sets.sh"

rounds=${ROUNDS:-20} minutes=${MINUTES:-0}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "ROUNDS=$rounds: must be a number above 0"
[[ $minutes =~ ^[0-9]+$ ]] || die "MINUTES=$minutes: must be a number"
need stress-ng

load() {
	exec nice -n "${NICE:-0}" stress-ng --quiet --cpu $(((jobs + 1) / 2)) \
		--vm $(((jobs + 1) / 2)) --vm-bytes 256M
}

# Run a function for every round that may begin, and count its steps:
# repeat STEPS FUNCTION
repeat() {
	local round
	for ((round = 1; round <= rounds; round++)); do
		[ "$minutes" -eq 0 ] || [ $((SECONDS - begin)) -lt $((minutes * 60)) ] ||
			break
		echo "$1" >>"$steps/expected"
		"$2" "$round"
	done
}

debug_machine() {
	step "round $1, vmtest debug" env SET=short \
		"$top/scripts/vmtest.sh" debug
}

other_machines() {
	local kernel
	step "round $1, kunit um" "$top/scripts/kunit.sh"
	step "round $1, kunit x86_64" env ARCH=x86_64 \
		FILTER="$kunit_x86_64" "$top/scripts/kunit.sh"
	for kernel in 7 6.1; do
		step "round $1, vmtest $kernel" env SET=short \
			"$top/scripts/vmtest.sh" "$kernel"
	done
}

first() {
	repeat 1 debug_machine
}

second() {
	repeat 4 other_machines
}

lane load
slowness	# measured under the load
say "at most $rounds rounds, with $UMBRA_SLOW % of the usual time"
lane first
lane second
wait "${lanes[1]}" "${lanes[2]}"
kill -- "-${lanes[0]}"
totals "$(awk '{ n += $1 } END { print n + 0 }' "$steps/expected")"
