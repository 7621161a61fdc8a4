/* SPDX-License-Identifier: GPL-2.0 */
/* The state of an instance, apart from the instance; see state.c. */
#ifndef _UMBRA_STATE_H
#define _UMBRA_STATE_H

#include "../api/tune.h"
#include "../core/core.h"
#include "zone_state.h"

/* Members of umbra_movable_state.flags. */
#define MOVABLE_ACTIVE		BIT(0)
#define MOVABLE_ACCESSED	BIT(1)
#define MOVABLE_RECLAIMABLE	BIT(2)	/* its owner can give it up */
#define MOVABLE_LISTED		BIT(3)	/* on an LRU list */

struct umbra_movable_state {
	u32 index;
	u8 flags;
};

/**
 * struct umbra_state - everything that decides about an instance
 * @pb_order: as in struct umbra
 * @nr_nodes: as in struct umbra
 * @nr_zones: as in struct umbra
 * @nr_spans: as in struct umbra
 * @spans: as in struct umbra, without descriptors
 * @distance: as in struct umbra
 * @cpu_node: as in struct umbra
 * @policy: name of the policy
 * @has_kswapd: whether the nodes have background reclaim
 * @online_nodes: as in struct umbra
 * @allowed_nodes: as in struct umbra
 * @tunables: value of each enum umbra_tunable
 * @lowmem_reserve_ratio: as in struct umbra
 * @pcp_batch: as in struct umbra
 * @pcp_high: as in struct umbra
 * @weights: weights of nodes for interleaving, as in struct umbra_mempolicy
 * @interleaved: as in struct umbra_mempolicy
 * @weighted: as in struct umbra_mempolicy
 * @nr_dirty: dirty pages of each node
 * @kswapd_failures: as in struct umbra_node, of each node
 * @kswapd_gave_up: as in struct umbra_node, of each node
 * @kswapd_freed: as in struct umbra_node, of each node
 * @skip_blocks: as in struct umbra_compact_state
 * @zones: the states of the zones
 * @zone_nids: node of each zone
 * @nr_movables: number of @movables
 * @movables: blocks that their owners can move; those of LRU lists come list by
 *	list, each from its oldest block
 * @exact: whether nothing changed while the state was taken
 */
struct umbra_state {
	unsigned int pb_order;
	unsigned int nr_nodes;
	unsigned int nr_zones;
	unsigned int nr_spans;
	struct umbra_span spans[UMBRA_MAX_SPANS];
	u8 *distance;
	u8 *cpu_node;
	char policy[UMBRA_POLICY_NAME_LEN];
	bool has_kswapd;
	umbra_nodemask_t online_nodes;
	umbra_nodemask_t allowed_nodes;
	long tunables[NR_TUNABLES];
	unsigned int lowmem_reserve_ratio[UMBRA_NR_ZONE_TYPES];
	int pcp_batch;
	int pcp_high;
	u8 weights[UMBRA_MAX_NODES];
	int interleaved;
	int weighted;
	long nr_dirty[UMBRA_MAX_NODES];
	int kswapd_failures[UMBRA_MAX_NODES];
	unsigned long kswapd_gave_up[UMBRA_MAX_NODES];
	bool kswapd_freed[UMBRA_MAX_NODES];
	unsigned long *skip_blocks;
	struct umbra_zone_state *zones[UMBRA_MAX_ZONES];
	unsigned int zone_nids[UMBRA_MAX_ZONES];
	unsigned long nr_movables;
	struct umbra_movable_state *movables;
	bool exact;
};

struct umbra_state *umbra_state_take(struct umbra *u);
void umbra_state_delete(struct umbra_state *s);

#endif /* _UMBRA_STATE_H */
