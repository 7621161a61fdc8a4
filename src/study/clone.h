/* SPDX-License-Identifier: GPL-2.0 */
/* Instances without memory that are made of a state; see clone.c. */
#ifndef _UMBRA_CLONE_H
#define _UMBRA_CLONE_H

#include "../core/core.h"

struct umbra_state;

/**
 * struct umbra_clone - an instance without memory, with the state of another one
 * @u: the instance
 * @is_exact: whether the other instance did not change meanwhile
 * @owners: owners that pretend to move blocks; the second one also gives them up
 * @pages: the descriptors
 */
struct umbra_clone {
	struct umbra *u;
	bool is_exact;
	struct umbra_movable owners[2];
	struct page *pages;
};

struct umbra_clone *umbra_clone(struct umbra *u);
struct umbra_clone *umbra_clone_of_state(const struct umbra_state *s);
void umbra_clone_delete(struct umbra_clone *c);

#endif /* _UMBRA_CLONE_H */
