// SPDX-License-Identifier: GPL-2.0
/*
 * Taking down the mappings of a block, before it is moved or purged.
 *
 * This happens under the file lock. A fault needs this lock, so it cannot map
 * the block again. A reference that is left then is not from a mapping, and the
 * block must stay.
 *
 * The time that it takes depends on the number of mappings. A block with too
 * many of them stays where it is, so that the task that moves it, and the file
 * lock, are not held up.
 */
#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/interval_tree_generic.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <umbra/umbra.h>
#include "chardev_unmap.h"
#include "file.h"

/*
 * A block with more mappings than this is not moved and not purged. Each takes
 * some 30 us to take down, so the file lock is held for some 10 ms.
 */
#define MAPPINGS_MOST 256

static inline unsigned long first_offset(struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static inline unsigned long last_offset(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long,
		     shared.rb_subtree_last, first_offset, last_offset,
		     static inline, mapping_tree)

/* Does a range of offsets have at most MAPPINGS_MOST mappings? */
static bool has_few_mappings(struct address_space *mapping, unsigned long first,
			     unsigned long last)
{
	struct vm_area_struct *vma;
	unsigned int nr = 0;

	i_mmap_lock_read(mapping);
	for (vma = mapping_tree_iter_first(&mapping->i_mmap, first, last);
	     vma && nr <= MAPPINGS_MOST; nr++)
		vma = mapping_tree_iter_next(vma, first, last);
	i_mmap_unlock_read(mapping);
	return nr <= MAPPINGS_MOST;
}

/*
 * Record which pages of a block are mapped, before their mappings are taken
 * down. A reference of another kind counts as a mapping: the two look the same.
 */
static void note_mapped(struct umbra_file *file, struct umbra_allocation *a,
			struct page **slot)
{
	unsigned long bit = umbra_allocation_bit(a, slot);
	unsigned int i;

	for (i = 0; i < 1U << a->order; i++)
		if (umbra_page_is_pinned(file->dev->umbra, *slot + i, 0))
			__set_bit(bit + i, a->blocks->moved);
}

/**
 * umbra_file_unmap() - take down all mappings of a block
 * @file: the file
 * @a: the allocation
 * @slot: the block
 *
 * The next access to the block faults, and waits for the file lock. The pages
 * that were mapped are recorded in @a, whether the block then moves or not.
 *
 * Context: may sleep; file lock held.
 * Return: 0 if only umbra has references to the block now, else -EBUSY; also if
 * it has too many mappings, which are left then.
 */
int umbra_file_unmap(struct umbra_file *file, struct umbra_allocation *a,
		     struct page **slot)
{
	unsigned long first = page_private(*slot);
	unsigned long nr = 1UL << a->order;

	lockdep_assert_held(&file->lock);

	if (!has_few_mappings(&file->mapping, first, first + nr - 1))
		return -EBUSY;
	note_mapped(file, a, slot);
	unmap_mapping_pages(&file->mapping, first, nr, false);
	return umbra_page_is_pinned(file->dev->umbra, *slot, a->order) ?
	       -EBUSY : 0;
}
