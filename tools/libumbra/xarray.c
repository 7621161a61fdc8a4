// SPDX-License-Identifier: GPL-2.0
/*
 * A tree of nodes with 64 slots each. A bit for each slot and mark says whether
 * the mark is set anywhere below. A tree has the height that its largest index
 * needed, and loses nodes that become empty.
 */
#include <stdlib.h>
#include <sim/mm.h>
#include <sim/xarray.h>

#define SHIFT		6
#define SLOTS		64U

static_assert(BIT(SHIFT) == SLOTS);

struct sim_xa_node {
	unsigned int shift;		/* of the index, for its slots */
	unsigned int nr;		/* used slots */
	struct sim_xa_node *parent;
	u64 marks[SIM_XA_MARKS];
	void *slots[SLOTS];
};

static unsigned int slot_of(const struct sim_xa_node *node, unsigned long index)
{
	return (index >> node->shift) & (SLOTS - 1);
}

static bool covers(const struct sim_xa_node *node, unsigned long index)
{
	return node->shift + SHIFT >= BITS_PER_LONG ||
	       !(index >> (node->shift + SHIFT));
}

/* The lowest node of an index, or NULL. */
static struct sim_xa_node *leaf_of(const struct xarray *xa, unsigned long index)
{
	struct sim_xa_node *node = xa->root;

	if (!node || !covers(node, index))
		return NULL;
	while (node && node->shift)
		node = node->slots[slot_of(node, index)];
	return node;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct sim_xa_node *node = leaf_of(xa, index);

	return node ? node->slots[slot_of(node, index)] : NULL;
}

static struct sim_xa_node *node_new(struct sim_xa_node *parent,
				    unsigned int shift)
{
	struct sim_xa_node *node = calloc(1, sizeof(*node));

	if (!node)
		sim_die("no memory for a node of an array");
	node->parent = parent;
	node->shift = shift;
	return node;
}

/* Put a node above the root. */
static void grow(struct xarray *xa)
{
	struct sim_xa_node *old = xa->root;
	struct sim_xa_node *node = node_new(NULL, old->shift + SHIFT);
	unsigned int mark;

	node->slots[0] = old;
	node->nr = 1;
	old->parent = node;
	for (mark = 0; mark < SIM_XA_MARKS; mark++)
		node->marks[mark] = !!old->marks[mark];
	xa->root = node;
}

static struct sim_xa_node *leaf_make(struct xarray *xa, unsigned long index)
{
	struct sim_xa_node *node;
	void **slot;

	if (!xa->root)
		xa->root = node_new(NULL, 0);
	while (!covers(xa->root, index))
		grow(xa);
	for (node = xa->root; node->shift; node = *slot) {
		slot = &node->slots[slot_of(node, index)];
		if (!*slot) {
			*slot = node_new(node, node->shift - SHIFT);
			node->nr++;
		}
	}
	return node;
}

/* Remove nodes without a slot in use, from a leaf up. */
static void prune(struct xarray *xa, struct sim_xa_node *node,
		  unsigned long index)
{
	while (!node->nr) {
		struct sim_xa_node *parent = node->parent;

		free(node);
		if (!parent) {
			xa->root = NULL;
			return;
		}
		parent->slots[slot_of(parent, index)] = NULL;
		parent->nr--;
		node = parent;
	}
}

static void check_locked(struct xarray *xa)
{
	lockdep_assert_held(&xa->xa_lock);
}

void *__xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	struct sim_xa_node *node;
	void *old;

	check_locked(xa);
	if (!entry)
		return __xa_erase(xa, index);
	old = xa_load(xa, index);
	if (!old && sim_must_fail(gfp))
		return ERR_PTR(-ENOMEM);
	node = leaf_make(xa, index);
	node->slots[slot_of(node, index)] = entry;
	node->nr += !old;
	return old;
}

int __xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	check_locked(xa);
	if (xa_load(xa, index))
		return -EBUSY;
	return xa_err(__xa_store(xa, index, entry, gfp));
}

void *__xa_erase(struct xarray *xa, unsigned long index)
{
	struct sim_xa_node *node = leaf_of(xa, index);
	void *old = xa_load(xa, index);
	unsigned int mark;

	check_locked(xa);
	if (!old)
		return NULL;
	for (mark = 0; mark < SIM_XA_MARKS; mark++)
		__xa_clear_mark(xa, index, mark);
	node->slots[slot_of(node, index)] = NULL;
	node->nr--;
	prune(xa, node, index);
	return old;
}

bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct sim_xa_node *node = leaf_of(xa, index);

	return node && node->marks[mark] & BIT(slot_of(node, index));
}

/* Only an entry can have a mark. */
void __xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct sim_xa_node *node = leaf_of(xa, index);

	check_locked(xa);
	if (!xa_load(xa, index))
		return;
	for (; node; node = node->parent)
		node->marks[mark] |= BIT(slot_of(node, index));
}

void __xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	struct sim_xa_node *node = leaf_of(xa, index);

	check_locked(xa);
	for (; node; node = node->parent) {
		node->marks[mark] &= ~BIT(slot_of(node, index));
		if (node->marks[mark])
			break;
	}
}

static bool slot_matches(const struct sim_xa_node *node, unsigned int slot,
			 xa_mark_t filter)
{
	if (filter == XA_PRESENT)
		return node->slots[slot];
	return node->marks[filter] & BIT(slot);
}

/* The first entry of a node from @index on; sets *@found. */
static void *first_in(const struct sim_xa_node *node, unsigned long index,
		      xa_mark_t filter, unsigned long *found)
{
	unsigned long base = index >> node->shift >> SHIFT << SHIFT;
	unsigned int slot = slot_of(node, index);
	void *entry;

	for (; slot < SLOTS; slot++) {
		unsigned long here = (base + slot) << node->shift;

		if (!slot_matches(node, slot, filter))
			continue;
		*found = max(here, index);
		if (!node->shift)
			return node->slots[slot];
		entry = first_in(node->slots[slot], *found, filter, found);
		if (entry)
			return entry;
	}
	return NULL;
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
	      xa_mark_t filter)
{
	unsigned long found;
	void *entry;

	if (!xa->root || !covers(xa->root, *index))
		return NULL;
	entry = first_in(xa->root, *index, filter, &found);
	if (!entry || found > max)
		return NULL;
	*index = found;
	return entry;
}

void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
		    xa_mark_t filter)
{
	unsigned long next = *index + 1;
	void *entry = next ? xa_find(xa, &next, max, filter) : NULL;

	if (entry)
		*index = next;
	return entry;
}

static void free_below(struct sim_xa_node *node)
{
	unsigned int slot;

	for (slot = 0; node->shift && slot < SLOTS; slot++)
		if (node->slots[slot])
			free_below(node->slots[slot]);
	free(node);
}

/* The entries are not freed. */
void xa_destroy(struct xarray *xa)
{
	if (xa->root)
		free_below(xa->root);
	xa->root = NULL;
}
