/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks that are freed later; see later.c. */
#ifndef _UMBRA_LATER_H
#define _UMBRA_LATER_H

#include <linux/llist.h>
#include "../core/core.h"

unsigned long __umbra_later_flush(struct umbra_zone *zone);
void umbra_free_later(struct umbra_zone *zone, u32 index, unsigned int order,
		      bool whole);
bool umbra_later_free(struct umbra *u, bool may_sleep);
void umbra_later_init(struct umbra *u);
void umbra_later_stop(struct umbra *u);

/* See __umbra_later_flush(). */
static inline unsigned long umbra_later_flush(struct umbra_zone *zone)
{
	if (likely(llist_empty(&zone->later)))
		return 0;
	return __umbra_later_flush(zone);
}

#endif /* _UMBRA_LATER_H */
