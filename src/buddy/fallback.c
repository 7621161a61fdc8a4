// SPDX-License-Identifier: GPL-2.0
/*
 * The choice of the free list for a request: the list of its own migratetype,
 * of CMA, or of another type. From another type a request claims the whole
 * pageblock if the policy allows it, else steals one block. The policy chooses,
 * and this file carries out the choice. Everything here runs under the zone
 * lock.
 *
 * A policy may be of another module, so its choices are checked. A choice that
 * cannot be carried out is counted, and mainline chooses instead: the request
 * must not fail because of a policy with a mistake.
 */
#include <linux/bitops.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../policy/policy.h"
#include "fallback.h"
#include "freelist.h"
#include "watermark.h"
#include <trace/events/umbra.h>

static void fill_view(struct umbra_fallback_view *view,
		      const struct umbra_zone *zone, unsigned int order,
		      enum umbra_migratetype type, unsigned int flags)
{
	unsigned int o, t;

	view->order = order;
	view->type = type;
	view->pb_order = zone->umbra->pb_order;
	view->nofragment = flags & ALLOC_NOFRAGMENT;
	for (o = 0; o < UMBRA_NR_ORDERS; o++) {
		view->free_types[o] = 0;
		for (t = 0; t < UMBRA_PCPTYPES; t++)
			if (zone->free_area[o].nr_free[t])
				view->free_types[o] |= BIT(t);
	}
}

/* Count the free and the movable pages in the pageblock of @index. */
static void fill_claim_view(struct umbra_claim_view *view,
			    const struct umbra *u, u32 index,
			    enum umbra_migratetype type)
{
	u32 i = umbra_pageblock_start(u, index);
	u32 end = umbra_pageblock_end(u, index);

	*view = (struct umbra_claim_view) {
		.pages = 1U << u->pb_order,
		.type = type,
		.block_type = umbra_frame_type(u, index),
	};
	while (i < end) {
		u8 frame = frame_read(u, i);

		if (frame_state(frame) == FRAME_FREE)
			view->free += 1U << frame_order(frame);
		else if (frame_has(frame, FRAME_MOVABLE))
			view->movable += 1U << frame_order(frame);
		i += 1U << frame_order(frame);
	}
}

/* Record what became of a pageblock of another type. */
static void tell_fallback(struct umbra_zone *zone,
			  enum umbra_decision_kind kind, u32 index,
			  unsigned int order, unsigned int found,
			  enum umbra_migratetype type,
			  enum umbra_migratetype from,
			  const struct umbra_claim_view *view)
{
	struct umbra_decision d = {
		.kind = kind,
		.zone = zone - zone->umbra->zones,
		.order = order,
		.type = type,
		.found = found,
		.from = from,
		.index = index,
	};

	if (view) {
		d.pageblock.pages = view->pages;
		d.pageblock.free = view->free;
		d.pageblock.movable = view->movable;
	}
	umbra_tell(zone->umbra, &d);
}

static void note_fallback(struct umbra_zone *zone, u32 index,
			  unsigned int order, unsigned int found,
			  enum umbra_migratetype type,
			  enum umbra_migratetype from, bool claimed)
{
	umbra_count(zone, claimed ? EVENT_FALLBACK_CLAIM :
		    EVENT_FALLBACK_STEAL, 1);
	trace_umbra_page_alloc_extfrag(umbra_index_to_pfn(zone->umbra, index),
				       order, found, type, from,
				       zone->umbra->pb_order,
				       umbra_frame_type(zone->umbra, index));
	if (!claimed && umbra_decisions_are_on(zone->umbra))
		tell_fallback(zone, DECISION_STEAL, index, order, found, type,
			      from, NULL);
}

/*
 * Claim the pageblock of a free block; a block of at least a pageblock needs no
 * check. Returns a block of @order, or UMBRA_NO_FRAME if the policy refuses the
 * pageblock.
 */
static u32 claim(struct umbra_zone *zone, u32 index, unsigned int found,
		 unsigned int order, enum umbra_migratetype type,
		 unsigned int flags)
{
	struct umbra *u = zone->umbra;
	struct umbra_claim_view view;

	if (found >= u->pb_order) {
		if (umbra_decisions_are_on(u))
			tell_fallback(zone, DECISION_CLAIM, index, order, found,
				      type, umbra_frame_type(u, index), NULL);
		return umbra_freelist_cut(zone, index, found, order, type);
	}
	/* With more free pages, fewer requests fall back to another type. */
	if (umbra_watermark_boost(zone) && flags & ALLOC_KSWAPD)
		set_bit(ZONE_FLAG_BOOSTED, &zone->flags);
	fill_claim_view(&view, u, index, type);
	if (!u->policy.claim_whole(&view)) {
		if (umbra_decisions_are_on(u))
			tell_fallback(zone, DECISION_KEEP, index, order, found,
				      type, view.block_type, &view);
		return UMBRA_NO_FRAME;
	}
	if (umbra_decisions_are_on(u))
		tell_fallback(zone, DECISION_CLAIM, index, order, found, type,
			      view.block_type, &view);
	umbra_freelist_move(zone, umbra_pageblock_start(u, index), type);
	return umbra_freelist_take(zone, order, type);
}

/* Is a choice a list of another type that has a block of at least @order? */
static bool is_usable(const struct umbra_fallback_view *view, int choice,
		      unsigned int order)
{
	unsigned int found = umbra_choice_order(choice);
	unsigned int from = umbra_choice_type(choice);

	return found >= order && found < UMBRA_NR_ORDERS &&
	       from < UMBRA_PCPTYPES && from != view->type &&
	       view->free_types[found] & BIT(from);
}

/* The claims of one request in one zone */
struct claims {
	const struct umbra_policy *policy;	/* mainline after a refusal */
	int tried;	/* the last choice, whose claim failed */
	u64 failed;	/* bitmap of lists, see list_bit() */
};

static u64 list_bit(int choice)
{
	return BIT_ULL(umbra_choice_order(choice) * UMBRA_PCPTYPES +
		       umbra_choice_type(choice));
}

/*
 * The next list to claim from, or UMBRA_NO_CHOICE. A list whose claim failed is
 * not tried twice, so the number of choices has a limit.
 */
static int next_claim(struct umbra_zone *zone,
		      const struct umbra_fallback_view *view,
		      struct claims *c)
{
	unsigned int order = view->order;

	if (view->nofragment && order < view->pb_order)
		order = view->pb_order;
	c->tried = c->policy->claim(view, c->tried);
	if (c->tried == UMBRA_NO_CHOICE)
		return UMBRA_NO_CHOICE;
	if (!is_usable(view, c->tried, order) || c->failed & list_bit(c->tried)) {
		umbra_count(zone, EVENT_POLICY_REFUSED, 1);
		c->policy = umbra_policy_builtin(0);
		c->failed = 0;
		c->tried = c->policy->claim(view, UMBRA_NO_CHOICE);
	}
	if (c->tried != UMBRA_NO_CHOICE)
		c->failed |= list_bit(c->tried);
	return c->tried;
}

static u32 take_claiming(struct umbra_zone *zone,
			 const struct umbra_fallback_view *view,
			 unsigned int flags)
{
	struct claims claims = {
		.policy = &zone->umbra->policy,
		.tried = UMBRA_NO_CHOICE,
	};
	int choice;
	u32 index;

	while ((choice = next_claim(zone, view, &claims)) != UMBRA_NO_CHOICE) {
		int found = umbra_choice_order(choice);
		unsigned int from = umbra_choice_type(choice);

		index = umbra_freelist_first(zone, found, from);
		if (index == UMBRA_NO_FRAME)
			return UMBRA_NO_FRAME;
		index = claim(zone, index, found, view->order, view->type,
			      flags);
		if (index != UMBRA_NO_FRAME) {
			note_fallback(zone, index, view->order, found,
				      view->type, from, true);
			return index;
		}
	}
	return UMBRA_NO_FRAME;
}

static u32 take_stealing(struct umbra_zone *zone,
			 const struct umbra_fallback_view *view)
{
	int choice = zone->umbra->policy.steal(view);
	unsigned int from;
	int found;
	u32 index;

	if (choice != UMBRA_NO_CHOICE && !is_usable(view, choice, view->order)) {
		umbra_count(zone, EVENT_POLICY_REFUSED, 1);
		choice = umbra_policy_builtin(0)->steal(view);
	}
	if (choice == UMBRA_NO_CHOICE)
		return UMBRA_NO_FRAME;
	found = umbra_choice_order(choice);
	from = umbra_choice_type(choice);
	index = umbra_freelist_take_first(zone, found, from);
	if (index == UMBRA_NO_FRAME)
		return UMBRA_NO_FRAME;
	index = umbra_freelist_split(zone, index, found, view->order);
	note_fallback(zone, index, view->order, found, view->type, from, false);
	return index;
}

/* Not inlined: a request that finds its own type saves fewer registers. */
static noinline u32 take_fallback(struct umbra_zone *zone, unsigned int order,
				  enum umbra_migratetype type,
				  unsigned int flags,
				  enum umbra_take_mode *mode)
{
	struct umbra_fallback_view view;
	u32 index = UMBRA_NO_FRAME;

	fill_view(&view, zone, order, type, flags);
	if (*mode <= TAKE_CLAIM) {
		index = take_claiming(zone, &view, flags);
		if (index != UMBRA_NO_FRAME) {
			*mode = TAKE_NORMAL;
			return index;
		}
	}
	if (!(flags & ALLOC_NOFRAGMENT)) {
		index = take_stealing(zone, &view);
		if (index != UMBRA_NO_FRAME)
			*mode = TAKE_STEAL;
	}
	return index;
}

/**
 * umbra_fallback_take() - take a block off the free lists of a zone
 * @zone: the zone to take from
 * @order: order wanted
 * @type: type wanted
 * @flags: ALLOC_*
 * @mode: where the last block of this lock hold was found, TAKE_NORMAL for the
 *	first block; updated. Lists that were empty then are not tried again.
 *
 * Context: zone lock held.
 * Return: the head of the block, or UMBRA_NO_FRAME if the zone has none.
 */
u32 umbra_fallback_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type, unsigned int flags,
			enum umbra_take_mode *mode)
{
	u32 index = UMBRA_NO_FRAME;

	lockdep_assert_held(&zone->lock);

	/* Prefer CMA pages while they are more than half of the free pages. */
	if (flags & ALLOC_CMA && zone->nr_free_cma > zone->nr_free_pages / 2) {
		index = umbra_freelist_take(zone, order, UMBRA_CMA);
		if (index != UMBRA_NO_FRAME)
			return index;
	}
	if (*mode == TAKE_NORMAL) {
		index = umbra_freelist_take(zone, order, type);
		if (index != UMBRA_NO_FRAME)
			return index;
	}
	if (*mode <= TAKE_CMA && flags & ALLOC_CMA) {
		index = umbra_freelist_take(zone, order, UMBRA_CMA);
		if (index != UMBRA_NO_FRAME) {
			*mode = TAKE_CMA;
			return index;
		}
	}
	return take_fallback(zone, order, type, flags, mode);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_fallback_take);

/**
 * umbra_fallback_can_claim() - look for a block of another type to claim
 * @zone: the zone
 * @order: order wanted
 * @type: type wanted
 *
 * Context: zone lock held.
 * Return: true if the policy chooses a list with a block of at least @order.
 */
bool umbra_fallback_can_claim(struct umbra_zone *zone, unsigned int order,
			      enum umbra_migratetype type)
{
	struct claims claims = {
		.policy = &zone->umbra->policy,
		.tried = UMBRA_NO_CHOICE,
	};
	struct umbra_fallback_view view;

	lockdep_assert_held(&zone->lock);

	fill_view(&view, zone, order, type, 0);
	return next_claim(zone, &view, &claims) != UMBRA_NO_CHOICE;
}
