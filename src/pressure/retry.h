/* SPDX-License-Identifier: GPL-2.0 */
/* The decision about another attempt; see retry.c. Private to pressure/. */
#ifndef _UMBRA_RETRY_H
#define _UMBRA_RETRY_H

#include <linux/types.h>

struct slow;

bool umbra_slow_end_defrag(struct slow *s);
bool umbra_slow_should_retry(struct slow *s);

#endif /* _UMBRA_RETRY_H */
