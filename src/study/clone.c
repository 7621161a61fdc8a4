// SPDX-License-Identifier: GPL-2.0
/*
 * Clones: instances without memory that have the state of another instance at a
 * moment, frame by frame. A clone decides as the other instance would from then
 * on. Owners of movable blocks only pretend there: a move or a reclaim succeeds
 * unless others reference the block. No thread works on a clone, and no task is
 * killed for its memory.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>
#include "../api/instance.h"
#include "../api/tune.h"
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "../move/compact.h"
#include "../move/lru.h"
#include "../move/registry.h"
#include "../pressure/direct.h"
#include "../pressure/kswapd.h"
#include "../pressure/oom.h"
#include "../pressure/slowpath.h"
#include "../pressure/wait.h"
#include "clone.h"
#include "state.h"
#include "zone_state.h"

static int pretend_migrate(struct umbra_movable *movable, struct page *dst,
			   struct page *src, unsigned int order,
			   enum umbra_migrate_mode mode)
{
	return page_ref_count(src) > UMBRA_BASE_COUNT ? -EAGAIN : 0;
}

static int pretend_reclaim(struct umbra_movable *movable, struct page *page,
			   unsigned int order, gfp_t gfp)
{
	return page_ref_count(page) > UMBRA_BASE_COUNT ? -EBUSY : 0;
}

static const struct umbra_movable_operations pretend_move = {
	.migrate = pretend_migrate,
};

static const struct umbra_movable_operations pretend_give_up = {
	.migrate = pretend_migrate,
	.reclaim = pretend_reclaim,
};

/* A task would be killed here: the request ends, since none is. */
static enum umbra_oom_result pretend_kill(struct umbra *u,
					  const struct umbra_request *rq)
{
	return UMBRA_OOM_NOTHING;
}

static const struct umbra_slow_ops pretend_ops = {
	.wake_kswapd = umbra_kswapd_wake_all,
	.reclaim = umbra_reclaim_direct,
	.compact = umbra_compact_direct,
	.compact_suitable = umbra_compact_suitable,
	.reclaimable = umbra_zone_reclaimable,
	.oom = pretend_kill,
	.wait = umbra_memory_wait,
};

/* Give each span its part of the descriptors. Returns 0 or -ENOMEM. */
static int make_spans(struct umbra_clone *c, const struct umbra_state *s,
		      struct umbra_span *spans)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < s->nr_spans; i++)
		nr += s->spans[i].nr_pages;
	c->pages = umbra_large_pages(nr, GFP_KERNEL_ACCOUNT, NULL);
	if (!c->pages)
		return -ENOMEM;
	nr = 0;
	for (i = 0; i < s->nr_spans; i++) {
		spans[i] = s->spans[i];
		spans[i].pages = c->pages + nr;
		nr += s->spans[i].nr_pages;
	}
	return 0;
}

/* Make the instance, all of whose pages are free. Returns 0 or an error. */
static int make_instance(struct umbra_clone *c, const struct umbra_state *s)
{
	struct umbra_zone_layout *zones;
	struct umbra_span *spans;
	struct umbra_layout layout;
	unsigned int i;
	int err = -ENOMEM;

	umbra_layout_init(&layout);
	zones = kcalloc(s->nr_zones, sizeof(*zones), GFP_KERNEL_ACCOUNT);
	spans = kcalloc(s->nr_spans, sizeof(*spans), GFP_KERNEL_ACCOUNT);
	if (!zones || !spans)
		goto out;
	err = make_spans(c, s, spans);
	if (err)
		goto out;
	for (i = 0; i < s->nr_zones; i++)
		zones[i] = (struct umbra_zone_layout) {
			.nid = s->zone_nids[i],
			.type = s->zones[i]->type,
			.nr_frames = s->zones[i]->nr_frames,
		};
	layout.origin = "clone";
	layout.has_memory = false;
	layout.background = false;
	layout.pb_order = s->pb_order;
	layout.nr_zones = s->nr_zones;
	layout.zones = zones;
	layout.distance = s->distance;
	layout.cpu_node = s->cpu_node;
	layout.policy = s->policy;
	layout.pcp_batch = s->pcp_batch;
	layout.pcp_high = s->pcp_high;
	c->u = umbra_instance_create("clone", &layout, spans, s->nr_spans);
	err = PTR_ERR_OR_ZERO(c->u);
	if (err)
		c->u = NULL;
	else
		c->u->slow_ops = &pretend_ops;
out:
	kfree(spans);
	kfree(zones);
	return err;
}

/* Nodes that are offline or not allowed, and tunables. Returns 0 or an error. */
static int load_settings(struct umbra *u, const struct umbra_state *s)
{
	int ratio[UMBRA_NR_ZONE_TYPES];
	unsigned int i;
	int err;

	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		ratio[i] = s->lowmem_reserve_ratio[i];
	umbra_tune_load(u, s->tunables);
	memcpy(u->mempolicy.weights, s->weights, sizeof(s->weights));
	atomic_set(&u->mempolicy.interleaved, s->interleaved);
	atomic_set(&u->mempolicy.weighted, s->weighted);
	err = umbra_tune_lowmem_reserve(u, ratio);
	for (i = 0; i < s->nr_nodes && !err; i++) {
		if (!(s->online_nodes & BIT(i)))
			err = umbra_set_node_online(u, i, false);
		atomic_long_set(&u->nodes[i].nr_dirty, s->nr_dirty[i]);
		atomic_set(&u->nodes[i].kswapd_failures,
			   s->kswapd_failures[i]);
		u->nodes[i].kswapd_gave_up = s->kswapd_gave_up[i];
		u->nodes[i].kswapd_freed = s->kswapd_freed[i];
	}
	if (!err && s->allowed_nodes != u->allowed_nodes)
		err = umbra_set_allowed_nodes(u, s->allowed_nodes);
	bitmap_copy(u->compact.skip_blocks, s->skip_blocks,
		    umbra_nr_pageblocks(u));
	return err;
}

static int load_movable(struct umbra_clone *c,
			const struct umbra_movable_state *m)
{
	struct umbra_movable *owner;
	struct umbra *u = c->u;
	struct page *page = umbra_index_to_page(u, m->index);
	u8 frame = frame_read(u, m->index);
	int err;

	/* The owner may have freed it between the two parts of the state. */
	if (!frame_is_allocated(frame))
		return 0;
	owner = &c->owners[!!(m->flags & MOVABLE_RECLAIMABLE)];
	err = umbra_set_movable(u, page, frame_order(frame), owner);
	if (err || !(m->flags & MOVABLE_LISTED))
		return err;
	xa_lock(&u->movables);
	umbra_movable_change_mark(u, m->index, MARK_ACTIVE,
				  m->flags & MOVABLE_ACTIVE);
	umbra_movable_change_mark(u, m->index, MARK_ACCESSED,
				  m->flags & MOVABLE_ACCESSED);
	xa_unlock(&u->movables);
	return umbra_lru_add(u, page);
}

static int load_state(struct umbra_clone *c, const struct umbra_state *s)
{
	unsigned long i;
	int err;

	err = load_settings(c->u, s);
	for (i = 0; i < s->nr_zones && !err; i++)
		err = umbra_zone_state_load(&c->u->zones[i], s->zones[i]);
	if (err)
		return err;
	for (i = 0; i < s->nr_movables && !err; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = load_movable(c, &s->movables[i]);
		cond_resched();
	}
	return err ?: (s->has_kswapd ? umbra_kswapd_park(c->u) : 0);
}

/**
 * umbra_clone_of_state() - make an instance that has a state
 * @s: the state
 *
 * Context: may sleep.
 * Return: the clone, or an ERR_PTR: -ENOMEM; -EINTR after a fatal signal; or
 * -EINVAL for a state that no instance can have, and if no policy has the name
 * of its policy any more.
 */
struct umbra_clone *umbra_clone_of_state(const struct umbra_state *s)
{
	struct umbra_clone *c = kzalloc_obj(*c, GFP_KERNEL_ACCOUNT);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	umbra_movable_init(&c->owners[0], &pretend_move, NULL);
	umbra_movable_init(&c->owners[1], &pretend_give_up, NULL);
	c->is_exact = s->exact;
	err = make_instance(c, s);
	if (!err)
		err = load_state(c, s);
	if (!err)
		return c;
	umbra_clone_delete(c);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_clone_of_state);

/**
 * umbra_clone() - make an instance that has the state of another one
 * @u: the other instance, which may be in use and does not change
 *
 * Takes about 64 bytes of memory for each page of the instance.
 *
 * Context: may sleep; holds a zone lock for one batch at a time.
 * Return: the clone, or an ERR_PTR: -ENOMEM; -EINTR after a fatal signal; -EIO
 * if an invariant of the instance is broken; or -EINVAL if the policy of the
 * instance was unregistered.
 */
struct umbra_clone *umbra_clone(struct umbra *u)
{
	struct umbra_state *s;
	struct umbra_clone *c;

	s = umbra_state_take(u);
	if (IS_ERR(s))
		return ERR_CAST(s);
	c = umbra_clone_of_state(s);
	umbra_state_delete(s);
	return c;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_clone, UMBRA_TEST_MODULES);

/* Free a clone, with all blocks of it. Context: may sleep. */
void umbra_clone_delete(struct umbra_clone *c)
{
	if (c->u) {
		umbra_instance_stop(c->u);
		umbra_instance_free(c->u);
	}
	kvfree(c->pages);
	kfree(c);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_clone_delete, UMBRA_TEST_MODULES);
