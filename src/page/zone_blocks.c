// SPDX-License-Identifier: GPL-2.0
/*
 * Take blocks off the free lists of a zone, and put blocks back to them. Frames
 * of a freed block that others still reference become HELD.
 */
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include "../buddy/fallback.h"
#include "../buddy/freelist.h"
#include "../buddy/zone.h"
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/span.h"
#include "account.h"
#include "held.h"
#include "zone_blocks.h"

/*
 * Can a trylock of a zone lock work in this context? On PREEMPT_RT the lock may
 * sleep. In an NMI without SMP a trylock always succeeds, even if the lock is
 * held.
 */
bool umbra_can_trylock(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return !in_nmi() && !in_hardirq();
	return IS_ENABLED(CONFIG_SMP) || !in_nmi();
}

/* Take one block; @reserves allows the highatomic reserve. Zone lock held. */
static u32 take_block(struct umbra_zone *zone, const struct umbra_request *rq,
		      bool reserves, enum umbra_take_mode *mode)
{
	u32 index = UMBRA_NO_FRAME;

	lockdep_assert_held(&zone->lock);

	if (reserves && rq->flags & ALLOC_HIGHATOMIC)
		index = umbra_freelist_take(zone, rq->order, UMBRA_HIGHATOMIC);
	if (index == UMBRA_NO_FRAME)
		index = umbra_fallback_take(zone, rq->order, rq->type,
					    rq->flags, mode);
	/* A failure now is worse than a failure of a high order later. */
	if (index == UMBRA_NO_FRAME && reserves &&
	    rq->flags & (ALLOC_OOM | ALLOC_NON_BLOCK))
		index = umbra_freelist_take(zone, rq->order, UMBRA_HIGHATOMIC);
	return index;
}

/*
 * Take several blocks at once from the lists of their own type. Returns 0 if
 * another list could come first, by address or of CMA. Zone lock held.
 */
static unsigned int take_alike(struct umbra_zone *zone,
			       const struct umbra_request *rq, u32 *frames,
			       unsigned int nr, bool lines)
{
	lockdep_assert_held(&zone->lock);

	if (nr < 2 || zone->by_address ||
	    (rq->flags & ALLOC_CMA && zone->nr_free_cma))
		return 0;
	return umbra_freelist_take_many(zone, rq->order, rq->type, frames, nr,
					lines);
}

/**
 * umbra_zone_take() - take blocks off the free lists of a zone
 * @zone: the zone
 * @rq: the request
 * @frames: filled in with the heads of the blocks, in state PCP
 * @nr: number of blocks, at most; all are taken in one hold of the lock
 * @how: ZONE_TAKE_*
 * @mode: where the last block of a batch was found, TAKE_NORMAL for its first
 *	call
 *
 * Context: any; takes the zone lock, with ALLOC_TRYLOCK only if the lock is
 * free.
 * Return: number of blocks.
 */
unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, unsigned int how,
			     enum umbra_take_mode *mode)
{
	unsigned int got, i;
	unsigned long flags;

	if (unlikely(rq->flags & ALLOC_TRYLOCK)) {
		if (!umbra_can_trylock() ||
		    !spin_trylock_irqsave(&zone->lock, flags))
			return 0;
	} else {
		spin_lock_irqsave(&zone->lock, flags);
	}
	got = take_alike(zone, rq, frames, nr, how & ZONE_TAKE_LINES);
	if (how & ZONE_TAKE_LINES && got && zone->listed[rq->type] >> rq->order)
		nr = got;
	for (; got < nr; got++) {
		frames[got] = take_block(zone, rq, how & ZONE_TAKE_RESERVES,
					 mode);
		if (frames[got] == UMBRA_NO_FRAME)
			break;
	}
	for (i = 0; i < got; i++)
		frame_set(zone->umbra, frames[i], FRAME_PCP, rq->order);
	umbra_zone_unlock(zone, flags);
	return got;
}

static void free_run(struct umbra_zone *zone, u32 index, u32 end)
{
	umbra_debug_poison(zone->umbra, index, end - index);
	umbra_freelist_free_range(zone, index, end);
}

/*
 * Free the frames of a block by their reference counts. Returns the number of
 * frames that became HELD.
 */
static unsigned long free_apart(struct umbra_zone *zone, u32 index,
				unsigned int order,
				struct umbra_account *account)
{
	struct page *page = umbra_index_to_page(zone->umbra, index);
	u32 end = index + (1U << order);
	unsigned long held = 0;
	u32 run = index;

	lockdep_assert_held(&zone->lock);

	for (; index < end; index++, page++) {
		enum umbra_page_use use = umbra_page_use_of(page);

		if (use == PAGE_USE_NONE) {
			set_page_private(page, 0);
			continue;
		}
		free_run(zone, run, index);
		run = index + 1;
		if (use == PAGE_USE_HELD) {
			umbra_held_add(zone, index, account);
			held++;
		} else {
			umbra_frame_lose(zone, index, use == PAGE_USE_HWPOISON ?
					 "hardware poison in" :
					 "stray put_page() of");
		}
	}
	free_run(zone, run, end);
	return held;
}

/**
 * umbra_free_locked() - put a block in hand back to its zone
 * @zone: the zone of the block
 * @index: head of the block, in state PCP
 * @order: order of the block
 * @looked_at: true if only umbra is known to reference the block
 * @account: account that the block is charged to, or NULL
 *
 * Context: zone lock held.
 * Return: number of pages that became HELD.
 */
unsigned long umbra_free_locked(struct umbra_zone *zone, u32 index,
				unsigned int order, bool looked_at,
				struct umbra_account *account)
{
	lockdep_assert_held(&zone->lock);

	if (!umbra_assert(zone->umbra, index,
			  frame_is(zone->umbra, index, FRAME_PCP, order)))
		return 0;
	if (unlikely(!looked_at || umbra_zone_is_suspect(zone)))
		return free_apart(zone, index, order, account);
	umbra_freelist_free(zone, index, order);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_free_locked);
