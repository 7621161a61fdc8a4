/* SPDX-License-Identifier: GPL-2.0 */
/* An index of free blocks by address; private to buddy/. */
#ifndef _UMBRA_FREELIST_ADDRESS_H
#define _UMBRA_FREELIST_ADDRESS_H

#include "../core/core.h"

int umbra_freelist_address_create(struct umbra_zone *zone);
void umbra_freelist_address_destroy(struct umbra_zone *zone);
size_t umbra_freelist_address_bytes(const struct umbra_zone *zone);
void umbra_freelist_address_note(struct umbra_zone *zone, u32 index,
				 unsigned int order,
				 enum umbra_migratetype type);
u32 umbra_freelist_lowest(struct umbra_zone *zone, unsigned long orders,
			  enum umbra_migratetype type);

#endif /* _UMBRA_FREELIST_ADDRESS_H */
