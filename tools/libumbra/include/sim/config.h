/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration of the simulated kernel. */
#ifndef _SIM_CONFIG_H
#define _SIM_CONFIG_H

#define CONFIG_64BIT			1
#define CONFIG_CONTIG_ALLOC		1
#define CONFIG_DEBUG_ATOMIC_SLEEP	1
#define CONFIG_FAILSLAB			1
#define CONFIG_FAULT_INJECTION		1
#define CONFIG_MEMORY_FAILURE		1
#define CONFIG_NUMA			1
#define CONFIG_SMP			1
#define CONFIG_STACKDEPOT		1
#define CONFIG_TRACEPOINTS		1

/* Features that probe.mk finds in the newest kernel */
#define UMBRA_HAVE_KUNIT_VISIBILITY
#define UMBRA_HAVE_KUNIT_STATIC_STUB
#define UMBRA_HAVE_RT_OR_DL_TASK
#define UMBRA_HAVE_VM_FLAGS_SET
#define UMBRA_HAVE_WEIGHTED_INTERLEAVE

#endif /* _SIM_CONFIG_H */
