// SPDX-License-Identifier: GPL-2.0
/*
 * Trace events of decisions: what is taken off free lists, whether a zone is
 * compacted, whether a request tries again, and what kswapd, kcompactd and
 * shrinkers do. They have the arguments of the host's events.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/swap.h>
#include <linux/wait.h>
#include "../src/api/instance.h"
#include "../src/buddy/watermark.h"
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/move/compact.h"
#include "../src/move/compact_hints.h"
#include "../src/move/kcompactd.h"
#include "../src/move/lru.h"
#include "../src/move/movable.h"
#include "../src/move/shrink.h"
#include "../src/pressure/kswapd.h"
#include "../src/pressure/kswapd_node.h"
#include "../src/pressure/slowpath.h"
#include "mover.h"
#include "watch.h"

#define PB 512			/* pages of a pageblock */
#define PAGES (2 * TEST_BLOCK)
#define NORMAL UMBRA_ZONE_NORMAL

static void on_zone_locked(void *w, unsigned long pfn, unsigned int order,
			   int type, int percpu_refill)
{
	umbra_test_note(w, "zone_locked", 4, (long)pfn, (long)order, (long)type,
			(long)percpu_refill);
}

static void on_suitable(void *w, int nid, int idx, int order, int ret)
{
	umbra_test_note(w, "suitable", 4, (long)nid, (long)idx, (long)order,
			(long)ret);
}

static void on_finished(void *w, int nid, int idx, int order, int ret)
{
	umbra_test_note(w, "finished", 4, (long)nid, (long)idx, (long)order,
			(long)ret);
}

static void note_deferral(struct watch *w, const char *name, int nid, int idx,
			  int order, unsigned int considered,
			  unsigned int defer_shift, int order_failed)
{
	umbra_test_note(w, name, 6, (long)nid, (long)idx, (long)order,
			(long)considered, (long)defer_shift,
			(long)order_failed);
}

static void on_deferred(void *w, int nid, int idx, int order,
			unsigned int considered, unsigned int defer_shift,
			int order_failed)
{
	note_deferral(w, "deferred", nid, idx, order, considered, defer_shift,
		      order_failed);
}

static void on_defer(void *w, int nid, int idx, int order,
		     unsigned int considered, unsigned int defer_shift,
		     int order_failed)
{
	note_deferral(w, "defer_compaction", nid, idx, order, considered,
		      defer_shift, order_failed);
}

static void on_defer_reset(void *w, int nid, int idx, int order,
			   unsigned int considered, unsigned int defer_shift,
			   int order_failed)
{
	note_deferral(w, "defer_reset", nid, idx, order, considered,
		      defer_shift, order_failed);
}

static void on_try(void *w, int order, gfp_t gfp, int prio)
{
	umbra_test_note(w, "try_to_compact_pages", 3, (long)order,
			(__force long)gfp, (long)prio);
}

static void on_migratepages(void *w, unsigned long migrated,
			    unsigned long failed)
{
	umbra_test_note(w, "migratepages", 2, (long)migrated, (long)failed);
}

static void on_kcompactd_sleep(void *w, int nid)
{
	umbra_test_note(w, "kcompactd_sleep", 1, (long)nid);
}

static void on_kcompactd_wake(void *w, int nid, int order, int highest)
{
	umbra_test_note(w, "kcompactd_wake", 3, (long)nid, (long)order,
			(long)highest);
}

static void on_wakeup_kcompactd(void *w, int nid, int order, int highest)
{
	umbra_test_note(w, "wakeup_kcompactd", 3, (long)nid, (long)order,
			(long)highest);
}

static void on_retry_zone(void *w, int node, int zone_idx, int order,
			  unsigned long reclaimable, unsigned long available,
			  unsigned long min_wmark, int no_progress_loops,
			  bool wmark_check)
{
	umbra_test_note(w, "reclaim_retry_zone", 8, (long)node, (long)zone_idx,
			(long)order, (long)reclaimable, (long)available,
			(long)min_wmark, (long)no_progress_loops,
			(long)wmark_check);
}

static void on_compact_retry(void *w, int order, int priority, int result,
			     int retries, int max_retries, bool ret)
{
	umbra_test_note(w, "compact_retry", 6, (long)order, (long)priority,
			(long)result, (long)retries, (long)max_retries,
			(long)ret);
}

static void on_balance_begin(void *w, int nid, int order, int highest)
{
	umbra_test_note(w, "balance_pgdat_begin", 3, (long)nid, (long)order,
			(long)highest);
}

static void on_balance_end(void *w, int nid, int order, int highest,
			   unsigned long nr_reclaimed)
{
	umbra_test_note(w, "balance_pgdat_end", 4, (long)nid, (long)order,
			(long)highest, (long)nr_reclaimed);
}

static void on_reclaim_fail(void *w, int nid, int failures)
{
	umbra_test_note(w, "kswapd_reclaim_fail", 2, (long)nid, (long)failures);
}

static void on_throttled(void *w, int nid, int usec_timeout, int usec_delayed,
			 int reason)
{
	umbra_test_note(w, "throttled", 4, (long)nid, (long)usec_timeout,
			(long)usec_delayed, (long)reason);
}

static void on_shrink_start(void *w, void *shr, void *shrink, int nid,
			    long nr_objects_to_shrink, gfp_t gfp,
			    unsigned long cache_items, unsigned long long delta,
			    unsigned long total_scan, int priority)
{
	umbra_test_note(w, "shrink_slab_start", 9, (long)shr, (long)shrink,
			(long)nid, nr_objects_to_shrink, (__force long)gfp,
			(long)cache_items, (long)delta, (long)total_scan,
			(long)priority);
}

static void on_shrink_end(void *w, void *shr, void *shrink, int nid, int retval,
			  long unused_scan, long new_scan, long total_scan)
{
	umbra_test_note(w, "shrink_slab_end", 7, (long)shr, (long)shrink,
			(long)nid, (long)retval, unused_scan, new_scan,
			total_scan);
}

static struct probe list_probes[] = {
	{ "umbra_page_alloc_zone_locked", on_zone_locked },
	{}
};

static struct probe compact_probes[] = {
	{ "umbra_compaction_suitable", on_suitable },
	{ "umbra_compaction_finished", on_finished },
	{ "umbra_compaction_deferred", on_deferred },
	{ "umbra_compaction_defer_compaction", on_defer },
	{ "umbra_compaction_defer_reset", on_defer_reset },
	{ "umbra_compaction_try_to_compact_pages", on_try },
	{ "umbra_compaction_migratepages", on_migratepages },
	{}
};

static struct probe kcompactd_probes[] = {
	{ "umbra_compaction_kcompactd_sleep", on_kcompactd_sleep },
	{ "umbra_compaction_kcompactd_wake", on_kcompactd_wake },
	{ "umbra_compaction_wakeup_kcompactd", on_wakeup_kcompactd },
	{}
};

static struct probe retry_probes[] = {
	{ "umbra_reclaim_retry_zone", on_retry_zone },
	{ "umbra_compact_retry", on_compact_retry },
	{}
};

static struct probe kswapd_probes[] = {
	{ "umbra_balance_pgdat_begin", on_balance_begin },
	{ "umbra_balance_pgdat_end", on_balance_end },
	{ "umbra_kswapd_reclaim_fail", on_reclaim_fail },
	{}
};

static struct probe reclaim_probes[] = {
	{ "umbra_throttled", on_throttled },
	{ "umbra_shrink_slab_start", on_shrink_start },
	{ "umbra_shrink_slab_end", on_shrink_end },
	{}
};

static long pfn_of(struct umbra *u, const struct page *page)
{
	return umbra_index_to_pfn(u, umbra_page_to_index(u, page));
}

/*
 * As from __rmqueue_smallest(): a claim of a whole pageblock has no event, and
 * orders that no cache has are no refill.
 */
static void blocks_of_the_own_list_are_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct watch *w = umbra_test_watch(test, list_probes);
	struct page *claimed = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	struct page *single = umbra_test_alloc(test, u, GFP_KERNEL, 0);
	struct page *large = umbra_test_alloc(test, u, GFP_KERNEL, 4);
	struct page *other = umbra_test_alloc(test, u, GFP_HIGHUSER_MOVABLE, 3);

	umbra_test_unwatch(w, list_probes);
	{
		const struct event events[] = {
			{ "zone_locked", { pfn_of(u, single), 0,
					   UMBRA_UNMOVABLE, 1 } },
			{ "zone_locked", { pfn_of(u, large), 4,
					   UMBRA_UNMOVABLE, 0 } },
			{ "zone_locked", { pfn_of(u, other), 3, UMBRA_MOVABLE,
					   1 } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_free_page(u, claimed);
	umbra_free_page(u, single);
	umbra_free_pages(u, large, 4);
	umbra_free_pages(u, other, 3);
}

/* Three blocks of order 8 are free. */
static enum layout_kind three_halves(u32 index)
{
	return index < 3 * PB && index % PB < PB / 2 ? LAYOUT_FREE :
						       LAYOUT_UNMOVABLE;
}

/*
 * The index of fragmentation for order 9 is 1000 - (1000 + 768000 / 512) / 3, so
 * below the threshold of 500.
 */
static void the_suitability_of_a_zone_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, compact_probes);

	umbra_test_lay_out(test, m, three_halves);
	umbra_compact_zone_suitable(u->zones, 2, 0, NORMAL);
	umbra_compact_zone_suitable(u->zones, 9, 0, NORMAL);
	umbra_compact_zone_suitable(u->zones, 9, PAGES, NORMAL);
	umbra_test_unwatch(w, compact_probes);
	{
		const struct event events[] = {
			{ "suitable", { 0, NORMAL, 2,
					UMBRA_COMPACT_CONTINUE } },
			{ "suitable", { 0, NORMAL, 9,
					UMBRA_COMPACT_NOT_SUITABLE_ZONE } },
			{ "suitable", { 0, NORMAL, 9, UMBRA_COMPACT_SKIPPED } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_test_empty(u);
}

/*
 * The 32 pages of the first pageblock are moved, and the request gets the
 * pageblock. It was considered once.
 */
static void compaction_for_a_request_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, compact_probes);
	struct umbra_request rq;

	umbra_test_lay_out(test, m, umbra_test_sparse_and_stripes);
	umbra_test_request(test, u, &rq, GFP_KERNEL, TEST_PB_ORDER);
	w->nr = 0;
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_LIGHT);
	/* A page with defrag_mode: compaction is for a pageblock. */
	rq.order = 0;
	rq.flags |= ALLOC_DEFRAG | ALLOC_NOFRAGMENT;
	umbra_test_compact(u, &rq, UMBRA_COMPACT_PRIO_ASYNC);
	umbra_test_unwatch(w, compact_probes);
	{
		const int order = TEST_PB_ORDER;
		const struct event events[] = {
			{ "try_to_compact_pages", { order, (__force long)rq.gfp,
						    1 } },
			{ "suitable", { 0, NORMAL, order,
					UMBRA_COMPACT_CONTINUE } },
			{ "finished", { 0, NORMAL, order,
					UMBRA_COMPACT_NO_SUITABLE_PAGE } },
			{ "migratepages", { 32, 0 } },
			{ "defer_reset", { 0, NORMAL, order, 1, 0,
					   order + 1 } },
			{ "try_to_compact_pages", { order, (__force long)rq.gfp,
						    2 } },
			{ "defer_reset", { 0, NORMAL, order, 1, 0,
					   order + 1 } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_test_empty(u);
}

/* A failure defers the next attempts; a block of the order ends that. */
static void deferral_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct watch *w = umbra_test_watch(test, compact_probes);
	const struct event events[] = {
		{ "defer_compaction", { 0, NORMAL, 4, 0, 1, 4 } },
		{ "deferred", { 0, NORMAL, 4, 1, 1, 4 } },
		{ "defer_reset", { 0, NORMAL, 4, 2, 1, 5 } },
		{ "defer_reset", { 0, NORMAL, 6, 0, 0, 7 } },
	};

	/* A zone that never failed defers nothing from this order on. */
	u->zones->compact.order_failed = 5;
	umbra_compact_defer(u->zones, 4);
	KUNIT_EXPECT_TRUE(test, umbra_compact_is_deferred(u->zones, 4));
	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(u->zones, 4));
	KUNIT_EXPECT_FALSE(test, umbra_compact_is_deferred(u->zones, 3));
	umbra_compact_expect(u->zones, 4);
	umbra_compact_worked(u->zones, 6);
	umbra_test_unwatch(w, compact_probes);
	umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
}

static struct umbra *background(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 64 * (PAGE_SIZE >> 10),
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);

	umbra_compact_set_proactiveness(u, 0);
	umbra_compact_stop(u);
	return u;
}

static void kcompactd_is_traced(struct kunit *test)
{
	struct umbra *u = background(test);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, kcompactd_probes);
	const struct event events[] = {
		{ "wakeup_kcompactd", { 0, 8, NORMAL } },
		{ "kcompactd_wake", { 0, 8, NORMAL } },
		{ "kcompactd_sleep", { 0 } },
		{ "wakeup_kcompactd", { 0, -1, UMBRA_ZONE_MOVABLE } },
	};

	umbra_test_lay_out(test, m, umbra_test_quarter);
	w->nr = 0;
	w->task = NULL;
	umbra_compact_wake(u, 0, 0, NORMAL);
	umbra_compact_wake(u, 0, 8, UMBRA_ZONE_DMA);
	umbra_compact_wake(u, 0, 8, NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(umbra_test_nr_events(w,
								     "kcompactd_sleep")));
	umbra_compact_stop(u);
	w->task = current;
	umbra_compact_set_proactiveness(u, 1);
	umbra_compact_stop(u);
	umbra_test_unwatch(w, kcompactd_probes);
	umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	umbra_test_empty(u);
}

static bool kswapd_sleeps(struct umbra *u)
{
	return wq_has_sleeper(&u->nodes[0].kswapd->wait);
}

/* A round without anything to reclaim fails. */
static void a_round_of_kswapd_is_traced(struct kunit *test)
{
	struct umbra *u = background(test);
	struct watch *w = umbra_test_watch(test, kswapd_probes);
	const struct event events[] = {
		{ "balance_pgdat_begin", { 0, 0, NORMAL } },
		{ "kswapd_reclaim_fail", { 0, 1 } },
		{ "balance_pgdat_end", { 0, 0, NORMAL, 0 } },
	};
	LIST_HEAD(hoard);

	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(kswapd_sleeps(u)));
	umbra_test_take_all(u, 0, __GFP_NOMEMALLOC, 0, &hoard);
	w->nr = 0;
	w->task = NULL;
	umbra_kswapd_wake(u->zones, GFP_KERNEL, 0, NORMAL);
	KUNIT_EXPECT_TRUE(test, TEST_WAIT_UNTIL(umbra_test_nr_events(w,
								     "balance_pgdat_end")));
	w->task = current;
	umbra_test_unwatch(w, kswapd_probes);
	if (w->nr > ARRAY_SIZE(events))
		w->nr = ARRAY_SIZE(events);
	umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	umbra_test_give_all(u, &hoard);
	umbra_background_stop(u);
}

static unsigned long claim_progress(struct umbra *u,
				    const struct umbra_request *rq)
{
	return SWAP_CLUSTER_MAX;
}

static enum umbra_compact_result
fail_to_compact(struct umbra *u, const struct umbra_request *rq,
		enum umbra_compact_priority priority, u32 *index)
{
	return UMBRA_COMPACT_COMPLETE;
}

static unsigned long seven(const struct umbra_zone *zone)
{
	return 7;
}

/* should_reclaim_retry() and should_compact_retry() tell what they compare. */
static void retries_are_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct watch *w = umbra_test_watch(test, retry_probes);
	struct umbra_slow_ops ops = umbra_slow_ops;
	LIST_HEAD(hoard);
	long mark;

	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &hoard);
	mark = umbra_mark(u->zones, UMBRA_WMARK_MIN);
	ops.reclaim = claim_progress;
	ops.compact = fail_to_compact;
	ops.reclaimable = seven;
	u->slow_ops = &ops;
	w->nr = 0;
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN,
						  2));
	u->slow_ops = &umbra_slow_ops;
	umbra_test_unwatch(w, retry_probes);
	{
		const struct event events[] = {
			{ "reclaim_retry_zone", { 0, NORMAL, 2, 7, 7, mark, 0,
						  0 } },
			{ "compact_retry", { 2, 1, 1, 0, 16, 1 } },
			{ "reclaim_retry_zone", { 0, NORMAL, 2, 7, 7, mark, 0,
						  0 } },
			{ "compact_retry", { 2, 0, 1, 0, 16, 0 } },
		};

		umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	}
	umbra_test_give_all(u, &hoard);
}

static unsigned long count_thousand(struct umbra_shrinker *shrinker,
				    struct umbra_shrink_control *sc)
{
	return 1000;
}

static unsigned long free_three(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc)
{
	return 3;
}

/*
 * Of 1000 objects, (1000 >> 2) * 4 / 2 are the share of priority 2: three calls
 * of 128, and the rest is kept for the next pass.
 */
static void shrinkers_are_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct watch *w = umbra_test_watch(test, reclaim_probes);
	struct umbra_shrinker s = {
		.count = count_thousand,
		.scan = free_three,
		.seeks = UMBRA_DEFAULT_SEEKS,
	};
	struct umbra_scan scan = { .gfp = GFP_NOFS, .priority = 2 };
	const long gfp = (__force long)GFP_NOFS;
	const struct event events[] = {
		{ "shrink_slab_start", { (long)&s, (long)free_three, 0, 0, gfp,
					 1000, 500, 500, 2 } },
		{ "shrink_slab_end", { (long)&s, (long)free_three, 0, 9, 0, 116,
				       116 } },
		{ "shrink_slab_start", { (long)&s, (long)free_three, 0, 116,
					 gfp, 1000, 500, 529, 2 } },
		{ "shrink_slab_end", { (long)&s, (long)free_three, 0, 12, 116,
				       104, 17 } },
	};

	umbra_register_shrinker(u, &s);
	umbra_shrink_node(u, u->nodes, &scan);
	umbra_shrink_node(u, u->nodes, &scan);
	umbra_unregister_shrinker(u, &s);
	umbra_test_unwatch(w, reclaim_probes);
	umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
}

static void a_wait_for_isolated_pages_is_traced(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct mover *m = umbra_test_mover(test, u);
	struct watch *w = umbra_test_watch(test, reclaim_probes);
	struct umbra_lru_seen seen = {};
	struct umbra_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = UMBRA_ZONE_MOVABLE,
		.nr_to_reclaim = 1,
		.priority = UMBRA_SCAN_PRIORITY,
	};
	const long usecs = jiffies_to_usecs(max(HZ / 50, 1));
	const struct event events[] = {
		{ "throttled", { 0, usecs, usecs, 1 } },
	};
	u32 frames[10], i;

	for (i = 0; i < 20; i++) {
		struct page *page = umbra_test_alloc(test, u, GFP_KERNEL, 0);

		umbra_test_mover_add(test, m, page, 0);
		KUNIT_ASSERT_EQ(test, umbra_lru_add(u, page), 0);
	}
	KUNIT_ASSERT_EQ(test, umbra_lru_isolate(u, u->nodes,
						UMBRA_ZONE_MOVABLE, frames, 10,
						&seen), 10);
	umbra_shrink_node(u, u->nodes, &scan);
	umbra_test_unwatch(w, reclaim_probes);
	umbra_test_expect_events(test, w, events, ARRAY_SIZE(events));
	for (i = 0; i < 10; i++)
		umbra_movable_putback(u, frames[i]);
	umbra_test_empty(u);
}

static struct kunit_case trace_decision_cases[] = {
	KUNIT_CASE(blocks_of_the_own_list_are_traced),
	KUNIT_CASE(the_suitability_of_a_zone_is_traced),
	KUNIT_CASE(compaction_for_a_request_is_traced),
	KUNIT_CASE(deferral_is_traced),
	KUNIT_CASE(kcompactd_is_traced),
	KUNIT_CASE(a_round_of_kswapd_is_traced),
	KUNIT_CASE(retries_are_traced),
	KUNIT_CASE(shrinkers_are_traced),
	KUNIT_CASE(a_wait_for_isolated_pages_is_traced),
	{}
};

static struct kunit_suite trace_decision_suite = {
	.name = "umbra_trace_decision",
	.test_cases = trace_decision_cases,
};

kunit_test_suite(trace_decision_suite);
