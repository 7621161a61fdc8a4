// SPDX-License-Identifier: GPL-2.0
/*
 * An index of free blocks by address, for policies that take the lowest block.
 * A group covers as many pageblocks as a word has bits. For each order and for
 * each type, it has one bit per pageblock that may contain the head of such a
 * free block. Everything here runs under the zone lock.
 */
#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "freelist_address.h"

/*
 * Adding a block sets bits. A search clears the bits of a pageblock that turns
 * out to have no such block, so each added block costs at most one vain look.
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

/* Create an empty index. Returns 0 or -ENOMEM. Context: may sleep. */
int umbra_freelist_address_create(struct umbra_zone *zone)
{
	zone->by_address = umbra_large_zalloc(nr_groups(zone),
					      sizeof(*zone->by_address),
					      GFP_KERNEL, "index by address");
	return zone->by_address ? 0 : -ENOMEM;
}

/* Undo umbra_freelist_address_create(). Context: may sleep. */
void umbra_freelist_address_destroy(struct umbra_zone *zone)
{
	kvfree(zone->by_address);
}

/* The size of the index, in bytes. Context: any. */
size_t umbra_freelist_address_bytes(const struct umbra_zone *zone)
{
	return zone->by_address ? nr_groups(zone) * sizeof(*zone->by_address) :
				  0;
}

/* Note a block that was added to the free lists. Zone lock held. */
void umbra_freelist_address_note(struct umbra_zone *zone, u32 index,
				 unsigned int order,
				 enum umbra_migratetype type)
{
	unsigned long block = (index - zone->start) >> zone->umbra->pb_order;
	struct umbra_address_group *group =
		&zone->by_address[BIT_WORD(block)];

	lockdep_assert_held(&zone->lock);

	group->of_order[order] |= BIT_MASK(block);
	group->of_type[type] |= BIT_MASK(block);
}

/* The lowest free head in a pageblock whose order is in the bitmap @orders. */
static u32 lowest_head(const struct umbra *u, u32 index, unsigned int orders)
{
	u32 end = umbra_pageblock_end(u, index);

	for (; index < end; index++) {
		u8 frame = frame_read(u, index);

		if (frame_state(frame) == FRAME_FREE &&
		    orders & BIT(frame_order(frame)))
			return index;
	}
	return UMBRA_NO_FRAME;
}

/* The bitmap of pageblocks that may have a block of @orders and @type. */
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
 * The lowest block in the pageblocks of a group, or UMBRA_NO_FRAME. A block
 * larger than a pageblock is found in its first pageblock.
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
 * The lowest free block of a type whose order is in the bitmap @orders, or
 * UMBRA_NO_FRAME. Zone lock held.
 */
u32 umbra_freelist_lowest(struct umbra_zone *zone, unsigned long orders,
			  enum umbra_migratetype type)
{
	unsigned long nr, end = nr_groups(zone);
	u32 index = UMBRA_NO_FRAME;

	lockdep_assert_held(&zone->lock);

	for (nr = 0; nr < end && index == UMBRA_NO_FRAME; nr++)
		index = lowest_in_group(zone, nr, orders, type);
	return index;
}
