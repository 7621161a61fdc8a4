// SPDX-License-Identifier: GPL-2.0
/*
 * lowmem_reserve[] has a number for each zone type that a kernel is configured
 * with, and a report does not say which these are: DMA, DMA32, HighMem and
 * Device may be absent. The types follow from the zones that the report has,
 * and from the numbers: a zone keeps nothing from requests that are for itself
 * or for lower zones.
 */
#include <string.h>
#include "reserve.h"

#define ALWAYS	(1U << LOG_NORMAL | 1U << LOG_MOVABLE)

static unsigned int count(unsigned int types)
{
	return __builtin_popcount(types);
}

/* The column of a type: the number of configured types below it */
static unsigned int column(unsigned int types, unsigned int type)
{
	return count(types & ((1U << type) - 1));
}

/*
 * How well a set of types fits the numbers of a zone, or -1 if it does not. The
 * first number that is not 0 should be that of a type which has a zone.
 */
static int fit(const struct log_zone *z, unsigned int types, unsigned int seen)
{
	unsigned int own = column(types, z->type), i, type;

	for (i = 0; i < z->nr_reserves && !z->reserve[i]; i++)
		;
	if (i == z->nr_reserves)
		return 0;
	if (i <= own)
		return -1;
	for (type = 0; type < LOG_ZONE_TYPES; type++)
		if (types & 1U << type && column(types, type) == i)
			return !!(seen & 1U << type);
	return 0;
}

static int fit_all(const struct report *r, unsigned int types,
		   unsigned int seen, unsigned int nr)
{
	int all = 0, one;
	unsigned int i;

	for (i = 0; i < r->nr_zones; i++) {
		if (r->zones[i].nr_reserves != nr)
			continue;
		one = fit(&r->zones[i], types, seen);
		if (one < 0)
			return -1;
		all += one;
	}
	return all;
}

/* The types of a kernel whose lowmem_reserve[] has @nr numbers, or 0 */
static unsigned int configured(const struct report *r, unsigned int nr)
{
	/* Among sets that fit as well, the more likely one comes first. */
	static const unsigned int optional[] = {
		0, 1U << LOG_DMA, 1U << LOG_DMA32,
		1U << LOG_DMA | 1U << LOG_DMA32, 1U << LOG_HIGHMEM,
		1U << LOG_DMA | 1U << LOG_HIGHMEM, 1U << LOG_DEVICE,
		1U << LOG_DMA | 1U << LOG_DEVICE,
		1U << LOG_DMA32 | 1U << LOG_DEVICE,
		1U << LOG_DMA | 1U << LOG_DMA32 | 1U << LOG_DEVICE,
		1U << LOG_HIGHMEM | 1U << LOG_DEVICE,
		1U << LOG_DMA | 1U << LOG_HIGHMEM | 1U << LOG_DEVICE,
		1U << LOG_DMA | 1U << LOG_DMA32 | 1U << LOG_HIGHMEM,
	};
	unsigned int seen = 0, best = 0, i;
	int best_fit = -1, good;

	for (i = 0; i < r->nr_zones; i++)
		seen |= 1U << r->zones[i].type;
	for (i = 0; i < sizeof(optional) / sizeof(*optional); i++) {
		unsigned int types = ALWAYS | optional[i];

		if (count(types) != nr || seen & ~types)
			continue;
		good = fit_all(r, types, seen, nr);
		if (good > best_fit) {
			best_fit = good;
			best = types;
		}
	}
	return best;
}

/**
 * reserve_for() - get the pages that a zone keeps from requests
 * @r: the report
 * @zone: a zone of it
 * @highest: highest zone type that the requests may use
 *
 * Return: the pages; 0 if they are unknown.
 */
long long reserve_for(const struct report *r, const struct log_zone *zone,
		      enum log_zone_type highest)
{
	unsigned int types = configured(r, zone->nr_reserves), type = highest;

	if (!types)
		return 0;
	/* A request for a type that is not configured goes to the next lower. */
	while (type && !(types & 1U << type))
		type--;
	return zone->reserve[column(types, type)];
}
