/* SPDX-License-Identifier: GPL-2.0 */
/* Shrinkers of an instance; see shrinker.c. */
#ifndef _UMBRA_SHRINKER_H
#define _UMBRA_SHRINKER_H

struct umbra;

void umbra_shrinkers_init(struct umbra *u);

#endif /* _UMBRA_SHRINKER_H */
