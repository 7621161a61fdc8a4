#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the KUnit tests as a module, in user-mode Linux or in an emulated x86_64
# machine with a CMA area. On x86_64 the provider tests run a second time in a
# machine without a CMA area. The last line has the totals.
#   ARCH=um|x86_64	default um
#   BUILTIN=1		build the tests into the kernel (ARCH=um)
#   LLVM=1		use the kernel that clang builds (ARCH=x86_64)
#   KERNEL=VERSION	6.12 or newer; default 6.12 for x86_64 with gcc, else the
#			newest
#   KSRC=DIRECTORY	the kernel tree to use
#   FILTER=GLOB...	the suites or suite.tests to run
#   OPS=N SEED=N	operations and seed of the property tests
# usage: kunit.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"
. "$top/scripts/machine.sh"

arch=${ARCH:-um}
case $arch in
um)	kernel=um ops=1000000 ;;
x86_64)	kernel=debug ops=20000 ;;
*)	die "ARCH=$arch: must be um or x86_64" ;;
esac
name=kunit-$arch
if [ -n "${LLVM:-}" ]; then
	[ "$arch" = x86_64 ] || die "LLVM=$LLVM is for ARCH=x86_64"
	kernel=clang name=kunit-clang
fi
# the Makefile sets KERNEL=7, which names a stock kernel and no version
[[ ${KERNEL:-} != *.* ]] || export KERNEL_VERSION=$KERNEL
limit=${LIMIT:-900}
work=$own/kunit/$name
passed=0 failed=0 skipped=0

need "${machine_packages[@]}" "${source_packages[@]}" "${kunit_packages[@]}"
lock "$name-$checkout"

# Boot one machine and count its results: run NAME FILTERS [KERNEL ARGUMENT...]
run() {
	local name=$1 log=$own/log/kunit-$1.log ended=no
	local args=("umbra_ops=${OPS:-$ops}" "umbra_seed=${SEED:-0}"
		"umbra_filter=${2// /,}" "${@:3}")
	if [ "$kernel" = um ]; then
		uml_boot "$limit" "$dir/vmlinuz" "$log" "$work/data" mem=1G \
			"initrd=$work/initramfs.gz" "${args[@]}" || true
	else
		machine "$dir/vmlinuz" "$work/initramfs.gz"
		limited "$limit" "${qemu[@]}" -smp 2 -m 1G \
			-serial "file:$work/serial" -append \
			"${emulated_arguments[*]} panic=-1 printk.time=1 ${args[*]}" \
			</dev/null || true
		tr -d '\r' <"$work/serial" >"$log"
	fi
	# the kernel's own report comes first and is empty; skip it
	awk '/umbra_test: the tests/ { on = 1 } on' "$log" >"$log.ktap"
	judge "$name" "$log.ktap"
	[ "$parsed" -eq "$(wc -w <<<"$2")" ] ||
		result "$name" "not ok" "the results can be parsed"
	! grep -aq 'kunit: the end' "$log" || ended=yes
	judge_machine "$name" "$log" $ended
	grep -ao 'umbra_test.seed=[0-9]*' "$log" | sort -u || true
	grep -aoE '[0-9]+ operations done' "$log" |
		awk '{ n += $1 } END { print n + 0 " operations done" }' || true
	echo "$name: $log"
}

as_module() {
	local modules module
	modules=$("$top/scripts/build.sh" "$kernel")
	dir=$("$top/scripts/own-kernel.sh" "$kernel")
	tree=$dir/source
	machine_root "$work/root" "$top/kunit/init"
	for module in umbra umbra_test; do
		strip -g -o "$work/root/$module.ko" "$modules/$module.ko"
	done
	pack "$work/root" "$work/initramfs.gz"
	rm -rf "$work/root"
	run "$name" "${FILTER:-umbra*}" cma=256M
	[ "$kernel" = um ] || run "$name-without-cma" umbra_provider cma=0
}

builtin_run() {
	local log=$own/log/kunit-builtin.log ended=no
	[ "$arch" = um ] || die "BUILTIN=1 is for ARCH=um"
	kunit_builtin um-builtin "$top/kunit/uml.kunitconfig" \
		"$top/kunit/builtin.kunitconfig"
	uml_boot "$limit" "$build/vmlinux" "$log" "$work/data" mem=1G \
		kunit.enable=1 kunit_shutdown=poweroff \
		"kunit.filter_glob=${FILTER:-umbra*}" \
		${OPS:+"umbra_test.ops=$OPS"} ${SEED:+"umbra_test.seed=$SEED"} ||
		true
	judge kunit-builtin "$log"
	[ "$parsed" -gt 0 ] && ended=yes
	judge_machine kunit-builtin "$log" $ended
}

if [ -n "${BUILTIN:-}" ]; then
	builtin_run
else
	as_module
fi
kunit_totals
