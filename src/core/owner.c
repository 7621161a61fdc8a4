// SPDX-License-Identifier: GPL-2.0
/*
 * Who has what: a record for each frame, kept at the head of a block, written
 * by whoever has the block in its hands. Readers may see a record that is
 * half of one owner and half of the next: it is for looking at.
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
#include "core.h"
#include "owner.h"

#ifdef CONFIG_STACKDEPOT

#define STACK_DEPTH 16
#define STACK_SKIP 3

/* The depot may allocate from the host, which @gfp is about here. */
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
 * umbra_owner_create() - make room for the records of an instance
 * @u: the instance
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP without a stack depot.
 */
int umbra_owner_create(struct umbra *u)
{
	int err = stack_depot_init();

	if (err)
		return err;
	u->owners = kvcalloc(u->nr_frames, sizeof(*u->owners),
			     GFP_KERNEL | __GFP_NOWARN);
	return u->owners ? 0 : -ENOMEM;
}

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

void umbra_owner_destroy(struct umbra *u)
{
	kvfree(u->owners);
}

/* Context: any; a request that cannot sleep does not here. */
void umbra_owner_set(struct umbra *u, u32 index, unsigned int order, gfp_t gfp)
{
	struct umbra_owner *owner = &u->owners[index];
	gfp_t host = gfp & __GFP_DIRECT_RECLAIM ? GFP_NOWAIT : 0;

	*owner = (struct umbra_owner) {
		.stack = save_stack(host | __GFP_NOWARN),
		.gfp = gfp,
		.ts_ns = local_clock(),
		.pid = current->pid,
		.tgid = current->tgid,
		.order = order,
		.valid = true,
	};
	strscpy(owner->comm, current->comm, sizeof(owner->comm));
}

/* A block becomes single pages, each of the same owner. */
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

/* A block moves; whoever has it stays the same. */
void umbra_owner_copy(struct umbra *u, u32 dst, u32 src)
{
	if (u->owners)
		u->owners[dst] = u->owners[src];
}

void umbra_owner_clear(struct umbra *u, u32 index, unsigned int order)
{
	u->owners[index].free_stack = save_stack(__GFP_NOWARN);
}

/**
 * umbra_owner_get() - who has the block that begins at a frame
 * @u: the instance
 * @index: the frame
 * @owner: filled in
 *
 * Context: any.
 * Return: false if nobody was ever recorded there.
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
