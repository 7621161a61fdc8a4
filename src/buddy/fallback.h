/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks from lists of other types; see fallback.c. */
#ifndef _UMBRA_FALLBACK_H
#define _UMBRA_FALLBACK_H

#include "../core/core.h"

/* The list that a block was found on, from the best choice to the worst. */
enum umbra_take_mode {
	TAKE_NORMAL,
	TAKE_CMA,
	TAKE_CLAIM,
	TAKE_STEAL,
};

u32 umbra_fallback_take(struct umbra_zone *zone, unsigned int order,
			enum umbra_migratetype type, unsigned int flags,
			enum umbra_take_mode *mode);
bool umbra_fallback_can_claim(struct umbra_zone *zone, unsigned int order,
			      enum umbra_migratetype type);

#endif /* _UMBRA_FALLBACK_H */
