// SPDX-License-Identifier: GPL-2.0
/*
 * pagetypeinfo: free blocks and pageblocks of each migratetype, in the format of
 * the host's file of that name. With records of owners there are also the
 * pageblocks that have blocks of several types.
 */
#include <linux/debugfs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include "../buddy/fragmentation.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/names.h"
#include "../core/owner.h"
#include "../core/request.h"
#include "../core/span.h"
#include "debugfs_types.h"

static void show_free_of_types(struct seq_file *m, struct umbra_zone *zone)
{
	unsigned long nr_free[UMBRA_NR_ORDERS][UMBRA_NR_TYPES];
	unsigned int type, order;

	umbra_snapshot_pagetypes(zone, nr_free);
	for (type = 0; type < UMBRA_NR_TYPES; type++) {
		seq_printf(m, "Node %4d, zone %8s, type %12s ", zone->nid,
			   zone->name, umbra_type_name(type));
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			seq_printf(m, "%6lu ", nr_free[order][type]);
		seq_putc(m, '\n');
	}
}

static void show_counts(struct seq_file *m, const struct umbra_zone *zone,
			const unsigned long count[UMBRA_NR_TYPES])
{
	unsigned int type;

	seq_printf(m, "Node %d, zone %8s ", zone->nid, zone->name);
	for (type = 0; type < UMBRA_NR_TYPES; type++)
		seq_printf(m, "%12lu ", count[type]);
	seq_putc(m, '\n');
}

static void show_blocks_of_types(struct seq_file *m, struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long count[UMBRA_NR_TYPES] = {};
	u32 index;

	/* As in the host, a pageblock counts if its first frame has a page. */
	for_each_umbra_pageblock(u, index, zone->start, zone->end)
		count[umbra_frame_type(u, index)] +=
			umbra_index_has_page(u, index);
	show_counts(m, zone, count);
}

/* Does the block of @index belong to a request of another type than @type? */
static bool is_of_another_type(struct umbra *u, u32 index,
			       enum umbra_migratetype type)
{
	struct umbra_owner owner;

	return frame_is_allocated(frame_read(u, index)) &&
	       umbra_owner_get(u, index, &owner) &&
	       umbra_gfp_kind(u, owner.gfp)->type != type;
}

/* Does a pageblock have a block that was allocated as another type? */
static bool is_mixed(struct umbra *u, u32 index)
{
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u32 end = umbra_pageblock_end(u, index), head;

	/* A block of a higher order may begin in an earlier pageblock. */
	head = umbra_frame_head(u, index);
	if (head != UMBRA_NO_FRAME)
		index = head;
	for (; index < end; index += 1U << frame_order(frame_read(u, index)))
		if (is_of_another_type(u, index, type))
			return true;
	return false;
}

/* As in the host, movable blocks count where the pageblock is of CMA. */
static void show_mixed_of_types(struct seq_file *m, struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long count[UMBRA_NR_TYPES] = {};
	enum umbra_migratetype type;
	u32 index;

	for_each_umbra_pageblock(u, index, zone->start, zone->end) {
		type = umbra_frame_type(u, index);
		count[type == UMBRA_CMA ? UMBRA_MOVABLE : type] +=
			is_mixed(u, index);
		cond_resched();
	}
	show_counts(m, zone, count);
}

/* Print a table with a column for each type, for the zones of a node. */
static void show_table(struct seq_file *m, const char *title, unsigned int nid,
		       void (*show)(struct seq_file *m,
				    struct umbra_zone *zone))
{
	struct umbra *u = m->private;
	struct umbra_zone *zone;
	unsigned int type;

	seq_printf(m, "\n%-23s", title);
	for (type = 0; type < UMBRA_NR_TYPES; type++)
		seq_printf(m, "%12s ", umbra_type_name(type));
	seq_putc(m, '\n');
	for_each_umbra_zone(u, zone)
		if (zone->nid == nid)
			show(m, zone);
}

static int pagetypeinfo_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	struct umbra_zone *zone;
	unsigned int nid, i;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		seq_printf(m, "Page block order: %u\n", u->pb_order);
		seq_printf(m, "Pages per block:  %lu\n\n", 1UL << u->pb_order);
		seq_printf(m, "%-43s ",
			   "Free pages count per migrate type at order");
		for (i = 0; i < UMBRA_NR_ORDERS; i++)
			seq_printf(m, "%6u ", i);
		seq_putc(m, '\n');
		for_each_umbra_zone(u, zone)
			if (zone->nid == nid)
				show_free_of_types(m, zone);
		show_table(m, "Number of blocks type ", nid,
			   show_blocks_of_types);
		if (u->owners)
			show_table(m, "Number of mixed blocks ", nid,
				   show_mixed_of_types);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pagetypeinfo);

/**
 * umbra_debugfs_types() - create pagetypeinfo
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_types(struct umbra *u, struct dentry *dir)
{
	debugfs_create_file("pagetypeinfo", 0400, dir, u, &pagetypeinfo_fops);
}
