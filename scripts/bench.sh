#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The benchmark, umbra against the host's allocator: in UML, on two CPUs of
# native speed.
#   ROUNDS=N		rounds of each case, default 7
#   ONLY=NAME		cases whose names begin so, or "facts"
#   BENCH_JSON=FILE	where the numbers go, default below the cache
#   KSRC=DIRECTORY	a kernel tree of your own
# usage: bench.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

work=$cache/bench/um
json=${BENCH_JSON:-$work/bench.json}
mkdir -p "$work"
rounds=${ROUNDS:-7}
[[ $rounds =~ ^[0-9]+$ ]] || die "ROUNDS=$rounds: must be a number"

need busybox-static
kunit_tree um newest
kunit_variant bench
quietly "$cache/log/build-bench" kunit_py build \
	--kunitconfig="$top/kunit/bench.kunitconfig" \
	--build_dir="$build" --jobs="$jobs"

# The caches of both are made alike: those of the host's zone shrink to what
# umbra's have room for, and umbra's take the very numbers of the host.
say "running, $rounds rounds"
uml_boot "$work/root" "$work/log" mem=2300M umbra.provider=contig \
	umbra.size=1G umbra.nodes=1 umbra.zones=Normal \
	"bench_rounds=$rounds" ${ONLY:+"bench_only=$ONLY"} <<'EOF' || die "the run failed: $work/log"
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t debugfs debug /sys/kernel/debug
umbra=/sys/kernel/debug/umbra/umbra0
bench=/sys/kernel/debug/umbra_bench
sysctl=/proc/sys/vm/percpu_pagelist_high_fraction

rounds=7 only=
read -r line </proc/cmdline
for word in $line; do
	case $word in
	bench_rounds=*)	rounds=${word#*=} ;;
	bench_only=*)	only=${word#*=} ;;
	esac
done

# the first number after a word in the zone Normal of a zoneinfo
number() {
	sed -n '/zone *Normal/,$p' "$2" | awk -v w="$1" '$1 == w { print $2; exit }'
}

room=$(number high_max: $umbra/zoneinfo)
managed=$(number managed /proc/zoneinfo)
echo $((managed / 2 / room + 1)) >$sysctl
echo "$(number batch: /proc/zoneinfo) $(number high_max: /proc/zoneinfo)" \
	>$umbra/ctl/pcp
cat /proc/zoneinfo >/data/host
cat $umbra/zoneinfo >/data/umbra
cat $umbra/layout >/data/layout
echo "$rounds 1 $only" >$bench/run && cat $bench/results >/data/results
poweroff -f
EOF
[ -s "$work/root/data/results" ] || die "no results: see $work/log"
/usr/bin/python3 "$top/scripts/bench.py" "$work/root/data" "$json"
