#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tools that read files of the host understand the same files of umbra: of each
# layout, all numbers that a tool finds agree. The tools are rewritten in
# parsers.c, and also read the files of this host; broken files are refused.
# A name is the host's, or Documentation/ABI says that it is umbra's own: the
# test machine has these names as /abi/own.

plan=10

. /module.sh

read="buddyinfo zoneinfo vmstat pagetypeinfo"

# Read the files of a directory: read_files DIRECTORY
read_files() {
	for name in $read; do
		/parsers "$name" "$1/$name" >"/tmp/$name" 2>$out.parse ||
			fail "$1/$name: $(cat $out.parse)"
	done
}

# Print "NODE ZONE FREE-PAGES" for each zone, from one of the files that were
# read: zones_in NAME
zones_in() {
	case $1 in
	buddyinfo) awk '{
			n = 0
			for (i = NF; i > 2; i--)
				n = 2 * n + $i
			print $1, $2, n
		}' /tmp/buddyinfo ;;
	pagetypeinfo) awk '{
			zone = $1 " " $2
			if (!(zone in pages))
				order[nr++] = zone
			for (i = 4; i <= NF; i++)
				pages[zone] += $i
		}
		END { for (i = 0; i < nr; i++)
			print order[i], pages[order[i]] }' /tmp/pagetypeinfo ;;
	zoneinfo) awk '$3 == "nr_free_pages" { print $1, $2, $4 }' /tmp/zoneinfo ;;
	esac
}

# The zones and, up to a number of pages, their free pages must be the same in
# all files: agree SLACK
agree() {
	zones_in buddyinfo >/tmp/zones
	for name in pagetypeinfo zoneinfo; do
		zones_in $name >/tmp/zones.$name
		awk -v slack="$1" '
			NR == FNR { zone[NR] = $1 " " $2; free[NR] = $3; n = NR; next }
			{
				differ = $3 - free[FNR]
				if ($1 " " $2 != zone[FNR] ||
				    differ > slack || -differ > slack)
					exit bad = 1
			}
			END { exit bad || !n || FNR != n }' \
			/tmp/zones /tmp/zones.$name || return 1
	done
	awk -v slack="$1" '
		NR == FNR { n += $3; next }
		$1 == "nr_free_pages" { n -= $2; found++ }
		END { exit found != 1 || n > slack || -n > slack }' \
		/tmp/zones /tmp/vmstat
}

reads_and_agrees() {
	read_files "$1"
	agree "$2"
}

# Wait until the files of a directory agree: they are not read at one moment.
wait_for_agreement() {
	wait_until reads_and_agrees "$1" "$2" ||
		fail "$1: $(cat /tmp/zones /tmp/zones.*) $(head -n 1 /tmp/vmstat)"
}

# Each zone must have the values, and the first zone of a node more of them:
# has_values NAME... -- NAME...
has_values() {
	awk -v names="$*" '
		NR == FNR { if ($3 > 0) zones[$1 " " $2]; next }
		{ has[$1 " " $2 " " $3] = $4; first[$1] = first[$1] ? first[$1] : $2 }
		END {
			n = split(names, name)
			for (zone in zones) {
				split(zone, part)
				for (i = 1; i <= n; i++) {
					if (name[i] == "--" && first[part[1]] != part[2])
						break
					key = zone " " name[i]
					if (name[i] != "--" && !(key in has)) {
						print "no " key
						bad++
					}
				}
			}
			exit bad != 0
		}' /tmp/zones /tmp/zoneinfo || fail "$(cat /tmp/zoneinfo)"
}

zone_values="nr_free_pages min low high spanned present managed protection"
zone_values="$zone_values numa_hit numa_miss numa_foreign numa_interleave"
zone_values="$zone_values numa_local numa_other"
node_values="nr_inactive_file nr_active_file nr_isolated_file nr_dirty"

hosts_files() {
	wait_for_agreement /proc 8192
	# shellcheck disable=SC2086 # lists
	has_values $zone_values -- $node_values
	grep -q '^oom_kill [0-9]*$' /tmp/vmstat || fail "$(cat /tmp/vmstat)"
}

# A file that was broken must be refused: refused FILE SED-SCRIPT
refused() {
	sed "$2" "$1" >/tmp/broken
	cmp -s "$1" /tmp/broken && fail "$1: $2 changes nothing"
	/parsers "${1##*/}" /tmp/broken >/dev/null 2>&1 &&
		fail "$1: understood after $2"
}

# A value of a broken file must be missing: missing FILE NAME SED-SCRIPT
missing() {
	/parsers zoneinfo "$1" | grep -q " $2 " || fail "$1 has no $2"
	sed "$3" "$1" >/tmp/broken
	! /parsers zoneinfo /tmp/broken | grep -q " $2 " ||
		fail "$1: $2 understood after $3"
}

broken_files() {
	for name in $read; do
		cat "$1/$name" >"/tmp/copy/$name"
	done
	refused /tmp/copy/buddyinfo '1s/ [0-9]* $/ /'
	refused /tmp/copy/buddyinfo '2s/ [0-9]* $/ x /'
	refused /tmp/copy/buddyinfo '1s/.*/Node 0, zone/'
	refused /tmp/copy/pagetypeinfo '5,$s/ $//'
	refused /tmp/copy/pagetypeinfo '4s/ *10 $/ /'
	refused /tmp/copy/pagetypeinfo 4d
	refused /tmp/copy/vmstat '3s/ [0-9]*$//'
	refused /tmp/copy/vmstat '3s/[0-9]*$/x/'
	missing /tmp/copy/zoneinfo min 's/^ *min */&x/'
	missing /tmp/copy/zoneinfo protection 's/, /,/'
	missing /tmp/copy/zoneinfo nr_free_pages 's/nr_free_pages/free_pages/'
}

all_broken_files() {
	mkdir /tmp/copy
	broken_files /proc
	load size=64M
	broken_files $dir
	unload
}

# All tools must understand the files, and find what the layout says.
files_are_understood() {
	wait_for_agreement $dir 0
	# shellcheck disable=SC2086 # lists
	has_values $zone_values -- $node_values
	zones >/tmp/want
	awk '$3 == "managed" && $4 { managed[$1 " " $2] = $4 }
	     $3 == "nr_free_pages" {
		zone = $1 " " $2
		print zone, managed[zone], $4
	     }' /tmp/zoneinfo | cmp -s - /tmp/want ||
		fail "$(cat /tmp/want /tmp/zoneinfo)"
	! grep ' protection ' /tmp/zoneinfo |
		grep -qv ' protection [0-9]*,[0-9]*,[0-9]*,[0-9]*,[0-9]*$' ||
		fail "$(cat /tmp/zoneinfo)"
	grep -q '^oom_kill 0$' /tmp/vmstat || fail "$(cat /tmp/vmstat)"
}

# Print a sum over all nodes or zones: sum_in_zoneinfo NAME
sum_in_zoneinfo() {
	awk -v name="$1" '$3 == name { n += $4 } END { print n + 0 }' \
		/tmp/zoneinfo
}

# The same with blocks of all kinds, among them 300 pages to be reclaimed.
in_use() {
	hold 0:300:4 0:77 1:20:1 3:9:2 6:3:1
	files_are_understood
	for name in nr_inactive_file nr_active_file nr_isolated_file; do
		[ "$(sum_in_zoneinfo $name)" -eq "$(counted $name)" ] ||
			fail "$name: $(cat /tmp/zoneinfo /tmp/vmstat)"
	done
	[ "$(counted nr_inactive_file)" -eq 300 ] || fail "$(cat /tmp/vmstat)"
	[ "$(sum_in_zoneinfo nr_free_pages)" -lt "$(sum_in_zoneinfo managed)" ] ||
		fail "all is free: $(cat /tmp/zoneinfo)"
	kill $holder
	wait
	all_is_free
}

# Print a counter of the vmstat that was read: counted NAME
counted() {
	awk -v name="$1" '$1 == name { print $2 }' /tmp/vmstat
}

# Load a layout: layout PARAMETER...
layout() {
	load_still "$@"
	files_are_understood
	case $* in
	*ghost*) ;;
	*)	in_use ;;
	esac
	unload
}

# Names that this host does not have, and a newer kernel or one with another
# configuration has, as PART:NAME
newer_than_6_12="end:free_highatomic: end:reserved_highatomic:
	node:pgsteal_kswapd node:pgsteal_direct node:pgscan_kswapd
	node:pgscan_direct node:pgsteal_proactive node:pgscan_proactive
	node:pgrefill vmstat:pgsteal_proactive vmstat:pgscan_proactive
	pageset:high_min: pageset:high_max:
	zone:nr_free_pages_blocks vmstat:nr_free_pages_blocks"
newer_than_6_1="pages:promo"
of_highmem="vmstat:pgalloc_high vmstat:allocstall_high vmstat:pgskip_high"

missing_names() {
	# shellcheck disable=SC2086 # lists
	case $(uname -r) in
	6.1.*)	printf '%s\n' $newer_than_6_1 $newer_than_6_12 ;;
	6.12.*)	printf '%s\n' $newer_than_6_12 ;;
	7.*)	;;
	*)	fail "no list for this kernel" ;;
	esac
	# shellcheck disable=SC2086 # a list
	printf '%s\n' $of_highmem
	grep -q '^CmaTotal' /proc/meminfo || echo type:CMA
}

# Names that the host does not have are umbra's own or in the lists above.
names() {
	load size=32M
	for name in zoneinfo vmstat pagetypeinfo; do
		/parsers keys $name $dir/$name >/tmp/ours.$name || fail "$name"
		/parsers keys $name /proc/$name >/tmp/hosts.$name || fail "$name"
	done
	unload
	cat /tmp/hosts.* >/tmp/hosts
	cat /tmp/ours.* | grep -vxFf /tmp/hosts | sort -u >/tmp/only
	{
		sed 's/^/vmstat /' /abi/own
		missing_names | sed 's/:/ /'
	} | sort -u >/tmp/want
	[ -s /abi/own ] || fail "no names of its own"
	diff /tmp/want /tmp/only >/tmp/differ ||
		fail "listed and not made (-), or made and neither the host's nor listed (+):
$(grep '^[-+][^-+]' /tmp/differ)"
}

# The names must have the order of the host, with umbra's own at the end.
order() {
	case $(uname -r) in
	7.*)	;;
	*)	skip "the order is that of Linux 7.3" ;;
	esac
	names
	for name in zoneinfo vmstat; do
		awk -v own="$(wc -l </abi/own)" '
			NR == FNR { if (!($0 in at)) at[$0] = NR; next }
			{ last = $0 in at ? at[$0] : 0 }
			seen[$0]++ { next }
			!last { others++; next }
			last < before { print "misplaced: " $0; bad++ }
			{ before = last }
			END { exit bad != 0 }' /tmp/hosts.$name /tmp/ours.$name ||
			fail "$name"
	done
	tail -n "$(wc -l </abi/own)" /tmp/ours.vmstat | sed 's/^vmstat //' |
		sort >/tmp/tail
	sort /abi/own | cmp -s - /tmp/tail || fail "$(cat /tmp/tail)"
}

echo "1..$plan"
run files_of_the_host_are_understood hosts_files
run broken_files_are_refused all_broken_files
run zones_by_default_are_understood layout size=64M
run two_nodes_are_understood layout size=64M nodes=2
run one_zone_is_understood layout size=30M
run small_pageblocks_are_understood layout size=32M \
	zones=DMA:4M,Normal:20M,Movable:8M pb_order=3 policy=plain
run nodes_of_a_ghost_are_understood layout provider=ghost size=2G nodes=32 \
	pb_order=10
run huge_numbers_are_understood layout provider=ghost size=8G
run names_are_of_the_host_or_listed names
run names_have_the_order_of_the_host order
