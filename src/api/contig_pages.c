// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation of a range of pages that is searched. Each range of the right size
 * and alignment is tried in turn, zone by zone, until one can be allocated.
 */
#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include "../core/core.h"
#include "../core/report.h"
#include "../core/request.h"
#include "../core/span.h"
#include "../page/gfp.h"
#include "../page/zonelist.h"

/* Does a range touch a CMA pageblock? The host leaves these to cma_alloc(). */
static bool has_cma(const struct umbra *u, u32 start, u32 end)
{
	u32 index;

	for_each_umbra_pageblock(u, index, umbra_pageblock_start(u, start), end)
		if (umbra_pageblock_type(u, index) == UMBRA_CMA)
			return true;
	return false;
}

/*
 * Allocate the first aligned range, by page frame numbers, of the frames from
 * @start to @end, which are in one zone and one span. Returns 0; -EBUSY if no
 * range can be had; or another error, for which no other range has to be tried.
 */
static int alloc_between(struct umbra *u, u32 start, u32 end, unsigned long nr,
			 gfp_t gfp, struct page **page)
{
	unsigned long first = umbra_index_to_pfn(u, start);
	unsigned long i = ALIGN(first, nr) - first;
	int err;

	for (; i + nr <= end - start; i += nr) {
		if (has_cma(u, start + i, start + i + nr))
			continue;
		err = umbra_alloc_contig_range(u, first + i, first + i + nr,
					       gfp);
		if (!err)
			*page = umbra_index_to_page(u, start + i);
		if (err != -EBUSY && err != -ENOMEM)
			return err;
	}
	return -EBUSY;
}

/* As alloc_between(), for a zone. */
static int alloc_in_zone(struct umbra_zone *zone, unsigned long nr, gfp_t gfp,
			 struct page **page)
{
	struct umbra *u = zone->umbra;
	const struct umbra_span *span;
	int err = -EBUSY;

	for (span = u->spans; span < u->spans + u->nr_spans; span++) {
		u32 start = max(zone->start, span->first);
		u32 end = min(zone->end, span->first + span->nr_pages);

		if (start < end)
			err = alloc_between(u, start, end, nr, gfp, page);
		if (err != -EBUSY)
			break;
	}
	return err;
}

/**
 * umbra_alloc_contig_pages() - search a range of pages, and allocate it
 * @u: instance
 * @nr_pages: number of pages; may be larger than the largest block
 * @gfp: flags as for umbra_alloc_contig_range(); here the zone bits choose the
 *	highest zone, and %__GFP_THISNODE excludes other nodes
 * @nid: preferred node; negative for the node of this CPU
 * @nodemask: nodes to search, or NULL for all
 *
 * Zones are searched in the order of the zonelist, each from its lowest page
 * frame number. If @nr_pages is a power of two, the range is aligned to its size.
 * A range with an unmovable, CMA or isolated page is passed over, and so is one
 * whose movable blocks cannot be moved now. As in the host, neither allowed
 * nodes nor watermarks limit the search.
 *
 * Context: Process context, may sleep. Not with locks that callbacks of owners
 * take.
 * Return: the first page, to be freed with umbra_free_contig_pages(), or NULL.
 * Each page is a block of order 0. A node out of range, contradictory flags, and
 * flags that umbra_alloc_contig_range() refuses are reported.
 */
struct page *umbra_alloc_contig_pages(struct umbra *u, unsigned long nr_pages,
				      gfp_t gfp, int nid,
				      const umbra_nodemask_t *nodemask)
{
	umbra_nodemask_t nodes = nodemask ? *nodemask : UMBRA_ALL_NODES;
	struct page *page = NULL;
	const umbra_zoneref_t *ref;
	struct umbra_request rq;
	struct umbra_zone *zone;
	int err;

	if (!nr_pages || nr_pages > u->nr_frames)
		return NULL;
	err = umbra_request_init(&rq, u, gfp, 0, nid, nodemask, 0);
	if (err == -EINVAL)
		umbra_report_flags(u, "allocation of a range", gfp);
	else if (err == -ENXIO)
		umbra_report_node(u, nid);
	if (err)
		return NULL;
	for_each_umbra_zoneref(u, zone, ref, rq.zonelist, rq.highest, nodes) {
		err = alloc_in_zone(zone, nr_pages, gfp, &page);
		if (err != -EBUSY)
			break;
	}
	return page;
}
EXPORT_SYMBOL_GPL(umbra_alloc_contig_pages);

/**
 * umbra_free_contig_pages() - free pages of umbra_alloc_contig_pages()
 * @u: instance
 * @page: first page
 * @nr_pages: number of pages
 *
 * The same as umbra_free_contig_range(), for a caller with a page.
 *
 * Context: Process context, may sleep.
 */
void umbra_free_contig_pages(struct umbra *u, struct page *page,
			     unsigned long nr_pages)
{
	u32 index = umbra_page_to_index(u, page);

	if (index == UMBRA_NO_FRAME)
		umbra_report_free(u, page, index, 0);
	else
		umbra_free_contig_range(u, umbra_index_to_pfn(u, index),
					nr_pages);
}
EXPORT_SYMBOL_GPL(umbra_free_contig_pages);
