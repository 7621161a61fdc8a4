// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: freeing the blocks of the LRU lists of a node, and the objects of
 * the shrinkers of the instance. kswapd and requests without memory reclaim
 * with an effort that grows from pass to pass. An allocation during reclaim
 * does not reclaim itself.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/wait.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/stats.h"
#include "../page/zonelist.h"
#include "compact.h"
#include "lru.h"
#include "movable.h"
#include "shrink.h"
#include <trace/events/umbra_vmscan.h>

/* Objects per call of a shrinker that sets no batch. */
#define SHRINK_BATCH 128

/* The host's number of this reason to wait, for an event. */
#define THROTTLE_ISOLATED 1

/* Maximum wait for blocks that other tasks have isolated, in jiffies. */
#define ISOLATED_WAIT max(HZ / 50, 1)

static enum umbra_event scan_event(const struct umbra_scan *scan)
{
	if (scan->is_kswapd)
		return EVENT_PGSCAN_KSWAPD;
	return scan->is_proactive ? EVENT_PGSCAN_PROACTIVE :
				    EVENT_PGSCAN_DIRECT;
}

static enum umbra_event steal_event(const struct umbra_scan *scan)
{
	if (scan->is_kswapd)
		return EVENT_PGSTEAL_KSWAPD;
	return scan->is_proactive ? EVENT_PGSTEAL_PROACTIVE :
				    EVENT_PGSTEAL_DIRECT;
}

/* As in the host, blocks that are passed over count as scanned. */
static unsigned long all_seen(const struct umbra_lru_seen *seen)
{
	return seen->scanned + seen->passed;
}

/* Reclaim at most @most of the oldest inactive pages, or one block. */
static void shrink_batch(struct umbra *u, struct umbra_node *node,
			 struct umbra_scan *scan, struct umbra_lru_seen *seen,
			 unsigned long most)
{
	struct umbra_zone *zone = umbra_node_first_zone(u, node);
	unsigned long before = all_seen(seen), freed = 0;
	u32 frames[SWAP_CLUSTER_MAX];
	unsigned int nr, i;

	nr = umbra_lru_isolate(u, node, scan->highest, frames,
			       min(most, ARRAY_SIZE(frames)), seen);
	for (i = 0; i < nr; i++)
		freed += umbra_movable_reclaim(u, frames[i], scan->gfp);
	umbra_count(zone, scan_event(scan), all_seen(seen) - before);
	umbra_count(zone, steal_event(scan), freed);
	trace_umbra_lru_shrink_inactive(node->nid, all_seen(seen) - before,
					freed, scan->priority);
	scan->nr_reclaimed += freed;
}

/* The number of pages on a list of a node that are in zones up to @highest. */
static unsigned long listed_up_to(const struct umbra *u,
				  const struct umbra_node *node,
				  enum umbra_lru_list list, int highest)
{
	unsigned long pages = 0;
	int type;

	for (type = 0; type <= highest; type++) {
		const struct umbra_zone *zone = umbra_node_zone(u, node, type);

		if (zone)
			pages += READ_ONCE(zone->nr_lru[list]);
	}
	return pages;
}

/* Make active blocks inactive, if there are more active than inactive pages. */
static void age_lru(struct umbra *u, struct umbra_node *node,
		    struct umbra_scan *scan)
{
	unsigned long all = READ_ONCE(node->lru.nr[LRU_LIST_ACTIVE]);
	unsigned long active = listed_up_to(u, node, LRU_LIST_ACTIVE,
					    scan->highest);
	unsigned long inactive = listed_up_to(u, node, LRU_LIST_INACTIVE,
					      scan->highest);
	struct umbra_lru_seen seen = {};
	unsigned long before;

	if (inactive >= active)
		return;
	do {
		before = seen.passed;
		umbra_lru_age(u, node, scan->highest, SWAP_CLUSTER_MAX, &seen);
		cond_resched();
	} while (seen.passed > before && seen.passed < all);
	umbra_count(umbra_node_first_zone(u, node), EVENT_PGREFILL,
		    all_seen(&seen));
}

/*
 * Have other tasks isolated so many pages of a node that few are left to
 * reclaim? A request with both __GFP_IO and __GFP_FS has a lower limit, so that
 * it does not block a request without them.
 */
static bool is_too_much_isolated(const struct umbra *u,
				 const struct umbra_node *node,
				 const struct umbra_scan *scan)
{
	const gfp_t most = __GFP_IO | __GFP_FS;
	unsigned long inactive = listed_up_to(u, node, LRU_LIST_INACTIVE,
					      scan->highest);

	if ((scan->gfp & most) == most)
		inactive /= 8;
	return listed_up_to(u, node, LRU_LIST_ISOLATED, scan->highest) >
	       inactive;
}

/* Wait briefly, and only once, for tasks that may free isolated blocks. */
static void wait_for_isolated(struct umbra *u, const struct umbra_node *node,
			      struct umbra_scan *scan)
{
	long left;

	if (scan->is_kswapd || scan->waited)
		return;
	scan->waited = is_too_much_isolated(u, node, scan);
	if (!scan->waited)
		return;
	left = wait_event_killable_timeout(u->movable_wait,
					   !is_too_much_isolated(u, node, scan),
					   ISOLATED_WAIT);
	trace_umbra_throttled(node->nid, jiffies_to_usecs(ISOLATED_WAIT),
			      jiffies_to_usecs(ISOLATED_WAIT - max(left, 0L)),
			      THROTTLE_ISOLATED);
}

/* Must reclaim end? A request that cannot fail goes on. */
static bool must_end(gfp_t gfp)
{
	return fatal_signal_pending(current) && !(gfp & __GFP_NOFAIL);
}

/*
 * Have enough pages been freed to end a pass before its share is scanned? A
 * request scans its whole first share: kswapd does not keep up.
 */
static bool has_enough(const struct umbra_scan *scan, unsigned long freed)
{
	return freed >= scan->nr_to_reclaim &&
	       !(scan->is_direct && scan->priority == UMBRA_SCAN_PRIORITY);
}

/* Reclaim from the LRU lists; a lower priority scans a larger part of them. */
static void shrink_lru(struct umbra *u, struct umbra_node *node,
		       struct umbra_scan *scan)
{
	unsigned long reclaimed = scan->nr_reclaimed, all, share;
	struct umbra_lru_seen seen = { .keep_exposed = scan->keep_exposed };
	struct umbra_lru_seen before;

	wait_for_isolated(u, node, scan);
	age_lru(u, node, scan);
	all = READ_ONCE(node->lru.nr[LRU_LIST_INACTIVE]);
	share = listed_up_to(u, node, LRU_LIST_INACTIVE, scan->highest) >>
		scan->priority;
	while (seen.scanned < share && seen.passed <= all &&
	       !has_enough(scan, scan->nr_reclaimed - reclaimed) &&
	       !must_end(scan->gfp)) {
		before = seen;
		shrink_batch(u, node, scan, &seen, share - seen.scanned);
		if (seen.scanned == before.scanned &&
		    seen.passed == before.passed)
			break;
		cond_resched();
	}
	scan->nr_scanned += seen.scanned;
}

/* The number of objects that a shrinker should scan in a pass. */
static long share_of(const struct umbra_shrinker *shrinker,
		     unsigned long freeable, int priority)
{
	/* Half of the objects, if it costs nothing to make them again. */
	if (!shrinker->seeks)
		return freeable / 2;
	return div_u64((u64)(freeable >> priority) * 4, shrinker->seeks);
}

/*
 * Call one shrinker until its share is scanned; the rest of the share is
 * deferred to the next pass. Returns the number of objects that the shrinker
 * reports as freed.
 */
static unsigned long shrink_one(struct umbra_shrinker *shrinker,
				struct umbra_shrink_control *sc, int priority,
				struct umbra_zone *zone)
{
	atomic_long_t *nr_deferred = &shrinker->nr_deferred[sc->nid];
	long freeable = shrinker->count(shrinker, sc);
	long batch = shrinker->batch ?: SHRINK_BATCH;
	long deferred, share, left, later, scanned = 0;
	unsigned long freed = 0, ret;

	/* UMBRA_SHRINK_EMPTY is a negative number here. */
	if (freeable <= 0)
		return 0;
	deferred = atomic_long_xchg(nr_deferred, 0);
	share = share_of(shrinker, freeable, priority);
	left = min((deferred >> priority) + share, freeable * 2);
	trace_umbra_shrink_slab_start(shrinker, shrinker->scan, sc->nid,
				      deferred, sc->gfp, freeable, share, left,
				      priority);
	while ((left >= batch || (left > 0 && left >= freeable)) &&
	       !must_end(sc->gfp)) {
		sc->nr_to_scan = min(batch, left);
		sc->nr_scanned = sc->nr_to_scan;
		ret = shrinker->scan(shrinker, sc);
		if (ret == UMBRA_SHRINK_STOP)
			break;
		freed += ret;
		scanned += sc->nr_scanned;
		left -= max(sc->nr_scanned, 1UL);
		umbra_count(zone, EVENT_SLABS_SCANNED, sc->nr_scanned);
		cond_resched();
	}
	later = atomic_long_add_return(clamp(deferred + share - scanned, 0L,
					     freeable * 2), nr_deferred);
	trace_umbra_shrink_slab_end(shrinker, shrinker->scan, sc->nid, freed,
				    deferred, later, left);
	return freed;
}

/**
 * umbra_shrinkers_count() - count what the shrinkers could free
 * @u: the instance
 * @nid: the node
 * @gfp: flags that limit what the shrinkers may do
 *
 * Context: may sleep; the task must be in a scope of memalloc_noreclaim_save().
 * Return: number of objects; 0 while a shrinker is registered or removed.
 */
unsigned long umbra_shrinkers_count(struct umbra *u, unsigned int nid,
				    gfp_t gfp)
{
	struct umbra_shrink_control sc = { .gfp = gfp, .nid = nid };
	struct umbra_shrinkers *s = &u->shrinkers;
	struct umbra_shrinker *shrinker;
	unsigned long objects = 0;

	if (list_empty(&s->list) || !down_read_trylock(&s->lock))
		return 0;
	list_for_each_entry(shrinker, &s->list, list) {
		long count = shrinker->count(shrinker, &sc);

		/* UMBRA_SHRINK_EMPTY is a negative number here. */
		objects += max(count, 0L);
	}
	up_read(&s->lock);
	return objects;
}

/* The number of pages of a node that were freed since its creation. */
static unsigned long pages_freed(const struct umbra *u,
				 const struct umbra_node *node)
{
	unsigned long pages = 0;
	unsigned int type;

	for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
		struct umbra_zone *zone = umbra_node_zone(u, node, type);

		if (zone)
			pages += umbra_zone_events(zone, EVENT_PGFREE);
	}
	return pages;
}

/*
 * Call every shrinker once. Shrinkers report objects, but reclaim counts pages:
 * the pages of the node that were freed meanwhile, even if another task has
 * taken them again.
 */
static void shrink_caches(struct umbra *u, struct umbra_node *node,
			  struct umbra_scan *scan)
{
	struct umbra_shrinkers *s = &u->shrinkers;
	struct umbra_shrink_control sc = { .gfp = scan->gfp,
					   .nid = node->nid };
	unsigned long before, freed = 0;
	struct umbra_shrinker *shrinker;

	/* Do not wait for a task that registers or removes a shrinker. */
	if (list_empty(&s->list) || !down_read_trylock(&s->lock))
		return;
	before = pages_freed(u, node);
	list_for_each_entry(shrinker, &s->list, list)
		freed += shrink_one(shrinker, &sc, scan->priority,
				    umbra_node_first_zone(u, node));
	up_read(&s->lock);
	/* Limit the count, because other tasks have freed pages too. */
	scan->nr_reclaimed += min(pages_freed(u, node) - before, freed);
}

/*
 * Is the reclaim for a block of some order, which compaction will make? Below
 * costly orders this is so only once reclaim is difficult.
 */
static bool is_for_compaction(const struct umbra_scan *scan)
{
	return scan->order && scan->gfp & __GFP_IO &&
	       (scan->order > PAGE_ALLOC_COSTLY_ORDER ||
		scan->priority < UMBRA_SCAN_PRIORITY - 2);
}

/*
 * Should a pass over a node be repeated, so that compaction has enough free
 * pages? Not if a zone has enough, or if few pages are left to reclaim.
 */
static bool should_repeat(struct umbra *u, const struct umbra_node *node,
			  const struct umbra_scan *scan)
{
	int type;

	if (!is_for_compaction(scan))
		return false;
	for (type = 0; type <= (int)scan->highest; type++) {
		struct umbra_zone *zone = umbra_node_zone(u, node, type);
		unsigned long mark;

		if (!zone || !READ_ONCE(zone->nr_managed))
			continue;
		mark = umbra_mark(zone, UMBRA_WMARK_MIN);
		if (umbra_watermark_ok(zone, scan->order, mark, scan->highest,
				       0) ||
		    umbra_compact_zone_suitable(zone, scan->order, mark,
						scan->highest))
			return false;
	}
	return READ_ONCE(node->lru.nr[LRU_LIST_INACTIVE]) >
	       umbra_compact_gap(scan->order);
}

/**
 * umbra_shrink_node() - run one pass of reclaim over a node
 * @u: the instance
 * @node: the node
 * @scan: parameters of the pass; its results are added
 *
 * For a block of some order, the pass is repeated until compaction has enough
 * free pages to make it, or nothing is freed.
 *
 * Context: may sleep.
 */
void umbra_shrink_node(struct umbra *u, struct umbra_node *node,
		       struct umbra_scan *scan)
{
	unsigned long before;

	do {
		before = scan->nr_reclaimed;
		shrink_lru(u, node, scan);
		shrink_caches(u, node, scan);
	} while (scan->nr_reclaimed > before && should_repeat(u, node, scan));
}
EXPORT_SYMBOL_IF_KUNIT(umbra_shrink_node);

/**
 * umbra_shrink_nodes() - reclaim pages of all nodes
 * @u: the instance
 * @nr_pages: number of pages to reclaim
 * @is_proactive: whether pages are reclaimed before a request needs them
 *
 * Context: may sleep.
 * Return: the number of pages freed, fewer than @nr_pages if there are no more
 * or a fatal signal came.
 */
unsigned long umbra_shrink_nodes(struct umbra *u, unsigned long nr_pages,
				 bool is_proactive)
{
	struct umbra_scan scan = {
		.gfp = current_gfp_context(GFP_KERNEL),
		.highest = UMBRA_ZONE_MOVABLE,
		.priority = UMBRA_SCAN_PRIORITY,
		.is_proactive = is_proactive,
	};
	unsigned int noreclaim = memalloc_noreclaim_save();
	unsigned long before;
	unsigned int nid;

	while (scan.priority >= 0 && scan.nr_reclaimed < nr_pages &&
	       !fatal_signal_pending(current)) {
		before = scan.nr_reclaimed;
		for (nid = 0; nid < u->nr_nodes; nid++) {
			if (scan.nr_reclaimed >= nr_pages)
				break;
			scan.nr_to_reclaim = nr_pages - scan.nr_reclaimed;
			umbra_shrink_node(u, &u->nodes[nid], &scan);
		}
		if (scan.nr_reclaimed == before)
			scan.priority--;
	}
	memalloc_noreclaim_restore(noreclaim);
	return scan.nr_reclaimed;
}

/**
 * umbra_reclaim() - reclaim pages
 * @u: instance
 * @nr_pages: number of pages to reclaim
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: the number of pages freed, fewer than @nr_pages if there are no more
 * or a fatal signal came.
 */
unsigned long umbra_reclaim(struct umbra *u, unsigned long nr_pages)
{
	return umbra_shrink_nodes(u, nr_pages, true);
}
EXPORT_SYMBOL_GPL(umbra_reclaim);
