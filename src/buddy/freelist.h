/* SPDX-License-Identifier: GPL-2.0 */
/* The free lists of a zone; see freelist.c. */
#ifndef _UMBRA_FREELIST_H
#define _UMBRA_FREELIST_H

#include "../core/core.h"

int umbra_freelist_init(struct umbra_zone *zone);
void umbra_freelist_exit(struct umbra_zone *zone);
size_t umbra_freelist_bytes(const struct umbra_zone *zone);
bool umbra_freelist_remove(struct umbra_zone *zone, u32 index,
			   unsigned int order);
void umbra_freelist_set_types(struct umbra *u, u32 index, unsigned int order,
			      enum umbra_migratetype type);
void umbra_freelist_free(struct umbra_zone *zone, u32 index,
			 unsigned int order);
void umbra_freelist_append(struct umbra_zone *zone, u32 index,
			   unsigned int order);
void umbra_freelist_free_range(struct umbra_zone *zone, u32 index, u32 end);
u32 umbra_freelist_split(struct umbra_zone *zone, u32 index,
			 unsigned int order, unsigned int wanted);
u32 umbra_freelist_first(struct umbra_zone *zone, unsigned int order,
			 enum umbra_migratetype type);
u32 umbra_freelist_take_first(struct umbra_zone *zone, unsigned int order,
			      enum umbra_migratetype type);
u32 umbra_freelist_cut(struct umbra_zone *zone, u32 index, unsigned int order,
		       unsigned int wanted, enum umbra_migratetype type);
u32 umbra_freelist_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type);
unsigned int umbra_freelist_take_many(struct umbra_zone *zone,
				      unsigned int order,
				      enum umbra_migratetype type, u32 *frames,
				      unsigned int nr, bool lines);
unsigned int umbra_freelist_move(struct umbra_zone *zone, u32 index, u8 type);
void umbra_freelist_remerge(struct umbra_zone *zone, u32 index);

#endif /* _UMBRA_FREELIST_H */
