// SPDX-License-Identifier: GPL-2.0
/* Locks that sleep, RCU, and chains of notifiers. */
#include <sim/lock.h>
#include <sim/mm.h>

/* Turns of other CPUs after which a spinlock cannot come free any more. */
#define SPIN_TURNS	1000000

void sim_spin_wait(spinlock_t *lock)
{
	unsigned int turns = 0;

	sim_check(lock->owner != current,
		  "spin_lock() of a lock that this task holds");
	while (lock->owner)
		if (!sim_run_elsewhere() || ++turns > SPIN_TURNS)
			sim_die("spin_lock() of a lock that never comes free");
}

bool mutex_trylock(struct mutex *lock)
{
	sim_check(!in_interrupt(), "mutex_trylock() in an interrupt");
	if (sim.explorer)
		sim.explorer->access(&lock->owner, sizeof(lock->owner), true,
				     sim_caller());
	if (lock->owner)
		return false;
	if (sim.explorer)
		sim.explorer->locked(&lock->owner);
	lock->owner = current;
	return true;
}

/* An explorer of schedules knows itself who waits. */
static void lock_explored(struct mutex *lock)
{
	sim.explorer->lock(&lock->owner, sim_caller());
	lock->owner = current;
}

static int lock_in(struct mutex *lock, unsigned int state)
{
	sim_check(lock->owner != current,
		  "mutex_lock() of a mutex that this task holds");
	if (sim.explorer)
		lock_explored(lock);
	else if (sim_wait(&lock->wait, mutex_trylock(lock), state,
			  MAX_SCHEDULE_TIMEOUT) < 0)
		return -EINTR;
	return 0;
}

void mutex_lock(struct mutex *lock)
{
	lock_in(lock, TASK_UNINTERRUPTIBLE);
}

/* A task that is killed gets the mutex nevertheless if it is free. */
int mutex_lock_killable(struct mutex *lock)
{
	return lock_in(lock, TASK_KILLABLE);
}

void mutex_unlock(struct mutex *lock)
{
	sim_check(lock->owner == current,
		  "mutex_unlock() of a mutex that this task does not hold");
	if (sim.explorer)
		sim.explorer->unlock(&lock->owner, sim_caller());
	lock->owner = NULL;
	wake_up_all(&lock->wait);
}

bool down_read_trylock(struct rw_semaphore *sem)
{
	if (sem->owner)
		return false;
	sem->readers++;
	return true;
}

void down_read(struct rw_semaphore *sem)
{
	sim_check(sem->owner != current,
		  "down_read() of a semaphore that this task writes");
	wait_event(sem->wait, down_read_trylock(sem));
}

void up_read(struct rw_semaphore *sem)
{
	sim_check(sem->readers > 0, "up_read() without a reader");
	sem->readers--;
	wake_up_all(&sem->wait);
}

static bool try_write(struct rw_semaphore *sem)
{
	if (sem->owner || sem->readers)
		return false;
	sem->owner = current;
	return true;
}

void down_write(struct rw_semaphore *sem)
{
	sim_check(sem->owner != current,
		  "down_write() of a semaphore that this task writes");
	wait_event(sem->wait, try_write(sem));
}

void up_write(struct rw_semaphore *sem)
{
	sim_check(sem->owner == current,
		  "up_write() of a semaphore that this task does not write");
	sem->owner = NULL;
	wake_up_all(&sem->wait);
}

/*
 * A reader that is inside may still use the object. It is freed by a later call
 * from outside all readers.
 */
void sim_free_rcu(void *object)
{
	static struct {
		void *objects[64];
		unsigned int nr;
	} late;

	if (!sim.now.rcu) {
		while (late.nr)
			kfree(late.objects[--late.nr]);
		kfree(object);
		return;
	}
	sim_check(late.nr < ARRAY_SIZE(late.objects),
		  "too many objects are freed inside one RCU reader");
	late.objects[late.nr++] = object;
}

int blocking_notifier_chain_register(struct blocking_notifier_head *chain,
				     struct notifier_block *nb)
{
	struct notifier_block **at = &chain->head;

	might_sleep();
	while (*at && (*at)->priority >= nb->priority)
		at = &(*at)->next;
	nb->next = *at;
	*at = nb;
	return 0;
}

int blocking_notifier_chain_unregister(struct blocking_notifier_head *chain,
				       struct notifier_block *nb)
{
	struct notifier_block **at = &chain->head;

	might_sleep();
	while (*at && *at != nb)
		at = &(*at)->next;
	if (!*at)
		return -ENOENT;
	*at = nb->next;
	return 0;
}

int blocking_notifier_call_chain(struct blocking_notifier_head *chain,
				 unsigned long action, void *data)
{
	struct notifier_block *nb, *next;
	int ret = NOTIFY_DONE;

	might_sleep();
	for (nb = chain->head; nb; nb = next) {
		next = nb->next;
		ret = nb->notifier_call(nb, action, data);
		if (ret & NOTIFY_STOP_MASK)
			break;
	}
	return ret;
}
