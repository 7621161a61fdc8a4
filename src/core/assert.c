// SPDX-License-Identifier: GPL-2.0
/* The report of an invariant that does not hold, and the end of an instance. */
#include <kunit/test-bug.h>
#include <linux/bug.h>
#include <linux/module.h>
#include <linux/printk.h>
#include "assert.h"
#include "core.h"
#include "frame.h"
#include "names.h"
#include "span.h"

/**
 * umbra_report_broken() - report an invariant that does not hold
 * @u: the instance
 * @index: the frame that it is about, or UMBRA_NO_FRAME
 * @invariant: its text
 *
 * Context: any.
 */
void umbra_report_broken(struct umbra *u, u32 index, const char *invariant)
{
	const struct umbra_zone *zone;
	u8 frame;

	KUNIT_STATIC_STUB_REDIRECT(umbra_report_broken, u, index, invariant);

	pr_err("%s: bad from now on, no request is served: %s\n", u->name,
	       invariant);
	if (index < u->nr_frames) {
		zone = umbra_frame_zone(u, index);
		frame = frame_read(u, index);
		pr_err("%s: pfn 0x%lx, frame %u, is %s of order %u in a pageblock of type %s\n",
		       u->name, umbra_index_to_pfn(u, index), index,
		       umbra_frame_state_name(frame_state(frame)),
		       frame_order(frame),
		       umbra_type_name(umbra_frame_type(u, index)));
		pr_err("%s: node %u, zone %s: managed %lu, free %lu, isolated %lu, held %lu\n",
		       u->name, zone->nid, zone->name,
		       READ_ONCE(zone->nr_managed),
		       READ_ONCE(zone->nr_free_pages),
		       READ_ONCE(zone->nr_isolated), READ_ONCE(zone->nr_held));
	}
	WARN(1, "%s: broken invariant: %s\n", u->name, invariant);
	kunit_fail_current_test("%s: broken invariant: %s", u->name, invariant);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_report_broken);

/**
 * umbra_make_bad() - serve no request any more, and report why
 * @u: the instance
 * @index: a frame, or UMBRA_NO_FRAME
 * @invariant: the invariant that does not hold
 *
 * Only the first invariant is reported: others may follow from it.
 *
 * Context: any.
 */
void umbra_make_bad(struct umbra *u, u32 index, const char *invariant)
{
	if (cmpxchg(&u->broken, NULL, invariant))
		return;
	WRITE_ONCE(u->broken_index, index);
	/* Cache hits do not look at @broken, but at this. */
	WRITE_ONCE(u->walled, true);
	umbra_report_broken(u, index, invariant);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_make_bad);
