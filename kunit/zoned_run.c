// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/page/zonelist.h"
#include "../src/policy/policy.h"
#include "zoned_run.h"

#define MAX_BULK 24

static u32 pick_zones(struct run *r, unsigned int nid, u32 start)
{
	struct zoned_model *m = &r->m;
	u32 pageblock = 1U << m->layout.pb_order;
	unsigned int types = 1 + pick(r, BIT(UMBRA_NR_ZONE_TYPES) - 1), type;
	u32 most = max(r->zone_frames >> m->layout.pb_order, 2U);

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		struct umbra_zone_layout *z = &m->zones[m->nr_zones];
		u32 blocks = 1 + pick(r, pick(r, 3) ? most / 4 + 1 : most);

		if (!(types & BIT(type)))
			continue;
		z->nid = nid;
		z->type = type;
		z->nr_frames = blocks * pageblock;
		z->nr_cma = pick(r, 3) ? 0 : pick(r, blocks + 1) * pageblock;
		start += z->nr_frames;
		m->nr_zones++;
	}
	return start;
}

/* Choose nodes and zones. The last zone gets the rest of a largest block. */
static void pick_nodes(struct run *r)
{
	struct zoned_model *m = &r->m;
	unsigned int nid, to, cpu, i;
	u32 end = 0;

	m->nr_nodes = 1 + pick(r, MODEL_NODES);
	for (nid = 0; nid < m->nr_nodes; nid++)
		end = pick_zones(r, nid, end);
	m->nr_frames = ALIGN(end, TEST_BLOCK);
	m->zones[m->nr_zones - 1].nr_frames += m->nr_frames - end;
	for (nid = 0; nid < m->nr_nodes; nid++)
		for (to = 0; to < m->nr_nodes; to++)
			m->distance[nid * m->nr_nodes + to] =
				nid == to ? 10 : 10 + 5 * pick(r, 3);
	for_each_possible_cpu(cpu)
		m->cpu_node[cpu] = pick(r, m->nr_nodes);
	for (i = 0, end = 0; i < m->nr_zones; i++) {
		struct model_zone *z = &m->zone[i];

		z->nid = m->zones[i].nid;
		z->type = m->zones[i].type;
		z->start = end;
		end += m->zones[i].nr_frames;
		z->end = end;
		z->cma = end - m->zones[i].nr_cma;
	}
	m->online = BIT(m->nr_nodes) - 1;
	m->allowed = UMBRA_ALL_NODES;
}

static void pick_tunables(struct run *r)
{
	static const unsigned int scales[] = { 0, 10, 100, 1000 };
	static const unsigned int ratios[] = { 0, 1, 8, 32, 256 };
	struct umbra_layout *layout = &r->m.layout;
	unsigned int i;

	layout->min_free_kbytes = UMBRA_AUTO;
	if (pick(r, 4))
		layout->min_free_kbytes = pick(r, r->m.nr_frames / 2);
	layout->watermark_scale_factor = scales[pick(r, ARRAY_SIZE(scales))];
	layout->watermark_boost_factor = pick(r, 2) ? 15000 : 0;
	for (i = 0; i < UMBRA_ZONE_MOVABLE; i++)
		layout->lowmem_reserve_ratio[i] =
			ratios[pick(r, ARRAY_SIZE(ratios))];
	layout->dirty_limit = pick(r, 3) * 10;
	switch (pick(r, 4)) {
	case 0:
		layout->pcp_batch = 1 + pick(r, 8);
		layout->pcp_high = pick(r, 64);
		break;
	case 1:
		layout->pcp_batch = UMBRA_AUTO;
		layout->pcp_high = UMBRA_AUTO;
		break;
	}
	r->m.cached = layout->pcp_batch;
}

static void check_marks(struct run *r)
{
	struct kunit *test = r->test;
	unsigned int i, k;

	for (i = 0; i < r->m.nr_zones; i++) {
		const struct umbra_zone *zone = &r->m.u->zones[i];

		for (k = 0; k < UMBRA_NR_WMARKS; k++)
			KUNIT_ASSERT_EQ(test, zone->watermark[k],
					r->m.zone[i].mark[k]);
		for (k = 0; k < UMBRA_NR_ZONE_TYPES; k++)
			KUNIT_ASSERT_EQ(test, zone->lowmem_reserve[k],
					r->m.zone[i].reserve[k]);
	}
}

/* Compare the zonelists with the model. */
void zoned_check_order(struct run *r)
{
	u8 list[MODEL_ZONES];
	unsigned int nid, nr, i;

	for (nid = 0; nid < r->m.nr_nodes; nid++) {
		const struct umbra_zonelist *zonelist =
			&r->m.u->nodes[nid].zonelists[UMBRA_ZONELIST_FALLBACK];

		nr = zoned_model_list(&r->m, nid, list);
		for (i = 0; i < nr; i++) {
			KUNIT_ASSERT_NE(r->test, zonelist->refs[i], 0);
			KUNIT_ASSERT_PTR_EQ(r->test,
					    umbra_ref_zone(r->m.u,
							   zonelist->refs[i]),
					    &r->m.u->zones[list[i]]);
		}
		KUNIT_ASSERT_EQ(r->test, zonelist->refs[nr], 0);
	}
}

static void *zeroed(struct run *r, size_t nr, size_t size)
{
	void *p = kunit_kzalloc(r->test, nr * size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(r->test, p);
	return p;
}

static const struct umbra_policy *pick_policy(struct run *r)
{
	unsigned int nr = 0;

	while (umbra_policy_builtin(nr))
		nr++;
	return umbra_policy_builtin(pick(r, nr));
}

void zoned_create(struct run *r)
{
	struct zoned_model *m = &r->m;
	const struct umbra_policy *policy = pick_policy(r);

	m->group = policy->group;
	m->lowest = policy->lowest;
	m->layout.origin = "test";
	m->layout.pb_order = 3 + pick(r, 8);
	m->layout.policy = policy->name;
	pick_nodes(r);
	pick_tunables(r);
	m->layout.nr_zones = m->nr_zones;
	m->layout.zones = m->zones;
	m->layout.distance = m->distance;
	m->layout.cpu_node = m->cpu_node;
	m->u = umbra_test_ghost_layout(r->test, &m->layout, m->nr_frames);
	umbra_test_no_background(m->u);
	r->busy = zeroed(r, BITS_TO_LONGS(m->nr_frames), sizeof(long));
	r->isolated = zeroed(r, BITS_TO_LONGS(m->nr_frames), sizeof(long));
	r->owned = zeroed(r, m->nr_frames, sizeof(*r->owned));
	zoned_model_order(m);
	zoned_check_order(r);
	zoned_model_marks(m);
	check_marks(r);
}

static gfp_t pick_gfp(struct run *r)
{
	static const gfp_t zones[] = {
		0, 0, __GFP_DMA, __GFP_DMA32, __GFP_HIGHMEM, __GFP_MOVABLE,
		__GFP_HIGHMEM | __GFP_MOVABLE, __GFP_HIGHMEM | __GFP_MOVABLE,
		__GFP_DMA32 | __GFP_MOVABLE, __GFP_RECLAIMABLE,
		__GFP_DMA | __GFP_RECLAIMABLE,
	};
	static const gfp_t bases[] = {
		GFP_KERNEL, GFP_KERNEL, GFP_NOWAIT, GFP_ATOMIC, 0,
		GFP_KERNEL | __GFP_HIGH, __GFP_DIRECT_RECLAIM,
	};
	gfp_t gfp = zones[pick(r, ARRAY_SIZE(zones))] |
		    bases[pick(r, ARRAY_SIZE(bases))];

	if (!pick(r, 6))
		gfp |= __GFP_THISNODE;
	if (!pick(r, 4))
		gfp |= __GFP_HARDWALL;
	if (!pick(r, 6))
		gfp |= __GFP_WRITE;
	if (!pick(r, 32))
		gfp |= __GFP_MEMALLOC;
	if (!pick(r, 16))
		gfp |= __GFP_NOMEMALLOC;
	if (!pick(r, 6))
		gfp |= __GFP_ACCOUNT;
	if (!pick(r, 6))
		gfp |= __GFP_COMP;
	if (!pick(r, 6))
		gfp |= __GFP_NORETRY;
	if (!pick(r, 256))
		gfp |= __GFP_DMA | __GFP_HIGHMEM;
	return gfp | __GFP_NOWARN;
}

static struct model_request pick_request(struct run *r,
					 umbra_nodemask_t *mask)
{
	struct model_request rq = { .gfp = pick_gfp(r), .nid = -1 };

	rq.cpu = r->cpu;
	rq.order = pick(r, 6) ? pick(r, 4) : pick(r, UMBRA_NR_ORDERS);
	if (pick(r, 2))
		rq.nid = pick(r, r->m.nr_nodes);
	*mask = 1 + pick(r, BIT(MODEL_NODES) - 1);
	if (!pick(r, 4))
		rq.mask = mask;
	if (!pick(r, 16)) {
		rq = (struct model_request) {
			.gfp = rq.gfp & __GFP_ACCOUNT, .order = rq.order % 4,
			.nid = rq.nid, .cpu = r->cpu, .nolock = true,
		};
		rq.gfp |= __GFP_NOMEMALLOC | __GFP_COMP;
	}
	return rq;
}

static struct page *request(struct run *r, const struct model_request *rq)
{
	if (rq->nolock)
		return umbra_alloc_pages_nolock(r->m.u, rq->gfp, rq->nid,
						rq->order);
	return umbra_alloc_pages_nodemask(r->m.u, rq->gfp, rq->order, rq->nid,
					  rq->mask);
}

void zoned_own(struct run *r, u32 index, unsigned int order, bool comp)
{
	struct model_zone *z = &r->m.zone[zoned_model_zone_of(&r->m, index)];

	bitmap_set(r->busy, index, 1U << order);
	r->owned[r->nr_owned++] = (struct owned) { index, order, comp };
	z->owned += 1UL << order;
}

void zoned_count_pages(struct run *r, int zone, gfp_t gfp, unsigned long nr)
{
	unsigned long *events = r->m.zone[zone].events;

	events[EVENT_PGALLOC] += nr;
	if (gfp & __GFP_ACCOUNT)
		events[EVENT_ACCOUNT] += nr;
}

/*
 * Count a block of a request whose preferred zone is @preferred, or -1 if
 * unknown.
 */
static void count_block(struct run *r, int zone, int preferred,
			const struct model_request *rq)
{
	struct model_zone *z = &r->m.zone[zone];

	zoned_count_pages(r, zone, rq->gfp, 1UL << rq->order);
	z->events[z->nid == r->m.cpu_node[r->cpu] ? EVENT_NUMA_LOCAL :
						   EVENT_NUMA_OTHER]++;
	if (preferred < 0)
		return;
	if (r->m.zone[preferred].nid == z->nid) {
		z->events[EVENT_NUMA_HIT]++;
	} else {
		z->events[EVENT_NUMA_MISS]++;
		r->m.zone[preferred].events[EVENT_NUMA_FOREIGN]++;
	}
}

/* Read the counters after requests whose preferred zone is unknown. */
void zoned_learn_numa(struct run *r)
{
	unsigned int i, e;

	for (i = 0; i < r->m.nr_zones; i++)
		for (e = EVENT_NUMA_HIT; e <= EVENT_NUMA_FOREIGN; e++)
			r->m.zone[i].events[e] =
				umbra_zone_events(&r->m.u->zones[i], e);
}

/* Is the block free in the model, and in a zone that the request may use? */
static int check_block(struct run *r, const struct model_request *rq,
		       struct page *page, u32 allowed, bool highatomic)
{
	struct kunit *test = r->test;
	u32 index = umbra_page_to_index(r->m.u, page), size = 1U << rq->order;
	int zone = zoned_model_zone_of(&r->m, index);
	u32 i;

	KUNIT_ASSERT_GE(test, zone, 0);
	KUNIT_ASSERT_EQ(test, index & (size - 1), 0);
	KUNIT_ASSERT_LE(test, index + size, r->m.zone[zone].end);
	KUNIT_ASSERT_TRUE_MSG(test, allowed & BIT(zone),
			      "zone %d for gfp 0x%x of order %u, not of 0x%x",
			      zone, (__force u32)rq->gfp, rq->order, allowed);
	KUNIT_ASSERT_GE(test, find_next_bit(r->busy, index + size, index),
			index + size);
	if (!r->m.group || !(rq->gfp & __GFP_MOVABLE))
		KUNIT_ASSERT_LE(test, index + size, r->m.zone[zone].cma);
	for (i = index; i < index + size; i += 1U << r->m.layout.pb_order) {
		KUNIT_ASSERT_FALSE(test, test_bit(pageblock_of(r, i),
						  r->isolated));
		if (!highatomic && !r->m.cached)
			KUNIT_ASSERT_NE(test, umbra_frame_type(r->m.u, i),
					UMBRA_HIGHATOMIC);
	}
	zoned_own(r, index, rq->order, rq->gfp & __GFP_COMP && rq->order);
	return zone;
}

static void check_failure(struct run *r, const struct model_request *rq,
			  const struct model_answer *a)
{
	struct kunit *test = r->test;
	struct model_answer after;

	KUNIT_ASSERT_EQ_MSG(test, a->zone, -1,
			    "gfp 0x%x of order %u failed, nid %d, mask 0x%x",
			    (__force u32)rq->gfp, rq->order, rq->nid,
			    rq->mask ? *rq->mask : 0);
	r->nr_failed++;
	if (rq->nolock)
		return;
	r->fail_events++;
	/* A request that can wait drains every cache first. */
	after = zoned_model_ask_slow(&r->m, rq);
	if (!(rq->gfp & __GFP_DIRECT_RECLAIM))
		return;
	KUNIT_ASSERT_EQ(test, after.zone, -1);
	/* The highatomic reserve was released before the failure. */
	if (rq->order <= PAGE_ALLOC_COSTLY_ORDER && !(rq->gfp & __GFP_NORETRY))
		KUNIT_ASSERT_FALSE(test, after.unsure);
}

static void check_page(struct run *r, const struct model_request *rq,
		       const struct model_answer *a, struct page *page)
{
	struct kunit *test = r->test;
	int zone = check_block(r, rq, page, a->allowed, a->highatomic);

	/* Before the release, the request had fewer choices. */
	if (a->zone >= 0 || !(rq->gfp & __GFP_DIRECT_RECLAIM))
		KUNIT_ASSERT_TRUE_MSG(test, a->may & BIT(zone),
				      "zone %d, and not of 0x%x, for gfp 0x%x of order %u",
				      zone, a->may, (__force u32)rq->gfp,
				      rq->order);
	else
		KUNIT_ASSERT_TRUE(test, a->unsure || r->m.cached);
	if (r->m.cached || a->zone < 0) {
		count_block(r, zone, -1, rq);
		if (!r->m.cached)
			zoned_learn_numa(r);
		return;
	}
	KUNIT_ASSERT_EQ(test, zone, a->zone);
	if (a->index != UMBRA_NO_FRAME)
		KUNIT_ASSERT_EQ(test, umbra_page_to_index(r->m.u, page),
				a->index);
	count_block(r, zone, a->preferred, rq);
}

void zoned_alloc(struct run *r)
{
	umbra_nodemask_t mask;
	struct model_request rq = pick_request(r, &mask);
	struct model_answer a;
	struct page *page;

	if (zoned_model_is_bad(&r->m, rq.gfp)) {
		KUNIT_ASSERT_NULL(r->test, request(r, &rq));
		r->nr_reports++;
		return;
	}
	a = zoned_model_ask(&r->m, &rq);
	page = request(r, &rq);
	if (page)
		check_page(r, &rq, &a, page);
	else
		check_failure(r, &rq, &a);
}

void zoned_alloc_bulk(struct run *r)
{
	umbra_nodemask_t mask;
	struct model_request rq = pick_request(r, &mask);
	struct page *pages[MAX_BULK] = {};
	unsigned long nr = 1 + pick(r, MAX_BULK), got, i;
	struct model_answer a;

	if (rq.nolock || zoned_model_is_bad(&r->m, rq.gfp))
		return;
	rq.order = 0;
	a = zoned_model_ask(&r->m, &rq);
	got = umbra_alloc_pages_bulk(r->m.u, rq.gfp, rq.nid, rq.mask, nr,
				     pages);
	KUNIT_ASSERT_LE(r->test, got, nr);
	if (!got)
		check_failure(r, &rq, &a);
	if (!r->m.cached && got) {
		KUNIT_ASSERT_EQ(r->test, got, 1);
		check_page(r, &rq, &a, pages[0]);
		return;
	}
	for (i = 0; i < got; i++)
		count_block(r, check_block(r, &rq, pages[i], a.allowed,
					   a.highatomic), -1, &rq);
}
