// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator of the host as the oracle of umbra. Loading this module copies
 * the state of a quiet zone of the host into an instance, and then gives both
 * the same requests. After every step both must have given the same page, as a
 * distance from the start of the zone; after some steps all lists, pageblock
 * types and counters must be equal.
 *
 * The zone must be the only populated one of a node without CPUs, and nothing
 * else may allocate there. Requests neither wake kswapd nor reclaim. Without
 * caches=1 they have orders that the host does not cache. With it they have all
 * orders, some are for many pages at once, and both begin with empty caches of
 * the same size. With defrag=1 both have defrag_mode.
 *
 * The last line is "N steps, all equal", or "diverged at step N" and loading
 * fails.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "../src/api/tune.h"
#include "../src/buddy/fragmentation.h"
#include "../src/core/core.h"
#include "../src/study/import.h"
#include "../src/study/zone_state.h"
#include "oracle.h"

#define MOST_HELD 8192

/* With caches, one of BULK_RARITY steps has up to MOST_BULK pages at once. */
#define MOST_BULK 200
#define BULK_RARITY 64

static int nid = 1;
module_param(nid, int, 0444);
MODULE_PARM_DESC(nid, "Node of the host (default: 1)");

static unsigned int zone = ZONE_NORMAL;
module_param(zone, uint, 0444);
MODULE_PARM_DESC(zone, "Zone of the node, as enum zone_type of the host (default: that of Normal)");

static unsigned long steps = 10000;
module_param(steps, ulong, 0444);
MODULE_PARM_DESC(steps, "Number of requests and frees (default: 10000)");

static unsigned long check = 1000;
module_param(check, ulong, 0444);
MODULE_PARM_DESC(check, "Number of steps between two comparisons of all lists (default: 1000)");

static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Seed of the requests (default: 1)");

static bool caches;
module_param(caches, bool, 0444);
MODULE_PARM_DESC(caches, "Requests of all orders, with caches of CPUs (default: off)");

/* Orders that the host does not keep in the caches of CPUs. */
static const u8 uncached[] = { 4, 5, 6, 7, 8, 10 };

/* All orders, small ones more often. */
static const u8 all_orders[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 9, 10,
};

static const gfp_t types[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

/* Flags that open reserves, and those of ordinary requests more often. */
static const gfp_t reserves[] = { 0, 0, 0, __GFP_HIGH, __GFP_MEMALLOC };

static bool defrag;
module_param(defrag, bool, 0444);
MODULE_PARM_DESC(defrag, "defrag_mode, which the host must have too (default: off)");

struct held {
	struct page *host;
	struct page *ours;
	u8 order;
};

struct oracle {
	struct zone *zone;
	struct umbra *u;
	struct page *pages;		/* descriptors of the instance */
	unsigned long base_pfn;		/* of the zone */
	struct rnd_state rnd;
	struct held *held;
	unsigned int nr_held;
	struct page *host_bulk[MOST_BULK];
	struct page *our_bulk[MOST_BULK];
	bool filling;
	unsigned long nr_allocs;
	unsigned long nr_failed;
	unsigned long nr_turns;		/* times that the zone was full */
};

static u32 draw(struct oracle *o, u32 below)
{
	return prandom_u32_state(&o->rnd) % below;
}

/* Print a number of free blocks of a state, list by list. */
static void print_state(const char *name, const struct umbra_zone_state *s)
{
	unsigned long i;

	for (i = 0; i < s->nr_blocks && i < 24; i++)
		pr_err("%s: block %lu: order %u, type %u, frame %u\n", name, i,
		       s->blocks[i].order, s->blocks[i].type,
		       s->blocks[i].index);
}

/* Compare the free pages in whole pageblocks. Returns 0 or an error. */
static int compare_pageblocks(struct oracle *o, unsigned long step)
{
	unsigned long host = zone_page_state_snapshot(o->zone,
						      NR_FREE_PAGES_BLOCKS);
	unsigned long ours = umbra_free_in_pageblocks(&o->u->zones[0]);

	if (host == ours)
		return 0;
	pr_err("diverged at step %lu: free pages in pageblocks: host %lu, umbra %lu\n",
	       step, host, ours);
	return -EIO;
}

/* Compare all of the zone with the instance. Returns 0 or an error. */
static int compare(struct oracle *o, unsigned long step)
{
	struct umbra_zone_state *host = umbra_import_zone(nid, zone);
	struct umbra_zone_state *ours = umbra_zone_state_take(&o->u->zones[0]);
	struct umbra_zone_difference d;
	int err = caches ? oracle_caches_differ(o->zone, &o->u->zones[0]) : 0;

	if (err)
		pr_err("diverged at step %lu: the caches\n", step);
	else
		err = compare_pageblocks(o, step);
	if (IS_ERR(host)) {
		pr_err("the zone cannot be read: error %ld\n", PTR_ERR(host));
		umbra_zone_state_delete(ours);
		return PTR_ERR(host);
	}
	if (!ours) {
		pr_err("the state of the instance cannot be taken\n");
		err = -ENOMEM;
	} else if (umbra_zone_state_differs(host, ours, &d)) {
		pr_err("diverged at step %lu: %s %lu: host %ld, umbra %ld\n",
		       step, d.part, d.where, d.first, d.second);
		print_state("host", host);
		print_state("umbra", ours);
		err = -EIO;
	}
	umbra_zone_state_delete(host);
	umbra_zone_state_delete(ours);
	return err;
}

static unsigned int draw_order(struct oracle *o)
{
	return caches ? all_orders[draw(o, ARRAY_SIZE(all_orders))] :
			uncached[draw(o, ARRAY_SIZE(uncached))];
}

static gfp_t draw_gfp(struct oracle *o)
{
	return types[draw(o, ARRAY_SIZE(types))] |
	       reserves[draw(o, ARRAY_SIZE(reserves))] | __GFP_NOWARN;
}

static void free_both(struct oracle *o, struct held h)
{
	if (h.host)
		__free_pages(h.host, h.order);
	if (h.ours)
		umbra_free_pages(o->u, h.ours, h.order);
}

/*
 * Hold a block that both have given, or count a failure of both. Returns -EIO if
 * they differ; then both blocks are free again.
 */
static int hold(struct oracle *o, unsigned long step, struct held h, gfp_t gfp)
{
	long theirs = h.host ? (long)(page_to_pfn(h.host) - o->base_pfn) : -1;
	long mine = h.ours ? (long)(h.ours - o->pages) : -1;

	if (theirs != mine) {
		pr_err("diverged at step %lu: order %u, gfp %#x: host frame %ld, umbra frame %ld\n",
		       step, h.order, (__force unsigned int)gfp, theirs, mine);
		free_both(o, h);
		return -EIO;
	}
	if (h.host) {
		o->nr_allocs++;
		o->held[o->nr_held++] = h;
		return 0;
	}
	o->nr_failed++;
	/* Small blocks may still be had; a large one turns rarely. */
	if (draw(o, 4) == 0) {
		o->nr_turns += o->filling;
		o->filling = false;
	}
	return 0;
}

static int allocate(struct oracle *o, unsigned long step)
{
	struct held h = { .order = draw_order(o) };
	gfp_t gfp = draw_gfp(o);

	h.host = alloc_pages_node(nid, gfp | __GFP_THISNODE, h.order);
	h.ours = umbra_alloc_pages(o->u, gfp, h.order);
	return hold(o, step, h, gfp);
}

/* Fill an array that may have an element already, which both must pass over. */
static int allocate_bulk(struct oracle *o, unsigned long step)
{
	unsigned int nr = 1 + draw(o, MOST_BULK), filled = draw(o, 2 * nr), i;
	unsigned long theirs, mine;
	gfp_t gfp = draw_gfp(o);
	int err = 0;

	memset(o->host_bulk, 0, sizeof(o->host_bulk));
	memset(o->our_bulk, 0, sizeof(o->our_bulk));
	if (filled < nr) {
		o->host_bulk[filled] = ZERO_PAGE(0);
		o->our_bulk[filled] = ZERO_PAGE(0);
	}
	theirs = alloc_pages_bulk_node(gfp | __GFP_THISNODE, nid, nr,
				       o->host_bulk);
	mine = umbra_alloc_pages_bulk(o->u, gfp, 0, NULL, nr, o->our_bulk);
	if (theirs != mine) {
		pr_err("diverged at step %lu: bulk of %u pages: host %lu, umbra %lu\n",
		       step, nr, theirs, mine);
		err = -EIO;
	}
	for (i = 0; i < nr; i++) {
		struct held h = { o->host_bulk[i], o->our_bulk[i], 0 };

		if (i == filled || (!h.host && !h.ours))
			continue;
		if (err)
			free_both(o, h);
		else
			err = hold(o, step, h, gfp);
	}
	return err;
}

static void free_one(struct oracle *o, unsigned int i)
{
	struct held h = o->held[i];

	o->held[i] = o->held[--o->nr_held];
	free_both(o, h);
}

/* Allocate or free; more allocations until the zone is full, then more frees. */
static int do_step(struct oracle *o, unsigned long step)
{
	bool bulk = caches && draw(o, BULK_RARITY) == 0;
	bool more = draw(o, 8) < (o->filling ? 5 : 3);
	unsigned int nr;

	if (!o->nr_held) {
		o->filling = true;
		more = true;
	}
	if (more && o->nr_held + MOST_BULK < MOST_HELD)
		return bulk ? allocate_bulk(o, step) : allocate(o, step);
	for (nr = bulk ? 1 + draw(o, MOST_BULK) : 1; nr && o->nr_held; nr--)
		free_one(o, draw(o, o->nr_held));
	return 0;
}

static int run(struct oracle *o)
{
	unsigned long step;
	int err = compare(o, 0);

	for (step = 1; !err && step <= steps; step++) {
		err = do_step(o, step);
		if (!err && (step % check == 0 || step == steps))
			err = compare(o, step);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	while (o->nr_held)
		free_one(o, 0);
	return err ?: compare(o, steps);
}

/* Make an instance with the size of a zone, and load its state. */
static int create(struct oracle *o, const struct umbra_zone_state *s)
{
	const struct umbra_zone_layout one = { .type = s->type };
	struct umbra_layout layout;
	struct umbra_span span = { 0 };
	u32 i;
	int err;

	o->pages = vcalloc(s->nr_frames, sizeof(*o->pages));
	if (!o->pages)
		return -ENOMEM;
	for (i = 0; i < s->nr_frames; i++)
		set_page_count(o->pages + i, UMBRA_BASE_COUNT);
	span.pages = o->pages;
	span.nr_pages = s->nr_frames;
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pb_order = s->pb_order;
	layout.zones = &one;
	layout.nr_zones = 1;
	layout.pcp_batch = 0;
	layout.background = false;
	o->u = umbra_create("oracle", &layout, &span, 1);
	if (IS_ERR(o->u)) {
		vfree(o->pages);
		return PTR_ERR(o->u);
	}
	err = umbra_zone_state_load(&o->u->zones[0], s);
	if (!err && caches)
		oracle_caches_load(o->zone, &o->u->zones[0]);
	if (!err && defrag)
		err = umbra_tune(o->u, TUNE_DEFRAG_MODE, 1);
	o->base_pfn = s->base_pfn;
	return err;
}

static void ignore(void *arg, struct page *page)
{
}

static void destroy(struct oracle *o)
{
	umbra_destroy(o->u, ignore, NULL);
	vfree(o->pages);
}

static int consult(struct oracle *o)
{
	struct umbra_zone_state *s;
	unsigned long strangers;
	int err = oracle_quiet_begin(nid, zone);

	if (err) {
		pr_err("node %d is not quiet: error %d\n", nid, err);
		return err;
	}
	s = umbra_import_zone(nid, zone);
	if (IS_ERR(s)) {
		oracle_quiet_end();
		pr_err("the zone cannot be read: error %ld\n", PTR_ERR(s));
		return PTR_ERR(s);
	}
	o->zone = &NODE_DATA(nid)->node_zones[zone];
	err = create(o, s);
	umbra_zone_state_delete(s);
	if (err) {
		oracle_quiet_end();
		return err;
	}
	err = run(o);
	strangers = oracle_quiet_end();
	destroy(o);
	if (strangers) {
		pr_err("%lu allocations and frees of others in the zone\n",
		       strangers);
		return -EBUSY;
	}
	return err;
}

static int __init oracle_init(void)
{
	struct oracle *o = kzalloc(sizeof(*o), GFP_KERNEL);
	int err = -ENOMEM;

	if (!o)
		return -ENOMEM;
	o->held = kvcalloc(MOST_HELD, sizeof(*o->held), GFP_KERNEL);
	if (o->held) {
		prandom_seed_state(&o->rnd, seed);
		err = consult(o);
	}
	if (!err)
		pr_info("oracle: %lu steps, all equal: %lu blocks, %lu failed requests, %lu times full\n",
			steps, o->nr_allocs, o->nr_failed, o->nr_turns);
	kvfree(o->held);
	kfree(o);
	return err;
}
module_init(oracle_init);

static void __exit oracle_exit(void)
{
}
module_exit(oracle_exit);

MODULE_DESCRIPTION("Compare umbra with the allocator of the host");
MODULE_LICENSE("GPL");
UMBRA_IMPORT_KUNIT_SYMBOLS;
