# SPDX-License-Identifier: GPL-2.0
# Shared by the tests that load umbra.ko themselves. Each test is a function;
# the output is TAP. Functions here avoid processes, which start slowly on an
# emulated machine.
# shellcheck shell=sh disable=SC2034,SC3043 # busybox has "local"

ko=/umbra.ko
dir=/sys/kernel/debug/umbra/umbra0
out=/tmp/test.out

# The limit in seconds for events that must happen. Only a hang reaches it.
hang=300

# KiB that the host may use for itself during a test. Every region here has 8
# MiB or more, so a lost region is larger. The host uses far less for saved
# stacks, modules and shadow memory of vmalloc, which mem_named() does not
# count.
noise=4096

# CmaFree does not count pages on the per-CPU lists of the host, so keep the
# lists short.
echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction

nr=0

# Print text as TAP diagnostics: note TEXT
note() {
	echo "$*" | sed 's/^/# /'
}

# Run a function as a test: run NAME FUNCTION [ARGUMENT...]
run() {
	name=$1
	shift
	nr=$((nr + 1))
	# a subshell, which "fail" and "skip" can end
	( "$@" ) >$out 2>&1
	case $? in
	0)	[ ! -s $out ] || note "$(cat $out)"
		echo "ok $nr $name" ;;
	77)	echo "ok $nr $name # SKIP $(tail -n 1 $out)" ;;
	*)	note "$(cat $out)"
		note "$(dmesg | grep 'umbra: ' | tail -n 3)"
		echo "not ok $nr $name" ;;
	esac
	# a test that failed may leave a process with pages, and the next test could
	# not load the module
	! is_loaded || rmmod umbra 2>/dev/null || {
		killall -q hold
		usleep 500000
		rmmod umbra 2>/dev/null
	}
}

fail() {
	echo "$*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# Read the first line of a file into $head.
read_head() {
	head=
	IFS= read -r head <"$1" || :
}

is_loaded() {
	while read -r module _; do
		[ "$module" != umbra ] || return 0
	done </proc/modules
	return 1
}

# Read the uptime of the machine into $ticks, in hundredths of a second.
read_clock() {
	read -r ticks _ </proc/uptime
	ticks=${ticks%.*}${ticks#*.}
}

# Wait until a command succeeds, and fail after the limit: wait_until COMMAND...
wait_until() {
	local end
	read_clock
	end=$((ticks + hang * 100))
	until "$@"; do
		read_clock
		# the CPU may have been busy elsewhere; try once more
		[ "$ticks" -lt $end ] || { "$@"; return; }
		usleep 50000
	done
}

# Has a child of this shell ended? has_ended PID
has_ended() {
	state=
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat"
	case $state in
	''|Z|X)	return 0 ;;
	esac
	return 1
}

# Print the memory of the host in KiB that is free or in a known use. The host
# does not know the use of a region. vmalloc is no known use here, since ghost
# instances are made from it.
mem_named() {
	awk '/^(MemFree|Buffers|Cached|SwapCached|AnonPages|Slab|KernelStack):/ { n += $2 }
	     /^(PageTables|SecPageTables|Percpu):/ { n += $2 }
	     $1 == "count:" { n += 4 * $2 }
	     END { print n }' /proc/meminfo /proc/zoneinfo
}

# Print a number of meminfo in KiB, or 0 if it does not exist: meminfo NAME
meminfo() {
	awk -v name="$1:" '$1 == name { n = $2 } END { print n + 0 }' \
		/proc/meminfo
}

cma_free() {
	meminfo CmaFree
}

has_cma() {
	[ "$(meminfo CmaTotal)" -gt 0 ]
}

remember_memory() {
	mem_before=$(mem_named)
}

has_memory_back() {
	mem_lost=$((mem_before - $(mem_named)))
	[ $mem_lost -lt $noise ]
}

# Wait until the host has as much memory as before. Free CMA pages count as free
# memory: their number alone depends on the pages that the host moved into CMA.
memory_is_back() {
	wait_until has_memory_back || fail "lost $mem_lost KiB"
}

# Run a function, after which the host must have its memory back:
# loses_nothing FUNCTION [ARGUMENT...]
loses_nothing() {
	remember_memory
	"$@"
	memory_is_back
}

# Clear the kernel log. log_since prints the lines after the last call.
log_mark() {
	dmesg -c >/dev/null
}

log_since() {
	dmesg | sed 's/^\[[^]]*\] //'
}

# Did loading fail because the host had no free range at that moment? A single
# page in use can block a range.
was_busy() {
	read_head $out.load
	case $head in
	*"Cannot allocate memory"*|*"Device or resource busy"*)
		return 0 ;;
	esac
	return 1
}

# Try to load once, and set $took to the time in hundredths of a second. False
# if a later try may succeed.
load_is_decided() {
	read_clock
	took=$ticks
	/load $ko "$@" 2>$out.load || { ! was_busy; return; }
	read_clock
	took=$((ticks - took))
}

load() {
	parameters=$*
	wait_until load_is_decided "$@"
	is_loaded || fail "loading with $*: $(cat $out.load)"
}

# Load with debugging that some kernels do not support
load_debug() {
	wait_until load_is_decided "$@"
	! grep -q 'not supported' $out.load ||
		skip "this kernel has no stack depot"
	is_loaded || fail "loading with $*: $(cat $out.load)"
}

# Write a line to a file of ctl/: ctl FILE LINE
ctl() {
	echo "$2" >"$dir/ctl/$1" || fail "ctl/$1: $2"
}

# A file of ctl/ must contain a text: reads_as FILE TEXT
reads_as() {
	read_head "$dir/ctl/$1"
	[ "$head" = "$2" ] || fail "ctl/$1 is not \"$2\": $head"
}

# Load without background compaction and boosts. A page that moves cannot be
# allocated at that moment, and a boost raises watermarks.
load_still() {
	load "$@"
	ctl compaction_proactiveness 0
	ctl watermark_boost_factor 0
}

unload() {
	verify_ok
	rmmod umbra || fail "rmmod failed"
}

# Does verify report "ok" for all frames? False if background work kept it from
# checking some of them.
is_verified() {
	read_head $dir/verify
	case $head in
	ok)	return 0 ;;
	ok,*)	return 1 ;;
	esac
	fail "$(cat $dir/verify)"
}

verify_ok() {
	wait_until is_verified || fail "$(cat $dir/verify)"
}

# Loading must fail with the text of an errno, and log one line that names the
# parameter: load_fails ERRNO-TEXT PATTERN PARAMETER...
load_fails() {
	text=$1 pattern=$2
	shift 2
	log_mark
	/load $ko "$@" 2>$out.load && fail "loading with $* succeeded"
	dmesg | sed -nE 's/^\[[^]]*\] //
		/^umbra: (provider|loading|module) /d
		/^umbra: /p' >$out.log
	read_head $out.load
	case $head in
	*"$text"*)	;;
	*)	fail "$*: $head" ;;
	esac
	is_loaded && fail "$*: still listed"
	[ ! -e ${dir%/*} ] || fail "$*: debugfs is left"
	[ ! -e /dev/umbra ] || fail "$*: a device is left"
	{ read -r _ && ! read -r _; } <$out.log ||
		fail "$*: not one line: $(cat $out.log)"
	grep -q "^umbra: $pattern" $out.log ||
		fail "$*: not the line expected: $(cat $out.log)"
}

# Print the sum of a value in zoneinfo over all zones, or over those of a node:
# zoneinfo_sum NAME [NODE]
zoneinfo_sum() {
	awk -v name="$1" -v node="${2:-}" '
		/^Node/ { here = node == "" || $2 + 0 == node }
		here && $1 == name { n += $2 }
		END { print n + 0 }' $dir/zoneinfo
}

# Print the number of cached pages of a CPU or a node: cached_of cpu|node N
cached_of() {
	awk -v what="$1" -v nr="$2" '
		/^Node/ { node = $2 + 0 }
		$1 == "cpu:" { cpu = $2 }
		$1 == "count:" && (what == "cpu" ? cpu : node) == nr { n += $2 }
		END { print n + 0 }' $dir/zoneinfo
}

is_held() {
	[ -e /tmp/held ] || has_ended "$holder"
}

# Hold blocks until $holder is killed: hold ORDER:COUNT...
hold() {
	rm -f /tmp/held
	/hold "$@" sh -c 'echo >/tmp/held; exec sleep 100000' &
	holder=$!
	wait_until is_held
	[ -e /tmp/held ] || fail "hold $*"
}

# Print a line "NODE NAME MANAGED FREE" for each zone.
zones() {
	awk '/^node / { gsub(/[,:]/, ""); print $2, $4, $8, $10 }' $dir/layout
}

# Print the free pages of a node, or of all nodes: node_free [NODE]
node_free() {
	awk -v node="$1" '/^node / {
		gsub(/[,:]/, "")
		if (node == "" || $2 == node)
			n += $10
	}
	END { print n + 0 }' $dir/layout
}

total_free() {
	node_free ""
}

# Print the number of pages in the caches of all CPUs.
cached() {
	read_head $dir/ctl/drain
	echo "${head%% *}"
}

has_all_free() {
	ctl drain all
	awk '/^node / { gsub(/[,:]/, ""); bad += $8 != $10 }
	     END { exit bad != 0 }' $dir/layout
}

# All pages must become free. Drain the caches and wait for background work that
# holds pages.
all_is_free() {
	wait_until has_all_free || fail "$(cat $dir/layout)"
	verify_ok
}

# Print the nodes in the fallback list of a node, like "0 1 2": node_order NODE
node_order() {
	awk -v node="$1," '$2 == node && $3 == "fallback:" {
		for (i = 4; i <= NF; i++) {
			split($i, part, ":")
			if (i == 4 || part[1] != last)
				printf "%s%s", (i == 4 ? "" : " "), part[1]
			last = part[1]
		}
	}' $dir/zonelists
}

rmmod umbra 2>/dev/null
echo "TAP version 13"
