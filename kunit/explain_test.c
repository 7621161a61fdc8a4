// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to questions about requests: their text, what would help, and that the
 * instance which is asked does not change. clone_test.c compares answers with
 * requests.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/seq_buf.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/decision.h"
#include "../src/core/span.h"
#include "../src/core/stats.h"
#include "../src/parse/gfp.h"
#include "../src/parse/question.h"
#include "../src/study/explain.h"
#include "../src/study/explain_text.h"
#include "../src/study/zone_state.h"
#include "test_util.h"

#define PAGES TEST_BLOCK
#define TRY (GFP_NOWAIT | __GFP_NOWARN)

static struct umbra_answer *explain(struct kunit *test, struct umbra *u,
				    gfp_t gfp, unsigned int order,
				    unsigned int count)
{
	struct umbra_question q = {
		.gfp = gfp,
		.order = order,
		.nid = UMBRA_NO_NODE,
		.count = count,
	};
	struct umbra_answer *a = umbra_explain(u, &q);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	return a;
}

static char *print(struct kunit *test, const struct umbra_answer *a,
		   void (*fn)(const struct umbra_answer *a, struct seq_buf *s))
{
	char *text = kunit_kzalloc(test, umbra_answer_room(a) + 1, GFP_KERNEL);
	struct seq_buf s;

	KUNIT_ASSERT_NOT_NULL(test, text);
	seq_buf_init(&s, text, umbra_answer_room(a));
	fn(a, &s);
	return text;
}

/* The text after the lines about the flags, whose numbers differ by kernel. */
static const char *steps_of(struct kunit *test, const char *text)
{
	const char *steps = strstr(text, "\n\n");

	KUNIT_ASSERT_NOT_NULL(test, steps);
	return steps + 2;
}

/* Expect that the text of an answer has a part. */
static void expect_part(struct kunit *test, const struct umbra_answer *a,
			const char *part)
{
	char *text = print(test, a, umbra_answer_text);

	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, part), "no \"%s\" in\n%s",
				  part, text);
}

static int agree_to_move(struct umbra_movable *movable, struct page *dst,
			 struct page *src, unsigned int order,
			 enum umbra_migrate_mode mode)
{
	return 0;
}

static int agree_to_reclaim(struct umbra_movable *movable, struct page *page,
			    unsigned int order, gfp_t gfp)
{
	return 0;
}

static const struct umbra_movable_operations move_ops = {
	.migrate = agree_to_move,
};

static const struct umbra_movable_operations reclaim_ops = {
	.migrate = agree_to_move,
	.reclaim = agree_to_reclaim,
};

/*
 * An instance whose every other page is free. The others are movable if @ops is
 * not NULL.
 */
static struct umbra *in_pieces(struct kunit *test,
			       const struct umbra_movable_operations *ops,
			       struct umbra_movable *owner,
			       struct list_head *kept)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct page *page, *next;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, TRY | __GFP_MOVABLE, 0, &pages);
	list_for_each_entry_safe(page, next, &pages, lru)
		if (umbra_page_to_index(u, page) % 2)
			list_move(&page->lru, kept);
	umbra_test_give_all(u, &pages);
	if (!ops)
		return u;
	umbra_movable_init(owner, ops, NULL);
	list_for_each_entry_safe(page, next, kept, lru) {
		list_del(&page->lru);
		KUNIT_ASSERT_EQ(test, umbra_set_movable(u, page, 0, owner), 0);
		if (ops->reclaim)
			umbra_lru_add(u, page);
	}
	return u;
}

static void free_movables(struct umbra *u)
{
	u32 index;

	for (index = 1; index < PAGES; index += 2)
		umbra_free_movable(u, umbra_index_to_page(u, index), 0, NULL);
}

static const char success[] =
	"   1  Node 0 Normal: 1024 free - 3 unusable = 1021, low mark 0 + 0 protected:\n"
	"        enough\n"
	"   2  Node 0 Normal: pageblock claimed for Unmovable, was Movable, by a block\n"
	"        of order 10, pfn 0x0\n"
	"\n"
	"the request gets pfn 0x0 of Node 0 Normal\n";

static void a_success_is_explained(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a = explain(test, u, GFP_KERNEL, 2, 1);
	char *text = print(test, a, umbra_answer_text);

	KUNIT_EXPECT_PTR_EQ(test, text,
			    strstr(text, "request of order 2 (4 pages), gfp "));
	expect_part(test, a, "\n   GFP_KERNEL\n");
	expect_part(test, a,
		    "\nit waits, reclaims and compacts itself, wakes kswapd\n");
	expect_part(test, a,
		    "\nblocks are Unmovable, first from Node 0 Normal\n");
	KUNIT_EXPECT_STREQ(test, steps_of(test, text), success);
	umbra_answer_delete(a);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES);
}

static const char in_pieces_text[] =
	"\nthe request fails\n"
	"   Node 0 Normal: enough free pages, but none in a block of order 3\n"
	"it would succeed after compaction: ";

static void compaction_that_would_help_is_named(struct kunit *test)
{
	struct umbra_movable owner;
	struct umbra_answer *a;
	LIST_HEAD(kept);
	struct umbra *u = in_pieces(test, &move_ops, &owner, &kept);

	a = explain(test, u, GFP_NOWAIT, 3, 1);
	KUNIT_EXPECT_EQ(test, a->index, UMBRA_NO_FRAME);
	/* The pages of one pageblock at most, although all could be moved. */
	KUNIT_EXPECT_GE(test, a->nr_moved, 4);
	KUNIT_EXPECT_LE(test, a->nr_moved, BIT(TEST_PB_ORDER) / 2);
	expect_part(test, a, in_pieces_text);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(u), PAGES / 2);
	umbra_answer_delete(a);
	free_movables(u);
}

static const char reclaim_text[] =
	"\nthe request fails\n"
	"   Node 0 Normal: 1 more free pages are needed\n"
	"it would succeed after reclaim of 32 pages\n";

static void reclaim_that_would_help_is_named(struct kunit *test)
{
	struct umbra_movable owner;
	struct umbra_answer *a;
	LIST_HEAD(kept);
	struct umbra *u = in_pieces(test, &reclaim_ops, &owner, &kept);
	LIST_HEAD(rest);

	umbra_test_take_all(u, 0, TRY, 0, &rest);
	a = explain(test, u, GFP_NOWAIT, 0, 1);
	expect_part(test, a, reclaim_text);
	umbra_answer_delete(a);
	umbra_test_give_all(u, &rest);
	free_movables(u);
}

static void it_is_said_that_nothing_would_help(struct kunit *test)
{
	struct umbra_answer *a;
	LIST_HEAD(kept);
	struct umbra *u = in_pieces(test, NULL, NULL, &kept);

	a = explain(test, u, GFP_KERNEL, 3, 1);
	expect_part(test, a, "\nneither compaction nor reclaim would help\n");
	umbra_answer_delete(a);
	umbra_test_give_all(u, &kept);
}

static void many_requests_are_played_up_to_the_first_failure(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a = explain(test, u, TRY, 3, 1000);

	KUNIT_EXPECT_EQ(test, a->nr_ok, PAGES / 8);
	expect_part(test, a, "\n128 of 1000 such requests succeed\nthe request fails\n");
	umbra_answer_delete(a);
	a = explain(test, u, TRY, 3, 128);
	KUNIT_EXPECT_EQ(test, a->nr_ok, 128);
	KUNIT_EXPECT_NE(test, a->index, UMBRA_NO_FRAME);
	umbra_answer_delete(a);
}

static void a_request_that_must_not_fail_is_not_waited_for(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a;
	LIST_HEAD(pages);

	umbra_test_take_all(u, 0, TRY, 0, &pages);
	a = explain(test, u, GFP_KERNEL | __GFP_NOFAIL, 0, 1);
	KUNIT_EXPECT_EQ(test, a->index, UMBRA_NO_FRAME);
	expect_part(test, a, "not played");
	umbra_answer_delete(a);
	umbra_test_give_all(u, &pages);
}

static void contradictory_flags_are_refused_in_the_answer(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a = explain(test, u, __GFP_DMA | __GFP_HIGHMEM, 0,
					 1);

	KUNIT_EXPECT_EQ(test, a->index, UMBRA_NO_FRAME);
	expect_part(test, a,
		    "the request is refused: its flags contradict each other\n");
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(u), 0);
	umbra_answer_delete(a);
}

static void a_node_that_does_not_exist_is_refused(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_question q = { .nid = 1, .count = 1 };

	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_explain(u, &q)), -ENXIO);
}

static void an_instance_that_is_asked_does_not_change(struct kunit *test)
{
	struct umbra_zone_difference d = { "nothing" };
	struct umbra_zone_state *before, *after;
	struct umbra_movable owner;
	LIST_HEAD(kept);
	struct umbra *u = in_pieces(test, &reclaim_ops, &owner, &kept);
	unsigned long events[UMBRA_NR_EVENTS];
	unsigned int i;

	for (i = 0; i < UMBRA_NR_EVENTS; i++)
		events[i] = umbra_test_events(u, i);
	before = umbra_zone_state_take(&u->zones[0]);
	umbra_answer_delete(explain(test, u, GFP_KERNEL, 9, 1));
	after = umbra_zone_state_take(&u->zones[0]);
	KUNIT_ASSERT_NOT_NULL(test, before);
	KUNIT_ASSERT_NOT_NULL(test, after);
	umbra_zone_state_differs(before, after, &d);
	KUNIT_EXPECT_STREQ(test, d.part, "nothing");
	KUNIT_EXPECT_EQ(test, memcmp(before->map, after->map, PAGES), 0);
	for (i = 0; i < UMBRA_NR_EVENTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, umbra_test_events(u, i), events[i],
				    "event %u", i);
	umbra_zone_state_delete(before);
	umbra_zone_state_delete(after);
	free_movables(u);
}

static const char last_failure[] =
	"   1  Node 0 Normal: 512 free - 15 unusable = 497, low mark 0 + 0 protected:\n"
	"        enough pages, but no block of order 4\n"
	"   2  slow path: begin, next attempt\n"
	"   3  Node 0 Normal: 512 free - 15 unusable = 497, min mark 0 + 0 protected:\n"
	"        enough pages, but no block of order 4\n"
	"   4  slow path: attempt, next nopage\n"
	"   5  slow path: nopage, no block\n"
	"\n"
	"the request fails\n"
	"   Node 0 Normal: enough free pages, but none in a block of order 4\n";

static void the_last_failure_is_explained_from_the_record(struct kunit *test)
{
	struct umbra_answer *a;
	LIST_HEAD(kept);
	struct umbra *u = in_pieces(test, NULL, NULL, &kept);

	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_explain_failure(u)), -ENODATA);
	KUNIT_ASSERT_EQ(test, umbra_record_set(u, 256), 0);
	umbra_free_pages(u, umbra_test_alloc(test, u, TRY, 0), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(umbra_explain_failure(u)), -ENODATA);
	KUNIT_EXPECT_NULL(test, umbra_alloc_pages(u, TRY, 4));
	umbra_free_pages(u, umbra_test_alloc(test, u, TRY, 0), 0);
	a = umbra_explain_failure(u);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_EXPECT_EQ(test, a->q.order, 4);
	KUNIT_EXPECT_EQ(test, a->q.gfp, TRY);
	KUNIT_EXPECT_STREQ(test,
			   steps_of(test, print(test, a, umbra_answer_text)),
			   last_failure);
	umbra_answer_delete(a);
	umbra_test_give_all(u, &kept);
}

/* The task of the request ends, and frees what it has. */
static void frees_do_not_displace_a_failure(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a;
	LIST_HEAD(pages);

	KUNIT_ASSERT_EQ(test, umbra_record_set(u, 256), 0);
	umbra_test_take_all(u, 0, TRY, 0, &pages);
	umbra_test_give_all(u, &pages);
	a = umbra_explain_failure(u);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	expect_part(test, a, "\n   Node 0 Normal: 1 more free pages are needed\n");
	umbra_answer_delete(a);
}

static const char json[] =
	",\"order\":10,\"count\":2,\"recorded\":false,\"exact\":true"
	",\"succeeded\":1,\"zones\":[{\"node\":0,\"zone\":\"Normal\""
	",\"result\":\"short\",\"missing\":1024}],\"decisions\":[{\"seq\":";

static void an_answer_has_json(struct kunit *test)
{
	struct umbra *u = umbra_test_ghost(test, TEST_PB_ORDER, PAGES);
	struct umbra_answer *a = explain(test, u, TRY, UMBRA_MAX_ORDER, 2);
	char *text = print(test, a, umbra_answer_json);
	const char *end = "]}\n";

	KUNIT_EXPECT_NOT_NULL(test, strstr(text, json));
	KUNIT_EXPECT_STREQ(test, text + strlen(text) - strlen(end), end);
	umbra_answer_delete(a);
}

struct question_case {
	const char *line;
	int err;
	struct umbra_question q;
};

static const struct question_case question_cases[] = {
	{ "GFP_KERNEL", 0, { GFP_KERNEL, 0, -1, 0, 1 } },
	{ " GFP_ATOMIC|__GFP_COMP  order=3\tnode=1 ", 0,
	  { GFP_ATOMIC | __GFP_COMP, 3, 1, 0, 1 } },
	{ "0 count=100 nodes=0x3", 0, { 0, 0, -1, 3, 100 } },
	{ "", -EINVAL },
	{ "GFP_NOTHING", -EINVAL },
	{ "GFP_KERNEL 3", -EINVAL },
	{ "GFP_KERNEL order", -EINVAL },
	{ "GFP_KERNEL order=", -EINVAL },
	{ "GFP_KERNEL order=x", -EINVAL },
	{ "GFP_KERNEL orders=1", -EINVAL },
	{ "order=1", -EINVAL },
	{ "GFP_KERNEL order=11", -ERANGE },
	{ "GFP_KERNEL node=32", -ERANGE },
	{ "GFP_KERNEL nodes=0", -ERANGE },
	{ "GFP_KERNEL count=0", -ERANGE },
	{ "GFP_KERNEL count=65537", -ERANGE },
	{ "0x100000000", -ERANGE },
};

/* The line; a tab would end the name of the test in the results. */
static void question_desc(const struct question_case *c, char *desc)
{
	strscpy(desc, c->line, KUNIT_PARAM_DESC_SIZE);
	strreplace(desc, '\t', ' ');
}

KUNIT_ARRAY_PARAM(question, question_cases, question_desc);

static void a_question_is_read(struct kunit *test)
{
	const struct question_case *c = test->param_value;
	struct umbra_question q;
	char line[64];

	strscpy(line, c->line, sizeof(line));
	KUNIT_ASSERT_EQ(test, umbra_parse_question(line, &q), c->err);
	if (c->err)
		return;
	KUNIT_EXPECT_EQ(test, q.gfp, c->q.gfp);
	KUNIT_EXPECT_EQ(test, q.order, c->q.order);
	KUNIT_EXPECT_EQ(test, q.nid, c->q.nid);
	KUNIT_EXPECT_EQ(test, q.nodes, c->q.nodes);
	KUNIT_EXPECT_EQ(test, q.count, c->q.count);
}

static void every_name_of_a_flag_is_read(struct kunit *test)
{
	const struct umbra_gfp_name *n;
	gfp_t gfp;

	for (n = umbra_gfp_names; n->name; n++) {
		KUNIT_EXPECT_EQ_MSG(test, umbra_parse_gfp(n->name, &gfp), 0,
				    "%s", n->name);
		KUNIT_EXPECT_EQ(test, gfp, n->flags);
	}
}

static struct kunit_case explain_cases[] = {
	KUNIT_CASE(a_success_is_explained),
	KUNIT_CASE(compaction_that_would_help_is_named),
	KUNIT_CASE(reclaim_that_would_help_is_named),
	KUNIT_CASE(it_is_said_that_nothing_would_help),
	KUNIT_CASE(many_requests_are_played_up_to_the_first_failure),
	KUNIT_CASE(a_request_that_must_not_fail_is_not_waited_for),
	KUNIT_CASE(contradictory_flags_are_refused_in_the_answer),
	KUNIT_CASE(a_node_that_does_not_exist_is_refused),
	KUNIT_CASE(an_instance_that_is_asked_does_not_change),
	KUNIT_CASE(the_last_failure_is_explained_from_the_record),
	KUNIT_CASE(frees_do_not_displace_a_failure),
	KUNIT_CASE(an_answer_has_json),
	KUNIT_CASE_PARAM(a_question_is_read, question_gen_params),
	KUNIT_CASE(every_name_of_a_flag_is_read),
	{}
};

static struct kunit_suite explain_suite = {
	.name = "umbra_explain",
	.test_cases = explain_cases,
};

kunit_test_suite(explain_suite);
