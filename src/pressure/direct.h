/* SPDX-License-Identifier: GPL-2.0 */
/* Direct reclaim; see direct.c. */
#ifndef _UMBRA_DIRECT_H
#define _UMBRA_DIRECT_H

#include "../core/request.h"

unsigned long umbra_reclaim_direct(struct umbra *u,
				   const struct umbra_request *rq);

#endif /* _UMBRA_DIRECT_H */
