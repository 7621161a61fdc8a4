// SPDX-License-Identifier: GPL-2.0
/*
 * Concurrent use of /dev/umbra: by threads of one file, and by many processes.
 */
#include "device.h"
#include <pthread.h>

#define NR_WORKERS 4
#define ROUNDS 150

struct worker {
	int fd;
	size_t page;
	unsigned int seed;
	unsigned long errors;
	uint64_t first, last;	/* handles */
};

/* Allocate, map, write, check and free; each worker has its own order. */
static void *hammer(void *arg)
{
	struct worker *w = arg;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int r = rand_r(&w->seed);
		unsigned int order = r % 6, count = 1 + r / 8 % 4;
		size_t bytes = count * w->page << order;
		uint64_t a = device_alloc_flags(w->fd, order, count,
						r / 64 % 3);
		void *p = device_map(w->fd, a, bytes);

		if (!a || p == MAP_FAILED) {
			w->errors++;
			continue;
		}
		w->errors += !is_zero(p, bytes);
		write_pattern(p, bytes, w->seed);
		if (r & 1024)
			w->errors += !!device_free(w->fd, a);
		w->errors += find_damage(p, bytes, w->seed) != -1;
		w->errors += !!munmap(p, bytes);
		if (!(r & 1024))
			w->errors += !!device_free(w->fd, a);
	}
	return NULL;
}

TEST_F(device, threads_of_one_file_do_not_disturb_each_other)
{
	struct worker w[NR_WORKERS] = { 0 };
	pthread_t thread[NR_WORKERS];
	unsigned int i;

	for (i = 0; i < NR_WORKERS; i++) {
		w[i] = (struct worker) {
			.fd = self->fd,
			.page = self->page,
			.seed = i + 1,
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, hammer, &w[i]));
	}
	for (i = 0; i < NR_WORKERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, w[i].errors);
	}
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_held, 0));
	EXPECT_UNCHANGED();
}

TEST_F(device, processes_do_not_disturb_each_other)
{
	pid_t pid[NR_WORKERS];
	unsigned int i;
	int status;

	for (i = 0; i < NR_WORKERS; i++) {
		pid[i] = fork();
		ASSERT_LE(0, pid[i]);
		if (!pid[i]) {
			struct worker w = {
				.fd = device_open(O_RDWR),
				.page = self->page,
				.seed = i + 100,
			};

			hammer(&w);
			_exit(!!w.errors);
		}
	}
	for (i = 0; i < NR_WORKERS; i++) {
		EXPECT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	EXPECT_UNCHANGED();
}

/* Free a range of handles while another thread frees the same range. */
static void *race_to_free(void *arg)
{
	struct worker *w = arg;
	uint64_t handle;

	/* count successful frees; the caller expects one for each handle */
	for (handle = w->first; handle <= w->last; handle += w->page)
		w->errors += !device_free(w->fd, handle);
	return NULL;
}

TEST_F(device, only_one_of_two_threads_can_free_a_handle)
{
	struct worker w[2] = { 0 };
	uint64_t a, first = 0;
	pthread_t thread[2];
	unsigned int i;

	for (i = 0; i < 500; i++) {
		a = device_alloc(self->fd, 0, 1);
		ASSERT_NE(0, a);
		first = first ?: a;
	}
	for (i = 0; i < 2; i++) {
		w[i] = (struct worker) {
			.fd = self->fd,
			.page = self->page,
			.first = first,
			.last = a,
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, race_to_free,
					    &w[i]));
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
	EXPECT_EQ(500, w[0].errors + w[1].errors);
	EXPECT_UNCHANGED();
}

TEST_HARNESS_MAIN
