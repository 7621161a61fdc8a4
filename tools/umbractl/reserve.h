/* SPDX-License-Identifier: GPL-2.0 */
/* The columns of lowmem_reserve[]; see reserve.c. */
#ifndef _UMBRACTL_RESERVE_H
#define _UMBRACTL_RESERVE_H

#include "log.h"

long long reserve_for(const struct report *r, const struct log_zone *zone,
		      enum log_zone_type highest);

#endif /* _UMBRACTL_RESERVE_H */
