// SPDX-License-Identifier: GPL-2.0
/* Recorded decisions: what each says, in which order, and how many are kept. */
#include <linux/gfp.h>
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/seq_buf.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/debug.h"
#include "../src/core/decision.h"
#include "../src/core/latency.h"
#include "../src/core/span.h"
#include "../src/inspect/decision_text.h"
#include "test_util.h"

#define TRY (GFP_NOWAIT | __GFP_NOWARN)
#define NR_RECORDED 1024

static struct umbra_decision *recorded(struct kunit *test, struct umbra *u,
				       size_t *nr)
{
	struct umbra_decision *all = umbra_record_read(u, nr);

	KUNIT_ASSERT_NOT_NULL(test, all);
	return all;
}

static size_t nr_recorded(struct kunit *test, struct umbra *u)
{
	size_t nr;

	kvfree(recorded(test, u, &nr));
	return nr;
}

/* Print a decision to @buf, which has room for UMBRA_DECISION_TEXT. */
static void print(struct umbra *u, const struct umbra_decision *d, char *buf,
		  void (*fn)(const struct umbra *u,
			     const struct umbra_decision *d, struct seq_buf *s))
{
	struct seq_buf s;

	seq_buf_init(&s, buf, UMBRA_DECISION_TEXT - 1);
	fn(u, d, &s);
	buf[seq_buf_used(&s)] = 0;
}

static void start(struct kunit *test, struct umbra *u)
{
	KUNIT_ASSERT_EQ(test, umbra_record_set(u, NR_RECORDED), 0);
}

/*
 * Expect that the decisions since the last call are these lines, without lines of
 * requests, whose flags have other numbers in other kernels.
 */
static void expect_lines(struct kunit *test, struct umbra *u,
			 const char * const *lines, unsigned int nr_lines)
{
	char text[UMBRA_DECISION_TEXT];
	struct umbra_decision *all;
	unsigned int line = 0;
	size_t nr, i;

	all = recorded(test, u, &nr);
	for (i = 0; i < nr; i++) {
		if (all[i].kind == DECISION_REQUEST)
			continue;
		print(u, &all[i], text, umbra_decision_text);
		KUNIT_EXPECT_STREQ(test, text,
				   line < nr_lines ? lines[line] : "nothing");
		line++;
	}
	KUNIT_EXPECT_EQ(test, line, nr_lines);
	kvfree(all);
	umbra_record_clear(u);
}

#define EXPECT_LINES(test, u, ...) do {					\
	static const char * const lines_[] = { __VA_ARGS__ };		\
									\
	expect_lines(test, u, lines_, ARRAY_SIZE(lines_));		\
} while (0)

/* One Normal zone of two largest blocks, without reserves and caches. */
static struct umbra *plain_ghost(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, 2 * TEST_BLOCK);

	start(test, u);
	return u;
}

static void a_block_is_split_and_merged(struct kunit *test)
{
	struct umbra *u = plain_ghost(test);
	struct page *page = umbra_test_alloc(test, u, TRY | __GFP_MOVABLE, 1);
	struct page *other = umbra_test_alloc(test, u, TRY, 0);

	EXPECT_LINES(test, u,
		     "Node 0 Normal: 2048 free - 1 unusable = 2047, low mark 0 + 0 protected: enough",
		     "Node 0 Normal: a block of order 1 from list Movable order 10, pfn 0x400",
		     "request done, pfn 0x400",
		     "Node 0 Normal: 2046 free - 0 unusable = 2046, low mark 0 + 0 protected: enough",
		     "Node 0 Normal: pageblock claimed for Unmovable, was Movable, by a block of order 10, pfn 0x0",
		     "request done, pfn 0x0");
	umbra_free_pages(u, other, 0);
	umbra_free_pages(u, page, 1);
	EXPECT_LINES(test, u,
		     "Node 0 Normal: a block of order 0 freed, merged to order 10, front of list Unmovable, pfn 0x0",
		     "Node 0 Normal: a block of order 1 freed, merged to order 10, front of list Movable, pfn 0x400");
}

static void a_failure_says_how_many_pages_are_missing(struct kunit *test)
{
	struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.min_free_kbytes = 4 * TEST_BLOCK * (PAGE_SIZE / SZ_4K),
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  2 * TEST_BLOCK);
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, TRY, 0, &pages);
	start(test, u);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, TRY, 0));
	EXPECT_LINES(test, u,
		     "Node 0 Normal: 1024 free - 0 unusable = 1024, low mark 1280 + 0 protected: 257 pages short",
		     "slow path: begin, next attempt",
		     "Node 0 Normal: 1024 free - 0 unusable = 1024, min mark 1024 + 0 protected: 1 pages short",
		     "slow path: attempt, next nopage",
		     "slow path: nopage, no block",
		     "request failed");
	/* An urgent request may go further down. */
	umbra_free_pages(u, umbra_test_alloc(test, u, GFP_ATOMIC, 0), 0);
	EXPECT_LINES(test, u,
		     "Node 0 Normal: 1024 free - 0 unusable = 1024, low mark 1280 + 0 protected: 257 pages short",
		     "slow path: begin, next attempt",
		     "Node 0 Normal: 1024 free - 0 unusable = 1024, min mark 1024 (384 for this request) + 0 protected: enough",
		     "Node 0 Normal: pageblock claimed for Unmovable, was Movable, by a block of order 10, pfn 0x0",
		     "slow path: attempt, a block",
		     "request done, pfn 0x0",
		     "Node 0 Normal: a block of order 0 freed, merged to order 10, front of list Unmovable, pfn 0x0");
	umbra_test_give_all(u, &pages);
}

static void fragmentation_is_told_from_want_of_memory(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct page *page, *next;
	LIST_HEAD(pages);
	LIST_HEAD(kept);

	umbra_test_take_all(u, 0, TRY, 0, &pages);
	/* Free every other page. */
	list_for_each_entry_safe(page, next, &pages, lru)
		if (umbra_page_to_index(u, page) % 2)
			list_move(&page->lru, &kept);
	umbra_test_give_all(u, &pages);
	start(test, u);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, TRY, 3));
	EXPECT_LINES(test, u,
		     "Node 0 Normal: 512 free - 7 unusable = 505, low mark 0 + 0 protected: enough pages, but no block of order 3",
		     "slow path: begin, next attempt",
		     "Node 0 Normal: 512 free - 7 unusable = 505, min mark 0 + 0 protected: enough pages, but no block of order 3",
		     "slow path: attempt, next nopage",
		     "slow path: nopage, no block",
		     "request failed");
	umbra_test_give_all(u, &kept);
}

static void a_cache_is_refilled_and_hit(struct kunit *test)
{
	struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 4,
		.pcp_high = 16,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout,
						  2 * TEST_BLOCK);
	struct umbra_decision *all;
	struct page *page[2];
	size_t nr;

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	start(test, u);
	page[0] = umbra_test_alloc(test, u, TRY | __GFP_MOVABLE, 0);
	page[1] = umbra_test_alloc(test, u, TRY | __GFP_MOVABLE, 0);
	all = recorded(test, u, &nr);
	KUNIT_ASSERT_EQ(test, nr, 9);
	KUNIT_EXPECT_EQ(test, all[2].kind, DECISION_REFILL);
	KUNIT_EXPECT_EQ(test, all[2].nr, 4);
	KUNIT_EXPECT_EQ(test, all[3].kind, DECISION_TAKE);
	KUNIT_EXPECT_EQ(test, all[3].nr, 4);
	KUNIT_EXPECT_EQ(test, all[3].found, UMBRA_MAX_ORDER);
	KUNIT_EXPECT_EQ(test, all[7].kind, DECISION_HIT);
	KUNIT_EXPECT_EQ(test, all[7].index,
			umbra_page_to_index(u, page[1]));
	kvfree(all);
	umbra_free_pages(u, page[0], 0);
	umbra_free_pages(u, page[1], 0);
}

static void a_bulk_request_is_told(struct kunit *test)
{
	struct umbra_layout layout = {
		.pb_order = TEST_PB_ORDER,
		.pcp_batch = 4,
		.pcp_high = 16,
	};
	struct umbra *u = umbra_test_ghost_layout(test, &layout, TEST_BLOCK);
	struct page *pages[6] = {};
	unsigned int kinds[UMBRA_NR_DECISIONS] = {};
	struct umbra_decision *all;
	size_t nr, i;

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	start(test, u);
	KUNIT_ASSERT_EQ(test, umbra_alloc_pages_bulk(u, TRY | __GFP_MOVABLE, 0,
						     NULL, 6, pages), 6);
	all = recorded(test, u, &nr);
	for (i = 0; i < nr; i++)
		kinds[all[i].kind]++;
	KUNIT_EXPECT_EQ(test, kinds[DECISION_REQUEST], 1);
	KUNIT_EXPECT_EQ(test, kinds[DECISION_MARK], 1);
	KUNIT_EXPECT_EQ(test, kinds[DECISION_REFILL], 2);
	KUNIT_EXPECT_EQ(test, kinds[DECISION_HIT], 2);
	KUNIT_EXPECT_EQ(test, kinds[DECISION_DONE], 1);
	kvfree(all);
	umbra_free_pages_bulk(u, pages, 6);
}

static void nodes_that_are_not_allowed_are_left_out(struct kunit *test)
{
	const struct umbra_zone_layout zones[] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
		{ .nid = 1, .type = UMBRA_ZONE_NORMAL, .nr_frames = TEST_BLOCK },
	};
	struct umbra *u = umbra_test_ghost_zones(test, zones, 2,
						 2 * TEST_BLOCK);
	LIST_HEAD(pages);

	umbra_test_take_all(u, 1, TRY | __GFP_THISNODE, 0, &pages);
	KUNIT_ASSERT_EQ(test, umbra_set_allowed_nodes(u, BIT(1)), 0);
	start(test, u);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages_node(u, 0, TRY |
						       __GFP_HARDWALL, 9));
	EXPECT_LINES(test, u,
		     "Node 1 Normal: 0 free - 511 unusable = -511, low mark 0 + 0 protected: 512 pages short",
		     "slow path: begin, next attempt",
		     "Node 0 Normal: left out: its node is not allowed",
		     "Node 1 Normal: 0 free - 511 unusable = -511, min mark 0 + 0 protected: 512 pages short",
		     "slow path: attempt, next nopage",
		     "slow path: nopage, no block",
		     "request failed");
	umbra_test_give_all(u, &pages);
}

static void pageblocks_are_kept_and_blocks_stolen(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	LIST_HEAD(pages);
	struct page *page;

	umbra_test_take_all(u, 0, TRY | __GFP_MOVABLE, 0, &pages);
	page = umbra_index_to_page(u, 5);
	list_del(&page->lru);
	umbra_free_pages(u, page, 0);
	start(test, u);
	page = umbra_test_alloc(test, u, TRY, 0);
	EXPECT_LINES(test, u,
		     "Node 0 Normal: 1 free - 0 unusable = 1, low mark 0 + 0 protected: enough",
		     "Node 0 Normal: pageblock stays Movable: of 512 pages 1 are free and 511 movable, pfn 0x5",
		     "Node 0 Normal: a block of order 0 for Unmovable stolen from list Movable order 0, pfn 0x5",
		     "request done, pfn 0x5");
	umbra_free_pages(u, page, 0);
	umbra_test_give_all(u, &pages);
}

/* As many about requests as about frees. */
static void only_the_last_decisions_are_kept(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	struct umbra_decision *all;
	unsigned int i;
	u64 last = 0;
	size_t nr;

	KUNIT_ASSERT_EQ(test, umbra_test_one_cpu(test), 0);
	KUNIT_ASSERT_EQ(test, umbra_record_set(u, 1), 0);
	KUNIT_EXPECT_EQ(test, umbra_record_size(u), UMBRA_RECORD_LEAST);
	for (i = 0; i < UMBRA_RECORD_LEAST; i++)
		umbra_free_pages(u, umbra_test_alloc(test, u, TRY, 0), 0);
	all = recorded(test, u, &nr);
	KUNIT_EXPECT_EQ(test, nr, 2 * UMBRA_RECORD_LEAST);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_GT(test, all[i].seq, last);
		last = all[i].seq;
	}
	KUNIT_EXPECT_EQ(test, all[nr - 1].kind, DECISION_FREE);
	kvfree(all);
	umbra_record_clear(u);
	KUNIT_EXPECT_EQ(test, nr_recorded(test, u), 0);
}

static void recording_ends(struct kunit *test)
{
	struct umbra *u = plain_ghost(test);
	int before = static_key_count(&umbra_debug_key.key);

	KUNIT_EXPECT_EQ(test, umbra_record_set(u, UMBRA_RECORD_MOST + 1),
			-ERANGE);
	KUNIT_EXPECT_EQ(test, umbra_record_size(u), NR_RECORDED);
	umbra_latency_set(u, true);
	KUNIT_EXPECT_EQ(test, umbra_record_set(u, 0), 0);
	umbra_free_pages(u, umbra_test_alloc(test, u, TRY, 0), 0);
	KUNIT_EXPECT_EQ(test, umbra_record_size(u), 0);
	KUNIT_EXPECT_EQ(test, nr_recorded(test, u), 0);
	KUNIT_EXPECT_TRUE(test, umbra_latency_is_on(u));
	umbra_latency_set(u, false);
	KUNIT_EXPECT_EQ(test, static_key_count(&umbra_debug_key.key),
			before - 1);
}

static void one_instance_does_not_record_for_another(struct kunit *test)
{
	struct umbra *u = plain_ghost(test);
	struct umbra *other = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);

	umbra_free_pages(other, umbra_test_alloc(test, other, TRY, 0), 0);
	KUNIT_EXPECT_EQ(test, nr_recorded(test, u), 0);
	KUNIT_EXPECT_EQ(test, nr_recorded(test, other), 0);
}

/* A decision of each kind with the text and the JSON that it must have. */
struct text_case {
	struct umbra_decision decision;
	const char *text;
	const char *json;
};

static const struct text_case text_cases[] = {
	{
		.decision = { .kind = DECISION_LEAVE_OUT,
			      .result = LEFT_OUT_DIRTY },
		.text = "Node 0 Normal: left out: its node has too many dirty pages",
		.json = "\"order\":0,\"type\":\"Unmovable\",\"pfn\":0,\"reason\":\"dirty\"}",
	},
	{
		.decision = { .kind = DECISION_LEAVE_OUT,
			      .result = LEFT_OUT_KSWAPD },
		.text = "Node 0 Normal: left out: kswapd works there, other nodes come first",
		.json = "\"reason\":\"kswapd\"}",
	},
	{
		.decision = { .kind = DECISION_MARK, .order = 2,
			      .nr = -1,
			      .mark = { .free = 9, .unusable = 3, .mark = 8,
					.min = 4, .reserve = 7 },
			      .result = MARK_SHORT },
		.text = "Node 0 Normal: 9 free - 3 unusable = 6, other mark 8 (4 for this request) + 7 protected: 6 pages short",
		.json = "\"result\":\"short\",\"free\":9,\"unusable\":3,\"mark\":\"other\",\"mark_pages\":8,\"min\":4,\"protected\":7}",
	},
	{
		.decision = { .kind = DECISION_AGAIN, .result = true,
			      .zone = UMBRA_NO_DECIDED_ZONE },
		.text = "the zones are walked again: pageblocks may be mixed",
		.json = "\"mixes_pageblocks\":true}",
	},
	{
		.decision = { .kind = DECISION_AGAIN, .flags = ALLOC_NOFRAGMENT,
			      .zone = UMBRA_NO_DECIDED_ZONE },
		.text = "the zones are walked again: nodes whose kswapd works may serve",
		.json = "\"mixes_pageblocks\":false}",
	},
	{
		.decision = { .kind = DECISION_RESERVE, .index = 512,
			      .order = 1, .type = UMBRA_HIGHATOMIC },
		.text = "Node 0 Normal: pageblock joins the highatomic reserve, pfn 0x200",
		.json = "\"decision\":\"reserve\",\"node\":0,\"zone\":\"Normal\",\"order\":1,\"type\":\"HighAtomic\",\"pfn\":512}",
	},
	{
		.decision = { .kind = DECISION_STEP, .result = STEP_RECLAIM,
			      .zone = UMBRA_NO_DECIDED_ZONE,
			      .index = UMBRA_NO_FRAME,
			      .step = { .next = STEP_COMPACT,
					.reclaimed = 32 } },
		.text = "slow path: reclaim got 32 pages, next compact",
		.json = "\"step\":\"reclaim\",\"next\":\"compact\",\"reclaimed\":32,\"compaction\":\"skipped\",\"priority\":0,\"no_progress\":0}",
	},
	{
		.decision = { .kind = DECISION_STEP, .result = STEP_COMPACT,
			      .zone = UMBRA_NO_DECIDED_ZONE,
			      .index = 7,
			      .step = { .next = STEP_DONE, .compacted = 6 } },
		.text = "slow path: compact ended as success, a block",
		.json = "\"compaction\":\"success\",\"priority\":0,\"no_progress\":0}",
	},
	{
		.decision = { .kind = DECISION_FREE, .order = 0, .found = 3,
			      .index = 8, .type = UMBRA_RECLAIMABLE,
			      .result = true },
		.text = "Node 0 Normal: a block of order 0 freed, merged to order 3, end of list Reclaimable, pfn 0x8",
		.json = "\"pfn\":8,\"merged_order\":3,\"to_tail\":true}",
	},
};

static void text_desc(const struct text_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %u",
		 umbra_decision_name(c->decision.kind), c->decision.result);
}

KUNIT_ARRAY_PARAM(text, text_cases, text_desc);

static void a_decision_has_text_and_json(struct kunit *test)
{
	const struct text_case *c = test->param_value;
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, TEST_BLOCK);
	char buf[UMBRA_DECISION_TEXT];

	print(u, &c->decision, buf, umbra_decision_text);
	KUNIT_EXPECT_STREQ(test, buf, c->text);
	print(u, &c->decision, buf, umbra_decision_json);
	KUNIT_ASSERT_GE(test, strlen(buf), strlen(c->json));
	KUNIT_EXPECT_STREQ(test, buf + strlen(buf) - strlen(c->json), c->json);
}

static struct kunit_case decision_cases[] = {
	KUNIT_CASE(a_block_is_split_and_merged),
	KUNIT_CASE(a_failure_says_how_many_pages_are_missing),
	KUNIT_CASE(fragmentation_is_told_from_want_of_memory),
	KUNIT_CASE(a_cache_is_refilled_and_hit),
	KUNIT_CASE(a_bulk_request_is_told),
	KUNIT_CASE(nodes_that_are_not_allowed_are_left_out),
	KUNIT_CASE(pageblocks_are_kept_and_blocks_stolen),
	KUNIT_CASE(only_the_last_decisions_are_kept),
	KUNIT_CASE(recording_ends),
	KUNIT_CASE(one_instance_does_not_record_for_another),
	KUNIT_CASE_PARAM(a_decision_has_text_and_json, text_gen_params),
	{}
};

static struct kunit_suite decision_suite = {
	.name = "umbra_decision",
	.test_cases = decision_cases,
};

kunit_test_suite(decision_suite);
