// SPDX-License-Identifier: GPL-2.0
/* Spans: conversion between frames, pages and page frame numbers. */
#include <linux/minmax.h>
#include <linux/module.h>
#include "core.h"
#include "span.h"

#define MAX_BLOCK BIT(UMBRA_MAX_ORDER)

/**
 * umbra_spans_place() - place spans in the index space
 * @spans: the spans; the first frame of each is filled in
 * @nr_spans: number of spans, from 1 to UMBRA_MAX_SPANS
 * @nr_frames: filled in: size of the index space in frames, with holes
 *
 * Context: any.
 * Return: 0, -EINVAL if @nr_spans is out of range, or -EFBIG if the index space
 * is too large for an index.
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
		if (next > UMBRA_MAX_PAGES)
			return -EFBIG;
	}
	*nr_frames = next;
	return 0;
}

/* The span of a frame; for a frame in a hole, a span near it. Context: any. */
const struct umbra_span *umbra_index_span(const struct umbra *u, u32 index)
{
	const struct umbra_span *span = u->spans;

	while (span < u->spans + u->nr_spans - 1 &&
	       index >= span->first + span->nr_pages)
		span++;
	return span;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_index_span);

/* The number of frames from @start up to @end that have a page. Context: any. */
unsigned long umbra_pages_in(const struct umbra *u, u32 start, u32 end)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < u->nr_spans; i++) {
		const struct umbra_span *span = &u->spans[i];
		u32 from = max(start, span->first);
		u32 to = min(end, span->first + span->nr_pages);

		pages += to > from ? to - from : 0;
	}
	return pages;
}

/* The frame of a page frame number, or UMBRA_NO_FRAME if it is not of @u. */
u32 umbra_pfn_to_index(const struct umbra *u, unsigned long pfn)
{
	const struct umbra_span *span;

	for (span = u->spans; span < u->spans + u->nr_spans; span++)
		if (pfn - span->base_pfn < span->nr_pages)
			return span->first + (pfn - span->base_pfn);
	return UMBRA_NO_FRAME;
}

/* The part of umbra_page_to_index() that searches all spans. */
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
