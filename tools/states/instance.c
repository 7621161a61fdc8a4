// SPDX-License-Identifier: GPL-2.0
/* The instance of a scene: its creation, operations on it, and its check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/page_ref.h>
#include "../libumbra/libumbra.h"
#include "../../src/buddy/freelist.h"
#include "../../src/buddy/watermark.h"
#include "../../src/buddy/zone.h"
#include "../../src/inspect/finding.h"
#include "../../src/inspect/verify.h"
#include "../../src/page/gfp.h"
#include "../../src/page/give.h"
#include "../../src/page/held.h"
#include "../../src/page/highatomic.h"
#include "../../src/page/pcp_setup.h"
#include "../../src/page/take.h"
#include "instance.h"

static void *allocate(size_t bytes)
{
	void *p = calloc(1, bytes);

	require(p, "no memory");
	return p;
}

static unsigned long pfn_of(const struct instance *in, unsigned int unit)
{
	return umbra_index_to_pfn(in->u, frame_of(in, unit));
}

static gfp_t gfp_of(unsigned int type)
{
	if (type == UMBRA_MOVABLE)
		return __GFP_MOVABLE;
	return type == UMBRA_RECLAIMABLE ? __GFP_RECLAIMABLE : 0;
}

/* The pages end where a largest block ends, and their last ones are the units. */
static void create(struct instance *in)
{
	const struct scene *scene = in->scene;
	struct umbra_zone_layout zone = {
		.type = UMBRA_ZONE_NORMAL,
		.nr_cma = scene->nr_cma << scene->shift,
	};
	struct umbra_layout layout = {
		.origin = "states",
		.policy = scene->fast ? "fast" : "mainline",
		.pb_order = scene->pb_order + scene->shift,
		.nr_zones = 1,
		.zones = &zone,
		.watermark_boost_factor = scene->boost_factor,
	};
	struct umbra_span span = { .nr_pages = scene->managed };
	unsigned int i;

	in->pages = allocate(scene->managed * sizeof(*in->pages));
	for (i = 0; i < scene->managed; i++)
		set_page_count(in->pages + i, 1);
	span.pages = in->pages;
	span.base_pfn = ALIGN(scene->managed, BIT(UMBRA_MAX_ORDER)) -
			scene->managed;
	in->u = umbra_create("states", &layout, &span, 1);
	require(!IS_ERR(in->u), "the layout of a scene cannot be");
	in->zone = in->u->zones;
	in->first = in->zone->end - (UNITS << scene->shift);
	/* The search itself looks at HELD pages again. */
	WRITE_ONCE(in->u->stopping, true);
}

static void use_for_good(struct instance *in, u32 start, u32 end)
{
	unsigned long pfn = umbra_index_to_pfn(in->u, start);

	require(start == end ||
		!umbra_alloc_contig_range(in->u, pfn, pfn + end - start,
					  __GFP_MOVABLE),
		"a page is not free at the start");
}

/* Allocate all pages but the units that take part. */
static void fill(struct instance *in)
{
	const struct scene *scene = in->scene;
	unsigned int i;

	use_for_good(in, in->zone->end - scene->managed, in->first);
	for (i = 0; i < UNITS; i++)
		if (scene->used & BIT(i))
			use_for_good(in, frame_of(in, i), frame_of(in, i + 1));
}

static void set_limits(struct instance *in)
{
	static const unsigned long no_reserve[UMBRA_NR_ZONE_TYPES];
	const struct scene *scene = in->scene;
	unsigned long marks[UMBRA_NR_WMARKS], flags;
	unsigned int i;

	for (i = 0; i < UMBRA_NR_WMARKS; i++)
		marks[i] = scene->mark[i];
	spin_lock_irqsave(&in->zone->lock, flags);
	umbra_watermark_load(in->zone, marks, 0, no_reserve);
	umbra_zone_unlock(in->zone, flags);
	require(!umbra_pcp_tune(in->u, scene->batch, scene->high),
		"the size of the caches of a scene cannot be");
}

static void make_requests(struct instance *in)
{
	unsigned int i;

	require(in->scene->nr_requests <= MOST_REQUESTS,
		"a scene has too many requests");
	for (i = 0; i < in->scene->nr_requests; i++) {
		const struct request *rq = &in->scene->requests[i];

		require(!umbra_request_init(&in->rqs[i], in->u,
					    gfp_of(rq->type),
					    rq->order + in->scene->shift, 0,
					    NULL, 0),
			"a request of a scene cannot be");
		in->rqs[i].flags = rq->flags;
	}
}

/* Empty all lists of the zone, as the start of instance_write(). */
static void make_empty(struct instance *in)
{
	struct umbra_zone *zone = in->zone;
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_NR_TYPES; type++) {
			INIT_LIST_HEAD(&zone->free_area[order].free_list[type]);
			zone->free_area[order].nr_free[type] = 0;
		}
	memset(zone->listed, 0, sizeof(zone->listed));
	zone->nr_free_pages = 0;
	zone->nr_free_cma = 0;
	zone->nr_free_highatomic = 0;
	zone->nr_isolated = 0;
	zone->nr_reserved_highatomic = 0;
	zone->nr_held = 0;
	zone->flags = 0;
	in->empty = *zone;
	in->no_cache = *per_cpu_ptr(zone->pcp, 0);
}

struct instance *instance_create(const struct scene *scene)
{
	struct instance *in = allocate(sizeof(*in));
	struct state s;

	umbra_sim_set_cpus(CPUS);
	in->scene = scene;
	create(in);
	fill(in);
	set_limits(in);
	make_requests(in);
	instance_read(in, &s);
	make_empty(in);
	instance_write(in, &s);
	return in;
}

static int take(struct instance *in, const struct operation *op)
{
	const struct umbra_request *rq = &in->rqs[op->at];
	struct umbra_zone *boosted = NULL;
	u32 index = umbra_take(in->u, rq, &boosted);
	int result = NO_BLOCK;

	if (index != UMBRA_NO_FRAME) {
		umbra_give_block(in->u, index, rq->order, rq->gfp, rq->flags);
		result = unit_of(in, index);
	}
	return boosted ? (result & 0xff) | BOOSTED : result;
}

/*
 * Take a given free block, split it, and allocate one unit. Requests choose the
 * smallest block, whose halves then come to empty lists.
 */
static int split(struct instance *in, unsigned int unit, unsigned int order)
{
	u32 index = frame_of(in, unit);
	unsigned long flags;
	bool removed;

	spin_lock_irqsave(&in->zone->lock, flags);
	removed = umbra_freelist_remove(in->zone, index, order);
	if (removed)
		umbra_freelist_split(in->zone, index, order, in->scene->shift);
	umbra_zone_unlock(in->zone, flags);
	if (!removed)
		return -1;
	umbra_make_allocated(in->u, index, in->scene->shift, 0);
	return 0;
}

static int change_pins(struct instance *in, const struct operation *op)
{
	if (op->kind == OP_PIN)
		umbra_sim_page_get(page_of(in, op->at));
	else
		umbra_sim_page_put(page_of(in, op->at));
	return 0;
}

static int change_isolation(struct instance *in, const struct operation *op)
{
	unsigned int first = op->at << in->scene->pb_order;
	unsigned long start = pfn_of(in, first);
	unsigned long end = start + (1UL << in->u->pb_order);

	return op->kind == OP_ISOLATE ? umbra_isolate_range(in->u, start, end) :
					umbra_unisolate_range(in->u, start, end);
}

static int unreserve(struct instance *in, const struct operation *op)
{
	struct umbra_request rq;

	if (umbra_request_init(&rq, in->u, gfp_of(op->at), 0, 0, NULL, 0))
		return -1;
	return umbra_highatomic_unreserve(in->u, &rq, op->force);
}

/* Do an operation in the state @s. Returns its result. */
int instance_operate(struct instance *in, const struct state *s,
		     const struct operation *op)
{
	unsigned int order = frame_order(s->map[op->at % UNITS]) +
			     in->scene->shift;

	umbra_sim_set_cpu(op->cpu);
	switch (op->kind) {
	case OP_TAKE:
		return take(in, op);
	case OP_FREE:
		return umbra_free_pages_account(in->u, page_of(in, op->at),
						order, NULL);
	case OP_SPLIT:
		return split(in, op->at, order);
	case OP_EXPOSE:
		return umbra_expose_pages(in->u, page_of(in, op->at), order);
	case OP_PIN:
	case OP_UNPIN:
		return change_pins(in, op);
	case OP_RESCAN:
		return umbra_held_rescan(in->u);
	case OP_ISOLATE:
	case OP_UNISOLATE:
		return change_isolation(in, op);
	case OP_UNRESERVE:
		return unreserve(in, op);
	case OP_UNBOOST:
		umbra_watermark_unboost(in->zone, s->boost);
		return 0;
	case OP_DRAIN:
		return umbra_drain_cpu(in->u, op->cpu);
	default:
		umbra_drain_pages(in->u);
		return 0;
	}
}

/* A copy of the zone without counters of changes. */
static void copy_zone(const struct instance *in, struct umbra_zone *copy)
{
	*copy = *in->zone;
	copy->seq = 0;
	copy->nr_free_before = 0;
}

/*
 * Does the checker find nothing, and does the state that was read make the same
 * zone when it is written? The instance has the state @s afterwards.
 */
bool instance_is_good(struct instance *in, const struct state *s)
{
	static struct umbra_zone before, after;
	struct umbra_findings v;
	unsigned long i;

	copy_zone(in, &before);
	umbra_verify(in->u, &v);
	for (i = 0; i < v.nr_findings && i < UMBRA_FIRST_FINDINGS; i++)
		printf("# finding: %s: frame %u, 0x%lx for 0x%lx\n",
		       umbra_finding_name(v.first[i].code), v.first[i].index,
		       v.first[i].found, v.first[i].expected);
	if (!v.exact)
		printf("# the checker found no moment without a change\n");
	instance_write(in, s);
	copy_zone(in, &after);
	if (memcmp(&before, &after, sizeof(before)))
		printf("# the state does not tell all of the zone\n");
	return !v.nr_findings && v.exact &&
	       !memcmp(&before, &after, sizeof(before));
}

/* Has no operation been refused, and no warning printed? */
bool instance_was_quiet(const struct instance *in)
{
	return !in->u->broken && !atomic_long_read(&in->u->nr_reports) &&
	       !umbra_sim_warnings();
}
