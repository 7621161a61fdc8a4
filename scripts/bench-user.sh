#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Count the instructions, and the cache lines, of the cases of the benchmark on the
# library, with callgrind. A case fails if it needs 2 % more than in the budget of
# the same compiler (tools/bench-user/budget.json), and the functions that need
# more are named. The last line has the totals.
#   KEEP=1	the counts become the budget
# usage: bench-user.sh

. "$(dirname "$0")/lib.sh"

need "${program_packages[@]}" valgrind python3
lock "bench-user-$checkout"

build=$own/bench-user/build
counts=$own/bench-user/counts
rm -rf "$counts"
mkdir -p "$build" "$counts"
quietly bench-user-build make -C "$top/tools/libumbra" -j "$jobs" "O=$build" \
	CC=gcc "CFLAGS=-O2 -g" bench-user

# The caches are as large as callgrind takes them, so that no line is loaded
# twice. The environment and the path of the program are on the stack, and would
# move its lines. The functions of the C library must be those that every CPU has.
cd "$build"
quietly bench-user-run limited 300 env -i PATH=/usr/bin:/bin \
	GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,-AVX2,-ERMS,-FSRM \
	valgrind --tool=callgrind \
	--instr-atstart=no --cache-sim=yes --I1=1048576,8,64 --D1=33554432,8,64 \
	--LL=67108864,8,64 --compress-strings=no --compress-pos=no \
	"--callgrind-out-file=$counts/counts" ./bench-user

command=check status=0
[ -z "${KEEP:-}" ] || command=keep
/usr/bin/python3 "$top/scripts/bench-user.py" "$command" "$counts" \
	"$top/tools/bench-user/budget.json" "$(gcc --version | sed -n 1p)" \
	>"$own/log/bench-user" || status=$?
cat "$own/log/bench-user"
[ -z "${RESULTS:-}" ] || sed -nE \
	's/^(ok|not ok|skip)[a-z]*: ([^:]*): .*/bench-user\t\1\t0\t\2/p' \
	"$own/log/bench-user" >>"$RESULTS"
exit "$status"
