#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The KUnit tests: built into UML, or as a module in an emulated x86_64
# machine with a CMA area, and there the providers' again without one. Ends
# with a line of totals.
#   ARCH=um|x86_64	default um
#   KERNEL=VERSION	6.12 or newer; default the newest, or 6.12 for x86_64
#   KSRC=DIRECTORY	a kernel tree of your own
#   FILTER=GLOB		which suites or suite.tests (ARCH=um)
#   OPS=N SEED=N	of the property test
# usage: kunit.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

arch=${ARCH:-um}
work=$cache/kunit/$arch
mkdir -p "$work"

run_um() {
	local status=0 args=(--kernel_args=ncpus=2 --kernel_args=seccomp=on)
	local kernel=${KERNEL:-newest}
	[[ $kernel == *.* ]] || kernel=newest
	kunit_tree um "$kernel"
	[ -e "$build/vmlinux" ] || say "building kernel $version, for minutes"
	[ -z "${OPS:-}" ] || args+=("--kernel_args=umbra_test.ops=$OPS")
	[ -z "${SEED:-}" ] || args+=("--kernel_args=umbra_test.seed=$SEED")
	kunit_py run --kunitconfig="$top/kunit/uml.kunitconfig" \
		--build_dir="$build" --jobs="$jobs" --timeout="${TIMEOUT:-600}" \
		"${args[@]}" "${FILTER:-umbra*}" >"$work/out" 2>&1 || status=$?
	cp "$build/test.log" "$work/log" || die "no log: see $work/out"
	judge um "$status"
	grep -a 'umbra_test.seed=\|operations done' "$work/log" || true
}

# Count a run whose output is in $work/out and log in $work/log:
# judge NAME STATUS
judge() {
	kunit_result "$work/out"
	if grep -A5 -E 'warning:|error:' "$work/out"; then
		echo "FAILED: the build warns"
		failed=$((failed + 1))
	fi
	if ! "$top/scripts/scan-log.sh" "$work/log"; then
		echo "FAILED: the kernel complains"
		failed=$((failed + 1))
	elif [ "$2" -ne 0 ] && [ "$failed" -eq 0 ]; then
		echo "FAILED: kunit.py ended with status $2"
		failed=$((failed + 1))
	fi
	[ "$failed" -eq 0 ] || {
		tail -n 20 "$work/out"
		say "what kunit.py said: $work/out; the kernel's log: $work/log"
	}
	echo "$1: $passed passed, $failed failed, $skipped skipped"
}

initramfs() {
	local root=$work/root
	rm -rf "$root"
	mkdir -p "$root"/{bin,proc,sys,dev}
	cp /bin/busybox "$root/bin/"
	strip -g -o "$root/umbra.ko" "$1/umbra.ko"
	strip -g -o "$root/umbra_test.ko" "$1/umbra_test.ko"
	cp "$top/kunit/init" "$root/init"
	chmod 755 "$root/init"
	pack "$root" "$work/initramfs.gz"
	rm -rf "$root"
}

# boot KERNEL ARGUMENT...
boot() {
	machine "$1/vmlinuz" "$work/initramfs.gz"
	shift
	timeout "${TIMEOUT:-600}" "${qemu[@]}" -smp 2 -m 1G \
		-serial "file:$work/serial" \
		-append "console=ttyS0 panic=-1 umbra_ops=${OPS:-20000} umbra_seed=${SEED:-0} $*" \
		</dev/null
}

# One boot, counted: run_boot NAME KERNEL ARGUMENT...
run_boot() {
	local name=$1 status=0
	shift
	boot "$@" || status=$?
	tr -d '\r' <"$work/serial" >"$work/log"
	grep -aq 'kunit: the end' "$work/log" || {
		echo "the machine did not end by itself (status $status)"
		status=1
	}
	# The executor of the kernel itself has no suites; ours come after it.
	awk '/umbra_test: the tests/ { on = 1 } on' "$work/log" |
		kunit_py parse >"$work/out" 2>&1 || status=1
	judge "$name" "$status"
	cp "$work/log" "$work/log-$name"
}

run_x86_64() {
	local dir sum=(0 0 0)
	local kernel=${KERNEL:-6.12}
	[[ $kernel == *.* ]] || kernel=6.12
	need qemu-system-x86 busybox-static cpio binutils
	dir=$("$top/scripts/debug-kernel.sh" "$kernel")
	tree=${KSRC:-$("$top/scripts/ksrc.sh" "$kernel")}
	lock kunit-x86_64
	initramfs "$dir"
	run_boot cma=256M "$dir" cma=256M
	sum=("$passed" "$failed" "$skipped")
	run_boot cma=0 "$dir" cma=0 kunit.filter_glob=umbra_provider
	passed=$((passed + sum[0]))
	failed=$((failed + sum[1]))
	skipped=$((skipped + sum[2]))
}

case $arch in
um|x86_64)	"run_$arch" ;;
*)		die "ARCH=$arch: must be um or x86_64" ;;
esac
kunit_totals
