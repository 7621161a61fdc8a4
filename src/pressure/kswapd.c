// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: a thread per node that reclaims before anyone has to. It is woken
 * when a zone is below its low watermark, and sleeps when one of those it was
 * woken for is above high, and has a block of the order that was asked for. If
 * it frees nothing time after time it gives up until somebody frees a page.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/compact_hints.h"
#include "../move/kcompactd.h"
#include "../move/shrink.h"
#include "../page/held.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "boost.h"
#include "kswapd.h"
#include "wait.h"
#include <trace/events/umbra.h>

/* For how long, in seconds, a request waits for it at most. */
#define THROTTLE_MOST 10

/* A short sleep shows whether the node stays balanced. */
#define NAP (HZ / 10)

struct umbra_kswapd {
	struct umbra *u;
	struct umbra_node *node;
	struct task_struct *task;
	wait_queue_head_t wait;
	wait_queue_head_t throttle_wait;	/* of requests */
	spinlock_t lock;		/* guards the next two */
	unsigned int order;		/* the largest asked for */
	int highest;			/* zone type, or -1: nothing is */
};

/* What a round is for. */
struct kswapd_goal {
	unsigned int order;
	enum umbra_zone_type highest;
};

/* The lowest zone of the node from *@type up to @highest, or NULL. */
static struct umbra_zone *zone_from(const struct umbra_kswapd *k, int *type,
				    int highest)
{
	struct umbra_zone *zone = NULL;

	while (*type <= highest && !zone)
		zone = umbra_node_zone(k->u, k->node, (*type)++);
	return zone;
}

/* The type that is counted with is one ahead of the zone's. */
#define for_each_node_zone(k, zone, next, highest)			\
	for ((next) = 0, (zone) = zone_from(k, &(next), highest); (zone); \
	     (zone) = zone_from(k, &(next), highest))

/* Is a zone above high, with a block of the order? So is a node without any. */
static bool is_balanced(const struct umbra_kswapd *k, unsigned int order,
			int highest)
{
	const struct umbra_zone *zone;
	bool any = false;
	int next;

	for_each_node_zone(k, zone, next, highest) {
		if (umbra_watermark_ok(zone, order,
				       umbra_mark(zone, UMBRA_WMARK_HIGH),
				       highest, 0))
			return true;
		any |= READ_ONCE(zone->nr_managed) > 0;
	}
	return !any;
}

static unsigned long sum_boosts(const struct umbra_kswapd *k, int highest)
{
	const struct umbra_zone *zone;
	unsigned long boost = 0;
	int next;

	for_each_node_zone(k, zone, next, highest)
		boost += READ_ONCE(zone->watermark_boost);
	return boost;
}

/* Is at least half of the reserve there, so that requests need not wait? */
static bool has_reserve(const struct umbra_kswapd *k)
{
	unsigned long reserve = 0, pages = 0;
	const struct umbra_zone *zone;
	int next;

	if (umbra_node_is_hopeless(k->node) || READ_ONCE(k->u->stopping))
		return true;
	for_each_node_zone(k, zone, next, UMBRA_ZONE_NORMAL) {
		/* What cannot be reclaimed is not waited for. */
		if (!umbra_zone_reclaimable(zone) &&
		    !READ_ONCE(zone->nr_free_pages))
			continue;
		reserve += READ_ONCE(zone->watermark[UMBRA_WMARK_MIN]);
		pages += READ_ONCE(zone->nr_free_pages);
	}
	return !reserve || pages > reserve / 2;
}

/* The pages that a round should free at most. */
static unsigned long pages_to_reclaim(const struct umbra_kswapd *k,
				      int highest)
{
	const struct umbra_zone *zone;
	unsigned long pages = 0;
	int next;

	for_each_node_zone(k, zone, next, highest)
		pages += max(umbra_mark(zone, UMBRA_WMARK_HIGH),
			     SWAP_CLUSTER_MAX);
	return pages;
}

/* Boosts end by as much as they were when the round began. */
static void end_boosts(struct umbra_kswapd *k, int highest,
		       const unsigned long *boosts)
{
	struct umbra_zone *zone;
	int next;

	for_each_node_zone(k, zone, next, highest)
		umbra_watermark_unboost(zone, boosts[zone->type]);
	umbra_compact_wake(k->u, k->node->nid, k->u->pb_order, highest);
}

/* How a round is going. */
struct round {
	struct umbra_kswapd *k;
	struct umbra_scan scan;
	unsigned long boost;	/* pages to reclaim because of boosts alone */
	bool interrupted;	/* says nothing about what can be reclaimed */
};

/* One priority. Returns false if the round is over. */
static bool reclaim_step(struct round *r)
{
	struct umbra_kswapd *k = r->k;
	unsigned long goal = pages_to_reclaim(k, r->scan.highest);
	unsigned long before = r->scan.nr_reclaimed, freed;
	unsigned long scanned = r->scan.nr_scanned;

	r->scan.nr_to_reclaim = before + goal;
	umbra_shrink_node(k->u, k->node, &r->scan);
	freed = r->scan.nr_reclaimed - before;
	scanned = r->scan.nr_scanned - scanned;
	/* Enough for compaction: the rest is its work. */
	if (r->scan.order &&
	    r->scan.nr_reclaimed >= umbra_compact_gap(r->scan.order))
		r->scan.order = 0;
	if (wq_has_sleeper(&k->throttle_wait) && has_reserve(k))
		wake_up_all(&k->throttle_wait);
	cond_resched();
	r->interrupted = kthread_should_stop() || freezing(current);
	if (r->interrupted)
		return false;
	/* What is not there easily is not worth less fragmentation. */
	if (r->boost && !freed)
		return false;
	r->boost -= min(r->boost, freed);
	if (!freed || scanned < goal)
		r->scan.priority--;
	return r->scan.priority >= 1;
}

/* Reclaim until the node is balanced. Returns the order that this was for. */
static unsigned int balance(struct umbra_kswapd *k, struct kswapd_goal what)
{
	struct round r = {
		.k = k,
		.scan = {
			.gfp = GFP_KERNEL,
			.order = what.order,
			.highest = what.highest,
			.priority = UMBRA_SCAN_PRIORITY,
			.is_kswapd = true,
		},
		.boost = sum_boosts(k, what.highest),
	};
	bool boosted = r.boost, balanced;
	unsigned long boosts[UMBRA_NR_ZONE_TYPES] = {};
	struct umbra_zone *zone, *any = NULL;
	int next;

	for_each_node_zone(k, zone, next, what.highest) {
		boosts[zone->type] = READ_ONCE(zone->watermark_boost);
		any = zone;
	}
	if (any)
		umbra_count(any, EVENT_PAGEOUTRUN, 1);
	umbra_held_rescan(k->u);
	do {
		balanced = is_balanced(k, r.scan.order, what.highest);
		/* More than a boost: reclaim for that alone. */
		if (!balanced)
			r.boost = 0;
		else if (!r.boost)
			break;
	} while (reclaim_step(&r));
	if (!r.scan.nr_reclaimed && !balanced && !boosted && !r.interrupted) {
		WRITE_ONCE(k->node->kswapd_gave_up, jiffies);
		WRITE_ONCE(k->node->kswapd_freed, false);
		atomic_inc(&k->node->kswapd_failures);
	} else if (r.scan.nr_reclaimed) {
		atomic_set(&k->node->kswapd_failures, 0);
	}
	if (boosted)
		end_boosts(k, what.highest, boosts);
	if (umbra_node_is_hopeless(k->node)) {
		wake_up_all(&k->throttle_wait);
		umbra_pressure_watch(k->u);
	}
	return r.scan.order;
}

static bool is_wanted(const struct umbra_kswapd *k)
{
	return READ_ONCE(k->highest) >= 0 || kthread_should_stop();
}

/* Add what was asked for since last time to what is to be done. */
static void take_goal(struct umbra_kswapd *k, struct kswapd_goal *what)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	if (k->highest >= 0) {
		what->order = max(what->order, k->order);
		what->highest = max_t(int, what->highest, k->highest);
		k->order = 0;
		WRITE_ONCE(k->highest, -1);
	}
	spin_unlock_irqrestore(&k->lock, flags);
}

/* Nothing left to do for now? Those that are throttled are let go. */
static bool may_sleep(struct umbra_kswapd *k, const struct kswapd_goal *what)
{
	if (wq_has_sleeper(&k->throttle_wait) && has_reserve(k))
		wake_up_all(&k->throttle_wait);
	return umbra_node_is_hopeless(k->node) || is_balanced(k, what->order, what->highest);
}

/*
 * Sleep until something is wanted. Returns false to go on with the same: the
 * node is not balanced, or did not stay so.
 */
static bool sleep_on(struct umbra_kswapd *k, const struct kswapd_goal *what)
{
	struct umbra_zone *zone = umbra_node_first_zone(k->u, k->node);

	if (!may_sleep(k, what)) {
		umbra_count(zone, EVENT_KSWAPD_HIGH_QUICKLY, 1);
		return false;
	}
	umbra_compact_flush_hints(k->u, k->node->nid);
	umbra_compact_wake(k->u, k->node->nid, what->order, what->highest);
	if (wait_event_freezable_timeout(k->wait, is_wanted(k), NAP) > 0) {
		umbra_count(zone, EVENT_KSWAPD_LOW_QUICKLY, 1);
		return true;
	}
	if (!may_sleep(k, what)) {
		umbra_count(zone, EVENT_KSWAPD_HIGH_QUICKLY, 1);
		return false;
	}
	trace_umbra_kswapd_sleep(k->node->nid);
	wait_event_freezable(k->wait, is_wanted(k));
	return true;
}

static int kswapd_fn(void *data)
{
	struct umbra_kswapd *k = data;
	unsigned int noreclaim = memalloc_noreclaim_save();
	bool slept = true;
	struct kswapd_goal what;

	set_freezable();
	wait_event_freezable(k->wait, is_wanted(k));
	while (!kthread_freezable_should_stop(NULL)) {
		if (slept)
			what = (struct kswapd_goal){};
		take_goal(k, &what);
		if (slept)
			trace_umbra_kswapd_wake(k->node->nid, what.highest,
						what.order);
		WRITE_ONCE(k->node->kswapd_running, true);
		what.order = balance(k, what);
		WRITE_ONCE(k->node->kswapd_running, false);
		slept = sleep_on(k, &what);
	}
	memalloc_noreclaim_restore(noreclaim);
	return 0;
}

/**
 * umbra_kswapd_wake() - have a node reclaimed
 * @zone: the zone of the node that was found low
 * @gfp: of the request that found it
 * @order: of that request
 * @highest: the highest zone it could use
 *
 * If nothing can be reclaimed, or enough is free but in pieces, a request that
 * cannot reclaim itself has kcompactd woken instead. Boosts that no kswapd will
 * end do so a little later.
 *
 * Context: any but NMI.
 */
void umbra_kswapd_wake(struct umbra_zone *zone, gfp_t gfp, unsigned int order,
		       enum umbra_zone_type highest)
{
	struct umbra_node *node = &zone->umbra->nodes[zone->nid];
	struct umbra_kswapd *k = node->kswapd;
	unsigned long flags;

	if (umbra_node_is_hopeless(node) && READ_ONCE(node->kswapd_freed))
		umbra_node_freed(node);
	if (!k || umbra_node_is_hopeless(node))
		umbra_boost_end_unattended(zone->umbra, false);
	if (!k)
		return;
	if (umbra_node_is_hopeless(node) ||
	    (is_balanced(k, order, highest) && !sum_boosts(k, highest))) {
		if (!(gfp & __GFP_DIRECT_RECLAIM))
			umbra_compact_wake(k->u, zone->nid, order, highest);
		return;
	}
	spin_lock_irqsave(&k->lock, flags);
	k->order = max(k->order, order);
	WRITE_ONCE(k->highest, max_t(int, k->highest, highest));
	spin_unlock_irqrestore(&k->lock, flags);
	if (!wq_has_sleeper(&k->wait))
		return;
	trace_umbra_wakeup_kswapd(zone->nid, highest, order, gfp);
	wake_up_all(&k->wait);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_kswapd_wake);

/**
 * umbra_kswapd_wake_all() - have every node reclaimed that a request may use
 * @u: the instance
 * @rq: the request
 *
 * Context: any but NMI.
 */
void umbra_kswapd_wake_all(struct umbra *u, const struct umbra_request *rq)
{
	umbra_nodemask_t seen = 0;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_umbra_zoneref(u, zone, ref, rq->zonelist, rq->highest,
			       rq->nodemask) {
		if (seen & BIT(zone->nid) || !READ_ONCE(zone->nr_managed) ||
		    !umbra_zone_is_allowed(zone, rq))
			continue;
		seen |= BIT(zone->nid);
		umbra_kswapd_wake(zone, rq->gfp, rq->order, rq->highest);
	}
}

/**
 * umbra_take_waking() - umbra_take(), and wake kswapd for a boosted zone
 * @u: the instance
 * @rq: the request
 *
 * Context: any but NMI; any with ALLOC_TRYLOCK.
 * Return: a block in state PCP, or UMBRA_NO_FRAME.
 */
u32 umbra_take_waking(struct umbra *u, const struct umbra_request *rq)
{
	struct umbra_zone *boosted = NULL;
	u32 index = umbra_take(u, rq, &boosted);

	if (unlikely(boosted)) {
		umbra_count(boosted, EVENT_KSWAPD_WAKE, 1);
		umbra_kswapd_wake(boosted, 0, 0, boosted->type);
	}
	return index;
}

/* Have the zones reclaimed that the reserve is in, whatever else is asked. */
static void demand_reserve(struct umbra_kswapd *k)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	WRITE_ONCE(k->highest, UMBRA_ZONE_NORMAL);
	spin_unlock_irqrestore(&k->lock, flags);
	wake_up_all(&k->wait);
}

/* The kswapd whose reserve a request would eat into, or NULL. */
static struct umbra_kswapd *throttler(struct umbra *u,
				      const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_umbra_zoneref(u, zone, ref, rq->zonelist, rq->highest,
			       rq->nodemask) {
		struct umbra_kswapd *k = u->nodes[zone->nid].kswapd;

		if (zone->type > UMBRA_ZONE_NORMAL)
			continue;
		return k && !has_reserve(k) ? k : NULL;
	}
	return NULL;
}

/**
 * umbra_kswapd_throttle() - wait while the reserve is used up
 * @u: the instance
 * @rq: a request that is about to reclaim
 *
 * Kernel threads do not wait: others may depend on them.
 *
 * Context: may sleep.
 * Return: true if the task was killed meanwhile.
 */
bool umbra_kswapd_throttle(struct umbra *u, const struct umbra_request *rq)
{
	/* Who holds a lock of a filesystem may be what kswapd waits for. */
	unsigned int seconds = rq->gfp & __GFP_FS ? THROTTLE_MOST : 1;
	struct umbra_kswapd *k;

	if (current->flags & PF_KTHREAD || fatal_signal_pending(current))
		return false;
	if (throttler(u, rq))
		umbra_count(rq->preferred, EVENT_PGSCAN_THROTTLE, 1);
	while (seconds-- && (k = throttler(u, rq))) {
		demand_reserve(k);
		if (wait_event_killable_timeout(k->throttle_wait,
						has_reserve(k), HZ) < 0)
			return true;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_kswapd_throttle);

static int start_one(struct umbra *u, struct umbra_node *node)
{
	struct umbra_kswapd *k = kzalloc_obj(*k, GFP_KERNEL);

	if (!k)
		return -ENOMEM;
	k->u = u;
	k->node = node;
	k->highest = -1;
	spin_lock_init(&k->lock);
	init_waitqueue_head(&k->wait);
	init_waitqueue_head(&k->throttle_wait);
	k->task = kthread_run(kswapd_fn, k, "%s/kswapd%u", u->name,
			      node->nid);
	if (IS_ERR(k->task)) {
		int err = PTR_ERR(k->task);

		kfree(k);
		return err == -EINTR ? -EINTR : -ENOMEM;
	}
	node->kswapd = k;
	return 0;
}

/* Stop the threads. Context: may sleep. */
void umbra_kswapd_stop(struct umbra *u)
{
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		struct umbra_kswapd *k = u->nodes[nid].kswapd;

		if (!k || !k->task)
			continue;
		kthread_stop(k->task);
		k->task = NULL;
	}
}

/* Nothing that runs looks at them any more. Context: may sleep. */
void umbra_kswapd_destroy(struct umbra *u)
{
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		kfree(u->nodes[nid].kswapd);
		u->nodes[nid].kswapd = NULL;
	}
}

/**
 * umbra_kswapd_start() - start a kswapd for each node
 * @u: the instance, ready for use
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EINTR for a fatal signal.
 */
int umbra_kswapd_start(struct umbra *u)
{
	unsigned int nid;
	int err = 0;

	for (nid = 0; nid < u->nr_nodes && !err; nid++)
		err = start_one(u, &u->nodes[nid]);
	if (err) {
		umbra_kswapd_stop(u);
		umbra_kswapd_destroy(u);
	}
	return err;
}
