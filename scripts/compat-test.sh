#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build umbra for a copy of a kernel tree that a distribution might have: some
# functions of newer kernels are added, or are not there. Prints nothing unless
# something is wrong.
# usage: compat-test.sh lean-7|rich-6.1
#   lean-7	the tree has nothing that compat.h replaces, no exports of CMA,
#		and min() and max() want one type as before 6.7
#   rich-6.1	the tree has all that compat.h replaces

. "$(dirname "$0")/lib.sh"
. "$top/scripts/trees.sh"

# Rename names in all headers: take_away TREE NAME...
take_away() {
	local tree=$1 name
	shift
	for name; do
		grep -rlwZ --include='*.h' "$name" "$tree-common/include" |
			xargs -0 -r sed -i "s/\\b$name\\b/gone_$name/g"
	done
}

make_lean() {
	local inc=$1-common/include
	take_away "$1" struct_size_t kzalloc_obj kmalloc_obj alloc_pages_bulk \
		rt_or_dl_task vm_flags_set __counted_by ACR_FLAGS_NONE \
		EXPORT_SYMBOL_FOR_MODULES
	sed -i 's/\bconst vm_flags_t vm_flags;/vm_flags_t vm_flags;/' \
		"$inc/linux/mm_types.h"
	rm -f "$inc/kunit/visibility.h" "$inc/kunit/static_stub.h"
	sed -i -E '/\t(cma_alloc|cma_release|dev_get_cma_area)\t/d' \
		"$1/Module.symvers"
	add "$inc/linux/minmax.h" <<-'END'
	#define one_type(x, y) ((void)sizeof((typeof(x) *)1 == (typeof(y) *)1))
	#undef min
	#define min(x, y) ({ one_type(x, y); __careful_cmp(min, x, y); })
	#undef max
	#define max(x, y) ({ one_type(x, y); __careful_cmp(max, x, y); })
	END
}

# Add the standard input before the last line of a header: add HEADER
add() {
	{ sed '$d' "$1"; cat; tail -n 1 "$1"; } >"$1.new"
	mv "$1.new" "$1"
}

make_rich() {
	local inc=$1-common/include
	add "$inc/linux/overflow.h" <<-'END'
	#define struct_size_t(type, member, count) \
		struct_size((type *)NULL, member, count)
	END
	add "$inc/linux/slab.h" <<-'END'
	#define kzalloc_obj(obj, gfp) ((typeof(obj) *)kzalloc(sizeof(obj), gfp))
	#define kmalloc_obj(obj, gfp) ((typeof(obj) *)kmalloc(sizeof(obj), gfp))
	END
	add "$inc/linux/gfp.h" <<-'END'
	#define alloc_pages_bulk alloc_pages_bulk_array
	typedef unsigned int acr_flags_t;
	#define ACR_FLAGS_NONE ((acr_flags_t)0)
	END
	add "$inc/linux/sched/rt.h" <<-'END'
	static inline bool rt_or_dl_task(struct task_struct *p)
	{
		return rt_task(p);
	}
	END
	sed -i 's/\bvm_flags_t vm_flags;/const vm_flags_t vm_flags;/' \
		"$inc/linux/mm_types.h"
	add "$inc/linux/mm.h" <<-'END'
	static inline void vm_flags_set(struct vm_area_struct *vma,
					vm_flags_t flags)
	{
		*(vm_flags_t *)&vma->vm_flags |= flags;
	}
	END
	add "$inc/linux/compiler_types.h" <<-'END'
	#define __counted_by(member)
	END
	add "$inc/linux/export.h" <<-'END'
	#define EXPORT_SYMBOL_FOR_MODULES(symbol, ...) EXPORT_SYMBOL_GPL(symbol)
	END
	echo '#define KUNIT_STATIC_STUB_REDIRECT(...) do { } while (0)' \
		>"$inc/kunit/static_stub.h"
}

# Print the warnings about lines of umbra: headers of the kernel that were
# changed have warnings of their own. warnings LOG DIRECTORY-OF-UMBRA
warnings() {
	awk -v directory="$2/" '
	     index($0, directory) == 1 { $0 = substr($0, length(directory) + 1) }
	     { ours = /^src\// }
	     /(warning|error):/ { text = $0; if (ours) print; next }
	     ours && text && /in expansion of macro/ {
		print text; print; text = "" }' "$1"
}

# Print a line unless the module uses one function of the kernel, and does not
# use another one: uses MODULE FUNCTION OTHER
uses() {
	local names
	names=$(nm -u "$1")
	grep -qw "$2" <<<"$names" || echo "umbra.ko does not use $2"
	! grep -qw "$3" <<<"$names" || echo "umbra.ko uses $3"
}

name=${1:?usage: compat-test.sh lean-7|rich-6.1}
kernel=${name#*-}
dir=$("$top/scripts/kernel.sh" "$kernel")
tree=$dir/root/usr/src/$name-$checkout
lock "compat-$name-$checkout"
copy_tree "$dir/root/usr/src/linux-headers-$(cat "$dir/release")" "$tree"
make_"${name%-*}" "$tree"
built=$(TREE=$tree "$top/scripts/build.sh" "$kernel")
warnings "$own/log/build-$kernel-${tree##*/}" "$built"
if [ "$name" = lean-7 ]; then
	uses "$built/umbra.ko" dma_alloc_pages cma_alloc
	uses "$("$top/scripts/build.sh" 7)/umbra.ko" cma_alloc dma_alloc_pages
fi
rm -rf "$built"
remove_tree "$tree"
