#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measure the coverage of the core by the KUnit tests, in user-mode Linux. The
# tests must reach every line. A branch that is not taken must have a reason, see
# coverage.py. The last line has the totals.
#   OPS=N	operations of the property tests
# usage: coverage.sh [FOLDER/FILE...]	(default: the files that must be covered)

. "$(dirname "$0")/lib.sh"
. "$top/scripts/kunit-lib.sh"
. "$top/scripts/machine.sh"

files=("$@")
if [ $# -eq 0 ]; then
	files=(buddy/{watermark,fallback,freelist,freelist_address})
	files+=(page/{gfp,zonelist,highatomic,pcp,pcp_list} pressure/boost)
fi

need busybox-static cpio
export UMBRA_GCOV=1	# Kbuild reads it
kunit_builtin um-coverage "$top/kunit/coverage.kunitconfig" \
	"$top/kunit/builtin.kunitconfig"

work=$own/coverage
rm -rf "$work"
mkdir -p "$work/data"
machine_root "$work/root" "$top/kunit/coverage-init"
pack "$work/root" "$work/initramfs.gz"
say "running the tests"
uml_boot 600 "$build/vmlinux" "$work/log" "$work/gcda" mem=1G kunit.enable=1 \
	"initrd=$work/initramfs.gz" 'kunit.filter_glob=umbra*' \
	${OPS:+"umbra_test.ops=$OPS"} || die "the run failed: $work/log"
! grep -aE '^(\[[^]]*\])? *not ok' "$work/log" || die "tests fail: $work/log"

args=()
for file in "${files[@]}"; do
	name=${file##*/}
	data=$work/gcda/$name.gcda
	[ -e "$data" ] || die "no counts for $file.c: see $work/log"
	cp "$build/drivers/umbra/src/$file.gcno" "$work/data/"
	cp "$data" "$work/data/"
	mkdir -p "$work/data/${file%/*}"
	(cd "$work/data" && gcov --json-format --branch-probabilities --stdout \
		"$name.gcda" >"$file.json")
	args+=("$work/data/$file.json")
done
/usr/bin/python3 "$top/scripts/coverage.py" "$top" "${args[@]}"
