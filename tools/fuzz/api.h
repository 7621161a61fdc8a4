/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the files of the fuzzer of the API: an instance, and what its owner
 * knows of it. The owner knows for each frame the block that it has, the
 * references that it took, and whether the page failed or was given away. No
 * frame with any of these may be given out.
 */
#ifndef _FUZZ_API_H
#define _FUZZ_API_H

#include <linux/mm.h>
#include <linux/notifier.h>
#include "fuzz.h"

#define API_FRAMES	16384
#define API_BLOCKS	256
#define API_PINS	64
#define API_SLOTS	16
#define API_ACCOUNTS	2

struct block {
	struct page *page;		/* NULL: none */
	unsigned int order;
	bool comp;
	bool exposed;			/* or of order 0: any page may be pinned */
	bool cache;			/* to be freed by the shrinker */
	struct umbra_movable *owner;	/* NULL: not registered */
	struct umbra_account *account;	/* NULL: none is charged */
};

/* An instance, and the knowledge of its owner; tables have an entry a frame */
struct api {
	struct umbra *u;
	struct umbra_layout layout;
	struct umbra_zone_layout zones[UMBRA_MAX_NODES * UMBRA_NR_ZONE_TYPES];
	u8 distance[UMBRA_MAX_NODES * UMBRA_MAX_NODES];
	u8 cpu_node[FUZZ_CPUS];
	struct umbra_span spans[UMBRA_MAX_SPANS];
	unsigned int nr_spans;
	unsigned int nr_nodes;
	u32 nr_frames;
	unsigned long nr_pages;

	struct block blocks[API_BLOCKS];
	u8 owned[API_FRAMES];		/* order of its block, plus 1 */
	u8 pins[API_FRAMES];		/* references that the owner took */
	bool failed[API_FRAMES];	/* its memory failed */
	bool stray[API_FRAMES];		/* the reference of umbra was dropped */
	struct page *pinned[API_PINS];
	unsigned int nr_pinned;
	unsigned int asleep;		/* callbacks that sleep */
	bool kills;			/* a process may be killed */
	bool has_no_fs;			/* its requests have no __GFP_FS */

	struct umbra_account *accounts[API_ACCOUNTS];
	struct umbra_movable owners[API_ACCOUNTS];
	struct umbra_shrinker shrinker;
	struct notifier_block notifier;
	bool has_shrinker;
	bool has_notifier;

	struct block irq_blocks[API_SLOTS];
	struct block nmi_blocks[API_SLOTS];
	unsigned int period;		/* of interrupts, in points */
	unsigned int points;
	unsigned int nr_left;		/* interrupts still to come */
	u32 random;
};

extern struct api api;

/* api_layout.c */
bool api_create(void);
void api_destroy(void);

/* api_blocks.c */
gfp_t api_pick_gfp(void);
void api_mark(const struct page *page, unsigned int order);
void api_unmark(const struct page *page, unsigned int order);
void api_take(struct block *b, struct page *page, unsigned int order,
	      gfp_t gfp);
struct block *api_block_of(const struct page *page);
struct block *api_pick_block(void);
struct block *api_empty_block(void);
void api_give_back(struct block *b);
void api_unpin(unsigned int i);
void api_alloc(void);
void api_alloc_form(void);
void api_bulk(void);
void api_free(void);
void api_misuse(void);
void api_split(void);
void api_expose(void);
void api_pin(void);
void api_query(void);
void api_range(void);

/* api_owners.c */
void api_owners_create(void);
void api_owners_destroy(void);
void api_register(void);
void api_unregister(void);
void api_lru(void);
void api_caches(void);
void api_account(void);
void api_fail(void);
void api_interrupts(void);
void api_inject(bool on);
void api_free_injected(void);

#endif /* _FUZZ_API_H */
