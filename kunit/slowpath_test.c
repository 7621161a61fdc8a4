// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path, edge by edge: reclaim, compaction and OOM come to what a
 * script says, and the test counts who was asked how often, and what came of it.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/move/compact.h"
#include "../src/page/take.h"
#include "../src/pressure/slowpath.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define FOREVER 1000000
#define PROGRESS 32

/* What a part of the slow path comes to. */
struct outcome {
	unsigned int frees_at;	/* the call that frees a block; 0: none does */
	unsigned int says_so;	/* calls that claim progress; beginning with 1 */
};

struct calls {
	unsigned int wake;
	unsigned int reclaim;
	unsigned int compact[3];	/* by priority */
	unsigned int oom;
	unsigned int wait;
};

struct slow_case {
	const char *desc;
	gfp_t gfp;
	unsigned int order;
	struct outcome reclaim;
	enum umbra_compact_result compacts_to;
	unsigned int compact_frees_at;
	bool captures;
	unsigned int suitable;	/* calls that say so */
	unsigned long reclaimable;
	struct outcome oom;
	unsigned int wait_frees_at;
	bool memalloc;
	bool killed;
	struct calls calls;
	bool succeeds;
};

#define ASYNC UMBRA_COMPACT_PRIO_ASYNC
#define LIGHT UMBRA_COMPACT_PRIO_LIGHT
#define FULL UMBRA_COMPACT_PRIO_FULL

/*
 * Unless a case says otherwise nothing is reclaimed, compaction is skipped, and
 * nobody is killed.
 */
static const struct slow_case cases[] = {
	/* no direct reclaim */
	{ .desc = "slowpath: atomic wakes kswapd and fails",
	  .gfp = GFP_ATOMIC, .calls = { .wake = 1 } },
	{ .desc = "slowpath: nowait wakes kswapd and fails",
	  .gfp = GFP_NOWAIT, .calls = { .wake = 1 } },
	{ .desc = "slowpath: without kswapd nobody is asked",
	  .gfp = __GFP_HIGH },
	{ .desc = "slowpath: atomic of a high order compacts nothing",
	  .gfp = GFP_ATOMIC, .order = 3, .calls = { .wake = 1 } },
	{ .desc = "slowpath: who reclaims does not reclaim again",
	  .gfp = GFP_KERNEL, .memalloc = true, .calls = { .wake = 1 } },
	{ .desc = "slowpath: who reclaims does not compact",
	  .gfp = GFP_KERNEL, .order = 4, .memalloc = true,
	  .calls = { .wake = 1 } },

	/* reclaim */
	{ .desc = "reclaim in vain, nothing reclaimable: oom",
	  .gfp = GFP_KERNEL,
	  .calls = { .wake = 1, .reclaim = 1, .oom = 1 } },
	{ .desc = "reclaim in vain is tried 16 times again",
	  .gfp = GFP_KERNEL, .reclaimable = PAGES,
	  .calls = { .wake = 17, .reclaim = 17, .oom = 1 } },
	{ .desc = "reclaim that frees ends it",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 1 },
	  .calls = { .wake = 1, .reclaim = 1 }, .succeeds = true },
	{ .desc = "reclaim that frees at last ends it",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 17 },
	  .reclaimable = PAGES, .calls = { .wake = 17, .reclaim = 17 },
	  .succeeds = true },
	{ .desc = "reclaim that frees too late is not waited for",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 18 },
	  .reclaimable = PAGES,
	  .calls = { .wake = 17, .reclaim = 17, .oom = 1 } },
	{ .desc = "reclaim that progresses starts the count anew",
	  .gfp = GFP_KERNEL, .reclaim = { .says_so = 20 },
	  .reclaimable = PAGES,
	  .calls = { .wake = 37, .reclaim = 37, .oom = 1 } },
	{ .desc = "reclaim for nofs", .gfp = GFP_NOFS,
	  .calls = { .wake = 1, .reclaim = 1, .oom = 1 } },
	{ .desc = "noretry reclaims once",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .reclaimable = PAGES,
	  .calls = { .wake = 1, .reclaim = 1 } },
	{ .desc = "noretry succeeds if reclaim frees",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .reclaim = { .frees_at = 1 },
	  .calls = { .wake = 1, .reclaim = 1 }, .succeeds = true },
	{ .desc = "retry_mayfail tries as often but kills nobody",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .reclaimable = PAGES,
	  .calls = { .wake = 17, .reclaim = 17 } },
	{ .desc = "oom is not for one node alone",
	  .gfp = GFP_KERNEL | __GFP_THISNODE,
	  .calls = { .wake = 1, .reclaim = 1 } },

	/* oom */
	{ .desc = "oom that frees ends it",
	  .gfp = GFP_KERNEL, .oom = { .frees_at = 2, .says_so = 2 },
	  .calls = { .wake = 3, .reclaim = 2, .oom = 2 }, .succeeds = true },
	{ .desc = "oom is tried as long as it progresses",
	  .gfp = GFP_KERNEL, .oom = { .says_so = 5 },
	  .calls = { .wake = 6, .reclaim = 6, .oom = 6 } },
	{ .desc = "oom gives reclaim all its retries again",
	  .gfp = GFP_KERNEL, .oom = { .says_so = 1 }, .reclaimable = PAGES,
	  .calls = { .wake = 34, .reclaim = 34, .oom = 2 } },

	/* compaction */
	{ .desc = "compact before reclaim for what is not movable",
	  .gfp = GFP_KERNEL, .order = 3,
	  .calls = { .wake = 2, .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 }, .oom = 1 } },
	{ .desc = "compact after reclaim for what is movable",
	  .gfp = GFP_HIGHUSER_MOVABLE, .order = 3,
	  .calls = { .wake = 1, .reclaim = 1, .compact = { [LIGHT] = 1 },
		     .oom = 1 } },
	{ .desc = "compact first gives the block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 1,
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 1, .compact = { [ASYNC] = 1 } },
	  .succeeds = true },
	{ .desc = "compact captures the block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 1,
	  .captures = true, .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 1, .compact = { [ASYNC] = 1 } },
	  .succeeds = true },
	{ .desc = "compact after reclaim gives the block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 2,
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 2, .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 } },
	  .succeeds = true },
	{ .desc = "compact harder as long as reclaim progresses",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .wake = 3, .reclaim = 2,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1, [FULL] = 1 },
		     .oom = 1 } },
	{ .desc = "compact that is deferred is tried harder too",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_DEFERRED,
	  .calls = { .wake = 3, .reclaim = 2,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1, [FULL] = 1 },
		     .oom = 1 } },
	{ .desc = "compact that works for others is tried 16 times again",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 35, .reclaim = 34,
		     .compact = { [ASYNC] = 1, [LIGHT] = 17, [FULL] = 17 },
		     .oom = 1 } },
	{ .desc = "compact that lacks room waits for reclaim to make some",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .suitable = 2,
	  .calls = { .wake = 4, .reclaim = 3,
		     .compact = { [ASYNC] = 1, [LIGHT] = 3 }, .oom = 1 } },
	{ .desc = "compact is not retried for one who was killed",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE, .killed = true,
	  .calls = { .wake = 2, .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 }, .oom = 1 } },
	{ .desc = "compact is not for noio",
	  .gfp = GFP_NOIO, .order = 3,
	  .calls = { .wake = 1, .reclaim = 1, .oom = 1 } },
	{ .desc = "compact for a costly order once, and kill nobody",
	  .gfp = GFP_KERNEL, .order = 5, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 2, .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 } } },
	{ .desc = "retry_mayfail compacts for a costly order 4 times again",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .order = 5,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .wake = 6, .reclaim = 5,
		     .compact = { [ASYNC] = 1, [LIGHT] = 5 } } },
	{ .desc = "retry_mayfail does not compact all out for a costly order",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .order = 5,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .wake = 2, .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 } } },
	{ .desc = "retry_mayfail of a costly order without compaction fails",
	  .gfp = GFP_NOIO | __GFP_RETRY_MAYFAIL, .order = 5,
	  .calls = { .wake = 1, .reclaim = 1 } },
	{ .desc = "noretry compacts for a high order lightly",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .order = 3,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .wake = 2, .reclaim = 1, .compact = { [ASYNC] = 2 } } },
	{ .desc = "noretry on one node does not reclaim for a costly order",
	  .gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_THISNODE, .order = 9,
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .wake = 1, .compact = { [ASYNC] = 1 } } },

	/* nofail */
	{ .desc = "nofail waits until there is memory",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .wait_frees_at = 3,
	  .calls = { .wake = 5, .reclaim = 4, .oom = 4, .wait = 3 },
	  .succeeds = true },
	{ .desc = "nofail of a costly order waits too",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .order = 5, .wait_frees_at = 1,
	  .calls = { .wake = 5, .reclaim = 2, .wait = 1,
		     .compact = { [ASYNC] = 2, [LIGHT] = 2 } },
	  .succeeds = true },
	{ .desc = "nofail and noretry waits without killing",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY,
	  .wait_frees_at = 2,
	  .calls = { .wake = 4, .reclaim = 3, .wait = 2 },
	  .succeeds = true },
	{ .desc = "nofail that cannot wait fails",
	  .gfp = GFP_NOWAIT | __GFP_NOFAIL, .calls = { .wake = 1 } },
	{ .desc = "nofail in reclaim waits for others",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .memalloc = true,
	  .wait_frees_at = 1, .calls = { .wake = 3, .wait = 1 },
	  .succeeds = true },
};

KUNIT_ARRAY_PARAM_DESC(slow, cases, desc);

/* A case while it runs. */
struct script {
	struct umbra_slow_ops ops;
	struct umbra *u;
	const struct slow_case *c;
	struct list_head hoard;	/* blocks of the order in question */
	struct calls calls;
	gfp_t gfp;		/* as the last callback saw it */
};

static struct script *script_of(struct umbra *u)
{
	return container_of(u->slow_ops, struct script, ops);
}

static void free_one(struct script *s)
{
	struct page *page = list_first_entry(&s->hoard, struct page, lru);

	list_del(&page->lru);
	umbra_free_pages(s->u, page, s->c->order);
}

/* Come to an outcome for the nth time; the pages claimed to be free. */
static unsigned long play(struct script *s, const struct outcome *outcome,
			  unsigned int n)
{
	if (n == outcome->frees_at) {
		free_one(s);
		return 1UL << s->c->order;
	}
	return n <= outcome->says_so ? PROGRESS : 0;
}

static void scripted_wake(struct umbra *u, const struct umbra_request *rq)
{
	script_of(u)->calls.wake++;
}

static unsigned long scripted_reclaim(struct umbra *u,
				      const struct umbra_request *rq)
{
	struct script *s = script_of(u);

	s->gfp = rq->gfp;
	return play(s, &s->c->reclaim, ++s->calls.reclaim);
}

static enum umbra_compact_result
scripted_compact(struct umbra *u, const struct umbra_request *rq,
		 enum umbra_compact_priority priority, u32 *index)
{
	struct script *s = script_of(u);
	unsigned int *n = s->calls.compact;

	n[priority]++;
	if (n[FULL] + n[LIGHT] + n[ASYNC] == s->c->compact_frees_at) {
		free_one(s);
		if (s->c->captures)
			*index = umbra_take(u, rq, NULL);
	}
	return s->c->compacts_to;
}

static bool scripted_suitable(struct umbra *u, const struct umbra_request *rq)
{
	const struct script *s = script_of(u);

	return s->calls.reclaim <= s->c->suitable;
}

static unsigned long scripted_reclaimable(const struct umbra_zone *zone)
{
	return script_of(zone->umbra)->c->reclaimable;
}

static bool scripted_oom(struct umbra *u, const struct umbra_request *rq)
{
	struct script *s = script_of(u);

	return play(s, &s->c->oom, ++s->calls.oom);
}

static void scripted_wait(struct umbra *u, int seen)
{
	struct script *s = script_of(u);

	if (++s->calls.wait == s->c->wait_frees_at)
		free_one(s);
}

static const struct umbra_slow_ops scripted_ops = {
	.wake_kswapd = scripted_wake,
	.reclaim = scripted_reclaim,
	.compact = scripted_compact,
	.compact_suitable = scripted_suitable,
	.reclaimable = scripted_reclaimable,
	.oom = scripted_oom,
	.wait = scripted_wait,
};

/* A script to play on an instance, all of which its first node has is taken. */
static struct script *script_create(struct kunit *test,
				    const struct slow_case *c, struct umbra *u)
{
	struct script *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	INIT_LIST_HEAD(&s->hoard);
	s->u = u;
	s->c = c;
	s->ops = scripted_ops;
	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_THISNODE, c->order,
			    &s->hoard);
	u->slow_ops = &s->ops;
	return s;
}

/* The same, of an instance with one node. */
static struct script *script_start(struct kunit *test,
				   const struct slow_case *c, struct umbra *u)
{
	struct script *s = script_create(test, c, u);

	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	return s;
}

/* Nothing is scripted any more; give all back, and what was asked for if any. */
static void script_end(struct script *s, struct page *page)
{
	s->u->slow_ops = &umbra_slow_ops;
	if (page)
		umbra_free_pages(s->u, page, s->c->order);
	umbra_test_give_all(s->u, &s->hoard);
}

/* Allocate as the case says, with the task in the state that it says. */
static struct page *script_alloc(struct script *s)
{
	const struct slow_case *c = s->c;
	unsigned int noreclaim = 0;
	struct page *page;

	if (c->memalloc)
		noreclaim = memalloc_noreclaim_save();
	if (c->killed) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_tsk_thread_flag(current, TIF_SIGPENDING);
	}
	page = umbra_alloc_pages(s->u, c->gfp | __GFP_NOWARN, c->order);
	if (c->killed) {
		sigdelset(&current->pending.signal, SIGKILL);
		clear_tsk_thread_flag(current, TIF_SIGPENDING);
	}
	if (c->memalloc)
		memalloc_noreclaim_restore(noreclaim);
	return page;
}

static void slowpath_calls_each_helper_as_often_as_expected(struct kunit *test)
{
	const struct slow_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct script *s = script_start(test, c, u);
	struct page *page = script_alloc(s);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, !!page, c->succeeds);
	KUNIT_EXPECT_EQ(test, s->calls.wake, c->calls.wake);
	KUNIT_EXPECT_EQ(test, s->calls.reclaim, c->calls.reclaim);
	for (i = 0; i < ARRAY_SIZE(c->calls.compact); i++)
		KUNIT_EXPECT_EQ_MSG(test, s->calls.compact[i],
				    c->calls.compact[i], "priority %u", i);
	KUNIT_EXPECT_EQ(test, s->calls.oom, c->calls.oom);
	KUNIT_EXPECT_EQ(test, s->calls.wait, c->calls.wait);
	script_end(s, page);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->wait.nr_waiting), 0);
}

static void reclaim_gets_the_flags_of_request_and_task(struct kunit *test)
{
	static const struct slow_case c = { .desc = "" };
	static const gfp_t gfps[] = { GFP_NOIO, GFP_NOFS, GFP_KERNEL };
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct script *s = script_start(test, &c, u);
	unsigned int nofs, i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		umbra_alloc_page(u, gfps[i] | __GFP_NOWARN);
		KUNIT_EXPECT_EQ(test, (__force u32)s->gfp,
				(__force u32)(gfps[i] | __GFP_NOWARN));
	}
	nofs = memalloc_nofs_save();
	umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
	memalloc_nofs_restore(nofs);
	KUNIT_EXPECT_EQ(test, (__force u32)s->gfp,
			(__force u32)(GFP_NOFS | __GFP_NOWARN));
	script_end(s, NULL);
}

static const struct umbra_zone_layout two_nodes[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES },
};

/* A node comes while the request is being told that there is nothing. */
static bool online_in_oom(struct umbra *u, const struct umbra_request *rq)
{
	script_of(u)->calls.oom++;
	umbra_set_node_online(u, 1, true);
	return false;
}

static void slowpath_restarts_when_a_node_comes_online(struct kunit *test)
{
	static const struct slow_case c = { .desc = "" };
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes, 2,
						 2 * PAGES);
	struct page *page;
	struct script *s;

	KUNIT_ASSERT_EQ(test, umbra_set_node_online(u, 1, false), 0);
	s = script_create(test, &c, u);
	s->ops.oom = online_in_oom;
	page = umbra_alloc_pages_node(u, 0, GFP_KERNEL | __GFP_NOWARN, 0);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, s->calls.oom, 1);
	KUNIT_EXPECT_EQ(test, s->calls.reclaim, 1);
	KUNIT_EXPECT_EQ(test, s->calls.wake, 2);
	if (page)
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	script_end(s, page);
}

/* The wall moves while the request is being told that there is nothing. */
static bool allow_in_oom(struct umbra *u, const struct umbra_request *rq)
{
	script_of(u)->calls.oom++;
	umbra_set_allowed_nodes(u, BIT(0) | BIT(1));
	return false;
}

static void slowpath_restarts_when_more_nodes_are_allowed(struct kunit *test)
{
	static const struct slow_case c = { .desc = "" };
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes, 2,
						 2 * PAGES);
	gfp_t gfp = GFP_KERNEL | __GFP_HARDWALL | __GFP_NOWARN;
	struct page *page;
	struct script *s;

	s = script_create(test, &c, u);
	s->ops.oom = allow_in_oom;
	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(0)), 0);
	page = umbra_alloc_pages_node(u, 0, gfp, 0);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, s->calls.oom, 1);
	script_end(s, page);
}

/* Pages go into the cache of this CPU, where no watermark sees them. */
static bool free_many_in_oom(struct umbra *u, const struct umbra_request *rq)
{
	struct script *s = script_of(u);
	unsigned int i;

	if (s->calls.oom++)
		return false;
	for (i = 0; i < 32; i++)
		free_one(s);
	return true;
}

static void pages_that_oom_frees_into_caches_are_found(struct kunit *test)
{
	static const struct slow_case c = { .desc = "" };
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 64,
		.pcp_high = 256,
		.min_free_kbytes = 8 * (PAGE_SIZE >> 10),
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct script *s = script_create(test, &c, u);
	struct page *page;

	umbra_test_one_cpu(test);
	umbra_drain_pages(u);
	s->ops.oom = free_many_in_oom;
	page = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_EQ(test, s->calls.oom, 1);
	script_end(s, page);
	umbra_drain_pages(u);
}

static struct kunit_case slowpath_cases[] = {
	KUNIT_CASE_PARAM(slowpath_calls_each_helper_as_often_as_expected,
			 slow_gen_params),
	KUNIT_CASE(reclaim_gets_the_flags_of_request_and_task),
	KUNIT_CASE(slowpath_restarts_when_a_node_comes_online),
	KUNIT_CASE(slowpath_restarts_when_more_nodes_are_allowed),
	KUNIT_CASE(pages_that_oom_frees_into_caches_are_found),
	{}
};

static struct kunit_suite slowpath_suite = {
	.name = "umbra_slowpath",
	.test_cases = slowpath_cases,
};

kunit_test_suite(slowpath_suite);
