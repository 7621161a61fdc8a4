// SPDX-License-Identifier: GPL-2.0
/* Things that would help after a failure, for users and for developers */
#include "explain.h"

#define KB_PER_MB	1024

/* A share of the memory from which on a use of it is worth naming: 1/4 */
#define LARGE_SHARE	4

static long long min_sum(const struct report *r)
{
	long long sum = 0;
	unsigned int i;

	for (i = 0; i < r->nr_zones; i++)
		if (r->zones[i].value[LOG_MIN] > 0)
			sum += r->zones[i].value[LOG_MIN];
	return sum;
}

static void raise_min_free(struct explanation *e)
{
	long long now = min_sum(e->report);

	if (now)
		say(&e->help,
		    "Raise vm.min_free_kbytes (about %lld now; try %lld), so that more pages are free when a request cannot wait.",
		    now, now * 2);
	else
		say(&e->help,
		    "Raise vm.min_free_kbytes, so that more pages are free when a request cannot wait.");
}

static bool has_useless_highmem(const struct judgment *j)
{
	unsigned int i;

	for (i = 0; i < j->nr_zones; i++)
		if (j->zones[i].result == ZONE_TYPE &&
		    j->zones[i].zone->type == LOG_HIGHMEM)
			return true;
	return false;
}

/* Requests that only a part of the memory can serve */
static void of_low_zones(struct explanation *e)
{
	const struct judgment *j = &e->judgment;

	if (j->set & (GFP_SET(DMA) | GFP_SET(DMA32)))
		say(&e->help,
		    "Only the first %s of memory can serve it, because of the device: free memory elsewhere does not help. Load the driver early, or unload others that use such memory.",
		    j->set & GFP_SET(DMA) ? "megabytes" : "4 GB");
	else if (has_useless_highmem(j))
		say(&e->help,
		    "HighMem cannot serve it. A 64-bit kernel has no HighMem.");
}

static void free_memory(struct explanation *e)
{
	const struct report *r = e->report;
	const struct judgment *j = &e->judgment;
	long long slab = r->total[TOTAL_SLAB_UNRECLAIMABLE];

	of_low_zones(e);
	if (!judge_may_wait(j)) {
		say(&e->help,
		    "Often nothing: most drivers try again, and a rare failure does no harm.");
		raise_min_free(e);
	} else {
		say(&e->help,
		    "Give programs less memory, or the machine more.");
		if (!r->swap_kb)
			say(&e->help,
			    "The machine has no swap; some would let the kernel move unused memory away.");
	}
	if (j->managed && slab > j->managed / LARGE_SHARE)
		say(&e->help,
		    "The kernel itself holds %lld MB that it cannot give back (slab_unreclaimable): look for a leak with slabtop.",
		    slab * j->page_kb / KB_PER_MB);
}

static void less_fragmentation(struct explanation *e)
{
	const struct report *r = e->report;
	const struct judgment *j = &e->judgment;

	if (j->set & GFP_SET(NORETRY) || (r->order >= 9 && judge_may_wait(j)))
		say(&e->help,
		    "Nothing, if the caller has another way: transparent huge pages and many drivers then use single pages.");
	if (judge_may_wait(j))
		say(&e->help,
		    "Let the kernel move pages together: write 1 to /proc/sys/vm/compact_memory, then try again.");
	else
		raise_min_free(e);
	if (r->order >= 9)
		say(&e->help,
		    "Reserve huge pages at boot (hugepages=), when memory is still in one piece.");
	say(&e->help,
	    "Make the caller ask for less: smaller buffers, rings or network frames (MTU) of the driver.");
	say(&e->help,
	    "Developers: use kvmalloc() if the memory need not be contiguous, or single pages and a scatter list.");
}

static void by_verdict(struct explanation *e)
{
	switch (e->judgment.verdict) {
	case VERDICT_FREED:
		if (!e->is_live)
			say(&e->help,
			    "Try again. If it comes back, the machine is often close to its limit: see the numbers of the zones.");
		break;
	case VERDICT_MEMORY:
		free_memory(e);
		break;
	case VERDICT_FRAGMENTATION:
		less_fragmentation(e);
		break;
	case VERDICT_PROTECTED:
		say(&e->help,
		    "Free memory of the higher zones, which the request should use.");
		say(&e->help,
		    "A larger number in vm.lowmem_reserve_ratio keeps fewer pages of low zones.");
		break;
	case VERDICT_HIGHATOMIC:
		say(&e->help,
		    "Free memory: the reserve is at most one hundredth of a zone.");
		break;
	case VERDICT_CMA:
		say(&e->help,
		    "Boot with a smaller CMA area (cma=), or free memory outside of it.");
		break;
	case VERDICT_NO_ZONE:
		say(&e->help,
		    "Allow more nodes: cpuset.mems of its cgroup, or the memory policy (numactl).");
		break;
	default:
		if (!e->is_live)
			say(&e->help,
			    "Paste the whole report, from the line with \"order\" to the lines with the free blocks.");
	}
}

static void of_other_kinds(struct explanation *e)
{
	switch (e->report->kind) {
	case REPORT_MEMCG:
		say(&e->help,
		    "Raise the limit of the cgroup (memory.max; in containers, their memory limit), or let its programs use less.");
		break;
	case REPORT_VMALLOC:
		say(&e->help,
		    "On 32-bit kernels, boot with a larger vmalloc=. Else look at the size: the caller may have computed a wrong one.");
		break;
	case REPORT_SLAB:
		say(&e->help, "Explain the report of the pages instead: --report.");
		break;
	case REPORT_CMA:
		say(&e->help,
		    "Boot with a larger area (cma=), or allocate early, before others use its pages. -16 (EBUSY) means that a page of it could not be moved.");
		break;
	case REPORT_ORDER:
		say(&e->help,
		    "Report it to the maintainers of the caller: it must check the size, or use kvmalloc().");
		break;
	default:
		say(&e->help,
		    "Paste the whole report, from the line with \"order\" on.");
	}
}

static void of_oom(struct explanation *e)
{
	switch (e->report->constraint) {
	case CONSTRAINT_CPUSET:
		say(&e->help,
		    "The cpuset of the task limits it to some nodes: other nodes may have free memory (cpuset.mems).");
		break;
	case CONSTRAINT_POLICY:
		say(&e->help,
		    "The memory policy of the task limits it to some nodes: other nodes may have free memory (numactl).");
		break;
	default:
		break;
	}
}

/* Add the sentences about what would help. */
void explain_help(struct explanation *e)
{
	if (!e->is_judged) {
		of_other_kinds(e);
		return;
	}
	if (e->report->kind == REPORT_OOM)
		of_oom(e);
	by_verdict(e);
}
