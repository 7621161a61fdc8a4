/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory policy of the current task. Only the task itself replaces its
 * policy, so that it may read it without a lock and without a reference.
 */
#ifndef _UMBRA_COMPAT_MEMPOLICY_H
#define _UMBRA_COMPAT_MEMPOLICY_H

#include <linux/mempolicy.h>
#include <linux/sched.h>

/*
 * 6.9 added weighted interleave. In older kernels, no policy has this mode.
 */
#ifndef UMBRA_HAVE_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE MPOL_MAX
#endif

/* The policy of the current task, or NULL if it has none. */
static inline const struct mempolicy *umbra_task_policy(void)
{
#ifdef CONFIG_NUMA
	return current->mempolicy;
#else
	return NULL;
#endif
}

#endif /* _UMBRA_COMPAT_MEMPOLICY_H */
