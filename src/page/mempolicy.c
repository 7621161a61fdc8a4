// SPDX-License-Identifier: GPL-2.0
/*
 * The nodes for a request without a node, from the memory policy of its task
 * (set_mempolicy(2)). A node of the policy stands for the node of the instance
 * with the same number. The policy and the task are only read: the positions of
 * interleaving belong to the instance, and all tasks share them.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include "../compat/mempolicy.h"
#include "../core/core.h"
#include "../core/request.h"
#include "mempolicy.h"

/* The position of weighted interleaving: the node, and requests left for it. */
#define POSITION_NODE	0xff
#define POSITION_LEFT	8

/* Prepare interleaving from node 0. Context: any. */
void umbra_mempolicy_init(struct umbra *u)
{
	struct umbra_mempolicy *m = &u->mempolicy;
	const struct umbra_zone *zone;

	atomic_set(&m->interleaved, UMBRA_MAX_NODES - 1);
	atomic_set(&m->weighted, UMBRA_MAX_NODES - 1);
	memset(m->weights, 1, sizeof(m->weights));
	for_each_umbra_zone(u, zone) {
		if (zone->type == UMBRA_ZONE_MOVABLE)
			continue;
		m->regular_nodes |= BIT(zone->nid);
		m->highest = max_t(u8, m->highest, zone->type);
	}
}

#ifdef CONFIG_NUMA
/*
 * The nodes of a policy that requests may use. The host may change them
 * meanwhile, so they are read once.
 */
static umbra_nodemask_t nodes_of(const struct umbra *u,
				 const struct mempolicy *policy)
{
	umbra_nodemask_t nodes = READ_ONCE(nodes_addr(policy->nodes)[0]);

	return nodes & READ_ONCE(u->online_nodes) & READ_ONCE(u->allowed_nodes);
}

/* The node after @nid; after the last node comes the first one. */
static unsigned int next_node_of(umbra_nodemask_t nodes, unsigned int nid)
{
	umbra_nodemask_t above = nodes & ~GENMASK(nid, 0);

	return __ffs(above ? above : nodes);
}

static int interleave(struct umbra *u, umbra_nodemask_t nodes)
{
	int position = atomic_read(&u->mempolicy.interleaved), nid;

	do {
		nid = next_node_of(nodes, position);
	} while (!atomic_try_cmpxchg(&u->mempolicy.interleaved, &position, nid));
	return nid;
}

/* As interleave(), but as many times in a row as the weight of the node is. */
static int interleave_weighted(struct umbra *u, umbra_nodemask_t nodes)
{
	struct umbra_mempolicy *m = &u->mempolicy;
	int position = atomic_read(&m->weighted), nid, left;

	do {
		nid = position & POSITION_NODE;
		left = position >> POSITION_LEFT;
		if (!left || !(nodes & BIT(nid))) {
			nid = next_node_of(nodes, nid);
			left = READ_ONCE(m->weights[nid]);
		}
	} while (!atomic_try_cmpxchg(&m->weighted, &position,
				     nid | (left - 1) << POSITION_LEFT));
	return nid;
}

/*
 * Does MPOL_BIND limit a request? As in the host, it does not limit requests for
 * lower zones than the highest below Movable, and only those for Movable if its
 * nodes have nothing else.
 */
static bool binds(const struct umbra *u, umbra_nodemask_t nodes, gfp_t gfp)
{
	const struct umbra_gfp_kind *kind;

	kind = umbra_gfp_kind(u, current_gfp_context(gfp));
	return kind->highest >= (nodes & u->mempolicy.regular_nodes ?
				 u->mempolicy.highest : UMBRA_ZONE_MOVABLE);
}

/* A policy of a task has no home node, unlike one of a range of addresses. */
static void choose(struct umbra *u, unsigned short mode, gfp_t gfp,
		   umbra_nodemask_t nodes, struct umbra_node_choice *choice)
{
	switch (mode) {
	case MPOL_PREFERRED:
		choice->nid = __ffs(nodes);
		break;
	case MPOL_PREFERRED_MANY:
		choice->nodes = nodes;
		choice->is_first = true;
		break;
	case MPOL_BIND:
		if (binds(u, nodes, gfp))
			choice->nodes = nodes;
		break;
	case MPOL_INTERLEAVE:
		choice->nid = interleave(u, nodes);
		choice->interleaves = true;
		break;
	case MPOL_WEIGHTED_INTERLEAVE:
		choice->nid = interleave_weighted(u, nodes);
		choice->interleaves = true;
		break;
	}
}
#endif

/**
 * umbra_mempolicy_choose() - choose nodes by the policy of the current task
 * @u: the instance
 * @gfp: flags of a request without a node
 * @choice: filled in
 *
 * As in the host, no policy applies in interrupts and with %__GFP_THISNODE. A
 * policy without a node that the instance has, or allows, does not apply either.
 * Then the node of this CPU is preferred.
 *
 * Context: any.
 */
void umbra_mempolicy_choose(struct umbra *u, gfp_t gfp,
			    struct umbra_node_choice *choice)
{
	*choice = (struct umbra_node_choice) {
		.nid = umbra_current_node(u),
		.nodes = UMBRA_ALL_NODES,
	};
#ifdef CONFIG_NUMA
	if (!in_interrupt() && !(gfp & __GFP_THISNODE)) {
		const struct mempolicy *policy = umbra_task_policy();
		umbra_nodemask_t nodes = policy ? nodes_of(u, policy) : 0;

		if (nodes)
			choose(u, policy->mode, gfp, nodes, choice);
	}
#endif
}
