/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies: the choices of an allocator as pure functions. A policy sees
 * values, returns a choice, and touches nothing.
 */
#ifndef _UMBRA_POLICY_H
#define _UMBRA_POLICY_H

#include <umbra/umbra.h>

/**
 * struct umbra_fallback_view - what a zone has when its lists of a type fail
 * @order: order wanted
 * @type: type wanted
 * @pb_order: order of a pageblock
 * @nofragment: only whole pageblocks may change hands
 * @free_types: for each order, the types with a free block, as bits
 */
struct umbra_fallback_view {
	unsigned int order;
	enum umbra_migratetype type;
	unsigned int pb_order;
	bool nofragment;
	u8 free_types[UMBRA_NR_ORDERS];
};

/* A list of another type; @order is -1 for none. */
struct umbra_fallback_choice {
	int order;
	enum umbra_migratetype type;
};

/**
 * struct umbra_claim_view - a pageblock of which a part is free
 * @pages: pages of a pageblock
 * @free: how many are free
 * @movable: how many are allocated as movable
 * @type: type wanted
 * @block_type: type of the pageblock
 */
struct umbra_claim_view {
	unsigned int pages;
	unsigned int free;
	unsigned int movable;
	enum umbra_migratetype type;
	enum umbra_migratetype block_type;
};

/**
 * struct umbra_policy - a set of choices
 * @name: as in the policy= parameter
 * @group: group allocations by mobility
 * @lowest: take the block of the lowest address: of all that are large enough,
 *	or of a list that @claim or @steal chose; not the first of a list
 * @small_caches: caches of CPUs do not grow, for what is in them is taken again
 *	wherever it is; unless a size was asked for
 * @claim: the list whose first block's pageblock should change type; @tried is
 *	the order of the last choice, which came to nothing, or -1
 * @claim_whole: should a pageblock that is partly in use change type
 * @steal: the list to take a block from, its pageblock staying what it is
 * @to_tail: should a freed block go to the end of its list; @grows says that
 *	the block it would merge into has a free buddy too
 */
struct umbra_policy {
	const char *name;
	bool group;
	bool lowest;
	bool small_caches;
	struct umbra_fallback_choice
		(*claim)(const struct umbra_fallback_view *view, int tried);
	bool (*claim_whole)(const struct umbra_claim_view *view);
	struct umbra_fallback_choice
		(*steal)(const struct umbra_fallback_view *view);
	bool (*to_tail)(unsigned int order, bool grows);
};

const struct umbra_policy *umbra_policy_find(const char *name);
const struct umbra_policy *umbra_policy_get(unsigned int i);

#endif /* _UMBRA_POLICY_H */
