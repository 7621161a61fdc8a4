// SPDX-License-Identifier: GPL-2.0
/* Fragmentation of a zone: counts of free blocks, and indices. */
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../core/core.h"
#include "fragmentation.h"

/**
 * umbra_snapshot_buddyinfo() - count the free blocks of a zone per order
 * @zone: the zone
 * @nr_free: filled in: number of free blocks of each order, of all types
 *
 * Context: any; takes the zone lock.
 * Return: the free pages of the zone at the same moment.
 */
unsigned long umbra_snapshot_buddyinfo(struct umbra_zone *zone,
				       unsigned long nr_free[UMBRA_NR_ORDERS])
{
	unsigned int order, type;
	unsigned long flags, pages;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < UMBRA_NR_ORDERS; order++) {
		nr_free[order] = 0;
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			nr_free[order] += zone->free_area[order].nr_free[type];
	}
	pages = zone->nr_free_pages;
	spin_unlock_irqrestore(&zone->lock, flags);
	return pages;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_snapshot_buddyinfo);

/**
 * umbra_snapshot_pagetypes() - count the free blocks of each order and type
 * @zone: the zone
 * @nr_free: filled in: number of free blocks of each order and type
 *
 * Context: any; takes the zone lock.
 */
void umbra_snapshot_pagetypes(struct umbra_zone *zone,
			      unsigned long nr_free[UMBRA_NR_ORDERS]
						   [UMBRA_NR_TYPES])
{
	unsigned long flags;
	unsigned int order;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		memcpy(nr_free[order], zone->free_area[order].nr_free,
		       sizeof(nr_free[order]));
	spin_unlock_irqrestore(&zone->lock, flags);
}

/**
 * umbra_free_in_pageblocks() - count the free pages in whole pageblocks
 * @zone: the zone
 *
 * Context: any; reads without a lock.
 * Return: number of pages, without those of isolated pageblocks.
 */
unsigned long umbra_free_in_pageblocks(const struct umbra_zone *zone)
{
	unsigned int order, type;
	unsigned long pages = 0;

	for (order = zone->umbra->pb_order; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_ISOLATE; type++)
			pages += READ_ONCE(zone->free_area[order].nr_free[type])
				 << order;
	return pages;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_free_in_pageblocks, UMBRA_TEST_MODULES);

/**
 * umbra_count_free_blocks() - sum free blocks for a request of an order
 * @b: filled in
 * @nr_free: number of free blocks of each order
 * @order: the order
 *
 * Context: any.
 */
void umbra_count_free_blocks(struct umbra_free_blocks *b,
			     const unsigned long nr_free[UMBRA_NR_ORDERS],
			     unsigned int order)
{
	unsigned int i;

	*b = (struct umbra_free_blocks) {};
	for (i = 0; i < UMBRA_NR_ORDERS; i++) {
		b->total += nr_free[i];
		b->pages += (u64)nr_free[i] << i;
		if (i >= order)
			b->suitable += (u64)nr_free[i] << (i - order);
	}
}
EXPORT_SYMBOL_FOR_MODULES(umbra_count_free_blocks, UMBRA_TEST_MODULES);

/**
 * umbra_fragmentation_index() - tell why a request of an order fails
 * @b: the free blocks, summed for the order
 * @order: the order
 *
 * Context: any.
 * Return: a number in 1/1000: near 0 if memory is short, near 1000 if memory is
 * fragmented, or -1000 if a block of @order is free.
 */
int umbra_fragmentation_index(const struct umbra_free_blocks *b,
			      unsigned int order)
{
	if (!b->total)
		return 0;
	if (b->suitable)
		return -1000;
	return 1000 - div64_u64(1000 + (b->pages * 1000 >> order), b->total);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_fragmentation_index, UMBRA_TEST_MODULES);

/**
 * umbra_unusable_index() - compute the share of free pages in too small blocks
 * @b: the free blocks, summed for the order
 * @order: the order
 *
 * Context: any.
 * Return: the share in 1/1000, or 1000 if no page is free.
 */
int umbra_unusable_index(const struct umbra_free_blocks *b, unsigned int order)
{
	if (!b->pages)
		return 1000;
	return div64_u64((b->pages - (b->suitable << order)) * 1000, b->pages);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_unusable_index, UMBRA_TEST_MODULES);
