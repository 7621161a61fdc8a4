// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a zone as data: taken from a zone of an instance, or of the host
 * (import.c), compared, and loaded into a zone of an instance that is new.
 */
#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/llist.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../buddy/freelist.h"
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../inspect/snapshot.h"
#include "../page/pcp_copy.h"
#include "zone_state.h"

/* How often the state of a zone in use is taken, until it is exact. */
#define ATTEMPTS 4
/* Frames or blocks that are loaded in one hold of the zone lock. */
#define LOAD_BATCH 4096

/**
 * umbra_zone_state_new() - allocate a state without free blocks
 * @nr_frames: number of frames, a multiple of a pageblock
 * @pb_order: order of a pageblock
 * @capacity: number of blocks that there is room for
 *
 * Context: may sleep.
 * Return: the state, whose frames are offline, or NULL.
 */
struct umbra_zone_state *umbra_zone_state_new(u32 nr_frames,
					      unsigned int pb_order,
					      unsigned long capacity)
{
	struct umbra_zone_state *s = kzalloc_obj(*s, GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	s->nr_frames = nr_frames;
	s->pb_order = pb_order;
	s->map = umbra_large_zalloc(nr_frames, sizeof(*s->map),
				    GFP_KERNEL_ACCOUNT, NULL);
	s->types = umbra_large_zalloc(nr_frames >> pb_order, sizeof(*s->types),
				      GFP_KERNEL_ACCOUNT, NULL);
	s->blocks = umbra_large_zalloc(capacity, sizeof(*s->blocks),
				       GFP_KERNEL_ACCOUNT, NULL);
	if (s->map && s->types && s->blocks)
		return s;
	umbra_zone_state_delete(s);
	return NULL;
}

/* Free a state, or nothing if it is NULL. Context: may sleep. */
void umbra_zone_state_delete(struct umbra_zone_state *s)
{
	unsigned int cpu;

	if (!s)
		return;
	if (s->caches)
		for_each_possible_cpu(cpu)
			kvfree(s->caches[cpu]);
	kfree(s->caches);
	kvfree(s->pinned);
	kvfree(s->blocks);
	kvfree(s->types);
	kvfree(s->map);
	kfree(s);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_zone_state_delete, UMBRA_TEST_MODULES);

/* Mark and count the frames of the blocks of a new state. Context: any. */
void umbra_zone_state_mark_free(struct umbra_zone_state *s)
{
	unsigned long i;

	s->nr_free = 0;
	for (i = 0; i < s->nr_blocks; i++) {
		const struct umbra_free_entry *b = &s->blocks[i];

		memset(s->map + b->index, frame_make(FRAME_TAIL, 0),
		       1UL << b->order);
		s->map[b->index] = frame_make(FRAME_FREE, b->order);
		if (b->type != UMBRA_ISOLATE)
			s->nr_free += 1UL << b->order;
	}
}

/* Copy the blocks of a snapshot, with frames from 0. Returns 0 or -ENOMEM. */
static int take_blocks(struct umbra_zone_state *s,
		       const struct umbra_zone *zone,
		       const struct umbra_free_snapshot *snapshot)
{
	unsigned long i;

	kvfree(s->blocks);
	s->blocks = umbra_large_zalloc(max(snapshot->nr, 1UL),
				       sizeof(*s->blocks), GFP_KERNEL_ACCOUNT,
				       NULL);
	if (!s->blocks)
		return -ENOMEM;
	s->nr_blocks = snapshot->nr;
	s->nr_free = 0;
	for (i = 0; i < snapshot->nr; i++) {
		struct umbra_free_entry entry = snapshot->blocks[i];

		entry.index -= zone->start;
		entry.zone = 0;
		s->blocks[i] = entry;
		if (entry.type != UMBRA_ISOLATE)
			s->nr_free += 1UL << entry.order;
		if (i % LOAD_BATCH == 0)
			cond_resched();
	}
	return 0;
}

/*
 * Is a page referenced by others than umbra and the mappings that its owner takes
 * down before a move? Descriptors without memory have no mappings.
 */
static bool is_pinned(const struct umbra *u, const struct page *page)
{
	int ours = UMBRA_BASE_COUNT + !!(u->debug & UMBRA_DEBUG_GUARD);

	if (u->has_memory)
		ours += atomic_read(&page->_mapcount) + 1;
	return page_ref_count(page) > ours;
}

/* Mark the frames in use that others reference. */
static void take_pins(struct umbra_zone_state *s, const struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	u32 i = 0, block = 0;

	bitmap_zero(s->pinned, s->nr_frames);
	while (i < s->nr_frames) {
		u8 frame = s->map[i];

		if (frame_state(frame) == FRAME_FREE ||
		    frame_state(frame) == FRAME_PCP) {
			i += 1U << frame_order(frame);
			continue;
		}
		if (frame_state(frame) != FRAME_OFFLINE &&
		    is_pinned(u, umbra_index_to_page(u, zone->start + i)))
			__set_bit(i, s->pinned);
		i++;
		if (i / UMBRA_SNAPSHOT_BATCH != block) {
			block = i / UMBRA_SNAPSHOT_BATCH;
			cond_resched();
		}
	}
}

/*
 * Copy the frame map and the types of pageblocks, in batches of a largest block,
 * each in one hold of the zone lock.
 */
static void take_frames(struct umbra_zone_state *s, struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long flags;
	u32 i, end, block;

	for (i = 0; i < s->nr_frames; i = end) {
		end = min(ALIGN(zone->start + i + 1, UMBRA_SNAPSHOT_BATCH) -
			  zone->start, s->nr_frames);
		block = i >> s->pb_order;
		spin_lock_irqsave(&zone->lock, flags);
		memcpy(s->map + i, u->map + zone->start + i, end - i);
		for (; block < DIV_ROUND_UP(end, BIT(s->pb_order)); block++)
			s->types[block] =
				u->pageblocks[(zone->start >> s->pb_order) +
					      block].type;
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	}
	take_pins(s, zone);
}

/* Make the list of free blocks from the map, in the order of the addresses. */
static int blocks_of_map(struct umbra_zone_state *s)
{
	unsigned long nr = 0;
	u32 i;

	for (i = 0; i < s->nr_frames; i++) {
		nr += frame_state(s->map[i]) == FRAME_FREE;
		if (i % LOAD_BATCH == 0)
			cond_resched();
	}
	kvfree(s->blocks);
	s->blocks = umbra_large_zalloc(max(nr, 1UL), sizeof(*s->blocks),
				       GFP_KERNEL_ACCOUNT, NULL);
	if (!s->blocks)
		return -ENOMEM;
	s->nr_blocks = 0;
	s->nr_free = 0;
	for (i = 0; i < s->nr_frames; i++) {
		u8 type = s->types[i >> s->pb_order];

		if (i % LOAD_BATCH == 0)
			cond_resched();
		if (frame_state(s->map[i]) != FRAME_FREE)
			continue;
		s->blocks[s->nr_blocks++] = (struct umbra_free_entry) {
			.index = i,
			.order = frame_order(s->map[i]),
			.type = type & UMBRA_PB_ISOLATED ? UMBRA_ISOLATE : type,
		};
		if (!(type & UMBRA_PB_ISOLATED))
			s->nr_free += 1UL << frame_order(s->map[i]);
	}
	return 0;
}

static int take_caches(struct umbra_zone_state *s, struct umbra_zone *zone)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(s->caches[cpu]);
		s->caches[cpu] = umbra_pcp_copy(zone, cpu);
		if (!s->caches[cpu])
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
	}
	return 0;
}

static void take_numbers(struct umbra_zone_state *s, struct umbra_zone *zone)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	memcpy(s->watermark, zone->watermark, sizeof(s->watermark));
	memcpy(s->lowmem_reserve, zone->lowmem_reserve,
	       sizeof(s->lowmem_reserve));
	s->watermark_boost = zone->watermark_boost;
	s->nr_reserved_highatomic = zone->nr_reserved_highatomic;
	s->compact = zone->compact;
	s->pcp_batch = zone->pcp_batch;
	s->pcp_high_min = zone->pcp_high_min;
	s->pcp_high_max = zone->pcp_high_max;
	s->flags = READ_ONCE(zone->flags);
	spin_unlock_irqrestore(&zone->lock, flags);
	s->compact.cached_migrate[0] -= zone->start;
	s->compact.cached_migrate[1] -= zone->start;
	s->compact.cached_free -= zone->start;
	s->compact.first_migrate -= zone->start;
	s->compact.first_free -= zone->start;
}

/* Counts everything that changes a zone or its caches. */
static unsigned long changes(const struct umbra_zone *zone)
{
	return READ_ONCE(zone->seq) + umbra_pcp_uses(zone);
}

/* Has a zone blocks on their way that a state does not have? */
static bool has_more(const struct umbra_zone_state *s,
		     const struct umbra_zone *zone)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (s->caches[cpu]->is_cut)
			return true;
	return !llist_empty(&zone->later) || s->flags & BIT(ZONE_FLAG_LATER);
}

/* Take a state once. Returns 0 or an error. */
static int try_take(struct umbra_zone_state *s, struct umbra_zone *zone)
{
	unsigned long before = changes(zone);
	struct umbra_free_snapshot *snapshot;
	int err;

	take_numbers(s, zone);
	err = take_caches(s, zone);
	if (err)
		return err;
	snapshot = umbra_snapshot_zone(zone);
	if (!snapshot)
		return -ENOMEM;
	take_frames(s, zone);
	s->exact = snapshot->in_list_order && changes(zone) == before &&
		   !has_more(s, zone);
	err = s->exact ? take_blocks(s, zone, snapshot) : blocks_of_map(s);
	kvfree(snapshot);
	return err;
}

/**
 * umbra_zone_state_take() - take the state of a zone
 * @zone: the zone, which may be in use
 *
 * If the zone changes meanwhile, the state is taken again, some times.
 *
 * Context: may sleep; holds the zone lock for one batch at a time, and
 * interrupts each CPU.
 * Return: the state, or NULL without memory for it or after a fatal signal.
 */
struct umbra_zone_state *umbra_zone_state_take(struct umbra_zone *zone)
{
	unsigned int attempt;
	struct umbra_zone_state *s;

	s = umbra_zone_state_new(zone->end - zone->start, zone->umbra->pb_order,
				 1);
	if (!s)
		return NULL;
	s->type = zone->type;
	s->base_pfn = umbra_index_to_pfn(zone->umbra, zone->start);
	s->is_ours = true;
	s->caches = kcalloc(nr_cpu_ids, sizeof(*s->caches),
			    GFP_KERNEL_ACCOUNT);
	s->pinned = umbra_large_zalloc(BITS_TO_LONGS(s->nr_frames),
				       sizeof(*s->pinned), GFP_KERNEL_ACCOUNT,
				       NULL);
	if (!s->caches || !s->pinned)
		goto err_delete;
	for (attempt = 0; attempt < ATTEMPTS && !s->exact; attempt++)
		if (fatal_signal_pending(current) || try_take(s, zone))
			goto err_delete;
	return s;

err_delete:
	umbra_zone_state_delete(s);
	return NULL;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_zone_state_take, UMBRA_TEST_MODULES);

/*
 * Let others have the CPU after each batch of a long load. Nothing else uses the
 * zone meanwhile. Zone lock held.
 */
static void pause(struct umbra_zone *zone, unsigned long *flags,
		  unsigned long done)
{
	if (done % LOAD_BATCH)
		return;
	spin_unlock_irqrestore(&zone->lock, *flags);
	cond_resched();
	spin_lock_irqsave(&zone->lock, *flags);
}

/*
 * Take every block off the lists of a zone whose pages are all free. Returns
 * false if one is not on its list. Zone lock held.
 */
static bool clear_lists(struct umbra_zone *zone, unsigned long *flags)
{
	u32 index = zone->start;
	unsigned long done = 0;

	while (index < zone->end) {
		u8 frame = frame_read(zone->umbra, index);

		pause(zone, flags, ++done);
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

/*
 * Write a frame of a state. Free blocks become tails, for the lists that come
 * next. Blocks in a cache or in hand, or about to be freed, become allocated, until
 * the caches are loaded.
 */
static void load_frame(struct umbra_zone *zone, u32 index, u8 frame)
{
	struct umbra *u = zone->umbra;

	switch (frame_state(frame)) {
	case FRAME_FREE:
		frame = frame_make(FRAME_TAIL, 0);
		break;
	case FRAME_PCP:
	case FRAME_LATER:
		frame = frame_make(FRAME_ALLOC, frame_order(frame));
		break;
	case FRAME_HELD:
		u->pageblocks[index >> u->pb_order].nr_held++;
		zone->nr_held++;
		break;
	default:
		break;
	}
	WRITE_ONCE(u->map[index], frame);
}

/* Write the types of pageblocks, and the frames. Zone lock held. */
static void load_map(struct umbra_zone *zone, const struct umbra_zone_state *s,
		     unsigned long *flags)
{
	struct umbra *u = zone->umbra;
	unsigned long managed = 0;
	u32 i;

	for (i = 0; i < s->nr_frames; i++) {
		u32 index = zone->start + i;

		if (!(i & (BIT(s->pb_order) - 1)))
			WRITE_ONCE(u->pageblocks[index >> u->pb_order].type,
				   s->types[i >> s->pb_order]);
		load_frame(zone, index, s->map[i]);
		managed += frame_state(s->map[i]) != FRAME_OFFLINE;
		pause(zone, flags, i + 1);
	}
	WRITE_ONCE(zone->nr_managed, managed);
}

static void load_lists(struct umbra_zone *zone,
		       const struct umbra_zone_state *s, unsigned long *flags)
{
	unsigned long i;

	for (i = 0; i < s->nr_blocks; i++) {
		umbra_freelist_append(zone, zone->start + s->blocks[i].index,
				      s->blocks[i].order);
		pause(zone, flags, i + 1);
	}
}

/* Load the parts that only a zone of an instance has. Context: may sleep. */
static void load_ours(struct umbra_zone *zone, const struct umbra_zone_state *s)
{
	unsigned int cpu, i, n = 0;

	for_each_set_bit(i, s->pinned, s->nr_frames) {
		page_ref_inc(umbra_index_to_page(zone->umbra, zone->start + i));
		if (++n % LOAD_BATCH == 0)
			cond_resched();
	}
	zone->compact = s->compact;
	zone->compact.cached_migrate[0] += zone->start;
	zone->compact.cached_migrate[1] += zone->start;
	zone->compact.cached_free += zone->start;
	zone->compact.first_migrate += zone->start;
	zone->compact.first_free += zone->start;
	WRITE_ONCE(zone->pcp_batch, s->pcp_batch);
	WRITE_ONCE(zone->pcp_high_min, s->pcp_high_min);
	WRITE_ONCE(zone->pcp_high_max, s->pcp_high_max);
	for_each_possible_cpu(cpu)
		umbra_pcp_paste(zone, cpu, s->caches[cpu], s->map);
	WRITE_ONCE(zone->flags, s->flags & ~BIT(ZONE_FLAG_LATER));
}

/**
 * umbra_zone_state_load() - give a zone a state
 * @zone: the zone of a new instance without background work and memory, whose
 *	caches are empty; it has the size of the state, and no page of it is allocated
 * @s: the state
 *
 * Context: may sleep; takes the zone lock.
 * Return: 0, or -EINVAL if the zone does not fit the state.
 */
int umbra_zone_state_load(struct umbra_zone *zone,
			  const struct umbra_zone_state *s)
{
	unsigned long flags;
	int err = -EINVAL;

	if (zone->end - zone->start != s->nr_frames || zone->type != s->type ||
	    zone->umbra->pb_order != s->pb_order)
		return -EINVAL;
	spin_lock_irqsave(&zone->lock, flags);
	if (zone->nr_free_pages + zone->nr_isolated == zone->nr_managed &&
	    clear_lists(zone, &flags)) {
		load_map(zone, s, &flags);
		load_lists(zone, s, &flags);
		zone->nr_reserved_highatomic = s->nr_reserved_highatomic;
		umbra_watermark_load(zone, s->watermark, s->watermark_boost,
				     s->lowmem_reserve);
		err = 0;
	}
	umbra_zone_unlock(zone, flags);
	/* Nothing else uses the zone, so this needs no lock. */
	if (!err && s->is_ours)
		load_ours(zone, s);
	return err;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_zone_state_load, UMBRA_TEST_MODULES);

/* Note a difference, if the values are different. */
static bool differs(struct umbra_zone_difference *d, const char *part,
		    unsigned long where, long first, long second)
{
	if (first == second)
		return false;
	*d = (struct umbra_zone_difference) {
		.part = part,
		.where = where,
		.first = first,
		.second = second,
	};
	return true;
}

/**
 * umbra_zone_state_differs() - compare two states of zones of the same size
 * @a: a state
 * @b: a state
 * @d: filled in if they differ: the first part that does
 *
 * Watermarks are not compared, since a boost is a part of them at the host, nor
 * caches and frames in use.
 *
 * Context: may sleep.
 * Return: whether they differ.
 */
bool umbra_zone_state_differs(const struct umbra_zone_state *a,
			      const struct umbra_zone_state *b,
			      struct umbra_zone_difference *d)
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
EXPORT_SYMBOL_FOR_MODULES(umbra_zone_state_differs, UMBRA_TEST_MODULES);
