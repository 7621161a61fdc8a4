/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers of all tests: ghost instances that are destroyed with their test,
 * checks of an instance, and a pair of threads.
 *
 * Ghost pages have no memory, and the host must never free one. Tests must take
 * and drop references to them with page_ref_inc() and page_ref_dec(), and never
 * with get_page() and put_page().
 */
#ifndef _UMBRA_TEST_UTIL_H
#define _UMBRA_TEST_UTIL_H

#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/stats.h"
#include "../src/page/account.h"
#include "../src/provider/provider.h"

#define TEST_PB_ORDER 9
#define TEST_BLOCK BIT(UMBRA_MAX_ORDER)

/* Module parameters. */
extern unsigned long umbra_test_ops;
extern unsigned long umbra_test_seed;

struct umbra_test_span {
	unsigned long base_pfn;
	u32 nr_pages;
};

/* instances */
struct umbra *umbra_test_ghost(struct kunit *test, unsigned int pb_order,
			       unsigned long nr_pages);
struct umbra *umbra_test_ghost_spans(struct kunit *test, unsigned int pb_order,
				     const struct umbra_test_span *spans,
				     unsigned int nr_spans);
struct umbra *umbra_test_ghost_layout(struct kunit *test,
				      const struct umbra_layout *layout,
				      unsigned long nr_pages);
struct umbra *umbra_test_ghost_zones(struct kunit *test,
				     const struct umbra_zone_layout *zones,
				     unsigned int nr_zones,
				     unsigned long nr_pages);
struct umbra *umbra_test_memory(struct kunit *test,
				const struct umbra_layout *layout,
				unsigned long nr_pages);
int umbra_test_acquire(struct umbra_region *region, const char *provider,
		       unsigned long nr_pages);
int umbra_test_region(struct kunit *test, const char *provider,
		      unsigned long nr_pages, struct umbra_region **region);
struct page *umbra_test_descriptors(struct kunit *test, unsigned long nr_pages);
struct umbra_account *umbra_test_account(struct kunit *test, struct umbra *u);
unsigned long umbra_test_events(struct umbra *u, enum umbra_event event);
void umbra_test_no_background(struct umbra *u);
int umbra_test_one_cpu(struct kunit *test);
int umbra_test_other_cpu(struct kunit *test);

/* blocks */
struct page *umbra_test_alloc(struct kunit *test, struct umbra *u, gfp_t gfp,
			      unsigned int order);
unsigned long umbra_test_take_all(struct umbra *u, int nid, gfp_t gfp,
				  unsigned int order, struct list_head *pages);
void umbra_test_give_all(struct umbra *u, struct list_head *pages);

/* checks */
void umbra_test_judge(struct kunit *test, struct umbra *u);
unsigned long umbra_test_nr_pages(struct umbra *u);
unsigned long umbra_test_nr_free(struct umbra *u);
unsigned long umbra_test_nr_held(struct umbra *u);
unsigned long umbra_test_nr_reports(struct umbra *u);
u8 umbra_test_frame(struct umbra *u, const struct page *page);
unsigned long umbra_test_blocks(struct umbra *u, unsigned int order);
u32 umbra_test_lowest(const struct umbra_zone *zone, unsigned int order,
		      enum umbra_migratetype type);

void umbra_test_expect_refused(struct kunit *test, struct umbra *u,
			       struct page *page, unsigned int order);

void umbra_test_expect_block(struct kunit *test, struct umbra *u,
			     struct page *page, unsigned int order,
			     bool compound);

/* Expect that the frame of @page has this state and order. */
#define UMBRA_EXPECT_FRAME(test, u, page, state, order)			\
	KUNIT_EXPECT_EQ(test, umbra_test_frame(u, page),		\
			frame_make(state, order))

/* The longest wait, in seconds, for an event that must happen. */
#define TEST_HANG_S 120

/*
 * Sleep until @condition is true, at most TEST_HANG_S. The value is @condition.
 */
#define TEST_WAIT_UNTIL(condition) ({					\
	unsigned long end_ = jiffies + TEST_HANG_S * HZ;		\
	bool holds_;							\
									\
	while (!(holds_ = (condition)) && time_before(jiffies, end_))	\
		schedule_timeout_uninterruptible(1);			\
	holds_;								\
})

bool umbra_test_has_time(unsigned long start);
bool umbra_test_goes_on(unsigned long start, bool wants, bool happened);

/* two threads */
#define TEST_THREADS 2

struct umbra_test_barrier {
	atomic_t waiting;
	atomic_t phase;
};

void umbra_test_meet(struct umbra_test_barrier *barrier);
void umbra_test_start_pair(struct kunit *test,
			   void (*fn)(void *arg, unsigned int self), void *arg);
bool umbra_test_pair_is_done(void);
void umbra_test_join_pair(void);

#endif /* _UMBRA_TEST_UTIL_H */
