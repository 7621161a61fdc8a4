// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of the decisions about nodes, zones, watermarks and reserves: the
 * operations of the property test, with the choices of the input. After each one
 * the instance must agree with the reference model (kunit/zoned_model.c).
 */
#include "../../kunit/zoned_run.h"
#include "kunit.h"

#define CHECK_EVERY	16
#define ZONE_FRAMES	256

void fuzz_one(void)
{
	static struct run r;
	struct kunit test = { .name = "zoned" };
	unsigned int nr;

	r = (struct run) {
		.test = &test,
		.draw = fuzz_pick,
		.zone_frames = ZONE_FRAMES,
	};
	zoned_create(&r);
	umbra_test_one_cpu(&test);
	zoned_change_cpu(&r);
	r.chance = 96 + fuzz_pick(97);
	for (nr = 1; fuzz_has_more(); nr++) {
		zoned_step(&r);
		zoned_check_counts(&r);
		if (nr % CHECK_EVERY == 0)
			zoned_judge(&r);
	}
	fuzz_verify(r.m.u);
	zoned_wind_up(&r);
	fuzz_kunit_end(&test);
}
