// SPDX-License-Identifier: GPL-2.0
/*
 * Files with the state of an instance. zoneinfo, vmstat and the fragmentation
 * indices have the formats of the host's files of these names. The host has no
 * zonelists and no gfp_flags.
 */
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include "../buddy/fragmentation.h"
#include "../core/core.h"
#include "../core/names.h"
#include "../core/section.h"
#include "../core/span.h"
#include "../core/stats.h"
#include "../page/gfp.h"
#include "../page/zonelist.h"
#include "debugfs_stat.h"

static const enum umbra_event numa_events[] = {
	EVENT_NUMA_HIT, EVENT_NUMA_MISS, EVENT_NUMA_FOREIGN,
	EVENT_NUMA_INTERLEAVE, EVENT_NUMA_LOCAL, EVENT_NUMA_OTHER,
};

/*
 * Reclaimable pages are shown under the names of the host's file pages. A list
 * of a node has another name than its part in a zone; the host counts isolated
 * pages for nodes only.
 */
static const char * const node_lru_names[] = {
	[LRU_LIST_INACTIVE] = "nr_inactive_file",
	[LRU_LIST_ACTIVE] = "nr_active_file",
	[LRU_LIST_ISOLATED] = "nr_isolated_file",
};

static const char * const zone_lru_names[] = {
	[LRU_LIST_INACTIVE] = "nr_zone_inactive_file",
	[LRU_LIST_ACTIVE] = "nr_zone_active_file",
};

/* Events shown for each node and as a sum, in the host's order. */
static const enum umbra_event node_events[] = {
	EVENT_PGSTEAL_KSWAPD, EVENT_PGSTEAL_DIRECT, EVENT_PGSTEAL_PROACTIVE,
	EVENT_PGSCAN_KSWAPD, EVENT_PGSCAN_DIRECT, EVENT_PGSCAN_PROACTIVE,
	EVENT_PGREFILL,
};

/* Sum an event over the zones of a node and of a type; -1 stands for all. */
static unsigned long sum_events(struct umbra *u, enum umbra_event event,
				int nid, int type)
{
	struct umbra_zone *zone;
	unsigned long sum = 0;

	for_each_umbra_zone(u, zone)
		if ((nid < 0 || zone->nid == nid) &&
		    (type < 0 || (int)zone->type == type))
			sum += umbra_zone_events(zone, event);
	return sum;
}

static unsigned long zone_cma(const struct umbra_zone *zone)
{
	const struct umbra *u = zone->umbra;
	unsigned long pages = 0;
	u32 index;

	for_each_umbra_pageblock(u, index, zone->start, zone->end)
		if (umbra_pageblock_type(u, index) == UMBRA_CMA)
			pages += umbra_pages_in(u, index,
						umbra_pageblock_end(u, index));
	return pages;
}

static void show_watermarks(struct seq_file *m, const struct umbra_zone *zone)
{
	unsigned int i;

	seq_printf(m, "\n  pages free     %lu",
		   READ_ONCE(zone->nr_free_pages));
	seq_printf(m, "\n        boost    %lu",
		   READ_ONCE(zone->watermark_boost));
	seq_printf(m, "\n        min      %lu",
		   umbra_mark(zone, UMBRA_WMARK_MIN));
	seq_printf(m, "\n        low      %lu",
		   umbra_mark(zone, UMBRA_WMARK_LOW));
	seq_printf(m, "\n        high     %lu",
		   umbra_mark(zone, UMBRA_WMARK_HIGH));
	seq_printf(m, "\n        promo    %lu",
		   umbra_mark(zone, UMBRA_WMARK_PROMO));
	seq_printf(m, "\n        spanned  %u", zone->end - zone->start);
	seq_printf(m, "\n        present  %lu",
		   umbra_pages_in(zone->umbra, zone->start, zone->end));
	seq_printf(m, "\n        managed  %lu", READ_ONCE(zone->nr_managed));
	seq_printf(m, "\n        cma      %lu", zone_cma(zone));
	seq_puts(m, "\n        protection: (");
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		seq_printf(m, "%s%lu", i ? ", " : "",
			   READ_ONCE(zone->lowmem_reserve[i]));
	seq_putc(m, ')');
}

static void show_pagesets(struct seq_file *m, const struct umbra_zone *zone)
{
	unsigned int cpu;

	seq_puts(m, "\n  pagesets");
	for_each_online_cpu(cpu) {
		const struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

		seq_printf(m, "\n    cpu: %u", cpu);
		seq_printf(m, "\n              count:    %i",
			   READ_ONCE(pcp->count));
		seq_printf(m, "\n              high:     %i",
			   READ_ONCE(pcp->high));
		seq_printf(m, "\n              batch:    %i",
			   READ_ONCE(zone->pcp_batch));
		seq_printf(m, "\n              high_min: %i",
			   READ_ONCE(zone->pcp_high_min));
		seq_printf(m, "\n              high_max: %i",
			   READ_ONCE(zone->pcp_high_max));
	}
}

static bool is_first_of_node(const struct umbra_zone *zone)
{
	return zone == zone->umbra->zones || zone[-1].nid != zone->nid;
}

/* A zone that the node does not have. As in the host, only zeros follow. */
static void show_absent_zone(struct seq_file *m, unsigned int nid,
			     enum umbra_zone_type type)
{
	static const char * const names[] = {
		"\n  pages free     ", "\n        boost    ",
		"\n        min      ", "\n        low      ",
		"\n        high     ", "\n        promo    ",
		"\n        spanned  ", "\n        present  ",
		"\n        managed  ", "\n        cma      ",
	};
	unsigned int i;

	seq_printf(m, "Node %u, zone %8s", nid, umbra_zone_type_name(type));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		seq_printf(m, "%s0", names[i]);
	seq_puts(m, "\n        protection: (");
	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		seq_puts(m, i ? ", 0" : "0");
	seq_puts(m, ")\n");
}

static void show_node_stats(struct seq_file *m, struct umbra *u,
			    unsigned int nid)
{
	unsigned int i;

	seq_puts(m, "\n  per-node stats");
	for (i = 0; i < ARRAY_SIZE(node_lru_names); i++)
		seq_printf(m, "\n      %-12s %lu", node_lru_names[i],
			   READ_ONCE(u->nodes[nid].lru.nr[i]));
	seq_printf(m, "\n      %-12s %lu", "nr_dirty",
		   umbra_node_dirty(u, nid));
	for (i = 0; i < ARRAY_SIZE(node_events); i++)
		seq_printf(m, "\n      %-12s %lu",
			   umbra_event_name(node_events[i]),
			   sum_events(u, node_events[i], nid, -1));
}

static void show_zone(struct seq_file *m, struct umbra_zone *zone)
{
	struct umbra *u = zone->umbra;
	unsigned int i;

	seq_printf(m, "Node %d, zone %8s", zone->nid, zone->name);
	if (is_first_of_node(zone))
		show_node_stats(m, u, zone->nid);
	show_watermarks(m, zone);
	seq_printf(m, "\n      %-12s %lu", "nr_free_pages",
		   READ_ONCE(zone->nr_free_pages));
	seq_printf(m, "\n      %-12s %lu", "nr_free_pages_blocks",
		   umbra_free_in_pageblocks(zone));
	for (i = 0; i < ARRAY_SIZE(zone_lru_names); i++)
		seq_printf(m, "\n      %-12s %lu", zone_lru_names[i],
			   READ_ONCE(zone->nr_lru[i]));
	seq_printf(m, "\n      %-12s %lu", "nr_free_cma",
		   READ_ONCE(zone->nr_free_cma));
	for (i = 0; i < ARRAY_SIZE(numa_events); i++)
		seq_printf(m, "\n      %-12s %lu",
			   umbra_event_name(numa_events[i]),
			   umbra_zone_events(zone, numa_events[i]));
	show_pagesets(m, zone);
	seq_printf(m, "\n  node_unreclaimable:  %u",
		   umbra_node_is_hopeless(&u->nodes[zone->nid]));
	seq_printf(m, "\n  start_pfn:           %lu",
		   umbra_index_to_pfn(u, zone->start));
	seq_printf(m, "\n  reserved_highatomic: %lu",
		   READ_ONCE(zone->nr_reserved_highatomic));
	seq_printf(m, "\n  free_highatomic:     %lu\n",
		   READ_ONCE(zone->nr_free_highatomic));
}

static int zoneinfo_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	unsigned int nid, type;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
			struct umbra_zone *zone =
				umbra_node_zone(u, &u->nodes[nid], type);

			if (zone)
				show_zone(m, zone);
			else
				show_absent_zone(m, nid, type);
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zoneinfo);

/* Events shown as a sum, in the host's order. Those that it lacks come last. */
static const enum umbra_event stall_events[] = {
	EVENT_ALLOCSTALL_DMA, EVENT_ALLOCSTALL_DMA32, EVENT_ALLOCSTALL_NORMAL,
	EVENT_ALLOCSTALL_HIGH, EVENT_ALLOCSTALL_MOVABLE,
};

static const enum umbra_event vm_events[] = {
	EVENT_PGFREE, EVENT_PGACTIVATE, EVENT_PGDEACTIVATE,
	EVENT_PGSCAN_THROTTLE, EVENT_ZONE_RECLAIM_SUCCESS,
	EVENT_ZONE_RECLAIM_FAILED, EVENT_SLABS_SCANNED,
	EVENT_KSWAPD_LOW_QUICKLY, EVENT_KSWAPD_HIGH_QUICKLY,
	EVENT_PAGEOUTRUN, EVENT_OOM_KILL,
	EVENT_PGMIGRATE_SUCCESS, EVENT_PGMIGRATE_FAIL,
	EVENT_COMPACT_MIGRATE_SCANNED, EVENT_COMPACT_FREE_SCANNED,
	EVENT_COMPACT_ISOLATED, EVENT_COMPACT_STALL, EVENT_COMPACT_FAIL,
	EVENT_COMPACT_SUCCESS, EVENT_COMPACT_DAEMON_WAKE,
	EVENT_COMPACT_DAEMON_MIGRATE_SCANNED,
	EVENT_COMPACT_DAEMON_FREE_SCANNED,
	EVENT_ACCOUNT, EVENT_KSWAPD_WAKE, EVENT_FALLBACK_CLAIM,
	EVENT_FALLBACK_STEAL, EVENT_POLICY_REFUSED, EVENT_FAIL,
	EVENT_PCP_DRAIN,
};

static void show_events(struct seq_file *m, const enum umbra_event *events,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		seq_printf(m, "%s %lu\n", umbra_event_name(events[i]),
			   sum_events(m->private, events[i], -1, -1));
}

/* Print one line for each zone type. */
static void show_zone_event(struct seq_file *m, enum umbra_event event)
{
	static const char * const suffix[UMBRA_NR_ZONE_TYPES] = {
		"dma", "dma32", "normal", "high", "movable",
	};
	unsigned int i;

	for (i = 0; i < UMBRA_NR_ZONE_TYPES; i++)
		seq_printf(m, "%s_%s %lu\n", umbra_event_name(event),
			   suffix[i], sum_events(m->private, event, -1, i));
}

static void show_zone_gauges(struct seq_file *m)
{
	struct umbra *u = m->private;
	unsigned long lru[ARRAY_SIZE(zone_lru_names)] = {};
	unsigned long free = 0, blocks = 0, cma = 0;
	struct umbra_zone *zone;
	unsigned int i;

	for_each_umbra_zone(u, zone) {
		free += READ_ONCE(zone->nr_free_pages);
		blocks += umbra_free_in_pageblocks(zone);
		cma += READ_ONCE(zone->nr_free_cma);
		for (i = 0; i < ARRAY_SIZE(lru); i++)
			lru[i] += READ_ONCE(zone->nr_lru[i]);
	}
	seq_printf(m, "nr_free_pages %lu\n", free);
	seq_printf(m, "nr_free_pages_blocks %lu\n", blocks);
	for (i = 0; i < ARRAY_SIZE(lru); i++)
		seq_printf(m, "%s %lu\n", zone_lru_names[i], lru[i]);
	seq_printf(m, "nr_free_cma %lu\n", cma);
}

static void show_node_gauges(struct seq_file *m)
{
	struct umbra *u = m->private;
	unsigned long lru[ARRAY_SIZE(node_lru_names)] = {}, dirty = 0;
	unsigned int nid, i;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		dirty += umbra_node_dirty(u, nid);
		for (i = 0; i < ARRAY_SIZE(lru); i++)
			lru[i] += READ_ONCE(u->nodes[nid].lru.nr[i]);
	}
	for (i = 0; i < ARRAY_SIZE(lru); i++)
		seq_printf(m, "%s %lu\n", node_lru_names[i], lru[i]);
	seq_printf(m, "nr_dirty %lu\n", dirty);
}

static int vmstat_show(struct seq_file *m, void *v)
{
	struct umbra *u = m->private;
	struct umbra_zone *zone;
	unsigned long held = 0;

	for_each_umbra_zone(u, zone)
		held += READ_ONCE(zone->nr_held);
	show_zone_gauges(m);
	show_events(m, numa_events, ARRAY_SIZE(numa_events));
	show_node_gauges(m);
	show_events(m, node_events, ARRAY_SIZE(node_events));
	show_zone_event(m, EVENT_PGALLOC);
	show_events(m, stall_events, ARRAY_SIZE(stall_events));
	show_zone_event(m, EVENT_PGSKIP);
	show_events(m, vm_events, ARRAY_SIZE(vm_events));
	seq_printf(m, "nr_held %lu\n", held);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmstat);

/*
 * Print an index of each zone and order, in 1/1000. @width is that of the part
 * before the point.
 */
static void show_indices(struct seq_file *m, int width,
			 int (*index)(const struct umbra_free_blocks *b,
				      unsigned int order))
{
	struct umbra *u = m->private;
	unsigned long nr_free[UMBRA_NR_ORDERS];
	struct umbra_zone *zone;
	unsigned int order;

	for_each_umbra_zone(u, zone) {
		umbra_snapshot_buddyinfo(zone, nr_free);
		seq_printf(m, "Node %d, zone %8s ", zone->nid, zone->name);
		for (order = 0; order < UMBRA_NR_ORDERS; order++) {
			struct umbra_free_blocks b;
			int value;

			umbra_count_free_blocks(&b, nr_free, order);
			value = index(&b, order);

			/* The sign counts for numbers above -1, too. */
			seq_printf(m, "%*s%d.%03d ", width - 1,
				   value < 0 ? "-" : "", abs(value) / 1000,
				   abs(value) % 1000);
		}
		seq_putc(m, '\n');
	}
}

static int extfrag_index_show(struct seq_file *m, void *v)
{
	show_indices(m, 2, umbra_fragmentation_index);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(extfrag_index);

static int unusable_index_show(struct seq_file *m, void *v)
{
	show_indices(m, 1, umbra_unusable_index);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(unusable_index);

static int zonelists_show(struct seq_file *m, void *v)
{
	static const char * const names[UMBRA_NR_ZONELISTS] = {
		"fallback", "nofallback",
	};
	struct umbra *u = m->private;
	const umbra_zoneref_t *ref;
	struct umbra_zone *zone;
	unsigned int nid, i;

	for (nid = 0; nid < u->nr_nodes; nid++) {
		for (i = 0; i < UMBRA_NR_ZONELISTS; i++) {
			seq_printf(m, "Node %u, %s:", nid, names[i]);
			for_each_umbra_zoneref(u, zone, ref,
					       &u->nodes[nid].zonelists[i],
					       UMBRA_ZONE_MOVABLE,
					       UMBRA_ALL_NODES)
				seq_printf(m, " %u:%s", zone->nid, zone->name);
			seq_putc(m, '\n');
		}
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(zonelists);

static int gfp_flags_show(struct seq_file *m, void *v)
{
	const struct umbra_gfp_name *name;
	unsigned int i;

	for (i = 0; (name = umbra_gfp_old_name(i)); i++)
		seq_printf(m, "%s\t%s\t%s\n", name->name, name->meant,
			   name->today);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(gfp_flags);

/**
 * umbra_debugfs_stat() - create the files with the state of an instance
 * @u: the instance
 * @dir: directory of the instance
 *
 * Context: may sleep.
 */
void umbra_debugfs_stat(struct umbra *u, struct dentry *dir)
{
	struct dentry *extfrag = debugfs_create_dir("extfrag", dir);

	debugfs_create_file("zoneinfo", 0400, dir, u, &zoneinfo_fops);
	debugfs_create_file("vmstat", 0400, dir, u, &vmstat_fops);
	debugfs_create_file("zonelists", 0400, dir, u, &zonelists_fops);
	debugfs_create_file("gfp_flags", 0400, dir, u, &gfp_flags_fops);
	debugfs_create_file("extfrag_index", 0400, extfrag, u,
			    &extfrag_index_fops);
	debugfs_create_file("unusable_index", 0400, extfrag, u,
			    &unusable_index_fops);
}
