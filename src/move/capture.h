/* SPDX-License-Identifier: GPL-2.0 */
/* Freeing a block for one request; see capture.c. */
#ifndef _UMBRA_CAPTURE_H
#define _UMBRA_CAPTURE_H

#include "../core/core.h"
#include "../core/request.h"

u32 umbra_free_captured(struct umbra *u, u32 index, unsigned int order,
			const struct umbra_request *rq);

#endif /* _UMBRA_CAPTURE_H */
