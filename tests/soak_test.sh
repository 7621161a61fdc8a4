#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The stress test, see soak.c, with requests of umbra_exercise.ko if the kernel
# has this module; and unloading when memory is short. The kernel command line
# may set the time as umbra_soak=SECONDS, and umbra_seed=. Without umbra_soak=
# the default seed is fixed, so that each run is the same; with it the default
# is random.

plan=2

. /module.sh

argument() {
	tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"
}

exercise=/umbra_exercise.ko
seconds=$(argument umbra_soak)
seed=$(argument umbra_seed)
if [ "$seconds" ]; then
	: "${seed:=$(awk 'BEGIN { srand(); print int(rand() * 1000000000) }')}"
else
	[ -e $exercise ] && seconds=45 || seconds=10
	: "${seed:=1}"
fi

soak() {
	load size=96M nodes=2 zones=Normal:32M,Movable
	[ ! -e $exercise ] || insmod $exercise || fail "cannot load $exercise"
	/soak "$seconds" "$seed"
	status=$?
	rmmod umbra_exercise 2>/dev/null
	[ $status -eq 0 ] || fail "exit status $status"
	unload
}

# Unload after processes had unlocked memory and closed their files at the same
# time, and kswapd was awake.
unload_under_pressure() {
	for _ in 1 2 3; do
		load size=32M zones=Normal
		for _ in 1 2 3 4; do
			/hold 0:3000:4 /hold 0:6000 true 2>/dev/null &
		done
		wait
		wait_until /hold 0:7000:4 true || fail "$(cat $dir/zoneinfo)"
		unload
	done
}

echo "1..$plan"
run memory_keeps_its_data_under_stress soak
run module_unloads_after_memory_was_short unload_under_pressure
