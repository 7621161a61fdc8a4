/* SPDX-License-Identifier: GPL-2.0 */
/* A layout from the parameters of the module; see layout.c. */
#ifndef _UMBRA_LAYOUT_H
#define _UMBRA_LAYOUT_H

#include <umbra/umbra.h>

/**
 * struct umbra_layout_text - a layout as the parameters of the module say it
 * @nodes: how many equal nodes; 0 to follow the host, else one
 * @follow_host: each span is of another node of the host
 * @pb_order: order of a pageblock
 * @zones: NAME:SIZE,... or NULL
 * @distance: rows of the distance table, or NULL
 * @cpu_node: the node of each CPU, or NULL
 * @policy: name of the policy
 * @debug: what to debug, or NULL
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

/* What a layout points to; needed until the instance is created. */
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
