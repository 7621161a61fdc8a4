#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Module parameters for zones, nodes, caches, reserves, policies and debugging:
# each has its effect on the region, and bad values are refused.

plan=28

. /module.sh

policies="mainline, address, nogroup, bestfit, plain, fast"

# The zones must be as given: expect_zones "NODE NAME MANAGED"...
expect_zones() {
	want=$(printf '%s\n' "$@")
	have=$(zones | awk '{ print $1, $2, $3 }')
	[ "$have" = "$want" ] || fail "$(cat $dir/layout)"
	buddyinfo_adds_up || fail "$have is not $want"
	verify_ok
}

# In each zone, buddyinfo must have as many pages as layout shows free.
buddyinfo_adds_up() {
	have=$(awk '{
		sub(",", "", $2)
		n = 0
		for (i = NF; i >= 5; i--)
			n = 2 * n + $i
		print $2, $4, n
	}' $dir/buddyinfo)
	want=$(zones | awk '{ print $1, $2, $4 }')
	[ "$have" = "$want" ]
}

# Does verify report "ok" while blocks of every kind are allocated? False if
# background work kept it from checking some frames.
is_verified_in_use() {
	head=$(/hold 0:300 0:300:1 0:300:2 1:20:1 2:10:2 3:9 5:4:1 7:2 9:1:1 \
		/hold 0:500:1 4:3 head -n 1 $dir/verify) || fail "hold"
	case $head in
	ok)	return 0 ;;
	ok,*)	return 1 ;;
	esac
	fail "$head"
}

# Allocate, write and free blocks of every kind; then all pages must be free.
work() {
	/demo true >/dev/null || fail "demo"
	wait_until is_verified_in_use || fail "$head"
	/hold -t 1 1000 &
	/hold -t 2 1000 || fail "traffic"
	wait $! || fail "traffic"
	wait_until buddyinfo_adds_up || fail "$have is not $want"
	all_is_free
}

default_layout() {
	load size=64M
	expect_zones "0 DMA 1024" "0 DMA32 3072" "0 Normal 8192" \
		"0 HighMem 2048" "0 Movable 2048"
	[ "$(node_order 0)" = 0 ] || fail "$(cat $dir/zonelists)"
	grep -qx 'Node 0, fallback: 0:Movable 0:HighMem 0:Normal 0:DMA32 0:DMA' \
		$dir/zonelists || fail "$(cat $dir/zonelists)"
	grep -qx 'policy mainline' $dir/layout || fail "$(cat $dir/layout)"
	work
	unload
}

small_region() {
	load size=30M
	expect_zones "0 Normal 7680"
	unload
}

zones_with_sizes() {
	load size=64M zones=DMA:4M,Normal:40M,Movable:20M
	expect_zones "0 DMA 1024" "0 Normal 10240" "0 Movable 5120"
	work
	unload
}

zone_without_size() {
	load size=32M zones=dma32:8M,highmem
	expect_zones "0 DMA32 2048" "0 HighMem 6144"
	unload
	load size=32M zones=DMA,DMA32:4096K,Normal:2M,HighMem:0x200000,Movable:2M
	expect_zones "0 DMA 5632" "0 DMA32 1024" "0 Normal 512" \
		"0 HighMem 512" "0 Movable 512"
	unload
	# not a multiple of the largest block
	load size=30M zones=DMA:10M,Normal:20M
	expect_zones "0 DMA 2560" "0 Normal 5120"
	unload
}

nodes_of_our_own() {
	load size=64M nodes=2
	expect_zones "0 DMA 512" "0 DMA32 1536" "0 Normal 4096" \
		"0 HighMem 1024" "0 Movable 1024" \
		"1 DMA 512" "1 DMA32 1536" "1 Normal 4096" \
		"1 HighMem 1024" "1 Movable 1024"
	[ "$(node_order 0) $(node_order 1)" = "0 1 1 0" ] ||
		fail "$(cat $dir/zonelists)"
	work
	unload
	load size=64M nodes=4
	expect_zones "0 Normal 4096" "1 Normal 4096" "2 Normal 4096" \
		"3 Normal 4096"
	unload
	load size=64M nodes=3 zones=DMA:2M,Movable
	expect_zones "0 DMA 512" "0 Movable 4608" "1 DMA 512" \
		"1 Movable 4608" "2 DMA 512" "2 Movable 5632"
	unload
}

most_nodes() {
	load provider=ghost size=64M nodes=32
	[ "$(zones | wc -l)" -eq 32 ] || fail "$(cat $dir/layout)"
	unload
}

distances() {
	load provider=ghost size=64M nodes=4 \
		distance=10,20,30,40/40,10,30,20/30,20,10,40/20,30,40,10
	order="$(node_order 0), $(node_order 1), $(node_order 2), $(node_order 3)"
	[ "$order" = "0 1 2 3, 1 3 2 0, 2 1 0 3, 3 0 1 2" ] || fail "$order"
	unload
	load provider=ghost size=64M nodes=2 distance=10,255,255,10
	[ "$(node_order 1)" = "1 0" ] || fail "$(cat $dir/zonelists)"
	unload
}

cpus_of_nodes() {
	load size=32M nodes=2 cpu_node=1,0 zones=Normal pcp_batch=0
	# CPU 0 belongs to node 1, and CPU 1 to node 0
	for cpu in 0 1; do
		before=$(zoneinfo_sum numa_local $((1 - cpu)))
		taskset $((1 << cpu)) /hold 3:100 true || fail "hold on CPU $cpu"
		now=$(zoneinfo_sum numa_local $((1 - cpu)))
		[ $((now - before)) -ge 100 ] || fail "CPU $cpu: $before, $now"
	done
	unload
	load size=32M nodes=2 zones=Normal pcp_batch=0
	before=$(zoneinfo_sum numa_local 1)
	taskset 2 /hold 3:100 true || fail "hold on CPU 1"
	[ $(($(zoneinfo_sum numa_local 1) - before)) -ge 100 ] ||
		fail "CPU 1 is not of node 1"
	unload
}

pageblock_orders() {
	for order in 0 5 10; do
		load size=32M pb_order=$order
		grep -qx "pageblock_order $order" $dir/layout ||
			fail "$(cat $dir/layout)"
		grep -qx "Page block order: $order" $dir/pagetypeinfo ||
			fail "$(head -n 2 $dir/pagetypeinfo)"
		work
		unload
	done
	load size=32M pb_order=5 zones=DMA:128K,Normal
	expect_zones "0 DMA 32" "0 Normal 8160"
	unload
}

policy() {
	load_still size=32M zones=Normal pcp_batch=0 "policy=$1"
	grep -qx "policy $1" $dir/layout || fail "$(cat $dir/layout)"
	work
	case $1 in
	address)
		# the lowest frame is taken first
		[ "$(/hold 0:1 od -An -tx1 -N1 $dir/frames)" = " 90" ] ||
			fail "$(od -An -tx1 -N8 $dir/frames)" ;;
	nogroup|plain)
		awk '/^Number of blocks/ { getline; exit $5 != 16 }' \
			$dir/pagetypeinfo || fail "$(cat $dir/pagetypeinfo)" ;;
	esac
	unload
}

debugging() {
	load_debug size=32M "debug=$1"
	if [ "${1%owner*}" = "$1" ]; then
		[ ! -e $dir/page_owner ] || fail "page_owner exists"
	else
		[ -e $dir/page_owner ] || fail "page_owner does not exist"
	fi
	log_mark
	work
	if [ "$1" = poison,guard,refs,owner ]; then
		/fill || fail "fill"
		work
	fi
	log_since | grep -E '^umbra' && fail "the kernel log has messages"
	grep -qx 'misuses reported: 0' $dir/verify || fail "$(cat $dir/verify)"
	unload
}

reserves() {
	# 256 pages; each zone rounds its share down
	load_still size=64M zones=DMA:8M,DMA32:16M,Normal min_free_kbytes=1024
	min=$(zoneinfo_sum min)
	{ [ "$min" -ge 254 ] && [ "$min" -le 256 ]; } || fail "min is $min"
	[ "$(zoneinfo_sum low)" -gt "$min" ] || fail "low is $(zoneinfo_sum low)"
	/hold 0:$((16384 - min - 600)) true || fail "cannot allocate the pages above min"
	/hold 0:16384 true 2>/dev/null && fail "the reserve was allocated"
	unload
	load size=32M zones=Normal min_free_kbytes=0
	[ "$(zoneinfo_sum min)" -eq 0 ] || fail "min is $(zoneinfo_sum min)"
	unload
	# the square root of 16 times the size
	load size=64M zones=Normal
	[ "$(zoneinfo_sum min)" -eq 256 ] || fail "min is $(zoneinfo_sum min)"
	unload
}

caches() {
	load_still size=32M zones=Normal pcp_batch=0
	/hold 0:100 true
	[ "$(cached)" -eq 0 ] || fail "$(cached) pages are cached"
	unload
	load_still size=32M zones=Normal pcp_batch=8 pcp_high=64
	awk '$1 == "batch:" { bad += $2 != 8 }
	     $1 == "high_min:" || $1 == "high_max:" { bad += $2 != 64 }
	     END { exit bad }' $dir/zoneinfo || fail "$(cat $dir/zoneinfo)"
	taskset 1 /hold 0:1000 true
	{ [ "$(cached)" -gt 0 ] && [ "$(cached)" -le 128 ]; } ||
		fail "$(cached) pages are cached"
	all_is_free
	unload
	load_still size=32M
	taskset 1 /hold 0:100 true
	[ "$(cached)" -gt 0 ] || fail "nothing is cached"
	all_is_free
	unload
}

# Loading must fail, see load_fails: bad ERRNO-TEXT PATTERN PARAMETER... A ghost
# instance takes no range of the host, so this is fast.
bad() {
	error=$1 line=$2
	shift 2
	load_fails "$error" "$line" provider=ghost size=32M "$@"
}

bad_zones() {
	e="Invalid argument"
	bad "$e" 'zones=Foo: .*Movable' zones=Foo
	bad "$e" 'zones=: .*Movable' zones=DMA,
	bad "$e" 'zones=DMA:: ' zones=DMA:
	bad "$e" 'zones=DMA:0: ' zones=DMA:0
	bad "$e" 'zones=DMA:3K: .*4096' zones=DMA:3K
	bad "$e" 'zones=DMA:99999999999G: ' zones=DMA:99999999999G
	bad "$e" 'zones=Normal,DMA: .*order' zones=Normal,DMA
	bad "$e" 'zones=DMA,DMA: .*once' zones=DMA,DMA
	bad "$e" 'zones=.*: .*at most 5' zones=DMA,DMA32,Normal,HighMem,Movable,DMA
	bad "$e" 'zones: .*8192' zones=Normal:16M
	bad "$e" 'zones: .*8192' zones=DMA,Normal
	bad "$e" 'zones: .*8192' zones=DMA:32M,Normal
	bad "$e" 'zones: .*8192' zones=DMA:64M
	bad "$e" 'zones: DMA of 256 pages .*512' zones=DMA:1M,Normal nodes=2
	bad "$e" 'zones=DMA:1M,Normal:30M: .*8192' zones=DMA:1M,Normal:30M
	bad "$e" 'zones=DMA:1M,Normal: .*8192' zones=DMA:1M,Normal
}

bad_nodes() {
	e="Invalid argument"
	bad "$e" 'nodes=33: .*32' nodes=33
	bad "$e" 'nodes=17: .*512' nodes=17
	bad "$e" 'nodes=4294967295: .*32' nodes=4294967295
	bad "$e" '.*invalid for parameter' nodes=-1
	bad "$e" '.*invalid for parameter' nodes=two
	bad "$e" 'distance=10: .*4 numbers' distance=10 nodes=2
	bad "$e" 'distance=10,20/20,10,9: .*4' distance=10,20/20,10,9 nodes=2
	bad "$e" 'distance=10,9,9,10: .*10' distance=10,9,9,10 nodes=2
	bad "$e" 'distance=11,20,20,10: .*10' distance=11,20,20,10 nodes=2
	bad "$e" 'distance=10,256,20,10: .*255' distance=10,256,20,10 nodes=2
	bad "$e" 'distance=10,far,20,10: .*255' distance=10,far,20,10 nodes=2
	bad "$e" 'cpu_node=0,2: .*1' cpu_node=0,2 nodes=2
	bad "$e" 'cpu_node=0,x: ' cpu_node=0,x nodes=2
	many=$(seq 120 | awk '{ printf "%s0", n++ ? "," : "" }')
	bad "$e" 'cpu_node=.*: .*at most' "cpu_node=$many"
}

bad_numbers() {
	e="Invalid argument"
	bad "$e" 'pb_order=11: .*10' pb_order=11
	bad "$e" '.*invalid for parameter' pb_order=abc
	bad "$e" 'pcp_batch=-2: .*65536' pcp_batch=-2
	bad "$e" 'pcp_batch=65537: .*65536' pcp_batch=65537
	bad "$e" 'pcp_high=-2: .*65536' pcp_high=-2
	bad "$e" 'pcp_high=65537: .*65536' pcp_high=65537
	bad "$e" 'min_free_kbytes=-2: .*-1' min_free_kbytes=-2
	bad "Numerical result out of range" '.*' min_free_kbytes=9999999999
}

# Print the number of pageblocks in pagetypeinfo, and the pages of zoneinfo.
count_blocks() {
	awk '/^Number of blocks/ { counts = 1; next }
		/^$/ { counts = 0 }
		counts { for (i = 5; i <= NF; i++) n += $i }
		END { print n + 0 }' $dir/pagetypeinfo
}

# Only pageblocks with pages count: expect_blocks NUMBER PARAMETER...
expect_blocks() {
	blocks=$1
	shift
	load provider=ghost "$@"
	have=$(count_blocks)
	[ "$have" = "$blocks" ] || fail "$*: $have pageblocks"
	present=$(awk '/present/ { n += $2 } END { print n }' $dir/zoneinfo)
	managed=$(awk '/managed/ { n += $2 } END { print n }' $dir/zoneinfo)
	[ "$present" = "$managed" ] || fail "$*: $present present, $managed managed"
	rmmod umbra
}

blocks_without_pages() {
	expect_blocks 4 size=128K pb_order=3
	expect_blocks 1 size=36K zones=Normal
	expect_blocks 3 size=5M zones=Normal
}

# One free block of order 9, and none of order 10
negative_index() {
	load provider=ghost size=2M zones=Normal pcp_batch=0 min_free_kbytes=0
	read_head $dir/extfrag/extfrag_index
	[ "${head##*-1.000 }" = "-0.500 " ] || fail "$head"
}

bad_names() {
	e="Invalid argument"
	bad "$e" "policy=foo: must be one of $policies" policy=foo
	bad "$e" "policy='': must be one of $policies" "policy=''"
	bad "$e" 'debug=foo: .*poison' debug=foo
	bad "$e" 'debug=guard,: .*poison' debug=guard,
	bad "$e" 'debug=poison: .*ghost' debug=refs,poison
}

echo "1..$plan"
run default_layout_has_all_zones default_layout
run small_region_has_only_zone_normal small_region
run zones_have_the_given_sizes zones_with_sizes
run zone_without_size_gets_the_rest zone_without_size
run nodes_have_equal_sizes nodes_of_our_own
run region_can_have_32_nodes most_nodes
run distances_order_the_nodes distances
run cpus_belong_to_the_given_nodes cpus_of_nodes
run pageblock_order_can_be_0_5_or_10 pageblock_orders
for name in $(echo "$policies" | tr -d ,); do
	run "policy_$name" policy "$name"
done
for name in poison guard refs owner; do
	run debug_$name debugging $name
done
run debug_all debugging poison,guard,refs,owner
run only_pageblocks_with_pages_count blocks_without_pages
run negative_fragmentation_index_has_a_sign negative_index
run reserves_match_the_parameters reserves
run caches_match_the_parameters caches
for kind in zones nodes numbers names; do
	run bad_${kind}_are_refused loses_nothing bad_$kind
done
