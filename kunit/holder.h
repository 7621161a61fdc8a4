/* SPDX-License-Identifier: GPL-2.0 */
/* A task with pages. A killed task frees them, or keeps them. */
#ifndef _UMBRA_HOLDER_H
#define _UMBRA_HOLDER_H

#include <linux/completion.h>
#include "test_util.h"

struct holder {
	struct umbra *u;
	struct umbra_account *account;
	struct umbra_movable movable;	/* owner of the pages, if registered */
	struct task_struct *task;
	struct completion ready;
	struct page **pages;
	unsigned int nr;
	bool registered;
	bool clings;
	bool killed;
	bool may_use_reserves;
};

struct holder *umbra_test_holder(struct kunit *test, struct umbra *u,
				 unsigned int nr, bool clings);
struct holder *umbra_test_holder_on(struct kunit *test, struct umbra *u,
				    unsigned int nr, int nid);

#endif /* _UMBRA_HOLDER_H */
