// SPDX-License-Identifier: GPL-2.0
/*
 * A policy: a pageblock changes its migratetype only if all of it is free. Where
 * mainline would claim a pageblock that is half free, a request steals a block
 * and the pageblock keeps its type. Everything else is left to mainline.
 */
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <umbra/policy.h>

/* The list to claim from after @tried: the largest block first, of any type. */
static int whole_claim(const struct umbra_fallback_view *view, int tried)
{
	int least = max(view->order, view->pb_order);
	int order = UMBRA_MAX_ORDER;
	unsigned int type;

	if (tried != UMBRA_NO_CHOICE)
		order = umbra_choice_order(tried) - 1;
	for (; order >= least; order--)
		for (type = 0; type < UMBRA_PCPTYPES; type++)
			if (type != view->type &&
			    view->free_types[order] & BIT(type))
				return umbra_choice(order, type);
	return UMBRA_NO_CHOICE;
}

static const struct umbra_policy whole = {
	.name = "whole",
	.owner = THIS_MODULE,
	.group = true,
	.claim = whole_claim,
};

static int __init whole_init(void)
{
	return umbra_policy_register(&whole);
}

/* No instance has the policy, or this module could not be unloaded. */
static void __exit whole_exit(void)
{
	umbra_policy_unregister(&whole);
}

module_init(whole_init);
module_exit(whole_exit);

MODULE_DESCRIPTION("Example: a policy that claims whole pageblocks alone");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
