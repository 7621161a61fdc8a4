/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data of an open file of /dev/umbra.
 *
 * Lock order: umbra_file.volatile_lock, mmap_lock, umbra_file.lock (the file
 * lock), then the locks of the host for unmapping a page, and the xa_lock of
 * umbra. Under the file lock, code must not allocate from the instance and must
 * not copy from or to user space. Callbacks of umbra run in allocations of any
 * task, with any locks of that task held, so they only try the file lock.
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
	const unsigned long *limit;	/* pages per file; 0 for no limit */
	atomic_long_t next_offset;	/* first unused offset, in pages */
};

struct umbra_file {
	struct umbra_chardev *dev;
	struct address_space *mapping;	/* shared by all files of @dev */
	struct umbra_account *account;
	struct umbra_movable movable;	/* owner of all blocks */
	atomic_long_t seen;		/* pressure events reported by poll */
	struct mutex volatile_lock;	/* held during LOCK and UNLOCK */
	struct mutex lock;		/* the file lock; inside mmap_lock */
	struct maple_tree allocations;	/* by offset; guarded by @lock */
};

/*
 * Blocks of one order, allocated by one ioctl. The page_private of a block's
 * first page is the offset of that page.
 */
struct umbra_allocation {
	unsigned long offset;		/* of the first page, in pages */
	/* Guarded by the file lock, as all members up to @nr_purged. */
	bool published;			/* lookups find it */
	bool freed;			/* by its user */
	bool unlocked;			/* blocks may be purged */
	unsigned int nr_mappings;	/* plus 1 during the free */
	unsigned long nr_purged;	/* pages, since the last LOCK */
	bool is_volatile;
	gfp_t gfp;
	/* Bitmap of pages whose mapping was taken down; file lock. */
	unsigned long *moved;
	unsigned int order;
	unsigned int nr_blocks;
	/* NULL if purged or freed. Guarded by the file lock once published. */
	struct page *blocks[] __counted_by(nr_blocks);
};

static inline unsigned long
umbra_allocation_pages(const struct umbra_allocation *a)
{
	return (unsigned long)a->nr_blocks << a->order;
}

/* Return the slot of the block with the page at @offset. */
static inline struct page **
umbra_allocation_slot(struct umbra_allocation *a, unsigned long offset)
{
	return &a->blocks[(offset - a->offset) >> a->order];
}

#endif /* _UMBRA_FILE_H */
