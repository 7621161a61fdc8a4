// SPDX-License-Identifier: GPL-2.0
/* Spans: where frames are in memory, and which frame a page is. */
#include <linux/module.h>
#include "core.h"
#include "span.h"

#define MAX_BLOCK BIT(UMBRA_MAX_ORDER)

/**
 * umbra_spans_place() - lay spans out in the index space
 * @spans: the spans; the first frame of each is set
 * @nr_spans: how many, at most UMBRA_MAX_SPANS
 * @nr_frames: size of the index space, holes included
 *
 * Context: any.
 * Return: 0, -EINVAL for a number of spans that cannot be, -EFBIG for more
 * frames than an index can name.
 */
int umbra_spans_place(struct umbra_span *spans, unsigned int nr_spans,
		      u32 *nr_frames)
{
	u64 next = 0;
	unsigned int i;

	if (!nr_spans || nr_spans > UMBRA_MAX_SPANS)
		return -EINVAL;
	for (i = 0; i < nr_spans; i++) {
		next += spans[i].base_pfn & (MAX_BLOCK - 1);
		spans[i].first = next;
		next = ALIGN(next + spans[i].nr_pages, MAX_BLOCK);
		if (next >= UMBRA_NO_FRAME)
			return -EFBIG;
	}
	*nr_frames = next;
	return 0;
}

/* The span that covers a frame. */
const struct umbra_span *umbra_index_span(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = u->spans;

	while (span < u->spans + u->nr_spans - 1 &&
	       index >= span->first + span->nr_pages)
		span++;
	return span;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_index_span);

/* The frame of a page frame number; UMBRA_NO_FRAME if not of @u. */
u32 umbra_pfn_to_index(const struct umbra *u, unsigned long pfn)
{
	const struct umbra_span *span;

	for (span = u->spans; span < u->spans + u->nr_spans; span++)
		if (pfn - span->base_pfn < span->nr_pages)
			return span->first + (pfn - span->base_pfn);
	return UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pfn_to_index);

/* As umbra_page_to_index(), by a search of all spans. */
u32 umbra_page_to_index_far(const struct umbra *u, const struct page *page)
{
	const struct umbra_span *span;

	for (span = u->spans; span < u->spans + u->nr_spans; span++) {
		unsigned long offset = (unsigned long)page -
				       (unsigned long)span->pages;

		if (offset < span->nr_pages * sizeof(*page) &&
		    offset % sizeof(*page) == 0)
			return span->first + offset / sizeof(*page);
	}
	return UMBRA_NO_FRAME;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_page_to_index_far);
