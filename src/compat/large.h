/* SPDX-License-Identifier: GPL-2.0 */
/* Allocations of the host that may be large; see large.c. */
#ifndef _UMBRA_LARGE_H
#define _UMBRA_LARGE_H

#include <linux/types.h>

struct page;

void *umbra_large_zalloc(size_t nr, size_t size, gfp_t gfp, const char *use);
struct page *umbra_large_pages(size_t nr, gfp_t gfp, const char *use);

#endif /* _UMBRA_LARGE_H */
