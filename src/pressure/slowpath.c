// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when no zone is above its low watermark: a machine of steps,
 * each a function that says which is next.
 *
 *	begin -> attempt -> reclaim -> compact -> decide -> oom -> nopage
 *
 * attempt tries all that the request may use; reclaim and compact are followed
 * by attempts of their own. decide and oom lead back to attempt as long as
 * there is hope. nopage ends what may fail, and waits for the rest. If the
 * zonelists or the allowed nodes changed meanwhile, all begins anew before
 * anyone is killed or told no. A costly order, or one that cannot be had from
 * movable pageblocks, is compacted for before anything is reclaimed.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>
#include "../buddy/watermark.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/latency.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/compact_hints.h"
#include "../move/shrink.h"
#include "../page/account.h"
#include "../page/gfp.h"
#include "../page/held.h"
#include "../page/highatomic.h"
#include "../page/pcp_setup.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "boost.h"
#include "direct.h"
#include "failure.h"
#include "kswapd.h"
#include "oom.h"
#include "slowpath.h"
#include "wait.h"
#include <trace/events/umbra.h>

/* How often a request is tried again though nothing was reclaimed for it. */
#define RECLAIM_RETRIES 16
/* How often again though compaction said that it worked. */
#define COMPACT_RETRIES 16
/* Who is at it for so many seconds is told of, and again after as many. */
#define STALL_SECONDS 10

enum step {
	STEP_BEGIN,
	STEP_ATTEMPT,
	STEP_RECLAIM,
	STEP_COMPACT,
	STEP_DECIDE,
	STEP_OOM,
	STEP_NOPAGE,
	NR_STEPS,
	STEP_DONE = NR_STEPS
};

/* What a request in the slow path has come to so far. */
struct slow {
	struct umbra *u;
	struct umbra_request rq;
	const umbra_nodemask_t *nodemask;	/* as the caller gave it */
	unsigned int seq;	/* of the zonelists when it began */
	umbra_nodemask_t allowed;	/* nodes, when it began */
	u32 index;		/* the block, or UMBRA_NO_FRAME */
	unsigned int stalled;	/* seconds that were told of */
	unsigned long start;	/* jiffies */
	bool compact_first;
	bool drained;
	bool had_reserves;	/* those of one who was chosen to die */
	bool waiting;		/* registered as one who waits for memory */
	int freed;		/* umbra_memory_freed() at the last attempt */
	unsigned long reclaimed;	/* by the last reclaim, in pages */
	unsigned int no_progress;	/* reclaims in vain, in a row */
	enum umbra_compact_result compacted;
	enum umbra_compact_priority priority;
	unsigned int compact_retries;
};

static bool is_costly(const struct slow *s)
{
	return s->rq.order > PAGE_ALLOC_COSTLY_ORDER;
}

static bool can_reclaim(const struct slow *s)
{
	return s->rq.gfp & __GFP_DIRECT_RECLAIM &&
	       !(current->flags & PF_MEMALLOC);
}

/* Blocks that are moved may have to be written: not without __GFP_IO. */
static bool can_compact(const struct slow *s)
{
	return can_reclaim(s) && s->rq.order && s->rq.gfp & __GFP_IO;
}

static bool is_changed(const struct slow *s)
{
	return read_seqcount_retry(&s->u->zonelist_seq, s->seq) ||
	       READ_ONCE(s->u->allowed_nodes) != s->allowed;
}

static enum step step_begin(struct slow *s)
{
	s->seq = read_seqcount_begin(&s->u->zonelist_seq);
	s->allowed = READ_ONCE(s->u->allowed_nodes);
	umbra_request_slow(&s->rq, s->u, s->nodemask);
	s->no_progress = 0;
	s->compact_retries = 0;
	s->compacted = UMBRA_COMPACT_SKIPPED;
	s->compact_first = can_compact(s) &&
			   (is_costly(s) || s->rq.type != UMBRA_MOVABLE);
	s->priority = s->compact_first ? UMBRA_COMPACT_PRIO_ASYNC :
					 UMBRA_COMPACT_PRIO_LIGHT;
	/* Who asks for no zone at all is not let into others either. */
	if (!s->rq.preferred)
		return STEP_NOPAGE;
	if (s->rq.flags & ALLOC_KSWAPD)
		umbra_count(s->rq.preferred, EVENT_KSWAPD_WAKE, 1);
	return STEP_ATTEMPT;
}

/*
 * Who helps to free memory, or cannot wait and matters, may use the reserves,
 * and is not bound to nodes.
 */
static u32 try_reserves(struct slow *s)
{
	unsigned int reserves = umbra_request_reserves(s->u, &s->rq);
	struct umbra_request rq = s->rq;

	s->had_reserves |= reserves & ALLOC_OOM;
	if (reserves)
		rq.flags = reserves |
			   (rq.flags & (ALLOC_CMA | ALLOC_KSWAPD));
	else if (rq.flags & ALLOC_CPUSET || !s->nodemask)
		return UMBRA_NO_FRAME;
	rq.nodemask = UMBRA_ALL_NODES;
	umbra_zonelist_next(s->u, rq.zonelist->refs, rq.highest, rq.nodemask,
			    &rq.preferred);
	return rq.preferred ? umbra_take_waking(s->u, &rq) : UMBRA_NO_FRAME;
}

/* Take with all that the request may use. Returns whether there was a block. */
static bool take(struct slow *s)
{
	s->freed = umbra_memory_freed(s->u);
	s->index = umbra_take_waking(s->u, &s->rq);
	if (s->index == UMBRA_NO_FRAME)
		s->index = try_reserves(s);
	return s->index != UMBRA_NO_FRAME;
}

/* What is free, but out of the lists or below boosts: was there any? */
static bool release_hidden(struct slow *s)
{
	bool found = umbra_held_rescan(s->u);

	if (s->rq.flags & ALLOC_KSWAPD)
		found |= umbra_boost_end_unattended(s->u, can_reclaim(s));
	return found;
}

/* Nobody waits for long without a word. */
static void tell_of_stall(struct slow *s)
{
	unsigned int seconds = (jiffies - s->start) / HZ;

	if (likely(seconds < s->stalled + STALL_SECONDS))
		return;
	s->stalled = seconds;
	if (!(s->rq.gfp & __GFP_NOWARN))
		umbra_report_stall(s->u, &s->rq, seconds);
}

static enum step step_attempt(struct slow *s)
{
	if (umbra_is_bad(s->u) && !(s->rq.gfp & __GFP_NOFAIL))
		return STEP_NOPAGE;
	tell_of_stall(s);
	/* Lest it falls asleep as long as somebody needs it. */
	if (s->rq.flags & ALLOC_KSWAPD)
		s->u->slow_ops->wake_kswapd(s->u, &s->rq);
	if (take(s))
		return STEP_DONE;
	if (release_hidden(s) && take(s))
		return STEP_DONE;
	if (!can_reclaim(s))
		return STEP_NOPAGE;
	return s->compact_first ? STEP_COMPACT : STEP_RECLAIM;
}

/*
 * Pages that are free may be in the caches of CPUs, or kept for requests that
 * cannot wait. Worth a look once, and again after something was freed.
 */
static void release_kept(struct slow *s)
{
	umbra_highatomic_unreserve(s->u, &s->rq, false);
	/* If somebody else does, or has more to do, that is not waited for yet. */
	s->drained = umbra_pcp_try_drain(s->u);
}

static enum step step_reclaim(struct slow *s)
{
	s->reclaimed = s->u->slow_ops->reclaim(s->u, &s->rq);
	if (s->reclaimed) {
		s->drained = false;
		if (take(s))
			return STEP_DONE;
	}
	if (!s->drained) {
		release_kept(s);
		if (take(s))
			return STEP_DONE;
	}
	return STEP_COMPACT;
}

/* Compact for the request. Returns whether that gave it a block. */
static bool compact(struct slow *s)
{
	u64 start = local_clock();
	struct umbra_zone *zone;

	s->compacted = s->u->slow_ops->compact(s->u, &s->rq, s->priority,
						   &s->index);
	umbra_latency_add(s->u, LATENCY_COMPACT, s->rq.order, start);
	if (s->index == UMBRA_NO_FRAME &&
	    (s->compacted == UMBRA_COMPACT_SKIPPED ||
	     s->compacted == UMBRA_COMPACT_DEFERRED))
		return false;
	umbra_count(s->rq.preferred, EVENT_COMPACT_STALL, 1);
	if (s->index == UMBRA_NO_FRAME && !take(s)) {
		umbra_count(s->rq.preferred, EVENT_COMPACT_FAIL, 1);
		cond_resched();
		return false;
	}
	zone = umbra_frame_zone(s->u, s->index);
	umbra_compact_worked(zone, s->rq.order);
	umbra_count(zone, EVENT_COMPACT_SUCCESS, 1);
	return true;
}

/* Compaction came first and was in vain. */
static enum step after_first_compaction(struct slow *s)
{
	const gfp_t local = __GFP_NORETRY | __GFP_THISNODE;

	/* One node and one try: not worth the memory of others on that node. */
	if ((s->rq.gfp & local) == local)
		return STEP_NOPAGE;
	if (!(s->rq.gfp & __GFP_NORETRY))
		s->priority = UMBRA_COMPACT_PRIO_LIGHT;
	s->compact_first = false;
	return STEP_ATTEMPT;
}

static enum step step_compact(struct slow *s)
{
	if (can_compact(s) && compact(s))
		return STEP_DONE;
	if (s->compact_first)
		return after_first_compaction(s);
	if (s->rq.gfp & __GFP_NORETRY)
		return STEP_NOPAGE;
	if (is_costly(s) &&
	    (!can_compact(s) || !(s->rq.gfp & __GFP_RETRY_MAYFAIL)))
		return STEP_NOPAGE;
	return is_changed(s) ? STEP_BEGIN : STEP_DECIDE;
}

/* Would the request fit into a zone if all that can be were reclaimed? */
static bool would_fit(struct slow *s)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_umbra_zoneref(s->u, zone, ref, s->rq.zonelist,
			       s->rq.highest, s->rq.nodemask)
		if (umbra_zone_is_allowed(zone, &s->rq) &&
		    umbra_watermark_with(zone, s->rq.order,
					 umbra_mark(zone, UMBRA_WMARK_MIN),
					 s->rq.highest, s->rq.flags,
					 s->u->slow_ops->reclaimable(zone)))
			return true;
	return false;
}

/*
 * The last of what is kept, before anyone has to die or is told no: pageblocks
 * for those who cannot wait, boosts that kswapd did not come to end, and caches
 * if somebody else was in the way before. Was there any?
 */
static bool release_last(struct slow *s)
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
	/* Of a costly order progress says nothing: memory is in pieces. */
	if (s->reclaimed && !is_costly(s))
		s->no_progress = 0;
	else
		s->no_progress++;
	if (s->no_progress <= RECLAIM_RETRIES && would_fit(s)) {
		/* So that others of a work queue get on, which may free. */
		if (current->flags & PF_WQ_WORKER)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
		return true;
	}
	return release_last(s);
}

static bool should_compact_again(struct slow *s)
{
	unsigned int most = COMPACT_RETRIES / (is_costly(s) ? 4 : 1);
	enum umbra_compact_priority hardest =
		is_costly(s) ? UMBRA_COMPACT_PRIO_LIGHT :
			       UMBRA_COMPACT_PRIO_FULL;

	if (!can_compact(s) || fatal_signal_pending(current))
		return false;
	/* There was no room to compact in, which reclaim can make. */
	if (s->compacted == UMBRA_COMPACT_SKIPPED)
		return s->u->slow_ops->compact_suitable(s->u, &s->rq);
	if (s->compacted == UMBRA_COMPACT_SUCCESS &&
	    ++s->compact_retries <= most)
		return true;
	if (s->priority <= hardest)
		return false;
	s->priority--;
	s->compact_retries = 0;
	return true;
}

static enum step step_decide(struct slow *s)
{
	if (should_reclaim_again(s))
		return STEP_ATTEMPT;
	if (s->reclaimed && should_compact_again(s))
		return STEP_ATTEMPT;
	return is_changed(s) ? STEP_BEGIN : STEP_OOM;
}

/* May somebody be killed for this request? */
static bool is_worth_a_life(const struct slow *s)
{
	return !(current->flags & PF_DUMPCORE) && !is_costly(s) &&
	       !(s->rq.gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE)) &&
	       s->rq.highest >= UMBRA_ZONE_NORMAL;
}

/*
 * A last look, at the high watermark: somebody may have been killed already
 * and have given back plenty.
 */
static u32 take_plenty(struct slow *s)
{
	struct umbra_request rq = s->rq;

	rq.flags = (rq.flags & ALLOC_CMA) | UMBRA_WMARK_HIGH | ALLOC_CPUSET;
	rq.hardwall = true;
	return umbra_take_waking(s->u, &rq);
}

/* Below all watermarks, then from nodes that are not allowed. */
static u32 take_any(struct slow *s, unsigned int flags)
{
	struct umbra_request rq = s->rq;
	u32 index;

	rq.flags |= flags;
	index = umbra_take_waking(s->u, &rq);
	if (index == UMBRA_NO_FRAME && rq.flags & ALLOC_CPUSET) {
		rq.flags &= ~ALLOC_CPUSET;
		index = umbra_take_waking(s->u, &rq);
	}
	return index;
}

static enum step step_oom(struct slow *s)
{
	struct mutex *lock = &s->u->oom.lock;
	bool progress = false;

	if (!mutex_trylock(lock)) {
		if (fatal_signal_pending(current))
			return STEP_NOPAGE;
		schedule_timeout_uninterruptible(1);
		s->no_progress = 0;
		s->drained = false;
		return STEP_ATTEMPT;
	}
	s->index = take_plenty(s);
	if (s->index == UMBRA_NO_FRAME && is_worth_a_life(s)) {
		progress = s->u->slow_ops->oom(s->u, &s->rq);
		if (progress && s->rq.gfp & __GFP_NOFAIL)
			s->index = take_any(s, ALLOC_NO_WATERMARKS);
	}
	mutex_unlock(lock);
	if (s->index != UMBRA_NO_FRAME)
		return STEP_DONE;
	/* Who has had the reserves too, and is dying, had better go. */
	if (!progress || (s->had_reserves && umbra_oom_is_victim(s->u)))
		return STEP_NOPAGE;
	s->no_progress = 0;
	s->drained = false;
	cond_resched();
	return STEP_ATTEMPT;
}

/* Wait for memory, and look at all of it anew. */
static enum step wait_for_memory(struct slow *s)
{
	s->index = take_any(s, ALLOC_MIN_RESERVE);
	if (s->index != UMBRA_NO_FRAME)
		return STEP_DONE;
	if (!s->waiting) {
		s->waiting = true;
		umbra_memory_wait_begin(s->u);
	} else {
		s->u->slow_ops->wait(s->u, s->freed);
	}
	s->drained = false;
	return STEP_BEGIN;
}

static enum step step_nopage(struct slow *s)
{
	const gfp_t nofail = __GFP_NOFAIL | __GFP_DIRECT_RECLAIM;

	if (is_changed(s))
		return STEP_BEGIN;
	if ((s->rq.gfp & nofail) == nofail && s->rq.preferred)
		return wait_for_memory(s);
	umbra_count(s->rq.preferred ?: s->u->zones, EVENT_FAIL, 1);
	if (!(s->rq.gfp & __GFP_NOWARN))
		umbra_report_failure(s->u, &s->rq);
	return STEP_DONE;
}

static enum step (* const steps[NR_STEPS])(struct slow *s) = {
	[STEP_BEGIN] = step_begin,
	[STEP_ATTEMPT] = step_attempt,
	[STEP_RECLAIM] = step_reclaim,
	[STEP_COMPACT] = step_compact,
	[STEP_DECIDE] = step_decide,
	[STEP_OOM] = step_oom,
	[STEP_NOPAGE] = step_nopage,
};

/**
 * umbra_take_slow() - take a block when the first pass found none
 * @u: the instance
 * @fast: the request, as it was for the first pass
 * @nodemask: as the caller gave it
 *
 * With %__GFP_NOFAIL, and if it may wait, it waits for others to free memory,
 * for ever if they do not.
 *
 * Context: as the request's gfp says.
 * Return: a block in state PCP, or UMBRA_NO_FRAME, which is reported.
 */
u32 umbra_take_slow(struct umbra *u, const struct umbra_request *fast,
		    const umbra_nodemask_t *nodemask)
{
	struct slow s = {
		.u = u,
		.rq = *fast,
		.nodemask = nodemask,
		.index = UMBRA_NO_FRAME,
		.start = jiffies,
	};
	enum step step = STEP_BEGIN;
	u64 start = local_clock();
	unsigned int nr = 0;

	trace_umbra_slowpath_begin(fast->order, fast->gfp, fast->nid);
	for (; step != STEP_DONE; nr++)
		step = steps[step](&s);
	if (s.waiting)
		umbra_memory_wait_end(u);
	umbra_latency_add(u, LATENCY_SLOW, fast->order, start);
	trace_umbra_slowpath_end(fast->order,
				 s.index == UMBRA_NO_FRAME ? -1UL :
				 umbra_index_to_pfn(u, s.index), nr);
	return s.index;
}

/* What the slow path is made of, unless a test says otherwise. */
const struct umbra_slow_ops umbra_slow_ops = {
	.wake_kswapd = umbra_kswapd_wake_all,
	.reclaim = umbra_reclaim_direct,
	.compact = umbra_compact_direct,
	.compact_suitable = umbra_compact_suitable,
	.reclaimable = umbra_zone_reclaimable,
	.oom = umbra_oom,
	.wait = umbra_memory_wait,
};
EXPORT_SYMBOL_IF_KUNIT(umbra_slow_ops);
