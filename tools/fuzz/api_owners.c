// SPDX-License-Identifier: GPL-2.0
/*
 * Callbacks of the allocator: owners of movable blocks, a shrinker, a notifier of
 * OOM, and interrupts. A callback may sleep before it looks for its block, so
 * that the block can be freed meanwhile.
 */
#include <linux/gfp.h>
#include <linux/page_ref.h>
#include "api.h"

/* Sleep for a while, or not. Returns false if the owner is busy. */
static bool hesitate(void)
{
	u32 how = fuzz_pick(16);

	if (how == 1 || how == 2) {
		api.asleep++;
		umbra_sim_pass((u64)(1 + fuzz_pick(256)) << fuzz_pick(24));
		api.asleep--;
	}
	return how != 3;
}

static bool isolate(struct umbra_movable *owner, struct page *page,
		    unsigned int order)
{
	return hesitate();
}

static void put_back(struct umbra_movable *owner, struct page *page,
		     unsigned int order)
{
	hesitate();
}

/* Both blocks are allocated until the callback returns. */
static int migrate(struct umbra_movable *owner, struct page *dst,
		   struct page *src, unsigned int order,
		   enum umbra_migrate_mode mode)
{
	struct block *b;

	if (!hesitate())
		return -EAGAIN;
	b = api_block_of(src);
	if (!b || umbra_page_is_pinned(api.u, src, order))
		return -EBUSY;
	fuzz_check(b->owner == owner && b->order == order,
		   "a block of order %u moves as one of order %u", b->order,
		   order);
	api_unmark(src, order);
	api_mark(dst, order);
	b->page = dst;
	return 0;
}

static int reclaim(struct umbra_movable *owner, struct page *page,
		   unsigned int order, gfp_t gfp)
{
	struct block *b;

	if (!hesitate())
		return -EBUSY;
	b = api_block_of(page);
	if (!b)
		return -ENOENT;
	fuzz_check(b->owner == owner && b->order == order,
		   "a block of order %u is reclaimed as one of order %u",
		   b->order, order);
	api_unmark(page, order);
	b->page = NULL;
	return 0;
}

static const struct umbra_movable_operations simple_operations = {
	.migrate = migrate,
};

static const struct umbra_movable_operations operations = {
	.isolate = isolate,
	.migrate = migrate,
	.putback = put_back,
	.reclaim = reclaim,
};

static struct block *cached_block(void)
{
	unsigned int i;

	for (i = 0; i < API_BLOCKS; i++)
		if (api.blocks[i].page && api.blocks[i].cache)
			return &api.blocks[i];
	return NULL;
}

static unsigned long count(struct umbra_shrinker *shrinker,
			   struct umbra_shrink_control *sc)
{
	unsigned long nr = 0;
	unsigned int i;

	for (i = 0; i < API_BLOCKS; i++)
		nr += api.blocks[i].page && api.blocks[i].cache;
	return nr ?: fuzz_pick(2) ? UMBRA_SHRINK_EMPTY : 0;
}

static unsigned long scan(struct umbra_shrinker *shrinker,
			  struct umbra_shrink_control *sc)
{
	unsigned long freed = 0;
	struct block *b;

	if (!hesitate())
		return UMBRA_SHRINK_STOP;
	while (freed < sc->nr_to_scan && (b = cached_block())) {
		api_give_back(b);
		freed++;
	}
	return freed;
}

static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct block *b = cached_block();

	if (b) {
		*(unsigned long *)data += 1UL << b->order;
		api_give_back(b);
	}
	return NOTIFY_OK;
}

/* Register or unregister the shrinker, or the notifier, or mark a block. */
void api_caches(void)
{
	struct block *b;

	switch (fuzz_pick(4)) {
	case 0:
		if (api.has_shrinker)
			umbra_unregister_shrinker(api.u, &api.shrinker);
		else
			umbra_register_shrinker(api.u, &api.shrinker);
		api.has_shrinker = !api.has_shrinker;
		break;
	case 1:
		fuzz_check(!(api.has_notifier ? umbra_unregister_oom_notifier :
						umbra_register_oom_notifier)
			   (api.u, &api.notifier), "a notifier");
		api.has_notifier = !api.has_notifier;
		break;
	default:
		b = api_pick_block();
		if (b)
			b->cache = !b->owner;
	}
}

/* An owner has blocks of its own account, and of no other. */
void api_register(void)
{
	struct block *b = api_pick_block();
	struct umbra_movable *owner;
	int err;

	if (!b || b->cache || (b->account && b->account != api.accounts[0]))
		return;
	owner = &api.owners[b->account ? 0 : 1];
	err = umbra_set_movable(api.u, b->page, b->order, owner);
	fuzz_check(err == (b->owner ? -EBUSY : 0) || err == -ENOMEM,
		   "a registration ends with %d", err);
	b->exposed = true;
	if (!err)
		b->owner = owner;
	if (b->owner && fuzz_pick(2)) {
		err = umbra_lru_add(api.u, b->page);
		fuzz_check(!err || err == -EINVAL || err == -ENOMEM,
			   "an addition to the LRU lists ends with %d", err);
	}
}

/* No callback may find the block while its registration ends. */
void api_unregister(void)
{
	struct block *b = api_pick_block(), old;

	if (!b || !b->owner)
		return;
	old = *b;
	b->page = NULL;
	umbra_clear_movable(api.u, old.page);
	old.owner = NULL;
	b = api_empty_block();
	fuzz_check(b, "no room for a block that was there");
	*b = old;
}

void api_lru(void)
{
	struct block *b = api_pick_block();

	if (!b || !b->owner)
		return;
	if (fuzz_pick(2))
		umbra_mark_accessed(api.u, b->page);
	else
		umbra_lru_del(api.u, b->page);
}

/* Charges and processes; a charge without pages is taken back at once. */
void api_account(void)
{
	struct umbra_account *account = api.accounts[fuzz_pick(API_ACCOUNTS)];
	struct pid *pid = fuzz_pick(2) ? task_tgid(current) : NULL;
	unsigned long nr = fuzz_pick(4096);

	if (!account)
		return;
	switch (fuzz_pick(4)) {
	case 0:
		umbra_account_set_opener(account, pid);
		break;
	case 1:
		umbra_account_set_user(account, pid);
		break;
	default:
		if (umbra_account_charge(account, nr, 8192))
			return;
		umbra_account_promise(account, nr);
		umbra_account_promise(account, -(long)nr);
		umbra_account_uncharge(account, nr);
	}
	fuzz_check(umbra_account_held(account) <= umbra_account_pages(account),
		   "an account has more pages held than charged");
}

/* Any page, or one in use: half of the failures should meet one. */
static struct page *pick_any_page(void)
{
	const struct umbra_span *span = &api.spans[fuzz_pick(api.nr_spans)];
	struct block *b;

	switch (fuzz_pick(4)) {
	case 0:
		b = api_pick_block();
		if (b)
			return b->page + fuzz_pick(1U << b->order);
		break;
	case 1:
		if (api.nr_pinned)
			return api.pinned[fuzz_pick(api.nr_pinned)];
		break;
	}
	return span->pages + fuzz_pick(span->nr_pages);
}

static unsigned long pfn_of(const struct page *page)
{
	const struct umbra_span *span = api.spans;

	while (page < span->pages || page >= span->pages + span->nr_pages)
		span++;
	return span->base_pfn + (page - span->pages);
}

/* The memory of a page fails, whatever the page is used for. */
void api_fail(void)
{
	struct page *page = pick_any_page();
	unsigned long pfn = pfn_of(page);

	if (api.layout.has_memory)
		return;
	SetPageHWPoison(page);
	if (fuzz_pick(4))
		fuzz_check(umbra_hwpoison_pfn(api.u, pfn) &&
			   umbra_has_pfn(api.u, pfn),
			   "pfn 0x%lx is not of the instance", pfn);
	else
		umbra_hwpoison_scan(api.u);
	/* Only from now on: an interrupt may still have got the page. */
	api.failed[umbra_sim_frame(api.u, page)] = true;
}

void api_owners_create(void)
{
	unsigned int i;

	for (i = 0; i < API_ACCOUNTS; i++) {
		api.accounts[i] = umbra_account_create(api.u);
		fuzz_check(api.accounts[i], "no account");
	}
	umbra_movable_init(&api.owners[0], &operations, api.accounts[0]);
	umbra_movable_init(&api.owners[1], fuzz_pick(4) ? &operations :
			   &simple_operations, NULL);
	api.shrinker = (struct umbra_shrinker) {
		.count = count,
		.scan = scan,
		.batch = fuzz_pick(64),
		.seeks = fuzz_pick(4),
	};
	api.notifier = (struct notifier_block) { .notifier_call = notify };
	if (api.shrinker.batch % 2) {
		umbra_sim_tune(api.u, "oom_policy", 1);
		api.kills = true;
		umbra_account_set_opener(api.accounts[0], task_tgid(current));
	}
}

/* Nothing is charged any more. */
void api_owners_destroy(void)
{
	unsigned int i;

	for (i = 0; i < API_ACCOUNTS; i++) {
		struct umbra_account *account = api.accounts[i];

		fuzz_check(!umbra_account_pages(account) &&
			   !umbra_account_held(account),
			   "an account has %ld pages at the end, %lu are held",
			   (long)umbra_account_pages(account),
			   umbra_account_held(account));
		umbra_account_put(account);
	}
}

/* The interrupts of one choice, which would take most of the time else */
#define INTERRUPTS	64

static u32 below(u32 limit)
{
	api.random ^= api.random << 13;
	api.random ^= api.random >> 17;
	api.random ^= api.random << 5;
	return api.random % limit;
}

static bool is_due(void)
{
	if (++api.points % api.period || !api.nr_left)
		return false;
	api.nr_left--;
	return true;
}

static void in_interrupt_do(void *arg, const char *site)
{
	struct block *b;
	unsigned int order;
	struct page *page;

	if (!is_due())
		return;
	b = &api.irq_blocks[below(API_SLOTS)];
	order = below(4) ? 0 : below(5);
	if (b->page) {
		api_give_back(b);
		return;
	}
	page = umbra_alloc_pages(api.u, GFP_ATOMIC | __GFP_NOWARN, order);
	if (page)
		api_take(b, page, order, GFP_ATOMIC);
}

static void in_nmi_do(void *arg, const char *site)
{
	struct block *b;
	struct page *page;

	if (!is_due())
		return;
	b = &api.nmi_blocks[below(API_SLOTS)];
	if (b->page)
		return;
	page = umbra_alloc_pages_nolock(api.u, 0, UMBRA_NO_NODE, 0);
	if (page)
		api_take(b, page, 0, __GFP_ZERO);
}

/* Let interrupts come, if the input wants them. */
void api_inject(bool on)
{
	bool irq = on && api.period;

	umbra_sim_set_interrupt(irq ? in_interrupt_do : NULL, NULL);
	umbra_sim_set_nmi(irq && api.period % 2 ? in_nmi_do : NULL, NULL);
}

void api_interrupts(void)
{
	api.period = fuzz_pick(4) ? 1 + fuzz_pick(64) : 0;
	api.nr_left = INTERRUPTS;
	api.random = 1 + fuzz_pick(256);
	api_inject(true);
}

void api_free_injected(void)
{
	unsigned int i;

	for (i = 0; i < API_SLOTS; i++) {
		if (api.nmi_blocks[i].page)
			api_give_back(&api.nmi_blocks[i]);
		if (api.irq_blocks[i].page)
			api_give_back(&api.irq_blocks[i]);
	}
}
