// SPDX-License-Identifier: GPL-2.0
/*
 * Probes of trace events note each event with its arguments. Only tracepoints of
 * built-in code can be found; as a module, tests that watch events are skipped.
 */
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include "watch.h"

/* Note an event with @nr arguments of type long. */
void umbra_test_note(struct watch *w, const char *name, unsigned int nr, ...)
{
	unsigned long flags;
	struct event *e;
	va_list args;
	unsigned int i;

	if (w->task && current != w->task)
		return;
	spin_lock_irqsave(&w->lock, flags);
	if (w->nr < WATCH_MOST) {
		e = &w->events[w->nr++];
		e->name = name;
		va_start(args, nr);
		for (i = 0; i < nr; i++)
			e->args[i] = va_arg(args, long);
		va_end(args);
	}
	spin_unlock_irqrestore(&w->lock, flags);
}

#ifdef CONFIG_TRACEPOINTS

static void find(struct tracepoint *tp, void *data)
{
	struct probe *p;

	for (p = data; p->name; p++)
		if (!strcmp(tp->name, p->name))
			p->tp = tp;
}

/* Watch the events of this task. Skips the test if they cannot be found. */
struct watch *umbra_test_watch(struct kunit *test, struct probe *probes)
{
	struct watch *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct probe *p;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->task = current;
	spin_lock_init(&w->lock);
	for_each_kernel_tracepoint(find, probes);
	for (p = probes; p->name; p++)
		if (!p->tp)
			kunit_skip(test, "%s is in a module", p->name);
	for (p = probes; p->name; p++)
		KUNIT_ASSERT_EQ(test, tracepoint_probe_register(p->tp, p->fn,
								w), 0);
	return w;
}

void umbra_test_unwatch(struct watch *w, struct probe *probes)
{
	struct probe *p;

	for (p = probes; p->name; p++)
		tracepoint_probe_unregister(p->tp, p->fn, w);
	tracepoint_synchronize_unregister();
}

#else /* !CONFIG_TRACEPOINTS */

struct watch *umbra_test_watch(struct kunit *test, struct probe *probes)
{
	kunit_skip(test, "the kernel has no tracepoints");
	return NULL;
}

void umbra_test_unwatch(struct watch *w, struct probe *probes)
{
}

#endif /* CONFIG_TRACEPOINTS */

/* The number of events with a name so far. */
unsigned int umbra_test_nr_events(struct watch *w, const char *name)
{
	unsigned int i, nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	for (i = 0; i < w->nr; i++)
		nr += !strcmp(w->events[i].name, name);
	spin_unlock_irqrestore(&w->lock, flags);
	return nr;
}

/* Expect that exactly these events were seen, in this order. */
void umbra_test_expect_events(struct kunit *test, const struct watch *w,
			      const struct event *events, unsigned int nr)
{
	unsigned int i, arg;

	KUNIT_EXPECT_EQ(test, w->nr, nr);
	for (i = 0; i < min(nr, w->nr); i++) {
		KUNIT_EXPECT_STREQ(test, w->events[i].name, events[i].name);
		for (arg = 0; arg < WATCH_ARGS; arg++)
			KUNIT_EXPECT_EQ_MSG(test, w->events[i].args[arg],
					    events[i].args[arg],
					    "%s, argument %u", events[i].name,
					    arg);
	}
}
