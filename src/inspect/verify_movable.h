/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of registered blocks; see verify_movable.c. Private to inspect/. */
#ifndef _UMBRA_VERIFY_MOVABLE_H
#define _UMBRA_VERIFY_MOVABLE_H

#include "finding.h"

void umbra_verify_movables(struct umbra *u, struct umbra_findings *v);

#endif /* _UMBRA_VERIFY_MOVABLE_H */
