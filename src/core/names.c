// SPDX-License-Identifier: GPL-2.0
/* Names of zones and of migratetypes. */
#include <linux/module.h>
#include "names.h"

static const char * const zone_names[UMBRA_NR_ZONE_TYPES] = {
	[UMBRA_ZONE_DMA] = "DMA",
	[UMBRA_ZONE_DMA32] = "DMA32",
	[UMBRA_ZONE_NORMAL] = "Normal",
	[UMBRA_ZONE_HIGHMEM] = "HighMem",
	[UMBRA_ZONE_MOVABLE] = "Movable",
};

/* The name of a zone type, or "invalid". Context: any. */
const char *umbra_zone_type_name(enum umbra_zone_type type)
{
	return type < UMBRA_NR_ZONE_TYPES ? zone_names[type] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_zone_type_name);

static const char * const type_names[UMBRA_NR_TYPES] = {
	[UMBRA_UNMOVABLE] = "Unmovable",
	[UMBRA_MOVABLE] = "Movable",
	[UMBRA_RECLAIMABLE] = "Reclaimable",
	[UMBRA_HIGHATOMIC] = "HighAtomic",
	[UMBRA_CMA] = "CMA",
	[UMBRA_ISOLATE] = "Isolate",
};

/* The name of a migratetype, or "invalid". Context: any. */
const char *umbra_type_name(enum umbra_migratetype type)
{
	return type < UMBRA_NR_TYPES ? type_names[type] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_type_name);
