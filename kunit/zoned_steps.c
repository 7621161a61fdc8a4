// SPDX-License-Identifier: GPL-2.0
/* The operations of a run, and the comparison of the instance with the model. */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/stats.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/pcp.h"
#include "zoned_run.h"

#define MAX_BULK 8

static int zone_of(struct run *r, u32 index)
{
	return zoned_model_zone_of(&r->m, index);
}

/* Remove a freed block from the list of owned blocks. */
static struct owned disown(struct run *r, u32 at)
{
	struct owned block = r->owned[at];
	struct model_zone *z = &r->m.zone[zone_of(r, block.index)];

	r->owned[at] = r->owned[--r->nr_owned];
	bitmap_clear(r->busy, block.index, 1U << block.order);
	z->owned -= 1UL << block.order;
	z->events[EVENT_PGFREE] += 1UL << block.order;
	return block;
}

static void free_one(struct run *r, u32 at)
{
	struct owned block = disown(r, at);

	KUNIT_ASSERT_EQ(r->test,
			umbra_free_pages_account(r->m.u, page_of(r, block.index),
						 block.order, NULL), 0);
}

static void do_free(struct run *r)
{
	if (r->nr_owned)
		free_one(r, pick(r, r->nr_owned));
}

static void do_free_bulk(struct run *r)
{
	struct page *pages[MAX_BULK];
	unsigned int nr = 0, tries = MAX_BULK;

	while (tries-- && r->nr_owned) {
		u32 at = pick(r, r->nr_owned);

		if (!r->owned[at].order)
			pages[nr++] = page_of(r, disown(r, at).index);
	}
	umbra_free_pages_bulk(r->m.u, pages, nr);
}

static void do_split(struct run *r)
{
	struct owned block;
	u32 at, i;

	if (!r->nr_owned)
		return;
	at = pick(r, r->nr_owned);
	block = r->owned[at];
	KUNIT_ASSERT_EQ(r->test,
			umbra_split_page(r->m.u, page_of(r, block.index),
					 block.order),
			block.comp ? -EINVAL : 0);
	if (block.comp)
		return;
	r->owned[at].order = 0;
	for (i = 1; i < 1U << block.order; i++)
		r->owned[r->nr_owned++] = (struct owned) { block.index + i };
}

/* A range of a few pageblocks or a part of one; sometimes across two zones. */
static void pick_range(struct run *r, u32 *start, u32 *end)
{
	*start = pick(r, r->m.nr_frames);
	*end = *start + 1 + pick(r, 3U << r->m.layout.pb_order);
	*end = min(*end, r->m.nr_frames);
	if (pick(r, 16))
		*end = min(*end, r->m.zone[zone_of(r, *start)].end);
}

/* A bitmap of the pageblocks of a range. */
static u32 touched(struct run *r, u32 start, u32 end)
{
	return pageblock_of(r, end - 1) - pageblock_of(r, start) + 1;
}

/* The required result of isolating a range. */
static int range_error(struct run *r, u32 start, u32 end)
{
	u32 block = pageblock_of(r, start), nr = touched(r, start, end);

	if (zone_of(r, start) != zone_of(r, end - 1))
		return -EINVAL;
	return find_next_bit(r->isolated, block + nr, block) < block + nr ?
	       -EBUSY : 0;
}

static unsigned long pfn_of(struct run *r, u32 index)
{
	return r->m.u->spans[0].base_pfn + index - r->m.u->spans[0].first;
}

/* At most a quarter of the instance is isolated at once. */
static void do_isolate(struct run *r)
{
	u32 nr = r->m.nr_frames >> r->m.layout.pb_order, start, end;
	int err;

	pick_range(r, &start, &end);
	if (bitmap_weight(r->isolated, nr) + touched(r, start, end) > nr / 4)
		return;
	err = range_error(r, start, end);
	KUNIT_ASSERT_EQ(r->test, umbra_isolate_range(r->m.u, pfn_of(r, start),
						     pfn_of(r, end)), err);
	if (!err)
		bitmap_set(r->isolated, pageblock_of(r, start),
			   touched(r, start, end));
}

static void do_unisolate(struct run *r)
{
	u32 start, end;
	int err;

	pick_range(r, &start, &end);
	err = range_error(r, start, end);
	KUNIT_ASSERT_EQ(r->test,
			umbra_unisolate_range(r->m.u, pfn_of(r, start),
					      pfn_of(r, end)),
			err == -EINVAL ? err : 0);
	if (err != -EINVAL)
		bitmap_clear(r->isolated, pageblock_of(r, start),
			     touched(r, start, end));
}

static void do_contig(struct run *r)
{
	gfp_t gfp = GFP_KERNEL | (pick(r, 2) ? __GFP_MOVABLE : 0);
	u32 start, end, i;
	int err;

	pick_range(r, &start, &end);
	if (pick(r, 2))
		end = min(end, start + 4);
	err = range_error(r, start, end);
	if (!err && find_next_bit(r->busy, end, start) < end)
		err = -EBUSY;
	KUNIT_ASSERT_EQ(r->test,
			umbra_alloc_contig_range(r->m.u, pfn_of(r, start),
						 pfn_of(r, end), gfp), err);
	if (err)
		return;
	for (i = start; i < end; i++)
		zoned_own(r, i, 0, false);
	zoned_count_pages(r, zone_of(r, start), gfp, end - start);
}

static void do_drain(struct run *r)
{
	unsigned int nid = pick(r, r->m.nr_nodes), i;
	unsigned int how = pick(r, 3);

	if (!how)
		umbra_drain_pages(r->m.u);
	else if (how == 1)
		umbra_drain_node(r->m.u, nid);
	else
		umbra_drain_cpu(r->m.u, r->cpu);
	for (i = 0; i < r->m.nr_zones; i++)
		if (!how || (how == 1 && r->m.zone[i].nid == nid))
			KUNIT_ASSERT_EQ(r->test,
					umbra_pcp_count(&r->m.u->zones[i], -1),
					0);
		else if (how == 2)
			KUNIT_ASSERT_EQ(r->test,
					umbra_pcp_count(&r->m.u->zones[i],
							r->cpu), 0);
}

/* Mostly, every node is online. */
static void do_online(struct run *r)
{
	unsigned int nid = pick(r, r->m.nr_nodes);
	bool online = pick(r, 3);
	umbra_nodemask_t nodes = online ? r->m.online | BIT(nid) :
					  r->m.online & ~BIT(nid);
	unsigned int i;

	KUNIT_ASSERT_EQ(r->test, umbra_set_node_online(r->m.u, nid, online),
			nodes ? 0 : -EBUSY);
	if (!nodes)
		return;
	/* Pages may have been freed to nodes that were already offline. */
	for (i = 0; i < r->m.nr_zones; i++)
		if (r->m.zone[i].nid == nid && r->m.online & ~nodes)
			KUNIT_ASSERT_EQ(r->test,
					umbra_pcp_count(&r->m.u->zones[i], -1),
					0);
	r->m.online = nodes;
	zoned_model_order(&r->m);
	zoned_check_order(r);
}

/* Half of the time every node is allowed. */
static void do_allow(struct run *r)
{
	umbra_nodemask_t nodes = pick(r, BIT(MODEL_NODES));
	bool any;

	if (pick(r, 2))
		nodes = UMBRA_ALL_NODES;
	any = nodes & (BIT(r->m.nr_nodes) - 1);
	KUNIT_ASSERT_EQ(r->test, umbra_set_allowed_nodes(r->m.u, nodes),
			any ? 0 : -EINVAL);
	if (any)
		r->m.allowed = nodes;
}

static void do_dirty(struct run *r)
{
	struct model_zone *z = &r->m.zone[pick(r, r->m.nr_zones)];
	long dirty = pick(r, 2) ? pick(r, (z->end - z->start) / 3) : 0;

	umbra_mod_dirty(r->m.u, page_of(r, z->start),
			dirty - r->m.dirty[z->nid]);
	r->m.dirty[z->nid] = dirty;
}

/* Continue on another CPU, or on the same. */
void zoned_change_cpu(struct run *r)
{
	unsigned int cpu = pick(r, nr_cpu_ids);

	if (!cpu_online(cpu))
		return;
	KUNIT_ASSERT_EQ(r->test,
			set_cpus_allowed_ptr(current, cpumask_of(cpu)), 0);
	r->cpu = cpu;
}

/* Do one random operation. */
void zoned_step(struct run *r)
{
	static const struct {
		unsigned int share;	/* weight, of 1024 */
		void (*fn)(struct run *r);
	} rare[] = {
		{ 40, zoned_alloc_bulk }, { 40, do_free_bulk }, { 8, do_split },
		{ 8, do_isolate }, { 16, do_unisolate }, { 12, do_contig },
		{ 8, do_drain }, { 4, do_online }, { 6, do_allow },
		{ 12, do_dirty }, { 16, zoned_change_cpu },
	};
	unsigned int dice = pick(r, 1024), i;

	for (i = 0; i < ARRAY_SIZE(rare); dice -= rare[i++].share) {
		if (dice < rare[i].share) {
			rare[i].fn(r);
			return;
		}
	}
	if (pick(r, 256) < r->chance)
		zoned_alloc(r);
	else
		do_free(r);
}

/* Free pages of a zone in isolated pageblocks. */
static unsigned long isolated_pages(struct run *r, const struct model_zone *z)
{
	unsigned long nr = 0;
	u32 i;

	for (i = z->start; i < z->end; i++)
		nr += !test_bit(i, r->busy) &&
		      test_bit(pageblock_of(r, i), r->isolated);
	return nr;
}

static void check_events(struct run *r, unsigned int i)
{
	static const enum umbra_event counted[] = {
		EVENT_PGALLOC, EVENT_PGFREE, EVENT_ACCOUNT, EVENT_NUMA_HIT,
		EVENT_NUMA_MISS, EVENT_NUMA_FOREIGN, EVENT_NUMA_LOCAL,
		EVENT_NUMA_OTHER,
	};
	unsigned long *want = r->m.zone[i].events;
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(counted); k++)
		KUNIT_ASSERT_EQ_MSG(r->test,
				    umbra_zone_events(&r->m.u->zones[i],
						      counted[k]),
				    want[counted[k]], "%s of zone %u",
				    umbra_event_name(counted[k]), i);
	KUNIT_ASSERT_EQ(r->test, want[EVENT_NUMA_HIT] + want[EVENT_NUMA_MISS],
			want[EVENT_NUMA_LOCAL] + want[EVENT_NUMA_OTHER]);
}

/* Compare the counters of the instance with the model. */
void zoned_check_counts(struct run *r)
{
	struct kunit *test = r->test;
	unsigned long failed = 0, missed = 0, foreign = 0;
	unsigned int i;

	if (r->m.cached)
		zoned_learn_numa(r);
	for (i = 0; i < r->m.nr_zones; i++) {
		struct umbra_zone *zone = &r->m.u->zones[i];
		struct model_zone *z = &r->m.zone[i];

		check_events(r, i);
		KUNIT_ASSERT_EQ(test, zone->nr_isolated, isolated_pages(r, z));
		KUNIT_ASSERT_EQ(test, zone->nr_free_pages + zone->nr_isolated +
				umbra_pcp_count(zone, -1) + z->owned,
				z->end - z->start);
		failed += umbra_zone_events(zone, EVENT_FAIL);
		missed += z->events[EVENT_NUMA_MISS];
		foreign += z->events[EVENT_NUMA_FOREIGN];
	}
	KUNIT_ASSERT_EQ(test, failed, r->fail_events);
	KUNIT_ASSERT_EQ(test, missed, foreign);
	KUNIT_ASSERT_EQ(test, umbra_test_nr_reports(r->m.u), r->nr_reports);
}

/* Check all invariants, and compare the counters. */
void zoned_judge(struct run *r)
{
	struct kunit *test = r->test;
	struct umbra_findings v;

	umbra_verify(r->m.u, &v);
	KUNIT_ASSERT_EQ_MSG(test, v.nr_findings, 0,
			    "first: %s at frame 0x%x: 0x%lx for 0x%lx",
			    umbra_finding_name(v.first[0].code),
			    v.first[0].index, v.first[0].found,
			    v.first[0].expected);
	KUNIT_ASSERT_TRUE(test, v.exact);
	zoned_check_counts(r);
}

/* Free everything, unisolate, and empty caches: every page must be free. */
void zoned_wind_up(struct run *r)
{
	unsigned int i;

	while (r->nr_owned)
		free_one(r, r->nr_owned - 1);
	zoned_judge(r);
	for (i = 0; i < r->m.nr_zones; i++)
		KUNIT_ASSERT_EQ(r->test,
				umbra_unisolate_range(r->m.u,
						      pfn_of(r, r->m.zone[i].start),
						      pfn_of(r, r->m.zone[i].end)),
				0);
	bitmap_zero(r->isolated, r->m.nr_frames);
	umbra_drain_pages(r->m.u);
	zoned_judge(r);
	for (i = 0; i < r->m.nr_zones; i++)
		KUNIT_EXPECT_EQ(r->test, r->m.u->zones[i].nr_free_pages,
				r->m.zone[i].end - r->m.zone[i].start);
}
