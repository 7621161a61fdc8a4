/* SPDX-License-Identifier: GPL-2.0 */
/* The slow path of an allocation; see slowpath.c. */
#ifndef _UMBRA_SLOWPATH_H
#define _UMBRA_SLOWPATH_H

#include "../core/request.h"
#include "../move/compact.h"
#include "oom.h"

/*
 * The operations of the slow path. Tests replace them, to script their results.
 * All except wake_kswapd may sleep.
 */
struct umbra_slow_ops {
	void (*wake_kswapd)(struct umbra *u, const struct umbra_request *rq);
	unsigned long (*reclaim)(struct umbra *u,
				 const struct umbra_request *rq);
	enum umbra_compact_result
		(*compact)(struct umbra *u, const struct umbra_request *rq,
			   enum umbra_compact_priority priority, u32 *index);
	bool (*compact_suitable)(struct umbra *u,
				 const struct umbra_request *rq);
	unsigned long (*reclaimable)(const struct umbra_zone *zone);
	enum umbra_oom_result (*oom)(struct umbra *u,
				     const struct umbra_request *rq);
	void (*wait)(struct umbra *u, int seen);
};

extern const struct umbra_slow_ops umbra_slow_ops;

u32 umbra_take_slow(struct umbra *u, const struct umbra_request *fast,
		    const umbra_nodemask_t *nodemask);

#endif /* _UMBRA_SLOWPATH_H */
