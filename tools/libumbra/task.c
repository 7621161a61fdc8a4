// SPDX-License-Identifier: GPL-2.0
/* The task of the program, and failures on purpose. */
#include <linux/bits.h>
#include <sim/cpu.h>
#include <sim/mm.h>
#include "../../src/core/core.h"
#include "internal.h"

static unsigned int task_flags(unsigned int flags)
{
	unsigned int host = 0;

	if (flags & UMBRA_SIM_KTHREAD)
		host |= PF_KTHREAD;
	if (flags & UMBRA_SIM_MEMALLOC)
		host |= PF_MEMALLOC;
	if (flags & UMBRA_SIM_NOFS)
		host |= PF_MEMALLOC_NOFS;
	if (flags & UMBRA_SIM_NOIO)
		host |= PF_MEMALLOC_NOIO;
	return host;
}

/**
 * umbra_sim_set_task() - set the name and the properties of the task
 * @name: its name, of which 15 characters are kept
 * @flags: UMBRA_SIM_* bits; all others are cleared
 */
void umbra_sim_set_task(const char *name, unsigned int flags)
{
	strscpy(current->comm, name);
	current->flags = task_flags(flags);
	current->realtime = flags & UMBRA_SIM_REALTIME;
}

/**
 * umbra_sim_kill() - send the program a fatal signal
 *
 * It is pending until umbra_sim_revive(), so that waits end early.
 */
void umbra_sim_kill(void)
{
	send_sig(SIGKILL, current, 0);
}

/** umbra_sim_revive() - take the fatal signal back */
void umbra_sim_revive(void)
{
	flush_signals(current);
}

/**
 * umbra_sim_fail_requests() - let requests of an instance fail
 * @u: the instance
 * @percent: probability; 0 for no failures
 * @times: number of failures, or -1 for no limit
 *
 * Requests with __GFP_NOFAIL do not fail.
 */
void umbra_sim_fail_requests(struct umbra *u, unsigned int percent, int times)
{
	u->fail_alloc.probability = percent;
	u->fail_alloc.verbose = 0;
	atomic_set(&u->fail_alloc.times, times);
}

/**
 * umbra_sim_fail_host() - let an allocation from the host fail
 * @nth: number of the allocation, from 1 for the next one; 0 for none
 *
 * Counts allocations of the program, and threads that it creates.
 *
 * Return: the allocations that were left to the one of the last call; 0 if that
 * one came.
 */
unsigned int umbra_sim_fail_host(unsigned int nth)
{
	unsigned int left = current->fail_nth;

	sim_fail_sleepers();
	current->fail_nth = nth;
	return left;
}
