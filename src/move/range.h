/* SPDX-License-Identifier: GPL-2.0 */
/* Moving blocks out of a range; see range.c. */
#ifndef _UMBRA_RANGE_H
#define _UMBRA_RANGE_H

#include "../core/core.h"

int umbra_compact_migrate_range(struct umbra_zone *zone, u32 start, u32 end);

#endif /* _UMBRA_RANGE_H */
