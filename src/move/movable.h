/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks that their owners can move or give up; see movable.c. */
#ifndef _UMBRA_MOVABLE_H
#define _UMBRA_MOVABLE_H

#include "../core/core.h"
#include "../core/owner.h"

bool umbra_movable_isolate(struct umbra *u, u32 index);
void umbra_movable_putback(struct umbra *u, u32 index);
int umbra_movable_migrate(struct umbra *u, u32 dst, u32 src,
			  enum umbra_migrate_mode mode,
			  enum umbra_migrate_reason reason);
unsigned long umbra_movable_reclaim(struct umbra *u, u32 index, gfp_t gfp);
void umbra_movables_init(struct umbra *u);
void umbra_movables_destroy(struct umbra *u);

#endif /* _UMBRA_MOVABLE_H */
