/* SPDX-License-Identifier: GPL-2.0 */
/* Moving isolated blocks; see compact_move.c. Private to move/. */
#ifndef _UMBRA_COMPACT_MOVE_H
#define _UMBRA_COMPACT_MOVE_H

#include "compaction.h"

void umbra_compact_give_up(struct umbra *u, u32 src);
int umbra_compact_move(struct umbra_compaction *c);

#endif /* _UMBRA_COMPACT_MOVE_H */
