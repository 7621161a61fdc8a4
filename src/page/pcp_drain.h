/* SPDX-License-Identifier: GPL-2.0 */
/* Draining per-CPU caches; see pcp_drain.c. */
#ifndef _UMBRA_PCP_DRAIN_H
#define _UMBRA_PCP_DRAIN_H

#include "../core/core.h"

/* Blocks that one interrupt of a drain collects. */
#define PCP_DRAIN_BLOCKS 256

void umbra_pcp_drain(struct umbra *u, umbra_nodemask_t nodes, int cpu,
		     bool force);
void umbra_pcp_drain_zone(struct umbra_zone *zone);
void umbra_pcp_decay(struct umbra *u);
void umbra_pcp_drain_dead(struct umbra *u, unsigned int cpu);

#endif /* _UMBRA_PCP_DRAIN_H */
