/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registered blocks and their lists: umbra.movables has the registration by
 * head; its xa_lock guards that, the marks, and the lists, which are linked by
 * the descriptors' lru. Everything here wants it held.
 */
#ifndef _UMBRA_REGISTRY_H
#define _UMBRA_REGISTRY_H

#include "../core/frame.h"
#include "../core/span.h"

#define MARK_ACTIVE	XA_MARK_0	/* its list, when not isolated */
#define MARK_ACCESSED	XA_MARK_1
#define MARK_ISOLATED	XA_MARK_2

static inline struct list_head *movable_link(struct umbra *u, u32 index)
{
	return &umbra_index_to_page(u, index)->lru;
}

static inline unsigned long movable_pages(const struct umbra *u, u32 index)
{
	return 1UL << frame_order(frame_read(u, index));
}

static inline bool movable_is_listed(struct umbra *u, u32 index)
{
	return !list_empty(movable_link(u, index));
}

static inline bool movable_has_mark(struct umbra *u, u32 index, xa_mark_t mark)
{
	return xa_get_mark(&u->movables, index, mark);
}

#endif /* _UMBRA_REGISTRY_H */
