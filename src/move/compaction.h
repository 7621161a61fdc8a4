/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of one run of compaction over a zone. compact.c decides when to run
 * and when the run is done, compact_hints.c decides where the scanners start,
 * compact_scan.c finds source blocks and free blocks, and compact_move.c moves
 * the blocks.
 *
 * Private to move/.
 */
#ifndef _UMBRA_COMPACTION_H
#define _UMBRA_COMPACTION_H

#include "../core/core.h"
#include "../core/request.h"

/* A batch is full when it has this number of pages. */
#define COMPACT_BATCH 32

/* In place of an order: the whole zone is compacted. */
#define COMPACT_WHOLE (-1)

/**
 * struct umbra_isolated - batch of isolated blocks that are about to be moved
 * @nr: number of blocks
 * @nr_pages: number of pages in the blocks
 * @frames: heads of the blocks
 */
struct umbra_isolated {
	unsigned int nr;
	unsigned int nr_pages;
	u32 frames[COMPACT_BATCH];
};

/**
 * struct umbra_compaction - run of compaction over a zone
 * @zone: zone to compact
 * @rq: request that waits for the run, or NULL
 * @order: order of the wanted block, or COMPACT_WHOLE
 * @type: migratetype of the wanted block
 * @flags: ALLOC_* of the request
 * @mode: mode of migration
 * @whole_zone: whether the run covers the whole zone
 * @ignore_hints: whether pageblocks with a skip hint are scanned too
 * @any_target: whether blocks may be moved into pageblocks of any type
 * @proactive: whether the run ends at the low score of fragmentation
 * @whole_blocks: whether the run ends when whole free pageblocks reach the high
 *	watermark
 * @highest: with @whole_blocks, highest zone that requests may use
 *
 * @migrate: position of the migrate scanner
 * @free: position of the free scanner; the frames below are not scanned yet
 * @contended: whether the run waited for the zone lock, or its task must end
 * @captured: head of the block captured for @rq, or UMBRA_NO_FRAME
 * @batch: isolated blocks
 * @nr_stashed: number of pages in @stash
 * @stash: free blocks taken off the lists, in state PCP, by order
 * @nr_moved: number of pages moved
 * @nr_failed: number of pages that were isolated but not moved
 * @migrate_scanned: number of frames that the migrate scanner passed
 * @free_scanned: number of frames that the free scanner passed
 *
 * The caller sets the members up to @highest; umbra_compact_zone() sets the
 * others.
 */
struct umbra_compaction {
	struct umbra_zone *zone;
	const struct umbra_request *rq;
	int order;
	enum umbra_migratetype type;
	unsigned int flags;
	enum umbra_migrate_mode mode;
	bool whole_zone;
	bool ignore_hints;
	bool any_target;
	bool proactive;
	bool whole_blocks;
	enum umbra_zone_type highest;

	u32 migrate;
	u32 free;
	bool contended;
	u32 captured;
	struct umbra_isolated batch;
	unsigned int nr_stashed;
	struct list_head stash[UMBRA_NR_ORDERS];
	unsigned long nr_moved;
	unsigned long nr_failed;
	unsigned long migrate_scanned;
	unsigned long free_scanned;
};

enum umbra_compact_scan {
	COMPACT_SCAN_ABORT,	/* the task must end */
	COMPACT_SCAN_NONE,	/* no block was isolated */
	COMPACT_SCAN_SOME	/* a batch is isolated */
};

static inline u32 compact_block_start(const struct umbra_compaction *c,
				      u32 index)
{
	return umbra_pageblock_start(c->zone->umbra, index);
}

static inline u32 compact_block_end(const struct umbra_compaction *c, u32 index)
{
	return umbra_pageblock_end(c->zone->umbra, index);
}

static inline bool compact_has_met(const struct umbra_compaction *c)
{
	return compact_block_start(c, c->free) <=
	       compact_block_start(c, c->migrate);
}

#endif /* _UMBRA_COMPACTION_H */
