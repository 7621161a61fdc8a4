// SPDX-License-Identifier: GPL-2.0
/*
 * A report explained: its kind, the request, the cause, and what the report
 * does not tell. Kinds that are no failure of zones are named, and their zones
 * are not judged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "explain.h"

static const char * const kind_names[] = {
	[REPORT_PAGES] = "page allocation failure",
	[REPORT_STALL] = "page allocation stall",
	[REPORT_OOM] = "out of memory",
	[REPORT_MEMCG] = "out of memory in a cgroup",
	[REPORT_VMALLOC] = "vmalloc failure",
	[REPORT_SLAB] = "slab allocation failure",
	[REPORT_CMA] = "CMA allocation failure",
	[REPORT_ORDER] = "order above the limit",
	[REPORT_HEADLESS] = "memory information without a request",
};

static const char * const verdict_names[] = {
	[VERDICT_FREED] = "none now",
	[VERDICT_MEMORY] = "want of memory",
	[VERDICT_FRAGMENTATION] = "fragmentation",
	[VERDICT_PROTECTED] = "protection of low zones",
	[VERDICT_HIGHATOMIC] = "reserve for urgent requests",
	[VERDICT_CMA] = "pages of CMA",
	[VERDICT_NO_ZONE] = "no zone is allowed",
	[VERDICT_UNKNOWN] = "unknown",
};

static const char * const result_names[] = {
	[ZONE_SERVES] = "would serve it",
	[ZONE_TYPE] = "not for this request",
	[ZONE_NODE] = "node not allowed",
	[ZONE_SHORT] = "too few free pages",
	[ZONE_PROTECTED] = "kept by lowmem_reserve",
	[ZONE_HIGHATOMIC] = "kept for urgent ones",
	[ZONE_CMA] = "free pages are of CMA",
	[ZONE_PIECES] = "free pages in pieces",
	[ZONE_OLD_RULE] = "few large blocks",
	[ZONE_UNKNOWN] = "unknown",
};

static const char * const type_names[] = {
	[LOG_DMA] = "DMA", [LOG_DMA32] = "DMA32", [LOG_NORMAL] = "Normal",
	[LOG_HIGHMEM] = "HighMem", [LOG_MOVABLE] = "Movable",
	[LOG_DEVICE] = "Device",
};

const char *kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

const char *zone_result_name(enum zone_result result)
{
	return result_names[result];
}

const char *zone_type_name(enum log_zone_type type)
{
	return type_names[type];
}

/* Add a sentence. One that there is no memory for is left out. */
void say(struct sentences *s, const char *format, ...)
{
	va_list args;

	if (s->nr == SENTENCES)
		return;
	va_start(args, format);
	if (vasprintf(&s->text[s->nr], format, args) >= 0)
		s->nr++;
	va_end(args);
}

static void forget(struct sentences *s)
{
	while (s->nr)
		free(s->text[--s->nr]);
}

/* The first function of the stack that is not of the allocators */
static const struct log_call *caller(const struct report *r)
{
	static const char * const own[] = {
		"dump_", "show_", "warn_alloc", "__alloc_", "alloc_", "___slab_",
		"__slab_", "new_slab", "allocate_slab", "___kmalloc", "__kmalloc",
		"kmalloc", "kmem_cache_", "__get_free", "get_page_from", "__kmem_",
		"cache_alloc", "cache_grow", "unwind_", "oom_", "out_of_memory",
		"__do_kmalloc", "___cache", "slab_", "kvmalloc", "__kvmalloc",
		"folio_alloc", "vma_alloc", "__folio_alloc", "__dump",
		"mem_cgroup_", "try_charge", "fallback_alloc", "__vmalloc",
		"vmalloc", "get_zeroed", "pagefault_out", "kmemdup", "krealloc",
		"__warn", "report_bug",
		"charge_", "__page_cache",
	};
	unsigned int i;
	size_t k;

	for (i = 0; i < r->nr_calls; i++) {
		for (k = 0; k < sizeof(own) / sizeof(*own); k++)
			if (!strncmp(r->calls[i].function, own[k],
				     strlen(own[k])))
				break;
		if (k == sizeof(own) / sizeof(*own))
			return &r->calls[i];
	}
	return NULL;
}

static void say_size(struct explanation *e)
{
	const struct report *r = e->report;
	long long kb = e->judgment.page_kb << r->order;
	const char *who = *r->comm ? r->comm : "A task";
	const char *verb = e->is_live ? "is" : "asked";

	if (e->is_live)
		who = "The request";
	if (r->order)
		say(&e->request,
		    "%s %s for %lld pages in one piece (order %lld, %lld kB).",
		    who, verb, 1LL << r->order, r->order, kb);
	else
		say(&e->request, "%s %s for one page (order 0, %lld kB).", who,
		    verb, kb);
}

static void say_flags(struct explanation *e)
{
	const struct judgment *j = &e->judgment;
	char names[GFP_TEXT];

	if (!j->has_set)
		return;
	gfp_names(j->set, j->version, names);
	if (e->is_live)
		say(&e->request, "Flags: %s. It %s wait for memory.", names,
		    judge_may_wait(j) ? "may" : "cannot");
	else
		say(&e->request, "Flags: %s. %s", names, judge_may_wait(j) ?
		    "The request could wait while the kernel freed memory." :
		    "The request could not wait while the kernel freed memory.");
}

static void say_request(struct explanation *e)
{
	const struct report *r = e->report;
	const struct log_call *call = caller(r);

	if (e->is_judged && r->order != UNKNOWN && r->order < LOG_ORDERS)
		say_size(e);
	else if (*r->comm)
		say(&e->request, "The task is %s.", r->comm);
	say_flags(e);
	if (call && *call->module)
		say(&e->request, "It came from %s() of the module %s.",
		    call->function, call->module);
	else if (call)
		say(&e->request, "It came from %s().", call->function);
}

/* The zone whose result is the cause: the first one of the walk that has it */
static const struct zone_judgment *example(const struct judgment *j,
					   enum zone_result what)
{
	unsigned int i;

	for (i = 0; i < j->nr_zones; i++)
		if (j->zones[i].result == what)
			return &j->zones[i];
	return NULL;
}

static void say_pieces(struct explanation *e)
{
	const struct judgment *j = &e->judgment;
	const struct zone_judgment *zj = example(j, ZONE_PIECES);

	if (!zj) {
		zj = example(j, ZONE_OLD_RULE);
		say(&e->cause,
		    "Zone %s of node %u has enough free pages, but too few of them in large blocks: a kernel before 4.4 wanted %lld more.",
		    zone_type_name(zj->zone->type), zj->zone->nid, zj->missing);
		return;
	}
	say(&e->cause,
	    "Zone %s of node %u has %lld free pages, %lld more than it must keep. But they are scattered: the largest free piece has %d page%s, and %lld were needed side by side.",
	    zone_type_name(zj->zone->type), zj->zone->nid, zj->free,
	    zj->free - zj->needed, zj->largest < 0 ? 0 : 1 << zj->largest,
	    zj->largest ? "s" : "", 1LL << e->report->order);
	if (zj->kept_block != ZONE_PIECES)
		say(&e->cause, "Larger ones belong to %s.",
		    zj->kept_block == ZONE_CMA ?
		    "CMA, and only movable requests may use them" :
		    "the reserve for urgent requests");
}

static void say_short(struct explanation *e)
{
	const struct zone_judgment *zj = example(&e->judgment, ZONE_SHORT);

	say(&e->cause,
	    "Zone %s of node %u has %lld free pages and must keep %lld: %lld are missing. No other zone that the request may use has enough.",
	    zone_type_name(zj->zone->type), zj->zone->nid, zj->free,
	    zj->needed - 1, zj->missing);
}

static void say_kept(struct explanation *e, enum zone_result what,
		     const char *why)
{
	const struct zone_judgment *zj = example(&e->judgment, what);

	say(&e->cause, "Zone %s of node %u has %lld free pages, but %s",
	    zone_type_name(zj->zone->type), zj->zone->nid, zj->free, why);
}

static void say_freed(struct explanation *e)
{
	const struct zone_judgment *zj = example(&e->judgment, ZONE_SERVES);

	if (e->is_live) {
		say(&e->cause,
		    "The request would be served from zone %s of node %u, which has %lld pages more than it must keep.",
		    zone_type_name(zj->zone->type), zj->zone->nid,
		    zj->free - zj->needed);
		return;
	}
	say(&e->cause,
	    "With the numbers of the report, zone %s of node %u would serve the request. A report is printed after the failure: pages were freed between the two, or came back from the caches of CPUs.",
	    zone_type_name(zj->zone->type), zj->zone->nid);
}

static void say_cause(struct explanation *e)
{
	switch (e->judgment.verdict) {
	case VERDICT_FREED:
		say_freed(e);
		break;
	case VERDICT_MEMORY:
		say_short(e);
		break;
	case VERDICT_FRAGMENTATION:
		say_pieces(e);
		break;
	case VERDICT_PROTECTED:
		say_kept(e, ZONE_PROTECTED,
			 "keeps them for requests that can use no higher zone (lowmem_reserve).");
		break;
	case VERDICT_HIGHATOMIC:
		say_kept(e, ZONE_HIGHATOMIC,
			 "those that would suffice are reserved for urgent requests of more than one page.");
		break;
	case VERDICT_CMA:
		say_kept(e, ZONE_CMA,
			 "those that would suffice belong to CMA, which only movable requests may use.");
		break;
	case VERDICT_NO_ZONE:
		say(&e->cause,
		    "The request may use none of these zones, because of its flags, its node list or its cpuset.");
		break;
	default:
		say(&e->cause,
		    "The numbers that decide are unknown.");
	}
}

/* Kinds that are no failure of a zone */
static void say_other_kind(struct explanation *e)
{
	const struct report *r = e->report;

	switch (r->kind) {
	case REPORT_MEMCG:
		say(&e->cause,
		    "A control group (cgroup) reached its memory limit. The free memory of the machine does not matter for that.");
		break;
	case REPORT_VMALLOC:
		say(&e->cause,
		    "A request for memory by vmalloc failed. It needs room in the address space of the kernel, and single pages; no block must be large.");
		break;
	case REPORT_SLAB:
		say(&e->cause,
		    "A cache of small objects (slab) could not grow. If the allocation of pages for it failed, its own report is before this one.");
		break;
	case REPORT_CMA:
		say(&e->cause,
		    "An allocation from a CMA area failed. Its pages must be free or movable, and side by side inside the area.");
		break;
	case REPORT_ORDER:
		say(&e->cause,
		    "A caller asked for a larger piece than the allocator ever has. No state of the memory can serve that.");
		break;
	default:
		say(&e->cause,
		    "The line with the request is missing, so it is unknown what failed.");
	}
	if (r->size != UNKNOWN)
		say(&e->cause, "It asked for %lld %s.", r->size,
		    r->kind == REPORT_CMA ? "pages" : "bytes");
}

static bool is_of_zones(const struct report *r)
{
	return r->kind == REPORT_PAGES || r->kind == REPORT_STALL ||
	       r->kind == REPORT_OOM;
}

static void say_unknown_flags(struct explanation *e)
{
	const struct report *r = e->report;
	const struct judgment *j = &e->judgment;

	if (r->mode == UNKNOWN && !j->has_set)
		say(&e->unknown, "The flags of the request (mode or gfp_mask).");
	else if (!j->has_set)
		say(&e->unknown,
		    "What the flags 0x%llx mean: the version of the kernel is not in the report; --kernel gives it.",
		    r->mode);
	if (j->bad_flags)
		say(&e->unknown,
		    "The zones that the request may use: its flags contradict each other.");
	if (j->rest)
		say(&e->unknown,
		    "The flag bits 0x%lx, which depend on the configuration of the kernel.",
		    j->rest);
}

static bool lacks_blocks(const struct report *r)
{
	unsigned int i;

	for (i = 0; i < r->nr_zones; i++)
		if (!r->zones[i].complete)
			return true;
	return false;
}

/* Things that the files of a machine do not tell */
static void say_unknown_live(struct explanation *e)
{
	const struct judgment *j = &e->judgment;

	if (j->verdict != VERDICT_FREED && judge_may_wait(j))
		say(&e->unknown,
		    "Whether the kernel could free or move enough memory first: the request may wait for that.");
	if (!e->has_types)
		say(&e->unknown,
		    "The types of the free blocks: only root can read pagetypeinfo.");
	say(&e->unknown,
	    "The nodes that the cpuset and the memory policy of a task allow; node=N gives one.");
	say(&e->unknown,
	    "Changes between the reads of the files, which are not of one moment.");
}

static void say_unknown(struct explanation *e)
{
	const struct report *r = e->report;
	const struct judgment *j = &e->judgment;

	if (r->order == UNKNOWN)
		say(&e->unknown, "The order of the request.");
	else if (r->order > 10)
		say(&e->unknown,
		    "How the zones decide about order %lld: the rules of this program end at order 10.",
		    r->order);
	say_unknown_flags(e);
	if (!r->nr_zones)
		say(&e->unknown, "The zones: the report has none.");
	else if (lacks_blocks(r) && r->order)
		say(&e->unknown,
		    "The free blocks of a zone, or some of them: its line is missing or cut.");
	if (j->guessed_page && r->nr_zones)
		say(&e->unknown, "The size of a page; it is taken to be 4 kB.");
	if (j->no_reserve)
		say(&e->unknown,
		    "lowmem_reserve[] of a zone; it is taken to be 0.");
	if (j->one_node)
		say(&e->unknown,
		    "The only node that the request allowed (__GFP_THISNODE); all are listed.");
	if (j->no_types && r->order)
		say(&e->unknown,
		    "How large the free blocks of CMA and of reserves are.");
	if (r->too_many_zones)
		say(&e->unknown, "The zones above number %u.", LOG_ZONES);
	if (!r->version && !e->version && !e->is_live)
		say(&e->unknown, "The version of the kernel.");
}

static void say_details(struct explanation *e)
{
	const struct judgment *j = &e->judgment;
	const struct report *r = e->report;

	if (r->mode != UNKNOWN)
		say(&e->details, "gfp 0x%llx, %s.", r->mode,
		    j->is_named ? "names as printed" :
		    j->has_set ? "names from the table of this version" :
				 "not decoded");
	say(&e->details,
	    "Each zone was tested with the code of umbra, which decides as Linux 7.3: min watermark, lowmem_reserve, and the reserves that the flags allow.");
	if (j->version < KERNEL(6, 4, 0) && !judge_may_wait(j) && j->has_set)
		say(&e->details,
		    "Kernels before 6.4 gave requests that cannot wait other shares of the watermark in some cases.");
	say(&e->details,
	    "Pages in the caches of CPUs count as used. Tasks with PF_MEMALLOC may go below the watermarks; a report does not name them.");
}

/**
 * explain() - explain a report
 * @e: filled in, but for @number, @of and @is_live; ends with explain_free()
 * @r: the report
 * @version: version of the kernel; 0 for that of the report
 *
 * Return: 0 or -ENOMEM.
 */
int explain(struct explanation *e, const struct report *r, unsigned int version)
{
	int err;

	e->report = r;
	e->version = version;
	e->is_judged = is_of_zones(r);
	err = judge(r, version, &e->judgment);
	if (err)
		return err;
	say_request(e);
	if (e->is_judged) {
		say_cause(e);
		say_details(e);
		say_unknown(e);
		if (e->is_live)
			say_unknown_live(e);
	} else {
		say_other_kind(e);
	}
	explain_help(e);
	return 0;
}

void explain_free(struct explanation *e)
{
	forget(&e->request);
	forget(&e->cause);
	forget(&e->help);
	forget(&e->details);
	forget(&e->unknown);
}
