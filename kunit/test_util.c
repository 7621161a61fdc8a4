// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "../src/api/instance.h"
#include "../src/buddy/fragmentation.h"
#include "../src/compat/compat.h"
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "../src/inspect/finding.h"
#include "../src/inspect/verify.h"
#include "../src/page/account.h"
#include "../src/provider/provider.h"
#include "test_util.h"

#define DEFAULT_OPS 1000000

/* Seconds that one kind of operations may take. */
#define OPS_S 60

unsigned long umbra_test_ops = DEFAULT_OPS;
module_param_named(ops, umbra_test_ops, ulong, 0444);
MODULE_PARM_DESC(ops,
		 "Operations of the property tests (default: 1000000)");

unsigned long umbra_test_seed;
module_param_named(seed, umbra_test_seed, ulong, 0444);
MODULE_PARM_DESC(seed,
		 "Seed of the property tests; 0 for a random one (default: 0)");

/* A ghost instance, destroyed at the end of its test. */
struct ghost {
	struct kunit *test;
	struct umbra_region region;
	struct umbra *u;
};

static bool releasable(void *arg, struct page *page)
{
	return umbra_frame_releasable(arg, page);
}

/*
 * Every test ends with a check of its instance and with no block allocated, so
 * a leak fails the test. Background work stops first, because it could drain
 * caches during the check.
 */
static void ghost_destroy(void *arg)
{
	struct ghost *ghost = arg;
	struct umbra_released released;

	umbra_test_no_background(ghost->u);
	umbra_background_stop(ghost->u);
	cancel_work_sync(&ghost->u->drain_work);
	umbra_test_judge(ghost->test, ghost->u);
	KUNIT_EXPECT_EQ(ghost->test, umbra_instance_stop(ghost->u), 0);
	umbra_region_release(&ghost->region, releasable, ghost->u, &released);
	umbra_instance_free(ghost->u);
}

static bool has_memory(void *arg, struct page *page)
{
	const struct umbra_region *region = arg;

	return region->provider->has_memory;
}

/* Release the region, if the test has not. */
static void region_destroy(void *arg)
{
	struct umbra_region *region = arg;
	struct umbra_released released;

	if (region->nr_spans)
		umbra_region_release(region, has_memory, region, &released);
}

/*
 * Acquire pages from the host, and try again while there are none: pages in use
 * may become free or movable. Returns the result of umbra_region_acquire().
 */
int umbra_test_acquire(struct umbra_region *region, const char *provider,
		       unsigned long nr_pages)
{
	int err;

	TEST_WAIT_UNTIL((err = umbra_region_acquire(region, provider,
						    nr_pages)) != -ENOMEM);
	return err;
}

/*
 * The same for a region that is released at the end of the test. An error
 * leaves @region unchanged.
 */
int umbra_test_region(struct kunit *test, const char *provider,
		      unsigned long nr_pages, struct umbra_region **region)
{
	struct umbra_region *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, r);
	err = umbra_test_acquire(r, provider, nr_pages);
	if (err)
		return err;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, region_destroy,
							r), 0);
	*region = r;
	return 0;
}

/* Ghost descriptors for tests that build instances by hand. */
struct page *umbra_test_descriptors(struct kunit *test, unsigned long nr_pages)
{
	struct umbra_region *region;

	KUNIT_ASSERT_EQ(test, umbra_test_region(test, "ghost", nr_pages,
						&region), 0);
	return region->spans[0].pages;
}

/* Create an instance over the pages of a ghost region. */
static struct umbra *ghost_start(struct ghost *ghost,
				 const struct umbra_layout *layout,
				 const struct umbra_span *spans,
				 unsigned int nr_spans)
{
	struct kunit *test = ghost->test;

	ghost->u = umbra_instance_create("test", layout, spans, nr_spans);
	if (IS_ERR(ghost->u))
		region_destroy(&ghost->region);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ghost->u);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ghost_destroy,
							ghost), 0);
	return ghost->u;
}

static struct umbra *ghost_create(struct kunit *test,
				  const struct umbra_layout *layout,
				  const struct umbra_test_span *spans,
				  unsigned int nr_spans)
{
	struct umbra_span real[UMBRA_MAX_SPANS] = {};
	unsigned long nr_pages = 0;
	struct ghost *ghost;
	struct page *page;
	unsigned int i;

	for (i = 0; i < nr_spans; i++)
		nr_pages += spans[i].nr_pages;
	ghost = kunit_kzalloc(test, sizeof(*ghost), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ghost);
	ghost->test = test;
	KUNIT_ASSERT_EQ(test, umbra_region_acquire(&ghost->region, "ghost",
						   nr_pages), 0);
	page = ghost->region.spans[0].pages;
	for (i = 0; i < nr_spans; i++) {
		real[i].pages = page;
		real[i].base_pfn = spans[i].base_pfn;
		real[i].nr_pages = spans[i].nr_pages;
		page += spans[i].nr_pages;
	}
	return ghost_start(ghost, layout, real, nr_spans);
}

/*
 * An instance over spans with given frame numbers. The descriptors are
 * adjacent.
 */
struct umbra *umbra_test_ghost_spans(struct kunit *test, unsigned int pb_order,
				     const struct umbra_test_span *spans,
				     unsigned int nr_spans)
{
	struct umbra_layout layout = { .origin = "test", .pb_order = pb_order };

	return ghost_create(test, &layout, spans, nr_spans);
}

/* An instance of any layout, over one span from frame number 0. */
struct umbra *umbra_test_ghost_layout(struct kunit *test,
				      const struct umbra_layout *layout,
				      unsigned long nr_pages)
{
	struct umbra_test_span span = { .nr_pages = nr_pages };

	return ghost_create(test, layout, &span, 1);
}

/* An instance of the given zones, without reserves and caches. */
struct umbra *umbra_test_ghost_zones(struct kunit *test,
				     const struct umbra_zone_layout *zones,
				     unsigned int nr_zones,
				     unsigned long nr_pages)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = nr_zones,
		.zones = zones,
	};

	return umbra_test_ghost_layout(test, &layout, nr_pages);
}

struct umbra *umbra_test_ghost(struct kunit *test, unsigned int pb_order,
			       unsigned long nr_pages)
{
	struct umbra_test_span span = { .nr_pages = nr_pages };

	return umbra_test_ghost_spans(test, pb_order, &span, 1);
}

/*
 * An instance of any layout over real memory. The memory is aligned to its size
 * if that is a power of 2. Skips the test if there is none.
 */
struct umbra *umbra_test_memory(struct kunit *test,
				const struct umbra_layout *layout,
				unsigned long nr_pages)
{
	struct ghost *ghost;
	int err;

	ghost = kunit_kzalloc(test, sizeof(*ghost), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ghost);
	ghost->test = test;
	err = umbra_test_acquire(&ghost->region, "contig", nr_pages);
	if (err)
		kunit_skip(test, "no %lu pages of real memory: error %d",
			   nr_pages, err);
	return ghost_start(ghost, layout, ghost->region.spans,
			   ghost->region.nr_spans);
}

static void account_put(void *arg)
{
	umbra_account_put(arg);
}

struct umbra_account *umbra_test_account(struct kunit *test, struct umbra *u)
{
	struct umbra_account *account = umbra_account_create(u);

	KUNIT_ASSERT_NOT_NULL(test, account);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, account_put,
							account), 0);
	return account;
}

/* The number of events of all zones. */
unsigned long umbra_test_events(struct umbra *u, enum umbra_event event)
{
	struct umbra_zone *zone;
	unsigned long sum = 0;

	for_each_umbra_zone(u, zone)
		sum += umbra_zone_events(zone, event);
	return sum;
}

/* From now on HELD frames are scanned only when the test asks. */
void umbra_test_no_background(struct umbra *u)
{
	WRITE_ONCE(u->stopping, true);
	cancel_delayed_work_sync(&u->held_work);
	cancel_work_sync(&u->boost_work);
}

/* Keep the test on the first CPU, whose caches it fills. */
int umbra_test_one_cpu(struct kunit *test)
{
	int cpu = cpumask_first(cpu_online_mask);

	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(cpu)),
			0);
	return cpu;
}

/* Return another CPU than the first, or skip the test. */
int umbra_test_other_cpu(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	return cpumask_next(cpumask_first(cpu_online_mask), cpu_online_mask);
}

/* Fail the test for every finding of the checker. */
void umbra_test_judge(struct kunit *test, struct umbra *u)
{
	struct umbra_findings v;
	unsigned long i;

	umbra_verify(u, &v);
	for (i = 0; i < v.nr_findings && i < UMBRA_FIRST_FINDINGS; i++)
		kunit_err(test, "finding: %s: frame 0x%x, 0x%lx for 0x%lx\n",
			  umbra_finding_name(v.first[i].code),
			  v.first[i].index, v.first[i].found,
			  v.first[i].expected);
	KUNIT_EXPECT_EQ(test, v.nr_findings, 0);
	KUNIT_EXPECT_TRUE_MSG(test, v.exact,
			      "the instance changed while it was idle");
}

unsigned long umbra_test_nr_pages(struct umbra *u)
{
	struct umbra_info info;

	umbra_get_info(u, &info);
	return info.nr_pages;
}

unsigned long umbra_test_nr_free(struct umbra *u)
{
	struct umbra_info info;

	umbra_get_info(u, &info);
	return info.nr_free;
}

unsigned long umbra_test_nr_held(struct umbra *u)
{
	struct umbra_info info;

	umbra_get_info(u, &info);
	return info.nr_held;
}

unsigned long umbra_test_nr_reports(struct umbra *u)
{
	return atomic_long_read(&u->nr_reports);
}

u8 umbra_test_frame(struct umbra *u, const struct page *page)
{
	return frame_read(u, umbra_page_to_index(u, page));
}

/* Free blocks of one order, of all types. */
unsigned long umbra_test_blocks(struct umbra *u, unsigned int order)
{
	unsigned long nr_free[UMBRA_NR_ORDERS];

	umbra_snapshot_buddyinfo(u->zones, nr_free);
	return nr_free[order];
}

/* The lowest free block of a type with at least @order. */
u32 umbra_test_lowest(const struct umbra_zone *zone, unsigned int order,
		      enum umbra_migratetype type)
{
	u32 index;

	for (index = zone->start; index < zone->end; index++) {
		u8 frame = frame_read(zone->umbra, index);

		if (frame_state(frame) == FRAME_FREE &&
		    frame_order(frame) >= order &&
		    umbra_frame_type(zone->umbra, index) == type)
			return index;
	}
	return UMBRA_NO_FRAME;
}

/* Allocate a block; ends the test if there is none. */
struct page *umbra_test_alloc(struct kunit *test, struct umbra *u, gfp_t gfp,
			      unsigned int order)
{
	struct page *page = umbra_alloc_pages(u, gfp, order);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

/* Allocate all blocks and chain them up. Returns their number. */
unsigned long umbra_test_take_all(struct umbra *u, int nid, gfp_t gfp,
				  unsigned int order, struct list_head *pages)
{
	unsigned long nr = 0;
	struct page *page;

	while ((page = umbra_alloc_pages_node(u, nid, gfp | __GFP_NOWARN,
					      order))) {
		list_add(&page->lru, pages);
		nr++;
	}
	return nr;
}

/* Free the chained blocks, of any order. */
void umbra_test_give_all(struct umbra *u, struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		umbra_free_pages(u, page, umbra_page_order(u, page));
	INIT_LIST_HEAD(pages);
}

/* Expect that a free is refused with one report and without any change. */
void umbra_test_expect_refused(struct kunit *test, struct umbra *u,
			       struct page *page, unsigned int order)
{
	unsigned long nr_reports = umbra_test_nr_reports(u);
	unsigned long nr_free = umbra_test_nr_free(u);
	unsigned long nr_held = umbra_test_nr_held(u);

	KUNIT_EXPECT_EQ(test, umbra_free_pages_account(u, page, order, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), nr_reports + 1);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), nr_free);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_held(u), nr_held);
}

/*
 * Expect that every page of a block returns its order, and its head if
 * compound.
 */
void umbra_test_expect_block(struct kunit *test, struct umbra *u,
			     struct page *page, unsigned int order,
			     bool compound)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++) {
		KUNIT_EXPECT_PTR_EQ(test, umbra_compound_head(u, page + i),
				    compound ? page : page + i);
		KUNIT_EXPECT_EQ(test, umbra_page_order(u, page + i), order);
	}
}

/*
 * May a test that began at @start, in jiffies, continue? A slow machine does
 * fewer operations, before KUnit times out. More operations than the default
 * are always done in full.
 */
bool umbra_test_has_time(unsigned long start)
{
	return umbra_test_ops > DEFAULT_OPS ||
	       time_before(jiffies, start + OPS_S * HZ);
}

/*
 * The same for a test that must not end before @happened is true. It gives up
 * after TEST_HANG_S.
 */
bool umbra_test_goes_on(unsigned long start, bool wants, bool happened)
{
	if (!happened)
		return time_before(jiffies, start + TEST_HANG_S * HZ);
	return wants && umbra_test_has_time(start);
}

/* Wait for the other thread. Its earlier writes are visible afterwards. */
void umbra_test_meet(struct umbra_test_barrier *barrier)
{
	int phase = atomic_read_acquire(&barrier->phase);

	if (atomic_inc_return(&barrier->waiting) == TEST_THREADS) {
		atomic_set(&barrier->waiting, 0);
		atomic_inc_return(&barrier->phase);
		return;
	}
	while (atomic_read_acquire(&barrier->phase) == phase) {
		cpu_relax();
		cond_resched();
	}
}

struct pair {
	void (*fn)(void *arg, unsigned int self);
	void *arg;
	atomic_t running;
	struct task_struct *task[TEST_THREADS];
};

static struct pair test_pair;

static int pair_fn(void *data)
{
	unsigned int self = (unsigned long)data;

	test_pair.fn(test_pair.arg, self);
	atomic_dec_return(&test_pair.running);
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/*
 * Run @fn(@arg, 0) and @fn(@arg, 1) on two CPUs, or skip the test if there is
 * only one. The caller must call umbra_test_join_pair(), with no assertion in
 * between.
 */
void umbra_test_start_pair(struct kunit *test,
			   void (*fn)(void *arg, unsigned int self), void *arg)
{
	struct pair *pair = &test_pair;
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned long i;

	if (num_online_cpus() < TEST_THREADS)
		kunit_skip(test, "needs two CPUs");
	*pair = (struct pair) { .fn = fn, .arg = arg };
	for (i = 0; i < TEST_THREADS; i++) {
		pair->task[i] = kthread_create(pair_fn, (void *)i,
					       "umbra_test/%lu", i);
		if (IS_ERR(pair->task[i])) {
			while (i--)
				kthread_stop(pair->task[i]);
			KUNIT_FAIL_AND_ABORT(test, "no threads");
		}
		kthread_bind(pair->task[i], cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
	}
	atomic_set(&pair->running, TEST_THREADS);
	for (i = 0; i < TEST_THREADS; i++)
		wake_up_process(pair->task[i]);
}

bool umbra_test_pair_is_done(void)
{
	return !atomic_read_acquire(&test_pair.running);
}

void umbra_test_join_pair(void)
{
	unsigned int i;

	while (!umbra_test_pair_is_done())
		schedule_timeout_uninterruptible(1);
	for (i = 0; i < TEST_THREADS; i++)
		kthread_stop(test_pair.task[i]);
}

UMBRA_IMPORT_KUNIT_SYMBOLS;
MODULE_DESCRIPTION("KUnit tests of umbra");
MODULE_LICENSE("GPL");
