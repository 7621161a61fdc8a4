# SPDX-License-Identifier: GPL-2.0
# Sourced by vm.sh: puts the test programs into the initramfs. The test
# harness is the kernel's own, taken from its newest source tree.
# shellcheck shell=bash disable=SC2154

selftests=$("$top/scripts/ksrc.sh" newest)/tools/testing/selftests
mkdir -p "$work/root/tests"
for source in "$top"/tests/*_test.c; do
	cc_test -isystem "$selftests" -o "$work/root/tests/$(basename "$source" .c)" \
		"$source" &
done
for program in fill load pin; do
	cc_test -o "$work/root/$program" "$top/tests/$program.c"
done
wait
for source in "$top"/tests/*_test.c; do
	[ -x "$work/root/tests/$(basename "$source" .c)" ] ||
		die "cannot build $source"
done
