// SPDX-License-Identifier: GPL-2.0
/* The events of blocks that a list of their type serves. */
#include "../core/core.h"
#include "../core/section.h"
#include "../core/span.h"
#include "taken.h"
#include <trace/events/umbra.h>

/* Can the cache of a CPU have blocks of an order and type? */
static bool is_cacheable(const struct umbra *u, unsigned int order,
			 enum umbra_migratetype type)
{
	return type < UMBRA_PCPTYPES && order <= u->pb_order &&
	       (order < PCP_LOW_ORDERS || order == u->pb_order);
}

/* See umbra_taken(). */
void __umbra_taken(const struct umbra_zone *zone, u32 index, unsigned int order,
		   enum umbra_migratetype type, int nr)
{
	const struct umbra *u = zone->umbra;

	for (; nr; nr--, index += 1U << order)
		trace_umbra_page_alloc_zone_locked(umbra_index_to_pfn(u, index),
						   order, type,
						   is_cacheable(u, order,
								type));
}
