// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: drains from other CPUs and under load, and use from
 * interrupts, inside an open section, and without locks.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include "../src/api/instance.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/section.h"
#include "../src/core/stats.h"
#include "../src/page/gfp.h"
#include "../src/page/give.h"
#include "../src/page/pcp.h"
#include "../src/page/pcp_drain.h"
#include "test_util.h"

#define BATCH 8
#define HIGH 64
#define PAGES (4 * TEST_BLOCK)

static const struct umbra_zone_layout two_nodes[] = {
	{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
	{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
};

static const struct umbra_layout cached = {
	.origin = "test",
	.pb_order = TEST_PB_ORDER,
	.pcp_batch = BATCH,
	.pcp_high = HIGH,
};

static struct umbra *ghost(struct kunit *test)
{
	return umbra_test_ghost_layout(test, &cached, PAGES);
}

/* Put pages of every node into the caches of this CPU. */
static void fill_here(void *arg)
{
	struct umbra *u = arg;
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++)
		umbra_free_page(u, umbra_alloc_pages_node(u, nid, GFP_ATOMIC,
							  0));
}

static struct umbra *ghost_with_full_caches(struct kunit *test)
{
	struct umbra_layout layout = cached;
	struct umbra *u;
	unsigned int cpu;

	layout.nr_zones = 2;
	layout.zones = two_nodes;
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	umbra_test_one_cpu(test);
	for_each_online_cpu(cpu) {
		smp_call_function_single(cpu, fill_here, u, 1);
		KUNIT_ASSERT_EQ(test, umbra_pcp_count(u->zones, cpu), BATCH);
		KUNIT_ASSERT_EQ(test, umbra_pcp_count(u->zones + 1, cpu),
				BATCH);
	}
	return u;
}

static void draining_all_empties_every_cache(struct kunit *test)
{
	struct umbra *u = ghost_with_full_caches(test);

	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(u->zones, EVENT_PCP_DRAIN),
			num_online_cpus() * BATCH);
}

static void draining_a_node_empties_the_caches_of_its_zones(struct kunit *test)
{
	struct umbra *u = ghost_with_full_caches(test);
	unsigned long all = num_online_cpus() * BATCH;

	KUNIT_EXPECT_EQ(test, umbra_drain_node(u, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), all);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_drain_node(u, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), all);
	KUNIT_EXPECT_EQ(test, umbra_drain_node(u, 0), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static void draining_a_cpu_empties_its_caches_of_every_zone(struct kunit *test)
{
	struct umbra *u = ghost_with_full_caches(test);
	int first = cpumask_first(cpu_online_mask);
	int other = umbra_test_other_cpu(test);

	KUNIT_EXPECT_EQ(test, umbra_drain_cpu(u, other), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, other), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, other), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, first), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, first), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_drain_cpu(u, first), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_drain_cpu(u, nr_cpu_ids), -EINVAL);
}

/* A cache with more blocks than one drain step can take. */
static struct umbra *ghost_with_large_cache(struct kunit *test)
{
	struct umbra_layout layout = cached;
	const unsigned int nr = 5 * TEST_BLOCK / 2;
	struct page **pages;
	struct umbra *u;
	unsigned int i;

	layout.pcp_high = 3 * TEST_BLOCK;
	u = umbra_test_ghost_layout(test, &layout, PAGES);
	pages = kunit_kcalloc(test, nr, sizeof(*pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pages);
	umbra_test_one_cpu(test);
	KUNIT_ASSERT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, nr,
						     pages), nr);
	for (i = 0; i < nr; i++)
		umbra_free_page(u, pages[i]);
	KUNIT_EXPECT_GE(test, umbra_pcp_count(u->zones, -1), nr);
	KUNIT_EXPECT_LT(test, PCP_DRAIN_BLOCKS, nr);
	return u;
}

static void draining_empties_a_cache_of_any_size(struct kunit *test)
{
	struct umbra *u = ghost_with_large_cache(test);

	umbra_drain_pages(u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

/* The other CPU is online, but no task uses the instance there. */
static void the_caches_of_a_dead_cpu_are_emptied(struct kunit *test)
{
	struct umbra *u = ghost_with_full_caches(test);
	int first = cpumask_first(cpu_online_mask);
	int other = umbra_test_other_cpu(test);

	mutex_lock(&u->control_lock);
	umbra_pcp_drain_dead(u, other);
	mutex_unlock(&u->control_lock);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, other), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, other), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, first), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones + 1, first), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES - 2 * BATCH);
}

static void a_large_cache_of_a_dead_cpu_is_emptied(struct kunit *test)
{
	struct umbra *u = ghost_with_large_cache(test);
	unsigned int cpu = cpumask_first(cpu_online_mask);

	mutex_lock(&u->control_lock);
	umbra_pcp_drain_dead(u, cpu);
	mutex_unlock(&u->control_lock);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

struct open_section {
	struct timer_list timer;
	struct umbra_pcp *pcp;
};

static void close_section(struct timer_list *timer)
{
	struct open_section *s = container_of(timer, struct open_section,
					      timer);

	WRITE_ONCE(s->pcp->busy, false);
}

static void a_drain_waits_for_the_end_of_a_section(struct kunit *test)
{
	struct umbra *u = ghost_with_full_caches(test);
	struct open_section *s;

	s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s);
	s->pcp = per_cpu_ptr(u->zones->pcp, umbra_test_other_cpu(test));
	timer_setup(&s->timer, close_section, 0);
	WRITE_ONCE(s->pcp->busy, true);
	mod_timer(&s->timer, jiffies + 2);
	umbra_drain_pages(u);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(s->pcp->busy));
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	timer_delete_sync(&s->timer);
}

static void a_section_keeps_the_cache_it_began_with(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;
	int other = umbra_test_other_cpu(test);
	bool here, inside, there;
	struct umbra_pcp *pcp;

	umbra_test_one_cpu(test);
	pcp = pcp_enter(zone);
	inside = pcp_enter_again(zone, pcp);
	pcp_leave(pcp);
	there = pcp_enter_again(zone, per_cpu_ptr(zone->pcp, other));
	here = pcp_enter_again(zone, pcp);
	pcp_leave(pcp);
	KUNIT_EXPECT_FALSE(test, inside);
	KUNIT_EXPECT_FALSE(test, there);
	KUNIT_EXPECT_TRUE(test, here);
	KUNIT_EXPECT_FALSE(test, pcp->busy);
}

#define HAMMER_HELD 64

struct hammer {
	struct umbra *u;
	unsigned long start;		/* jiffies */
	unsigned long drains;		/* drains by the test itself */
	unsigned long steps[TEST_THREADS];
	unsigned long failed[TEST_THREADS];
};

static void hammer(void *arg, unsigned int self)
{
	unsigned long steps = clamp(umbra_test_ops / 10, 1000UL, 100000UL);
	struct page *pages[HAMMER_HELD] = {};
	struct hammer *h = arg;
	struct rnd_state rnd;
	unsigned int i;

	prandom_seed_state(&rnd, self + 1);
	while (umbra_test_goes_on(h->start, h->steps[self] < steps,
				  READ_ONCE(h->drains))) {
		unsigned int order;

		i = prandom_u32_state(&rnd) % HAMMER_HELD;
		order = i % 4;
		if (pages[i]) {
			umbra_free_pages(h->u, pages[i], order);
			pages[i] = NULL;
		} else {
			pages[i] = umbra_alloc_pages(h->u, i & 4 ? GFP_KERNEL :
						     GFP_HIGHUSER_MOVABLE,
						     order);
			h->failed[self] += !pages[i];
		}
		WRITE_ONCE(h->steps[self], h->steps[self] + 1);
		cond_resched();
	}
	for (i = 0; i < HAMMER_HELD; i++)
		if (pages[i])
			umbra_free_pages(h->u, pages[i], i % 4);
}

static void drains_lose_no_page_while_caches_are_in_use(struct kunit *test)
{
	struct hammer *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->u = ghost(test);
	h->start = jiffies;
	umbra_test_start_pair(test, hammer, h);
	while (!umbra_test_pair_is_done()) {
		umbra_drain_pages(h->u);
		umbra_drain_cpu(h->u, h->drains % nr_cpu_ids);
		WRITE_ONCE(h->drains, h->drains + 1);
		cond_resched();
	}
	umbra_test_join_pair();
	kunit_info(test, "%lu drains\n", h->drains);
	KUNIT_EXPECT_GT(test, h->drains, 0);
	KUNIT_EXPECT_EQ(test, h->failed[0] + h->failed[1], 0);
	umbra_drain_pages(h->u);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(h->u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(h->u), PAGES);
	KUNIT_EXPECT_EQ(test, umbra_zone_events(h->u->zones, EVENT_PGALLOC),
			umbra_zone_events(h->u->zones, EVENT_PGFREE));
}

/* The results of an allocation and a free in another context. */
struct visit {
	struct umbra *u;
	struct page *given;	/* page to free */
	struct page *got;
	bool hardirq, softirq;
	unsigned long counted;	/* pages in the cache after the free */
	struct completion done;
};

static void visit(struct visit *v)
{
	struct umbra_zone *zone = v->u->zones;

	v->hardirq = in_hardirq();
	v->softirq = in_serving_softirq();
	umbra_free_page(v->u, v->given);
	v->counted = umbra_pcp_count(zone, smp_processor_id());
	v->got = umbra_alloc_page(v->u, GFP_ATOMIC);
}

static void visit_from_ipi(void *arg)
{
	visit(arg);
}

static void caches_can_be_used_in_hard_interrupts(struct kunit *test)
{
	struct visit v = { .u = ghost(test) };
	int other = umbra_test_other_cpu(test);

	umbra_test_one_cpu(test);
	v.given = umbra_alloc_page(v.u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v.given);
	smp_call_function_single(other, visit_from_ipi, &v, 1);
	KUNIT_EXPECT_TRUE(test, v.hardirq);
	KUNIT_EXPECT_EQ(test, v.counted, 1);
	KUNIT_EXPECT_PTR_EQ(test, v.got, v.given);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(v.u->zones, other), 0);
	umbra_free_page(v.u, v.got);
}

struct visit_tasklet {
	struct tasklet_struct tasklet;
	struct visit v;
};

static void visit_from_tasklet(struct tasklet_struct *t)
{
	struct visit_tasklet *vt = container_of(t, struct visit_tasklet,
						tasklet);

	visit(&vt->v);
	complete(&vt->v.done);
}

static void caches_can_be_used_in_soft_interrupts(struct kunit *test)
{
	struct visit_tasklet *vt = kunit_kzalloc(test, sizeof(*vt), GFP_KERNEL);
	struct visit *v;

	KUNIT_ASSERT_NOT_NULL(test, vt);
	v = &vt->v;
	v->u = ghost(test);
	init_completion(&v->done);
	tasklet_setup(&vt->tasklet, visit_from_tasklet);
	umbra_test_one_cpu(test);
	v->given = umbra_alloc_page(v->u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v->given);
	tasklet_schedule(&vt->tasklet);
	wait_for_completion(&v->done);
	tasklet_kill(&vt->tasklet);
	KUNIT_EXPECT_TRUE(test, v->softirq);
	KUNIT_EXPECT_EQ(test, v->counted, BATCH);
	KUNIT_EXPECT_PTR_EQ(test, v->got, v->given);
	umbra_free_page(v->u, v->got);
}

/* Allocate and free like an interrupt inside a section. */
static void inside_a_section_the_zone_is_used(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;
	struct page *mine, *page, *pages[2] = {};
	unsigned long count, free, freed, filled;
	struct umbra_pcp *pcp, *again;

	umbra_test_one_cpu(test);
	mine = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mine);
	count = umbra_pcp_count(zone, -1);
	free = umbra_test_nr_free(u);

	pcp = pcp_enter(zone);
	again = pcp_enter(zone);
	page = umbra_alloc_page(u, GFP_ATOMIC);
	filled = umbra_alloc_pages_bulk(u, GFP_ATOMIC, -1, NULL, 2, pages);
	umbra_free_page(u, mine);
	freed = umbra_test_nr_free(u);
	pcp_leave(pcp);

	KUNIT_EXPECT_NULL(test, again);
	KUNIT_EXPECT_NOT_NULL(test, page);
	KUNIT_EXPECT_GE(test, filled, 1);
	KUNIT_EXPECT_EQ(test, freed, free - filled);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(zone, -1), count);
	UMBRA_EXPECT_FRAME(test, u, mine, FRAME_FREE, 0);

	/* After the section the cache is used again. */
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(zone, -1), count + 1);
	umbra_free_pages_bulk(u, pages, 2);
}

struct section {
	struct umbra *u;
	struct visit v;
};

static void interrupt_a_section(void *arg)
{
	struct section *s = arg;
	struct umbra_pcp *pcp = this_cpu_ptr(s->u->zones->pcp);

	WRITE_ONCE(pcp->busy, true);
	visit(&s->v);
	WRITE_ONCE(pcp->busy, false);
}

static void an_interrupt_inside_a_section_uses_the_zone(struct kunit *test)
{
	struct section s = { .u = ghost(test) };
	int other = umbra_test_other_cpu(test);

	umbra_test_one_cpu(test);
	s.v.u = s.u;
	s.v.given = umbra_alloc_page(s.u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, s.v.given);
	smp_call_function_single(other, interrupt_a_section, &s, 1);
	KUNIT_EXPECT_TRUE(test, s.v.hardirq);
	KUNIT_EXPECT_EQ(test, s.v.counted, 0);
	KUNIT_ASSERT_NOT_NULL(test, s.v.got);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(s.u->zones, other), 0);
	umbra_free_page(s.u, s.v.got);
}

static void a_nolock_request_gets_the_cached_pages(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_zone *zone = u->zones;
	struct page *none, *cached_page, *large, *page;

	umbra_test_one_cpu(test);
	spin_lock_irq(&zone->lock);
	none = umbra_alloc_pages_nolock(u, 0, -1, 0);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_NULL(test, none);

	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	spin_lock_irq(&zone->lock);
	cached_page = umbra_alloc_pages_nolock(u, 0, -1, 0);
	large = umbra_alloc_pages_nolock(u, 0, -1, 2);
	spin_unlock_irq(&zone->lock);
	KUNIT_EXPECT_PTR_EQ(test, cached_page, page);
	KUNIT_EXPECT_NULL(test, large);
	umbra_free_page(u, page);

	large = umbra_alloc_pages_nolock(u, 0, -1, 2);
	KUNIT_ASSERT_NOT_NULL(test, large);
	umbra_free_pages(u, large, 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
}

static void an_instance_that_stops_empties_its_caches(struct kunit *test)
{
	struct umbra_span span = {
		.pages = umbra_test_descriptors(test, PAGES),
		.nr_pages = PAGES,
	};
	unsigned long i, kept = 0;
	struct umbra *u;

	u = umbra_instance_create("test", &cached, &span, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, u);
	on_each_cpu(fill_here, u, 1);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1),
			num_online_cpus() * BATCH);
	KUNIT_EXPECT_EQ(test, umbra_instance_stop(u), 0);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	for (i = 0; i < PAGES; i++)
		kept += !umbra_frame_releasable(u, span.pages + i);
	KUNIT_EXPECT_EQ(test, kept, 0);
	umbra_instance_free(u);
}

/* The last free pages are in the cache of another CPU, and must be drained. */
static void a_request_about_to_fail_drains_the_caches(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *whole[PAGES / TEST_BLOCK];
	unsigned int i;

	umbra_test_one_cpu(test);
	smp_call_function_single(umbra_test_other_cpu(test), fill_here, u, 1);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), BATCH);
	for (i = 0; i < ARRAY_SIZE(whole); i++) {
		whole[i] = umbra_alloc_pages(u, GFP_KERNEL, UMBRA_MAX_ORDER);
		KUNIT_EXPECT_NOT_NULL(test, whole[i]);
	}
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	for (i = 0; i < ARRAY_SIZE(whole); i++)
		if (whole[i])
			umbra_free_pages(u, whole[i], UMBRA_MAX_ORDER);
}

static void a_cached_bulk_request_does_not_use_the_zone(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct page *pages[BATCH] = {};
	unsigned long free;
	unsigned int i;

	umbra_test_one_cpu(test);
	KUNIT_ASSERT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL,
						     BATCH, pages), BATCH);
	for (i = 0; i < BATCH; i++)
		umbra_free_page(u, pages[i]);
	memset(pages, 0, sizeof(pages));
	free = umbra_test_nr_free(u);
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL,
						     BATCH, pages), BATCH);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), free);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(u->zones, -1), 0);
	umbra_free_pages_bulk(u, pages, BATCH);
}

static void bulk_requests_use_cached_pages_of_an_empty_zone(struct kunit *test)
{
	struct umbra *u = ghost(test);
	struct umbra_request rq;
	u32 frames[BATCH];
	LIST_HEAD(pages);
	unsigned int i, nr;

	umbra_test_one_cpu(test);
	umbra_request_init(&rq, u, GFP_KERNEL, 0, 0, NULL, 0);
	umbra_test_take_all(u, 0, GFP_KERNEL, 0, &pages);
	for (i = 0; i < 3; i++) {
		struct page *page = list_first_entry(&pages, struct page, lru);

		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), 0);
	nr = umbra_pcp_alloc_bulk(u->zones, &rq, frames, BATCH);
	KUNIT_EXPECT_EQ(test, nr, 3);
	for (i = 0; i < nr; i++) {
		struct page *page = umbra_give_block(u, frames[i], 0,
							     GFP_KERNEL, 0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		list_add(&page->lru, &pages);
	}
	umbra_test_give_all(u, &pages);
}

static struct kunit_case pcp_context_cases[] = {
	KUNIT_CASE(draining_all_empties_every_cache),
	KUNIT_CASE(draining_a_node_empties_the_caches_of_its_zones),
	KUNIT_CASE(draining_a_cpu_empties_its_caches_of_every_zone),
	KUNIT_CASE(draining_empties_a_cache_of_any_size),
	KUNIT_CASE(the_caches_of_a_dead_cpu_are_emptied),
	KUNIT_CASE(a_large_cache_of_a_dead_cpu_is_emptied),
	KUNIT_CASE(a_drain_waits_for_the_end_of_a_section),
	KUNIT_CASE(a_section_keeps_the_cache_it_began_with),
	KUNIT_CASE(drains_lose_no_page_while_caches_are_in_use),
	KUNIT_CASE(caches_can_be_used_in_hard_interrupts),
	KUNIT_CASE(caches_can_be_used_in_soft_interrupts),
	KUNIT_CASE(inside_a_section_the_zone_is_used),
	KUNIT_CASE(an_interrupt_inside_a_section_uses_the_zone),
	KUNIT_CASE(a_nolock_request_gets_the_cached_pages),
	KUNIT_CASE(an_instance_that_stops_empties_its_caches),
	KUNIT_CASE(a_request_about_to_fail_drains_the_caches),
	KUNIT_CASE(a_cached_bulk_request_does_not_use_the_zone),
	KUNIT_CASE(bulk_requests_use_cached_pages_of_an_empty_zone),
	{}
};

static struct kunit_suite pcp_context_suite = {
	.name = "umbra_pcp_context",
	.test_cases = pcp_context_cases,
};

kunit_test_suite(pcp_context_suite);
