/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks from a zone and back to it; see zone_blocks.c. */
#ifndef _UMBRA_ZONE_BLOCKS_H
#define _UMBRA_ZONE_BLOCKS_H

#include "../core/core.h"
#include "../core/request.h"

struct umbra_account;

/* alloc.c */
enum umbra_zone_take_flags {
	ZONE_TAKE_RESERVES = BIT(0),	/* also of what is kept, if allowed to */
	ZONE_TAKE_LINES = BIT(1),	/* rather less than a part of a line */
};

unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, unsigned int how);
unsigned long umbra_free_locked(struct umbra_zone *zone, u32 index,
				unsigned int order, bool looked_at,
				struct umbra_account *account);

#endif /* _UMBRA_ZONE_BLOCKS_H */
