// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/math64.h>
#include "../src/core/core.h"
#include "../src/page/pcp.h"
#include "zone_rules.h"
#include "zoned_model.h"

#define NORMAL UMBRA_ZONE_NORMAL

#define NO_ANSWER { .zone = -1, .preferred = -1, .index = UMBRA_NO_FRAME }

/* One pass over the zones that a request may use. */
struct pass {
	struct rules_request rq;
	umbra_nodemask_t mask;
	int node;			/* first node of the pass */
	bool own_node;
	bool wall;			/* uses the allowed nodes only */
	bool spread;			/* only nodes with few dirty pages */
};

static bool is_lowmem(const struct model_zone *z)
{
	return z->type <= NORMAL;
}

static long pages_of(const struct model_zone *z)
{
	return z->end - z->start;
}

static long min_pages(const struct zoned_model *m, u64 low)
{
	long kbytes = m->layout.min_free_kbytes;

	if (kbytes < 0)
		kbytes = clamp(int_sqrt(low * (PAGE_SIZE / 1024) * 16), 128UL,
			       256 * 1024UL);
	return kbytes / (PAGE_SIZE / 1024);
}

/* Watermarks and reserves of every zone. */
void zoned_model_marks(struct zoned_model *m)
{
	struct model_zone *z, *other;
	u64 low = 0;

	for (z = m->zone; z < m->zone + m->nr_zones; z++)
		if (is_lowmem(z))
			low += pages_of(z);
	for (z = m->zone; z < m->zone + m->nr_zones; z++) {
		long share = low ? div64_u64((u64)min_pages(m, low) *
					     pages_of(z), low) : 0;
		long gap = max_t(long, share / 4,
				 (u64)pages_of(z) *
				 m->layout.watermark_scale_factor / 10000);
		unsigned int ratio = m->layout.lowmem_reserve_ratio[z->type];
		long above[UMBRA_NR_ZONE_TYPES] = {};
		unsigned int i, top;

		z->mark[0] = is_lowmem(z) ? share :
			     clamp(pages_of(z) / 1024, 32L, 128L);
		for (i = 1; i < UMBRA_NR_WMARKS; i++)
			z->mark[i] = z->mark[0] + i * gap;
		for (other = m->zone; other < m->zone + m->nr_zones; other++)
			if (other->nid == z->nid && other->type > z->type)
				for (top = other->type;
				     top < UMBRA_NR_ZONE_TYPES; top++)
					above[top] += pages_of(other);
		for (top = 0; top < UMBRA_NR_ZONE_TYPES; top++)
			z->reserve[top] = ratio ? above[top] / ratio : 0;
	}
}

static unsigned int far(const struct zoned_model *m, unsigned int a,
			unsigned int b)
{
	return m->distance[a * m->nr_nodes + b];
}

static bool has_cpu(const struct zoned_model *m, unsigned int nid)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (m->cpu_node[cpu] == nid)
			return true;
	return false;
}

/* Is @a a better fallback for node @from than @b? */
static bool is_better(const struct zoned_model *m, unsigned int from,
		      unsigned int a, unsigned int b, const unsigned int *load)
{
	unsigned int va, vb;

	if (a == from || b == from)
		return a == from;
	va = far(m, from, a) + (a < from) + has_cpu(m, a);
	vb = far(m, from, b) + (b < from) + has_cpu(m, b);
	if (va != vb)
		return va < vb;
	return load[a] != load[b] ? load[a] < load[b] : a < b;
}

/*
 * The fallback order of each node, best first. The first of several nodes with
 * the same distance gets more load, which makes it a worse choice for later
 * nodes.
 */
void zoned_model_order(struct zoned_model *m)
{
	unsigned int load[MODEL_NODES] = {}, from, to;

	for (from = 0; from < m->nr_nodes; from++) {
		umbra_nodemask_t left = m->online;
		int *next = m->order[from], before = from;

		while (left) {
			int best = -1;

			for (to = 0; to < m->nr_nodes; to++)
				if (left & BIT(to) &&
				    (best < 0 ||
				     is_better(m, from, to, best, load)))
					best = to;
			load[best] += far(m, from, best) != far(m, from, before);
			left &= ~BIT(best);
			before = best;
			*next++ = best;
		}
		*next = -1;
	}
}

static int zone_at(const struct zoned_model *m, unsigned int nid,
		   unsigned int type)
{
	unsigned int i;

	for (i = 0; i < m->nr_zones; i++)
		if (m->zone[i].nid == nid && m->zone[i].type == type)
			return i;
	return -1;
}

int zoned_model_zone_of(const struct zoned_model *m, u32 index)
{
	unsigned int i;

	for (i = 0; i < m->nr_zones; i++)
		if (index >= m->zone[i].start && index < m->zone[i].end)
			return i;
	return -1;
}

/* Do the flags contradict each other? */
bool zoned_model_is_bad(const struct zoned_model *m, gfp_t gfp)
{
	return !!(gfp & __GFP_DMA) + !!(gfp & __GFP_DMA32) +
	       !!(gfp & __GFP_HIGHMEM) > 1 ||
	       (m->group && gfp & __GFP_MOVABLE && gfp & __GFP_RECLAIMABLE);
}

static unsigned int highest_of(const struct zoned_model *m, gfp_t gfp)
{
	unsigned int type = NORMAL, i;

	if (gfp & __GFP_HIGHMEM && gfp & __GFP_MOVABLE)
		return UMBRA_ZONE_MOVABLE;
	if (gfp & __GFP_DMA)
		type = UMBRA_ZONE_DMA;
	else if (gfp & __GFP_DMA32)
		type = UMBRA_ZONE_DMA32;
	else if (gfp & __GFP_HIGHMEM)
		type = UMBRA_ZONE_HIGHMEM;
	for (i = 0; i < m->nr_zones; i++)
		if (m->zone[i].type == type)
			return type;
	return NORMAL;
}

static unsigned int migratetype_of(const struct zoned_model *m, gfp_t gfp)
{
	if (m->group && gfp & __GFP_MOVABLE)
		return UMBRA_MOVABLE;
	return m->group && gfp & __GFP_RECLAIMABLE ? UMBRA_RECLAIMABLE :
						     UMBRA_UNMOVABLE;
}

/* The zones of a pass, in order. Returns their number. */
static unsigned int list_zones(const struct zoned_model *m,
			       const struct pass *p, u8 *list)
{
	const int *nid;
	unsigned int nr = 0;
	int type;

	for (nid = m->order[p->node]; *nid >= 0; nid++) {
		if ((p->own_node && *nid != p->node) || !(p->mask & BIT(*nid)))
			continue;
		for (type = p->rq.highest; type >= 0; type--)
			if (zone_at(m, *nid, type) >= 0)
				list[nr++] = zone_at(m, *nid, type);
	}
	return nr;
}

/* Every zone, in the order of a node. Returns their number. */
unsigned int zoned_model_list(const struct zoned_model *m, unsigned int nid,
			      u8 *list)
{
	struct pass p = {
		.rq.highest = UMBRA_ZONE_MOVABLE,
		.mask = UMBRA_ALL_NODES,
		.node = nid,
	};

	return list_zones(m, &p, list);
}

/* The free blocks of a zone, from its counters, and its limits. */
static struct rules_zone rules_of(const struct zoned_model *m, unsigned int i)
{
	const struct umbra_zone *zone = &m->u->zones[i];
	struct rules_zone z = {
		.mark = m->zone[i].mark,
		.reserve = m->zone[i].reserve,
		.boost = zone->watermark_boost,
	};
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++) {
			unsigned long nr = zone->free_area[order].nr_free[type];

			z.pages[type] += nr << order;
			z.orders[type] |= nr ? BIT(order) : 0;
		}
	return z;
}

/*
 * The block of a zone that a pass takes by address. Blocks of other types, or
 * of the reserve, are not predicted.
 */
static u32 lowest_of(const struct zoned_model *m, unsigned int i,
		     const struct pass *p)
{
	unsigned int all = RULES_PLAIN | BIT(UMBRA_HIGHATOMIC) | BIT(UMBRA_CMA);
	const struct umbra_zone *zone = &m->u->zones[i];
	struct rules_zone z = rules_of(m, i);
	u32 cma = UMBRA_NO_FRAME, own;

	if (!m->lowest || p->rq.highatomic)
		return UMBRA_NO_FRAME;
	if (p->rq.cma)
		cma = umbra_test_lowest(zone, p->rq.order, UMBRA_CMA);
	if (cma != UMBRA_NO_FRAME &&
	    rules_pages(&z, BIT(UMBRA_CMA)) > rules_pages(&z, all) / 2)
		return cma;
	own = umbra_test_lowest(zone, p->rq.order, p->rq.type);
	return own == UMBRA_NO_FRAME ? cma : own;
}

/* The high watermark, and what the zone keeps from requests for higher zones. */
static long kept_of(const struct model_zone *z)
{
	return min(z->mark[UMBRA_WMARK_HIGH] +
		   z->reserve[UMBRA_ZONE_MOVABLE], pages_of(z));
}

static bool is_node_dirty(const struct zoned_model *m, unsigned int nid)
{
	long pages = 0, kept = 0;
	unsigned int i;

	for (i = 0; i < m->nr_zones; i++) {
		struct rules_zone z = rules_of(m, i);

		if (m->zone[i].nid != nid)
			continue;
		pages += rules_pages(&z, BIT(UMBRA_ISOLATE) - 1);
		kept += kept_of(&m->zone[i]);
	}
	pages = max(pages - kept, 0L);
	return m->layout.dirty_limit &&
	       m->dirty[nid] > pages * (long)m->layout.dirty_limit / 100;
}

static bool is_behind_wall(const struct zoned_model *m, unsigned int i,
			   const struct pass *p)
{
	return p->wall && !(m->allowed & BIT(m->zone[i].nid));
}

/* Walk over the zones of a pass. Returns true if one is sure to serve it. */
static bool walk(const struct zoned_model *m, const struct pass *p,
		 const struct model_request *rq, struct model_answer *a)
{
	u8 list[MODEL_ZONES];
	unsigned int nr = list_zones(m, p, list), i;

	for (i = 0; i < nr; i++)
		if (!is_behind_wall(m, list[i], p))
			a->allowed |= BIT(list[i]);
	for (i = 0; i < nr; i++) {
		unsigned int at = list[i], nid = m->zone[at].nid;
		struct rules_zone z = rules_of(m, at);

		if (is_behind_wall(m, at, p))
			continue;
		if (p->spread && is_node_dirty(m, nid))
			continue;
		if (p->rq.whole && nid != m->zone[list[0]].nid)
			break;
		if (!rules_is_above(&z, &p->rq))
			continue;
		if (rules_can_serve(&z, &p->rq, m->layout.pb_order)) {
			a->zone = at;
			a->preferred = list[0];
			a->index = lowest_of(m, at, p);
			a->may |= BIT(at);
			return true;
		}
		if (umbra_pcp_count(&m->u->zones[at], rq->cpu))
			a->may |= BIT(at);
	}
	return false;
}

static bool walk_twice(const struct zoned_model *m, const struct pass *p,
		       const struct model_request *rq, struct model_answer *a)
{
	struct pass again = *p;

	if (walk(m, p, rq, a))
		return true;
	again.rq.whole = false;
	return p->rq.whole && walk(m, &again, rq, a);
}

static bool is_walled(const struct zoned_model *m)
{
	umbra_nodemask_t all = BIT(m->nr_nodes) - 1;

	return (m->allowed & all) != all;
}

static struct pass first_pass(const struct zoned_model *m,
			      const struct model_request *rq)
{
	bool wall = is_walled(m);
	bool waits = rq->gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC);
	struct pass p = {
		.rq.highest = highest_of(m, rq->gfp),
		.rq.type = migratetype_of(m, rq->gfp),
		.rq.order = rq->order,
		.rq.mark = rq->nolock ? UMBRA_WMARK_MIN : UMBRA_WMARK_LOW,
		.rq.cma = m->group && rq->gfp & __GFP_MOVABLE,
		.rq.highatomic = !waits && rq->order && rq->gfp & __GFP_HIGH,
		.mask = rq->mask ? *rq->mask : UMBRA_ALL_NODES,
		.node = rq->nid < 0 ? m->cpu_node[rq->cpu] : rq->nid,
		.own_node = rq->gfp & __GFP_THISNODE,
		.wall = wall && rq->mask,
		.spread = rq->gfp & __GFP_WRITE,
	};
	u8 list[MODEL_ZONES];

	if (wall && !rq->mask)
		p.mask = m->allowed;
	if (!rq->nolock && list_zones(m, &p, list) &&
	    m->zone[list[0]].type == NORMAL)
		p.rq.whole = zone_at(m, m->zone[list[0]].nid,
				     UMBRA_ZONE_DMA32) >= 0;
	return p;
}

static struct pass slow_pass(const struct zoned_model *m,
			     const struct model_request *rq)
{
	struct pass p = first_pass(m, rq);

	p.rq.mark = UMBRA_WMARK_MIN;
	p.mask = rq->mask ? *rq->mask : UMBRA_ALL_NODES;
	p.rq.high = rq->gfp & __GFP_HIGH;
	p.rq.hurry = !(rq->gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC));
	p.wall = rq->gfp & __GFP_HARDWALL;
	p.spread = false;
	p.rq.whole = false;
	if (p.rq.high && !(rq->gfp & __GFP_DIRECT_RECLAIM))
		p.wall = false;
	return p;
}

/* Can the highatomic reserve be released for the request? */
static bool may_unreserve(const struct zoned_model *m, const struct pass *p,
			  const struct model_request *rq)
{
	u8 list[MODEL_ZONES];
	unsigned int nr = list_zones(m, p, list), i;

	if (!(rq->gfp & __GFP_DIRECT_RECLAIM))
		return false;
	for (i = 0; i < nr; i++) {
		struct rules_zone z = rules_of(m, list[i]);

		if (rules_has_block(&z, 0, BIT(UMBRA_HIGHATOMIC)))
			return true;
	}
	return false;
}

/* Has the request no zone in the nodes that it must not leave? */
static bool is_walled_in(const struct zoned_model *m, struct pass p,
			 const struct model_request *rq)
{
	u8 list[MODEL_ZONES];

	p.mask = m->allowed;
	return is_walled(m) && rq->gfp & __GFP_HARDWALL &&
	       !list_zones(m, &p, list);
}

/* Returns true if a zone is sure to serve the request. */
static bool attempt(const struct zoned_model *m, const struct model_request *rq,
		    struct model_answer *a)
{
	struct pass p = slow_pass(m, rq), all = p;
	u8 list[MODEL_ZONES];

	a->highatomic |= p.rq.hurry;
	/* A request without any zone is never served. */
	if (!list_zones(m, &p, list) || is_walled_in(m, p, rq))
		return false;
	if (walk(m, &p, rq, a))
		return true;
	a->unsure |= may_unreserve(m, &p, rq);
	all.mask = UMBRA_ALL_NODES;
	if (rq->gfp & __GFP_MEMALLOC && !(rq->gfp & __GFP_NOMEMALLOC)) {
		all.rq.high = false;
		all.rq.hurry = false;
		all.rq.highatomic = false;
		all.rq.unlimited = true;
		all.wall = false;
		return walk(m, &all, rq, a);
	}
	return p.rq.high && !(rq->gfp & __GFP_DIRECT_RECLAIM) &&
	       walk(m, &all, rq, a);
}

/* A nodemask without an allowed node is dropped before the request fails. */
static void slow(const struct zoned_model *m, const struct model_request *rq,
		 struct model_answer *a)
{
	struct model_request free = *rq;

	if (attempt(m, rq, a) || !rq->mask || !is_walled(m) ||
	    *rq->mask & m->allowed)
		return;
	free.mask = NULL;
	attempt(m, &free, a);
	/* Reclaim for the first attempt may have drained caches or the reserve. */
	if (rq->gfp & __GFP_DIRECT_RECLAIM && (m->cached || a->unsure))
		a->zone = -1;
}

/* The required result of a request in the current state. */
struct model_answer zoned_model_ask(const struct zoned_model *m,
				    const struct model_request *rq)
{
	struct model_answer a = NO_ANSWER;
	struct pass p = first_pass(m, rq);

	a.highatomic = p.rq.highatomic;
	if (!walk_twice(m, &p, rq, &a) && !rq->nolock)
		slow(m, rq, &a);
	return a;
}

/* The same, after the first pass has failed. */
struct model_answer zoned_model_ask_slow(const struct zoned_model *m,
					 const struct model_request *rq)
{
	struct model_answer a = NO_ANSWER;

	slow(m, rq, &a);
	return a;
}
