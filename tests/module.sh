# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests that load umbra.ko themselves: one function a test, TAP
# on standard output, and what they share. A process takes long to start on an
# emulated machine: the shell does by itself what it can.
# shellcheck shell=sh disable=SC2034,SC3043 # busybox has "local"

ko=/umbra.ko
dir=/sys/kernel/debug/umbra/umbra0
out=/tmp/test.out

# Seconds of waiting for what must happen; only a hang reaches them.
hang=300

# Every region here is 8 MiB or more, and a failed load takes nothing, so a
# loss would be at least that. What the host takes meanwhile without a name is
# stacks that are saved, modules, and shadows of what vmalloc has: far less.
noise=4096

# Pages of CMA on the host's per-CPU lists are not in CmaFree: these are short.
echo 100000 >/proc/sys/vm/percpu_pagelist_high_fraction

nr=0

# A diagnostic line or several
note() {
	echo "$*" | sed 's/^/# /'
}

# One test is one function; it fails with a reason: test NAME FUNCTION ARG...
run() {
	name=$1
	shift
	nr=$((nr + 1))
	# in a process of its own, so that "fail" may end it
	( "$@" ) >$out 2>&1
	case $? in
	0)	[ ! -s $out ] || note "$(cat $out)"
		echo "ok $nr $name" ;;
	77)	echo "ok $nr $name # SKIP $(tail -n 1 $out)" ;;
	*)	note "$(cat $out)"
		note "$(dmesg | grep 'umbra: ' | tail -n 3)"
		echo "not ok $nr $name" ;;
	esac
	! is_loaded || rmmod umbra 2>/dev/null
}

fail() {
	echo "$*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# The first line of a file, in $head
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

# Hundredths of a second since the machine came up, in $ticks
read_clock() {
	read -r ticks _ </proc/uptime
	ticks=${ticks%.*}${ticks#*.}
}

# Wait until a command succeeds, for as long as only a hang takes:
# wait_until COMMAND...
wait_until() {
	local end
	read_clock
	end=$((ticks + hang * 100))
	until "$@"; do
		read_clock
		# who was kept from looking for so long looks once more
		[ "$ticks" -lt $end ] || { "$@"; return; }
		usleep 50000
	done
}

# Has a child of this shell come to its end?
has_ended() {
	state=
	read -r _ _ state _ 2>/dev/null <"/proc/$1/stat"
	case $state in
	''|Z|X)	return 0 ;;
	esac
	return 1
}

# Memory of the host in KiB that is free, or that the host has a name for. It
# has none for a region, and vmalloc, where ghosts are from, does not count.
mem_named() {
	awk '/^(MemFree|Buffers|Cached|SwapCached|AnonPages|Slab|KernelStack):/ { n += $2 }
	     /^(PageTables|SecPageTables|Percpu):/ { n += $2 }
	     $1 == "count:" { n += 4 * $2 }
	     END { print n }' /proc/meminfo /proc/zoneinfo
}

# A number of meminfo in KiB, 0 if there is none of that name
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

# The host has what it had: it may take a moment to get there. Free pages of
# CMA are free memory too; how many of them are CMA's depends on where the host
# moved its own pages.
memory_is_back() {
	wait_until has_memory_back || fail "lost $mem_lost KiB"
}

# Run a function, and the host has its memory back: loses_nothing FUNCTION ARG...
loses_nothing() {
	remember_memory
	"$@"
	memory_is_back
}

# Mark a place in the kernel's log, and read what came after the last mark
log_mark() {
	dmesg -c >/dev/null
}

log_since() {
	dmesg | sed 's/^\[[^]]*\] //'
}

# Did loading fail because the host had no range to give just then? Somebody
# used a page of each.
was_busy() {
	read_head $out.load
	case $head in
	*"Cannot allocate memory"*|*"Device or resource busy"*)
		return 0 ;;
	esac
	return 1
}

# Load, which takes $took hundredths of a second
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

# Load with debugging that not every kernel can do
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

# A file of ctl/ reads as a text: reads_as FILE TEXT
reads_as() {
	read_head "$dir/ctl/$1"
	[ "$head" = "$2" ] || fail "ctl/$1 is not \"$2\": $head"
}

# Load; nothing moves by itself, for a free page that is on its way somewhere
# cannot be had, and no watermark rises.
load_still() {
	load "$@"
	ctl compaction_proactiveness 0
	ctl watermark_boost_factor 0
}

unload() {
	verify_ok
	rmmod umbra || fail "rmmod failed"
}

# False if something in the background was at work, so that not all was looked at
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

# Loading fails with an errno's text and one line that names the parameter:
# load_fails ERRNO-TEXT PATTERN PARAMETER...
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

# Pages of a CPU or a node in caches: cached_of cpu|node N
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

# The zones as "NODE NAME MANAGED FREE", a line each
zones() {
	awk '/^node / { gsub(/[,:]/, ""); print $2, $4, $8, $10 }' $dir/layout
}

# Free pages of a node, or of all
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

# Pages in the caches of all CPUs
cached() {
	read_head $dir/ctl/drain
	echo "${head%% *}"
}

has_all_free() {
	ctl drain all
	awk '/^node / { gsub(/[,:]/, ""); bad += $8 != $10 }
	     END { exit bad != 0 }' $dir/layout
}

# Everything is free again, caches emptied, as soon as nothing in the background
# has any of it
all_is_free() {
	wait_until has_all_free || fail "$(cat $dir/layout)"
	verify_ok
}

# The nodes in the fallback list of a node: "0 1 2"
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
