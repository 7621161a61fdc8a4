// SPDX-License-Identifier: GPL-2.0
/*
 * Free blocks by address, for policies that take the lowest block: for as many
 * pageblocks as a word has bits, those that may have the head of a free block
 * of an order, and those that may have one of a type. Everything here runs
 * under the zone lock.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "freelist_address.h"

/*
 * Bits are set when a block is added, and cleared by the search that finds the
 * pageblock without one: what a search looks at in vain, it does once for each
 * block that was added.
 */
struct umbra_address_group {
	unsigned long of_order[UMBRA_NR_ORDERS];
	unsigned long of_type[UMBRA_NR_TYPES];
};

static unsigned long nr_groups(const struct umbra_zone *zone)
{
	return BITS_TO_LONGS((zone->end - zone->start) >>
			     zone->umbra->pb_order);
}

/* Returns 0 or -ENOMEM. Context: may sleep. */
int umbra_freelist_address_create(struct umbra_zone *zone)
{
	zone->by_address = kvcalloc(nr_groups(zone), sizeof(*zone->by_address),
				    GFP_KERNEL | __GFP_NOWARN);
	return zone->by_address ? 0 : -ENOMEM;
}

/* Context: may sleep. */
void umbra_freelist_address_destroy(struct umbra_zone *zone)
{
	kvfree(zone->by_address);
}

/* In bytes. Context: any. */
size_t umbra_freelist_address_bytes(const struct umbra_zone *zone)
{
	return zone->by_address ? nr_groups(zone) * sizeof(*zone->by_address) :
				  0;
}

/* A free block is added to the lists. Zone lock held. */
void umbra_freelist_address_note(struct umbra_zone *zone, u32 index,
				 unsigned int order,
				 enum umbra_migratetype type)
{
	unsigned long block = (index - zone->start) >> zone->umbra->pb_order;
	struct umbra_address_group *group =
		&zone->by_address[BIT_WORD(block)];

	group->of_order[order] |= BIT_MASK(block);
	group->of_type[type] |= BIT_MASK(block);
}

/* The lowest head in a pageblock of a free block of one of @orders, as bits. */
static u32 lowest_head(const struct umbra *u, u32 index, unsigned int orders)
{
	u32 end = index + (1U << u->pb_order);

	for (; index < end; index++) {
		u8 frame = frame_read(u, index);

		if (frame_state(frame) == FRAME_FREE &&
		    orders & BIT(frame_order(frame)))
			return index;
	}
	return UMBRA_NO_FRAME;
}

/* The pageblocks of a group that may have such a block, as bits. */
static unsigned long candidates(const struct umbra_address_group *group,
				unsigned long orders,
				enum umbra_migratetype type)
{
	unsigned long blocks = 0;
	unsigned int order;

	if (!group->of_type[type])
		return 0;
	for_each_set_bit(order, &orders, UMBRA_NR_ORDERS)
		blocks |= group->of_order[order];
	return blocks & group->of_type[type];
}

/*
 * The lowest block in one of the pageblocks of a group. Of a block that is
 * larger than a pageblock only the first one is a candidate.
 */
static u32 lowest_in_group(struct umbra_zone *zone, unsigned long nr,
			   unsigned long orders, enum umbra_migratetype type)
{
	struct umbra_address_group *group = &zone->by_address[nr];
	struct umbra *u = zone->umbra;
	unsigned long blocks;
	unsigned int order;

	while ((blocks = candidates(group, orders, type))) {
		unsigned int bit = __ffs(blocks);
		u32 index = zone->start +
			    ((nr * BITS_PER_LONG + bit) << u->pb_order);
		u32 found;

		if (umbra_frame_type(u, index) != type) {
			__clear_bit(bit, &group->of_type[type]);
			continue;
		}
		found = lowest_head(u, index, orders);
		if (found != UMBRA_NO_FRAME)
			return found;
		for_each_set_bit(order, &orders, UMBRA_NR_ORDERS)
			__clear_bit(bit, &group->of_order[order]);
	}
	return UMBRA_NO_FRAME;
}

/*
 * The lowest free block of a type that is of one of @orders, as bits, or
 * UMBRA_NO_FRAME. Zone lock held.
 */
u32 umbra_freelist_lowest(struct umbra_zone *zone, unsigned long orders,
			  enum umbra_migratetype type)
{
	unsigned long nr, end = nr_groups(zone);
	u32 index = UMBRA_NO_FRAME;

	for (nr = 0; nr < end && index == UMBRA_NO_FRAME; nr++)
		index = lowest_in_group(zone, nr, orders, type);
	return index;
}
