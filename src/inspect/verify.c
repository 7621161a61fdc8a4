// SPDX-License-Identifier: GPL-2.0
/*
 * The checker of invariants, for tests, debugfs and bug reports.
 *
 * The checker walks a zone in batches of one largest block, and holds the zone
 * lock for one batch at a time. No block crosses a batch, so that each batch
 * can be checked alone. Lists and counters can be compared with the walk only
 * if umbra_zone.seq has not changed meanwhile. If it has, the walk is repeated
 * a few times; the result says whether the last comparison was exact.
 *
 * The checker reports and never warns, so that tests can break an invariant. It
 * trusts only checked data: a list entry is not followed before the checker
 * knows that it is in a descriptor of the instance.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/held.h"
#include "../page/pcp.h"
#include "finding.h"
#include "snapshot.h"
#include "verify.h"
#include "verify_movable.h"

/* The results of a walk over a zone so far. */
struct zone_walk {
	struct umbra_zone *zone;
	struct umbra_findings *v;
	unsigned long seq;	/* at the start of the walk */
	u32 nr_free[UMBRA_NR_ORDERS][UMBRA_NR_TYPES];
	unsigned long frames[FRAME_NR_STATES];
	unsigned long blocks[FRAME_NR_STATES];
	unsigned long pcp_count;	/* pages in caches, at the start */
	unsigned long pcp_events;	/* cache_events(), at the start */
};

static bool is_covered(const struct umbra *u, u32 index)
{
	const struct umbra_span *span;

	for (span = u->spans; span < u->spans + u->nr_spans; span++)
		if (index - span->first < span->nr_pages)
			return true;
	return false;
}

/* Is @entry a list head of the zone, or the link of a page of the instance? */
static bool is_known_link(const struct umbra_zone *zone,
			  const struct list_head *entry)
{
	const void *p = entry;

	if (p >= (const void *)zone->free_area &&
	    p < (const void *)(zone->free_area + UMBRA_NR_ORDERS))
		return true;
	return umbra_page_to_index(zone->umbra,
				   list_entry(entry, struct page, lru)) !=
	       UMBRA_NO_FRAME;
}

static bool is_linked(const struct umbra_zone *zone,
		      const struct list_head *entry)
{
	return is_known_link(zone, entry->next) &&
	       is_known_link(zone, entry->prev) &&
	       entry->next->prev == entry && entry->prev->next == entry;
}

static void check_references(struct zone_walk *w, u32 index, u32 end)
{
	for (; index < end; index++) {
		struct page *page = umbra_index_to_page(w->zone->umbra, index);

		if (page_ref_count(page) < UMBRA_BASE_COUNT)
			umbra_found(w->v, FINDING_REFERENCE, index,
				    page_ref_count(page), UMBRA_BASE_COUNT);
	}
}

/* Must two free pageblocks of these types merge? Isolated ones may be apart. */
static bool could_merge(enum umbra_migratetype a, enum umbra_migratetype b)
{
	if (a == UMBRA_ISOLATE)
		return false;
	return a == b || (umbra_type_is_mergeable(a) &&
			  umbra_type_is_mergeable(b));
}

static void check_memory(struct zone_walk *w, u32 index, unsigned int order)
{
	struct umbra *u = w->zone->umbra;
	u32 end = index + (1U << order);

	if (!(u->debug & UMBRA_DEBUG_POISON))
		return;
	for (; index < end; index++)
		if (!umbra_debug_is_intact(u, index))
			umbra_found(w->v, FINDING_WRITE, index, 0, 0);
}

static void check_free(struct zone_walk *w, u32 index, unsigned int order)
{
	struct umbra *u = w->zone->umbra;
	enum umbra_migratetype type = umbra_frame_type(u, index);
	u32 last = index + (1U << order) - 1;
	u32 buddy = index ^ (1U << order);

	if (type >= UMBRA_NR_TYPES || umbra_frame_type(u, last) != type) {
		umbra_found(w->v, FINDING_TYPE, index,
			    umbra_frame_type(u, last), type);
		return;
	}
	w->nr_free[order][type]++;
	if (order < UMBRA_MAX_ORDER && buddy > index &&
	    buddy + (1U << order) <= w->zone->end &&
	    frame_read(u, buddy) == frame_make(FRAME_FREE, order) &&
	    (order < u->pb_order ||
	     could_merge(umbra_frame_type(u, buddy), type)))
		umbra_found(w->v, FINDING_BUDDIES, index, order, 0);
	if (!is_linked(w->zone, &umbra_index_to_page(u, index)->lru))
		umbra_found(w->v, FINDING_LINK, index, order, 0);
	check_memory(w, index, order);
}

/* Check the block at @index. Returns the next frame to check. */
static u32 check_block(struct zone_walk *w, u32 index, u32 end)
{
	struct umbra *u = w->zone->umbra;
	u8 frame = frame_read(u, index);
	enum umbra_frame_state state = frame_state(frame);
	unsigned int order = frame_order(frame);
	u32 next, i;

	if (order > UMBRA_MAX_ORDER) {
		umbra_found(w->v, FINDING_STATE, index, frame, 0);
		return index + 1;
	}
	next = index + (1U << order);
	if (index & ((1U << order) - 1)) {
		umbra_found(w->v, FINDING_ALIGN, index, order, 0);
		return index + 1;
	}
	if (next > end || !is_covered(u, index) || !is_covered(u, next - 1)) {
		umbra_found(w->v, FINDING_BOUNDS, index, order, 0);
		return index + 1;
	}
	for (i = index + 1; i < next; i++)
		if (frame_state(frame_read(u, i)) != FRAME_TAIL)
			umbra_found(w->v, FINDING_INSIDE, i, frame_read(u, i),
				    FRAME_TAIL);
	if (state == FRAME_FREE)
		check_free(w, index, order);
	check_references(w, index, next);
	w->frames[state] += 1UL << order;
	w->blocks[state]++;
	return next;
}

/* Check the frame or block at @index. Returns the next frame to check. */
static u32 check_frame(struct zone_walk *w, u32 index, u32 end)
{
	struct umbra *u = w->zone->umbra;
	u8 frame = frame_read(u, index);

	if (frame_is_allocated(frame))
		return check_block(w, index, end);
	switch (frame_state(frame)) {
	case FRAME_FREE:
	case FRAME_PCP:
	case FRAME_LATER:
		return check_block(w, index, end);
	case FRAME_HELD:
		if (frame_order(frame))
			umbra_found(w->v, FINDING_HELD_ORDER, index, frame, 0);
		else
			return check_block(w, index, end);
		break;
	case FRAME_OFFLINE:
		if (frame_order(frame))
			umbra_found(w->v, FINDING_HELD_ORDER, index, frame, 0);
		w->frames[FRAME_OFFLINE]++;
		break;
	case FRAME_TAIL:
		umbra_found(w->v, FINDING_TAIL, index, frame, 0);
		break;
	default:
		umbra_found(w->v, FINDING_STATE, index, frame, 0);
		break;
	}
	return index + 1;
}

/* A count that changes whenever a cache of a CPU may have changed. */
static unsigned long cache_events(const struct umbra_zone *zone)
{
	return umbra_zone_events(zone, EVENT_PGALLOC) +
	       umbra_zone_events(zone, EVENT_PGFREE) +
	       umbra_zone_events(zone, EVENT_PCP_DRAIN);
}

static void walk_frames(struct zone_walk *w)
{
	struct umbra_zone *zone = w->zone;
	u32 index = zone->start;
	unsigned long flags;

	while (index < zone->end) {
		u32 end = min_t(u32, zone->end,
				ALIGN(index + 1, UMBRA_SNAPSHOT_BATCH));

		spin_lock_irqsave(&zone->lock, flags);
		if (index == zone->start) {
			w->seq = zone->seq;
			w->pcp_count = umbra_pcp_count(zone, -1);
			w->pcp_events = cache_events(zone);
		}
		while (index < end)
			index = check_frame(w, index, end);
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	}
}

/* Is @entry a free head that belongs on the list of @order and @type? */
static bool entry_belongs(struct zone_walk *w, const struct list_head *entry,
			  unsigned int order, unsigned int type)
{
	struct umbra *u = w->zone->umbra;
	u32 index = umbra_page_to_index(u, list_entry(entry, struct page, lru));

	if (index == UMBRA_NO_FRAME) {
		umbra_found(w->v, FINDING_LIST, index, order, type);
		return false;
	}
	if (frame_read(u, index) != frame_make(FRAME_FREE, order) ||
	    umbra_frame_type(u, index) != type ||
	    umbra_frame_zone(u, index) != w->zone) {
		umbra_found(w->v, FINDING_LIST, index, order, type);
		return false;
	}
	return true;
}

/*
 * Compare one list and its counter with the walk. Returns false if the zone has
 * changed since the walk, which makes a comparison impossible.
 */
static bool walk_list(struct zone_walk *w, unsigned int order,
		      unsigned int type)
{
	struct umbra_zone *zone = w->zone;
	struct umbra_free_area *area = &zone->free_area[order];
	struct list_head *head = &area->free_list[type];
	struct list_head *entry = head;
	unsigned long n = 0, nr_free, flags;
	bool same, more = true;

	do {
		unsigned int batch = VERIFY_BATCH;

		spin_lock_irqsave(&zone->lock, flags);
		same = zone->seq == w->seq;
		nr_free = area->nr_free[type];
		while (same && more && batch--) {
			entry = entry->next;
			more = entry != head && n <= w->nr_free[order][type] &&
			       entry_belongs(w, entry, order, type);
			n += more;
		}
		spin_unlock_irqrestore(&zone->lock, flags);
		cond_resched();
	} while (same && more);

	if (same && n != w->nr_free[order][type])
		umbra_found(w->v, FINDING_COUNT, UMBRA_NO_FRAME, n,
			    w->nr_free[order][type]);
	if (same && nr_free != w->nr_free[order][type])
		umbra_found(w->v, FINDING_COUNT, UMBRA_NO_FRAME, nr_free,
			    w->nr_free[order][type]);
	return same;
}

static unsigned long held_in_pageblocks(struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long n = 0;
	u32 index;

	for_each_umbra_pageblock(u, index, zone->start, zone->end)
		n += READ_ONCE(u->pageblocks[index >> u->pb_order].nr_held);
	return n;
}

static void compare(struct zone_walk *w, unsigned long counter,
		    unsigned long counted)
{
	if (counter != counted)
		umbra_found(w->v, FINDING_COUNT, UMBRA_NO_FRAME, counter,
			    counted);
}

/* The number of free pages of a type in the walk. */
static unsigned long free_of_type(const struct zone_walk *w,
				  enum umbra_migratetype type)
{
	unsigned long pages = 0;
	unsigned int order;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		pages += (unsigned long)w->nr_free[order][type] << order;
	return pages;
}

/* The orders of the free blocks of a type in the walk, as bits. */
static u16 orders_of_type(const struct zone_walk *w, unsigned int type)
{
	unsigned int order;
	u16 orders = 0;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		if (w->nr_free[order][type])
			orders |= BIT(order);
	return orders;
}

/* The counters of a zone, read under one hold of the zone lock. */
struct zone_counters {
	unsigned long seq;
	unsigned long nr_free;
	unsigned long nr_cma;
	unsigned long nr_highatomic;
	unsigned long nr_isolated;
	unsigned long nr_reserved;
	unsigned long nr_held;
	unsigned long nr_managed;
	u16 listed[UMBRA_NR_TYPES];
	bool is_fast_wrong;
};

/* Does fast_orders include an order that the high watermark refuses? */
static bool is_fast_wrong(const struct umbra_zone *zone)
{
	unsigned long high = umbra_mark(zone, UMBRA_WMARK_HIGH);
	unsigned int order = zone->fast_orders, type;

	while (order--)
		for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++)
			if (!umbra_watermark_ok(zone, order, high, type, 0))
				return true;
	return false;
}

static struct zone_counters read_counters(struct umbra_zone *zone)
{
	struct zone_counters c;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	c.seq = zone->seq;
	c.nr_free = zone->nr_free_pages;
	c.nr_cma = zone->nr_free_cma;
	c.nr_highatomic = zone->nr_free_highatomic;
	c.nr_isolated = zone->nr_isolated;
	c.nr_reserved = zone->nr_reserved_highatomic;
	c.nr_held = zone->nr_held;
	c.nr_managed = zone->nr_managed;
	memcpy(c.listed, zone->listed, sizeof(c.listed));
	c.is_fast_wrong = is_fast_wrong(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
	return c;
}

/* The number of pages in highatomic pageblocks, isolated or not. */
static unsigned long reserved_in_pageblocks(struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned long n = 0;
	u32 index;

	for_each_umbra_pageblock(u, index, zone->start, zone->end)
		n += umbra_pageblock_type(u, index) == UMBRA_HIGHATOMIC;
	return n << u->pb_order;
}

/*
 * Compare the caches of the CPUs with the walk. Returns false if a cache
 * changed during the walk, or if a block was in hand but in no cache.
 */
static bool check_caches(struct zone_walk *w)
{
	struct umbra_zone *zone = w->zone;
	unsigned long count = umbra_pcp_count(zone, -1);

	if (count != w->pcp_count || cache_events(zone) != w->pcp_events ||
	    count < w->frames[FRAME_PCP])
		return false;
	compare(w, count, w->frames[FRAME_PCP]);
	return true;
}

/*
 * Compare the counters of a zone with the walk. Returns false if the zone has
 * changed since the walk, which makes a comparison impossible.
 */
static bool check_counters(struct zone_walk *w)
{
	struct umbra_zone *zone = w->zone;
	unsigned long held = held_in_pageblocks(zone);
	unsigned long reserved = reserved_in_pageblocks(zone);
	struct zone_counters c = read_counters(zone);
	unsigned int type;

	if (c.seq != w->seq || !check_caches(w))
		return false;
	compare(w, c.nr_free + c.nr_isolated, w->frames[FRAME_FREE]);
	compare(w, c.nr_isolated, free_of_type(w, UMBRA_ISOLATE));
	compare(w, c.nr_cma, free_of_type(w, UMBRA_CMA));
	compare(w, c.nr_highatomic, free_of_type(w, UMBRA_HIGHATOMIC));
	compare(w, c.nr_reserved, reserved);
	compare(w, c.nr_held, w->frames[FRAME_HELD]);
	compare(w, held, w->frames[FRAME_HELD]);
	compare(w, c.nr_managed + w->frames[FRAME_OFFLINE],
		zone->end - zone->start);
	for (type = 0; type < UMBRA_NR_TYPES; type++)
		compare(w, c.listed[type], orders_of_type(w, type));
	compare(w, c.is_fast_wrong, false);
	return true;
}

static bool check_lists(struct zone_walk *w)
{
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			if (!walk_list(w, order, type))
				return false;
	return true;
}

static void verify_zone(struct umbra_zone *zone, struct umbra_findings *v,
			struct zone_walk *w)
{
	unsigned long findings = v->nr_findings;
	unsigned int attempt, state;
	bool exact = false;

	for (attempt = 0; attempt < VERIFY_ATTEMPTS && !exact; attempt++) {
		v->nr_findings = findings;
		memset(w, 0, sizeof(*w));
		w->zone = zone;
		w->v = v;
		walk_frames(w);
		exact = check_counters(w) && check_lists(w);
	}
	for (state = 0; state < FRAME_NR_STATES; state++) {
		v->frames[state] += w->frames[state];
		v->blocks[state] += w->blocks[state];
	}
	v->exact &= exact;
}

/**
 * umbra_verify() - check every invariant of an instance
 * @u: the instance, which may be in use
 * @v: result of the run
 *
 * Context: may sleep; takes the zone locks for one batch at a time.
 */
void umbra_verify(struct umbra *u, struct umbra_findings *v)
{
	struct umbra_zone *zone;
	struct zone_walk walk;

	memset(v, 0, sizeof(*v));
	v->exact = true;
	umbra_held_rescan(u);
	for_each_umbra_zone(u, zone)
		verify_zone(zone, v, &walk);
	umbra_verify_movables(u, v);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_verify);
