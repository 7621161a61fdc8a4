/* SPDX-License-Identifier: GPL-2.0 */
/* The memory policy of a task for a request; see mempolicy.c. */
#ifndef _UMBRA_MEMPOLICY_H
#define _UMBRA_MEMPOLICY_H

#include "../compat/mempolicy.h"
#include "../core/core.h"

/**
 * struct umbra_node_choice - the nodes for a request
 * @nid: preferred node
 * @nodes: nodes that the request may use
 * @is_first: whether @nodes only come first, without reclaim; then all nodes do
 * @interleaves: whether a block from @nid is an interleave hit
 */
struct umbra_node_choice {
	int nid;
	umbra_nodemask_t nodes;
	bool is_first;
	bool interleaves;
};

void umbra_mempolicy_init(struct umbra *u);
void umbra_mempolicy_choose(struct umbra *u, gfp_t gfp,
			    struct umbra_node_choice *choice);

/* Has the task a policy? An instance with one node leaves nothing to choose. */
static inline bool umbra_mempolicy_is_set(const struct umbra *u)
{
	return u->nr_nodes > 1 && umbra_task_policy();
}

#endif /* _UMBRA_MEMPOLICY_H */
