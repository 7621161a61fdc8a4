/* SPDX-License-Identifier: GPL-2.0 */
/* The macros that umbra.h needs. Programs get no other macros of the kernel. */
#ifndef _SIM_LINUX_BITS_H
#define _SIM_LINUX_BITS_H

#define BITS_PER_LONG		64
#define BITS_PER_BYTE		8
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define BIT_MASK(n)		BIT((n) % BITS_PER_LONG)
#define BIT_WORD(n)		((n) / BITS_PER_LONG)
#define GENMASK(high, low)	((~0UL << (low)) & (~0UL >> (63 - (high))))

#endif /* _SIM_LINUX_BITS_H */
