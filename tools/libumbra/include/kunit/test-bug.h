/* SPDX-License-Identifier: GPL-2.0 */
/* Questions of code under test about the test that runs it. */
#ifndef _SIM_KUNIT_TEST_BUG_H
#define _SIM_KUNIT_TEST_BUG_H

#include <sim/sched.h>

struct kunit;

#define kunit_get_current_test()	(current->kunit_test)

/* A program without KUnit prints the failure. */
__printf(1, 2) void kunit_fail_current_test(const char *fmt, ...);

#endif /* _SIM_KUNIT_TEST_BUG_H */
