/* SPDX-License-Identifier: GPL-2.0 */
/* An instance with the numbers of a report; see ghost.c. */
#ifndef _UMBRACTL_GHOST_H
#define _UMBRACTL_GHOST_H

#include "judge.h"

struct umbra;
struct umbra_zone;

/**
 * struct ghost - an instance, and what its zones stand for
 * @u: the instance
 * @nr_nodes: number of elements of @nid
 * @nid: nodes of the report, by nodes of the instance
 * @zones: zones of the report, by zones of the instance
 */
struct ghost {
	struct umbra *u;
	unsigned int nr_nodes;
	unsigned int nid[LOG_NODES];
	const struct log_zone *zones[LOG_ZONES];
};

int ghost_create(struct ghost *g, const struct report *r, long long page_kb);
void ghost_destroy(struct ghost *g);
unsigned int ghost_nodes(const struct ghost *g, unsigned int nodes);

#endif /* _UMBRACTL_GHOST_H */
