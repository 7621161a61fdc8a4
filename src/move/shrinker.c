// SPDX-License-Identifier: GPL-2.0
/* Shrinkers: caches of users that give pages back when memory is short. */
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include "../core/core.h"
#include "shrinker.h"

/* Context: any. */
void umbra_shrinkers_init(struct umbra *u)
{
	init_rwsem(&u->shrinkers.lock);
	INIT_LIST_HEAD(&u->shrinkers.list);
}

/**
 * umbra_register_shrinker() - have a cache made smaller when memory is short
 * @u: the instance
 * @shrinker: its callbacks filled in; belongs to the instance until
 *	umbra_unregister_shrinker()
 *
 * Context: may sleep.
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
 * @u: the instance
 * @shrinker: registered
 *
 * Waits for calls of it to end.
 *
 * Context: may sleep; not from a shrinker.
 */
void umbra_unregister_shrinker(struct umbra *u,
			       struct umbra_shrinker *shrinker)
{
	down_write(&u->shrinkers.lock);
	list_del(&shrinker->list);
	up_write(&u->shrinkers.lock);
}
EXPORT_SYMBOL_GPL(umbra_unregister_shrinker);
