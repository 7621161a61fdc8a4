// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: taking from them, refilling and draining. Blocks between a
 * cache and its zone travel in an array on the stack, so that the zone lock is
 * never taken inside a section. How much is kept and moved at once follows
 * the host's rules.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/section.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "held.h"
#include "pcp.h"
#include "pcp_list.h"
#include "zone_blocks.h"
#include <trace/events/umbra.h>

/* Blocks moved in one hold of the zone lock. */
#define PCP_MOVE 192

/* For the next refill or free; the marks of a zone may change meanwhile. */
static int clamp_high(struct umbra_pcp *pcp, const struct umbra_zone *zone)
{
	pcp->high = clamp(pcp->high, READ_ONCE(zone->pcp_high_min),
			  READ_ONCE(zone->pcp_high_max));
	return pcp->high;
}

/*
 * Blocks of a refill that all but fill lines of the frame map fill them: two CPUs
 * that each use what they have of one line would pass it to and fro.
 */
static int fill_lines(int blocks, unsigned int order)
{
	int line = SMP_CACHE_BYTES >> order;

	return blocks >= line - 1 && line ? round_up(blocks, line) : blocks;
}

/* How many blocks to refill with. In a section. */
static int nr_to_alloc(struct umbra_pcp *pcp, struct umbra_zone *zone,
		       unsigned int order)
{
	int base = READ_ONCE(zone->pcp_batch);
	int high_max = READ_ONCE(zone->pcp_high_max);
	int high = clamp_high(pcp, zone);
	int batch = order ? base : base << pcp->alloc_factor;

	if (high < base)
		return 1;
	if (READ_ONCE(zone->pcp_high_min) != high_max &&
	    !test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags)) {
		pcp->high = min(high + batch, high_max);
		high = pcp->high;
	}
	if (!order) {
		int most = max(high - pcp->count - base, base);

		/* Twice as many each time, while nothing is freed. */
		if (batch <= most && pcp->alloc_factor < PCP_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min(batch, most);
	}
	return batch > 1 ? fill_lines(max(batch >> order, 2), order) : 1;
}

/* How many pages may stay. In a section, after a free. */
static int high_after_free(struct umbra_pcp *pcp, struct umbra_zone *zone,
			   int batch, bool free_high)
{
	int high_min = READ_ONCE(zone->pcp_high_min);
	int high_max = READ_ONCE(zone->pcp_high_max);
	int high = clamp_high(pcp, zone);

	if (free_high) {
		pcp->high = max(high - (batch << PCP_SCALE_MAX), high_min);
		return 0;
	}
	if (high_min == high_max)
		return high;
	if (test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags)) {
		pcp->high = max(high - max(pcp->free_count, batch), high_min);
		return max(pcp->count, high_min);
	}
	if (pcp->count >= high && pcp->high < pcp->free_count + batch)
		pcp->high = clamp(pcp->free_count + batch, high_min, high_max);
	return high;
}

static int nr_to_free(const struct umbra_pcp *pcp, int batch, int high,
		      bool free_high)
{
	if (free_high)
		return min(pcp->count, batch << PCP_SCALE_MAX);
	if (high < batch)
		return 1;
	return clamp(pcp->free_count, batch, max(high - batch, batch));
}

static void trace_drain(const struct umbra *u, const u32 *frames,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		trace_umbra_page_pcpu_drain(umbra_index_to_pfn(u, frames[i]),
					    frame_order(frame_read(u, frames[i])),
					    umbra_frame_type(u, frames[i]));
}

/*
 * How many of the blocks, from the first, lie side by side, upwards or
 * downwards; the frames that they cover.
 */
static unsigned int find_run(const struct umbra *u, const u32 *frames,
			     unsigned int nr, u32 *start, u32 *end)
{
	unsigned int i = 0;

	*start = frames[0];
	*end = frames[0];
	do {
		u32 size = 1U << frame_order(frame_read(u, frames[i]));

		if (frames[i] == *end)
			*end += size;
		else if (frames[i] + size == *start)
			*start = frames[i];
		else
			break;
	} while (++i < nr);
	return i;
}

/*
 * Put blocks of one zone on its lists, in one hold of the lock. Those side by
 * side are freed as the largest blocks they make: they would merge to these, and
 * on the way each list would be changed many times.
 */
static void put_back(struct umbra_zone *zone, const u32 *frames,
		     unsigned int nr)
{
	unsigned long flags, held = 0, pages = 0;
	struct umbra *u = zone->umbra;

	spin_lock_irqsave(&zone->lock, flags);
	if (trace_umbra_page_pcpu_drain_enabled())
		trace_drain(u, frames, nr);
	while (nr) {
		bool suspect = umbra_zone_is_suspect(zone);
		u32 start, end;
		unsigned int n;

		/* In doubt each block is looked at on its own. */
		n = find_run(u, frames, suspect ? 1 : nr, &start, &end);
		if (n == 1) {
			held += umbra_free_locked(zone, start,
						  __fls(end - start), true,
						  NULL);
		} else {
			frame_set_tails(u, start, end - start);
			umbra_freelist_free_range(zone, start, end);
		}
		pages += end - start;
		frames += n;
		nr -= n;
	}
	umbra_zone_unlock(zone, flags);
	umbra_count(zone, EVENT_PCP_DRAIN, pages);
	if (held)
		umbra_held_rescan_later(u);
}

/*
 * Into the cache of whatever CPU this is; if that is in use, or the zone was
 * isolated in part or failed meanwhile, back to the zone.
 */
static void stow(struct umbra_zone *zone, const struct umbra_request *rq,
		 int list, const u32 *frames, unsigned int nr)
{
	struct umbra_pcp *pcp = pcp_enter(zone);

	if (pcp) {
		/* The first of them is to be taken first. */
		while (nr && !umbra_zone_is_suspect(zone) &&
		       umbra_frame_type(zone->umbra, frames[nr - 1]) !=
		       UMBRA_ISOLATE) {
			pcp_list_push(zone->umbra, &pcp->lists[list],
				      frames[--nr]);
			pcp->count += 1 << rq->order;
		}
		pcp_leave(pcp);
	}
	if (nr)
		put_back(zone, frames, nr);
}

/*
 * Take a batch from the zone: one block for the request, the rest for the
 * cache. Who may not wait for a lock takes one alone, for to give back what
 * does not fit takes the lock again.
 */
static u32 refill(struct umbra_zone *zone, const struct umbra_request *rq,
		  int list, unsigned int batch)
{
	u32 frames[PCP_MOVE], first = UMBRA_NO_FRAME;
	unsigned int want, nr, used;

	if (rq->flags & ALLOC_TRYLOCK)
		batch = 1;
	do {
		want = min_t(unsigned int, batch, PCP_MOVE);
		nr = umbra_zone_take(zone, rq, frames, want, ZONE_TAKE_LINES);
		used = 0;

		if (nr && first == UMBRA_NO_FRAME) {
			first = frames[0];
			used = 1;
			umbra_count_alloc(rq, zone, 1);
		}
		if (nr > used)
			stow(zone, rq, list, frames + used, nr - used);
		batch -= nr;
	} while (nr && batch << rq->order >= SMP_CACHE_BYTES);
	return first;
}

/**
 * umbra_pcp_alloc() - take a block from the cache of this CPU
 * @zone: the zone whose cache it is
 * @rq: what is wanted
 *
 * An empty list is refilled, unless the request is for the highatomic reserve,
 * which a refill would not build up.
 *
 * Context: any; takes the zone lock for a refill, and with ALLOC_TRYLOCK only
 * if it is free.
 * Return: a block in state PCP, or UMBRA_NO_FRAME if the cache is in use or
 * does not keep such blocks, or the zone has none.
 */
u32 umbra_pcp_alloc(struct umbra_zone *zone, const struct umbra_request *rq)
{
	int list = pcp_list_of(zone->umbra, rq->order, rq->type);
	struct umbra_pcp *pcp;
	unsigned int batch;
	u32 index;

	if (!READ_ONCE(zone->pcp_high_max) || umbra_zone_is_suspect(zone))
		return UMBRA_NO_FRAME;
	pcp = pcp_enter(zone);
	if (!pcp)
		return UMBRA_NO_FRAME;
	index = pcp_pop(pcp, zone->umbra, rq->order, rq->type);
	if (index != UMBRA_NO_FRAME || list < 0) {
		if (index != UMBRA_NO_FRAME)
			pcp_count_node(pcp, rq, zone, 1);
		pcp_leave(pcp);
		return index;
	}
	batch = nr_to_alloc(pcp, zone, rq->order);
	pcp_leave(pcp);
	if (rq->flags & ALLOC_HIGHATOMIC)
		return UMBRA_NO_FRAME;
	return refill(zone, rq, list, batch);
}

/**
 * umbra_pcp_alloc_bulk() - take single pages from the cache of this CPU
 * @zone: the zone whose cache it is
 * @rq: what is wanted, of order 0
 * @frames: filled in
 * @nr: how many at most
 *
 * What the cache has not is taken from the zone in one hold of its lock.
 *
 * Context: as umbra_pcp_alloc().
 * Return: how many were taken, each in state PCP.
 */
unsigned int umbra_pcp_alloc_bulk(struct umbra_zone *zone,
				  const struct umbra_request *rq, u32 *frames,
				  unsigned int nr)
{
	int list = pcp_list_of(zone->umbra, rq->order, rq->type);
	struct umbra_pcp *pcp;
	unsigned int got = 0, more;

	if (!READ_ONCE(zone->pcp_high_max) || umbra_zone_is_suspect(zone))
		return 0;
	pcp = pcp_enter(zone);
	if (!pcp)
		return 0;
	while (got < nr) {
		frames[got] = pcp_list_pop(zone->umbra, &pcp->lists[list]);
		if (frames[got] == UMBRA_NO_FRAME)
			break;
		got++;
	}
	pcp->count -= got;
	pcp->free_count >>= 1;
	pcp->allocs[0] += got;
	pcp_count_node(pcp, rq, zone, got);
	pcp_leave(pcp);
	if (got == nr)
		return got;
	more = umbra_zone_take(zone, rq, frames + got, nr - got, 0);
	if (more)
		umbra_count_alloc(rq, zone, more);
	return got + more;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_alloc_bulk);

/*
 * Free what a cache has too much, of the list that grew first; the section is
 * left.
 */
static void trim(struct umbra_zone *zone, struct umbra_pcp *pcp, int pages,
		 unsigned int list)
{
	u32 frames[PCP_MOVE];
	unsigned int nr;

	do {
		int before = pcp->count;

		nr = umbra_pcp_collect(pcp, zone->umbra, frames, PCP_MOVE,
				       pages, list);
		pages -= before - pcp->count;
		pcp_leave(pcp);
		put_back(zone, frames, nr);
	} while (pages > 0 && nr && pcp_enter_again(zone, pcp));
}

/**
 * umbra_pcp_settle() - decide what is too much after a free, and free it
 * @zone: the zone
 * @pcp: its cache, which may be too large, or is to shrink below a watermark
 * @list: the list that grew
 * @batch: as the free found it
 * @free_high: free all there is
 *
 * Context: in a section, which is left; takes the zone lock.
 */
void umbra_pcp_settle(struct umbra_zone *zone, struct umbra_pcp *pcp, int list,
		      int batch, bool free_high)
{
	int high = high_after_free(pcp, zone, batch, free_high);

	if (pcp->count < high) {
		pcp_leave(pcp);
		return;
	}
	trim(zone, pcp, fill_lines(nr_to_free(pcp, batch, high, free_high), 0),
	     list);
	if (test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags) &&
	    umbra_watermark_ok(zone, 0, umbra_mark(zone, UMBRA_WMARK_HIGH),
			       UMBRA_ZONE_MOVABLE, 0))
		clear_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
}

/*
 * Keep the one block of an order without lists, if there is none and it is not
 * half the cache. In a section.
 */
static bool keep_single(struct umbra_pcp *pcp, const struct umbra_zone *zone,
			u32 index, unsigned int order)
{
	int type = pcp_type_of(zone->umbra, index, order);

	if (type < 0 || pcp->single[order][type] != UMBRA_NO_FRAME ||
	    2 << order > READ_ONCE(zone->pcp_high_max))
		return false;
	pcp->single[order][type] = index;
	pcp->count += 1 << order;
	pcp->frees[order]++;
	return true;
}

/**
 * umbra_pcp_free_single() - keep the one block of an order without lists
 * @zone: the zone
 * @pcp: its cache
 * @index: the block
 * @order: its order
 *
 * Context: in a section, which is left; takes the zone lock.
 * Return: false if the block must go to the zone.
 */
bool umbra_pcp_free_single(struct umbra_zone *zone, struct umbra_pcp *pcp,
			   u32 index, unsigned int order)
{
	bool kept = keep_single(pcp, zone, index, order);
	int surplus = pcp->count - clamp_high(pcp, zone);

	if (kept && surplus > 0)
		trim(zone, pcp, surplus + READ_ONCE(zone->pcp_batch), 0);
	else
		pcp_leave(pcp);
	return kept;
}

/* A drain's errand to another CPU. */
struct errand {
	struct umbra_zone *zone;
	unsigned int nr;	/* blocks brought back, in umbra.drain_buf */
	bool busy;		/* the CPU was inside a section */
	bool again;		/* the cache has more, or the CPU was busy */
};

static unsigned int grab(struct umbra_pcp *pcp, struct umbra *u)
{
	return umbra_pcp_collect(pcp, u, u->drain_buf, PCP_DRAIN_BLOCKS,
				 pcp->count, 0);
}

/* Runs on the CPU of the cache, with interrupts off. */
static void grab_here(void *arg)
{
	struct errand *errand = arg;
	struct umbra_pcp *pcp = pcp_enter(errand->zone);

	errand->busy = !pcp;
	errand->again = true;
	if (pcp) {
		errand->nr = grab(pcp, errand->zone->umbra);
		errand->again = pcp->count;
		pcp_leave(pcp);
	}
}

static void put_back_all(struct umbra_zone *zone, const u32 *frames,
			 unsigned int nr)
{
	while (nr) {
		unsigned int n = min_t(unsigned int, nr, PCP_MOVE);

		put_back(zone, frames, n);
		frames += n;
		nr -= n;
	}
}

/*
 * Empty the cache that one CPU has of a zone. That of a CPU which is offline is
 * empty already, see umbra_pcp_drain_dead().
 */
static void drain_one(struct umbra_zone *zone, unsigned int cpu)
{
	struct errand errand = { .zone = zone };
	int err;

	do {
		errand.nr = 0;
		err = smp_call_function_single(cpu, grab_here, &errand, 1);
		put_back_all(zone, zone->umbra->drain_buf, errand.nr);
		cond_resched();
		if (!umbra_assert(zone->umbra, UMBRA_NO_FRAME,
				  !errand.again || errand.busy || errand.nr))
			break;
	} while (!err && errand.again);
}

/**
 * umbra_pcp_drain() - return to the zones what CPUs keep
 * @u: the instance
 * @nodes: of zones of which nodes
 * @cpu: of which CPU, or -1 for all
 * @force: ask CPUs too that seem to keep nothing, for that may be just changing
 *
 * Waits for no more than an interrupt of each CPU: a section lasts for a few
 * instructions, and can be waited for.
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_pcp_drain(struct umbra *u, umbra_nodemask_t nodes, int cpu,
		     bool force)
{
	struct umbra_zone *zone;
	unsigned int i;

	lockdep_assert_held(&u->control_lock);

	for_each_umbra_zone(u, zone) {
		if (!(nodes & BIT(zone->nid)))
			continue;
		for_each_possible_cpu(i)
			if ((cpu < 0 || i == cpu) &&
			    (force || umbra_pcp_count(zone, i)))
				drain_one(zone, i);
	}
}

/**
 * umbra_pcp_drain_dead() - empty the caches of a CPU that went offline
 * @u: the instance
 * @cpu: the CPU; nothing runs on it
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_pcp_drain_dead(struct umbra *u, unsigned int cpu)
{
	struct umbra_zone *zone;
	unsigned int nr;

	lockdep_assert_held(&u->control_lock);

	for_each_umbra_zone(u, zone) {
		struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

		do {
			nr = grab(pcp, u);
			put_back_all(zone, u->drain_buf, nr);
			if (!umbra_assert(u, UMBRA_NO_FRAME,
					  !pcp->count || nr))
				break;
		} while (pcp->count);
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_drain_dead);

/* Pages that a CPU keeps of a zone; -1 for all CPUs. */
unsigned long umbra_pcp_count(const struct umbra_zone *zone, int cpu)
{
	unsigned long count = 0;
	unsigned int i;

	for_each_possible_cpu(i)
		if (cpu < 0 || i == cpu)
			count += READ_ONCE(per_cpu_ptr(zone->pcp, i)->count);
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_count);
