// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations of owners, compaction and range allocations, against a
 * model of the contents of every block. In a second test, one thread writes to
 * real memory while another one migrates it.
 *
 * umbra_test.seed repeats a run; umbra_test.ops makes it longer.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "../src/core/request.h"
#include "../src/core/span.h"
#include "../src/move/compact.h"
#include "../src/page/give.h"
#include "../src/page/held.h"
#include "../src/policy/policy.h"
#include "mover.h"

#define PAGES (2 * TEST_BLOCK)
#define MAX_BLOCKS 2048
#define FEW_BLOCKS 128
#define MAX_PINS 16

struct block {
	struct page *page;	/* blocks that do not move */
	struct mover *owner;	/* blocks that move */
	u32 token;
	u8 order;
};

struct run {
	struct kunit *test;
	struct umbra *u;
	struct mover *movers[2];
	struct rnd_state rnd;
	struct block blocks[MAX_BLOCKS];
	unsigned int nr_blocks;
	struct page *pins[MAX_PINS];	/* pages with one more reference */
	unsigned int nr_pins;
	unsigned long nr_captured;
	bool filling;		/* more allocations than frees */
};

static u32 pick(struct run *r, u32 limit)
{
	return prandom_u32_state(&r->rnd) % limit;
}

static gfp_t pick_gfp(struct run *r)
{
	static const gfp_t gfps[] = {
		GFP_HIGHUSER_MOVABLE, GFP_HIGHUSER_MOVABLE | __GFP_COMP,
		GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE,
	};

	return gfps[pick(r, ARRAY_SIZE(gfps))] | __GFP_NOWARN | __GFP_NORETRY;
}

static struct page *page_of(struct run *r, const struct block *b)
{
	if (!b->token)
		return b->page;
	return umbra_index_to_page(r->u, umbra_test_mover_find(b->owner,
							       b->token));
}

static void keep(struct run *r, struct page *page, unsigned int order,
		 bool movable)
{
	struct block *b = &r->blocks[r->nr_blocks++];

	*b = (struct block) { .page = page, .order = order };
	if (!movable)
		return;
	b->owner = r->movers[pick(r, 2)];
	b->token = umbra_test_mover_add(r->test, b->owner, page, order);
	if (pick(r, 2))
		umbra_lru_add(r->u, page);
	if (pick(r, 2))
		umbra_mark_accessed(r->u, page);
}

static void do_alloc(struct run *r)
{
	unsigned int order = pick(r, 64) ? pick(r, 3) : pick(r, 8);
	struct page *page;

	if (r->nr_blocks == MAX_BLOCKS)
		return;
	page = umbra_alloc_pages(r->u, pick_gfp(r) & ~__GFP_DIRECT_RECLAIM,
				 order);
	if (page)
		keep(r, page, order, pick(r, 64));
	else
		r->filling = false;
}

static void do_free(struct run *r)
{
	struct block *b;

	if (r->nr_blocks < FEW_BLOCKS) {
		r->filling = true;
		return;
	}
	b = &r->blocks[pick(r, r->nr_blocks)];
	if (b->token)
		umbra_test_mover_drop(b->owner, b->token);
	else
		umbra_free_pages(r->u, b->page, b->order);
	*b = r->blocks[--r->nr_blocks];
}

static void do_pin(struct run *r)
{
	if (r->nr_pins && pick(r, 2)) {
		page_ref_dec(r->pins[--r->nr_pins]);
	} else if (r->nr_blocks && r->nr_pins < MAX_PINS) {
		struct block *b = &r->blocks[pick(r, r->nr_blocks)];
		struct page *page = page_of(r, b);

		if (!b->token)
			return;
		page += pick(r, 1 << b->order);
		page_ref_inc(page);
		r->pins[r->nr_pins++] = page;
	}
}

static void do_fail(struct run *r)
{
	struct mover *m = r->movers[pick(r, 2)];

	m->fail = pick(r, 8) ? 0 : pick(r, 40);
	m->err = pick(r, 2) ? -EAGAIN : -EBUSY;
	m->deny = !pick(r, 32);
}

static void do_direct(struct run *r)
{
	unsigned int order = 1 + pick(r, UMBRA_MAX_ORDER);
	enum umbra_compact_priority priority = pick(r, 3);
	struct umbra_request rq;
	u32 index = UMBRA_NO_FRAME;
	struct page *page;

	umbra_drain_pages(r->u);
	/* Mostly an order that compaction has to make. */
	while (pick(r, 8) && order < UMBRA_MAX_ORDER &&
	       umbra_test_pages_in(&r->u->zones[0], order))
		order++;
	umbra_test_request(r->test, r->u, &rq, pick_gfp(r), order);
	umbra_compact_direct(r->u, &rq, priority, &index);
	if (index == UMBRA_NO_FRAME)
		return;
	r->nr_captured++;
	KUNIT_ASSERT_EQ(r->test, frame_read(r->u, index),
			frame_make(FRAME_PCP, order));
	page = umbra_give_block(r->u, index, order, rq.gfp, 0);
	if (r->nr_blocks < MAX_BLOCKS && pick(r, 2))
		keep(r, page, order, pick(r, 2));
	else
		umbra_free_pages(r->u, page, order);
}

static void do_range(struct run *r)
{
	struct umbra_zone *zone = &r->u->zones[pick(r, r->u->nr_zones)];
	u32 size = 1 + pick(r, 600);
	u32 start = zone->start + pick(r, zone->end - zone->start - size);

	if (pick(r, 2)) {
		if (umbra_isolate_range(r->u, start, start + size))
			return;
		umbra_compact(r->u);
		umbra_unisolate_range(r->u, start, start + size);
	} else if (!umbra_alloc_contig_range(r->u, start, start + size,
					     GFP_KERNEL)) {
		umbra_free_contig_range(r->u, start, size);
	}
}

static void do_compact(struct run *r)
{
	unsigned int nid = pick(r, r->u->nr_nodes + 1);

	if (nid < r->u->nr_nodes)
		KUNIT_EXPECT_EQ(r->test, umbra_compact_node(r->u, nid), 0);
	else
		KUNIT_EXPECT_EQ(r->test, umbra_compact(r->u), 0);
}

/*
 * Every block must be where its owner expects it, and no other may have moved.
 */
static void check(struct run *r)
{
	unsigned int i, nr = 0;

	for (i = 0; i < r->nr_blocks; i++) {
		struct block *b = &r->blocks[i];
		u8 frame = umbra_test_frame(r->u, page_of(r, b));

		KUNIT_ASSERT_TRUE(r->test, frame_is_allocated(frame));
		KUNIT_ASSERT_EQ(r->test, frame_order(frame), b->order);
		nr += !!b->token;
	}
	KUNIT_ASSERT_EQ(r->test, umbra_test_mover_count(r->test, r->movers[0]) +
			umbra_test_mover_count(r->test, r->movers[1]), nr);
	umbra_test_judge(r->test, r->u);
	KUNIT_ASSERT_EQ(r->test, umbra_test_nr_reports(r->u), 0);
}

static void one_operation(struct run *r)
{
	static void (* const moves[])(struct run *r) = {
		do_direct, do_direct, do_direct, do_range, do_compact,
	};

	if (!pick(r, 32)) {
		moves[pick(r, ARRAY_SIZE(moves))](r);
		check(r);
		return;
	}
	if (!pick(r, 32))
		do_pin(r);
	else if (!pick(r, 32))
		do_fail(r);
	else if (!pick(r, 8) == r->filling)
		do_free(r);
	else
		do_alloc(r);
}

static const unsigned int debugs[] = {
	0, UMBRA_DEBUG_GUARD, UMBRA_DEBUG_REFS,
	UMBRA_DEBUG_GUARD | UMBRA_DEBUG_REFS | UMBRA_DEBUG_OWNER,
};

static struct umbra *random_instance(struct run *r)
{
	static const u8 pb_orders[] = { 3, 5, 7, 9, 9, 10 };
	struct umbra_zone_layout zones[2] = {
		{ .nid = 0, .type = UMBRA_ZONE_NORMAL, .nr_frames = PAGES / 2 },
		{ .type = UMBRA_ZONE_MOVABLE },
	};
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = pb_orders[pick(r, ARRAY_SIZE(pb_orders))],
		.nr_zones = 2,
		.zones = zones,
		.policy = umbra_policy_builtin(pick(r, 5))->name,
		.debug = debugs[pick(r, ARRAY_SIZE(debugs))],
		.pcp_batch = pick(r, 2) * 8,
		.pcp_high = 64,
		.min_free_kbytes = pick(r, 2) * 64,
	};

	zones[1].nid = pick(r, 2);
	if (zones[1].nid)
		zones[1].type = UMBRA_ZONE_NORMAL;
	zones[0].nr_cma = pick(r, 2) << layout.pb_order;
	kunit_info(r->test,
		   "pageblocks of order %u, policy %s, debug %u, %u nodes\n",
		   layout.pb_order, layout.policy, layout.debug,
		   zones[1].nid + 1);
	return umbra_test_ghost_layout(r->test, &layout, PAGES);
}

static void end_run(struct run *r)
{
	while (r->nr_pins)
		page_ref_dec(r->pins[--r->nr_pins]);
	umbra_test_empty(r->u);
	umbra_held_rescan(r->u);
	umbra_drain_pages(r->u);
	KUNIT_EXPECT_EQ(r->test, umbra_test_nr_free(r->u), PAGES);
	KUNIT_EXPECT_EQ(r->test, umbra_test_nr_reports(r->u), 0);
}

#define RUNS 12

static void random_migrations_agree_with_the_model(struct kunit *test)
{
	u64 seed = umbra_test_seed ?: get_random_u32();
	unsigned long ops = umbra_test_ops / 50 / RUNS, i;
	struct run *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned long captured = 0, begin = jiffies;
	unsigned int n, moved = 0;

	KUNIT_ASSERT_NOT_NULL(test, r);
	kunit_info(test, "umbra_test.seed=%llu\n", seed);
	/* Repeat until at least one block has moved. */
	for (n = 0; umbra_test_goes_on(begin, n < RUNS, moved || ops <= 1000);
	     n++) {
		memset(r, 0, sizeof(*r));
		r->test = test;
		prandom_seed_state(&r->rnd, seed + n);
		r->u = random_instance(r);
		umbra_test_no_background(r->u);
		r->movers[0] = umbra_test_mover(test, r->u);
		r->movers[1] = umbra_test_mover(test, r->u);
		r->filling = true;
		for (i = 0; i < ops; i++) {
			one_operation(r);
			cond_resched();
		}
		check(r);
		moved += r->movers[0]->nr_moved + r->movers[1]->nr_moved;
		captured += r->nr_captured;
		end_run(r);
	}
	kunit_info(test,
		   "%lu operations done: %u blocks moved, %lu captured\n",
		   ops * n, moved, captured);
	if (ops > 1000)
		KUNIT_EXPECT_GT(test, moved, 0);
}

#define NR_SLOTS 256

/* A page of real memory, filled with one byte. */
struct slot {
	spinlock_t lock;	/* guards the following fields and the page */
	struct page *page;
	u8 byte;
};

struct memory {
	struct umbra_movable movable;
	struct umbra *u;
	struct umbra_test_barrier barrier;
	unsigned long start;		/* jiffies */
	unsigned long nr_wanted, nr_moved, nr_written, nr_spoilt;
	atomic_t done;
	struct slot slots[NR_SLOTS];
};

static int memory_migrate(struct umbra_movable *movable, struct page *dst,
			  struct page *src, unsigned int order,
			  enum umbra_migrate_mode mode)
{
	struct memory *m = container_of(movable, struct memory, movable);
	struct slot *s = &m->slots[page_private(src)];

	if (!spin_trylock(&s->lock))
		return -EAGAIN;
	copy_highpage(dst, src);
	set_page_private(dst, page_private(src));
	s->page = dst;
	m->nr_moved++;
	spin_unlock(&s->lock);
	return 0;
}

static const struct umbra_movable_operations memory_ops = {
	.migrate = memory_migrate,
};

static bool slot_is_intact(const struct slot *s)
{
	return !memchr_inv(page_address(s->page), s->byte, PAGE_SIZE);
}

/* One thread migrates every page, the other writes to them. */
static void move_and_write(void *arg, unsigned int self)
{
	struct memory *m = arg;
	struct umbra_zone *zone = m->u->zones;
	unsigned long pfn = umbra_index_to_pfn(m->u, zone->start);
	unsigned long half = (zone->end - zone->start) / 2;
	struct slot *s;

	umbra_test_meet(&m->barrier);
	while (!self && umbra_test_goes_on(m->start, m->nr_moved < m->nr_wanted,
					   m->nr_moved &&
					   READ_ONCE(m->nr_written))) {
		umbra_isolate_range(m->u, pfn, pfn + half);
		umbra_unisolate_range(m->u, pfn, pfn + half);
		umbra_isolate_range(m->u, pfn + half, pfn + 2 * half);
		umbra_unisolate_range(m->u, pfn + half, pfn + 2 * half);
		umbra_compact(m->u);
		cond_resched();
	}
	if (!self)
		atomic_set(&m->done, 1);
	while (self && !atomic_read(&m->done)) {
		s = &m->slots[get_random_u32_below(NR_SLOTS)];
		spin_lock(&s->lock);
		m->nr_spoilt += !slot_is_intact(s);
		memset(page_address(s->page), ++s->byte, PAGE_SIZE);
		WRITE_ONCE(m->nr_written, m->nr_written + 1);
		spin_unlock(&s->lock);
		cond_resched();
	}
}

static void memory_fill(struct kunit *test, struct memory *m)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &m->slots[i];

		spin_lock_init(&s->lock);
		s->byte = i;
		s->page = umbra_test_alloc(test, m->u, GFP_HIGHUSER_MOVABLE, 0);
		memset(page_address(s->page), i, PAGE_SIZE);
		set_page_private(s->page, i);
		KUNIT_ASSERT_EQ(test, umbra_set_movable(m->u, s->page, 0,
							&m->movable), 0);
	}
}

static void memory_empty(struct kunit *test, struct memory *m)
{
	unsigned int i;

	for (i = 0; i < NR_SLOTS; i++) {
		struct slot *s = &m->slots[i];

		KUNIT_EXPECT_TRUE(test, slot_is_intact(s));
		umbra_clear_movable(m->u, s->page);
		umbra_free_page(m->u, s->page);
	}
	umbra_drain_pages(m->u);
}

static const struct {
	const char *name;
	unsigned int debug;
	unsigned int share;	/* share of the operations */
} memory_cases[] = {
	{ "plain", 0, 1 },
	{ "debugged", UMBRA_DEBUG_ALL & ~UMBRA_DEBUG_OWNER, 100 },
};

KUNIT_ARRAY_PARAM_DESC(memory, memory_cases, name);

static void pages_written_during_migrations_are_intact(struct kunit *test)
{
	const typeof(memory_cases[0]) *c = test->param_value;
	struct umbra_layout layout = {
		.origin = "test",
		.pb_order = 8,
		.has_memory = true,
		.debug = c->debug,
	};
	struct memory *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->u = umbra_test_memory(test, &layout, TEST_BLOCK);
	m->nr_wanted = umbra_test_ops / c->share;
	umbra_movable_init(&m->movable, &memory_ops, NULL);
	memory_fill(test, m);
	m->start = jiffies;
	umbra_test_start_pair(test, move_and_write, m);
	umbra_test_join_pair();
	KUNIT_EXPECT_EQ(test, m->nr_spoilt, 0);
	KUNIT_EXPECT_GT(test, m->nr_written, 0);
	KUNIT_EXPECT_GT(test, m->nr_moved, 0);
	memory_empty(test, m);
	kunit_info(test, "%lu pages moved, %lu written at the same time\n",
		   m->nr_moved, m->nr_written);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_reports(m->u), 0);
	KUNIT_EXPECT_EQ(test, umbra_test_nr_free(m->u), TEST_BLOCK);
}

static struct kunit_case migrate_property_cases[] = {
	KUNIT_CASE_SLOW(random_migrations_agree_with_the_model),
	KUNIT_CASE_PARAM_ATTR(pages_written_during_migrations_are_intact,
			      memory_gen_params, { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite migrate_property_suite = {
	.name = "umbra_migrate_property",
	.test_cases = migrate_property_cases,
};

kunit_test_suite(migrate_property_suite);
