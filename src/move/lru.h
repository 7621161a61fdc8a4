/* SPDX-License-Identifier: GPL-2.0 */
/* The LRU lists of a node; see lru.c. */
#ifndef _UMBRA_LRU_H
#define _UMBRA_LRU_H

#include <linux/xarray.h>
#include "../core/core.h"

struct umbra_movable;

/*
 * Numbers of pages in the blocks that were scanned and passed over. With
 * @keep_exposed, blocks that user space may have mapped stay on the list.
 */
struct umbra_lru_seen {
	unsigned long scanned;
	unsigned long passed;
	bool keep_exposed;
};

enum umbra_lru_list umbra_lru_list_of(struct umbra *u, u32 index);
void umbra_lru_link(struct umbra *u, u32 index);
void umbra_lru_unlink(struct umbra *u, u32 index);
void umbra_movable_change_mark(struct umbra *u, u32 index, xa_mark_t mark,
			       bool set);
unsigned long umbra_zone_reclaimable(const struct umbra_zone *zone);
void umbra_movable_begin(struct umbra *u, u32 index,
			 struct umbra_movable *movable);
unsigned int umbra_lru_isolate(struct umbra *u, struct umbra_node *node,
			       enum umbra_zone_type highest, u32 *frames,
			       unsigned int nr, struct umbra_lru_seen *seen);
void umbra_lru_age(struct umbra *u, struct umbra_node *node,
		   enum umbra_zone_type highest, unsigned long nr,
		   struct umbra_lru_seen *seen);
void umbra_lru_create(struct umbra *u);

#endif /* _UMBRA_LRU_H */
