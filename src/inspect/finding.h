/* SPDX-License-Identifier: GPL-2.0 */
/* The findings of the checker; see finding.c. */
#ifndef _UMBRA_FINDING_H
#define _UMBRA_FINDING_H

#include "../core/frame.h"

enum umbra_finding_code {
	FINDING_STATE,		/* a byte with an invalid state */
	FINDING_ALIGN,		/* a head not aligned to its order */
	FINDING_BOUNDS,		/* a block that leaves its zone or span */
	FINDING_INSIDE,		/* a frame inside a block that is not TAIL */
	FINDING_TAIL,		/* a TAIL that no block covers */
	FINDING_HELD_ORDER,	/* a HELD or OFFLINE frame with an order */
	FINDING_TYPE,		/* a free block over pageblocks of two types */
	FINDING_BUDDIES,	/* two free buddies that should have merged */
	FINDING_REFERENCE,	/* a page without its base reference */
	FINDING_LINK,		/* a free head whose list links are broken */
	FINDING_LIST,		/* an entry on the wrong free list */
	FINDING_WRITE,		/* free memory that was written to */
	FINDING_COUNT,		/* a counter that differs from the walk */
	FINDING_MOVABLE,	/* registered: not allocated, or not exposed */
	FINDING_LRU,		/* an entry on the wrong LRU list */
	NR_FINDINGS
};

/* Number of findings that are recorded; further findings are only counted. */
#define UMBRA_FIRST_FINDINGS 16

/* Walks over lists that change meanwhile, until the checker gives up. */
#define VERIFY_ATTEMPTS 4

/* List entries that the checker looks at per hold of a lock. */
#define VERIFY_BATCH 512

struct umbra_finding {
	enum umbra_finding_code code;
	u32 index;		/* frame, or UMBRA_NO_FRAME */
	unsigned long found;
	unsigned long expected;
};

/**
 * struct umbra_findings - result of a run of the checker
 * @nr_findings: number of all findings
 * @first: first UMBRA_FIRST_FINDINGS findings
 * @frames: number of frames per state; a block counts with all its frames
 * @blocks: number of blocks per state
 * @exact: whether no zone and no LRU list changed during its walk, so that all
 *	lists and counters were compared too
 */
struct umbra_findings {
	unsigned long nr_findings;
	struct umbra_finding first[UMBRA_FIRST_FINDINGS];
	unsigned long frames[FRAME_NR_STATES];
	unsigned long blocks[FRAME_NR_STATES];
	bool exact;
};

const char *umbra_finding_name(enum umbra_finding_code code);
void umbra_found(struct umbra_findings *v, enum umbra_finding_code code,
		 u32 index, unsigned long found, unsigned long expected);

#endif /* _UMBRA_FINDING_H */
