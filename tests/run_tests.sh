#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Run every test of the test machine, with KTAP on standard output. Each program
# is a group, and the tests of the program are nested in it.

programs="device_test race_test mapping_test access_test pin_test debugfs_test"
programs="$programs trace_test fault_test volatile_test migration_test poll_test"
programs="$programs volatile_end_test oom_test fair_test"
zoned="formats_test mempolicy_test"
scripts="zones_test ctl_test explain_test record_test owner_test parsers_test abi_test"
scripts="$scripts host_test module_test client_test hotplug_test soak_test leak_test"
scripts="$scripts lockdown_test"

# Print a list from the kernel command line as words: argument NAME
argument() {
	tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tr , ' '
}

only=$(argument umbra_tests)
without=$(argument umbra_without)

# Select from a list: only names in umbra_tests= if it is given, and no name in
# umbra_without=
selected() {
	for name in $1; do
		case " $without " in
		*" $name "*) continue ;;
		esac
		case " ${only:-$name} " in
		*" $name "*) printf '%s ' "$name" ;;
		esac
	done
}
programs=$(selected "$programs")
zoned=$(selected "$zoned")
scripts=$(selected "$scripts")

# Nest the KTAP or TAP of standard input in a group, with the time of each
# result, and add the result of the group: group NAME NUMBER
group() {
	awk -v name="$1" -v nr="$2" '
	function now(line) {
		getline line <"/proc/uptime"
		close("/proc/uptime")
		return line + 0
	}
	function took(since, what) {
		printf "%s# took %.2f s\n", what, now() - since
	}
	BEGIN { begin = last = now() }
	{ sub(/\r$/, "") }
	/^K?TAP version/ {
		print "  KTAP version 1"
		print "  # Subtest: " name
		next
	}
	/^1\.\.[0-9]+/ { planned = substr($1, 4) }
	/^not ok / { failed++ }
	/^(not )?ok / {
		done++
		print "  " $0
		took(last, "  ")
		fflush()
		last = now()
		next
	}
	/^# (Starting|RUN|OK|Totals|PASSED|FAILED)/ || /^# +(RUN|OK)/ { next }
	{ print "  " $0; fflush() }
	END {
		good = planned != "" && done == planned && !failed
		print (good ? "ok " : "not ok ") nr " " name
		took(begin, "")
	}'
}

nr=0
echo "KTAP version 1"
# shellcheck disable=SC2086 # a list
set -- $programs $zoned $scripts
echo "1..$#"

# With an event enabled, the host also traces the scheduler to record task
# names. To do so it patches code. An emulated CPU may still run a breakpoint
# that is already removed, and this crashes the machine.
record_cmd=/sys/kernel/tracing/options/record-cmd
[ ! -w $record_cmd ] || echo 0 >$record_cmd

# A process requests its own faults. They must hit allocations that may sleep,
# and must not print anything.
for kind in failslab fail_page_alloc; do
	[ -d /sys/kernel/debug/$kind ] || continue
	echo 0 >/sys/kernel/debug/$kind/verbose
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
done
if [ -d /sys/kernel/debug/fail_page_alloc ]; then
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
fi
[ ! -w /sys/kernel/debug/kmemleak ] || echo clear >/sys/kernel/debug/kmemleak

# Load the module once and run programs: run_programs "NAME..." PARAMETER...
run_programs() {
	names=$1
	shift
	[ "$names" ] || return
	insmod /umbra.ko "$@" || echo "# insmod of umbra failed"
	for name in $names; do
		nr=$((nr + 1))
		"/tests/$name" 2>&1 | group "$name" $nr
	done
	rmmod umbra || echo "# rmmod of umbra failed"
}

# One zone without reserves or caches: freed pages are on the free lists at
# once, and every page can be allocated.
run_programs "$programs" zones=Normal pcp_batch=0 min_free_kbytes=0
run_programs "$zoned" nodes=2
for name in $scripts; do
	nr=$((nr + 1))
	sh "/$name.sh" 2>&1 | group "$name" $nr
done
echo "# tests ended"
