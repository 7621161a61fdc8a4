// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of /dev/umbra under every operation of the host on a mapping.
 */
#include "device.h"

#define SEED 42

/* Do the VmFlags of the mapping at @p have @flag? False if they are unknown. */
static bool vma_has_flag(void *p, const char *flag)
{
	char *text = read_file("/proc/self/smaps", NULL);
	char start[32], word[8];
	bool has = false;
	char *s, *end;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
	snprintf(word, sizeof(word), " %s", flag);
	s = text ? strstr(text, start) : NULL;
	s = s ? strstr(s, "VmFlags:") : NULL;
	end = s ? strchr(s, '\n') : NULL;
	if (end) {
		*end = '\0';
		has = strstr(s, word);
	}
	free(text);
	return has;
}

#define EXPECT_NO_MAP(wanted, fd, offset, bytes) do { \
	errno = 0; \
	EXPECT_EQ(MAP_FAILED, device_map(fd, offset, bytes)); \
	EXPECT_EQ(wanted, errno) \
		TH_LOG("%s: %s", #offset, strerror(errno)); \
} while (0)

TEST_F(device, mapping_must_lie_inside_one_allocation)
{
	uint64_t a = device_alloc(self->fd, 1, 2);
	uint64_t b = device_alloc(self->fd, 1, 2);
	const size_t page = self->page;

	ASSERT_EQ(a + 4 * page, b);
	EXPECT_NO_MAP(EINVAL, self->fd, a, 5 * page);
	EXPECT_NO_MAP(EINVAL, self->fd, a, 8 * page);
	EXPECT_NO_MAP(EINVAL, self->fd, a + page, 4 * page);
	EXPECT_NO_MAP(EINVAL, self->fd, b, 5 * page);
	EXPECT_NO_MAP(EINVAL, self->fd, b + 4 * page, page);
	EXPECT_NO_MAP(EINVAL, self->fd, b, 1UL << 40);
	EXPECT_NO_MAP(EINVAL, self->fd, 0, page);
	EXPECT_NO_MAP(EINVAL, self->fd, a - page, page);
	EXPECT_NO_MAP(EINVAL, self->fd, a + 1, page);
	EXPECT_NO_MAP(EINVAL, self->fd, a, 0);
	EXPECT_NO_MAP(EINVAL, self->fd, 1ULL << 50, page);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_NO_MAP(EINVAL, self->fd, a, page);
}

TEST_F(device, private_mappings_are_refused)
{
	uint64_t a = device_alloc(self->fd, 0, 1);

	ASSERT_NE(0, a);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, self->fd, a));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, self->page, PROT_READ, MAP_PRIVATE,
				   self->fd, a));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, blocks_of_an_allocation_follow_each_other)
{
	uint64_t a = device_alloc(self->fd, 2, 5), pfn = 0, seen;
	size_t bytes = 20 * self->page;
	unsigned int i;
	char *p;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(is_zero(p, bytes));
	write_pattern(p, bytes, SEED);
	EXPECT_EQ(-1, find_damage(p, bytes, SEED));
	for (i = 0; i < 20; i++) {
		seen = frame_of(p + i * self->page);
		ASSERT_NE(0, seen);
		EXPECT_EQ(i % 4 ? pfn + 1 : seen & ~3ULL, seen);
		pfn = seen;
	}
	EXPECT_EQ(0, munmap(p, bytes));
}

TEST_F(device, part_of_an_allocation_can_be_mapped)
{
	uint64_t a = device_alloc(self->fd, 1, 4);
	const size_t page = self->page;
	char *whole, *part;
	unsigned int i;

	ASSERT_NE(0, a);
	whole = device_map(self->fd, a, 8 * page);
	ASSERT_NE(MAP_FAILED, whole);
	write_pattern(whole, 8 * page, SEED);
	for (i = 0; i < 8; i++) {
		part = device_map(self->fd, a + i * page, (8 - i) * page);
		ASSERT_NE(MAP_FAILED, part);
		EXPECT_EQ(0, memcmp(part, whole + i * page, (8 - i) * page));
		EXPECT_EQ(0, munmap(part, (8 - i) * page));
	}
	part = device_map(self->fd, a + 3 * page, 100);
	ASSERT_NE(MAP_FAILED, part);
	EXPECT_EQ(0, memcmp(part, whole + 3 * page, page));
}

TEST_F(device, two_mappings_share_memory)
{
	uint64_t a = device_alloc(self->fd, 0, 2);
	size_t bytes = 2 * self->page;
	char *p, *q;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, bytes);
	q = device_map(self->fd, a, bytes);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(MAP_FAILED, q);
	write_pattern(p, bytes, SEED);
	EXPECT_EQ(-1, find_damage(q, bytes, SEED));
	write_pattern(q, bytes, SEED + 1);
	EXPECT_EQ(-1, find_damage(p, bytes, SEED + 1));
}

TEST_F(device, mapping_keeps_the_file_open)
{
	int fd = device_open(O_RDWR);
	uint64_t a;
	char *p;

	a = alloc_map(fd, 2, &p);
	ASSERT_NE(0, a);
	close(fd);
	write_pattern(p, 4 * self->page, SEED);
	EXPECT_EQ(-1, find_damage(p, 4 * self->page, SEED));
	EXPECT_EQ(self->nr_free - 4, device_info(self->fd).nr_free);
	EXPECT_EQ(0, munmap(p, 4 * self->page));
	EXPECT_EQ(self->nr_free,
		  WAIT_INFO(self->fd, nr_free, self->nr_free));
}

TEST_F(device, freed_memory_stays_valid_in_its_mapping)
{
	struct umbra_ioc_info info;
	char *p;
	uint64_t a = alloc_map(self->fd, 2, &p);
	size_t bytes = 4 * self->page;

	ASSERT_NE(0, a);
	write_pattern(p, bytes, SEED);
	EXPECT_EQ(0, device_free(self->fd, a));
	info = device_info(self->fd);
	EXPECT_EQ(4, info.file_pages);
	EXPECT_EQ(4, info.file_held);
	EXPECT_EQ(4, info.nr_held);
	EXPECT_EQ(self->nr_free - 4, info.nr_free);
	EXPECT_NO_MAP(EINVAL, self->fd, a, bytes);

	/* another allocation must not get these pages */
	EXPECT_NE(0, device_alloc(self->fd, 0, self->nr_free - 4));
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	EXPECT_EQ(-1, find_damage(p, bytes, SEED));
	write_pattern(p, bytes, SEED + 1);
	EXPECT_EQ(-1, find_damage(p, bytes, SEED + 1));

	EXPECT_EQ(0, munmap(p, bytes));
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	EXPECT_EQ(0, device_info(self->fd).file_held);
	EXPECT_EQ(self->nr_free - 4, device_info(self->fd).file_pages);
	EXPECT_EQ(4, device_info(self->fd).nr_free);
}

TEST_F(device, only_mapped_pages_are_held_after_free)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 3, &p);

	ASSERT_NE(0, a);
	p[2 * self->page] = 1;
	p[5 * self->page] = 1;
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(2, device_info(self->fd).file_held);
	EXPECT_EQ(2, device_info(self->fd).file_pages);
	EXPECT_EQ(self->nr_free - 2, device_info(self->fd).nr_free);
	EXPECT_TRUE(verify_is_ok());

	/* after the free, a page that was not touched before is not mapped */
	EXPECT_EQ(-SIGBUS, touch(p, false));
	EXPECT_EQ(-SIGBUS, touch(p + 7 * self->page, true));
	EXPECT_EQ(1, p[2 * self->page]);
	EXPECT_EQ(0, munmap(p, 8 * self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, dropped_page_of_freed_memory_cannot_be_mapped_again)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 0, &p);

	ASSERT_NE(0, a);
	*p = 1;
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, madvise(p, self->page, MADV_DONTNEED));
	EXPECT_EQ(-SIGBUS, touch(p, false));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
	EXPECT_EQ(-SIGBUS, touch(p, true));
}

TEST_F(device, freed_memory_mapped_twice_is_held_until_both_are_gone)
{
	uint64_t a = device_alloc(self->fd, 0, 1);
	char *p, *q;

	ASSERT_NE(0, a);
	p = device_map(self->fd, a, self->page);
	q = device_map(self->fd, a, self->page);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(MAP_FAILED, q);
	*p = 1;
	EXPECT_EQ(1, *q);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, munmap(p, self->page));
	rescan_held();
	EXPECT_EQ(1, device_info(self->fd).file_held);
	EXPECT_EQ(1, *q);
	EXPECT_EQ(0, munmap(q, self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, shrinking_a_mapping_releases_held_pages)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 3, &p);
	const size_t page = self->page;

	ASSERT_NE(0, a);
	write_pattern(p, 8 * page, SEED);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(8, device_info(self->fd).file_held);
	EXPECT_EQ(0, munmap(p + 2 * page, 3 * page));
	EXPECT_EQ(5, WAIT_INFO(self->fd, nr_held, 5));
	EXPECT_EQ(5, device_info(self->fd).file_held);
	EXPECT_EQ(5, device_info(self->fd).file_pages);
	EXPECT_EQ(-1, find_damage(p, 2 * page, SEED));
	EXPECT_EQ(0, munmap(p, 8 * page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, unmapping_a_part_keeps_the_rest)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 2, &p);
	const size_t page = self->page;

	ASSERT_NE(0, a);
	write_pattern(p, 4 * page, SEED);
	EXPECT_EQ(0, munmap(p + page, 2 * page));
	EXPECT_EQ(-1, find_damage(p, page, SEED));
	EXPECT_EQ(-SIGSEGV, touch(p + page, false));
	EXPECT_EQ(-SIGSEGV, touch(p + 2 * page, true));
	p[3 * page] = 7;
	EXPECT_EQ(p + page, mmap(p + page, 2 * page, PROT_READ,
				 MAP_SHARED | MAP_FIXED, self->fd, a + page));
	p[3 * page] = pattern(SEED, 3 * page / sizeof(uint64_t));
	EXPECT_EQ(-1, find_damage(p, 4 * page, SEED));
	EXPECT_EQ(0, munmap(p, 4 * page));
}

TEST_F(device, mlockall_works_before_and_after_mapping)
{
	uint64_t a, b;
	char *p, *q;

	a = alloc_map(self->fd, 2, &p);
	ASSERT_NE(0, a);
	write_pattern(p, self->page, SEED);
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	b = alloc_map(self->fd, 2, &q);
	ASSERT_NE(0, b);
	write_pattern(p + self->page, self->page, SEED);
	write_pattern(q, 4 * self->page, SEED);
	EXPECT_EQ(-1, find_damage(p, self->page, SEED));
	EXPECT_EQ(-1, find_damage(q, 4 * self->page, SEED));
	EXPECT_EQ(0, mlock(p, 4 * self->page));
	EXPECT_EQ(0, device_free(self->fd, b));
	EXPECT_EQ(-1, find_damage(q, 4 * self->page, SEED));
	EXPECT_EQ(0, munmap(q, 4 * self->page));
	EXPECT_EQ(0, munlockall());
	EXPECT_EQ(0, munmap(p, 4 * self->page));
}

TEST_F(device, map_populate_and_map_locked_work)
{
	uint64_t a = device_alloc(self->fd, 3, 1);
	size_t bytes = 8 * self->page;
	char *p, *q;

	ASSERT_NE(0, a);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_POPULATE, self->fd, a);
	ASSERT_NE(MAP_FAILED, p);
	q = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_LOCKED, self->fd, a);
	ASSERT_NE(MAP_FAILED, q);
	write_pattern(p, bytes, SEED);
	EXPECT_EQ(-1, find_damage(q, bytes, SEED));
}

TEST_F(device, madv_dontneed_keeps_the_data)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 2, &p), pfn;
	size_t bytes = 4 * self->page;

	ASSERT_NE(0, a);
	write_pattern(p, bytes, SEED);
	pfn = frame_of(p);
	EXPECT_EQ(0, madvise(p, bytes, MADV_DONTNEED));
	EXPECT_EQ(0, frame_of(p));
	EXPECT_EQ(-1, find_damage(p, bytes, SEED));
	EXPECT_EQ(pfn, frame_of(p));
}

TEST_F(device, other_madvise_calls_keep_the_data)
{
	static const int advice[] = {
		MADV_NORMAL, MADV_WILLNEED, MADV_FREE, MADV_REMOVE,
		MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLD,
		MADV_PAGEOUT, MADV_DOFORK, MADV_DODUMP, MADV_DONTDUMP,
		22 /* POPULATE_READ */, 23 /* POPULATE_WRITE */,
		25 /* COLLAPSE */,
	};
	char *p;
	uint64_t a = alloc_map(self->fd, 9, &p);
	size_t bytes = self->page << 9;
	unsigned int i;

	ASSERT_NE(0, a);
	write_pattern(p, bytes, SEED);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		madvise(p, bytes, advice[i]);
		EXPECT_EQ(-1, find_damage(p, bytes, SEED))
			TH_LOG("advice %d", advice[i]);
	}
	EXPECT_TRUE(vma_has_flag(p, "dd"));
}

TEST_F(device, mremap_moves_and_shrinks_but_does_not_grow)
{
	char *p, *q, *target;
	uint64_t a = alloc_map(self->fd, 3, &p);
	const size_t page = self->page;

	ASSERT_NE(0, a);
	write_pattern(p, 8 * page, SEED);
	EXPECT_EQ(MAP_FAILED, mremap(p, 8 * page, 16 * page, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(MAP_FAILED, mremap(p, 4 * page, 5 * page, MREMAP_MAYMOVE));

	target = mmap(NULL, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, target);
	q = mremap(p, 8 * page, 8 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
		   target);
	ASSERT_EQ(target, q);
	EXPECT_EQ(-1, find_damage(q, 8 * page, SEED));
	EXPECT_EQ(-SIGSEGV, touch(p, false));

	EXPECT_EQ(q, mremap(q, 8 * page, 4 * page, 0));
	EXPECT_EQ(-1, find_damage(q, 4 * page, SEED));
	EXPECT_EQ(-SIGSEGV, touch(q + 4 * page, false));
	EXPECT_EQ(MAP_FAILED, mremap(q, 4 * page, 8 * page, MREMAP_MAYMOVE));
}

TEST_F(device, mremap_moves_a_page_from_the_middle)
{
	char *p, *q, *target;
	uint64_t a = alloc_map(self->fd, 2, &p);
	const size_t page = self->page;

	ASSERT_NE(0, a);
	write_pattern(p, 4 * page, SEED);
	target = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	ASSERT_NE(MAP_FAILED, target);
	q = mremap(p + page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
		   target);
	ASSERT_EQ(target, q);
	EXPECT_EQ(0, madvise(q, page, MADV_DONTNEED));
	EXPECT_EQ(pattern(SEED, page / 8), *(uint64_t *)q);
	EXPECT_EQ(0, munmap(q, page));
	EXPECT_EQ(0, munmap(p, 4 * page));
}

struct shared {
	uint64_t *p;
	int ready, go;
};

static int child_shares(void *arg)
{
	struct shared *s = arg;
	char c;

	if (s->p[0] != 1 || s->p[512] != 2)
		return 1;
	s->p[1] = 3;
	if (write(s->ready, "", 1) != 1 || read(s->go, &c, 1) != 1)
		return 2;
	/* the parent has freed, unmapped and closed by now */
	return s->p[0] == 1 && s->p[1] == 3 && s->p[512] == 2 ? 0 : 3;
}

TEST_F(device, child_keeps_shared_memory_after_the_parent_frees_it)
{
	int ready[2], go[2], status;
	struct shared s;
	char *p, c;
	uint64_t a = alloc_map(self->fd, 1, &p);
	pid_t pid;

	ASSERT_NE(0, a);
	s.p = (uint64_t *)p;
	s.p[0] = 1;
	s.p[512] = 2;
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	s.ready = ready[1];
	s.go = go[0];
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(child_shares(&s));
	ASSERT_EQ(1, read(ready[0], &c, 1));
	EXPECT_EQ(3, s.p[1]);
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(0, munmap(p, 2 * self->page));
	rescan_held();
	EXPECT_EQ(2, device_info(self->fd).file_held);
	EXPECT_NE(0, device_alloc(self->fd, 0, self->nr_free - 2));
	EXPECT_EQ(0, device_alloc(self->fd, 0, 1));
	ASSERT_EQ(1, write(go[1], "", 1));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

TEST_F(device, madv_dontfork_keeps_the_mapping_from_the_child)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 0, &p);

	ASSERT_NE(0, a);
	*p = 1;
	ASSERT_EQ(0, madvise(p, self->page, MADV_DONTFORK));
	EXPECT_EQ(-SIGSEGV, touch(p, false));
	EXPECT_EQ(1, *p);
}

TEST_F(device, mprotect_removes_and_restores_access)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 1, &p);

	ASSERT_NE(0, a);
	*p = 5;
	ASSERT_EQ(0, mprotect(p, 2 * self->page, PROT_READ));
	EXPECT_EQ(5, *p);
	EXPECT_EQ(-SIGSEGV, touch(p, true));
	EXPECT_EQ(-SIGSEGV, touch(p + self->page, true));
	ASSERT_EQ(0, mprotect(p, 2 * self->page, PROT_NONE));
	EXPECT_EQ(-SIGSEGV, touch(p, false));
	ASSERT_EQ(0, mprotect(p, 2 * self->page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(5, *p);
	p[self->page] = 6;
	EXPECT_EQ(0, touch(p, true));
}

TEST_F(device, read_only_file_cannot_be_mapped_writable)
{
	int fd = device_open(O_RDONLY);
	uint64_t a = device_alloc(fd, 0, 1);
	char *p;

	ASSERT_NE(0, a);
	EXPECT_NO_MAP(EACCES, fd, a, self->page);
	p = mmap(NULL, self->page, PROT_READ, MAP_SHARED, fd, a);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, *p);
	EXPECT_EQ(-SIGSEGV, touch(p, true));
	EXPECT_EQ(-1, mprotect(p, self->page, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(0, munmap(p, self->page));
	close(fd);
}

TEST_F(device, write_only_file_cannot_be_mapped)
{
	int fd = device_open(O_WRONLY);
	uint64_t a = device_alloc(fd, 0, 1);

	ASSERT_NE(0, a);
	EXPECT_NO_MAP(EACCES, fd, a, self->page);
	close(fd);
}

TEST_F(device, mapping_is_left_out_of_core_dumps_and_does_not_expand)
{
	char *p;
	uint64_t a = alloc_map(self->fd, 0, &p);

	ASSERT_NE(0, a);
	EXPECT_TRUE(vma_has_flag(p, "dd"));
	EXPECT_TRUE(vma_has_flag(p, "de"));
	EXPECT_TRUE(vma_has_flag(p, "mm"));
	EXPECT_TRUE(vma_has_flag(p, "sh"));
	EXPECT_FALSE(vma_has_flag(p, "pf"));
	EXPECT_FALSE(vma_has_flag(p, "io"));
}

TEST_F(device, mapping_and_unmapping_many_times_loses_no_pages)
{
	uint64_t a = device_alloc(self->fd, 4, 1);
	size_t bytes = 16 * self->page;
	unsigned int i;
	char *p;

	ASSERT_NE(0, a);
	for (i = 0; i < 300; i++) {
		p = device_map(self->fd, a, bytes);
		ASSERT_NE(MAP_FAILED, p);
		p[i % 16 * self->page] = i;
		ASSERT_EQ(0, munmap(p, bytes));
	}
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(self->nr_free, device_info(self->fd).nr_free);
}

TEST_HARNESS_MAIN
