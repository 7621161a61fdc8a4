#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbractl, with sanitizers as well, and compare what it prints with the files
# in tools/umbractl/tests. The last line has the totals.
# usage: umbractl.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

need "${program_packages[@]}" libjson-c-dev python3
lock "unit-$checkout"
slowness
tests=$top/tools/umbractl/tests

# The library has pieces of memory until the process ends.
export ASAN_OPTIONS=detect_leaks=0
quietly umbractl-build make -s -C "$top/tools/libumbra" -j "$jobs" \
	"O=$own/unit/gcc" CC=gcc umbractl
quietly umbractl-build-sanitized make -s -C "$top/tools/libumbra" -j "$jobs" \
	"O=$own/unit/sanitized" CC=gcc SANITIZE=1 CFLAGS="-O1 -g1" umbractl
umbractl=$own/unit/sanitized/umbractl
fast=$own/unit/gcc/umbractl

# Print the output of a command, and its exit status if that is not 0
run() {
	local status=0
	limited 60 "$umbractl" "$@" >"$own/log/umbractl-run" 2>&1 || status=$?
	sed "/doesn't fully support makecontext/d" "$own/log/umbractl-run"
	[ "$status" -eq 0 ] || echo "exit status $status"
}

# The text of a log must be that of the file beside it, with at most 80 columns:
# explained LOG
explained() {
	local name=${1%.log}
	run explain --log "$1" | diff "$name.out" -
	awk -v name="$name.out" 'length > 80 { print name ": a long line: " $0 }' "$name.out"
}

# The JSON of a log must be valid, and have the verdict of the text: as_json LOG
as_json() {
	run explain --json --log "$1" |
		/usr/bin/python3 -c '
import json, sys
e = json.load(sys.stdin)
text = open(sys.argv[1]).read()
if e["verdict"] and "Cause: " + e["verdict"] not in text:
    print("verdict", e["verdict"])
if "Kind: " + e["kind"] not in text:
    print("kind", e["kind"])
for zone in e["zones"] or []:
    numbers = [str(zone[n]) for n in ("free", "needed") if zone[n] is not None]
    row = [str(zone["node"]), zone["zone"], *numbers]
    if row not in [line.split()[:len(row)] for line in text.splitlines()]:
        print("zone", row)' "${1%.log}.out"
}

# Each line of gfp.masks must hold in both directions: masks
masks() {
	local version mask names got
	grep -v '^#' "$tests/gfp.masks" | while read -r version mask names; do
		got=$(run gfp --kernel "$version" "$names")
		[ "$got" = "$mask" ] ||
			echo "$version: $names is $got, and must be $mask"
		got=$(run gfp --kernel "$version" "$mask")
		diff <(tr '|' '\n' <<<"$names" | sort) \
			<(tr '|' '\n' <<<"$got" | sort) >/dev/null ||
			echo "$version: $mask is $got, and must be $names"
	done
}

# The arguments in each line of a file, as of a shell, and what they print:
# commands FILE
commands() {
	local line words
	while read -r line; do
		echo "\$ umbractl $line"
		eval "words=($line)"
		(cd "$tests" && run "${words[@]}" </dev/null)
	done <"$1" | diff "${1%.args}.out" -
}

# A report of two nodes with 2 TiB each, whose free memory is in single pages, in a
# log with many lines: 2 s and 200 MB are the limits. big_log
big_log() {
	local nid
	echo "worker: page allocation failure: order:3, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0-1"
	echo "CPU: 1 UID: 0 PID: 9 Comm: worker Not tainted 6.12.9-amd64 #1"
	for nid in 0 1; do
		echo "Node $nid Normal free:1200000120kB boost:0kB min:65536kB low:2213060kB high:4360584kB reserved_highatomic:0KB present:2147483648kB managed:2113929216kB free_cma:0kB"
		echo "lowmem_reserve[]: 0 0 0 0 0"
	done
	for nid in 0 1; do
		echo "Node $nid Normal: 200000002*4kB (UME) 50000014*8kB (UME) 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 1200000120kB"
	done
	for ((nid = 0; nid < 200000; nid++)); do
		echo "[ $nid]  1000 $nid    90210     2110    80000        0             0 worker"
	done
}

limits() {
	big_log >"$own/log/umbractl-big.log"
	/usr/bin/python3 -c '
import resource, subprocess, sys, time
start = time.time()
text = subprocess.run([sys.argv[1], "explain", "--log", sys.argv[2]], check=True,
                      capture_output=True, text=True).stdout
seconds = time.time() - start
mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"umbractl: 4 TiB in {seconds:.2f} s, {mb:.0f} MB", file=sys.stderr)
if seconds > 2 * int(sys.argv[3]) / 100:
    print(f"{seconds:.2f} s are too many")
if mb > 200:
    print(f"{mb:.0f} MB are too many")
if "Cause: fragmentation" not in text or "300000030" not in text:
    print(text)' "$fast" "$own/log/umbractl-big.log" "$UMBRA_SLOW" \
		2>"$own/log/umbractl-limits" || echo "failed"
	grep -v '^umbractl: 4 TiB' "$own/log/umbractl-limits" || true
}

# The installed program must run, and uninstall-tools must remove all: installed
installed() {
	local dir=$own/umbractl-root
	rm -rf "$dir"
	make -s -C "$top" "DESTDIR=$dir" PREFIX=/usr install-tools
	"$dir/usr/bin/umbractl" gfp --kernel 5.15 GFP_KERNEL | grep -vx 0xcc0
	[ -s "$dir/usr/share/man/man1/umbractl.1" ] || echo "no manual page"
	make -s -C "$top" "DESTDIR=$dir" PREFIX=/usr uninstall-tools
	find "$dir" -type f
}

# Every option must be in the manual page: manual
manual() {
	local option
	for option in $("$fast" explain --help | grep -o -- '--[a-z]*' | sort -u); do
		grep -q -- "${option//-/\\\\-}" "$top/tools/umbractl/umbractl.1" ||
			case $option in
			--help|--usage|--version) ;;
			*) echo "$option is not in the manual page" ;;
			esac
	done
}

for log in "$tests"/*.log; do
	check "explain $(basename "$log" .log)" explained "$log"
	check "explain --json $(basename "$log" .log)" as_json "$log"
done
for file in "$tests"/*.args; do
	check "commands: $(basename "$file" .args)" commands "$file"
done
check "install-tools and uninstall-tools" installed
check "manual page" manual
check "gfp: masks of versions" masks
check "explain: a report of 4 TiB in 2 s and 200 MB" limits
cat "$own/log/umbractl-limits"
check_totals
