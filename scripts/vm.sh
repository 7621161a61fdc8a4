#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Boot the test machine: a kernel, an initramfs with busybox, and umbra.ko.
# usage: vm.sh KERNEL demo|shell|test [KERNEL ARGUMENT...]
#
# demo and shell use the terminal. test writes the results of the tests and the
# kernel log to files in the cache, and prints the names of both files.
#   ACCEL=kvm	use KVM; the default is emulation. KERNEL=um is user-mode Linux
#   MEMORY=SIZE	memory of the machine, default 1G
#   NODES=3	three NUMA nodes of 384 MiB; two have a CPU; distances differ
#   LIMIT=N	seconds for the tests on the reference machine, as in lib.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/machine.sh"

[ $# -ge 2 ] || die "usage: vm.sh KERNEL demo|shell|test [ARGUMENT...]"
kernel=$1 mode=$2
shift 2
case $mode in
demo|shell|test) ;;
*)	die "$mode: must be demo, shell or test" ;;
esac

need "${machine_packages[@]}" "${program_packages[@]}" "${stock_packages[@]}"

work=$own/vm/$kernel-$mode
say "building umbra for kernel $kernel"
modules=$("$top/scripts/build.sh" "$kernel")
dir=$(kernel_dir "$kernel")
lock "vm-$kernel-$mode-$checkout"
machine_root "$work/root" "$top/tests/init"
cp "$top"/tests/*.sh "$work/root/"
for module in "$modules"/umbra{,_exercise}.ko "$modules"/examples/client/*.ko; do
	[ ! -e "$module" ] ||
		strip -g -o "$work/root/${module##*/}" "$module"
done

# The programs of the machine. The newest kernel tree has the test harness.
programs=$own/programs
lock "programs-$checkout"
mkdir -p "$programs"
if [ "$mode" = test ]; then
	quietly programs make -C "$top/tests" OUT="$programs" -j "$jobs" \
		LINUX="$("$top/scripts/ksrc.sh" newest)"
	mkdir "$work/root/tests"
	for source in "$top"/tests/*_test.c; do
		cp "$programs/$(basename "$source" .c)" "$work/root/tests/"
	done
	cp "$programs"/{fill,hold,load,parsers,pin,soak,page_owner_sort,umbra_user} \
		"$work/root/"
	mkdir "$work/root/abi"
	sed -n 's/^What:[[:space:]]*//p' "$top"/Documentation/ABI/*/* \
		>"$work/root/abi/names"
	sed -n '/Names that the host does not have/,/^Users/s/^[[:space:]]*``\([a-z_]*\)``.*/\1/p' \
		"$top/Documentation/ABI/testing/debugfs-umbra" >"$work/root/abi/own"
	cp "$top/include/uapi/linux/umbra.h" "$work/root/abi/"
else
	quietly programs make -C "$top/tests" OUT="$programs" "$programs/demo"
fi
cp "$programs/demo" "$work/root/"
exec {lock_fd}>&-

pack "$work/root" "$work/initramfs.gz"
rm -rf "$work/root"

append=(umbra_vm="$mode" panic=-1 cma=256M)
memory=${MEMORY:-1G}

uml() {
	uml_boot "$1" "$dir/vmlinuz" "$2" "$work/data" "mem=$memory" \
		"initrd=$work/initramfs.gz" "${append[@]}" "${@:3}"
}

emulated() {
	local smp=2 node cpu distance from to value
	machine "$dir/vmlinuz" "$work/initramfs.gz"
	[ -z "${NODES:-}" ] || smp=2,sockets=2	# nodes must not share a cache
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
	qemu+=(-m "$memory")
	append+=("${emulated_arguments[@]}")
}

run_tests() {
	if [ "$kernel" = um ]; then
		uml "${LIMIT:-2400}" "$log" "$@"
	else
		limited "${LIMIT:-2400}" "${qemu[@]}" \
			-serial "file:$log" -serial "file:$out" \
			-append "${append[*]} umbra_out=/dev/ttyS1 $*" </dev/null
	fi
}

run_demo() {
	if [ "$kernel" = um ]; then
		uml 120 /dev/stdout loglevel=3 "$@"
	else
		limited 120 "${qemu[@]}" -serial stdio \
			-append "${append[*]} loglevel=3 $*" </dev/null
	fi | tr -d '\r' | tee "$work/out"
}

# Did the kernel end before the first line of the tests or the demo? A stock
# kernel patches its code at boot, and an emulated CPU may run an instruction
# that the other CPU is just replacing: died_in_patched_code LOG LINE [FILE]
died_in_patched_code() {
	! grep -q "$2" "${3:-$1}" 2>/dev/null && grep -q 'Oops: int3' "$1" &&
		say "boot $boot of kernel $kernel ended in code that it was patching"
}

[ "$kernel" = um ] || emulated
case $mode in
demo)
	for boot in 1 2 3; do
		status=0
		run_demo "$@" || status=$?
		died_in_patched_code "$work/out" '^# uname' || break
	done
	[ "$status" -eq 0 ] || die "the test machine did not power off by itself"
	grep -qx "demo: ok" "$work/out" ||
		die "the demo failed on kernel $kernel"
	;;
shell)
	if [ "$kernel" = um ]; then
		"$dir/vmlinuz" ncpus=2 seccomp=on con=null con0=fd:0,fd:1 \
			"mem=$memory" "initrd=$work/initramfs.gz" \
			"${append[@]}" loglevel=4 "$@"
	else
		"${qemu[@]}" -serial mon:stdio \
			-append "${append[*]} loglevel=4 $*"
	fi
	;;
test)
	out=$work/data/out log=$work/log
	mkdir -p "$work/data"
	for boot in 1 2 3; do
		rm -f "$out" "$log"
		run_tests "$@" || echo "Bail out! the machine did not power off by itself" >>"$out"
		died_in_patched_code "$log" '^KTAP' "$out" || break
	done
	printf '%s\n' "$out" "$log"
	;;
esac
