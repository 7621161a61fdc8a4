// SPDX-License-Identifier: GPL-2.0
/*
 * The arguments of trace events: what a person who watches an instance is told.
 * Only tracepoints of built-in code can be found; as a module, these tests are
 * skipped.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/move/compact.h"
#include "holder.h"
#include "mover.h"
#include "watch.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (2 * TEST_BLOCK)
static void on_alloc(void *w, unsigned long pfn, unsigned int order, gfp_t gfp,
		     int type)
{
	umbra_test_note(w, "page_alloc", 4, (long)pfn, (long)order,
			(__force long)gfp, (long)type);
}

static void on_free(void *w, unsigned long pfn, unsigned int order)
{
	umbra_test_note(w, "page_free", 2, (long)pfn, (long)order);
}

static void on_extfrag(void *w, unsigned long pfn, int alloc_order,
		       int fallback_order, int alloc_type, int fallback_type,
		       int pageblock_order_, int block_type)
{
	umbra_test_note(w, "extfrag", 7, (long)pfn, (long)alloc_order,
			(long)fallback_order, (long)alloc_type, (long)fallback_type,
	     (long)pageblock_order_, (long)block_type);
}

static void on_slow_begin(void *w, unsigned int order, gfp_t gfp, int nid)
{
	umbra_test_note(w, "slowpath_begin", 3, (long)order, (__force long)gfp, (long)nid);
}

static void on_slow_end(void *w, unsigned int order, unsigned long pfn,
			unsigned int steps)
{
	umbra_test_note(w, "slowpath_end", 2, (long)order, (long)pfn);
}

static void on_reclaim_begin(void *w, unsigned int order, gfp_t gfp)
{
	umbra_test_note(w, "direct_reclaim_begin", 2, (long)order, (__force long)gfp);
}

static void on_reclaim_end(void *w, unsigned long nr_reclaimed)
{
	umbra_test_note(w, "direct_reclaim_end", 1, (long)nr_reclaimed);
}

static void on_shrink(void *w, int nid, unsigned long nr_scanned,
		      unsigned long nr_reclaimed, int priority)
{
	umbra_test_note(w, "lru_shrink_inactive", 4, (long)nid, (long)nr_scanned,
			(long)nr_reclaimed, (long)priority);
}

static void on_compact_begin(void *w, unsigned long zone_start,
			     unsigned long migrate_pfn, unsigned long free_pfn,
			     unsigned long zone_end, bool sync)
{
	umbra_test_note(w, "compaction_begin", 5, (long)zone_start, (long)migrate_pfn,
			(long)free_pfn, (long)zone_end, (long)sync);
}

static void on_compact_end(void *w, unsigned long zone_start,
			   unsigned long migrate_pfn, unsigned long free_pfn,
			   unsigned long zone_end, bool sync, int status)
{
	umbra_test_note(w, "compaction_end", 6, (long)zone_start, (long)migrate_pfn,
			(long)free_pfn, (long)zone_end, (long)sync, (long)status);
}

static void on_isolate_source(void *w, unsigned long start, unsigned long end,
			      unsigned long nr_scanned, unsigned long nr_taken)
{
	umbra_test_note(w, "isolate_migratepages", 4, (long)start, (long)end,
			(long)nr_scanned, (long)nr_taken);
}

static void on_isolate_target(void *w, unsigned long start, unsigned long end,
			      unsigned long nr_scanned, unsigned long nr_taken)
{
	umbra_test_note(w, "isolate_freepages", 4, (long)start, (long)end,
			(long)nr_scanned, (long)nr_taken);
}

static void on_migrate(void *w, unsigned long succeeded, unsigned long failed,
		       int mode, int reason)
{
	umbra_test_note(w, "migrate_pages", 2, (long)succeeded, (long)failed);
}

static void on_kill(void *w, pid_t pid, long pages)
{
	umbra_test_note(w, "oom_kill", 2, (long)pid, pages);
}

static struct probe page_probes[] = {
	{ "umbra_page_alloc", on_alloc },
	{ "umbra_page_free", on_free },
	{ "umbra_page_alloc_extfrag", on_extfrag },
	{}
};

static struct probe reclaim_probes[] = {
	{ "umbra_slowpath_begin", on_slow_begin },
	{ "umbra_slowpath_end", on_slow_end },
	{ "umbra_direct_reclaim_begin", on_reclaim_begin },
	{ "umbra_direct_reclaim_end", on_reclaim_end },
	{ "umbra_lru_shrink_inactive", on_shrink },
	{}
};

static struct probe compact_probes[] = {
	{ "umbra_compaction_begin", on_compact_begin },
	{ "umbra_compaction_end", on_compact_end },
	{ "umbra_compaction_isolate_migratepages", on_isolate_source },
	{ "umbra_compaction_isolate_freepages", on_isolate_target },
	{ "umbra_migrate_pages", on_migrate },
	{}
};

static struct probe oom_probes[] = {
	{ "umbra_oom_kill", on_kill },
	{}
};

static long pfn_of(struct umbra *u, const struct page *page)
{
	return umbra_index_to_pfn(u, umbra_page_to_index(u, page));
}

/* The first block of another type comes out of a whole, free zone. */
static void allocation_fallback_and_free_are_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct watch *w = umbra_test_watch(test, page_probes);
	const gfp_t gfp = GFP_KERNEL;
	struct page *page;

	page = umbra_alloc_pages(u, gfp, 4);
	if (page)
		umbra_free_pages(u, page, 4);
	umbra_test_unwatch(w, page_probes);
	KUNIT_ASSERT_NOT_NULL(test, page);
	{
		const long pfn = pfn_of(u, page);
		const struct event events[] = {
			{ "extfrag", { pfn, 4, UMBRA_MAX_ORDER, UMBRA_UNMOVABLE,
				       UMBRA_MOVABLE, TEST_PB_ORDER,
				       UMBRA_UNMOVABLE } },
			{ "page_alloc", { pfn, 4, (__force long)gfp,
					  UMBRA_UNMOVABLE } },
			{ "page_free", { pfn, 4 } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
}

/*
 * One pageblock, of which pages 0 to 495 are movable and the rest is free: too
 * little for a claim, so that 8 pages of the block of 16 are stolen.
 */
static void a_steal_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PB);
	struct watch *w = umbra_test_watch(test, page_probes);
	struct page *page;

	KUNIT_ASSERT_EQ(test, umbra_alloc_contig_range(u, 0, PB - 16,
						       GFP_HIGHUSER_MOVABLE),
			0);
	w->nr = 0;
	page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_RECLAIMABLE, 3);
	umbra_test_unwatch(w, page_probes);
	KUNIT_ASSERT_NOT_NULL(test, page);
	{
		const long pfn = umbra_index_to_pfn(u, PB - 16);
		const gfp_t gfp = GFP_KERNEL | __GFP_RECLAIMABLE;
		const struct event events[] = {
			{ "extfrag", { pfn, 3, 4, UMBRA_RECLAIMABLE,
				       UMBRA_MOVABLE, TEST_PB_ORDER,
				       UMBRA_MOVABLE } },
			{ "page_alloc", { pfn, 3, (__force long)gfp,
					  UMBRA_RECLAIMABLE } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_free_pages(u, page, 3);
	umbra_free_contig_range(u, 0, PB - 16);
}

/*
 * 4 of the pages can be reclaimed: one at priority 2, one of the 3 left at
 * priority 1, and the rest at priority 0.
 */
static void each_pass_of_direct_reclaim_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, reclaim_probes);
	const gfp_t gfp = GFP_NOIO;
	struct page *page;
	LIST_HEAD(hoard);
	unsigned int i;

	m->gives = true;
	for (i = 0; i < 4; i++) {
		page = umbra_test_alloc(test, u, GFP_KERNEL, 0);
		umbra_test_mover_add(test, m, page, 0);
		umbra_lru_add(u, page);
	}
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	w->nr = 0;
	page = umbra_alloc_page(u, gfp);
	umbra_test_unwatch(w, reclaim_probes);
	KUNIT_ASSERT_NOT_NULL(test, page);
	{
		const struct event events[] = {
			{ "slowpath_begin", { 0, (__force long)gfp, 0 } },
			{ "direct_reclaim_begin", { 0, (__force long)gfp } },
			{ "lru_shrink_inactive", { 0, 1, 1, 2 } },
			{ "lru_shrink_inactive", { 0, 1, 1, 1 } },
			{ "lru_shrink_inactive", { 0, 2, 2, 0 } },
			{ "direct_reclaim_end", { 4 } },
			{ "slowpath_end", { 0, pfn_of(u, page) } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

static void each_step_of_compaction_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, compact_probes);
	const long base = umbra_index_to_pfn(u, 0), last = base + PAGES - PB;

	umbra_test_lay_out(test, m, umbra_test_sparse_and_stripes);
	w->nr = 0;
	umbra_compact(u);
	umbra_test_unwatch(w, compact_probes);
	{
		const struct event events[] = {
			{ "compaction_begin", { base, base, last, base + PAGES,
						true } },
			{ "isolate_migratepages", { base, base + 497, 497,
						    32 } },
			{ "isolate_freepages", { last, last + 64, 64, 32 } },
			{ "migrate_pages", { 32, 0 } },
			{ "isolate_migratepages", { base + 497, base + PB, 0,
						    0 } },
			{ "isolate_migratepages", { base + PB, base + 2 * PB,
						    PB, 0 } },
			{ "isolate_migratepages", { base + 2 * PB, last, PB,
						    0 } },
			{ "compaction_end", { base, last, last + 64,
					      base + PAGES, true,
					      UMBRA_COMPACT_COMPLETE } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_test_empty(u);
}

/* A request looks only where the one before it has not looked. */
static void compaction_that_continues_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, compact_probes);
	const long base = umbra_index_to_pfn(u, 0);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_sparse_and_stripes);
	u->zones->compact.cached_migrate[1] = PB;
	u->zones->compact.cached_free = 2 * PB;
	umbra_test_request(test, u, &rq, GFP_KERNEL, TEST_PB_ORDER);
	w->nr = 0;
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT);
	umbra_test_unwatch(w, compact_probes);
	{
		const struct event events[] = {
			{ "compaction_begin", { base, base + PB, base + 2 * PB,
						base + PAGES, true } },
			{ "isolate_migratepages", { base + PB, base + 2 * PB,
						    PB, 0 } },
			{ "compaction_end", { base, base + 2 * PB,
					      base + 2 * PB, base + PAGES, true,
					      UMBRA_COMPACT_PARTIAL_SKIPPED } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_test_empty(u);
}

static void a_kill_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct watch *w = umbra_test_watch(test, oom_probes);
	struct holder *h;
	struct page *page;
	LIST_HEAD(hoard);

	u->oom.policy = UMBRA_OOM_KILL;
	h = umbra_test_holder(test, u, TEST_BLOCK / 4, false);
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	page = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
	umbra_test_unwatch(w, oom_probes);
	KUNIT_EXPECT_NOT_NULL(test, page);
	{
		const struct event events[] = {
			{ "oom_kill", { task_tgid_nr(h->task),
					TEST_BLOCK / 4 } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	if (page)
		umbra_free_page(u, page);
	umbra_test_give_all(u, &hoard);
}

static struct kunit_case trace_cases[] = {
	KUNIT_CASE(a_kill_is_traced),
	KUNIT_CASE(allocation_fallback_and_free_are_traced),
	KUNIT_CASE(a_steal_is_traced),
	KUNIT_CASE(each_pass_of_direct_reclaim_is_traced),
	KUNIT_CASE(each_step_of_compaction_is_traced),
	KUNIT_CASE(compaction_that_continues_is_traced),
	{}
};

static struct kunit_suite trace_suite = {
	.name = "umbra_trace",
	.test_cases = trace_cases,
};

kunit_test_suite(trace_suite);
