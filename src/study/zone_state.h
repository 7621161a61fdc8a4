/* SPDX-License-Identifier: GPL-2.0 */
/* The state of a zone, apart from its instance; see zone_state.c. */
#ifndef _UMBRA_ZONE_STATE_H
#define _UMBRA_ZONE_STATE_H

#include "../inspect/snapshot.h"
#include "../page/pcp_copy.h"

/**
 * struct umbra_zone_state - everything that decides about a zone
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
 * @map: the byte of each frame, as in the frame map
 * @types: umbra_pageblock.type of each pageblock
 * @nr_blocks: number of elements of @blocks
 * @blocks: the free blocks, list by list from the lowest order and type on, each
 *	list from its first block
 * @exact: whether nothing changed while the state was taken; else each batch of
 *	frames is consistent, and the lists are in the order of the addresses
 * @is_ours: whether the state is of a zone of an instance, so that it also has
 *	the members below
 * @pinned: bitmap of the frames that others reference, apart from mappings
 * @flags: enum umbra_zone_flag
 * @pcp_batch: as in struct umbra_zone
 * @pcp_high_min: as in struct umbra_zone
 * @pcp_high_max: as in struct umbra_zone
 * @compact: as in struct umbra_zone, with frames from 0
 * @caches: for each CPU, a copy of its cache
 */
struct umbra_zone_state {
	enum umbra_zone_type type;
	unsigned int pb_order;
	u32 nr_frames;
	unsigned long base_pfn;
	unsigned long watermark[UMBRA_NR_WMARKS];
	unsigned long watermark_boost;
	unsigned long lowmem_reserve[UMBRA_NR_ZONE_TYPES];
	unsigned long nr_reserved_highatomic;
	unsigned long nr_free;
	u8 *map;
	u8 *types;
	unsigned long nr_blocks;
	struct umbra_free_entry *blocks;
	bool exact;
	bool is_ours;
	unsigned long *pinned;
	unsigned long flags;
	int pcp_batch;
	int pcp_high_min;
	int pcp_high_max;
	struct umbra_zone_compact compact;
	struct umbra_pcp_copy **caches;
};

/* The result of a comparison: which part of a state differs, and where. */
struct umbra_zone_difference {
	const char *part;
	unsigned long where;
	long first;
	long second;
};

struct umbra_zone_state *umbra_zone_state_new(u32 nr_frames,
					      unsigned int pb_order,
					      unsigned long capacity);
void umbra_zone_state_delete(struct umbra_zone_state *s);
void umbra_zone_state_mark_free(struct umbra_zone_state *s);
struct umbra_zone_state *umbra_zone_state_take(struct umbra_zone *zone);
int umbra_zone_state_load(struct umbra_zone *zone,
			  const struct umbra_zone_state *s);
bool umbra_zone_state_differs(const struct umbra_zone_state *a,
			      const struct umbra_zone_state *b,
			      struct umbra_zone_difference *d);

#endif /* _UMBRA_ZONE_STATE_H */
