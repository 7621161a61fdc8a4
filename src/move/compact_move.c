// SPDX-License-Identifier: GPL-2.0
/* Moving a batch of isolated blocks to free blocks of the stash. */
#include <linux/sched.h>
#include "../core/core.h"
#include "../core/debug.h"
#include "../core/frame.h"
#include "../core/owner.h"
#include "../core/stats.h"
#include "capture.h"
#include "compact_move.h"
#include "compact_scan.h"
#include "compaction.h"
#include "movable.h"
#include <trace/events/umbra_compaction.h>

/* Number of attempts to move a block if its owner returns -EAGAIN. */
#define PASSES_ASYNC 3
#define PASSES_SYNC 10

/*
 * Move one block of a batch. Returns 0, the error of the owner, -ENOMEM if
 * there is no free block at all, or -EBUSY if no free block is large enough.
 */
static int move_one(struct umbra_compaction *c, u32 src)
{
	struct umbra *u = c->zone->umbra;
	unsigned int order = frame_order(frame_read(u, src));
	u32 dst = umbra_compact_target(c, order), captured;
	int err;

	if (dst == UMBRA_NO_FRAME)
		return c->nr_stashed ? -EBUSY : -ENOMEM;
	err = umbra_movable_migrate(u, dst, src, c->mode,
				    UMBRA_MIGRATE_FOR_COMPACTION);
	if (err)
		umbra_compact_return(c, dst, order);
	if (err && err != -ENOENT)
		/* The owner, not the stash, is short of memory: go on. */
		return err == -ENOMEM ? -EBUSY : err;
	c->batch.nr_pages -= 1U << order;
	if (err)
		return 0;
	c->nr_moved += 1U << order;
	umbra_debug_free(u, src, order);
	captured = umbra_free_captured(u, src, order,
				       c->captured == UMBRA_NO_FRAME ? c->rq :
								       NULL);
	if (captured != UMBRA_NO_FRAME)
		c->captured = captured;
	return 0;
}

/* Release an isolated block that stays where it is, and count the failure. */
void umbra_compact_give_up(struct umbra *u, u32 src)
{
	umbra_count(umbra_frame_zone(u, src), EVENT_PGMIGRATE_FAIL,
		    1UL << frame_order(frame_read(u, src)));
	umbra_movable_putback(u, src);
}

static void let_go(struct umbra_compaction *c, u32 src)
{
	struct umbra *u = c->zone->umbra;
	unsigned int order = frame_order(frame_read(u, src));

	c->batch.nr_pages -= 1U << order;
	c->nr_failed += 1U << order;
	umbra_compact_give_up(u, src);
}

/*
 * Try to move every block of the batch once. Blocks for another attempt stay in
 * the batch. Returns 0, -EBUSY if a block could not be moved, or -ENOMEM if
 * there is no free block left.
 */
static int move_pass(struct umbra_compaction *c, bool is_last)
{
	struct umbra_isolated *batch = &c->batch;
	unsigned int i, left = 0;
	int err, ret = 0;

	for (i = 0; i < batch->nr; i++) {
		err = ret == -ENOMEM ? -ENOMEM : move_one(c, batch->frames[i]);
		if (!err)
			continue;
		if (err == -EAGAIN && !is_last) {
			batch->frames[left++] = batch->frames[i];
			continue;
		}
		ret = err == -ENOMEM ? -ENOMEM : -EBUSY;
		let_go(c, batch->frames[i]);
	}
	batch->nr = left;
	return ret;
}

/**
 * umbra_compact_move() - move a batch to free blocks
 * @c: the run; its batch is empty on return
 *
 * Context: may sleep; takes the zone lock.
 * Return: 0; -EBUSY if a block could not be moved, -ENOMEM if there is no free
 * block left.
 */
int umbra_compact_move(struct umbra_compaction *c)
{
	unsigned int passes = c->mode == UMBRA_MIGRATE_ASYNC ? PASSES_ASYNC :
							       PASSES_SYNC;
	unsigned long moved = c->nr_moved, failed = c->nr_failed;
	unsigned int pass;
	int err, ret = 0;

	for (pass = 1; c->batch.nr; pass++) {
		/* Let a task that holds a lock of the owner release it. */
		if (pass > 1 && c->mode == UMBRA_MIGRATE_SYNC)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
		err = move_pass(c, pass >= passes || ret == -ENOMEM);
		if (err && ret != -ENOMEM)
			ret = err;
	}
	trace_umbra_compaction_migratepages(c->nr_moved - moved,
					    c->nr_failed - failed);
	trace_umbra_migrate_pages(c->nr_moved - moved, c->nr_failed - failed,
				  c->mode, UMBRA_MIGRATE_FOR_COMPACTION);
	return ret;
}
