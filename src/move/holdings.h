/* SPDX-License-Identifier: GPL-2.0 */
/* The registered pages of each account; see holdings.c. */
#ifndef _UMBRA_HOLDINGS_H
#define _UMBRA_HOLDINGS_H

struct umbra;
struct umbra_zone;

void umbra_holdings_reset(struct umbra *u);
void umbra_holdings_count(struct umbra_zone *zone);

#endif /* _UMBRA_HOLDINGS_H */
