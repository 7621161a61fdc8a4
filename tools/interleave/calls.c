// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that the compiler calls at each access to memory of the code
 * under test: those of its ThreadSanitizer, of which nothing else is used.
 */
#include <stddef.h>
#include <stdint.h>
#include <sim/context.h>

#define CALLER	__builtin_return_address(0)

static void note(const volatile void *p, size_t size, bool write,
		 const void *caller)
{
	if (sim.explorer)
		sim.explorer->access(p, size, write, caller);
}

/* An access of the machine itself, see sim/types.h */
#undef sim_access
void sim_access(const volatile void *p, size_t size, bool write);
void sim_access(const volatile void *p, size_t size, bool write)
{
	note(p, size, write, CALLER);
}

#define ACCESS(name, size, write)					\
void __tsan_##name(void *p);						\
void __tsan_##name(void *p)						\
{									\
	note(p, size, write, CALLER);					\
}

#define ACCESSES(n)							\
ACCESS(read##n, n, false)						\
ACCESS(write##n, n, true)						\
ACCESS(unaligned_read##n, n, false)					\
ACCESS(unaligned_write##n, n, true)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_read_range(void *p, size_t size);
void __tsan_read_range(void *p, size_t size)
{
	note(p, size, false, CALLER);
}

void __tsan_write_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size)
{
	note(p, size, true, CALLER);
}

/* Atomic operations: one access each, in the only order there is */
#define ATOMICS(bits, type)						\
type __tsan_atomic##bits##_exchange(volatile type *p, type value, int order); \
type __tsan_atomic##bits##_exchange(volatile type *p, type value, int order) \
{									\
	type old;							\
									\
	note(p, sizeof(*p), true, CALLER);				\
	old = *p;							\
	*p = value;							\
	return old;							\
}									\
									\
type __tsan_atomic##bits##_fetch_add(volatile type *p, type n, int order); \
type __tsan_atomic##bits##_fetch_add(volatile type *p, type n, int order) \
{									\
	type old;							\
									\
	note(p, sizeof(*p), true, CALLER);				\
	old = *p;							\
	*p = old + n;							\
	return old;							\
}									\
									\
int __tsan_atomic##bits##_compare_exchange_strong(volatile type *p,	\
						  type *old, type value, \
						  int order, int failed); \
int __tsan_atomic##bits##_compare_exchange_strong(volatile type *p,	\
						  type *old, type value, \
						  int order, int failed) \
{									\
	note(p, sizeof(*p), true, CALLER);				\
	if (*p != *old) {						\
		*old = *p;						\
		return false;						\
	}								\
	*p = value;							\
	return true;							\
}

ATOMICS(8, uint8_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)
