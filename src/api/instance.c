// SPDX-License-Identifier: GPL-2.0
/*
 * Creation of an instance from spans, and its destruction.
 *
 * The index of a frame has the alignment of its page frame number. So the first
 * index of a span is the next multiple of the largest block, plus the distance
 * of its first pfn from such a multiple. Indices outside of all spans are
 * OFFLINE.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fault-inject.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_ref.h>
#include <linux/percpu.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/decision.h"
#include "../core/frame.h"
#include "../core/latency.h"
#include "../core/names.h"
#include "../core/section.h"
#include "../core/span.h"
#include "../move/kcompactd.h"
#include "../move/lru.h"
#include "../move/movable.h"
#include "../move/shrinker.h"
#include "../page/account.h"
#include "../page/gfp.h"
#include "../page/mempolicy.h"
#include "../page/held.h"
#include "../page/later.h"
#include "../page/pcp_setup.h"
#include "../page/zonelist.h"
#include "../policy/register.h"
#include "../pressure/boost.h"
#include "../pressure/kswapd.h"
#include "../pressure/node_reclaim.h"
#include "../pressure/oom.h"
#include "../pressure/slowpath.h"
#include "../pressure/wait.h"
#include "instance.h"
#include "tune.h"

#define MAX_BLOCK BIT(UMBRA_MAX_ORDER)

static int place_spans(struct umbra *u, const struct umbra_span *spans,
		       unsigned int nr_spans)
{
	if (nr_spans > UMBRA_MAX_SPANS)
		return -EINVAL;
	u->nr_spans = nr_spans;
	memcpy(u->spans, spans, nr_spans * sizeof(*spans));
	return umbra_spans_place(u->spans, nr_spans, &u->nr_frames);
}

static void destroy_tables(struct umbra *u)
{
	kvfree(u->zones);
	kvfree(u->nodes);
	kvfree(u->pageblocks);
	kvfree(u->map);
}

static int create_tables(struct umbra *u)
{
	u->map = umbra_large_zalloc(u->nr_frames, sizeof(*u->map), GFP_KERNEL,
				    "frame map");
	u->pageblocks = umbra_large_zalloc(umbra_nr_pageblocks(u),
					   sizeof(*u->pageblocks), GFP_KERNEL,
					   "table of pageblocks");
	u->nodes = kvcalloc(u->nr_nodes, sizeof(*u->nodes), GFP_KERNEL);
	u->zones = kvcalloc(u->nr_zones, sizeof(*u->zones), GFP_KERNEL);
	if (u->map && u->pageblocks && u->nodes && u->zones)
		return 0;
	destroy_tables(u);
	return -ENOMEM;
}

/* Return the end of a zone that starts at @start; 0 if its size is invalid. */
static u32 zone_end(const struct umbra *u, u32 start,
		    const struct umbra_zone_layout *z)
{
	u32 pageblock = 1U << u->pb_order;
	u32 room = u->nr_frames - start;
	u32 nr = z->nr_frames ? z->nr_frames : room;

	if (!nr || nr > room || nr % pageblock || z->nr_cma % pageblock ||
	    z->nr_cma > nr)
		return 0;
	return start + nr;
}

/*
 * Check the zones of a layout against the number of frames, and count the
 * nodes. Every node must have a zone. The zones of a node must come in the
 * order of their types, each type at most once.
 */
static int check_zones(struct umbra *u, const struct umbra_zone_layout *zones,
		       unsigned int nr_zones)
{
	int last[UMBRA_MAX_NODES];
	u32 start = 0;
	unsigned int i;

	memset(last, 0xff, sizeof(last));
	if (nr_zones > UMBRA_MAX_ZONES)
		return -EINVAL;
	for (i = 0; i < nr_zones; i++) {
		const struct umbra_zone_layout *z = &zones[i];

		if (z->nid >= UMBRA_MAX_NODES ||
		    z->type >= UMBRA_NR_ZONE_TYPES ||
		    (int)z->type <= last[z->nid])
			return -EINVAL;
		last[z->nid] = z->type;
		u->nr_nodes = max(u->nr_nodes, z->nid + 1);
		start = zone_end(u, start, z);
		if (!start)
			return -EINVAL;
	}
	for (i = 0; i < u->nr_nodes; i++)
		if (last[i] < 0)
			return -EINVAL;
	u->nr_zones = nr_zones;
	return start == u->nr_frames ? 0 : -EINVAL;
}

static int create_zone(struct umbra *u, unsigned int i, u32 start,
		       const struct umbra_zone_layout *z)
{
	struct umbra_zone *zone = &u->zones[i];
	u32 block;
	int err;

	zone->umbra = u;
	zone->fast_caches = u->policy.fast_caches;
	zone->type = z->type;
	zone->name = umbra_zone_type_name(z->type);
	zone->nid = z->nid;
	zone->start = start;
	zone->end = zone_end(u, start, z);
	spin_lock_init(&zone->lock);
	init_llist_head(&zone->later);
	u->nodes[z->nid].nid = z->nid;
	u->nodes[z->nid].zones[z->type] = i + 1;
	for (block = start >> u->pb_order; block < zone->end >> u->pb_order;
	     block++) {
		u->pageblocks[block].zone = i;
		u->pageblocks[block].type = u->policy.group ? UMBRA_MOVABLE :
							       UMBRA_UNMOVABLE;
		if (block >= (zone->end - z->nr_cma) >> u->pb_order)
			u->pageblocks[block].type = UMBRA_CMA;
	}
	zone->pcp = alloc_percpu(struct umbra_pcp);
	if (!zone->pcp)
		return -ENOMEM;
	err = umbra_freelist_init(zone);
	if (err)
		free_percpu(zone->pcp);
	return err;
}

static void destroy_zones(struct umbra *u, unsigned int nr)
{
	while (nr--) {
		umbra_freelist_exit(&u->zones[nr]);
		free_percpu(u->zones[nr].pcp);
	}
}

static int create_zones(struct umbra *u, const struct umbra_zone_layout *zones)
{
	u32 start = 0;
	unsigned int i;
	int err;

	for (i = 0; i < u->nr_zones; i++) {
		err = create_zone(u, i, start, &zones[i]);
		if (err) {
			destroy_zones(u, i);
			return err;
		}
		start = u->zones[i].end;
	}
	return 0;
}

/*
 * Put frames on the free lists of their zones, at most a largest block in each
 * hold of a zone lock.
 */
static void add_frames(struct umbra *u, u32 index, u32 end)
{
	unsigned long flags;

	while (index < end) {
		struct umbra_zone *zone = umbra_frame_zone(u, index);
		u32 stop = min3(end, (u32)ALIGN(index + 1, MAX_BLOCK),
				zone->end);
		u32 i;

		umbra_debug_poison(u, index, stop - index);
		spin_lock_irqsave(&zone->lock, flags);
		for (i = index; i < stop; i++)
			frame_set(u, i, FRAME_TAIL, 0);
		zone->nr_managed += stop - index;
		umbra_freelist_free_range(zone, index, stop);
		umbra_zone_unlock(zone, flags);
		index = stop;
		cond_resched();
	}
}

/*
 * Add the frames of a span to their zones. Frames with hwpoison stay OFFLINE. A
 * frame with more than the base reference is a mistake of the provider.
 */
static int add_span(struct umbra *u, const struct umbra_span *span)
{
	u32 run = 0, i;

	for (i = 0; i < span->nr_pages; i++) {
		if (PageHWPoison(span->pages + i)) {
			add_frames(u, span->first + run, span->first + i);
			run = i + 1;
		} else if (page_ref_count(span->pages + i) !=
			   UMBRA_BASE_COUNT) {
			return -EBUSY;
		}
	}
	add_frames(u, span->first + run, span->first + span->nr_pages);
	return 0;
}

static int add_spans(struct umbra *u)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < u->nr_spans && !err; i++)
		err = add_span(u, &u->spans[i]);
	return err;
}

static struct umbra *instance_new(const char *name,
				  const struct umbra_layout *layout)
{
	struct umbra *u = kzalloc_obj(*u, GFP_KERNEL);

	if (!u)
		return ERR_PTR(-ENOMEM);
	if (umbra_policy_get(layout->policy, &u->policy)) {
		kfree(u);
		return ERR_PTR(-EINVAL);
	}
	/*
	 * Unbound, so that a task that keeps one CPU busy delays no other. No
	 * rescuer: a request that lacks memory does all of this work itself.
	 */
	u->wq = alloc_workqueue("%s", WQ_UNBOUND, 0, name);
	if (!u->wq) {
		umbra_policy_put(&u->policy);
		kfree(u);
		return ERR_PTR(-ENOMEM);
	}
	strscpy(u->name, name, sizeof(u->name));
	u->pb_order = layout->pb_order;
	u->blame_order = layout->pb_order;
	u->origin = layout->origin;
	u->has_memory = layout->has_memory;
	u->dirty_limit = layout->dirty_limit;
	mutex_init(&u->ranges_lock);
	mutex_init(&u->control_lock);
	mutex_init(&u->debug_lock);
	mutex_init(&u->explain_lock);
	seqcount_init(&u->zonelist_seq);
	ratelimit_state_init(&u->report_limit, 5 * HZ, 10);
	ratelimit_set_flags(&u->report_limit, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_state_init(&u->failure_limit, 10 * HZ, 3);
	ratelimit_set_flags(&u->failure_limit, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_state_init(&u->shortage_limit, 10 * HZ, 3);
	ratelimit_set_flags(&u->shortage_limit, RATELIMIT_MSG_ON_RELEASE);
	umbra_held_init(u);
	umbra_later_init(u);
	umbra_accounts_init(u);
	umbra_movables_init(u);
	umbra_shrinkers_init(u);
	umbra_compact_init(u);
	umbra_wait_init(u);
	umbra_oom_init(u);
	umbra_boost_init(u);
	umbra_node_reclaim_init(u);
	u->slow_ops = &umbra_slow_ops;
#ifdef CONFIG_FAULT_INJECTION
	u->fail_alloc = (struct fault_attr)FAULT_ATTR_INITIALIZER;
#endif
	return u;
}

/* Undo instance_new(). No page may be freed from now on. */
static void instance_delete(struct umbra *u)
{
	umbra_wait_destroy(u);
	umbra_movables_destroy(u);
	umbra_accounts_leave(u);
	ratelimit_state_exit(&u->shortage_limit);
	ratelimit_state_exit(&u->failure_limit);
	ratelimit_state_exit(&u->report_limit);
	destroy_workqueue(u->wq);
	umbra_policy_put(&u->policy);
	kfree(u);
}

/**
 * umbra_background_stop() - stop the threads and workers of an instance
 * @u: the instance
 *
 * Requests can still reclaim and compact in their own context.
 *
 * Context: may sleep.
 */
void umbra_background_stop(struct umbra *u)
{
	umbra_kswapd_stop(u);
	umbra_compact_stop(u);
	umbra_pcp_decay_stop(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_background_stop);

/* Stop all background work. Threads come first: they may queue the rest. */
static void stop_all(struct umbra *u)
{
	WRITE_ONCE(u->stopping, true);
	umbra_background_stop(u);
	umbra_later_stop(u);
	cancel_delayed_work_sync(&u->held_work);
	cancel_work_sync(&u->drain_work);
	cancel_work_sync(&u->boost_work);
}

/**
 * umbra_layout_init() - fill in a layout with the values of the host
 * @layout: layout to fill in: one Normal zone, reserves and caches sized by the
 *	formulas of the host, descriptors with memory behind them
 *
 * Context: Any context, does not sleep.
 */
void umbra_layout_init(struct umbra_layout *layout)
{
	*layout = (struct umbra_layout) {
		.origin = "code",
		.pb_order = UMBRA_DEFAULT_PB_ORDER,
		.has_memory = true,
		.min_free_kbytes = UMBRA_AUTO,
		.watermark_scale_factor = 10,
		.watermark_boost_factor = 15000,
		.lowmem_reserve_ratio = {
			[UMBRA_ZONE_DMA] = 256,
			[UMBRA_ZONE_DMA32] = 256,
			[UMBRA_ZONE_NORMAL] = 32,
		},
		.dirty_limit = 20,
		.pcp_batch = UMBRA_AUTO,
		.pcp_high = UMBRA_AUTO,
		.background = true,
	};
}
EXPORT_SYMBOL_GPL(umbra_layout_init);

/**
 * umbra_instance_create() - create an instance over spans of pages
 * @name: name of the instance, in messages and in debugfs, 1 to 15 characters
 *	without a slash
 * @layout: division of the pages into zones, and parameters; its strings must
 *	outlive the instance
 * @spans: the pages; each has exactly %UMBRA_BASE_COUNT references
 * @nr_spans: number of spans, at most %UMBRA_MAX_SPANS
 *
 * Context: may sleep.
 * Return: the instance, or an ERR_PTR: -EINVAL for an invalid name, layout or
 * number of spans, -EFBIG for more frames than an index can name, -EBUSY for a page
 * with another number of references, -EOPNOTSUPP for debugging that this kernel
 * does not support, -ENOMEM. umbra_instance_stop() and umbra_instance_free()
 * destroy the instance.
 */
struct umbra *umbra_instance_create(const char *name,
				    const struct umbra_layout *layout,
				    const struct umbra_span *spans,
				    unsigned int nr_spans)
{
	const struct umbra_zone_layout one_zone = { .type = UMBRA_ZONE_NORMAL };
	const struct umbra_zone_layout *zones = &one_zone;
	struct umbra *u;
	int err;

	if (layout->nr_zones)
		zones = layout->zones;
	if (!*name || strlen(name) >= UMBRA_NAME_LEN || strchr(name, '/') ||
	    layout->pb_order > UMBRA_MAX_ORDER)
		return ERR_PTR(-EINVAL);
	u = instance_new(name, layout);
	if (IS_ERR(u))
		return u;
	err = place_spans(u, spans, nr_spans);
	if (err)
		goto err_delete;
	err = check_zones(u, zones, max(layout->nr_zones, 1U));
	if (err)
		goto err_delete;
	err = create_tables(u);
	if (err)
		goto err_delete;
	err = create_zones(u, zones);
	if (err)
		goto err_tables;
	err = umbra_debug_create(u, layout->debug);
	if (err)
		goto err_zones;
	err = umbra_latency_create(u);
	if (err)
		goto err_debug;
	umbra_gfp_init(u);
	umbra_mempolicy_init(u);
	umbra_lru_create(u);
	err = add_spans(u);
	if (err)
		goto err_latency;
	err = umbra_zonelist_create(u, layout);
	if (err)
		goto err_latency;
	err = umbra_pcp_create(u, layout);
	if (err)
		goto err_zonelist;
	umbra_tune_init(u, layout);
	err = umbra_compact_create(u, layout);
	if (err)
		goto err_pcp;
	err = layout->background ? umbra_kswapd_start(u) : 0;
	if (err)
		goto err_compact;
	if (layout->background)
		umbra_pcp_decay_start(u);
	return u;

err_compact:
	stop_all(u);
	umbra_compact_destroy(u);
err_pcp:
	umbra_pcp_destroy(u);
err_zonelist:
	umbra_zonelist_destroy(u);
err_latency:
	umbra_latency_destroy(u);
err_debug:
	umbra_debug_destroy(u);
err_zones:
	destroy_zones(u, u->nr_zones);
err_tables:
	destroy_tables(u);
err_delete:
	instance_delete(u);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_instance_create);

/*
 * Make allocated blocks OFFLINE: their owners may still use them, so the pages
 * must not go back to the host. Returns the number of pages.
 */
static unsigned long abandon_allocated(struct umbra *u)
{
	unsigned long abandoned = 0;
	u32 index, i;

	for (index = 0; index < u->nr_frames; index++) {
		u8 frame = frame_read(u, index);

		if (!frame_is_allocated(frame))
			continue;
		for (i = 0; i < 1U << frame_order(frame); i++)
			frame_set(u, index + i, FRAME_OFFLINE, 0);
		abandoned += 1UL << frame_order(frame);
	}
	return abandoned;
}

/**
 * umbra_instance_stop() - end the use of an instance
 * @u: the instance; no call may allocate or free from now on
 *
 * Stops background work and uncharges the pages that stay HELD. After this,
 * umbra_frame_releasable() says which pages may go back to the host.
 *
 * Context: may sleep.
 * Return: the number of pages that are still allocated. They must never be
 * released, because their owners may write to them.
 */
unsigned long umbra_instance_stop(struct umbra *u)
{
	stop_all(u);
	umbra_drain_pages(u);
	umbra_held_rescan(u);
	umbra_held_forget(u);
	return abandon_allocated(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_instance_stop);

/**
 * umbra_frame_releasable() - check whether a page may go back to the host
 * @u: the instance, stopped
 * @page: a page of one of its spans
 *
 * Context: any.
 * Return: false for a page that has hwpoison, is lost, or is still allocated.
 */
bool umbra_frame_releasable(struct umbra *u, struct page *page)
{
	u32 index = umbra_page_to_index(u, page);

	return index != UMBRA_NO_FRAME &&
	       frame_state(frame_read(u, index)) != FRAME_OFFLINE;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_frame_releasable);

/**
 * umbra_instance_free() - free all data of an instance
 * @u: the instance, stopped
 *
 * Context: may sleep.
 */
void umbra_instance_free(struct umbra *u)
{
	umbra_kswapd_destroy(u);
	umbra_compact_destroy(u);
	umbra_pcp_destroy(u);
	umbra_zonelist_destroy(u);
	kfree(u->question);
	umbra_record_set(u, 0);
	umbra_latency_destroy(u);
	umbra_debug_destroy(u);
	destroy_zones(u, u->nr_zones);
	destroy_tables(u);
	instance_delete(u);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_instance_free);

/**
 * umbra_instance_destroy() - end an instance whose pages have another owner
 * @u: the instance; no call may allocate or free from now on
 * @lost: callback for every page that the owner must not use again: the page is
 *	still allocated or referenced, or its memory failed
 * @arg: argument of @lost
 *
 * Context: may sleep.
 * Return: the number of lost pages.
 */
unsigned long umbra_instance_destroy(struct umbra *u,
				     void (*lost)(void *arg, struct page *page),
				     void *arg)
{
	const struct umbra_span *span;
	unsigned long nr = 0;
	u32 i;

	umbra_instance_stop(u);
	for (span = u->spans; span < u->spans + u->nr_spans; span++) {
		for (i = 0; i < span->nr_pages; i++) {
			struct page *page = span->pages + i;

			if (umbra_frame_releasable(u, page) &&
			    page_ref_count(page) == UMBRA_BASE_COUNT)
				continue;
			lost(arg, page);
			nr++;
		}
		cond_resched();
	}
	umbra_instance_free(u);
	return nr;
}
