// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a zone as data: taken from a zone of an instance, or of the host
 * (import.c), compared, and loaded into a zone of an instance that is new.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../buddy/freelist.h"
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../inspect/snapshot.h"
#include "state.h"

/**
 * umbra_state_new() - allocate a state without free blocks
 * @nr_frames: number of frames, a multiple of a pageblock
 * @pb_order: order of a pageblock
 * @capacity: number of blocks that there is room for
 *
 * Context: may sleep.
 * Return: the state, whose frames are offline, or NULL.
 */
struct umbra_state *umbra_state_new(u32 nr_frames, unsigned int pb_order,
				    unsigned long capacity)
{
	struct umbra_state *s = kzalloc_obj(*s, GFP_KERNEL);

	if (!s)
		return NULL;
	s->nr_frames = nr_frames;
	s->pb_order = pb_order;
	s->use = umbra_large_zalloc(nr_frames, sizeof(*s->use), GFP_KERNEL,
				    NULL);
	s->types = umbra_large_zalloc(nr_frames >> pb_order, sizeof(*s->types),
				      GFP_KERNEL, NULL);
	s->blocks = umbra_large_zalloc(capacity, sizeof(*s->blocks), GFP_KERNEL,
				       NULL);
	if (s->use && s->types && s->blocks)
		return s;
	umbra_state_delete(s);
	return NULL;
}

/* Free a state, or nothing if it is NULL. Context: may sleep. */
void umbra_state_delete(struct umbra_state *s)
{
	if (!s)
		return;
	kvfree(s->blocks);
	kvfree(s->types);
	kvfree(s->use);
	kfree(s);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_state_delete, UMBRA_TEST_MODULES);

/* Mark and count the frames of the blocks of a new state. Context: any. */
void umbra_state_mark_free(struct umbra_state *s)
{
	unsigned long i;

	for (i = 0; i < s->nr_blocks; i++) {
		const struct umbra_free_entry *b = &s->blocks[i];

		memset(s->use + b->index, STATE_FREE, 1UL << b->order);
		if (b->type != UMBRA_ISOLATE)
			s->nr_free += 1UL << b->order;
	}
}

/* Copy the free blocks of a zone from a snapshot, with frames from 0. */
static void take_blocks(struct umbra_state *s, const struct umbra_zone *zone,
			const struct umbra_free_snapshot *snapshot)
{
	unsigned long i;

	for (i = 0; i < snapshot->nr; i++) {
		struct umbra_free_entry entry = snapshot->blocks[i];

		if (&zone->umbra->zones[entry.zone] != zone)
			continue;
		entry.index -= zone->start;
		entry.zone = 0;
		s->blocks[s->nr_blocks++] = entry;
	}
}

static void take_frames(struct umbra_state *s, const struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	u32 i;

	for (i = 0; i < s->nr_frames; i++) {
		if (!(i & (BIT(s->pb_order) - 1))) {
			s->types[i >> s->pb_order] =
				umbra_frame_type(u, zone->start + i);
			cond_resched();
		}
		if (s->use[i] != STATE_FREE &&
		    frame_state(frame_read(u, zone->start + i)) !=
		    FRAME_OFFLINE)
			s->use[i] = STATE_USED;
	}
}

/**
 * umbra_state_take() - take the state of a zone
 * @zone: the zone, whose instance is idle and has no caches
 *
 * Context: may sleep.
 * Return: the state, or NULL without memory for it, or if the zone is in use.
 */
struct umbra_state *umbra_state_take(struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	struct umbra_free_snapshot *snapshot = umbra_snapshot_free(u);
	struct umbra_state *s = NULL;

	if (!snapshot)
		return NULL;
	if (snapshot->in_list_order)
		s = umbra_state_new(zone->end - zone->start, u->pb_order,
				    max(snapshot->nr, 1UL));
	if (s) {
		s->type = zone->type;
		s->base_pfn = umbra_index_to_pfn(u, zone->start);
		memcpy(s->watermark, zone->watermark, sizeof(s->watermark));
		s->watermark_boost = READ_ONCE(zone->watermark_boost);
		memcpy(s->lowmem_reserve, zone->lowmem_reserve,
		       sizeof(s->lowmem_reserve));
		s->nr_reserved_highatomic =
			READ_ONCE(zone->nr_reserved_highatomic);
		take_blocks(s, zone, snapshot);
		umbra_state_mark_free(s);
		take_frames(s, zone);
	}
	kvfree(snapshot);
	return s;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_state_take, UMBRA_TEST_MODULES);

/*
 * Take every block off the lists of a zone whose pages are all free. Returns
 * false if one is not on its list. Zone lock held.
 */
static bool clear_lists(struct umbra_zone *zone)
{
	u32 index = zone->start;

	while (index < zone->end) {
		u8 frame = frame_read(zone->umbra, index);

		if (frame_state(frame) == FRAME_OFFLINE) {
			index++;
			continue;
		}
		if (!umbra_freelist_remove(zone, index, frame_order(frame)))
			return false;
		index += 1U << frame_order(frame);
	}
	return true;
}

static void load_frames(struct umbra_zone *zone, const struct umbra_state *s)
{
	struct umbra *u = zone->umbra;
	unsigned long managed = 0;
	u32 i;

	for (i = 0; i < s->nr_frames; i += BIT(s->pb_order))
		umbra_freelist_set_types(u, zone->start + i, s->pb_order,
					 s->types[i >> s->pb_order]);
	for (i = 0; i < s->nr_frames; i++) {
		u32 index = zone->start + i;

		if (s->use[i] == STATE_FREE)
			frame_set(u, index, FRAME_TAIL, 0);
		else if (s->use[i] == STATE_USED)
			frame_set(u, index, FRAME_ALLOC, 0);
		else
			frame_set(u, index, FRAME_OFFLINE, 0);
		managed += s->use[i] != STATE_OFFLINE;
	}
	WRITE_ONCE(zone->nr_managed, managed);
}

/**
 * umbra_state_load() - give a zone a state
 * @zone: the zone of a new instance without caches and background work; it has
 *	the size of the state, and no page of it is allocated
 * @s: the state
 *
 * Frames that are in use in the state become allocated blocks of order 0.
 *
 * Context: may sleep; holds the zone lock for a time that grows with the zone.
 * Return: 0, or -EINVAL if the zone does not fit the state.
 */
int umbra_state_load(struct umbra_zone *zone, const struct umbra_state *s)
{
	struct umbra *u = zone->umbra;
	unsigned long flags, i;
	int err = -EINVAL;

	if (zone->end - zone->start != s->nr_frames || zone->type != s->type ||
	    u->pb_order != s->pb_order)
		return -EINVAL;
	spin_lock_irqsave(&zone->lock, flags);
	if (zone->nr_free_pages + zone->nr_isolated == zone->nr_managed &&
	    clear_lists(zone)) {
		load_frames(zone, s);
		for (i = 0; i < s->nr_blocks; i++)
			umbra_freelist_append(zone,
					      zone->start + s->blocks[i].index,
					      s->blocks[i].order);
		zone->nr_reserved_highatomic = s->nr_reserved_highatomic;
		umbra_watermark_load(zone, s->watermark, s->watermark_boost,
				     s->lowmem_reserve);
		err = 0;
	}
	umbra_zone_unlock(zone, flags);
	return err;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_state_load, UMBRA_TEST_MODULES);

/* Note a difference, if the values are different. */
static bool differs(struct umbra_state_difference *d, const char *part,
		    unsigned long where, long first, long second)
{
	if (first == second)
		return false;
	*d = (struct umbra_state_difference) {
		.part = part,
		.where = where,
		.first = first,
		.second = second,
	};
	return true;
}

/**
 * umbra_state_differs() - compare two states of zones of the same size
 * @a: a state
 * @b: a state
 * @d: filled in if they differ: the first part that does
 *
 * Watermarks are not compared, since a boost is a part of them at the host.
 * Frames in use are not compared with offline frames.
 *
 * Context: may sleep.
 * Return: whether they differ.
 */
bool umbra_state_differs(const struct umbra_state *a,
			 const struct umbra_state *b,
			 struct umbra_state_difference *d)
{
	unsigned long i;

	if (differs(d, "frames", 0, a->nr_frames, b->nr_frames) ||
	    differs(d, "free pages", 0, a->nr_free, b->nr_free) ||
	    differs(d, "free blocks", 0, a->nr_blocks, b->nr_blocks) ||
	    differs(d, "boost", 0, a->watermark_boost, b->watermark_boost) ||
	    differs(d, "highatomic reserve", 0, a->nr_reserved_highatomic,
		    b->nr_reserved_highatomic))
		return true;
	for (i = 0; i < a->nr_frames >> a->pb_order; i++)
		if (differs(d, "type of pageblock", i, a->types[i],
			    b->types[i]))
			return true;
	for (i = 0; i < a->nr_blocks; i++) {
		const struct umbra_free_entry *x = &a->blocks[i];
		const struct umbra_free_entry *y = &b->blocks[i];

		if (differs(d, "order of free block", i, x->order, y->order) ||
		    differs(d, "list of free block", i, x->type, y->type) ||
		    differs(d, "frame of free block", i, x->index, y->index))
			return true;
		cond_resched();
	}
	return false;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_state_differs, UMBRA_TEST_MODULES);
