// SPDX-License-Identifier: GPL-2.0
/* The part of soak that reads the frame map to judge compaction. */
#include "soak.h"

#define BLOCK_ORDER 9
#define BLOCK_PAGES 512
#define WANTED_PERCENT 90

/* The frame map, and the pinned frames. */
struct frames {
	uint8_t *map;
	bool *pinned;
	size_t nr;
};

static bool is_pinned(uint64_t pfn)
{
	unsigned int i, j;

	for (i = 0; i < NR_WORKERS; i++)
		for (j = 0; j < NR_SLOTS; j++)
			if (shared->workers[i].pinned[j] == pfn)
				return true;
	return false;
}

static struct frames read_frames(const char *layout)
{
	struct frames f = { 0 };
	const char *line;

	f.map = (uint8_t *)read_file(DEBUGFS_DIR "frames", &f.nr);
	if (!f.map)
		err(1, "frames");
	f.pinned = calloc(f.nr, sizeof(*f.pinned));
	for (line = strstr(layout, "span "); line;
	     line = strstr(line + 1, "span ")) {
		unsigned long pfn, end, first, last;

		if (sscanf(line, "span %*u: pfn %lx-%lx, frames %lu-%lu", &pfn,
			   &end, &first, &last) != 4 || last >= f.nr)
			errx(1, "layout: %.60s", line);
		for (; first <= last; first++, pfn++)
			f.pinned[first] = is_pinned(pfn);
	}
	return f;
}

enum frame_state {
	FRAME_FREE = 1,
	FRAME_TAIL = 2,
	FRAME_ALLOC = 8,
	FRAME_MOVABLE = 12,
};

static unsigned int order_of(const struct frames *f, size_t i)
{
	return f->map[i] & 15;
}

/*
 * Returns the used pages of a block of BLOCK_ORDER, or -1 if one cannot move.
 */
static long count_movable(const struct frames *f, size_t start)
{
	long used = 0;
	size_t i;

	for (i = start; i < start + BLOCK_PAGES; i++) {
		unsigned int state = f->map[i] >> 4;

		if (f->pinned[i])
			return -1;
		if (state == FRAME_FREE || state == FRAME_TAIL)
			continue;
		if ((state & FRAME_MOVABLE) != FRAME_MOVABLE ||
		    order_of(f, i) >= BLOCK_ORDER)
			return -1;
		used += 1L << order_of(f, i);
	}
	return used;
}

/*
 * Count the free blocks of BLOCK_ORDER in a zone, and the possible ones: those
 * that are free if the movable pages are packed into as few blocks as possible.
 */
static void count_blocks(const struct frames *f, size_t first, size_t last,
			 unsigned long *are, unsigned long *could)
{
	unsigned long blocks = 0, pages = 0;
	size_t i;

	for (i = first; i <= last; i += BLOCK_PAGES) {
		unsigned int state = f->map[i] >> 4;
		long used;

		/* the second half of an order 10 block is like the first */
		if (state == FRAME_TAIL)
			i -= BLOCK_PAGES;
		if (f->map[i] >> 4 == FRAME_FREE &&
		    order_of(f, i) >= BLOCK_ORDER) {
			(*are)++;
			blocks++;
		} else {
			used = count_movable(f, i);
			blocks += used >= 0;
			pages += used > 0 ? used : 0;
		}
		if (state == FRAME_TAIL)
			i += BLOCK_PAGES;
	}
	pages = (pages + BLOCK_PAGES - 1) / BLOCK_PAGES;
	*could += blocks > pages ? blocks - pages : 0;
}

/*
 * Count the free blocks of order 9, and the possible ones. Returns true if
 * enough of the possible blocks are free.
 */
bool check_compaction(unsigned long *are, unsigned long *could)
{
	struct frames f;
	char *layout, *line;

	*are = 0;
	*could = 0;
	drain_caches();
	compact_all();
	drain_caches();
	layout = read_file(DEBUGFS_DIR "layout", NULL);
	if (!layout)
		err(1, "layout");
	f = read_frames(layout);
	for (line = strstr(layout, "node "); line;
	     line = strstr(line + 1, "node ")) {
		unsigned long first, last;

		if (sscanf(line, "node %*u, zone %*[^:]: frames %lu-%lu",
			   &first, &last) == 2 && last < f.nr)
			count_blocks(&f, first, last, are, could);
	}
	free(f.pinned);
	free(f.map);
	free(layout);
	return *could && *are * 100 >= *could * WANTED_PERCENT;
}
