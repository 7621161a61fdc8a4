// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of page frame numbers: isolation of pageblocks, and allocation of a
 * given range. An isolated pageblock keeps its type. Its free blocks are on the
 * lists of UMBRA_ISOLATE, and no allocation takes blocks from these lists.
 *
 * Locks: umbra.ranges_lock, then umbra.control_lock or a zone lock.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/report.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../inspect/snapshot.h"
#include "../move/range.h"
#include "../page/free.h"
#include "../page/give.h"
#include "../page/held.h"
#include "../page/pcp.h"
#include "../page/pcp_drain.h"

/* Largest number of frames handled in one hold of the zone lock. */
#define PART_FRAMES BIT(UMBRA_MAX_ORDER)

/* A range of frames in one zone and one span; @end is not in it. */
struct frame_range {
	struct umbra_zone *zone;
	u32 start;
	u32 end;
};

static int find_range(struct umbra *u, unsigned long start, unsigned long end,
		      struct frame_range *range)
{
	if (start >= end)
		return -EINVAL;
	range->start = umbra_pfn_to_index(u, start);
	range->end = umbra_pfn_to_index(u, end - 1);
	if (range->start == UMBRA_NO_FRAME || range->end == UMBRA_NO_FRAME ||
	    range->end - range->start != end - 1 - start)
		return -EINVAL;
	range->end++;
	range->zone = umbra_frame_zone(u, range->start);
	if (range->end > range->zone->end)
		return -EINVAL;
	return 0;
}

static u32 blocks_start(const struct umbra *u, const struct frame_range *range)
{
	return umbra_pageblock_start(u, range->start);
}

static u32 blocks_end(const struct umbra *u, const struct frame_range *range)
{
	return umbra_pageblock_end(u, range->end - 1);
}

/*
 * Change the type of a pageblock. A larger free block that contains it is taken
 * and freed again, so that the pageblock goes to the list of its new type and
 * the rest merges anew. Zone lock held.
 */
static void change_pageblock(struct umbra_zone *zone, u32 index, u8 type)
{
	struct umbra *u = zone->umbra;
	u32 head = umbra_frame_head(u, index);
	u8 frame = frame_read_head(u, head);
	unsigned int order = frame_order(frame);

	lockdep_assert_held(&zone->lock);

	if (frame_state(frame) == FRAME_FREE && order > u->pb_order) {
		if (!umbra_freelist_remove(zone, head, order))
			return;
		WRITE_ONCE(u->pageblocks[index >> u->pb_order].type, type);
		umbra_freelist_free(zone, head, order);
	} else {
		umbra_freelist_move(zone, index, type);
		if (!(type & UMBRA_PB_ISOLATED))
			umbra_freelist_remerge(zone, index);
	}
	zone->seq++;
}

static bool is_isolated(const struct umbra *u, u32 index)
{
	return umbra_frame_type(u, index) == UMBRA_ISOLATE;
}

/*
 * Is a page of a range unmovable for good, in the pageblock at @index? In Movable
 * nothing is but frames that are offline. A block that begins before the
 * pageblock counts only if it is compound. Zone lock held.
 */
static bool has_unmovable(const struct frame_range *range, u32 index)
{
	struct umbra_zone *zone = range->zone;
	struct umbra *u = zone->umbra;
	u32 start = max(index, range->start), head = umbra_frame_head(u, start);
	u32 end = min(umbra_pageblock_end(u, index), range->end);

	lockdep_assert_held(&zone->lock);

	if (head != UMBRA_NO_FRAME &&
	    (head >= index || frame_has(frame_read(u, head), FRAME_COMP)))
		start = head;
	while (start < end) {
		u8 frame = frame_read(u, start);

		if (frame_state(frame) == FRAME_OFFLINE)
			return true;
		if (zone->type != UMBRA_ZONE_MOVABLE &&
		    frame_is_allocated(frame) && !umbra_is_movable(u, start))
			return true;
		start += 1U << frame_order(frame);
	}
	return false;
}

/*
 * Isolate a pageblock of a range. Returns 0, or -EBUSY if it is isolated, or if
 * it has an unmovable page of the range, which must be @movable.
 */
static int isolate_pageblock(const struct frame_range *range, u32 index,
			     bool movable)
{
	struct umbra_zone *zone = range->zone;
	struct umbra *u = zone->umbra;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&zone->lock, flags);
	if (is_isolated(u, index) || (movable && has_unmovable(range, index)))
		err = -EBUSY;
	else
		change_pageblock(zone, index, umbra_pageblock_type(u, index) |
					      UMBRA_PB_ISOLATED);
	umbra_zone_unlock(zone, flags);
	return err;
}

static void unisolate_pageblock(struct umbra_zone *zone, u32 index)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (is_isolated(zone->umbra, index))
		change_pageblock(zone, index,
				 umbra_pageblock_type(zone->umbra, index));
	umbra_zone_unlock(zone, flags);
}

static void unisolate(struct umbra *u, const struct frame_range *range, u32 end)
{
	u32 index;

	for_each_umbra_pageblock(u, index, blocks_start(u, range), end) {
		unisolate_pageblock(range->zone, index);
		cond_resched();
	}
}

/*
 * Isolate all pageblocks of a range, or none: the first, the last, and then
 * those between them. The order matters to a failure, which leaves the free
 * blocks of a pageblock at the ends of their lists.
 */
static int isolate_blocks(struct umbra *u, const struct frame_range *range,
			  bool movable)
{
	u32 first = blocks_start(u, range), index;
	u32 last = umbra_pageblock_start(u, range->end - 1);
	int err = isolate_pageblock(range, first, movable);

	if (err || last == first)
		return err;
	err = isolate_pageblock(range, last, movable);
	if (err) {
		unisolate_pageblock(range->zone, first);
		return err;
	}
	for_each_umbra_pageblock(u, index, umbra_pageblock_end(u, first), last) {
		err = isolate_pageblock(range, index, movable);
		if (err) {
			unisolate(u, range, index);
			unisolate_pageblock(range->zone, last);
			return err;
		}
		cond_resched();
	}
	return 0;
}

static int isolate(struct umbra *u, const struct frame_range *range,
		   bool movable)
{
	int err;

	lockdep_assert_held(&u->ranges_lock);

	err = isolate_blocks(u, range, movable);
	if (err)
		return err;
	mutex_lock(&u->control_lock);
	umbra_pcp_drain_zone(range->zone);
	mutex_unlock(&u->control_lock);
	return 0;
}

/* Move all blocks that can be moved out of an isolated range. */
static int empty(const struct frame_range *range)
{
	return umbra_compact_migrate_range(range->zone, range->start,
					   range->end);
}

/**
 * umbra_isolate_range() - stop serving requests from a range
 * @u: instance
 * @start: first page frame number
 * @end: page frame number after the last
 *
 * Isolates all pageblocks that the range touches. Movable blocks in the range
 * are moved out of it, other blocks stay. A page that is freed there stays
 * isolated.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: 0. -EINVAL: the range is not in one zone of the instance. -EBUSY: a
 * part of it is isolated already. -EINTR: a fatal signal. After an error
 * nothing is isolated by this call.
 */
int umbra_isolate_range(struct umbra *u, unsigned long start,
			unsigned long end)
{
	struct frame_range range;
	int err = find_range(u, start, end, &range);

	if (err)
		return err;
	if (mutex_lock_killable(&u->ranges_lock))
		return -EINTR;
	err = isolate(u, &range, false);
	if (!err && empty(&range) == -EINTR) {
		unisolate(u, &range, blocks_end(u, &range));
		err = -EINTR;
	}
	mutex_unlock(&u->ranges_lock);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_isolate_range);

/**
 * umbra_unisolate_range() - undo umbra_isolate_range()
 * @u: instance
 * @start: first page frame number
 * @end: page frame number after the last
 *
 * A fatal signal does not end it, because a caller could not undo its isolation
 * then.
 *
 * Context: Process context, may sleep.
 * Return: 0, or -EINVAL if the range is not in one zone of the instance.
 */
int umbra_unisolate_range(struct umbra *u, unsigned long start,
			  unsigned long end)
{
	struct frame_range range;
	int err = find_range(u, start, end, &range);

	if (err)
		return err;
	mutex_lock(&u->ranges_lock);
	unisolate(u, &range, blocks_end(u, &range));
	mutex_unlock(&u->ranges_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_unisolate_range);

/* Is every page of a range free, and without hwpoison? Zone lock held. */
static bool is_free(const struct umbra *u, const struct frame_range *range)
{
	u32 index;

	lockdep_assert_held(&range->zone->lock);

	for (index = range->start; index < range->end; index++)
		if (PageHWPoison(umbra_index_to_page(u, index)))
			return false;
	index = range->start;

	while (index < range->end) {
		u32 head = umbra_frame_head(u, index);
		u8 frame = frame_read_head(u, head);

		if (frame_state(frame) != FRAME_FREE)
			return false;
		index = head + (1U << frame_order(frame));
	}
	return true;
}

/*
 * Take the free block at @index, and put back its frames outside the range.
 * Returns the frame after the taken ones, or UMBRA_NO_FRAME if the instance is
 * bad. Zone lock held.
 */
static u32 take_overlap(const struct frame_range *range, u32 index)
{
	struct umbra_zone *zone = range->zone;
	u32 head = umbra_frame_head(zone->umbra, index);
	unsigned int order = frame_order(frame_read(zone->umbra, head));
	u32 end = head + (1U << order);
	u32 i;

	lockdep_assert_held(&zone->lock);

	if (!umbra_freelist_remove(zone, head, order))
		return UMBRA_NO_FRAME;
	for (i = max(head, range->start); i < min(end, range->end); i++)
		frame_set(zone->umbra, i, FRAME_PCP, 0);
	if (head < range->start)
		umbra_freelist_free_range(zone, head, range->start);
	if (end > range->end)
		umbra_freelist_free_range(zone, range->end, end);
	return min(end, range->end);
}

/* Take all frames of a part of a range, or none if one is not free. */
static bool take_part(struct umbra *u, const struct frame_range *part)
{
	u32 index = part->start;
	unsigned long flags;
	bool free;

	spin_lock_irqsave(&part->zone->lock, flags);
	free = is_free(u, part);
	while (free && index < part->end)
		index = take_overlap(part, index);
	umbra_zone_unlock(part->zone, flags);
	return free && index != UMBRA_NO_FRAME;
}

/* Put back the taken frames of a range, up to @end. */
static void put_back(struct umbra *u, const struct frame_range *range, u32 end)
{
	unsigned long flags;
	u32 index, next;

	for (index = range->start; index < end; index = next) {
		next = min(end, ALIGN(index + 1, PART_FRAMES));
		spin_lock_irqsave(&range->zone->lock, flags);
		frame_set_tails(u, index, next - index);
		umbra_freelist_free_range(range->zone, index, next);
		umbra_zone_unlock(range->zone, flags);
		cond_resched();
	}
}

/*
 * Take all frames of an isolated range, or none. The zone lock is dropped
 * between two parts: isolated frames may become free there, but not allocated.
 */
static int take_range(struct umbra *u, const struct frame_range *range)
{
	struct frame_range part = *range;

	for (; part.start < range->end; part.start = part.end) {
		part.end = min(range->end, ALIGN(part.start + 1, PART_FRAMES));
		if (!take_part(u, &part)) {
			put_back(u, range, part.start);
			return -EBUSY;
		}
		cond_resched();
	}
	return 0;
}

/*
 * Flags that have a meaning for a range. Those that say where to allocate, and
 * which mobility the pages have, are ignored.
 */
#define GFP_OF_RANGE (__GFP_IO | __GFP_FS | __GFP_RECLAIM | __GFP_ZERO |	\
		      __GFP_RETRY_MAYFAIL | __GFP_NOWARN)
#define GFP_IGNORED (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE | \
		     __GFP_RECLAIMABLE | __GFP_WRITE | __GFP_HARDWALL |	\
		     __GFP_THISNODE)

/* Isolate a range, empty it, and take its frames. umbra.ranges_lock held. */
static int claim_range(struct umbra *u, const struct frame_range *range)
{
	int err;

	lockdep_assert_held(&u->ranges_lock);

	err = isolate(u, range, true);
	if (err)
		return err;
	err = empty(range);
	/* A page that was busy may be free by now. */
	if (!err || err == -EBUSY) {
		umbra_held_rescan(u);
		err = take_range(u, range);
	}
	unisolate(u, range, blocks_end(u, range));
	return err;
}

/**
 * umbra_alloc_contig_range() - allocate a range of pages
 * @u: instance
 * @start: first page frame number
 * @end: page frame number after the last
 * @gfp: flags as of %GFP_KERNEL, and %__GFP_ZERO, %__GFP_NOWARN and
 *	%__GFP_RETRY_MAYFAIL; flags of zones, nodes and mobility are ignored
 *
 * Each of the pages is a block of order 0 then, as after umbra_split_page().
 * Movable blocks in the range are moved out of it; if one cannot be moved for
 * good, none is. Watermarks do not count, because the caller names the pages.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: 0. -EINVAL: the range is not in one zone of the instance, or @gfp has
 * other flags, which are reported. -EBUSY: a page of it is in use and stays, or
 * is isolated. -ENOMEM: there is no room for the blocks that must move. -EINTR:
 * a fatal signal. -EIO: the instance is bad. After an error nothing is
 * allocated.
 */
int umbra_alloc_contig_range(struct umbra *u, unsigned long start,
			     unsigned long end, gfp_t gfp)
{
	struct frame_range range;
	u32 index;
	int err = find_range(u, start, end, &range);

	if (err)
		return err;
	if (gfp & ~(GFP_OF_RANGE | GFP_IGNORED)) {
		umbra_report_flags(u, "allocation of a range", gfp);
		return -EINVAL;
	}
	if (umbra_is_bad(u))
		return -EIO;
	if (mutex_lock_killable(&u->ranges_lock))
		return -EINTR;
	err = claim_range(u, &range);
	mutex_unlock(&u->ranges_lock);
	if (err)
		return err;
	for (index = range.start; index < range.end; index++) {
		struct page *page = umbra_index_to_page(u, index);

		umbra_make_allocated(u, index, 0, gfp);
		if (gfp & __GFP_ZERO && u->has_memory && !PageHWPoison(page))
			clear_highpage(page);
		if (index % UMBRA_SNAPSHOT_BATCH == 0)
			cond_resched();
	}
	umbra_count(range.zone, EVENT_PGALLOC, end - start);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_alloc_contig_range);

/* The number of page frames from @pfn on, at most @nr, that are in one span. */
static unsigned long frames_in_span(const struct umbra *u, unsigned long pfn,
				    unsigned long nr)
{
	u32 index = umbra_pfn_to_index(u, pfn);

	while (nr > 1 && umbra_pfn_to_index(u, pfn + nr - 1) != index + nr - 1)
		nr--;
	return nr;
}

/**
 * umbra_free_contig_range() - free a range of single pages
 * @u: instance
 * @start: first page frame number
 * @nr_pages: number of pages
 *
 * The pages are freed as the largest aligned blocks that they make. A page that
 * the caller does not own is reported and stays as it is.
 *
 * Context: Process context, may sleep.
 */
void umbra_free_contig_range(struct umbra *u, unsigned long start,
			     unsigned long nr_pages)
{
	unsigned long end = start + nr_pages;

	while (start < end) {
		u32 index = umbra_pfn_to_index(u, start);
		unsigned long nr = 1;

		if (index == UMBRA_NO_FRAME) {
			umbra_report_free(u, NULL, index, 0);
		} else {
			/* Blocks end at the alignment of the largest ones. */
			nr = min(end - start, PART_FRAMES - index % PART_FRAMES);
			nr = frames_in_span(u, start, nr);
			umbra_free_run(u, index, nr);
		}
		start += nr;
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(umbra_free_contig_range);
