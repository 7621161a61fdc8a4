#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# explain, explain.json and blame: a question is answered without a change of the
# instance, and the answer is what a request then does.

plan=6

. /module.sh

# One zone without caches, so that the CPU of a request does not matter.
load_plain() {
	load_still size=32M zones=Normal pcp_batch=0 min_free_kbytes=0
}

# Print a value of the last recorded request: recorded REGULAR-EXPRESSION
recorded() {
	sed -n "s/.*$1.*/\1/p" $dir/decisions | tail -n 1
}

# Ask, and print the page frame number of the answer: asked QUESTION
asked() {
	echo "$1" >$dir/explain || fail "$1 is refused"
	sed -n 's/^the request gets pfn \(0x[0-9a-f]*\) of .*/\1/p' $dir/explain
}

does_what_it_says() {
	load_plain
	for order in 0 3 9 10; do
		ctl record 256
		/hold $order:1 true
		gfp=$(recorded "request: order $order, \(0x[0-9a-f]*\) ")
		[ -n "$gfp" ] || fail "$(cat $dir/decisions)"
		want=$(asked "$gfp order=$order")
		[ -n "$want" ] || fail "$(cat $dir/explain)"
		ctl record 256
		/hold $order:1 true
		have=$(recorded "request done, pfn \(0x[0-9a-f]*\)")
		[ "$want" = "$have" ] ||
			fail "order $order: $have: $(cat $dir/explain)"
	done
	unload
}

changes_nothing() {
	load_plain
	before=$(cat $dir/free_lists $dir/vmstat $dir/zoneinfo)
	asked "GFP_KERNEL order=3 count=20" >/dev/null
	asked "GFP_ATOMIC" >/dev/null
	asked "GFP_KERNEL order=10 count=100" >/dev/null
	[ "$before" = "$(cat $dir/free_lists $dir/vmstat $dir/zoneinfo)" ] ||
		fail "a question has changed the instance"
	grep -qx "[0-9]* of 100 such requests succeed" $dir/explain ||
		fail "$(cat $dir/explain)"
	grep -qx "the request fails" $dir/explain || fail "$(cat $dir/explain)"
	# lines fit a terminal
	awk 'length > 80 { exit bad = 1 } END { exit bad || NR < 8 }' \
		$dir/explain || fail "$(cat $dir/explain)"
	grep -q '^{"gfp":.*,"zones":\[{.*}\],"decisions":\[{.*}\]}$' \
		$dir/explain.json || fail "$(cat $dir/explain.json)"
	unload
}

explains_the_last_failure() {
	load_plain
	cat $dir/explain 2>/dev/null && fail "explained a failure without a record"
	ctl record 1024
	/hold 0:8000 0:193 true 2>/dev/null && fail "allocated more than the region"
	grep -q "^the last request that failed, of task [0-9]*$" $dir/explain ||
		fail "$(cat $dir/explain)"
	grep -q "^   Node 0 Normal: [0-9]* more free pages are needed$" \
		$dir/explain || fail "$(cat $dir/explain)"
	# a question comes first, and an empty line ends it
	[ -n "$(asked GFP_KERNEL)" ] || fail "$(cat $dir/explain)"
	echo >$dir/explain
	grep -q "^the last request that failed" $dir/explain ||
		fail "$(cat $dir/explain)"
	unload
}

refuses_other_lines() {
	load_plain
	for line in GFP_NOTHING "GFP_KERNEL 3" "GFP_KERNEL order=11" \
		    "GFP_KERNEL node=1" "GFP_KERNEL count=0" order=1; do
		# shellcheck disable=SC2320 # echo fails if the write does
		if echo "$line" 2>/dev/null >$dir/explain; then
			fail "accepted \"$line\""
		fi
	done
	dmesg | tail -n 6 | grep -q "umbra0: explain: must be FLAGS " ||
		fail "$(dmesg | tail -n 6)"
	cat $dir/explain 2>/dev/null && fail "a refused line is a question"
	unload
}

finds_obstacles() {
	load_plain
	/hold 0:1 3:2 cat $dir/blame >/tmp/blame || fail "hold"
	# compaction can move the blocks of a device file
	[ "$(sed -n 1p /tmp/blame)" = "Node 0 Normal, places of order 9: 15 free, 1 can be emptied, 0 cannot" ] ||
		fail "$(cat /tmp/blame)"
	grep -q "^  pfn 0x[0-9a-f]*: 495 free, 17 to move$" /tmp/blame ||
		fail "$(cat /tmp/blame)"
	echo order=2 >$dir/blame
	[ "$(cat $dir/blame)" = "Node 0 Normal, places of order 2: 2048 free, 0 can be emptied, 0 cannot" ] ||
		fail "$(cat $dir/blame)"
	for line in 3 order=11 order= order=-1 "order=1 node=0"; do
		if echo "$line" 2>/dev/null >$dir/blame; then
			fail "accepted \"$line\""
		fi
	done
	dmesg | tail -n 5 | grep -q "umbra0: blame: must be order=0 to order=10" ||
		fail "$(dmesg | tail -n 5)"
	unload
}

has_modes() {
	load_plain
	[ "$(stat -c %a:%u $dir/explain)" = 600:0 ] || fail "$(stat $dir/explain)"
	[ "$(stat -c %a:%u $dir/blame)" = 600:0 ] || fail "$(stat $dir/blame)"
	[ "$(stat -c %a:%u $dir/explain.json)" = 400:0 ] ||
		fail "$(stat $dir/explain.json)"
	unload
}

echo "1..$plan"
run a_request_does_what_its_explanation_says does_what_it_says
run a_question_changes_nothing changes_nothing
run the_last_failure_is_explained explains_the_last_failure
run other_lines_are_refused refuses_other_lines
run obstacles_to_a_block_are_found finds_obstacles
run only_root_can_ask has_modes
