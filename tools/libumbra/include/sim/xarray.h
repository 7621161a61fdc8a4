/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays of pointers by a 32-bit index, with three marks for each entry. */
#ifndef _SIM_XARRAY_H
#define _SIM_XARRAY_H

#include <sim/gfp.h>
#include <sim/lock.h>

typedef unsigned int xa_mark_t;

#define XA_MARK_0		0u
#define XA_MARK_1		1u
#define XA_MARK_2		2u
#define XA_PRESENT		8u
#define SIM_XA_MARKS		3

#define XA_FLAGS_LOCK_IRQ	1u
#define XA_FLAGS_ACCOUNT	2u

struct sim_xa_node;

struct xarray {
	spinlock_t xa_lock;
	unsigned int flags;
	struct sim_xa_node *root;
};

#define xa_lock(xa)		spin_lock(&(xa)->xa_lock)
#define xa_unlock(xa)		spin_unlock(&(xa)->xa_lock)
#define xa_lock_irq(xa)		spin_lock_irq(&(xa)->xa_lock)
#define xa_unlock_irq(xa)	spin_unlock_irq(&(xa)->xa_lock)
#define xa_lock_irqsave(xa, flags)	spin_lock_irqsave(&(xa)->xa_lock, flags)
#define xa_unlock_irqrestore(xa, flags)					\
	spin_unlock_irqrestore(&(xa)->xa_lock, flags)

#define xa_tag_pointer(p, tag)	((void *)((unsigned long)(p) | (tag)))
#define xa_untag_pointer(entry)	((void *)((unsigned long)(entry) & ~3UL))
#define xa_pointer_tag(entry)	((unsigned int)((unsigned long)(entry) & 3UL))
#define xa_is_err(entry)	((unsigned long)(entry) >= -4095UL)
#define xa_err(entry)		(xa_is_err(entry) ? (int)(long)(entry) : 0)

static inline void xa_init_flags(struct xarray *xa, unsigned int flags)
{
	*xa = (struct xarray) { .flags = flags };
}

static inline bool xa_empty(const struct xarray *xa)
{
	return !xa->root;
}

void *xa_load(struct xarray *xa, unsigned long index);
bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
	      xa_mark_t filter);
void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
		    xa_mark_t filter);
void xa_destroy(struct xarray *xa);

/* The xa_lock must be held. */
int __xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *__xa_store(struct xarray *xa, unsigned long index, void *entry,
		 gfp_t gfp);
void *__xa_erase(struct xarray *xa, unsigned long index);
void __xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void __xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);

#define xa_for_each(xa, index, entry)					\
	for ((index) = 0, (entry) = xa_find(xa, &(index), ULONG_MAX,	\
					    XA_PRESENT);		\
	     (entry);							\
	     (entry) = xa_find_after(xa, &(index), ULONG_MAX, XA_PRESENT))

#endif /* _SIM_XARRAY_H */
