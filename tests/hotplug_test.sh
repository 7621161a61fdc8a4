#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# CPU hotplug.

plan=1

. /module.sh

cpu=/sys/devices/system/cpu/cpu1/online

set_cpu() {
	echo "$1" >$cpu
}

# CPU 1 is offline, so it must have no cached pages.
cpu_is_empty() {
	[ "$(cached_of cpu 1)" -eq 0 ] ||
		fail "$(cached_of cpu 1) pages cached by CPU 1"
	grep -q 'cpu: 1$' $dir/zoneinfo && fail "zoneinfo has an offline CPU"
	timeout $hang sh -c "echo cpu 1 >$dir/ctl/drain" ||
		fail "cannot drain an offline CPU"
	read_head $dir/verify
	case $head in
	ok*)	;;
	*)	fail "$(cat $dir/verify)" ;;
	esac
}

cpu_goes_and_comes() {
	[ -w $cpu ] || skip "this machine cannot take CPU 1 offline"
	load size=32M nodes=2
	/hold -t 1 & first=$!
	/hold -t 2 & second=$!
	taskset 2 /hold 0:200 true
	for _ in 1 2 3; do
		wait_until set_cpu 0 || fail "cannot take CPU 1 offline"
		cpu_is_empty
		wait_until set_cpu 1 || fail "cannot take CPU 1 online"
	done
	wait_until set_cpu 0 || fail "cannot take CPU 1 offline"
	kill $first $second
	wait
	ctl drain all
	[ "$(cached)" -eq 0 ] || fail "$(cached) pages are cached"
	grep -q '^pcp: 0 frames' $dir/verify || fail "$(cat $dir/verify)"
	all_is_free
	wait_until set_cpu 1 || fail "cannot take CPU 1 online"
	taskset 2 /hold 0:200 true
	[ "$(cached_of cpu 1)" -gt 0 ] || fail "CPU 1 has no cached pages"
	all_is_free
	unload
}

echo "1..$plan"
run cpu_goes_offline_and_online_under_load cpu_goes_and_comes
[ ! -w $cpu ] || wait_until set_cpu 1
