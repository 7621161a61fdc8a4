/* SPDX-License-Identifier: GPL-2.0 */
/* The checker of invariants; see verify.c. */
#ifndef _UMBRA_VERIFY_H
#define _UMBRA_VERIFY_H

#include "finding.h"

void umbra_verify(struct umbra *u, struct umbra_findings *v);

#endif /* _UMBRA_VERIFY_H */
