/* SPDX-License-Identifier: GPL-2.0 */
/* A hook of the program that runs the suites. */
#ifndef _SIM_KUNIT_H
#define _SIM_KUNIT_H

/* Called at the end of each test. */
void sim_kunit_ended(const char *suite, const char *name);

#endif /* _SIM_KUNIT_H */
