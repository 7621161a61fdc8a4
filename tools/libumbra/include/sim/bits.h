/* SPDX-License-Identifier: GPL-2.0 */
/* Bits, bitmaps, numbers and their bounds. */
#ifndef _SIM_BITS_H
#define _SIM_BITS_H

#include <linux/bits.h>
#include <sim/types.h>

#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN(x, a)		(((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define round_up(x, a)		ALIGN(x, a)
#define round_down(x, a)	ALIGN_DOWN(x, a)
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The bounds of the kernel refuse operands of different types; these do not. */
#define min(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b);	\
				   (typeof(a_ + b_))(a_ < b_ ? a_ : b_); })
#define max(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b);	\
				   (typeof(a_ + b_))(a_ > b_ ? a_ : b_); })
#define min_t(type, a, b)	({ type at_ = (a); type bt_ = (b);	\
				   at_ < bt_ ? at_ : bt_; })
#define max_t(type, a, b)	({ type at_ = (a); type bt_ = (b);	\
				   at_ > bt_ ? at_ : bt_; })
#define max3(a, b, c)		max(max(a, b), c)
#define min3(a, b, c)		({ typeof(a) m_ = min(a, b); min(m_, c); })
#define clamp(x, low, high)	({ typeof(x) x_ = max(x, low); min(x_, high); })
#define clamp_t(type, x, low, high)	min_t(type, max_t(type, x, low), high)
#define swap(a, b)		({ typeof(a) s_ = (a); (a) = (b); (b) = s_; })
#define mult_frac(x, n, d)	({ typeof(x) q_ = (x) / (d), r_ = (x) % (d); \
				   q_ * (n) + r_ * (n) / (d); })

#define SZ_1K			0x400UL
#define SZ_4K			0x1000UL
#define SZ_16K			0x4000UL
#define SZ_64K			0x10000UL
#define SZ_256K			0x40000UL
#define SZ_1M			0x100000UL
#define SZ_4M			0x400000UL
#define SZ_64M			0x4000000UL
#define SZ_1G			0x40000000UL
#define SZ_2G			0x80000000UL

static inline unsigned int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline unsigned long __fls(unsigned long x)
{
	return 63 - __builtin_clzl(x);
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline int ilog2(unsigned long long x)
{
	return 63 - __builtin_clzll(x);
}

static inline unsigned long rounddown_pow_of_two(unsigned long x)
{
	return 1UL << ilog2(x);
}

static inline unsigned long roundup_pow_of_two(unsigned long x)
{
	return x <= 1 ? 1 : 1UL << (ilog2(x - 1) + 1);
}

static inline bool is_power_of_2(unsigned long x)
{
	return x && !(x & (x - 1));
}

#define hweight64(x)		((unsigned int)__builtin_popcountll(x))
#define hweight_long(x)		((unsigned int)__builtin_popcountl(x))

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline unsigned long div64_ul(unsigned long a, unsigned long b)
{
	return a / b;
}

unsigned long int_sqrt(unsigned long x);

static inline size_t size_mul(size_t a, size_t b)
{
	size_t bytes;

	return __builtin_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

#define struct_size(p, member, n)					\
	(sizeof(*(p)) + size_mul(n, sizeof(*(p)->member)))
#define struct_size_t(type, member, n)	struct_size((type *)NULL, member, n)
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

/* True if a shift of an unsigned number loses bits. */
#define check_shl_overflow(a, s, d)					\
({									\
	typeof(a) v_ = (a);						\
	unsigned long n_ = (s);						\
	bool fits_ = n_ < 8 * sizeof(*(d));				\
									\
	*(d) = fits_ ? v_ << n_ : 0;					\
	!fits_ || *(d) >> n_ != v_;					\
})

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return READ_ONCE(map[BIT_WORD(nr)]) & BIT_MASK(nr);
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(unsigned long nr, unsigned long *map)
{
	map[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

static inline bool __test_and_set_bit(unsigned long nr, unsigned long *map)
{
	bool old = test_bit(nr, map);

	__set_bit(nr, map);
	return old;
}

static inline bool __test_and_clear_bit(unsigned long nr, unsigned long *map)
{
	bool old = test_bit(nr, map);

	__clear_bit(nr, map);
	return old;
}

#ifdef SIM_EXPLORED
#define SIM_BIT_OP(type, name, result)					\
__sim_step type name(unsigned long nr, unsigned long *map) \
{									\
	unsigned long *word = &map[BIT_WORD(nr)], old;			\
									\
	sim_access(word, sizeof(*word), true);				\
	old = *word & BIT_MASK(nr);					\
	result;								\
}

SIM_BIT_OP(void, set_bit, *word |= BIT_MASK(nr); (void)old)
SIM_BIT_OP(void, clear_bit, *word &= ~BIT_MASK(nr); (void)old)
SIM_BIT_OP(bool, test_and_set_bit, *word |= BIT_MASK(nr); return old)
SIM_BIT_OP(bool, test_and_clear_bit, *word &= ~BIT_MASK(nr); return old)
#else
/* One thread runs, so that every operation is atomic. */
#define set_bit			__set_bit
#define clear_bit		__clear_bit
#define test_and_set_bit	__test_and_set_bit
#define test_and_clear_bit	__test_and_clear_bit
#endif

#define test_and_set_bit_lock	test_and_set_bit
#define clear_bit_unlock	clear_bit

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long from);
unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size,
					 unsigned long from, unsigned int nr,
					 unsigned long mask);
void bitmap_set(unsigned long *map, unsigned int from, unsigned int nr);
void bitmap_clear(unsigned long *map, unsigned int from, unsigned int nr);
unsigned int bitmap_weight(const unsigned long *map, unsigned int nr);

#define find_first_bit(map, size)	find_next_bit(map, size, 0)
#define for_each_set_bit(bit, map, size)				\
	for ((bit) = find_first_bit(map, size); (bit) < (size);		\
	     (bit) = find_next_bit(map, size, (bit) + 1))

static inline void bitmap_copy(unsigned long *to, const unsigned long *from,
			       unsigned int nr)
{
	memcpy(to, from, BITS_TO_LONGS(nr) * sizeof(*to));
}

static inline void bitmap_zero(unsigned long *map, unsigned int nr)
{
	memset(map, 0, BITS_TO_LONGS(nr) * sizeof(long));
}

static inline void bitmap_fill(unsigned long *map, unsigned int nr)
{
	bitmap_zero(map, nr);
	bitmap_set(map, 0, nr);
}

#endif /* _SIM_BITS_H */
