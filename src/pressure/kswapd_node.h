/* SPDX-License-Identifier: GPL-2.0 */
/* The kswapd of a node, for its files: kswapd.c, balance.c and throttle.c. */
#ifndef _UMBRA_KSWAPD_NODE_H
#define _UMBRA_KSWAPD_NODE_H

#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../core/core.h"
#include "../page/zonelist.h"

struct umbra_kswapd {
	struct umbra *u;
	struct umbra_node *node;
	struct task_struct *task;
	wait_queue_head_t wait;
	wait_queue_head_t throttle_wait;	/* for throttled requests */
	spinlock_t lock;		/* guards @order and @highest */
	unsigned int order;		/* largest order that is wanted */
	int highest;			/* highest wanted zone type, or -1 */
};

/*
 * The lowest zone of the node from *@type up to @highest, or NULL. Advances
 * *@type beyond the zone.
 */
static inline struct umbra_zone *
umbra_kswapd_zone(const struct umbra_kswapd *k, int *type, int highest)
{
	struct umbra_zone *zone = NULL;

	while (*type <= highest && !zone)
		zone = umbra_node_zone(k->u, k->node, (*type)++);
	return zone;
}

/* In the loop, @next is the zone type after that of @zone. */
#define for_each_node_zone(k, zone, next, highest)			\
	for ((next) = 0, (zone) = umbra_kswapd_zone(k, &(next), highest); \
	     (zone);							\
	     (zone) = umbra_kswapd_zone(k, &(next), highest))

#endif /* _UMBRA_KSWAPD_NODE_H */
