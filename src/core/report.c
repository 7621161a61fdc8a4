// SPDX-License-Identifier: GPL-2.0
/*
 * Reports of misuse, at a limited rate. A mistake of a caller is refused, and
 * reported with the state of the frame and the stack of the caller. Reports do
 * not WARN, because the host is not at fault.
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

/* Report a call with an order that is too large. Context: any. */
void umbra_report_order(struct umbra *u, const char *what, unsigned int order)
{
	report(u, "%s of order %u: must be at most %u", what, order,
	       UMBRA_MAX_ORDER);
}

static const char *bad_free(struct umbra *u, u32 index, unsigned int order)
{
	u8 frame = frame_read(u, index);

	switch (frame_state(frame)) {
	case FRAME_FREE:
	case FRAME_PCP:
	case FRAME_HELD:
	case FRAME_LATER:
		return "double free";
	case FRAME_TAIL:
		return "free of a tail page";
	case FRAME_OFFLINE:
		return "free of an offline page";
	default:
		return frame_order(frame) == order ?
		       "free of a block registered as movable" :
		       "free with the wrong order";
	}
}

/* Report a refused free; @index is UMBRA_NO_FRAME for a foreign page. */
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order)
{
	u32 head;
	u8 frame;

	if (index == UMBRA_NO_FRAME) {
		report(u, "free of page %p: it is not of this instance",
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

/* Report a node that does not exist. */
void umbra_report_node(struct umbra *u, int nid)
{
	report(u, "allocation on node %d: there are %u nodes", nid,
	       u->nr_nodes);
}

/* Report flags that a call does not allow. */
void umbra_report_flags(struct umbra *u, const char *what, gfp_t gfp)
{
	report(u, "%s with flags %#x (%pGg): not allowed in this call", what,
	       (__force unsigned int)gfp, &gfp);
}

/* Report a free page whose pattern has changed. */
void umbra_report_write(struct umbra *u, u32 index)
{
	report(u, "pfn 0x%lx was written to while it was free",
	       umbra_index_to_pfn(u, index));
}

/* Report an allocated page that lost its second reference. */
void umbra_report_guard(struct umbra *u, u32 index)
{
	report(u, "stray put_page() of pfn 0x%lx: debug=guard kept the page",
	       umbra_index_to_pfn(u, index));
}

/* Report a frame that becomes OFFLINE; @what names the reason. */
void umbra_report_frame(struct umbra *u, const char *what, u32 index)
{
	report(u, "%s pfn 0x%lx: the frame is taken out of use", what,
	       umbra_index_to_pfn(u, index));
}
