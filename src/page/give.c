// SPDX-License-Identifier: GPL-2.0
/* Give blocks to callers: the transition to state ALLOC. */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/request.h"
#include "../core/span.h"
#include "free.h"
#include "give.h"
#include "later.h"

/* Zero a block. Returns false if a page has hardware poison. */
static bool zero_block(struct page *page, unsigned int order)
{
	unsigned long i;

	for (i = 0; i < 1UL << order; i++) {
		if (PageHWPoison(page + i))
			return false;
		clear_highpage(page + i);
	}
	return true;
}

/**
 * umbra_give_block() - give a block in hand to a caller
 * @u: the instance
 * @index: head of the block
 * @order: order of the block
 * @gfp: flags of the request
 * @flags: ALLOC_* of the request; with ALLOC_TRYLOCK this waits for no lock
 *
 * Context: any.
 * Return: the first page, or NULL if memory of the block has failed. The good
 * pages of such a block are freed, with ALLOC_TRYLOCK a little later.
 */
struct page *umbra_give_block(struct umbra *u, u32 index, unsigned int order,
			      gfp_t gfp, unsigned int flags)
{
	struct page *page = umbra_index_to_page(u, index);

	if (!umbra_assert(u, index, frame_is(u, index, FRAME_PCP, order)))
		return NULL;
	umbra_make_allocated(u, index, order, gfp);
	if (!(gfp & __GFP_ZERO) || !u->has_memory || zero_block(page, order))
		return page;
	if (flags & ALLOC_TRYLOCK) {
		umbra_debug_free(u, index, order);
		umbra_free_later(umbra_frame_zone(u, index), index, order,
				 false);
		return NULL;
	}
	frame_set(u, index, FRAME_PCP, order);
	umbra_free_block(u, index, order, true, NULL);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_give_block);
