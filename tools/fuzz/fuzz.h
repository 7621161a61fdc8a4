/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the fuzzers. An input is a row of choices: fuzz_pick() reads the next
 * one. After its end every choice is 0, so that any prefix of an input is an
 * input, too.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "../libumbra/libumbra.h"

#define FUZZ_SECOND	1000000000ULL

/* The CPUs of the simulated machine */
#define FUZZ_CPUS	4

/* The input */
bool fuzz_has_more(void);
u32 fuzz_pick(u32 limit);
size_t fuzz_text(char *text, size_t size, char end);

/* End the program with a message: the input has found a fault. */
__noreturn __printf(1, 2) void fuzz_fail(const char *fmt, ...);

#define fuzz_check(cond, ...)						\
do {									\
	if (unlikely(!(cond)))						\
		fuzz_fail(__VA_ARGS__);					\
} while (0)

void fuzz_verify(struct umbra *u);

/* The fuzzer: carry out one input. */
void fuzz_one(void);

#endif /* _FUZZ_H */
