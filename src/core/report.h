/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of misuse. */
#ifndef _UMBRA_REPORT_H
#define _UMBRA_REPORT_H

#include <linux/gfp.h>

struct page;
struct umbra;

void umbra_report_order(struct umbra *u, const char *what, unsigned int order);
void umbra_report_free(struct umbra *u, const struct page *page, u32 index,
		       unsigned int order);
void umbra_report_node(struct umbra *u, int nid);
void umbra_report_flags(struct umbra *u, const char *what, gfp_t gfp);
void umbra_report_write(struct umbra *u, u32 index);
void umbra_report_guard(struct umbra *u, u32 index);
void umbra_report_frame(struct umbra *u, const char *what, u32 index);

#endif /* _UMBRA_REPORT_H */
