// SPDX-License-Identifier: GPL-2.0
/*
 * The reference model of a zone: requests. The arithmetic of watermarks is that
 * of the other models, in kunit/zone_rules.c.
 */
#include "../../kunit/zone_rules.h"
#include "model.h"

/* The types that each type falls back to, best first */
static const u8 fallback_of[UMBRA_PCPTYPES][2] = {
	[UMBRA_UNMOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_MOVABLE },
	[UMBRA_MOVABLE] = { UMBRA_RECLAIMABLE, UMBRA_UNMOVABLE },
	[UMBRA_RECLAIMABLE] = { UMBRA_UNMOVABLE, UMBRA_MOVABLE },
};

static struct rules_zone rules_of(const struct model *m)
{
	static const long no_reserve[UMBRA_NR_ZONE_TYPES];
	struct rules_zone z = {
		.mark = m->scene->mark,
		.reserve = no_reserve,
		.boost = m->boost,
	};
	unsigned int order, type;

	for (order = 0; order < ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++) {
			unsigned int nr = m->list[order][type].nr;

			z.pages[type] += nr * block_pages(m, order);
			if (nr)
				z.orders[type] |= BIT(order + m->scene->shift);
		}
	return z;
}

/* Do the free pages of the zone allow a request, with regard to a watermark? */
bool model_is_above(const struct model *m, const struct request *rq,
		    enum umbra_wmark mark)
{
	struct rules_zone z = rules_of(m);
	struct rules_request rules = {
		.order = rq->order + m->scene->shift,
		.type = rq->type,
		.highest = UMBRA_ZONE_NORMAL,
		.mark = mark,
		.whole = rq->flags & ALLOC_NOFRAGMENT,
		.cma = rq->flags & ALLOC_CMA,
		.high = rq->flags & ALLOC_MIN_RESERVE,
		.hurry = rq->flags & ALLOC_NON_BLOCK,
		.highatomic = rq->flags & ALLOC_HIGHATOMIC,
		.victim = rq->flags & ALLOC_OOM,
	};

	return rules_is_above(&z, &rules);
}

/* The best fallback type with free blocks of an order, or NONE */
static u8 choose(const struct model *m, unsigned int type, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (m->list[order][fallback_of[type][i]].nr)
			return fallback_of[type][i];
	return NONE;
}

/* Raise the boost. Returns false if the zone has none. */
static bool boost(struct model *m)
{
	long pageblock = block_pages(m, m->scene->pb_order);
	long most = m->scene->mark[UMBRA_WMARK_HIGH] *
		    m->scene->boost_factor / 10000;

	if (!most || 4 * pageblock > m->scene->managed)
		return false;
	if (most < pageblock)
		most = pageblock;
	m->boost += pageblock;
	if (m->boost > most)
		m->boost = most;
	return true;
}

/*
 * Is at least half of a pageblock free, or used by pages that may be of the type
 * wanted?
 */
static bool is_mostly_alike(const struct model *m, unsigned int pageblock,
			    unsigned int type)
{
	unsigned int first = pageblock << m->scene->pb_order, i;
	unsigned int all = block_units(m->scene->pb_order), free = 0, movable = 0;

	for (i = first; i < first + all; i++) {
		u8 byte = m->map[i];

		if (frame_state(byte) == FRAME_FREE)
			free += block_units(frame_order(byte));
		else if (frame_has(byte, FRAME_MOVABLE))
			movable += block_units(frame_order(byte));
	}
	if (type == UMBRA_MOVABLE)
		return 2 * (free + movable) >= all;
	if (model_type(m, first) == UMBRA_MOVABLE)
		return 2 * (all - movable) >= all;
	return 2 * free >= all;
}

/* Claim the pageblock of the first block of a list, and take a block of it. */
static u8 claim(struct model *m, const struct request *rq, unsigned int found,
		unsigned int from)
{
	u8 head = m->list[found][from].at[0];
	unsigned int pageblock = head >> m->scene->pb_order;

	if (found >= m->scene->pb_order) {
		model_remove(m, head, found);
		model_set_types(m, head, found, rq->type);
		model_split(m, head, found, rq->order);
		return head;
	}
	if (boost(m) && rq->flags & ALLOC_KSWAPD)
		m->flags |= BIT(ZONE_FLAG_BOOSTED);
	if (!is_mostly_alike(m, pageblock, rq->type))
		return NONE;
	model_move(m, pageblock, rq->type);
	return model_take_list(m, rq->order, rq->type);
}

/*
 * Claim through the largest block. A movable request claims through blocks of
 * half the order of a pageblock, or more.
 */
static u8 take_claiming(struct model *m, const struct request *rq)
{
	unsigned int half = (m->scene->pb_order + m->scene->shift) / 2;
	int order, least = rq->order;
	u8 type, head;

	if (rq->flags & ALLOC_NOFRAGMENT && least < (int)m->scene->pb_order)
		least = m->scene->pb_order;
	for (order = ORDERS - 1; order >= least; order--) {
		if (rq->type == UMBRA_MOVABLE &&
		    order + m->scene->shift < half)
			break;
		type = choose(m, rq->type, order);
		head = type == NONE ? NONE : claim(m, rq, order, type);
		if (head != NONE)
			return head;
	}
	return NONE;
}

/* Take the smallest block of another type. */
static u8 take_stealing(struct model *m, const struct request *rq)
{
	unsigned int order;
	u8 type, head;

	for (order = rq->order; order < ORDERS; order++) {
		type = choose(m, rq->type, order);
		if (type == NONE)
			continue;
		head = m->list[order][type].at[0];
		model_remove(m, head, order);
		model_split(m, head, order, rq->order);
		return head;
	}
	return NONE;
}

static u8 take_fallback(struct model *m, const struct request *rq,
			enum model_mode *mode)
{
	u8 head = NONE;

	if (*mode != MODE_STEAL) {
		head = take_claiming(m, rq);
		if (head != NONE) {
			*mode = MODE_OWN;
			return head;
		}
	}
	if (rq->flags & ALLOC_NOFRAGMENT)
		return NONE;
	head = take_stealing(m, rq);
	if (head != NONE)
		*mode = MODE_STEAL;
	return head;
}

/* CMA pages come first while they are more than half of the free pages. */
static bool prefers_cma(const struct model *m)
{
	struct rules_zone z = rules_of(m);
	long all = rules_pages(&z, RULES_PLAIN | BIT(UMBRA_HIGHATOMIC) |
			       BIT(UMBRA_CMA));

	return rules_pages(&z, BIT(UMBRA_CMA)) > all / 2;
}

static u8 take_plain(struct model *m, const struct request *rq,
		     enum model_mode *mode)
{
	bool cma = rq->flags & ALLOC_CMA;
	u8 head = NONE;

	if (cma && prefers_cma(m))
		head = model_take_list(m, rq->order, UMBRA_CMA);
	if (head == NONE && *mode == MODE_OWN)
		head = model_take_list(m, rq->order, rq->type);
	if (head != NONE)
		return head;
	if (cma && *mode <= MODE_CMA)
		head = model_take_list(m, rq->order, UMBRA_CMA);
	if (head == NONE)
		return take_fallback(m, rq, mode);
	*mode = MODE_CMA;
	return head;
}

/*
 * Take a block off the lists; with @reserves also the highatomic reserve may
 * serve the request.
 */
u8 model_take_block(struct model *m, const struct request *rq, bool reserves,
		    enum model_mode *mode)
{
	u8 head = NONE;

	if (reserves && rq->flags & ALLOC_HIGHATOMIC)
		head = model_take_list(m, rq->order, UMBRA_HIGHATOMIC);
	if (head == NONE)
		head = take_plain(m, rq, mode);
	if (head == NONE && reserves &&
	    rq->flags & (ALLOC_OOM | ALLOC_NON_BLOCK))
		head = model_take_list(m, rq->order, UMBRA_HIGHATOMIC);
	if (head != NONE)
		m->map[head] = frame_make(FRAME_PCP, rq->order);
	return head;
}

/* Pages in reserved pageblocks */
static unsigned long reserved(const struct model *m)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < UNITS >> m->scene->pb_order; i++)
		if ((m->types[i] & ~UMBRA_PB_ISOLATED) == UMBRA_HIGHATOMIC)
			pages += block_pages(m, m->scene->pb_order);
	return pages;
}

/* The reserve is 1/100 of the zone, rounded up, or nothing. */
static unsigned long most_reserved(const struct model *m)
{
	unsigned long pageblock = block_pages(m, m->scene->pb_order);
	unsigned long pages = m->scene->managed / 100;

	if (pages < pageblock)
		return 0;
	return (pages + pageblock - 1) / pageblock * pageblock;
}

/* Reserve the pageblock of a block that an urgent request has taken. */
static void reserve(struct model *m, unsigned int head, unsigned int order)
{
	unsigned int i;

	if (reserved(m) >= most_reserved(m))
		return;
	for (i = 0; i < block_units(order); i++)
		if (model_type(m, head + i) >= UMBRA_PCPTYPES)
			return;
	if (order < m->scene->pb_order)
		model_move(m, head >> m->scene->pb_order, UMBRA_HIGHATOMIC);
	else
		model_set_types(m, head, order, UMBRA_HIGHATOMIC);
}

/* Give one reserved pageblock with a free block another type. */
bool model_unreserve(struct model *m, unsigned int type, bool force)
{
	unsigned long keep = force ? 0 : block_pages(m, m->scene->pb_order);
	unsigned int order;

	if (reserved(m) <= keep)
		return false;
	for (order = 0; order < ORDERS; order++) {
		u8 head = m->list[order][UMBRA_HIGHATOMIC].at[0];

		if (!m->list[order][UMBRA_HIGHATOMIC].nr)
			continue;
		if (order < m->scene->pb_order) {
			model_move(m, head >> m->scene->pb_order, type);
			return true;
		}
		model_remove(m, head, order);
		model_set_types(m, head, order, type);
		model_free(m, head, order);
		return true;
	}
	return false;
}

/* Is the zone above the high watermark? The flag is never cleared here. */
static bool is_above_high(struct model *m, const struct request *rq)
{
	if (m->flags & BIT(ZONE_FLAG_BELOW_HIGH))
		return false;
	if (model_is_above(m, rq, UMBRA_WMARK_HIGH))
		return true;
	/* As on the host, a request that ignores the boost counts as above. */
	if (!rq->order && !m->scene->shift && m->boost &&
	    rq->flags & ALLOC_MIN_RESERVE &&
	    (rq->flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN &&
	    model_is_above(m, rq, UMBRA_WMARK_MIN))
		return true;
	m->flags |= BIT(ZONE_FLAG_BELOW_HIGH);
	return false;
}

static u8 take_pass(struct model *m, const struct request *rq, unsigned int cpu)
{
	enum model_mode mode = MODE_OWN;
	u8 head;

	if (!is_above_high(m, rq) && !(rq->flags & ALLOC_NO_WATERMARKS) &&
	    !model_is_above(m, rq, rq->flags & ALLOC_WMARK_MASK))
		return NONE;
	head = model_cache_take(m, rq, cpu);
	if (head != NONE)
		return head;
	head = model_take_block(m, rq, true, &mode);
	if (head != NONE && rq->flags & ALLOC_HIGHATOMIC &&
	    (rq->flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_MIN)
		reserve(m, head, rq->order);
	return head;
}

/* Returns the head of the block, or NO_BLOCK; and whether kswapd must wake. */
int model_take(struct model *m, const struct request *rq, unsigned int cpu)
{
	struct request again = *rq;
	int result = NO_BLOCK;
	u8 head;

	head = take_pass(m, rq, cpu);
	if (head == NONE && rq->flags & ALLOC_NOFRAGMENT &&
	    !(rq->flags & ALLOC_DEFRAG)) {
		again.flags &= ~ALLOC_NOFRAGMENT;
		head = take_pass(m, &again, cpu);
	}
	if (head != NONE) {
		unsigned int movable = rq->type == UMBRA_MOVABLE ?
				       FRAME_MOVABLE : 0;

		m->map[head] = frame_make(FRAME_ALLOC | movable, rq->order);
		result = head;
	}
	if (rq->flags & ALLOC_KSWAPD && m->flags & BIT(ZONE_FLAG_BOOSTED)) {
		m->flags &= ~BIT(ZONE_FLAG_BOOSTED);
		result = (result & 0xff) | BOOSTED;
	}
	return result;
}
