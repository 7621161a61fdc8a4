/* SPDX-License-Identifier: GPL-2.0 */
/* Helpers of the tests of per-CPU caches. */
#ifndef _UMBRA_PCP_UTIL_H
#define _UMBRA_PCP_UTIL_H

#include "../src/core/core.h"
#include "../src/page/pcp.h"
#include "../src/page/pcp_setup.h"
#include "test_util.h"

static inline struct umbra *ghost_of(struct kunit *test, const char *policy,
				     int batch, int high)
{
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = TEST_PB_ORDER,
		.policy = policy,
		.pcp_batch = batch,
		.pcp_high = high,
	};

	return umbra_test_ghost_layout(test, &layout, 16 * TEST_BLOCK);
}

static inline struct umbra *ghost_sized(struct kunit *test, int batch, int high)
{
	return ghost_of(test, "mainline", batch, high);
}

static inline unsigned long count(struct umbra *u)
{
	return umbra_pcp_count(u->zones, -1);
}

static inline void set_high(struct umbra *u, int high)
{
	mutex_lock(&u->control_lock);
	u->pcp_high = high;
	umbra_pcp_resize(u);
	mutex_unlock(&u->control_lock);
}

static inline void alloc_many(struct kunit *test, struct umbra *u,
			      struct page **pages, unsigned int nr,
			      unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		pages[i] = umbra_alloc_pages(u, GFP_KERNEL, order);
		KUNIT_ASSERT_NOT_NULL(test, pages[i]);
	}
	umbra_drain_pages(u);
	KUNIT_ASSERT_EQ(test, count(u), 0);
}

#endif /* _UMBRA_PCP_UTIL_H */
