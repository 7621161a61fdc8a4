// SPDX-License-Identifier: GPL-2.0
/*
 * One step of the oracle, done by the host and by the instance. Both must give
 * the same frames.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/string.h>
#include <umbra/umbra.h>
#include "../src/core/core.h"
#include "../src/core/frame.h"
#include "oracle.h"

/* A page that the array of a bulk request may hold before. */
#define OLD_PAGE ZERO_PAGE(0)

static struct page *page_of_host(const struct oracle *o, u32 frame)
{
	const struct oracle_zone *zone = o->zones;

	while (frame >= zone->first + zone->nr_frames)
		zone++;
	return pfn_to_page(zone->base_pfn + frame - zone->first);
}

/* Returns the frame in the instance, -1 for no page, or -2 for another node. */
static long frame_of_host(const struct oracle *o, const struct page *page)
{
	unsigned int i;

	if (!page)
		return -1;
	for (i = 0; i < o->nr_zones; i++)
		if (page_zone(page) == o->zones[i].host)
			return page_to_pfn(page) - o->zones[i].base_pfn +
			       o->zones[i].first;
	return -2;
}

static void free_pair(struct oracle *o, struct page *host, struct page *ours,
		      unsigned int order)
{
	if (host)
		__free_pages(host, order);
	if (ours)
		umbra_free_pages(o->u, ours, order);
}

/*
 * Hold a block that both have given, or count a failure of both. Returns -EIO if
 * they differ; then both blocks are free again.
 */
static int hold(struct oracle *o, u32 number, struct page *host,
		struct page *ours, unsigned int order)
{
	long theirs = frame_of_host(o, host);
	long mine = ours ? (long)(ours - o->pages) : -1;
	struct oracle_block *block = &o->blocks[number];

	if (theirs != mine) {
		oracle_tell(o, "block %u, order %u: host frame %ld, umbra frame %ld\n",
			    number, order, theirs, mine);
		free_pair(o, host, ours, order);
		return -EIO;
	}
	if (!host) {
		o->nr_failed++;
		return 0;
	}
	o->nr_allocs++;
	o->held[o->nr_held++] = number;
	*block = (struct oracle_block) {
		.frame = mine,
		.place = o->nr_held,
		.order = order,
	};
	return 0;
}

static int do_alloc(struct oracle *o, const struct oracle_step *s)
{
	gfp_t gfp = (__force gfp_t)s->gfp | __GFP_THISNODE;
	struct page *host = alloc_pages_node(o->nid, gfp, s->order);
	struct page *ours = umbra_alloc_pages_nodemask(o->u, gfp, s->order, 0,
						       NULL);

	return hold(o, s->block, host, ours, s->order);
}

/* Fill an array that may have an element already, which both must pass over. */
static int do_bulk(struct oracle *o, const struct oracle_step *s)
{
	gfp_t gfp = (__force gfp_t)s->gfp | __GFP_THISNODE;
	unsigned long theirs, mine;
	unsigned int i;
	int err = 0;

	memset(o->host_bulk, 0, sizeof(o->host_bulk));
	memset(o->our_bulk, 0, sizeof(o->our_bulk));
	if (s->at < s->nr) {
		o->host_bulk[s->at] = OLD_PAGE;
		o->our_bulk[s->at] = OLD_PAGE;
	}
	theirs = alloc_pages_bulk_node(gfp, o->nid, s->nr, o->host_bulk);
	mine = umbra_alloc_pages_bulk(o->u, gfp, 0, NULL, s->nr, o->our_bulk);
	if (theirs != mine) {
		oracle_tell(o, "bulk of %u pages: host %lu, umbra %lu\n", s->nr,
			    theirs, mine);
		err = -EIO;
	}
	for (i = 0; i < s->nr; i++) {
		struct page *host = o->host_bulk[i], *ours = o->our_bulk[i];

		if (i == s->at || (!host && !ours))
			continue;
		if (err)
			free_pair(o, host, ours, 0);
		else
			err = hold(o, s->block + i, host, ours, 0);
	}
	return err;
}

/* Is a range in one zone, and has the host descriptors for all of it? */
static bool is_in_zone(const struct oracle *o, u32 start, u32 end)
{
	const struct oracle_zone *zone = o->zones;
	u32 i;

	while (zone < o->zones + o->nr_zones &&
	       start >= zone->first + zone->nr_frames)
		zone++;
	if (zone == o->zones + o->nr_zones || start >= end ||
	    end > zone->first + zone->nr_frames)
		return false;
	for (i = round_down(start, pageblock_nr_pages); i < end;
	     i += pageblock_nr_pages)
		if (!pfn_to_online_page(zone->base_pfn + i - zone->first))
			return false;
	return true;
}

/* Is a page in use that shares a pageblock with the ends of a range? */
static bool has_neighbours(struct oracle *o, u32 start, u32 end)
{
	u32 index = umbra_pageblock_start(o->u, start);
	u32 last = umbra_pageblock_end(o->u, end - 1);

	for (; index < last; index++)
		if ((index < start || index >= end) &&
		    (frame_is_allocated(frame_read(o->u, index)) ||
		     frame_state(frame_read(o->u, index)) == FRAME_OFFLINE))
			return true;
	return false;
}

/*
 * Allocate a given range; it fails if a page of it is in use. The step does
 * nothing in a hole of the zone, or if a neighbour is in use, for which only the
 * host refuses. The page frame numbers of the instance are those of its frames.
 */
static int do_range(struct oracle *o, const struct oracle_step *s)
{
	u32 end = s->frame + s->nr;
	int theirs, mine;
	unsigned long pfn;

	if (!is_in_zone(o, s->frame, end) || has_neighbours(o, s->frame, end))
		return 0;
	pfn = page_to_pfn(page_of_host(o, s->frame));
	theirs = umbra_host_alloc_contig(pfn, pfn + s->nr);
	mine = umbra_alloc_contig_range(o->u, s->frame, end,
					GFP_KERNEL | __GFP_NOWARN);
	if (theirs != mine) {
		oracle_tell(o, "range of %u pages at frame %u: host %d, umbra %d\n",
			    s->nr, s->frame, theirs, mine);
		if (!theirs)
			free_contig_range(pfn, s->nr);
		if (!mine)
			umbra_free_contig_range(o->u, s->frame, s->nr);
		return -EIO;
	}
	o->nr_refused += !!theirs;
	if (!theirs) {
		o->nr_ranges++;
		o->held[o->nr_held++] = s->block;
		o->blocks[s->block] = (struct oracle_block) {
			.frame = s->frame,
			.place = o->nr_held,
			.nr = s->nr,
		};
	}
	return 0;
}

static void free_range(struct oracle *o, const struct oracle_block *block)
{
	free_contig_range(page_to_pfn(page_of_host(o, block->frame)),
			  block->nr);
	umbra_free_contig_range(o->u, block->frame, block->nr);
}

/* A block whose request failed, or is not in the sequence, is not freed. */
static int do_free(struct oracle *o, const struct oracle_step *s)
{
	struct oracle_block *block = &o->blocks[s->block];
	u32 last;

	if (!block->place)
		return 0;
	last = o->held[--o->nr_held];
	o->held[block->place - 1] = last;
	o->blocks[last].place = block->place;
	block->place = 0;
	if (block->nr)
		free_range(o, block);
	else
		free_pair(o, page_of_host(o, block->frame),
			  o->pages + block->frame, block->order);
	return 0;
}

static int (* const kinds[])(struct oracle *, const struct oracle_step *) = {
	[ORACLE_STEP_ALLOC] = do_alloc,
	[ORACLE_STEP_BULK] = do_bulk,
	[ORACLE_STEP_RANGE] = do_range,
	[ORACLE_STEP_FREE] = do_free,
};

/* Do a step. Returns 0, or -EIO if both did it differently. Context: may sleep. */
int oracle_do(struct oracle *o, const struct oracle_step *step)
{
	static_assert(ARRAY_SIZE(kinds) == ORACLE_NR_KINDS);

	return kinds[step->kind](o, step);
}

/* Free every block that is held. */
void oracle_free_all(struct oracle *o)
{
	while (o->nr_held)
		do_free(o, &(struct oracle_step) { .block = o->held[0] });
}
