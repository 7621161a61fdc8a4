// SPDX-License-Identifier: GPL-2.0
/*
 * Memory failures. When the memory of a page fails, the host sets a flag of the
 * page. If the page is on none of the host's lists, the host then does nothing
 * more, and its memory_failure_event is the only notice. The tracepoint is not
 * exported, so it is found by name.
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
	struct workqueue_struct *wq;	/* unbound: no task can delay it */
	struct work_struct scan;
};

static void scan_fn(struct work_struct *work)
{
	struct umbra_failure_watch *watch =
		container_of(work, struct umbra_failure_watch, scan);

	umbra_hwpoison_scan(watch->umbra);
}

/*
 * Before 7.0 the tracepoint calls this with preemption off, and on PREEMPT_RT a
 * zone lock cannot be taken then. So the pages are scanned from a worker.
 */
static void on_memory_failure(void *data, unsigned long pfn, int type,
			      int result)
{
	struct umbra_failure_watch *watch = data;

	if (umbra_has_pfn(watch->umbra, pfn))
		queue_work(watch->wq, &watch->scan);
}

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	struct tracepoint **found = data;

	if (!strcmp(tp->name, "memory_failure_event"))
		*found = tp;
}

/**
 * umbra_failure_watch_start() - begin to watch for memory failures
 * @u: the instance
 *
 * From now on a page with failed memory goes out of use, see
 * umbra_hwpoison_pfn(). Pages that failed earlier go out of use at once.
 *
 * Context: may sleep.
 * Return: the watch; NULL if this host has no memory_failure_event; an ERR_PTR:
 * -ENOMEM, or the error of the registration with the tracepoint.
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
	watch->wq = alloc_workqueue("umbra_hwpoison", WQ_UNBOUND, 0);
	if (!watch->wq) {
		err = -ENOMEM;
		goto err_free;
	}
	watch->umbra = u;
	watch->tracepoint = tp;
	INIT_WORK(&watch->scan, scan_fn);
	err = tracepoint_probe_register(tp, on_memory_failure, watch);
	if (err)
		goto err_wq;
	/* Pages that failed before the registration give no event. */
	umbra_hwpoison_scan(u);
	return watch;

err_wq:
	destroy_workqueue(watch->wq);
err_free:
	kfree(watch);
	return ERR_PTR(err);
}

/**
 * umbra_failure_watch_stop() - end a watch
 * @watch: the watch, or NULL
 *
 * Waits for running probes and for the worker: no code of the watch runs after
 * the return.
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
	destroy_workqueue(watch->wq);
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
