// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that would use up the reserve wait for kswapd, so that tasks which
 * free memory find pages.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../core/core.h"
#include "../core/request.h"
#include "../core/stats.h"
#include "../move/lru.h"
#include "../page/zonelist.h"
#include "kswapd_node.h"
#include "throttle.h"

/* Maximum time that a request waits for kswapd, in seconds. */
#define THROTTLE_MOST 10

static bool is_above_half_of_reserve(const struct umbra_kswapd *k)
{
	unsigned long reserve = 0, pages = 0;
	const struct umbra_zone *zone;
	int next;

	for_each_node_zone(k, zone, next, UMBRA_ZONE_NORMAL) {
		unsigned long nr_free = READ_ONCE(zone->nr_free_pages);

		/* Reclaim does not help a zone that has nothing to reclaim. */
		if (!umbra_zone_reclaimable(zone) && nr_free)
			continue;
		reserve += READ_ONCE(zone->watermark[UMBRA_WMARK_MIN]);
		pages += nr_free;
	}
	return !reserve || pages > reserve / 2;
}

/* Is more than half of the reserve free, so that requests need not wait? */
static bool has_reserve(const struct umbra_kswapd *k)
{
	return umbra_node_is_hopeless(k->node) || READ_ONCE(k->u->stopping) ||
	       is_above_half_of_reserve(k);
}

/*
 * The same for a request: if it must wait, a sleeping kswapd is woken for the
 * zones that have the reserve. As in the host this replaces a wish for higher
 * zones: with it, a node with one balanced higher zone would count as balanced,
 * and the reserve would not grow. The requests that made the other wish wake
 * kswapd again if they still need pages.
 */
static bool may_go_on(struct umbra_kswapd *k)
{
	unsigned long flags;

	if (has_reserve(k))
		return true;
	if (!wq_has_sleeper(&k->wait))
		return false;
	spin_lock_irqsave(&k->lock, flags);
	if (k->highest < 0 || k->highest > UMBRA_ZONE_NORMAL)
		k->highest = UMBRA_ZONE_NORMAL;
	spin_unlock_irqrestore(&k->lock, flags);
	wake_up_all(&k->wait);
	return false;
}

/**
 * umbra_throttle_check() - let requests go on if there is a reserve again
 * @k: kswapd of the node
 *
 * A request that goes on waiting wakes kswapd again after a second. If kswapd
 * woke it whenever it goes to sleep, the two could wake each other for ever.
 *
 * Context: any but NMI.
 */
void umbra_throttle_check(struct umbra_kswapd *k)
{
	if (wq_has_sleeper(&k->throttle_wait) && has_reserve(k))
		wake_up_all(&k->throttle_wait);
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
		/* Without a thread, no wait helps. */
		return k && k->task && !has_reserve(k) ? k : NULL;
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
	while (seconds-- && (k = throttler(u, rq)))
		if (wait_event_killable_timeout(k->throttle_wait,
						may_go_on(k), HZ) < 0)
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_kswapd_throttle);
