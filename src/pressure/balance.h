/* SPDX-License-Identifier: GPL-2.0 */
/* A round of kswapd; see balance.c. */
#ifndef _UMBRA_BALANCE_H
#define _UMBRA_BALANCE_H

#include "../core/core.h"

struct umbra_kswapd;

/* The goal of a round of reclaim. */
struct umbra_kswapd_goal {
	unsigned int order;
	int highest;
};

bool umbra_kswapd_is_balanced(const struct umbra_kswapd *k,
			      unsigned int order, int highest);
unsigned long umbra_kswapd_boosts(const struct umbra_kswapd *k, int highest);
unsigned int umbra_kswapd_balance(struct umbra_kswapd *k,
				  const struct umbra_kswapd_goal *goal);

#endif /* _UMBRA_BALANCE_H */
