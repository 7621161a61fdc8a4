// SPDX-License-Identifier: GPL-2.0
/*
 * The end of volatile memory: by a free, by closing its file, or by purging
 * while other threads lock it.
 */
#include "volatile.h"
#include <pthread.h>

/* Are all pages that are charged to a file held pages? */
static bool all_is_held(int fd)
{
	struct umbra_ioc_info info = device_info(fd);

	return info.file_held == info.file_pages;
}

TEST_F(device, volatile_memory_is_freed_in_every_state)
{
	unsigned int state;
	size_t bytes;
	uint64_t a;
	char *p;

	for (state = 0; state < 16; state++) {
		bytes = (32 * self->page) << (state & 1 ? 3 : 0);
		a = make_volatile(self->fd, state & 1 ? 3 : 0, 32, &p);
		ASSERT_NE(0, a);
		ASSERT_EQ(0, device_unlock(self->fd, a));
		if (state & 2)
			reclaim_pages(16);
		if (state & 4)
			ASSERT_LE(0, device_lock(self->fd, a));
		if (state & 8)
			ASSERT_EQ(0, munmap(p, bytes));
		EXPECT_EQ(0, device_free(self->fd, a));
		if (!(state & 8)) {
			/* pages that were held before become free meanwhile */
			EXPECT_TRUE(WAIT_UNTIL(all_is_held(self->fd)));
			reclaim_pages(ALL);
			ASSERT_EQ(0, munmap(p, bytes));
		}
	}
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
	EXPECT_TRUE(verify_is_ok());
}

TEST_F(device, closing_a_file_frees_volatile_memory_in_every_state)
{
	unsigned int state;
	long purged = 0;
	size_t bytes;
	uint64_t a;
	char *p;
	int fd;

	for (state = 0; state < 16; state++) {
		fd = device_open(O_RDWR);
		bytes = (32 * self->page) << (state & 1 ? 3 : 0);
		a = make_volatile(fd, state & 1 ? 3 : 0, 32, &p);
		ASSERT_NE(0, a);
		ASSERT_EQ(0, device_unlock(fd, a));
		if (state & 2)
			reclaim_pages(16);
		if (state & 4) {
			purged = device_lock(fd, a);
			ASSERT_LE(0, purged);
		}
		if (!(state & 8))
			ASSERT_EQ(0, munmap(p, bytes));
		close(fd);
		if (state & 8) {
			long zero;

			/* a mapping keeps the file, locked or not */
			reclaim_pages(16);
			zero = count_zero(p, bytes / self->page);
			EXPECT_LE(0, zero);
			if (state & 4)
				EXPECT_EQ(purged, zero);
			ASSERT_EQ(0, munmap(p, bytes));
		}
	}
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	EXPECT_EQ(self->nr_free, WAIT_INFO(self->fd, nr_free, self->nr_free));
}

TEST_F(device, freed_volatile_memory_is_not_purged_from_its_mapping)
{
	char *p;
	uint64_t a = make_volatile(self->fd, 0, 8, &p);

	ASSERT_NE(0, a);
	ASSERT_EQ(0, device_unlock(self->fd, a));
	ASSERT_EQ(0, device_free(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(0, count_zero(p, 8));
	EXPECT_EQ(8, device_info(self->fd).file_held);
	ASSERT_EQ(0, munmap(p, 8 * self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
}

/*
 * Purging finds a block in use after it has unmapped the block. The block
 * counts as touched, so its pages stay when it is freed.
 */
TEST_F(device, volatile_memory_found_in_use_stays_valid_after_free)
{
	unsigned int i;
	int fds[2];
	char *p;
	uint64_t a = make_volatile(self->fd, 2, 4, &p);

	ASSERT_NE(0, a);
	ASSERT_EQ(0, pipe(fds));
	/* the second page of the third block */
	ASSERT_EQ(self->page, pin(fds[1], p + 9 * self->page, self->page, 0));
	ASSERT_EQ(0, device_unlock(self->fd, a));
	reclaim_pages(ALL);
	EXPECT_EQ(12, device_lock(self->fd, a));
	EXPECT_TRUE(drain(fds[0], self->page, SEED + 9));
	ASSERT_EQ(0, device_free(self->fd, a));
	for (i = 8; i < 12; i++)
		EXPECT_EQ(-1, find_damage(p + i * self->page, self->page,
					  SEED + i));
	EXPECT_EQ(-SIGBUS, touch(p, false));
	ASSERT_EQ(0, munmap(p, 16 * self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
}

#define ROUNDS 100	/* of each locker, at least */

struct locker {
	int fd;
	unsigned int order;
	unsigned int rounds;	/* the main thread reads rounds and purged */
	unsigned long purged;
	unsigned long errors;
	bool *stop;
};

static void *lock_again_and_again(void *arg)
{
	struct locker *w = arg;
	size_t page = sysconf(_SC_PAGESIZE), nr = 32 << w->order, i;
	long purged;
	uint64_t a;
	char *p;

	a = make_volatile(w->fd, w->order, 32, &p);
	w->errors += !a;
	while (a && !__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
		w->errors += !!device_unlock(w->fd, a);
		if (w->rounds % 3 == 0)
			usleep(1000);
		purged = device_lock(w->fd, a);
		w->errors += purged < 0 || count_zero(p, nr) != purged;
		for (i = 0; purged && i < nr; i++)
			write_pattern(p + i * page, page, SEED + i);
		__atomic_fetch_add(&w->purged, purged, __ATOMIC_RELAXED);
		__atomic_fetch_add(&w->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Has each locker finished its rounds, and was a page purged meanwhile? */
static bool have_raced(const struct locker w[4])
{
	unsigned long purged = 0;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (__atomic_load_n(&w[i].rounds, __ATOMIC_RELAXED) < ROUNDS)
			return false;
		purged += __atomic_load_n(&w[i].purged, __ATOMIC_RELAXED);
	}
	return purged;
}

TEST_F(device, volatile_memory_is_locked_and_purged_concurrently)
{
	struct locker w[4];
	pthread_t thread[4];
	bool stop = false;
	unsigned int i, nr = 0;

	for (i = 0; i < 4; i++) {
		w[i] = (struct locker) {
			.fd = self->fd,
			.order = i,
			.stop = &stop,
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL,
					    lock_again_and_again, &w[i]));
	}
	EXPECT_TRUE(WAIT_UNTIL((reclaim_pages(1 + nr++ % 100),
				have_raced(w))));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, w[i].errors);
	}
	EXPECT_TRUE(verify_is_ok());
}

TEST_HARNESS_MAIN
