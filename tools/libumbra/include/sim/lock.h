/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks. A lock knows its owner: a lock that is taken twice, or released by
 * another task, ends the program with a message. A task waits for a spinlock only
 * if its owner waits busily on another CPU.
 */
#ifndef _SIM_LOCK_H
#define _SIM_LOCK_H

#include <sim/sched.h>

typedef struct spinlock {
	struct task_struct *owner;	/* NULL: not held */
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

#define DEFINE_SPINLOCK(name)	spinlock_t name = {}
#define spin_lock_init(lock)	((lock)->owner = NULL)
#define spin_is_locked(lock)	(!!(lock)->owner)

void sim_spin_wait(spinlock_t *lock);

__sim_step void spin_lock(spinlock_t *lock)
{
	sim_point("spin_lock");
	sim_explore(lock, &lock->owner, sim_caller());
	if (unlikely(lock->owner))
		sim_spin_wait(lock);
	lock->owner = current;
	sim.now.preempt++;
	sim_point("spin_locked");
}

__sim_step bool spin_trylock(spinlock_t *lock)
{
	sim_point("spin_trylock");
	sim_explore(access, &lock->owner, sizeof(lock->owner), true,
		    sim_caller());
	if (lock->owner)
		return false;
	sim_explore(locked, &lock->owner);
	lock->owner = current;
	sim.now.preempt++;
	return true;
}

__sim_step void spin_unlock(spinlock_t *lock)
{
	sim_check(lock->owner == current,
		  "spin_unlock() of a lock that this task does not hold");
	sim_point("spin_unlock");
	sim_explore(unlock, &lock->owner, sim_caller());
	lock->owner = NULL;
	sim.now.preempt--;
	sim_point("spin_unlocked");
}

#define spin_lock_irqsave(lock, flags)					\
do {									\
	local_irq_save(flags);						\
	spin_lock(lock);						\
} while (0)

#define spin_unlock_irqrestore(lock, flags)				\
do {									\
	spin_unlock(lock);						\
	local_irq_restore(flags);					\
} while (0)

#define spin_trylock_irqsave(lock, flags)				\
({									\
	bool got_;							\
									\
	local_irq_save(flags);						\
	got_ = spin_trylock(lock);					\
	if (!got_)							\
		local_irq_restore(flags);				\
	got_;								\
})

static inline void spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	spin_lock(lock);
}

static inline void spin_unlock_irq(spinlock_t *lock)
{
	spin_unlock(lock);
	local_irq_enable();
}

/* No other context can change the answer. */
__sim_step bool sim_is_owner(struct task_struct *const *owner)
{
	return *owner == current;
}

/* Works for every lock: each has the member @owner. */
#define lockdep_assert_held(lock)					\
	sim_check(sim_is_owner(&(lock)->owner),				\
		  "%s: %s is not held", __func__, #lock)
#define lockdep_is_held(lock)	sim_is_owner(&(lock)->owner)

struct mutex {
	struct task_struct *owner;
	wait_queue_head_t wait;
};

#define DEFINE_MUTEX(name)						\
	struct mutex name = { NULL, { LIST_HEAD_INIT((name).wait.waiters) } }

static inline void mutex_init(struct mutex *lock)
{
	lock->owner = NULL;
	init_waitqueue_head(&lock->wait);
}

static inline void mutex_destroy(struct mutex *lock)
{
	sim_check(!lock->owner, "mutex_destroy() of a mutex that is held");
}

void mutex_lock(struct mutex *lock);
int mutex_lock_killable(struct mutex *lock);
bool mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

#define mutex_is_locked(lock)	(!!(lock)->owner)

struct rw_semaphore {
	struct task_struct *owner;	/* the writer */
	unsigned int readers;
	wait_queue_head_t wait;
};

static inline void init_rwsem(struct rw_semaphore *sem)
{
	*sem = (struct rw_semaphore) {};
	init_waitqueue_head(&sem->wait);
}

void down_read(struct rw_semaphore *sem);
bool down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

/* A reader is never interrupted by a writer other than from sim_point(). */
typedef struct {
	unsigned int sequence;
} seqcount_t;

#define seqcount_init(s)	((s)->sequence = 0)

static inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	sim_check(!(s->sequence & 1), "read_seqcount_begin() inside a write");
	return s->sequence;
}

static inline bool read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	return s->sequence != start;
}

static inline void write_seqcount_begin(seqcount_t *s)
{
	s->sequence++;
	sim.now.preempt++;
}

static inline void write_seqcount_end(seqcount_t *s)
{
	s->sequence++;
	sim.now.preempt--;
}

/* RCU: a grace period ends as soon as no reader is inside. */
static inline void rcu_read_lock(void)
{
	sim.now.rcu++;
	sim.now.preempt++;
}

static inline void rcu_read_unlock(void)
{
	sim_check(sim.now.rcu > 0, "rcu_read_unlock() without rcu_read_lock()");
	sim.now.rcu--;
	sim.now.preempt--;
}

void sim_free_rcu(void *object);

#define kfree_rcu(object, member)	sim_free_rcu(object)
#define rcu_dereference(p)		READ_ONCE(p)
#define rcu_assign_pointer(p, v)	WRITE_ONCE(p, v)
#define rcu_dereference_protected(p, c)	({ sim_check(c, #c); (p); })
#define rcu_replace_pointer(p, v, c)					\
({									\
	typeof(p) old_ = rcu_dereference_protected(p, c);		\
	rcu_assign_pointer(p, v);					\
	old_;								\
})
#define synchronize_rcu()		might_sleep()

/* Notifiers */
#define NOTIFY_DONE		0x0000
#define NOTIFY_OK		0x0001
#define NOTIFY_STOP_MASK	0x8000

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long action,
			     void *data);
	struct notifier_block *next;
	int priority;
};

struct blocking_notifier_head {
	struct notifier_block *head;
};

#define BLOCKING_INIT_NOTIFIER_HEAD(chain)	((chain)->head = NULL)

int blocking_notifier_chain_register(struct blocking_notifier_head *chain,
				     struct notifier_block *nb);
int blocking_notifier_chain_unregister(struct blocking_notifier_head *chain,
				       struct notifier_block *nb);
int blocking_notifier_call_chain(struct blocking_notifier_head *chain,
				 unsigned long action, void *data);

#endif /* _SIM_LOCK_H */
