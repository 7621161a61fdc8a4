/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the tests of volatile memory. */
#ifndef VOLATILE_H
#define VOLATILE_H

#include "pins.h"

#define SEED 42
#define ALL UINT32_MAX	/* more pages than any instance has */

/* Allocate, map and write volatile blocks. Returns the handle, or 0. */
static uint64_t make_volatile(int fd, unsigned int order, unsigned int count,
			      char **p)
{
	size_t page = sysconf(_SC_PAGESIZE), nr = (size_t)count << order, i;
	uint64_t a = device_alloc_flags(fd, order, count, UMBRA_GFP_VOLATILE);

	*p = a ? device_map(fd, a, nr * page) : MAP_FAILED;
	if (*p == MAP_FAILED)
		return 0;
	for (i = 0; i < nr; i++)
		write_pattern(*p + i * page, page, SEED + i);
	return a;
}

/*
 * Returns the number of zero pages, or -1 if a page is neither zero nor intact.
 */
static inline long count_zero(char *p, size_t nr)
{
	size_t page = sysconf(_SC_PAGESIZE), i;
	long zero = 0;

	for (i = 0; i < nr; i++) {
		if (is_zero(p + i * page, page))
			zero++;
		else if (find_damage(p + i * page, page, SEED + i) != -1)
			return -1;
	}
	return zero;
}

#endif /* VOLATILE_H */
