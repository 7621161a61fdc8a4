/* SPDX-License-Identifier: GPL-2.0 */
/* The walk of the zones for a request; see take.c. */
#ifndef _UMBRA_TAKE_H
#define _UMBRA_TAKE_H

#include "../core/core.h"
#include "../core/request.h"

u32 umbra_take(struct umbra *u, const struct umbra_request *rq,
	       struct umbra_zone **boosted);

#endif /* _UMBRA_TAKE_H */
