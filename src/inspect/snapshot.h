/* SPDX-License-Identifier: GPL-2.0 */
/* Snapshots of an instance while it runs; see snapshot.c. */
#ifndef _UMBRA_SNAPSHOT_H
#define _UMBRA_SNAPSHOT_H

#include "../core/core.h"

/* Maximum number of frames in a batch of a walk by index. */
#define UMBRA_SNAPSHOT_BATCH BIT(UMBRA_MAX_ORDER)

/* Maximum number of entries in a batch of a walk along a list. */
#define UMBRA_LIST_BATCH 16

/* One free block of a snapshot. */
struct umbra_free_entry {
	u32 index;
	u8 order;
	u8 type;
	u8 zone;
};

/**
 * struct umbra_free_snapshot - free blocks of an instance
 * @nr: number of blocks
 * @capacity: maximum number of blocks
 * @in_list_order: whether the blocks are in the order of the lists, and each
 *	zone is consistent; else they are in the order of the frames, and
 *	each batch is consistent
 * @blocks: the blocks
 */
struct umbra_free_snapshot {
	unsigned long nr;
	unsigned long capacity;
	bool in_list_order;
	struct umbra_free_entry blocks[] __counted_by(capacity);
};

struct umbra_free_snapshot *umbra_snapshot_free(struct umbra *u);
struct umbra_free_snapshot *umbra_snapshot_zone(struct umbra_zone *zone);
unsigned int umbra_snapshot_frames(struct umbra *u, u32 index, u8 *buf,
				   unsigned int nr);

#endif /* _UMBRA_SNAPSHOT_H */
