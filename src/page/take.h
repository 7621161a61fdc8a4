/* SPDX-License-Identifier: GPL-2.0 */
/* The walk of the zones for a request; see take.c. */
#ifndef _UMBRA_TAKE_H
#define _UMBRA_TAKE_H

#include "../core/core.h"
#include "../core/request.h"
#include "zonelist.h"

bool umbra_zone_is_allowed(const struct umbra_zone *zone,
			   const struct umbra_request *rq);
u32 umbra_take(struct umbra *u, const struct umbra_request *rq,
	       struct umbra_zone **boosted);

/* The first zone from @ref on that for_each_allowed_zone() visits, or NULL. */
static inline const umbra_zoneref_t *
umbra_next_allowed(const struct umbra *u, const struct umbra_request *rq,
		   const umbra_zoneref_t *ref, struct umbra_zone **zone)
{
	for (;; ref++) {
		ref = umbra_zonelist_next(u, ref, rq->highest, rq->nodemask,
					  zone);
		if (!*zone || umbra_zone_is_allowed(*zone, rq))
			return ref;
	}
}

/* Walk the zones that a request may use, with regard to the allowed nodes. */
#define for_each_allowed_zone(u, zone, ref, rq)				\
	for (ref = umbra_next_allowed(u, rq, (rq)->zonelist->refs, &zone); \
	     zone;							\
	     ref = umbra_next_allowed(u, rq, ref + 1, &zone))

#endif /* _UMBRA_TAKE_H */
