// SPDX-License-Identifier: GPL-2.0
/*
 * The time that a free takes while another task has many blocks isolated, whose
 * owner is slow: alone, and loaded.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include "../src/core/core.h"
#include "bench.h"

/*
 * Blocks of the slow owner, and of the owner whose frees are timed. The free of
 * a block makes it the newest of the LRU list; with these numbers and a pause
 * between frees, the batches have blocks of both owners.
 */
#define SLOW_BLOCKS 64
#define FAST_BLOCKS 512
#define PAUSE_US 100

#define ROUNDS_VICTIM 7

/* Frees in a round alone, and callbacks of the slow owner in a round loaded. */
#define ROUND_FREES 1024
#define ROUND_CALLBACKS 256

/* Time of a callback of the slow owner, in microseconds. */
#define CALLBACK_US 300

struct slow_owner {
	struct umbra_movable movable;
	atomic_t nr_calls;
};

static int refuse_slowly(struct umbra_movable *movable, struct page *page,
			 unsigned int order, gfp_t gfp)
{
	udelay(CALLBACK_US);
	atomic_inc(&container_of(movable, struct slow_owner,
				 movable)->nr_calls);
	return -EBUSY;
}

static int refuse(struct umbra_movable *movable, struct page *page,
		  unsigned int order, gfp_t gfp)
{
	return -EBUSY;
}

static const struct umbra_movable_operations slow_ops = {
	.reclaim = refuse_slowly,
};

static const struct umbra_movable_operations fast_ops = { .reclaim = refuse };

/* A registered page that can be reclaimed, or NULL. */
static struct page *add(struct umbra *u, struct umbra_movable *movable)
{
	struct page *page = umbra_alloc_pages(u, GFP_KERNEL | __GFP_NOWARN, 0);

	if (!page)
		return NULL;
	if (!umbra_set_movable(u, page, 0, movable)) {
		umbra_lru_add(u, page);
		return page;
	}
	umbra_free_pages(u, page, 0);
	return NULL;
}

/* Isolates blocks in batches, and asks their owners, without an end. */
static int reclaim_fn(void *arg)
{
	while (!kthread_should_stop()) {
		umbra_reclaim(arg, 1);
		cond_resched();
	}
	return 0;
}

/* Free and allocate fast blocks. Returns the longest free, in ns. */
static u64 churn(struct umbra *u, struct umbra_movable *fast,
		 struct slow_owner *slow, bool loaded, struct page **pages,
		 u64 *mean_ns)
{
	int end = atomic_read(&slow->nr_calls) + ROUND_CALLBACKS;
	u64 longest = 0, sum = 0;
	unsigned int i, nr = 0;
	u32 random = 1;

	while (loaded ? atomic_read(&slow->nr_calls) < end : nr < ROUND_FREES) {
		u64 start, ns;

		i = bench_random(&random) % FAST_BLOCKS;
		start = ktime_get_ns();
		umbra_free_movable(u, pages[i], 0, NULL);
		ns = ktime_get_ns() - start;
		longest = max(longest, ns);
		sum += ns;
		nr++;
		pages[i] = add(u, fast);
		if (!pages[i])
			break;
		udelay(PAUSE_US);
		cond_resched();
	}
	*mean_ns = div_u64(sum, max(nr, 1U));
	return longest;
}

static void print_side(struct bench *b, bool loaded,
		       struct umbra_movable *fast, struct slow_owner *slow,
		       struct page **pages)
{
	const char *side = loaded ? "loaded" : "alone";
	u64 mean[ROUNDS_VICTIM], longest[ROUNDS_VICTIM];
	unsigned int i;

	for (i = 0; i < ROUNDS_VICTIM; i++)
		longest[i] = div_u64(churn(b->u, fast, slow, loaded, pages,
					   &mean[i]), 1000);
	bench_print_fact(b, bench_median(mean, ARRAY_SIZE(mean)) * 1000, mean,
			 ARRAY_SIZE(mean), "free-movable-%s-ns", side);
	bench_print_fact(b, bench_median(longest, ARRAY_SIZE(longest)) * 1000,
			 longest, ARRAY_SIZE(longest), "free-movable-%s-max-us",
			 side);
}

static void remove_all(struct umbra *u, struct page **pages, unsigned int nr)
{
	while (nr--)
		if (pages[nr])
			umbra_free_movable(u, pages[nr], 0, NULL);
}

int bench_victim(struct bench *b)
{
	struct page **fast_pages = b->cpu[0]->slots;
	struct page **slow_pages = fast_pages + FAST_BLOCKS;
	struct slow_owner slow = {};
	struct umbra_movable fast;
	struct task_struct *thread;
	unsigned int i;

	if (b->nr_cpus < 2) {
		bench_print(b, "skip free-movable: this machine has 1 CPU\n");
		return 0;
	}
	umbra_movable_init(&slow.movable, &slow_ops, NULL);
	umbra_movable_init(&fast, &fast_ops, NULL);
	/* Mixed in the LRU lists, and so in the batches. */
	for (i = 0; i < FAST_BLOCKS; i++) {
		fast_pages[i] = add(b->u, &fast);
		if (i < SLOW_BLOCKS)
			slow_pages[i] = add(b->u, &slow.movable);
	}
	print_side(b, false, &fast, &slow, fast_pages);
	thread = kthread_create(reclaim_fn, b->u, "umbra_bench/r");
	if (!IS_ERR(thread)) {
		kthread_bind(thread, b->cpu_ids[1]);
		wake_up_process(thread);
		print_side(b, true, &fast, &slow, fast_pages);
		kthread_stop(thread);
	}
	remove_all(b->u, fast_pages, FAST_BLOCKS);
	remove_all(b->u, slow_pages, SLOW_BLOCKS);
	umbra_movable_retire(b->u, &slow.movable);
	umbra_movable_retire(b->u, &fast);
	return PTR_ERR_OR_ZERO(thread);
}
