/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policies of umbra: the choices of an allocator as pure functions. A policy
 * function gets values, returns a choice, and changes nothing.
 *
 * A module may register a policy of its own. An instance has the policy that its
 * layout names when it is created.
 */
#ifndef _UMBRA_PUBLIC_POLICY_H
#define _UMBRA_PUBLIC_POLICY_H

#include <umbra/umbra.h>

struct module;

/*
 * A choice is the free list of an order and a type, as one number: the order in
 * the bits from UMBRA_CHOICE_SHIFT up, the type in the bits below.
 */
#define UMBRA_CHOICE_SHIFT 8
#define UMBRA_NO_CHOICE (-1)

/**
 * umbra_choice() - name a free list
 * @order: order of its blocks
 * @type: type of its blocks
 *
 * Context: Any context.
 * Return: the choice.
 */
static inline int umbra_choice(unsigned int order, enum umbra_migratetype type)
{
	return order << UMBRA_CHOICE_SHIFT | type;
}

/**
 * umbra_choice_order() - get the order of a choice
 * @choice: the choice
 *
 * Context: Any context.
 * Return: the order; -1 for %UMBRA_NO_CHOICE.
 */
static inline int umbra_choice_order(int choice)
{
	return choice >> UMBRA_CHOICE_SHIFT;
}

/**
 * umbra_choice_type() - get the type of a choice
 * @choice: a choice that is not %UMBRA_NO_CHOICE
 *
 * Context: Any context.
 * Return: the type, which may be no &enum umbra_migratetype if the policy has a
 * mistake.
 */
static inline unsigned int umbra_choice_type(int choice)
{
	return choice & ((1 << UMBRA_CHOICE_SHIFT) - 1);
}

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

/* The size of the name of a policy, with the final NUL. */
#define UMBRA_POLICY_NAME_LEN 16

/**
 * struct umbra_policy - a set of choices
 * @name: name in the policy= parameter and in a layout: letters, digits, - and _
 * @owner: %THIS_MODULE; an instance with the policy has a reference to it
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
 *	@tried is the last choice, whose claim failed, or %UMBRA_NO_CHOICE
 * @claim_whole: true if a pageblock that is partly in use should change type
 * @steal: choice of the list to steal a block from, without a change of the
 *	type of its pageblock
 * @to_tail: true if a freed block should go to the tail of its list; @grows is
 *	true if the block and its buddy would merge into a block with a free
 *	buddy
 *
 * A function that is NULL decides as mainline does. All functions run under the
 * lock of a zone with interrupts off, in any context, NMI included, and for
 * several zones at the same time. They must use their arguments alone, and must
 * not call umbra. A module must register its policy as the last step of its
 * initialisation: an instance may use it at once.
 *
 * @claim and @steal return a list of another type that has a block, as @view
 * shows, of at least the order wanted, or %UMBRA_NO_CHOICE. A claim with
 * @nofragment must have at least the order of a pageblock, and no list may be
 * claimed from twice for the same request. Any other answer is refused, and
 * counted as policy_refused; mainline makes this choice instead, and the further
 * claims of the request.
 */
struct umbra_policy {
	char name[UMBRA_POLICY_NAME_LEN];
	struct module *owner;
	bool group;
	bool lowest;
	bool small_caches;
	bool fast_caches;
	int (*claim)(const struct umbra_fallback_view *view, int tried);
	bool (*claim_whole)(const struct umbra_claim_view *view);
	int (*steal)(const struct umbra_fallback_view *view);
	bool (*to_tail)(unsigned int order, bool grows);
};

int umbra_policy_register(const struct umbra_policy *policy);
int umbra_policy_unregister(const struct umbra_policy *policy);

#endif /* _UMBRA_PUBLIC_POLICY_H */
