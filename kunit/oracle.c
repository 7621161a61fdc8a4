// SPDX-License-Identifier: GPL-2.0
/*
 * The allocator of the host as the oracle of umbra. Loading this module copies
 * the state of a quiet node of the host into an instance with the same zones, and
 * then gives both the same requests. After every step both must have given the
 * same page of a zone; after some steps all lists, pageblock types and counters
 * must be equal.
 *
 * The node must have no CPUs, and nothing else may allocate there. With caches=1
 * both begin with empty caches of the same size.
 *
 * The last line in the log is "N steps, all equal" or "diverged at step N"; other
 * errors fail the loading. After a divergence both states are printed, and the
 * shortest sequence of steps that was found to diverge. With replay= the steps
 * of a file are done instead.
 */
#include <linux/bits.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
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

/* Steps and blocks that there is room for, for each step that is drawn. */
#define ROOM 4
#define LEAST_ROOM 65536

/* The zones of the other node, with a largest block each. */
static const u8 other_zones[] = { UMBRA_ZONE_DMA, UMBRA_ZONE_DMA32 };

#define OTHER_ZONES ARRAY_SIZE(other_zones)
#define OTHER_FRAMES BIT(UMBRA_MAX_ORDER)

static int nid = 1;
module_param(nid, int, 0444);
MODULE_PARM_DESC(nid, "Node of the host (default: 1)");

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

static bool defrag;
module_param(defrag, bool, 0444);
MODULE_PARM_DESC(defrag, "defrag_mode, which the host must have too (default: off)");

static char *replay;
module_param(replay, charp, 0444);
MODULE_PARM_DESC(replay, "File with the steps to do (default: they are drawn)");

/* Print the free blocks of a state from the one before a difference on. */
static void print_state(const char *name, const struct umbra_zone_state *s,
			unsigned long from)
{
	unsigned long i = from ? from - 1 : 0, end = min(s->nr_blocks, i + 12);

	pr_err("%s: %lu free pages in %lu blocks, boost %lu, highatomic %lu\n",
	       name, s->nr_free, s->nr_blocks, s->watermark_boost,
	       s->nr_reserved_highatomic);
	for (; i < end; i++)
		pr_err("%s: free block %lu: order %u, type %u, frame %u\n",
		       name, i, s->blocks[i].order, s->blocks[i].type,
		       s->blocks[i].index);
}

static unsigned long first_different_block(const struct umbra_zone_state *a,
					   const struct umbra_zone_state *b)
{
	unsigned long i, nr = min(a->nr_blocks, b->nr_blocks);

	for (i = 0; i < nr; i++)
		if (a->blocks[i].index != b->blocks[i].index ||
		    a->blocks[i].order != b->blocks[i].order)
			break;
	return i;
}

/* Returns 0, or -EIO if the states of a zone differ. */
static int compare_states(struct oracle *o, const struct oracle_zone *zone,
			  const struct umbra_zone_state *host,
			  const struct umbra_zone_state *ours)
{
	struct umbra_zone_difference d;
	unsigned long from;

	if (!umbra_zone_state_differs(host, ours, &d))
		return 0;
	if (!o->silent) {
		pr_err("zone %s: %s %lu: host %ld, umbra %ld\n",
		       zone->host->name, d.part, d.where, d.first, d.second);
		from = first_different_block(host, ours);
		print_state("host", host, from);
		print_state("umbra", ours, from);
	}
	return -EIO;
}

static struct umbra_zone_state *import(struct oracle *o,
				       const struct oracle_zone *zone)
{
	struct umbra_zone_state *s = umbra_import_zone(o->nid, zone->index);

	if (IS_ERR(s))
		pr_err("zone %s cannot be read: error %ld\n", zone->host->name,
		       PTR_ERR(s));
	return s;
}

/* Compare the free pages in whole pageblocks. Returns 0 or an error. */
static int compare_pageblocks(const struct oracle *o,
			      const struct oracle_zone *zone)
{
	unsigned long host = zone_page_state_snapshot(zone->host,
						      NR_FREE_PAGES_BLOCKS);
	unsigned long ours = umbra_free_in_pageblocks(zone->ours);

	if (host == ours)
		return 0;
	if (!o->silent)
		pr_err("free pages in pageblocks: host %lu, umbra %lu\n", host,
		       ours);
	return -EIO;
}

static int compare_zone(struct oracle *o, const struct oracle_zone *zone)
{
	struct umbra_zone_state *host = import(o, zone), *ours;
	int err = o->caches ? oracle_caches_differ(o, zone) : 0;

	if (IS_ERR(host))
		return PTR_ERR(host);
	ours = umbra_zone_state_take(zone->ours);
	if (ours)
		err = compare_states(o, zone, host, ours) ?: err;
	else
		err = -ENOMEM;
	err = err ?: compare_pageblocks(o, zone);
	umbra_zone_state_delete(host);
	umbra_zone_state_delete(ours);
	return err;
}

/*
 * Compare all of the zones with the instance. Returns 0, -EIO if they differ, or
 * another error. Context: may sleep.
 */
int oracle_compare(struct oracle *o)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < o->nr_zones && !err; i++)
		err = compare_zone(o, &o->zones[i]);
	return err;
}

/* Do the steps that are drawn. @step is the last step that was done. */
static int draw_steps(struct oracle *o, unsigned long *step)
{
	int err = oracle_compare(o);

	while (!err && *step < steps) {
		++*step;
		err = oracle_draw_step(o);
		if (err == -EIO)	/* print the states */
			oracle_compare(o);
		if (!err && (*step % check == 0 || *step == steps))
			err = oracle_compare(o);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	oracle_free_all(o);
	return err ?: oracle_compare(o);
}

static void ignore(void *arg, struct page *page)
{
}

/*
 * Returns an instance whose node 0 has zones of the size of these states, or an
 * ERR_PTR. Node 1 has the zones that the other node of the host has, because a
 * request for a zone that no node has goes to Normal.
 */
static struct umbra *create(struct oracle *o, struct umbra_zone_state **states,
			    u32 nr_frames)
{
	struct umbra_zone_layout zones[ORACLE_ZONES + OTHER_ZONES] = {};
	struct umbra_layout layout;
	struct umbra_span span = { .pages = o->pages, .nr_pages = nr_frames };
	unsigned int i;

	for (i = 0; i < o->nr_zones; i++) {
		zones[i].type = states[i]->type;
		zones[i].nr_frames = states[i]->nr_frames;
	}
	for (i = 0; i < OTHER_ZONES; i++) {
		zones[o->nr_zones + i].nid = 1;
		zones[o->nr_zones + i].type = other_zones[i];
		zones[o->nr_zones + i].nr_frames = OTHER_FRAMES;
	}
	umbra_layout_init(&layout);
	layout.has_memory = false;
	layout.pb_order = states[0]->pb_order;
	layout.zones = zones;
	layout.nr_zones = o->nr_zones + OTHER_ZONES;
	layout.pcp_batch = 0;
	layout.background = false;
	return umbra_create("oracle", &layout, &span, 1);
}

static int load(struct oracle *o, struct umbra_zone_state **states, u32 nr_frames)
{
	unsigned int i;
	int err = 0;

	o->u = create(o, states, nr_frames);
	if (IS_ERR(o->u))
		return PTR_ERR(o->u);
	for (i = 0; i < o->nr_zones && !err; i++) {
		struct oracle_zone *zone = &o->zones[i];

		zone->ours = &o->u->zones[i];
		err = umbra_zone_state_load(zone->ours, states[i]);
		if (!err && o->caches)
			oracle_caches_load(o, zone);
	}
	if (!err && defrag)
		err = umbra_tune(o->u, TUNE_DEFRAG_MODE, 1);
	if (err)
		umbra_destroy(o->u, ignore, NULL);
	return err;
}

static struct page *new_descriptors(u32 nr)
{
	struct page *pages = vcalloc(nr, sizeof(*pages));
	u32 i;

	for (i = 0; pages && i < nr; i++)
		set_page_count(pages + i, UMBRA_BASE_COUNT);
	return pages;
}

/*
 * Number the frames of the zones, one after the other. Returns the number of all
 * of them, or 0 if a zone does not end with a largest block.
 */
static u32 place_zones(struct oracle *o, struct umbra_zone_state **states)
{
	unsigned int i;
	u32 nr = 0;

	for (i = 0; i < o->nr_zones; i++) {
		o->zones[i].base_pfn = states[i]->base_pfn;
		o->zones[i].first = nr;
		o->zones[i].nr_frames = states[i]->nr_frames;
		nr += states[i]->nr_frames;
		if (nr % BIT(UMBRA_MAX_ORDER)) {
			pr_err("zone %s ends inside a largest block\n",
			       o->zones[i].host->name);
			return 0;
		}
	}
	return nr;
}

static int begin(struct oracle *o, struct umbra_zone_state **states)
{
	u32 nr = place_zones(o, states);
	unsigned int i;
	int err;

	for (i = 0; i < o->nr_zones && !o->silent; i++)
		pr_info("zone %s: %lu free pages in %lu blocks\n",
			o->zones[i].host->name, states[i]->nr_free,
			states[i]->nr_blocks);

	if (!nr)
		return -EINVAL;
	nr += OTHER_ZONES * OTHER_FRAMES;
	o->pages = new_descriptors(nr);
	if (!o->pages)
		return -ENOMEM;
	err = load(o, states, nr);
	if (err)
		vfree(o->pages);
	return err;
}

/*
 * Make an instance with the state of the zones. Returns 0 or an error. Context:
 * may sleep.
 */
int oracle_begin(struct oracle *o)
{
	struct umbra_zone_state *states[ORACLE_ZONES];
	unsigned int i;
	int err = 0;

	for (i = 0; i < o->nr_zones && !err; i++) {
		states[i] = import(o, &o->zones[i]);
		err = PTR_ERR_OR_ZERO(states[i]);
	}
	if (err)
		i--;
	else
		err = begin(o, states);
	while (i--)
		umbra_zone_state_delete(states[i]);
	return err;
}

/* Undo oracle_begin(). */
void oracle_end(struct oracle *o)
{
	umbra_destroy(o->u, ignore, NULL);
	vfree(o->pages);
}

/* Do the steps of a file, or draw some. @step is the last step that was done. */
static int do_steps(struct oracle *o, unsigned long *step)
{
	u32 done = 0;
	int err;

	if (replay) {
		err = oracle_read(&o->log, replay);
		steps = o->log.nr;
		if (!err)
			err = oracle_replay(o, &o->log, 0, 0, &done);
		*step = done;
		return err;
	}
	oracle_draw_begin(o, seed);
	err = oracle_quiet_reset(o) ?: oracle_begin(o);
	if (err)
		return err;
	err = draw_steps(o, step);
	oracle_end(o);
	return err;
}

static int consult(struct oracle *o)
{
	unsigned long step = 0, strangers;
	int err = oracle_quiet_begin(o);

	if (err) {
		pr_err("node %d is not quiet: error %d\n", nid, err);
		return err;
	}
	err = do_steps(o, &step);
	if (err == -EIO && !replay)
		oracle_shorten(o);
	strangers = oracle_quiet_end();
	if (strangers) {
		pr_err("%lu allocations and frees of others on the node\n",
		       strangers);
		err = -EBUSY;
	} else if (!err) {
		pr_info("%lu blocks, %lu failed requests, %lu ranges, %lu refused ranges, %lu times full\n",
			o->nr_allocs, o->nr_failed, o->nr_ranges,
			o->nr_refused, o->nr_turns);
		pr_info("oracle: %lu steps, all equal\n", steps);
	} else if (err == -EIO) {
		pr_err("oracle: diverged at step %lu\n", step);
	} else {
		pr_err("oracle: error %d at step %lu\n", err, step);
	}
	return err;
}

static void delete(struct oracle *o)
{
	vfree(o->log.steps);
	vfree(o->held);
	vfree(o->blocks);
	kfree(o);
}

/* Returns an oracle with room for what is drawn, or NULL. */
static struct oracle *new_oracle(void)
{
	struct oracle *o = kzalloc(sizeof(*o), GFP_KERNEL);
	unsigned long room = ROOM * steps + LEAST_ROOM;

	if (!o || room > U32_MAX) {
		kfree(o);
		return NULL;
	}
	o->nid = nid;
	o->caches = caches;
	o->most = room;
	o->log.most = room;
	o->blocks = vcalloc(room, sizeof(*o->blocks));
	o->held = vcalloc(room, sizeof(*o->held));
	o->log.steps = vcalloc(room, sizeof(*o->log.steps));
	if (o->blocks && o->held && o->log.steps)
		return o;
	delete(o);
	return NULL;
}

static int __init oracle_init(void)
{
	struct oracle *o = new_oracle();
	int err = o ? consult(o) : -ENOMEM;

	if (o)
		delete(o);
	return err == -EIO ? 0 : err;
}
module_init(oracle_init);

static void __exit oracle_exit(void)
{
}
module_exit(oracle_exit);

MODULE_DESCRIPTION("Compare umbra with the allocator of the host");
MODULE_LICENSE("GPL");
UMBRA_IMPORT_KUNIT_SYMBOLS;
