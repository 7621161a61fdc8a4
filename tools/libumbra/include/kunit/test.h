/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit, as far as the tests of umbra use it. Each test runs in a kernel thread
 * of its own, and what the test registered is undone in another one, so that an
 * assertion can leave the test from anywhere.
 */
#ifndef _SIM_KUNIT_TEST_H
#define _SIM_KUNIT_TEST_H

#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#define KUNIT_PARAM_DESC_SIZE	128

enum kunit_speed {
	KUNIT_SPEED_NORMAL,
	KUNIT_SPEED_SLOW
};

struct kunit_attributes {
	enum kunit_speed speed;
};

struct sim_action;
struct sim_stub;

struct kunit {
	const char *name;
	const void *param_value;
	void *priv;
	bool failed;
	bool skipped;
	char reason[KUNIT_PARAM_DESC_SIZE];
	struct sim_action *actions;	/* the last one first */
	struct sim_stub *stubs;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
	struct kunit_attributes attr;
};

struct kunit_suite {
	const char *name;
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(fn)		{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)						\
	{ .run_case = fn, .name = #fn, .attr = { KUNIT_SPEED_SLOW } }
#define KUNIT_CASE_PARAM(fn, params)					\
	{ .run_case = fn, .name = #fn, .generate_params = params }
#define KUNIT_CASE_PARAM_ATTR(fn, params, ...)				\
	{ .run_case = fn, .name = #fn, .generate_params = params,	\
	  .attr = __VA_ARGS__ }

#define SIM_PARAMS(name, array, describe)				\
static const void *name##_gen_params(const void *prev, char *desc)	\
{									\
	typeof(&(array)[0]) next = prev ? (typeof(next))prev + 1 : (array); \
									\
	if (next == (array) + ARRAY_SIZE(array))			\
		return NULL;						\
	describe;							\
	return next;							\
}

#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
	SIM_PARAMS(name, array, get_desc(next, desc))
#define KUNIT_ARRAY_PARAM_DESC(name, array, member)			\
	SIM_PARAMS(name, array,						\
		   strscpy(desc, next->member, KUNIT_PARAM_DESC_SIZE))

#define kunit_test_suite(suite)						\
	static struct kunit_suite *sim_suite_##suite			\
		__attribute__((__used__, __section__("sim_suites"))) = &(suite)

void *sim_kunit_alloc(struct kunit *test, size_t bytes);
int kunit_add_action_or_reset(struct kunit *test, void (*fn)(void *arg),
			      void *arg);
__noreturn void sim_kunit_leave(struct kunit *test);
__printf(2, 3) void sim_kunit_skip(struct kunit *test, const char *fmt, ...);
__printf(3, 4) void sim_kunit_say(struct kunit *test, int level,
				  const char *fmt, ...);
__printf(4, 5) void sim_kunit_fail(struct kunit *test, const char *file,
				   int line, const char *fmt, ...);

#define kunit_kzalloc(test, bytes, gfp)	sim_kunit_alloc(test, bytes)
#define kunit_kmalloc(test, bytes, gfp)	sim_kunit_alloc(test, bytes)
#define kunit_kcalloc(test, n, bytes, gfp)	sim_kunit_alloc(test, (n) * (bytes))
#define kunit_info(test, ...)		sim_kunit_say(test, 6, __VA_ARGS__)
#define kunit_warn(test, ...)		sim_kunit_say(test, 4, __VA_ARGS__)
#define kunit_err(test, ...)		sim_kunit_say(test, 3, __VA_ARGS__)

#define kunit_skip(test, ...)						\
do {									\
	sim_kunit_skip(test, __VA_ARGS__);				\
	sim_kunit_leave(test);						\
} while (0)

/* @after is what follows a failure: nothing, or the end of the test. */
#define SIM_FAIL(test, after, ...)					\
do {									\
	sim_kunit_fail(test, __FILE__, __LINE__, __VA_ARGS__);		\
	after;								\
} while (0)

#define SIM_BINARY(test, after, left, op, right, fmt, ...)		\
do {									\
	typeof(left) l_ = (left);					\
	typeof(right) r_ = (right);					\
									\
	if (unlikely(!(l_ op r_)))					\
		SIM_FAIL(test, after,					\
			 "%s %s %s, which are %lld and %lld" fmt,	\
			 #left, #op, #right, (long long)l_,		\
			 (long long)r_, ##__VA_ARGS__);			\
} while (0)

#define SIM_POINTERS(test, after, left, op, right)			\
do {									\
	if (unlikely(!((const void *)(left) op (const void *)(right))))	\
		SIM_FAIL(test, after, "%s %s %s", #left, #op, #right);	\
} while (0)

#define SIM_TRUE(test, after, cond, fmt, ...)				\
do {									\
	if (unlikely(!(cond)))						\
		SIM_FAIL(test, after, "%s" fmt, #cond, ##__VA_ARGS__);	\
} while (0)

#define SIM_LEAVE(test)		sim_kunit_leave(test)
#define SIM_STAY		do { } while (0)

#define KUNIT_FAIL(test, ...)		SIM_FAIL(test, SIM_STAY, __VA_ARGS__)
#define KUNIT_FAIL_AND_ABORT(test, ...)	SIM_FAIL(test, SIM_LEAVE(test), __VA_ARGS__)

#define KUNIT_EXPECT_EQ(t, a, b)	SIM_BINARY(t, SIM_STAY, a, ==, b, "")
#define KUNIT_EXPECT_NE(t, a, b)	SIM_BINARY(t, SIM_STAY, a, !=, b, "")
#define KUNIT_EXPECT_LT(t, a, b)	SIM_BINARY(t, SIM_STAY, a, <, b, "")
#define KUNIT_EXPECT_LE(t, a, b)	SIM_BINARY(t, SIM_STAY, a, <=, b, "")
#define KUNIT_EXPECT_GT(t, a, b)	SIM_BINARY(t, SIM_STAY, a, >, b, "")
#define KUNIT_EXPECT_GE(t, a, b)	SIM_BINARY(t, SIM_STAY, a, >=, b, "")
#define KUNIT_ASSERT_EQ(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, ==, b, "")
#define KUNIT_ASSERT_NE(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, !=, b, "")
#define KUNIT_ASSERT_LT(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, <, b, "")
#define KUNIT_ASSERT_LE(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, <=, b, "")
#define KUNIT_ASSERT_GT(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, >, b, "")
#define KUNIT_ASSERT_GE(t, a, b)	SIM_BINARY(t, SIM_LEAVE(t), a, >=, b, "")
#define KUNIT_EXPECT_EQ_MSG(t, a, b, fmt, ...)				\
	SIM_BINARY(t, SIM_STAY, a, ==, b, ": " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(t, a, b, fmt, ...)				\
	SIM_BINARY(t, SIM_LEAVE(t), a, ==, b, ": " fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_PTR_EQ(t, a, b)	SIM_POINTERS(t, SIM_STAY, a, ==, b)
#define KUNIT_EXPECT_PTR_NE(t, a, b)	SIM_POINTERS(t, SIM_STAY, a, !=, b)
#define KUNIT_ASSERT_PTR_EQ(t, a, b)	SIM_POINTERS(t, SIM_LEAVE(t), a, ==, b)
#define KUNIT_ASSERT_PTR_NE(t, a, b)	SIM_POINTERS(t, SIM_LEAVE(t), a, !=, b)

#define KUNIT_EXPECT_TRUE(t, x)		SIM_TRUE(t, SIM_STAY, x, "")
#define KUNIT_EXPECT_FALSE(t, x)	SIM_TRUE(t, SIM_STAY, !(x), "")
#define KUNIT_EXPECT_NULL(t, x)		SIM_TRUE(t, SIM_STAY, !(x), "")
#define KUNIT_EXPECT_NOT_NULL(t, x)	SIM_TRUE(t, SIM_STAY, (x) != NULL, "")
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(t, x)				\
	SIM_TRUE(t, SIM_STAY, !IS_ERR_OR_NULL(x), "")
#define KUNIT_ASSERT_TRUE(t, x)		SIM_TRUE(t, SIM_LEAVE(t), x, "")
#define KUNIT_ASSERT_FALSE(t, x)	SIM_TRUE(t, SIM_LEAVE(t), !(x), "")
#define KUNIT_ASSERT_NULL(t, x)		SIM_TRUE(t, SIM_LEAVE(t), !(x), "")
#define KUNIT_ASSERT_NOT_NULL(t, x)	SIM_TRUE(t, SIM_LEAVE(t), (x) != NULL, "")
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(t, x)				\
	SIM_TRUE(t, SIM_LEAVE(t), !IS_ERR_OR_NULL(x), "")
#define KUNIT_EXPECT_TRUE_MSG(t, x, fmt, ...)				\
	SIM_TRUE(t, SIM_STAY, x, ": " fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NOT_NULL_MSG(t, x, fmt, ...)			\
	SIM_TRUE(t, SIM_STAY, (x) != NULL, ": " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(t, x, fmt, ...)				\
	SIM_TRUE(t, SIM_LEAVE(t), x, ": " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL_MSG(t, x, fmt, ...)			\
	SIM_TRUE(t, SIM_LEAVE(t), (x) != NULL, ": " fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_STREQ(t, a, b)					\
	SIM_TRUE(t, SIM_STAY, !strcmp(a, b), ": \"%s\", \"%s\"", a, b)
#define KUNIT_EXPECT_STRNEQ(t, a, b)	SIM_TRUE(t, SIM_STAY, strcmp(a, b), "")
#define KUNIT_EXPECT_MEMEQ(t, a, b, n)	SIM_TRUE(t, SIM_STAY, !memcmp(a, b, n), "")

#endif /* _SIM_KUNIT_TEST_H */
