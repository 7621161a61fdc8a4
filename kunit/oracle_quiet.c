// SPDX-License-Identifier: GPL-2.0
/*
 * A zone of the host that only the oracle uses. The counters of the host are
 * made exact: a part per CPU of the free pages would make watermarks fuzzy.
 * Probes count what other tasks allocate and free there meanwhile.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/list_sort.h>
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
#include "oracle.h"

/* Tries to empty the caches, one in a tenth of a second. */
#define QUIET_TRIES 100

static struct task_struct *oracle;
static struct zone *quiet;
static atomic_long_t strangers;

static void note(struct page *page)
{
	if (page && current != oracle && page_zone(page) == quiet)
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
static void count_exactly(void *unused)
{
	this_cpu_ptr(quiet->per_cpu_zonestats)->stat_threshold = 0;
	mod_zone_page_state(quiet, NR_FREE_PAGES, 0);
}

/* Are the caches of all CPUs for the zone empty? */
static bool has_empty_caches(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(quiet->per_cpu_pageset, cpu)->count)
			return false;
	return true;
}

/* Returns the first page of a free block of the largest order, or NULL. */
static struct page *first_largest(void)
{
	struct free_area *area = &quiet->free_area[UMBRA_MAX_ORDER];
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&quiet->lock, flags);
	page = list_first_entry_or_null(&area->free_list[MIGRATE_MOVABLE],
					struct page, buddy_list);
	spin_unlock_irqrestore(&quiet->lock, flags);
	return page;
}

/*
 * Empty the caches of the zone: an allocation of a range does so, even if a page
 * of the range turns out to be in use. From 7.3 on the host frees the range as
 * one block, which does not go to a cache.
 */
static bool empty_caches(void)
{
	unsigned int i;

	for (i = 0; i < QUIET_TRIES && !has_empty_caches(); i++) {
		struct page *page = first_largest();
		unsigned long pfn = page ? page_to_pfn(page) : 0;

		if (page &&
		    !umbra_host_alloc_contig(pfn, pfn + BIT(UMBRA_MAX_ORDER)))
			free_contig_range(pfn, BIT(UMBRA_MAX_ORDER));
		if (!has_empty_caches() && msleep_interruptible(100))
			break;
	}
	return has_empty_caches();
}

/* The other zones of the node must be empty: they would serve requests too. */
static bool is_only_zone(int nid)
{
	struct zone *z = NODE_DATA(nid)->node_zones;
	unsigned int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (populated_zone(z + i) != (z + i == quiet))
			return false;
	return true;
}

/*
 * Begin to watch a zone. Returns 0; -ENODEV without such a zone, or if the node
 * has CPUs or other zones; -EBUSY if a CPU has pages of the zone in its cache;
 * or the error of a probe.
 */
int oracle_quiet_begin(int nid, unsigned int zone)
{
	if (nid < 0 || nid >= MAX_NUMNODES || !node_online(nid) ||
	    zone >= MAX_NR_ZONES || nr_cpus_node(nid))
		return -ENODEV;
	quiet = &NODE_DATA(nid)->node_zones[zone];
	if (!is_only_zone(nid))
		return -ENODEV;
	if (!empty_caches())
		return -EBUSY;
	oracle = current;
	atomic_long_set(&strangers, 0);
	on_each_cpu(count_exactly, NULL, true);
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

/*
 * Bring the zone to a state that depends on the addresses of its pages alone:
 * all pageblocks that a request may claim are movable, all lists are by address,
 * and no cache has pages. A reserve for atomic requests stays as it is. Returns
 * 0, or -EBUSY if a CPU has pages of the zone in its cache.
 */
int oracle_quiet_reset(int nid)
{
	LIST_HEAD(blocks);

	take_all(nid, &blocks);
	free_blocks(&blocks);
	if (!empty_caches())
		return -EBUSY;
	quiet->watermark_boost = 0;
	oracle_caches_reset(quiet);
	return 0;
}

/* End it. Returns the number of allocations and frees of others. */
unsigned long oracle_quiet_end(void)
{
	remove_probes(ARRAY_SIZE(probes));
	return atomic_long_read(&strangers);
}
