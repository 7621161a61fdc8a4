// SPDX-License-Identifier: GPL-2.0
/*
 * Records of owners: one per frame, valid at the head of a block. The CPU that
 * allocates or frees a block writes its record without a lock. A reader may see
 * a record that mixes two owners, so records are only for display.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/stackdepot.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include "../compat/large.h"
#include "core.h"
#include "owner.h"

#ifdef CONFIG_STACKDEPOT

#define STACK_DEPTH 16
/*
 * Only the function that saves the stack is skipped. The compiler chooses which
 * of its callers are inlined, and with LTO also those of other files, so a
 * larger number could skip the owner.
 */
#define STACK_SKIP 1

/* @gfp is for the memory that the depot may allocate from the host. */
static u32 save_stack(gfp_t gfp)
{
	unsigned long entries[STACK_DEPTH];
	unsigned int nr;

	if (in_nmi())
		return 0;
	nr = stack_trace_save(entries, ARRAY_SIZE(entries), STACK_SKIP);
	return stack_depot_save(entries, nr, gfp);
}

/**
 * umbra_owner_create() - allocate the records of an instance
 * @u: the instance
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if the kernel has no stack depot.
 */
int umbra_owner_create(struct umbra *u)
{
	int err = stack_depot_init();

	if (err)
		return err;
	u->owners = umbra_large_zalloc(u->nr_frames, sizeof(*u->owners),
				       GFP_KERNEL, "owner records");
	return u->owners ? 0 : -ENOMEM;
}

/* Print the stack of an allocation; returns the length. Context: any. */
int umbra_owner_stack(const struct umbra_owner *owner, char *buf, size_t size)
{
	return owner->stack ? stack_depot_snprint(owner->stack, buf, size, 0) :
			      0;
}
#else
static u32 save_stack(gfp_t gfp)
{
	return 0;
}

int umbra_owner_create(struct umbra *u)
{
	return -EOPNOTSUPP;
}

int umbra_owner_stack(const struct umbra_owner *owner, char *buf, size_t size)
{
	return 0;
}
#endif
EXPORT_SYMBOL_IF_KUNIT(umbra_owner_stack);

/* Undo umbra_owner_create(). Context: may sleep. */
void umbra_owner_destroy(struct umbra *u)
{
	kvfree(u->owners);
}

/* Record an allocation. Context: any. */
void umbra_owner_set(struct umbra *u, u32 index, unsigned int order, gfp_t gfp)
{
	struct umbra_owner *owner = &u->owners[index];
	gfp_t host = gfp & __GFP_DIRECT_RECLAIM ? GFP_NOWAIT : 0;

	*owner = (struct umbra_owner) {
		/* A request that may wait for no lock wakes no kswapd. */
		.stack = gfp & __GFP_RECLAIM ?
			 save_stack(host | __GFP_NOWARN) : 0,
		.gfp = gfp,
		.ts_ns = local_clock(),
		.pid = current->pid,
		.tgid = current->tgid,
		.order = order,
		.migrated = UMBRA_MIGRATE_NEVER,
		.valid = true,
	};
	strscpy(owner->comm, current->comm, sizeof(owner->comm));
}

/* Copy the record of a block to each page when the block is split. */
void umbra_owner_split(struct umbra *u, u32 index, unsigned int order)
{
	struct umbra_owner *owner;
	u32 i;

	if (!u->owners)
		return;
	owner = &u->owners[index];
	owner->order = 0;
	for (i = 1; i < 1U << order; i++)
		owner[i] = *owner;
}

/* Copy the record of a block that moves, and note why. */
void umbra_owner_move(struct umbra *u, u32 dst, u32 src,
		      enum umbra_migrate_reason reason)
{
	if (!u->owners)
		return;
	u->owners[dst] = u->owners[src];
	u->owners[dst].migrated = reason;
}

/* Record the stack of a free. Context: any. */
void umbra_owner_clear(struct umbra *u, u32 index, unsigned int order)
{
	u->owners[index].free_stack = save_stack(__GFP_NOWARN);
}

/**
 * umbra_owner_get() - read the record of a frame
 * @u: the instance
 * @index: the frame
 * @owner: filled in
 *
 * Context: any.
 * Return: false if the frame was never the head of an allocated block.
 */
bool umbra_owner_get(const struct umbra *u, u32 index,
		     struct umbra_owner *owner)
{
	if (!u->owners || !u->owners[index].valid)
		return false;
	*owner = u->owners[index];
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_owner_get);
