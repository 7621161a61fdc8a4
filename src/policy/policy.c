// SPDX-License-Identifier: GPL-2.0
/*
 * The policies. mainline decides as the newest kernel does; each of the
 * others differs from it in one thing. But plain is there to be compared with,
 * and does nothing against fragmentation beyond what a buddy allocator is.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include "policy.h"

static const struct umbra_fallback_choice no_choice = { .order = -1 };

/* Where each type looks, best first. Other types never fall back. */
static const enum umbra_migratetype
fallbacks[UMBRA_PCPTYPES][UMBRA_PCPTYPES - 1] = {
	[UMBRA_UNMOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_MOVABLE },
	[UMBRA_MOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE },
	[UMBRA_RECLAIMABLE] = { UMBRA_UNMOVABLE, UMBRA_MOVABLE },
};

/* The first type to fall back to that has blocks of @order. */
static struct umbra_fallback_choice
choose(const struct umbra_fallback_view *view, int order)
{
	int i;

	for (i = 0; i < UMBRA_PCPTYPES - 1; i++) {
		enum umbra_migratetype type = fallbacks[view->type][i];

		if (view->free_types[order] & BIT(type))
			return (struct umbra_fallback_choice){ order, type };
	}
	return no_choice;
}

/*
 * Movable pages can be moved out again, so a small movable request only
 * borrows; others would pollute the pageblock for good.
 */
static bool is_worth_claiming(const struct umbra_fallback_view *view,
			      int order)
{
	return order >= (int)view->pb_order / 2 ||
	       view->type != UMBRA_MOVABLE;
}

static int lowest_claim(const struct umbra_fallback_view *view)
{
	if (view->nofragment)
		return max(view->order, view->pb_order);
	return view->order;
}

/* The largest block: its pageblock is likely to be the emptiest. */
static struct umbra_fallback_choice
claim_largest(const struct umbra_fallback_view *view, int tried)
{
	int order = tried < 0 ? UMBRA_MAX_ORDER : tried - 1;

	for (; order >= lowest_claim(view); order--) {
		struct umbra_fallback_choice choice;

		if (!is_worth_claiming(view, order))
			break;
		choice = choose(view, order);
		if (choice.order >= 0)
			return choice;
	}
	return no_choice;
}

/* The smallest block that will do: large ones stay whole. */
static struct umbra_fallback_choice
claim_smallest(const struct umbra_fallback_view *view, int tried)
{
	int order = tried < 0 ? lowest_claim(view) : tried + 1;

	for (; order <= UMBRA_MAX_ORDER; order++) {
		struct umbra_fallback_choice choice;

		if (!is_worth_claiming(view, order))
			continue;
		choice = choose(view, order);
		if (choice.order >= 0)
			return choice;
	}
	return no_choice;
}

/*
 * At least half of the pageblock must be free or of our kind. What is allocated
 * in a movable block without being movable may be taken for our kind; between
 * the other types nothing can be told.
 */
static bool claim_half(const struct umbra_claim_view *view)
{
	unsigned int alike = 0;

	if (view->type == UMBRA_MOVABLE)
		alike = view->movable;
	else if (view->block_type == UMBRA_MOVABLE)
		alike = view->pages - view->free - view->movable;
	return view->free + alike >= view->pages / 2;
}

static struct umbra_fallback_choice
steal_smallest(const struct umbra_fallback_view *view)
{
	int order;

	for (order = view->order; order <= UMBRA_MAX_ORDER; order++) {
		struct umbra_fallback_choice choice = choose(view, order);

		if (choice.order >= 0)
			return choice;
	}
	return no_choice;
}

/* What is about to grow should not be the next to be taken apart. */
static bool tail_if_it_grows(unsigned int order, bool grows)
{
	return grows;
}

/* What was freed last is likely to be in the caches of the CPU. */
static bool tail_never(unsigned int order, bool grows)
{
	return false;
}

static const struct umbra_policy policies[] = {
	{
		.name = "mainline",
		.group = true,
		.claim = claim_largest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_if_it_grows,
	},
	{
		.name = "address",
		.group = true,
		.lowest = true,
		.small_caches = true,
		.claim = claim_largest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_if_it_grows,
	},
	{
		.name = "nogroup",
		.claim = claim_largest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_if_it_grows,
	},
	{
		.name = "bestfit",
		.group = true,
		.claim = claim_smallest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_if_it_grows,
	},
	{
		.name = "plain",
		.claim = claim_largest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_never,
	},
};

/**
 * umbra_policy_get() - the policies one by one
 * @i: from 0
 *
 * Context: any.
 * Return: the policy, or NULL past the last.
 */
const struct umbra_policy *umbra_policy_get(unsigned int i)
{
	return i < ARRAY_SIZE(policies) ? &policies[i] : NULL;
}
EXPORT_SYMBOL_GPL(umbra_policy_get);

/**
 * umbra_policy_find() - a policy by name
 * @name: its name, or NULL for mainline
 *
 * Context: any.
 * Return: the policy, or NULL if there is none of that name.
 */
const struct umbra_policy *umbra_policy_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!name || !strcmp(policies[i].name, name))
			return &policies[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_policy_find);
