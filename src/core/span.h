/* SPDX-License-Identifier: GPL-2.0 */
/* Conversion between frames and pages; see struct umbra_span. */
#ifndef _UMBRA_SPAN_H
#define _UMBRA_SPAN_H

#include "core.h"

int umbra_spans_place(struct umbra_span *spans, unsigned int nr_spans,
		      u32 *nr_frames);
const struct umbra_span *umbra_index_span(const struct umbra *u, u32 index);
unsigned long umbra_pages_in(const struct umbra *u, u32 start, u32 end);
u32 umbra_pfn_to_index(const struct umbra *u, unsigned long pfn);
u32 umbra_page_to_index_far(const struct umbra *u, const struct page *page);

/* The descriptor of a frame that a span covers. */
static inline struct page *umbra_index_to_page(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = u->spans;

	if (unlikely(index - span->first >= span->nr_pages))
		span = umbra_index_span(u, index);
	return span->pages + (index - span->first);
}

/* Does a frame have a page? False for the frames that no span covers. */
static inline bool umbra_index_has_page(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = umbra_index_span(u, index);

	return index - span->first < span->nr_pages;
}

static inline unsigned long umbra_index_to_pfn(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = umbra_index_span(u, index);

	return span->base_pfn + index - span->first;
}

/* The frame of a page, or UMBRA_NO_FRAME if the page is not of @u. */
static inline u32 umbra_page_to_index(const struct umbra *u,
				      const struct page *page)
{
	const struct umbra_span *span = u->spans;
	unsigned long offset = (unsigned long)page - (unsigned long)span->pages;

	if (likely(offset < span->nr_pages * sizeof(*page) &&
		   offset % sizeof(*page) == 0))
		return span->first + offset / sizeof(*page);
	return umbra_page_to_index_far(u, page);
}

#endif /* _UMBRA_SPAN_H */
