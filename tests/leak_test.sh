#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Loading while allocations of the host fail, and what is lost by then.

plan=3

. /module.sh

# The Nth allocation of the host fails while the module loads: /load -f
with_fault() {
	status=0
	/load -f "$@" 2>$out.load || status=$?
}

# False if the host had no range to give before it came to the Nth
is_fault_decided() {
	with_fault "$@"
	[ $status -ne 1 ] || ! was_busy
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

# Files of debugfs, in $nr_files
count_files() {
	set -- "$dir"/* "$dir"/*/*
	nr_files=$#
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
	count_files
	files=$nr_files
	unload
	nth=$low failures=0 loads=0 status=4
	while [ $status -ne 0 ] && [ $nth -lt 100000 ]; do
		wait_until is_fault_decided $nth $ko size=8M "$@"
		case $status in
		0)	;;
		3)	# there may be no debugfs files: they are not needed
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

# Scan, and see what is reported by now. Of what a CPU had in its registers the
# next scan finds a reference.
is_free_of_leaks() {
	echo scan >"$leaks"
	cat "$leaks" >$out.leaks
	[ ! -s $out.leaks ]
}

no_leaks() {
	leaks=/sys/kernel/debug/kmemleak
	[ -w $leaks ] || skip "this kernel has no kmemleak"
	# an object is reported when it has been unreferenced for some seconds
	echo scan >$leaks
	sleep 6
	wait_until is_free_of_leaks || fail "$(cat $out.leaks)"
}

echo "1..$plan"
run loading_under_faults_leaves_nothing load_under_faults 1
run loading_contig_under_faults_leaves_nothing \
	load_under_faults 3 provider=contig
run nothing_is_leaked no_leaks
