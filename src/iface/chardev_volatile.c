// SPDX-License-Identifier: GPL-2.0
/*
 * Volatile allocations: while such an allocation is unlocked, umbra may purge
 * its blocks to free memory.
 *
 * The blocks of an unlocked allocation are on the LRU lists. A purged block
 * leaves an empty slot. The next fault or the next lock fills the slot with a
 * zeroed block.
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
#include "chardev_unmap.h"
#include "chardev_volatile.h"
#include "file.h"
#include <uapi/linux/umbra.h>

/**
 * umbra_volatile_reclaim() - purge a block of an unlocked allocation
 * @movable: the movable of the file
 * @page: first page of the block
 * @order: order of the block
 * @gfp: ignored, because nothing is allocated
 *
 * Context: may sleep; only tries the file lock.
 * Return: 0 if the caller may free the block, -EAGAIN if the file lock is
 * taken, -EBUSY if the block is locked, has other references, or is not in a
 * published allocation of the file.
 */
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
		err = umbra_file_unmap(file, a, slot);
	else	/* a lock during a move leaves the block on the list */
		umbra_lru_del(file->dev->umbra, page);
	if (!err) {
		*slot = NULL;
		bitmap_clear(a->blocks->moved, umbra_allocation_bit(a, slot),
			     1U << order);
		a->nr_purged += 1UL << order;
		set_page_private(page, 0);
	}
	mutex_unlock(&file->lock);
	return err;
}

/* Allow or forbid umbra to purge the blocks of an allocation. */
static void set_unlocked(struct umbra_file *file, struct umbra_allocation *a,
			 bool unlocked)
{
	struct umbra *u = file->dev->umbra;
	unsigned int i;

	lockdep_assert_held(&file->lock);

	a->unlocked = unlocked;
	for (i = 0; i < a->blocks->nr; i++) {
		struct page *page = a->blocks->pages[i];

		if (page && unlocked)
			umbra_lru_add(u, page);
		else if (page)
			umbra_lru_del(u, page);
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
 * umbra_ioctl_unlock() - handle UMBRA_IOC_UNLOCK
 * @file: the file
 * @arg: a struct umbra_ioc_unlock in user space
 *
 * Context: may sleep; without the file lock.
 * Return: 0, -EFAULT, -EINVAL if the allocation is not volatile or a reserved
 * field is not 0, -ENOENT if the handle is unknown, -EINTR after a fatal
 * signal.
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

/* Lock an allocation. Returns 1 if it was unlocked, 0 if not, or an error. */
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

/* Return the first empty slot of an allocation from @i on, or nr_blocks. */
static unsigned int next_purged(const struct umbra_allocation *a,
				unsigned int i)
{
	while (i < a->nr_blocks && a->blocks->pages[i])
		i++;
	return i;
}

/*
 * Fill all empty slots of a locked allocation, and set @purged to the number of
 * purged pages. Returns 0 or an error.
 */
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

/* End a lock: reset the number of purged pages, or unlock after a failure. */
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
 * umbra_ioctl_lock() - handle UMBRA_IOC_LOCK
 * @file: the file
 * @arg: a struct umbra_ioc_lock in user space
 *
 * Context: may sleep; without the file lock.
 * Return: 0, -EFAULT, -EINVAL if the allocation is not volatile or a field that
 * must be 0 is not, -ENOENT if the handle is unknown, -EINTR after a fatal
 * signal, or an error of umbra_file_restore(). After an error the allocation is
 * as before, except that slots filled so far keep their blocks.
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
	umbra_account_set_user(file->account, task_tgid(current));
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
