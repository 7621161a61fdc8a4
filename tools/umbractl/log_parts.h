/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of a report; see log_parts.c. */
#ifndef _UMBRACTL_LOG_PARTS_H
#define _UMBRACTL_LOG_PARTS_H

#include "log.h"

enum part_kind {
	PART_NONE,
	PART_HEAD,	/* order, mode and nodes of the request */
	PART_CALLS,	/* the stack */
	PART_TOTALS,	/* values of the machine */
	PART_ZONE,	/* values of a zone */
	PART_RESERVE,	/* lowmem_reserve[] of a zone */
	PART_BLOCKS,	/* free blocks of a zone */
};

/**
 * struct part - the part of a report that the reader is in
 * @kind: kind of the part
 * @zone: the zone that values belong to, or NULL
 * @zones_ended: whether a line came after the zones that ends a report
 * @after_equals: whether the next word is the sum of a line of blocks
 */
struct part {
	enum part_kind kind;
	struct log_zone *zone;
	bool zones_ended;
	bool after_equals;
};

bool part_begins_zones(const char *text);
bool part_read(struct part *part, struct report *r, const char *text,
	       bool is_head);

#endif /* _UMBRACTL_LOG_PARTS_H */
