/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of compaction over a zone, as its parts see it: compact.c decides
 * when to run and when it is done, compact_hints.c where, compact_scan.c finds
 * what to move and where to, and compact_move.c moves it.
 *
 * Private to move/.
 */
#ifndef _UMBRA_COMPACTION_H
#define _UMBRA_COMPACTION_H

#include "../core/core.h"
#include "../core/request.h"

/* Why blocks are moved; for a tracepoint. */
enum umbra_migrate_reason {
	UMBRA_MIGRATE_FOR_COMPACTION,
	UMBRA_MIGRATE_FOR_RANGE
};

/* As many pages are isolated at once. */
#define COMPACT_BATCH 32

/* Of the whole zone, for no order in particular. */
#define COMPACT_WHOLE (-1)

/**
 * struct umbra_isolated - blocks that are isolated, to be moved
 * @nr: how many
 * @nr_pages: their pages
 * @frames: their heads
 */
struct umbra_isolated {
	unsigned int nr;
	unsigned int nr_pages;
	u32 frames[COMPACT_BATCH];
};

/**
 * struct umbra_compaction - a run of compaction over a zone
 * @zone: the zone
 * @rq: the request that waits for it, or NULL
 * @order: what is wanted, or COMPACT_WHOLE
 * @type: for which type
 * @highest: for which highest zone
 * @flags: ALLOC_*, what the request may use
 * @mode: how to migrate
 * @whole_zone: go over all of it
 * @ignore_hints: look at every pageblock
 * @any_target: pageblocks of any type may be filled
 * @proactive: until little is in pieces
 *
 * @migrate: where the migrate scanner is
 * @free: where the free scanner is; below, it has not been
 * @contended: somebody else wants the lock, or this task should end
 * @captured: the block that was captured for @rq, or UMBRA_NO_FRAME
 * @batch: what is isolated
 * @nr_stashed: pages in @stash
 * @stash: free blocks off the lists, in state PCP, by order
 * @nr_moved: pages moved
 * @nr_failed: pages that were isolated, and stayed
 * @migrate_scanned: frames the migrate scanner went over
 * @free_scanned: frames the free scanner did
 *
 * The caller sets what comes first; umbra_compact_zone() the rest.
 */
struct umbra_compaction {
	struct umbra_zone *zone;
	const struct umbra_request *rq;
	int order;
	enum umbra_migratetype type;
	enum umbra_zone_type highest;
	unsigned int flags;
	enum umbra_migrate_mode mode;
	bool whole_zone;
	bool ignore_hints;
	bool any_target;
	bool proactive;

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
	COMPACT_SCAN_ABORT,	/* this task should end */
	COMPACT_SCAN_NONE,	/* nothing in this pageblock */
	COMPACT_SCAN_SOME
};

static inline u32 compact_block_start(const struct umbra_compaction *c,
				      u32 index)
{
	return ALIGN_DOWN(index, 1U << c->zone->umbra->pb_order);
}

static inline u32 compact_block_end(const struct umbra_compaction *c, u32 index)
{
	return ALIGN(index + 1, 1U << c->zone->umbra->pb_order);
}

static inline bool compact_has_met(const struct umbra_compaction *c)
{
	return compact_block_start(c, c->free) <=
	       compact_block_start(c, c->migrate);
}

#endif /* _UMBRA_COMPACTION_H */
