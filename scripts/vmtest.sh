#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The VM tests on one kernel: boot it, run tests/run_tests.sh inside, and judge
# the results with the kernel's own parser, the kernel's log with scan-log.sh.
# Ends with a line of totals.
#   SET=whole|short	short: what no other kernel of `make test` sees
# usage: vmtest.sh 6.1|6.1-rt|6.12|7|um|debug [KERNEL ARGUMENT...]

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

kernel=${1:?usage: vmtest.sh KERNEL [KERNEL ARGUMENT...]}
shift
set=${SET:-whole}
[[ $set == whole || $set == short ]] || die "SET=$set: must be whole or short"
need "${kunit_packages[@]}"
tree=$("$top/scripts/ksrc.sh" newest)
passed=0 failed=0 skipped=0

# One boot: boot NAME [KERNEL ARGUMENT...]
boot() {
	local name=$1 files out log ended=no start=$SECONDS
	shift
	say "$name"
	files=$("$top/scripts/vm.sh" "$kernel" test "$@" | tail -n 2) || true
	if [ -z "$files" ]; then
		result "$name" "not ok" "a machine to boot"
		return
	fi
	out=$own/log/vmtest-$name.tap log=$own/log/vmtest-$name.log
	tr -d '\r' <"$(sed -n 1p <<<"$files")" >"$out"
	tr -d '\r' <"$(sed -n 2p <<<"$files")" >"$log"
	judge "$name" "$out"
	grep -oE 'ok [0-9]+ .*# SKIP.*' "$out" |
		sed 's/^ok [0-9]* /skipped: /' || true
	[ "$parsed" -eq 1 ] ||
		result "$name" "not ok" "results that can be parsed"
	! grep -qx '# tests ended' "$out" || ended=yes
	judge_machine "$name" "$log" $ended
	say "$name took $((SECONDS - start)) s: $out, $log"
}

# What is about the host's nodes and zones alone
hosts_nodes() {
	NODES=3 boot 7-nodes umbra_tests=host_test cma=0
	MEMORY=5G boot 7-zones umbra_tests=host_test movablecore=512M
}

# What user-mode Linux cannot do: it does not take a mapping away from a process
# that runs on another CPU just then, so that what is written while memory moves
# may be lost; faults of the host end it; it has fewer counters than the tests of
# formats and of the host's zones look for.
um_without=migration_test,volatile_test,volatile_end_test,soak_test
um_without+=,fault_test,leak_test,formats_test,host_test

# Each test of the short sets is where it sees most: the debug kernel has all that
# watches, faults and CPUs that go; stock kernels have the provider that users
# have, and are the oldest and the newest.
stock_short=mapping_test,access_test,pin_test,trace_test,formats_test
stock_short+=,host_test,module_test
old_short=device_test,mapping_test,pin_test,migration_test,module_test
case $kernel-$set in
um-*)
	boot um "umbra_without=$um_without" "$@"
	;;
debug-short)
	boot debug cma=128M umbra_without=host_test,module_test "$@"
	;;
debug-whole)
	# its shadow memory leaves less to take a contiguous range from
	boot debug cma=128M "$@"
	;;
7-short)
	boot 7 cma=128M umbra_tests="$stock_short" "$@"
	boot 7-without-cma cma=0 umbra_tests=mapping_test,pin_test,module_test
	hosts_nodes
	;;
7-whole)
	# what is larger than that is still to be had from the rest
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
