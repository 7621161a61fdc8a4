#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbractl with sanitizers, and compare what it prints with the files
# in tools/umbractl/tests. The last line has the totals.
# usage: umbractl.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

need "${program_packages[@]}" libjson-c-dev
lock "unit-$checkout"
slowness
tests=$top/tools/umbractl/tests

# The library has pieces of memory until the process ends.
export ASAN_OPTIONS=detect_leaks=0
quietly umbractl-build make -s -C "$top/tools/libumbra" -j "$jobs" \
	"O=$own/unit/sanitized" CC=gcc SANITIZE=1 CFLAGS="-O1 -g1" umbractl
umbractl=$own/unit/sanitized/umbractl

# Print the output of a command, and its exit status if that is not 0
run() {
	local status=0
	limited 60 "$umbractl" "$@" >"$own/log/umbractl-run" 2>&1 || status=$?
	sed "/doesn't fully support makecontext/d" "$own/log/umbractl-run"
	[ "$status" -eq 0 ] || echo "exit status $status"
}

# Each line of gfp.masks must hold in both directions: masks
masks() {
	local version mask names got
	grep -v '^#' "$tests/gfp.masks" | while read -r version mask names; do
		got=$(run gfp --kernel "$version" "$names")
		[ "$got" = "$mask" ] ||
			echo "$version: $names is $got, and must be $mask"
		got=$(run gfp --kernel "$version" "$mask")
		diff <(tr '|' '\n' <<<"$names" | sort) \
			<(tr '|' '\n' <<<"$got" | sort) >/dev/null ||
			echo "$version: $mask is $got, and must be $names"
	done
}

# The arguments in each line of a file, and what they print: commands FILE
commands() {
	local line words
	while read -r line; do
		echo "\$ umbractl $line"
		read -ra words <<<"$line"
		(cd "$tests" && run "${words[@]}" </dev/null)
	done <"$1" | diff "${1%.args}.out" -
}

for file in "$tests"/*.args; do
	check "commands: $(basename "$file" .args)" commands "$file"
done
check "gfp: masks of versions" masks
check_totals
