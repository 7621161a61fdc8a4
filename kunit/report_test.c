// SPDX-License-Identifier: GPL-2.0
/* The report of a failed request in the kernel log. */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/span.h"
#include "../src/page/account.h"
#include "../src/pressure/slowpath.h"
#include "holder.h"
#include "test_util.h"

#define KB(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))
#define LINE 1024

/* The kernel log from some point on. */
struct log {
	struct kmsg_dump_iter iter;
	char line[LINE];
};

static bool log_next(struct log *log)
{
	size_t len;

	if (!kmsg_dump_get_line(&log->iter, false, log->line,
				sizeof(log->line) - 1, &len))
		return false;
	log->line[len] = '\0';
	return true;
}

/*
 * Skip to the line after the next one with @text. Returns whether there is one.
 */
static bool log_skip(struct log *log, const char *text)
{
	while (log_next(log))
		if (strstr(log->line, text))
			return true;
	return false;
}

/*
 * Start at a mark that this function writes. Lines are read in order, so a line
 * that another CPU is still writing hides the next ones.
 */
static struct log *log_start(struct kunit *test)
{
	struct log *log = kunit_kzalloc(test, sizeof(*log), GFP_KERNEL);
	char mark[48];

	KUNIT_ASSERT_NOT_NULL(test, log);
	snprintf(mark, sizeof(mark), "a log from %llu on", ktime_get_ns());
	kmsg_dump_rewind(&log->iter);
	kunit_info(test, "%s\n", mark);
	KUNIT_ASSERT_TRUE(test, TEST_WAIT_UNTIL(log_skip(log, mark)));
	return log;
}

/* The number of lines with @text. Does not move @log. */
static unsigned int log_count(struct kunit *test, const struct log *log,
			      const char *text)
{
	struct log *copy = kmemdup(log, sizeof(*log), GFP_KERNEL);
	unsigned int nr = 0;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	while (log_skip(copy, text))
		nr++;
	kfree(copy);
	return nr;
}

/* Expect @nr lines with @text. */
static void log_expect_lines(struct kunit *test, const struct log *log,
			     const char *text, unsigned int nr)
{
	TEST_WAIT_UNTIL(log_count(test, log, text) >= nr);
	KUNIT_EXPECT_EQ_MSG(test, log_count(test, log, text), nr, "%s", text);
}

/* Expect one line with the formatted text. */
static __printf(3, 4) void log_expect(struct kunit *test,
				      const struct log *log,
				      const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	text = kvasprintf(GFP_KERNEL, format, args);
	va_end(args);
	KUNIT_ASSERT_NOT_NULL(test, text);
	log_expect_lines(test, log, text, 1);
	kfree(text);
}

static const struct umbra_zone_layout zones[] = {
	{ .type = UMBRA_ZONE_DMA, .nr_frames = TEST_BLOCK },
	{ .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK,
	  .nr_cma = 512 },
};

/*
 * Everything is allocated except three unmovable pages of DMA and some CMA
 * pageblocks, which the request cannot use.
 */
static struct umbra *nearly_empty(struct kunit *test, struct list_head *pages)
{
	static const unsigned int index[] = { 1, 4, 5 };
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.lowmem_reserve_ratio = { 512 },
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  2 * TEST_BLOCK);
	unsigned int i;

	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_MEMALLOC, 0, pages);
	for (i = 0; i < ARRAY_SIZE(index); i++) {
		struct page *page = umbra_index_to_page(u, index[i]);

		list_del(&page->lru);
		umbra_free_page(u, page);
	}
	return u;
}

static void a_report_shows_the_request_and_the_free_memory(struct kunit *test)
{
	const unsigned int cma = 512;
	struct log *log;
	struct umbra *u;
	LIST_HEAD(pages);

	u = nearly_empty(test, &pages);
	KUNIT_ASSERT_EQ(test, u->zones[0].nr_free_pages, 3);
	KUNIT_ASSERT_EQ(test, u->zones[1].nr_free_pages, cma);
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_ATOMIC, 2));

	log_expect(test, log,
		   "test: %s: page allocation failure: order:2, mode:%#x(GFP_ATOMIC), nid=",
		   current->comm, (__force unsigned int)GFP_ATOMIC);
	log_expect(test, log, "nodemask=0xffffffff");
	log_expect(test, log,
		   "test: Node 0 DMA free:%lukB boost:0kB min:0kB low:0kB high:0kB reserved_highatomic:0kB free_highatomic:0kB active_file:0kB inactive_file:0kB isolated_file:0kB present:%lukB managed:%lukB held:0kB free_isolated:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB",
		   KB(3), KB(TEST_BLOCK), KB(TEST_BLOCK));
	log_expect(test, log, "test: lowmem_reserve[]: 0 0 2 2 2");
	log_expect(test, log, "test: Node 0 Normal free:%lukB boost:", KB(cma));
	log_expect(test, log, " free_cma:%lukB", KB(cma));
	log_expect(test, log,
		   "test: Node 0 DMA: 1*%lukB (U) 1*%lukB (U) 0*%lukB 0*",
		   KB(1), KB(2), KB(4));
	log_expect(test, log, "0*%lukB = %lukB", KB(1024), KB(3));
	log_expect(test, log, "1*%lukB (C) 0*%lukB = %lukB", KB(512), KB(1024),
		   KB(512));
	umbra_test_give_all(u, &pages);
}

struct zones_case {
	const char *name;
	gfp_t gfp;
	umbra_nodemask_t nodes;		/* 0: no nodemask */
	umbra_nodemask_t allowed;	/* 0: all */
	const char *shown;		/* zones of the report, as N0D: node 0, DMA */
};

static const struct zones_case zones_cases[] = {
	{ "GFP_KERNEL", GFP_KERNEL, .shown = "N0D N0N N1D N1N" },
	{ "GFP_DMA", GFP_KERNEL | GFP_DMA, .shown = "N0D N1D" },
	{ "nodemask", GFP_KERNEL, .nodes = BIT(1), .shown = "N1D N1N" },
	{ "allowed nodes", GFP_USER, .allowed = BIT(0), .shown = "N0D N0N" },
	{ "atomic", GFP_ATOMIC, .nodes = BIT(1), .shown = "N0D N0N N1D N1N" },
};

KUNIT_ARRAY_PARAM_DESC(zones, zones_cases, name);

static void a_report_has_the_zones_of_the_request(struct kunit *test)
{
	static const struct umbra_zone_layout two_nodes[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = TEST_BLOCK },
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_DMA, .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL,
		  .nr_frames = TEST_BLOCK },
	};
	const struct zones_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost_zones(test, two_nodes,
						 ARRAY_SIZE(two_nodes),
						 4 * TEST_BLOCK);
	struct log *log;
	LIST_HEAD(pages);
	char text[40], zone[8];
	unsigned int i;

	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_MEMALLOC, 0, &pages);
	if (c->allowed)
		umbra_set_allowed_nodes(u, c->allowed);
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_nodemask(u, c->gfp, 2, 0,
							   c->nodes ?
							   &c->nodes : NULL));
	for (i = 0; i < u->nr_zones; i++) {
		snprintf(text, sizeof(text), "test: Node %u %s free:",
			 u->zones[i].nid, u->zones[i].name);
		snprintf(zone, sizeof(zone), "N%u%c", u->zones[i].nid,
			 u->zones[i].name[0]);
		log_expect_lines(test, log, text, !!strstr(c->shown, zone));
	}
	for (i = 0; i < u->nr_nodes; i++) {
		snprintf(text, sizeof(text), "test: Node %u active_file:", i);
		snprintf(zone, sizeof(zone), "N%uD", i);
		log_expect_lines(test, log, text, !!strstr(c->shown, zone));
	}
	umbra_test_give_all(u, &pages);
}

/* The counters of show_free_areas() of Linux that an instance has. */
static void a_report_has_the_counters_of_the_host(struct kunit *test)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 1,
		.pcp_high = 64,
	};
	const unsigned long nr_pages = 2 * TEST_BLOCK - 3;
	struct umbra *u = umbra_test_ghost_layout(test, &layout, nr_pages);
	struct umbra_node *node = u->nodes;
	struct umbra_zone *zone = u->zones;
	struct log *log;
	LIST_HEAD(pages);

	umbra_test_one_cpu(test);
	umbra_test_take_all(u, 0, GFP_KERNEL | __GFP_MEMALLOC, 0, &pages);
	umbra_free_page(u, umbra_index_to_page(u, 7));
	list_del(&umbra_index_to_page(u, 7)->lru);
	zone->nr_lru[LRU_LIST_ACTIVE] = 5;
	node->lru.nr[LRU_LIST_ACTIVE] = 5;
	zone->nr_lru[LRU_LIST_INACTIVE] = 6;
	node->lru.nr[LRU_LIST_INACTIVE] = 6;
	zone->nr_lru[LRU_LIST_ISOLATED] = 7;
	node->lru.nr[LRU_LIST_ISOLATED] = 7;
	umbra_mod_dirty(u, umbra_index_to_page(u, 0), 9);
	atomic_set(&node->kswapd_failures, UMBRA_KSWAPD_FAILURES);
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_ATOMIC, 2));
	log_expect(test, log,
		   "test: active_file:5 inactive_file:6 isolated_file:7 dirty:9 free:0 free_pcp:1 free_cma:0");
	log_expect(test, log,
		   "test: Node 0 active_file:%lukB inactive_file:%lukB isolated(file):%lukB dirty:%lukB all_unreclaimable? yes",
		   KB(5), KB(6), KB(7), KB(9));
	log_expect(test, log, "present:%lukB managed:%lukB", KB(nr_pages),
		   KB(nr_pages));
	log_expect(test, log, "free_pcp:%lukB local_pcp:%lukB", KB(1), KB(1));
	atomic_set(&node->kswapd_failures, 0);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_ATOMIC, 2));
	log_expect_lines(test, log, "all_unreclaimable? no", 1);
	memset(zone->nr_lru, 0, sizeof(zone->nr_lru));
	memset(node->lru.nr, 0, sizeof(node->lru.nr));
	umbra_mod_dirty(u, umbra_index_to_page(u, 0), -9);
	umbra_test_give_all(u, &pages);
}

static void reports_are_limited_and_failures_are_counted(struct kunit *test)
{
	struct log *log;
	struct umbra *u;
	LIST_HEAD(pages);
	unsigned int i;

	u = nearly_empty(test, &pages);
	/*
	 * The lines must not be rate limited, however long they take to write.
	 */
	u->failure_limit.interval = INT_MAX;
	log = log_start(test);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_ATOMIC, 2));
	log_expect_lines(test, log, "page allocation failure", 3);
	log_expect_lines(test, log, "lowmem_reserve[]", 3 * 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 10);
	umbra_test_give_all(u, &pages);
}

static void a_node_that_does_not_exist_is_reported(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct log *log = log_start(test);

	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 7, GFP_KERNEL, 0));
	log_expect_lines(test, log, "allocation on node 7: there are 1 nodes",
			 1);
	log_expect_lines(test, log, "not allowed in this call", 0);
}

static void a_nowarn_request_prints_nothing(struct kunit *test)
{
	struct log *log;
	struct umbra *u;
	LIST_HEAD(pages);

	u = nearly_empty(test, &pages);
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_ATOMIC | __GFP_NOWARN,
						  2));
	KUNIT_EXPECT_EQ(test, log_count(test, log, "test: "), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
	umbra_test_give_all(u, &pages);
}

static void a_report_lists_the_largest_accounts(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_account *most = umbra_test_account(test, u);
	struct umbra_account *less = umbra_test_account(test, u);
	struct log *log;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, log_count(test, log, "[  pid  ]"), 0);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(less, 100, TEST_BLOCK), 0);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(most, 777, TEST_BLOCK), 0);
	umbra_account_set_opener(most, task_tgid(current));
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_ATOMIC));
	log_expect(test, log, "test: [  pid  ]      pages       held name");
	log_expect(test, log, "test: [%7d] %10d %10d %s", task_tgid_nr(current),
		   777, 0, current->comm);
	log_expect(test, log, "test: [%7d] %10d %10d -", 0, 100, 0);
	umbra_account_uncharge(less, 100);
	umbra_account_uncharge(most, 777);
	umbra_test_give_all(u, &pages);
}

#define HOLDERS 18
#define HOLDERS_TOLD 16

/*
 * The accounts have 10 to 180 pages. All but the three smallest, which come last,
 * come in no order.
 */
static unsigned int pages_of_holder(unsigned int i)
{
	return i < HOLDERS - 3 ? 10 * (4 + i * 7 % (HOLDERS - 3)) :
				 10 * (HOLDERS - i);
}

static void a_report_lists_the_largest_accounts_first(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_account *account[HOLDERS];
	unsigned int i, nr[HOLDERS];
	struct log *log;
	LIST_HEAD(pages);
	char text[64];

	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	for (i = 0; i < HOLDERS; i++) {
		nr[i] = pages_of_holder(i);
		account[i] = umbra_test_account(test, u);
		KUNIT_ASSERT_EQ(test, umbra_account_charge(account[i], nr[i],
							   TEST_BLOCK), 0);
		if (i)
			continue;
		log = log_start(test);
		KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_ATOMIC));
		log_expect(test, log, "test: [%7d] %10d %10d -", 0, nr[0], 0);
		log_expect_lines(test, log, "test: [", 2);
	}
	log = log_start(test);
	KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_ATOMIC));
	log_expect_lines(test, log, "test: [", 1 + HOLDERS_TOLD);
	for (i = HOLDERS; i > HOLDERS - HOLDERS_TOLD; i--) {
		snprintf(text, sizeof(text), "test: [%7d] %10u %10d -", 0,
			 10 * i, 0);
		KUNIT_EXPECT_TRUE_MSG(test, log_skip(log, text), "%s", text);
	}
	for (i = 0; i < HOLDERS; i++)
		umbra_account_uncharge(account[i], nr[i]);
	umbra_test_give_all(u, &pages);
}

static void a_kill_is_reported(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct holder *h;
	struct page *page;
	struct log *log;

	u->oom.policy = UMBRA_OOM_KILL;
	h = umbra_test_holder(test, u, TEST_BLOCK, false);
	log = log_start(test);
	page = umbra_alloc_page(u, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, page);
	log_expect(test, log,
		   "test: out of memory: %s asked for order:0, mode:%#x(GFP_KERNEL)",
		   current->comm, (__force unsigned int)GFP_KERNEL);
	log_expect(test, log, "test: [%7d] %10lu %10d %s",
		   task_tgid_nr(h->task), TEST_BLOCK, 0, h->task->comm);
	log_expect(test, log,
		   "test: killed process %d, whose file has %lu pages",
		   task_tgid_nr(h->task), TEST_BLOCK);
	if (page)
		umbra_free_page(u, page);
}

#define STALL "page allocation stall for "

/* A page that is freed after the stalled request was reported. */
struct late {
	struct umbra_slow_ops ops;
	struct kunit *test;
	struct log *log;
	unsigned long end;		/* jiffies */
	struct page *page;
};

static void wait_for_report(struct umbra *u, int seen)
{
	struct late *late = container_of(u->slow_ops, struct late, ops);

	if (!log_count(late->test, late->log, STALL) &&
	    time_before(jiffies, late->end))
		schedule_timeout_uninterruptible(HZ / 10);
	else
		umbra_free_page(u, late->page);
}

static void a_stalled_request_is_reported(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct late late = { .ops = umbra_slow_ops, .test = test };
	struct page *page;
	unsigned int seconds;
	LIST_HEAD(pages);
	char text[64];

	late.ops.wait = wait_for_report;
	umbra_test_take_all(u, 0, GFP_NOWAIT, 0, &pages);
	late.page = list_first_entry(&pages, struct page, lru);
	list_del(&late.page->lru);
	late.log = log_start(test);
	late.end = jiffies + TEST_HANG_S * HZ;
	u->slow_ops = &late.ops;
	page = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOFAIL);
	u->slow_ops = &umbra_slow_ops;
	KUNIT_EXPECT_PTR_EQ(test, page, late.page);
	snprintf(text, sizeof(text), "test: %s: " STALL, current->comm);
	KUNIT_EXPECT_GE(test, log_count(test, late.log, text), 1);
	for (seconds = 0; seconds < 10; seconds++) {
		snprintf(text, sizeof(text), STALL "%u s", seconds);
		KUNIT_EXPECT_EQ(test, log_count(test, late.log, text), 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&u->nr_failures), 0);
	umbra_free_page(u, page);
	umbra_test_give_all(u, &pages);
}

static struct kunit_case report_cases[] = {
	KUNIT_CASE(a_report_shows_the_request_and_the_free_memory),
	KUNIT_CASE_PARAM(a_report_has_the_zones_of_the_request,
			 zones_gen_params),
	KUNIT_CASE(a_report_has_the_counters_of_the_host),
	KUNIT_CASE(reports_are_limited_and_failures_are_counted),
	KUNIT_CASE(a_node_that_does_not_exist_is_reported),
	KUNIT_CASE(a_nowarn_request_prints_nothing),
	KUNIT_CASE(a_report_lists_the_largest_accounts),
	KUNIT_CASE(a_report_lists_the_largest_accounts_first),
	KUNIT_CASE(a_kill_is_reported),
	KUNIT_CASE_SLOW(a_stalled_request_is_reported),
	{}
};

static struct kunit_suite report_suite = {
	.name = "umbra_report",
	.test_cases = report_cases,
};

kunit_test_suite(report_suite);
