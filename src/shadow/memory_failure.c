// SPDX-License-Identifier: GPL-2.0
/*
 * The host marks a page whose memory has failed and then, if the page is on
 * none of its own lists, leaves it at that. Its memory_failure_event is the
 * only word of it. The tracepoint is not exported, so it is found by name.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <umbra/umbra.h>
#include "shadow.h"

#ifdef CONFIG_TRACEPOINTS

struct umbra_failure_watch {
	struct umbra *umbra;
	struct tracepoint *tracepoint;
	struct work_struct scan;
};

static void scan_fn(struct work_struct *work)
{
	struct umbra_failure_watch *watch =
		container_of(work, struct umbra_failure_watch, scan);

	umbra_hwpoison_scan(watch->umbra);
}

/* Called with preemption off, so that the zone lock may be out of reach. */
static void on_memory_failure(void *data, unsigned long pfn, int type,
			      int result)
{
	struct umbra_failure_watch *watch = data;

	if (umbra_has_pfn(watch->umbra, pfn))
		schedule_work(&watch->scan);
}

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	struct tracepoint **found = data;

	if (!strcmp(tp->name, "memory_failure_event"))
		*found = tp;
}

/**
 * umbra_failure_watch_start() - take pages out of use when their memory fails
 * @u: the instance
 *
 * Context: may sleep.
 * Return: the watch; NULL if this host has no such event; an ERR_PTR:
 * -ENOMEM, or why the event cannot be listened to.
 */
struct umbra_failure_watch *umbra_failure_watch_start(struct umbra *u)
{
	struct umbra_failure_watch *watch;
	struct tracepoint *tp = NULL;
	int err;

	for_each_kernel_tracepoint(find_tracepoint, &tp);
	if (!tp)
		return NULL;
	watch = kzalloc_obj(*watch, GFP_KERNEL);
	if (!watch)
		return ERR_PTR(-ENOMEM);
	watch->umbra = u;
	watch->tracepoint = tp;
	INIT_WORK(&watch->scan, scan_fn);
	err = tracepoint_probe_register(tp, on_memory_failure, watch);
	if (err) {
		kfree(watch);
		return ERR_PTR(err);
	}
	/* What failed before anybody listened */
	umbra_hwpoison_scan(u);
	return watch;
}

/**
 * umbra_failure_watch_stop() - end a watch; nobody is in it afterwards
 * @watch: the watch, or NULL
 *
 * Context: may sleep.
 */
void umbra_failure_watch_stop(struct umbra_failure_watch *watch)
{
	if (!watch)
		return;
	tracepoint_probe_unregister(watch->tracepoint, on_memory_failure,
				    watch);
	tracepoint_synchronize_unregister();
	cancel_work_sync(&watch->scan);
	kfree(watch);
}

#else /* !CONFIG_TRACEPOINTS */

struct umbra_failure_watch *umbra_failure_watch_start(struct umbra *u)
{
	return NULL;
}

void umbra_failure_watch_stop(struct umbra_failure_watch *watch)
{
}

#endif /* CONFIG_TRACEPOINTS */
