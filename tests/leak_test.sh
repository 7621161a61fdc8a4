#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Leaks: loading while allocations of the host fail, and a scan by kmemleak
# after all other tests.

plan=3

. /module.sh

# Load while the Nth allocation of the host fails, and set $status:
# with_fault N MODULE PARAMETER...
with_fault() {
	status=0
	/load -f "$@" 2>$out.load || status=$?
}

# Like with_fault. False if the host had no free range, so that loading ended
# before the Nth allocation.
is_fault_decided() {
	with_fault "$@"
	[ $status -ne 1 ] || ! was_busy
}

# Set $low to the number of allocations that the host makes for a module before
# the code of the module runs. It makes as many for a module that refuses its
# parameters.
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

# Set $nr_files to the number of files in debugfs.
count_files() {
	set -- "$dir"/* "$dir"/*/*
	nr_files=$#
}

# Load while one allocation of the module fails, for every STEPth allocation in
# turn: load_under_faults STEP PARAMETER... Loading succeeds without debugfs
# files, so for these only one in five allocations is tried.
load_under_faults() {
	step=$1
	shift
	[ -e /proc/self/fail-nth ] || skip "this kernel has no fault injection"
	count_allocations_before_init
	[ $low -gt 0 ] || fail "no fault was injected"
	remember_memory
	load size=8M "$@"
	count_files
	files=$nr_files
	unload
	nth=$low failures=0 loads=0 status=4
	while [ $status -ne 0 ] && [ $nth -lt 100000 ]; do
		wait_until is_fault_decided $nth $ko size=8M "$@"
		case $status in
		0)	;;
		3)	# loading succeeds even if debugfs files are missing
			[ ! -e $dir/verify ] || verify_ok
			count_files
			if [ $nr_files -lt "$files" ]; then
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

# Scan, and read the report. A pointer in a register of a CPU looks like a leak
# until the next scan.
is_free_of_leaks() {
	echo scan >"$leaks"
	cat "$leaks" >$out.leaks
	[ ! -s $out.leaks ]
}

no_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || skip "this kernel has no kmemleak"
	# kmemleak reports an object only some seconds after its allocation
	echo scan >$leaks
	sleep 6
	wait_until is_free_of_leaks || fail "$(cat $out.leaks)"
}

echo "1..$plan"
run loading_with_a_failed_allocation_leaks_nothing load_under_faults 1
run loading_contig_with_a_failed_allocation_leaks_nothing \
	load_under_faults 3 provider=contig
run kmemleak_reports_no_leaks no_leaks
