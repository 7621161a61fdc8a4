/* SPDX-License-Identifier: GPL-2.0 */
/* The scenarios, by subject; a table ends with a scenario without a name. */
#ifndef _INTERLEAVE_SCENARIOS_H
#define _INTERLEAVE_SCENARIOS_H

#include "explore.h"

extern const struct scenario free_scenarios[];
extern const struct scenario section_scenarios[];
extern const struct scenario drain_scenarios[];
extern const struct scenario off_scenarios[];
extern const struct scenario mark_scenarios[];

#endif /* _INTERLEAVE_SCENARIOS_H */
