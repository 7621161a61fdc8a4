// SPDX-License-Identifier: GPL-2.0
/*
 * A client that needs umbra: a pool of blocks, which umbra makes smaller when
 * its memory is short. The module calls functions of umbra by name. modprobe
 * therefore loads umbra first, and umbra cannot be unloaded before this module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <umbra/umbra.h>

static unsigned int order = 2;
module_param(order, uint, 0444);
MODULE_PARM_DESC(order, "Order of each block (default: 2)");

static unsigned int count = 8;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Number of blocks (default: 8)");

static struct umbra *umbra;
static struct page **blocks;		/* lock */
static unsigned int nr_blocks;		/* lock */
static DEFINE_MUTEX(lock);

static void free_last_block(void)
{
	lockdep_assert_held(&lock);
	umbra_free_pages(umbra, blocks[--nr_blocks], order);
}

/* The objects of this shrinker are pages, because umbra is short of pages. */
static unsigned long pool_count(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc)
{
	return (unsigned long)READ_ONCE(nr_blocks) << order ?:
	       UMBRA_SHRINK_EMPTY;
}

/* The lock is only tried: the task that asks may be filling the pool. */
static unsigned long pool_scan(struct umbra_shrinker *shrinker,
			       struct umbra_shrink_control *sc)
{
	unsigned long freed = 0;

	if (!mutex_trylock(&lock))
		return UMBRA_SHRINK_STOP;
	while (nr_blocks && freed < sc->nr_to_scan) {
		free_last_block();
		freed += 1UL << order;
	}
	mutex_unlock(&lock);
	sc->nr_scanned = freed;
	return freed;
}

static struct umbra_shrinker pool = {
	.count = pool_count,
	.scan = pool_scan,
	.batch = 1,	/* one block at a time */
	.seeks = UMBRA_DEFAULT_SEEKS,
};

/*
 * GFP_KERNEL may sleep, reclaim and compact. Without __GFP_NOWARN umbra prints
 * a report when the request fails.
 */
static int fill_pool(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN;
	int err = 0;

	mutex_lock(&lock);
	while (nr_blocks < count && !err) {
		struct page *page = umbra_alloc_pages(umbra, gfp, order);

		if (page)
			blocks[nr_blocks++] = page;
		else
			err = -ENOMEM;
	}
	mutex_unlock(&lock);
	return err;
}

/* No callback runs any more when the last block goes. */
static void leave(void)
{
	umbra_unregister_shrinker(umbra, &pool);
	mutex_lock(&lock);
	pr_info("frees %u of %u blocks\n", nr_blocks, count);
	while (nr_blocks)
		free_last_block();
	mutex_unlock(&lock);
	kvfree(blocks);
	umbra_put(umbra);
}

static int __init client_init(void)
{
	struct umbra_info info;
	int err;

	if (order > UMBRA_MAX_ORDER)
		return -EINVAL;
	blocks = kvcalloc(count, sizeof(*blocks), GFP_KERNEL | __GFP_NOWARN);
	if (!blocks)
		return -ENOMEM;
	umbra = umbra_get_default();
	if (!umbra) {
		pr_err("umbra has no memory\n");
		kvfree(blocks);
		return -ENODEV;
	}
	umbra_register_shrinker(umbra, &pool);
	err = fill_pool();
	if (err) {
		pr_err("umbra has no %u blocks of order %u\n", count, order);
		leave();
		return err;
	}
	umbra_get_info(umbra, &info);
	pr_info("has %u blocks of order %u; %lu of %lu pages are free\n",
		count, order, info.nr_free, info.nr_pages);
	return 0;
}

module_init(client_init);
module_exit(leave);

MODULE_DESCRIPTION("Example: a pool of blocks from umbra");
MODULE_AUTHOR("The umbra authors");
MODULE_LICENSE("GPL");
