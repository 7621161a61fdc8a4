/* SPDX-License-Identifier: GPL-2.0 */
/* The instance of a scene, for the files that use it. */
#ifndef _STATES_INSTANCE_H
#define _STATES_INSTANCE_H

#include "../../src/core/section.h"
#include "../../src/core/span.h"
#include "states.h"

#define MOST_REQUESTS	64

struct instance {
	const struct scene *scene;
	struct umbra *u;
	struct umbra_zone *zone;
	u32 first;			/* frame of the first unit */
	struct page *pages;
	struct umbra_request rqs[MOST_REQUESTS];
	struct umbra_zone empty;	/* the zone without free blocks */
	struct umbra_pcp no_cache;	/* an empty cache */
};

static inline u32 frame_of(const struct instance *in, unsigned int unit)
{
	return in->first + (unit << in->scene->shift);
}

static inline struct page *page_of(const struct instance *in, unsigned int unit)
{
	return umbra_index_to_page(in->u, frame_of(in, unit));
}

static inline u8 unit_of(const struct instance *in, u32 index)
{
	return (index - in->first) >> in->scene->shift;
}

#endif /* _STATES_INSTANCE_H */
