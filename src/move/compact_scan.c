// SPDX-License-Identifier: GPL-2.0
/*
 * The two scanners of compaction. The migrate scanner goes up from the start of
 * a zone and isolates blocks that can be moved. The free scanner goes down from
 * the end of the zone and takes free blocks off the lists, into a stash. It
 * also makes a mostly free pageblock Movable. When the scanners meet, the zone
 * is compacted.
 *
 * The migrate scanner reads the frame map without a lock, so a block may change
 * until it is isolated. The free scanner holds the zone lock for at most one
 * pageblock at a time.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/free.h"
#include "../page/held.h"
#include "../page/zone_blocks.h"
#include "capture.h"
#include "compact_hints.h"
#include "compact_scan.h"
#include "compaction.h"
#include "movable.h"
#include <trace/events/umbra_compaction.h>

static bool is_movable_type(enum umbra_migratetype type)
{
	return type == UMBRA_MOVABLE || type == UMBRA_CMA;
}

/* Is a block too large to be worth moving? */
static bool is_too_large(const struct umbra_compaction *c, unsigned int order)
{
	if (order >= c->zone->umbra->pb_order)
		return true;
	return c->order >= 0 && order >= (unsigned int)c->order;
}

/* Does a block have a page with failed memory, which must not be accessed? */
bool umbra_has_hwpoison(struct umbra *u, u32 index, unsigned int order)
{
	struct page *page = umbra_index_to_page(u, index);
	u32 i;

	for (i = 0; i < 1U << order; i++)
		if (PageHWPoison(page + i))
			return true;
	return false;
}

/*
 * Isolate the block at @index if it can be moved. @frame gives a cheap first
 * answer without a lock, so the order is checked again after the isolation.
 */
static bool isolate_one(struct umbra_compaction *c, u32 index, u8 frame)
{
	struct umbra *u = c->zone->umbra;
	struct umbra_isolated *batch = &c->batch;
	unsigned int order;

	if (!frame_is_allocated(frame) || !frame_has(frame, FRAME_EXPOSED) ||
	    is_too_large(c, frame_order(frame)) ||
	    !umbra_is_movable(u, index) || !umbra_movable_isolate(u, index))
		return false;
	order = frame_order(frame_read(u, index));
	if (is_too_large(c, order) ||
	    umbra_has_hwpoison(u, index, order)) {
		umbra_movable_putback(u, index);
		return false;
	}
	batch->frames[batch->nr++] = index;
	batch->nr_pages += 1U << order;
	return true;
}

/* Release all blocks of a batch. Context: may sleep. */
void umbra_compact_putback(struct umbra *u, struct umbra_isolated *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		umbra_movable_putback(u, batch->frames[i]);
	batch->nr = 0;
	batch->nr_pages = 0;
}

static u32 wanted_end(const struct umbra_compaction *c, u32 index)
{
	return ALIGN(index + 1, 1U << c->order);
}

/*
 * Give up a place where the block of an asynchronous request could be made. A
 * place is an aligned range of the wanted order, and *@place is its end. One
 * block that cannot move makes the place useless, so its batch is released.
 * Returns the next frame to scan.
 */
static u32 give_place_up(struct umbra_compaction *c, u32 index, u32 *place)
{
	umbra_compact_putback(c->zone->umbra, &c->batch);
	if (index < *place) {
		index = *place;
		*place = wanted_end(c, index);
	}
	return index;
}

/*
 * The frame after a free block that contains @index, or @index itself. Blocks
 * that this run moved away may have merged into such a free block.
 */
static u32 past_free(const struct umbra *u, u32 index)
{
	u32 head = umbra_frame_head(u, index);
	u8 frame = frame_read_head(u, head);

	return frame_state(frame) == FRAME_FREE ?
	       head + (1U << frame_order(frame)) : index;
}

/* Isolate blocks of the range. Returns the frame where the scanner stopped. */
static u32 isolate_range(struct umbra_compaction *c, u32 start, u32 end)
{
	bool choosy = c->rq && c->mode == UMBRA_MIGRATE_ASYNC;
	u32 place = choosy ? wanted_end(c, start) : 0;
	u32 index = past_free(c->zone->umbra, start);
	u8 frame;

	while (index < end && c->batch.nr_pages < COMPACT_BATCH) {
		if (choosy && index >= place) {
			if (c->batch.nr)
				break;
			place = wanted_end(c, index);
		}
		if ((index - start) % COMPACT_BATCH == 0) {
			if (fatal_signal_pending(current)) {
				c->contended = true;
				break;
			}
			cond_resched();
		}
		frame = frame_read(c->zone->umbra, index);
		c->migrate_scanned += 1UL << frame_order(frame);
		if (frame_state(frame) == FRAME_FREE ||
		    isolate_one(c, index, frame) || !choosy)
			index += 1U << frame_order(frame);
		else
			index = give_place_up(c, index + 1, &place);
	}
	return min(index, end);
}

/* Isolate a batch in the pageblock where the migrate scanner is. */
static enum umbra_compact_scan isolate_block(struct umbra_compaction *c)
{
	struct umbra *u = c->zone->umbra;
	unsigned long before = c->migrate_scanned, pfn;
	u32 start = c->migrate, end = compact_block_end(c, start);
	bool from_start = start == compact_block_start(c, start);

	c->migrate = isolate_range(c, start, end);
	/*
	 * The pageblock is finished. Later runs skip it if it had nothing to
	 * move, or needed more than one batch.
	 */
	if (c->migrate == end && (!c->batch.nr || !from_start)) {
		umbra_compact_skip(c, start);
		umbra_compact_pass_source(c, end);
	}
	pfn = umbra_index_to_pfn(u, start);
	trace_umbra_compaction_isolate_migratepages(pfn,
						    pfn + c->migrate - start,
						    c->migrate_scanned - before,
						    c->batch.nr_pages);
	if (fatal_signal_pending(current))
		return COMPACT_SCAN_ABORT;
	if (!c->batch.nr)
		return COMPACT_SCAN_NONE;
	umbra_count(c->zone, EVENT_COMPACT_ISOLATED, c->batch.nr_pages);
	return COMPACT_SCAN_SOME;
}

/* Should the run move blocks out of the pageblock of @index? */
static bool is_source(const struct umbra_compaction *c, u32 index)
{
	struct umbra *u = c->zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u8 frame = frame_read(u, index);

	if (type == UMBRA_ISOLATE ||
	    (frame_is_allocated(frame) && frame_order(frame) >= u->pb_order))
		return false;
	if (!c->rq)
		return true;
	/* Without ALLOC_CMA a request cannot use an emptied CMA pageblock. */
	if (type == UMBRA_CMA && !(c->flags & ALLOC_CMA))
		return false;
	if (c->mode != UMBRA_MIGRATE_ASYNC)
		return true;
	/*
	 * A request for at least a pageblock changes the type of the one it
	 * gets, so only movable pageblocks are sources.
	 */
	if (c->type == UMBRA_MOVABLE || c->order >= (int)u->pb_order)
		return is_movable_type(type);
	return type == c->type;
}

/**
 * umbra_compact_isolate() - isolate the next batch of blocks to move
 * @c: the run; its batch must be empty
 *
 * All blocks of the batch are in one pageblock: the next source.
 *
 * Context: may sleep.
 * Return: COMPACT_SCAN_SOME if a batch is isolated, COMPACT_SCAN_NONE if not,
 * or COMPACT_SCAN_ABORT if the task must end.
 */
enum umbra_compact_scan umbra_compact_isolate(struct umbra_compaction *c)
{
	u32 end = compact_block_end(c, c->migrate);

	for (; end <= c->free; c->migrate = end,
	     end = compact_block_end(c, end)) {
		bool at_start = c->migrate == compact_block_start(c,
								  c->migrate);

		cond_resched();
		if (fatal_signal_pending(current))
			return COMPACT_SCAN_ABORT;
		if (at_start && umbra_compact_is_skipped(c, c->migrate))
			continue;
		if (is_source(c, c->migrate))
			return isolate_block(c);
		umbra_compact_pass_source(c, end);
	}
	return COMPACT_SCAN_NONE;
}

/* May the run move blocks into the pageblock of @index? */
static bool is_target(const struct umbra_compaction *c, u32 index)
{
	struct umbra *u = c->zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u32 head = umbra_frame_head(u, index);
	u8 frame = frame_read_head(u, head);
	unsigned int large = c->order > 0 ? c->order : u->pb_order;

	/* A free block as large as the wanted block must not be split. */
	if (frame_state(frame) == FRAME_FREE && frame_order(frame) >= large)
		return false;
	if (type == UMBRA_ISOLATE)
		return false;
	return c->any_target || is_movable_type(type);
}

/*
 * Make a pageblock movable if the free block at @index is at least half of it.
 * Movable blocks will fill the free block, and so most of the pageblock. Policies
 * without grouping have one type. Zone lock held.
 */
static void make_movable(struct umbra_zone *zone, u32 index, unsigned int order)
{
	struct umbra *u = zone->umbra;

	lockdep_assert_held(&zone->lock);

	if (!u->policy.group || order + 1 < u->pb_order ||
	    !umbra_type_is_mergeable(umbra_frame_type(u, index)))
		return;
	if (order >= u->pb_order)
		umbra_freelist_set_types(u, index, order, UMBRA_MOVABLE);
	else
		umbra_freelist_move(zone, umbra_pageblock_start(u, index),
				    UMBRA_MOVABLE);
}

static void stash_add(struct umbra_compaction *c, u32 index,
		      unsigned int order)
{
	list_add_tail(&umbra_index_to_page(c->zone->umbra, index)->lru,
		      &c->stash[order]);
	c->nr_stashed += 1U << order;
}

/*
 * Take a free block into the stash, if the zone stays above its min watermark.
 * Returns whether it did. Zone lock held.
 */
static bool stash_free(struct umbra_compaction *c, u32 index,
		       unsigned int order)
{
	struct umbra_zone *zone = c->zone;
	unsigned long mark = READ_ONCE(zone->watermark[UMBRA_WMARK_MIN]) +
			     (1UL << order);

	lockdep_assert_held(&zone->lock);

	if (!umbra_watermark_ok(zone, 0, mark, UMBRA_ZONE_DMA, ALLOC_CMA))
		return false;
	if (!umbra_freelist_remove(zone, index, order))
		return false;
	make_movable(zone, index, order);
	frame_set(zone->umbra, index, FRAME_PCP, order);
	stash_add(c, index, order);
	return true;
}

/*
 * Take the zone lock. An asynchronous run that has to wait sets @contended,
 * which ends it soon.
 */
static void lock_zone(struct umbra_compaction *c, unsigned long *flags)
	__acquires(&c->zone->lock)
{
	if (c->mode == UMBRA_MIGRATE_ASYNC && !c->contended) {
		if (spin_trylock_irqsave(&c->zone->lock, *flags))
			return;
		c->contended = true;
	}
	spin_lock_irqsave(&c->zone->lock, *flags);
}

static unsigned int stashed_order(const struct umbra_compaction *c,
				  unsigned int order)
{
	while (order < UMBRA_NR_ORDERS && list_empty(&c->stash[order]))
		order++;
	return order;
}

/* Does the stash have enough pages for the batch, and a block of @order? */
static bool is_enough(const struct umbra_compaction *c, unsigned int order)
{
	return c->nr_stashed >= c->batch.nr_pages &&
	       stashed_order(c, order) < UMBRA_NR_ORDERS;
}

/*
 * Stash free blocks of a pageblock until the stash has enough. Returns the
 * frame where the scanner stopped.
 */
static u32 stash_block(struct umbra_compaction *c, unsigned int order,
		       u32 index, u32 end)
{
	unsigned long before = c->free_scanned, flags, pfn;
	unsigned int stashed = c->nr_stashed;
	struct umbra *u = c->zone->umbra;
	u32 start = index;

	lock_zone(c, &flags);
	/* The pageblock may have been isolated since is_target(). */
	if (umbra_frame_type(u, start) == UMBRA_ISOLATE)
		index = end;
	while (index < end && !is_enough(c, order)) {
		u8 frame = frame_read(u, index);

		c->free_scanned += 1UL << frame_order(frame);
		if (frame_state(frame) == FRAME_FREE &&
		    (frame_order(frame) >= order ||
		     c->nr_stashed < c->batch.nr_pages) &&
		    !stash_free(c, index, frame_order(frame)))
			break;
		index += 1U << frame_order(frame);
	}
	umbra_zone_unlock(c->zone, flags);
	index = min(index, end);
	stashed = c->nr_stashed - stashed;
	if (stashed)
		umbra_count(c->zone, EVENT_COMPACT_ISOLATED, stashed);
	pfn = umbra_index_to_pfn(u, start);
	trace_umbra_compaction_isolate_freepages(pfn, pfn + index - start,
						 c->free_scanned - before,
						 stashed);
	return index;
}

/*
 * Let the free scanner stash enough pages for the batch. If the stash has
 * enough pages but no block of @order, the scanner tries only one more
 * pageblock.
 */
static void stash_more(struct umbra_compaction *c, unsigned int order)
{
	u32 step = 1U << c->zone->umbra->pb_order;
	u32 low = compact_block_end(c, c->migrate);
	u32 start = compact_block_start(c, c->free);
	u32 index = c->free;

	for (; start >= low; start -= step, index = start) {
		u32 end = start + step;

		cond_resched();
		if (!is_target(c, start) || umbra_compact_is_skipped(c, start))
			continue;
		index = stash_block(c, order, index, end);
		if (index == end)
			umbra_compact_pass_target(c, start);
		if (c->nr_stashed >= c->batch.nr_pages) {
			if (index == end)
				index = start - step;
			break;
		}
		if (index < end)
			break;
	}
	c->free = index;
}

static struct list_head *stash_link(struct umbra_compaction *c, u32 index)
{
	return &umbra_index_to_page(c->zone->umbra, index)->lru;
}

/* Split a stashed block down to @order. The upper halves go to the stash. */
static void cut(struct umbra_compaction *c, u32 index, unsigned int from,
		unsigned int order)
{
	struct umbra_zone *zone = c->zone;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	while (from > order) {
		u32 half = index + (1U << --from);

		frame_set(zone->umbra, half, FRAME_PCP, from);
		list_add(stash_link(c, half), &c->stash[from]);
	}
	frame_set(zone->umbra, index, FRAME_PCP, order);
	zone->seq++;
	spin_unlock_irqrestore(&zone->lock, flags);
}

static u32 stash_remove(struct umbra_compaction *c, unsigned int order)
{
	unsigned int from = stashed_order(c, order);
	u32 index;

	if (from == UMBRA_NR_ORDERS)
		return UMBRA_NO_FRAME;
	index = umbra_page_to_index(c->zone->umbra,
				    list_first_entry(&c->stash[from],
						     struct page, lru));
	list_del(stash_link(c, index));
	if (from > order)
		cut(c, index, from, order);
	c->nr_stashed -= 1U << order;
	return index;
}

/*
 * Is a stashed block useless, because its pageblock is isolated, or because it
 * has failed memory?
 */
static bool is_spoilt(const struct umbra_compaction *c, u32 index,
		      unsigned int order)
{
	struct umbra *u = c->zone->umbra;

	return umbra_frame_type(u, index) == UMBRA_ISOLATE ||
	       umbra_has_hwpoison(u, index, order);
}

/**
 * umbra_compact_target() - get a free block as the target of a move
 * @c: the run
 * @order: order of the block
 *
 * Context: may sleep; takes the zone lock.
 * Return: head of the block, in state PCP; UMBRA_NO_FRAME if the scanners have
 * met, the zone has too few free pages, or all free blocks are too small.
 */
u32 umbra_compact_target(struct umbra_compaction *c, unsigned int order)
{
	struct umbra *u = c->zone->umbra;
	u32 index;

	for (;;) {
		index = stash_remove(c, order);
		if (index == UMBRA_NO_FRAME) {
			stash_more(c, order);
			index = stash_remove(c, order);
		}
		if (index == UMBRA_NO_FRAME || !is_spoilt(c, index, order))
			return index;
		umbra_free_captured(u, index, order, NULL);
	}
}

/**
 * umbra_compact_return() - return an unused target to the stash
 * @c: the run
 * @index: head of the block, in state PCP; no owner uses it
 * @order: order of the block
 *
 * A block with a referenced or failed page is freed instead.
 *
 * Context: may sleep; may take the zone lock.
 */
void umbra_compact_return(struct umbra_compaction *c, u32 index,
			  unsigned int order)
{
	struct umbra *u = c->zone->umbra;

	if (umbra_free_is_whole(u, index, order))
		stash_add(c, index, order);
	else
		umbra_free_captured(u, index, order, NULL);
}

/* Put the rest of the stash back to the zone. Context: may sleep. */
void umbra_compact_release(struct umbra_compaction *c)
{
	struct umbra_zone *zone = c->zone;
	unsigned long held = 0, flags;
	struct page *page, *next;
	unsigned int order;
	u32 highest = 0;

	if (!c->nr_stashed)
		return;
	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		spin_lock_irqsave(&zone->lock, flags);
		list_for_each_entry_safe(page, next, &c->stash[order], lru) {
			u32 index = umbra_page_to_index(zone->umbra, page);

			list_del(&page->lru);
			held += umbra_free_locked(zone, index, order, true,
						  NULL);
			highest = max(highest, index);
		}
		umbra_zone_unlock(zone, flags);
	}
	c->nr_stashed = 0;
	if (held)
		umbra_held_rescan_later(zone->umbra);
	umbra_compact_end(c, highest);
}
