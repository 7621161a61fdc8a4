// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse: a caller's mistake is refused and told once with the
 * state of the frame and the caller's stack, at a limited rate. It is the
 * caller's fault and not the host's, so nothing here WARNs.
 */
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include "frame.h"

static bool report_allowed(struct umbra *u)
{
	atomic_long_inc(&u->nr_reports);
	return __ratelimit(&u->report_limit);
}

void umbra_report_order(struct umbra *u, const char *what, unsigned int order)
{
	if (!report_allowed(u))
		return;
	pr_err("%s: %s of order %u: the largest is %u\n", u->name, what, order,
	       UMBRA_MAX_ORDER);
	dump_stack();
}

static const char *bad_free(u8 frame, unsigned int order)
{
	switch (frame_state(frame)) {
	case FRAME_FREE:
	case FRAME_PCP:
	case FRAME_HELD:
		return "double free";
	case FRAME_TAIL:
		return "free of a tail page";
	case FRAME_ALLOC:
	case FRAME_EXPOSED:
		return "free with the wrong order";
	default:
		return "free of a page that is offline";
	}
}

/* Report a free that was refused; @index is UMBRA_NO_FRAME for a foreign page. */
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order)
{
	u32 head;
	u8 frame;

	if (!report_allowed(u))
		return;
	if (index == UMBRA_NO_FRAME) {
		pr_err("%s: free of page %p, which is not of this instance\n",
		       u->name, page);
		dump_stack();
		return;
	}
	frame = frame_read(u, index);
	head = umbra_frame_head(u, index);
	pr_err("%s: %s: pfn 0x%lx, order %u: the frame is %s of order %u\n",
	       u->name, bad_free(frame, order), umbra_index_to_pfn(u, index),
	       order, umbra_frame_state_name(frame_state(frame)),
	       frame_order(frame));
	if (head != index && head != UMBRA_NO_FRAME) {
		frame = frame_read(u, head);
		pr_err("%s: inside the block at pfn 0x%lx, %s of order %u\n",
		       u->name, umbra_index_to_pfn(u, head),
		       umbra_frame_state_name(frame_state(frame)),
		       frame_order(frame));
	}
	dump_stack();
}

void umbra_report_frame(struct umbra *u, const char *what, u32 index)
{
	if (!report_allowed(u))
		return;
	pr_err("%s: %s pfn 0x%lx: the frame is taken out of use\n", u->name,
	       what, umbra_index_to_pfn(u, index));
	dump_stack();
}
