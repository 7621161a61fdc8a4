/* SPDX-License-Identifier: GPL-2.0 */
/* The state of a zone, apart from an instance; see state.c. */
#ifndef _UMBRA_STATE_H
#define _UMBRA_STATE_H

#include "../inspect/snapshot.h"

/* The use of a frame; FREE ones follow from the blocks. */
enum umbra_state_use {
	STATE_OFFLINE,
	STATE_USED,
	STATE_FREE
};

/**
 * struct umbra_state - everything that decides about a zone without caches
 * @type: type of the zone
 * @pb_order: order of a pageblock
 * @nr_frames: number of frames, a multiple of a pageblock; frames have numbers
 *	from 0
 * @base_pfn: page frame number of the first frame
 * @watermark: the watermarks, in pages
 * @watermark_boost: the boost, in pages
 * @lowmem_reserve: pages kept from requests, by their highest zone
 * @nr_reserved_highatomic: pages of the highatomic reserve
 * @nr_free: pages of @blocks, without those of isolated pageblocks
 * @use: enum umbra_state_use of each frame
 * @types: enum umbra_migratetype of each pageblock
 * @nr_blocks: number of elements of @blocks
 * @blocks: the free blocks, list by list from the lowest order and type on, each
 *	list from its first block
 */
struct umbra_state {
	enum umbra_zone_type type;
	unsigned int pb_order;
	u32 nr_frames;
	unsigned long base_pfn;
	unsigned long watermark[UMBRA_NR_WMARKS];
	unsigned long watermark_boost;
	unsigned long lowmem_reserve[UMBRA_NR_ZONE_TYPES];
	unsigned long nr_reserved_highatomic;
	unsigned long nr_free;
	u8 *use;
	u8 *types;
	unsigned long nr_blocks;
	struct umbra_free_entry *blocks;
};

/* The result of a comparison: which part of a state differs, and where. */
struct umbra_state_difference {
	const char *part;
	unsigned long where;
	long first;
	long second;
};

struct umbra_state *umbra_state_new(u32 nr_frames, unsigned int pb_order,
				    unsigned long capacity);
void umbra_state_delete(struct umbra_state *s);
void umbra_state_mark_free(struct umbra_state *s);
struct umbra_state *umbra_state_take(struct umbra_zone *zone);
int umbra_state_load(struct umbra_zone *zone, const struct umbra_state *s);
bool umbra_state_differs(const struct umbra_state *a,
			 const struct umbra_state *b,
			 struct umbra_state_difference *d);

#endif /* _UMBRA_STATE_H */
