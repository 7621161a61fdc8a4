// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU caches: pop, refill and free. Blocks between a cache and its zone are
 * in an array on the stack, or in umbra.drain_buf during a drain, so that a
 * section never takes the zone lock. The rules of the host decide how
 * many blocks are kept and moved.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include "../buddy/freelist.h"
#include "../buddy/watermark.h"
#include "../buddy/zone.h"
#include "../core/core.h"
#include "../core/decision.h"
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

/* Adjust the limit of a cache after a change of its zone. In a section. */
static int clamp_high(struct umbra_pcp *pcp, const struct umbra_zone *zone)
{
	pcp->high = clamp(pcp->high, READ_ONCE(zone->pcp_high_min),
			  READ_ONCE(zone->pcp_high_max));
	return pcp->high;
}

/*
 * With fast caches, round the blocks of a refill up to whole cache lines of the
 * frame map, if few are missing. Two CPUs with blocks in one line would pass the
 * line to and fro.
 */
static int fill_lines(const struct umbra_zone *zone, int blocks,
		      unsigned int order)
{
	int line = SMP_CACHE_BYTES >> order;

	if (!zone->fast_caches)
		return blocks;
	return blocks >= line - 1 && line ? round_up(blocks, line) : blocks;
}

/* The number of blocks for a refill. In a section. */
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

		/* Refills double while nothing is freed. */
		if (batch <= most && pcp->alloc_factor < PCP_SCALE_MAX)
			pcp->alloc_factor++;
		batch = min(batch, most);
	}
	return batch > 1 ? fill_lines(zone, max(batch >> order, 2), order) : 1;
}

/* The number of pages that may stay after a free. In a section. */
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
	if (test_bit(ZONE_FLAG_RECLAIM_ACTIVE, &zone->flags)) {
		pcp->high = max(high - max(pcp->free_count, batch), high_min);
		return min(batch << 2, pcp->high);
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
 * The number of blocks, from the first, that are adjacent to the blocks before
 * them. @start and @end are set to the frames that they cover.
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

/**
 * umbra_pcp_put_back() - put blocks of a cache back to their zone
 * @zone: the zone
 * @frames: heads of the blocks, in state PCP
 * @nr: number of blocks; all are freed in one hold of the lock
 *
 * With fast caches, a run of adjacent blocks is freed as one range, which
 * changes the lists less often than merging the blocks one by one.
 *
 * Context: any but NMI; takes the zone lock.
 */
void umbra_pcp_put_back(struct umbra_zone *zone, const u32 *frames,
			unsigned int nr)
{
	unsigned long flags, held = 0, pages = 0;
	struct umbra *u = zone->umbra;

	spin_lock_irqsave(&zone->lock, flags);
	if (trace_umbra_page_pcpu_drain_enabled())
		trace_drain(u, frames, nr);
	while (nr) {
		/* In a suspect zone, check the pages of each block. */
		bool runs = zone->fast_caches && !umbra_zone_is_suspect(zone);
		u32 start, end;
		unsigned int n;

		n = find_run(u, frames, runs ? nr : 1, &start, &end);
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
 * Push blocks into the cache of the current CPU. Put them back to the zone if a
 * section is open, if the zone is suspect, or if the caches were turned off or a
 * pageblock was isolated meanwhile.
 */
static void push_all(struct umbra_zone *zone, const struct umbra_request *rq,
		     int list, const u32 *frames, unsigned int nr)
{
	struct umbra_pcp *pcp = pcp_enter(zone);

	/*
	 * Untaken: this context has found no section open before the refill, so
	 * it finds none now, also on another CPU.
	 */
	if (pcp) {
		/* If they are turned off from now on, a drain follows. */
		bool is_on = READ_ONCE(zone->pcp_high_max);

		/*
		 * Push in reverse, so that the first block is popped first.
		 * Untaken: a pageblock is rarely isolated during a refill.
		 */
		while (nr && is_on && !umbra_zone_is_suspect(zone) &&
		       umbra_frame_type(zone->umbra, frames[nr - 1]) !=
		       UMBRA_ISOLATE) {
			pcp_list_push(zone->umbra, &pcp->lists[list],
				      frames[--nr]);
			pcp->count += 1 << rq->order;
		}
		pcp_leave(pcp);
	}
	if (nr)
		umbra_pcp_put_back(zone, frames, nr);
}

/*
 * Take a batch that is larger than one hold of the zone lock allows, and push it
 * as one: the host takes it in one hold. The parts go to a list of their own
 * first, since what is taken first must be popped first. @frames has room for
 * PCP_MOVE blocks. Returns the first block.
 */
static noinline_for_stack u32 refill_by_parts(struct umbra_zone *zone,
					      const struct umbra_request *rq,
					      int list, unsigned int batch,
					      u32 *frames)
{
	struct umbra_pcp_list taken = {
		.top = UMBRA_NO_FRAME, .bottom = UMBRA_NO_FRAME
	};
	enum umbra_take_mode mode = TAKE_NORMAL;
	u32 first = UMBRA_NO_FRAME, index;
	unsigned int want, nr, i;

	do {
		want = min_t(unsigned int, batch, PCP_MOVE);
		nr = umbra_zone_take(zone, rq, frames, want, 0, &mode);
		for (i = 0; i < nr; i++) {
			if (first == UMBRA_NO_FRAME)
				first = frames[i];
			else
				pcp_list_push(zone->umbra, &taken, frames[i]);
		}
		batch -= nr;
	} while (nr == want && batch);
	do {
		nr = 0;
		index = pcp_list_pop(zone->umbra, &taken);
		while (index != UMBRA_NO_FRAME) {
			frames[PCP_MOVE - ++nr] = index;
			if (nr == PCP_MOVE)
				break;
			index = pcp_list_pop(zone->umbra, &taken);
		}
		if (nr)
			push_all(zone, rq, list, frames + PCP_MOVE - nr, nr);
	} while (nr == PCP_MOVE);
	return first;
}

/*
 * Take a batch from the zone: one block for the request, the rest for the
 * cache. With ALLOC_TRYLOCK take only one block, because putting blocks back
 * may wait for the zone lock.
 */
static u32 refill(struct umbra_zone *zone, const struct umbra_request *rq,
		  int list, unsigned int batch)
{
	u32 frames[PCP_MOVE], first = UMBRA_NO_FRAME;
	enum umbra_take_mode mode = TAKE_NORMAL;
	bool fast = zone->fast_caches;
	unsigned int want, nr, used;

	if (rq->flags & ALLOC_TRYLOCK)
		batch = 1;
	if (!fast && batch > PCP_MOVE) {
		first = refill_by_parts(zone, rq, list, batch, frames);
		if (first != UMBRA_NO_FRAME)
			umbra_count_alloc(rq, zone, 1);
		return first;
	}
	do {
		want = min_t(unsigned int, batch, PCP_MOVE);
		nr = umbra_zone_take(zone, rq, frames, want,
				     fast ? ZONE_TAKE_LINES : 0, &mode);
		used = 0;

		if (nr && first == UMBRA_NO_FRAME) {
			first = frames[0];
			used = 1;
			umbra_count_alloc(rq, zone, 1);
		}
		if (nr > used)
			push_all(zone, rq, list, frames + used, nr - used);
		batch -= nr;
	} while (nr && batch &&
		 (!fast || batch << rq->order >= SMP_CACHE_BYTES));
	return first;
}

/**
 * umbra_pcp_alloc() - pop a block from the cache of this CPU, or refill it
 * @zone: the zone of the cache
 * @rq: the request
 *
 * A request with ALLOC_HIGHATOMIC does not refill an empty list, because a
 * refill would not add to the highatomic reserve.
 *
 * Context: any; a refill takes the zone lock, with ALLOC_TRYLOCK only if the
 * lock is free.
 * Return: a block in state PCP, or UMBRA_NO_FRAME if the cache is in use or
 * does not keep such blocks, or if the zone has none.
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
		if (index != UMBRA_NO_FRAME) {
			pcp_count_node(pcp, rq, zone, 1);
			umbra_tell_cache(zone, rq, DECISION_HIT, index, 1);
		}
		pcp_leave(pcp);
		return index;
	}
	pcp->free_count >>= 1;
	batch = nr_to_alloc(pcp, zone, rq->order);
	pcp_leave(pcp);
	if (rq->flags & ALLOC_HIGHATOMIC)
		return UMBRA_NO_FRAME;
	umbra_tell_cache(zone, rq, DECISION_REFILL, UMBRA_NO_FRAME, batch);
	return refill(zone, rq, list, batch);
}

/* Pop single pages of a list in a section. Returns the number of pages. */
static unsigned int pop_many(struct umbra_pcp *pcp, struct umbra_zone *zone,
			     const struct umbra_request *rq, int list,
			     u32 *frames, unsigned int nr)
{
	unsigned int got = 0;

	while (got < nr) {
		frames[got] = pcp_list_pop(zone->umbra, &pcp->lists[list]);
		if (frames[got] == UMBRA_NO_FRAME)
			break;
		got++;
	}
	pcp->count -= got;
	pcp->allocs[0] += got;
	pcp_count_node(pcp, rq, zone, got);
	if (got)
		umbra_tell_cache(zone, rq, DECISION_HIT, frames[0], got);
	return got;
}

/*
 * Pop single pages, as the host does: the list is refilled when it is empty. A
 * refill has its usual size. Returns the number of pages.
 */
static unsigned int pop_and_refill(struct umbra_zone *zone,
				   const struct umbra_request *rq, int list,
				   u32 *frames, unsigned int nr)
{
	unsigned int got = 0, batch = 0;
	struct umbra_pcp *pcp;

	while (got < nr) {
		pcp = pcp_enter(zone);
		if (!pcp)
			break;
		got += pop_many(pcp, zone, rq, list, frames + got, nr - got);
		if (got < nr)
			batch = nr_to_alloc(pcp, zone, 0);
		pcp_leave(pcp);
		if (got == nr)
			break;
		umbra_tell_cache(zone, rq, DECISION_REFILL, UMBRA_NO_FRAME,
				 batch);
		frames[got] = refill(zone, rq, list, batch);
		if (frames[got] == UMBRA_NO_FRAME)
			break;
		got++;
	}
	return got;
}

/**
 * umbra_pcp_alloc_bulk() - pop single pages from the cache of this CPU
 * @zone: the zone of the cache
 * @rq: the request, of order 0
 * @frames: filled in with the pages
 * @nr: number of pages, at most
 *
 * Pages that the cache does not have come from refills; with fast caches they
 * are taken from the zone in one hold of its lock.
 *
 * Context: as umbra_pcp_alloc().
 * Return: number of pages, each in state PCP.
 */
unsigned int umbra_pcp_alloc_bulk(struct umbra_zone *zone,
				  const struct umbra_request *rq, u32 *frames,
				  unsigned int nr)
{
	int list = pcp_list_of(zone->umbra, rq->order, rq->type);
	enum umbra_take_mode mode = TAKE_NORMAL;
	struct umbra_pcp *pcp;
	unsigned int got, more;

	if (!READ_ONCE(zone->pcp_high_max) || umbra_zone_is_suspect(zone))
		return 0;
	if (!zone->fast_caches)
		return pop_and_refill(zone, rq, list, frames, nr);
	pcp = pcp_enter(zone);
	if (!pcp)
		return 0;
	got = pop_many(pcp, zone, rq, list, frames, nr);
	pcp->free_count >>= 1;
	pcp_leave(pcp);
	if (got == nr)
		return got;
	more = umbra_zone_take(zone, rq, frames + got, nr - got, 0, &mode);
	if (more)
		umbra_count_alloc(rq, zone, more);
	return got + more;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_alloc_bulk);

/*
 * Put at least @pages back to the zone. Leaves the section. As the host does,
 * this goes by batches, each of which begins with @list and ends with a whole
 * block. With fast caches, @list comes last.
 */
static void trim(struct umbra_zone *zone, struct umbra_pcp *pcp, int pages,
		 unsigned int list)
{
	int most = zone->fast_caches ? pages : max(READ_ONCE(zone->pcp_batch), 1);
	u32 frames[PCP_MOVE];
	int batch = 0, before;
	unsigned int nr;

	do {
		if (batch <= 0) {
			batch = min(pages, most);
			pages -= batch;
		}
		before = pcp->count;
		nr = umbra_pcp_collect(pcp, zone->umbra, frames, PCP_MOVE,
				       batch, list);
		batch -= before - pcp->count;
		pcp_leave(pcp);
		umbra_pcp_put_back(zone, frames, nr);
		/*
		 * Untaken: a drain may empty the cache, or the task may change
		 * CPUs, while blocks are put back.
		 */
	} while ((batch > 0 || pages > 0) && nr && pcp_enter_again(zone, pcp));
}

/**
 * umbra_pcp_settle() - put surplus pages back to the zone after a free
 * @zone: the zone
 * @pcp: cache of the zone
 * @list: number of the list that grew
 * @batch: umbra_zone.pcp_batch as the free read it
 * @free_high: true to empty the cache, see pcp_note_free()
 *
 * Context: in a section, which this leaves; takes the zone lock.
 */
void umbra_pcp_settle(struct umbra_zone *zone, struct umbra_pcp *pcp, int list,
		      int batch, bool free_high)
{
	int high = high_after_free(pcp, zone, batch, free_high);

	if (pcp->count < high) {
		pcp_leave(pcp);
		return;
	}
	trim(zone, pcp, fill_lines(zone,
				   nr_to_free(pcp, batch, high, free_high), 0),
	     list);
	if (test_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags) &&
	    umbra_watermark_ok(zone, 0, umbra_mark(zone, UMBRA_WMARK_HIGH),
			       UMBRA_ZONE_MOVABLE, 0))
		clear_bit(ZONE_FLAG_BELOW_HIGH, &zone->flags);
}

/*
 * Keep a block of an order without lists. A fast cache keeps one block of each
 * such order and type, and none larger than half its limit. In a section.
 */
static bool keep_single(struct umbra_pcp *pcp, const struct umbra_zone *zone,
			u32 index, unsigned int order)
{
	int type = pcp_type_of(zone->umbra, index, order);

	if (!zone->fast_caches || type < 0 ||
	    pcp->single[order][type] != UMBRA_NO_FRAME ||
	    2 << order > READ_ONCE(zone->pcp_high_max))
		return false;
	pcp->single[order][type] = index;
	pcp->count += 1 << order;
	pcp->frees[order]++;
	return true;
}

/**
 * umbra_pcp_free_single() - keep a freed block of an order without lists
 * @zone: the zone
 * @pcp: cache of the zone
 * @index: head of the block
 * @order: order of the block
 * @nolock: whether the cache may become too large
 *
 * Context: in a section, which this leaves; without @nolock, may take the zone
 * lock.
 * Return: false if the caller must put the block back to the zone.
 */
bool umbra_pcp_free_single(struct umbra_zone *zone, struct umbra_pcp *pcp,
			   u32 index, unsigned int order, bool nolock)
{
	bool kept = keep_single(pcp, zone, index, order);
	int surplus = pcp->count - clamp_high(pcp, zone);

	if (kept && surplus > 0 && !nolock)
		trim(zone, pcp, surplus + READ_ONCE(zone->pcp_batch), 0);
	else
		pcp_leave(pcp);
	return kept;
}

/**
 * umbra_pcp_free_nolock() - push a block in hand into the cache of this CPU
 * @zone: the zone
 * @index: head of the block, which only umbra references
 * @order: order of the block
 *
 * As in the host, the cache may become larger than its limit. The next free by
 * pcp_free() brings it back.
 *
 * Context: any, NMI included.
 * Return: false if the caller must put the block back to the zone.
 */
bool umbra_pcp_free_nolock(struct umbra_zone *zone, u32 index,
			   unsigned int order)
{
	return pcp_keep(zone, index, order, true);
}

/* The pages in the cache of a CPU, or of all CPUs if @cpu is -1. */
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
