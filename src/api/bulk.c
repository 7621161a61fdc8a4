// SPDX-License-Identifier: GPL-2.0
/* Bulk allocation: one zone walk and one watermark check for many pages. */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include "../buddy/watermark.h"
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/decision.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../page/gfp.h"
#include "../page/give.h"
#include "../page/pcp.h"
#include "../page/take.h"
#include "../page/zonelist.h"
#include <trace/events/umbra.h>

/* Largest number of pages per hold of the zone lock; an array on the stack. */
#define BULK_CHUNK 128U

/*
 * Return the first zone of the preferred node that stays above its low
 * watermark without @nr pages, or NULL.
 */
static struct umbra_zone *bulk_zone(struct umbra *u,
				    const struct umbra_request *rq,
				    unsigned int nr)
{
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;

	for_each_allowed_zone(u, zone, ref, rq) {
		if (zone->nid != rq->preferred->nid)
			break;
		if (umbra_watermark_fast(zone, 0,
					 umbra_mark(zone, UMBRA_WMARK_LOW) +
					 nr, rq->preferred->type,
					 rq->flags))
			return zone;
	}
	return NULL;
}

/* The number of elements that are filled, from the first on. */
static unsigned int count_filled(struct page **pages, unsigned int nr_pages,
				 unsigned int filled)
{
	while (filled < nr_pages && pages[filled])
		filled++;
	return filled;
}

/* The number of empty elements in a row, at most BULK_CHUNK. */
static unsigned int count_empty(struct page **pages, unsigned int nr_pages)
{
	unsigned int empty = 0;

	nr_pages = min(nr_pages, BULK_CHUNK);
	while (empty < nr_pages && !pages[empty])
		empty++;
	return empty;
}

/*
 * Fill empty elements of @pages from one zone. The first @filled elements are
 * filled already. Returns the new number of filled elements.
 */
static unsigned int bulk_fill(struct umbra *u, gfp_t gfp, int nid,
			      const umbra_nodemask_t *nodemask,
			      unsigned int nr_pages, unsigned int filled,
			      struct page **pages)
{
	struct umbra_request rq;
	struct umbra_zone *zone;
	u32 frames[BULK_CHUNK];
	u32 first = UMBRA_NO_FRAME;
	unsigned int got, i;

	if (umbra_request_init(&rq, u, gfp, 0, nid, nodemask, 0))
		return filled;
	rq.flags &= ~(ALLOC_NOFRAGMENT | ALLOC_KSWAPD);
	umbra_tell_request(u, &rq);
	zone = rq.preferred ? bulk_zone(u, &rq, nr_pages - filled) : NULL;
	while (zone && filled < nr_pages) {
		unsigned int want = count_empty(pages + filled,
						nr_pages - filled);

		got = umbra_pcp_alloc_bulk(zone, &rq, frames, want);
		for (i = 0; i < got; i++) {
			struct page *page = umbra_give(u, frames[i], 0, rq.gfp,
						       rq.flags);

			if (unlikely(!page))
				continue;
			pages[filled++] = page;
			if (first == UMBRA_NO_FRAME)
				first = frames[i];
			if (trace_umbra_page_alloc_enabled())
				trace_umbra_page_alloc(umbra_index_to_pfn(u, frames[i]),
						       0, rq.gfp, rq.type);
		}
		filled = count_filled(pages, nr_pages, filled);
		if (got < want)
			break;
	}
	umbra_tell_bulk_done(u, &rq, first);
	return filled;
}

/**
 * umbra_alloc_pages_bulk() - allocate single pages into an array
 * @u: instance
 * @gfp: flags as for alloc_pages()
 * @nid: preferred node; negative for the node of this CPU
 * @nodemask: nodes that the request may use, or NULL for all
 * @nr_pages: number of elements of @pages
 * @pages: array to fill; elements that are not NULL are passed over
 *
 * Many pages at once come from one zone, which must stay above its low
 * watermark without them. Otherwise one page is allocated as usual.
 *
 * Context: As umbra_alloc_pages_nodemask().
 * Return: the number of elements that are filled, from the first on.
 */
unsigned long umbra_alloc_pages_bulk(struct umbra *u, gfp_t gfp, int nid,
				     const umbra_nodemask_t *nodemask,
				     unsigned int nr_pages,
				     struct page **pages)
{
	unsigned int filled = count_filled(pages, nr_pages, 0);
	unsigned int before = filled;

	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	if (nr_pages - filled > 1 && !(gfp & __GFP_ACCOUNT) &&
	    !umbra_debug_fail_alloc(u, gfp, 0))
		filled = bulk_fill(u, gfp, nid, nodemask, nr_pages, filled,
				   pages);
	if (filled == before && filled < nr_pages) {
		pages[filled] = umbra_alloc_pages_nodemask(u, gfp, 0, nid,
							   nodemask);
		filled += !!pages[filled];
	}
	return filled;
}
EXPORT_SYMBOL_GPL(umbra_alloc_pages_bulk);
