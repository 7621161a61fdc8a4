// SPDX-License-Identifier: GPL-2.0
/*
 * A module that allocates as long as it is loaded: requests that cannot wait,
 * requests that may not fail, and large ones. Tests load it to add load to
 * their own. Allocated memory is filled, and checked before it is freed.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/string.h>
#include <umbra/umbra.h>
#include "../src/core/core.h"

#define NR_BLOCKS 32

struct exercise {
	const char *name;
	gfp_t gfp;
	unsigned int min_order;
	unsigned int max_order;
	bool preemptible;
	struct task_struct *task;
	struct page *blocks[NR_BLOCKS];
	u8 orders[NR_BLOCKS];
};

static struct umbra *umbra;

static struct exercise exercises[] = {
	{ "atomic", GFP_ATOMIC | __GFP_NOWARN, 0, 3, false },
	{ "nofail", GFP_KERNEL | __GFP_NOFAIL, 0, 1, true },
	{ "costly", GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN, 4, 9, true },
	{ "noretry", GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 0, 9, true },
};

static struct page *allocate(const struct exercise *e, unsigned int order)
{
	struct page *page;

	if (e->preemptible || IS_ENABLED(CONFIG_PREEMPT_RT))
		return umbra_alloc_pages(umbra, e->gfp, order);
	preempt_disable();
	page = umbra_alloc_pages(umbra, e->gfp, order);
	preempt_enable();
	return page;
}

static void fill_block(struct exercise *e, unsigned int i)
{
	unsigned int order = get_random_u32_inclusive(e->min_order,
						      e->max_order);

	e->blocks[i] = allocate(e, order);
	e->orders[i] = order;
	if (e->blocks[i])
		memset(umbra_page_address(umbra, e->blocks[i]), i + 1,
		       PAGE_SIZE << order);
	else
		WARN_ON(e->gfp & __GFP_NOFAIL);
}

static void free_block(struct exercise *e, unsigned int i)
{
	void *p = umbra_page_address(umbra, e->blocks[i]);

	WARN_ON(memchr_inv(p, i + 1, PAGE_SIZE << e->orders[i]));
	umbra_free_pages(umbra, e->blocks[i], e->orders[i]);
	e->blocks[i] = NULL;
}

static int exercise(void *arg)
{
	struct exercise *e = arg;
	unsigned int i;

	while (!kthread_should_stop()) {
		i = get_random_u32_below(NR_BLOCKS);
		if (e->blocks[i])
			free_block(e, i);
		else
			fill_block(e, i);
		usleep_range(500, 5000);
	}
	for (i = 0; i < NR_BLOCKS; i++)
		if (e->blocks[i])
			free_block(e, i);
	return 0;
}

static void stop(unsigned int nr)
{
	while (nr--)
		kthread_stop(exercises[nr].task);
	umbra_put(umbra);
}

static int __init exercise_init(void)
{
	struct exercise *e;
	unsigned int i;

	umbra = umbra_get_default();
	if (!umbra)
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(exercises); i++) {
		e = &exercises[i];
		e->task = kthread_run(exercise, e, "umbra_%s", e->name);
		if (IS_ERR(e->task)) {
			stop(i);
			return PTR_ERR(e->task);
		}
	}
	return 0;
}

static void __exit exercise_exit(void)
{
	stop(ARRAY_SIZE(exercises));
}

module_init(exercise_init);
module_exit(exercise_exit);

MODULE_DESCRIPTION("Requests of every kind, as long as it is loaded");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
