#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Change one thing at a time in the folders buddy, page, move and pressure, and see
# whether a test of `make unit` notices. Prints the mutants that nothing noticed,
# a table, and a line of totals. Results are kept, and only what a change can
# affect runs again.
#   SAMPLE=N		only N mutants, always the same
#   FILES="FILE..."	only these files, as page/pcp or 'move/*'
#   NAMES="GLOB..."	only mutants with such names; prints what became of each
#   JOBS=N		mutants that run at the same time, default one for each CPU
# usage: mutants.sh

. "$(dirname "$0")/lib.sh"

need "${program_packages[@]}" clang python3
options=("--jobs=${JOBS:-$jobs}")
[ -z "${SAMPLE:-}" ] || options+=("--sample=$SAMPLE")
[ -z "${NAMES:-}" ] || options+=("--names=$NAMES")
read -ra files <<<"${FILES:-}"
lock "mutants-$checkout"
build=$own/mutants
mkdir -p "$build"
quietly mutants-build make -s -C "$top/tools/libumbra" -j "$jobs" "O=$build" \
	CC=gcc CFLAGS=-O2
CC=gcc /usr/bin/python3 -B "$top/tools/mutants/mutate.py" "${options[@]}" "$top" \
	"$build" "${files[@]}"
