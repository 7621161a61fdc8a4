// SPDX-License-Identifier: GPL-2.0
/*
 * The blocks of an open file, and their migration.
 *
 * Every block is registered with the file's struct umbra_movable before its
 * allocation is published. The page_private of a block's first page is the
 * offset of the block. With this offset a callback finds the allocation in the
 * tree, if it still exists, and checks that the block is still in its slot.
 *
 * Before a callback moves or purges a block, it takes down the mappings of the
 * block under the file lock, see chardev_unmap.c.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/maple_tree.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "chardev_allocation.h"
#include "chardev_blocks.h"
#include "chardev_unmap.h"
#include "file.h"
#include <uapi/linux/umbra.h>

/**
 * umbra_file_find() - find the allocation at an offset
 * @file: the file
 * @offset: offset of any page of the allocation, in pages
 *
 * Context: file lock held.
 * Return: the published allocation, which may be freed already, or NULL.
 */
struct umbra_allocation *umbra_file_find(struct umbra_file *file,
					 unsigned long offset)
{
	struct umbra_allocation *a;

	lockdep_assert_held(&file->lock);

	a = mtree_load(&file->allocations, offset);
	return a && a->published ? a : NULL;
}

/**
 * umbra_file_find_handle() - find an allocation by its handle
 * @file: the file
 * @handle: any number from user space
 *
 * Context: file lock held.
 * Return: the allocation, or NULL if @handle is not that of a published
 * allocation, or if the allocation is freed already.
 */
struct umbra_allocation *umbra_file_find_handle(struct umbra_file *file,
						u64 handle)
{
	unsigned long offset = handle >> PAGE_SHIFT;
	struct umbra_allocation *a;

	lockdep_assert_held(&file->lock);

	if ((u64)offset << PAGE_SHIFT != handle)
		return NULL;
	a = umbra_file_find(file, offset);
	return a && a->offset == offset && !a->freed ? a : NULL;
}

static int block_register(struct umbra_file *file, struct page *page,
			  unsigned int order, unsigned long offset)
{
	set_page_private(page, offset);
	return umbra_set_movable(file->dev->umbra, page, order,
				 &file->movable);
}

/* Free and uncharge a block that callbacks cannot find any more. */
static void block_free(struct umbra_file *file, struct page *page,
		       unsigned int order)
{
	umbra_free_movable(file->dev->umbra, page, order, file->account);
}

/* Free all blocks of an allocation, and empty its slots. */
static void free_blocks(struct umbra_file *file, struct umbra_allocation *a)
{
	struct umbra_blocks *b = a->blocks;
	unsigned int i;

	for (i = 0; b && i < b->nr; i++) {
		if (b->pages[i])
			block_free(file, b->pages[i], a->order);
		b->pages[i] = NULL;
		cond_resched();
	}
}

/**
 * umbra_allocation_free() - free an allocation, and uncharge its blocks
 * @file: the file
 * @a: the allocation, not published
 *
 * Context: may sleep; without the file lock.
 */
void umbra_allocation_free(struct umbra_file *file,
			   struct umbra_allocation *a)
{
	free_blocks(file, a);
	umbra_allocation_delete(file, a);
}

/**
 * umbra_allocation_end() - remove an allocation from its file, and free it
 * @file: the file
 * @a: the allocation, which no mapping needs any more
 *
 * The removal from the tree may need memory. Older kernels do not wait for it,
 * and a victim of the OOM killer may get none. Then @a stays in the tree, not
 * published and without blocks, until the file is closed.
 *
 * Context: may sleep; file lock held, which is dropped.
 */
void umbra_allocation_end(struct umbra_file *file, struct umbra_allocation *a)
{
	bool gone;

	lockdep_assert_held(&file->lock);

	a->published = false;
	mtree_erase(&file->allocations, a->offset);
	gone = mtree_load(&file->allocations, a->offset) != a;
	mutex_unlock(&file->lock);
	free_blocks(file, a);
	if (gone)
		umbra_allocation_delete(file, a);
}

/*
 * Remove block @i from an allocation. Returns its first page, or NULL if the
 * block was purged or a mapping may still expect one of its pages; then it
 * stays, and is counted in *@kept.
 */
static struct page *detach_unmoved(struct umbra_file *file,
				   struct umbra_allocation *a, unsigned int i,
				   unsigned int *kept)
{
	unsigned long first = (unsigned long)i << a->order;
	unsigned long end = first + (1UL << a->order);
	struct umbra_blocks *b = a->blocks;
	struct page *page = NULL;

	mutex_lock(&file->lock);
	if (find_next_bit(b->moved, end, first) == end)
		swap(page, b->pages[i]);
	*kept += !!b->pages[i];
	mutex_unlock(&file->lock);
	return page;
}

/**
 * umbra_allocation_retire() - free the blocks that no mapping can fault in
 * @file: the file
 * @a: the allocation, freed by its user; the caller counts as a mapping of it
 *
 * A mapped page has a reference, and becomes HELD. A page that lost its mapping
 * when its block moved may have none, but the mapping still expects it. Blocks
 * with such pages stay until umbra_allocation_put() drops the last mapping.
 *
 * Context: may sleep; without the file lock.
 */
void umbra_allocation_retire(struct umbra_file *file,
			     struct umbra_allocation *a)
{
	unsigned int kept = 0, i;
	struct page *page;

	for (i = 0; i < a->nr_blocks; i++) {
		page = detach_unmoved(file, a, i, &kept);
		if (page)
			block_free(file, page, a->order);
		cond_resched();
	}
	umbra_allocation_shrink(file, a, kept);
}

/**
 * umbra_allocation_put() - drop a mapping of an allocation
 * @file: the file
 * @a: the allocation; if its user has freed it, it ends with its last mapping
 *
 * Context: may sleep; without the file lock.
 */
void umbra_allocation_put(struct umbra_file *file, struct umbra_allocation *a)
{
	mutex_lock(&file->lock);
	if (--a->nr_mappings || !a->freed) {
		mutex_unlock(&file->lock);
		return;
	}
	umbra_allocation_end(file, a);
}

/*
 * Allocate the blocks of @a. On failure @a has fewer blocks, which stay
 * charged. Sets *@filled to their number.
 */
static int fill(struct umbra_file *file, struct umbra_allocation *a,
		unsigned int *filled)
{
	struct umbra *u = file->dev->umbra;
	struct page *page;

	for (*filled = 0; *filled < a->nr_blocks; ++*filled) {
		if (fatal_signal_pending(current))
			return -EINTR;
		page = umbra_alloc_pages(u, a->gfp, a->order);
		if (!page) {
			umbra_report_shortage(u, a->gfp, a->order);
			return -ENOMEM;
		}
		umbra_account_promise(file->account, -(1L << a->order));
		a->blocks->pages[*filled] = page;
		cond_resched();
	}
	return 0;
}

static struct umbra_allocation *allocate(struct umbra_file *file,
					 unsigned int order,
					 unsigned int count, u32 flags)
{
	unsigned long nr_pages = (unsigned long)count << order;
	struct umbra_allocation *a;
	unsigned int filled;
	int err;

	err = umbra_account_charge(file->account, nr_pages, umbra_file_limit(file));
	if (err)
		return ERR_PTR(err);
	a = umbra_allocation_create(file, order, count, flags);
	if (IS_ERR(a)) {
		err = PTR_ERR(a);
		goto err_uncharge;
	}
	umbra_account_promise(file->account, nr_pages);
	err = fill(file, a, &filled);
	if (err) {
		nr_pages -= (unsigned long)filled << order;
		umbra_account_promise(file->account, -(long)nr_pages);
		umbra_allocation_free(file, a);
		goto err_uncharge;
	}
	return a;

err_uncharge:
	umbra_account_uncharge(file->account, nr_pages);
	return ERR_PTR(err);
}

/* Register all blocks as movable; callbacks refuse them until published. */
static int register_blocks(struct umbra_file *file, struct umbra_allocation *a)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < a->nr_blocks; i++) {
		err = block_register(file, a->blocks->pages[i], a->order,
				     a->offset + ((unsigned long)i << a->order));
		cond_resched();
	}
	return err;
}

/* Assign offsets to an allocation, and insert it into the tree unpublished. */
static int place(struct umbra_file *file, struct umbra_allocation *a)
{
	unsigned long nr_pages = umbra_allocation_pages(a);
	unsigned long end;
	int err;

	end = atomic_long_add_return(nr_pages, &file->dev->next_offset);
	if (end < nr_pages || end > ULONG_MAX >> PAGE_SHIFT)
		return -EOVERFLOW;
	a->offset = end - nr_pages;
	err = register_blocks(file, a);
	if (err)
		return err;
	mutex_lock(&file->lock);
	err = mtree_insert_range(&file->allocations, a->offset, end - 1, a,
				 GFP_KERNEL_ACCOUNT);
	mutex_unlock(&file->lock);
	return err;
}

/**
 * umbra_file_allocate() - allocate blocks, and assign offsets to them
 * @file: the file
 * @order: order of each block
 * @count: number of blocks
 * @flags: UMBRA_GFP_*
 *
 * Context: may sleep; without the file lock.
 * Return: the allocation, in the tree but not published, or an ERR_PTR: -EDQUOT
 * if the limit of the file does not allow it, -ENOMEM, -EINTR after a fatal
 * signal, -EOVERFLOW if no offsets are left.
 */
struct umbra_allocation *umbra_file_allocate(struct umbra_file *file,
					     unsigned int order,
					     unsigned int count, u32 flags)
{
	struct umbra_allocation *a = allocate(file, order, count, flags);
	int err;

	if (IS_ERR(a))
		return a;
	err = place(file, a);
	if (err) {
		umbra_allocation_free(file, a);
		return ERR_PTR(err);
	}
	return a;
}

/* Charge and allocate a zeroed block for an empty slot; or an ERR_PTR. */
static struct page *replacement(struct umbra_file *file, gfp_t gfp,
				unsigned int order, unsigned long offset)
{
	unsigned long nr_pages = 1UL << order;
	struct page *page;
	int err;

	if (fatal_signal_pending(current))
		return ERR_PTR(-EINTR);
	err = umbra_account_charge(file->account, nr_pages, umbra_file_limit(file));
	if (err)
		return ERR_PTR(err);
	page = umbra_alloc_pages(file->dev->umbra, gfp, order);
	if (!page) {
		umbra_report_shortage(file->dev->umbra, gfp, order);
		umbra_account_uncharge(file->account, nr_pages);
		return ERR_PTR(-ENOMEM);
	}
	err = block_register(file, page, order, offset);
	if (err) {
		block_free(file, page, order);
		return ERR_PTR(err);
	}
	return page;
}

/**
 * umbra_file_restore() - fill the empty slot of a purged block
 * @file: the file
 * @offset: offset of any page of the block, in pages
 *
 * The new block is zeroed. A block that another task put in first stays.
 *
 * Context: may sleep; without the file lock.
 * Return: 0 if the slot has a block now; -ENOENT if the allocation is gone,
 * -EDQUOT if the limit of the file does not allow it, -ENOMEM, -EINTR after a
 * fatal signal.
 */
int umbra_file_restore(struct umbra_file *file, unsigned long offset)
{
	struct umbra_allocation *a;
	unsigned int order;
	struct page *page;
	gfp_t gfp;
	int err = -ENOENT;

	mutex_lock(&file->lock);
	a = umbra_file_find(file, offset);
	if (a && a->freed)
		a = NULL;
	if (a) {
		order = a->order;
		gfp = a->gfp;
		offset -= (offset - a->offset) & ((1UL << order) - 1);
	}
	mutex_unlock(&file->lock);
	if (!a)
		return err;
	page = replacement(file, gfp, order, offset);
	if (IS_ERR(page))
		return PTR_ERR(page);

	mutex_lock(&file->lock);
	a = umbra_file_find(file, offset);
	if (a && !a->freed) {
		struct page **slot = umbra_allocation_slot(a, offset);

		err = 0;
		if (!*slot) {
			*slot = page;
			if (a->unlocked)
				umbra_lru_add(file->dev->umbra, page);
			page = NULL;
		}
	}
	mutex_unlock(&file->lock);
	if (page)
		block_free(file, page, order);
	return err;
}

/**
 * umbra_file_lock_block() - lock a file, and find a block of it
 * @file: the file
 * @page: first page of the block
 * @a: set to the allocation of the block
 *
 * Context: a callback of @file's movable; only tries the file lock.
 * Return: the slot of the block, with the file lock held; or an ERR_PTR,
 * without the lock: -EAGAIN if the lock is taken, -EBUSY if no published
 * allocation of the file has the block.
 */
struct page **umbra_file_lock_block(struct umbra_file *file,
				    struct page *page,
				    struct umbra_allocation **a)
{
	unsigned long offset = page_private(page);
	struct page **slot;

	if (!mutex_trylock(&file->lock))
		return ERR_PTR(-EAGAIN);
	*a = umbra_file_find(file, offset);
	slot = *a ? umbra_allocation_slot(*a, offset) : NULL;
	if (slot && *slot == page)
		return slot;
	mutex_unlock(&file->lock);
	return ERR_PTR(-EBUSY);
}

static int copy_block(struct umbra_file *file, struct page *dst,
		      struct page *src, unsigned int order)
{
	unsigned int i;

	if (!file->dev->has_memory)
		return 0;
	for (i = 0; i < 1U << order; i++) {
		if (PageHWPoison(src + i))
			return -EHWPOISON;
		copy_highpage(dst + i, src + i);
		cond_resched();
	}
	return 0;
}

/**
 * umbra_block_migrate() - move a block of an open file
 * @movable: the movable of the file
 * @dst: first page of the new block
 * @src: first page of the old block
 * @order: order of both blocks
 * @mode: ignored, because only the file lock could be waited for
 *
 * Context: may sleep; only tries the file lock.
 * Return: 0, -EAGAIN if the file lock is taken, -EBUSY if the old block has
 * other references or is not in a published allocation of the file, -EHWPOISON
 * if memory of the old block has failed.
 */
int umbra_block_migrate(struct umbra_movable *movable, struct page *dst,
			struct page *src, unsigned int order,
			enum umbra_migrate_mode mode)
{
	struct umbra_file *file = container_of(movable, struct umbra_file,
					       movable);
	struct umbra_allocation *a;
	struct page **slot = umbra_file_lock_block(file, src, &a);
	int err;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	err = umbra_file_unmap(file, a, slot);
	if (!err)
		err = copy_block(file, dst, src, order);
	if (!err) {
		set_page_private(dst, page_private(src));
		set_page_private(src, 0);
		*slot = dst;
	}
	mutex_unlock(&file->lock);
	return err;
}
