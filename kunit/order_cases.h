/* SPDX-License-Identifier: GPL-2.0 */
/* Every order, as a test parameter. */
#ifndef _UMBRA_TEST_ORDER_CASES_H
#define _UMBRA_TEST_ORDER_CASES_H

#include <kunit/test.h>

struct order_case {
	const char *name;
	unsigned int order;
};

static const struct order_case order_cases[] = {
	{ "order 0", 0 }, { "order 1", 1 }, { "order 2", 2 }, { "order 3", 3 },
	{ "order 4", 4 }, { "order 5", 5 }, { "order 6", 6 }, { "order 7", 7 },
	{ "order 8", 8 }, { "order 9", 9 }, { "order 10", 10 },
};

KUNIT_ARRAY_PARAM_DESC(order, order_cases, name);

#endif /* _UMBRA_TEST_ORDER_CASES_H */
