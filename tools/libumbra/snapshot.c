// SPDX-License-Identifier: GPL-2.0
/* The state of an instance, for programs. */
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <sim/trace.h>
#include "../../src/buddy/fragmentation.h"
#include "../../src/core/core.h"
#include "../../src/core/frame.h"
#include "../../src/core/names.h"
#include "../../src/core/span.h"
#include "../../src/core/stats.h"
#include "../../src/inspect/finding.h"
#include "../../src/inspect/snapshot.h"
#include "../../src/inspect/verify.h"
#include "../../src/page/pcp.h"
#include "../../src/parse/text.h"
#include "internal.h"

/**
 * umbra_sim_page() - get the page of a frame
 * @u: the instance
 * @frame: index of the frame
 *
 * Return: the page, or NULL for a frame without one.
 */
struct page *umbra_sim_page(const struct umbra *u, unsigned int frame)
{
	return frame < u->nr_frames && umbra_index_has_page(u, frame) ?
	       umbra_index_to_page(u, frame) : NULL;
}

/**
 * umbra_sim_frame() - get the frame of a page
 * @u: the instance
 * @page: a page of the instance
 *
 * Return: index of the frame.
 */
unsigned int umbra_sim_frame(const struct umbra *u, const struct page *page)
{
	return umbra_page_to_index(u, page);
}

/**
 * umbra_sim_page_get() - take a reference, as a pin does
 * @page: a page of an instance
 */
void umbra_sim_page_get(struct page *page)
{
	page_ref_inc(page);
}

/**
 * umbra_sim_page_put() - drop a reference of umbra_sim_page_get()
 * @page: the page
 */
void umbra_sim_page_put(struct page *page)
{
	page_ref_dec(page);
}

unsigned int umbra_sim_nr_zones(const struct umbra *u)
{
	return u->nr_zones;
}

unsigned int umbra_sim_nr_frames(const struct umbra *u)
{
	return u->nr_frames;
}

/**
 * umbra_sim_zone() - read the state of a zone
 * @u: the instance
 * @nr: number of the zone, less than umbra_sim_nr_zones()
 * @z: filled in
 */
void umbra_sim_zone(struct umbra *u, unsigned int nr, struct umbra_sim_zone *z)
{
	struct umbra_zone *zone = &u->zones[nr];

	*z = (struct umbra_sim_zone) {
		.name = zone->name,
		.nid = zone->nid,
		.start = zone->start,
		.end = zone->end,
		.nr_managed = zone->nr_managed,
		.nr_free = zone->nr_free_pages,
		.nr_held = zone->nr_held,
		.nr_cached = umbra_pcp_count(zone, -1),
		.min = zone->watermark[UMBRA_WMARK_MIN],
		.low = zone->watermark[UMBRA_WMARK_LOW],
		.high = zone->watermark[UMBRA_WMARK_HIGH],
		.boost = zone->watermark_boost,
	};
	umbra_snapshot_pagetypes(zone, z->blocks);
}

/**
 * umbra_sim_block() - read the state of a frame
 * @u: the instance
 * @frame: index of the frame, less than umbra_sim_nr_frames()
 * @block: filled in
 */
void umbra_sim_block(struct umbra *u, unsigned int frame,
		     struct umbra_sim_block *block)
{
	u8 byte = frame_read(u, frame);

	block->state = umbra_frame_state_name(frame_state(byte));
	block->order = frame_order(byte);
	block->head = frame_state(byte) != FRAME_TAIL;
}

/**
 * umbra_sim_walk_free() - visit every free block in the order of the lists
 * @u: the instance
 * @fn: called for each block; must not allocate or free
 * @arg: its first argument
 *
 * Return: false if there is no memory for the snapshot.
 */
bool umbra_sim_walk_free(struct umbra *u,
			 void (*fn)(void *arg, unsigned int zone,
				    unsigned int order, unsigned int type,
				    unsigned int frame), void *arg)
{
	struct umbra_free_snapshot *free = umbra_snapshot_free(u);
	unsigned long i;

	if (!free)
		return false;
	for (i = 0; i < free->nr; i++)
		fn(arg, free->blocks[i].zone, free->blocks[i].order,
		   free->blocks[i].type, free->blocks[i].index);
	kvfree(free);
	return true;
}

/**
 * umbra_sim_events() - read a counter of vmstat
 * @u: the instance
 * @event: its name
 *
 * Return: the number of events, or 0 for another name.
 */
unsigned long umbra_sim_events(struct umbra *u, const char *event)
{
	struct umbra_zone *zone;
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < UMBRA_NR_EVENTS; i++)
		if (!strcmp(umbra_event_name(i), event))
			for_each_umbra_zone(u, zone)
				nr += umbra_zone_events(zone, i);
	return nr;
}

static void hash_in(u64 *hash, u64 value)
{
	unsigned int i;

	/* FNV-1a */
	for (i = 0; i < sizeof(value); i++) {
		*hash ^= (value >> (8 * i)) & 0xff;
		*hash *= 0x100000001b3ULL;
	}
}

static void hash_block(void *arg, unsigned int zone, unsigned int order,
		       unsigned int type, unsigned int frame)
{
	hash_in(arg, (u64)frame << 32 | zone << 16 | order << 8 | type);
}

/**
 * umbra_sim_hash() - get a number for the state of an instance
 * @u: the instance
 *
 * The number covers the frame map, the free lists in their order, the types of
 * pageblocks, and the counters of each zone.
 *
 * Return: the number; equal states have equal numbers.
 */
unsigned long long umbra_sim_hash(struct umbra *u)
{
	u64 hash = 0xcbf29ce484222325ULL;
	struct umbra_zone *zone;
	unsigned int i;

	for (i = 0; i < u->nr_frames; i++)
		hash_in(&hash, frame_read(u, i));
	for (i = 0; i < umbra_nr_pageblocks(u); i++)
		hash_in(&hash, u->pageblocks[i].type);
	for_each_umbra_zone(u, zone) {
		hash_in(&hash, zone->nr_free_pages);
		hash_in(&hash, zone->nr_held);
		hash_in(&hash, zone->watermark_boost);
		hash_in(&hash, umbra_pcp_count(zone, -1));
	}
	if (!umbra_sim_walk_free(u, hash_block, &hash))
		sim_die("no memory for a snapshot");
	return hash;
}

/**
 * umbra_sim_verify() - check all invariants
 * @u: the instance
 * @found: called for each of the first findings, or NULL
 * @arg: its first argument
 *
 * Return: the number of findings.
 */
unsigned long umbra_sim_verify(struct umbra *u,
			       void (*found)(void *arg, const char *finding,
					     unsigned int frame), void *arg)
{
	struct umbra_findings v;
	unsigned long i;

	umbra_verify(u, &v);
	for (i = 0; found && i < v.nr_findings && i < UMBRA_FIRST_FINDINGS; i++)
		found(arg, umbra_finding_name(v.first[i].code),
		      v.first[i].index);
	return v.nr_findings;
}

const char *umbra_sim_type_name(unsigned int type)
{
	return umbra_type_name(type);
}

const char *umbra_sim_gfp_name(gfp_t gfp)
{
	return sim_gfp_names(gfp);
}

/* Returns -EINVAL if the text is no size. */
int umbra_sim_bytes_parse(const char *text, unsigned long long *bytes)
{
	return umbra_parse_bytes(text, bytes);
}
