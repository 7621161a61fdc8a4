// SPDX-License-Identifier: GPL-2.0
/*
 * The files of an instance in debugfs, made from snapshots of its state.
 * buddyinfo has the format of the host's file of that name.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../buddy/fragmentation.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/names.h"
#include "../core/span.h"
#include "../inspect/finding.h"
#include "../inspect/snapshot.h"
#include "../inspect/verify.h"
#include "../page/free.h"
#include "debugfs.h"
#include "debugfs_ctl.h"
#include "debugfs_decisions.h"
#include "debugfs_explain.h"
#include "debugfs_owner.h"
#include "debugfs_stat.h"
#include "debugfs_types.h"

static int buddyinfo_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned long nr_free[UMBRA_NR_ORDERS];
	struct umbra_zone *zone;
	unsigned int order;

	for_each_umbra_zone(u, zone) {
		umbra_snapshot_buddyinfo(zone, nr_free);
		seq_printf(m, "Node %d, zone %8s ", zone->nid, zone->name);
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			seq_printf(m, "%6lu ", nr_free[order]);
		seq_putc(m, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(buddyinfo);

static void show_state(struct seq_file *m, const struct umbra *u)
{
	const char *invariant = READ_ONCE(u->broken);
	u32 index = READ_ONCE(u->broken_index);

	if (!invariant)
		seq_puts(m, "state ok\n");
	else if (index == UMBRA_NO_FRAME)
		seq_printf(m, "state bad: %s\n", invariant);
	else
		seq_printf(m, "state bad: %s, frame %u\n", invariant, index);
}

static int layout_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	struct umbra_zone *zone;
	unsigned int i;

	seq_printf(m, "instance %s\n", u->name);
	seq_printf(m, "provider %s\n", u->origin);
	seq_printf(m, "page_size %lu\n", PAGE_SIZE);
	seq_printf(m, "policy %s\n", u->policy.name);
	seq_printf(m, "pageblock_order %u\n", u->pb_order);
	seq_printf(m, "max_order %u\n", UMBRA_MAX_ORDER);
	seq_printf(m, "frames %u\n", u->nr_frames);
	show_state(m, u);
	for (i = 0; i < u->nr_spans; i++)
		seq_printf(m, "span %u: pfn 0x%lx-0x%lx, frames %u-%u\n", i,
			   u->spans[i].base_pfn,
			   u->spans[i].base_pfn + u->spans[i].nr_pages - 1,
			   u->spans[i].first,
			   u->spans[i].first + u->spans[i].nr_pages - 1);
	for_each_umbra_zone(u, zone)
		seq_printf(m, "node %u, zone %s: frames %u-%u, managed %lu, free %lu, held %lu\n",
			   zone->nid, zone->name, zone->start, zone->end - 1,
			   READ_ONCE(zone->nr_managed),
			   READ_ONCE(zone->nr_free_pages),
			   READ_ONCE(zone->nr_held));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(layout);

static void show_finding(struct seq_file *m, const struct umbra_finding *f)
{
	seq_printf(m, "%s: ", umbra_finding_name(f->code));
	if (f->index != UMBRA_NO_FRAME)
		seq_printf(m, "frame %u, ", f->index);
	seq_printf(m, "found %lu, expected %lu\n", f->found, f->expected);
}

static int verify_show(struct seq_file *m, void *unused)
{
	struct umbra *u = m->private;
	struct umbra_findings *v;
	unsigned int i;

	v = kmalloc_obj(*v, GFP_KERNEL);
	if (!v)
		return -ENOMEM;
	umbra_verify(u, v);
	if (v->nr_findings)
		seq_printf(m, "%lu findings\n", v->nr_findings);
	else
		seq_puts(m, v->exact ? "ok\n" :
			 "ok, lists and counters not compared: in use\n");
	for (i = 0; i < min_t(unsigned long, v->nr_findings,
			      UMBRA_FIRST_FINDINGS); i++)
		show_finding(m, &v->first[i]);
	for (i = 0; i < FRAME_NR_STATES; i++)
		if (i != FRAME_TAIL && (i <= FRAME_LATER || i >= FRAME_ALLOC))
			seq_printf(m, "%s: %lu frames, %lu blocks\n",
				   umbra_frame_state_name(i), v->frames[i],
				   v->blocks[i]);
	seq_printf(m, "misuses reported: %ld\n",
		   atomic_long_read(&u->nr_reports));
	kfree(v);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(verify);

/*
 * free_lists shows the blocks that were free when the file was opened. The file
 * position is the index of a block in the snapshot.
 */
struct free_lists_reader {
	struct umbra *umbra;
	struct umbra_free_snapshot *snapshot;
};

static void *free_lists_start(struct seq_file *m, loff_t *pos)
{
	struct free_lists_reader *r = m->private;

	return *pos < r->snapshot->nr ? &r->snapshot->blocks[*pos] : NULL;
}

static void *free_lists_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return free_lists_start(m, pos);
}

static void free_lists_stop(struct seq_file *m, void *v)
{
}

static int free_lists_show(struct seq_file *m, void *v)
{
	struct free_lists_reader *r = m->private;
	const struct umbra_free_entry *block = v;
	const struct umbra_zone *zone = &r->umbra->zones[block->zone];

	seq_printf(m, "Node %u, zone %8s, order %2u, type %11s, pfn 0x%lx\n",
		   zone->nid, zone->name, block->order,
		   umbra_type_name(block->type),
		   umbra_index_to_pfn(r->umbra, block->index));
	return 0;
}

static const struct seq_operations free_lists_ops = {
	.start = free_lists_start,
	.next = free_lists_next,
	.stop = free_lists_stop,
	.show = free_lists_show,
};

static int free_lists_open(struct inode *inode, struct file *filp)
{
	struct umbra_free_snapshot *snapshot;
	struct free_lists_reader *r;

	snapshot = umbra_snapshot_free(inode->i_private);
	if (!snapshot)
		return -ENOMEM;
	r = __seq_open_private(filp, &free_lists_ops, sizeof(*r));
	if (!r) {
		kvfree(snapshot);
		return -ENOMEM;
	}
	r->umbra = inode->i_private;
	r->snapshot = snapshot;
	return 0;
}

static int free_lists_release(struct inode *inode, struct file *filp)
{
	struct seq_file *m = filp->private_data;
	struct free_lists_reader *r = m->private;

	kvfree(r->snapshot);
	return seq_release_private(inode, filp);
}

static const struct file_operations free_lists_fops = {
	.owner = THIS_MODULE,
	.open = free_lists_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = free_lists_release,
};

static ssize_t frames_read(struct file *filp, char __user *to, size_t count,
			   loff_t *pos)
{
	struct umbra *u = file_inode(filp)->i_private;
	unsigned int n;
	u8 *buf;

	if (*pos < 0)
		return -EINVAL;
	if (*pos >= u->nr_frames)
		return 0;
	buf = kmalloc(UMBRA_SNAPSHOT_BATCH, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = umbra_snapshot_frames(u, *pos, buf,
				  min_t(size_t, count, UMBRA_SNAPSHOT_BATCH));
	count = n - copy_to_user(to, buf, n);
	kfree(buf);
	if (n && !count)
		return -EFAULT;
	*pos += count;
	return count;
}

static loff_t frames_llseek(struct file *filp, loff_t offset, int whence)
{
	struct umbra *u = file_inode(filp)->i_private;

	return fixed_size_llseek(filp, offset, whence, u->nr_frames);
}

static const struct file_operations frames_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = frames_read,
	.llseek = frames_llseek,
};

/**
 * umbra_debugfs_create() - create the debugfs files of an instance
 * @u: the instance
 * @root: parent of the instance's directory
 *
 * The directory is umbra.files. A host without debugfs gets no files, and no
 * error.
 *
 * Context: may sleep.
 */
void umbra_debugfs_create(struct umbra *u, struct dentry *root)
{
	struct dentry *dir = debugfs_create_dir(u->name, root);

	u->files = dir;
	debugfs_create_file("buddyinfo", 0400, dir, u, &buddyinfo_fops);
	debugfs_create_file("free_lists", 0400, dir, u, &free_lists_fops);
	debugfs_create_file("layout", 0400, dir, u, &layout_fops);
	debugfs_create_file("frames", 0400, dir, u, &frames_fops);
	debugfs_create_file("verify", 0400, dir, u, &verify_fops);
	umbra_debugfs_stat(u, dir);
	umbra_debugfs_types(u, dir);
	umbra_debugfs_owner(u, dir);
	umbra_debugfs_decisions(u, dir);
	umbra_debugfs_explain(u, dir);
	umbra_debugfs_ctl(u, dir);
}
