#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of the scripts: a run that Ctrl-C or a signal ends leaves no process, no
# mount and no incomplete directory in the cache. A run that fails for a full
# disk or an unreachable archive says so. The last line has the totals.

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Print the ids of the processes of a run; a mark in the environment finds them.
marked() {
	grep -lazE "^UMBRA_MARK=$mark\$" /proc/[0-9]*/environ 2>/dev/null |
		cut -d / -f 3
}

# Print the command line of each of these processes.
show_marked() {
	local pid
	for pid in $(marked); do
		{ cat "/proc/$pid/cmdline" && echo; } 2>/dev/null | tr '\0' ' '
	done
}

incomplete() {
	find "${XDG_CACHE_HOME:-$HOME/.cache}/umbra" -maxdepth 2 -name '*.new'
}

# Start a command in a new session, and wait until the command line of one of
# its processes matches. Then signal the process group, as a terminal does:
# interrupted NAME SIGNAL PATTERN COMMAND...
interrupted() {
	local name=$1 signal=$2 pattern=$3 pid start status=0 mounts n
	shift 3
	mark=$$.$RANDOM
	mounts=$(wc -l </proc/self/mountinfo)
	UMBRA_MARK=$mark env --default-signal=INT setsid "$@" >"$scratch/out" 2>&1 </dev/null &
	pid=$!
	for ((n = 0; n < 6000; n++)); do
		grep -qE "$pattern" <<<"$(show_marked)" && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
	start=$(date +%s%N)
	kill "-$signal" -- "-$pid"
	wait $pid || status=$?
	result $((status == 0)) "$name: ends with an error ($status)"
	n=$((($(date +%s%N) - start) / 1000000))
	result $((n > 5000 * UMBRA_SLOW / 100)) "$name: ends within 5 s ($n ms)"
	show_marked >"$scratch/left"
	result "$(wc -l <"$scratch/left")" "$name: no process is left"
	cat "$scratch/left"
	result $(($(wc -l </proc/self/mountinfo) - mounts)) \
		"$name: no mount is left"
	incomplete >"$scratch/incomplete"
	result "$(wc -l <"$scratch/incomplete")" \
		"$name: the cache has no incomplete directory"
	cat "$scratch/incomplete"
}

# A run that cannot continue must fail and print one line that names the reason:
# gives_up NAME PATTERN COMMAND...
gives_up() {
	local name=$1 pattern=$2 status=0 n=0
	shift 2
	"$@" >"$scratch/out" 2>&1 </dev/null || status=$?
	result $((status == 0)) "$name: fails"
	grep -E '^umbra: ' "$scratch/out" >"$scratch/said" || true
	result $(($(wc -l <"$scratch/said") != 1)) "$name: prints one line"
	grep -qE "$pattern" "$scratch/said" || n=1
	result "$n" "$name: the line names the reason"
	cat "$scratch/said"
}

# Run a command with the cache on a small disk: on_small_disk MIB COMMAND...
on_small_disk() {
	local size=$1
	shift
	unshare -m sh -c 'mount -t tmpfs -o "size=$1M" small "$2" || exit
		XDG_CACHE_HOME=$2; export XDG_CACHE_HOME
		shift 2
		exec "$@"' sh "$size" "$scratch" "$@"
}

slowness
interrupted "user-mode Linux" INT 'vmlinuz ncpus=2.*umbra_data' \
	"$top/scripts/vmtest.sh" um
interrupted "an emulated machine" INT 'qemu-system' \
	"$top/scripts/vmtest.sh" 6.1
interrupted "both lanes" INT 'qemu-system' "$top/scripts/test.sh"
interrupted "both lanes, under make" TERM 'cc1|checkpatch' \
	make -C "$top" test
export XDG_CACHE_HOME=$scratch/cache
interrupted "a download" INT 'apt-get.* download' "$top/scripts/kernel.sh" 6.1
interrupted "a build root" INT 'dpkg-deb.*gcc-12' "$top/scripts/kernel.sh" 6.1
gives_up "a full disk" "the disk is full" \
	on_small_disk 100 "$top/scripts/kernel.sh" 6.1
gives_up "an unreachable archive" "the Debian archive cannot be reached" \
	env http_proxy=http://127.0.0.1:9 \
	https_proxy=http://127.0.0.1:9 "$top/scripts/kernel.sh" 6.1

check_totals
