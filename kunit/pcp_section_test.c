// SPDX-License-Identifier: GPL-2.0
/* Per-CPU caches: tasks that wait for an open section of a CPU whose cache is empty. */
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include "../src/core/core.h"
#include "../src/core/section.h"
#include "../src/page/pcp.h"
#include "../src/page/pcp_setup.h"
#include "test_util.h"

#define BATCH 8
#define HIGH 64
#define PAGES (4 * TEST_BLOCK)

static const struct umbra_layout cached = {
	.origin = "test",
	.pb_order = TEST_PB_ORDER,
	.pcp_batch = BATCH,
	.pcp_high = HIGH,
};

struct open_section {
	struct umbra *u;
	struct umbra_pcp *pcp;
	struct timer_list timer;
};

static void close_section(struct timer_list *timer)
{
	struct open_section *s = container_of(timer, struct open_section,
					      timer);

	WRITE_ONCE(s->pcp->busy, false);
}

/* Open a section of another CPU, whose cache is empty, for two jiffies. */
static struct open_section *open_section(struct kunit *test)
{
	struct open_section *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->u = umbra_test_ghost_layout(test, &cached, PAGES);
	s->pcp = per_cpu_ptr(s->u->zones->pcp, umbra_test_other_cpu(test));
	umbra_test_one_cpu(test);
	timer_setup(&s->timer, close_section, 0);
	WRITE_ONCE(s->pcp->busy, true);
	mod_timer(&s->timer, jiffies + 2);
	return s;
}

static void expect_closed(struct kunit *test, struct open_section *s)
{
	KUNIT_EXPECT_FALSE(test, READ_ONCE(s->pcp->busy));
	timer_delete_sync(&s->timer);
	KUNIT_EXPECT_EQ(test, umbra_pcp_count(s->u->zones, -1), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(s->u), PAGES);
}

/*
 * The section may have read that caches are on, and be about to push the first
 * page.
 */
static void turning_caches_off_waits_for_the_end_of_a_section(struct kunit *test)
{
	struct open_section *s = open_section(test);

	KUNIT_EXPECT_EQ(test, umbra_pcp_tune(s->u, 0, 0), 0);
	expect_closed(test, s);
}

static void a_drain_after_a_failure_waits_for_the_end_of_a_section(struct kunit *test)
{
	struct open_section *s = open_section(test);

	queue_work(s->u->wq, &s->u->drain_work);
	flush_work(&s->u->drain_work);
	expect_closed(test, s);
}

static struct kunit_case pcp_section_cases[] = {
	KUNIT_CASE(turning_caches_off_waits_for_the_end_of_a_section),
	KUNIT_CASE(a_drain_after_a_failure_waits_for_the_end_of_a_section),
	{}
};

static struct kunit_suite pcp_section_suite = {
	.name = "umbra_pcp_section",
	.test_cases = pcp_section_cases,
};

kunit_test_suite(pcp_section_suite);
