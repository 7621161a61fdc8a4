/* SPDX-License-Identifier: GPL-2.0 */
/* Copies of the caches of a zone; see pcp_copy.c. */
#ifndef _UMBRA_PCP_COPY_H
#define _UMBRA_PCP_COPY_H

#include "../core/core.h"
#include "../core/section.h"

/* The list of a block that a fast cache keeps without a list. */
#define PCP_COPY_SINGLE PCP_LISTS

struct umbra_pcp_entry {
	u32 index;		/* of the head, from 0 at the start of the zone */
	u8 list;		/* number of the list, or PCP_COPY_SINGLE */
	u8 order;
	u8 type;		/* of a block without a list */
};

/**
 * struct umbra_pcp_copy - what the cache of a CPU contains, and its numbers
 * @high: as in struct umbra_pcp
 * @free_count: as in struct umbra_pcp
 * @alloc_factor: as in struct umbra_pcp
 * @freed_high_order: as in struct umbra_pcp
 * @is_cut: whether the cache has more blocks, older ones, than a copy may have
 * @nr: number of @entries
 * @room: room for @entries
 * @entries: the blocks, list by list, each from its newest block
 */
struct umbra_pcp_copy {
	int high;
	int free_count;
	u8 alloc_factor;
	bool freed_high_order;
	bool is_cut;
	u32 nr;
	u32 room;
	struct umbra_pcp_entry entries[] __counted_by(room);
};

struct umbra_pcp_copy *umbra_pcp_copy(struct umbra_zone *zone,
				      unsigned int cpu);
void umbra_pcp_paste(struct umbra_zone *zone, unsigned int cpu,
		     const struct umbra_pcp_copy *copy, const u8 *map);
unsigned long umbra_pcp_uses(const struct umbra_zone *zone);

#endif /* _UMBRA_PCP_COPY_H */
