// SPDX-License-Identifier: GPL-2.0
/*
 * The judgment. Every test of a zone is made by the code of the allocator, on
 * the ghost of the report: which zones a request may use and in which order,
 * which watermark and reserves apply, and whether a zone passes. How many pages
 * are missing is found by asking the same code with more free pages. The one
 * rule that this file has itself is that of kernels before 4.4, which the
 * allocator does not have.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "../libumbra/libumbra.h"
#include "../../src/buddy/watermark.h"
#include "../../src/core/core.h"
#include "../../src/core/request.h"
#include "../../src/page/gfp.h"
#include "../../src/page/zonelist.h"
#include "ghost.h"
#include "judge.h"

/* Free pages that pass every test. No zone has as many. */
#define PLENTY	((long)BIT(50))

/* Pages that lowmem_reserve keeps count as the cause above 1/16 of the zones. */
#define PROTECTED_SHARE	16

/* Flags that have the same meaning in the newest kernel */
static const struct {
	unsigned long long from;
	gfp_t to;
} flags_of[] = {
	{ GFP_SET(DMA), __GFP_DMA },
	{ GFP_SET(HIGHMEM), __GFP_HIGHMEM },
	{ GFP_SET(DMA32), __GFP_DMA32 },
	{ GFP_SET(MOVABLE), __GFP_MOVABLE },
	{ GFP_SET(RECLAIMABLE), __GFP_RECLAIMABLE },
	{ GFP_SET(WAIT), __GFP_DIRECT_RECLAIM },
	{ GFP_SET(DIRECT_RECLAIM), __GFP_DIRECT_RECLAIM },
	{ GFP_SET(KSWAPD_RECLAIM), __GFP_KSWAPD_RECLAIM },
	{ GFP_SET(HIGH), __GFP_HIGH },
	{ GFP_SET(IO), __GFP_IO },
	{ GFP_SET(FS), __GFP_FS },
	{ GFP_SET(NORETRY), __GFP_NORETRY },
	{ GFP_SET(REPEAT), __GFP_RETRY_MAYFAIL },
	{ GFP_SET(RETRY_MAYFAIL), __GFP_RETRY_MAYFAIL },
	{ GFP_SET(NOFAIL), __GFP_NOFAIL },
	{ GFP_SET(MEMALLOC), __GFP_MEMALLOC },
	{ GFP_SET(NOMEMALLOC), __GFP_NOMEMALLOC },
	{ GFP_SET(HARDWALL), __GFP_HARDWALL },
	{ GFP_SET(COMP), __GFP_COMP },
	{ GFP_SET(ZERO), __GFP_ZERO },
};

/* Before 4.4 every request woke kswapd but for those with __GFP_NO_KSWAPD. */
static gfp_t gfp_of(const struct judgment *j)
{
	gfp_t gfp = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags_of); i++)
		if (j->set & flags_of[i].from)
			gfp |= flags_of[i].to;
	if (j->version < KERNEL(4, 4, 0) && !(j->set & GFP_SET(NO_KSWAPD)))
		gfp |= __GFP_KSWAPD_RECLAIM;
	return gfp;
}

/* May the request wait until memory is free? */
bool judge_may_wait(const struct judgment *j)
{
	return j->set & (GFP_SET(WAIT) | GFP_SET(DIRECT_RECLAIM));
}

/* Names that a report printed count more than the table of versions. */
static void read_flags(const struct report *r, bool has_version,
		       struct judgment *j)
{
	const char *bad;

	if (*r->mode_names &&
	    !gfp_from_names(r->mode_names, j->version, &j->set, &bad)) {
		j->is_named = true;
		j->has_set = true;
	} else if (r->mode != UNKNOWN && has_version) {
		j->set = gfp_from_mask(r->mode, j->version, &j->rest);
		j->has_set = true;
	}
}

/* A zone, a request, and the judgment that they get */
struct trial {
	struct umbra_zone *zone;
	const struct umbra_request *rq;
	struct zone_judgment *zj;
};

/* Would the zone pass with other flags, highest zone, or more pages? */
static bool passes(const struct trial *t, unsigned int order,
		   unsigned int flags, unsigned int highest, long more)
{
	unsigned long mark = umbra_mark(t->zone, flags & ALLOC_WMARK_MASK);

	/* No zone keeps pages from requests for DMA that are not for itself. */
	if (flags & ALLOC_NO_WATERMARKS) {
		mark = 0;
		highest = UMBRA_ZONE_DMA;
	}
	return umbra_watermark_with(t->zone, order, mark, highest, flags, more);
}

/*
 * Does the zone pass, apart from having a block of the order? A request for a
 * single page has rules of its own about the boost of a watermark, so it asks
 * with the free pages changed.
 */
static bool has_pages(const struct trial *t, unsigned int flags,
		      unsigned int highest, long more)
{
	struct umbra_zone *zone = t->zone;
	unsigned long free = zone->nr_free_pages;
	bool result;

	if (t->rq->order || flags & ALLOC_NO_WATERMARKS)
		return passes(t, 0, flags, highest,
			      more - (BIT(t->rq->order) - 1));
	zone->nr_free_pages = free + more;
	result = umbra_watermark_fast(zone, 0, umbra_mark(zone, flags &
							  ALLOC_WMARK_MASK),
				      highest, flags);
	zone->nr_free_pages = free;
	return result;
}

static bool has_block(const struct trial *t, unsigned int order,
		      unsigned int flags)
{
	return passes(t, order, flags, t->rq->highest, PLENTY);
}

/* Pages that must become free before the zone has enough, negative if it has */
static long pages_short(const struct trial *t, unsigned int highest)
{
	long low = -PLENTY, high = PLENTY;

	while (high - low > 1) {
		long middle = low + (high - low) / 2;

		if (has_pages(t, t->rq->flags, highest, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static enum zone_result why_short(const struct trial *t)
{
	const struct umbra_request *rq = t->rq;

	if (has_pages(t, rq->flags | ALLOC_CMA, rq->highest, 0))
		return ZONE_CMA;
	if (has_pages(t, rq->flags | ALLOC_HIGHATOMIC, rq->highest, 0))
		return ZONE_HIGHATOMIC;
	if (has_pages(t, rq->flags, t->zone->type, 0))
		return ZONE_PROTECTED;
	return ZONE_SHORT;
}

static enum zone_result why_no_block(const struct trial *t)
{
	unsigned int flags = t->rq->flags, order = t->rq->order;

	if (!t->zj->zone->complete)
		return ZONE_UNKNOWN;
	t->zj->kept_block = ZONE_PIECES;
	if (has_block(t, order, flags | ALLOC_CMA))
		t->zj->kept_block = ZONE_CMA;
	else if (has_block(t, order, flags | ALLOC_HIGHATOMIC))
		t->zj->kept_block = ZONE_HIGHATOMIC;
	return ZONE_PIECES;
}

/*
 * Kernels before 4.4 also required that half of the watermark was free in
 * blocks of order 1 and more, a quarter in those of order 2 and more, and so
 * on. Returns the pages that are missing at the first order that had too few.
 */
static long old_rule(const struct trial *t)
{
	const struct umbra_free_area *area = t->zone->free_area;
	unsigned int order = t->rq->order, o, type;
	long small = BIT(order) - 1;
	long free = READ_ONCE(t->zone->nr_free_pages) - small, mark;

	mark = READ_ONCE(t->zone->nr_free_pages) +
	       pages_short(t, t->zone->type) - 1 - small;
	if (!(t->rq->flags & ALLOC_CMA))
		mark -= READ_ONCE(t->zone->nr_free_cma);
	for (o = 0; o < order; o++) {
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			free -= READ_ONCE(area[o].nr_free[type]) << o;
		mark >>= 1;
		if (free <= mark)
			return mark + 1 - free;
	}
	return 0;
}

static int largest_block(const struct trial *t)
{
	int order;

	for (order = UMBRA_MAX_ORDER; order > 0; order--)
		if (has_block(t, order, t->rq->flags))
			return order;
	return READ_ONCE(t->zone->nr_free_pages) ? 0 : -1;
}

static void judge_zone(const struct trial *t, const struct judgment *j)
{
	struct zone_judgment *zj = t->zj;
	const struct umbra_request *rq = t->rq;
	long shortage = pages_short(t, rq->highest);
	long old;

	zj->free = READ_ONCE(t->zone->nr_free_pages);
	zj->needed = zj->free + shortage;
	zj->kept = rq->flags & ALLOC_NO_WATERMARKS ? 0 :
		   READ_ONCE(t->zone->lowmem_reserve[rq->highest]);
	zj->largest = zj->zone->nr_orders ? largest_block(t) : -1;
	zj->missing = max(shortage, 0L);
	if (zj->zone->value[LOG_MIN] == UNKNOWN) {
		zj->result = ZONE_UNKNOWN;
	} else if (shortage > 0) {
		zj->result = why_short(t);
	} else if (rq->order && !has_block(t, rq->order, rq->flags)) {
		zj->result = why_no_block(t);
	} else if (rq->order && j->version < KERNEL(4, 4, 0) &&
		   zj->zone->complete) {
		old = old_rule(t);
		zj->result = old ? ZONE_OLD_RULE : ZONE_SERVES;
		zj->missing = old;
	} else {
		zj->result = ZONE_SERVES;
	}
	if (zj->result == ZONE_UNKNOWN && zj->zone->value[LOG_MIN] == UNKNOWN) {
		zj->needed = UNKNOWN;
		zj->missing = UNKNOWN;
	}
}

static struct zone_judgment *add(struct judgment *j, const struct log_zone *z)
{
	struct zone_judgment *zj = &j->zones[j->nr_zones++];

	*zj = (struct zone_judgment) {
		.zone = z,
		.free = UNKNOWN,
		.needed = UNKNOWN,
		.missing = UNKNOWN,
		.largest = -1,
	};
	return zj;
}

static bool is_judged(const struct judgment *j, const struct log_zone *z)
{
	unsigned int i;

	for (i = 0; i < j->nr_zones; i++)
		if (j->zones[i].zone == z)
			return true;
	return false;
}

/* Add zones that the request may not use, or of which too little is known. */
static void add_others(struct judgment *j, const struct report *r,
		       const struct ghost *g, const struct umbra_request *rq)
{
	struct zone_judgment *zj;
	const struct umbra_zone *zone;
	unsigned int i;

	for_each_umbra_zone(g->u, zone) {
		const struct log_zone *z = g->zones[zone - g->u->zones];

		if (is_judged(j, z))
			continue;
		zj = add(j, z);
		zj->free = READ_ONCE(zone->nr_free_pages);
		zj->result = zone->type > rq->highest ? ZONE_TYPE : ZONE_NODE;
	}
	for (i = 0; i < r->nr_zones; i++)
		if (!is_judged(j, &r->zones[i]))
			add(j, &r->zones[i])->result =
				r->zones[i].type == LOG_DEVICE ? ZONE_TYPE :
								 ZONE_UNKNOWN;
}

static void walk(struct judgment *j, const struct report *r, struct ghost *g,
		 const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_request_zone(g->u, zone, ref, rq) {
		const struct log_zone *z = g->zones[zone - g->u->zones];
		struct trial t = { .zone = zone, .rq = rq };

		if (!umbra_zone_is_allowed(zone, rq))
			continue;
		t.zj = add(j, z);
		judge_zone(&t, j);
		j->no_reserve |= !z->nr_reserves;
		j->no_types |= z->nr_orders && (z->value[LOG_FREE_CMA] > 0 ||
			z->value[LOG_RESERVED_HIGHATOMIC] > 0) && !z->types[0];
		if (z->value[LOG_MANAGED] != UNKNOWN)
			j->managed += z->value[LOG_MANAGED] / j->page_kb;
		else if (z->value[LOG_PRESENT] != UNKNOWN)
			j->managed += z->value[LOG_PRESENT] / j->page_kb;
	}
	add_others(j, r, g, rq);
}

static unsigned int count_result(const struct judgment *j,
				 enum zone_result what)
{
	unsigned int i, nr = 0;

	for (i = 0; i < j->nr_zones; i++)
		nr += j->zones[i].result == what;
	return nr;
}

/* Is so much free and kept from the request that this is the cause? */
static bool is_protected(const struct judgment *j)
{
	long long kept = 0;
	unsigned int i;

	if (!count_result(j, ZONE_PROTECTED))
		return false;
	if (!count_result(j, ZONE_SHORT))
		return true;
	for (i = 0; i < j->nr_zones; i++)
		if (j->zones[i].result == ZONE_PROTECTED)
			kept += min(j->zones[i].free, j->zones[i].kept);
	return kept > j->managed / PROTECTED_SHARE;
}

/* The cause is the test that is nearest to having been passed, in any zone. */
static enum verdict conclude(const struct judgment *j)
{
	if (count_result(j, ZONE_SERVES))
		return VERDICT_FREED;
	if (count_result(j, ZONE_PIECES) || count_result(j, ZONE_OLD_RULE))
		return VERDICT_FRAGMENTATION;
	if (count_result(j, ZONE_UNKNOWN))
		return VERDICT_UNKNOWN;
	if (count_result(j, ZONE_CMA))
		return VERDICT_CMA;
	if (count_result(j, ZONE_HIGHATOMIC))
		return VERDICT_HIGHATOMIC;
	if (is_protected(j))
		return VERDICT_PROTECTED;
	if (count_result(j, ZONE_SHORT))
		return VERDICT_MEMORY;
	return VERDICT_NO_ZONE;
}

/* The nodes that the request is limited to, as far as the report tells */
static void limit_nodes(const struct report *r, struct ghost *g)
{
	unsigned int nodes = r->has_mems ? ghost_nodes(g, r->mems) : 0;

	if (nodes)
		umbra_set_allowed_nodes(g->u, nodes);
}

static int judge_ghost(const struct report *r, struct ghost *g,
		       struct judgment *j)
{
	umbra_nodemask_t mask = ghost_nodes(g, r->nodemask);
	const umbra_nodemask_t *nodemask = r->has_nodemask ? &mask : NULL;
	gfp_t gfp = gfp_of(j);
	struct umbra_request rq;
	int err;

	j->one_node = j->set & GFP_SET(THISNODE) && g->nr_nodes > 1;
	limit_nodes(r, g);
	err = umbra_request_init(&rq, g->u, gfp, r->order, 0, nodemask, 0);
	j->bad_flags = err == -EINVAL;
	if (err)
		return err;
	umbra_request_slow(&rq, g->u, nodemask);
	rq.flags |= umbra_request_reserves(g->u, &rq);
	walk(j, r, g, &rq);
	j->verdict = conclude(j);
	return 0;
}

/**
 * judge() - find out why a request failed
 * @r: the report
 * @version: version of the kernel; 0 for that of the report
 * @j: filled in
 *
 * Return: 0; -ENOMEM.
 */
int judge(const struct report *r, unsigned int version, struct judgment *j)
{
	struct ghost g;
	int err;

	memset(j, 0, sizeof(*j));
	j->verdict = VERDICT_UNKNOWN;
	j->version = version ?: r->version ?: NEWEST_KERNEL;
	j->guessed_page = r->page_kb == UNKNOWN;
	j->page_kb = j->guessed_page ? 4 : r->page_kb;
	read_flags(r, version || r->version >= GFP_OLDEST, j);
	if (!j->has_set || r->order == UNKNOWN || r->order > UMBRA_MAX_ORDER)
		return 0;
	err = ghost_create(&g, r, j->page_kb);
	if (err)
		return err == -ENOMEM ? err : 0;
	err = judge_ghost(r, &g, j);
	ghost_destroy(&g);
	return err == -ENOMEM ? err : 0;
}
