// SPDX-License-Identifier: GPL-2.0
/*
 * The reference model of a zone: caches of CPUs.
 *
 * Slots of a cache are by order and type. The slots of cheap orders up to that of
 * a pageblock, and of the order of a pageblock, are lists; in the latter, if it
 * is not cheap, all types but movable share one. All other slots keep one block.
 */
#include "model.h"

#define SCALE_MAX	5	/* log2 of the batches in the largest move */

static unsigned int real_order(const struct model *m, unsigned int order)
{
	return order + m->scene->shift;
}

static bool is_cheap(const struct model *m, unsigned int order)
{
	return real_order(m, order) <= PAGE_ALLOC_COSTLY_ORDER;
}

static bool has_list(const struct model *m, unsigned int order)
{
	return order == m->scene->pb_order ||
	       (order < m->scene->pb_order && is_cheap(m, order));
}

static unsigned int slot_of(const struct model *m, unsigned int order,
			    unsigned int type)
{
	if (order == m->scene->pb_order && !is_cheap(m, order))
		type = type == UMBRA_MOVABLE;
	return order * UMBRA_PCPTYPES + type;
}

/* The limits of a cache: two CPUs share the zone. */
void model_cache_limits(const struct scene *scene, int *min, int *max)
{
	int least = 4 * scene->batch;

	*min = scene->high;
	*max = scene->high;
	if (scene->high >= 0)
		return;
	*min = scene->mark[UMBRA_WMARK_LOW] / CPUS;
	*max = (int)scene->managed / 8 / CPUS;
	if (*min < least)
		*min = least;
	if (*max < least)
		*max = least;
	if (*min > *max)
		*min = *max;
}

static int clamp_high(struct model *m, struct model_cache *c, int *min,
		      int *max)
{
	model_cache_limits(m->scene, min, max);
	if (c->high < *min)
		c->high = *min;
	if (c->high > *max)
		c->high = *max;
	return c->high;
}

/* The pages of a cache */
static int count(const struct model *m, const struct model_cache *c)
{
	unsigned int slot, pages = 0;

	for (slot = 0; slot < SLOTS; slot++)
		pages += c->slot[slot].nr *
			 block_pages(m, slot / UMBRA_PCPTYPES);
	return pages;
}

/*
 * Round a number of blocks of a fast cache up to whole lines of the frame map, if
 * at most one is missing. A line has the bytes of SMP_CACHE_BYTES pages.
 */
static int round_lines(const struct model *m, int blocks,
		       unsigned int real_order)
{
	int line = SMP_CACHE_BYTES >> real_order;

	if (!m->scene->fast || !line || blocks < line - 1)
		return blocks;
	return (blocks + line - 1) / line * line;
}

/* The blocks of a refill. Refills of pages double while nothing is freed. */
static int nr_to_take(struct model *m, struct model_cache *c,
		      unsigned int order)
{
	int min, max, base = m->scene->batch, batch = base, most;
	int high = clamp_high(m, c, &min, &max);
	bool is_page = !real_order(m, order);

	if (is_page)
		batch = base << c->alloc_factor;
	if (high < base)
		return 1;
	if (min != max && !(m->flags & BIT(ZONE_FLAG_BELOW_HIGH))) {
		high += batch;
		if (high > max)
			high = max;
		c->high = high;
	}
	if (is_page) {
		most = high - count(m, c) - base;
		if (most < base)
			most = base;
		if (batch <= most && c->alloc_factor < SCALE_MAX)
			c->alloc_factor++;
		if (batch > most)
			batch = most;
	}
	if (batch <= 1)
		return 1;
	batch >>= real_order(m, order);
	return round_lines(m, batch < 2 ? 2 : batch, real_order(m, order));
}

/* Take blocks without reserves: the first is the result, the rest is kept. */
static u8 refill(struct model *m, const struct request *rq,
		 struct blocks *slot, struct model_cache *c)
{
	int left = nr_to_take(m, c, rq->order), nr, i;
	u8 first = NONE, got[UNITS];

	do {
		enum model_mode mode = MODE_OWN;

		for (nr = 0; nr < left; nr++) {
			got[nr] = model_take_block(m, rq, false, &mode);
			if (got[nr] == NONE)
				break;
		}
		for (i = nr - 1; i >= 0; i--)
			if (i || first != NONE)
				blocks_add_tail(slot, got[i]);
		if (nr && first == NONE)
			first = got[0];
		left -= nr;
	} while (nr && left &&
		 (!m->scene->fast ||
		  left << real_order(m, rq->order) >= SMP_CACHE_BYTES));
	return first;
}

/* Pop a block of the cache of a CPU, or refill it. Returns the head, or NONE. */
u8 model_cache_take(struct model *m, const struct request *rq, unsigned int cpu)
{
	struct model_cache *c = &m->cache[cpu];
	struct blocks *slot = &c->slot[slot_of(m, rq->order, rq->type)];
	int min, max;
	u8 head;

	model_cache_limits(m->scene, &min, &max);
	if (!m->scene->batch || !max)
		return NONE;
	if (has_list(m, rq->order))
		c->free_count /= 2;
	head = blocks_pop(slot);
	if (head != NONE || !has_list(m, rq->order))
		return head;
	if (rq->flags & ALLOC_HIGHATOMIC) {
		nr_to_take(m, c, rq->order);
		return NONE;
	}
	return refill(m, rq, slot, c);
}

/*
 * The type of the slot for a block, or NONE if no cache may keep the block: a
 * block of two types, or in an isolated pageblock.
 */
static u8 type_for_free(const struct model *m, unsigned int head,
			unsigned int order)
{
	unsigned int type = model_type(m, head);

	if (order > m->scene->pb_order + 1)
		return NONE;
	if (order > m->scene->pb_order &&
	    type != model_type(m, head + block_units(m->scene->pb_order)))
		return NONE;
	if (type == UMBRA_ISOLATE)
		return NONE;
	return type < UMBRA_PCPTYPES ? type : UMBRA_MOVABLE;
}

/*
 * Put blocks back to the zone. Adjacent neighbours in the array make a run, which
 * is freed as one range.
 */
static void put_back(struct model *m, const u8 *heads, const u8 *orders,
		     unsigned int nr)
{
	unsigned int i = 0, start, end;

	while (i < nr) {
		start = heads[i];
		end = start;
		do {
			if (heads[i] == end)
				end += block_units(orders[i]);
			else if (heads[i] + block_units(orders[i]) == start)
				start = heads[i];
			else
				break;
		} while (++i < nr);
		model_free_range(m, start, end);
	}
}

/* Take the oldest blocks of a slot out of a cache, until it has @pages. */
static unsigned int collect(const struct model *m, struct model_cache *c,
			    unsigned int at, int *pages, u8 *heads, u8 *orders)
{
	struct blocks *slot = &c->slot[at];
	unsigned int order = at / UMBRA_PCPTYPES, nr = 0;

	while (has_list(m, order) && *pages > 0 && slot->nr) {
		orders[nr] = order;
		heads[nr] = slot->at[0];
		blocks_remove(slot, heads[nr++]);
		*pages -= block_pages(m, order);
	}
	return nr;
}

/*
 * Put at least a number of pages back to the zone: the oldest blocks of each
 * list, that of @grown last, then single blocks from the largest order on.
 */
static void trim_fast(struct model *m, struct model_cache *c, int pages,
		      unsigned int grown)
{
	u8 heads[UNITS], orders[UNITS];
	unsigned int nr = 0, i, order, type;

	for (i = 1; i <= SLOTS; i++)
		nr += collect(m, c, (grown + i) % SLOTS, &pages, heads + nr,
			      orders + nr);
	for (order = ORDERS; order-- > 0;)
		for (type = 0; type < UMBRA_PCPTYPES && !has_list(m, order);
		     type++) {
			struct blocks *slot =
				&c->slot[order * UMBRA_PCPTYPES + type];

			if (!slot->nr || pages <= 0)
				continue;
			orders[nr] = order;
			heads[nr++] = blocks_pop(slot);
			pages -= block_pages(m, order);
		}
	put_back(m, heads, orders, nr);
}

/* The same one by one: the list that grew first, then those after it. */
static void trim_batch(struct model *m, struct model_cache *c, int pages,
		       unsigned int grown)
{
	u8 heads[UNITS], orders[UNITS];
	unsigned int nr = 0, i;

	for (i = 0; i < SLOTS; i++)
		nr += collect(m, c, (grown + i) % SLOTS, &pages, heads + nr,
			      orders + nr);
	for (i = 0; i < nr; i++)
		model_free(m, heads[i], orders[i]);
}

static void trim(struct model *m, struct model_cache *c, int pages,
		 unsigned int grown)
{
	int batch = m->scene->batch;

	if (m->scene->fast) {
		trim_fast(m, c, pages, grown);
		return;
	}
	for (; pages > 0; pages -= batch)
		trim_batch(m, c, pages < batch ? pages : batch, grown);
}

void model_cache_drain(struct model *m, unsigned int cpu)
{
	struct model_cache *c = &m->cache[cpu];

	trim(m, c, count(m, c), 0);
}

/* Must a free empty the cache? After many frees in a row of cheap blocks. */
static bool note_free(const struct model *m, struct model_cache *c,
		      unsigned int order, int min)
{
	bool high_order = real_order(m, order) && is_cheap(m, order);
	int batch = m->scene->batch;
	bool empty = high_order && c->freed_high_order &&
		     c->free_count >= batch + min / 2 && count(m, c) >= batch;

	c->freed_high_order = high_order;
	if (c->free_count < batch << SCALE_MAX)
		c->free_count += block_pages(m, order);
	c->alloc_factor /= 2;
	return empty;
}

/* The pages that may stay after a free */
static int high_after_free(struct model *m, struct model_cache *c, bool empty)
{
	int min, max, batch = m->scene->batch, fewer;
	int high = clamp_high(m, c, &min, &max);

	if (empty) {
		fewer = high - (batch << SCALE_MAX);
		c->high = fewer > min ? fewer : min;
		return 0;
	}
	if (min == max)
		return high;
	if (m->flags & BIT(ZONE_FLAG_BELOW_HIGH)) {
		fewer = high - (c->free_count > batch ? c->free_count : batch);
		c->high = fewer > min ? fewer : min;
		return count(m, c) > min ? count(m, c) : min;
	}
	if (count(m, c) >= high && c->high < c->free_count + batch) {
		c->high = c->free_count + batch;
		clamp_high(m, c, &min, &max);
	}
	return high;
}

static int nr_to_free(const struct model *m, const struct model_cache *c,
		      int high, bool empty)
{
	int batch = m->scene->batch, most = high - batch, nr = c->free_count;

	if (empty)
		return count(m, c) < batch << SCALE_MAX ? count(m, c) :
							  batch << SCALE_MAX;
	if (high < batch)
		return 1;
	if (most < batch)
		most = batch;
	if (nr < batch)
		nr = batch;
	return nr > most ? most : nr;
}

/* Put surplus pages back after a block went to a list. */
static void settle(struct model *m, struct model_cache *c, unsigned int slot,
		   bool empty)
{
	static const struct request page;
	int high = high_after_free(m, c, empty);

	if (count(m, c) < high)
		return;
	trim(m, c, round_lines(m, nr_to_free(m, c, high, empty), 0), slot);
	if (model_is_above(m, &page, UMBRA_WMARK_HIGH))
		m->flags &= ~BIT(ZONE_FLAG_BELOW_HIGH);
}

static bool keep_single(struct model *m, struct model_cache *c,
			unsigned int head, unsigned int order, u8 type)
{
	struct blocks *slot = &c->slot[order * UMBRA_PCPTYPES + type];
	int min, max, surplus;
	bool keeps;

	model_cache_limits(m->scene, &min, &max);
	keeps = m->scene->fast && type != NONE && !slot->nr && 2 * block_pages(m, order) <= max;
	if (keeps)
		blocks_add_tail(slot, head);
	surplus = count(m, c) - clamp_high(m, c, &min, &max);
	if (keeps && surplus > 0)
		trim(m, c, surplus + m->scene->batch, 0);
	return keeps;
}

/* Returns false if the block must go to the zone. */
bool model_cache_free(struct model *m, unsigned int head, unsigned int order,
		      unsigned int cpu)
{
	struct model_cache *c = &m->cache[cpu];
	u8 type = type_for_free(m, head, order);
	unsigned int slot;
	int min, max;
	bool empty;

	model_cache_limits(m->scene, &min, &max);
	if (!m->scene->batch || !max)
		return false;
	if (!has_list(m, order))
		return keep_single(m, c, head, order, type);
	if (type == NONE)
		return false;
	slot = slot_of(m, order, type);
	blocks_add_tail(&c->slot[slot], head);
	empty = note_free(m, c, order, min);
	if (empty || count(m, c) >= c->high || count(m, c) >= max ||
	    m->flags & BIT(ZONE_FLAG_BELOW_HIGH))
		settle(m, c, slot, empty);
	return true;
}
