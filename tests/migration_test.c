// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that moves while it is in use. Its users do not notice, and a page
 * with a reference does not move.
 */
#include "pins.h"
#include <pthread.h>

#define SEED 42
#define NR 512	/* pages of a test */

/*
 * Single pages far apart: all memory is allocated, and most of it freed again.
 */
struct spread {
	uint64_t handle[NR];
	char *p[NR];
	uint64_t frame[NR];
};

static bool spread_out(int fd, struct spread *s)
{
	uint32_t gap = device_info(fd).nr_free / NR - 1, i;
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t between[NR];

	for (i = 0; i < NR; i++) {
		s->handle[i] = device_alloc_flags(fd, 0, 1, UMBRA_GFP_MOVABLE);
		between[i] = device_alloc_flags(fd, 0, gap, UMBRA_GFP_MOVABLE);
	}
	for (i = 0; i < NR; i++) {
		s->p[i] = device_map(fd, s->handle[i], page);
		if (s->p[i] == MAP_FAILED || device_free(fd, between[i]))
			return false;
		write_pattern(s->p[i], page, SEED + i);
		s->frame[i] = frame_of(s->p[i]);
	}
	drain_caches();
	return true;
}

static unsigned int count_damaged(const struct spread *s)
{
	unsigned int i, damaged = 0;

	for (i = 0; i < NR; i++)
		damaged += find_damage(s->p[i], sysconf(_SC_PAGESIZE),
				       SEED + i) != -1;
	return damaged;
}

/* Returns the number of moved pages. Pages that are not mapped are touched. */
static unsigned int count_moved(const struct spread *s)
{
	unsigned int i, moved = 0;

	for (i = 0; i < NR; i++) {
		__atomic_load_n(s->p[i], __ATOMIC_RELAXED);
		moved += frame_of(s->p[i]) != s->frame[i];
	}
	return moved;
}

/* Remember the frames, so that count_moved() counts from now on. */
static void note_frames(struct spread *s)
{
	unsigned int i;

	for (i = 0; i < NR; i++) {
		__atomic_load_n(s->p[i], __ATOMIC_RELAXED);
		s->frame[i] = frame_of(s->p[i]);
	}
}

/* Read the first and last page frame number of the region. */
static bool read_span(unsigned long *first, unsigned long *last)
{
	char *layout = read_file(DEBUGFS_DIR "layout", NULL);
	char *span = layout ? strstr(layout, "span 0: pfn ") : NULL;
	bool ok = span && sscanf(span, "span 0: pfn %lx-%lx", first, last) == 2;

	free(layout);
	return ok;
}

/* Move all movable pages out of each pageblock in turn. */
static void move_all(void)
{
	unsigned long pfn, last;

	if (!read_span(&pfn, &last))
		return;
	for (pfn = (pfn + PB - 1) / PB * PB; pfn + PB - 1 <= last; pfn += PB)
		empty_pageblock(pfn);
}

/* Start a process that moves memory until it is killed. */
static pid_t start_moving(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		compact_all();
		move_all();
	}
}

/* The killed process may leave a pageblock isolated, so undo this. */
static void stop_moving(pid_t pid)
{
	unsigned long first, last;

	stop_traffic(pid);
	if (read_span(&first, &last))
		write_range(DEBUGFS_DIR "ctl/unisolate", first, last);
}

static unsigned long nr_migrated(void)
{
	return counted("pgmigrate_success");
}

/* A number of moved pages to wait for, and the time to give up. */
struct goal {
	unsigned long migrated;
	time_t end;
};

/* Wait for more than @nr_pages from now on. */
static struct goal goal_of(unsigned long nr_pages)
{
	return (struct goal) {
		.migrated = nr_migrated() + nr_pages,
		.end = time(NULL) + HANG_S,
	};
}

/* Must a test continue until more memory has moved? */
static bool is_short_of(const struct goal *goal)
{
	return nr_migrated() <= goal->migrated && time(NULL) < goal->end;
}

TEST_F(device, memory_keeps_its_data_when_it_moves)
{
	struct spread s;
	uint64_t large;

	ASSERT_TRUE(spread_out(self->fd, &s));
	EXPECT_EQ(0, device_alloc(self->fd, 10, self->nr_free >> 10));
	compact_all();
	EXPECT_LT(0, count_moved(&s));
	EXPECT_EQ(0, count_damaged(&s));
	EXPECT_EQ(NR, device_info(self->fd).file_pages);
	EXPECT_TRUE(verify_is_ok());

	/*
	 * All but one or two of the largest blocks must be free. A failed
	 * request wakes kcompactd, which may hold pages for a moment.
	 */
	drain_caches();
	WAIT_UNTIL((large = device_alloc(self->fd, 10,
					 (self->nr_free >> 10) - 2)) ||
		   (compact_all(), false));
	EXPECT_NE(0, large)
		TH_LOG("%s", read_file(DEBUGFS_DIR "buddyinfo", NULL));
	EXPECT_EQ(0, count_damaged(&s));
}

TEST_F(device, moved_memory_is_freed_by_its_handle)
{
	struct spread s;
	unsigned int i;

	ASSERT_TRUE(spread_out(self->fd, &s));
	compact_all();
	EXPECT_LT(0, count_moved(&s));
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, munmap(s.p[i], self->page));
		ASSERT_EQ(0, device_free(self->fd, s.handle[i]));
	}
	drain_caches();
	EXPECT_UNCHANGED();
}

/* A touched page stays, even if it is not mapped at the moment. */
TEST_F(device, moved_memory_stays_valid_in_its_mapping_after_free)
{
	struct umbra_ioc_info info;
	struct spread s;
	unsigned int i;
	char *p;
	uint64_t a;

	ASSERT_TRUE(spread_out(self->fd, &s));
	a = device_alloc(self->fd, 3, 1);
	p = device_map(self->fd, a, 8 * self->page);
	ASSERT_NE(MAP_FAILED, p);
	p[2 * self->page] = 7;
	compact_all();
	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, device_free(self->fd, s.handle[i]));
	ASSERT_EQ(0, device_free(self->fd, a));
	EXPECT_EQ(-1, device_free(self->fd, a));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(MAP_FAILED, device_map(self->fd, a, self->page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, count_damaged(&s));
	EXPECT_EQ(7, p[2 * self->page]);
	EXPECT_EQ(-SIGBUS, touch(p, false));
	compact_all();
	EXPECT_EQ(0, count_damaged(&s));
	info = device_info(self->fd);
	EXPECT_LE(NR + 1, info.file_pages);

	for (i = 0; i < NR; i++)
		ASSERT_EQ(0, munmap(s.p[i], self->page));
	EXPECT_EQ(7, p[2 * self->page]);
	ASSERT_EQ(0, munmap(p, 4 * self->page));
	ASSERT_EQ(0, munmap(p + 4 * self->page, 4 * self->page));
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
	drain_caches();
	EXPECT_UNCHANGED();
}

TEST_F(device, all_mappings_follow_moved_memory)
{
	struct spread s;
	char *q[NR], *r;
	unsigned int i;
	int status;
	pid_t pid;

	ASSERT_TRUE(spread_out(self->fd, &s));
	for (i = 0; i < NR; i++) {
		q[i] = device_map(self->fd, s.handle[i], self->page);
		ASSERT_NE(MAP_FAILED, q[i]);
		ASSERT_EQ(SEED + 0x9e3779b97f4a7c15ull + i,
			  *(uint64_t *)q[i]);
	}
	r = mmap(NULL, self->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0);
	ASSERT_NE(MAP_FAILED, r);
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
	ASSERT_EQ(0, mprotect(q[1], self->page, PROT_READ));
	ASSERT_EQ(0, mprotect(q[2], self->page, PROT_NONE));
	ASSERT_EQ(r, mremap(q[3], self->page, self->page,
			    MREMAP_MAYMOVE | MREMAP_FIXED, r));
	q[3] = r;
	ASSERT_EQ(0, madvise(q[4], self->page, MADV_DONTNEED));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		raise(SIGSTOP);
		for (i = 0; i < NR; i++)
			*(uint64_t *)(s.p[i] + 8) = i;
		_exit(count_moved(&s) ? 0 : 1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	compact_all();
	kill(pid, SIGCONT);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, mprotect(q[2], self->page, PROT_READ | PROT_WRITE));
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(i, *(uint64_t *)(s.p[i] + 8));
		ASSERT_EQ(i, *(uint64_t *)(q[i] + 8));
		ASSERT_EQ(frame_of(s.p[i]), frame_of(q[i]));
	}
	EXPECT_EQ(-SIGSEGV, touch(q[1], true));
	EXPECT_EQ(0, munlockall());
}

TEST_F(device, pinned_memory_does_not_move)
{
	struct spread s;
	int fds[8][2];
	unsigned int i;

	ASSERT_TRUE(spread_out(self->fd, &s));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, pipe(fds[i]));
		ASSERT_EQ(self->page,
			  pin(fds[i][1], s.p[i * 60], self->page, 0));
	}
	compact_all();
	EXPECT_LT(0, count_moved(&s));
	EXPECT_EQ(0, count_damaged(&s));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(s.frame[i * 60], frame_of(s.p[i * 60]));
		/* the mapping and the pipe still have the same page */
		*(uint64_t *)s.p[i * 60] = i;
		EXPECT_EQ(sizeof(uint64_t),
			  read(fds[i][0], &s.frame[0], sizeof(uint64_t)));
		EXPECT_EQ(i, s.frame[0]);
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

TEST_F(device, held_memory_does_not_move)
{
	struct spread s;
	unsigned int i;

	/* no background work moves pages, so the freed pages did not move */
	ASSERT_TRUE(spread_out(self->fd, &s));
	for (i = 0; i < NR; i += 2)
		ASSERT_EQ(0, device_free(self->fd, s.handle[i]));
	compact_all();
	for (i = 0; i < NR; i += 2)
		EXPECT_EQ(s.frame[i], frame_of(s.p[i]));
	EXPECT_EQ(0, count_damaged(&s));
	EXPECT_EQ(NR / 2, device_info(self->fd).file_held);
}

#define WRITERS 4
#define ROUNDS 5

struct writer {
	struct spread *s;
	unsigned int first;
	unsigned long rounds;	/* the main thread reads it meanwhile */
	unsigned long noted;	/* rounds, as last noted by the main thread */
	unsigned long errors;
	bool *stop;
};

/* Count in words that no other thread changes. */
static void *count_in_memory(void *arg)
{
	struct writer *w = arg;
	uint64_t n = 0, *word;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		word = (uint64_t *)w->s->p[i] + w->first;
		__atomic_store_n(word, 0, __ATOMIC_RELAXED);
	}
	for (n = 0; !__atomic_load_n(w->stop, __ATOMIC_RELAXED); n++) {
		for (i = 0; i < NR; i++) {
			word = (uint64_t *)w->s->p[i] + w->first;
			w->errors += __atomic_load_n(word,
						     __ATOMIC_RELAXED) != n;
			__atomic_store_n(word, n + 1, __ATOMIC_RELAXED);
		}
		__atomic_store_n(&w->rounds, n + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void note_rounds(struct writer *w)
{
	unsigned int i;

	for (i = 0; i < WRITERS; i++)
		w[i].noted = __atomic_load_n(&w[i].rounds, __ATOMIC_RELAXED);
}

/* Has every writer finished a round since note_rounds()? */
static bool all_go_on(const struct writer *w)
{
	unsigned int i;

	for (i = 0; i < WRITERS; i++)
		if (__atomic_load_n(&w[i].rounds, __ATOMIC_RELAXED) ==
		    w[i].noted)
			return false;
	return true;
}

/* Returns the number of pages that were seen moved in one of the calls. */
static unsigned int note_moved(const struct spread *s, bool moved[NR])
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR; i++) {
		__atomic_load_n(s->p[i], __ATOMIC_RELAXED);
		moved[i] |= frame_of(s->p[i]) != s->frame[i];
		nr += moved[i];
	}
	return nr;
}

/* Move memory until most pages have moved; a writer may block some tries. */
static bool move_most(struct spread *s, struct writer *w)
{
	bool moved[NR] = { false };

	note_frames(s);
	note_rounds(w);
	return WAIT_UNTIL((compact_all(), move_all(),
			   note_moved(s, moved) > NR / 2 && all_go_on(w)));
}

TEST_F(device, threads_write_while_their_memory_moves)
{
	struct writer w[WRITERS];
	pthread_t thread[WRITERS];
	struct spread s;
	bool stop = false;
	unsigned int i;

	ASSERT_TRUE(spread_out(self->fd, &s));
	for (i = 0; i < WRITERS; i++) {
		w[i] = (struct writer) {
			.s = &s, .first = i, .stop = &stop,
		};
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, count_in_memory,
					    &w[i]));
	}
	for (i = 0; i < ROUNDS; i++)
		ASSERT_TRUE(move_most(&s, w));
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < WRITERS; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], NULL));
		EXPECT_EQ(0, w[i].errors);
	}
	EXPECT_TRUE(verify_is_ok());
}

struct reader {
	const struct spread *s;
	struct goal goal;
};

/*
 * Read and write the parent's memory until it has moved. Returns 0 if all is
 * well.
 */
static int read_parent(void *arg)
{
	const struct reader *r = arg;
	ssize_t page = sysconf(_SC_PAGESIZE);
	struct iovec local = { malloc(page), page };
	unsigned int i, round;

	for (round = 0; round < 20 || is_short_of(&r->goal); round++) {
		for (i = 0; i < NR; i++) {
			struct iovec remote = { r->s->p[i], page };

			if (process_vm_readv(getppid(), &local, 1, &remote, 1,
					     0) != page ||
			    find_damage(local.iov_base, page, SEED + i) != -1)
				return 1;
			if (process_vm_writev(getppid(), &local, 1, &remote, 1,
					      0) != page)
				return 2;
		}
	}
	return 0;
}

TEST_F(device, another_process_reads_and_writes_while_the_memory_moves)
{
	struct spread s;
	struct reader r = { &s, goal_of(NR) };
	pid_t pid;

	ASSERT_TRUE(spread_out(self->fd, &s));
	pid = start_moving();
	ASSERT_LE(0, pid);
	EXPECT_EQ(0, in_child(read_parent, &r));
	stop_moving(pid);
	EXPECT_LT(r.goal.migrated, nr_migrated());
	EXPECT_EQ(0, count_damaged(&s));
}

/* Map, unmap, move and free as the memory moves. */
TEST_F(device, mappings_change_while_the_memory_moves)
{
	const size_t bytes = 16 * self->page;
	struct goal goal = goal_of(0);
	unsigned int round, i;
	char *p, *q, *target;
	pid_t pid, traffic;
	uint64_t a;
	int status;

	target = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	ASSERT_NE(MAP_FAILED, target);
	pid = start_moving();
	traffic = start_traffic(1);
	for (round = 0; round < 100 || is_short_of(&goal); round++) {
		a = device_alloc_flags(self->fd, round % 4, 16 >> round % 4,
				       UMBRA_GFP_MOVABLE);
		ASSERT_NE(0, a);
		p = device_map(self->fd, a, bytes);
		ASSERT_NE(MAP_FAILED, p);
		ASSERT_TRUE(is_zero(p, bytes));
		write_pattern(p, bytes, round);
		q = mremap(p, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			   target);
		ASSERT_EQ(target, q);
		for (i = 0; i < 8; i++) {
			ASSERT_EQ(0, madvise(q, bytes, MADV_DONTNEED));
			ASSERT_EQ(-1, find_damage(q, bytes, round));
		}
		ASSERT_EQ(0, mprotect(q, bytes, PROT_READ));
		if (round % 16 == 0) {
			pid_t child = fork();

			if (!child)
				_exit(find_damage(q, bytes, round) != -1);
			ASSERT_EQ(child, waitpid(child, &status, 0));
			ASSERT_EQ(0, status);
		}
		if (round & 1)
			ASSERT_EQ(0, device_free(self->fd, a));
		ASSERT_EQ(-1, find_damage(q, bytes, round));
		ASSERT_EQ(target, mmap(target, bytes, PROT_NONE, MAP_PRIVATE |
				       MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		if (!(round & 1))
			ASSERT_EQ(0, device_free(self->fd, a));
	}
	stop_traffic(traffic);
	stop_moving(pid);
	EXPECT_LT(goal.migrated, nr_migrated());
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0));
}

/* Pins come and go while compaction looks for what it can move. */
TEST_F(device, memory_is_pinned_while_other_memory_moves)
{
	struct goal goal = goal_of(NR);
	unsigned int round, i;
	struct spread s;
	int fds[2];
	pid_t pid;

	ASSERT_TRUE(spread_out(self->fd, &s));
	ASSERT_EQ(0, pipe(fds));
	pid = start_moving();
	for (round = 0; round < 10 || is_short_of(&goal); round++) {
		for (i = round % 7; i < NR; i += 7) {
			ASSERT_EQ(self->page,
				  pin(fds[1], s.p[i], self->page, 0));
			ASSERT_EQ(-1, find_damage(s.p[i], self->page,
						  SEED + i));
			ASSERT_TRUE(drain(fds[0], self->page, SEED + i));
		}
	}
	stop_moving(pid);
	EXPECT_LT(goal.migrated, nr_migrated());
	EXPECT_EQ(0, count_damaged(&s));
}

TEST_HARNESS_MAIN
