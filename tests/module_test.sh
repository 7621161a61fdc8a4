#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loading and unloading umbra.ko: bad parameters are refused with a message, no
# memory is lost, and a module in use cannot be unloaded.

plan=21

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
	load_fails "No such device" "provider=cma: needs .*CMA" provider=cma
}

# Print a size that is larger than CMA and smaller than the memory of the
# machine.
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
		fail "the host logged no warning"
}

loaded_with() {
	grep -qx "provider $1" $dir/layout || fail "$(cat $dir/layout)"
}

# The host uses CMA for its own pages too, and moves these out of a range that
# is taken. After some tries no page is left to move, so that CmaFree changes by
# the region only. Callers try until that is so.
contig_leaves_cma() {
	cma_before=$(cma_free)
	load provider=contig size=32M
	loaded_with contig
	cma_taken=$((cma_before - $(cma_free)))
	unload
	[ $cma_taken -lt 32768 ]
}

provider_explicit() {
	wait_until contig_leaves_cma || fail "contig took $cma_taken KiB of CMA"
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

# Load, which must use the given provider. False if that provider was asked and
# had no free range at that moment: auto_takes PROVIDER
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
	/pin ghost >/dev/null || fail "pages of a ghost instance were mapped"
	unload
}

# The descriptors would take 15/16 of the available memory: 64 bytes a page.
ghost_larger_than_spare_memory() {
	size=$(($(meminfo MemAvailable) * 60))K
	line='cannot allocate the descriptors: [0-9]* KiB needed, [0-9]* KiB'
	load_fails "Cannot allocate memory" "$line to spare" provider=ghost \
		"size=$size"
	dmesg | grep "Out of memory" && fail "the host killed a process"
	true
}

# Lockup warnings do not count: a busy host can stop a CPU of the machine.
load_and_unload() {
	log_mark
	# the first load fills caches of the host
	load
	unload
	remember_memory
	/load -n 50 $ko size=16M 2>$out.load || fail "$(cat $out.load)"
	memory_is_back
	log_since | grep -E 'WARNING|BUG|^umbra.*(still|not given back)' |
		grep -v 'BUG: .* lockup' && fail "the kernel log has warnings"
	return 0
}

pin_has_printed() {
	read_head /tmp/pin.out
	[ "$head" ]
}

# Start /pin in the background, which uses pages until pin_end: pin_start MODE
pin_start() {
	rm -f /tmp/pin.in /tmp/pin.out
	mkfifo /tmp/pin.in
	/pin "$1" </tmp/pin.in >/tmp/pin.out 2>&1 &
	pid=$!
	exec 9>/tmp/pin.in
	wait_until pin_has_printed
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
	is_loaded || fail "the module is gone"
	pin_end
	unload
}

unload_while_pinned() {
	load "$@"
	pin_start pipe
	grep -q 'held [1-9]' $dir/layout || fail "no page is held"
	log_mark
	unload
	log_since | grep -q '^umbra: 8 pages are still referenced' ||
		fail "$(log_since)"
	/fill || fail "cannot fill the memory"
	pin_end
	load "$@"
	unload
}

# Kill insmod some microseconds after its start: kill_after DELAY PARAMETER...
kill_after() {
	delay=$1
	shift
	insmod $ko "$@" 2>/dev/null &
	pid=$!
	usleep "$delay"
	kill "-$signal" $pid 2>/dev/null || true
	wait_until has_ended $pid || fail "insmod runs on after the signal"
	wait $pid && status=0 || status=$?
	kills=$((kills + 1))
	if [ "$status" -gt 128 ]; then
		hits=$((hits + 1))
	fi
	if is_loaded; then
		unload
	fi
}

# Kill insmod after each eighth of the time that loading takes. False if insmod
# was always done before the signal.
kill_at_each_moment() {
	for part in 1 2 3 4 5 6 7; do
		kill_after $((whole * 10000 * part / 8)) "$@"
	done
	[ "$hits" -gt 0 ]
}

# Kill insmod at different moments, and it must end: interrupted PARAMETER...
interrupted() {
	load "$@"
	whole=$took kills=0 hits=0
	unload
	log_mark
	wait_until kill_at_each_moment "$@" || fail "no insmod was interrupted"
	echo "the signal ended $hits of $kills insmods," \
		"$(log_since | grep -c '^umbra: interrupted') while taking pages"
}

interrupted_by() {
	signal=$1
	shift
	interrupted "$@"
}

echo "1..$plan"
run malformed_size_is_refused loses_nothing size_that_is_no_size
run size_larger_than_memory_is_refused \
	loses_nothing size_larger_than_memory
run size_larger_than_free_ranges_is_refused loses_nothing size_not_to_be_had
run unknown_provider_is_refused loses_nothing provider_unknown
run provider_cma_without_cma_is_refused loses_nothing cma_that_is_not_there
run size_larger_than_cma_is_refused loses_nothing cma_too_small
run unknown_parameter_is_logged_and_ignored unknown_parameter
run provider_contig_leaves_cma_unchanged loses_nothing provider_explicit
run provider_cma_takes_and_returns_cma loses_nothing cma_explicit
run provider_auto_prefers_cma auto_picks
run provider_auto_falls_back_to_contig auto_falls_back
run size_need_not_be_a_power_of_two loses_nothing odd_size
run ghost_instance_has_no_memory_to_map loses_nothing ghost
run ghost_instance_leaves_the_host_enough_memory \
	loses_nothing ghost_larger_than_spare_memory
run loading_fifty_times_loses_no_memory load_and_unload
run rmmod_is_refused_while_a_file_is_open rmmod_is_refused open
run rmmod_is_refused_while_a_mapping_exists rmmod_is_refused map
run unloading_keeps_pinned_pages \
	loses_nothing unload_while_pinned size=32M
run unloading_contig_keeps_pinned_pages \
	loses_nothing unload_while_pinned provider=contig size=32M
run killed_insmod_ends_and_loses_no_memory \
	loses_nothing interrupted_by KILL provider=contig
run terminated_insmod_ends_and_loses_no_memory \
	loses_nothing interrupted_by TERM
