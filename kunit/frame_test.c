// SPDX-License-Identifier: GPL-2.0
#include <linux/page-flags.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/span.h"
#include "test_util.h"

static void every_state_and_order_fits_in_a_byte(struct kunit *test)
{
	unsigned int state, order;

	for (state = 0; state < FRAME_NR_STATES; state++) {
		for (order = 0; order <= UMBRA_MAX_ORDER; order++) {
			u8 frame = frame_make(state, order);

			KUNIT_EXPECT_EQ(test, frame_state(frame), state);
			KUNIT_EXPECT_EQ(test, frame_order(frame), order);
		}
	}
}

static bool is_state(unsigned int state)
{
	return state <= FRAME_LATER || state >= FRAME_ALLOC;
}

static void only_owned_heads_count_as_allocated(struct kunit *test)
{
	unsigned int state;

	for (state = 0; state < FRAME_NR_STATES; state++)
		KUNIT_EXPECT_EQ(test, frame_is_allocated(frame_make(state, 3)),
				state >= FRAME_ALLOC);
}

static void bits_of_an_allocated_state_are_independent(struct kunit *test)
{
	static const enum umbra_frame_state bits[] = {
		FRAME_EXPOSED, FRAME_COMP, FRAME_MOVABLE,
	};
	unsigned int state, i;

	for (state = 0; state < FRAME_NR_STATES; state++)
		for (i = 0; i < ARRAY_SIZE(bits); i++)
			KUNIT_EXPECT_EQ(test, frame_has(frame_make(state, 3),
							bits[i]),
					state >= FRAME_ALLOC && state & BIT(i));
}

static void every_state_has_a_name_of_its_own(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a <= FRAME_NR_STATES; a++) {
		const char *name = umbra_frame_state_name(a);

		if (a < FRAME_NR_STATES && is_state(a))
			KUNIT_EXPECT_STRNEQ(test, name, "invalid");
		else
			KUNIT_EXPECT_STREQ(test, name, "invalid");
		for (b = a + 1; b < FRAME_NR_STATES && is_state(a); b++)
			KUNIT_EXPECT_STRNEQ(test, name,
					    umbra_frame_state_name(b));
	}
}

static void a_changed_frame_does_not_change_state_again(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 2);
	u32 index;
	u8 old;

	KUNIT_ASSERT_NOT_NULL(test, page);
	index = umbra_page_to_index(u, page);
	old = frame_read(u, index);
	KUNIT_EXPECT_TRUE(test, frame_leave(u, index, old, FRAME_EXPOSED));
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_EXPOSED, 2);
	KUNIT_EXPECT_FALSE(test, frame_leave(u, index, old, FRAME_PCP));
	UMBRA_EXPECT_FRAME(test, u, page, FRAME_EXPOSED, 2);
	umbra_free_pages(u, page, 2);
}

struct use_case {
	const char *name;
	int count;
	bool poison;
	enum umbra_page_use use;
};

static const struct use_case use_cases[] = {
	{ "base reference alone", 1, false, PAGE_USE_NONE },
	{ "one more reference", 2, false, PAGE_USE_HELD },
	{ "many more references", 1000, false, PAGE_USE_HELD },
	{ "base reference is gone", 0, false, PAGE_USE_STRAY },
	{ "poisoned", 1, true, PAGE_USE_HWPOISON },
	{ "poisoned and held", 2, true, PAGE_USE_HWPOISON },
	{ "poisoned and gone", 0, true, PAGE_USE_HWPOISON },
};

KUNIT_ARRAY_PARAM_DESC(use, use_cases, name);

static void the_count_of_a_page_shows_its_use(struct kunit *test)
{
	const struct use_case *use = test->param_value;
	struct page *page = umbra_test_descriptors(test, 1);

	if (use->poison && !IS_ENABLED(CONFIG_MEMORY_FAILURE))
		kunit_skip(test, "kernel without CONFIG_MEMORY_FAILURE");
	if (use->poison)
		SetPageHWPoison(page);
	set_page_count(page, use->count);
	KUNIT_EXPECT_EQ(test, umbra_page_use_of(page), use->use);
	set_page_count(page, UMBRA_BASE_COUNT);
}

static void every_tail_finds_its_head(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	unsigned int order;

	for (order = 0; order <= UMBRA_MAX_ORDER; order++) {
		struct page *page = umbra_alloc_pages(u, GFP_KERNEL, order);
		u32 head, i;

		KUNIT_ASSERT_NOT_NULL(test, page);
		head = umbra_page_to_index(u, page);
		for (i = 0; i < 1U << order; i++)
			KUNIT_EXPECT_EQ(test, umbra_frame_head(u, head + i),
					head);
		umbra_free_pages(u, page, order);
	}
}

static void a_tail_without_a_block_has_no_head(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 64);
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL, 3);
	u32 head;

	KUNIT_ASSERT_NOT_NULL(test, page);
	head = umbra_page_to_index(u, page);
	frame_set(u, head, FRAME_ALLOC, 1);
	KUNIT_EXPECT_EQ(test, umbra_frame_head(u, head + 1), head);
	KUNIT_EXPECT_EQ(test, umbra_frame_head(u, head + 2), UMBRA_NO_FRAME);
	KUNIT_EXPECT_EQ(test, umbra_frame_head(u, head + 7), UMBRA_NO_FRAME);
	frame_set(u, head, FRAME_TAIL, 0);
	KUNIT_EXPECT_EQ(test, umbra_frame_head(u, head), UMBRA_NO_FRAME);
	frame_set(u, head, FRAME_ALLOC, 3);
	umbra_free_pages(u, page, 3);
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE(every_state_and_order_fits_in_a_byte),
	KUNIT_CASE(only_owned_heads_count_as_allocated),
	KUNIT_CASE(bits_of_an_allocated_state_are_independent),
	KUNIT_CASE(every_state_has_a_name_of_its_own),
	KUNIT_CASE(a_changed_frame_does_not_change_state_again),
	KUNIT_CASE_PARAM(the_count_of_a_page_shows_its_use, use_gen_params),
	KUNIT_CASE(every_tail_finds_its_head),
	KUNIT_CASE(a_tail_without_a_block_has_no_head),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "umbra_frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);
