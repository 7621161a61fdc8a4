/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of nodes, and memory policies of tasks. */
#ifndef _SIM_MEMPOLICY_H
#define _SIM_MEMPOLICY_H

#include <sim/types.h>

#define NUMA_NO_NODE		(-1)
#define MAX_NUMNODES		64

typedef struct {
	unsigned long bits[1];
} nodemask_t;

#define nodes_addr(mask)	((mask).bits)
#define node_set(node, mask)	((mask).bits[0] |= 1UL << (node))

enum {
	MPOL_DEFAULT,
	MPOL_PREFERRED,
	MPOL_BIND,
	MPOL_INTERLEAVE,
	MPOL_LOCAL,
	MPOL_PREFERRED_MANY,
	MPOL_WEIGHTED_INTERLEAVE,
	MPOL_MAX,
};

struct mempolicy {
	unsigned short mode;
	nodemask_t nodes;
	int home_node;
};

#endif /* _SIM_MEMPOLICY_H */
