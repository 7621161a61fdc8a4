/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Assertions: invariants whose loss would corrupt memory. They are checked
 * where the state of a block changes under the zone lock, and never on a cache
 * hit.
 *
 * If an invariant does not hold, the instance is *bad*. The first failure is
 * reported with a WARN and fails a running KUnit test. From then on requests
 * without __GFP_NOFAIL fail. Pages that are allocated can be used and freed. The
 * caller of umbra_assert() leaves the block alone.
 */
#ifndef _UMBRA_ASSERT_H
#define _UMBRA_ASSERT_H

#include "core.h"

void umbra_report_broken(struct umbra *u, u32 index, const char *invariant);
void umbra_make_bad(struct umbra *u, u32 index, const char *invariant);

/* May the instance serve no request any more? */
static inline bool umbra_is_bad(const struct umbra *u)
{
	return unlikely(READ_ONCE(u->broken));
}

/*
 * Check an invariant, and make the instance bad if it does not hold. @index is
 * the frame that the invariant is about, or UMBRA_NO_FRAME. The value is that of
 * @invariant.
 */
#define umbra_assert(u, index, invariant)				\
({									\
	bool __holds = (invariant);					\
									\
	if (unlikely(!__holds))						\
		umbra_make_bad(u, index, #invariant);			\
	__holds;							\
})

#endif /* _UMBRA_ASSERT_H */
