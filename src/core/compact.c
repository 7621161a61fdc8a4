// SPDX-License-Identifier: GPL-2.0
#include "core.h"
enum umbra_compact_result
umbra_compact_direct(struct umbra *u, const struct umbra_request *rq,
		     enum umbra_compact_priority priority, u32 *index)
{ return UMBRA_COMPACT_SKIPPED; }
bool umbra_compact_suitable(struct umbra *u, const struct umbra_request *rq) {return false;}
void umbra_compact_worked(struct umbra_zone *zone, unsigned int order) {}
void umbra_compact_wake(struct umbra *u, unsigned int nid, unsigned int order,
			enum umbra_zone_type highest) {}
unsigned long umbra_compact_gap(unsigned int order) {return 2UL << order;}
