#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run the VM tests on one kernel. The machine runs tests/run_tests.sh; the
# parser of the kernel reads the results, and scan-log.sh checks the kernel log.
# The last line has the totals.
#   SET=whole|short	short: the tests that `make test` runs on this kernel
# usage: vmtest.sh 6.1|6.1-rt|6.12|7|um|debug|clang [KERNEL ARGUMENT...]

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

kernel=${1:?usage: vmtest.sh KERNEL [KERNEL ARGUMENT...]}
shift
set=${SET:-whole}
[[ $set == whole || $set == short ]] || die "SET=$set: must be whole or short"
need "${machine_packages[@]}" "${program_packages[@]}" "${stock_packages[@]}" \
	"${source_packages[@]}" "${kunit_packages[@]}"
tree=$("$top/scripts/ksrc.sh" newest)
passed=0 failed=0 skipped=0

# Boot one machine and count its results: boot NAME [KERNEL ARGUMENT...]
boot() {
	local name=$1 files out log ended=no start=$SECONDS
	shift
	say "$name"
	files=$("$top/scripts/vm.sh" "$kernel" test "$@" | tail -n 2) || true
	if [ -z "$files" ]; then
		result "$name" "not ok" "the machine can be booted"
		return
	fi
	out=$own/log/vmtest-$name.tap log=$own/log/vmtest-$name.log
	tr -d '\r' <"$(sed -n 1p <<<"$files")" >"$out"
	tr -d '\r' <"$(sed -n 2p <<<"$files")" >"$log"
	judge "$name" "$out"
	grep -oE 'ok [0-9]+ .*# SKIP.*' "$out" |
		sed 's/^ok [0-9]* /skipped: /' || true
	[ "$parsed" -eq 1 ] ||
		result "$name" "not ok" "the results can be parsed"
	! grep -qx '# tests ended' "$out" || ended=yes
	judge_machine "$name" "$log" $ended
	say "$name took $((SECONDS - start)) s: $out, $log"
}

# The tests that compare with the nodes and zones of the host, or need its nodes
hosts_nodes() {
	NODES=3 boot 7-nodes umbra_tests=host_test,mempolicy_test cma=0
	MEMORY=5G boot 7-zones umbra_tests=host_test movablecore=512M
}

# The tests that user-mode Linux cannot run. It does not remove a mapping from a
# process that runs on another CPU at that moment, so writes during migration
# may be lost. Injected faults of the host end it. It lacks some counters and
# zone values of the host.
um_without=migration_test,volatile_test,volatile_end_test,soak_test
um_without+=,fault_test,leak_test,formats_test,parsers_test,host_test

# Each test of the short sets runs on the kernel where it finds most. The debug
# kernel has checkers, fault injection and CPU hotplug. The stock kernels are
# the oldest and the newest supported ones, with the provider that users have.
stock_short=mapping_test,access_test,pin_test,trace_test,formats_test
stock_short+=,parsers_test,abi_test,host_test,module_test,client_test,lockdown_test
old_short=device_test,mapping_test,pin_test,migration_test,module_test,client_test
case $kernel-$set in
um-*)
	boot um "umbra_without=$um_without" "$@"
	;;
debug-short)
	boot debug cma=128M umbra_without=host_test,module_test,lockdown_test "$@"
	;;
debug-whole)
	# the shadow memory of KASAN leaves less for contiguous ranges
	boot debug cma=128M "$@"
	;;
clang-*)
	boot clang cma=128M "$@"
	;;
7-short)
	boot 7 cma=128M umbra_tests="$stock_short" "$@"
	boot 7-without-cma cma=0 umbra_tests=mapping_test,pin_test,module_test
	hosts_nodes
	;;
7-whole)
	# a region larger than CMA comes from the rest of memory
	boot 7 cma=128M "$@"
	boot 7-without-cma cma=0 "$@"
	hosts_nodes
	;;
6.1-short)
	boot 6.1 umbra_tests="$old_short" "$@"
	;;
*)
	boot "$kernel" "$@"
	;;
esac

kunit_totals
