// SPDX-License-Identifier: GPL-2.0
/*
 * A node of the host that only the oracle uses. The counters of the host are made
 * exact: a part per CPU of the free pages would make watermarks fuzzy.
 * Probes count what other tasks allocate and free there meanwhile.
 */
#include <linux/align.h>
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/list_sort.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/vmstat.h>
#include <umbra/umbra.h>
#include "../src/compat/pageblock.h"
#include "oracle.h"

/* Tries to empty the caches, one in a tenth of a second. */
#define QUIET_TRIES 100

static struct task_struct *oracle;
static int quiet_nid;
static atomic_long_t strangers;

static void note(struct page *page)
{
	if (page && current != oracle && page_to_nid(page) == quiet_nid)
		atomic_long_inc(&strangers);
}

static void on_alloc(void *data, struct page *page, unsigned int order,
		     gfp_t gfp, int migratetype)
{
	note(page);
}

static void on_free(void *data, struct page *page, unsigned int order)
{
	note(page);
}

static struct probe {
	const char *name;
	void *function;
	struct tracepoint *event;
} probes[] = {
	{ "mm_page_alloc", on_alloc },
	{ "mm_page_free", on_free },
};

static void find_event(struct tracepoint *event, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(event->name, probes[i].name))
			probes[i].event = event;
}

static void remove_probes(unsigned int nr)
{
	while (nr--)
		tracepoint_probe_unregister(probes[nr].event,
					    probes[nr].function, NULL);
	tracepoint_synchronize_unregister();
}

static int add_probes(void)
{
	unsigned int i;
	int err;

	for_each_kernel_tracepoint(find_event, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = -ENOENT;
		if (probes[i].event)
			err = tracepoint_probe_register(probes[i].event,
							probes[i].function,
							NULL);
		if (err) {
			remove_probes(i);
			return err;
		}
	}
	return 0;
}

/* With a threshold of 0 every change goes to the sum, and so does the rest. */
static void count_exactly(void *arg)
{
	struct zone *zone = arg;

	this_cpu_ptr(zone->per_cpu_zonestats)->stat_threshold = 0;
	mod_zone_page_state(zone, NR_FREE_PAGES, 0);
}

/* Are the caches of all CPUs for the zone empty? */
static bool has_empty_caches(struct zone *zone)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(zone->per_cpu_pageset, cpu)->count)
			return false;
	return true;
}

/* Returns the first page of a free block of the largest order, or NULL. */
static struct page *first_largest(struct zone *zone)
{
	struct free_area *area = &zone->free_area[UMBRA_MAX_ORDER];
	struct page *page = NULL;
	unsigned long flags;
	unsigned int type;

	spin_lock_irqsave(&zone->lock, flags);
	for (type = 0; type < MIGRATE_PCPTYPES && !page; type++)
		page = list_first_entry_or_null(&area->free_list[type],
						struct page, buddy_list);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/*
 * Empty the caches of a zone: an allocation of a range does so, even if a page
 * of the range turns out to be in use. From 7.3 on the host frees the range as
 * one block, which does not go to a cache.
 */
static bool empty_caches(struct zone *zone)
{
	unsigned int i;

	for (i = 0; i < QUIET_TRIES && !has_empty_caches(zone); i++) {
		struct page *page = first_largest(zone);
		unsigned long pfn = page ? page_to_pfn(page) : 0;

		if (page &&
		    !umbra_host_alloc_contig(pfn, pfn + BIT(UMBRA_MAX_ORDER)))
			free_contig_range(pfn, BIT(UMBRA_MAX_ORDER));
		if (!has_empty_caches(zone) && msleep_interruptible(100))
			break;
	}
	return has_empty_caches(zone);
}

/* Returns 0, or -ENODEV if the node has no memory, or too many zones. */
static int find_zones(struct oracle *o)
{
	unsigned int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(o->nid)->node_zones[i];

		if (!populated_zone(zone))
			continue;
		if (o->nr_zones == ORACLE_ZONES)
			return -ENODEV;
		o->zones[o->nr_zones].host = zone;
		o->zones[o->nr_zones++].index = i;
	}
	return o->nr_zones ? 0 : -ENODEV;
}

/*
 * Find the zones of a node, and begin to watch them. Returns 0; -ENODEV if the
 * node has CPUs or no memory; or the error of a probe.
 */
int oracle_quiet_begin(struct oracle *o)
{
	unsigned int i;
	int err;

	if (o->nid < 0 || o->nid >= MAX_NUMNODES || !node_online(o->nid) ||
	    nr_cpus_node(o->nid))
		return -ENODEV;
	err = find_zones(o);
	if (err)
		return err;
	for (i = 0; i < o->nr_zones; i++)
		on_each_cpu(count_exactly, o->zones[i].host, true);
	oracle = current;
	quiet_nid = o->nid;
	atomic_long_set(&strangers, 0);
	return add_probes();
}

static int by_address(void *unused, const struct list_head *a,
		      const struct list_head *b)
{
	return page_to_pfn(list_entry(a, struct page, lru)) <
	       page_to_pfn(list_entry(b, struct page, lru)) ? -1 : 1;
}

/* Take all free pages of a node, as the largest blocks, in order of address. */
static void take_all(int nid, struct list_head *blocks)
{
	gfp_t gfp = __GFP_THISNODE | __GFP_MOVABLE | __GFP_HIGHMEM |
		    __GFP_MEMALLOC | __GFP_NOWARN;
	unsigned int order = UMBRA_MAX_ORDER + 1;
	struct page *page;

	while (order--)
		while ((page = alloc_pages_node(nid, gfp, order))) {
			set_page_private(page, order);
			list_add(&page->lru, blocks);
		}
	list_sort(NULL, blocks, by_address);
}

static void free_blocks(struct list_head *blocks)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, blocks, lru) {
		unsigned int order = page_private(page);

		list_del(&page->lru);
		set_page_private(page, 0);
		__free_pages(page, order);
	}
}

/* Make a pageblock movable that has no page on a free list. */
static void make_movable(struct zone *zone, unsigned long pfn)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (umbra_host_pageblock_type(pfn) == MIGRATE_HIGHATOMIC)
		zone->nr_reserved_highatomic -= pageblock_nr_pages;
	umbra_host_make_movable(pfn);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Give up a pageblock of the reserve for atomic requests, whose pages are free. */
static void give_up_reserved(struct zone *zone, unsigned long pfn)
{
	if (umbra_host_pageblock_type(pfn) != MIGRATE_HIGHATOMIC ||
	    umbra_host_alloc_contig(pfn, pfn + pageblock_nr_pages))
		return;
	make_movable(zone, pfn);
	free_contig_range(pfn, pageblock_nr_pages);
}

static void on_pageblocks(struct oracle *o,
			  void (*action)(struct zone *zone, unsigned long pfn))
{
	unsigned int i;

	for (i = 0; i < o->nr_zones; i++) {
		struct zone *zone = o->zones[i].host;
		unsigned long pfn = ALIGN(zone->zone_start_pfn,
					  pageblock_nr_pages);

		for (; pfn < zone_end_pfn(zone); pfn += pageblock_nr_pages)
			if (pfn_to_online_page(pfn))
				action(zone, pfn);
	}
}

static bool empty_all_caches(struct oracle *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_zones; i++)
		if (!empty_caches(o->zones[i].host))
			return false;
	return true;
}

/* Take all pages and free them by address. Returns 0 or -EBUSY, as below. */
static int sort_pages(struct oracle *o)
{
	LIST_HEAD(blocks);

	/* Pages in a cache would be taken and freed one by one. */
	if (!empty_all_caches(o))
		return -EBUSY;
	on_pageblocks(o, give_up_reserved);
	take_all(o->nid, &blocks);
	on_pageblocks(o, make_movable);
	free_blocks(&blocks);
	return empty_all_caches(o) ? 0 : -EBUSY;
}

/*
 * Bring the zones to a state that depends on the addresses of their pages alone:
 * all pageblocks are movable, all lists are by address, and no cache has pages.
 * All blocks must be free. Returns 0, or -EBUSY if a CPU has pages of a zone in
 * its cache.
 */
int oracle_quiet_reset(struct oracle *o)
{
	/* Pageblocks that changed their type merge in the first round. */
	int err = sort_pages(o) ?: sort_pages(o);
	unsigned int i;

	for (i = 0; i < o->nr_zones; i++) {
		o->zones[i].host->watermark_boost = 0;
		oracle_caches_reset(o->zones[i].host);
	}
	return err;
}

/* End it. Returns the number of allocations and frees of others. */
unsigned long oracle_quiet_end(void)
{
	remove_probes(ARRAY_SIZE(probes));
	return atomic_long_read(&strangers);
}
