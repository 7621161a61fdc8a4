#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The files of ctl/: each line has its effect, and a refused line is logged and
# changes nothing. Fault injection is tested here too.

plan=19

. /module.sh

tracefs=/sys/kernel/tracing
numbers="min_free_kbytes watermark_scale_factor watermark_boost_factor"
numbers="$numbers extfrag_threshold compaction_proactiveness dirty_limit"
numbers="$numbers percpu_pagelist_high_fraction min_unmapped_ratio"
numbers="$numbers min_slab_ratio"
tunables="$numbers defrag_mode zone_reclaim_mode lowmem_reserve_ratio oom_policy"

# The files that show all settings of ctl/. Only some lines of zoneinfo are
# settings.
state_files=
for file in layout zonelists pagetypeinfo zoneinfo; do
	state_files="$state_files $dir/$file"
done
for file in online allowed_nodes isolate pcp $tunables latency record; do
	state_files="$state_files $dir/ctl/$file"
done

state() {
	# shellcheck disable=SC2086 # a list
	awk -v zoneinfo=$dir/zoneinfo 'FILENAME != zoneinfo ||
		/batch|high_m|min|low|high|protection/' $state_files
}

# The number of lines refused since the last comparison with the log, and the
# file of expected log lines. The rate limit passes ten lines after a load.
refused=0
expected=/tmp/ctl_test.expected

# The log must have one line for each refusal, with the refused text.
refusals_are_logged() {
	dmesg | sed -n 's/^\[[^]]*\] umbra: //
		s/^\(umbra0: ctl\/.*": must be \).*/\1/p' >$out.log
	cmp $expected $out.log || fail "logged: $(cat $out.log)"
	refused=0
}

load_again() {
	refusals_are_logged
	unload
	# shellcheck disable=SC2086 # a list
	load $parameters
	before=$(state)
}

refuse() {
	if [ $refused -eq 10 ]; then
		load_again
	fi
	if [ $refused -eq 0 ]; then
		log_mark
		: >$expected
	fi
	echo "$2" 2>$out.ctl >"$dir/ctl/$1" && fail "ctl/$1 accepted \"$2\""
	read_head $out.ctl
	case $head in
	*"$3"*)	;;
	*)	fail "ctl/$1: $2: $head" ;;
	esac
	refused=$((refused + 1))
	printf 'umbra0: ctl/%s: "%.63s": must be \n' "$1" "$2" >>$expected
	[ "$(state)" = "$before" ] || fail "ctl/$1: $2: changed: $(state)"
}

# A file must refuse each line with the text of an errno, and change nothing:
# ctl_refused FILE ERRNO-TEXT LINE...
ctl_refused() {
	file=$1 text=$2
	shift 2
	before=$(state)
	for line in "$@"; do
		refuse "$file" "$line" "$text"
	done
	verify_ok
}

einval() {
	file=$1
	shift
	ctl_refused "$file" "Invalid argument" "$@"
}

erange() {
	file=$1
	shift
	ctl_refused "$file" "Numerical result out of range" "$@"
}

# For tests that allocate nothing: a ghost instance takes no range of the host,
# so it loads fast.
load_ghost() {
	load provider=ghost size=32M "$@"
}

unload_after_refusals() {
	refusals_are_logged
	unload
}

fill_caches() {
	taskset 1 /hold 0:100 0:100:1 true || fail "hold on CPU 0"
	taskset 2 /hold 0:100 0:100:1 true || fail "hold on CPU 1"
}

# Caches of a fixed size keep their pages while they are idle.
drain() {
	load_still size=32M nodes=2 zones=Normal cpu_node=0,1 \
		pcp_batch=8 pcp_high=64
	fill_caches
	[ "$(cached_of cpu 0)" -gt 0 ] || fail "nothing is cached by CPU 0"
	others=$(cached_of cpu 1)
	[ "$others" -gt 0 ] || fail "nothing is cached by CPU 1"
	ctl drain "cpu 0"
	[ "$(cached_of cpu 0)" -eq 0 ] || fail "CPU 0 has $(cached_of cpu 0)"
	[ "$(cached_of cpu 1)" -eq "$others" ] || fail "CPU 1 lost its cache"
	ctl drain "node 0"
	[ "$(cached_of node 1)" -eq "$others" ] || fail "node 1 was drained"
	ctl drain "node 1"
	[ "$(cached)" -eq 0 ] || fail "$(cached) pages are cached"
	fill_caches
	ctl drain all
	[ "$(cached)" -eq 0 ] || fail "$(cached) pages are cached"
	all_is_free
	unload
}

drain_refuses() {
	load_ghost nodes=2
	einval drain "" cpu "cpu 99999" "cpu 4294967296" "cpu 0 1" "node 2" \
		"this line has more characters than a line for this file may ever have"
	unload_after_refusals
}

drain_is_traced() {
	events=$tracefs/events/umbra
	load_still size=32M
	[ -e $events/enable ] || skip "this kernel has no tracefs"
	taskset 1 /hold 0:50 true
	echo 1 >$events/umbra_page_pcpu_drain/enable
	echo >$tracefs/trace
	pages=$(cached)
	ctl drain all
	echo 0 >$events/umbra_page_pcpu_drain/enable
	event='umbra_page_pcpu_drain: pfn=0x[0-9a-f]* order=\([0-9]*\) migratetype=[0-9]'
	traced=$(sed -n "s/.*$event.*/\1/p" $tracefs/trace |
		awk '{
			pages = 1
			for (i = 0; i < $1; i++)
				pages *= 2
			n += pages
		}
		END { print n + 0 }')
	[ "$pages" -gt 0 ] || fail "nothing was cached"
	[ "$traced" -eq "$pages" ] || fail "$traced of $pages pages are traced"
	unload
}

offline_and_online() {
	load_still size=32M nodes=2 zones=DMA:2M,Normal cpu_node=0,1
	cat $dir/zonelists >/tmp/zonelists
	taskset 2 /hold 0:100 true
	ctl offline 1
	reads_as offline 0x1
	[ "$(node_order 0), $(node_order 1)" = "0, 0" ] ||
		fail "$(cat $dir/zonelists)"
	grep -qx 'Node 1, nofallback:' $dir/zonelists ||
		fail "$(cat $dir/zonelists)"
	[ "$(cached_of node 1)" -eq 0 ] || fail "caches have pages of node 1"
	free=$(node_free 1)
	taskset 2 /hold 0:500 3:20:1 true || fail "hold"
	[ "$(taskset 2 /hold 0:500 sh -c "$(node_free_now)")" -eq "$free" ] ||
		fail "node 1 was allocated from"
	/hold 0:4097 true 2>/dev/null && fail "allocated more than node 0 has"
	ctl offline 1
	ctl online 1
	cmp /tmp/zonelists $dir/zonelists || fail "$(cat $dir/zonelists)"
	taskset 2 /hold 3:10 true
	all_is_free
	unload
}

# Print a command that prints the free pages of node 1.
node_free_now() {
	echo "awk '/^node 1/ { sub(/.*free /, \"\"); n += \$0 } END { print n }' $dir/layout"
}

online_refuses() {
	load_ghost nodes=2
	einval offline 2 "0 1"
	einval online -1 4294967296
	ctl offline 0
	ctl_refused offline "Device or resource busy" 1
	ctl online 0
	unload_after_refusals
}

allowed_nodes() {
	load_still size=32M nodes=2 zones=Normal pcp_batch=0 min_free_kbytes=0
	reads_as allowed_nodes 0xffffffff
	ctl allowed_nodes 1
	free=$(node_free 1)
	[ "$(/hold 0:4000 sh -c "$(node_free_now)")" -eq "$free" ] ||
		fail "node 1 was allocated from"
	/hold 0:4097 true 2>/dev/null && fail "a node was used that is not allowed"
	ctl allowed_nodes 0xffffffff
	/hold 0:4097 true || fail "node 1 is still not allowed"
	all_is_free
	einval allowed_nodes 0 4 all 0x100000000
	unload_after_refusals
}

# Print the page frame numbers of frames A to B as "0xFIRST-0xLAST": pfns A B
pfns() {
	base=$(sed -n 's/^span 0: pfn \(0x[0-9a-f]*\)-.*/\1/p' $dir/layout)
	printf '0x%x-0x%x' $((base + $1)) $((base + $2))
}

isolation() {
	load_still size=32M zones=DMA:8M,Normal pcp_batch=0 min_free_kbytes=0
	free=$(total_free)
	# two pageblocks, given by one page of each
	ctl isolate "$(pfns 2559 2560)"
	reads_as isolate "$(pfns 2048 3071)"
	[ "$(total_free)" -eq $((free - 1024)) ] || fail "$(cat $dir/layout)"
	verify_ok
	/hold 0:7000 sh -c "tail -c +2049 $dir/frames | head -c 1024" |
		od -An -v -tx1 | grep -q '[89a-f][0-9a-f]' &&
		fail "isolated pages were allocated"
	/hold 0:7169 true 2>/dev/null && fail "isolated pages were allocated"
	ctl_refused isolate "Device or resource busy" "$(pfns 3071 3072)"
	refusals_are_logged
	ctl unisolate "$(pfns 2048 3071)"
	reads_as unisolate ""
	all_is_free
	[ "$(total_free)" -eq "$free" ] || fail "$(cat $dir/layout)"
	unload
}

isolation_refuses() {
	load_ghost zones=DMA:8M,Normal
	einval isolate x "$(pfns 511 0)" "$(pfns 2047 2048)" \
		"$(pfns 8191 8192)" "$(pfns 0 511) now" 0-0xffffffffffffffff
	einval unisolate -1-0
	unload_after_refusals
}

isolated_while_allocated() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0 policy=address
	/hold 0:1000 sh -c "echo $(pfns 0 1023) >$dir/ctl/isolate" ||
		fail "isolate"
	verify_ok
	/hold 0:7169 true 2>/dev/null && fail "freed pages were allocated"
	ctl unisolate "$(pfns 0 1023)"
	/hold 0:8192 true || fail "pages are missing"
	all_is_free
	unload
}

caches() {
	load_still size=32M pcp_batch=8 pcp_high=64
	ctl pcp "1 8"
	reads_as pcp "1 8"
	awk '$1 == "batch:" { bad += $2 != 1 }
	     $1 == "high_max:" { bad += $2 != 8 }
	     END { exit bad }' $dir/zoneinfo || fail "$(cat $dir/zoneinfo)"
	ctl pcp "0 0"
	/hold 0:50 true
	[ "$(cached)" -eq 0 ] || fail "$(cached) pages are cached"
	# Before they are automatic, because idle ones shrink then
	einval pcp 8 "-2 8" "8 -2" "8 65537" "65537 8" "1 2 3"
	ctl pcp "-1 -1"
	/hold 0:50 true
	[ "$(cached)" -gt 0 ] || fail "nothing is cached"
	unload_after_refusals
}

# Are both limits of each cache the given part of its zone, divided by the CPUs,
# or four batches? follows_fraction ZONEINFO FRACTION
follows_fraction() {
	awk -v part="$2" -v cpus="$(grep -c ^processor /proc/cpuinfo)" '
		$1 == "managed" { share = int(int($2 / part) / cpus) }
		$1 == "batch:" { most = share > 4 * $2 ? share : 4 * $2 }
		$1 == "high_min:" || $1 == "high_max:" { n++; bad += $2 != most }
		END { exit !n || bad }' "$1"
}

# The host has a file of the same name, which must do the same. Older hosts do
# not show the limits.
caches_follow_a_fraction() {
	host=/proc/sys/vm/percpu_pagelist_high_fraction
	load provider=ghost size=256M zones=DMA:8M,Normal
	first=$(state)
	grep -q high_min: /proc/zoneinfo || host=
	[ -z "$host" ] || was=$(cat $host)
	for fraction in 8 100 100000; do
		ctl percpu_pagelist_high_fraction $fraction
		follows_fraction $dir/zoneinfo $fraction ||
			fail "$fraction: $(cat $dir/zoneinfo)"
		[ -n "$host" ] || continue
		echo $fraction >$host
		follows_fraction /proc/zoneinfo $fraction ||
			fail "the host, $fraction: $(cat /proc/zoneinfo)"
	done
	ctl percpu_pagelist_high_fraction 0
	[ "$(state)" = "$first" ] || fail "$(state)"
	[ -z "$host" ] || echo "$was" >$host
	unload
}

tunables_read_back() {
	load_ghost zones=DMA:8M,Normal
	first=$(state)
	for file in $numbers; do
		read_head "$dir/ctl/$file"
		value=$head
		ctl "$file" 77
		reads_as "$file" 77
		ctl "$file" " 0x20 "
		reads_as "$file" 32
		ctl "$file" "$value"
	done
	reads_as defrag_mode 0
	ctl defrag_mode 1
	reads_as defrag_mode 1
	ctl defrag_mode 0
	ctl zone_reclaim_mode 7
	reads_as zone_reclaim_mode 7
	ctl zone_reclaim_mode 0
	ctl oom_policy kill
	reads_as oom_policy kill
	ctl oom_policy fail
	reads_as oom_policy fail
	ratios=$(printf '256\t256\t32\t0\t0')
	reads_as lowmem_reserve_ratio "$ratios"
	ctl lowmem_reserve_ratio "8  0	0 7 0"
	reads_as lowmem_reserve_ratio "$(printf '8\t0\t0\t7\t0')"
	# Normal has 24 MiB
	grep -q 'protection: (0, 0, 768, 768, 768)' $dir/zoneinfo ||
		fail "$(cat $dir/zoneinfo)"
	ctl lowmem_reserve_ratio "$ratios"
	if [ -e $dir/ctl/interleave_weights ]; then	# a kernel with nodes
		reads_as interleave_weights 1
		ctl interleave_weights " 0xff "
		reads_as interleave_weights 255
		ctl interleave_weights 1
	fi
	ctl min_free_kbytes 1
	ctl min_free_kbytes auto
	[ "$(state)" = "$first" ] || fail "$(state)"
	unload
}

tunables_refuse() {
	load_ghost zones=DMA:8M,Normal
	# the whole region is refused; the largest value leaves one page
	erange min_free_kbytes 32768 -2 99999999999999999999
	dmesg | grep -q 'must be auto, or from 0 to 32764$' || fail "$(dmesg)"
	ctl min_free_kbytes 32764
	reads_as min_free_kbytes 32764
	ctl min_free_kbytes auto
	einval min_free_kbytes "" automatic 12k "1 2"
	erange watermark_scale_factor 0 3001
	erange watermark_boost_factor -1 2147483648
	erange extfrag_threshold -1 1001
	erange compaction_proactiveness -1 101
	erange dirty_limit -1 101
	einval dirty_limit "" 5% auto
	erange percpu_pagelist_high_fraction -1 1 7 2147483648
	dmesg | grep -q 'must be 0, or from 8 to 2147483647$' || fail "$(dmesg)"
	einval percpu_pagelist_high_fraction "" 1/8 auto
	erange defrag_mode -1 2
	einval defrag_mode "" on
	erange zone_reclaim_mode -1 8
	erange min_unmapped_ratio -1 101
	erange min_slab_ratio -1 101
	einval lowmem_reserve_ratio "" "1 2 3 4" "1 2 3 4 5 6" "1 2 3 4 x"
	erange lowmem_reserve_ratio "1 2 3 4 -5" "1 2 2147483648 4 5"
	if [ -e $dir/ctl/interleave_weights ]; then
		einval interleave_weights "" "1 1" one
		erange interleave_weights 0 256 -1
	fi
	einval oom_policy "" panic 1
	einval latency "" 2 on
	einval record "" all 1k -1
	erange record 65537 4294967296
	einval compact "" 1 "node 1" "node 0 1"
	einval reclaim "" 0 all -1
	unload_after_refusals
}

# Is the number of free pages different? is_in_use NR-PAGES
is_in_use() {
	[ "$(total_free)" -ne "$1" ]
}

reserve_is_tuned() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
	/hold 0:8192 true || fail "cannot allocate all pages"
	ctl min_free_kbytes 16384
	[ "$(zoneinfo_sum min), $(zoneinfo_sum low), $(zoneinfo_sum high)" = \
		"4096, 5120, 6144" ] || fail "$(cat $dir/zoneinfo)"
	/hold 0:4097 true 2>/dev/null && fail "the reserve was allocated"
	/hold 0:4096 true || fail "cannot allocate the pages above the reserve"
	ctl min_free_kbytes 0
	[ "$(zoneinfo_sum min)" -eq 0 ] || fail "$(cat $dir/zoneinfo)"
	/hold 0:8192 true || fail "there is still a reserve"
	ctl watermark_scale_factor 1000
	[ "$(zoneinfo_sum low), $(zoneinfo_sum high)" = "819, 1638" ] ||
		fail "$(cat $dir/zoneinfo)"
	# allocations continue while the settings change
	/hold -t 1 & first=$!
	wait_until is_in_use 8192 || fail "no traffic"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ctl min_free_kbytes $((i * 1000))
		ctl watermark_scale_factor $((i * 100))
		ctl lowmem_reserve_ratio "$i $i $i $i $i"
		usleep 20000
		ctl min_free_kbytes auto
	done
	kill $first
	wait
	all_is_free
	unload
}

# Print a counter of vmstat: counted NAME
counted() {
	awk -v name="$1" '$1 == name { print $2 }' $dir/vmstat
}

# Print a command that reclaims 300 of 1000 pages.
reclaim_some() {
	echo "
	grep -qx 'nr_zone_inactive_file 1000' $dir/vmstat || exit 2
	[ \"\$(cat $dir/ctl/reclaim)\" = '1000 pages could be reclaimed' ] ||
		exit 3
	echo 300 >$dir/ctl/reclaim || exit 4
	awk '\$1 ~ /^nr_zone_(in)?active_file/ { n += \$2 }
	     END { exit n == 0 || n > 700 }' $dir/vmstat || exit 5
	echo 1000 2>/dev/null >$dir/ctl/reclaim && exit 6
	grep -qx 'nr_zone_inactive_file 0' $dir/vmstat"
}

reclaim() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
	sh -c "echo 1 >$dir/ctl/reclaim" 2>$out.ctl &&
		fail "reclaim succeeded without volatile pages"
	grep -q 'Resource temporarily unavailable' $out.ctl ||
		fail "$(cat $out.ctl)"
	steal=$(counted pgsteal_proactive) scan=$(counted pgscan_proactive)
	/hold 0:1000:4 sh -c "$(reclaim_some)" ||
		fail "step $?: $(cat $dir/vmstat)"
	[ $(($(counted pgsteal_proactive) - steal)) -eq 1000 ] ||
		fail "$(cat $dir/vmstat)"
	[ $(($(counted pgscan_proactive) - scan)) -ge 1000 ] ||
		fail "$(cat $dir/vmstat)"
	all_is_free
	unload
}

# Print the number of free pages in blocks of order 9 and 10.
large() {
	awk '{ n += $14 * 512 + $15 * 1024 } END { print n + 0 }' $dir/buddyinfo
}

# Allocate movable single pages, and free every second allocation.
compact() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
	ctl compact "node 0"
	set --
	for nr in 1 2 3 4 5 6 7 8 9 10 11 12; do
		set -- "$@" 0:300:1 0:300:1-
	done
	hold "$@"
	[ "$(total_free)" -eq $((8192 - 3600)) ] || fail "$(cat $dir/layout)"
	before=$(large)
	ctl compact all
	after=$(large)
	[ "$after" -gt $((before + 1024)) ] ||
		fail "$before pages, then $after: $(cat $dir/buddyinfo)"
	reads_as compact "$((after / 512)) free pageblocks"
	[ "$(counted pgmigrate_success)" -gt 0 ] || fail "$(cat $dir/vmstat)"
	verify_ok
	kill $holder
	wait
	all_is_free
	unload
}

# Is the counter of whole pageblocks what the free lists have?
pageblocks_are_counted() {
	[ "$(zoneinfo_sum nr_free_pages_blocks), $(counted nr_free_pages_blocks)" = \
		"$(large), $(large)" ] ||
		fail "$(large): $(cat $dir/buddyinfo $dir/zoneinfo $dir/vmstat)"
}

# Every second movable page is freed, so that no pageblock is whole. A page that
# cannot move gets a pageblock that compaction makes.
defrag() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
	pageblocks_are_counted
	# with fewer pieces the memory would be too little fragmented to compact
	set --
	while [ $# -lt 128 ]; do
		set -- "$@" 0:64:1 0:64:1-
	done
	hold "$@"
	[ "$(large)" -eq 0 ] || fail "$(cat $dir/buddyinfo)"
	pageblocks_are_counted
	moved=$(counted pgmigrate_success)
	ctl defrag_mode 1
	/hold 0:1 true || fail "no page"
	[ "$(counted pgmigrate_success)" -gt "$moved" ] ||
		fail "no pageblock was made: $(cat $dir/vmstat)"
	pageblocks_are_counted
	verify_ok
	kill $holder
	wait
	all_is_free
	unload
}

faults() {
	load size=32M
	fault=$dir/fail_umbra_alloc
	[ -d $fault ] || skip "this kernel has no fault injection"
	free=$(total_free)
	echo 0 >$fault/verbose
	echo -1 >$fault/times
	echo 100 >$fault/probability
	for blocks in 0:1 3:4:1 10:1 0:100:2; do
		/hold $blocks true 2>$out.hold && fail "$blocks succeeded"
		grep -q 'Cannot allocate memory' $out.hold ||
			fail "$(cat $out.hold)"
	done
	verify_ok
	echo 10 >$fault/probability
	/hold -t 1 5000 || fail "traffic"
	echo 0 >$fault/probability
	all_is_free
	[ "$(total_free)" -eq "$free" ] || fail "$(cat $dir/layout)"
	/hold 0:100 10:1 true || fail "allocations still fail"
	unload
}

files_have_modes() {
	load_ghost
	[ "$(stat -c %a:%u $dir/ctl/* | sort -u)" = 600:0 ] ||
		fail "$(stat $dir/ctl/*)"
	unload
}

echo "1..$plan"
run only_root_can_use_ctl_files files_have_modes
run drain_empties_caches drain
run drain_refuses_bad_lines drain_refuses
run drain_is_traced drain_is_traced
run node_goes_offline_and_online offline_and_online
run online_and_offline_refuse_bad_lines online_refuses
run allowed_nodes_limit_allocations allowed_nodes
run isolated_pages_are_not_allocated isolation
run isolation_refuses_bad_lines isolation_refuses
run allocated_pages_can_be_isolated isolated_while_allocated
run caches_can_be_tuned caches
run cache_sizes_follow_a_fraction_as_on_the_host caches_follow_a_fraction
run tunables_read_back tunables_read_back
run tunables_refuse_bad_lines tunables_refuse
run reserve_can_be_tuned_under_load reserve_is_tuned
run reclaim_frees_volatile_pages_on_demand reclaim
run compact_makes_large_blocks_on_demand compact
run defrag_mode_keeps_pageblocks_whole defrag
run injected_faults_fail_allocations faults
