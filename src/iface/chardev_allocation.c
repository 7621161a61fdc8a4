// SPDX-License-Identifier: GPL-2.0
/*
 * The description of an allocation of an open file: the memory of the host that
 * it takes beside its pages.
 *
 * A mapping may outlive the free of its allocation, and an open file may have
 * any number of those. So this memory has a limit for each file, and a freed
 * allocation keeps only what its mappings still need.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bsearch.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "../compat/large.h"
#include "chardev_allocation.h"
#include "file.h"
#include <uapi/linux/umbra.h>

/**
 * umbra_file_limit() - get the limit of pages of a file
 * @file: the file
 *
 * Context: any.
 * Return: the number of pages, ULONG_MAX for no limit.
 */
unsigned long umbra_file_limit(const struct umbra_file *file)
{
	return READ_ONCE(*file->dev->limit) ?: ULONG_MAX;
}

/*
 * The memory of the host that an allocation takes for each page, at most, in
 * bytes: that of a single page.
 */
#define KERNEL_BYTES_PER_PAGE 256

/* Files with a low limit of pages may map a few freed allocations, too. */
#define KERNEL_PAGES_LEAST 64UL

/* About the part of a node of the tree that an allocation takes, in bytes. */
#define NODE_BYTES 64

/**
 * umbra_file_kernel_limit() - get the limit of the memory of the host
 * @file: the file
 *
 * Context: any.
 * Return: the number of bytes that may describe the allocations of @file.
 */
unsigned long umbra_file_kernel_limit(const struct umbra_file *file)
{
	unsigned long pages = min(umbra_file_limit(file), file->dev->nr_pages);

	return max(pages, KERNEL_PAGES_LEAST) * KERNEL_BYTES_PER_PAGE;
}

/* Charge memory of the host for an allocation. Returns 0 or -EDQUOT. */
static int charge_bytes(struct umbra_file *file, struct umbra_allocation *a,
			size_t bytes)
{
	unsigned long limit = umbra_file_kernel_limit(file);

	if (atomic_long_add_return(bytes, &file->kernel_bytes) > limit) {
		atomic_long_sub(bytes, &file->kernel_bytes);
		return -EDQUOT;
	}
	a->kernel_bytes += bytes;
	return 0;
}

static void uncharge_bytes(struct umbra_file *file, struct umbra_allocation *a,
			   size_t bytes)
{
	a->kernel_bytes -= bytes;
	atomic_long_sub(bytes, &file->kernel_bytes);
}

static size_t moved_bytes(unsigned int nr, unsigned int order)
{
	return BITS_TO_LONGS((unsigned long)nr << order) * sizeof(long);
}

/* The size of the description of @nr blocks, in bytes. */
static size_t blocks_bytes(unsigned int nr, unsigned int order, bool numbered)
{
	const struct umbra_blocks *b;

	return struct_size(b, pages, nr) + moved_bytes(nr, order) +
	       (numbered ? nr * sizeof(*b->numbers) : 0);
}

static struct umbra_blocks *blocks_create(unsigned int nr, unsigned int order,
					  bool numbered)
{
	struct umbra_blocks *b;

	b = umbra_large_zalloc(1, blocks_bytes(nr, order, numbered),
			       GFP_KERNEL_ACCOUNT, NULL);
	if (!b)
		return NULL;
	b->nr = nr;
	b->moved = (void *)b + struct_size(b, pages, nr);
	if (numbered)
		b->numbers = (void *)b->moved + moved_bytes(nr, order);
	return b;
}

/**
 * umbra_allocation_delete() - free the description of an allocation
 * @file: the file
 * @a: the allocation, without blocks
 *
 * Context: may sleep.
 */
void umbra_allocation_delete(struct umbra_file *file,
			     struct umbra_allocation *a)
{
	uncharge_bytes(file, a, a->kernel_bytes);
	kvfree(a->blocks);
	kfree(a);
}

static int compare_numbers(const void *key, const void *number)
{
	const u32 *a = key, *b = number;

	return *a < *b ? -1 : *a > *b;
}

/**
 * umbra_allocation_slot() - find the slot of a block
 * @a: the allocation
 * @offset: offset of a page of the block, in pages
 *
 * Context: file lock held, unless @a is not published yet.
 * Return: the slot, or NULL if the allocation has no such block any more.
 */
struct page **umbra_allocation_slot(const struct umbra_allocation *a,
				    unsigned long offset)
{
	u32 number = (offset - a->offset) >> a->order, *found;
	struct umbra_blocks *b = a->blocks;

	if (!b || !b->numbers)
		return b ? &b->pages[number] : NULL;
	found = bsearch(&number, b->numbers, b->nr, sizeof(number),
			compare_numbers);
	return found ? &b->pages[found - b->numbers] : NULL;
}

static gfp_t gfp_of_flags(u32 flags)
{
	gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_NOWARN;

	if (flags & (UMBRA_GFP_MOVABLE | UMBRA_GFP_VOLATILE))
		gfp |= __GFP_MOVABLE;
	if (flags & UMBRA_GFP_RECLAIMABLE)
		gfp |= __GFP_RECLAIMABLE;
	return gfp;
}

/**
 * umbra_allocation_create() - create the description of an allocation
 * @file: the file
 * @order: order of each block
 * @count: number of blocks
 * @flags: UMBRA_GFP_*
 *
 * Context: may sleep.
 * Return: the allocation, whose slots are empty, or an ERR_PTR: -EDQUOT if the
 * file has too much memory of the host, -ENOMEM.
 */
struct umbra_allocation *umbra_allocation_create(struct umbra_file *file,
						 unsigned int order,
						 unsigned int count, u32 flags)
{
	struct umbra_allocation *a = kzalloc_obj(*a, GFP_KERNEL_ACCOUNT);
	int err;

	if (!a)
		return ERR_PTR(-ENOMEM);
	a->order = order;
	a->nr_blocks = count;
	a->gfp = gfp_of_flags(flags);
	a->is_volatile = flags & UMBRA_GFP_VOLATILE;
	err = charge_bytes(file, a, sizeof(*a) + NODE_BYTES +
				    blocks_bytes(count, order, false));
	if (err)
		goto err_delete;
	a->blocks = blocks_create(count, order, false);
	err = -ENOMEM;
	if (!a->blocks)
		goto err_delete;
	return a;

err_delete:
	umbra_allocation_delete(file, a);
	return ERR_PTR(err);
}

/* Copy the blocks that @from has to @to. File lock held. */
static void copy_kept(struct umbra_blocks *to, const struct umbra_blocks *from,
		      unsigned int order)
{
	unsigned int i, nr = 0, bit;

	for (i = 0; i < from->nr && nr < to->nr; i++) {
		cond_resched();
		if (!from->pages[i])
			continue;
		to->pages[nr] = from->pages[i];
		to->numbers[nr] = i;
		for (bit = 0; bit < 1U << order; bit++)
			if (test_bit(((unsigned long)i << order) + bit,
				     from->moved))
				__set_bit(((unsigned long)nr << order) + bit,
					  to->moved);
		nr++;
	}
}

/**
 * umbra_allocation_shrink() - describe only the blocks that are left
 * @file: the file
 * @a: the allocation, freed by its user and complete until now
 * @kept: number of its blocks that are left
 *
 * If that would not be smaller, or there is no memory for it, the old one stays.
 *
 * Context: may sleep; without the file lock.
 */
void umbra_allocation_shrink(struct umbra_file *file,
			     struct umbra_allocation *a, unsigned int kept)
{
	size_t bytes = blocks_bytes(a->nr_blocks, a->order, false);
	size_t left = kept ? blocks_bytes(kept, a->order, true) : 0;
	struct umbra_blocks *b = NULL, *old;

	if (left >= bytes)
		return;
	if (kept) {
		b = blocks_create(kept, a->order, true);
		if (!b)
			return;
	}
	mutex_lock(&file->lock);
	old = a->blocks;
	if (b)
		copy_kept(b, old, a->order);
	a->blocks = b;
	mutex_unlock(&file->lock);
	kvfree(old);
	uncharge_bytes(file, a, bytes - left);
}
