// SPDX-License-Identifier: GPL-2.0
/* Per-CPU caches: their sizes, their memory, and CPU hotplug. */
#include <linux/atomic.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "../core/core.h"
#include "../core/section.h"
#include "pcp.h"
#include "pcp_drain.h"
#include "pcp_setup.h"

/* The state of CPU hotplug that all instances share; 0: not registered. */
static int hotplug_state;

/* A batch is about 1/4096 of the zone, at most 256 KiB, and 2^n - 1 pages. */
static int auto_batch(const struct umbra_zone *zone)
{
	unsigned long batch = min(READ_ONCE(zone->nr_managed) >> 12,
				  SZ_256K / PAGE_SIZE);

	if (batch <= 1)
		return 1;
	return rounddown_pow_of_two(batch + batch / 2) - 1;
}

/*
 * The share of @pages for each online CPU of the node of the zone. @coming is a
 * CPU that will be online soon, or -1.
 */
static int auto_high(const struct umbra_zone *zone, unsigned long pages,
		     int batch, int coming)
{
	unsigned int cpu, cpus = 0, all = 0;

	for_each_possible_cpu(cpu) {
		if (!cpu_online(cpu) && (int)cpu != coming)
			continue;
		all++;
		cpus += zone->umbra->cpu_node[cpu] == zone->nid;
	}
	return max_t(int, pages / (cpus ?: all), batch * 4);
}

/* The limit of a cache of fixed size, or UMBRA_AUTO. */
static int fixed_high(const struct umbra_zone *zone, int batch, int coming)
{
	const struct umbra *u = zone->umbra;

	if (u->pcp_high >= 0 || !u->pcp_high_fraction)
		return u->pcp_high;
	return auto_high(zone, zone->nr_managed / u->pcp_high_fraction, batch,
			 coming);
}

static void resize_zone(struct umbra_zone *zone, int coming)
{
	const struct umbra *u = zone->umbra;
	int batch = u->pcp_batch, high_min, high_max;

	if (batch < 0)
		batch = auto_batch(zone);
	high_min = fixed_high(zone, batch, coming);
	high_max = high_min;
	if (high_min < 0) {
		high_min = auto_high(zone, zone->watermark[UMBRA_WMARK_LOW],
				     batch, coming);
		high_max = high_min;
		if (!u->policy.small_caches)
			high_max = auto_high(zone, zone->nr_managed /
					     UMBRA_PCP_FRACTION, batch, coming);
	}
	if (!batch || atomic_read(&u->wait.nr_waiting) ||
	    !(u->online_nodes & BIT(zone->nid)))
		high_max = 0;
	WRITE_ONCE(zone->pcp_batch, batch);
	WRITE_ONCE(zone->pcp_high_min, min(high_min, high_max));
	WRITE_ONCE(zone->pcp_high_max, high_max);
}

static void resize(struct umbra *u, int coming)
{
	struct umbra_zone *zone;

	lockdep_assert_held(&u->control_lock);

	for_each_umbra_zone(u, zone)
		resize_zone(zone, coming);
}

/**
 * umbra_pcp_resize() - compute the size of the caches of each zone
 * @u: the instance
 *
 * Context: any; umbra.control_lock held.
 */
void umbra_pcp_resize(struct umbra *u)
{
	resize(u, -1);
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_resize);

/**
 * umbra_pcp_tune() - set the size and the batch of caches
 * @u: the instance
 * @batch: pages moved at once, 0 for no caches, or UMBRA_AUTO
 * @high: pages in a cache, or UMBRA_AUTO
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a number below UMBRA_AUTO or above UMBRA_PCP_MOST;
 * -EINTR on a fatal signal.
 */
int umbra_pcp_tune(struct umbra *u, int batch, int high)
{
	if (batch < UMBRA_AUTO || high < UMBRA_AUTO ||
	    batch > UMBRA_PCP_MOST || high > UMBRA_PCP_MOST)
		return -EINVAL;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	WRITE_ONCE(u->pcp_batch, batch);
	WRITE_ONCE(u->pcp_high, high);
	umbra_pcp_resize(u);
	umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, true);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_pcp_tune);

static void init_cache(struct umbra_pcp *pcp)
{
	unsigned int i;

	for (i = 0; i < PCP_LISTS; i++)
		pcp->lists[i] = (struct umbra_pcp_list) {
			.top = UMBRA_NO_FRAME, .bottom = UMBRA_NO_FRAME
		};
	memset32(pcp->single[0], UMBRA_NO_FRAME,
		 UMBRA_NR_ORDERS * UMBRA_PCPTYPES);
}

/* A section may be about to push a page of a zone that is suspect now. */
static void drain_work_fn(struct work_struct *work)
{
	struct umbra *u = container_of(work, struct umbra, drain_work);

	mutex_lock(&u->control_lock);
	umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, true);
	mutex_unlock(&u->control_lock);
}

/* Period of the decay of caches, as that of the statistics of the host. */
#define DECAY_PERIOD HZ

static void decay_work_fn(struct work_struct *work)
{
	struct umbra *u = container_of(to_delayed_work(work), struct umbra,
				       decay_work);

	umbra_pcp_decay(u);
	if (!READ_ONCE(u->stopping))
		queue_delayed_work(u->wq, &u->decay_work, DECAY_PERIOD);
}

/* Begin to shrink the caches of idle CPUs. Context: any. */
void umbra_pcp_decay_start(struct umbra *u)
{
	queue_delayed_work(u->wq, &u->decay_work, DECAY_PERIOD);
}

/* End it. Context: may sleep. */
void umbra_pcp_decay_stop(struct umbra *u)
{
	cancel_delayed_work_sync(&u->decay_work);
}

/**
 * umbra_pcp_create() - create the caches of an instance
 * @u: the instance, with zones
 * @layout: size of the caches
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for a size as in umbra_pcp_tune(), -ENOMEM, or an error of
 * cpuhp_state_add_instance_nocalls().
 */
int umbra_pcp_create(struct umbra *u, const struct umbra_layout *layout)
{
	struct umbra_zone *zone;
	unsigned int cpu;
	int err = 0;

	if (layout->pcp_batch < UMBRA_AUTO || layout->pcp_high < UMBRA_AUTO ||
	    layout->pcp_batch > UMBRA_PCP_MOST ||
	    layout->pcp_high > UMBRA_PCP_MOST)
		return -EINVAL;
	u->pcp_batch = layout->pcp_batch;
	u->pcp_high = layout->pcp_high;
	for_each_umbra_zone(u, zone)
		for_each_possible_cpu(cpu)
			init_cache(per_cpu_ptr(zone->pcp, cpu));
	u->drain_buf = kcalloc(PCP_DRAIN_BLOCKS, sizeof(*u->drain_buf),
			       GFP_KERNEL);
	if (!u->drain_buf)
		return -ENOMEM;
	INIT_WORK(&u->drain_work, drain_work_fn);
	/* An idle CPU need not wake up to become idle. */
	INIT_DEFERRABLE_WORK(&u->decay_work, decay_work_fn);
	if (hotplug_state > 0)
		err = cpuhp_state_add_instance_nocalls(hotplug_state,
						       &u->cpuhp);
	if (err)
		kfree(u->drain_buf);
	return err;
}

/* Undo umbra_pcp_create(). Context: may sleep. */
void umbra_pcp_destroy(struct umbra *u)
{
	cancel_work_sync(&u->drain_work);
	umbra_pcp_decay_stop(u);
	if (!hlist_unhashed(&u->cpuhp))
		cpuhp_state_remove_instance_nocalls(hotplug_state, &u->cpuhp);
	kfree(u->drain_buf);
}

/* The memory of the caches of an instance, in bytes. Context: any. */
size_t umbra_pcp_bytes(const struct umbra *u)
{
	const struct umbra_zone *zone;
	size_t bytes = PCP_DRAIN_BLOCKS * sizeof(*u->drain_buf);

	for_each_umbra_zone(u, zone)
		bytes += num_possible_cpus() * sizeof(*zone->pcp);
	return bytes;
}

static int pcp_cpu_online(unsigned int cpu, struct hlist_node *node)
{
	struct umbra *u = hlist_entry(node, struct umbra, cpuhp);

	mutex_lock(&u->control_lock);
	resize(u, cpu);
	mutex_unlock(&u->control_lock);
	return 0;
}

/*
 * Runs on another CPU after @cpu has stopped. An earlier drain finds @cpu
 * offline and does not empty its caches.
 */
static int pcp_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct umbra *u = hlist_entry(node, struct umbra, cpuhp);

	mutex_lock(&u->control_lock);
	umbra_pcp_drain_dead(u, cpu);
	umbra_pcp_resize(u);
	mutex_unlock(&u->control_lock);
	return 0;
}

/**
 * umbra_pcp_register() - register the callbacks of CPU hotplug
 *
 * Context: may sleep; must precede the first instance.
 * Return: 0, or an error of cpuhp_setup_state_multi().
 */
int umbra_pcp_register(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					    "mm/umbra:prepare", pcp_cpu_online,
					    pcp_cpu_dead);

	if (state < 0)
		return state;
	hotplug_state = state;
	return 0;
}

/* Undo umbra_pcp_register(). Context: may sleep; no instance may exist. */
void umbra_pcp_unregister(void)
{
	cpuhp_remove_multi_state(hotplug_state);
	hotplug_state = 0;
}

/**
 * umbra_drain_pages() - return the caches of all CPUs to the zones
 * @u: instance
 *
 * Context: Process context, may sleep.
 */
void umbra_drain_pages(struct umbra *u)
{
	mutex_lock(&u->control_lock);
	umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, false);
	mutex_unlock(&u->control_lock);
}
EXPORT_SYMBOL_GPL(umbra_drain_pages);

/*
 * As umbra_drain_pages(), but returns false if umbra.control_lock is held.
 * Context: may sleep.
 */
bool umbra_pcp_try_drain(struct umbra *u)
{
	if (!mutex_trylock(&u->control_lock))
		return false;
	umbra_pcp_drain(u, UMBRA_ALL_NODES, -1, false);
	mutex_unlock(&u->control_lock);
	return true;
}

/**
 * umbra_drain_node() - return the caches of all CPUs to the zones of a node
 * @u: instance
 * @nid: node
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL if there is no such node, or -EINTR on a fatal signal.
 */
int umbra_drain_node(struct umbra *u, unsigned int nid)
{
	if (nid >= u->nr_nodes)
		return -EINVAL;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	umbra_pcp_drain(u, BIT(nid), -1, false);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_drain_node);

/**
 * umbra_drain_cpu() - return the cache of one CPU to the zones
 * @u: instance
 * @cpu: CPU; the cache of an offline CPU is empty
 *
 * Context: Process context, may sleep.
 * Return: 0, -EINVAL if there is no such CPU, or -EINTR on a fatal signal.
 */
int umbra_drain_cpu(struct umbra *u, unsigned int cpu)
{
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;
	if (mutex_lock_killable(&u->control_lock))
		return -EINTR;
	umbra_pcp_drain(u, UMBRA_ALL_NODES, cpu, false);
	mutex_unlock(&u->control_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(umbra_drain_cpu);
