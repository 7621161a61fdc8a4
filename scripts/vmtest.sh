#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The VM tests on one kernel: boot it, run tests/run_tests.sh inside, and judge
# the results with the kernel's own parser, the kernel's log with scan-log.sh.
# Ends with a line of totals.
# usage: vmtest.sh 6.1|6.1-rt|6.12|7|debug [KERNEL ARGUMENT...]

. "$(dirname "$0")/lib.sh"

kernel=${1:?usage: vmtest.sh KERNEL [KERNEL ARGUMENT...]}
shift
newest=$("$top/scripts/ksrc.sh" newest)
passed=0 failed=0 skipped=0

# Add one test of this script: result ok|"not ok" NAME
result() {
	if [ "$1" = ok ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
	echo "$1: $2"
}

# The number before the text: count "text" SUMMARY
count() {
	sed -n "s/.*[ ,]$1: \([0-9]*\).*/\1/p" <<<"$2"
}

# Judge KTAP: judge FILE
judge() {
	local parsed summary kind n
	parsed=$(/usr/bin/python3 "$newest/tools/testing/kunit/kunit.py" parse \
		"$1" 2>&1 | sed 's/\x1b\[[0-9;]*m//g') || true
	printf '%s\n' "$parsed" >"$1.parsed"
	grep -E '\[(FAILED|CRASHED|ERROR)\]|\[ERROR\]' <<<"$parsed" || true
	grep -oE 'ok [0-9]+ .*# SKIP.*' "$1" | sed 's/^ok [0-9]* /skipped: /' ||
		true
	summary=$(grep 'Testing complete' <<<"$parsed" | tail -n 1) || true
	if [ -z "$summary" ]; then
		result "not ok" "results that can be parsed"
		return
	fi
	for kind in failed crashed errors; do
		n=$(count "$kind" "$summary")
		failed=$((failed + ${n:-0}))
	done
	n=$(count passed "$summary")
	passed=$((passed + ${n:-0}))
	n=$(count skipped "$summary")
	skipped=$((skipped + ${n:-0}))
}

# One boot: boot NAME [KERNEL ARGUMENT...]
boot() {
	local name=$1 files out log start=$SECONDS
	shift
	say "$name"
	files=$("$top/scripts/vm.sh" "$kernel" test "$@" | tail -n 2) || true
	if [ -z "$files" ]; then
		result "not ok" "$name: a machine to boot"
		return
	fi
	out=$cache/log/vmtest-$name.tap log=$cache/log/vmtest-$name.log
	tr -d '\r' <"$(sed -n 1p <<<"$files")" >"$out"
	tr -d '\r' <"$(sed -n 2p <<<"$files")" >"$log"
	judge "$out"
	if grep -qx '# tests ended' "$out"; then
		result ok "$name: the machine came to its end"
	else
		tail -n 15 "$log"
		result "not ok" "$name: the machine came to its end"
	fi
	if "$top/scripts/scan-log.sh" "$log"; then
		result ok "$name: kernel log is clean"
	else
		result "not ok" "$name: kernel log is clean"
	fi
	say "$name took $((SECONDS - start)) s: $out, $log"
}

case $kernel in
7)
	# what is larger than that is still to be had from the rest
	boot 7 cma=128M "$@"
	boot 7-without-cma cma=0 "$@"
	# only what is about the host's nodes and zones
	NODES=3 boot 7-nodes umbra_tests=host_test
	MEMORY=5G boot 7-zones umbra_tests=host_test movablecore=512M
	;;
debug)
	# its shadow memory leaves less to take a contiguous range from
	boot debug cma=128M "$@"
	;;
*)
	boot "$kernel" "$@"
	;;
esac

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
