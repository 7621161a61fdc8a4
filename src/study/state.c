// SPDX-License-Identifier: GPL-2.0
/*
 * The state of an instance as data: its layout, its zones (zone_state.c), its
 * tunables, and the blocks that their owners can move. clone.c makes an instance
 * of it.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include "../api/tune.h"
#include "../compat/large.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../move/registry.h"
#include "state.h"
#include "zone_state.h"

/* Blocks that are looked at in one hold of the xa_lock. */
#define MOVABLE_BATCH 256
/* How often the blocks of owners are listed, until the lists do not change. */
#define ATTEMPTS 4

/* Free a state, or nothing if it is NULL. Context: may sleep. */
void umbra_state_delete(struct umbra_state *s)
{
	unsigned int i;

	if (!s)
		return;
	for (i = 0; i < s->nr_zones; i++)
		umbra_zone_state_delete(s->zones[i]);
	kvfree(s->movables);
	kvfree(s->skip_blocks);
	kfree(s->cpu_node);
	kfree(s->distance);
	kvfree(s);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_state_delete);

static int take_layout(struct umbra_state *s, const struct umbra *u)
{
	unsigned long blocks = umbra_nr_pageblocks(u);
	unsigned int i;

	s->pb_order = u->pb_order;
	s->nr_nodes = u->nr_nodes;
	s->nr_spans = u->nr_spans;
	for (i = 0; i < u->nr_spans; i++) {
		s->spans[i] = u->spans[i];
		s->spans[i].pages = NULL;
	}
	strscpy(s->policy, u->policy.name, sizeof(s->policy));
	s->distance = kmemdup(u->distance, u->nr_nodes * u->nr_nodes,
			      GFP_KERNEL_ACCOUNT);
	s->cpu_node = kmemdup(u->cpu_node, nr_cpu_ids, GFP_KERNEL_ACCOUNT);
	s->skip_blocks = umbra_large_zalloc(BITS_TO_LONGS(blocks), sizeof(long),
					    GFP_KERNEL_ACCOUNT, NULL);
	if (!s->distance || !s->cpu_node || !s->skip_blocks)
		return -ENOMEM;
	bitmap_copy(s->skip_blocks, u->compact.skip_blocks, blocks);
	return 0;
}

static void take_tunables(struct umbra_state *s, const struct umbra *u)
{
	unsigned int i;

	for (i = 0; i < NR_TUNABLES; i++)
		s->tunables[i] = umbra_tuned(u, i);
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		s->lowmem_reserve_ratio[i] =
			READ_ONCE(u->lowmem_reserve_ratio[i]);
	memcpy(s->weights, u->mempolicy.weights, sizeof(s->weights));
	s->interleaved = atomic_read(&u->mempolicy.interleaved);
	s->weighted = atomic_read(&u->mempolicy.weighted);
	s->pcp_batch = READ_ONCE(u->pcp_batch);
	s->pcp_high = READ_ONCE(u->pcp_high);
	s->online_nodes = READ_ONCE(u->online_nodes);
	s->allowed_nodes = READ_ONCE(u->allowed_nodes);
	for (i = 0; i < u->nr_nodes; i++) {
		s->nr_dirty[i] = atomic_long_read(&u->nodes[i].nr_dirty);
		s->kswapd_failures[i] =
			atomic_read(&u->nodes[i].kswapd_failures);
		s->kswapd_gave_up[i] = READ_ONCE(u->nodes[i].kswapd_gave_up);
		s->kswapd_freed[i] = READ_ONCE(u->nodes[i].kswapd_freed);
		s->has_kswapd |= !!u->nodes[i].kswapd;
	}
}

/* Add a registered block. Returns false without room. xa_lock held. */
static bool add_movable(struct umbra_state *s, struct umbra *u, u32 index,
			unsigned long room)
{
	struct umbra_movable *movable = movable_of(u, index);
	u8 flags = 0;

	/* Its owner has freed it, and the task that isolated it frees it soon. */
	if (!movable)
		return true;
	if (s->nr_movables == room)
		return false;
	if (movable_has_mark(u, index, MARK_ACTIVE))
		flags |= MOVABLE_ACTIVE;
	if (movable_has_mark(u, index, MARK_ACCESSED))
		flags |= MOVABLE_ACCESSED;
	if (movable->ops->reclaim)
		flags |= MOVABLE_RECLAIMABLE;
	if (movable_is_listed(u, index))
		flags |= MOVABLE_LISTED;
	s->movables[s->nr_movables++] = (struct umbra_movable_state) {
		.index = index,
		.flags = flags,
	};
	return true;
}

/*
 * Add the blocks of an LRU list, the oldest first. Returns 0, -EAGAIN if the
 * lists of the node changed, or -ENOSPC.
 */
static int add_lru_list(struct umbra_state *s, struct umbra *u,
			struct umbra_lru *lru, enum umbra_lru_list list,
			unsigned long room)
{
	struct list_head *head = &lru->lists[list], *link = head;
	unsigned long seq = READ_ONCE(lru->seq);
	unsigned int n;
	int err = 0;

	do {
		xa_lock(&u->movables);
		if (lru->seq != seq)
			err = -EAGAIN;
		for (n = 0; !err && n < MOVABLE_BATCH; n++) {
			struct page *page;

			link = link->prev;
			if (link == head)
				break;
			page = list_entry(link, struct page, lru);
			if (!add_movable(s, u, umbra_page_to_index(u, page),
					 room))
				err = -ENOSPC;
		}
		xa_unlock(&u->movables);
		cond_resched();
	} while (!err && link != head);
	return err;
}

/*
 * Add the blocks that are on no LRU list, or with @all those of the lists, too.
 * Returns 0 or -ENOSPC.
 */
static int add_by_address(struct umbra_state *s, struct umbra *u, bool all,
			  unsigned long room)
{
	unsigned long index;
	unsigned int n = 0;
	int err = 0;
	void *entry;

	xa_lock(&u->movables);
	xa_for_each(&u->movables, index, entry) {
		if ((all || !movable_is_listed(u, index)) &&
		    !add_movable(s, u, index, room))
			err = -ENOSPC;
		if (err)
			break;
		if (++n % MOVABLE_BATCH)
			continue;
		xa_unlock(&u->movables);
		cond_resched();
		xa_lock(&u->movables);
	}
	xa_unlock(&u->movables);
	return err;
}

static int add_movables(struct umbra_state *s, struct umbra *u,
			unsigned long room)
{
	enum umbra_lru_list list;
	unsigned int nid;
	int err = 0;

	s->nr_movables = 0;
	for (nid = 0; nid < u->nr_nodes; nid++)
		for (list = 0; list < UMBRA_NR_LRU_LISTS && !err; list++)
			err = add_lru_list(s, u, &u->nodes[nid].lru, list,
					   room);
	return err ?: add_by_address(s, u, false, room);
}

static unsigned long count_movables(struct umbra *u)
{
	unsigned long index, nr = 0;
	void *entry;

	xa_for_each(&u->movables, index, entry) {
		if (++nr % MOVABLE_BATCH == 0)
			cond_resched();
	}
	return nr;
}

/* Make room for all movable blocks of the instance. Returns 0 or -ENOMEM. */
static int make_room(struct umbra_state *s, struct umbra *u,
		     unsigned long *room)
{
	*room = count_movables(u) + MOVABLE_BATCH;
	kvfree(s->movables);
	s->nr_movables = 0;
	s->movables = umbra_large_zalloc(*room, sizeof(*s->movables),
					 GFP_KERNEL_ACCOUNT, NULL);
	return s->movables ? 0 : -ENOMEM;
}

/*
 * List the blocks of owners. If the LRU lists go on changing, list them by
 * address, and the state is not exact.
 */
static int take_movables(struct umbra_state *s, struct umbra *u)
{
	unsigned int i;
	unsigned long room;
	int err = -EAGAIN;

	for (i = 0; i < ATTEMPTS && err; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = make_room(s, u, &room) ?: add_movables(s, u, room);
		if (err == -ENOMEM)
			return err;
	}
	if (!err)
		return 0;
	s->exact = false;
	err = make_room(s, u, &room);
	/* Without room for new blocks, some are missing. */
	if (!err)
		add_by_address(s, u, true, room);
	return err;
}

static int take_zones(struct umbra_state *s, struct umbra *u)
{
	unsigned int i;

	for (i = 0; i < u->nr_zones; i++) {
		s->zones[i] = umbra_zone_state_take(&u->zones[i]);
		if (!s->zones[i])
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;
		s->zone_nids[i] = u->zones[i].nid;
		s->nr_zones++;
		s->exact &= s->zones[i]->exact;
	}
	return 0;
}

/**
 * umbra_state_take() - take the state of an instance
 * @u: the instance, which may be in use and does not change
 *
 * Context: may sleep; holds a zone lock for one batch at a time.
 * Return: the state, or an ERR_PTR: -ENOMEM, -EINTR after a fatal signal, or -EIO
 * if an invariant of the instance is broken.
 */
struct umbra_state *umbra_state_take(struct umbra *u)
{
	struct umbra_state *s;
	int err;

	if (umbra_is_bad(u))
		return ERR_PTR(-EIO);
	s = umbra_large_zalloc(1, sizeof(*s), GFP_KERNEL_ACCOUNT, NULL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->exact = true;
	take_tunables(s, u);
	err = take_layout(s, u);
	if (!err)
		err = take_movables(s, u);
	if (!err)
		err = take_zones(s, u);
	if (!err)
		return s;
	umbra_state_delete(s);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_state_take);
