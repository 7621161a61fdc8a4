#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which lines and branches of the core the KUnit tests reach, in UML: every
# line must be, and every branch that is not taken has a reason in
# kunit/coverage.reasons. Ends with a line of totals.
#   OPS=N	of the property tests
# usage: coverage.sh [FILE...]	(default: the files that must be covered)

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"

files=("$@")
[ $# -gt 0 ] || files=(gfp zonelist watermark fallback freelist pcp pcp_list)

need busybox-static
kunit_tree um newest
kunit_variant coverage
export UMBRA_GCOV=1	# Kbuild reads it
quietly "$cache/log/build-coverage" kunit_py build \
	--kunitconfig="$top/kunit/coverage.kunitconfig" \
	--build_dir="$build" --jobs="$jobs"

work=$cache/coverage
rm -rf "$work"
mkdir -p "$work/data"
say "running the tests"
uml_boot "$work/root" "$work/log" mem=1G kunit.enable=1 \
	'kunit.filter_glob=umbra*' ${OPS:+"umbra_test.ops=$OPS"} <<'EOF' ||
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t debugfs debug /sys/kernel/debug
cd /sys/kernel/debug/gcov || $b poweroff -f
for f in $($b find . -path '*umbra/src/*' -name '*.gcda'); do
	$b cat "$f" >"/data/$($b basename "$f")"
done
$b poweroff -f
EOF
	die "the run failed: $work/log"
! grep -a '^ *not ok' "$work/log" || die "tests fail: $work/log"

args=()
for file in "${files[@]}"; do
	data=$work/root/data/$file.gcda
	[ -e "$data" ] || die "no counts of $file.c: see $work/log"
	cp "$build/drivers/umbra/src/core/$file.gcno" "$work/data/"
	cp "$data" "$work/data/"
	(cd "$work/data" && gcov --json-format --branch-probabilities --stdout \
		"$file.gcda" >"$file.json")
	args+=("$work/data/$file.json")
done
/usr/bin/python3 "$top/scripts/coverage.py" "$top" "${args[@]}"
