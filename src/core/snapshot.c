// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at an instance while it runs. Every walk goes over the frame map by
 * index, in batches of one largest block; the zone lock is held for one batch
 * at a time. A batch is consistent in itself, and no frame is seen twice; the
 * whole is exact when nothing else runs.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "frame.h"

static const char * const type_names[UMBRA_NR_TYPES] = {
	[UMBRA_UNMOVABLE] = "Unmovable",
	[UMBRA_MOVABLE] = "Movable",
	[UMBRA_RECLAIMABLE] = "Reclaimable",
};

const char *umbra_type_name(enum umbra_migratetype type)
{
	return type < UMBRA_NR_TYPES ? type_names[type] : "invalid";
}

/**
 * umbra_snapshot_buddyinfo() - the free blocks of a zone per order
 * @zone: the zone
 * @nr_free: number of free blocks of each order, of all types
 *
 * Context: any; takes the zone lock.
 * Return: the free pages of the zone at the same moment.
 */
unsigned long umbra_snapshot_buddyinfo(struct umbra_zone *zone,
				       unsigned long nr_free[UMBRA_NR_ORDERS])
{
	unsigned int order, type;
	unsigned long flags, pages;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		nr_free[order] = 0;
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			nr_free[order] += zone->free_area[order].nr_free[type];
	}
	pages = zone->nr_free_pages;
	spin_unlock_irqrestore(&zone->lock, flags);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_snapshot_buddyinfo);

/* Where the batch that @index lies in ends. */
static u32 batch_end(const struct umbra *u, u32 index)
{
	return min3(ALIGN(index + 1, UMBRA_SNAPSHOT_BATCH),
		    umbra_frame_zone(u, index)->end, u->nr_frames);
}

static unsigned int snapshot_batch(struct umbra *u, u32 index, u32 end,
				   struct umbra_free_block *buf)
{
	struct umbra_zone *zone = umbra_frame_zone(u, index);
	unsigned int n = 0;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	for (; index < end; index++) {
		u8 frame = frame_read(u, index);

		if (frame_state(frame) != FRAME_FREE)
			continue;
		buf[n].index = index;
		buf[n].order = frame_order(frame);
		buf[n].type = umbra_frame_type(u, index);
		buf[n].zone = zone - u->zones;
		n++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return n;
}

/**
 * umbra_snapshot_free() - the next batch of free blocks
 * @u: the instance
 * @cursor: the frame to go on from; 0 to begin with, moved past the batch
 * @buf: room for UMBRA_SNAPSHOT_BATCH blocks
 *
 * Context: may sleep; takes the zone locks for one batch at a time.
 * Return: how many blocks are in @buf; 0 when there are no more.
 */
unsigned int umbra_snapshot_free(struct umbra *u, u32 *cursor,
				 struct umbra_free_block *buf)
{
	unsigned int n = 0;

	while (!n && *cursor < u->nr_frames) {
		u32 end = batch_end(u, *cursor);

		n = snapshot_batch(u, *cursor, end, buf);
		*cursor = end;
		cond_resched();
	}
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_snapshot_free);

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
