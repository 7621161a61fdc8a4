/* SPDX-License-Identifier: GPL-2.0 */
/* The flags of requests in each version of the kernel; see gfp.c. */
#ifndef _UMBRACTL_GFP_H
#define _UMBRACTL_GFP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Flags by what they mean, with the same numbers for all kernels */
enum gfp_flag {
	GFP_FLAG_DMA,
	GFP_FLAG_HIGHMEM,
	GFP_FLAG_DMA32,
	GFP_FLAG_MOVABLE,
	GFP_FLAG_RECLAIMABLE,
	GFP_FLAG_WAIT,
	GFP_FLAG_HIGH,
	GFP_FLAG_IO,
	GFP_FLAG_FS,
	GFP_FLAG_ZERO,
	GFP_FLAG_ATOMIC,
	GFP_FLAG_DIRECT_RECLAIM,
	GFP_FLAG_KSWAPD_RECLAIM,
	GFP_FLAG_WRITE,
	GFP_FLAG_COLD,
	GFP_FLAG_NOWARN,
	GFP_FLAG_REPEAT,
	GFP_FLAG_RETRY_MAYFAIL,
	GFP_FLAG_NOFAIL,
	GFP_FLAG_NORETRY,
	GFP_FLAG_MEMALLOC,
	GFP_FLAG_COMP,
	GFP_FLAG_NOMEMALLOC,
	GFP_FLAG_HARDWALL,
	GFP_FLAG_THISNODE,
	GFP_FLAG_KMEMCG,
	GFP_FLAG_NOACCOUNT,
	GFP_FLAG_ACCOUNT,
	GFP_FLAG_NOTRACK,
	GFP_FLAG_NO_KSWAPD,
	GFP_FLAG_OTHER_NODE,
	GFP_FLAG_NOLOCKDEP,
	GFP_FLAG_ZEROTAGS,
	GFP_FLAG_SKIP_ZERO,
	GFP_FLAG_SKIP_KASAN,
	GFP_FLAG_SKIP_KASAN_POISON,
	GFP_FLAG_SKIP_KASAN_UNPOISON,
	GFP_FLAGS
};

/* A set of flags has a bit for each enum gfp_flag. */
#define GFP_SET(flag)	(1ULL << GFP_FLAG_##flag)

/* The first kernel whose bits are known */
#define GFP_OLDEST	(2 << 16 | 6 << 8 | 38)

/* Text of a set: names with '|' between them */
#define GFP_TEXT	1024

unsigned long long gfp_from_mask(unsigned long mask, unsigned int version,
				 unsigned long *rest);
unsigned long gfp_to_mask(unsigned long long set, unsigned int version,
			  unsigned long long *absent);
int gfp_from_names(const char *text, unsigned int version,
		   unsigned long long *set, const char **bad);
void gfp_names(unsigned long long set, unsigned int version,
	       char text[GFP_TEXT]);
int gfp_version_parse(const char *text, unsigned int *version);
unsigned int gfp_next_layout(unsigned int version);

#endif /* _UMBRACTL_GFP_H */
