#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every state of small zones: a search over all states that operations reach, in
# which a model predicts each step; see tools/states. The whole set also plants
# the faults of tools/states/faults, one at a time: the search must find each.
# Ends with a line of totals.
#   SET=whole|short	short: the scenes of `make test`, and no faults
#   FAULTS=1		with the faults in any set
# usage: states.sh

. "$(dirname "$0")/lib.sh"
. "$top/scripts/checks.sh"

set=${SET:-whole}
options=()
case $set in
whole)	FAULTS=1 ;;
short)	options=(--short) ;;
*)	die "SET=$set: must be whole or short" ;;
esac
need "${program_packages[@]}" patch

# Build the search: build DIRECTORY-OF-SOURCES DIRECTORY LOG
build() {
	mkdir -p "$2"
	make -s -C "$1/tools/libumbra" -j "$jobs" "O=$2" CC=gcc "$2/states" \
		>"$own/log/$3" 2>&1
}

# Run the search and count the results of its scenes: scenes DIRECTORY
scenes() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok: "*)	result 0 "${line#ok: }" ;;
		"not ok: "*)	result 1 "${line#not ok: }" ;;
		"#"*)		echo "$line" ;;
		esac
	done < <(limited 1200 "$1/states" "${options[@]}" ||
		 [ $? -eq 1 ] || echo "not ok: the search runs to its end")
}

# Does a search find a fault? It ends at the first scene that does.
finds() {
	local status=0
	limited 600 "$1/states" --count --first >"$2" 2>&1 || status=$?
	[ "$status" -eq 1 ] && grep -q '^not ok: ' "$2"
}

# Plant a fault in the copy of the sources, search, and remove it again: plant PATCH
plant() {
	local name log
	name=$(basename "$1" .patch)
	log=$own/log/states-fault-$name
	if ! patch -s -f -p1 -d "$copy" --dry-run <"$1" >"$log" 2>&1; then
		cat "$log"
		result 1 "fault $name can be planted"
		return
	fi
	patch -s -p1 -d "$copy" <"$1"
	if ! build "$copy" "$work/build" states-fault-build; then
		cat "$own/log/states-fault-build"
		result 1 "fault $name can be built"
	elif finds "$work/build" "$log"; then
		result 0 "fault $name is found by $(sed -n 's/^not ok: //p' "$log")"
	else
		result 1 "fault $name is found: $(head -n 1 "$1")"
	fi
	patch -s -R -p1 -d "$copy" <"$1"
}

work=$own/states copy=$own/states/source
lock "unit-$checkout"	# the build is that of `make unit`
start=$SECONDS
build "$top" "$own/unit/gcc" states-build || {
	cat "$own/log/states-build"
	die "the search cannot be built"
}
echo "built in $((SECONDS - start)) s"
start=$SECONDS
scenes "$own/unit/gcc"
echo "searched in $((SECONDS - start)) s"
if [ -n "${FAULTS:-}" ]; then
	start=$SECONDS
	rm -rf "$work"	# an object of an interrupted run may have a fault
	copy_sources "$copy" kunit tools
	for patch in "$top"/tools/states/faults/*.patch; do
		plant "$patch"
	done
	echo "searched for faults in $((SECONDS - start)) s"
fi
[ "$passed" -gt 0 ] || result 1 "a scene was searched"
check_totals
