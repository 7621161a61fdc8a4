/* SPDX-License-Identifier: GPL-2.0 */
/* sort(): that of the C library, which swaps by itself. */
#ifndef _SIM_SORT_H
#define _SIM_SORT_H

#include <stdlib.h>

static inline void sort(void *base, size_t nr, size_t size,
			int (*compare)(const void *a, const void *b),
			void (*swap)(void *a, void *b, int size))
{
	qsort(base, nr, size, compare);
}

#endif /* _SIM_SORT_H */
