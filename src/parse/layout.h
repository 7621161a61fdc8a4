/* SPDX-License-Identifier: GPL-2.0 */
/* A layout from the parameters of the module; see layout.c. */
#ifndef _UMBRA_LAYOUT_H
#define _UMBRA_LAYOUT_H

#include <umbra/umbra.h>

/**
 * struct umbra_layout_text - the parameters of the module for a layout
 * @nodes: number of equal nodes; 0 for the nodes of the host, if @follow_host,
 *	or for one node
 * @follow_host: true if each span is of another node of the host
 * @pb_order: order of a pageblock
 * @zones: NAME:SIZE,... or NULL
 * @distance: rows of the distance table, or NULL
 * @cpu_node: node of each CPU, or NULL
 * @policy: name of the policy
 * @debug: names of UMBRA_DEBUG_* bits, or NULL
 */
struct umbra_layout_text {
	unsigned int nodes;
	bool follow_host;
	unsigned int pb_order;
	const char *zones;
	const char *distance;
	const char *cpu_node;
	const char *policy;
	const char *debug;
};

/* Tables that a layout points to, until the instance is created. */
struct umbra_layout_tables {
	unsigned int nr_zones;
	bool has_distance;
	bool has_cpu_node;
	struct umbra_zone_layout zones[UMBRA_MAX_NODES * UMBRA_NR_ZONE_TYPES];
	u8 distance[UMBRA_MAX_NODES * UMBRA_MAX_NODES];
	u8 cpu_node[];
};

int umbra_layout_parse(struct umbra_layout *layout,
		       struct umbra_layout_tables *t,
		       const struct umbra_layout_text *text,
		       struct umbra_span *spans, unsigned int *nr_spans);
struct umbra_layout_tables *umbra_layout_tables_create(void);

#endif /* _UMBRA_LAYOUT_H */
