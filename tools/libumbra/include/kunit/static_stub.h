/* SPDX-License-Identifier: GPL-2.0 */
/* A test replaces a function that begins with KUNIT_STATIC_STUB_REDIRECT(). */
#ifndef _SIM_KUNIT_STATIC_STUB_H
#define _SIM_KUNIT_STATIC_STUB_H

#include <kunit/test-bug.h>

/* The function in the place of another one, or NULL. */
void *sim_stub_of(struct kunit *test, void *function);
void sim_stub_set(struct kunit *test, void *function, void *stub);

#define KUNIT_STATIC_STUB_REDIRECT(function, ...)			\
do {									\
	typeof(&(function)) stub_ = NULL;				\
									\
	if (unlikely(current->kunit_test))				\
		stub_ = sim_stub_of(current->kunit_test, function);	\
	if (unlikely(stub_))						\
		return stub_(__VA_ARGS__);				\
} while (0)

#define kunit_activate_static_stub(test, function, stub)		\
do {									\
	typeof(&(function)) same_type_ = (stub);			\
									\
	sim_stub_set(test, function, same_type_);			\
} while (0)

#define kunit_deactivate_static_stub(test, function)			\
	sim_stub_set(test, function, NULL)

#endif /* _SIM_KUNIT_STATIC_STUB_H */
