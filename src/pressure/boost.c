// SPDX-License-Identifier: GPL-2.0
/*
 * A boost is raised in watermark.c and normally ended by kswapd.c. This file
 * ends it where no kswapd does, and before a request fails.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../page/zonelist.h"
#include "boost.h"

/* Does the node of a zone lack a kswapd that would end a boost? */
static bool is_unattended(const struct umbra_zone *zone)
{
	const struct umbra_node *node = &zone->umbra->nodes[zone->nid];

	return !node->kswapd || umbra_node_is_hopeless(node);
}

static bool end_boost(struct umbra_zone *zone)
{
	unsigned long boost = READ_ONCE(zone->watermark_boost);

	umbra_watermark_unboost(zone, boost);
	return boost;
}

static bool end_boosts(struct umbra *u)
{
	struct umbra_zone *zone;
	bool ended = false;

	for_each_umbra_zone(u, zone)
		ended |= is_unattended(zone) && end_boost(zone);
	return ended;
}

static void boost_work_fn(struct work_struct *work)
{
	end_boosts(container_of(work, struct umbra, boost_work));
}

/* Initialize the work item. Context: any. */
void umbra_boost_init(struct umbra *u)
{
	INIT_WORK(&u->boost_work, boost_work_fn);
}

/**
 * umbra_boost_end_now() - end the boosts that no kswapd ends
 * @u: the instance
 *
 * A boost makes kswapd reclaim more pages, and kswapd ends the boost. On a node
 * where no kswapd runs, or where kswapd has given up, only this function and
 * umbra_boost_end_later() end boosts.
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: true if a boost was ended.
 */
bool umbra_boost_end_now(struct umbra *u)
{
	return !READ_ONCE(u->stopping) && end_boosts(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_boost_end_now);

/**
 * umbra_boost_end_later() - end the boosts that no kswapd ends, in a work item
 * @u: the instance
 *
 * For requests that must not spend time on every zone lock.
 *
 * Context: any but NMI; takes no zone lock.
 */
void umbra_boost_end_later(struct umbra *u)
{
	const struct umbra_zone *zone;
	bool boosted = false;

	if (READ_ONCE(u->stopping))
		return;
	for_each_umbra_zone(u, zone)
		boosted |= READ_ONCE(zone->watermark_boost) &&
			   is_unattended(zone);
	if (boosted)
		queue_work(u->wq, &u->boost_work);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_boost_end_later);

/**
 * umbra_boost_end_for() - end the boosts of all zones that a request may use
 * @u: the instance
 * @rq: the request
 *
 * A request must not fail because of a boost, even if a kswapd would end the
 * boost later.
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: true if a boost was ended.
 */
bool umbra_boost_end_for(struct umbra *u, const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	bool ended = false;

	if (READ_ONCE(u->stopping))
		return false;
	for_each_request_zone(u, zone, ref, rq)
		ended |= end_boost(zone);
	return ended;
}
