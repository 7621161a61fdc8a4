// SPDX-License-Identifier: GPL-2.0
/*
 * kcompactd: compaction in the background, with one work item per node. A node
 * is compacted for the order of a request that could not wait, and proactively
 * before much of its free memory is fragmented.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../page/zonelist.h"
#include "compact.h"
#include "compact_hints.h"
#include "compaction.h"
#include "kcompactd.h"
#include <trace/events/umbra_compaction.h>

/* Period of the checks for fragmentation, in jiffies. */
#define PERIOD msecs_to_jiffies(500)

/* After a run without effect the period is 2^BACK_OFF_SHIFT times as long. */
#define BACK_OFF_SHIFT 6

struct umbra_kcompactd {
	struct umbra *umbra;	/* constant, as @nid */
	unsigned int nid;
	struct delayed_work work;
	spinlock_t lock;	/* innermost; guards the members below */
	unsigned int order;	/* largest wanted order, or 0 */
	enum umbra_zone_type highest;	/* lowest of all requests */
};

/*
 * Can compaction of a zone up to @highest make a block of @order? With
 * defrag_mode, whole free pageblocks must reach the high watermark.
 */
static bool is_needed(struct umbra_zone *zone, unsigned int order,
		      enum umbra_zone_type highest)
{
	unsigned long mark = umbra_mark(zone, UMBRA_WMARK_HIGH);

	if (zone->type > highest || !READ_ONCE(zone->nr_managed))
		return false;
	if (READ_ONCE(zone->umbra->defrag_mode))
		return !umbra_watermark_whole(zone, order, mark, highest, 0) &&
		       umbra_compact_zone_suitable(zone, order, mark, highest);
	return umbra_compact_is_needed(zone, order, highest, ALLOC_WMARK_MIN,
				       false) == UMBRA_COMPACT_CONTINUE;
}

static void compact_zone(struct umbra_zone *zone, unsigned int order,
			 enum umbra_zone_type highest)
{
	struct umbra_compaction c = {
		.zone = zone,
		.order = order,
		.type = UMBRA_UNMOVABLE,
		.highest = highest,
		.flags = ALLOC_WMARK_MIN,
		.mode = UMBRA_MIGRATE_SYNC_LIGHT,
		.whole_blocks = READ_ONCE(zone->umbra->defrag_mode),
	};
	enum umbra_compact_result ret = umbra_compact_zone(&c);

	if (ret == UMBRA_COMPACT_SUCCESS) {
		umbra_compact_expect(zone, order);
	} else if (ret == UMBRA_COMPACT_COMPLETE ||
		   ret == UMBRA_COMPACT_PARTIAL_SKIPPED) {
		/* The missing pages may be in the caches of the CPUs. */
		umbra_drain_node(zone->umbra, zone->nid);
		umbra_compact_defer(zone, order);
	}
	umbra_count(zone, EVENT_COMPACT_DAEMON_MIGRATE_SCANNED,
		    c.migrate_scanned);
	umbra_count(zone, EVENT_COMPACT_DAEMON_FREE_SCANNED, c.free_scanned);
}

static void compact_for_order(struct umbra_kcompactd *k, unsigned int order,
			      enum umbra_zone_type highest)
{
	struct umbra *u = k->umbra;
	struct umbra_zone *zone;

	trace_umbra_compaction_kcompactd_wake(k->nid, order, highest);
	umbra_count(umbra_node_first_zone(u, &u->nodes[k->nid]),
		    EVENT_COMPACT_DAEMON_WAKE, 1);
	for_each_umbra_zone(u, zone) {
		if (READ_ONCE(u->stopping))
			break;
		if (zone->nid == k->nid && zone->type <= highest &&
		    !umbra_compact_is_deferred(zone, order) &&
		    is_needed(zone, order, zone->type))
			compact_zone(zone, order, highest);
	}
}

/*
 * Compact a node if its score of fragmentation is high. Returns the delay until
 * the next check, in jiffies.
 */
static unsigned long compact_proactively(struct umbra_kcompactd *k)
{
	struct umbra *u = k->umbra;
	unsigned int score = umbra_compact_score(u, k->nid);

	if (xa_empty(&u->movables) ||
	    umbra_node_kswapd_is_awake(&u->nodes[k->nid]) ||
	    score <= umbra_compact_score_wmark(u, false))
		return PERIOD;
	umbra_compact_node_zones(u, k->nid, true);
	return umbra_compact_score(u, k->nid) < score ?
	       PERIOD : PERIOD << BACK_OFF_SHIFT;
}

/* Return the wanted order, or 0, and its *@highest; then no order is wanted. */
static unsigned int read_wish(struct umbra_kcompactd *k,
			      enum umbra_zone_type *highest)
{
	unsigned int order;

	spin_lock_irq(&k->lock);
	order = k->order;
	*highest = k->highest;
	k->order = 0;
	k->highest = UMBRA_ZONE_MOVABLE;
	spin_unlock_irq(&k->lock);
	return order;
}

static bool is_proactive(const struct umbra *u)
{
	return READ_ONCE(u->compact.proactiveness);
}

static void work_fn(struct work_struct *work)
{
	struct umbra_kcompactd *k = container_of(to_delayed_work(work),
						 struct umbra_kcompactd, work);
	struct umbra *u = k->umbra;
	unsigned long delay = PERIOD;
	enum umbra_zone_type highest;
	unsigned int order = read_wish(k, &highest);

	if (order)
		compact_for_order(k, order, highest);
	else if (is_proactive(u))
		delay = compact_proactively(k);
	trace_umbra_compaction_kcompactd_sleep(k->nid);
	/* No effect if umbra_compact_wake() has queued the work meanwhile. */
	if (is_proactive(u) && !READ_ONCE(u->stopping))
		queue_delayed_work(u->compact.wq, &k->work, delay);
}

/**
 * umbra_compact_wake() - wake the kcompactd of a node
 * @u: the instance
 * @nid: the node
 * @order: order of the wanted block; 0 has no effect
 * @highest: highest zone that the request may use
 *
 * Has no effect if no zone needs compaction, or if the instance has no
 * background work.
 *
 * Context: any but NMI; takes the zone locks one after the other.
 */
void umbra_compact_wake(struct umbra *u, unsigned int nid, unsigned int order,
			enum umbra_zone_type highest)
{
	struct umbra_kcompactd *k;
	struct umbra_zone *zone;
	unsigned long flags;
	bool needed = false;

	if (!order || !u->compact.kcompactd || READ_ONCE(u->stopping))
		return;
	for_each_umbra_zone(u, zone)
		needed = needed || (zone->nid == nid &&
				    is_needed(zone, order, highest));
	if (!needed)
		return;
	k = &u->compact.kcompactd[nid];
	spin_lock_irqsave(&k->lock, flags);
	k->order = max(k->order, order);
	k->highest = min(k->highest, highest);
	spin_unlock_irqrestore(&k->lock, flags);
	trace_umbra_compaction_wakeup_kcompactd(nid, order, highest);
	mod_delayed_work(u->compact.wq, &k->work, 0);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_wake);

/**
 * umbra_compact_set_proactiveness() - set the effort of proactive compaction
 * @u: the instance
 * @value: effort, from 0 for no proactive compaction to 100
 *
 * An instance with background work checks all its nodes at once.
 *
 * Context: any but NMI.
 */
void umbra_compact_set_proactiveness(struct umbra *u, unsigned int value)
{
	unsigned int nid;

	WRITE_ONCE(u->compact.proactiveness, value);
	if (!u->compact.kcompactd || !value || READ_ONCE(u->stopping))
		return;
	for (nid = 0; nid < u->nr_nodes; nid++) {
		trace_umbra_compaction_wakeup_kcompactd(nid, -1,
							UMBRA_ZONE_MOVABLE);
		mod_delayed_work(u->compact.wq,
				 &u->compact.kcompactd[nid].work, 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_set_proactiveness);

/* Set the tunables to the defaults of the host. Context: any. */
void umbra_compact_init(struct umbra *u)
{
	u->compact.extfrag_threshold = 500;
	u->compact.proactiveness = 20;
}

static struct umbra_kcompactd *start(struct umbra *u)
{
	struct umbra_kcompactd *all, *k;
	unsigned int nid;

	all = kcalloc(u->nr_nodes, sizeof(*all), GFP_KERNEL);
	if (!all)
		return NULL;
	for (nid = 0; nid < u->nr_nodes; nid++) {
		k = &all[nid];
		k->umbra = u;
		k->nid = nid;
		k->highest = UMBRA_ZONE_MOVABLE;
		spin_lock_init(&k->lock);
		/* Compaction is not urgent enough to wake an idle CPU. */
		INIT_DEFERRABLE_WORK(&k->work, work_fn);
	}
	return all;
}

/**
 * umbra_compact_create() - prepare an instance for compaction
 * @u: the instance, with its zones and frame map
 * @layout: layout of the instance; says whether it has background work
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int umbra_compact_create(struct umbra *u, const struct umbra_layout *layout)
{
	unsigned int nid;
	int err = umbra_compact_hints_create(u);

	if (err || !layout->background)
		return err;
	/* Unbound, because a long run must not delay other work of its CPU. */
	u->compact.wq = alloc_workqueue("%s/kcompactd",
					WQ_UNBOUND | WQ_FREEZABLE, 0, u->name);
	if (!u->compact.wq)
		goto err_hints;
	u->compact.kcompactd = start(u);
	if (!u->compact.kcompactd)
		goto err_wq;
	for (nid = 0; nid < u->nr_nodes; nid++)
		queue_delayed_work(u->compact.wq,
				   &u->compact.kcompactd[nid].work, PERIOD);
	return 0;

err_wq:
	destroy_workqueue(u->compact.wq);
err_hints:
	umbra_compact_hints_destroy(u);
	return -ENOMEM;
}

/* Stop compaction in the background. Context: may sleep. */
void umbra_compact_stop(struct umbra *u)
{
	unsigned int nid;

	if (!u->compact.kcompactd)
		return;
	for (nid = 0; nid < u->nr_nodes; nid++)
		cancel_delayed_work_sync(&u->compact.kcompactd[nid].work);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_compact_stop);

/* Undo umbra_compact_create(), after umbra_compact_stop(). May sleep. */
void umbra_compact_destroy(struct umbra *u)
{
	kfree(u->compact.kcompactd);
	if (u->compact.wq)
		destroy_workqueue(u->compact.wq);
	umbra_compact_hints_destroy(u);
}

/* The size of the memory of umbra_compact_create(), in bytes. Context: any. */
size_t umbra_compact_bytes(const struct umbra *u)
{
	size_t bytes = BITS_TO_LONGS(umbra_nr_pageblocks(u)) * sizeof(long);

	if (u->compact.kcompactd)
		bytes += u->nr_nodes * sizeof(*u->compact.kcompactd);
	return bytes;
}
