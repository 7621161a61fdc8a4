// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when no zone is above its low watermark: the request is tried
 * with all that it may use, and then with what can be had back without taking
 * anything away from anyone.
 *
 * The steps are tried in turn; each says whether another attempt makes sense.
 */
#include <linux/jiffies.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "core.h"

#define NOFAIL_PERIOD max(HZ / 100, 1)

/* What an allocation in the slow path has tried. */
struct slow {
	struct umbra *u;
	struct umbra_request rq;
	const umbra_nodemask_t *nodemask;	/* as the caller gave it */
	unsigned int seq;	/* of the zonelists when it began */
	bool released;		/* what was free but out of reach is back */
};

static bool can_wait(const struct slow *s)
{
	return s->rq.gfp & __GFP_DIRECT_RECLAIM &&
	       !(current->flags & PF_MEMALLOC);
}

static void begin(struct slow *s)
{
	s->seq = read_seqcount_begin(&s->u->zonelist_seq);
	umbra_request_slow(&s->rq, s->u, s->nodemask);
	if (s->rq.flags & ALLOC_KSWAPD && s->rq.preferred)
		umbra_count(s->rq.preferred, EVENT_KSWAPD_WAKE, 1);
}

static bool is_zonelist_changed(const struct slow *s)
{
	return read_seqcount_retry(&s->u->zonelist_seq, s->seq);
}

/*
 * Who helps to free memory, or cannot wait and matters, may use the reserves,
 * and is not bound to nodes.
 */
static u32 try_reserves(struct slow *s)
{
	unsigned int reserves = umbra_request_reserves(&s->rq);
	struct umbra_request rq = s->rq;

	if (reserves)
		rq.flags = reserves |
			   (rq.flags & (ALLOC_CMA | ALLOC_KSWAPD));
	else if (rq.flags & ALLOC_CPUSET || !s->nodemask)
		return UMBRA_NO_FRAME;
	rq.nodemask = UMBRA_ALL_NODES;
	umbra_zonelist_next(s->u, rq.zonelist->refs, rq.highest, rq.nodemask,
			    &rq.preferred);
	return rq.preferred ? umbra_take(s->u, &rq) : UMBRA_NO_FRAME;
}

/* Should everything be tried before the request fails? */
static bool is_stubborn(const struct slow *s)
{
	return !(s->rq.gfp & __GFP_NORETRY) &&
	       (s->rq.order <= PAGE_ALLOC_COSTLY_ORDER ||
		s->rq.gfp & __GFP_RETRY_MAYFAIL);
}

/*
 * Get back what is free, but not where this request can see it; in the end the
 * last of what is kept for requests that cannot wait. Returns whether there was
 * any.
 */
static bool release_hidden(struct slow *s)
{
	bool found = umbra_held_rescan(s->u);

	if (s->rq.flags & ALLOC_KSWAPD)
		found |= umbra_watermark_wake(s->u, can_wait(s));
	if (found || !can_wait(s))
		return found;
	if (s->released)
		return is_stubborn(s) &&
		       umbra_highatomic_unreserve(s->u, &s->rq, true);
	s->released = true;
	umbra_highatomic_unreserve(s->u, &s->rq, false);
	umbra_drain_pages(s->u);
	return true;
}

/*
 * The last that a request gets which may not fail: a part of the reserve, then
 * nodes that are not allowed.
 */
static u32 try_nofail(struct slow *s)
{
	struct umbra_request rq = s->rq;
	u32 index;

	rq.flags |= ALLOC_MIN_RESERVE;
	index = umbra_take(s->u, &rq);
	if (index == UMBRA_NO_FRAME && rq.flags & ALLOC_CPUSET) {
		rq.flags &= ~ALLOC_CPUSET;
		index = umbra_take(s->u, &rq);
	}
	return index;
}

static u32 attempt(struct slow *s)
{
	u32 index;

	/* Who asks for no zone at all is not let into others either. */
	if (!s->rq.preferred)
		return UMBRA_NO_FRAME;
	index = umbra_take(s->u, &s->rq);
	if (index == UMBRA_NO_FRAME)
		index = try_reserves(s);
	return index;
}

/* Try until nothing more can be had back without waiting. */
static u32 try_all(struct slow *s)
{
	u32 index;

	do {
		begin(s);
		index = attempt(s);
		while (index == UMBRA_NO_FRAME && release_hidden(s))
			index = attempt(s);
	} while (index == UMBRA_NO_FRAME && is_zonelist_changed(s));
	return index;
}

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
	struct slow s = { .u = u, .rq = *fast, .nodemask = nodemask };
	u32 index = try_all(&s);

	while (index == UMBRA_NO_FRAME && s.rq.gfp & __GFP_NOFAIL &&
	       s.rq.gfp & __GFP_DIRECT_RECLAIM && s.rq.preferred) {
		index = try_nofail(&s);
		if (index != UMBRA_NO_FRAME)
			break;
		schedule_timeout_uninterruptible(NOFAIL_PERIOD);
		s.released = false;
		index = try_all(&s);
	}
	if (index == UMBRA_NO_FRAME) {
		umbra_count(s.rq.preferred ? s.rq.preferred : u->zones,
			    EVENT_FAIL, 1);
		if (!(s.rq.gfp & __GFP_NOWARN))
			umbra_report_failure(u, &s.rq);
	}
	return index;
}
