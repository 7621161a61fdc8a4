// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: one thread per node, which reclaims before requests have to. A
 * request that finds no zone above its low watermark wakes kswapd. kswapd
 * sleeps again when one of the wanted zones is above its high watermark and has
 * a block of the wanted order. A round also ends boosts. After many rounds that
 * free nothing, kswapd gives up until a page of the node is freed.
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

/* Maximum time that a request waits for kswapd, in seconds. */
#define THROTTLE_MOST 10

/* A short sleep that shows whether the node stays balanced, in jiffies. */
#define NAP (HZ / 10)

struct umbra_kswapd {
	struct umbra *u;
	struct umbra_node *node;
	struct task_struct *task;
	wait_queue_head_t wait;
	wait_queue_head_t throttle_wait;	/* for throttled requests */
	spinlock_t lock;		/* guards @order and @highest */
	unsigned int order;		/* largest order that is wanted */
	int highest;			/* wanted zone type, or -1 for none */
};

/* The goal of a round of reclaim. */
struct kswapd_goal {
	unsigned int order;
	enum umbra_zone_type highest;
};

/*
 * The lowest zone of the node from *@type up to @highest, or NULL. Advances
 * *@type beyond the zone.
 */
static struct umbra_zone *zone_from(const struct umbra_kswapd *k, int *type,
				    int highest)
{
	struct umbra_zone *zone = NULL;

	while (*type <= highest && !zone)
		zone = umbra_node_zone(k->u, k->node, (*type)++);
	return zone;
}

/* In the loop, @next is the zone type after that of @zone. */
#define for_each_node_zone(k, zone, next, highest)			\
	for ((next) = 0, (zone) = zone_from(k, &(next), highest); (zone); \
	     (zone) = zone_from(k, &(next), highest))

/*
 * Is a zone above its high watermark, with a block of @order? A node without
 * managed pages is balanced too.
 */
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

/* Is more than half of the reserve free, so that requests need not wait? */
static bool has_reserve(const struct umbra_kswapd *k)
{
	unsigned long reserve = 0, pages = 0;
	const struct umbra_zone *zone;
	int next;

	if (umbra_node_is_hopeless(k->node) || READ_ONCE(k->u->stopping))
		return true;
	for_each_node_zone(k, zone, next, UMBRA_ZONE_NORMAL) {
		/* Do not wait for a zone that has nothing to reclaim. */
		if (!umbra_zone_reclaimable(zone) &&
		    !READ_ONCE(zone->nr_free_pages))
			continue;
		reserve += READ_ONCE(zone->watermark[UMBRA_WMARK_MIN]);
		pages += READ_ONCE(zone->nr_free_pages);
	}
	return !reserve || pages > reserve / 2;
}

/* The number of pages that one step should free at most. */
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

/* Reduce each boost by its value at the start of the round. */
static void end_boosts(struct umbra_kswapd *k, int highest,
		       const unsigned long *boosts)
{
	struct umbra_zone *zone;
	int next;

	for_each_node_zone(k, zone, next, highest)
		umbra_watermark_unboost(zone, boosts[zone->type]);
	umbra_compact_wake(k->u, k->node->nid, k->u->pb_order, highest);
}

/* The state of a round. */
struct round {
	struct umbra_kswapd *k;
	struct umbra_scan scan;
	unsigned long boost;	/* pages to reclaim for boosts alone */
	bool interrupted;	/* ended early, so no failure is counted */
};

/* Reclaim once. Returns false if the round is over. */
static bool reclaim_step(struct round *r)
{
	struct umbra_kswapd *k = r->k;
	unsigned long pages = pages_to_reclaim(k, r->scan.highest);
	unsigned long before = r->scan.nr_reclaimed, freed;
	unsigned long scanned = r->scan.nr_scanned;

	r->scan.nr_to_reclaim = before + pages;
	umbra_shrink_node(k->u, k->node, &r->scan);
	freed = r->scan.nr_reclaimed - before;
	scanned = r->scan.nr_scanned - scanned;
	/* Compaction has enough room now: reclaim for order 0 only. */
	if (r->scan.order &&
	    r->scan.nr_reclaimed >= umbra_compact_gap(r->scan.order))
		r->scan.order = 0;
	if (wq_has_sleeper(&k->throttle_wait) && has_reserve(k))
		wake_up_all(&k->throttle_wait);
	cond_resched();
	r->interrupted = kthread_should_stop() || freezing(current);
	if (r->interrupted)
		return false;
	/* A boost only prevents fragmentation: it is not worth more effort. */
	if (r->boost && !freed)
		return false;
	r->boost -= min(r->boost, freed);
	if (!freed || scanned < pages)
		r->scan.priority--;
	return r->scan.priority >= 1;
}

/*
 * Reclaim until the node is balanced. Returns the order that the node was
 * balanced for, which is 0 if compaction must do the rest.
 */
static unsigned int balance(struct umbra_kswapd *k, struct kswapd_goal goal)
{
	struct round r = {
		.k = k,
		.scan = {
			.gfp = GFP_KERNEL,
			.order = goal.order,
			.highest = goal.highest,
			.priority = UMBRA_SCAN_PRIORITY,
			.is_kswapd = true,
		},
		.boost = sum_boosts(k, goal.highest),
	};
	bool boosted = r.boost, balanced;
	unsigned long boosts[UMBRA_NR_ZONE_TYPES] = {};
	struct umbra_zone *zone, *any = NULL;
	int next;

	for_each_node_zone(k, zone, next, goal.highest) {
		boosts[zone->type] = READ_ONCE(zone->watermark_boost);
		any = zone;
	}
	if (any)
		umbra_count(any, EVENT_PAGEOUTRUN, 1);
	umbra_held_rescan(k->u);
	do {
		balanced = is_balanced(k, r.scan.order, goal.highest);
		/* An unbalanced node needs reclaim with or without a boost. */
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
		end_boosts(k, goal.highest, boosts);
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

/* Add the wishes of requests since the last call to the goal. */
static void add_wishes(struct umbra_kswapd *k, struct kswapd_goal *goal)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	if (k->highest >= 0) {
		goal->order = max(goal->order, k->order);
		goal->highest = max_t(int, goal->highest, k->highest);
		k->order = 0;
		WRITE_ONCE(k->highest, -1);
	}
	spin_unlock_irqrestore(&k->lock, flags);
}

/* Has kswapd nothing to do? Also wakes throttled requests if they may run. */
static bool may_sleep(struct umbra_kswapd *k, const struct kswapd_goal *goal)
{
	if (wq_has_sleeper(&k->throttle_wait) && has_reserve(k))
		wake_up_all(&k->throttle_wait);
	return umbra_node_is_hopeless(k->node) ||
	       is_balanced(k, goal->order, goal->highest);
}

/*
 * Sleep until a request wakes kswapd. Returns false if kswapd must continue
 * with the same goal, because the node is not balanced or did not stay
 * balanced.
 */
static bool sleep_on(struct umbra_kswapd *k, const struct kswapd_goal *goal)
{
	struct umbra_zone *zone = umbra_node_first_zone(k->u, k->node);

	if (!may_sleep(k, goal)) {
		umbra_count(zone, EVENT_KSWAPD_HIGH_QUICKLY, 1);
		return false;
	}
	umbra_compact_flush_hints(k->u, k->node->nid);
	umbra_compact_wake(k->u, k->node->nid, goal->order, goal->highest);
	if (wait_event_freezable_timeout(k->wait, is_wanted(k), NAP) > 0) {
		umbra_count(zone, EVENT_KSWAPD_LOW_QUICKLY, 1);
		return true;
	}
	if (!may_sleep(k, goal)) {
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
	struct kswapd_goal goal;

	set_freezable();
	wait_event_freezable(k->wait, is_wanted(k));
	while (!kthread_freezable_should_stop(NULL)) {
		if (slept)
			goal = (struct kswapd_goal){};
		add_wishes(k, &goal);
		if (slept)
			trace_umbra_kswapd_wake(k->node->nid, goal.highest,
						goal.order);
		WRITE_ONCE(k->node->kswapd_running, true);
		goal.order = balance(k, goal);
		WRITE_ONCE(k->node->kswapd_running, false);
		slept = sleep_on(k, &goal);
	}
	memalloc_noreclaim_restore(noreclaim);
	return 0;
}

/**
 * umbra_kswapd_wake() - wake the kswapd of a node
 * @zone: zone of the node
 * @gfp: gfp of the request
 * @order: order of the request
 * @highest: highest zone that the request may use
 *
 * kswapd is not woken if it has given up, or if the node is balanced and has no
 * boost. A request without %__GFP_DIRECT_RECLAIM wakes kcompactd instead. The
 * boosts that no kswapd ends are ended by a work item.
 *
 * Context: any but NMI; may take the zone locks one after the other.
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
		umbra_boost_end_later(zone->umbra);
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
 * umbra_kswapd_wake_all() - wake the kswapds of all nodes of a request
 * @u: the instance
 * @rq: the request
 *
 * Wakes one kswapd for each node that has a zone which the request may use.
 *
 * Context: any but NMI; may take the zone locks one after the other.
 */
void umbra_kswapd_wake_all(struct umbra *u, const struct umbra_request *rq)
{
	umbra_nodemask_t seen = 0;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		if (seen & BIT(zone->nid) || !READ_ONCE(zone->nr_managed))
			continue;
		seen |= BIT(zone->nid);
		umbra_kswapd_wake(zone, rq->gfp, rq->order, rq->highest);
	}
}

/**
 * umbra_take_waking() - take a block, and wake kswapd for a boosted zone
 * @u: the instance
 * @rq: the request
 *
 * Calls umbra_take(). If a zone was boosted, its kswapd is woken to end the
 * boost.
 *
 * Context: any but NMI; with ALLOC_TRYLOCK any.
 * Return: head of a block in state PCP, or UMBRA_NO_FRAME.
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

/*
 * Wake kswapd for the zones that have the reserve. As in the host this replaces
 * a wish for higher zones: with it, a node with one balanced higher zone would
 * count as balanced, and the reserve would not grow. The requests that made the
 * other wish wake kswapd again if they still need pages.
 */
static void demand_reserve(struct umbra_kswapd *k)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	WRITE_ONCE(k->highest, UMBRA_ZONE_NORMAL);
	spin_unlock_irqrestore(&k->lock, flags);
	wake_up_all(&k->wait);
}

/* The kswapd of the node whose reserve the request would use up, or NULL. */
static struct umbra_kswapd *throttler(struct umbra *u,
				      const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_request_zone(u, zone, ref, rq) {
		struct umbra_kswapd *k = u->nodes[zone->nid].kswapd;

		if (zone->type > UMBRA_ZONE_NORMAL)
			continue;
		return k && !has_reserve(k) ? k : NULL;
	}
	return NULL;
}

/**
 * umbra_kswapd_throttle() - wait for kswapd while the reserve is used up
 * @u: the instance
 * @rq: request of a task that is about to reclaim
 *
 * Kernel threads do not wait, because other tasks may depend on them.
 *
 * Context: may sleep.
 * Return: true if the task was killed while it waited.
 */
bool umbra_kswapd_throttle(struct umbra *u, const struct umbra_request *rq)
{
	/* Without __GFP_FS the task may hold a lock that kswapd needs. */
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

/* Stop the threads of all nodes. Context: may sleep. */
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

/* Free all kswapds, after the last use of each. Context: may sleep. */
void umbra_kswapd_destroy(struct umbra *u)
{
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		kfree(u->nodes[nid].kswapd);
		u->nodes[nid].kswapd = NULL;
	}
}

/**
 * umbra_kswapd_start() - start one kswapd for each node
 * @u: the instance, ready for use
 *
 * Context: may sleep.
 * Return: 0; -ENOMEM if there is no memory for a thread, -EINTR on a fatal
 * signal. After an error no kswapd runs.
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
