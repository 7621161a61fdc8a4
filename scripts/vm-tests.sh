# SPDX-License-Identifier: GPL-2.0
# Sourced by vm.sh: puts the test programs into the initramfs. The test
# harness is the kernel's own, taken from its newest source tree; so is the
# sorter of page_owner files.
# shellcheck shell=bash disable=SC2154

newest=$("$top/scripts/ksrc.sh" newest)
selftests=$newest/tools/testing/selftests
mkdir -p "$work/root/tests"
for source in "$top"/tests/*_test.c; do
	cc_test -isystem "$selftests" -o "$work/root/tests/$(basename "$source" .c)" \
		"$source" &
done
cc_test -w -o "$work/root/page_owner_sort" \
	"$newest/tools/mm/page_owner_sort.c"
for program in fill hold load pin; do
	cc_test -o "$work/root/$program" "$top/tests/$program.c"
done
cc_test -o "$work/root/soak" "$top"/tests/soak*.c
[ "$kernel" != debug ] ||
	strip -g -o "$work/root/umbra_exercise.ko" "$dir/umbra_exercise.ko"
wait
for source in "$top"/tests/*_test.c; do
	[ -x "$work/root/tests/$(basename "$source" .c)" ] ||
		die "cannot build $source"
done
