#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Try every rule of check-floors.py on a copy of the tree with one violation.
# Prints the rules that do not see theirs, and fails if there is one.
# usage: check-floors-test.sh TREE OBJECTS

set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
tree=$1 objects=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# A copy of the tree, and links to its objects
anew() {
	rm -rf "$work/tree" "$work/objects"
	mkdir -p "$work/tree" "$work/objects"
	cp -r "$tree"/{src,include,kunit,Kbuild} "$work/tree/"
	cp -rs "$(realpath "$objects")/src" "$work/objects/"
}

# An object for a source file of the copy that is C and nothing of the kernel:
# object FILE TEXT
object() {
	printf '%s\n' "$2" >"$work/tree/src/$1.c"
	cc -c -x c -o "$work/objects/src/$1.o" - \
		<<<"$(grep -v '^#include' <<<"$2")"
}

# The check must say so: expect RULE TEXT
expect() {
	local said
	said=$("$top/scripts/check-floors.py" "$work/tree" "$work/objects") &&
		said=nothing
	[[ $said == *"$2"* ]] || {
		echo "$1: not seen; the check says: $said"
		status=1
	}
}

anew
"$top/scripts/check-floors.py" "$work/tree" "$work/objects" || status=1

sed -i '1a #include "../pressure/wait.h"' "$work/tree/src/buddy/zone.h"
expect "floors: include" "src/buddy/zone.h: includes src/pressure/wait.h"

anew
sed -i '1a #include "../pressure/wait.h"' "$work/tree/src/inspect/verify.c"
expect "floors: beside" "src/inspect/verify.c: includes src/pressure/wait.h"

anew
sed -i '1a #include "../core/core.h"' "$work/tree/src/iface/chardev.c"
expect "floors: client" "src/iface/chardev.c: includes src/core/core.h, but"

anew
sed -i '1a #include <uapi/linux/umbra.h>' "$work/tree/src/page/take.c"
expect "floors: ABI" "include/uapi/linux/umbra.h is for src/iface alone"

anew
mkdir "$work/tree/src/attic"
touch "$work/tree/src/attic/old.c"
expect "floors: folder" "src/attic/old.c: a folder that has no floor"

anew
object buddy/reach "int umbra_wait_init(void);
int umbra_reach(void) { return umbra_wait_init(); }"
echo "int umbra_reach(void);" >"$work/tree/src/buddy/reach.h"
expect "floors: call" "src/buddy/reach.c: calls umbra_wait_init of"

anew
sed -i '1a #include "pcp.h"' "$work/tree/src/page/pcp_list.h"
expect "loop of includes" "a loop of includes"

anew
object core/ring_a "int umbra_ring_b(void);
int umbra_ring_a(void) { return umbra_ring_b(); }"
object core/ring_b "int umbra_ring_a(void);
int umbra_ring_b(void) { return umbra_ring_a(); }"
echo "int umbra_ring_a(void);" >"$work/tree/src/core/ring_a.h"
echo "int umbra_ring_b(void);" >"$work/tree/src/core/ring_b.h"
expect "loop of calls" "a loop of calls"

anew
sed -i '/umbra_held_rescan_later/d' "$work/tree/src/page/held.h"
expect "declared" "umbra_held_rescan_later is declared neither"

anew
sed -i '/"..\/page\/held.h"/d' "$work/tree/src/move/compact.c"
expect "included" "src/move/compact.c: uses umbra_held_rescan and does not include src/page/held.h"

anew
sed -i '1a #include "../move/compaction.h"' "$work/tree/src/pressure/kswapd.c"
expect "private" "which is private to src/move"

anew
sed -i '1a #include <umbra/umbra.h>' "$work/tree/src/compat/compat.h"
expect "floors: compat" "src/compat/compat.h: includes include/umbra/umbra.h, but"

anew
echo '# KERNEL_VERSION' >>"$work/tree/Kbuild"
expect "versions: Kbuild" "kernel versions are known in src/compat alone"

anew
echo '#if LINUX_VERSION_CODE' >>"$work/tree/src/api/alloc.c"
expect "versions" "kernel versions are known in src/compat alone"

exit "$status"
