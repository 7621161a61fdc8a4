#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Boot the test machine: a provisioned kernel, a busybox initramfs, umbra.ko.
# usage: vm.sh KERNEL demo|shell|test [KERNEL ARGUMENT...]
#
# demo and shell talk through the terminal. test writes the results of the
# tests and the kernel's log to files of the cache and prints their names.
# ACCEL=kvm uses KVM; without it the machine is emulated. MEMORY= is its size;
# with NODES=3 it has NUMA nodes, 384 MiB each: a CPU in the first two of them,
# and distances that differ.

. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || die "usage: vm.sh KERNEL demo|shell|test [ARGUMENT...]"
kernel=$1 mode=$2
shift 2

need qemu-system-x86 busybox-static cpio binutils gcc libc6-dev linux-libc-dev

dir=$cache/kernel/$kernel
work=$cache/vm/$kernel-$mode
machine "$dir/vmlinuz" "$work/initramfs.gz"

if [ "$kernel" = debug ]; then
	"$top/scripts/debug-kernel.sh" >/dev/null
	umbra_ko=$cache/kernel/debug/umbra.ko
else
	umbra_ko=$("$top/scripts/build.sh" "$kernel")
fi
lock "vm-$kernel-$mode"
rm -rf "$work"
mkdir -p "$work/root"/{bin,sbin,proc,sys,dev,etc}

cp /bin/busybox "$work/root/bin/"
for applet in $(/bin/busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"
done
strip -g -o "$work/root/umbra.ko" "$umbra_ko"
install -m 755 "$top/tests/init" "$work/root/init"
cp "$top"/tests/*.sh "$work/root/"

cc_test() {
	gcc -static -O2 -Wall -Wextra -Werror -pthread -fmacro-prefix-map="$top/=" \
		-I"$top/include/uapi" -I/usr/include "$@"
}
cc_test -o "$work/root/demo" "$top/tests/demo.c"
[ "$mode" != test ] || . "$top/scripts/vm-tests.sh"

pack "$work/root" "$work/initramfs.gz"
rm -rf "$work/root"

memory=${MEMORY:-1G}
smp=2
[ -z "${NODES:-}" ] || smp=2,sockets=2	# no two nodes share a cache
append="umbra_vm=$mode cma=256M console=ttyS0 panic=-1"
qemu+=(-smp "$smp")
case ${NODES:-} in
'')	;;
3)	memory=1152M
	for node in 0 1 2; do
		cpu=,cpus=$node
		[ $node -lt 2 ] || cpu=
		qemu+=(-object "memory-backend-ram,id=m$node,size=384M"
			-numa "node,nodeid=$node,memdev=m$node$cpu")
	done
	for distance in 0,1,15 0,2,30 1,2,25; do
		IFS=, read -r from to value <<<"$distance"
		qemu+=(-numa "dist,src=$from,dst=$to,val=$value")
	done ;;
*)	die "NODES=$NODES: must be 3" ;;
esac

case $mode in
demo)
	timeout "${TIMEOUT:-120}" "${qemu[@]}" -m "$memory" -serial stdio \
		-append "$append loglevel=3 $*" </dev/null |
		tr -d '\r' | tee "$work/out" ||
		die "the test machine did not end by itself"
	grep -qx "demo: ok" "$work/out"
	;;
shell)
	"${qemu[@]}" -m "$memory" -serial mon:stdio \
		-append "$append loglevel=4 $*"
	;;
test)
	timeout "${TIMEOUT:-2400}" "${qemu[@]}" -m "$memory" \
		-serial "file:$work/log" -serial "file:$work/out" \
		-append "$append $*" </dev/null ||
		echo "Bail out! the machine did not end by itself" \
			>>"$work/out"
	printf '%s\n' "$work/out" "$work/log"
	;;
esac
