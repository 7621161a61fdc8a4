/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the checker that is about registered blocks. Private to inspect/. */
#ifndef _UMBRA_VERIFY_MOVABLE_H
#define _UMBRA_VERIFY_MOVABLE_H

#include "finding.h"

void umbra_verify_movables(struct umbra *u, struct umbra_findings *v);

#endif /* _UMBRA_VERIFY_MOVABLE_H */
