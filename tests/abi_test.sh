#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Documentation/ABI names what the module makes, and nothing else. The test
# machine has the names as /abi, a line each, and the header of the ioctls.

plan=4

. /module.sh

abi=/abi/names
header=/abi/umbra.h
debugfs=${dir%/*}
events=/sys/kernel/tracing/events/umbra
parameters_dir=/sys/module/umbra/parameters

# Two lists of names are the same, in any order: same_names DOCUMENTED MADE
same_names() {
	sort "$1" >/tmp/documented
	sort "$2" >/tmp/made
	[ -s /tmp/made ] || fail "nothing is made"
	diff /tmp/documented /tmp/made >/tmp/differ ||
		fail "only in Documentation/ABI (-), or made and not there (+):
$(grep '^[-+][^-+]' /tmp/differ)"
}

# Files of the first instance, with its name as it is written in Documentation/ABI;
# what the host's fault injection makes stands as its directory.
debugfs_files() {
	load_debug size=32M debug=owner
	find "$dir" -type f | sed "s,^$dir,$debugfs/<instance>,
		s,/fail_umbra_alloc/.*,/fail_umbra_alloc/," | sort -u >/tmp/files
	grep "^$debugfs/" $abi >/tmp/names
	has_fault_injection || sed -i '/fail_umbra_alloc/d' /tmp/names
	[ -d /sys/devices/system/node ] || sed -i '/interleave_weights/d' /tmp/names
	same_names /tmp/names /tmp/files
	unload
}

# The kernel injects faults if it offers to for allocations of its own.
has_fault_injection() {
	for directory in /sys/kernel/debug/fail*; do
		[ ! -d "$directory" ] || return 0
	done
	return 1
}

parameter_files() {
	load size=32M
	find "$parameters_dir" -type f >/tmp/files
	grep "^$parameters_dir/" $abi >/tmp/names
	same_names /tmp/names /tmp/files
	unload
}

event_directories() {
	load size=32M
	[ -d ${events%/*} ] || skip "this kernel has no events"
	find "$events" -mindepth 1 -maxdepth 1 -type d >/tmp/files
	grep "^$events/" $abi >/tmp/names
	same_names /tmp/names /tmp/files
	unload
}

ioctls() {
	sed -n 's/^#define \(UMBRA_IOC_[A-Z_]*\) _IO.*/\1/p' $header >/tmp/files
	grep '^UMBRA_IOC_' $abi >/tmp/names
	same_names /tmp/names /tmp/files
}

echo "1..$plan"
run debugfs_has_the_files_of_the_abi debugfs_files
run parameters_are_those_of_the_abi parameter_files
run events_are_those_of_the_abi event_directories
run ioctls_are_those_of_the_abi ioctls
