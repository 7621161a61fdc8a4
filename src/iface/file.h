/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of /dev/umbra are made of.
 *
 * Locks: mmap_lock, then umbra_file.lock, then those that the host takes to
 * unmap a page, and the xa_lock of umbra. umbra_file.volatile_lock is outside
 * of all of these. Nothing is allocated from the instance, and nothing copied
 * from or to user space, under the file lock; callbacks of umbra, which come
 * from allocations of anyone, only try it.
 *
 * Private to iface/.
 */
#ifndef _UMBRA_FILE_H
#define _UMBRA_FILE_H

#include <linux/atomic.h>
#include <linux/maple_tree.h>
#include <linux/miscdevice.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <umbra/umbra.h>

struct umbra_chardev {
	struct miscdevice misc;
	struct umbra *umbra;
	bool has_memory;
	const unsigned long *limit;	/* pages a file may have; 0: no limit */
	atomic_long_t next_offset;	/* pages */
};

struct umbra_file {
	struct umbra_chardev *dev;
	struct address_space *mapping;	/* of whatever maps this file */
	struct umbra_account *account;
	struct umbra_movable movable;	/* with which its blocks are registered */
	atomic_long_t seen;		/* pressure events that poll told of */
	struct mutex volatile_lock;	/* one lock or unlock at a time */
	struct mutex lock;		/* inside mmap_lock */
	struct maple_tree allocations;	/* by page offset; guarded by @lock */
};

/*
 * Blocks of one order, allocated by one call. The page_private of each block's
 * first page is the offset of that page.
 */
struct umbra_allocation {
	unsigned long offset;		/* pages */
	bool published;			/* guarded by the file lock */
	bool freed;			/* as are all up to @nr_purged */
	bool unlocked;
	unsigned int nr_mappings;	/* and who else needs it, if freed */
	unsigned long nr_purged;	/* pages */
	bool is_volatile;
	gfp_t gfp;
	/* Pages whose mapping was taken down; guarded by the file lock. */
	unsigned long *moved;
	unsigned int order;
	unsigned int nr_blocks;
	/* NULL if purged, or freed. Guarded by the file lock, if published. */
	struct page *blocks[] __counted_by(nr_blocks);
};

static inline unsigned long
umbra_allocation_pages(const struct umbra_allocation *a)
{
	return (unsigned long)a->nr_blocks << a->order;
}

/* Where the block with the page at an offset is kept. */
static inline struct page **
umbra_allocation_slot(struct umbra_allocation *a, unsigned long offset)
{
	return &a->blocks[(offset - a->offset) >> a->order];
}

#endif /* _UMBRA_FILE_H */
