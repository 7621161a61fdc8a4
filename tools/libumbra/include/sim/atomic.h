/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Atomic operations. One thread runs, and interrupts come only at sim_point(),
 * so that plain operations are atomic. For an explorer of schedules, each is one
 * access.
 */
#ifndef _SIM_ATOMIC_H
#define _SIM_ATOMIC_H

#include <sim/context.h>

#define ATOMIC_INIT(value)	{ (value) }
#define ATOMIC_LONG_INIT(value)	{ (value) }

#define SIM_ATOMIC(prefix, atomic, type)				\
static inline type prefix##_read(const atomic *v)			\
{									\
	return READ_ONCE(v->counter);					\
}									\
static inline type prefix##_read_acquire(const atomic *v)		\
{									\
	return READ_ONCE(v->counter);					\
}									\
static inline void prefix##_set(atomic *v, type value)			\
{									\
	WRITE_ONCE(v->counter, value);					\
}									\
__sim_step type prefix##_add_return(type n, atomic *v)	\
{									\
	sim_access(v, sizeof(*v), true);				\
	return v->counter = (type)((unsigned long)v->counter + n);	\
}									\
static inline void prefix##_add(type n, atomic *v)			\
{									\
	prefix##_add_return(n, v);					\
}									\
static inline void prefix##_sub(type n, atomic *v)			\
{									\
	prefix##_add_return(-n, v);					\
}									\
static inline void prefix##_inc(atomic *v)				\
{									\
	prefix##_add_return(1, v);					\
}									\
static inline void prefix##_dec(atomic *v)				\
{									\
	prefix##_add_return(-1, v);					\
}									\
static inline type prefix##_inc_return(atomic *v)			\
{									\
	return prefix##_add_return(1, v);				\
}									\
static inline type prefix##_dec_return(atomic *v)			\
{									\
	return prefix##_add_return(-1, v);				\
}									\
static inline type prefix##_dec_return_release(atomic *v)		\
{									\
	return prefix##_add_return(-1, v);				\
}									\
static inline bool prefix##_dec_and_test(atomic *v)			\
{									\
	return prefix##_add_return(-1, v) == 0;				\
}									\
__sim_step							\
bool prefix##_add_unless(atomic *v, type n, type unless)		\
{									\
	sim_access(v, sizeof(*v), true);				\
	if (v->counter == unless)					\
		return false;						\
	v->counter += n;						\
	return true;							\
}									\
__sim_step type prefix##_xchg(atomic *v, type value)	\
{									\
	type old;							\
									\
	sim_access(v, sizeof(*v), true);				\
	old = v->counter;						\
	v->counter = value;						\
	return old;							\
}									\
__sim_step							\
bool prefix##_try_cmpxchg(atomic *v, type *old, type value)		\
{									\
	sim_access(v, sizeof(*v), true);				\
	if (v->counter != *old) {					\
		*old = v->counter;					\
		return false;						\
	}								\
	v->counter = value;						\
	return true;							\
}									\
static inline type prefix##_cmpxchg(atomic *v, type old, type value)	\
{									\
	prefix##_try_cmpxchg(v, &old, value);				\
	return old;							\
}

SIM_ATOMIC(atomic, atomic_t, int)
SIM_ATOMIC(atomic_long, atomic_long_t, long)

#define atomic_inc_not_zero(v)	atomic_add_unless(v, 1, 0)

#ifdef SIM_EXPLORED
/* The compiler makes one call of each of these. */
#define xchg(p, value)		__atomic_exchange_n(p, value, __ATOMIC_SEQ_CST)
#define try_cmpxchg(p, old, value)					\
	__atomic_compare_exchange_n(p, old, value, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
#define cmpxchg(p, old, value)						\
({									\
	typeof(*(p)) c_ = (old);					\
									\
	try_cmpxchg(p, &c_, value);					\
	c_;								\
})
#else
#define xchg(p, value)							\
({									\
	typeof(*(p)) x_ = *(p);						\
									\
	*(p) = (value);							\
	x_;								\
})

#define cmpxchg(p, old, value)						\
({									\
	typeof(*(p)) c_ = *(p);						\
									\
	if (c_ == (old))						\
		*(p) = (value);						\
	c_;								\
})

#define try_cmpxchg(p, old, value)					\
({									\
	bool done_ = *(p) == *(old);					\
									\
	if (done_)							\
		*(p) = (value);						\
	else								\
		*(old) = *(p);						\
	done_;								\
})
#endif

typedef struct {
	atomic_t refs;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	atomic_set(&r->refs, n);
}

static inline void refcount_inc(refcount_t *r)
{
	sim_check(atomic_read(&r->refs) > 0, "refcount_inc() of a dead object");
	atomic_inc(&r->refs);
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	return atomic_inc_not_zero(&r->refs);
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	sim_check(atomic_read(&r->refs) > 0, "refcount_dec() of a dead object");
	return atomic_dec_and_test(&r->refs);
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return atomic_read(&r->refs);
}

/* Static keys are counts that are read. */
struct static_key {
	atomic_t enabled;
};

struct static_key_false {
	struct static_key key;
};

#define DECLARE_STATIC_KEY_FALSE(name)	extern struct static_key_false name
#define DEFINE_STATIC_KEY_FALSE(name)	struct static_key_false name = {}
#define static_branch_unlikely(k)	unlikely(atomic_read(&(k)->key.enabled))
#define static_branch_inc(k)		atomic_inc(&(k)->key.enabled)
#define static_branch_dec(k)		atomic_dec(&(k)->key.enabled)
#define static_key_count(k)		atomic_read(&(k)->enabled)
#define static_key_enabled(k)		(static_key_count(&(k)->key) > 0)

#endif /* _SIM_ATOMIC_H */
