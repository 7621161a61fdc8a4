/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks between a CPU and the free lists of a zone; see zone_blocks.c. */
#ifndef _UMBRA_ZONE_BLOCKS_H
#define _UMBRA_ZONE_BLOCKS_H

#include "../buddy/fallback.h"
#include "../core/core.h"
#include "../core/request.h"

struct umbra_account;

enum umbra_zone_take_flags {
	ZONE_TAKE_RESERVES = BIT(0),	/* highatomic pageblocks, if allowed */
	ZONE_TAKE_LINES = BIT(1),	/* see umbra_freelist_take_many() */
};

bool umbra_can_trylock(void);
unsigned int umbra_zone_take(struct umbra_zone *zone,
			     const struct umbra_request *rq, u32 *frames,
			     unsigned int nr, unsigned int how,
			     enum umbra_take_mode *mode);
unsigned long umbra_free_locked(struct umbra_zone *zone, u32 index,
				unsigned int order, bool looked_at,
				struct umbra_account *account);

#endif /* _UMBRA_ZONE_BLOCKS_H */
