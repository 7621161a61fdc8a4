// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at an instance while it runs. A walk goes over the frame map by
 * index, in batches of one largest block; the zone lock is held for one batch
 * at a time. A batch is consistent in itself, and no frame is seen twice; the
 * whole is exact when nothing else runs. Only then can a list be walked too:
 * umbra_zone.seq tells whether a place in it is still good.
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
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../page/free.h"
#include "snapshot.h"

/* Where the batch that @index lies in ends. */
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

/* Where a walk along the lists of a zone has got to. */
struct list_walk {
	struct umbra_zone *zone;
	unsigned long seq;		/* of the zone when the walk began */
	unsigned int order;
	unsigned int type;
	const struct list_head *entry;	/* the last one seen, or the head */
};

/* The next block along the lists; false at the end of the last list. */
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
 * Add the free blocks of a zone as its lists have them. The place in a list
 * is good for as long as the zone did not change: -EAGAIN if it did.
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

/* Add the free blocks of a zone as the frame map has them. */
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

static int snapshot_fill(struct umbra_free_snapshot *s, struct umbra *u,
			 int (*add_zone)(struct umbra_free_snapshot *s,
					 struct umbra_zone *zone))
{
	struct umbra_zone *zone;
	int err = 0;

	s->nr = 0;
	for_each_umbra_zone(u, zone) {
		err = add_zone(s, zone);
		if (err)
			break;
	}
	return err;
}

static unsigned long count_free_blocks(struct umbra *u)
{
	unsigned long nr_free[UMBRA_NR_ORDERS], nr = 0;
	struct umbra_zone *zone;
	unsigned int order;

	for_each_umbra_zone(u, zone) {
		umbra_snapshot_buddyinfo(zone, nr_free);
		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			nr += nr_free[order];
	}
	return nr;
}

/**
 * umbra_snapshot_free() - every free block
 * @u: the instance; it may be in use meanwhile
 *
 * In the order of the lists if the instance holds still for long enough, else
 * in the order of the frames. No frame is in two of the blocks.
 *
 * Context: may sleep; takes the zone locks for one batch at a time.
 * Return: the snapshot, to be freed with kvfree(), or NULL if there is no
 * memory for it.
 */
struct umbra_free_snapshot *umbra_snapshot_free(struct umbra *u)
{
	unsigned long capacity = count_free_blocks(u) + UMBRA_SNAPSHOT_BATCH;
	struct umbra_free_snapshot *s;
	int err;

	for (;; capacity *= 2) {
		s = kvmalloc(struct_size(s, blocks, capacity),
			     GFP_KERNEL | __GFP_NOWARN);
		if (!s)
			return NULL;
		s->capacity = capacity;
		err = snapshot_fill(s, u, snapshot_lists);
		s->in_list_order = !err;
		if (err)
			err = snapshot_fill(s, u, snapshot_map);
		if (!err)
			return s;
		kvfree(s);
	}
}
EXPORT_SYMBOL_GPL(umbra_snapshot_free);

/**
 * umbra_snapshot_frames() - a piece of the frame map
 * @u: the instance
 * @index: first frame
 * @buf: one byte a frame, state in the upper and order in the lower half
 * @nr: room in @buf, in frames
 *
 * Context: any; takes the zone lock.
 * Return: how many frames were copied, at most up to the end of their batch;
 * 0 past the last frame.
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
