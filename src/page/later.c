// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that a context which must not wait for a lock has in hand, and which
 * are freed later. An irq_work and then a work item bring them to a context
 * that may take locks.
 */
#include <linux/irq_work.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include "../core/core.h"
#include "../core/frame.h"
#include "../core/span.h"
#include "free.h"
#include "later.h"

/* The link of a block is the lru of its first page. */
static struct llist_node *link_of(struct umbra *u, u32 index)
{
	BUILD_BUG_ON(sizeof(struct llist_node) >
		     sizeof_field(struct page, lru));
	return (struct llist_node *)&umbra_index_to_page(u, index)->lru;
}

static void free_all(struct umbra *u)
{
	struct llist_node *node = llist_del_all(&u->later.blocks), *next;

	for (; node; node = next) {
		struct page *page = container_of((struct list_head *)node,
						 struct page, lru);
		u32 index = umbra_page_to_index(u, page);

		next = node->next;
		umbra_free_block(u, index, frame_order(frame_read(u, index)),
				 true, NULL);
		cond_resched();
	}
}

static void work_fn(struct work_struct *work)
{
	free_all(container_of(work, struct umbra, later.work));
}

static void irq_fn(struct irq_work *irq)
{
	struct umbra *u = container_of(irq, struct umbra, later.irq);

	queue_work(u->wq, &u->later.work);
}

/**
 * umbra_free_later() - free a block soon, without a lock now
 * @u: the instance
 * @index: head of the block, allocated and in no use
 * @order: order of the block
 *
 * Every page of the block is checked.
 *
 * Context: any, NMI included.
 */
void umbra_free_later(struct umbra *u, u32 index, unsigned int order)
{
	frame_set(u, index, FRAME_PCP, order);
	if (llist_add(link_of(u, index), &u->later.blocks))
		irq_work_queue(&u->later.irq);
}

/* Make an empty list. Context: any. */
void umbra_later_init(struct umbra *u)
{
	init_llist_head(&u->later.blocks);
	init_irq_work(&u->later.irq, irq_fn);
	INIT_WORK(&u->later.work, work_fn);
}

/* Free what is left. No block may come from now on. Context: may sleep. */
void umbra_later_stop(struct umbra *u)
{
	irq_work_sync(&u->later.irq);
	cancel_work_sync(&u->later.work);
	free_all(u);
}
