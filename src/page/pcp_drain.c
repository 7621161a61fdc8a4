// SPDX-License-Identifier: GPL-2.0
/*
 * Draining caches: a CPU collects the blocks of its own cache, in an interrupt
 * that the task which drains asks for, and the task puts them back to the zone.
 *
 * The limits of caches decay, too, so that a CPU that is idle gives back what it
 * kept when it was busy.
 */
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include "../core/assert.h"
#include "../core/core.h"
#include "../core/section.h"
#include "pcp.h"
#include "pcp_drain.h"
#include "pcp_list.h"

/* The part of a drain that runs on the CPU of the cache. */
struct drain_call {
	struct umbra_zone *zone;
	unsigned int nr;	/* blocks in umbra.drain_buf */
	bool busy;		/* a section was open */
	bool again;		/* the cache has more, or a section was open */
};

static unsigned int collect(struct umbra_pcp *pcp, struct umbra *u)
{
	return umbra_pcp_collect(pcp, u, u->drain_buf, PCP_DRAIN_BLOCKS,
				 pcp->count, 0);
}

/* Runs on the CPU of the cache, with interrupts off. */
static void collect_on_cpu(void *arg)
{
	struct drain_call *call = arg;
	struct umbra_pcp *pcp = pcp_enter(call->zone);

	call->busy = !pcp;
	call->again = true;
	if (pcp) {
		call->nr = collect(pcp, call->zone->umbra);
		call->again = pcp->count;
		pcp_leave(pcp);
	}
}

static void put_back_all(struct umbra_zone *zone, const u32 *frames,
			 unsigned int nr)
{
	while (nr) {
		unsigned int n = min_t(unsigned int, nr, PCP_MOVE);

		umbra_pcp_put_back(zone, frames, n);
		frames += n;
		nr -= n;
	}
}

/*
 * Empty the cache of one CPU and zone. The cache of an offline CPU is empty
 * already, see umbra_pcp_drain_dead().
 */
static void drain_one(struct umbra_zone *zone, unsigned int cpu)
{
	struct drain_call call = { .zone = zone };
	int err;

	do {
		call.nr = 0;
		err = smp_call_function_single(cpu, collect_on_cpu, &call, 1);
		put_back_all(zone, zone->umbra->drain_buf, call.nr);
		cond_resched();
		if (!umbra_assert(zone->umbra, UMBRA_NO_FRAME,
				  !call.again || call.busy || call.nr))
			break;
		/* Untaken: user-mode Linux cannot take a CPU offline. */
	} while (!err && call.again);
}

/**
 * umbra_pcp_drain_zone() - put the pages of all caches of a zone back
 * @zone: the zone
 *
 * Also interrupts a CPU whose cache looks empty, because the cache may be about
 * to change.
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_pcp_drain_zone(struct umbra_zone *zone)
{
	unsigned int cpu;

	lockdep_assert_held(&zone->umbra->control_lock);

	for_each_possible_cpu(cpu)
		drain_one(zone, cpu);
}

/**
 * umbra_pcp_drain() - put the pages of caches back to their zones
 * @u: the instance
 * @nodes: nodes of the zones
 * @cpu: CPU of the caches, or -1 for all CPUs
 * @force: also interrupt a CPU whose cache looks empty, because the cache may
 *	be about to change
 *
 * Waits for an interrupt of each CPU, and repeats it if a section was open. A
 * section lasts only a few instructions.
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_pcp_drain(struct umbra *u, umbra_nodemask_t nodes, int cpu,
		     bool force)
{
	struct umbra_zone *zone;
	unsigned int i;

	lockdep_assert_held(&u->control_lock);

	for_each_umbra_zone(u, zone) {
		if (!(nodes & BIT(zone->nid)))
			continue;
		for_each_possible_cpu(i)
			if ((cpu < 0 || i == cpu) &&
			    (force || umbra_pcp_count(zone, i)))
				drain_one(zone, i);
	}
}

/**
 * umbra_pcp_drain_dead() - empty the caches of a CPU that is offline
 * @u: the instance
 * @cpu: the CPU; it must not run any code
 *
 * Context: may sleep; umbra.control_lock held.
 */
void umbra_pcp_drain_dead(struct umbra *u, unsigned int cpu)
{
	struct umbra_zone *zone;
	unsigned int nr;

	lockdep_assert_held(&u->control_lock);

	for_each_umbra_zone(u, zone) {
		struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

		do {
			nr = collect(pcp, u);
			put_back_all(zone, u->drain_buf, nr);
			if (!umbra_assert(u, UMBRA_NO_FRAME,
					  !pcp->count || nr))
				break;
		} while (pcp->count);
	}
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_drain_dead);

/* One step of a decay, on the CPU of the cache. */
struct decay_call {
	struct umbra_zone *zone;
	bool begun;		/* the limit is lower already */
	int pages;		/* that the cache has still to give back */
	unsigned int nr;	/* blocks in umbra.drain_buf */
};

/* Lower the limit of a cache by an eighth, as the host does. In a section. */
static int lower_high(struct umbra_pcp *pcp, const struct umbra_zone *zone,
		      int batch)
{
	int high_min = READ_ONCE(zone->pcp_high_min);

	if (pcp->high > high_min)
		pcp->high = max3(pcp->count - (batch << PCP_SCALE_MAX),
				 pcp->high - (pcp->high >> 3), high_min);
	return pcp->count - pcp->high;
}

/* Runs on the CPU of the cache, with interrupts off. */
static void decay_on_cpu(void *arg)
{
	struct decay_call *call = arg;
	struct umbra_zone *zone = call->zone;
	int batch = clamp(READ_ONCE(zone->pcp_batch), 1, PCP_DRAIN_BLOCKS);
	struct umbra_pcp *pcp = pcp_enter(zone);

	call->nr = 0;
	/* A cache in use is not idle. */
	if (!pcp) {
		call->pages = 0;
		return;
	}
	if (!call->begun)
		call->pages = lower_high(pcp, zone, batch);
	call->begun = true;
	while (call->pages > 0 && pcp->count &&
	       call->nr + batch <= PCP_DRAIN_BLOCKS) {
		call->nr += umbra_pcp_collect(pcp, zone->umbra,
					      zone->umbra->drain_buf + call->nr,
					      PCP_DRAIN_BLOCKS - call->nr,
					      min(call->pages, batch), 0);
		call->pages -= batch;
	}
	pcp_leave(pcp);
}

static void decay_one(struct umbra_zone *zone, unsigned int cpu)
{
	struct decay_call call = { .zone = zone };

	do {
		if (smp_call_function_single(cpu, decay_on_cpu, &call, 1))
			return;
		put_back_all(zone, zone->umbra->drain_buf, call.nr);
		cond_resched();
	} while (call.pages > 0 && call.nr);
}

/**
 * umbra_pcp_decay() - lower the limits of caches, and drain what is above them
 * @u: the instance
 *
 * An interrupt comes only to CPUs whose limit is above the least one. Nothing
 * happens while another task drains.
 *
 * Context: may sleep.
 */
void umbra_pcp_decay(struct umbra *u)
{
	struct umbra_zone *zone;
	unsigned int cpu;

	if (!mutex_trylock(&u->control_lock))
		return;
	for_each_umbra_zone(u, zone)
		for_each_online_cpu(cpu) {
			struct umbra_pcp *pcp = per_cpu_ptr(zone->pcp, cpu);

			if (READ_ONCE(pcp->high) > READ_ONCE(zone->pcp_high_min))
				decay_one(zone, cpu);
		}
	mutex_unlock(&u->control_lock);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_decay);
