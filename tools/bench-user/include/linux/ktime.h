/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of the benchmark. Each work function reads it where its measured part
 * begins, and again where it ends: there callgrind begins and ends to count.
 */
#ifndef _BENCH_USER_LINUX_KTIME_H
#define _BENCH_USER_LINUX_KTIME_H

#include <sim/types.h>

typedef s64 ktime_t;

ktime_t bench_user_clock(void);

#define ktime_get()		bench_user_clock()
#define ktime_sub(a, b)		((a) - (b))
#define ktime_to_ns(t)		(t)

/* The host's allocator is built with each case, but does not run. */
struct page;

unsigned long alloc_pages_bulk_array(unsigned int gfp, unsigned long nr,
				     struct page **pages);

#endif /* _BENCH_USER_LINUX_KTIME_H */
