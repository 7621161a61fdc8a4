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
#include <linux/fs.h>
#include <linux/maple_tree.h>
#include <linux/miscdevice.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <umbra/umbra.h>

struct umbra_chardev {
	struct miscdevice misc;
	struct umbra *umbra;
	bool has_memory;
	unsigned long nr_pages;		/* of @umbra */
	const unsigned long *limit;	/* pages per file; 0 for no limit */
	atomic_long_t next_offset;	/* first unused offset, in pages */
};

struct umbra_file {
	struct umbra_chardev *dev;
	struct address_space mapping;	/* all mappings of the file */
	struct umbra_account *account;
	atomic_long_t kernel_bytes;	/* of its allocations, without pages */
	struct umbra_movable movable;	/* owner of all blocks */
	atomic_long_t seen;		/* pressure events reported by poll */
	struct mutex volatile_lock;	/* held during LOCK and UNLOCK */
	struct mutex lock;		/* the file lock; inside mmap_lock */
	struct maple_tree allocations;	/* by offset; guarded by @lock */
};

/*
 * The blocks of an allocation. Guarded by the file lock once the allocation is
 * published.
 */
struct umbra_blocks {
	unsigned long *moved;	/* bitmap of pages whose mapping was taken down */
	/* Numbers of the blocks in the allocation, ascending; NULL: it has all. */
	u32 *numbers;
	unsigned int nr;
	struct page *pages[] __counted_by(nr);	/* NULL if purged or freed */
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
	unsigned int order;
	unsigned int nr_blocks;		/* in the range of offsets */
	size_t kernel_bytes;		/* charged to the file */
	/* NULL if it has none any more. File lock once published. */
	struct umbra_blocks *blocks;
};

static inline unsigned long
umbra_allocation_pages(const struct umbra_allocation *a)
{
	return (unsigned long)a->nr_blocks << a->order;
}

/* The bit in umbra_blocks.moved of the first page of a block. */
static inline unsigned long umbra_allocation_bit(const struct umbra_allocation *a,
						 struct page **slot)
{
	return (unsigned long)(slot - a->blocks->pages) << a->order;
}

#endif /* _UMBRA_FILE_H */
