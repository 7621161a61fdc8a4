#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Records: histograms of latencies, and decisions.

plan=3

. /module.sh

# Print the number of allocations in a histogram: timed KIND ORDER
timed() {
	awk -v kind="$1" -v order="$2" '$1 == kind && $2 == order {
		for (i = 3; i <= NF; i++) {
			split($i, part, ":")
			if (part[1] <= last && i > 3 ||
			    part[1] >= 4294967296 || part[2] == 0)
				exit
			last = part[1]
			n += part[2]
		}
	}
	END { print n + 0 }' $dir/latency
}

latency() {
	load_still size=32M zones=Normal pcp_batch=8 pcp_high=64 min_free_kbytes=0
	reads_as latency 0
	/hold 0:50 3:5 true
	[ "$(wc -l <$dir/latency)" -eq 1 ] || fail "$(cat $dir/latency)"
	ctl latency 1
	reads_as latency 1
	/hold 0:100 3:7 10:1 true
	[ "$(timed fast 0), $(timed fast 3), $(timed fast 10)" = "100, 7, 1" ] ||
		fail "$(cat $dir/latency)"
	ctl latency reset
	reads_as latency 1
	[ "$(wc -l <$dir/latency)" -eq 1 ] || fail "$(cat $dir/latency)"
	ctl latency 0
	/hold 0:100 true
	[ "$(timed fast 0)" -eq 0 ] || fail "$(cat $dir/latency)"
	# a request that finds no page takes the slow path, and reclaims
	/hold 0:8000 0:193 true 2>/dev/null && fail "allocated more than the region"
	[ "$(timed slow 0)" -ge 1 ] || fail "$(cat $dir/latency)"
	[ "$(timed reclaim 0)" -ge 1 ] || fail "$(cat $dir/latency)"
	ctl latency 1
	unload
	load size=32M
	reads_as latency 0
	unload
}

# Count recorded decisions whose line ends in this text: decisions TEXT
decisions() {
	grep -c -- "$1\$" $dir/decisions
}

recording() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
	reads_as record 0
	/hold 3:1 true
	[ -z "$(cat $dir/decisions $dir/decisions.json)" ] ||
		fail "recorded without being asked"
	ctl record 1000
	reads_as record 1024
	/hold 3:5 true
	[ "$(decisions ": request done, pfn 0x[0-9a-f]*")" -eq 5 ] ||
		fail "$(cat $dir/decisions)"
	[ "$(grep -c ": Node 0 Normal: a block of order 3 " $dir/decisions)" \
		-ge 5 ] || fail "$(cat $dir/decisions)"
	[ "$(wc -l <$dir/decisions)" -eq "$(wc -l <$dir/decisions.json)" ] ||
		fail "$(cat $dir/decisions.json)"
	# every line of JSON is an object with a number that grows
	awk -F '[:,]' '
	!/^[{]"seq":[0-9]+,"ns":[0-9]+,"cpu":.*[}]$/ { exit bad = 1 }
	$2 <= last { exit bad = 1 }
	{ last = $2 }
	END { exit bad || !NR }' $dir/decisions.json ||
		fail "$(cat $dir/decisions.json)"
	# the reason of a failure is among the last decisions
	/hold 0:8000 0:193 true 2>/dev/null && fail "allocated more than the region"
	[ "$(decisions ": request failed")" -ge 1 ] ||
		fail "$(tail -n 20 $dir/decisions)"
	[ "$(decisions "[0-9]* pages short")" -ge 1 ] ||
		fail "$(tail -n 20 $dir/decisions)"
	ctl record 0
	[ -z "$(cat $dir/decisions)" ] || fail "recorded after the end"
	ctl record 256
	unload
}

histogram_has_mode() {
	load_still size=8M zones=Normal
	[ "$(stat -c %a:%u $dir/latency)" = 400:0 ] || fail "$(stat $dir/latency)"
	read_head $dir/latency
	case $head in
	'# '*)	;;
	*)	fail "$(cat $dir/latency)" ;;
	esac
	unload
}

echo "1..$plan"
run latency_is_counted_only_when_enabled latency
run decisions_are_recorded_only_when_asked recording
run only_root_can_read_latency histogram_has_mode
