#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading umbra.ko: what it refuses and how it says so, what it
# leaves behind, and who can keep it from going. TAP on standard output.

plan=23

. /module.sh

size_that_is_no_size() {
	for size in '' 0 12345 4097 abc 4K4 -4096 "''" 64MB 0x 1.5G \
		99999999999999999999 17179869184G; do
		refused "Invalid argument" "size=$size: " "size=$size"
	done
}

size_larger_than_memory() {
	refused "Cannot allocate memory" "size=999G: .*KiB" size=999G
	refused "Cannot allocate memory" "size=1025M: .*KiB" size=1025M
	refused "Cannot allocate memory" "size=9999999G: .*KiB" size=9999999G
}

size_not_to_be_had() {
	size=$(awk '/^MemTotal:/ { print int($2 * 9 / 10240) }' /proc/meminfo)M
	refused "Cannot allocate memory" "size=$size: .*auto" "size=$size"
	refused "Cannot allocate memory" "size=$size: .*contig" "size=$size" \
		provider=contig
}

provider_unknown() {
	for provider in nonsense CMA "''" auto2; do
		refused "Invalid argument" "provider=$provider: .*contig" \
			"provider=$provider"
	done
}

cma_that_is_not_there() {
	has_cma && skip "this machine has CMA"
	refused "No such device" "provider=cma: " provider=cma
}

cma_too_small() {
	has_cma || skip "this machine has no CMA"
	refused "Cannot allocate memory" "size=600M: .*cma" size=600M \
		provider=cma
}

unknown_parameter() {
	load nonsense=1
	dmesg | tail -n 20 | grep -q "umbra: unknown parameter 'nonsense'" ||
		fail "the host said nothing"
}

loaded_with() {
	grep -qx "provider $1" $dir/layout || fail "$(cat $dir/layout)"
}

provider_explicit() {
	remember_memory
	load provider=contig size=32M
	loaded_with contig
	[ $((cma_before - $(cma_free))) -lt 32768 ] ||
		fail "it took CMA memory"
	unload
	memory_is_back
}

cma_explicit() {
	has_cma || skip "this machine has no CMA"
	remember_memory
	load provider=cma size=32M
	loaded_with cma
	cma_taken=$((cma_before - $(cma_free)))
	[ $cma_taken -gt $((32768 - noise)) ] ||
		fail "CmaFree went down by $cma_taken KiB"
	unload
	memory_is_back
	cma_lost=$((cma_before - $(cma_free)))
	[ $cma_lost -lt $noise ] || fail "lost $cma_lost KiB of CMA"
}

auto_picks() {
	log_mark
	load
	if has_cma; then
		loaded_with cma
	else
		loaded_with contig
	fi
	log_since | grep -q '^umbra: provider .*: 16384 pages, pfn 0x' ||
		fail "$(log_since)"
	unload
}

auto_falls_back() {
	has_cma || skip "this machine has no CMA to fall back from"
	load "size=$(awk '/^CmaTotal:/ { print int($2 / 1024) + 16 }' \
		/proc/meminfo)M"
	loaded_with contig
	unload
}

odd_size() {
	remember_memory
	for size in 4096 36K 5000K 0x1001000; do
		load "size=$size"
		verify_ok
		unload
	done
	memory_is_back
}

ghost() {
	remember_memory
	load provider=ghost size=4G
	loaded_with ghost
	/pin ghost >/dev/null || fail "memory mapped that is none"
	unload
	memory_is_back
}

load_and_unload() {
	log_mark
	# the first load warms the host's caches
	load
	unload
	remember_memory
	for i in $(seq 50); do
		/load $ko size=16M || fail "load number $i"
		rmmod umbra || fail "rmmod number $i"
	done
	memory_is_back
	log_since | grep -E 'WARNING|BUG|still|not given back' &&
		fail "said by the kernel"
	return 0
}

# Start /pin HOW in the background, holding pages until pin_end
pin_start() {
	rm -f /tmp/pin.in /tmp/pin.out
	mkfifo /tmp/pin.in
	/pin "$1" </tmp/pin.in >/tmp/pin.out 2>&1 &
	pid=$!
	exec 9>/tmp/pin.in
	for _ in $(seq 100); do
		grep -q ready /tmp/pin.out && return
		usleep 50000
	done
	fail "pin $1: $(cat /tmp/pin.out)"
}

pin_end() {
	echo >&9
	exec 9>&-
	wait "$pid" || fail "pin: $(cat /tmp/pin.out)"
	grep -q intact /tmp/pin.out || fail "pin: $(cat /tmp/pin.out)"
}

rmmod_is_refused() {
	load
	pin_start "$1"
	rmmod umbra 2>$out.rmmod && fail "rmmod while in use succeeded"
	grep -q "temporarily unavailable" $out.rmmod || fail "$(cat $out.rmmod)"
	is_loaded || fail "not loaded any more"
	pin_end
	unload
}

unload_while_pinned() {
	remember_memory
	load "$@"
	pin_start pipe
	[ "$(awk '/held [1-9]/' $dir/layout)" ] || fail "nothing is held"
	log_mark
	unload
	log_since | grep -q '^umbra: 8 pages are still referenced' ||
		fail "$(log_since)"
	/fill || fail "cannot fill the memory"
	pin_end
	memory_is_back
	load "$@"
	unload
}

# Kill insmod at different moments: it ends, and the memory is back
interrupted() {
	hits=0
	remember_memory
	for delay in 20000 60000 120000 200000 300000 450000 700000; do
		insmod $ko "$@" 2>/dev/null &
		pid=$!
		usleep $delay
		kill "-$signal" $pid 2>/dev/null || true
		start=$(date +%s)
		wait $pid && status=0 || status=$?
		[ $(($(date +%s) - start)) -le 5 ] ||
			fail "took more than 5 s to end"
		if [ "$status" -gt 128 ]; then
			hits=$((hits + 1))
		fi
		if is_loaded; then
			unload
		fi
		memory_is_back
	done
	echo "ended by the signal $hits times of 7"
	[ $hits -gt 0 ] || fail "never interrupted"
}

interrupted_by() {
	signal=$1
	shift
	interrupted "$@"
}

# The Nth allocation of the host fails while the module loads: /load -f
with_fault() {
	status=0
	/load -f "$@" 2>$out.load || status=$?
}

# How many allocations the host makes for a module before its own code runs:
# as many as it makes for one whose parameters are refused
count_allocations_before_init() {
	low=0
	high=4096
	while [ $((high - low)) -gt 1 ]; do
		middle=$(((low + high) / 2))
		with_fault $middle $ko size=0
		if [ $status -eq 4 ]; then
			low=$middle
		else
			high=$middle
		fi
	done
}

# Every STEPth allocation after those: load_under_faults STEP PARAMETER...
# From where debugfs files are made, which loading gets by without, one in five of
# them will do.
load_under_faults() {
	step=$1
	shift
	[ -e /proc/self/fail-nth ] || skip "this kernel has no fault injection"
	count_allocations_before_init
	[ $low -gt 0 ] || fail "no fault was injected"
	remember_memory
	load size=8M "$@"
	files=$(find $dir | wc -l)
	unload
	nth=$low failures=0 loads=0 status=4
	while [ $status -ne 0 ] && [ $nth -lt 100000 ]; do
		with_fault $nth $ko size=8M "$@"
		case $status in
		0)	;;
		3)	# there may be no debugfs files: they are not needed
			[ ! -e $dir/verify ] || verify_ok
			if [ "$(find $dir 2>/dev/null | wc -l)" -lt "$files" ]
			then
				step=$((step * 5)) files=0
			fi
			rmmod umbra || fail "rmmod after fault $nth" ;;
		4)	is_loaded && fail "fault $nth: still listed"
			[ ! -e $dir ] || fail "fault $nth: debugfs is left"
			[ ! -e /dev/umbra ] || fail "fault $nth: a device is left"
			failures=$((failures + 1)) ;;
		*)	fail "fault $nth: status $status, $(cat $out.load)" ;;
		esac
		loads=$((loads + 1))
		nth=$((nth + step))
	done
	[ $status -eq 0 ] || fail "no end after $nth faults"
	echo "$low allocations before init; $loads loads with a fault, $failures of them failed"
	unload
	memory_is_back
}

no_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || skip "this kernel has no kmemleak"
	# an object is reported when it has been unreferenced for some seconds
	echo scan >$leaks
	sleep 6
	echo scan >$leaks
	! grep . $leaks
}

echo "1..$plan"
run size_that_is_no_size_is_refused size_that_is_no_size
run size_larger_than_memory_is_refused size_larger_than_memory
run size_not_to_be_had_is_refused size_not_to_be_had
run unknown_provider_is_refused provider_unknown
run cma_without_cma_is_refused cma_that_is_not_there
run more_than_cma_has_is_refused cma_too_small
run unknown_parameter_is_the_hosts_affair unknown_parameter
run contig_by_name provider_explicit
run cma_by_name cma_explicit
run auto_takes_cma_first auto_picks
run auto_falls_back_to_contig auto_falls_back
run odd_sizes_work odd_size
run ghost_instance_has_no_memory_to_map ghost
run loading_fifty_times_loses_nothing load_and_unload
run rmmod_is_refused_while_a_file_is_open rmmod_is_refused open
run rmmod_is_refused_while_a_mapping_is_left rmmod_is_refused map
run unloading_leaves_pinned_pages_alone unload_while_pinned
run unloading_contig_leaves_pinned_pages_alone \
	unload_while_pinned provider=contig size=32M
run killed_insmod_ends_and_loses_nothing \
	interrupted_by KILL provider=contig size=256M
run terminated_insmod_ends_and_loses_nothing interrupted_by TERM size=200M
run loading_under_faults_leaves_nothing load_under_faults 1
run loading_contig_under_faults_leaves_nothing \
	load_under_faults 3 provider=contig
run nothing_is_leaked no_leaks
