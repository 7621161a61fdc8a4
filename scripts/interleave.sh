#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Explore in which order the steps of several contexts can come, over the code of
# the library: no block may have two owners or none, and no context may wait without
# end. Then plant faults, one after the other: the explorer must find each of them.
# The last line has the totals.
#   SET=whole		also the scenarios that take long
#   FILTER=GLOB		only the scenarios that match, and no faults
# usage: interleave.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

need "${program_packages[@]}" git
lock "interleave-$checkout"
dir=$own/interleave
options=()
[ "${SET:-}" != whole ] || options+=(--whole)

# Replace addresses in the schedule of a failure by functions and lines
name_places() {
	local line
	while IFS= read -r line; do
		[[ $line =~ ^(.*)\ \+(0x[0-9a-f]+)$ ]] || {
			echo "$line"
			continue
		}
		echo "${BASH_REMATCH[1]}" \
			"$(addr2line -psfi -e "$1" "${BASH_REMATCH[2]}" | paste -s -d ' ')"
	done
}

# Run the explorer, print what it says, and add its totals: explore ARGUMENT...
explore() {
	local log=$own/log/interleave p f status=0
	limited 1800 "$dir/build/interleave" "$@" >"$log" 2>&1 || status=$?
	name_places "$dir/build/interleave" <"$log" | sed '$d'
	if IFS=' ,' read -r p _ f _ < <(tail -n 1 "$log") && [[ $p$f =~ ^[0-9]+$ ]]; then
		passed=$((passed + p)) failed=$((failed + f))
	else
		tail -n 1 "$log"
		result 1 "the explorer runs to its end, and not to status $status"
	fi
}

# Compile the source that a fault changes, in a copy of the sources, and link it
# with all other objects: build_fault TREE SOURCE
build_fault() {
	local object=${2%.c}.o
	make -s -C "$1/tools/libumbra" EXPLORE=1 "O=$1/build" "$1/build/$object" &&
		cp "$dir/build/libumbra.a" "$1/build" &&
		ar r "$1/build/libumbra.a" "$1/build/$object" &&
		cc "$dir"/build/tools/interleave/*.o "$1/build/libumbra.a" \
			-o "$1/build/interleave"
}

# Plant a fault, and require that its scenario fails: plant TREE PATCH
plant() {
	local log=$own/log/interleave-fault what scenario source status=1
	what=$(head -n 1 "$2")
	scenario=$(sed -n 's/^Found by: //p' "$2")
	source=$(sed -n 's|^+++ b/||p' "$2")
	if (cd "$1" && GIT_CEILING_DIRECTORIES=$own git apply "$2") && build_fault "$1" "$source" >"$log" 2>&1; then
		limited 300 "$1/build/interleave" --whole "$scenario" >"$log" 2>&1 ||
			status=$?
		grep -m 1 -o 'schedule [0-9]*: .*' "$log" | sed 's/^/# /' &&
			grep -q '^not ok: ' "$log" && status=0
	fi
	[ "$status" -eq 0 ] || tail -n 5 "$log"
	result "$status" "fault in $source found by $scenario: $what"
	(cd "$1" && GIT_CEILING_DIRECTORIES=$own git apply -R "$2")
}

quietly interleave-build make -s -C "$top/tools/libumbra" -j "$jobs" CC=gcc \
	EXPLORE=1 "O=$dir/build" "$dir/build/interleave"
explore "${options[@]}" "${FILTER:-*}"
if [ -z "${FILTER:-}" ]; then
	# The reduction must leave out nothing that sleep sets alone keep.
	explore --sleep-sets 'free*'
	tree=$dir/tree
	rm -rf "$tree"
	copy_sources "$tree" tools
	for patch in "$top"/tools/interleave/faults/*.patch; do
		plant "$tree" "$patch"
	done
fi
[ "$passed" -gt 0 ] || result 1 "a scenario was searched"
check_totals
