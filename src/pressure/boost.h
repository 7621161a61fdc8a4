/* SPDX-License-Identifier: GPL-2.0 */
/* Ending watermark boosts; see boost.c. */
#ifndef _UMBRA_BOOST_H
#define _UMBRA_BOOST_H

#include "../core/core.h"
#include "../core/request.h"

void umbra_boost_init(struct umbra *u);
bool umbra_boost_end_now(struct umbra *u);
void umbra_boost_end_later(struct umbra *u);
bool umbra_boost_end_for(struct umbra *u, const struct umbra_request *rq);

#endif /* _UMBRA_BOOST_H */
