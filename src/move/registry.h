/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of movable blocks: umbra.movables has the owner of each block by
 * the index of its head. The xa_lock guards the registry, its marks, and the
 * LRU lists, whose links are the lru of the first pages. The functions below
 * need the xa_lock held.
 *
 * An entry is a struct umbra_movable, with the tag ENTRY_BUSY while a callback
 * runs for the block. An isolated block that its owner has freed has the
 * account of the block with the tag ENTRY_FREED instead. The task that isolated
 * such a block frees it.
 */
#ifndef _UMBRA_REGISTRY_H
#define _UMBRA_REGISTRY_H

#include <linux/xarray.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"

#define MARK_ACTIVE	XA_MARK_0	/* on the active list unless isolated */
#define MARK_ACCESSED	XA_MARK_1
#define MARK_ISOLATED	XA_MARK_2

#define ENTRY_BUSY	1
#define ENTRY_FREED	3

/* The owner of a block, or NULL if it has none any more. */
static inline struct umbra_movable *movable_of(struct umbra *u, u32 index)
{
	void *entry = xa_load(&u->movables, index);

	return xa_pointer_tag(entry) == ENTRY_FREED ? NULL :
						      xa_untag_pointer(entry);
}

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
