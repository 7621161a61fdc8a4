// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: the number of pages of a zone that must stay free, and the boost,
 * which fallback.c raises and kswapd.c ends.
 *
 * Watermarks are computed under umbra.control_lock and read without a lock. The
 * number of free pages of a zone changes under the zone lock and has no part
 * per CPU, so a check reads an exact value.
 */
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/request.h"
#include "fragmentation.h"
#include "watermark.h"
#include "zone.h"

/* Limits of the automatic reserve, and of that of HighMem and Movable. */
#define MIN_FREE_KBYTES_LEAST 128
#define MIN_FREE_KBYTES_MOST 262144
#define HIGH_ZONE_MIN_LEAST 32
#define HIGH_ZONE_MIN_MOST 128

static bool is_low(const struct umbra_zone *zone)
{
	return zone->type < UMBRA_ZONE_HIGHMEM;
}

/* The pages of zones below HighMem, which share min_free_kbytes. */
unsigned long umbra_low_pages(const struct umbra *u)
{
	const struct umbra_zone *zone;
	unsigned long pages = 0;

	for_each_umbra_zone(u, zone)
		if (is_low(zone))
			pages += READ_ONCE(zone->nr_managed);
	return pages;
}

/*
 * The default of min_free_kbytes. It grows with the square root of memory,
 * because the bandwidth of a machine grows less than its memory.
 */
long umbra_auto_min_free(const struct umbra *u)
{
	unsigned long kbytes = umbra_low_pages(u) * (PAGE_SIZE >> 10);

	return clamp_t(long, int_sqrt(kbytes * 16), MIN_FREE_KBYTES_LEAST,
		       MIN_FREE_KBYTES_MOST);
}

static void setup_zone(struct umbra_zone *zone, unsigned long pages_min,
		       unsigned long all_low)
{
	const struct umbra *u = zone->umbra;
	unsigned long managed = READ_ONCE(zone->nr_managed);
	unsigned long min, gap;
	u64 share = 0;

	if (all_low)
		share = div64_ul((u64)pages_min * managed, all_low);
	min = share;
	/* Requests that may use reserves do not depend on these zones. */
	if (!is_low(zone))
		min = clamp_t(unsigned long, managed / 1024,
			      HIGH_ZONE_MIN_LEAST, HIGH_ZONE_MIN_MOST);
	gap = max_t(u64, share >> 2,
		    mult_frac((u64)managed, u->watermark_scale_factor, 10000));
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_MIN], min);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_LOW], min + gap);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_HIGH], min + 2 * gap);
	WRITE_ONCE(zone->watermark[UMBRA_WMARK_PROMO], min + 3 * gap);
	WRITE_ONCE(zone->watermark_boost, 0);
}

/*
 * Compute the number of free pages with which no request, of any order and
 * highest zone, can bring a zone below its high watermark. Zone lock held.
 */
static void set_fast_mark(struct umbra_zone *zone)
{
	unsigned long reserve = 0;
	unsigned int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
		reserve = max(reserve, zone->lowmem_reserve[type]);
	zone->fast_mark = umbra_mark(zone, UMBRA_WMARK_HIGH) + reserve +
			  BIT(UMBRA_MAX_ORDER);
}

/*
 * A zone protects a share of its pages from requests that can also use higher
 * zones. The reserve grows with the pages of the zones above.
 */
static void setup_lowmem_reserve(struct umbra *u, struct umbra_zone *zone)
{
	const struct umbra_node *node = &u->nodes[zone->nid];
	unsigned int ratio = u->lowmem_reserve_ratio[zone->type];
	unsigned long above = 0;
	int type;

	for (type = zone->type + 1; type < UMBRA_NR_ZONE_TYPES; type++) {
		const struct umbra_zone *other = umbra_node_zone(u, node, type);

		if (other)
			above += READ_ONCE(other->nr_managed);
		WRITE_ONCE(zone->lowmem_reserve[type],
			   ratio && zone->nr_managed ? above / ratio : 0);
	}
}

/**
 * umbra_watermark_setup() - compute all watermarks from the tunables
 * @u: the instance
 *
 * The caller must call umbra_pcp_resize() next, because the sizes of the caches
 * depend on the watermarks.
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_watermark_setup(struct umbra *u)
{
	unsigned long pages_min, all_low = umbra_low_pages(u), flags;
	struct umbra_zone *zone;

	lockdep_assert_held(&u->control_lock);

	pages_min = u->min_free_kbytes >> (PAGE_SHIFT - 10);
	for_each_umbra_zone(u, zone) {
		spin_lock_irqsave(&zone->lock, flags);
		setup_zone(zone, pages_min, all_low);
		setup_lowmem_reserve(u, zone);
		set_fast_mark(zone);
		umbra_zone_unlock(zone, flags);
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_watermark_setup);

/*
 * Give a zone watermarks by UMBRA_NR_WMARKS, a boost, and reserves by
 * UMBRA_NR_ZONE_TYPES, until they are computed again. Zone lock held.
 */
void umbra_watermark_load(struct umbra_zone *zone, const unsigned long *marks,
			  unsigned long boost, const unsigned long *reserve)
{
	unsigned int i;

	lockdep_assert_held(&zone->lock);

	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		WRITE_ONCE(zone->watermark[i], marks[i]);
	WRITE_ONCE(zone->watermark_boost, boost);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		WRITE_ONCE(zone->lowmem_reserve[i], reserve[i]);
	set_fast_mark(zone);
}

/* Copy the tunables of a layout; umbra_watermark_setup() must follow. */
void umbra_watermark_init(struct umbra *u, const struct umbra_layout *layout)
{
	u->watermark_scale_factor = layout->watermark_scale_factor;
	u->watermark_boost_factor = layout->watermark_boost_factor;
	memcpy(u->lowmem_reserve_ratio, layout->lowmem_reserve_ratio,
	       sizeof(u->lowmem_reserve_ratio));
	u->min_free_kbytes = layout->min_free_kbytes;
	if (u->min_free_kbytes < 0)
		u->min_free_kbytes = umbra_auto_min_free(u);
}

/* Free pages that a request cannot use. */
static __always_inline long unusable_free(const struct umbra_zone *zone,
					  unsigned int order,
					  unsigned int flags)
{
	long unusable = (1L << order) - 1;

	if (likely(!(flags & ALLOC_RESERVES)))
		unusable += READ_ONCE(zone->nr_free_highatomic);
	if (!(flags & ALLOC_CMA))
		unusable += READ_ONCE(zone->nr_free_cma);
	return unusable;
}

/* The watermark for a request that may use a part of the reserve. */
static long reserve_left(long min, unsigned int flags)
{
	if (flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (flags & ALLOC_OOM)
		min -= min / 2;
	return min;
}

/* Has the zone a free block of at least @order that the request may use? */
static bool has_block(const struct umbra_zone *zone, unsigned int order,
		      unsigned int flags)
{
	unsigned int types = BIT(UMBRA_PCPTYPES) - 1;
	unsigned int type;

	if (flags & ALLOC_CMA)
		types |= BIT(UMBRA_CMA);
	if (flags & (ALLOC_HIGHATOMIC | ALLOC_OOM))
		types |= BIT(UMBRA_HIGHATOMIC);
	for (; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_ISOLATE; type++)
			if (types & BIT(type) &&
			    READ_ONCE(zone->free_area[order].nr_free[type]))
				return true;
	return false;
}

static bool watermark_ok(const struct umbra_zone *zone, unsigned int order,
			 unsigned long mark, enum umbra_zone_type highest,
			 unsigned int flags, long free)
{
	long min = mark;

	free -= unusable_free(zone, order, flags);
	if (unlikely(flags & ALLOC_RESERVES))
		min = reserve_left(min, flags);
	if (free <= min + (long)READ_ONCE(zone->lowmem_reserve[highest]))
		return false;
	return !order || has_block(zone, order, flags);
}

/* The watermark of a zone that has this many pages, or -1. */
static int which_mark(const struct umbra_zone *zone, unsigned long pages,
		      unsigned int flags)
{
	int i = flags & ALLOC_WMARK_MASK;

	if (pages == umbra_mark(zone, i))
		return i;
	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		if (pages == umbra_mark(zone, i) ||
		    pages == READ_ONCE(zone->watermark[i]))
			return i;
	return -1;
}

/* Record a comparison, and with which numbers it was made. */
static noinline void tell_mark(const struct umbra_zone *zone,
			       unsigned int order, unsigned long mark,
			       enum umbra_zone_type highest,
			       unsigned int flags, long free, bool ok)
{
	struct umbra_decision d = {
		.kind = DECISION_MARK,
		.zone = zone - zone->umbra->zones,
		.order = order,
		.index = UMBRA_NO_FRAME,
		.nr = which_mark(zone, mark, flags),
		.flags = flags,
		.mark = {
			.free = free,
			.unusable = unusable_free(zone, order, flags),
			.mark = mark,
			.min = flags & ALLOC_RESERVES ?
			       reserve_left(mark, flags) : mark,
			.reserve = READ_ONCE(zone->lowmem_reserve[highest]),
		},
	};

	if (!ok)
		d.result = free - d.mark.unusable <=
			   d.mark.min + d.mark.reserve ? MARK_SHORT :
							 MARK_NO_BLOCK;
	umbra_tell(zone->umbra, &d);
}

/**
 * umbra_watermark_ok() - check that a zone stays above a watermark
 * @zone: the zone
 * @order: order of the block to take
 * @mark: pages that must stay free
 * @highest: highest zone that the request may use
 * @flags: ALLOC_* of the request
 *
 * Context: any; reads without a lock.
 * Return: true if the zone stays above @mark and has a block of @order.
 */
bool umbra_watermark_ok(const struct umbra_zone *zone, unsigned int order,
			unsigned long mark, enum umbra_zone_type highest,
			unsigned int flags)
{
	return watermark_ok(zone, order, mark, highest, flags,
			    READ_ONCE(zone->nr_free_pages));
}
EXPORT_SYMBOL_IF_KUNIT(umbra_watermark_ok);

/**
 * umbra_watermark_with() - check a watermark as if more pages were free
 * @zone: the zone
 * @order: order of the block to take
 * @mark: pages that must stay free
 * @highest: highest zone that the request may use
 * @flags: ALLOC_* of the request
 * @more: pages to add to the free pages
 *
 * Context: any; reads without a lock.
 * Return: true if the zone would stay above @mark, and has a block of @order
 * now.
 */
bool umbra_watermark_with(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags, unsigned long more)
{
	return watermark_ok(zone, order, mark, highest, flags,
			    READ_ONCE(zone->nr_free_pages) + more);
}

/**
 * umbra_watermark_whole() - check a watermark in whole pageblocks
 * @zone: the zone
 * @order: order of the block to take
 * @mark: pages that must stay free
 * @highest: highest zone that the request may use
 * @flags: ALLOC_* of the request
 *
 * Context: any; reads without a lock.
 * Return: true if the zone stays above @mark without its free pages in blocks
 * smaller than a pageblock, and has a block of @order.
 */
bool umbra_watermark_whole(const struct umbra_zone *zone, unsigned int order,
			   unsigned long mark, enum umbra_zone_type highest,
			   unsigned int flags)
{
	return watermark_ok(zone, order, mark, highest, flags,
			    umbra_free_in_pageblocks(zone));
}

/* Does a zone stay above a watermark? Sets @mark to the one that decided. */
static __always_inline bool fast_ok(const struct umbra_zone *zone,
				    unsigned int order, unsigned long *mark,
				    enum umbra_zone_type highest,
				    unsigned int flags, long free)
{
	if (!order && free - unusable_free(zone, 0, flags) >
		      (long)(*mark + READ_ONCE(zone->lowmem_reserve[highest])))
		return true;
	if (watermark_ok(zone, order, *mark, highest, flags, free))
		return true;
	if (unlikely(!order && flags & ALLOC_MIN_RESERVE &&
		     READ_ONCE(zone->watermark_boost) &&
		     (flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN)) {
		*mark = READ_ONCE(zone->watermark[UMBRA_WMARK_MIN]);
		return watermark_ok(zone, order, *mark, highest, flags, free);
	}
	return false;
}

/**
 * umbra_watermark_fast() - check a watermark for an allocation
 * @zone: the zone
 * @order: order of the block to take
 * @mark: pages that must stay free
 * @highest: highest zone that the request may use
 * @flags: ALLOC_* of the request
 *
 * A request for a single page passes after one comparison if the zone has many
 * free pages. An urgent request for a single page may ignore the boost of the
 * min watermark.
 *
 * Context: any; reads without a lock.
 * Return: true if the request may take a block from the zone.
 */
bool umbra_watermark_fast(const struct umbra_zone *zone, unsigned int order,
			  unsigned long mark, enum umbra_zone_type highest,
			  unsigned int flags)
{
	long free = READ_ONCE(zone->nr_free_pages);
	bool ok = fast_ok(zone, order, &mark, highest, flags, free);

	if (umbra_decisions_are_on(zone->umbra))
		tell_mark(zone, order, mark, highest, flags, free, ok);
	return ok;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_watermark_fast);

/**
 * umbra_watermark_boost() - raise the watermarks of a zone that fragments
 * @zone: the zone
 *
 * The boost grows by the pages of a pageblock, up to a limit. With a boost,
 * reclaim frees more pages, and fewer requests fall back to other types. A zone
 * of less than four pageblocks has no boost.
 *
 * Context: zone lock held.
 * Return: true if the boost was raised or is at its limit.
 */
bool umbra_watermark_boost(struct umbra_zone *zone)
{
	unsigned int factor = READ_ONCE(zone->umbra->watermark_boost_factor);
	unsigned long pageblock = 1UL << zone->umbra->pb_order;
	unsigned long most;

	lockdep_assert_held(&zone->lock);

	if (!factor || pageblock * 4 > zone->nr_managed)
		return false;
	most = mult_frac(zone->watermark[UMBRA_WMARK_HIGH], factor, 10000);
	if (!most)
		return false;
	most = max(pageblock, most);
	WRITE_ONCE(zone->watermark_boost,
		   min(zone->watermark_boost + pageblock, most));
	set_fast_mark(zone);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_watermark_boost);

/**
 * umbra_watermark_unboost() - lower the boost of a zone
 * @zone: the zone
 * @pages: pages to subtract; a boost that grew meanwhile keeps the difference
 *
 * Context: any but NMI; takes the zone lock.
 */
void umbra_watermark_unboost(struct umbra_zone *zone, unsigned long pages)
{
	unsigned long flags;

	if (!pages)
		return;
	spin_lock_irqsave(&zone->lock, flags);
	WRITE_ONCE(zone->watermark_boost,
		   zone->watermark_boost - min(zone->watermark_boost, pages));
	set_fast_mark(zone);
	umbra_zone_unlock(zone, flags);
}
