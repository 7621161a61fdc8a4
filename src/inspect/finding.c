// SPDX-License-Identifier: GPL-2.0
/* The findings of the checker: their names, and the record of a run. */
#include <linux/module.h>
#include "finding.h"
#include "verify.h"

static const char * const finding_names[NR_FINDINGS] = {
	[FINDING_STATE] = "no such state",
	[FINDING_ALIGN] = "head not aligned to its order",
	[FINDING_BOUNDS] = "block leaves its zone or span",
	[FINDING_INSIDE] = "frame inside a block is not a tail",
	[FINDING_TAIL] = "tail outside any block",
	[FINDING_HELD_ORDER] = "single frame with an order",
	[FINDING_TYPE] = "free block over pageblocks of two types",
	[FINDING_BUDDIES] = "free buddies left apart",
	[FINDING_REFERENCE] = "base reference missing",
	[FINDING_LINK] = "broken links of a free block",
	[FINDING_LIST] = "entry on the wrong list",
	[FINDING_WRITE] = "free memory was written to",
	[FINDING_COUNT] = "counter differs from the walk",
	[FINDING_MOVABLE] = "registered, but not allocated and exposed",
	[FINDING_LRU] = "entry on the wrong LRU list",
};

/* The name of a finding for display, or "invalid". Context: any. */
const char *umbra_finding_name(enum umbra_finding_code code)
{
	return code < NR_FINDINGS ? finding_names[code] : "invalid";
}
EXPORT_SYMBOL_IF_KUNIT(umbra_finding_name);

/* Add a finding at frame @index to @v, with the value that was found. */
void umbra_found(struct umbra_findings *v, enum umbra_finding_code code,
		 u32 index, unsigned long found, unsigned long expected)
{
	if (v->nr_findings < UMBRA_FIRST_FINDINGS)
		v->first[v->nr_findings] = (struct umbra_finding){
			code, index, found, expected
		};
	v->nr_findings++;
}
