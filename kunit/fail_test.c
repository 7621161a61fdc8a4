// SPDX-License-Identifier: GPL-2.0
/*
 * Failures that the kernel injects, into the creation of an instance and into
 * its requests.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/debug.h"
#include "../src/study/explain.h"
#include "test_util.h"

#define PAGES TEST_BLOCK

#ifdef CONFIG_FAULT_INJECTION

/* The value of a failslab control file in debugfs, or NULL. */
static void *failslab_knob(const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct dentry *file;
	void *knob = NULL;

	if (IS_ERR_OR_NULL(dir))
		return NULL;
	file = debugfs_lookup(name, dir);
	if (!IS_ERR_OR_NULL(file)) {
		knob = d_inode(file)->i_private;
		dput(file);
	}
	dput(dir);
	return knob;
}

/* The settings of failslab before a test. */
struct failslab {
	bool *spare_sleepers;
	unsigned long *verbose;
	bool spared;
	unsigned long said;
};

/* Let allocations that may sleep fail, without a report. False if that cannot be. */
static bool failslab_begin(struct failslab *f)
{
	f->spare_sleepers = failslab_knob("ignore-gfp-wait");
	f->verbose = failslab_knob("verbose");
	if (!IS_ENABLED(CONFIG_FAILSLAB) || !f->spare_sleepers || !f->verbose)
		return false;
	f->spared = *f->spare_sleepers;
	f->said = *f->verbose;
	*f->spare_sleepers = false;
	*f->verbose = 0;
	return true;
}

static void failslab_end(const struct failslab *f)
{
	*f->spare_sleepers = f->spared;
	*f->verbose = f->said;
}

static void keep_page(void *arg, struct page *page)
{
}

/*
 * Create an instance while allocation @nth of this task fails, and destroy it
 * if that succeeds. Returns false if there are fewer allocations.
 */
static bool create_with_failure(struct kunit *test,
				const struct umbra_layout *layout,
				const struct umbra_span *span, int nth)
{
	struct umbra *u;
	unsigned int left;

	WRITE_ONCE(current->fail_nth, nth);
	u = umbra_create("test-fail", layout, span, 1);
	left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	if (left)
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, u);
	if (IS_ERR(u)) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(u), -ENOMEM);
	} else {
		umbra_test_judge(test, u);
		KUNIT_EXPECT_EQ(test, umbra_destroy(u, keep_page, NULL), 0);
	}
	return !left;
}

static void a_failed_creation_leaves_nothing_behind(struct kunit *test)
{
	static const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_DMA, .nr_frames = PAGES / 2 },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
	};
	const struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.nr_zones = ARRAY_SIZE(zones),
		.zones = zones,
		.policy = "address",
		.debug = UMBRA_DEBUG_GUARD |
			 (IS_ENABLED(CONFIG_STACKDEPOT) ? UMBRA_DEBUG_OWNER :
							  0),
		.pcp_batch = 8,
		.pcp_high = 64,
		.background = true,
	};
	struct umbra_span span = { .nr_pages = PAGES };
	struct failslab saved;
	int hooks = static_key_count(&umbra_debug_key.key);
	unsigned int i;
	int nth = 0;

	span.pages = umbra_test_descriptors(test, PAGES);
	if (!failslab_begin(&saved))
		kunit_skip(test, "kernel without failslab in debugfs");
	while (create_with_failure(test, &layout, &span, ++nth) && nth < 1000)
		KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key),
				hooks);
	failslab_end(&saved);
	KUNIT_EXPECT_GT(test, nth, 10);
	KUNIT_EXPECT_LT(test, nth, 1000);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key), hooks);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ(test, page_ref_count(span.pages + i), 1);
}

/* Explain a request while allocation @nth fails. As create_with_failure(). */
static bool explain_with_failure(struct kunit *test, struct umbra *u, int nth)
{
	const struct umbra_question q = { .nid = UMBRA_NO_NODE, .count = 1 };
	struct umbra_answer *a;
	unsigned int left;

	WRITE_ONCE(current->fail_nth, nth);
	a = umbra_explain(u, &q);
	left = READ_ONCE(current->fail_nth);
	WRITE_ONCE(current->fail_nth, 0);
	if (left)
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, a);
	if (IS_ERR(a))
		KUNIT_EXPECT_EQ(test, PTR_ERR(a), -ENOMEM);
	else
		umbra_answer_delete(a);
	return !left;
}

static void a_failed_explanation_leaves_nothing_behind(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	int hooks = static_key_count(&umbra_debug_key.key);
	struct failslab saved;
	struct page *page;
	int nth = 0;

	if (!failslab_begin(&saved))
		kunit_skip(test, "kernel without failslab in debugfs");
	page = umbra_test_alloc(test, u, GFP_KERNEL, 3);
	while (explain_with_failure(test, u, ++nth) && nth < 1000)
		KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key),
				hooks);
	failslab_end(&saved);
	KUNIT_EXPECT_GT(test, nth, 10);
	KUNIT_EXPECT_LT(test, nth, 1000);
	umbra_test_judge(test, u);
	umbra_free_pages(u, page, 3);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static struct umbra *ghost(struct kunit *test, int times)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);

	u->fail_alloc.verbose = 0;
	u->fail_alloc.probability = 100;
	atomic_set(&u->fail_alloc.times, times);
	return u;
}

static void requests_fail_as_often_as_configured(struct kunit *test)
{
	struct umbra *u = ghost(test, 3);
	struct page *page;
	unsigned int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, i));
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	page = umbra_alloc_pages(u, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
}

static void every_request_fails_until_injection_stops(struct kunit *test)
{
	struct umbra *u = ghost(test, -1);
	struct page *pages[4] = {};
	struct page *page;
	unsigned int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_NULL(test, umbra_alloc_page(u, GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 4,
						     pages), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
	u->fail_alloc.probability = 0;
	page = umbra_alloc_page(u, GFP_ATOMIC);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
}

static void requests_within_the_failure_space_succeed(struct kunit *test)
{
	struct umbra *u = ghost(test, -1);
	struct page *page;

	atomic_set(&u->fail_alloc.space, 8);
	page = umbra_alloc_pages(u, GFP_KERNEL, 2);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, 2);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, GFP_KERNEL, 3));
}

static void requests_that_must_not_fail_do_not(struct kunit *test)
{
	struct umbra *u = ghost(test, -1);
	struct page *page;

	page = umbra_alloc_page(u, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_page(u, page);
	KUNIT_EXPECT_EQ(test, atomic_read(&u->fail_alloc.times), -1);
}

static void nolock_requests_are_not_made_to_fail(struct kunit *test)
{
	struct umbra *u = ghost(test, -1);
	struct page *page = umbra_alloc_pages_nolock(u, 0, UMBRA_NO_NODE, 1);

	KUNIT_ASSERT_NOT_NULL(test, page);
	umbra_free_pages(u, page, 1);
}

static void a_bulk_that_fails_falls_back_to_one_page(struct kunit *test)
{
	struct umbra *u = ghost(test, 1);
	struct page *pages[4] = {};

	KUNIT_EXPECT_EQ(test, umbra_alloc_pages_bulk(u, GFP_KERNEL, 0, NULL, 4,
						     pages), 1);
	KUNIT_ASSERT_NOT_NULL(test, pages[0]);
	KUNIT_EXPECT_NULL(test, pages[1]);
	umbra_free_page(u, pages[0]);
}

#else

static void failure_injection_needs_a_kernel_with_it(struct kunit *test)
{
	kunit_skip(test, "kernel without CONFIG_FAULT_INJECTION");
}

#endif

static struct kunit_case fail_cases[] = {
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE(a_failed_creation_leaves_nothing_behind),
	KUNIT_CASE(a_failed_explanation_leaves_nothing_behind),
	KUNIT_CASE(requests_fail_as_often_as_configured),
	KUNIT_CASE(every_request_fails_until_injection_stops),
	KUNIT_CASE(requests_within_the_failure_space_succeed),
	KUNIT_CASE(requests_that_must_not_fail_do_not),
	KUNIT_CASE(nolock_requests_are_not_made_to_fail),
	KUNIT_CASE(a_bulk_that_fails_falls_back_to_one_page),
#else
	KUNIT_CASE(failure_injection_needs_a_kernel_with_it),
#endif
	{}
};

static struct kunit_suite fail_suite = {
	.name = "umbra_fail",
	.test_cases = fail_cases,
};

kunit_test_suite(fail_suite);
