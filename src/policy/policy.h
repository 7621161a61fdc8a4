/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies: the choices of an allocator as pure functions. A policy function
 * gets values, returns a choice, and changes nothing.
 */
#ifndef _UMBRA_POLICY_H
#define _UMBRA_POLICY_H

#include <umbra/umbra.h>

/**
 * struct umbra_fallback_view - free blocks of a zone, to choose a fallback from
 * @order: order wanted
 * @type: type wanted
 * @pb_order: order of a pageblock
 * @nofragment: true if only whole pageblocks may be claimed
 * @free_types: for each order, the bitmap of types with a free block
 */
struct umbra_fallback_view {
	unsigned int order;
	enum umbra_migratetype type;
	unsigned int pb_order;
	bool nofragment;
	u8 free_types[UMBRA_NR_ORDERS];
};

/* A free list of another type; an order of -1 means none. */
struct umbra_fallback_choice {
	int order;
	enum umbra_migratetype type;
};

/**
 * struct umbra_claim_view - a pageblock with a free block
 * @pages: number of pages of the pageblock
 * @free: number of free pages
 * @movable: number of pages allocated as movable
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
 * @name: name in the policy= parameter
 * @group: true to group allocations by mobility
 * @lowest: true to take the block of the lowest address instead of the first of
 *	a list. An ordinary take searches all large enough blocks; a claim or
 *	steal searches only the list that @claim or @steal returns
 * @small_caches: true if per-CPU caches of automatic size must not grow,
 *	because a cache ignores the addresses of its blocks
 * @fast_caches: true if per-CPU caches are made for speed alone: they keep one
 *	block of each order that the host does not cache, they move whole cache
 *	lines of the frame map, and they free adjacent blocks together
 * @claim: choice of the list whose next block lies in the pageblock to claim;
 *	@tried is the order of the last choice, whose claim failed, or -1
 * @claim_whole: true if a pageblock that is partly in use should change type
 * @steal: choice of the list to steal a block from, without a change of the
 *	type of its pageblock
 * @to_tail: true if a freed block should go to the tail of its list; @grows is
 *	true if the block and its buddy would merge into a block with a free
 *	buddy
 */
struct umbra_policy {
	const char *name;
	bool group;
	bool lowest;
	bool small_caches;
	bool fast_caches;
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
