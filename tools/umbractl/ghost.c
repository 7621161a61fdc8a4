// SPDX-License-Identifier: GPL-2.0
/*
 * A ghost of the machine of a report. The code of the library that decides
 * about a zone reads the counters of free blocks by order and type, the
 * watermarks and the reserves. The ghost has these as the report has them. It
 * has no descriptors for the pages that they count, so its size does not depend
 * on that of the machine; nothing can be allocated from it.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../libumbra/libumbra.h"
#include "../../src/buddy/watermark.h"
#include "../../src/buddy/zone.h"
#include "../../src/core/core.h"
#include "ghost.h"
#include "reserve.h"

/* Pages that a zone of the instance really has */
#define PB_ORDER	4
#define ZONE_PAGES	BIT(PB_ORDER)

static const enum umbra_zone_type zone_types[LOG_ZONE_TYPES] = {
	[LOG_DMA] = UMBRA_ZONE_DMA, [LOG_DMA32] = UMBRA_ZONE_DMA32,
	[LOG_NORMAL] = UMBRA_ZONE_NORMAL, [LOG_HIGHMEM] = UMBRA_ZONE_HIGHMEM,
	[LOG_MOVABLE] = UMBRA_ZONE_MOVABLE,
};

/* A value in pages, or 0 if it is unknown */
static unsigned long pages_of(const struct log_zone *z, enum log_value which,
			      long long page_kb)
{
	return z->value[which] == UNKNOWN ? 0 : z->value[which] / page_kb;
}

static const struct log_zone *find_zone(const struct report *r,
					unsigned int nid, unsigned int type)
{
	const struct log_zone *z;

	for (z = r->zones; z < r->zones + r->nr_zones; z++)
		if (z->nid == nid && z->type == type &&
		    z->value[LOG_FREE] != UNKNOWN)
			return z;
	return NULL;
}

/* Describe the zones that can be judged, node by node. Returns their number. */
static unsigned int describe(struct ghost *g, const struct report *r,
			     struct umbra_zone_layout *layout)
{
	unsigned int nid, type, nr = 0;

	for (nid = 0; nid < LOG_NODES; nid++) {
		unsigned int before = nr;

		for (type = 0; type < LOG_DEVICE; type++) {
			const struct log_zone *z = find_zone(r, nid, type);

			if (!z)
				continue;
			layout[nr] = (struct umbra_zone_layout) {
				.nid = g->nr_nodes,
				.type = zone_types[type],
				.nr_frames = ZONE_PAGES,
			};
			g->zones[nr++] = z;
		}
		if (nr > before)
			g->nid[g->nr_nodes++] = nid;
	}
	if (nr)
		layout[nr - 1].nr_frames = 0;	/* the rest */
	return nr;
}

/*
 * A report has the number of blocks of an order, and the types that some of
 * them have. Give @type as many blocks of each order as add up to @pages, the
 * largest first, but at least one of each order that names the type.
 */
static void count_type(struct umbra_zone *zone, const struct log_zone *z,
		       unsigned int type, unsigned char letter,
		       unsigned long pages)
{
	unsigned long blocks, least = 0;
	unsigned int order = min_t(unsigned int, z->nr_orders, UMBRA_NR_ORDERS);

	while (order--) {
		struct umbra_free_area *area = &zone->free_area[order];

		if (!(z->types[order] & letter) && z->types[order])
			continue;
		least = z->types[order] == letter ? area->nr_free[UMBRA_MOVABLE] :
						    !!z->types[order];
		blocks = clamp(pages >> order, least, area->nr_free[UMBRA_MOVABLE]);
		if (z->types[order] & ~letter && blocks &&
		    blocks == area->nr_free[UMBRA_MOVABLE])
			blocks--;
		area->nr_free[type] = blocks;
		area->nr_free[UMBRA_MOVABLE] -= blocks;
		pages -= min(pages, blocks << order);
	}
}

/* Blocks above the largest order of the library are several of that one. */
static void count_blocks(struct umbra_zone *zone, const struct log_zone *z)
{
	unsigned int order;

	for (order = 0; order < z->nr_orders; order++) {
		unsigned int at = min_t(unsigned int, order, UMBRA_MAX_ORDER);

		zone->free_area[at].nr_free[UMBRA_MOVABLE] +=
			(unsigned long)z->blocks[order] << (order - at);
	}
}

/*
 * The watermark code subtracts the free pages of the highatomic reserve. A
 * kernel that does not print them subtracts the whole reserve.
 */
static unsigned long highatomic(const struct log_zone *z, long long page_kb)
{
	return pages_of(z, z->value[LOG_FREE_HIGHATOMIC] == UNKNOWN ?
			   LOG_RESERVED_HIGHATOMIC : LOG_FREE_HIGHATOMIC,
			page_kb);
}

static void load_counts(struct umbra_zone *zone, const struct log_zone *z,
			long long page_kb)
{
	unsigned int order;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		memset(zone->free_area[order].nr_free, 0,
		       sizeof(zone->free_area[order].nr_free));
	count_blocks(zone, z);
	zone->nr_free_pages = pages_of(z, LOG_FREE, page_kb);
	zone->nr_free_cma = pages_of(z, LOG_FREE_CMA, page_kb);
	zone->nr_free_highatomic = highatomic(z, page_kb);
	count_type(zone, z, UMBRA_CMA, LOG_TYPE_CMA, zone->nr_free_cma);
	count_type(zone, z, UMBRA_HIGHATOMIC, LOG_TYPE_HIGHATOMIC,
		   zone->nr_free_highatomic);
}

/* Since 5.0 the printed watermarks have the boost in them. */
static void load_marks(struct umbra_zone *zone, const struct report *r,
		       const struct log_zone *z, long long page_kb)
{
	static const enum log_value from[UMBRA_NR_WMARKS] = {
		LOG_MIN, LOG_LOW, LOG_HIGH, LOG_HIGH,
	};
	unsigned long marks[UMBRA_NR_WMARKS], reserve[UMBRA_NR_ZONE_TYPES];
	unsigned long boost = pages_of(z, LOG_BOOST, page_kb);
	unsigned int i;

	for (i = 0; i < UMBRA_NR_WMARKS; i++) {
		marks[i] = pages_of(z, from[i], page_kb);
		marks[i] -= min(marks[i], boost);
	}
	for (i = 0; i < LOG_DEVICE; i++)
		reserve[zone_types[i]] = reserve_for(r, z, i);
	umbra_watermark_load(zone, marks, boost, reserve);
}

static void load(struct ghost *g, const struct report *r, long long page_kb)
{
	struct umbra_zone *zone;
	unsigned long flags;

	for_each_umbra_zone(g->u, zone) {
		const struct log_zone *z = g->zones[zone - g->u->zones];

		spin_lock_irqsave(&zone->lock, flags);
		load_counts(zone, z, page_kb);
		load_marks(zone, r, z, page_kb);
		umbra_zone_unlock(zone, flags);
	}
}

/**
 * ghost_create() - make a ghost of the machine of a report
 * @g: filled in
 * @r: the report
 * @page_kb: size of a page
 *
 * Return: 0; -ENODATA if the report has no zone that can be judged; an error of
 * umbra_sim_create_layout().
 */
int ghost_create(struct ghost *g, const struct report *r, long long page_kb)
{
	struct umbra_zone_layout zones[LOG_ZONES];
	struct umbra_layout layout = {
		.origin = "report",
		.policy = "mainline",
		.pb_order = PB_ORDER,
		.zones = zones,
	};
	int err;

	memset(g, 0, sizeof(*g));
	layout.nr_zones = describe(g, r, zones);
	if (!layout.nr_zones)
		return -ENODATA;
	err = umbra_sim_create_layout("report", &layout,
				      ALIGN(layout.nr_zones * ZONE_PAGES,
					    BIT(UMBRA_MAX_ORDER)), &g->u);
	if (!err)
		load(g, r, page_kb);
	return err;
}

void ghost_destroy(struct ghost *g)
{
	umbra_sim_destroy(g->u);
}

/* Nodes of a report as nodes of the instance */
unsigned int ghost_nodes(const struct ghost *g, unsigned int nodes)
{
	unsigned int i, mask = 0;

	for (i = 0; i < g->nr_nodes; i++)
		if (nodes & BIT(g->nid[i]))
			mask |= BIT(i);
	return mask;
}
