#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the fuzzers of tools/fuzz with clang and sanitizers. Each runs the inputs
# that found a fault once, and the corpus, and then looks for new inputs. The
# last line has the totals.
#   SECONDS=N		time of the search, for all fuzzers together; default 60
#   MINUTES=N		the same in minutes; new inputs stay in the cache, and are
#			run first the next time
#   ONLY=NAME		one fuzzer: api, zoned, layout, text, ctl or log
#   KEEP=1		afterwards put the smallest corpus with the same coverage
#			into tools/fuzz/corpus
# usage: fuzz.sh

# Bash counts up from the number in the environment.
seconds=$SECONDS

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

if [ -n "${MINUTES:-}" ]; then
	[[ $MINUTES =~ ^[0-9]+$ ]] || die "MINUTES=$MINUTES: must be a number"
	seconds=$((MINUTES * 60))
fi
[ "$seconds" -gt 1 ] || seconds=60

need "${program_packages[@]}" clang python3 binutils
lock "fuzz-$checkout"

# The share of the time of each fuzzer
declare -A share=([api]=8 [zoned]=5 [layout]=2 [text]=1 [ctl]=2 [log]=2)
fuzzers=(api zoned layout text ctl log)
[ -z "${ONLY:-}" ] || fuzzers=("$ONLY")
shares=0
for name in "${fuzzers[@]}"; do
	[ -n "${share[$name]:-}" ] || die "ONLY=$name: there is no such fuzzer"
	shares=$((shares + share[$name]))
done

sources=$top/tools/fuzz
build=$own/fuzz/build
crashes=$own/fuzz/found
mkdir -p "$build" "$crashes"

# The stacks of tasks are not searched for pointers, so leaks cannot be found.
# The fuzzers themselves look for memory that an input leaves.
export ASAN_OPTIONS=detect_leaks=0
options=(-detect_leaks=0 -timeout=60 -rss_limit_mb=2048 -entropic=0 -len_control=0)
# The longest input, in bytes: a report of a log is longer than other inputs.
declare -A longest=([log]=2000)

# Run a fuzzer. If it ends early, print why, and how to run its last input again:
# run NAME WHAT ARGUMENT...
run() {
	local name=$1 what=$2 log status=0 input word=ok start=$SECONDS
	log=$own/log/fuzz-$name-${what// /-}
	limited $((seconds + 600)) "$build/fuzz-$name" "${options[@]}" \
		"-max_len=${longest[$name]:-400}" \
		"-artifact_prefix=$crashes/$name-" "${@:3}" >"$log" 2>&1 || status=$?
	result "$status" "$name: $what"
	[ "$status" -eq 0 ] || word="not ok"
	[ -z "${RESULTS:-}" ] || printf 'fuzz\t%s\t%d\t%s\n' "$word" \
		$((SECONDS - start)) "$name: $what" >>"$RESULTS"
	[ "$status" -ne 0 ] || return 0
	grep -aE '^fuzz: |^libumbra: |runtime error: |ERROR: ' "$log" | head -n 5 |
		sed 's/^/  /'
	input=$(sed -n 's/.*Test unit written to //p;s/^Running: //p' "$log" | tail -n 1)
	echo "  (whole output: $log)"
	[ -z "$input" ] || echo "  again: FUZZ_LOG=1 ASAN_OPTIONS=detect_leaks=0 $build/fuzz-$name $input"
}

# The functions of umbra.h that the library has must all be in the fuzzer of the
# API: uncalled
uncalled() {
	comm -12 <(grep -o 'umbra_[a-z0-9_]*(' "$top/include/umbra/umbra.h" |
		tr -d '(' | sort -u) \
		<(nm "$build/libumbra.a" 2>/dev/null | sed -n 's/.* T //p' | sort -u) |
		comm -23 - <(nm -u "$build"/tools/fuzz/api*.o 2>&1 |
			sed -n 's/.* U //p' | sort -u)
}

# Run all inputs of a directory in both orders. Prints a difference between the
# numbers of an input: orders NAME DIRECTORY
orders() {
	local files=("$2"/*)
	FUZZ_PRINT=1 "$build/fuzz-$1" -detect_leaks=0 "${files[@]}" 2>/dev/null >"$build/forward"
	readarray -t files < <(printf '%s\n' "${files[@]}" | tac)
	FUZZ_PRINT=1 "$build/fuzz-$1" -detect_leaks=0 "${files[@]}" 2>/dev/null | tac |
		diff "$build/forward" -
}

# Replay and search: fuzz NAME
fuzz() {
	local name=$1 work=$own/fuzz/$1 dict=() found new
	rm -rf "$work/kept" "$work/short"
	mkdir -p "$work/corpus" "$work/short"
	new=$work/short
	[ -z "${MINUTES:-}" ] || new=$work/corpus
	"$top/scripts/fuzz-corpus.py" unpack "$sources/corpus/$name" "$work/kept"
	[ ! -e "$sources/$name.dict" ] || dict=("-dict=$sources/$name.dict")
	readarray -t found < <(find "$sources/found" -name "$name-*" | sort)
	[ ${#found[@]} -eq 0 ] || run "$name" "inputs that found faults" "${found[@]}"
	run "$name" "corpus" -runs=0 "$work/kept"
	check "$name: an input does the same whatever came before" \
		orders "$name" "$work/kept"
	run "$name" "search" "-max_total_time=$((seconds * share[$name] / shares + 1))" \
		-print_final_stats=1 "${dict[@]}" "$new" "$work/kept"
	sed -n 's/^stat::number_of_executed_units: *//p' \
		"$own/log/fuzz-$name-search" | sed "s/^/  $name: inputs run: /"
	[ -z "${KEEP:-}" ] || keep "$name"
}

# Only new edges count here: else the corpus were ten times as large.
keep() {
	local work=$own/fuzz/$1
	rm -rf "$work/new"
	mkdir "$work/new"
	run "$1" "smallest corpus" -merge=1 -use_counters=0 "$work/new" \
		"$work/kept" "$work/corpus" "$work/short"
	"$top/scripts/fuzz-corpus.py" pack "$work/new" "$sources/corpus/$1"
}

start=$SECONDS
quietly fuzz-build make -C "$top/tools/libumbra" -j "$jobs" "O=$build" \
	CC=clang CFLAGS="-O1 -g1" SANITIZE=1 fuzz
echo "fuzz: built in $((SECONDS - start)) s"
[ -n "${ONLY:-}" ] || check "api: calls every function of umbra.h" uncalled
for name in "${fuzzers[@]}"; do
	fuzz "$name"
done
check_totals
