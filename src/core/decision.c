// SPDX-License-Identifier: GPL-2.0
/*
 * The recorder of decisions: rings for each CPU with the last decisions that were
 * made there. Any context may record, NMI included. A slot is taken with
 * interrupts off, and has the number 0 while it is written. The rings are freed
 * after a grace period of RCU.
 */
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include "../compat/large.h"
#include "core.h"
#include "debug.h"
#include "decision.h"
#include "request.h"
#include <trace/events/umbra_decision.h>

/* A ring of decisions; @head counts the slots that were taken. */
struct ring {
	atomic_t head;
	struct umbra_decision *slots;
};

struct umbra_recorder {
	atomic_long_t seq;	/* number of the last decision */
	u64 cleared;		/* decisions up to this number are not shown */
	unsigned int kinds;	/* bits of enum umbra_decision_kind to record */
	unsigned int size;	/* slots of each ring, a power of two */
	struct ring rings[];	/* two for each CPU, see ring_of() */
};

#define NR_RINGS	2

/* Decisions that are copied until another task may have the CPU. */
#define READ_BATCH	1024

/*
 * The ring of a CPU for a kind. Frees have a ring of their own, or the frees of
 * a task that ends because a request failed would displace the failure.
 */
static struct ring *ring_of(struct umbra_recorder *r, unsigned int cpu,
			    enum umbra_decision_kind kind)
{
	return &r->rings[cpu * NR_RINGS + (kind == DECISION_FREE)];
}

static void recorder_delete(struct umbra_recorder *r)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_ids * NR_RINGS; i++)
		kvfree(r->rings[i].slots);
	kvfree(r);
}

static struct umbra_recorder *recorder_new(unsigned int size)
{
	struct umbra_recorder *r;
	unsigned int i;

	r = umbra_large_zalloc(1, struct_size(r, rings, nr_cpu_ids * NR_RINGS),
			       GFP_KERNEL_ACCOUNT, NULL);
	if (!r)
		return NULL;
	r->size = size;
	r->kinds = UINT_MAX;
	for (i = 0; i < nr_cpu_ids * NR_RINGS; i++) {
		struct umbra_decision *slots;

		if (!cpu_possible(i / NR_RINGS))
			continue;
		slots = umbra_large_zalloc(size, sizeof(*slots),
					   GFP_KERNEL_ACCOUNT, NULL);
		if (!slots) {
			recorder_delete(r);
			return NULL;
		}
		r->rings[i].slots = slots;
	}
	return r;
}

/**
 * umbra_record_set() - record decisions, or end that
 * @u: the instance
 * @nr: decisions about requests, and frees, to keep for each CPU, rounded up to a
 *	power of two of at least %UMBRA_RECORD_LEAST; 0 to record none
 *
 * Decisions that were recorded before are lost.
 *
 * Context: may sleep; umbra.control_lock not held.
 * Return: 0, -ERANGE for more than %UMBRA_RECORD_MOST, or -ENOMEM.
 */
int umbra_record_set(struct umbra *u, unsigned int nr)
{
	struct umbra_recorder *r = NULL, *old;

	if (nr > UMBRA_RECORD_MOST)
		return -ERANGE;
	if (nr) {
		nr = max_t(unsigned int, nr, UMBRA_RECORD_LEAST);
		r = recorder_new(roundup_pow_of_two(nr));
		if (!r)
			return -ENOMEM;
	}
	mutex_lock(&u->debug_lock);
	if (!r)
		umbra_debug_switch(u, UMBRA_DEBUG_RECORD, false);
	old = rcu_replace_pointer(u->recorder, r,
				  lockdep_is_held(&u->debug_lock));
	if (r)
		umbra_debug_switch(u, UMBRA_DEBUG_RECORD, true);
	mutex_unlock(&u->debug_lock);
	if (old) {
		synchronize_rcu();
		recorder_delete(old);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_record_set);

/* The decisions that are kept for each CPU, or 0. Context: any. */
unsigned int umbra_record_size(struct umbra *u)
{
	struct umbra_recorder *r;
	unsigned int size;

	rcu_read_lock();
	r = rcu_dereference(u->recorder);
	size = r ? r->size : 0;
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_record_size);

/* Record only the kinds of this mask from now on. Context: any but NMI. */
void umbra_record_kinds(struct umbra *u, unsigned int kinds)
{
	struct umbra_recorder *r;

	rcu_read_lock();
	r = rcu_dereference(u->recorder);
	if (r)
		WRITE_ONCE(r->kinds, kinds);
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(umbra_record_kinds);

/* Forget all decisions up to now. Context: any but NMI. */
void umbra_record_clear(struct umbra *u)
{
	struct umbra_recorder *r;

	rcu_read_lock();
	r = rcu_dereference(u->recorder);
	if (r)
		WRITE_ONCE(r->cleared, atomic_long_read(&r->seq));
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(umbra_record_clear);

static u8 context_now(void)
{
	if (in_nmi())
		return 3;
	if (in_hardirq())
		return 2;
	return !!in_serving_softirq();
}

/**
 * umbra_tell() - record a decision
 * @u: the instance
 * @d: the decision; its number, time and context are filled in
 *
 * Context: any, NMI included.
 */
void umbra_tell(struct umbra *u, struct umbra_decision *d)
{
	struct umbra_recorder *r;
	struct umbra_decision *slot;
	unsigned long flags;
	struct ring *ring;

	rcu_read_lock();
	r = rcu_dereference(u->recorder);
	if (!r || !(READ_ONCE(r->kinds) & BIT(d->kind)))
		goto out;
	local_irq_save(flags);
	d->cpu = raw_smp_processor_id();
	d->pid = current->pid;
	d->context = context_now();
	d->ns = local_clock();
	d->seq = 0;
	ring = ring_of(r, d->cpu, d->kind);
	slot = &ring->slots[((unsigned int)atomic_inc_return(&ring->head) - 1) %
			    r->size];
	WRITE_ONCE(slot->seq, 0);
	/* Readers pass over a slot without a number; see read_slot(). */
	smp_wmb();
	*slot = *d;
	d->seq = atomic_long_inc_return(&r->seq);
	/* Pairs with the load in read_slot(): the decision is whole. */
	smp_store_release(&slot->seq, d->seq);
	local_irq_restore(flags);
	trace_umbra_decision(d);
out:
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(umbra_tell);

/* Copy a slot. Returns false if it is empty, cleared, or being written. */
static bool read_slot(const struct umbra_decision *slot, u64 cleared,
		      struct umbra_decision *d)
{
	/* Pairs with the store in umbra_tell(). */
	u64 seq = smp_load_acquire(&slot->seq);

	if (seq <= cleared)
		return false;
	*d = *slot;
	/* Pairs with the barrier in umbra_tell(): a new writer is seen. */
	smp_rmb();
	d->seq = seq;
	return READ_ONCE(slot->seq) == seq;
}

/*
 * Copy a ring, the oldest decision first. A nested interrupt takes a later slot
 * and an earlier number, so a few neighbours change places. Returns the number.
 */
static size_t read_ring(const struct umbra_recorder *r, struct ring *ring,
			struct umbra_decision *all)
{
	unsigned int head = atomic_read(&ring->head), i;
	u64 cleared = READ_ONCE(r->cleared);
	size_t nr = 0, at;

	for (i = 0; i < r->size; i++) {
		struct umbra_decision d;

		if (i % READ_BATCH == 0)
			cond_resched();
		if (!read_slot(&ring->slots[(head + i) % r->size], cleared, &d))
			continue;
		for (at = nr++; at && all[at - 1].seq > d.seq; at--)
			all[at] = all[at - 1];
		all[at] = d;
	}
	return nr;
}

/* Merge two runs in their order into @to. */
static void merge(struct umbra_decision *to, const struct umbra_decision *a,
		  size_t nr_a, const struct umbra_decision *b, size_t nr_b)
{
	while (nr_a + nr_b) {
		bool first = !nr_b || (nr_a && a->seq < b->seq);

		*to++ = first ? *a++ : *b++;
		if (first)
			nr_a--;
		else
			nr_b--;
		if ((nr_a + nr_b) % READ_BATCH == 0)
			cond_resched();
	}
}

/*
 * Merge neighbouring runs of @from into @to. The run with number i ends at
 * @ends[i]. Returns the number of runs that are left.
 */
static unsigned int merge_runs(struct umbra_decision *to,
			       const struct umbra_decision *from, size_t *ends,
			       unsigned int nr)
{
	unsigned int i, left = 0;
	size_t start = 0;

	for (i = 0; i < nr; i += 2) {
		size_t middle = ends[i];
		size_t end = i + 1 < nr ? ends[i + 1] : middle;

		merge(to + start, from + start, middle - start, from + middle,
		      end - middle);
		ends[left++] = end;
		start = end;
	}
	return left;
}

/*
 * Read all rings, in the order of the decisions, into @all or @spare. Returns
 * the one that has them.
 */
static struct umbra_decision *read_rings(struct umbra_recorder *r,
					 struct umbra_decision *all,
					 struct umbra_decision *spare,
					 size_t *ends, size_t *nr)
{
	unsigned int runs = 0, i;

	for (i = 0; i < nr_cpu_ids * NR_RINGS; i++) {
		if (!r->rings[i].slots)
			continue;
		*nr += read_ring(r, &r->rings[i], all + *nr);
		ends[runs++] = *nr;
	}
	while (runs > 1) {
		runs = merge_runs(spare, all, ends, runs);
		swap(all, spare);
	}
	return all;
}

/**
 * umbra_record_read() - copy the recorded decisions
 * @u: the instance
 * @nr: set to the number of decisions
 *
 * Context: may sleep; umbra.control_lock not held.
 * Return: the decisions in their order, which the caller frees with kvfree(), or
 * NULL if there is no memory for them.
 */
struct umbra_decision *umbra_record_read(struct umbra *u, size_t *nr)
{
	struct umbra_decision *all, *spare, *result = NULL;
	struct umbra_recorder *r;
	size_t capacity = 1;
	size_t *ends;

	*nr = 0;
	mutex_lock(&u->debug_lock);
	r = rcu_dereference_protected(u->recorder,
				      lockdep_is_held(&u->debug_lock));
	if (r)
		capacity = (size_t)r->size * num_possible_cpus() * NR_RINGS;
	all = umbra_large_zalloc(capacity, sizeof(*all), GFP_KERNEL_ACCOUNT,
				 NULL);
	spare = umbra_large_zalloc(capacity, sizeof(*all), GFP_KERNEL_ACCOUNT,
				   NULL);
	ends = kcalloc(nr_cpu_ids * NR_RINGS, sizeof(*ends),
		       GFP_KERNEL_ACCOUNT);
	if (all && spare && ends)
		result = r ? read_rings(r, all, spare, ends, nr) : all;
	mutex_unlock(&u->debug_lock);
	kfree(ends);
	if (spare != result)
		kvfree(spare);
	if (all != result)
		kvfree(all);
	return result;
}
EXPORT_SYMBOL_IF_KUNIT(umbra_record_read);

static u8 zone_number(const struct umbra_zone *zone)
{
	return zone - zone->umbra->zones;
}

static void fill_request(struct umbra_decision *d,
			 const struct umbra_request *rq)
{
	d->order = rq->order;
	d->type = rq->type;
	d->flags = rq->flags;
	d->gfp = rq->gfp;
}

/* See umbra_tell_request(). */
void __umbra_tell_request(struct umbra *u, const struct umbra_request *rq)
{
	struct umbra_decision d = {
		.kind = DECISION_REQUEST,
		.zone = rq->preferred ? zone_number(rq->preferred) :
					UMBRA_NO_DECIDED_ZONE,
		.index = UMBRA_NO_FRAME,
		.nr = rq->nid,
		.nodes = rq->nodemask,
	};

	fill_request(&d, rq);
	umbra_tell(u, &d);
}

/* See umbra_tell_done(). */
void __umbra_tell_done(struct umbra *u, const struct umbra_request *rq,
		       u32 index, bool bulk)
{
	struct umbra_decision d = {
		.kind = DECISION_DONE,
		.zone = index == UMBRA_NO_FRAME ? UMBRA_NO_DECIDED_ZONE :
			zone_number(umbra_frame_zone(u, index)),
		.index = index,
		.result = bulk,
	};

	fill_request(&d, rq);
	umbra_tell(u, &d);
}

/* See umbra_tell_left_out(). */
void __umbra_tell_left_out(struct umbra_zone *zone,
			   const struct umbra_request *rq,
			   enum umbra_left_out why)
{
	struct umbra_decision d = {
		.kind = DECISION_LEAVE_OUT,
		.zone = zone_number(zone),
		.index = UMBRA_NO_FRAME,
		.result = why,
	};

	fill_request(&d, rq);
	umbra_tell(zone->umbra, &d);
}

/* See umbra_tell_again(). */
void __umbra_tell_again(struct umbra *u, const struct umbra_request *rq,
			bool rest)
{
	struct umbra_decision d = {
		.kind = DECISION_AGAIN,
		.zone = UMBRA_NO_DECIDED_ZONE,
		.index = UMBRA_NO_FRAME,
		.result = rest,
	};

	fill_request(&d, rq);
	umbra_tell(u, &d);
}

/* See umbra_tell_cache(). */
void __umbra_tell_cache(struct umbra_zone *zone, const struct umbra_request *rq,
			enum umbra_decision_kind kind, u32 index, int nr)
{
	struct umbra_decision d = {
		.kind = kind,
		.zone = zone_number(zone),
		.index = index,
		.nr = nr,
	};

	fill_request(&d, rq);
	umbra_tell(zone->umbra, &d);
}

/* See umbra_tell_take(). */
void __umbra_tell_take(struct umbra_zone *zone, u32 index, unsigned int found,
		       unsigned int order, enum umbra_migratetype type, int nr)
{
	struct umbra_decision d = {
		.kind = DECISION_TAKE,
		.zone = zone_number(zone),
		.order = order,
		.type = type,
		.found = found,
		.index = index,
		.nr = nr,
	};

	umbra_tell(zone->umbra, &d);
}

/* See umbra_tell_free(). */
void __umbra_tell_free(struct umbra_zone *zone, u32 index, unsigned int order,
		       unsigned int merged, enum umbra_migratetype type,
		       bool to_tail)
{
	struct umbra_decision d = {
		.kind = DECISION_FREE,
		.zone = zone_number(zone),
		.order = order,
		.type = type,
		.found = merged,
		.index = index,
		.result = to_tail,
	};

	umbra_tell(zone->umbra, &d);
}

/* See umbra_tell_reserve(). */
void __umbra_tell_reserve(struct umbra_zone *zone, u32 index,
			  unsigned int order)
{
	struct umbra_decision d = {
		.kind = DECISION_RESERVE,
		.zone = zone_number(zone),
		.order = order,
		.type = UMBRA_HIGHATOMIC,
		.index = index,
	};

	umbra_tell(zone->umbra, &d);
}
