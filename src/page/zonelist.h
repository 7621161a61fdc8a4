/* SPDX-License-Identifier: GPL-2.0 */
/* The order of zones for a request; see zonelist.c. */
#ifndef _UMBRA_ZONELIST_H
#define _UMBRA_ZONELIST_H

#include <linux/oom.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include "../core/core.h"
#include "../core/request.h"

static inline struct umbra_zone *umbra_ref_zone(const struct umbra *u,
						umbra_zoneref_t ref)
{
	return &u->zones[(ref & 0xff) - 1];
}

struct umbra_zone *umbra_node_first_zone(const struct umbra *u,
					 const struct umbra_node *node);
const umbra_zoneref_t *umbra_zonelist_next(const struct umbra *u,
					   const umbra_zoneref_t *ref,
					   enum umbra_zone_type highest,
					   umbra_nodemask_t nodemask,
					   struct umbra_zone **zone);
void umbra_zonelist_destroy(struct umbra *u);
int umbra_zonelist_create(struct umbra *u, const struct umbra_layout *layout);

/* Walk the zones of @list that are at most @highest and of nodes in @mask. */
#define for_each_umbra_zoneref(u, zone, ref, list, highest, mask)	\
	for (ref = umbra_zonelist_next(u, (list)->refs, highest, mask, &zone); \
	     zone;							\
	     ref = umbra_zonelist_next(u, ref + 1, highest, mask, &zone))

/* Walk the zones that a request may use, but for the allowed nodes. */
#define for_each_request_zone(u, zone, ref, rq)				\
	for_each_umbra_zoneref(u, zone, ref, (rq)->zonelist, (rq)->highest, \
			       (rq)->nodemask)

/* May a request use a zone, with regard to the allowed nodes? Context: any. */
static inline bool umbra_zone_is_allowed(const struct umbra_zone *zone,
					 const struct umbra_request *rq)
{
	if (likely(!(rq->flags & ALLOC_CPUSET)) || in_interrupt())
		return true;
	return !rq->hardwall || tsk_is_oom_victim(current) ||
	       current->flags & PF_EXITING ||
	       READ_ONCE(zone->umbra->allowed_nodes) & BIT(zone->nid);
}

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

#endif /* _UMBRA_ZONELIST_H */
