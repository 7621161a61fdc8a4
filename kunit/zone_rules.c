// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include "zone_rules.h"

/* The free pages of the types of a bitmap. */
long rules_pages(const struct rules_zone *z, unsigned int types)
{
	long nr = 0;
	unsigned int type;

	for (type = 0; type < UMBRA_NR_TYPES; type++)
		if (types & BIT(type))
			nr += z->pages[type];
	return nr;
}

/* Is there a free block of at least @order, of a type of a bitmap? */
bool rules_has_block(const struct rules_zone *z, unsigned int order,
		     unsigned int types)
{
	unsigned int type;

	for (type = 0; type < UMBRA_NR_TYPES; type++)
		if (types & BIT(type) && z->orders[type] >> order)
			return true;
	return false;
}

/* Free pages that count for a request. */
static long usable(const struct rules_zone *z, const struct rules_request *rq)
{
	unsigned int types = RULES_PLAIN;

	if (rq->high || rq->hurry || rq->highatomic || rq->victim)
		types |= BIT(UMBRA_HIGHATOMIC);
	if (rq->cma)
		types |= BIT(UMBRA_CMA);
	return rules_pages(z, types);
}

static bool stays_above(const struct rules_zone *z,
			const struct rules_request *rq, long boost)
{
	long keep = z->mark[rq->mark] + boost;
	unsigned int types = RULES_PLAIN;

	if (rq->high) {
		keep -= keep / 2;
		if (rq->hurry)
			keep -= keep / 4;
	}
	if (rq->victim)
		keep -= keep / 2;
	if (usable(z, rq) - (1L << rq->order) + 1 <=
	    keep + z->reserve[rq->highest])
		return false;
	if (rq->cma)
		types |= BIT(UMBRA_CMA);
	if (rq->highatomic || rq->victim)
		types |= BIT(UMBRA_HIGHATOMIC);
	return !rq->order || rules_has_block(z, rq->order, types);
}

/* Do the watermarks of a zone allow a request? */
bool rules_is_above(const struct rules_zone *z, const struct rules_request *rq)
{
	if (rq->unlimited || stays_above(z, rq, z->boost))
		return true;
	/*
	 * A boost must not make a request fail that may use half of the
	 * reserve.
	 */
	if (!rq->order && rq->high && rq->mark == UMBRA_WMARK_MIN &&
	    stays_above(z, rq, 0))
		return true;
	return !rq->order && usable(z, rq) >
	       z->mark[rq->mark] + z->boost + z->reserve[rq->highest];
}

/* Has a zone a free block that a request may take, or claim, or steal? */
bool rules_can_serve(const struct rules_zone *z, const struct rules_request *rq,
		     unsigned int pb_order)
{
	unsigned int types = BIT(rq->type), order = rq->order;

	if (rq->cma)
		types |= BIT(UMBRA_CMA);
	if (rq->highatomic || rq->hurry || rq->victim)
		types |= BIT(UMBRA_HIGHATOMIC);
	if (rules_has_block(z, order, types))
		return true;
	if (rq->whole)
		order = max(order, pb_order);
	return rules_has_block(z, order, RULES_PLAIN);
}
