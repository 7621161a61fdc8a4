// SPDX-License-Identifier: GPL-2.0
/*
 * Import: the state of a zone of the host, read from its structures. Nothing of
 * the host is changed. Pages in the caches of CPUs count as used.
 */
#include <linux/align.h>
#include <linux/err.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "../compat/pageblock.h"
#include "../core/frame.h"
#include "import.h"
#include "zone_state.h"

/*
 * The lists are read in one hold of the zone lock of the host, which must be
 * short.
 */
#define MOST_BLOCKS 16384

/* The zone type of umbra for each one of the host, or UMBRA_NO_ZONE. */
static const u8 zone_types[MAX_NR_ZONES] = {
#ifdef CONFIG_ZONE_DMA
	[ZONE_DMA] = UMBRA_ZONE_DMA,
#endif
#ifdef CONFIG_ZONE_DMA32
	[ZONE_DMA32] = UMBRA_ZONE_DMA32,
#endif
	[ZONE_NORMAL] = UMBRA_ZONE_NORMAL,
#ifdef CONFIG_HIGHMEM
	[ZONE_HIGHMEM] = UMBRA_ZONE_HIGHMEM,
#endif
	[ZONE_MOVABLE] = UMBRA_ZONE_MOVABLE,
#ifdef CONFIG_ZONE_DEVICE
	[ZONE_DEVICE] = UMBRA_NO_ZONE,
#endif
};

static const u8 migratetypes[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = UMBRA_UNMOVABLE,
	[MIGRATE_MOVABLE] = UMBRA_MOVABLE,
	[MIGRATE_RECLAIMABLE] = UMBRA_RECLAIMABLE,
	[MIGRATE_HIGHATOMIC] = UMBRA_HIGHATOMIC,
#ifdef CONFIG_CMA
	[MIGRATE_CMA] = UMBRA_CMA,
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	[MIGRATE_ISOLATE] = UMBRA_ISOLATE,
#endif
};

/* Copy the list of an order and a type. Zone lock of the host held. */
static int import_list(struct umbra_zone_state *s, struct zone *zone,
		       unsigned int order, unsigned int type)
{
	struct page *page;

	list_for_each_entry(page, &zone->free_area[order].free_list[type],
			    buddy_list) {
		unsigned long index = page_to_pfn(page) - s->base_pfn;

		if (s->nr_blocks == MOST_BLOCKS)
			return -E2BIG;
		if (index + (1UL << order) > s->nr_frames)
			return -EIO;
		s->blocks[s->nr_blocks++] = (struct umbra_free_entry) {
			.index = index,
			.order = order,
			.type = migratetypes[type],
		};
	}
	return 0;
}

/*
 * Copy the lists by order and by umbra's number of the type, and the numbers
 * that change with them.
 */
static int import_lists(struct umbra_zone_state *s, struct zone *zone)
{
	unsigned int order, type, wanted;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (wanted = 0; wanted < UMBRA_NR_TYPES; wanted++)
			for (type = 0; type < MIGRATE_TYPES && !err; type++)
				if (migratetypes[type] == wanted)
					err = import_list(s, zone, order,
							  type);
	s->watermark_boost = zone->watermark_boost;
	s->nr_reserved_highatomic = zone->nr_reserved_highatomic;
	spin_unlock_irqrestore(&zone->lock, flags);
	return err;
}

static void import_marks(struct umbra_zone_state *s, const struct zone *zone)
{
	unsigned int i;

	for (i = 0; i < NR_WMARK && i < UMBRA_NR_WMARKS; i++)
		s->watermark[i] = zone->_watermark[i];
	for (i = 0; i < MAX_NR_ZONES; i++)
		if (zone_types[i] < UMBRA_NR_ZONE_TYPES)
			s->lowmem_reserve[zone_types[i]] =
				zone->lowmem_reserve[i];
}

/* Does the host's allocator manage a page, as one of this zone? */
static bool is_managed(const struct zone *zone, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && page_zone(page) == zone && !PageReserved(page);
}

static int import_frames(struct umbra_zone_state *s, const struct zone *zone)
{
	unsigned long pageblock = 1UL << s->pb_order, pfn, i, type;

	umbra_zone_state_mark_free(s);
	for (i = 0; i < s->nr_frames; i++) {
		pfn = s->base_pfn + i;
		if (i % pageblock == 0) {
			type = MIGRATE_MOVABLE;
			if (pfn_to_online_page(pfn))
				type = umbra_host_pageblock_type(pfn);
			if (type >= MIGRATE_TYPES ||
			    migratetypes[type] == UMBRA_ISOLATE)
				return -EBUSY;
			s->types[i / pageblock] = migratetypes[type];
			cond_resched();
		}
		/* All bytes that no free block has set are 0, so offline. */
		if (!s->map[i] && is_managed(zone, pfn))
			s->map[i] = frame_make(FRAME_ALLOC, 0);
	}
	return 0;
}

/**
 * umbra_import_zone() - read the state of a zone of the host
 * @nid: a node of the host
 * @zone: a zone of that node, as its enum zone_type
 *
 * The first frame is aligned to the largest block. The state is consistent if
 * nothing else allocates or frees in the zone meanwhile.
 *
 * Context: may sleep; takes the zone lock of the host once.
 * Return: the state, or an ERR_PTR: -ENODEV, the host has no such zone;
 * -EOPNOTSUPP, this host cannot be read; -E2BIG, the zone has too many free
 * blocks; -EBUSY, a pageblock is isolated; -EIO, the lists changed; -ENOMEM.
 */
struct umbra_zone_state *umbra_import_zone(int nid, unsigned int zone)
{
	unsigned long block = 1UL << UMBRA_MAX_ORDER;
	unsigned long start, nr_frames;
	struct umbra_zone_state *s;
	struct zone *z;
	int err;

	if (nid < 0 || nid >= MAX_NUMNODES || !node_online(nid) ||
	    zone >= MAX_NR_ZONES || zone_types[zone] == UMBRA_NO_ZONE)
		return ERR_PTR(-ENODEV);
	z = &NODE_DATA(nid)->node_zones[zone];
	if (!populated_zone(z))
		return ERR_PTR(-ENODEV);
#ifndef UMBRA_HAS_PAGEBLOCKS
	return ERR_PTR(-EOPNOTSUPP);
#endif
	start = ALIGN_DOWN(z->zone_start_pfn, block);
	nr_frames = ALIGN(zone_end_pfn(z), pageblock_nr_pages) - start;
	if (nr_frames > UMBRA_MAX_PAGES)
		return ERR_PTR(-E2BIG);
	s = umbra_zone_state_new(nr_frames, pageblock_order, MOST_BLOCKS);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->base_pfn = start;
	s->type = zone_types[zone];
	import_marks(s, z);
	err = import_lists(s, z);
	if (!err)
		err = import_frames(s, z);
	if (err) {
		umbra_zone_state_delete(s);
		return ERR_PTR(err);
	}
	return s;
}
EXPORT_SYMBOL_FOR_MODULES(umbra_import_zone, UMBRA_TEST_MODULES);
