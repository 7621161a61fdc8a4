// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of an instance while it runs. A walk goes over the frame map by
 * index, in batches of one largest block, and holds the zone lock for one batch
 * at a time. Each batch is consistent, and no frame is seen twice. The whole
 * snapshot is exact only if the instance does not change meanwhile. A walk
 * along a list must end when umbra_zone.seq has changed, because its position
 * may be invalid then.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../buddy/fragmentation.h"
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../page/free.h"
#include "snapshot.h"

/* The end of the batch that contains @index. */
static u32 batch_end(const struct umbra *u, u32 index)
{
	return min3(ALIGN(index + 1, UMBRA_SNAPSHOT_BATCH),
		    umbra_frame_zone(u, index)->end, u->nr_frames);
}

static bool snapshot_add(struct umbra_free_snapshot *s, struct umbra *u,
			 u32 index, unsigned int order)
{
	if (s->nr == s->capacity)
		return false;
	s->blocks[s->nr++] = (struct umbra_free_entry) {
		.index = index,
		.order = order,
		.type = umbra_frame_type(u, index),
		.zone = umbra_frame_zone(u, index) - u->zones,
	};
	return true;
}

/* The position of a walk along the free lists of a zone. */
struct list_walk {
	struct umbra_zone *zone;
	unsigned long seq;		/* of the zone when the walk began */
	unsigned int order;
	unsigned int type;
	const struct list_head *entry;	/* last seen; NULL before a list */
};

/*
 * Advance to the next block. Returns false at the end of the last list. Zone
 * lock held.
 */
static bool list_walk_next(struct list_walk *w)
{
	for (; w->order < UMBRA_NR_ORDERS; w->order++, w->type = 0) {
		struct umbra_free_area *area = &w->zone->free_area[w->order];

		for (; w->type < UMBRA_NR_TYPES; w->type++) {
			if (!w->entry)
				w->entry = &area->free_list[w->type];
			w->entry = w->entry->next;
			if (w->entry != &area->free_list[w->type])
				return true;
			w->entry = NULL;
		}
	}
	return false;
}

/*
 * Add the free blocks of a zone in the order of its lists. Returns 0, -EAGAIN
 * if the zone changed during the walk, or -ENOSPC if the snapshot is full.
 */
static int snapshot_lists(struct umbra_free_snapshot *s,
			  struct umbra_zone *zone)
{
	struct list_walk walk = { .zone = zone, .seq = READ_ONCE(zone->seq) };
	unsigned long flags;
	int err = 0;
	bool more = true;

	while (more && !err) {
		unsigned int n = UMBRA_LIST_BATCH;

		spin_lock_irqsave(&zone->lock, flags);
		if (zone->seq != walk.seq)
			err = -EAGAIN;
		while (!err && n-- && (more = list_walk_next(&walk))) {
			struct page *page = list_entry(walk.entry, struct page,
						       lru);
			u32 index = umbra_page_to_index(zone->umbra, page);

			if (!snapshot_add(s, zone->umbra, index, walk.order))
				err = -ENOSPC;
		}
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	}
	return err;
}

/*
 * Add the free blocks of a zone in the order of the frames. Returns 0, or
 * -ENOSPC if the snapshot is full.
 */
static int snapshot_map(struct umbra_free_snapshot *s, struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	u32 index = zone->start;
	unsigned long flags;
	int err = 0;

	while (index < zone->end && !err) {
		u32 end = batch_end(u, index);

		spin_lock_irqsave(&zone->lock, flags);
		for (; index < end && !err; index++) {
			u8 frame = frame_read(u, index);

			if (frame_state(frame) == FRAME_FREE &&
			    !snapshot_add(s, u, index, frame_order(frame)))
				err = -ENOSPC;
		}
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	}
	return err;
}

/* A run of zones of an instance. */
struct zone_run {
	struct umbra_zone *first;
	unsigned int nr;
};

static int snapshot_fill(struct umbra_free_snapshot *s, struct zone_run run,
			 int (*add_zone)(struct umbra_free_snapshot *s,
					 struct umbra_zone *zone))
{
	unsigned int i;
	int err = 0;

	s->nr = 0;
	for (i = 0; i < run.nr && !err; i++)
		err = add_zone(s, run.first + i);
	return err;
}

static unsigned long count_free_blocks(struct zone_run run)
{
	unsigned long nr_free[UMBRA_NR_ORDERS], nr = 0;
	unsigned int order, i;

	for (i = 0; i < run.nr; i++) {
		umbra_snapshot_buddyinfo(run.first + i, nr_free);
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			nr += nr_free[order];
	}
	return nr;
}

static struct umbra_free_snapshot *snapshot_zones(struct zone_run run)
{
	unsigned long capacity = count_free_blocks(run) + UMBRA_SNAPSHOT_BATCH;
	struct umbra_free_snapshot *s;
	int err;

	for (;; capacity *= 2) {
		s = umbra_large_zalloc(1, struct_size(s, blocks, capacity),
				       GFP_KERNEL_ACCOUNT, NULL);
		if (!s)
			return NULL;
		s->capacity = capacity;
		err = snapshot_fill(s, run, snapshot_lists);
		s->in_list_order = !err;
		if (err)
			err = snapshot_fill(s, run, snapshot_map);
		if (!err)
			return s;
		kvfree(s);
	}
}

/**
 * umbra_snapshot_free() - make a snapshot of all free blocks
 * @u: the instance, which may be in use
 *
 * The blocks are in the order of the lists if no zone changes during its walk,
 * else in the order of the frames. No frame is in two of the blocks.
 *
 * Context: may sleep; takes the zone locks for one batch at a time.
 * Return: the snapshot, which the caller must free with kvfree(), or NULL if
 * there is no memory for it.
 */
struct umbra_free_snapshot *umbra_snapshot_free(struct umbra *u)
{
	return snapshot_zones((struct zone_run) { u->zones, u->nr_zones });
}
EXPORT_SYMBOL_FOR_MODULES(umbra_snapshot_free, UMBRA_TEST_MODULES);

/* As umbra_snapshot_free(), of one zone. */
struct umbra_free_snapshot *umbra_snapshot_zone(struct umbra_zone *zone)
{
	return snapshot_zones((struct zone_run) { zone, 1 });
}

/**
 * umbra_snapshot_frames() - copy a part of the frame map
 * @u: the instance
 * @index: first frame to copy
 * @buf: copy with one byte per frame, the state in the upper half and the order
 *	in the lower half
 * @nr: size of @buf, in frames
 *
 * Context: any but NMI; takes the zone lock.
 * Return: number of frames copied, at most up to the end of the batch of
 * @index; 0 if @index is past the last frame.
 */
unsigned int umbra_snapshot_frames(struct umbra *u, u32 index, u8 *buf,
				   unsigned int nr)
{
	struct umbra_zone *zone;
	unsigned long flags;

	if (index >= u->nr_frames)
		return 0;
	zone = umbra_frame_zone(u, index);
	nr = min(nr, batch_end(u, index) - index);
	spin_lock_irqsave(&zone->lock, flags);
	memcpy(buf, u->map + index, nr);
	spin_unlock_irqrestore(&zone->lock, flags);
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_snapshot_frames);
