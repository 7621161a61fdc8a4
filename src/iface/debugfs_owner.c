// SPDX-License-Identifier: GPL-2.0
/*
 * page_owner: a record of each allocated block, in the format of the host's
 * file of that name. The file position is the next frame to check. A read
 * returns one record, as in the host.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/names.h"
#include "../core/owner.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../inspect/snapshot.h"
#include "debugfs_owner.h"

/* The names of the host. */
static const char * const reasons[] = {
	[UMBRA_MIGRATE_FOR_COMPACTION] = "compaction",
	[UMBRA_MIGRATE_FOR_RANGE] = "contig_range",
};

static int print_record(struct umbra *u, u32 index,
			const struct umbra_owner *owner, char *buf, size_t size)
{
	struct page *page = umbra_index_to_page(u, index);
	unsigned long pfn = umbra_index_to_pfn(u, index);
	int n;

	n = scnprintf(buf, size,
		      "Page allocated via order %u, mask %#x(%pGg), pid %d, tgid %d (%s), ts %llu ns\n",
		      owner->order, (__force unsigned int)owner->gfp,
		      &owner->gfp, owner->pid, owner->tgid, owner->comm,
		      owner->ts_ns);
	n += scnprintf(buf + n, size - n,
		       "PFN 0x%lx type %s Block %lu type %s Flags %pGp\n", pfn,
		       umbra_type_name(umbra_gfp_kind(u, owner->gfp)->type),
		       pfn >> u->pb_order,
		       umbra_type_name(umbra_frame_type(u, index)),
		       umbra_page_flags(page));
	n += umbra_owner_stack(owner, buf + n, size - n);
	n = min_t(int, n, size - 2);
	if (owner->migrated < ARRAY_SIZE(reasons))
		n += scnprintf(buf + n, size - n - 1,
			       "Page has been migrated, last migrate reason: %s\n",
			       reasons[owner->migrated]);
	n += scnprintf(buf + n, size - n, "\n");
	return n;
}

/* Find the first allocated block with a record, from @index on. */
static u32 find_record(struct umbra *u, u32 index, struct umbra_owner *owner)
{
	for (; index < u->nr_frames; index++) {
		u8 frame = frame_read(u, index);

		if (frame_is_allocated(frame) &&
		    umbra_owner_get(u, index, owner))
			return index;
		if (index % UMBRA_SNAPSHOT_BATCH == 0) {
			if (fatal_signal_pending(current))
				break;
			cond_resched();
		}
	}
	return UMBRA_NO_FRAME;
}

static ssize_t page_owner_read(struct file *filp, char __user *to,
			       size_t count, loff_t *pos)
{
	struct umbra *u = file_inode(filp)->i_private;
	struct umbra_owner owner;
	ssize_t n;
	char *buf;
	u32 index;

	if (*pos < 0)
		return -EINVAL;
	if (*pos >= u->nr_frames)
		return 0;
	index = find_record(u, *pos, &owner);
	if (index == UMBRA_NO_FRAME)
		return 0;
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = print_record(u, index, &owner, buf, PAGE_SIZE);
	if (n > count)
		n = -ENOMEM;
	else if (copy_to_user(to, buf, n))
		n = -EFAULT;
	else
		*pos = index + 1;
	kfree(buf);
	return n;
}

static const struct file_operations page_owner_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = page_owner_read,
	.llseek = default_llseek,
};

/**
 * umbra_debugfs_owner() - create page_owner, if the instance records owners
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_owner(struct umbra *u, struct dentry *dir)
{
	if (u->debug & UMBRA_DEBUG_OWNER)
		debugfs_create_file("page_owner", 0400, dir, u,
				    &page_owner_fops);
}
