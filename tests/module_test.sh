#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading umbra.ko: what it refuses and how it says so, what it
# leaves behind, and who can keep it from going. TAP on standard output.

plan=20

. /module.sh

size_that_is_no_size() {
	for size in '' 0 12345 4097 abc 4K4 -4096 "''" 64MB 0x 1.5G \
		99999999999999999999 17179869184G; do
		load_fails "Invalid argument" "size=$size: " "size=$size"
	done
}

size_larger_than_memory() {
	for size in $(($(meminfo MemTotal) / 1024 + 1))M 999G 9999999G; do
		load_fails "Cannot allocate memory" "size=$size: .*KiB" \
			"size=$size"
	done
}

size_not_to_be_had() {
	size=$(($(meminfo MemTotal) * 9 / 10240))M
	load_fails "Cannot allocate memory" "size=$size: .*auto" "size=$size"
	load_fails "Cannot allocate memory" "size=$size: .*contig" \
		"size=$size" provider=contig
}

provider_unknown() {
	for provider in nonsense CMA "''" auto2; do
		load_fails "Invalid argument" "provider=$provider: .*contig" \
			"provider=$provider"
	done
}

cma_that_is_not_there() {
	has_cma && skip "this machine has CMA"
	load_fails "No such device" "provider=cma: " provider=cma
}

# More than CMA has, and less than the machine
more_than_cma() {
	echo $(($(meminfo CmaTotal) / 1024 + 16))M
}

cma_too_small() {
	has_cma || skip "this machine has no CMA"
	size=$(more_than_cma)
	load_fails "Cannot allocate memory" "size=$size: .*cma" "size=$size" \
		provider=cma
}

unknown_parameter() {
	log_mark
	load nonsense=1 size=8M
	log_since | grep -q "umbra: unknown parameter 'nonsense'" ||
		fail "the host said nothing"
}

loaded_with() {
	grep -qx "provider $1" $dir/layout || fail "$(cat $dir/layout)"
}

# The host uses CMA for pages of its own, and moves those when a range is taken.
# What it moved once is out of the way the next time: these are tried until what
# can be seen is the region alone.
contig_leaves_cma() {
	cma_before=$(cma_free)
	load provider=contig size=32M
	loaded_with contig
	cma_taken=$((cma_before - $(cma_free)))
	unload
	[ $cma_taken -lt 32768 ]
}

provider_explicit() {
	wait_until contig_leaves_cma || fail "it took $cma_taken KiB of CMA"
}

cma_gives_and_takes() {
	cma_before=$(cma_free)
	load provider=cma size=32M
	loaded_with cma
	cma_taken=$((cma_before - $(cma_free)))
	unload
	cma_lost=$((cma_before - $(cma_free)))
	[ $cma_taken -gt $((32768 - noise)) ] && [ $cma_lost -lt $noise ]
}

cma_explicit() {
	has_cma || skip "this machine has no CMA"
	wait_until cma_gives_and_takes ||
		fail "CmaFree went down by $cma_taken KiB, and stayed $cma_lost KiB lower"
}

# Only if CMA has nothing just now, and was asked, may it be another.
auto_takes() {
	log_mark
	load
	log_since | grep '^umbra: provider ' >$out.log
	grep -q '^umbra: provider .*: 16384 pages, pfn 0x' $out.log ||
		fail "$(cat $out.log)"
	if grep -q "^umbra: provider $1 cannot give 16384 pages" $out.log; then
		unload
		return 1
	fi
	loaded_with "$1"
	unload
}

auto_picks() {
	first=contig
	has_cma && first=cma
	wait_until auto_takes $first || fail "$(cat $out.log)"
}

auto_falls_back() {
	has_cma || skip "this machine has no CMA to fall back from"
	load "size=$(more_than_cma)"
	loaded_with contig
	unload
}

odd_size() {
	for size in 4096 36K 5000K 0x1001000; do
		load "size=$size"
		verify_ok
		unload
	done
}

ghost() {
	load provider=ghost size=4G
	loaded_with ghost
	/pin ghost >/dev/null || fail "memory mapped that is none"
	unload
}

# Warnings for which a CPU stood still are the machine's affair.
load_and_unload() {
	log_mark
	# the first load warms the host's caches
	load
	unload
	remember_memory
	/load -n 50 $ko size=16M 2>$out.load || fail "$(cat $out.load)"
	memory_is_back
	log_since | grep -E 'WARNING|BUG|^umbra.*(still|not given back)' |
		grep -v 'BUG: .* lockup' && fail "said by the kernel"
	return 0
}

pin_has_spoken() {
	read_head /tmp/pin.out
	[ "$head" ]
}

# Start /pin HOW in the background, holding pages until pin_end
pin_start() {
	rm -f /tmp/pin.in /tmp/pin.out
	mkfifo /tmp/pin.in
	/pin "$1" </tmp/pin.in >/tmp/pin.out 2>&1 &
	pid=$!
	exec 9>/tmp/pin.in
	wait_until pin_has_spoken
	[ "$head" = ready ] || fail "pin $1: $(cat /tmp/pin.out)"
}

pin_end() {
	echo >&9
	exec 9>&-
	wait "$pid" || fail "pin: $(cat /tmp/pin.out)"
	grep -q intact /tmp/pin.out || fail "pin: $(cat /tmp/pin.out)"
}

rmmod_is_refused() {
	load size=8M
	pin_start "$1"
	rmmod umbra 2>$out.rmmod && fail "rmmod while in use succeeded"
	grep -q "temporarily unavailable" $out.rmmod || fail "$(cat $out.rmmod)"
	is_loaded || fail "not loaded any more"
	pin_end
	unload
}

unload_while_pinned() {
	load "$@"
	pin_start pipe
	grep -q 'held [1-9]' $dir/layout || fail "nothing is held"
	log_mark
	unload
	log_since | grep -q '^umbra: 8 pages are still referenced' ||
		fail "$(log_since)"
	/fill || fail "cannot fill the memory"
	pin_end
	load "$@"
	unload
}

# Kill insmod some microseconds after it began: kill_after DELAY PARAMETER...
kill_after() {
	delay=$1
	shift
	insmod $ko "$@" 2>/dev/null &
	pid=$!
	usleep "$delay"
	kill "-$signal" $pid 2>/dev/null || true
	wait_until has_ended $pid || fail "it goes on after the signal"
	wait $pid && status=0 || status=$?
	kills=$((kills + 1))
	if [ "$status" -gt 128 ]; then
		hits=$((hits + 1))
	fi
	if is_loaded; then
		unload
	fi
}

# After each eighth of the time that loading takes; false if it never was in time
kill_at_each_moment() {
	for part in 1 2 3 4 5 6 7; do
		kill_after $((whole * 10000 * part / 8)) "$@"
	done
	[ "$hits" -gt 0 ]
}

# Kill insmod at different moments: it ends
interrupted() {
	load "$@"
	whole=$took kills=0 hits=0
	unload
	log_mark
	wait_until kill_at_each_moment "$@" || fail "never interrupted"
	echo "ended by the signal $hits times of $kills," \
		"$(log_since | grep -c '^umbra: interrupted') while taking pages"
}

interrupted_by() {
	signal=$1
	shift
	interrupted "$@"
}

echo "1..$plan"
run size_that_is_no_size_is_refused loses_nothing size_that_is_no_size
run size_larger_than_memory_is_refused \
	loses_nothing size_larger_than_memory
run size_not_to_be_had_is_refused loses_nothing size_not_to_be_had
run unknown_provider_is_refused loses_nothing provider_unknown
run cma_without_cma_is_refused loses_nothing cma_that_is_not_there
run more_than_cma_has_is_refused loses_nothing cma_too_small
run unknown_parameter_is_the_hosts_affair unknown_parameter
run contig_by_name loses_nothing provider_explicit
run cma_by_name loses_nothing cma_explicit
run auto_takes_cma_first auto_picks
run auto_falls_back_to_contig auto_falls_back
run odd_sizes_work loses_nothing odd_size
run ghost_instance_has_no_memory_to_map loses_nothing ghost
run loading_fifty_times_loses_nothing load_and_unload
run rmmod_is_refused_while_a_file_is_open rmmod_is_refused open
run rmmod_is_refused_while_a_mapping_is_left rmmod_is_refused map
run unloading_leaves_pinned_pages_alone \
	loses_nothing unload_while_pinned size=32M
run unloading_contig_leaves_pinned_pages_alone \
	loses_nothing unload_while_pinned provider=contig size=32M
run killed_insmod_ends_and_loses_nothing \
	loses_nothing interrupted_by KILL provider=contig
run terminated_insmod_ends_and_loses_nothing \
	loses_nothing interrupted_by TERM
