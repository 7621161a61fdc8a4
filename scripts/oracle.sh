#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The allocator of a stock kernel as the oracle of umbra: a node that nothing else
# uses, and an instance with the state of its zones, get the same requests, and
# must give the same pages; see kunit/oracle.c. Ends with a line of totals.
#   SET=whole|short	short: the steps of `make test`, and only on a kernel
#			whose rules umbra follows
#   STEPS=N		steps for each seed, default 1000000, or 200000 if short
#   SEEDS=N,...		default 1,2,3,4,5, or 1 if short
#   MACHINES=NAME,...	default normal,zones: the node has the zone Normal, or has
#			DMA32, Normal and Movable
#   REPLAY=FILE		the steps of a file that an earlier run wrote, in a machine
#			that has just booted
# usage: oracle.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/machine.sh"
. "$top/scripts/checks.sh"

rules=7.3	# the version of the kernel that policy=mainline follows
kernel=7 set=${SET:-whole}
case $set in
whole)	steps=${STEPS:-1000000} seeds=${SEEDS:-1,2,3,4,5} ;;
short)	steps=${STEPS:-200000} seeds=${SEEDS:-1} ;;
*)	die "SET=$set: must be whole or short" ;;
esac
[[ $steps =~ ^[1-9][0-9]*$ ]] || die "STEPS=$steps: must be a number above 0"
[[ $seeds =~ ^[0-9]+(,[0-9]+)*$ ]] || die "SEEDS=$seeds: must be numbers with commas"
machines=${MACHINES:-normal,zones} modes=orders,caches,defrag replay=${REPLAY:-}
if [ -n "$replay" ]; then
	machines=$(sed -n 's/^# machine=//p' "$replay") seeds=1
	modes=$(sed -n 's/^# mode=//p' "$replay")
	[[ $modes =~ ^(orders|caches|defrag)$ ]] || die "REPLAY=$replay: must be a file of the oracle"
	steps=$(grep -c '^[^#]' "$replay")
fi
[[ $machines =~ ^(normal|zones)(,(normal|zones))*$ ]] ||
	die "MACHINES=$machines: must be normal, zones or both with a comma"
need "${machine_packages[@]}" "${stock_packages[@]}"

dir=$(kernel_dir "$kernel")
release=$(cat "$dir/release")
if [[ $set == short && $release != "$rules".* ]]; then
	echo "skipped: the rules are those of $rules, and the kernel is $release"
	echo "0 passed, 0 failed, 1 skipped"
	exit
fi
work=$own/oracle/$kernel
root=$work/root
modules=$("$top/scripts/build.sh" "$kernel" UMBRA_ORACLE=1)
lock "oracle-$kernel-$checkout"
mkdir -p "$work"
machine_root "$root" "$top/kunit/oracle-init"
for module in umbra umbra_oracle; do
	strip -g -o "$root/$module.ko" "$modules/$module.ko"
done
args=steps=$steps
if [ -n "$replay" ]; then
	cp "$replay" "$root/steps"
	args+=,replay=/steps
fi
pack "$root" "$work/initramfs.gz"
rm -rf "$root"

# Boot a machine and write its results to files: run_machine NAME
# Node 0 has the CPU. A machine of this size has its memory up to 3 GiB and from
# 4 GiB on. Node 1 begins at 4 GiB, so that its memory is one zone; or it begins
# 256 MiB below 3 GiB, and has as much Normal and Movable.
run_machine() {
	local node0=3072 node1=512 movable=
	local limit=$((750 + 3 * (steps / 1000 + 60) * $(tr , '\n' <<<"$seeds" | wc -l)))
	out=$work/$1.out log=$work/$1.log
	if [ "$1" = zones ]; then
		node0=2816 node1=768 movable=kernelcore=3328M
	fi
	machine "$dir/vmlinuz" "$work/initramfs.gz"
	rm -f "$out" "$log"
	limited "$limit" "${qemu[@]}" -smp 1 -m 3584M \
		-object "memory-backend-ram,id=m0,size=${node0}M" \
		-object "memory-backend-ram,id=m1,size=${node1}M" \
		-numa "node,nodeid=0,memdev=m0,cpus=0" \
		-numa "node,nodeid=1,memdev=m1" \
		-serial "file:$log" -serial "file:$out" -append \
		"console=ttyS0 panic=-1 log_buf_len=4M cma=0 init_on_alloc=0 \
		$movable oracle_out=/dev/ttyS1 oracle_seeds=$seeds \
		oracle_modes=$modes oracle_args=$args" </dev/null ||
		die "the machine did not power off by itself: $log"
	sed -i 's/\r$//' "$out"
}

# Write the steps that diverged to a file, and name it:
# write_steps MACHINE SEED MODE
write_steps() {
	local file=$work/$1-seed-$2-$3.steps
	grep -q '^step: ' "$work/seed" || return 0
	{
		echo "# Steps that diverged on $release, of seed $2."
		echo "# machine=$1"
		echo "# mode=$3"
		sed -n 's/^step: //p' "$work/seed"
	} >"$file"
	echo "the steps are in $file, for REPLAY="
}

# Print and count the results of a machine: print_results MACHINE
print_results() {
	local seed mode status name
	for seed in ${seeds//,/ }; do
		for mode in ${modes//,/ }; do
			sed -n "/^== seed $seed $mode\$/,/^== /{/^== /d;p}" \
				"$out" >"$work/seed"
			status=0
			grep -q "^oracle: $steps steps, all equal" "$work/seed" ||
				status=1
			cat "$work/seed"
			[ -n "$replay" ] || write_steps "$1" "$seed" "$mode"
			case $mode in
			orders)	name="orders without caches" ;;
			caches)	name="with caches" ;;
			defrag)	name="with caches and defrag_mode" ;;
			esac
			name="$1, seed $seed, $name"
			[ -z "$replay" ] || name=${replay##*/}
			result "$status" "$name: $steps steps are equal"
		done
	done
}

say "$steps steps for each of the seeds $seeds"
for machine in ${machines//,/ }; do
	run_machine "$machine"
	print_results "$machine"
done
check_totals
