// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes, and the order of zones for a request. Each node has two lists.
 * FALLBACK has the zones of all online nodes, the nearest node first.
 * NOFALLBACK has only the zones of the node. In both, the highest zone of a
 * node comes first.
 *
 * Lists are rebuilt in place under umbra.control_lock. A walk at the same time
 * may miss a zone or see a zone twice. An allocation that failed reads
 * umbra.zonelist_seq, and tries again if the lists have changed.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "pcp.h"
#include "pcp_drain.h"
#include "pcp_setup.h"
#include "zonelist.h"

/* The lowest zone of a node, whose counters include events of the node. */
struct umbra_zone *umbra_node_first_zone(const struct umbra *u,
					 const struct umbra_node *node)
{
	unsigned int type = 0;

	while (!node->zones[type])
		type++;
	return umbra_node_zone(u, node, type);
}

/**
 * umbra_zonelist_next() - find the next zone of a zonelist
 * @u: the instance
 * @ref: start of the search
 * @highest: highest zone of interest
 * @nodemask: nodes of interest
 * @zone: filled in with the zone, or NULL at the end of the list
 *
 * Context: any.
 * Return: the place of @zone in the list.
 */
const umbra_zoneref_t *umbra_zonelist_next(const struct umbra *u,
					   const umbra_zoneref_t *ref,
					   enum umbra_zone_type highest,
					   umbra_nodemask_t nodemask,
					   struct umbra_zone **zone)
{
	umbra_zoneref_t value;

	for (; (value = READ_ONCE(*ref)); ref++) {
		if (value >> 8 > highest)
			continue;
		*zone = umbra_ref_zone(u, value);
		if (nodemask == UMBRA_ALL_NODES ||
		    nodemask & BIT((*zone)->nid))
			return ref;
	}
	*zone = NULL;
	return ref;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_zonelist_next);

/* Append the zones of a node that have pages, the highest first. */
static umbra_zoneref_t *add_node(const struct umbra *u,
				 const struct umbra_node *node,
				 umbra_zoneref_t *ref)
{
	const struct umbra_zone *zone;
	int type;

	for (type = UMBRA_NR_ZONE_TYPES - 1; type >= 0; type--) {
		zone = umbra_node_zone(u, node, type);
		if (zone && READ_ONCE(zone->nr_managed))
			WRITE_ONCE(*ref++, type << 8 | node->zones[type]);
	}
	return ref;
}

static umbra_nodemask_t nodes_with_cpus(const struct umbra *u)
{
	umbra_nodemask_t nodes = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		nodes |= BIT(u->cpu_node[cpu]);
	return nodes;
}

/* Data for the choice of the next node. */
struct node_choice {
	umbra_nodemask_t with_cpus;
	unsigned int load[UMBRA_MAX_NODES];	/* nodes that prefer it */
};

/*
 * The best node of @left for @nid: the node itself, else the nearest one. Among
 * nodes of equal distance, nodes after @nid and nodes without CPUs are better,
 * then nodes that fewer other nodes prefer.
 */
static int next_best_node(const struct umbra *u, unsigned int nid,
			  umbra_nodemask_t left, const struct node_choice *c)
{
	unsigned int best_value = UINT_MAX, to;
	int best = UMBRA_NO_NODE;

	if (left & BIT(nid))
		return nid;
	for (to = 0; to < u->nr_nodes; to++) {
		unsigned int value;

		if (!(left & BIT(to)))
			continue;
		value = umbra_distance(u, nid, to) + (to < nid) +
			!!(c->with_cpus & BIT(to));
		value = value * UMBRA_MAX_NODES + c->load[to];
		if (value < best_value) {
			best_value = value;
			best = to;
		}
	}
	return best;
}

/* Store the first zone of each list for every highest zone. */
static void set_first(const struct umbra *u, struct umbra_node *node)
{
	struct umbra_zone *zone;
	unsigned int list, type;

	for (list = 0; list < UMBRA_NR_ZONELISTS; list++) {
		for (type = 0; type < UMBRA_NR_ZONE_TYPES; type++) {
			umbra_zonelist_next(u, node->zonelists[list].refs, type,
					    UMBRA_ALL_NODES, &zone);
			WRITE_ONCE(node->first[list][type],
				   zone ? zone - u->zones + 1 : 0);
		}
	}
}

static void build_node(struct umbra *u, struct umbra_node *node,
		       struct node_choice *c)
{
	umbra_zoneref_t *ref = node->zonelists[UMBRA_ZONELIST_FALLBACK].refs;
	umbra_nodemask_t left = u->online_nodes;
	int to, previous = node->nid;

	while ((to = next_best_node(u, node->nid, left, c)) >= 0) {
		left &= ~BIT(to);
		/* Among nodes of equal distance, the first is used most. */
		if (umbra_distance(u, node->nid, to) !=
		    umbra_distance(u, node->nid, previous))
			c->load[to]++;
		ref = add_node(u, &u->nodes[to], ref);
		previous = to;
	}
	WRITE_ONCE(*ref, 0);

	ref = node->zonelists[UMBRA_ZONELIST_NOFALLBACK].refs;
	if (u->online_nodes & BIT(node->nid))
		ref = add_node(u, node, ref);
	WRITE_ONCE(*ref, 0);
	set_first(u, node);
}

static void build_all(struct umbra *u)
{
	struct node_choice c = { .with_cpus = nodes_with_cpus(u) };
	unsigned long flags;
	unsigned int nid;

	lockdep_assert_held(&u->control_lock);

	/* A request in an interrupt must not wait for this writer. */
	local_irq_save(flags);
	write_seqcount_begin(&u->zonelist_seq);
	for (nid = 0; nid < u->nr_nodes; nid++)
		build_node(u, &u->nodes[nid], &c);
	write_seqcount_end(&u->zonelist_seq);
	local_irq_restore(flags);
}

static void set_distances(struct umbra *u, const u8 *table)
{
	unsigned int from, to;

	for (from = 0; from < u->nr_nodes; from++) {
		for (to = 0; to < u->nr_nodes; to++) {
			unsigned int i = from * u->nr_nodes + to;

			if (table)
				u->distance[i] = table[i];
			else
				u->distance[i] = from == to ? LOCAL_DISTANCE :
					REMOTE_DISTANCE;
		}
	}
}

static int set_cpu_nodes(struct umbra *u, const u8 *map)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		u->cpu_node[cpu] = map ? map[cpu] : cpu % u->nr_nodes;
		if (u->cpu_node[cpu] >= u->nr_nodes)
			return -EINVAL;
	}
	return 0;
}

/* Undo umbra_zonelist_create(). Context: any. */
void umbra_zonelist_destroy(struct umbra *u)
{
	kfree(u->cpu_node);
	kfree(u->distance);
}

/**
 * umbra_zonelist_create() - set up distances, nodes of CPUs, and zonelists
 * @u: the instance, with its nodes and zones
 * @layout: distances, and the node of each CPU
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EINVAL for an invalid distance, or for a CPU with a
 * node that does not exist.
 */
int umbra_zonelist_create(struct umbra *u, const struct umbra_layout *layout)
{
	int err = -ENOMEM;

	u->distance = kcalloc(u->nr_nodes, u->nr_nodes, GFP_KERNEL);
	u->cpu_node = kcalloc(nr_cpu_ids, 1, GFP_KERNEL);
	if (!u->distance || !u->cpu_node)
		goto err_free;
	set_distances(u, layout->distance);
	err = -EINVAL;
	if (!umbra_distances_are_valid(u->distance, u->nr_nodes))
		goto err_free;
	err = set_cpu_nodes(u, layout->cpu_node);
	if (err)
		goto err_free;

	u->online_nodes = GENMASK(u->nr_nodes - 1, 0);
	u->allowed_nodes = UMBRA_ALL_NODES;
	mutex_lock(&u->control_lock);
	build_all(u);
	mutex_unlock(&u->control_lock);
	return 0;

err_free:
	umbra_zonelist_destroy(u);
	return err;
}

/**
 * umbra_set_node_online() - let requests use a node, or not
 * @u: instance
 * @nid: node
 * @online: whether requests may use it
 *
 * An offline node serves no request. Its allocated blocks stay, and can be
 * freed. The caches of all CPUs are drained of its pages, and keep none.
 *
 * Context: Process context, may sleep.
 * Return: 0; -EINVAL if there is no such node; -EBUSY if it is the last node
 * online; -EINTR on a fatal signal.
 */
int umbra_set_node_online(struct umbra *u, unsigned int nid, bool online)
{
	umbra_nodemask_t nodes;
	int err = 0;

	if (nid >= u->nr_nodes)
		return -EINVAL;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	nodes = online ? u->online_nodes | BIT(nid) :
			 u->online_nodes & ~BIT(nid);
	if (!nodes) {
		err = -EBUSY;
	} else if (nodes != u->online_nodes) {
		WRITE_ONCE(u->online_nodes, nodes);
		build_all(u);
		umbra_pcp_resize(u);
		if (!online)
			umbra_pcp_drain(u, BIT(nid), -1, true);
	}
	mutex_unlock(&u->control_lock);
	return err;
}
EXPORT_SYMBOL_GPL(umbra_set_node_online);

/**
 * umbra_set_allowed_nodes() - limit requests to some nodes
 * @u: instance
 * @nodes: nodes that requests may use; %UMBRA_ALL_NODES for no limit
 *
 * A request with %__GFP_HARDWALL never uses another node. A request without it
 * may do so when the allowed nodes have nothing.
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL if the instance has none of @nodes, or -EINTR on a fatal
 * signal.
 */
int umbra_set_allowed_nodes(struct umbra *u, umbra_nodemask_t nodes)
{
	umbra_nodemask_t all = GENMASK(u->nr_nodes - 1, 0);

	if (!(nodes & all))
		return -EINVAL;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	WRITE_ONCE(u->allowed_nodes, nodes);
	/* A request that sees the wall must see the nodes, too. */
	smp_store_release(&u->walled, (nodes & all) != all);
	smp_mb();	/* either this or umbra_make_bad() writes last */
	if (umbra_is_bad(u))
		WRITE_ONCE(u->walled, true);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_set_allowed_nodes);
