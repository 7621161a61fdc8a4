/* SPDX-License-Identifier: GPL-2.0 */
/* The scanners of compaction; see compact_scan.c. Private to move/. */
#ifndef _UMBRA_COMPACT_SCAN_H
#define _UMBRA_COMPACT_SCAN_H

#include "compaction.h"

bool umbra_has_hwpoison(struct umbra *u, u32 index, unsigned int order);
void umbra_compact_putback(struct umbra *u, struct umbra_isolated *batch);
enum umbra_compact_scan umbra_compact_isolate(struct umbra_compaction *c);
u32 umbra_compact_target(struct umbra_compaction *c, unsigned int order);
void umbra_compact_return(struct umbra_compaction *c, u32 index,
			  unsigned int order);
void umbra_compact_release(struct umbra_compaction *c);

#endif /* _UMBRA_COMPACT_SCAN_H */
