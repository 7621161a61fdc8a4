/* SPDX-License-Identifier: GPL-2.0 */
/* Policies by name, those of other modules included; see register.c. */
#ifndef _UMBRA_REGISTER_H
#define _UMBRA_REGISTER_H

#include <umbra/policy.h>

int umbra_policy_get(const char *name, struct umbra_policy *policy);
void umbra_policy_put(const struct umbra_policy *policy);
bool umbra_policy_exists(const char *name);
void umbra_policy_names(char *names, size_t size);

#endif /* _UMBRA_REGISTER_H */
