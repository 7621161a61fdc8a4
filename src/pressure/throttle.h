/* SPDX-License-Identifier: GPL-2.0 */
/* Requests that wait for kswapd; see throttle.c. */
#ifndef _UMBRA_THROTTLE_H
#define _UMBRA_THROTTLE_H

#include "../core/core.h"
#include "../core/request.h"

struct umbra_kswapd;

void umbra_throttle_check(struct umbra_kswapd *k);
bool umbra_kswapd_throttle(struct umbra *u, const struct umbra_request *rq);

#endif /* _UMBRA_THROTTLE_H */
