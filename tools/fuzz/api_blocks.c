// SPDX-License-Identifier: GPL-2.0
/* The blocks of the owner: all forms of allocation and free, and queries. */
#include <linux/gfp.h>
#include <linux/page_ref.h>
#include "api.h"

gfp_t api_pick_gfp(void)
{
	static const gfp_t bases[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE,
		GFP_NOWAIT, GFP_ATOMIC, GFP_KERNEL | __GFP_DMA,
		GFP_KERNEL | __GFP_DMA32, GFP_TRANSHUGE,
	};
	u32 kind = fuzz_pick(16);
	gfp_t gfp;

	if (kind < ARRAY_SIZE(bases))
		gfp = bases[kind];
	else
		gfp = fuzz_pick(1U << 24);
	/*
	 * A request that must not fail may wait for ever, and so may one without
	 * __GFP_FS, which does not fail where others may kill.
	 */
	gfp &= ~__GFP_NOFAIL;
	if (api.kills && (api.has_no_fs || !(gfp & __GFP_FS)))
		gfp |= __GFP_NORETRY;
	return kind < 15 ? gfp | __GFP_NOWARN : gfp;
}

static const struct umbra_zone_layout *zone_of(u32 frame)
{
	const struct umbra_zone_layout *z = api.zones;

	while (frame >= z->nr_frames)
		frame -= z++->nr_frames;
	return z;
}

void api_mark(const struct page *page, unsigned int order)
{
	u32 frame = umbra_sim_frame(api.u, page), i;
	u32 end = frame + (1U << order);

	fuzz_check(frame < api.nr_frames && end <= api.nr_frames,
		   "block of order %u at frame %u is no block", order, frame);
	fuzz_check(!(frame & ((1U << order) - 1)),
		   "block of order %u at frame %u is not aligned", order,
		   frame);
	for (i = frame; i < end; i++) {
		fuzz_check(!api.owned[i], "frame %u is given twice", i);
		fuzz_check(!api.pins[i], "frame %u is given, but referenced",
			   i);
		fuzz_check(!api.failed[i], "frame %u is given, but failed", i);
		fuzz_check(!api.stray[i], "frame %u is given, but lost", i);
		api.owned[i] = order + 1;
	}
}

void api_unmark(const struct page *page, unsigned int order)
{
	u32 frame = umbra_sim_frame(api.u, page);

	memset(api.owned + frame, 0, 1U << order);
}

/* The highest type of a zone that may serve a request */
static unsigned int highest(gfp_t gfp)
{
	if (!(gfp & __GFP_HIGHMEM))
		return UMBRA_ZONE_NORMAL;
	return gfp & __GFP_MOVABLE ? UMBRA_ZONE_MOVABLE : UMBRA_ZONE_HIGHMEM;
}

static void check_memory(const struct page *page, unsigned int order)
{
	if (api.layout.has_memory)
		fuzz_check(!memchr_inv(page_address(page), 0,
				       PAGE_SIZE << order),
			   "a block is not zeroed");
}

/* A request has given a block. */
void api_take(struct block *b, struct page *page, unsigned int order, gfp_t gfp)
{
	const struct umbra_zone_layout *z;

	api_mark(page, order);
	z = zone_of(umbra_sim_frame(api.u, page));
	fuzz_check(z->type <= highest(gfp), "gfp 0x%x is served from zone %u",
		   gfp, z->type);
	if (gfp & __GFP_ZERO)
		check_memory(page, order);
	*b = (struct block) {
		.page = page,
		.order = order,
		.comp = gfp & __GFP_COMP && order,
		.exposed = !order,
	};
}

struct block *api_block_of(const struct page *page)
{
	unsigned int i;

	for (i = 0; i < API_BLOCKS; i++)
		if (api.blocks[i].page == page)
			return &api.blocks[i];
	return NULL;
}

/* A block that the owner has, or NULL */
struct block *api_pick_block(void)
{
	unsigned int from = fuzz_pick(API_BLOCKS), i;

	for (i = 0; i < API_BLOCKS; i++) {
		struct block *b = &api.blocks[(from + i) % API_BLOCKS];

		if (b->page)
			return b;
	}
	return NULL;
}

struct block *api_empty_block(void)
{
	return api_block_of(NULL);
}

void api_give_back(struct block *b)
{
	struct block old = *b;
	int err;

	b->page = NULL;
	api_unmark(old.page, old.order);
	if (old.owner)
		err = umbra_free_movable(api.u, old.page, old.order,
					 old.account);
	else
		err = umbra_free_pages_account(api.u, old.page, old.order,
					       old.account);
	fuzz_check(!err, "a free of order %u is refused", old.order);
}

static unsigned int pick_order(void)
{
	return fuzz_pick(4) ? fuzz_pick(4) : fuzz_pick(UMBRA_NR_ORDERS + 1);
}

static int pick_node(void)
{
	return fuzz_pick(2) ? (int)fuzz_pick(api.nr_nodes + 2) - 1 :
			      UMBRA_NO_NODE;
}

/* Returns the account to charge, or NULL. */
static struct umbra_account *pick_account(unsigned int order)
{
	struct umbra_account *account;
	unsigned long limit;

	if (fuzz_pick(4))
		return NULL;
	account = api.accounts[fuzz_pick(API_ACCOUNTS)];
	limit = fuzz_pick(2) ? ULONG_MAX : fuzz_pick(512);
	if (!account || umbra_account_charge(account, 1UL << order, limit))
		return NULL;
	fuzz_check(umbra_account_pages(account) <= limit,
		   "an account is above its limit");
	return account;
}

void api_alloc(void)
{
	unsigned int order = pick_order();
	umbra_nodemask_t mask = fuzz_pick(2) ? fuzz_pick(256) : UMBRA_ALL_NODES;
	bool masked = !fuzz_pick(4);
	gfp_t gfp = api_pick_gfp();
	struct umbra_account *account = pick_account(order);
	int nid = pick_node();
	struct page *page;
	struct block *b;

	page = umbra_alloc_pages_nodemask(api.u, gfp, order, nid,
					  masked ? &mask : NULL);
	b = api_empty_block();
	if (!page) {
		if (account)
			umbra_account_uncharge(account, 1UL << order);
		return;
	}
	if (!b) {
		umbra_free_pages_account(api.u, page, order, account);
		return;
	}
	api_take(b, page, order, gfp);
	b->account = account;
	if (gfp & __GFP_THISNODE && nid >= 0)
		fuzz_check(umbra_page_node(api.u, page) == nid,
			   "a request for node %d alone got node %d", nid,
			   umbra_page_node(api.u, page));
}

static void take_addr(unsigned long addr, unsigned int order, gfp_t gfp)
{
	struct block *b = api_empty_block();

	if (!addr)
		return;
	if (b)
		api_take(b, virt_to_page((void *)addr), order, gfp);
	else
		umbra_free_addr(api.u, addr, order);
}

/* Flags that a range does not have */
#define NOT_OF_RANGE (__GFP_HIGH | __GFP_COMP | __GFP_ACCOUNT | __GFP_NORETRY | \
		      __GFP_NOFAIL | __GFP_MEMALLOC | __GFP_NOMEMALLOC)

static void take_nolock(unsigned int order)
{
	gfp_t gfp = __GFP_COMP | __GFP_ZERO;
	struct page *page;
	struct block *b;

	page = umbra_alloc_pages_nolock(api.u,
					fuzz_pick(2) ? __GFP_ACCOUNT : 0,
					pick_node(), order);
	b = api_empty_block();
	if (page && b)
		api_take(b, page, order, gfp);
	else if (page)
		umbra_free_pages_nolock(api.u, page, order);
}

/* Search a range, and free it at once. */
static void use_contig(gfp_t gfp)
{
	unsigned long nr = 1 + fuzz_pick(2048), i;
	struct page *page;

	page = umbra_alloc_contig_pages(api.u, nr, gfp, pick_node(), NULL);
	if (!page)
		return;
	for (i = 0; i < nr; i++)
		api_mark(page + i, 0);
	for (i = 0; i < nr; i++)
		api_unmark(page + i, 0);
	umbra_free_contig_pages(api.u, page, nr);
}

/* Allocate and free at once: the pages are many, and of any number. */
static void use_exact(gfp_t gfp)
{
	size_t size = fuzz_pick(80 << PAGE_SHIFT), i;
	char *addr = umbra_alloc_pages_exact(api.u, size, gfp);

	if (!addr)
		return;
	for (i = 0; i < size; i += PAGE_SIZE)
		api_mark(virt_to_page(addr + i), 0);
	for (i = 0; i < size; i += PAGE_SIZE)
		api_unmark(virt_to_page(addr + i), 0);
	umbra_free_pages_exact(api.u, addr, size);
}

/* The forms of an allocation that are rarer */
void api_alloc_form(void)
{
	gfp_t gfp = api_pick_gfp();
	unsigned int order = pick_order();

	switch (fuzz_pick(6)) {
	case 0:
		/* One input in a few: more choices would change all of them. */
		if (order == UMBRA_MAX_ORDER)
			use_contig(gfp & ~NOT_OF_RANGE);
		else
			take_nolock(order);
		break;
	case 1:
		take_addr(umbra_get_free_pages(api.u, gfp, order), order,
			  gfp & ~__GFP_HIGHMEM);
		break;
	case 2:
		take_addr(umbra_get_free_page(api.u, gfp), 0,
			  gfp & ~__GFP_HIGHMEM);
		break;
	case 3:
		take_addr(umbra_get_zeroed_page(api.u, gfp), 0,
			  (gfp & ~__GFP_HIGHMEM) | __GFP_ZERO);
		break;
	case 4:
		take_addr(umbra_get_dma_pages(api.u, gfp, order), order, gfp);
		break;
	default:
		use_exact(gfp);
	}
}

/* Fill an array that has pages already here and there. */
void api_bulk(void)
{
	struct page *pages[40] = {};
	unsigned int nr = 1 + fuzz_pick(ARRAY_SIZE(pages)), i;
	umbra_nodemask_t mask = fuzz_pick(256);
	gfp_t gfp = api_pick_gfp();
	unsigned long got;

	got = umbra_alloc_pages_bulk(api.u, gfp, pick_node(),
				     fuzz_pick(4) ? NULL : &mask, nr, pages);
	fuzz_check(got <= nr, "a bulk of %u pages has %lu", nr, got);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		fuzz_check(!!pages[i] == (i < got), "page %u of a bulk of %lu",
			   i, got);
	for (i = 0; i < got; i++) {
		struct block *b = fuzz_pick(2) ? api_empty_block() : NULL;

		if (!b)
			continue;
		api_take(b, pages[i], 0, gfp);
		pages[i] = NULL;
	}
	umbra_free_pages_bulk(api.u, pages, got);
}

void api_free(void)
{
	struct block *b = api_pick_block();

	if (b)
		api_give_back(b);
}

/* Can the owner free the block? */
static bool may_free(const struct page *page, u32 frame, unsigned int order)
{
	const struct block *b = api_block_of(page);

	return api.owned[frame] == order + 1 && !(b && b->owner) &&
	       !(frame & ((1U << order) - 1));
}

static bool is_same(const struct umbra_sim_block *a,
		    const struct umbra_sim_block *b)
{
	return a->state == b->state && a->order == b->order;
}

/* A free that must be refused changes nothing. */
void api_misuse(void)
{
	unsigned int order = fuzz_pick(UMBRA_NR_ORDERS + 2);
	const struct block *b = fuzz_pick(2) ? api_pick_block() : NULL;
	u32 frame = b ? umbra_sim_frame(api.u, b->page) :
		    fuzz_pick(api.nr_frames);
	struct page *page = umbra_sim_page(api.u, frame);
	struct umbra_sim_block before, after;
	struct umbra_info info, now;

	if (!page || api.asleep || may_free(page, frame, order))
		return;
	if (!fuzz_pick(8))
		page = (struct page *)((char *)page + 1 + fuzz_pick(7));
	api_inject(false);
	umbra_sim_block(api.u, frame, &before);
	umbra_get_info(api.u, &info);
	fuzz_check(umbra_free_pages_account(api.u, page, order, NULL) ==
		   -EINVAL, "frame %u can be freed with order %u", frame,
		   order);
	umbra_sim_block(api.u, frame, &after);
	umbra_get_info(api.u, &now);
	fuzz_check(is_same(&before, &after) && info.nr_free == now.nr_free &&
		   info.nr_held == now.nr_held && info.nr_pages == now.nr_pages,
		   "a free that is refused changes frame %u", frame);
	api_inject(true);
}

/* Free a block that has no room in the table. */
static void free_extra(const struct block *old)
{
	struct block extra = *old;

	api_give_back(&extra);
}

void api_split(void)
{
	struct block *b = api_pick_block(), old;
	unsigned int order, i;
	int err;

	if (!b || b->order > 4)
		return;
	old = *b;
	order = old.order;
	err = umbra_split_page(api.u, old.page, old.order);
	fuzz_check(err == (old.comp || old.owner ? -EINVAL : 0),
		   "a split of order %u ends with %d", old.order, err);
	if (err)
		return;
	memset(api.owned + umbra_sim_frame(api.u, old.page), 1,
	       1U << old.order);
	b->page = NULL;
	old.order = 0;
	old.exposed = true;
	for (i = 0; i < 1U << order; i++, old.page++) {
		b = api_empty_block();
		if (b)
			*b = old;
		else
			free_extra(&old);
	}
}

void api_expose(void)
{
	struct block *b = api_pick_block();

	if (!b)
		return;
	fuzz_check(!umbra_expose_pages(api.u, b->page, b->order),
		   "a block cannot be exposed");
	b->exposed = true;
}

void api_unpin(unsigned int i)
{
	struct page *page = api.pinned[i];

	api.pinned[i] = api.pinned[--api.nr_pinned];
	api.pins[umbra_sim_frame(api.u, page)]--;
	umbra_sim_page_put(page);
}

/* A page of the block whose count a free looks at */
static struct page *pick_page(const struct block *b)
{
	return b->page + (b->exposed ? fuzz_pick(1U << b->order) : 0);
}

/* Drop the reference that is not the owner's, and free the block. */
static void lose(struct block *b, struct page *page, u32 frame)
{
	if (api.pins[frame] || api.layout.has_memory || b->owner)
		return;
	/* A second reference keeps the page. */
	api.stray[frame] = !(api.layout.debug & UMBRA_DEBUG_GUARD);
	umbra_sim_page_put(page);
	api_give_back(b);
}

/* Take or drop a reference. */
void api_pin(void)
{
	struct block *b = api_pick_block();
	struct page *page;
	u32 frame;

	if (api.nr_pinned && (api.nr_pinned == API_PINS || !fuzz_pick(2))) {
		api_unpin(fuzz_pick(api.nr_pinned));
		return;
	}
	if (!b)
		return;
	page = pick_page(b);
	frame = umbra_sim_frame(api.u, page);
	if (api.stray[frame])
		return;
	if (!fuzz_pick(16)) {
		lose(b, page, frame);
		return;
	}
	umbra_sim_page_get(page);
	api.pins[frame]++;
	api.pinned[api.nr_pinned++] = page;
}

/* The answers about a page must agree with the layout, and with the owner. */
void api_query(void)
{
	u32 frame = fuzz_pick(api.nr_frames);
	struct page *page = umbra_sim_page(api.u, frame);
	const struct umbra_zone_layout *z = zone_of(frame);
	unsigned int order = api.owned[frame];
	bool has_address = api.layout.has_memory && z->type != UMBRA_ZONE_HIGHMEM;
	struct block *b;

	if (!page)
		return;
	fuzz_check(umbra_page_zone(api.u, page) == z->type,
		   "frame %u is not of zone %u", frame, z->type);
	fuzz_check(umbra_page_node(api.u, page) == z->nid,
		   "frame %u is not of node %u", frame, z->nid);
	fuzz_check(!!umbra_page_address(api.u, page) == has_address,
		   "the address of frame %u", frame);
	umbra_mod_dirty(api.u, page, (long)fuzz_pick(512) - 256);
	if (!order--)
		return;
	fuzz_check(umbra_page_order(api.u, page) == order,
		   "frame %u is not of order %u", frame, order);
	b = api_block_of(page - (frame & ((1U << order) - 1)));
	if (!b)
		return;
	fuzz_check(umbra_compound_head(api.u, page) ==
		   (b->comp ? b->page : page), "the head of frame %u", frame);
	umbra_page_is_pinned(api.u, b->page, b->order);
}

/* Returns the number of pages of the range, and 0 if it has none. */
static u32 pick_range(unsigned long *pfn, struct page **page)
{
	const struct umbra_span *span = &api.spans[fuzz_pick(api.nr_spans)];
	u32 first = fuzz_pick(span->nr_pages), nr;

	nr = 1 + (fuzz_pick(2) ? fuzz_pick(32) : fuzz_pick(2048));
	*pfn = span->base_pfn + first;
	*page = span->pages + first;
	return first + nr <= span->nr_pages ? nr : 0;
}

static void keep_range(struct page *page, u32 nr, gfp_t gfp)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		struct block *b = api_empty_block();

		api_mark(page + i, 0);
		if (b) {
			*b = (struct block) { .page = page + i, .exposed = true };
			continue;
		}
		api_unmark(page + i, 0);
		umbra_free_pages(api.u, page + i, 0);
	}
}

/* @other: one more error that the call may have */
static void check_range(int err, bool may_be_busy, int other)
{
	fuzz_check(!err || err == -EINVAL || err == -EINTR || err == other ||
		   (may_be_busy && err == -EBUSY), "a range ends with %d", err);
}

void api_range(void)
{
	gfp_t gfp = api_pick_gfp();
	unsigned long pfn;
	struct page *page;
	u32 nr = pick_range(&pfn, &page), i;
	int err;

	switch (fuzz_pick(3)) {
	case 0:
		check_range(umbra_isolate_range(api.u, pfn, pfn + nr), true, 0);
		return;
	case 1:
		check_range(umbra_unisolate_range(api.u, pfn, pfn + nr), false, 0);
		return;
	}
	if (nr % 4)
		gfp &= ~NOT_OF_RANGE;
	err = umbra_alloc_contig_range(api.u, pfn, pfn + nr, gfp);
	check_range(err, true, -ENOMEM);
	if (err)
		return;
	if (gfp & __GFP_ZERO && nr)
		check_memory(page, 0);
	if (nr <= API_SLOTS || fuzz_pick(2)) {
		keep_range(page, nr, gfp);
		return;
	}
	for (i = 0; i < nr; i++)
		api_mark(page + i, 0);
	for (i = 0; i < nr; i++)
		api_unmark(page + i, 0);
	umbra_free_contig_range(api.u, pfn, nr);
}
