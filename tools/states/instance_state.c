// SPDX-License-Identifier: GPL-2.0
/*
 * The state of an instance, read into bytes and written from them. A state that
 * was read and written again has the same zone in every byte, except for counters
 * of changes; instance_is_good() looks.
 */
#include <string.h>
#include <linux/list.h>
#include <linux/page_ref.h>
#include <linux/spinlock.h>
#include "../../src/buddy/zone.h"
#include "../../src/page/pcp.h"
#include "instance.h"

/* In the flags of a state: the zone has something that no state can have. */
#define ODD		BIT(7)

static struct umbra_pageblock *pageblock_of(const struct instance *in,
					    unsigned int nr)
{
	return &in->u->pageblocks[(in->first >> in->u->pb_order) + nr];
}

/* Orders in the frame map count units, in a state. */
static u8 read_frame(const struct instance *in, unsigned int unit)
{
	u8 byte = frame_read(in->u, frame_of(in, unit));

	switch (frame_state(byte)) {
	case FRAME_OFFLINE:
	case FRAME_TAIL:
	case FRAME_HELD:
		return byte;
	default:
		return byte - in->scene->shift;
	}
}

static u8 unit_of_page(const struct instance *in, const struct page *page)
{
	return unit_of(in, umbra_page_to_index(in->u, page));
}

static void read_lists(const struct instance *in, struct state *s)
{
	struct page *page;
	unsigned int order, type, nr = 0;

	for (order = 0; order < ORDERS; order++) {
		struct umbra_free_area *area;

		if (order + in->scene->shift > UMBRA_MAX_ORDER)
			break;
		area = &in->zone->free_area[order + in->scene->shift];
		for (type = 0; type < UMBRA_NR_TYPES; type++)
			list_for_each_entry(page, &area->free_list[type], lru) {
				if (nr == FREE_BLOCKS) {
					s->flags |= ODD;
					return;
				}
				s->free[nr++] = unit_of_page(in, page);
			}
	}
}

/* The list of a cache for a slot; NULL if the slot keeps one block. */
static struct umbra_pcp_list *list_of(const struct instance *in,
				      struct umbra_pcp *pcp, unsigned int slot)
{
	int list = pcp_list_of(in->u,
			       slot / UMBRA_PCPTYPES + in->scene->shift,
			       slot % UMBRA_PCPTYPES);

	return list < 0 ? NULL : &pcp->lists[list];
}

/* The order of a pageblock may have a list for two types. */
static bool is_shared(const struct instance *in, unsigned int slot)
{
	unsigned int order = slot / UMBRA_PCPTYPES;

	return order == in->scene->pb_order &&
	       order + in->scene->shift > PAGE_ALLOC_COSTLY_ORDER &&
	       slot % UMBRA_PCPTYPES == UMBRA_RECLAIMABLE;
}

static u32 *single_of(const struct instance *in, struct umbra_pcp *pcp,
		      unsigned int slot)
{
	return &pcp->single[slot / UMBRA_PCPTYPES + in->scene->shift]
			   [slot % UMBRA_PCPTYPES];
}

static bool has_slot(const struct instance *in, unsigned int slot)
{
	return slot / UMBRA_PCPTYPES + in->scene->shift <= UMBRA_MAX_ORDER &&
	       !is_shared(in, slot);
}

static unsigned int read_slot(const struct instance *in, struct umbra_pcp *pcp,
			      unsigned int slot, u8 *at, unsigned int room)
{
	struct umbra_pcp_list *list = list_of(in, pcp, slot);
	u32 *frames = list ? list->frames : single_of(in, pcp, slot);
	unsigned int nr = list ? list->nr : *frames != UMBRA_NO_FRAME, i;

	for (i = 0; i < nr && i < room; i++)
		at[i] = slot << CACHED_BITS | unit_of(in, frames[i]);
	return nr;
}

static void read_cache(const struct instance *in, struct state *s,
		       unsigned int cpu)
{
	struct umbra_pcp *pcp = per_cpu_ptr(in->zone->pcp, cpu);
	unsigned int slot, nr = 0, more;
	int pages = 0;

	for (slot = 0; slot < SLOTS; slot++) {
		if (!has_slot(in, slot) || nr > UNITS)
			continue;
		more = read_slot(in, pcp, slot, s->cached[cpu] + nr,
				 UNITS - nr);
		nr += more;
		pages += more << (slot / UMBRA_PCPTYPES + in->scene->shift);
	}
	s->cache[cpu] = (struct state_cache) {
		.alloc_factor = pcp->alloc_factor,
		.freed_high_order = pcp->freed_high_order,
		.high = pcp->high,
		.free_count = pcp->free_count,
	};
	if (pcp->busy || nr > UNITS || pcp->count != pages)
		s->flags |= ODD;
}

static bool is_low(const struct umbra_zone *zone)
{
	return zone->nr_free_pages < umbra_mark(zone, UMBRA_WMARK_LOW);
}

void instance_read(struct instance *in, struct state *s)
{
	const struct umbra_zone *zone = in->zone;
	unsigned int i, cpu;

	memset(s, 0, sizeof(*s));
	memset(s->free, NONE, sizeof(s->free));
	memset(s->cached, NONE, sizeof(s->cached));
	for (i = 0; i < UNITS; i++) {
		s->map[i] = read_frame(in, i);
		if (page_ref_count(page_of(in, i)) != 1)
			s->pinned |= BIT(i);
	}
	for (i = 0; i < UNITS >> in->scene->pb_order; i++)
		s->types[i] = pageblock_of(in, i)->type;
	s->boost = zone->watermark_boost;
	s->flags = zone->flags & STATE_FLAGS;
	if ((zone->flags & ~STATE_FLAGS) !=
	    (is_low(zone) ? BIT(ZONE_FLAG_BELOW_LOW) : 0))
		s->flags |= ODD;
	read_lists(in, s);
	for (cpu = 0; cpu < scene_cpus(in->scene); cpu++)
		read_cache(in, s, cpu);
}

static void write_frame(const struct instance *in, unsigned int unit, u8 byte)
{
	switch (frame_state(byte)) {
	case FRAME_OFFLINE:
	case FRAME_TAIL:
		break;
	case FRAME_HELD:
		pageblock_of(in, unit >> in->scene->pb_order)->nr_held++;
		in->zone->nr_held++;
		break;
	default:
		byte += in->scene->shift;
	}
	in->u->map[frame_of(in, unit)] = byte;
}

static void write_block(const struct instance *in, unsigned int unit)
{
	struct umbra_zone *zone = in->zone;
	u32 index = frame_of(in, unit);
	unsigned int order = frame_order(in->u->map[index]);
	unsigned int type = umbra_frame_type(in->u, index);
	unsigned long pages = 1UL << order;

	list_add_tail(&page_of(in, unit)->lru,
		      &zone->free_area[order].free_list[type]);
	zone->free_area[order].nr_free[type]++;
	zone->listed[type] |= BIT(order);
	if (type == UMBRA_ISOLATE) {
		zone->nr_isolated += pages;
		return;
	}
	zone->nr_free_pages += pages;
	if (type == UMBRA_CMA)
		zone->nr_free_cma += pages;
	if (type == UMBRA_HIGHATOMIC)
		zone->nr_free_highatomic += pages;
}

static void write_pageblock(const struct instance *in, unsigned int nr, u8 type)
{
	pageblock_of(in, nr)->type = type;
	pageblock_of(in, nr)->nr_held = 0;
	if ((type & ~UMBRA_PB_ISOLATED) == UMBRA_HIGHATOMIC)
		in->zone->nr_reserved_highatomic += 1UL << in->u->pb_order;
}

static void write_cache(const struct instance *in, const struct state *s,
			unsigned int cpu)
{
	struct umbra_pcp *pcp = per_cpu_ptr(in->zone->pcp, cpu);
	unsigned int i;

	*pcp = in->no_cache;
	for (i = 0; i < UNITS && s->cached[cpu][i] != NONE; i++) {
		unsigned int slot = s->cached[cpu][i] >> CACHED_BITS;
		u32 index = frame_of(in, s->cached[cpu][i] & CACHED_HEAD);
		struct umbra_pcp_list *list = list_of(in, pcp, slot);

		if (list)
			list->frames[list->nr++] = index;
		else
			*single_of(in, pcp, slot) = index;
		pcp->count += 1 << (slot / UMBRA_PCPTYPES + in->scene->shift);
	}
	pcp->alloc_factor = s->cache[cpu].alloc_factor;
	pcp->freed_high_order = s->cache[cpu].freed_high_order;
	pcp->high = s->cache[cpu].high;
	pcp->free_count = s->cache[cpu].free_count;
}

/* The release of the lock computes all that follows from the free pages. */
void instance_write(struct instance *in, const struct state *s)
{
	struct umbra_zone *zone = in->zone;
	unsigned long flags;
	unsigned int i, cpu;

	*zone = in->empty;
	zone->flags = s->flags;
	zone->watermark_boost = s->boost;
	zone->fast_mark += s->boost;
	for (i = 0; i < UNITS >> in->scene->pb_order; i++)
		write_pageblock(in, i, s->types[i]);
	for (i = 0; i < UNITS; i++) {
		write_frame(in, i, s->map[i]);
		set_page_count(page_of(in, i), 1 + !!(s->pinned & BIT(i)));
	}
	for (i = 0; i < FREE_BLOCKS && s->free[i] != NONE; i++)
		write_block(in, s->free[i]);
	for (cpu = 0; cpu < scene_cpus(in->scene); cpu++)
		write_cache(in, s, cpu);
	spin_lock_irqsave(&zone->lock, flags);
	umbra_zone_unlock(zone, flags);
}
