/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules of watermarks and reserves, as models of a zone apply them: may a
 * request take a block from a zone, and has the zone a block for it? The rules
 * get values and change nothing, and share no code with the allocator.
 */
#ifndef _UMBRA_ZONE_RULES_H
#define _UMBRA_ZONE_RULES_H

#include "../src/core/core.h"

/* The types that requests fall back to, as a bitmap. */
#define RULES_PLAIN (BIT(UMBRA_UNMOVABLE) | BIT(UMBRA_MOVABLE) | \
		     BIT(UMBRA_RECLAIMABLE))

/**
 * struct rules_zone - the free blocks and the limits of a zone
 * @pages: free pages of each type
 * @orders: for each type, the bitmap of orders that have a free block
 * @mark: the watermarks without the boost, in pages
 * @reserve: pages that the zone keeps from requests, by their highest zone
 * @boost: the boost of the watermarks, in pages
 */
struct rules_zone {
	long pages[UMBRA_NR_TYPES];
	unsigned long orders[UMBRA_NR_TYPES];
	const long *mark;
	const long *reserve;
	long boost;
};

/**
 * struct rules_request - a request on one pass over the zones
 * @order: order of the block
 * @type: migratetype
 * @highest: highest zone that the request may use
 * @mark: the watermark that must hold
 * @whole: claims whole pageblocks only
 * @cma: may use CMA pageblocks
 * @high: has __GFP_HIGH
 * @hurry: cannot wait, and may use reserves
 * @highatomic: may use the highatomic reserve
 * @victim: is of a task that an OOM killer has chosen
 * @unlimited: ignores watermarks
 */
struct rules_request {
	unsigned int order;
	unsigned int type;
	unsigned int highest;
	enum umbra_wmark mark;
	bool whole;
	bool cma;
	bool high;
	bool hurry;
	bool highatomic;
	bool victim;
	bool unlimited;
};

long rules_pages(const struct rules_zone *z, unsigned int types);
bool rules_has_block(const struct rules_zone *z, unsigned int order,
		     unsigned int types);
bool rules_is_above(const struct rules_zone *z, const struct rules_request *rq);
bool rules_can_serve(const struct rules_zone *z, const struct rules_request *rq,
		     unsigned int pb_order);

#endif /* _UMBRA_ZONE_RULES_H */
