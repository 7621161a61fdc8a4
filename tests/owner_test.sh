#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# page_owner: the sorter for the host's file can read this file too, and lists
# the tasks that allocated the blocks.

plan=6

. /module.sh

file=/tmp/page_owner.txt
sorted=/tmp/page_owner.sorted
spec="0:37 3:11:1 5:2:2 9:1"

# Load with owners, and run a function: with_owners FUNCTION
with_owners() {
	load_debug size=32M nodes=2 debug=owner
	ctl compaction_proactiveness 0
	"$@"
	all_is_free
	unload
}

# Read the file while /hold has its blocks, and set $pid to the pid of hold.
read_owners() {
	# shellcheck disable=SC2086 # a list
	/hold $spec sh -c "echo \$\$ >/tmp/pid; cat $dir/page_owner" >$file ||
		fail "hold"
	pid=$(cat /tmp/pid)
}

sort_owners() {
	/page_owner_sort "$@" $file $sorted >$out.sort || fail "$(cat $out.sort)"
}

records() {
	read_owners
	for want in "0 37 Unmovable" "3 11 Movable" "5 2 Reclaimable" \
		    "9 1 Unmovable"; do
		order=${want%% *} type=${want##* }
		count=${want#* } count=${count% *}
		have=$(awk -v pid="$pid" -v order="$order," -v type="$type" '
			/^Page allocated/ {
				mine = $5 == order && $0 ~ " pid " pid ", tgid " \
					pid " \\(hold\\), ts [0-9]+ ns$"
			}
			/^PFN 0x[0-9a-f]+ type/ && $4 == type { n += mine }
			END { print n + 0 }' $file)
		[ "$have" -eq "$count" ] ||
			fail "order $order: $have records: $(head -n 20 $file)"
	done
	grep -q '^ umbra_alloc\|^ .*umbra_.*+0x' $file ||
		fail "no stack: $(head -n 20 $file)"
}

sorted_records() {
	read_owners
	sort_owners --cull pid,name
	grep -qx "51 times, 701 pages, PID $pid, task_comm_name: hold" $sorted ||
		fail "$(cat $sorted)"
	sort_owners -m --pid "$pid" --cull tgid
	[ "$(cat $sorted)" = "51 times, 701 pages, PID $pid, TGID $pid" ] ||
		fail "$(cat $sorted)"
	sort_owners --name hold
	for want in "37 times, 37 pages, order 0" "11 times, 88 pages, order 3" \
		    "2 times, 64 pages, order 5" \
		    "1 times, 512 pages, order 9"; do
		awk -v want="$want" '
			/ times, / { split($0, part, ", "); head = part[1] ", " part[2] }
			/^Page allocated via order/ {
				sub(",", "", $5)
				found += head ", order " $5 == want
			}
			END { exit found != 1 }' $sorted ||
			fail "$want: $(cat $sorted)"
	done
	sort_owners --name nobody
	[ ! -s $sorted ] || fail "$(cat $sorted)"
}

# Load one zone without reserve, caches and background work, with owners.
load_plain() {
	load_debug size=32M zones=Normal pcp_batch=0 min_free_kbytes=0 debug=owner
	ctl compaction_proactiveness 0
	ctl watermark_boost_factor 0
}

# The reason is the last line of a record, and there is one for each page that
# was moved.
migrated_records() {
	load_plain
	set --
	for nr in 1 2 3 4 5 6 7 8 9 10 11 12; do
		set -- "$@" 0:300:1 0:300:1-
	done
	/hold "$@" sh -c "
		cat $dir/page_owner >/tmp/before
		echo all >$dir/ctl/compact
		cat $dir/page_owner" >$file || fail "hold or compact"
	! grep migrated /tmp/before || fail "migrated before compaction"
	moved=$(awk '$1 == "pgmigrate_success" { print $2 }' $dir/vmstat)
	told=$(awk '
		/^Page has been migrated, last migrate reason: compaction$/ {
			getline
			n += $0 == ""
		}
		END { print n + 0 }' $file)
	[ "$moved" -gt 0 ] || fail "nothing moved"
	[ "$told" -eq "$moved" ] || fail "$told of $moved: $(tail -n 30 $file)"
	sort_owners --cull name
	[ "$(cat $sorted)" = "3600 times, 3600 pages, task_comm_name: hold" ] ||
		fail "$(cat $sorted)"
	all_is_free
	unload
}

# Print the mixed pageblocks of each type: mixed_in FILE
mixed_in() {
	awk '/^Number of mixed blocks / { mixed = 1; next }
	     mixed { print $5, $6, $7, $8, $9, $10; exit }' "$1"
}

# The 92 pages that the movable ones leave are too few for a pageblock to change
# its type.
mixed_blocks() {
	load_plain
	[ "$(mixed_in $dir/pagetypeinfo)" = "0 0 0 0 0 0" ] ||
		fail "$(cat $dir/pagetypeinfo)"
	/hold 0:8100:1 0:5 0:7:2 cat $dir/pagetypeinfo >$file || fail "hold"
	[ "$(mixed_in $file)" = "0 1 0 0 0 0" ] || fail "$(cat $file)"
	/parsers pagetypeinfo $file >/dev/null || fail "not understood"
	all_is_free
	unload
	load size=32M
	! grep -q mixed $dir/pagetypeinfo || fail "mixed without debug=owner"
	unload
}

small_reads() {
	# shellcheck disable=SC2016 # for the shell that is run
	/hold 0:5 3:2 sh -c '
		dd if="$1" of=/dev/null bs=16 2>&1 | head -n 1
		dd if="$1" bs=4096 2>/dev/null >/tmp/4096
		dd if="$1" bs=2000 2>/dev/null >/tmp/2000
		head -c 1000000 "$1" >/tmp/head' sh $dir/page_owner >$file
	grep -q 'Cannot allocate memory' $file ||
		fail "a read of 16 bytes did not fail: $(cat $file)"
	[ "$(grep -c '^Page allocated' /tmp/4096)" -ge 7 ] ||
		fail "$(cat /tmp/4096)"
	{ cmp /tmp/4096 /tmp/2000 && cmp /tmp/4096 /tmp/head; } ||
		fail "reads differ"
}

freed_and_gone() {
	read_owners
	cat $dir/page_owner >$file
	[ ! -s $file ] || fail "$(head -n 20 $file)"
	unload
	load size=32M debug=refs,guard
	[ ! -e $dir/page_owner ] || fail "page_owner exists without debug=owner"
}

echo "1..$plan"
run records_name_the_owner_of_each_block with_owners records
run page_owner_sort_reads_the_records with_owners sorted_records
run small_reads_get_whole_records with_owners small_reads
run moved_blocks_tell_why migrated_records
run pagetypeinfo_counts_mixed_pageblocks mixed_blocks
run freed_blocks_have_no_record with_owners freed_and_gone
