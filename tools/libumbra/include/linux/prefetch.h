/* SPDX-License-Identifier: GPL-2.0 */
#include <sim/types.h>
#define prefetch(p)	__builtin_prefetch(p)
#define prefetchw(p)	__builtin_prefetch(p, 1)
