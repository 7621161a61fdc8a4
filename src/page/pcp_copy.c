// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of caches. A CPU copies its own cache, in an interrupt that the task
 * asks for, and nothing of the cache changes. A copy can be written into a cache
 * that is empty and not in use.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include "../compat/large.h"
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/section.h"
#include "pcp.h"
#include "pcp_copy.h"
#include "pcp_list.h"

/* The room that a copy has beyond the blocks that a cache seems to have. */
#define SPARE 256

/* The most blocks of a copy: bounds the time of the interrupt. */
#define COPY_MOST 32768U

struct copy_call {
	struct umbra_zone *zone;
	struct umbra_pcp_copy *copy;
	int err;
};

static bool add(const struct copy_call *call, u32 index, unsigned int list,
		unsigned int order, unsigned int type)
{
	struct umbra_pcp_copy *copy = call->copy;

	if (copy->nr == copy->room)
		return false;
	copy->entries[copy->nr++] = (struct umbra_pcp_entry) {
		.index = index - call->zone->start,
		.list = list,
		.order = order,
		.type = type,
	};
	return true;
}

static bool add_list(const struct copy_call *call,
		     const struct umbra_pcp_list *list, unsigned int nr)
{
	const struct umbra *u = call->zone->umbra;
	unsigned int order = umbra_pcp_list_order(u, nr);
	u32 frames[PCP_GROUP], group = list->top;
	unsigned int n = list->nr;

	while (n)
		if (!add(call, list->frames[--n], nr, order, 0))
			return false;
	while (group != UMBRA_NO_FRAME) {
		n = umbra_pcp_read_group(u, list, &group, frames);
		while (n)
			if (!add(call, frames[--n], nr, order, 0))
				return false;
	}
	return true;
}

static bool add_singles(const struct copy_call *call,
			const struct umbra_pcp *pcp)
{
	unsigned int order, type;

	for (order = 0; order < UMBRA_NR_ORDERS; order++)
		for (type = 0; type < UMBRA_PCPTYPES; type++)
			if (pcp->single[order][type] != UMBRA_NO_FRAME &&
			    !add(call, pcp->single[order][type],
				 PCP_COPY_SINGLE, order, type))
				return false;
	return true;
}

/* Runs on the CPU of the cache, with interrupts off. */
static void copy_on_cpu(void *arg)
{
	struct copy_call *call = arg;
	struct umbra_pcp_copy *copy = call->copy;
	struct umbra_pcp *pcp = pcp_enter(call->zone);
	bool fits;
	unsigned int i;

	call->err = -EAGAIN;
	if (!pcp)
		return;
	copy->nr = 0;
	copy->high = pcp->high;
	copy->free_count = pcp->free_count;
	copy->alloc_factor = pcp->alloc_factor;
	copy->freed_high_order = pcp->freed_high_order;
	fits = add_singles(call, pcp);
	for (i = 0; i < PCP_LISTS && fits; i++)
		fits = add_list(call, &pcp->lists[i], i);
	copy->is_cut = !fits;
	call->err = fits || copy->room == COPY_MOST ? 0 : -ENOSPC;
	pcp_leave(pcp);
}

/**
 * umbra_pcp_copy() - copy the cache of a CPU
 * @zone: the zone of the cache
 * @cpu: the CPU; the cache of an offline CPU is empty
 *
 * The copy is made again while a section is open, which lasts only a few
 * instructions, and with more room if the cache has grown.
 *
 * Context: may sleep; waits for an interrupt of the CPU.
 * Return: the copy, which the caller frees with kvfree(), or NULL without memory
 * for it or after a fatal signal.
 */
struct umbra_pcp_copy *umbra_pcp_copy(struct umbra_zone *zone,
				      unsigned int cpu)
{
	struct copy_call call = { .zone = zone };
	unsigned long room;
	int err;

	do {
		room = min_t(unsigned long, umbra_pcp_count(zone, cpu) + SPARE,
			     COPY_MOST);
		call.copy = umbra_large_zalloc(1, struct_size(call.copy, entries,
							      room),
					       GFP_KERNEL_ACCOUNT, NULL);
		if (!call.copy)
			return NULL;
		call.copy->room = room;
		do {
			err = smp_call_function_single(cpu, copy_on_cpu, &call,
						       1);
			cond_resched();
		} while (!err && call.err == -EAGAIN);
		if (err || !call.err)
			return call.copy;
		kvfree(call.copy);
	} while (!fatal_signal_pending(current));
	return NULL;
}

/**
 * umbra_pcp_paste() - write a copy into an empty cache
 * @zone: the zone of the cache, of an instance that nothing uses yet; blocks of
 *	caches are allocated there
 * @cpu: the CPU of the cache
 * @copy: a copy, of a cache of a zone of the same size
 * @map: the byte of each frame of that zone
 *
 * A block that was not in hand in the map, or is in a cache already, is left out:
 * the copy and the map may be of different moments.
 *
 * Context: may sleep.
 */
void umbra_pcp_paste(struct umbra_zone *zone, unsigned int cpu,
		     const struct umbra_pcp_copy *copy, const u8 *map)
{
	struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);
	struct umbra *u = zone->umbra;
	u32 i;

	pcp->high = copy->high;
	pcp->free_count = copy->free_count;
	pcp->alloc_factor = copy->alloc_factor;
	pcp->freed_high_order = copy->freed_high_order;
	/* The oldest block of a list comes last. */
	for (i = copy->nr; i--;) {
		const struct umbra_pcp_entry *e = &copy->entries[i];
		u32 index = zone->start + e->index;
		u32 *single = &pcp->single[e->order][e->type];

		if (map[e->index] != frame_make(FRAME_PCP, e->order) ||
		    !frame_is(u, index, FRAME_ALLOC, e->order) ||
		    (e->list == PCP_COPY_SINGLE && *single != UMBRA_NO_FRAME))
			continue;
		frame_set(u, index, FRAME_PCP, e->order);
		if (e->list == PCP_COPY_SINGLE)
			*single = index;
		else
			pcp_list_push(u, &pcp->lists[e->list], index);
		pcp->count += 1 << e->order;
		if (i % 4096 == 0)
			cond_resched();
	}
}

/* The blocks that went into and out of the caches of a zone. Context: any. */
unsigned long umbra_pcp_uses(const struct umbra_zone *zone)
{
	unsigned long uses = 0;
	unsigned int cpu, order;

	for_each_possible_cpu(cpu) {
		const struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

		for (order = 0; order < UMBRA_NR_ORDERS; order++)
			uses += READ_ONCE(pcp->allocs[order]) +
				READ_ONCE(pcp->frees[order]);
	}
	return uses;
}
