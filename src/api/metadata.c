// SPDX-License-Identifier: GPL-2.0
/* The memory that an instance itself takes; see instance.c for what it is. */
#include <linux/cpumask.h>
#include <linux/module.h>
#include "../buddy/freelist.h"
#include "../core/core.h"
#include "../core/latency.h"
#include "../core/owner.h"
#include "../move/kcompactd.h"
#include "../page/pcp_setup.h"
#include "metadata.h"

/**
 * umbra_metadata_bytes() - get the size of an instance's own data
 * @u: the instance
 *
 * Context: any.
 * Return: the memory that umbra_instance_create() allocated, in bytes.
 */
size_t umbra_metadata_bytes(const struct umbra *u)
{
	const struct umbra_zone *zone;
	size_t bytes = sizeof(*u) + u->nr_frames * sizeof(*u->map);

	bytes += umbra_nr_pageblocks(u) * sizeof(*u->pageblocks);
	bytes += u->nr_nodes * sizeof(*u->nodes);
	bytes += u->nr_zones * sizeof(*u->zones);
	bytes += u->nr_nodes * u->nr_nodes * sizeof(*u->distance);
	bytes += nr_cpu_ids * sizeof(*u->cpu_node);
	for_each_umbra_zone(u, zone)
		bytes += umbra_freelist_bytes(zone);
	if (u->owners)
		bytes += (size_t)u->nr_frames * sizeof(*u->owners);
	return bytes + umbra_latency_bytes() + umbra_pcp_bytes(u) +
	       umbra_compact_bytes(u);
}
EXPORT_SYMBOL_FOR_MODULES(umbra_metadata_bytes, UMBRA_TEST_MODULES);
