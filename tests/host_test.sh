#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Watermarks and nodes of umbra must match those of the host.

plan=4

. /module.sh

# Print a zoneinfo as lines "ZONE NAME VALUE", for the zones of node 0 that have
# pages. Each protection value is named after the zone of the request.
zone_values() {
	awk '
	/^Node/ { here = $2 == "0,"; zone = $4; if (here) names[nr++] = zone }
	!here { next }
	$1 ~ /^(managed|boost|min|low|high|promo)$/ { value[zone, $1] = $2 }
	/protection:/ {
		gsub(/[(),]/, " ")
		for (i = 2; i <= NF; i++)
			against[zone, i - 2] = $i
		columns = NF - 1
	}
	END {
		for (i = 0; i < nr; i++) {
			zone = names[i]
			if (!value[zone, "managed"])
				continue
			boost = value[zone, "boost"]
			print zone, "managed", value[zone, "managed"]
			print zone, "min", value[zone, "min"] - boost
			print zone, "low", value[zone, "low"] - boost
			print zone, "high", value[zone, "high"] - boost
			print zone, "promo", value[zone, "promo"] - boost
			for (j = 0; j < columns; j++)
				print zone, "against-" column(j), against[zone, j]
		}
	}
	# The host lists empty zones too. umbra lists no empty zone, but has a
	# column for each.
	function column(j) {
		return ours ? substr("DMA    DMA32  Normal HighMemMovable",
				     7 * j + 1, 7) : names[j]
	}' "$@" | sed 's/  */ /g' |
		grep -vE 'against-(Device|HighMem)'
}

host_release_is_new() {
	[ "$(uname -r | cut -d . -f 1)" -ge 7 ]
}

# Make the host compute its watermarks again, from the memory that it has now.
recompute() {
	cat /proc/sys/vm/min_free_kbytes >/tmp/min
	cat /tmp/min >/proc/sys/vm/min_free_kbytes
	cat /proc/sys/vm/lowmem_reserve_ratio >/tmp/ratio
	cat /tmp/ratio >/proc/sys/vm/lowmem_reserve_ratio
}

# Do both files have the same values? A boost of the host may begin or end while
# its file is read.
matches_the_host() {
	zone_values /proc/zoneinfo >/tmp/host
	cmp /tmp/host /tmp/ours >$out.cmp
}

watermarks() {
	host_release_is_new ||
		skip "older kernels compute watermarks in another way"
	[ "$(grep -c '^Node.*zone *Normal' /proc/zoneinfo)" -eq 1 ] ||
		skip "this machine has several nodes"
	recompute
	zone_values /proc/zoneinfo >/tmp/host
	zones=$(awk '$2 == "managed" { printf "%s%s:%dK", n++ ? "," : "", $1, $3 * 4 }' \
		/tmp/host)
	kib=$(awk '$2 == "managed" { n += $3 * 4 } END { print n }' /tmp/host)
	load provider=ghost "size=${kib}K" "zones=$zones" \
		"min_free_kbytes=$(cat /tmp/min)"
	zone_values ours=1 $dir/zoneinfo >/tmp/ours
	wait_until matches_the_host || fail "host: $(cat /tmp/host)
ours: $(cat /tmp/ours)"
	echo "$(wc -l </tmp/host) values of $zones are the same"
	unload
}

nr_nodes() {
	find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l
}

needs_nodes() {
	[ "$(nr_nodes)" -gt 1 ] || skip "this machine has one node"
}

# Load with memory of every node. False if a node had no free range at that
# moment.
spans_all_nodes() {
	load provider=contig size=96M
	[ "$(grep -c '^span' $dir/layout)" -ne "$(nr_nodes)" ] || return 0
	cat $dir/layout >$out.layout
	unload
	return 1
}

load_on_all_nodes() {
	wait_until spans_all_nodes || fail "$(cat $out.layout)"
}

region_of_each_node() {
	needs_nodes
	load_on_all_nodes
	[ "$(zones | awk '{ print $1 }' | uniq | wc -l)" -eq "$(nr_nodes)" ] ||
		fail "$(cat $dir/layout)"
	# each span has memory of a different node of the host
	sed -n 's/^span \([0-9]*\): pfn \(0x[0-9a-f]*\)-.*/\1 \2/p' $dir/layout |
		while read -r node pfn; do
			[ "$(host_node $((pfn)))" = "$node" ] ||
				echo "span $node is on node $(host_node $((pfn)))"
		done >/tmp/spans
	[ ! -s /tmp/spans ] || fail "$(cat /tmp/spans)"
	/hold 0:3000 5:100:1 true || fail "hold"
	all_is_free
	unload
}

# Print the host node of a page frame number, from the bounds of the host's
# zones: host_node PFN
host_node() {
	awk -v pfn="$1" '
		/^Node/ { node = $2 + 0 }
		$1 == "spanned" { spanned = $2 }
		$1 == "start_pfn:" && spanned && pfn >= $2 &&
			pfn < $2 + spanned { print node }' /proc/zoneinfo
}

distances_follow() {
	needs_nodes
	load_on_all_nodes
	for node in $(seq 0 $(($(nr_nodes) - 1))); do
		want=$(awk '{ for (i = 1; i <= NF; i++) print $i, i - 1 }' \
			/sys/devices/system/node/node"$node"/distance |
			sort -n | awk '{ printf "%s%s", n++ ? " " : "", $2 }')
		[ "$(node_order "$node")" = "$want" ] ||
			fail "node $node: $want: $(cat $dir/zonelists)"
	done
	unload
}

cpus_follow() {
	needs_nodes
	load_on_all_nodes
	for cpu in 0 1; do
		node=$(find /sys/devices/system/cpu/cpu$cpu/ -maxdepth 1 \
			-name 'node[0-9]*' | sed 's/.*node//')
		hit=$(zoneinfo_sum numa_hit "$node")
		local=$(zoneinfo_sum numa_local "$node")
		taskset $((1 << cpu)) /hold 2:200 true || fail "hold"
		[ $(($(zoneinfo_sum numa_hit "$node") - hit)) -ge 200 ] ||
			fail "CPU $cpu does not allocate from node $node"
		[ $(($(zoneinfo_sum numa_local "$node") - local)) -ge 200 ] ||
			fail "CPU $cpu is not local to node $node"
	done
	# a request for more pages than node 0 has
	taskset 1 /hold 0:12000 true || fail "hold"
	[ "$(zoneinfo_sum numa_foreign 0)" -gt 0 ] || fail "numa_foreign is 0"
	awk '$1 == "numa_miss" { miss += $2 }
	     $1 == "numa_foreign" { foreign += $2 }
	     END { exit !miss || miss != foreign }' $dir/zoneinfo ||
		fail "$(cat $dir/vmstat)"
	all_is_free
	unload
}

echo "1..$plan"
run watermarks_match_the_host watermarks
run region_has_memory_of_each_node region_of_each_node
run distances_match_the_host distances_follow
run cpus_belong_to_the_nodes_of_the_host cpus_follow
