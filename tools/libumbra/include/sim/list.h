/* SPDX-License-Identifier: GPL-2.0 */
/* Doubly linked lists, and lists without locks. */
#ifndef _SIM_LIST_H
#define _SIM_LIST_H

#include <sim/types.h>

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_add(struct list_head *link, struct list_head *head)
{
	link->next = head->next;
	link->prev = head;
	head->next->prev = link;
	head->next = link;
}

static inline void list_add_tail(struct list_head *link, struct list_head *head)
{
	list_add(link, head->prev);
}

static inline void sim_list_unlink(struct list_head *link)
{
	link->next->prev = link->prev;
	link->prev->next = link->next;
}

/* A removed link must not be used: the address faults in every program. */
static inline void list_del(struct list_head *link)
{
	sim_list_unlink(link);
	link->next = (struct list_head *)0x100;
	link->prev = (struct list_head *)0x122;
}

static inline void list_del_init(struct list_head *link)
{
	sim_list_unlink(link);
	INIT_LIST_HEAD(link);
}

static inline void list_move(struct list_head *link, struct list_head *head)
{
	sim_list_unlink(link);
	list_add(link, head);
}

static inline void list_move_tail(struct list_head *link,
				  struct list_head *head)
{
	sim_list_unlink(link);
	list_add_tail(link, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline bool list_is_head(const struct list_head *link,
				const struct list_head *head)
{
	return link == head;
}

#define list_entry(link, type, member)	container_of(link, type, member)
#define list_first_entry(head, type, member)				\
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)				\
	list_entry((head)->prev, type, member)
#define list_next_entry(pos, member)					\
	list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_prev_entry(pos, member)					\
	list_entry((pos)->member.prev, typeof(*(pos)), member)
#define list_first_entry_or_null(head, type, member)			\
	(list_empty(head) ? NULL : list_first_entry(head, type, member))

#define list_for_each(pos, head)					\
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
#define list_for_each_entry(pos, head, member)				\
	for ((pos) = list_first_entry(head, typeof(*(pos)), member);	\
	     &(pos)->member != (head);					\
	     (pos) = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)			\
	for ((pos) = list_last_entry(head, typeof(*(pos)), member);	\
	     &(pos)->member != (head);					\
	     (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_safe(pos, after, head, member)		\
	for ((pos) = list_first_entry(head, typeof(*(pos)), member),	\
	     (after) = list_next_entry(pos, member);			\
	     &(pos)->member != (head);					\
	     (pos) = (after), (after) = list_next_entry(after, member))

/* Nothing runs at the same time as a reader. */
#define list_add_rcu		list_add
#define list_add_tail_rcu	list_add_tail
#define list_del_rcu		list_del
#define list_for_each_entry_rcu(pos, head, member, ...)			\
	list_for_each_entry(pos, head, member)

#define hlist_entry(link, type, member)	container_of(link, type, member)

static inline bool hlist_unhashed(const struct hlist_node *link)
{
	return !link->pprev;
}

static inline void init_llist_head(struct llist_head *head)
{
	head->first = NULL;
}

static inline bool llist_empty(const struct llist_head *head)
{
	return !head->first;
}

/* Returns true if the list was empty. */
__sim_step bool llist_add(struct llist_node *node, struct llist_head *head)
{
	sim_access(head, sizeof(*head), true);
	node->next = head->first;
	head->first = node;
	return !node->next;
}

__sim_step
struct llist_node *llist_del_all(struct llist_head *head)
{
	struct llist_node *first;

	sim_access(head, sizeof(*head), true);
	first = head->first;
	head->first = NULL;
	return first;
}

#endif /* _SIM_LIST_H */
