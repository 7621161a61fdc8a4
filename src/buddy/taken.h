/* SPDX-License-Identifier: GPL-2.0 */
/* Tell of blocks that a list of their own type serves; see taken.c. */
#ifndef _UMBRA_TAKEN_H
#define _UMBRA_TAKEN_H

#include "../core/core.h"
#include "../core/decision.h"
#include <trace/events/umbra.h>

void __umbra_taken(const struct umbra_zone *zone, u32 index, unsigned int order,
		   enum umbra_migratetype type, int nr);

/*
 * @nr blocks of @order are taken off the list of @type, from one block of order
 * @found. Zone lock held.
 */
static inline void umbra_taken(struct umbra_zone *zone, u32 index,
			       unsigned int found, unsigned int order,
			       enum umbra_migratetype type, int nr)
{
	umbra_tell_take(zone, index, found, order, type, nr);
	if (trace_umbra_page_alloc_zone_locked_enabled())
		__umbra_taken(zone, index, order, type, nr);
}

#endif /* _UMBRA_TAKEN_H */
