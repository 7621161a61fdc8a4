/* SPDX-License-Identifier: GPL-2.0 */
/* The instance that contexts share, and the checks of its final state. */
#ifndef _INTERLEAVE_WORLD_H
#define _INTERLEAVE_WORLD_H

#include "../../src/core/core.h"
#include "../libumbra/libumbra.h"
#include "../../src/page/pcp.h"
#include "explore.h"

/* The instance has one small zone in each node. */
struct world_options {
	unsigned int nodes;
	int pcp_batch;
	int pcp_high;
	const char *debug;
};

#define WORLD_DEFAULT { .nodes = 1, .pcp_batch = 4, .pcp_high = 16 }

extern struct umbra *world;

void world_make(const struct world_options *options);
/* Any number of reports is right. */
#define ANY_REPORTS	(~0U)

void world_judge(unsigned int reports);
void world_expect(bool cond, const char *what);

/* Blocks that contexts own. A lost one is found by the judge. */
void world_own(struct page *page, unsigned int order);
void world_disown(struct page *page);
struct page *world_alloc(gfp_t gfp, unsigned int order);
void world_nmi_alloc(void);

unsigned long world_cached(void);

#endif /* _INTERLEAVE_WORLD_H */
