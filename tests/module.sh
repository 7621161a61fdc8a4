# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests that load umbra.ko themselves: one function a test, TAP
# on standard output, and what they share.
# shellcheck shell=sh disable=SC2034

ko=/umbra.ko
dir=/sys/kernel/debug/umbra/umbra0
out=/tmp/test.out

# Every region here is 8 MiB or more, and a failed load takes nothing, so a
# loss would be at least that. What slab caches do in between is below half of
# it; so are the host's per-CPU lists once they are kept short.
noise=4096
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
	rmmod umbra 2>/dev/null
}

fail() {
	echo "$*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

is_loaded() {
	grep -q '^umbra ' /proc/modules
}

# Free memory of the host in KiB, caches not counted
mem_free() {
	awk '/^(MemFree|Buffers|Cached|SReclaimable):/ { n += $2 }
	     /^Shmem:/ { n -= $2 }
	     END { print n }' /proc/meminfo
}

cma_free() {
	awk '/^CmaFree:/ { n = $2 } END { print n + 0 }' /proc/meminfo
}

has_cma() {
	[ "$(awk '/^CmaTotal:/ { n = $2 } END { print n + 0 }' /proc/meminfo)" \
		-gt 0 ]
}

remember_memory() {
	mem_before=$(mem_free)
	cma_before=$(cma_free)
}

# The host has what it had: it may take a moment to get there. Free pages of
# CMA are free memory too; how many of them are CMA's depends on where the host
# moved its own pages.
memory_is_back() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		mem_lost=$((mem_before - $(mem_free)))
		[ $mem_lost -lt $noise ] && return
		usleep 200000
	done
	fail "lost $mem_lost KiB"
}

# Mark a place in the kernel's log, and read what came after the last mark
log_mark() {
	dmesg -c >/dev/null
}

log_since() {
	dmesg | sed 's/^\[[^]]*\] //'
}

load() {
	insmod $ko "$@" || fail "insmod $* failed"
}

unload() {
	verify_ok
	rmmod umbra || fail "rmmod failed"
}

verify_ok() {
	[ "$(head -n 1 $dir/verify)" = ok ] || fail "$(cat $dir/verify)"
}

# Loading fails with an errno's text and one line that names the parameter:
# load_fails ERRNO-TEXT PATTERN PARAMETER...
load_fails() {
	text=$1 pattern=$2
	shift 2
	log_mark
	/load $ko "$@" 2>$out.load && fail "loading with $* succeeded"
	log_since | grep '^umbra: ' |
		grep -vE '^umbra: (provider|loading|module) ' >$out.log
	grep -q "$text" $out.load || fail "$*: $(cat $out.load)"
	is_loaded && fail "$*: still listed"
	[ ! -e ${dir%/*} ] || fail "$*: debugfs is left"
	[ ! -e /dev/umbra ] || fail "$*: a device is left"
	[ "$(wc -l <$out.log)" -eq 1 ] || fail "$*: not one line: $(cat $out.log)"
	grep -q "^umbra: $pattern" $out.log ||
		fail "$*: not the line expected: $(cat $out.log)"
}

# The same, and that the host has its memory back
refused() {
	remember_memory
	load_fails "$@"
	memory_is_back
}

# The zones as "NODE NAME MANAGED FREE", a line each
zones() {
	awk '/^node / { gsub(/[,:]/, ""); print $2, $4, $8, $10 }' $dir/layout
}

# Free pages of a node
node_free() {
	zones | awk -v node="$1" '$1 == node { n += $4 } END { print n + 0 }'
}

total_free() {
	zones | awk '{ n += $4 } END { print n + 0 }'
}

# Pages in the caches of all CPUs
cached() {
	awk '{ print $1 }' $dir/ctl/drain
}

# Everything is free again, caches emptied
all_is_free() {
	echo all >$dir/ctl/drain
	verify_ok
	[ "$(zones | awk '$3 != $4')" = "" ] || fail "$(cat $dir/layout)"
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
