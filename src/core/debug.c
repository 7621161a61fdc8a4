// SPDX-License-Identifier: GPL-2.0
/*
 * Debugging, chosen when an instance is created: a pattern in free memory, a
 * second reference that guards allocated pages, a check of every reference
 * count on free (free.c), and records of owners (owner.c).
 */
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/page_ref.h>
#include <linux/string.h>
#include "core.h"
#include "debug.h"
#include "owner.h"
#include "report.h"
#include "span.h"

#define POISON_BYTE 0xaa

DEFINE_STATIC_KEY_FALSE(umbra_debug_key);
EXPORT_SYMBOL_IF_KUNIT(umbra_debug_key);

/**
 * umbra_debug_is_intact() - check the pattern of a free page
 * @u: an instance with UMBRA_DEBUG_POISON
 * @index: the frame
 *
 * Context: any.
 * Return: false if the page was written to; true for a page with hardware
 * poison, which is not read.
 */
bool umbra_debug_is_intact(struct umbra *u, u32 index)
{
	struct page *page = umbra_index_to_page(u, index);
	const void *addr;
	bool intact;

	if (PageHWPoison(page))
		return true;
	addr = kmap_local_page(page);
	intact = !memchr_inv(addr, POISON_BYTE, PAGE_SIZE);
	kunmap_local(addr);
	return intact;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_debug_is_intact);

/* Fill @nr frames with the pattern. Context: any. */
void __umbra_debug_poison(struct umbra *u, u32 index, u32 nr)
{
	u32 end = index + nr;

	for (; index < end; index++) {
		struct page *page = umbra_index_to_page(u, index);

		if (!PageHWPoison(page))
			memset_page(page, 0, POISON_BYTE, PAGE_SIZE);
	}
}

static void check_poison(struct umbra *u, u32 index, u32 end)
{
	for (; index < end; index++)
		if (!umbra_debug_is_intact(u, index))
			umbra_report_write(u, index);
}

/* Add the second reference to every frame. */
static void raise_guard(struct umbra *u, u32 index, u32 end)
{
	for (; index < end; index++)
		page_ref_inc(umbra_index_to_page(u, index));
}

/*
 * Drop the second reference of every frame. If only the base reference is left,
 * a stray put_page() dropped the second one. Report it.
 */
static void drop_guard(struct umbra *u, u32 index, u32 end)
{
	for (; index < end; index++) {
		struct page *page = umbra_index_to_page(u, index);

		if (page_ref_count(page) > UMBRA_BASE_COUNT)
			page_ref_dec(page);
		else
			umbra_report_guard(u, index);
	}
}

/* See umbra_debug_alloc(). */
void __umbra_debug_alloc(struct umbra *u, u32 index, unsigned int order,
			 gfp_t gfp)
{
	u32 end = index + (1U << order);

	if (u->debug & UMBRA_DEBUG_POISON)
		check_poison(u, index, end);
	if (u->debug & UMBRA_DEBUG_GUARD)
		raise_guard(u, index, end);
	if (u->debug & UMBRA_DEBUG_OWNER)
		umbra_owner_set(u, index, order, gfp);
}
EXPORT_SYMBOL_IF_KUNIT(__umbra_debug_alloc);

/* See umbra_debug_free(). */
void __umbra_debug_free(struct umbra *u, u32 index, unsigned int order)
{
	if (u->debug & UMBRA_DEBUG_GUARD)
		drop_guard(u, index, index + (1U << order));
	if (u->debug & UMBRA_DEBUG_OWNER)
		umbra_owner_clear(u, index, order);
}

/**
 * umbra_debug_create() - start debugging of an instance
 * @u: the instance; its frames are not free yet
 * @debug: UMBRA_DEBUG_*
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for an unknown bit, or for UMBRA_DEBUG_POISON without
 * memory, -EOPNOTSUPP if the kernel cannot record owners, or -ENOMEM.
 */
int umbra_debug_create(struct umbra *u, unsigned int debug)
{
	int err;

	if (debug & ~UMBRA_DEBUG_ALL ||
	    (debug & UMBRA_DEBUG_POISON && !u->has_memory))
		return -EINVAL;
	if (debug & UMBRA_DEBUG_OWNER) {
		err = umbra_owner_create(u);
		if (err)
			return err;
	}
	u->debug = debug;
	if (debug)
		static_branch_inc(&umbra_debug_key);
	return 0;
}

/**
 * umbra_debug_switch() - set or clear a bit of umbra.debug that changes
 * @u: the instance
 * @bit: %UMBRA_DEBUG_LATENCY or %UMBRA_DEBUG_RECORD
 * @on: true to set it
 *
 * Context: may sleep; umbra.debug_lock held.
 */
void umbra_debug_switch(struct umbra *u, unsigned int bit, bool on)
{
	unsigned int debug = u->debug & ~bit;

	lockdep_assert_held(&u->debug_lock);

	if (on)
		debug |= bit;
	if (debug == u->debug)
		return;
	WRITE_ONCE(u->debug, debug);
	if (on)
		static_branch_inc(&umbra_debug_key);
	else
		static_branch_dec(&umbra_debug_key);
}

/* Undo umbra_debug_create(). Context: may sleep. */
void umbra_debug_destroy(struct umbra *u)
{
	if (u->debug)
		static_branch_dec(&umbra_debug_key);
	umbra_owner_destroy(u);
}
