#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Everything at once, see soak.c, beside requests of the kernel's own where
# there is the module for those; and unloading when memory is short. The
# kernel's command line may say for how many seconds, and the seed: a test begins
# with the same each time, what runs for longer with any.

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
	load size=96M nodes=2 zones=Normal:32M,Movable:16M
	[ ! -e $exercise ] || insmod $exercise || fail "no exercise"
	/soak "$seconds" "$seed"
	status=$?
	rmmod umbra_exercise 2>/dev/null
	[ $status -eq 0 ] || fail "exit status $status"
	unload
}

# Unlocked memory, files closed at once, kswapd awake
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
run memory_survives_everything_at_once soak
run module_unloads_when_memory_was_short unload_under_pressure
