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
[ $# -gt 0 ] || files=(gfp zonelist watermark fallback freelist pcp)

need busybox-static
kunit_tree um newest
build+=-coverage
lock "$(basename "$build")"
mkdir -p "$build"
[ -e "$build/vmlinux" ] || say "building kernel $version, for minutes"
# Another checkout has other sources under the same names
[ "$(cat "$build/umbra-checkout" 2>/dev/null)" = "$top" ] ||
	rm -rf "$build/drivers/umbra"
printf '%s\n' "$top" >"$build/umbra-checkout"
export UMBRA_GCOV=1	# Kbuild reads it
quietly "$cache/log/build-coverage" kunit_py build \
	--kunitconfig="$top/kunit/coverage.kunitconfig" \
	--build_dir="$build" --jobs="$jobs"

work=$cache/coverage
rm -rf "$work"
mkdir -p "$work/root"/{bin,proc,sys,dev} "$work/data"
cp /bin/busybox "$work/root/bin/"
cat >"$work/root/init" <<'EOF'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t debugfs debug /sys/kernel/debug
cd /sys/kernel/debug/gcov || $b poweroff -f
$b mkdir /data
for f in $($b find . -path '*umbra/src/*' -name '*.gcda'); do
	$b cat "$f" >"/data/$($b basename "$f")"
done
$b poweroff -f
EOF
chmod 755 "$work/root/init"

say "running the tests"
timeout 600 "$build/linux" mem=1G ncpus=2 seccomp=on con=null con0=fd:0,fd:1 \
	kunit.enable=1 'kunit.filter_glob=umbra*' rw rootfstype=hostfs \
	"rootflags=$work/root" init=/init \
	${OPS:+"umbra_test.ops=$OPS"} </dev/null >"$work/log" 2>&1 ||
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
