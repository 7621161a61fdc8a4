// SPDX-License-Identifier: GPL-2.0
/*
 * Volatile allocations: while one is unlocked, umbra may take its blocks away.
 *
 * Its blocks are on the LRU lists as long as it is unlocked. One that is
 * purged leaves an empty slot, which the next fault fills, or the next lock,
 * with a block of zeroes.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include "chardev_blocks.h"
#include "chardev_volatile.h"
#include "file.h"
#include <uapi/linux/umbra.h>

/* A block may go if its allocation is unlocked and nobody else has it. */
int umbra_volatile_reclaim(struct umbra_movable *movable, struct page *page,
			   unsigned int order, gfp_t gfp)
{
	struct umbra_file *file = container_of(movable, struct umbra_file,
					       movable);
	struct umbra_allocation *a;
	struct page **slot = umbra_file_lock_block(file, page, &a);
	int err = -EBUSY;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	if (a->unlocked)
		err = umbra_file_unmap(file, a, page);
	else	/* it was locked while it moved */
		umbra_lru_del(file->dev->umbra, page);
	if (!err) {
		*slot = NULL;
		bitmap_clear(a->moved, page_private(page) - a->offset,
			     1U << order);
		a->nr_purged += 1UL << order;
		set_page_private(page, 0);
	}
	mutex_unlock(&file->lock);
	return err;
}

/* From now on the blocks of an allocation may be purged, or may not. */
static void set_unlocked(struct umbra_file *file, struct umbra_allocation *a,
			 bool unlocked)
{
	struct umbra *u = file->dev->umbra;
	unsigned int i;

	lockdep_assert_held(&file->lock);

	a->unlocked = unlocked;
	for (i = 0; i < a->nr_blocks; i++) {
		if (a->blocks[i] && unlocked)
			umbra_lru_add(u, a->blocks[i]);
		else if (a->blocks[i])
			umbra_lru_del(u, a->blocks[i]);
		cond_resched();
	}
}

static struct umbra_allocation *find_volatile(struct umbra_file *file,
					      u64 handle)
{
	struct umbra_allocation *a = umbra_file_find_handle(file, handle);

	if (!a)
		return ERR_PTR(-ENOENT);
	return a->is_volatile ? a : ERR_PTR(-EINVAL);
}

/**
 * umbra_ioctl_unlock() - UMBRA_IOC_UNLOCK
 * @file: the file
 * @arg: struct umbra_ioc_unlock
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
long umbra_ioctl_unlock(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_unlock args;
	struct umbra_allocation *a;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.reserved)
		return -EINVAL;
	if (mutex_lock_killable(&file->volatile_lock))
		return -EINTR;
	mutex_lock(&file->lock);
	a = find_volatile(file, args.handle);
	if (!IS_ERR(a) && !a->unlocked)
		set_unlocked(file, a, true);
	mutex_unlock(&file->lock);
	mutex_unlock(&file->volatile_lock);
	return PTR_ERR_OR_ZERO(a);
}

/* Lock an allocation; whether it was unlocked, or an error. */
static int begin_lock(struct umbra_file *file, u64 handle)
{
	struct umbra_allocation *a;
	int was_unlocked;

	mutex_lock(&file->lock);
	a = find_volatile(file, handle);
	if (IS_ERR(a)) {
		was_unlocked = PTR_ERR(a);
	} else {
		was_unlocked = a->unlocked;
		if (was_unlocked)
			set_unlocked(file, a, false);
	}
	mutex_unlock(&file->lock);
	return was_unlocked;
}

/* The first empty slot of an allocation from block @i on, or nr_blocks. */
static unsigned int next_purged(const struct umbra_allocation *a,
				unsigned int i)
{
	while (i < a->nr_blocks && a->blocks[i])
		i++;
	return i;
}

/* Fill all that was purged of an allocation that is locked. */
static int restore_all(struct umbra_file *file, u64 handle, __u64 *purged)
{
	struct umbra_allocation *a;
	unsigned long offset = 0;
	unsigned int i = 0;
	bool more;
	int err;

	do {
		err = -ENOENT;
		more = false;
		mutex_lock(&file->lock);
		a = umbra_file_find_handle(file, handle);
		if (a) {
			err = 0;
			*purged = a->nr_purged;
			i = next_purged(a, i);
			more = i < a->nr_blocks;
			offset = a->offset + ((unsigned long)i << a->order);
		}
		mutex_unlock(&file->lock);
		if (more)
			err = umbra_file_restore(file, offset);
		cond_resched();
	} while (more && !err);
	return err;
}

/* What was purged has been told; or the allocation is to be as it was. */
static void end_lock(struct umbra_file *file, u64 handle, bool failed)
{
	struct umbra_allocation *a;

	mutex_lock(&file->lock);
	a = umbra_file_find_handle(file, handle);
	if (a && failed)
		set_unlocked(file, a, true);
	else if (a)
		a->nr_purged = 0;
	mutex_unlock(&file->lock);
}

/**
 * umbra_ioctl_lock() - UMBRA_IOC_LOCK
 * @file: the file
 * @arg: struct umbra_ioc_lock
 *
 * Context: may sleep.
 * Return: 0, or an error and the allocation is as it was, but for blocks that
 * were brought back.
 */
long umbra_ioctl_lock(struct umbra_file *file, void __user *arg)
{
	struct umbra_ioc_lock args;
	int err, was_unlocked;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	if (args.purged || args.reserved[0] || args.reserved[1])
		return -EINVAL;
	if (mutex_lock_killable(&file->volatile_lock))
		return -EINTR;
	was_unlocked = begin_lock(file, args.handle);
	err = min(was_unlocked, 0);
	if (was_unlocked > 0)
		err = restore_all(file, args.handle, &args.purged);
	if (!err && copy_to_user(arg, &args, sizeof(args)))
		err = -EFAULT;
	if (was_unlocked > 0)
		end_lock(file, args.handle, err);
	mutex_unlock(&file->volatile_lock);
	return err;
}
