// SPDX-License-Identifier: GPL-2.0
/* The end of boosts that no kswapd ends. */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../page/zonelist.h"
#include "boost.h"

/* Is there no kswapd that would end a boost of a zone? */
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

/* Context: any. */
void umbra_boost_init(struct umbra *u)
{
	INIT_WORK(&u->boost_work, boost_work_fn);
}

/**
 * umbra_boost_end_unattended() - have boosts ended that kswapd does not end
 * @u: the instance
 * @now: and not a little later
 *
 * A boost asks for more to be reclaimed, and ends when that is done or given
 * up. Where nothing reclaims in the background, or that has given up, it ends
 * as soon as somebody looks.
 *
 * Context: any but NMI; with @now takes the zone locks one after the other.
 * Return: true if there was one, and it has ended.
 */
bool umbra_boost_end_unattended(struct umbra *u, bool now)
{
	const struct umbra_zone *zone;
	bool boosted = false;

	if (READ_ONCE(u->stopping))
		return false;
	if (now)
		return end_boosts(u);
	for_each_umbra_zone(u, zone)
		boosted |= READ_ONCE(zone->watermark_boost) &&
			   is_unattended(zone);
	if (boosted)
		schedule_work(&u->boost_work);
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_boost_end_unattended);

/**
 * umbra_boost_end_for() - end boosts that a request would fail for
 * @u: the instance
 * @rq: the request
 *
 * Whoever else would end them.
 *
 * Context: any but NMI; takes the zone locks one after the other.
 * Return: true if there was one.
 */
bool umbra_boost_end_for(struct umbra *u, const struct umbra_request *rq)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	bool ended = false;

	if (READ_ONCE(u->stopping))
		return false;
	for_each_umbra_zoneref(u, zone, ref, rq->zonelist, rq->highest,
			       rq->nodemask)
		ended |= end_boost(zone);
	return ended;
}
