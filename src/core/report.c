// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse, at a limited rate: a caller's mistake is refused, and told
 * with the state of the frame and the caller's stack. It is the caller's fault
 * and not the host's, so nothing here WARNs.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include "core.h"
#include "frame.h"
#include "report.h"
#include "span.h"

static bool report_allowed(struct umbra *u)
{
	atomic_long_inc(&u->nr_reports);
	return __ratelimit(&u->report_limit);
}

/* A report of one line. */
static __printf(2, 3) void report(struct umbra *u, const char *fmt, ...)
{
	struct va_format line = { .fmt = fmt };
	va_list args;

	if (!report_allowed(u))
		return;
	va_start(args, fmt);
	line.va = &args;
	pr_err("%s: %pV\n", u->name, &line);
	va_end(args);
	dump_stack();
}

void umbra_report_order(struct umbra *u, const char *what, unsigned int order)
{
	report(u, "%s of order %u: the largest is %u", what, order,
	       UMBRA_MAX_ORDER);
}

static const char *bad_free(struct umbra *u, u32 index, unsigned int order)
{
	u8 frame = frame_read(u, index);

	switch (frame_state(frame)) {
	case FRAME_FREE:
	case FRAME_PCP:
	case FRAME_HELD:
		return "double free";
	case FRAME_TAIL:
		return "free of a tail page";
	case FRAME_OFFLINE:
		return "free of a page that is offline";
	default:
		return frame_order(frame) == order ?
		       "free of a block that is registered as movable" :
		       "free with the wrong order";
	}
}

/* Report a free that was refused; @index is UMBRA_NO_FRAME for a foreign page. */
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order)
{
	u32 head;
	u8 frame;

	if (index == UMBRA_NO_FRAME) {
		report(u, "free of page %p, which is not of this instance",
		       page);
		return;
	}
	if (!report_allowed(u))
		return;
	frame = frame_read(u, index);
	head = umbra_frame_head(u, index);
	pr_err("%s: %s: pfn 0x%lx, order %u: the frame is %s of order %u\n",
	       u->name, bad_free(u, index, order), umbra_index_to_pfn(u, index),
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

/* Flags that no request can have, or not this one. */
void umbra_report_flags(struct umbra *u, const char *what, gfp_t gfp)
{
	report(u, "%s with flags %#x (%pGg), which make no sense here", what,
	       (__force unsigned int)gfp, &gfp);
}

/* A free page was written to. */
void umbra_report_write(struct umbra *u, u32 index)
{
	report(u, "pfn 0x%lx was written to while it was free",
	       umbra_index_to_pfn(u, index));
}

/* An allocated page lost the reference that guards it. */
void umbra_report_guard(struct umbra *u, u32 index)
{
	report(u, "stray put_page() of pfn 0x%lx, caught by its guard",
	       umbra_index_to_pfn(u, index));
}

void umbra_report_frame(struct umbra *u, const char *what, u32 index)
{
	report(u, "%s pfn 0x%lx: the frame is taken out of use", what,
	       umbra_index_to_pfn(u, index));
}
