// SPDX-License-Identifier: GPL-2.0
/*
 * Groups: the older blocks of a list of a per-CPU cache. When the line of a
 * list (its array of blocks) is full, its blocks become a group. The newest
 * block is the head of the group. The lru fields in the descriptors of the
 * newest blocks contain the other blocks, and the next older and newer group.
 * Each lru field has four words:
 *
 *	newest		older group, newer group, how many blocks, 2nd newest
 *	2nd newest	3rd to 6th newest
 *	3rd newest	7th to 10th newest
 *	4th newest	11th to 13th newest
 *
 * So a group touches at most four descriptors, which may be cache lines of
 * another CPU, and the CPU can load them at the same time. Blocks from a zone
 * often have equal distances. For such a group the newest block contains the
 * distance in place of the 2nd newest block, and no other descriptor is used. A
 * word is shifted up by one bit, because the host takes a page for a tail page
 * if the lowest bit of the lru field is set.
 *
 * Everything here runs in a section.
 */
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/prefetch.h>
#include <linux/string.h>
#include "../core/core.h"
#include "../core/section.h"
#include "../core/span.h"
#include "pcp_list.h"

#define WORDS 4

static_assert(sizeof(struct list_head) == WORDS * sizeof(u32));
static_assert(UMBRA_MAX_PAGES <= S32_MAX);

enum { WORD_OLDER, WORD_NEWER, WORD_NR, WORD_FRAMES, WORD_STEP = WORD_FRAMES };

/* In WORD_NR: the blocks are at equal distances. */
#define NR_EVEN 0x100

/* A step may be negative, but a word is unsigned. */
#define STEP_BIAS BIT(30)

/* A group has equal steps inside one instance, so a step has this limit. */
static_assert(UMBRA_MAX_PAGES / (PCP_GROUP - 1) < STEP_BIAS);

struct group {
	u32 nr;
	int step;		/* distance of the blocks, or 0 if not equal */
};

static u32 *words(const struct umbra *u, u32 frame)
{
	return (u32 *)&umbra_index_to_page(u, frame)->lru;
}

static u32 read_word(const u32 *words, unsigned int i)
{
	return words[i] >> 1;
}

static void write_word(u32 *words, unsigned int i, u32 value)
{
	words[i] = value << 1;
}

/*
 * The place of the @i-th block of a group, counted from 0 for the newest block.
 * Returns the number of the block whose lru field contains it; @word is set to
 * the word in that field.
 */
static unsigned int place(unsigned int i, unsigned int *word)
{
	unsigned int n = i - 1 + WORD_FRAMES;

	*word = n % WORDS;
	return n / WORDS;
}

/* The distance of the blocks in a full line, or 0 if it is not equal. */
static int step_of(const struct umbra_pcp_list *list)
{
	int step = list->frames[1] - list->frames[0];
	unsigned int i;

	for (i = 2; i < PCP_GROUP; i++)
		if ((int)(list->frames[i] - list->frames[i - 1]) != step)
			return 0;
	return step;
}

static void write_frames(const struct umbra *u, u32 *w, const u32 *frames)
{
	unsigned int i, word;

	for (i = 1; i < PCP_GROUP; i++) {
		unsigned int at = place(i, &word);

		if (!word)
			w = words(u, frames[PCP_GROUP - 1 - at]);
		write_word(w, word, frames[PCP_GROUP - 1 - i]);
	}
}

/* Make a group of the blocks in the full line of a list. */
void umbra_pcp_spill(const struct umbra *u, struct umbra_pcp_list *list)
{
	u32 head = list->frames[PCP_GROUP - 1];
	u32 *w = words(u, head);
	int step = step_of(list);

	write_word(w, WORD_OLDER, list->top);
	write_word(w, WORD_NR, PCP_GROUP | (step ? NR_EVEN : 0));
	if (step)
		write_word(w, WORD_STEP, STEP_BIAS + step);
	else
		write_frames(u, w, list->frames);
	if (list->top == UMBRA_NO_FRAME)
		list->bottom = head;
	else
		write_word(words(u, list->top), WORD_NEWER, head);
	list->top = head;
	list->nr = 0;
}

/* Read a group; @frames is filled in with its blocks, the oldest first. */
static struct group read_group(const struct umbra *u, u32 head, u32 *frames)
{
	u32 *w = words(u, head);
	u32 nr = read_word(w, WORD_NR);
	struct group group = { .nr = nr & ~NR_EVEN };
	unsigned int i, word;

	if (nr & NR_EVEN)
		group.step = (int)read_word(w, WORD_STEP) - (int)STEP_BIAS;
	nr = group.nr;
	frames[nr - 1] = head;
	for (i = 1; i < nr; i++) {
		unsigned int at = place(i, &word);

		if (group.step) {
			frames[nr - 1 - i] = frames[nr - i] - group.step;
			continue;
		}
		if (!word)
			w = words(u, frames[nr - 1 - at]);
		frames[nr - 1 - i] = read_word(w, word);
	}
	return group;
}

/**
 * umbra_pcp_read_group() - read a group of a list
 * @u: the instance
 * @list: the list
 * @group: head of the group; set to the head of the next older group, or to
 *	%UMBRA_NO_FRAME after the oldest
 * @frames: filled in with at most %PCP_GROUP blocks, the oldest first
 *
 * Context: in a section.
 * Return: number of blocks.
 */
unsigned int umbra_pcp_read_group(const struct umbra *u,
				  const struct umbra_pcp_list *list, u32 *group,
				  u32 *frames)
{
	u32 head = *group;

	*group = head == list->bottom ? UMBRA_NO_FRAME :
					read_word(words(u, head), WORD_OLDER);
	return read_group(u, head, frames).nr;
}

static u32 oldest_of_group(const struct umbra *u, u32 head)
{
	u32 frames[PCP_GROUP];

	read_group(u, head, frames);
	return frames[0];
}

/* Reset the lru fields of a group, which callers may see. */
static void forget_group(const struct umbra *u, const u32 *frames,
			 const struct group *group)
{
	unsigned int nr = group->nr, last = 0, word, at;

	if (nr > 1 && !group->step)
		last = place(nr - 1, &word);
	for (at = 0; at <= last; at++) {
		struct page *page = umbra_index_to_page(u, frames[nr - 1 - at]);

		INIT_LIST_HEAD(&page->lru);
	}
}

/* Move the newest group back into the line, and pop the newest block. */
u32 umbra_pcp_unspill(const struct umbra *u, struct umbra_pcp_list *list)
{
	u32 head = list->top;
	u32 older = read_word(words(u, head), WORD_OLDER);
	struct group group = read_group(u, head, list->frames);

	list->nr = group.nr;
	forget_group(u, list->frames, &group);
	if (head == list->bottom) {
		list->top = UMBRA_NO_FRAME;
		list->bottom = UMBRA_NO_FRAME;
	} else {
		list->top = older;
		prefetch(words(u, older));
	}
	return list->frames[--list->nr];
}

/* Pop at most @most of the oldest blocks of the oldest group. */
static unsigned int pop_of_group(const struct umbra *u,
				 struct umbra_pcp_list *list, u32 *frames,
				 unsigned int most)
{
	u32 all[PCP_GROUP], head = list->bottom;
	struct group group = read_group(u, head, all);
	unsigned int n = min(group.nr, most);

	memcpy(frames, all, n * sizeof(*frames));
	if (n < group.nr) {
		write_word(words(u, head), WORD_NR,
			   (group.nr - n) | (group.step ? NR_EVEN : 0));
		return n;
	}
	if (head == list->top) {
		list->top = UMBRA_NO_FRAME;
		list->bottom = UMBRA_NO_FRAME;
	} else {
		list->bottom = read_word(words(u, head), WORD_NEWER);
	}
	forget_group(u, all, &group);
	return n;
}

/* Pop at most @most of the oldest blocks of a list. Returns the number. */
static unsigned int pop_oldest(const struct umbra *u,
			       struct umbra_pcp_list *list, u32 *frames,
			       unsigned int most)
{
	unsigned int n;

	if (list->bottom != UMBRA_NO_FRAME)
		return pop_of_group(u, list, frames, most);
	n = min(list->nr, most);
	memcpy(frames, list->frames, n * sizeof(*frames));
	list->nr -= n;
	memmove(list->frames, list->frames + n,
		list->nr * sizeof(*list->frames));
	return n;
}

/* The order of the blocks of a list. Context: any. */
unsigned int umbra_pcp_list_order(const struct umbra *u, unsigned int list)
{
	return list < PCP_LOW_LISTS ? list / UMBRA_PCPTYPES : u->pb_order;
}

/* Pop single blocks of at least @pages, the largest first. */
static unsigned int collect_singles(struct umbra_pcp *pcp, u32 *frames,
				    unsigned int room, int pages)
{
	unsigned int nr = 0, type;
	int order;

	for (order = UMBRA_MAX_ORDER; order >= 0; order--) {
		for (type = 0; type < UMBRA_PCPTYPES; type++) {
			u32 *single = &pcp->single[order][type];

			if (*single == UMBRA_NO_FRAME)
				continue;
			if (pages <= 0 || nr == room)
				return nr;
			frames[nr++] = *single;
			*single = UMBRA_NO_FRAME;
			pages -= 1 << order;
			pcp->count -= 1 << order;
		}
	}
	return nr;
}

/* Does the oldest block of a list share a line of the frame map with @frame? */
static bool is_line_parted(const struct umbra *u,
			   const struct umbra_pcp_list *list, u32 frame)
{
	u32 oldest = list->nr ? list->frames[0] : UMBRA_NO_FRAME;

	if (list->bottom != UMBRA_NO_FRAME)
		oldest = oldest_of_group(u, list->bottom);
	return oldest != UMBRA_NO_FRAME &&
	       oldest / SMP_CACHE_BYTES == frame / SMP_CACHE_BYTES;
}

/*
 * Pop blocks of a list until @frames has @most blocks, or until @pages are
 * popped. If @room is more than @most, continue to the end of a cache line of
 * the frame map, so that two CPUs do not share it. With @old pop only blocks of
 * groups. Returns the number of blocks in @frames.
 */
static unsigned int collect_list(struct umbra_pcp *pcp, const struct umbra *u,
				 unsigned int at, bool old, u32 *frames,
				 unsigned int nr, unsigned int room,
				 unsigned int most, int *pages)
{
	struct umbra_pcp_list *list = &pcp->lists[at];
	unsigned int order = umbra_pcp_list_order(u, at);

	while (nr < room && (!old || list->bottom != UMBRA_NO_FRAME)) {
		unsigned int n = 1;

		if (*pages > 0 && nr < most)
			n = min(DIV_ROUND_UP((unsigned int)*pages, 1U << order),
				most - nr);
		else if (!nr || most == room ||
			 !is_line_parted(u, list, frames[nr - 1]))
			break;
		n = pop_oldest(u, list, frames + nr, n);
		if (!n)
			break;
		nr += n;
		*pages -= n << order;
		pcp->count -= n << order;
	}
	return nr;
}

/*
 * Blocks in groups come before blocks in the lines of lists, which are newer,
 * and the list that grew comes last, because it is in use.
 */
static unsigned int collect_fast(struct umbra_pcp *pcp, const struct umbra *u,
				 u32 *frames, unsigned int room, int pages,
				 unsigned int grown)
{
	unsigned int most = room, nr = 0, i;
	int old;

	/* Leave room to end at a cache line of the frame map. */
	if (pages >= SMP_CACHE_BYTES && room > SMP_CACHE_BYTES)
		most -= SMP_CACHE_BYTES;
	for (old = 1; old >= 0; old--)
		for (i = 1; i <= PCP_LISTS; i++)
			nr = collect_list(pcp, u, (grown + i) % PCP_LISTS, old,
					  frames, nr, room, most, &pages);
	return nr + collect_singles(pcp, frames + nr, room - nr, pages);
}

/**
 * umbra_pcp_collect() - pop the oldest blocks of a cache
 * @pcp: the cache
 * @u: the instance
 * @frames: filled in with the heads of the blocks
 * @room: number of blocks, at most
 * @pages: number of pages, at least, if @room allows
 * @grown: number of the list that grew
 *
 * As in the host, the list that grew is emptied first, then the lists after it.
 * With fast caches, older blocks come first.
 *
 * Context: in a section, or with the CPU of the cache offline.
 * Return: number of blocks.
 */
unsigned int umbra_pcp_collect(struct umbra_pcp *pcp, const struct umbra *u,
			       u32 *frames, unsigned int room, int pages,
			       unsigned int grown)
{
	unsigned int nr = 0, i;

	if (u->policy.fast_caches)
		return collect_fast(pcp, u, frames, room, pages, grown);
	for (i = 0; i < PCP_LISTS && pages > 0; i++)
		nr = collect_list(pcp, u, (grown + i) % PCP_LISTS, false,
				  frames, nr, room, room, &pages);
	return nr;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_collect);
