// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path, step by step. A script decides the results of reclaim,
 * compaction and OOM. The tests check the result of the request, and how often
 * the slow path called each of them.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/core/stats.h"
#include "../src/move/compact.h"
#include "../src/page/take.h"
#include "../src/pressure/slowpath.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define FOREVER 1000000
#define PROGRESS 32

/* The results of one helper of the slow path. */
struct outcome {
	unsigned int frees_at;	/* call that frees a block, or 0 for none */
	unsigned int says_so;	/* last call that claims progress, or 0 */
};

struct calls {
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
	unsigned int suitable;	/* last call of reclaim that leads to yes */
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

/* By default nothing is reclaimed, moved or killed. */
static const struct slow_case cases[] = {
	/* no direct reclaim */
	{ .desc = "slowpath: atomic fails at once",
	  .gfp = GFP_ATOMIC },
	{ .desc = "slowpath: nowait fails at once",
	  .gfp = GFP_NOWAIT },
	{ .desc = "slowpath: high without kswapd fails at once",
	  .gfp = __GFP_HIGH },
	{ .desc = "slowpath: atomic of a high order does not compact",
	  .gfp = GFP_ATOMIC, .order = 3 },
	{ .desc = "slowpath: a memalloc task does not reclaim",
	  .gfp = GFP_KERNEL, .memalloc = true },
	{ .desc = "slowpath: a memalloc task does not compact",
	  .gfp = GFP_KERNEL, .order = 4, .memalloc = true },

	/* reclaim */
	{ .desc = "reclaim fails, nothing reclaimable: oom",
	  .gfp = GFP_KERNEL, .calls = { .reclaim = 1, .oom = 1 } },
	{ .desc = "reclaim that fails is tried 16 times again",
	  .gfp = GFP_KERNEL, .reclaimable = PAGES,
	  .calls = { .reclaim = 17, .oom = 1 } },
	{ .desc = "reclaim frees a block at once",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 1 },
	  .calls = { .reclaim = 1 }, .succeeds = true },
	{ .desc = "reclaim frees a block in the last try",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 17 },
	  .reclaimable = PAGES, .calls = { .reclaim = 17 },
	  .succeeds = true },
	{ .desc = "reclaim would free a block after the last try",
	  .gfp = GFP_KERNEL, .reclaim = { .frees_at = 18 },
	  .reclaimable = PAGES, .calls = { .reclaim = 17, .oom = 1 } },
	{ .desc = "reclaim progress restarts the count of tries",
	  .gfp = GFP_KERNEL, .reclaim = { .says_so = 20 },
	  .reclaimable = PAGES, .calls = { .reclaim = 37, .oom = 1 } },
	{ .desc = "reclaim for nofs", .gfp = GFP_NOFS,
	  .calls = { .reclaim = 1, .oom = 1 } },
	{ .desc = "noretry reclaims once",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .reclaimable = PAGES,
	  .calls = { .reclaim = 1 } },
	{ .desc = "noretry succeeds if reclaim frees",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .reclaim = { .frees_at = 1 },
	  .calls = { .reclaim = 1 }, .succeeds = true },
	{ .desc = "retry_mayfail tries as often but does not kill",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .reclaimable = PAGES,
	  .calls = { .reclaim = 17 } },
	{ .desc = "oom does not kill for a single node",
	  .gfp = GFP_KERNEL | __GFP_THISNODE,
	  .calls = { .reclaim = 1 } },

	/* oom */
	{ .desc = "oom frees a block in the second call",
	  .gfp = GFP_KERNEL, .oom = { .frees_at = 2, .says_so = 2 },
	  .calls = { .reclaim = 2, .oom = 2 }, .succeeds = true },
	{ .desc = "oom is called as long as it makes progress",
	  .gfp = GFP_KERNEL, .oom = { .says_so = 5 },
	  .calls = { .reclaim = 6, .oom = 6 } },
	{ .desc = "oom restarts the tries of reclaim",
	  .gfp = GFP_KERNEL, .oom = { .says_so = 1 }, .reclaimable = PAGES,
	  .calls = { .reclaim = 34, .oom = 2 } },

	/* compaction */
	{ .desc = "compact before reclaim for unmovable requests",
	  .gfp = GFP_KERNEL, .order = 3,
	  .calls = { .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 }, .oom = 1 } },
	{ .desc = "compact after reclaim for movable requests",
	  .gfp = GFP_HIGHUSER_MOVABLE, .order = 3,
	  .calls = { .reclaim = 1, .compact = { [LIGHT] = 1 }, .oom = 1 } },
	{ .desc = "compact before reclaim frees a block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 1,
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .compact = { [ASYNC] = 1 } }, .succeeds = true },
	{ .desc = "compact captures a block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 1,
	  .captures = true, .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .compact = { [ASYNC] = 1 } }, .succeeds = true },
	{ .desc = "compact after reclaim frees a block",
	  .gfp = GFP_KERNEL, .order = 3, .compact_frees_at = 2,
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 } },
	  .succeeds = true },
	{ .desc = "compact harder while reclaim makes progress",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .reclaim = 2,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1, [FULL] = 1 },
		     .oom = 1 } },
	{ .desc = "compact harder after a deferral too",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_DEFERRED,
	  .calls = { .reclaim = 2,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1, [FULL] = 1 },
		     .oom = 1 } },
	{ .desc = "compact that succeeds in vain is tried 16 times again",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .reclaim = 34,
		     .compact = { [ASYNC] = 1, [LIGHT] = 17, [FULL] = 17 },
		     .oom = 1 } },
	{ .desc = "compact without room waits for reclaim to make some",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .suitable = 2,
	  .calls = { .reclaim = 3,
		     .compact = { [ASYNC] = 1, [LIGHT] = 3 }, .oom = 1 } },
	{ .desc = "compact is not retried for a killed task",
	  .gfp = GFP_KERNEL, .order = 3, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE, .killed = true,
	  .calls = { .reclaim = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 1 }, .oom = 1 } },
	{ .desc = "compact does not run for noio",
	  .gfp = GFP_NOIO, .order = 3,
	  .calls = { .reclaim = 1, .oom = 1 } },
	{ .desc = "compact once for a costly order, without oom",
	  .gfp = GFP_KERNEL, .order = 5, .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .reclaim = 1, .compact = { [ASYNC] = 1, [LIGHT] = 1 } } },
	{ .desc = "retry_mayfail compacts for a costly order 4 times again",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .order = 5,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_SUCCESS,
	  .calls = { .reclaim = 5,
		     .compact = { [ASYNC] = 1, [LIGHT] = 5 } } },
	{ .desc = "retry_mayfail never compacts fully for a costly order",
	  .gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL, .order = 5,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .reclaim = 1, .compact = { [ASYNC] = 1, [LIGHT] = 1 } } },
	{ .desc = "retry_mayfail of a costly order without compaction fails",
	  .gfp = GFP_NOIO | __GFP_RETRY_MAYFAIL, .order = 5,
	  .calls = { .reclaim = 1 } },
	{ .desc = "noretry compacts for a high order lightly",
	  .gfp = GFP_KERNEL | __GFP_NORETRY, .order = 3,
	  .reclaim = { .says_so = FOREVER },
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .reclaim = 1, .compact = { [ASYNC] = 2 } } },
	{ .desc = "noretry on one node does not reclaim for a costly order",
	  .gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_THISNODE, .order = 9,
	  .compacts_to = UMBRA_COMPACT_COMPLETE,
	  .calls = { .compact = { [ASYNC] = 1 } } },

	/* nofail */
	{ .desc = "nofail waits until a block is free",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .wait_frees_at = 3,
	  .calls = { .reclaim = 4, .oom = 4, .wait = 3 }, .succeeds = true },
	{ .desc = "nofail of a costly order waits",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .order = 5, .wait_frees_at = 1,
	  .calls = { .reclaim = 2, .wait = 1,
		     .compact = { [ASYNC] = 1, [LIGHT] = 2 } },
	  .succeeds = true },
	{ .desc = "nofail with noretry waits without oom",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY,
	  .wait_frees_at = 2,
	  .calls = { .reclaim = 3, .wait = 2 }, .succeeds = true },
	{ .desc = "nofail without direct reclaim fails",
	  .gfp = GFP_NOWAIT | __GFP_NOFAIL },
	{ .desc = "nofail in a memalloc task waits",
	  .gfp = GFP_KERNEL | __GFP_NOFAIL, .memalloc = true,
	  .wait_frees_at = 1, .calls = { .wait = 1 },
	  .succeeds = true },
};

KUNIT_ARRAY_PARAM_DESC(slow, cases, desc);

/* A running case. */
struct script {
	struct umbra_slow_ops ops;
	struct umbra *u;
	const struct slow_case *c;
	struct list_head hoard;	/* allocated blocks of the order of the case */
	struct calls calls;
	gfp_t gfp;		/* of the last call of reclaim */
	unsigned long runs;	/* of kswapd, when the first reclaim ended */
	bool kswapd_ran;	/* since then */
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

/* Act on call @n of a helper. Returns the pages that the helper claims. */
static unsigned long play(struct script *s, const struct outcome *outcome,
			  unsigned int n)
{
	if (n == outcome->frees_at) {
		free_one(s);
		return 1UL << s->c->order;
	}
	return n <= outcome->says_so ? PROGRESS : 0;
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

static enum umbra_oom_result scripted_oom(struct umbra *u,
					  const struct umbra_request *rq)
{
	struct script *s = script_of(u);

	return play(s, &s->c->oom, ++s->calls.oom) ? UMBRA_OOM_PROGRESS :
						     UMBRA_OOM_NOTHING;
}

static void scripted_wait(struct umbra *u, int seen)
{
	struct script *s = script_of(u);

	if (++s->calls.wait == s->c->wait_frees_at)
		free_one(s);
}

static const struct umbra_slow_ops scripted_ops = {
	.reclaim = scripted_reclaim,
	.compact = scripted_compact,
	.compact_suitable = scripted_suitable,
	.reclaimable = scripted_reclaimable,
	.oom = scripted_oom,
	.wait = scripted_wait,
};

/* Create a script for an instance, and allocate all memory of node 0. */
static struct script *script_create(struct kunit *test,
				    const struct slow_case *c, struct umbra *u)
{
	struct script *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	INIT_LIST_HEAD(&s->hoard);
	s->u = u;
	s->c = c;
	s->ops = scripted_ops;
	s->ops.wake_kswapd = umbra_slow_ops.wake_kswapd;
	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_THISNODE, c->order,
			    &s->hoard);
	u->slow_ops = &s->ops;
	return s;
}

/* The same, for an instance with one node. */
static struct script *script_start(struct kunit *test,
				   const struct slow_case *c, struct umbra *u)
{
	struct script *s = script_create(test, c, u);

	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	return s;
}

/* End the script, and free @page and all other blocks. */
static void script_end(struct script *s, struct page *page)
{
	s->u->slow_ops = &umbra_slow_ops;
	if (page)
		umbra_free_pages(s->u, page, s->c->order);
	umbra_test_give_all(s->u, &s->hoard);
}

/* Allocate with the flags and the task state of the case. */
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

static unsigned long events(struct umbra *u, enum umbra_event event)
{
	return umbra_zone_events(u->zones, event);
}

static void slowpath_calls_each_helper_as_often_as_expected(struct kunit *test)
{
	const struct slow_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct script *s = script_start(test, c, u);
	unsigned long wakes = events(u, EVENT_KSWAPD_WAKE);
	struct page *page = script_alloc(s);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, !!page, c->succeeds);
	KUNIT_EXPECT_EQ(test, events(u, EVENT_KSWAPD_WAKE) > wakes,
			!!(c->gfp & __GFP_KSWAPD_RECLAIM));
	KUNIT_EXPECT_EQ(test, s->calls.reclaim, c->calls.reclaim);
	for (i = 0; i < ARRAY_SIZE(c->calls.compact); i++)
		KUNIT_EXPECT_EQ_MSG(test, s->calls.compact[i],
				    c->calls.compact[i], "priority %u", i);
	KUNIT_EXPECT_EQ(test, s->calls.oom, c->calls.oom);
	KUNIT_EXPECT_EQ(test, s->calls.wait, c->calls.wait);
	script_end(s, page);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->wait.nr_waiting), 0);
}

/*
 * The first reclaim waits until kswapd sleeps, and frees a page that is too
 * small for the request. The second one waits until kswapd runs again.
 */
static unsigned long reclaim_beside_kswapd(struct umbra *u,
					   const struct umbra_request *rq)
{
	struct script *s = script_of(u);

	if (s->calls.reclaim++) {
		s->kswapd_ran = TEST_WAIT_UNTIL(events(u, EVENT_PAGEOUTRUN) >
						s->runs);
		return 0;
	}
	TEST_WAIT_UNTIL(umbra_node_is_hopeless(u->nodes));
	schedule_timeout_uninterruptible(HZ / 2);
	free_one(s);
	schedule_timeout_uninterruptible(HZ / 2);
	s->runs = events(u, EVENT_PAGEOUTRUN);
	return 1;
}

static void kswapd_is_woken_again_while_a_request_tries(struct kunit *test)
{
	static const struct slow_case c = { .desc = "", .suitable = FOREVER };
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.background = true,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, PAGES);
	struct script *s = script_create(test, &c, u);

	s->ops.reclaim = reclaim_beside_kswapd;
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_HIGHUSER_MOVABLE |
						  __GFP_NOWARN, 1));
	KUNIT_EXPECT_EQ(test, s->calls.reclaim, 2);
	KUNIT_EXPECT_TRUE(test, s->kswapd_ran);
	script_end(s, NULL);
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

/* A node comes online during the last step before the request fails. */
static enum umbra_oom_result online_in_oom(struct umbra *u,
					   const struct umbra_request *rq)
{
	script_of(u)->calls.oom++;
	umbra_set_node_online(u, 1, true);
	return UMBRA_OOM_NOTHING;
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
	if (page)
		KUNIT_EXPECT_EQ(test, umbra_page_node(u, page), 1);
	script_end(s, page);
}

/* A node is allowed during the last step before the request fails. */
static enum umbra_oom_result allow_in_oom(struct umbra *u,
					  const struct umbra_request *rq)
{
	script_of(u)->calls.oom++;
	umbra_set_allowed_nodes(u, BIT(0) | BIT(1));
	return UMBRA_OOM_NOTHING;
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

/* The pages go into the cache of this CPU, and do not count for watermarks. */
static enum umbra_oom_result free_many_in_oom(struct umbra *u,
					      const struct umbra_request *rq)
{
	struct script *s = script_of(u);
	unsigned int i;

	if (s->calls.oom++)
		return UMBRA_OOM_NOTHING;
	for (i = 0; i < 32; i++)
		free_one(s);
	return UMBRA_OOM_PROGRESS;
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
	KUNIT_CASE(kswapd_is_woken_again_while_a_request_tries),
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
