// SPDX-License-Identifier: GPL-2.0
/* Shrinkers: callbacks of caches that can free pages when memory is short. */
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include "../core/core.h"
#include "shrinker.h"

/* Make an empty list of shrinkers. Context: any. */
void umbra_shrinkers_init(struct umbra *u)
{
	init_rwsem(&u->shrinkers.lock);
	INIT_LIST_HEAD(&u->shrinkers.list);
}

/**
 * umbra_register_shrinker() - have a cache made smaller when memory is short
 * @u: instance
 * @shrinker: shrinker with its callbacks filled in; must live until
 *	umbra_unregister_shrinker()
 *
 * Context: Process context, may sleep.
 */
void umbra_register_shrinker(struct umbra *u, struct umbra_shrinker *shrinker)
{
	unsigned int nid;

	for (nid = 0; nid < UMBRA_MAX_NODES; nid++)
		atomic_long_set(&shrinker->nr_deferred[nid], 0);
	down_write(&u->shrinkers.lock);
	list_add_tail(&shrinker->list, &u->shrinkers.list);
	up_write(&u->shrinkers.lock);
}
EXPORT_SYMBOL_GPL(umbra_register_shrinker);

/**
 * umbra_unregister_shrinker() - undo umbra_register_shrinker()
 * @u: instance
 * @shrinker: registered shrinker
 *
 * Waits until no callback of the shrinker runs.
 *
 * Context: Process context, may sleep. Not from a shrinker.
 */
void umbra_unregister_shrinker(struct umbra *u,
			       struct umbra_shrinker *shrinker)
{
	down_write(&u->shrinkers.lock);
	list_del(&shrinker->list);
	up_write(&u->shrinkers.lock);
}
EXPORT_SYMBOL_GPL(umbra_unregister_shrinker);
