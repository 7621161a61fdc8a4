/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim in the background; see kswapd.c. */
#ifndef _UMBRA_KSWAPD_H
#define _UMBRA_KSWAPD_H

#include "../core/core.h"
#include "../core/request.h"

void umbra_kswapd_wake(struct umbra_zone *zone, gfp_t gfp, unsigned int order,
		       enum umbra_zone_type highest);
void umbra_kswapd_wake_all(struct umbra *u, const struct umbra_request *rq);
u32 umbra_take_waking(struct umbra *u, const struct umbra_request *rq);
void umbra_kswapd_stop(struct umbra *u);
void umbra_kswapd_destroy(struct umbra *u);
int umbra_kswapd_start(struct umbra *u);
int umbra_kswapd_park(struct umbra *u);

#endif /* _UMBRA_KSWAPD_H */
