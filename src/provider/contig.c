// SPDX-License-Identifier: GPL-2.0
/*
 * Ranges of ordinary memory of the host, emptied by migration.
 *
 * The search goes from the top of each node down. The host refuses ranges with
 * unmovable pages, with CMA pageblocks, or with offline memory at little cost.
 * The search skips ranges that the host would not refuse: ranges in
 * ZONE_MOVABLE, which must stay free of long-lived pages, and ranges across two
 * zones, which alloc_contig_range() does not support.
 */
#include <linux/gfp.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include "provider.h"

#ifdef CONFIG_CONTIG_ALLOC

/* Ranges that a search tries: bounds it on a host that is full. */
#define MAX_TRIES 256

struct contig_search {
	unsigned long nr_pages;
	unsigned long align;
	unsigned long step;
	unsigned int tries;
};

/*
 * Is the range online, with consecutive descriptors, and inside one zone below
 * ZONE_MOVABLE?
 */
static bool is_candidate(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	struct page *first = pfn_to_online_page(pfn);

	if (!first || page_zonenum(first) >= ZONE_MOVABLE)
		return false;
	for (; pfn < end; pfn += pageblock_nr_pages) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page || page_zonenum(page) != page_zonenum(first) ||
		    page_to_nid(page) != page_to_nid(first) ||
		    page - first != pfn - page_to_pfn(first))
			return false;
	}
	return pfn_to_online_page(end - 1) &&
	       page_zonenum(first + nr_pages - 1) == page_zonenum(first);
}

/*
 * Search a node. Returns 0, -ENOMEM if the node has no range, -EBUSY after too
 * many tries, or -EINTR after a fatal signal.
 */
static int search_node(struct contig_search *search, int nid,
		       unsigned long *found)
{
	unsigned long start = NODE_DATA(nid)->node_start_pfn;
	unsigned long end = start + NODE_DATA(nid)->node_spanned_pages;
	unsigned long pfn;
	int err;

	if (end - start < search->nr_pages)
		return -ENOMEM;
	for (pfn = ALIGN_DOWN(end - search->nr_pages, search->align);
	     pfn >= start && pfn; pfn -= min(pfn, search->step)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (!is_candidate(pfn, search->nr_pages))
			continue;
		if (!search->tries--)
			return -EBUSY;
		err = umbra_host_alloc_contig(pfn, pfn + search->nr_pages);
		if (!err) {
			*found = pfn;
			return 0;
		}
		if (err == -EINTR)
			return err;
	}
	return -ENOMEM;
}

static void search_begin(struct contig_search *search, unsigned long nr_pages)
{
	search->nr_pages = nr_pages;
	search->align = 1UL << UMBRA_MAX_ORDER;
	search->step = max(search->align,
			   ALIGN_DOWN(nr_pages / 4, search->align));
	search->tries = MAX_TRIES;
}

/* Acquire one run from the first node that has it. */
static int acquire_one(struct umbra_region *region, unsigned long nr_pages)
{
	struct contig_search search;
	unsigned long pfn;
	int nid, err = -ENOMEM;

	search_begin(&search, nr_pages);
	for_each_online_node(nid) {
		err = search_node(&search, nid, &pfn);
		if (err != -ENOMEM)
			break;
	}
	if (!err)
		umbra_region_describe(region, pfn_to_page(pfn), pfn, nr_pages);
	return err;
}

static void contig_release(struct umbra_region *region, struct page *page,
			   unsigned long nr_pages)
{
	free_contig_range(page_to_pfn(page), nr_pages);
}

static void release_all(struct umbra_region *region)
{
	while (region->nr_spans--)
		contig_release(region, region->spans[region->nr_spans].pages,
			       region->spans[region->nr_spans].nr_pages);
	region->nr_spans = 0;
}

/* Acquire a run of about the same size from every node with memory. */
static int acquire_each(struct umbra_region *region, unsigned long nr_pages)
{
	unsigned int nr_nodes = num_node_state(N_MEMORY);
	unsigned long part = ALIGN_DOWN(nr_pages / nr_nodes,
					1UL << UMBRA_MAX_ORDER);
	struct contig_search search;
	unsigned long pfn;
	int nid, err = 0;

	if (nr_nodes < 2 || nr_nodes > UMBRA_MAX_SPANS || !part)
		return -ENOMEM;
	for_each_node_state(nid, N_MEMORY) {
		unsigned int i = region->nr_spans;
		unsigned long nr = i == nr_nodes - 1 ?
				   nr_pages - part * i : part;

		search_begin(&search, nr);
		err = search_node(&search, nid, &pfn);
		if (err) {
			release_all(region);
			return err;
		}
		region->spans[i] = (struct umbra_span) {
			.pages = pfn_to_page(pfn),
			.base_pfn = pfn,
			.nr_pages = nr,
		};
		region->nr_spans++;
	}
	return 0;
}

static int contig_acquire(struct umbra_region *region, unsigned long nr_pages)
{
	int err = acquire_each(region, nr_pages);

	if (err && err != -EINTR)
		err = acquire_one(region, nr_pages);
	return err && err != -EINTR ? -ENOMEM : err;
}

const struct umbra_provider umbra_provider_contig = {
	.name = "contig",
	.has_memory = true,
	.acquire = contig_acquire,
	.release = contig_release,
};

#endif /* CONFIG_CONTIG_ALLOC */
