// SPDX-License-Identifier: GPL-2.0
/* The tracepoints, as tracefs shows them. */
#include "device.h"
#include <sched.h>
#include <sys/utsname.h>

#define TRACEFS "/sys/kernel/tracing/"
#define EVENTS TRACEFS "events/umbra/"

/* The fields of an event; pfn is 0 if there was no event. */
struct seen {
	unsigned long pfn;
	int order;
	int type;
	char gfp[128];
};

/*
 * Each CPU has its own trace and clock, so events are ordered on one CPU only.
 */
static void stay_on_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Clear the trace and enable the events. Returns false if that fails. */
static bool trace_begin(void)
{
	stay_on_cpu();
	return !access(EVENTS "enable", W_OK) &&
	       !write_file(EVENTS "umbra_page_alloc/filter", "0") &&
	       !write_file(EVENTS "umbra_page_free/filter", "0") &&
	       !write_file(TRACEFS "trace", "") &&
	       !write_file(TRACEFS "tracing_on", "1") &&
	       !write_file(EVENTS "enable", "1");
}

#define NO_TRACEFS "no tracefs here"

/*
 * Disable the events after the last test, so that other programs are not
 * traced.
 */
__attribute__((destructor))
static void trace_end(void)
{
	if (!access(EVENTS "enable", W_OK))
		write_file(EVENTS "enable", "0");
}

/* Returns the last event with this name in the trace. */
static struct seen last_event(const char *name)
{
	char *text = read_file(TRACEFS "trace", NULL), *s, *next;
	struct seen seen = { 0 };

	s = text;
	while (s && (next = strstr(s, name)))
		s = next + strlen(name);
	/* a free event has the first two fields only */
	if (s && s != text &&
	    sscanf(s, ": pfn=%lx order=%d migratetype=%d gfp_flags=%127s",
		   &seen.pfn, &seen.order, &seen.type, seen.gfp) < 2)
		fprintf(stderr, "# cannot read %.60s\n", s);
	free(text);
	return seen;
}

static unsigned int count_events(const char *name)
{
	char *text = read_file(TRACEFS "trace", NULL), *s = text;
	unsigned int n = 0;

	while (s && (s = strstr(s, name))) {
		s++;
		n++;
	}
	free(text);
	return n;
}

TEST_F(device, allocation_and_free_are_recorded)
{
	static const struct {
		uint32_t flags;
		int type;
	} cases[] = {
		{ 0, 0 },
		{ UMBRA_GFP_MOVABLE, 1 },
		{ UMBRA_GFP_RECLAIMABLE, 2 },
	};
	unsigned long first_pfn, last_pfn;
	char *layout = read_file(DEBUGFS_DIR "layout", NULL), *span;
	unsigned int i;

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	ASSERT_NE(NULL, layout);
	span = strstr(layout, "span 0: ");
	ASSERT_NE(NULL, span);
	first_pfn = strtoul(span + strlen("span 0: pfn "), &span, 0);
	last_pfn = strtoul(span + 1, NULL, 0);
	ASSERT_LT(first_pfn, last_pfn);
	free(layout);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen alloc, freed;
		uint64_t a = device_alloc_flags(self->fd, i * 4, 1,
						cases[i].flags);

		ASSERT_NE(0, a);
		alloc = last_event("umbra_page_alloc");
		EXPECT_LE(first_pfn, alloc.pfn);
		EXPECT_GE(last_pfn, alloc.pfn);
		EXPECT_EQ(0, alloc.pfn % (1UL << (i * 4)));
		EXPECT_EQ(i * 4, alloc.order);
		EXPECT_EQ(cases[i].type, alloc.type);
		EXPECT_NE(NULL, strstr(alloc.gfp, "GFP_HIGHUSER"))
			TH_LOG("%s", alloc.gfp);
		EXPECT_NE(NULL, strstr(alloc.gfp, "__GFP_ZERO"));
		EXPECT_EQ(cases[i].type == 1,
			  !!strstr(alloc.gfp, "MOVABLE"));
		EXPECT_EQ(0, device_free(self->fd, a));
		freed = last_event("umbra_page_free");
		EXPECT_EQ(alloc.pfn, freed.pfn);
		EXPECT_EQ(i * 4, freed.order);
	}
	EXPECT_EQ(3, count_events("umbra_page_alloc: "));
	EXPECT_EQ(3, count_events("umbra_page_free: "));
}

TEST_F(device, each_block_of_an_allocation_is_recorded)
{
	uint64_t a;

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	a = device_alloc(self->fd, 2, 25);
	ASSERT_NE(0, a);
	EXPECT_EQ(25, count_events("umbra_page_alloc: "));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(25, count_events("umbra_page_free: "));
}

TEST_F(device, failed_allocation_is_recorded_without_a_pfn)
{
	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	ASSERT_NE(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(0, device_alloc(self->fd, 10, self->nr_pages >> 10));
	EXPECT_EQ(0, last_event("umbra_page_alloc").pfn);
	EXPECT_EQ(10, last_event("umbra_page_alloc").order);
}

/* Tools for events of the host find the same fields in events of umbra. */
TEST_F(device, event_fields_match_the_host)
{
	static const struct {
		const char *ours, *hosts;
		const char *fields[7];
	} events[] = {
		{ "umbra_direct_reclaim_begin",
		  "../vmscan/mm_vmscan_direct_reclaim_begin",
		  { "order", "gfp_flags" } },
		{ "umbra_direct_reclaim_end",
		  "../vmscan/mm_vmscan_direct_reclaim_end",
		  { "nr_reclaimed" } },
		{ "umbra_lru_shrink_inactive",
		  "../vmscan/mm_vmscan_lru_shrink_inactive",
		  { "nid", "nr_scanned", "nr_reclaimed", "priority" } },
		{ "umbra_kswapd_wake", "../vmscan/mm_vmscan_kswapd_wake",
		  { "nid", "zid", "order" } },
		{ "umbra_wakeup_kswapd", "../vmscan/mm_vmscan_wakeup_kswapd",
		  { "nid", "zid", "order", "gfp_flags" } },
		{ "umbra_migrate_pages", "../migrate/mm_migrate_pages",
		  { "succeeded", "failed", "mode", "reason" } },
		{ "umbra_page_alloc", "mm_page_alloc",
		  { "pfn", "order", "gfp_flags", "migratetype" } },
		{ "umbra_page_free", "mm_page_free", { "pfn", "order" } },
		{ "umbra_page_alloc_extfrag", "mm_page_alloc_extfrag",
		  { "pfn", "alloc_order", "fallback_order",
		    "alloc_migratetype", "fallback_migratetype",
		    "change_ownership" } },
		{ "umbra_page_pcpu_drain", "mm_page_pcpu_drain",
		  { "pfn", "order", "migratetype" } },
	};
	char path[128], field[64], *ours, *hosts;
	unsigned int i, j;

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(path, sizeof(path), EVENTS "%s/format",
			 events[i].ours);
		ours = read_file(path, NULL);
		snprintf(path, sizeof(path), TRACEFS "events/kmem/%s/format",
			 events[i].hosts);
		hosts = read_file(path, NULL);
		ASSERT_NE(NULL, ours);
		ASSERT_NE(NULL, hosts);
		for (j = 0; events[i].fields[j]; j++) {
			snprintf(field, sizeof(field), " %s;",
				 events[i].fields[j]);
			EXPECT_NE(NULL, strstr(ours, field))
				TH_LOG("%s", field);
			EXPECT_NE(NULL, strstr(hosts, field))
				TH_LOG("%s", field);
		}
		free(ours);
		free(hosts);
	}
}

/* Events with the fields and the print format of an event of Linux 7.3 */
static const struct {
	const char *ours, *hosts;
} decisions[] = {
	{ "page_alloc_zone_locked", "kmem/mm_page_alloc_zone_locked" },
	{ "reclaim_retry_zone", "oom/reclaim_retry_zone" },
	{ "compact_retry", "oom/compact_retry" },
	{ "balance_pgdat_begin", "vmscan/mm_vmscan_balance_pgdat_begin" },
	{ "balance_pgdat_end", "vmscan/mm_vmscan_balance_pgdat_end" },
	{ "kswapd_reclaim_fail", "vmscan/mm_vmscan_kswapd_reclaim_fail" },
	{ "throttled", "vmscan/mm_vmscan_throttled" },
	{ "shrink_slab_start", "vmscan/mm_shrink_slab_start" },
	{ "shrink_slab_end", "vmscan/mm_shrink_slab_end" },
	{ "compaction_suitable", "compaction/mm_compaction_suitable" },
	{ "compaction_finished", "compaction/mm_compaction_finished" },
	{ "compaction_deferred", "compaction/mm_compaction_deferred" },
	{ "compaction_defer_compaction",
	  "compaction/mm_compaction_defer_compaction" },
	{ "compaction_defer_reset", "compaction/mm_compaction_defer_reset" },
	{ "compaction_try_to_compact_pages",
	  "compaction/mm_compaction_try_to_compact_pages" },
	{ "compaction_migratepages", "compaction/mm_compaction_migratepages" },
	{ "compaction_kcompactd_sleep",
	  "compaction/mm_compaction_kcompactd_sleep" },
	{ "compaction_kcompactd_wake",
	  "compaction/mm_compaction_kcompactd_wake" },
	{ "compaction_wakeup_kcompactd",
	  "compaction/mm_compaction_wakeup_kcompactd" },
};

/* Is there a host that has all the events? */
static bool is_newest(void)
{
	struct utsname name;

	return !uname(&name) && atoi(name.release) >= 7;
}

/* Remove every occurrence of a text. */
static void remove_all(char *s, const char *text)
{
	while ((s = strstr(s, text)))
		memmove(s, s + strlen(text), strlen(s + strlen(text)) + 1);
}

/* Returns the fields of an event, as " NAME;" for each but the common ones. */
static char *fields_of(const char *format)
{
	char *fields = calloc(1, strlen(format) + 1), *end;
	const char *s = format;

	while (fields && (s = strstr(s, "\tfield:"))) {
		s += strlen("\tfield:");
		end = strchr(s, ';');
		while (end && end > s && end[-1] != ' ')
			end--;
		if (end && strncmp(end, "common_", 7))
			sprintf(fields + strlen(fields), " %.*s;",
				(int)strcspn(end, ";"), end);
	}
	return fields;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Sort the fields of fields_of(). */
static void sort_fields(char *fields)
{
	char *copy = strdup(fields), *rest = copy, *word[32];
	unsigned int nr = 0, i;

	while (copy && nr < 32 && (word[nr] = strsep(&rest, ";")) && rest)
		nr++;
	qsort(word, nr, sizeof(*word), compare_words);
	*fields = '\0';
	for (i = 0; i < nr; i++)
		sprintf(fields + strlen(fields), "%s;", word[i]);
	free(copy);
}

/* Returns the format string of an event, without parts that umbra has not. */
static char *print_of(const char *format)
{
	static const char * const parts[] = {
		"page=%p ", " pid: %d memcg_id: %llu", " %s\"",
	};
	const char *s = strstr(format, "print fmt: \"");
	char *print = s ? strdup(s + strlen("print fmt: ")) : strdup("");
	unsigned int i;

	if (*print)
		print[1 + strcspn(print + 1, "\"") + 1] = '\0';
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		remove_all(print, parts[i]);
	print[strcspn(print + !!*print, "\"") + !!*print] = '\0';
	return print;
}

TEST_F(device, decisions_have_the_fields_and_the_format_of_the_host)
{
	char path[128], *ours, *hosts, *want, *have;
	unsigned int i, compared = 0;

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	for (i = 0; i < ARRAY_SIZE(decisions); i++) {
		snprintf(path, sizeof(path), EVENTS "umbra_%s/format",
			 decisions[i].ours);
		ours = read_file(path, NULL);
		ASSERT_NE(NULL, ours) TH_LOG("%s", path);
		snprintf(path, sizeof(path), TRACEFS "events/%s/format",
			 decisions[i].hosts);
		hosts = read_file(path, NULL);
		if (!hosts) {
			EXPECT_FALSE(is_newest()) TH_LOG("%s", path);
			free(ours);
			continue;
		}
		want = fields_of(hosts);
		have = fields_of(ours);
		remove_all(want, " memcg_id;");
		/* Older kernels have the same fields in another order. */
		if (!is_newest()) {
			sort_fields(want);
			sort_fields(have);
		}
		EXPECT_STREQ(want, have) TH_LOG("%s", decisions[i].ours);
		free(want);
		free(have);
		want = print_of(hosts);
		have = print_of(ours);
		if (is_newest())
			EXPECT_STREQ(want, have) TH_LOG("%s", path);
		free(want);
		free(have);
		free(ours);
		free(hosts);
		compared++;
	}
	EXPECT_LE(is_newest() ? ARRAY_SIZE(decisions) : 10, compared);
}

/* Returns a field of the event that begins at @event. */
static long field_of(const char *event, const char *name)
{
	const char *s = strstr(event, name);

	return s ? strtol(s + strlen(name), NULL, 0) : -1000;
}

/*
 * If all pageblocks are Movable, a request of another type must take from them.
 */
TEST_F(device, fallback_is_recorded)
{
	char *text, *s;

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	ASSERT_NE(0, device_alloc_flags(self->fd, 10, self->nr_pages >> 10,
					UMBRA_GFP_MOVABLE));
	close(self->fd);
	self->fd = device_open(O_RDWR);
	ASSERT_EQ(0, write_file(TRACEFS "trace", ""));
	ASSERT_NE(0, device_alloc_flags(self->fd, 3, 1,
					UMBRA_GFP_RECLAIMABLE));
	EXPECT_EQ(1, count_events("umbra_page_alloc_extfrag: "));
	text = read_file(TRACEFS "trace", NULL);
	ASSERT_NE(NULL, text);
	s = strstr(text, "umbra_page_alloc_extfrag: ");
	ASSERT_NE(NULL, s);
	EXPECT_EQ(last_event("umbra_page_alloc").pfn, field_of(s, " pfn="));
	EXPECT_EQ(3, field_of(s, " alloc_order="));
	EXPECT_EQ(10, field_of(s, " fallback_order="));
	EXPECT_EQ(2, field_of(s, " alloc_migratetype="));
	EXPECT_EQ(1, field_of(s, " fallback_migratetype="));
	EXPECT_EQ(0, field_of(s, " fragmenting="));
	EXPECT_EQ(1, field_of(s, " change_ownership="));
	free(text);
}

#define WAKEUP "umbra_wakeup_kswapd: nid=0 "

/* Returns the trace of a request for more pages than there are. */
static char *trace_failure(struct __test_metadata *_metadata, int fd,
			   uint64_t nr_pages)
{
	write_file(TRACEFS "trace", "");
	EXPECT_EQ(0, device_alloc(fd, 0, nr_pages));
	return read_file(TRACEFS "trace", NULL);
}

/* All steps of a request that finds no free page. */
TEST_F(device, slow_path_is_recorded)
{
	static const char * const names[] = {
		"umbra_slowpath_begin: order=0 ",
		"umbra_direct_reclaim_begin: order=0 ",
		"umbra_direct_reclaim_end: nr_reclaimed=",
		"umbra_slowpath_end: order=0 pfn=0x0 steps=",
	};
	char *text = NULL, *s;
	unsigned int i;

	ASSERT_NE(0, device_alloc(self->fd, 0, 1));
	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	/* the events of single pages would fill the trace */
	ASSERT_EQ(0, write_file(EVENTS "umbra_page_alloc/filter", "order > 2"));
	ASSERT_EQ(0, write_file(EVENTS "umbra_page_free/filter", "order > 2"));
	/* a kswapd that has given up is not woken for a while */
	WAIT_UNTIL((free(text), text = trace_failure(_metadata, self->fd,
						     self->nr_pages),
		    !text || strstr(text, WAKEUP)));
	ASSERT_NE(NULL, text);
	s = text;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		s = strstr(s, names[i]);
		ASSERT_NE(NULL, s) TH_LOG("no %s", names[i]);
	}
	EXPECT_NE(NULL, strstr(text, WAKEUP));
	free(text);
}

TEST_F(device, compaction_and_reclaim_are_recorded)
{
	struct umbra_ioc_unlock u = { };

	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	u.handle = device_alloc_flags(self->fd, 0, 64, UMBRA_GFP_VOLATILE);
	ASSERT_NE(0, u.handle);
	ASSERT_EQ(0, ioctl(self->fd, UMBRA_IOC_UNLOCK, &u));
	ASSERT_EQ(0, write_file(DEBUGFS_DIR "ctl/compact", "all"));
	EXPECT_NE(0, count_events("umbra_compaction_begin: "));
	EXPECT_EQ(count_events("umbra_compaction_begin: "),
		  count_events("umbra_compaction_end: "));
	EXPECT_NE(0, count_events("umbra_compaction_finished: node=0 zone=Normal   order=-1 ret="));
	ASSERT_EQ(0, write_file(DEBUGFS_DIR "ctl/reclaim", "64"));
	EXPECT_NE(0, count_events("umbra_lru_shrink_inactive: nid=0 "));
}

TEST_F(device, filter_on_a_field_works)
{
	if (!trace_begin())
		SKIP(return, NO_TRACEFS);
	ASSERT_EQ(0, write_file(EVENTS "umbra_page_alloc/filter", "order > 2"));
	EXPECT_NE(0, device_alloc(self->fd, 2, 1));
	EXPECT_NE(0, device_alloc(self->fd, 3, 1));
	EXPECT_EQ(1, count_events("umbra_page_alloc: "));
	EXPECT_EQ(3, last_event("umbra_page_alloc").order);
}

TEST_HARNESS_MAIN
