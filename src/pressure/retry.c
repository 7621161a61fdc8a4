// SPDX-License-Identifier: GPL-2.0
/*
 * Is another attempt of a request worth it, after reclaim and compaction? Each
 * kind of attempt has a limit, so that the slow path ends.
 */
#include <linux/gfp.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/request.h"
#include "../move/compact.h"
#include "../page/highatomic.h"
#include "../page/pcp_setup.h"
#include "../page/zonelist.h"
#include "boost.h"
#include "retry.h"
#include "slow.h"
#include "slowpath.h"
#include <trace/events/umbra.h>

/* Maximum number of retries in a row after reclaim without progress. */
#define RECLAIM_RETRIES 16
/* Maximum number of retries after compaction that claims success. */
#define COMPACT_RETRIES 16

/* Would a zone have room for the request if all reclaimable pages were free? */
static bool would_fit(struct slow *s)
{
	const struct umbra_request *rq = &s->rq;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(s->u, zone, ref, rq) {
		unsigned long mark = umbra_mark(zone, UMBRA_WMARK_MIN);
		unsigned long more = s->u->slow_ops->reclaimable(zone);
		unsigned long nr_free = READ_ONCE(zone->nr_free_pages);
		bool fits = umbra_watermark_with(zone, rq->order, mark,
						 rq->highest, rq->flags, more);

		trace_umbra_reclaim_retry_zone(zone->nid, zone->type, rq->order,
					       more, more + nr_free, mark,
					       s->no_progress, fits);
		if (fits)
			return true;
	}
	return false;
}

/*
 * Release all memory that is kept back, before a task is killed or the request
 * fails: reserved pageblocks, boosts that kswapd has not ended yet, and caches
 * that release_caches_and_reserve() could not drain. Returns whether that may
 * help.
 */
static bool release_the_rest(struct slow *s)
{
	bool found = umbra_highatomic_unreserve(s->u, &s->rq, true);

	found |= umbra_boost_end_for(s->u, &s->rq);
	if (!s->drained) {
		umbra_drain_pages(s->u);
		s->drained = true;
		found = true;
	}
	return found;
}

static bool should_reclaim_again(struct slow *s)
{
	/*
	 * Freed pages are scattered: no progress for a costly order. For a
	 * pageblock, reclaim also claims progress where it freed nothing.
	 */
	if (s->reclaimed && !slow_is_costly(s) && !slow_is_promoted(s))
		s->no_progress = 0;
	else
		s->no_progress++;
	if (s->no_progress <= RECLAIM_RETRIES && would_fit(s)) {
		/* Sleep, so that other items of a workqueue can free memory. */
		if (current->flags & PF_WQ_WORKER)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
		return true;
	}
	return release_the_rest(s);
}

/* Is another compaction worth it? May raise the effort. *@most: retries. */
static bool compact_harder(struct slow *s, unsigned int *most)
{
	enum umbra_compact_priority hardest =
		slow_is_costly(s) ? UMBRA_COMPACT_PRIO_LIGHT :
				    UMBRA_COMPACT_PRIO_FULL;

	/* Compaction had no room, but reclaim may make room. */
	if (s->compacted == UMBRA_COMPACT_SKIPPED)
		return !slow_is_promoted(s) &&
		       s->u->slow_ops->compact_suitable(s->u, &s->rq);
	if (s->compacted == UMBRA_COMPACT_SUCCESS) {
		*most /= slow_is_costly(s) ? 4 : 1;
		if (++s->compact_retries <= *most)
			return true;
	}
	if (s->priority <= hardest)
		return false;
	s->priority--;
	s->compact_retries = 0;
	return true;
}

static bool should_compact_again(struct slow *s)
{
	enum umbra_compact_priority priority = s->priority;
	unsigned int retries = s->compact_retries, most = COMPACT_RETRIES;
	bool again;

	if (!slow_can_compact(s) || !slow_work_order(s) ||
	    fatal_signal_pending(current))
		return false;
	again = compact_harder(s, &most);
	trace_umbra_compact_retry(s->rq.order, priority,
				  umbra_compact_feedback(s->compacted), retries,
				  most, again);
	return again;
}

/*
 * Let a request fragment pageblocks. Returns whether defrag_mode kept it from
 * that. Context: any.
 */
bool umbra_slow_end_defrag(struct slow *s)
{
	const unsigned int whole = ALLOC_DEFRAG | ALLOC_NOFRAGMENT;

	if ((s->rq.flags & whole) != whole)
		return false;
	s->rq.flags &= ~ALLOC_NOFRAGMENT;
	return true;
}

/*
 * Reclaim and compaction could not make a whole pageblock: with defrag_mode, try
 * all again without one. Retries that were for a pageblock do not count.
 */
static bool should_fragment(struct slow *s)
{
	bool promoted = slow_is_promoted(s);

	if (!umbra_slow_end_defrag(s))
		return false;
	if (promoted) {
		s->no_progress = 0;
		s->compact_retries = 0;
	}
	return true;
}

/* Should a request that has no block yet try again? Context: may sleep. */
bool umbra_slow_should_retry(struct slow *s)
{
	return should_reclaim_again(s) ||
	       (s->reclaimed && should_compact_again(s)) || should_fragment(s);
}
