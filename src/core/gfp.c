// SPDX-License-Identifier: GPL-2.0
/* gfp_t -> what an allocation asks for. */
#include <linux/gfp.h>
#include <linux/module.h>
#include "core.h"

static enum umbra_migratetype gfp_migratetype_of(gfp_t gfp)
{
	if (gfp & __GFP_MOVABLE)
		return UMBRA_MOVABLE;
	if (gfp & __GFP_RECLAIMABLE)
		return UMBRA_RECLAIMABLE;
	return UMBRA_UNMOVABLE;
}

void umbra_request_init(struct umbra_request *rq, gfp_t gfp,
			unsigned int order)
{
	rq->gfp = gfp;
	rq->order = order;
	rq->type = gfp_migratetype_of(gfp);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_request_init);
