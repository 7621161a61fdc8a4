// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include "../src/core/core.h"
#include "../src/core/request.h"
#include "../src/page/gfp.h"
#include "holder.h"

static int holder_migrate(struct umbra_movable *movable, struct page *dst,
			  struct page *src, unsigned int order,
			  enum umbra_migrate_mode mode)
{
	return -EBUSY;
}

static const struct umbra_movable_operations holder_ops = {
	.migrate = holder_migrate,
};

static void give_all(struct holder *h)
{
	while (h->nr) {
		struct page *page = h->pages[--h->nr];

		if (h->registered)
			umbra_free_movable(h->u, page, 0, h->account);
		else
			umbra_free_pages_account(h->u, page, 0, h->account);
	}
}

static int holder_fn(void *arg)
{
	struct holder *h = arg;
	struct umbra_request rq;

	allow_signal(SIGKILL);
	complete(&h->ready);
	while (!kthread_should_stop() && !signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && !signal_pending(current))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	WRITE_ONCE(h->killed, signal_pending(current));
	umbra_request_init(&rq, h->u, GFP_KERNEL, 0, 0, NULL, 0);
	h->may_use_reserves = umbra_request_reserves(h->u, &rq) == ALLOC_OOM;
	flush_signals(current);
	if (h->killed && !h->clings)
		give_all(h);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void holder_stop(void *arg)
{
	struct holder *h = arg;

	kthread_stop(h->task);
	give_all(h);
}

/* Allocate a page of a node and register it, or of any node. */
static struct page *holder_alloc(struct kunit *test, struct holder *h, int nid)
{
	struct page *page;

	if (nid == NUMA_NO_NODE)
		return umbra_test_alloc(test, h->u, GFP_KERNEL, 0);
	page = umbra_alloc_pages_node(h->u, nid, GFP_KERNEL | __GFP_THISNODE,
				      0);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, umbra_set_movable(h->u, page, 0, &h->movable), 0);
	return page;
}

static struct holder *create(struct kunit *test, struct umbra *u,
			     unsigned int nr, int nid, bool clings)
{
	struct holder *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, h);
	h->pages = kunit_kcalloc(test, max(nr, 1U), sizeof(*h->pages),
				 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, h->pages);
	h->u = u;
	h->clings = clings;
	h->registered = nid != NUMA_NO_NODE;
	init_completion(&h->ready);
	h->account = umbra_test_account(test, u);
	umbra_movable_init(&h->movable, &holder_ops, h->account);
	KUNIT_ASSERT_EQ(test, umbra_account_charge(h->account, nr, nr), 0);
	for (; h->nr < nr; h->nr++)
		h->pages[h->nr] = holder_alloc(test, h, nid);
	h->task = kthread_run(holder_fn, h, "umbra_holder");
	KUNIT_ASSERT_FALSE(test, IS_ERR(h->task));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, holder_stop, h),
			0);
	wait_for_completion(&h->ready);
	umbra_account_set_opener(h->account, task_tgid(h->task));
	return h;
}

/* Allocate @nr pages for another task, which frees them when it is killed. */
struct holder *umbra_test_holder(struct kunit *test, struct umbra *u,
				 unsigned int nr, bool clings)
{
	return create(test, u, nr, NUMA_NO_NODE, clings);
}

/* The same, with registered pages of one node. */
struct holder *umbra_test_holder_on(struct kunit *test, struct umbra *u,
				    unsigned int nr, int nid)
{
	return create(test, u, nr, nid, false);
}
