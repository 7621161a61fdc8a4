// SPDX-License-Identifier: GPL-2.0
/*
 * The cache of the CPU that the oracle runs on, at the host and in the instance:
 * the numbers that decide how much it keeps and moves.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include "../src/core/core.h"
#include "../src/core/section.h"
#include "oracle.h"

static struct per_cpu_pages *cache_of_host(struct zone *zone)
{
	return per_cpu_ptr(zone->per_cpu_pageset, raw_smp_processor_id());
}

static struct umbra_pcp *cache_of_umbra(const struct umbra_zone *zone)
{
	return per_cpu_ptr(zone->pcp, raw_smp_processor_id());
}

/* Give an empty cache of the host the numbers that it has after boot. */
void oracle_caches_reset(struct zone *host)
{
	struct per_cpu_pages *theirs = cache_of_host(host);

	theirs->high = theirs->high_min;
	theirs->alloc_factor = 0;
	theirs->free_count = 0;
	theirs->flags &= ~PCPF_PREV_FREE_HIGH_ORDER;
}

/* Give the empty cache of a zone the numbers of that of the host, and use it. */
void oracle_caches_load(struct oracle *o, struct oracle_zone *zone)
{
	struct per_cpu_pages *theirs = cache_of_host(zone->host);
	struct umbra_zone *ours = zone->ours;
	struct umbra_pcp *pcp = cache_of_umbra(ours);

	pcp->high = theirs->high;
	pcp->alloc_factor = theirs->alloc_factor;
	pcp->free_count = theirs->free_count;
	pcp->freed_high_order = theirs->flags & PCPF_PREV_FREE_HIGH_ORDER;
	assign_bit(ZONE_FLAG_BELOW_HIGH, &ours->flags,
		   test_bit(ZONE_BELOW_HIGH, &zone->host->flags));
	WRITE_ONCE(ours->pcp_batch, theirs->batch);
	WRITE_ONCE(ours->pcp_high_min, theirs->high_min);
	WRITE_ONCE(ours->pcp_high_max, theirs->high_max);
	if (!o->silent)
		pr_info("caches of %s: batch %d, high %d from %d to %d%s\n",
			zone->host->name, theirs->batch, theirs->high,
			theirs->high_min, theirs->high_max,
			theirs->flags & PCPF_FREE_HIGH_BATCH ? ", in batches" :
							       "");
}

static int differs(struct oracle *o, const char *what, long host, long ours)
{
	if (host == ours)
		return 0;
	oracle_tell(o, "%s of the cache: host %ld, umbra %ld\n", what, host,
		    ours);
	return -EIO;
}

/* Compare the numbers of both caches. Returns 0, or -EIO if they differ. */
int oracle_caches_differ(struct oracle *o, const struct oracle_zone *zone)
{
	const struct per_cpu_pages *theirs = cache_of_host(zone->host);
	const struct umbra_pcp *pcp = cache_of_umbra(zone->ours);

	return differs(o, "pages", theirs->count, pcp->count) ?:
	       differs(o, "limit", theirs->high, pcp->high) ?:
	       differs(o, "scale", theirs->alloc_factor, pcp->alloc_factor) ?:
	       differs(o, "frees", theirs->free_count, pcp->free_count);
}
