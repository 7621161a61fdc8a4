/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of requests that fail or stall; see failure.c. */
#ifndef _UMBRA_FAILURE_H
#define _UMBRA_FAILURE_H

#include "../core/request.h"

void umbra_report_failure(struct umbra *u, const struct umbra_request *rq);
void umbra_report_stall(struct umbra *u, const struct umbra_request *rq,
			unsigned int seconds);

#endif /* _UMBRA_FAILURE_H */
