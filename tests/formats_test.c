// SPDX-License-Identifier: GPL-2.0
/*
 * Tools for files of the host can read the files of umbra: the readers of
 * formats.h read the files of both. The numbers must agree from file to file.
 * For umbra, which is idle, they must be equal. The instance has several zones
 * and nodes.
 */
#include "formats.h"
#include <sched.h>

/* The files of one allocator. */
struct files {
	const char *buddyinfo;
	const char *pagetypeinfo;
	const char *zoneinfo;
	const char *vmstat;
	const char *extfrag_index;
	const char *unusable_index;
	unsigned long slack;	/* allowed difference in pages */
};

/*
 * Files of the host change while they are read, and its counters are per CPU.
 */
static const struct files hosts = {
	.buddyinfo = "/proc/buddyinfo",
	.pagetypeinfo = "/proc/pagetypeinfo",
	.zoneinfo = "/proc/zoneinfo",
	.vmstat = "/proc/vmstat",
	.extfrag_index = "/sys/kernel/debug/extfrag/extfrag_index",
	.unusable_index = "/sys/kernel/debug/extfrag/unusable_index",
	.slack = 4096,
};

static const struct files ours = {
	.buddyinfo = DEBUGFS_DIR "buddyinfo",
	.pagetypeinfo = DEBUGFS_DIR "pagetypeinfo",
	.zoneinfo = DEBUGFS_DIR "zoneinfo",
	.vmstat = DEBUGFS_DIR "vmstat",
	.extfrag_index = DEBUGFS_DIR "extfrag/extfrag_index",
	.unusable_index = DEBUGFS_DIR "extfrag/unusable_index",
};

/* The contents of the files. */
static struct table buddyinfo, pagetypeinfo, extfrag, unusable;
static struct values zoneinfo, vmstat;

static bool read_files(const struct files *files)
{
	return !parse_table(files->buddyinfo, &buddyinfo) &&
	       parse_table(files->pagetypeinfo, &pagetypeinfo) > 0 &&
	       parse_values(files->zoneinfo, &zoneinfo) &&
	       parse_values(files->vmstat, &vmstat) &&
	       !parse_table(files->extfrag_index, &extfrag) &&
	       !parse_table(files->unusable_index, &unusable);
}

static unsigned long diff(unsigned long a, unsigned long b)
{
	return a > b ? a - b : b - a;
}

/* Returns the largest difference in free pages of a zone to another file. */
static unsigned long zone_diff(const struct row *row)
{
	const unsigned long pages = row_pages(row);
	const unsigned long others[] = {
		zone_pages(&pagetypeinfo, row->node, row->zone, true),
		zone_value(&zoneinfo, row->node, row->zone, "free"),
		zone_value(&zoneinfo, row->node, row->zone, "nr_free_pages"),
	};
	unsigned long most = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (diff(pages, others[i]) > most)
			most = diff(pages, others[i]);
	return most;
}

static unsigned long sum_diff(void)
{
	unsigned long all = 0;
	unsigned int i;

	for (i = 0; i < buddyinfo.nr; i++)
		all += row_pages(&buddyinfo.row[i]);
	return diff(all, sum_of(&vmstat, "nr_free_pages"));
}

static bool sums_agree(unsigned long slack)
{
	bool agree = sum_diff() <= slack;
	unsigned int i;

	for (i = 0; i < buddyinfo.nr; i++)
		agree = agree && zone_diff(&buddyinfo.row[i]) <= slack;
	return agree;
}

/*
 * In each zone and in sum, all files must have the same number of free pages.
 * If they differ, they are read again, since the number may have changed
 * meanwhile.
 */
static void check_sums(struct __test_metadata *_metadata,
		       const struct files *files)
{
	unsigned long pages = 0;
	unsigned int i;
	bool ok;

	WAIT_UNTIL((ok = read_files(files), !ok || sums_agree(files->slack)));
	ASSERT_TRUE(ok);
	for (i = 0; i < buddyinfo.nr; i++) {
		const struct row *row = &buddyinfo.row[i];

		EXPECT_EQ(NR_ORDERS, row->nr);
		EXPECT_EQ('\0', *row->type);
		EXPECT_GE(files->slack, zone_diff(row))
			TH_LOG("node %d, zone %s", row->node, row->zone);
		pages += row_pages(row);
	}
	EXPECT_GE(files->slack, sum_diff());
	EXPECT_LT(0, pages);
}

/* Each zone that has pages must have the values that tools rely on. */
static void check_zones(struct __test_metadata *_metadata)
{
	static const char * const names[] = {
		"boost", "min", "low", "high", "promo", "spanned", "present",
		"managed", "cma", "protection0", "protection4", "nr_free_pages",
		"nr_zone_inactive_file", "nr_zone_active_file",
		"count:", "high:", "batch:", "start_pfn:",
	};
	unsigned int i, j, nr = 0;

	for (i = 0; i < buddyinfo.nr; i++) {
		const struct row *row = &buddyinfo.row[i];

		for (j = 0; j < ARRAY_SIZE(names); j++)
			if (zone_value(&zoneinfo, row->node, row->zone,
				       names[j]) == ~0UL)
				TH_LOG("node %d, zone %s: no %s", row->node,
				       row->zone, names[j]);
			else
				nr++;
	}
	/* an older host has no promo, and a host may have only four zones */
	EXPECT_LE(buddyinfo.nr * (ARRAY_SIZE(names) - 2), nr);
}

/* The counters that umbra and the host have under the same name. */
static const char * const counters[] = {
	"nr_free_pages", "nr_zone_inactive_file", "nr_zone_active_file",
	"nr_isolated_file", "nr_free_cma", "nr_dirty",
	"numa_hit", "numa_miss", "numa_foreign", "numa_interleave",
	"numa_local", "numa_other", "pgsteal_kswapd", "pgsteal_direct",
	"pgscan_kswapd", "pgscan_direct", "pgalloc_dma",
	"pgalloc_dma32", "pgalloc_normal", "pgalloc_movable",
	"allocstall_dma", "allocstall_dma32", "allocstall_normal",
	"allocstall_movable", "pgskip_dma", "pgskip_dma32", "pgskip_normal",
	"pgskip_movable", "pgrefill", "pgfree", "pgactivate", "pgdeactivate",
	"pgscan_direct_throttle", "zone_reclaim_success", "zone_reclaim_failed",
	"slabs_scanned", "kswapd_low_wmark_hit_quickly",
	"kswapd_high_wmark_hit_quickly", "pageoutrun", "oom_kill",
	"pgmigrate_success", "pgmigrate_fail",
	"compact_migrate_scanned", "compact_free_scanned",
	"compact_isolated", "compact_stall", "compact_fail",
	"compact_success", "compact_daemon_wake",
	"compact_daemon_migrate_scanned",
	"compact_daemon_free_scanned",
};

/* Returns the number of these counters in a file. */
static unsigned int count_counters(const char *path)
{
	unsigned int i, nr = 0;

	if (!parse_values(path, &vmstat))
		return 0;
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		if (zone_value(&vmstat, -1, "", counters[i]) != ~0UL)
			nr++;
		else
			printf("# %s has no %s\n", path, counters[i]);
	}
	return nr;
}

TEST_F(device, vmstat_has_the_names_of_the_host)
{
	EXPECT_EQ(ARRAY_SIZE(counters), count_counters(hosts.vmstat));
	EXPECT_EQ(ARRAY_SIZE(counters), count_counters(ours.vmstat));
}

TEST_F(device, files_of_the_host_can_be_read_and_agree)
{
	check_sums(_metadata, &hosts);
	check_zones(_metadata);
}

TEST_F(device, files_of_umbra_can_be_read_and_agree)
{
	check_sums(_metadata, &ours);
	EXPECT_EQ(10, buddyinfo.nr);
	check_zones(_metadata);
	fragment(self->fd);
	check_sums(_metadata, &ours);
	EXPECT_EQ(device_info(self->fd).nr_free,
		  sum_of(&vmstat, "nr_free_pages"));
	EXPECT_EQ(self->nr_pages, sum_of(&zoneinfo, "managed"));
}

/* Returns a number of "verify", as in "pcp: 12 frames". */
static unsigned long verify_frames(const char *state)
{
	char *text = read_file(DEBUGFS_DIR "verify", NULL), *s;
	unsigned long n = ~0UL;
	char key[32];

	snprintf(key, sizeof(key), "\n%s: ", state);
	s = text ? strstr(text, key) : NULL;
	if (s)
		n = strtoul(s + strlen(key), NULL, 10);
	free(text);
	return n;
}

/* Returns the number of free frames in the frame map. */
static unsigned long count_free_frames(void)
{
	size_t bytes = 0, i;
	uint8_t *frame = (uint8_t *)read_file(DEBUGFS_DIR "frames", &bytes);
	unsigned long n = 0;

	for (i = 0; i < bytes; i++)
		if (frame[i] >> 4 == 1)
			n += 1UL << (frame[i] & 15);
	free(frame);
	return n;
}

TEST_F(device, frames_and_verify_agree_with_vmstat_and_zoneinfo)
{
	unsigned long free;

	fragment(self->fd);
	ASSERT_TRUE(read_files(&ours));
	free = sum_of(&vmstat, "nr_free_pages");
	EXPECT_EQ(free, verify_frames("free"));
	EXPECT_EQ(free, count_free_frames());
	EXPECT_LT(0, sum_of(&zoneinfo, "count:"));
	EXPECT_EQ(sum_of(&zoneinfo, "count:"), verify_frames("pcp"));
	drain_caches();
	ASSERT_TRUE(read_files(&ours));
	EXPECT_EQ(0, sum_of(&zoneinfo, "count:"));
	EXPECT_EQ(0, verify_frames("pcp"));
	EXPECT_LT(free, sum_of(&vmstat, "nr_free_pages"));
}

/* The pageblocks of all types must add up to the size of the instance. */
TEST_F(device, pagetypeinfo_counts_all_pageblocks)
{
	unsigned long blocks = 0;
	unsigned int i, j;

	fragment(self->fd);
	ASSERT_TRUE(read_files(&ours));
	for (i = 0; i < pagetypeinfo.nr; i++)
		for (j = 0; !*pagetypeinfo.row[i].type &&
		     j < pagetypeinfo.row[i].nr; j++)
			blocks += pagetypeinfo.row[i].value[j];
	EXPECT_EQ(self->nr_pages >> device_info(self->fd).pb_order, blocks);
}

/*
 * Compute both indices of an order, in 1/1000, from the free blocks per order.
 */
static void compute_indices(const struct row *row, unsigned int order,
			    long *extfrag_want, long *unusable_want)
{
	unsigned long blocks = 0, large = 0, pages = row_pages(row), i;

	for (i = 0; i < row->nr; i++) {
		blocks += row->value[i];
		if (i >= order)
			large += (unsigned long)row->value[i] << i;
	}
	*unusable_want = pages ? (pages - large) * 1000 / pages : 1000;
	if (!blocks)
		*extfrag_want = 0;
	else if (large)
		*extfrag_want = -1000;
	else
		*extfrag_want = 1000 - (1000 + (pages * 1000 >> order)) / blocks;
}

static long thousandths(double value)
{
	return value * 1000 + (value < 0 ? -0.5 : 0.5);
}

/* Do the indices of a zone match its buddyinfo? */
static bool has_right_indices(unsigned int i)
{
	unsigned int order;
	long a, b;

	for (order = 0; order < NR_ORDERS; order++) {
		compute_indices(&buddyinfo.row[i], order, &a, &b);
		if (a != thousandths(extfrag.row[i].value[order]) ||
		    b != thousandths(unusable.row[i].value[order]))
			return false;
	}
	return true;
}

/*
 * Returns the number of zones with right indices that did not change meanwhile.
 */
static int count_right_indices(const struct files *files)
{
	static struct table before;
	unsigned int i;
	int right = 0;

	memset(&buddyinfo, 0, sizeof(buddyinfo));
	if (!read_files(files))
		return -1;
	before = buddyinfo;
	memset(&buddyinfo, 0, sizeof(buddyinfo));
	if (parse_table(files->extfrag_index, &extfrag) ||
	    parse_table(files->unusable_index, &unusable) ||
	    parse_table(files->buddyinfo, &buddyinfo))
		return -1;
	for (i = 0; i < before.nr; i++)
		right += !memcmp(&before.row[i], &buddyinfo.row[i],
				 sizeof(before.row[i])) && has_right_indices(i);
	return right;
}

/* Try until @wanted zones have right indices and did not change meanwhile. */
static int check_indices(const struct files *files, int wanted)
{
	unsigned int i;
	int right;

	WAIT_UNTIL((right = count_right_indices(files)) < 0 ||
		   right >= wanted);
	for (i = 0; right < wanted && i < buddyinfo.nr; i++)
		if (!has_right_indices(i))
			printf("# node %d, zone %s: wrong indices\n",
			       buddyinfo.row[i].node, buddyinfo.row[i].zone);
	return right;
}

TEST_F(device, fragmentation_indices_match_buddyinfo)
{
	static const uint32_t count[] = { 4000, 1500, 700, 100 };
	unsigned int i, order;

	/* one zone of the host is enough: others may change meanwhile */
	EXPECT_LT(0, check_indices(&hosts, 1));
	EXPECT_EQ(10, check_indices(&ours, 10));
	fragment(self->fd);
	EXPECT_EQ(10, check_indices(&ours, 10));
	/* leave no free blocks of a high order */
	for (i = 0; i < ARRAY_SIZE(count); i++)
		device_alloc_flags(self->fd, 0, count[i], UMBRA_GFP_MOVABLE);
	for (order = 10; order > 0; order--)
		while (device_alloc_flags(self->fd, order, 1,
					  UMBRA_GFP_MOVABLE))
			;
	EXPECT_EQ(10, check_indices(&ours, 10));
}

static const char * const pgalloc[] = {
	"pgalloc_dma", "pgalloc_dma32", "pgalloc_normal", "pgalloc_high",
	"pgalloc_movable",
};

static unsigned long all_pgalloc(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pgalloc); i++)
		sum += sum_of(&vmstat, pgalloc[i]);
	return sum;
}

static void run_on_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

TEST_F(device, vmstat_counts_allocated_and_freed_pages)
{
	static const struct {
		unsigned int order, count;
	} cases[] = { { 0, 777 }, { 3, 50 }, { 6, 9 } };
	unsigned long alloc, freed, zone_events;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long pages = cases[i].count << cases[i].order;
		uint64_t a;

		ASSERT_TRUE(parse_values(ours.vmstat, &vmstat));
		alloc = all_pgalloc();
		freed = sum_of(&vmstat, "pgfree");
		zone_events = sum_of(&vmstat, "numa_hit") +
			      sum_of(&vmstat, "numa_miss");
		a = device_alloc(self->fd, cases[i].order, cases[i].count);
		ASSERT_NE(0, a);
		ASSERT_TRUE(parse_values(ours.vmstat, &vmstat));
		EXPECT_EQ(alloc + pages, all_pgalloc());
		EXPECT_EQ(freed, sum_of(&vmstat, "pgfree"));
		EXPECT_EQ(zone_events + cases[i].count,
			  sum_of(&vmstat, "numa_hit") +
			  sum_of(&vmstat, "numa_miss"));
		EXPECT_EQ(0, device_free(self->fd, a));
		ASSERT_TRUE(parse_values(ours.vmstat, &vmstat));
		EXPECT_EQ(freed + pages, sum_of(&vmstat, "pgfree"));
		EXPECT_EQ(alloc + pages, all_pgalloc());
	}
	/* the sums over zones must match vmstat */
	ASSERT_TRUE(parse_values(ours.zoneinfo, &zoneinfo));
	EXPECT_EQ(sum_of(&vmstat, "numa_hit"), sum_of(&zoneinfo, "numa_hit"));
	EXPECT_EQ(sum_of(&vmstat, "numa_local"),
		  sum_of(&zoneinfo, "numa_local"));
}

/* Returns the increase of a counter of a node since @before. */
static unsigned long gained(const struct values *before, int node,
			    const char *name)
{
	return sum_of_node(&zoneinfo, node, name) -
	       sum_of_node(before, node, name);
}

TEST_F(device, zoneinfo_counts_allocations_of_each_node)
{
	static struct values before;
	unsigned int count = 300;

	/* CPU 0 belongs to node 0, and CPU 1 to node 1 */
	run_on_cpu(0);
	ASSERT_TRUE(parse_values(ours.zoneinfo, &before));
	EXPECT_NE(0, device_alloc(self->fd, 2, count));
	ASSERT_TRUE(parse_values(ours.zoneinfo, &zoneinfo));
	EXPECT_EQ(count, gained(&before, 0, "numa_hit"));
	EXPECT_EQ(count, gained(&before, 0, "numa_local"));
	EXPECT_EQ(0, gained(&before, 1, "numa_hit"));
	EXPECT_EQ(0, gained(&before, 1, "numa_miss"));

	/* more pages than node 0 has; the rest comes from node 1 */
	before = zoneinfo;
	count = self->nr_pages / 2;
	EXPECT_NE(0, device_alloc(self->fd, 0, count));
	ASSERT_TRUE(parse_values(ours.zoneinfo, &zoneinfo));
	EXPECT_LT(0, gained(&before, 1, "numa_miss"));
	EXPECT_EQ(count, gained(&before, 0, "numa_hit") +
		  gained(&before, 1, "numa_miss"));
	EXPECT_EQ(gained(&before, 1, "numa_miss"),
		  gained(&before, 0, "numa_foreign"));
	EXPECT_EQ(gained(&before, 1, "numa_miss"),
		  gained(&before, 1, "numa_other"));
	EXPECT_EQ(gained(&before, 0, "numa_hit"),
		  gained(&before, 0, "numa_local"));
}

/* As in the host, where tools compute with the protection of all zones. */
TEST_F(device, zoneinfo_shows_the_zones_that_a_node_lacks)
{
	static const char * const zones[] = {
		"DMA", "DMA32", "Normal", "HighMem", "Movable",
	};
	unsigned int i, nr = 0;

	ASSERT_TRUE(read_files(&ours));
	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		EXPECT_NE(~0UL, zone_value(&zoneinfo, 0, zones[i], "managed"))
			TH_LOG("zone %s", zones[i]);
		EXPECT_NE(~0UL, zone_value(&zoneinfo, 0, zones[i],
					   "protection4"));
		nr += zone_value(&zoneinfo, 0, zones[i], "start_pfn:") != ~0UL;
	}
	/* those with pages have more lines, and are in buddyinfo */
	for (i = 0; i < buddyinfo.nr; i++)
		nr -= buddyinfo.row[i].node == 0;
	EXPECT_EQ(0, nr);
	EXPECT_EQ(0, sum_of(&zoneinfo, "node_unreclaimable:"));
}

/* The free pages in blocks of a pageblock at least, without isolated ones. */
static unsigned long pages_in_blocks(void)
{
	unsigned long pages = 0;
	unsigned int i, order;

	for (i = 0; i < pagetypeinfo.nr; i++) {
		const struct row *row = &pagetypeinfo.row[i];

		if (!*row->type || !strcmp(row->type, "Isolate"))
			continue;
		for (order = 9; order < row->nr; order++)
			pages += (unsigned long)row->value[order] << order;
	}
	return pages;
}

TEST_F(device, zoneinfo_counts_the_free_pages_in_whole_pageblocks)
{
	bool ok;

	WAIT_UNTIL((ok = read_files(&ours), !ok ||
		    sum_of(&zoneinfo, "nr_free_pages_blocks") ==
		    pages_in_blocks()));
	ASSERT_TRUE(ok);
	EXPECT_LT(0, pages_in_blocks());
	EXPECT_EQ(pages_in_blocks(), sum_of(&zoneinfo, "nr_free_pages_blocks"));
	EXPECT_GE(sum_of(&vmstat, "nr_free_pages"),
		  sum_of(&vmstat, "nr_free_pages_blocks"));
}

TEST_F(device, files_of_umbra_can_be_read_under_load)
{
	pid_t pid[3];
	unsigned int i;

	fragment(self->fd);
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		pid[i] = start_traffic(i + 10);
	for (i = 0; i < 40; i++) {
		ASSERT_TRUE(read_files(&ours));
		EXPECT_EQ(10, buddyinfo.nr);
		EXPECT_EQ(10, extfrag.nr);
		EXPECT_EQ(10, unusable.nr);
		EXPECT_GE(self->nr_pages, sum_of(&vmstat, "nr_free_pages"));
		EXPECT_GE(self->nr_pages, sum_of(&zoneinfo, "count:"));
		EXPECT_EQ(self->nr_pages, sum_of(&zoneinfo, "managed"));
	}
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		stop_traffic(pid[i]);
	drain_caches();
	check_sums(_metadata, &ours);
}

TEST_HARNESS_MAIN
