#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The allocator of a stock kernel as the oracle of umbra: a zone that nothing
# else uses, and an instance with the state of this zone, get the same requests,
# and must give the same pages; see kunit/oracle.c. Ends with a line of totals.
#   SET=whole|short	short: the steps of `make test`, and only on a kernel
#			whose rules umbra follows
#   STEPS=N		steps for each seed, default 1000000, or 200000 if short
#   SEEDS=N,...		default 1,2,3,4,5, or 1 if short
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
caches=0,1 replay=${REPLAY:-}
if [ -n "$replay" ]; then
	caches=$(sed -n 's/^# caches=//p' "$replay") seeds=1
	[[ $caches =~ ^[01]$ ]] || die "REPLAY=$replay: must be a file of the oracle"
	steps=$(grep -c '^[^#]' "$replay")
fi
need "${machine_packages[@]}" "${stock_packages[@]}"

dir=$(kernel_dir "$kernel")
release=$(cat "$dir/release")
if [[ $set == short && $release != "$rules".* ]]; then
	echo "skipped: the rules are those of $rules, and the kernel is $release"
	echo "0 passed, 0 failed, 1 skipped"
	exit
fi
work=$own/oracle/$kernel
root=$work/root out=$work/out log=$work/log
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

# Node 0 has the CPU and the memory below 4 GiB; node 1 begins above, so that
# its memory is one zone, Normal.
quiet_node=(-smp 1 -m 3584M
	-object "memory-backend-ram,id=m0,size=3072M"
	-object "memory-backend-ram,id=m1,size=512M"
	-numa "node,nodeid=0,memdev=m0,cpus=0" -numa "node,nodeid=1,memdev=m1")
machine "$dir/vmlinuz" "$work/initramfs.gz"
say "$steps steps for each of the seeds $seeds"
rm -f "$out" "$log"
limited $((750 + 2 * (steps / 1000 + 60) * $(tr , '\n' <<<"$seeds" | wc -l))) \
	"${qemu[@]}" "${quiet_node[@]}" \
	-serial "file:$log" -serial "file:$out" -append \
	"console=ttyS0 panic=-1 log_buf_len=4M cma=0 init_on_alloc=0 \
	oracle_out=/dev/ttyS1 oracle_seeds=$seeds oracle_caches=$caches \
	oracle_args=$args" </dev/null ||
	die "the machine did not power off by itself: $log"
sed -i 's/\r$//' "$out"

# Write the steps that diverged to a file, and name it: write_steps SEED CACHES
write_steps() {
	local file=$work/seed-$1-caches-$2.steps
	grep -q '^step: ' "$work/seed" || return 0
	{
		echo "# Steps that diverged on $release, of seed $1."
		echo "# caches=$2"
		sed -n 's/^step: //p' "$work/seed"
	} >"$file"
	echo "the steps are in $file, for REPLAY="
}

for seed in ${seeds//,/ }; do
	for cache in ${caches//,/ }; do
		sed -n "/^== seed $seed caches $cache\$/,/^== /{/^== /d;p}" "$out" \
			>"$work/seed"
		status=0
		grep -q "^oracle: $steps steps, all equal" "$work/seed" || status=1
		cat "$work/seed"
		[ -n "$replay" ] || write_steps "$seed" "$cache"
		name="seed $seed, $([ "$cache" = 1 ] && echo "with caches" || echo "orders without caches")"
		[ -z "$replay" ] || name=${replay##*/}
		result "$status" "$name: $steps steps are equal"
	done
done
check_totals
