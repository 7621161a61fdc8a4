/* SPDX-License-Identifier: GPL-2.0 */
/* Tests that selftest.c runs. Each returns true if it passes. */
#ifndef _LIBUMBRA_SELFTEST_POLICY_H
#define _LIBUMBRA_SELFTEST_POLICY_H

#include <stdbool.h>

bool an_instance_has_a_reference_to_the_owner_of_its_policy(void);
bool an_owner_that_goes_has_no_new_instance(void);
bool a_creation_that_fails_drops_its_policy(void);
bool a_registration_has_one_line_in_the_log(void);

#endif /* _LIBUMBRA_SELFTEST_POLICY_H */
