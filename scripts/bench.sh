#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Compare umbra with the allocator of the host. ARCH=um uses user-mode Linux on
# two CPUs at native speed. ARCH=x86_64 uses modules of the newest stock kernel
# in an emulated machine, where a nanosecond is an instruction. Prints a table,
# and draws a picture of the ratios beside the JSON file.
#   ARCH=um|x86_64	default um
#   ROUNDS=N		rounds of each case, default 7
#   ONLY=PREFIX		only cases whose names begin with PREFIX, or "facts"
#   POLICY=NAME		policy of the instance, default mainline
#   BENCH_JSON=FILE	the file for the numbers, default in the cache
#   KSRC=DIRECTORY	the kernel tree to use (ARCH=um)
# usage: bench.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"
. "$top/scripts/machine.sh"

arch=${ARCH:-um}
work=$own/bench/$arch
json=${BENCH_JSON:-$work/bench.json}
rounds=${ROUNDS:-7}
policy=${POLICY:-mainline}
[[ $rounds =~ ^[0-9]+$ ]] || die "ROUNDS=$rounds: must be a number"
mkdir -p "$work/data"

run_um() {
	kunit_builtin um-bench "$top/kunit/bench.kunitconfig"
	machine_root "$work/root" "$top/kunit/bench-init"
	pack "$work/root" "$work/initramfs.gz"
	say "running, $rounds rounds"
	rm -f "$work/um/out"
	uml_boot 900 "$build/vmlinux" "$work/log" "$work/um" mem=2300M \
		"initrd=$work/initramfs.gz" umbra.provider=contig \
		umbra.size=1G umbra.nodes=1 umbra.zones=Normal \
		"umbra.policy=$policy" \
		"bench_rounds=$rounds" ${ONLY:+"bench_only=$ONLY"} ||
		die "the run failed: $work/log"
	out=$work/um/out options=()
}

run_x86_64() {
	local modules root=$work/root
	need qemu-system-x86
	modules=$("$top/scripts/build.sh" 7 UMBRA_BENCH=1)
	lock "bench-x86_64-$checkout"
	machine_root "$root" "$top/kunit/bench-init"
	strip -g -o "$root/umbra.ko" "$modules/umbra.ko"
	strip -g -o "$root/umbra_bench.ko" "$modules/umbra_bench.ko"
	pack "$root" "$work/initramfs.gz"
	rm -rf "$root"
	ACCEL=icount machine "$cache/stock/7/vmlinuz" "$work/initramfs.gz"
	say "running in an emulated machine"
	out=$work/out options=(--instructions)
	limited 900 "${qemu[@]}" -smp 1 -m 6G \
		-serial "file:$work/log" -serial "file:$out" -append \
		"console=ttyS0 panic=-1 init_on_alloc=0 bench_out=/dev/ttyS1 bench_share=100 \
		bench_rounds=$rounds${ONLY:+ bench_only=$ONLY} \
		bench_policy=$policy" </dev/null ||
		die "the machine did not power off by itself: $work/log"
}

need busybox-static cpio binutils
case $arch in
um|x86_64)	"run_$arch" ;;
*)		die "ARCH=$arch: must be um or x86_64" ;;
esac
grep -q '^== end' "$out" || die "no results: see $work/log"
for part in host umbra results; do
	tr -d '\r' <"$out" |
		sed -n "/^== $part\$/,/^== /{/^== /d;p}" >"$work/data/$part"
done
grep -q '^\(row\|fact\)' "$work/data/results" || die "no results: see $work/log"
/usr/bin/python3 "$top/scripts/bench.py" "${options[@]}" "$work/data" "$json"
