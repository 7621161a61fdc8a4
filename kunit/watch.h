/* SPDX-License-Identifier: GPL-2.0 */
/* The trace events that come during a test, with their arguments. */
#ifndef _UMBRA_WATCH_H
#define _UMBRA_WATCH_H

#include <kunit/test.h>
#include <linux/spinlock.h>

#define WATCH_MOST 48
#define WATCH_ARGS 9

struct task_struct;
struct tracepoint;

struct event {
	const char *name;
	long args[WATCH_ARGS];
};

struct watch {
	struct task_struct *task;	/* the only one, or NULL for all */
	spinlock_t lock;		/* guards the following fields */
	unsigned int nr;
	struct event events[WATCH_MOST];
};

/* A set of events that a test watches together ends with an empty one. */
struct probe {
	const char *name;
	void *fn;
	struct tracepoint *tp;
};

void umbra_test_note(struct watch *w, const char *name, unsigned int nr, ...);
struct watch *umbra_test_watch(struct kunit *test, struct probe *probes);
void umbra_test_unwatch(struct watch *w, struct probe *probes);
unsigned int umbra_test_nr_events(struct watch *w, const char *name);
void umbra_test_expect_events(struct kunit *test, const struct watch *w,
			      const struct event *events, unsigned int nr);

#endif /* _UMBRA_WATCH_H */
