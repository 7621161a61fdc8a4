// SPDX-License-Identifier: GPL-2.0
/*
 * The files of an instance in debugfs: their formats, and that they agree with
 * each other and with the device, while the instance is idle and under load.
 */
#include "device.h"
#include <regex.h>

#define NR_ORDERS 11

/* The bytes of "frames": state in the upper half, order in the lower. */
enum { OFFLINE, FREE, TAIL, PCP, HELD, ALLOC = 8, NR_STATES = 16 };

struct block {
	unsigned long pfn;
	unsigned int order;
};

struct free_lists {
	unsigned int nr;
	unsigned long pages;
	unsigned long per_order[NR_ORDERS];
	struct block *block;
};

static bool matches(const char *text, const char *expression)
{
	regex_t re;
	bool yes;

	if (regcomp(&re, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
		return false;
	yes = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return yes;
}

/* Does every line of a text match, and does the last one end in a newline? */
static bool every_line_matches(char *text, const char *expression)
{
	char *line = text, *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!matches(line, expression)) {
			fprintf(stderr, "# line \"%s\"\n", line);
			return false;
		}
		*end = '\n';
	}
	return line > text && !*line;
}

/* Read the free blocks per order of all zones. Returns the number of pages. */
static unsigned long read_buddyinfo(unsigned long nr[NR_ORDERS])
{
	char *text = read_file(DEBUGFS_DIR "buddyinfo", NULL);
	unsigned long pages = 0;
	char *line, *s;
	unsigned int order;

	memset(nr, 0, NR_ORDERS * sizeof(*nr));
	for (line = text; line && *line; line = strchr(line, '\n') + 1) {
		s = strstr(line, "zone") + 4;
		s += strspn(s, " ");
		s += strcspn(s, " ");
		for (order = 0; order < NR_ORDERS; order++) {
			unsigned long n = strtoul(s, &s, 10);

			nr[order] += n;
			pages += n << order;
		}
	}
	free(text);
	return pages;
}

static struct free_lists parse_free_lists(const char *text)
{
	struct free_lists lists = { 0 };
	const char *line;

	for (line = text; *line; line = strchr(line, '\n') + 1)
		lists.nr++;
	lists.block = calloc(lists.nr + 1, sizeof(*lists.block));
	lists.nr = 0;
	for (line = text; *line; line = strchr(line, '\n') + 1) {
		struct block *b = &lists.block[lists.nr++];

		if (sscanf(line, "Node %*u, zone %*[^,], order %u, type %*[^,], pfn %lx",
			   &b->order, &b->pfn) != 2 || b->order >= NR_ORDERS) {
			fprintf(stderr, "# cannot read: %.60s\n", line);
			break;
		}
		lists.per_order[b->order]++;
		lists.pages += 1UL << b->order;
	}
	return lists;
}

static int by_pfn(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Returns the number of blocks that are misaligned or overlap another block. */
static unsigned int count_bad_blocks(struct free_lists *lists)
{
	unsigned int i, bad = 0;

	qsort(lists->block, lists->nr, sizeof(*lists->block), by_pfn);
	for (i = 0; i < lists->nr; i++) {
		struct block *b = &lists->block[i];

		bad += b->pfn & ((1UL << b->order) - 1) ||
		       (i && b->pfn < b[-1].pfn + (1UL << b[-1].order));
	}
	return bad;
}

static unsigned long layout_value(const char *key)
{
	char *text = read_file(DEBUGFS_DIR "layout", NULL);
	char *s = text ? strstr(text, key) : NULL;
	unsigned long value = s ? strtoul(s + strlen(key), NULL, 0) : 0;

	free(text);
	return value;
}

TEST_F(device, only_root_can_read_debugfs_files)
{
	static const char * const names[] = {
		"buddyinfo", "free_lists", "layout", "frames", "verify",
	};
	char path[128];
	struct stat st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DEBUGFS_DIR "%s", names[i]);
		ASSERT_EQ(0, stat(path, &st))
			TH_LOG("%s", path);
		EXPECT_EQ(0400, st.st_mode & 07777)
			TH_LOG("%s", path);
		EXPECT_EQ(0, st.st_uid);
	}
}

/* Tools that read the host's file must be able to read this one. */
TEST_F(device, buddyinfo_has_the_format_of_the_host)
{
	static const char expression[] =
		"^Node [0-9]+, zone {1,8}[A-Za-z0-9]{1,8} ( *[0-9]+ ){11}$";
	static const char columns[] =
		"^Node [0-9]+, zone .{8} ([ 0-9]{5}[0-9]+ ){11}$";
	char *ours = read_file(DEBUGFS_DIR "buddyinfo", NULL);
	char *hosts = read_file("/proc/buddyinfo", NULL);

	ASSERT_NE(NULL, ours);
	ASSERT_NE(NULL, hosts);
	EXPECT_TRUE(every_line_matches(hosts, expression));
	EXPECT_TRUE(every_line_matches(ours, expression));
	EXPECT_TRUE(every_line_matches(hosts, columns));
	EXPECT_TRUE(every_line_matches(ours, columns));
	EXPECT_EQ(0, strncmp(ours, "Node 0, zone   Normal ", 22));
	/* lines have the same width if no number is wider than its column */
	EXPECT_EQ(strchr(hosts, '\n') - hosts, strchr(ours, '\n') - ours);
	free(ours);
	free(hosts);
}

TEST_F(device, buddyinfo_adds_up_to_the_free_pages)
{
	unsigned long nr[NR_ORDERS];

	EXPECT_EQ(self->nr_free, read_buddyinfo(nr));
	fragment(self->fd);
	EXPECT_EQ(device_info(self->fd).nr_free, read_buddyinfo(nr));
	EXPECT_LT(0, nr[0] + nr[1] + nr[2] + nr[3]);
}

TEST_F(device, free_lists_agree_with_buddyinfo)
{
	static const char expression[] =
		"^Node [0-9]+, zone [ A-Za-z0-9]{8}, order [ 0-9]{2}, type .{11}, pfn 0x[0-9a-f]+$";
	unsigned long nr[NR_ORDERS], pages;
	struct free_lists lists;
	unsigned int order;
	char *text;

	fragment(self->fd);
	pages = read_buddyinfo(nr);
	text = read_file(DEBUGFS_DIR "free_lists", NULL);
	ASSERT_NE(NULL, text);
	EXPECT_TRUE(every_line_matches(text, expression));
	lists = parse_free_lists(text);
	EXPECT_EQ(pages, lists.pages);
	for (order = 0; order < NR_ORDERS; order++)
		EXPECT_EQ(nr[order], lists.per_order[order]);
	EXPECT_EQ(0, count_bad_blocks(&lists));
	free(lists.block);
	free(text);
}

static void check_seeking(struct __test_metadata *_metadata, const char *path)
{
	static const size_t pieces[] = { 1, 7, 61, 4096 };
	size_t bytes = 0, at, got;
	char *whole = read_file(path, &bytes);
	int fd = open(path, O_RDONLY);
	char buf[4096];
	unsigned int i;

	ASSERT_NE(NULL, whole);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t step = bytes / 50 + 1;

		for (at = 0; at < bytes; at += step) {
			got = pread(fd, buf, pieces[i], at);
			ASSERT_LT(0, (ssize_t)got)
				TH_LOG("%s at %zu", path, at);
			ASSERT_GE(bytes - at, got);
			ASSERT_EQ(0, memcmp(buf, whole + at, got))
				TH_LOG("%s at %zu", path, at);
		}
	}
	/* backwards, and by lseek() */
	for (at = bytes; at > 0; at -= at > 997 ? 997 : at) {
		ASSERT_EQ(at - 1, lseek(fd, at - 1, SEEK_SET));
		ASSERT_EQ(1, read(fd, buf, 1));
		ASSERT_EQ(whole[at - 1], buf[0]);
	}
	EXPECT_EQ(0, pread(fd, buf, 1, bytes));
	EXPECT_EQ(0, pread(fd, buf, 1, bytes + 100000));
	EXPECT_EQ(-1, pread(fd, buf, 1, -1));
	close(fd);
	free(whole);
}

TEST_F(device, files_support_seeking)
{
	fragment(self->fd);
	check_seeking(_metadata, DEBUGFS_DIR "buddyinfo");
	check_seeking(_metadata, DEBUGFS_DIR "free_lists");
	check_seeking(_metadata, DEBUGFS_DIR "layout");
	check_seeking(_metadata, DEBUGFS_DIR "frames");
}

TEST_F(device, free_lists_show_no_block_twice_under_load)
{
	pid_t a = start_traffic(1), b = start_traffic(2);
	unsigned int i, seen = 0;

	for (i = 0; i < 100; i++) {
		char *text = read_file(DEBUGFS_DIR "free_lists", NULL);
		struct free_lists lists;

		ASSERT_NE(NULL, text);
		lists = parse_free_lists(text);
		EXPECT_EQ(0, count_bad_blocks(&lists));
		EXPECT_GE(self->nr_pages, lists.pages);
		seen += lists.nr;
		free(lists.block);
		free(text);
	}
	EXPECT_LT(100, seen);
	stop_traffic(a);
	stop_traffic(b);
}

TEST_F(device, debugfs_files_can_be_read_under_load)
{
	pid_t a = start_traffic(3), b = start_traffic(4);
	unsigned long nr[NR_ORDERS];
	unsigned int i;

	for (i = 0; i < 100; i++) {
		char *text = read_file(DEBUGFS_DIR "verify", NULL);

		ASSERT_NE(NULL, text);
		EXPECT_EQ(0, strncmp(text, "ok", 2))
			TH_LOG("%s", text);
		free(text);
		EXPECT_GE(self->nr_pages, read_buddyinfo(nr));
		free(read_file(DEBUGFS_DIR "frames", NULL));
		free(read_file(DEBUGFS_DIR "layout", NULL));
	}
	stop_traffic(a);
	stop_traffic(b);
}

TEST_F(device, frames_agree_with_buddyinfo)
{
	unsigned long free_blocks[NR_ORDERS], heads[NR_ORDERS] = { 0 };
	unsigned long states[NR_STATES] = { 0 }, allocated = 0, covered = 0;
	size_t bytes = 0, i;
	uint8_t *frame;

	fragment(self->fd);
	read_buddyinfo(free_blocks);
	frame = (uint8_t *)read_file(DEBUGFS_DIR "frames", &bytes);
	ASSERT_NE(NULL, frame);
	EXPECT_EQ(layout_value("\nframes "), bytes);
	EXPECT_LE(self->nr_pages, bytes);
	for (i = 0; i < bytes; i++) {
		unsigned int state = frame[i] >> 4, order = frame[i] & 15;

		ASSERT_GT(NR_STATES, state);
		ASSERT_GT(NR_ORDERS, order);
		states[state]++;
		if (state == OFFLINE)
			continue;
		if (state == TAIL) {
			EXPECT_GT(covered, i);
			continue;
		}
		EXPECT_LE(covered, i);
		EXPECT_EQ(0, i % (1UL << order));
		covered = i + (1UL << order);
		if (state == FREE)
			heads[order]++;
	}
	for (i = 0; i < NR_ORDERS; i++)
		EXPECT_EQ(free_blocks[i], heads[i]);
	for (i = ALLOC; i < NR_STATES; i++)
		allocated += states[i];
	EXPECT_EQ(120, allocated);
	EXPECT_EQ(0, states[HELD] + states[PCP]);
	free(frame);
}

TEST_F(device, frames_show_held_pages)
{
	uint64_t a = device_alloc(self->fd, 2, 1);
	size_t bytes, i, held = 0;
	char *p, *frame;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, 4 * self->page);
	ASSERT_NE(MAP_FAILED, p);
	*p = 1;
	p[3 * self->page] = 1;
	EXPECT_EQ(0, device_free(self->fd, a));
	frame = read_file(DEBUGFS_DIR "frames", &bytes);
	ASSERT_NE(NULL, frame);
	for (i = 0; i < bytes; i++)
		held += (uint8_t)frame[i] >> 4 == HELD;
	EXPECT_EQ(2, held);
	free(frame);
	EXPECT_TRUE(verify_is_ok());
}

TEST_F(device, frames_file_has_a_size_for_seeking)
{
	int fd = open(DEBUGFS_DIR "frames", O_RDONLY);
	off_t frames = layout_value("\nframes ");
	char *guard = mmap(NULL, self->page, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c;

	ASSERT_LE(0, fd);
	EXPECT_EQ(frames, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(0, read(fd, &c, 1));
	EXPECT_EQ(frames - 1, lseek(fd, -1, SEEK_END));
	EXPECT_EQ(1, read(fd, &c, 1));
	EXPECT_EQ(-1, lseek(fd, frames + 1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, lseek(fd, -1, SEEK_SET));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(fd, guard, 1));
	EXPECT_EQ(EFAULT, errno);
	close(fd);
}

TEST_F(device, layout_describes_the_instance)
{
	char *text = read_file(DEBUGFS_DIR "layout", NULL);

	ASSERT_NE(NULL, text);
	EXPECT_TRUE(matches(text, "^instance umbra0$"));
	EXPECT_TRUE(matches(text, "^provider (cma|contig)$"));
	EXPECT_EQ(self->page, layout_value("page_size "));
	EXPECT_EQ(9, layout_value("pageblock_order "));
	EXPECT_EQ(10, layout_value("max_order "));
	EXPECT_EQ(self->nr_pages, layout_value("managed "));
	EXPECT_EQ(self->nr_free, layout_value("free "));
	EXPECT_TRUE(matches(text, "^span 0: pfn 0x[0-9a-f]+-0x[0-9a-f]+, frames [0-9]+-[0-9]+$"));
	free(text);
}

TEST_F(device, verify_counts_frames_by_state)
{
	char *text;

	EXPECT_NE(0, device_alloc(self->fd, 3, 2));
	text = read_verify();
	ASSERT_NE(NULL, text);
	EXPECT_TRUE(matches(text, "^ok$"));
	EXPECT_TRUE(matches(text, "^allocated(, exposed)?: 16 frames, 2 blocks$"))
		TH_LOG("%s", text);
	EXPECT_TRUE(matches(text, "^misuses reported: 0$"));
	free(text);
}

TEST_F(device, files_cannot_be_written)
{
	EXPECT_EQ(-1, write_file(DEBUGFS_DIR "buddyinfo", "1"));
	EXPECT_EQ(-1, write_file(DEBUGFS_DIR "frames", "1"));
	EXPECT_EQ(-1, write_file(DEBUGFS_DIR "verify", "1"));
}

TEST_HARNESS_MAIN
