/* SPDX-License-Identifier: GPL-2.0 */
/* Basic types, annotations, and access to memory that others may change. */
#ifndef _SIM_TYPES_H
#define _SIM_TYPES_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef unsigned int gfp_t;
typedef unsigned int __poll_t;

#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX
#define S32_MAX		INT32_MAX
#define U64_MAX		(~0ULL)

/* errno of the kernel that programs do not see */
#define ERESTARTSYS	512

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct llist_node {
	struct llist_node *next;
};

struct rcu_head {
	struct rcu_head *next;
};

struct llist_head {
	struct llist_node *first;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

/* Annotations of sparse and of sections, which a program does not have. */
#define __percpu
#define __force
#define __user
#define __rcu
#define __init
#define __exit
#define __must_hold(lock)
#define __acquires(lock)
#define __releases(lock)
#define __read_mostly
#define __counted_by(member)

#undef __always_inline		/* of the C library */
#define __always_inline		inline __attribute__((__always_inline__))
#define noinline_for_stack	noinline
#define noinline		__attribute__((__noinline__))
#define __maybe_unused		__attribute__((__unused__))
#define __printf(fmt, args)	__attribute__((__format__(printf, fmt, args)))
#define __packed		__attribute__((__packed__))
#define __aligned(n)		__attribute__((__aligned__(n)))
#define __weak			__attribute__((__weak__))
#define __noreturn		__attribute__((__noreturn__))
#define fallthrough		__attribute__((__fallthrough__))

#define SMP_CACHE_BYTES		64
#define L1_CACHE_BYTES		64
#define ____cacheline_aligned_in_smp	__aligned(SMP_CACHE_BYTES)
#define ____cacheline_aligned	__aligned(SMP_CACHE_BYTES)

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

/*
 * Operations of the machine are one access each for an explorer of schedules, see
 * sim_explorer. Its build has a call for every other access of the code under
 * test, which the compiler adds.
 */
#ifdef __SANITIZE_THREAD__
#define SIM_EXPLORED
#define __sim_step	static __attribute__((__no_sanitize_thread__, __noipa__, \
					      __unused__))
void sim_access(const volatile void *p, size_t size, bool write);

#define memset(p, value, n)						\
({									\
	size_t n_ = (n);						\
									\
	sim_access(p, n_, true);					\
	memset(p, value, n_);						\
})

#define sim_copy(fn, to, from, n)					\
({									\
	size_t n_ = (n);						\
									\
	sim_access(from, n_, false);					\
	sim_access(to, n_, true);					\
	fn(to, from, n_);						\
})

#define memcpy(to, from, n)	sim_copy(memcpy, to, from, n)
#define memmove(to, from, n)	sim_copy(memmove, to, from, n)
#else
#define __sim_step	static inline
#define sim_access(p, size, write)	do { } while (0)
#endif

#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value)	(*(volatile typeof(x) *)&(x) = (value))
#define data_race(x)		(x)

#ifndef static_assert
#define static_assert(cond, ...)	_Static_assert(cond, #cond)
#endif
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)

#define sizeof_field(type, member)	sizeof(((type *)0)->member)
#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * IS_ENABLED() of the options that sim/config.h sets to 1: the token of a set
 * option makes an argument more, so that the second one is 1.
 */
#define SIM_SECOND(a, b, ...)	b
#define SIM_SET_1		0,
#define SIM_IS_SET(arg)		SIM_SECOND(arg 1, 0)
#define SIM_JOIN(value)		SIM_IS_SET(SIM_SET_##value)
#define IS_ENABLED(option)	SIM_JOIN(option)
#define IS_BUILTIN(option)	SIM_JOIN(option)
#define __is_defined(option)	SIM_JOIN(option)

#endif /* _SIM_TYPES_H */
