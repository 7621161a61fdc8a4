/* SPDX-License-Identifier: GPL-2.0 */
/* What can be seen of an instance while it runs. */
#ifndef _UMBRA_SNAPSHOT_H
#define _UMBRA_SNAPSHOT_H

#include "../core/core.h"

/* Frames of a batch of a walk by index. */
#define UMBRA_SNAPSHOT_BATCH BIT(UMBRA_MAX_ORDER)

/* Entries of a batch of a walk along a list. */
#define UMBRA_LIST_BATCH 16

/* A free block as a snapshot saw it. */
struct umbra_free_entry {
	u32 index;
	u8 order;
	u8 type;
	u8 zone;
};

/**
 * struct umbra_free_snapshot - the free blocks of an instance
 * @nr: how many
 * @capacity: how many there is room for
 * @in_list_order: as the lists have them, at one moment for each zone; else
 *	in order of address, at one moment for each batch
 * @blocks: the blocks
 */
struct umbra_free_snapshot {
	unsigned long nr;
	unsigned long capacity;
	bool in_list_order;
	struct umbra_free_entry blocks[] __counted_by(capacity);
};

struct umbra_free_snapshot *umbra_snapshot_free(struct umbra *u);
unsigned int umbra_snapshot_frames(struct umbra *u, u32 index, u8 *buf,
				   unsigned int nr);

#endif /* _UMBRA_SNAPSHOT_H */
