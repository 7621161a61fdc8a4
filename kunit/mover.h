/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An owner of movable blocks. Each block has a token, which moves with the
 * block.
 */
#ifndef _UMBRA_MOVER_H
#define _UMBRA_MOVER_H

#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/move/compact.h"
#include "test_util.h"

/* Flag of a token: the owner refuses to move the block. */
#define TOKEN_PINNED BIT(31)

/* The token of a frame whose block was freed; includes TOKEN_PINNED. */
#define TOKEN_FREED U32_MAX

struct mover {
	struct umbra_movable movable;
	struct umbra *u;
	spinlock_t lock;	/* guards the following fields */
	u32 *tokens;		/* per frame; 0 without a block of this owner */
	u32 last;		/* the newest token */
	unsigned int fail;	/* number of migrations to fail */
	int err;		/* the error of these migrations */
	bool deny;		/* the isolate callback refuses */
	bool hold;		/* take a reference on the next moved block */
	struct page *held;	/* page with that reference */
	bool drain;		/* each migration drains the caches first */
	bool gives;		/* the reclaim callback agrees */
	gfp_t gfp;		/* of the last call of the reclaim callback */
	unsigned int nr_asked;
	unsigned int nr_moved;
	unsigned int nr_isolated;
	unsigned int nr_putback;
	unsigned int nr_wrong;	/* callbacks for blocks of other owners */
};

/* The use of a frame in umbra_test_lay_out(). */
enum layout_kind {
	LAYOUT_FREE,
	LAYOUT_MOVABLE,		/* movable page */
	LAYOUT_PINNED,		/* movable page that its owner keeps */
	LAYOUT_UNMOVABLE,	/* allocated page without owner */
};

struct mover *umbra_test_mover(struct kunit *test, struct umbra *u);
u32 umbra_test_mover_try(struct mover *m, struct page *page,
			 unsigned int order);
u32 umbra_test_mover_add(struct kunit *test, struct mover *m, struct page *page,
			 unsigned int order);
u32 umbra_test_mover_find(struct mover *m, u32 token);
void umbra_test_mover_drop(struct mover *m, u32 token);
unsigned int umbra_test_mover_count(struct kunit *test, struct mover *m);
void umbra_test_mover_list(struct mover *m);

struct page *umbra_test_take_at(struct kunit *test, struct umbra *u, u32 index,
				unsigned int order);
void umbra_test_lay_out(struct kunit *test, struct mover *m,
			enum layout_kind (*kind)(u32 index));
enum layout_kind umbra_test_quarter(u32 index);
enum layout_kind umbra_test_quarter_pinned(u32 index);
enum layout_kind umbra_test_sparse_and_stripes(u32 index);
void umbra_test_empty(struct umbra *u);
unsigned long umbra_test_pages_in(struct umbra_zone *zone, unsigned int order);
void umbra_test_request(struct kunit *test, struct umbra *u,
			struct umbra_request *rq, gfp_t gfp,
			unsigned int order);
enum umbra_compact_result
umbra_test_compact(struct umbra *u, const struct umbra_request *rq,
		   enum umbra_compact_priority priority);

#endif /* _UMBRA_MOVER_H */
