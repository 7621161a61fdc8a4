/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _FUZZ_KUNIT_H
#define _FUZZ_KUNIT_H

#include "fuzz.h"

struct kunit;

void fuzz_kunit_end(struct kunit *test);

#endif /* _FUZZ_KUNIT_H */
