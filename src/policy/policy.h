/* SPDX-License-Identifier: GPL-2.0 */
/* The policies of umbra itself; see policy.c. */
#ifndef _UMBRA_POLICY_H
#define _UMBRA_POLICY_H

#include <umbra/policy.h>

const struct umbra_policy *umbra_policy_builtin(unsigned int i);
const struct umbra_policy *umbra_policy_find(const char *name);

#endif /* _UMBRA_POLICY_H */
