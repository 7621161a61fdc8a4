// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: one thread per node, which reclaims before requests have to. A
 * request that finds no zone above its low watermark wakes kswapd. A round
 * reclaims until one of the wanted zones is above its high watermark and has a
 * block of the wanted order, or until compaction has enough free pages to make
 * one; then kcompactd is woken for the order. A wanted order is good for one
 * round. A round also ends boosts. After many rounds that free nothing, kswapd
 * gives up until a page of the node is freed.
 *
 * Requests record what they want before they look whether kswapd sleeps, so
 * that a kswapd at work begins another round for them.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/compact_hints.h"
#include "../move/kcompactd.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "balance.h"
#include "boost.h"
#include "kswapd.h"
#include "kswapd_node.h"
#include "throttle.h"
#include <trace/events/umbra_vmscan.h>

/* A short sleep that shows whether the node stays balanced, in jiffies. */
#define NAP (HZ / 10)

/*
 * The wishes of requests. Without any, the goal is order 0 in the same zones as
 * the goal before, because the node may be unbalanced still. @forget: whether
 * the wishes are fulfilled now.
 */
static void read_wishes(struct umbra_kswapd *k, struct umbra_kswapd_goal *goal,
			bool forget)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	goal->order = k->order;
	if (k->highest >= 0)
		goal->highest = k->highest;
	if (forget) {
		k->order = 0;
		k->highest = -1;
	}
	spin_unlock_irqrestore(&k->lock, flags);
}

/* Wish again for a goal, after a sleep that was too short to be sure of it. */
static void renew_wishes(struct umbra_kswapd *k, unsigned int order,
			 int highest)
{
	unsigned long flags;

	spin_lock_irqsave(&k->lock, flags);
	k->order = max(k->order, order);
	if (k->highest < 0)
		k->highest = highest;
	spin_unlock_irqrestore(&k->lock, flags);
}

/* May kswapd sleep? */
static bool may_sleep(struct umbra_kswapd *k, unsigned int order, int highest)
{
	umbra_throttle_check(k);
	return umbra_node_is_hopeless(k->node) ||
	       umbra_kswapd_is_balanced(k, order, highest);
}

/*
 * Sleep until a request wakes kswapd, if the node is balanced for @order and
 * stays balanced for a moment. kcompactd makes the blocks of the goal.
 */
static void try_to_sleep(struct umbra_kswapd *k,
			 const struct umbra_kswapd_goal *goal,
			 unsigned int order)
{
	struct umbra_zone *zone = umbra_node_first_zone(k->u, k->node);
	DEFINE_WAIT(wait);
	long left = 0;

	if (freezing(current) || kthread_should_stop())
		return;
	prepare_to_wait(&k->wait, &wait, TASK_INTERRUPTIBLE);
	if (may_sleep(k, order, goal->highest)) {
		umbra_compact_flush_hints(k->u, k->node->nid);
		umbra_compact_wake(k->u, k->node->nid, goal->order,
				   goal->highest);
		left = schedule_timeout(NAP);
		if (left)
			renew_wishes(k, order, goal->highest);
		finish_wait(&k->wait, &wait);
		prepare_to_wait(&k->wait, &wait, TASK_INTERRUPTIBLE);
	}
	if (!left && may_sleep(k, order, goal->highest)) {
		trace_umbra_kswapd_sleep(k->node->nid);
		if (!kthread_should_stop())
			schedule();
	} else {
		umbra_count(zone, left ? EVENT_KSWAPD_LOW_QUICKLY :
			    EVENT_KSWAPD_HIGH_QUICKLY, 1);
	}
	finish_wait(&k->wait, &wait);
}

/* Requests take pages of nodes whose kswapd sleeps first. */
static void set_running(const struct umbra_kswapd *k, bool running)
{
	struct umbra_zone *zone;
	int next;

	WRITE_ONCE(k->node->kswapd_running, running);
	if (k->u->nr_nodes == 1)
		return;
	for_each_node_zone(k, zone, next, UMBRA_ZONE_MOVABLE) {
		if (running)
			set_bit(ZONE_FLAG_KSWAPD_AWAKE, &zone->flags);
		else
			clear_bit(ZONE_FLAG_KSWAPD_AWAKE, &zone->flags);
	}
}

static int kswapd_fn(void *data)
{
	struct umbra_kswapd_goal goal = { .highest = UMBRA_ZONE_MOVABLE };
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned int order = 0;	/* that the node is balanced for */
	struct umbra_kswapd *k = data;
	bool was_frozen = false;

	set_freezable();
	for (;;) {
		try_to_sleep(k, &goal, order);
		read_wishes(k, &goal, true);
		if (kthread_freezable_should_stop(&was_frozen))
			break;
		if (!was_frozen) {
			trace_umbra_kswapd_wake(k->node->nid, goal.highest,
						goal.order);
			set_running(k, true);
			order = umbra_kswapd_balance(k, &goal);
			set_running(k, false);
		}
		/* Below the order of the goal, kcompactd must do the rest. */
		if (was_frozen || order >= goal.order) {
			read_wishes(k, &goal, false);
			order = goal.order;
		}
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
 * The wish is recorded in any case, and a kswapd that is awake needs no more. A
 * sleeping kswapd is not woken if it has given up, or if the node is balanced
 * and has no boost; a request without %__GFP_DIRECT_RECLAIM wakes kcompactd
 * then. The boosts that no kswapd ends are ended by a work item.
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
	spin_lock_irqsave(&k->lock, flags);
	k->order = max(k->order, order);
	k->highest = max_t(int, k->highest, highest);
	spin_unlock_irqrestore(&k->lock, flags);
	if (!wq_has_sleeper(&k->wait))
		return;
	if (umbra_node_is_hopeless(node) ||
	    (umbra_kswapd_is_balanced(k, order, highest) &&
	     !umbra_kswapd_boosts(k, highest))) {
		if (!(gfp & __GFP_DIRECT_RECLAIM))
			umbra_compact_wake(k->u, zone->nid, order, highest);
		return;
	}
	trace_umbra_wakeup_kswapd(zone->nid, highest, order, gfp);
	wake_up_all(&k->wait);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_kswapd_wake);

/**
 * umbra_kswapd_wake_all() - wake the kswapds of all nodes of a request
 * @u: the instance
 * @rq: the request
 *
 * Wakes one kswapd for each node that has a zone which the request may use. With
 * defrag_mode, each must make a whole pageblock.
 *
 * Context: any but NMI; may take the zone locks one after the other.
 */
void umbra_kswapd_wake_all(struct umbra *u, const struct umbra_request *rq)
{
	unsigned int order = rq->order;
	umbra_nodemask_t seen = 0;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	if (READ_ONCE(u->defrag_mode))
		order = max(order, u->pb_order);
	for_each_allowed_zone(u, zone, ref, rq) {
		if (seen & BIT(zone->nid) || !READ_ONCE(zone->nr_managed))
			continue;
		seen |= BIT(zone->nid);
		umbra_kswapd_wake(zone, rq->gfp, order, rq->highest);
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

/* Create the kswapd of a node, without its thread. Returns NULL or it. */
static struct umbra_kswapd *create_one(struct umbra *u, struct umbra_node *node)
{
	struct umbra_kswapd *k = kzalloc_obj(*k, GFP_KERNEL);

	if (!k)
		return NULL;
	k->u = u;
	k->node = node;
	k->highest = -1;
	spin_lock_init(&k->lock);
	init_waitqueue_head(&k->wait);
	init_waitqueue_head(&k->throttle_wait);
	return k;
}

static int start_one(struct umbra *u, struct umbra_node *node)
{
	struct umbra_kswapd *k = create_one(u, node);

	if (!k)
		return -ENOMEM;
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

/**
 * umbra_kswapd_park() - create the kswapds of all nodes, without threads
 * @u: the instance, without background work
 *
 * Requests wake a kswapd then, which does nothing, as if it had no time.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM; umbra_kswapd_destroy() undoes it in both cases.
 */
int umbra_kswapd_park(struct umbra *u)
{
	unsigned int nid;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		u->nodes[nid].kswapd = create_one(u, &u->nodes[nid]);
		if (!u->nodes[nid].kswapd)
			return -ENOMEM;
	}
	return 0;
}
