// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path of a request that finds no zone above its low watermark. It is
 * a state machine: each step is a function that returns the next step.
 *
 *	begin -> attempt -> reclaim -> compact -> decide -> oom -> nopage
 *
 * attempt tries everything that the request may use. reclaim and compact take a
 * block themselves if they made one. decide and oom return to attempt as long
 * as another attempt may succeed. nopage fails the request, or waits for memory
 * if the request must not fail. If the zonelists or the allowed nodes have
 * changed, the request begins again before a task is killed or the request
 * fails. If the order is costly, or is above 0 and the block is not movable,
 * compact comes before reclaim. With defrag_mode, a request takes no block of a
 * pageblock of another type, until decide finds that nothing else helps.
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
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/decision.h"
#include "../core/latency.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../move/compact.h"
#include "../move/compact_hints.h"
#include "../move/lru.h"
#include "../page/account.h"
#include "../page/gfp.h"
#include "../page/held.h"
#include "../page/highatomic.h"
#include "../page/later.h"
#include "../page/pcp_setup.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include "boost.h"
#include "direct.h"
#include "failure.h"
#include "kswapd.h"
#include "oom.h"
#include "retry.h"
#include "slow.h"
#include "slowpath.h"
#include "wait.h"
#include <trace/events/umbra.h>

/* Interval between the reports of a request that stalls, in seconds. */
#define STALL_SECONDS 10

/*
 * Have the zonelists or the allowed nodes changed, so that the request must
 * begin again? A nodemask without an allowed node does not count from then on.
 */
static bool is_changed(struct slow *s)
{
	if (s->nodemask && READ_ONCE(s->u->walled) &&
	    !(*s->nodemask & READ_ONCE(s->u->allowed_nodes))) {
		s->nodemask = NULL;
		return true;
	}
	return read_seqcount_retry(&s->u->zonelist_seq, s->seq) ||
	       READ_ONCE(s->u->allowed_nodes) != s->allowed;
}

/* Is there no zone that the request may use in the nodes that it must not leave? */
static bool is_walled_in(const struct slow *s)
{
	struct umbra_zone *zone;

	if (!s->rq.hardwall || !READ_ONCE(s->u->walled))
		return false;
	umbra_zonelist_next(s->u, s->rq.zonelist->refs, s->rq.highest,
			    s->allowed, &zone);
	return !zone;
}

static enum umbra_step step_begin(struct slow *s)
{
	s->seq = read_seqcount_begin(&s->u->zonelist_seq);
	s->allowed = READ_ONCE(s->u->allowed_nodes);
	umbra_request_slow(&s->rq, s->u, s->nodemask);
	s->no_progress = 0;
	s->compact_retries = 0;
	s->compacted = UMBRA_COMPACT_SKIPPED;
	s->compact_first = slow_can_compact(s) && s->rq.order &&
			   (slow_is_costly(s) || s->rq.type != UMBRA_MOVABLE);
	s->priority = s->compact_first ? UMBRA_COMPACT_PRIO_ASYNC :
					 UMBRA_COMPACT_PRIO_LIGHT;
	/*
	 * The request allows no zone: fail now, or a retry with the reserves
	 * would use a node that the caller excluded.
	 */
	if (!s->rq.preferred || is_walled_in(s))
		return STEP_NOPAGE;
	if (s->rq.flags & ALLOC_KSWAPD)
		umbra_count(s->rq.preferred, EVENT_KSWAPD_WAKE, 1);
	return STEP_ATTEMPT;
}

/*
 * Let the request use the reserves of its task from now on, also for reclaim and
 * in all tests. Such a request may use all nodes, and a request that is not
 * bound to the allowed nodes loses its nodemask. Returns true the first time,
 * when another attempt at once may succeed.
 */
static bool use_reserves(struct slow *s)
{
	unsigned int reserves = umbra_request_reserves(s->u, &s->rq);

	if (s->is_victim && !reserves && !(s->rq.gfp & __GFP_NOMEMALLOC))
		reserves = ALLOC_OOM;
	if (reserves)
		s->rq.flags = reserves |
			      (s->rq.flags & (ALLOC_CMA | ALLOC_KSWAPD));
	else if (s->rq.flags & ALLOC_CPUSET)
		return false;
	s->nodemask = NULL;
	s->rq.nodemask = UMBRA_ALL_NODES;
	umbra_zonelist_next(s->u, s->rq.zonelist->refs, s->rq.highest,
			    s->rq.nodemask, &s->rq.preferred);
	if (s->unbound)
		return false;
	s->unbound = true;
	return true;
}

/* Take a block in any way that the request allows. Returns whether it did. */
static bool take(struct slow *s)
{
	s->freed = umbra_memory_freed(s->u);
	s->index = umbra_take_waking(s->u, &s->rq);
	return s->index != UMBRA_NO_FRAME;
}

/*
 * Free blocks whose free waited for a lock, and HELD pages that are not referenced
 * any more, and end boosts that no kswapd ends. A request that cannot wait leaves
 * the boosts to a work item. Returns whether that made memory available.
 */
static bool release_held_and_boosts(struct slow *s)
{
	bool found = umbra_later_free(s->u, slow_can_reclaim(s));

	found |= umbra_held_rescan(s->u);
	if (!(s->rq.flags & ALLOC_KSWAPD))
		return found;
	if (slow_can_reclaim(s))
		found |= umbra_boost_end_now(s->u);
	else
		umbra_boost_end_later(s->u);
	return found;
}

/* Report a request that stalls, once in each interval. */
static void tell_of_stall(struct slow *s)
{
	unsigned int seconds = (jiffies - s->start) / HZ;

	if (likely(seconds < s->stalled + STALL_SECONDS))
		return;
	s->stalled = seconds;
	if (!(s->rq.gfp & __GFP_NOWARN))
		umbra_report_stall(s->u, &s->rq, seconds);
}

static enum umbra_step step_attempt(struct slow *s)
{
	if (umbra_is_bad(s->u) && !(s->rq.gfp & __GFP_NOFAIL))
		return STEP_NOPAGE;
	tell_of_stall(s);
	/* Keep kswapd awake as long as the request needs memory. */
	if (s->rq.flags & ALLOC_KSWAPD)
		s->u->slow_ops->wake_kswapd(s->u, &s->rq);
	if (take(s))
		return STEP_DONE;
	if (use_reserves(s))
		return STEP_ATTEMPT;
	if (release_held_and_boosts(s) && take(s))
		return STEP_DONE;
	/* Without reclaim, whole pageblocks cannot be made. */
	if (!(s->rq.gfp & __GFP_DIRECT_RECLAIM) &&
	    s->rq.gfp & __GFP_KSWAPD_RECLAIM && umbra_slow_end_defrag(s))
		return STEP_ATTEMPT;
	if (!slow_can_reclaim(s))
		return STEP_NOPAGE;
	return s->compact_first ? STEP_COMPACT : STEP_RECLAIM;
}

/*
 * Drain the caches of the CPUs, and give up a highatomic pageblock. This is
 * done once, and again after each reclaim with progress.
 */
static void release_caches_and_reserve(struct slow *s)
{
	umbra_highatomic_unreserve(s->u, &s->rq, false);
	/* Do not wait for another task here: release_the_rest() does. */
	s->drained = umbra_pcp_try_drain(s->u);
}

static enum umbra_step step_reclaim(struct slow *s)
{
	s->reclaimed = s->u->slow_ops->reclaim(s->u, &s->rq);
	if (s->reclaimed) {
		s->drained = false;
		if (take(s))
			return STEP_DONE;
	}
	if (!s->drained) {
		release_caches_and_reserve(s);
		if (take(s))
			return STEP_DONE;
	}
	return STEP_COMPACT;
}

/* Compact for the request. Returns whether the request has a block now. */
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
	umbra_compact_worked(zone, slow_work_order(s));
	umbra_count(zone, EVENT_COMPACT_SUCCESS, 1);
	return true;
}

/* The next step if compaction before any reclaim has failed. */
static enum umbra_step after_first_compaction(struct slow *s)
{
	const gfp_t local = __GFP_NORETRY | __GFP_THISNODE;

	/* Reclaim would cost the node more than this one try is worth. */
	if ((s->rq.gfp & local) == local)
		return STEP_NOPAGE;
	if (!(s->rq.gfp & __GFP_NORETRY))
		s->priority = UMBRA_COMPACT_PRIO_LIGHT;
	s->compact_first = false;
	return STEP_ATTEMPT;
}

static enum umbra_step step_compact(struct slow *s)
{
	if (slow_can_compact(s) && slow_work_order(s) && compact(s))
		return STEP_DONE;
	if (s->compact_first)
		return after_first_compaction(s);
	if (s->rq.gfp & __GFP_NORETRY)
		return STEP_NOPAGE;
	if (slow_is_costly(s) &&
	    (!slow_can_compact(s) || !(s->rq.gfp & __GFP_RETRY_MAYFAIL)))
		return STEP_NOPAGE;
	return is_changed(s) ? STEP_BEGIN : STEP_DECIDE;
}

static enum umbra_step step_decide(struct slow *s)
{
	if (umbra_slow_should_retry(s))
		return STEP_ATTEMPT;
	return is_changed(s) ? STEP_BEGIN : STEP_OOM;
}

/* May a task be killed for this request? */
static bool may_kill_for(const struct slow *s)
{
	return !(current->flags & PF_DUMPCORE) && !slow_is_costly(s) &&
	       !(s->rq.gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE)) &&
	       s->rq.highest >= UMBRA_ZONE_NORMAL;
}

/* Take a block with other flags than those of the request. */
static u32 take_with(struct slow *s, unsigned int flags)
{
	struct umbra_request rq = s->rq;

	rq.flags = flags;
	return umbra_take_waking(s->u, &rq);
}

/*
 * Try again with the high watermark before a task is killed, because an earlier
 * victim may have freed enough memory.
 */
static u32 take_plenty(struct slow *s)
{
	struct umbra_request rq = s->rq;

	rq.flags = ALLOC_WMARK_HIGH | ALLOC_CPUSET;
	rq.hardwall = true;
	/* No reclaim while other requests wait for the lock. */
	rq.gfp &= ~__GFP_DIRECT_RECLAIM;
	return umbra_take_waking(s->u, &rq);
}

/* Take a block from a reserve, then also from nodes that are not allowed. */
static u32 take_any(struct slow *s, unsigned int flags)
{
	u32 index = take_with(s, flags | ALLOC_CPUSET);

	return index == UMBRA_NO_FRAME ? take_with(s, flags) : index;
}

/* Must a request fail although OOM made progress, so that its task can exit? */
static bool must_exit(const struct slow *s)
{
	return (s->is_victim || umbra_oom_is_victim(s->u)) &&
	       (s->rq.flags & ALLOC_OOM || s->rq.gfp & __GFP_NOMEMALLOC);
}

static enum umbra_step step_oom(struct slow *s)
{
	enum umbra_oom_result result = UMBRA_OOM_NOTHING;
	struct mutex *lock = &s->u->oom.lock;

	if (!mutex_trylock(lock)) {
		if (fatal_signal_pending(current))
			return STEP_NOPAGE;
		schedule_timeout_uninterruptible(1);
		s->no_progress = 0;
		s->drained = false;
		return STEP_ATTEMPT;
	}
	s->index = take_plenty(s);
	if (s->index == UMBRA_NO_FRAME && may_kill_for(s)) {
		result = s->u->slow_ops->oom(s->u, &s->rq);
		s->is_victim |= result == UMBRA_OOM_DYING;
		if (s->rq.gfp & __GFP_NOFAIL)
			s->index = take_any(s, ALLOC_NO_WATERMARKS);
	}
	mutex_unlock(lock);
	if (s->index != UMBRA_NO_FRAME)
		return STEP_DONE;
	if (result == UMBRA_OOM_NOTHING || must_exit(s))
		return STEP_NOPAGE;
	s->no_progress = 0;
	s->drained = false;
	cond_resched();
	return STEP_ATTEMPT;
}

/* Wait for memory, and try again. */
static enum umbra_step wait_for_memory(struct slow *s)
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
	return STEP_ATTEMPT;
}

static enum umbra_step step_nopage(struct slow *s)
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

static enum umbra_step (* const steps[NR_STEPS])(struct slow *s) = {
	[STEP_BEGIN] = step_begin,
	[STEP_ATTEMPT] = step_attempt,
	[STEP_RECLAIM] = step_reclaim,
	[STEP_COMPACT] = step_compact,
	[STEP_DECIDE] = step_decide,
	[STEP_OOM] = step_oom,
	[STEP_NOPAGE] = step_nopage,
};

/* Record the end of a step, and what it found. */
static noinline void tell_step(struct slow *s, enum umbra_step step,
			       enum umbra_step next)
{
	struct umbra_decision d = {
		.kind = DECISION_STEP,
		.zone = UMBRA_NO_DECIDED_ZONE,
		.order = s->rq.order,
		.type = s->rq.type,
		.result = step,
		.index = s->index,
		.flags = s->rq.flags,
		.gfp = s->rq.gfp,
		.step = {
			.next = next,
			.compacted = s->compacted,
			.priority = s->priority,
			.no_progress = s->no_progress,
			.reclaimed = s->reclaimed,
		},
	};

	umbra_tell(s->u, &d);
}

/**
 * umbra_take_slow() - take a block after the first pass found none
 * @u: the instance
 * @fast: the request of the first pass
 * @nodemask: nodemask of the caller, or NULL
 *
 * A request with %__GFP_NOFAIL that may sleep waits without limit until another
 * task frees memory.
 *
 * Context: any but NMI; may sleep with %__GFP_DIRECT_RECLAIM.
 * Return: head of a block in state PCP, or UMBRA_NO_FRAME after a report of the
 * failure.
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
	enum umbra_step step = STEP_BEGIN;
	u64 start = local_clock();
	unsigned int nr = 0;

	trace_umbra_slowpath_begin(fast->order, fast->gfp, fast->nid);
	for (; step != STEP_DONE; nr++) {
		enum umbra_step last = step;

		step = steps[last](&s);
		if (umbra_decisions_are_on(u))
			tell_step(&s, last, step);
	}
	if (s.waiting)
		umbra_memory_wait_end(u);
	umbra_latency_add(u, LATENCY_SLOW, fast->order, start);
	trace_umbra_slowpath_end(fast->order,
				 s.index == UMBRA_NO_FRAME ? -1UL :
				 umbra_index_to_pfn(u, s.index), nr);
	return s.index;
}

/* The operations of the slow path, unless a test replaces them. */
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
