#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the allocator as a library for programs, and run on it the KUnit suites,
# the tests of the library itself, and those of umbra-sim. The last line has the
# totals.
#   ALL=1		also with clang, and with sanitizers
#   FILTER=GLOB		only the suites, or suite.tests, that match
#   OPS=N SEED=N	operations and seed of the property tests
# usage: unit.sh

. "$(dirname "$0")/lib.sh"

packages=("${program_packages[@]}" python3)
[ -z "${ALL:-}" ] || packages+=(clang)
need "${packages[@]}"
passed=0 failed=0 skipped=0
lock "unit-$checkout"

# Add a result of the scripts themselves: result BUILD STATUS NAME
result() {
	local word=ok
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1)) word="not ok"
	fi
	echo "$word: $1: $3"
	[ -z "${RESULTS:-}" ] ||
		printf '%s\t%s\t0\t%s\n' "unit $1" "$word" "$3" >>"$RESULTS"
}

# Run a program that prints KTAP and totals, and count its results. Prints the
# failures: run BUILD NAME COMMAND...
run() {
	local log=$own/log/unit-$1-$2 status=0 p f s
	"${@:3}" >"$log" 2>&1 || status=$?
	grep -E '^ *not ok|failed at|log: |^libumbra: |ERROR: |runtime error' "$log" || true
	if IFS=' ,' read -r p _ f _ s _ < <(tail -n 1 "$log") &&
	   [[ $p$f$s =~ ^[0-9]+$ ]]; then
		passed=$((passed + p)) failed=$((failed + f))
		skipped=$((skipped + s))
		[ "$status" -eq 0 ] || [ "$f" -gt 0 ] ||
			result "$1" "$status" "$2 ends with success"
	else
		tail -n 5 "$log"
		result "$1" 1 "$2 runs to its end"
	fi
	[ -z "${RESULTS:-}" ] || /usr/bin/python3 "$top/scripts/results.py" \
		read "unit $1" "$log" >>"$RESULTS"
	tail -n 1 "$log" | sed "s/^/$1: $2: /"
	echo "$1: $2: $log"
}

# Each file has commands, and options in its first line; the output, with an exit
# status that is not 0, is in the file beside it: simulate BUILD DIRECTORY
simulate() {
	local commands status options
	for commands in "$top"/tools/umbra-sim/tests/*.sim; do
		status=0
		read -ra options < <(sed -n '1s/^# //p' "$commands")
		{ "$2/umbra-sim" "${options[@]}" <"$commands" 2>&1 ||
			echo "exit status $?"; } |
			sed "/WARNING: ASan doesn't fully support makecontext/d" |
			diff - "${commands%.sim}.out" || status=1
		result "$1" "$status" "umbra-sim: $(basename "$commands")"
	done
}

# Build and test: unit BUILD OPS [MAKE ARGUMENT...]
unit() {
	local dir=$own/unit/$1 start=$SECONDS status=0 options=("--ops=${OPS:-$2}")
	mkdir -p "$dir"
	if ! make -s -C "$top/tools/libumbra" -j "$jobs" "O=$dir" "${@:3}" \
		>"$own/log/unit-$1-build" 2>&1; then
		cat "$own/log/unit-$1-build"
		result "$1" 1 "the library can be built"
		return
	fi
	echo "$1: built in $((SECONDS - start)) s"
	[ -z "${FILTER:-}" ] || options+=("--filter=$FILTER")
	[ -z "${SEED:-}" ] || options+=("--seed=$SEED")
	run "$1" kunit limited 600 "$dir/unit" "${options[@]}"
	[ -z "${FILTER:-}" ] || return 0
	run "$1" selftest limited 300 "$dir/selftest"
	run "$1" storm limited 600 "$dir/storm"
	simulate "$1" "$dir"
	"$dir/example" >"$own/log/unit-$1-example" 2>&1 || status=$?
	result "$1" "$status" "the example of the documents runs"
}

# The stacks of tasks are not searched for pointers, so leaks cannot be found.
export ASAN_OPTIONS=detect_leaks=0
unit gcc 1000000 CC=gcc
if [ -n "${ALL:-}" ]; then
	unit clang 1000000 CC=clang
	# Less optimization makes the build shorter.
	unit sanitized 20000 CC=gcc SANITIZE=1 CFLAGS="-O1 -g1"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
