// SPDX-License-Identifier: GPL-2.0
/*
 * Volatile memory. Locked memory is kept; unlocked memory may be purged. The
 * next lock reports the number of purged pages, and a purged page reads as
 * zeroes.
 */
#include "volatile.h"

/*
 * Write to every free page. This wakes kswapd, so wait for it: it must not
 * purge the memory that a test unlocks next.
 */
static void dirty_free_pages(int fd)
{
	uint32_t nr = device_info(fd).nr_free;
	uint64_t a = device_alloc(fd, 0, nr);
	size_t bytes = (size_t)nr * sysconf(_SC_PAGESIZE);
	void *p = device_map(fd, a, bytes);

	if (p != MAP_FAILED) {
		memset(p, 0xaa, bytes);
		munmap(p, bytes);
	}
	device_free(fd, a);
	drain_caches();
	wait_until_idle();
}

TEST_F(device, volatile_memory_is_kept_while_it_is_locked)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 64, &p);

	ASSERT_NE(0, a);
	reclaim_pages(ALL);
	EXPECT_EQ(64, device_info(self->fd).file_pages);
	EXPECT_EQ(0, count_zero(p, 64));
	EXPECT_EQ(0, device_lock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(0, count_zero(p, 64));
}

TEST_F(device, unlocked_memory_keeps_its_data_until_it_is_purged)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 1, 32, &p);

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	EXPECT_EQ(0, count_zero(p, 64));
	EXPECT_EQ(64, device_info(self->fd).file_pages);
	EXPECT_EQ(0, device_lock(self->fd, a));
	EXPECT_EQ(0, count_zero(p, 64));
}

TEST_F(device, volatile_lock_reports_purged_pages)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 64, &p);

	ASSERT_NE(0, a);
	dirty_free_pages(self->fd);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_EQ(self->nr_free, WAIT_INFO(self->fd, nr_free, self->nr_free));
	EXPECT_EQ(64, device_lock(self->fd, a));
	EXPECT_EQ(64, device_info(self->fd).file_pages);
	EXPECT_EQ(64, count_zero(p, 64));

	/* the memory is locked again, so nothing is purged */
	write_pattern(p, 64 * self->page, SEED);
	reclaim_pages(ALL);
	EXPECT_EQ(-1, find_damage(p, 64 * self->page, SEED));
	EXPECT_EQ(0, device_lock(self->fd, a));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	EXPECT_EQ(0, device_lock(self->fd, a));
}

TEST_F(device, volatile_memory_of_every_order_is_purged_by_blocks)
{
	unsigned int order, nr;
	uint64_t a;
	char *p;

	for (order = 0; order <= 10; order++) {
		nr = 2 << order;
		a = make_volatile(self->fd, order, 2, &p);
		ASSERT_NE(0, a);
		ASSERT_EQ(0, device_unlock(self->fd, a));
		reclaim_pages(ALL);
		EXPECT_EQ(0, device_info(self->fd).file_pages)
			TH_LOG("order %u", order);
		EXPECT_EQ(nr, device_lock(self->fd, a));
		EXPECT_EQ(nr, count_zero(p, nr));
		EXPECT_EQ(0, munmap(p, nr * self->page));
		EXPECT_EQ(0, device_free(self->fd, a));
	}
}

/* Reclaim purges only the requested number of pages, in whole blocks. */
TEST_F(device, volatile_memory_is_purged_in_part)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 1, 256, &p), left;
	long purged;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(64);
	left = device_info(self->fd).file_pages;
	EXPECT_GE(512 - 64, left);
	EXPECT_LT(0, left);
	purged = device_lock(self->fd, a);
	EXPECT_EQ(512 - left, purged);
	EXPECT_EQ(purged, count_zero(p, 512));
}

TEST_F(device, purged_page_reads_as_zeroes_and_is_charged_again)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p);

	ASSERT_NE(0, a);
	dirty_free_pages(self->fd);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	ASSERT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_TRUE(is_zero(p + 2 * self->page, self->page));
	EXPECT_EQ(1, device_info(self->fd).file_pages);
	write_pattern(p + 2 * self->page, self->page, SEED + 2);
	EXPECT_EQ(8, device_lock(self->fd, a));
	EXPECT_EQ(8, device_info(self->fd).file_pages);
	EXPECT_EQ(7, count_zero(p, 8));
	EXPECT_EQ(-1, find_damage(p + 2 * self->page, self->page, SEED + 2));
}

TEST_F(device, volatile_page_purged_again_after_a_touch_counts_again)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 2, &p);

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	*p = 1;
	EXPECT_EQ(1, device_info(self->fd).file_pages);
	reclaim_pages(ALL);
	reclaim_pages(ALL);
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_EQ(3, device_lock(self->fd, a));
	EXPECT_EQ(2, count_zero(p, 2));
}

/* Memory that is not touched is purged first. */
TEST_F(device, volatile_memory_in_use_is_purged_last)
{
	const size_t nr = 512;
	char *p, *q;
	uint64_t used = make_volatile(self->fd, 0, nr, &p);
	uint64_t unused = make_volatile(self->fd, 0, nr, &q);
	unsigned int i;
	size_t j;

	ASSERT_NE(0, used);
	ASSERT_NE(0, unused);
	ASSERT_EQ(0, device_unlock(self->fd, used));
	ASSERT_EQ(0, device_unlock(self->fd, unused));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, madvise(p, nr * self->page, MADV_DONTNEED));
		for (j = 0; j < nr; j++)
			__atomic_load_n(p + j * self->page, __ATOMIC_RELAXED);
	}
	reclaim_pages(nr / 2);
	EXPECT_EQ(0, device_lock(self->fd, used));
	EXPECT_LE(nr / 2, device_lock(self->fd, unused));
}

TEST_F(device, volatile_lock_and_unlock_can_be_repeated)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 4, &p);

	ASSERT_NE(0, a);
	EXPECT_EQ(0, device_lock(self->fd, a));
	EXPECT_EQ(0, device_unlock(self->fd, a));
	EXPECT_EQ(0, device_unlock(self->fd, a));
	EXPECT_EQ(0, count_zero(p, 4));
	reclaim_pages(ALL);
	EXPECT_EQ(0, device_unlock(self->fd, a));
	EXPECT_EQ(4, device_lock(self->fd, a));
	EXPECT_EQ(0, device_lock(self->fd, a));
}

TEST_F(device, volatile_calls_refuse_bad_arguments)
{
	uint64_t plain = device_alloc(self->fd, 0, 2);
	uint64_t a = device_alloc_flags(self->fd, 0, 2, UMBRA_GFP_VOLATILE);
	const uint64_t none[] = {
		0, a + 1, a + self->page, a + 2 * self->page, 1ULL << 63,
		UINT64_MAX,
	};
	int other = device_open(O_RDWR);
	unsigned int i;

	ASSERT_NE(0, a);
	for (i = 0; i < ARRAY_SIZE(none); i++) {
		EXPECT_ERRNO(ENOENT, device_unlock(self->fd, none[i]));
		EXPECT_ERRNO(ENOENT, device_lock(self->fd, none[i]));
	}
	EXPECT_ERRNO(ENOENT, device_unlock(other, a));
	EXPECT_ERRNO(ENOENT, device_lock(other, a));
	EXPECT_ERRNO(EINVAL, device_unlock(self->fd, plain));
	EXPECT_ERRNO(EINVAL, device_lock(self->fd, plain));
	EXPECT_EQ(0, device_free(self->fd, a));
	EXPECT_ERRNO(ENOENT, device_unlock(self->fd, a));
	EXPECT_ERRNO(ENOENT, device_lock(self->fd, a));
	close(other);
}

TEST_F(device, volatile_reserved_fields_must_be_zero)
{
	uint64_t a = device_alloc_flags(self->fd, 0, 1, UMBRA_GFP_VOLATILE);
	struct umbra_ioc_unlock unlock = { .handle = a, .reserved = 1 };
	const struct umbra_ioc_lock bad[] = {
		{ .handle = a, .purged = 1 },
		{ .handle = a, .purged = 1ULL << 63 },
		{ .handle = a, .reserved = { 1, 0 } },
		{ .handle = a, .reserved = { 0, 1ULL << 63 } },
	};
	unsigned int i;

	EXPECT_ERRNO(EINVAL, ioctl(self->fd, UMBRA_IOC_UNLOCK, &unlock));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct umbra_ioc_lock args = bad[i];

		EXPECT_ERRNO(EINVAL, ioctl(self->fd, UMBRA_IOC_LOCK, &args));
	}
	/* the memory is still unlocked */
	reclaim_pages(ALL);
	EXPECT_EQ(1, device_lock(self->fd, a));
}

TEST_F(device, volatile_lock_is_undone_if_the_result_cannot_be_stored)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p);
	struct umbra_ioc_lock *args;

	ASSERT_NE(0, a);
	args = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, args);
	*args = (struct umbra_ioc_lock) { .handle = a };
	ASSERT_EQ(0, mprotect(args, self->page, PROT_READ));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, UMBRA_IOC_LOCK, args));
	reclaim_pages(ALL);
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_LE(8, device_lock(self->fd, a));

	/* memory that was locked before stays locked */
	write_pattern(p, self->page, SEED);
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, UMBRA_IOC_LOCK, args));
	reclaim_pages(ALL);
	EXPECT_EQ(-1, find_damage(p, self->page, SEED));
}

TEST_F(device, volatile_lock_that_fails_leaves_the_memory_unlocked)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p), other;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	ASSERT_EQ(0, device_info(self->fd).file_pages);

	/* the limit leaves room for half of the memory */
	ASSERT_EQ(0, set_limit(10));
	other = device_alloc(self->fd, 0, 6);
	ASSERT_NE(0, other);
	EXPECT_ERRNO(EDQUOT, device_lock(self->fd, a));
	EXPECT_EQ(10, device_info(self->fd).file_pages);
	EXPECT_EQ(-SIGBUS, touch(p + 7 * self->page, true));
	reclaim_pages(ALL);
	EXPECT_EQ(6, device_info(self->fd).file_pages);
	ASSERT_EQ(0, set_limit(0));
	EXPECT_LE(8, device_lock(self->fd, a));
	EXPECT_EQ(8, count_zero(p, 8));
	EXPECT_EQ(14, device_info(self->fd).file_pages);
	EXPECT_EQ(0, device_free(self->fd, other));
}

TEST_F(device, volatile_lock_and_touch_fail_when_nothing_is_free)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p), all;

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	drain_caches();
	all = device_alloc(self->fd, 0, device_info(self->fd).nr_free);
	ASSERT_NE(0, all);
	EXPECT_ERRNO(ENOMEM, device_lock(self->fd, a));
	EXPECT_EQ(-SIGBUS, touch(p, false));
	EXPECT_EQ(-SIGBUS, touch(p, true));
	EXPECT_EQ(0, device_free(self->fd, all));
	EXPECT_EQ(8, device_lock(self->fd, a));
	EXPECT_EQ(8, count_zero(p, 8));
}

TEST_F(device, pinned_volatile_memory_is_not_purged)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 2, 4, &p);
	int fds[2];

	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	/* the second page of the third block */
	ASSERT_EQ(self->page, pin(fds[1], p + 9 * self->page, self->page, 0));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(4, device_info(self->fd).file_pages);
	EXPECT_EQ(12, device_lock(self->fd, a));
	EXPECT_EQ(12, count_zero(p, 16));
	EXPECT_EQ(-1, find_damage(p + 9 * self->page, self->page, SEED + 9));
	p[9 * self->page] ^= 1;
	p[9 * self->page] ^= 1;
	EXPECT_TRUE(drain(fds[0], self->page, SEED + 9));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(16, device_lock(self->fd, a));
}

struct shared {
	int fd;
	uint64_t handle;
	char *p;
};

static int child_sees_it_purged(void *arg)
{
	struct shared *s = arg;

	if (count_zero(s->p, 8) || device_unlock(s->fd, s->handle))
		return 1;
	reclaim_pages(ALL);
	if (!is_zero(s->p, sysconf(_SC_PAGESIZE)))
		return 2;
	*s->p = 7;
	return device_lock(s->fd, s->handle) == 8 ? 0 : 3;
}

TEST_F(device, child_sees_that_volatile_memory_was_purged)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p);
	struct shared s = { self->fd, a, p };

	ASSERT_NE(0, a);
	EXPECT_EQ(0, in_child(child_sees_it_purged, &s));
	EXPECT_EQ(7, *p);
	*p = 0;
	EXPECT_EQ(8, count_zero(p, 8));
}

/* Memory is purged while mappings are moved and changed. */
TEST_F(device, purging_works_with_every_kind_of_mapping)
{
	char *p, *q, *r, *target;
	uint64_t a = make_volatile(self->fd, 0, 16, &p);
	const size_t page = self->page;

	ASSERT_NE(0, a);
	q = device_map(self->fd, a + 4 * page, 12 * page);
	r = mmap(NULL, 16 * page, PROT_READ, MAP_SHARED | MAP_POPULATE,
		 self->fd, a);
	target = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, q);
	ASSERT_NE(MAP_FAILED, r);
	ASSERT_NE(MAP_FAILED, target);
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	ASSERT_EQ(target, mremap(p + 4 * page, 4 * page, 4 * page,
				 MREMAP_MAYMOVE | MREMAP_FIXED, target));
	ASSERT_EQ(0, mprotect(p, 2 * page, PROT_NONE));
	ASSERT_EQ(0, mprotect(p + 8 * page, 2 * page, PROT_READ));
	ASSERT_EQ(0, madvise(q + 8 * page, page, MADV_DONTNEED));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(0, device_info(self->fd).file_pages);
	EXPECT_EQ(16, device_lock(self->fd, a));
	EXPECT_TRUE(is_zero(target, 4 * page));
	EXPECT_TRUE(is_zero(q, 12 * page));
	EXPECT_TRUE(is_zero(r, 16 * page));
	ASSERT_EQ(0, mprotect(p, 2 * page, PROT_READ | PROT_WRITE));
	*p = 5;
	target[1] = 6;
	EXPECT_EQ(5, *r);
	EXPECT_EQ(6, q[1]);
	EXPECT_EQ(-SIGSEGV, touch(p + 8 * page, true));
	EXPECT_EQ(0, munlockall());
}

/* A request purges unlocked memory if there are too few free pages. */
TEST_F(device, request_purges_volatile_memory)
{
	const unsigned int nr = self->nr_free / 2;
	uint64_t rest;
	char *p;
	uint64_t a = make_volatile(self->fd, 0, nr, &p);
	long purged;

	ASSERT_NE(0, a);
	rest = device_info(self->fd).nr_free;
	ASSERT_EQ(0, device_unlock(self->fd, a));
	/* kswapd may hold the lock of the file; a request does not wait */
	EXPECT_TRUE(WAIT_UNTIL(device_alloc(self->fd, 0, rest + nr / 2)));
	purged = device_lock(self->fd, a);
	/* there may not be enough free pages to charge all of it */
	EXPECT_TRUE(purged == -1 && errno == ENOMEM)
		TH_LOG("purged %ld", purged);
	EXPECT_GE(self->nr_free, device_info(self->fd).file_pages);
}

TEST_HARNESS_MAIN
