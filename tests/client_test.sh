#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The examples: modules that use umbra, and a program that uses /dev/umbra.

plan=10

. /module.sh

client=/umbra_client.ko
optional=/umbra_optional.ko
use=/sys/kernel/debug/umbra_optional
instance=/umbra_instance.ko
whole=/umbra_whole.ko

# Run a test, and unload the clients of a test that failed: try NAME FUNCTION
try() {
	run "$@"
	rmmod umbra_client 2>/dev/null
	rmmod umbra_optional 2>/dev/null
	rmmod umbra_instance 2>/dev/null
	rmmod umbra_whole 2>/dev/null
	rmmod umbra 2>/dev/null
}

# The kernel log must have a line since log_mark: logged PATTERN
logged() {
	log_since | grep -q "^$1\$" || fail "no line \"$1\": $(log_since)"
}

# Loading a module must fail with a message: insmod_fails MESSAGE MODULE...
insmod_fails() {
	message=$1
	shift
	insmod "$@" 2>$out.insmod && fail "insmod $* succeeded"
	grep -q "$message" $out.insmod || fail "$(cat $out.insmod)"
}

# Unloading a module must be refused while it is in use: stays MODULE
stays() {
	rmmod "$1" 2>$out.rmmod && fail "rmmod of $1 succeeded"
	grep -q "temporarily unavailable" $out.rmmod || fail "$(cat $out.rmmod)"
}

client_keeps_umbra() {
	load size=16M zones=Normal
	log_mark
	insmod $client order=3 count=5 || fail "insmod"
	logged "umbra_client: has 5 blocks of order 3; [0-9]* of 4096 pages are free"
	ctl drain all
	[ $((4096 - $(total_free))) -eq 40 ] ||
		fail "the client does not have 40 pages: $(cat $dir/layout)"
	stays umbra
	rmmod umbra_client || fail "rmmod of the client"
	logged "umbra_client: frees 5 of 5 blocks"
	all_is_free
	unload
}

# Two blocks have the 16 pages that are reclaimed.
pool_shrinks() {
	load size=16M zones=Normal
	insmod $client order=3 count=5 || fail "insmod"
	log_mark
	ctl reclaim 16
	rmmod umbra_client || fail "rmmod of the client"
	logged "umbra_client: frees 3 of 5 blocks"
	all_is_free
	unload
}

no_umbra() {
	insmod_fails "unknown symbol" $client
}

no_memory() {
	load provider=ghost size=16M
	log_mark
	insmod_fails "No such device" $client
	logged "umbra_client: umbra has no memory"
	insmod $optional || fail "insmod of a client that can do without umbra"
	logged "umbra_optional: works without umbra"
	rmmod umbra_optional || fail "rmmod of the client"
	unload
}

not_enough() {
	load size=16M zones=Normal
	log_mark
	insmod_fails "Cannot allocate memory" $client order=9 count=9
	logged "umbra_client: umbra has no 9 blocks of order 9"
	all_is_free
	unload
}

joins_and_leaves() {
	log_mark
	insmod $optional || fail "insmod without umbra"
	logged "umbra_optional: works without umbra"
	echo 1 2>/dev/null >$use && fail "umbra can be used without being loaded"
	load size=16M zones=Normal
	echo 1 >$use || fail "cannot use umbra"
	logged "umbra_optional: uses umbra"
	stays umbra
	echo 0 >$use || fail "cannot let umbra go"
	all_is_free
	unload
	load size=16M zones=Normal
	echo 1 >$use || fail "cannot use umbra again"
	rmmod umbra_optional || fail "rmmod of the client"
	all_is_free
	unload
}

user_program() {
	/umbra_user 2>$out.user && fail "runs without umbra"
	grep -q "umbra is not loaded" $out.user || fail "$(cat $out.user)"
	load size=16M zones=Normal
	/umbra_user 4 3 >$out.user 2>&1 || fail "$(cat $out.user)"
	grep -qx "196608 bytes of new memory, from u to u" $out.user ||
		fail "$(cat $out.user)"
	/umbra_user 11 2>$out.user >&2 && fail "order 11 was allocated"
	grep -q "order 11: the order or the count is out of range" $out.user ||
		fail "$(cat $out.user)"
	/umbra_user 10 4 2>$out.user >&2 && fail "all of umbra was allocated"
	grep -q "order 10: umbra has not enough free blocks; see the kernel log" $out.user ||
		fail "$(cat $out.user)"
	all_is_free
	unload
}

# A counter of the instance of the example: counts_as NAME NUMBER
counts_as() {
	grep -qx "$1 $2" ${dir%/*}/example/vmstat ||
		fail "$1 is not $2: $(grep "$1" ${dir%/*}/example/vmstat)"
}

# The instance gets a page that cannot be moved: chooses POLICY CLAIMS STEALS
chooses() {
	insmod $instance "policy=$1" || fail "insmod with policy $1"
	grep -qx "policy $1" ${dir%/*}/example/layout ||
		fail "$(cat ${dir%/*}/example/layout)"
	counts_as fallback_claim "$2"
	counts_as fallback_steal "$3"
	counts_as policy_refused 0
	read_head ${dir%/*}/example/verify
	[ "$head" = ok ] || fail "$(cat ${dir%/*}/example/verify)"
}

policy_of_a_module() {
	load size=16M zones=Normal
	log_mark
	insmod $whole || fail "insmod of the policy"
	logged "umbra: policy whole: registered"
	chooses mainline 1 0
	rmmod umbra_instance || fail "rmmod of the instance"
	chooses whole 0 1
	stays umbra_whole
	stays umbra
	rmmod umbra_instance || fail "rmmod of the instance"
	stays umbra
	rmmod umbra_whole || fail "rmmod of the policy"
	unload
}

policy_is_missing() {
	load size=16M zones=Normal
	insmod_fails "Invalid argument" $instance policy=whole
	insmod $whole || fail "insmod of the policy"
	chooses whole 0 1
	rmmod umbra_instance || fail "rmmod of the instance"
	rmmod umbra_whole || fail "rmmod of the policy"
	insmod_fails "Invalid argument" $instance policy=whole
	chooses mainline 1 0
	rmmod umbra_instance || fail "rmmod of the instance"
	unload
}

# A zone keeps a block from requests of higher zones, and Movable has two for
# movable requests. The log names these zones.
not_the_whole_instance() {
	load size=64M
	/umbra_user 10 10 >$out.user 2>&1 || fail "$(cat $out.user)"
	all_is_free
	log_mark
	/umbra_user 10 11 2>$out.user >&2 && fail "11 blocks were allocated"
	keeps="keeps 1 (10[0-9]* pages free, min [0-9]*, lowmem_reserve [0-9]*)"
	logged "umbra: umbra0: umbra_user: no block of order 10; node 0 DMA $keeps; node 0 DMA32 $keeps; node 0 Normal $keeps; node 0 HighMem $keeps; node 0 Movable has 2, for other requests"
	all_is_free
	unload
}

echo "1..$plan"
try umbra_stays_until_its_client_is_gone client_keeps_umbra
try umbra_makes_the_pool_of_a_client_smaller pool_shrinks
try client_by_symbols_is_refused_without_umbra no_umbra
try clients_are_told_that_umbra_has_no_memory no_memory
try client_that_cannot_have_its_blocks_leaves_none not_enough
try optional_client_joins_and_leaves_a_loaded_umbra joins_and_leaves
try policy_of_a_module_stays_while_an_instance_has_it policy_of_a_module
try policy_that_is_not_loaded_cannot_be_named policy_is_missing
try log_says_which_zones_keep_their_blocks not_the_whole_instance
try user_program_allocates_and_explains_failures user_program
