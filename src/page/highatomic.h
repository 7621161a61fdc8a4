/* SPDX-License-Identifier: GPL-2.0 */
/* The highatomic reserve; see highatomic.c. */
#ifndef _UMBRA_HIGHATOMIC_H
#define _UMBRA_HIGHATOMIC_H

#include "../core/core.h"
#include "../core/request.h"

void umbra_highatomic_reserve(struct umbra_zone *zone, u32 index,
			      unsigned int order);
bool umbra_highatomic_unreserve(struct umbra *u,
				const struct umbra_request *rq, bool force);

#endif /* _UMBRA_HIGHATOMIC_H */
