// SPDX-License-Identifier: GPL-2.0
/*
 * The policies. mainline decides like the newest kernel. fast does so, too, but
 * for its caches. The policies address, nogroup and bestfit each differ from
 * mainline in one choice. plain is a
 * baseline for comparisons: a buddy allocator without any other measure against
 * fragmentation.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include "policy.h"

/* The types that each type falls back to, best first; others never do. */
static const enum umbra_migratetype
fallbacks[UMBRA_PCPTYPES][UMBRA_PCPTYPES - 1] = {
	[UMBRA_UNMOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_MOVABLE },
	[UMBRA_MOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE },
	[UMBRA_RECLAIMABLE] = { UMBRA_UNMOVABLE, UMBRA_MOVABLE },
};

/* The best fallback type that has blocks of @order. */
static int choose(const struct umbra_fallback_view *view, int order)
{
	int i;

	for (i = 0; i < UMBRA_PCPTYPES - 1; i++) {
		enum umbra_migratetype type = fallbacks[view->type][i];

		if (view->free_types[order] & BIT(type))
			return umbra_choice(order, type);
	}
	return UMBRA_NO_CHOICE;
}

/*
 * A movable request should not claim a pageblock through a small free block
 * (of @order), because its pages can be moved later. Requests of other types should,
 * because their pages would fragment a pageblock of another type for good.
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

/* Claim the largest block: its pageblock probably has the most free pages. */
static int claim_largest(const struct umbra_fallback_view *view, int tried)
{
	int order = tried == UMBRA_NO_CHOICE ? UMBRA_MAX_ORDER :
					       umbra_choice_order(tried) - 1;

	for (; order >= lowest_claim(view); order--) {
		int choice;

		if (!is_worth_claiming(view, order))
			break;
		choice = choose(view, order);
		if (choice != UMBRA_NO_CHOICE)
			return choice;
	}
	return UMBRA_NO_CHOICE;
}

/* Claim the smallest sufficient block, so that large blocks stay whole. */
static int claim_smallest(const struct umbra_fallback_view *view, int tried)
{
	int order = tried == UMBRA_NO_CHOICE ? lowest_claim(view) :
					       umbra_choice_order(tried) + 1;

	for (; order <= UMBRA_MAX_ORDER; order++) {
		int choice;

		if (!is_worth_claiming(view, order))
			continue;
		choice = choose(view, order);
		if (choice != UMBRA_NO_CHOICE)
			return choice;
	}
	return UMBRA_NO_CHOICE;
}

/*
 * At least half of the pageblock must be free or of the wanted type. In a
 * movable pageblock, pages that are not movable count as the wanted type. The
 * pages of the other two types cannot be told apart and do not count.
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

static int steal_smallest(const struct umbra_fallback_view *view)
{
	int order;

	for (order = view->order; order <= UMBRA_MAX_ORDER; order++) {
		int choice = choose(view, order);

		if (choice != UMBRA_NO_CHOICE)
			return choice;
	}
	return UMBRA_NO_CHOICE;
}

/* A block that may soon merge goes to the tail, so that it is not split. */
static bool tail_if_it_grows(unsigned int order, bool grows)
{
	return grows;
}

/* A freed block goes to the head: its memory may still be in a CPU cache. */
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
	{
		.name = "fast",
		.group = true,
		.fast_caches = true,
		.claim = claim_largest,
		.claim_whole = claim_half,
		.steal = steal_smallest,
		.to_tail = tail_if_it_grows,
	},
};

/**
 * umbra_policy_builtin() - get a policy of umbra itself by number
 * @i: number of the policy; 0 is mainline
 *
 * Context: any.
 * Return: the policy, or NULL if @i is past the last one.
 */
const struct umbra_policy *umbra_policy_builtin(unsigned int i)
{
	return i < ARRAY_SIZE(policies) ? &policies[i] : NULL;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_policy_builtin, UMBRA_TEST_MODULES);

/**
 * umbra_policy_find() - find a policy by name
 * @name: name of the policy, or NULL for mainline
 *
 * Context: any.
 * Return: the policy, or NULL if no policy has this name.
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
