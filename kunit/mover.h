/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An owner of blocks that can be moved, who knows what is in each: a token, which
 * goes where the block goes.
 */
#ifndef _UMBRA_MOVER_H
#define _UMBRA_MOVER_H

#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/move/compact.h"
#include "test_util.h"

/* In a token: the block is not to be moved. */
#define TOKEN_PINNED BIT(31)

struct mover {
	struct umbra_movable movable;
	struct umbra *u;
	spinlock_t lock;	/* guards what follows */
	u32 *tokens;		/* by frame; 0 where no block of ours begins */
	u32 last;		/* the newest token */
	unsigned int fail;	/* so many migrations are to fail, */
	int err;		/* with this error */
	bool deny;		/* isolate says no */
	bool hold;		/* take a reference of what is moved next */
	struct page *held;	/* what has one now */
	bool drain;		/* migrations drain caches first */
	bool gives;		/* reclaim says yes */
	unsigned int nr_asked;
	unsigned int nr_moved;
	unsigned int nr_isolated;
	unsigned int nr_putback;
	unsigned int nr_wrong;	/* callbacks for what is not ours */
};

/* What umbra_test_lay_out() does with a frame. */
enum layout_kind {
	LAYOUT_FREE,
	LAYOUT_MOVABLE,		/* a page that its owner lets move */
	LAYOUT_PINNED,		/* the same, but the owner refuses */
	LAYOUT_UNMOVABLE,	/* a page that is just allocated */
};

struct mover *umbra_test_mover(struct kunit *test, struct umbra *u);
u32 umbra_test_mover_try(struct mover *m, struct page *page,
			 unsigned int order);
u32 umbra_test_mover_add(struct kunit *test, struct mover *m, struct page *page,
			 unsigned int order);
u32 umbra_test_mover_find(struct mover *m, u32 token);
void umbra_test_mover_drop(struct mover *m, u32 token);
unsigned int umbra_test_mover_count(struct kunit *test, struct mover *m);

struct page *umbra_test_take_at(struct kunit *test, struct umbra *u, u32 index,
				unsigned int order);
void umbra_test_lay_out(struct kunit *test, struct mover *m,
			enum layout_kind (*kind)(u32 index));
enum layout_kind umbra_test_quarter(u32 index);
enum layout_kind umbra_test_quarter_pinned(u32 index);
void umbra_test_empty(struct umbra *u);
unsigned long umbra_test_pages_in(struct umbra_zone *zone, unsigned int order);
void umbra_test_request(struct kunit *test, struct umbra *u,
			struct umbra_request *rq, gfp_t gfp,
			unsigned int order);
enum umbra_compact_result
umbra_test_compact(struct umbra *u, const struct umbra_request *rq,
		   enum umbra_compact_priority priority);

#endif /* _UMBRA_MOVER_H */
