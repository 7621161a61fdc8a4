/* SPDX-License-Identifier: GPL-2.0 */
/* The last resort of a request; see oom.c. */
#ifndef _UMBRA_OOM_H
#define _UMBRA_OOM_H

#include "../core/request.h"

void umbra_oom_init(struct umbra *u);
void umbra_oom_report_holders(struct umbra *u);
bool umbra_oom(struct umbra *u, const struct umbra_request *rq);

#endif /* _UMBRA_OOM_H */
