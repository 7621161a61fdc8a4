/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the test programs of /dev/umbra. The fixture "device" opens the
 * device, and checks after the test that no page is missing. There is a helper
 * for each operation on a file or a mapping. Other programs define
 * DEVICE_NO_FIXTURE to use the helpers only.
 */
#ifndef DEVICE_H
#define DEVICE_H

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/umbra.h>

#define DEVICE "/dev/umbra"
#define LIMIT_FILE "/sys/module/umbra/parameters/max_file_pages"
#define DEBUGFS_DIR "/sys/kernel/debug/umbra/umbra0/"

/* The limit in seconds for events that must happen. Only a hang reaches it. */
#define HANG_S 300

static inline int device_open(int flags)
{
	return open(DEVICE, flags | O_CLOEXEC);
}

static inline struct umbra_ioc_info device_info(int fd)
{
	struct umbra_ioc_info info = { 0 };

	if (ioctl(fd, UMBRA_IOC_GET_INFO, &info))
		memset(&info, 0xee, sizeof(info));
	return info;
}

/* Returns the handle, or 0 with errno set. */
static inline uint64_t device_alloc_flags(int fd, uint32_t order,
					  uint32_t count, uint32_t flags)
{
	struct umbra_ioc_alloc args = {
		.order = order,
		.count = count,
		.flags = flags,
	};

	return ioctl(fd, UMBRA_IOC_ALLOC, &args) ? 0 : args.handle;
}

static inline uint64_t device_alloc(int fd, uint32_t order, uint32_t count)
{
	return device_alloc_flags(fd, order, count, 0);
}

static inline int device_free(int fd, uint64_t handle)
{
	struct umbra_ioc_free args = { .handle = handle };

	return ioctl(fd, UMBRA_IOC_FREE, &args);
}

static inline int device_unlock(int fd, uint64_t handle)
{
	struct umbra_ioc_unlock args = { .handle = handle };

	return ioctl(fd, UMBRA_IOC_UNLOCK, &args);
}

/* Returns the number of purged pages, or -1 with errno set. */
static inline long device_lock(int fd, uint64_t handle)
{
	struct umbra_ioc_lock args = { .handle = handle };

	return ioctl(fd, UMBRA_IOC_LOCK, &args) ? -1 : (long)args.purged;
}

static inline void *device_map(int fd, uint64_t handle, size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    handle);
}

/* Allocate and map one block. Returns the handle, or 0. */
static inline uint64_t alloc_map(int fd, unsigned int order, char **p)
{
	uint64_t a = device_alloc(fd, order, 1);
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE) << order;

	*p = a ? device_map(fd, a, bytes) : MAP_FAILED;
	return *p == MAP_FAILED ? 0 : a;
}

static inline void msleep(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* Returns the time in seconds. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * Wait until @condition holds, for HANG_S at most. The value is the condition.
 */
#define WAIT_UNTIL(condition) ({ \
	time_t end_ = time(NULL) + HANG_S; \
	bool holds_; \
	while (!(holds_ = (condition)) && time(NULL) < end_) \
		usleep(10000); \
	holds_; \
})

static inline uint64_t read_info(int fd, size_t field)
{
	struct umbra_ioc_info info = device_info(fd);
	uint64_t value;

	memcpy(&value, (char *)&info + field, sizeof(value));
	return value;
}

/* Wait until @field of the info has @value. Returns the last value seen. */
static inline uint64_t wait_info(int fd, size_t field, uint64_t value)
{
	uint64_t seen;

	WAIT_UNTIL((seen = read_info(fd, field)) == value);
	return seen;
}

/*
 * nr_held changes last when a held page becomes free, after the account of the
 * file and the free lists.
 */
#define WAIT_INFO(fd, field, value) \
	wait_info(fd, offsetof(struct umbra_ioc_info, field), value)

static inline uint64_t pattern(uint64_t seed, size_t i)
{
	return 0x9e3779b97f4a7c15ull * (i + 1) + seed;
}

static inline void write_pattern(void *p, size_t bytes, uint64_t seed)
{
	uint64_t *word = p;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		word[i] = pattern(seed, i);
}

/* Returns the index of the first word that differs from the pattern, or -1. */
static inline long find_damage(const void *p, size_t bytes, uint64_t seed)
{
	const uint64_t *word = p;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		if (word[i] != pattern(seed, i))
			return i;
	return -1;
}

static inline bool is_zero(const void *p, size_t bytes)
{
	const uint64_t *word = p;
	size_t i;

	for (i = 0; i < bytes / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

/* Write a short text to a file. Returns 0, or -1 with errno set. */
static inline int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

static inline int set_limit(unsigned long pages)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", pages);
	return write_file(LIMIT_FILE, text);
}

/* Returns the contents of a file and a zero byte, or NULL if reading fails. */
static inline char *read_file(const char *path, size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 1 << 16, n = 0;
	char *text = malloc(room + 1);
	ssize_t got = 0;

	while (fd >= 0 && text && (got = read(fd, text + n, room - n)) > 0) {
		n += got;
		if (n == room) {
			room *= 2;
			text = realloc(text, room + 1);
		}
	}
	if (fd < 0 || !text || got < 0) {
		if (fd >= 0)
			close(fd);
		free(text);
		return NULL;
	}
	close(fd);
	text[n] = '\0';
	if (bytes)
		*bytes = n;
	return text;
}

/* Read "verify" until no background work keeps it from checking some frames. */
static inline char *read_verify(void)
{
	char *text = NULL;

	WAIT_UNTIL((free(text), text = read_file(DEBUGFS_DIR "verify", NULL),
		    !text || strncmp(text, "ok,", 3)));
	return text;
}

static inline bool verify_is_ok(void)
{
	char *text = read_verify();
	bool ok = text && !strncmp(text, "ok\n", 3);

	if (!ok)
		fprintf(stderr, "# verify: %s\n", text ? text : "no file");
	free(text);
	return ok;
}

/* Make umbra scan all held pages, and free those without references. */
static inline void rescan_held(void)
{
	free(read_file(DEBUGFS_DIR "verify", NULL));
}

/* A thread as /proc shows it. */
struct thread_stat {
	char name[80];
	char state;	/* a letter; 0 if there is no such thread */
};

static inline struct thread_stat thread_stat(long pid)
{
	struct thread_stat s = { 0 };
	char path[32], text[160];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return s;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%*d (%79[^)]) %c", s.name, &s.state) != 2)
		s.state = 0;
	return s;
}

/*
 * Is this a kernel thread that works for umbra? An idle kswapd sleeps. An
 * unbound worker shows its workqueue after a "+". A worker that is awake
 * without a workqueue may be about to compact.
 */
static inline bool is_at_work(const struct thread_stat *s)
{
	if (!strncmp(s->name, "umbra0/kswapd", 13))
		return s->state != 'S';
	if (strncmp(s->name, "kworker/u", 9) || s->state == 'I')
		return false;
	return !strchr(s->name, '+') || strstr(s->name, "+umbra0/");
}

static inline bool any_is_at_work(void)
{
	DIR *proc = opendir("/proc");
	bool found = !proc;

	while (proc && !found) {
		struct dirent *entry = readdir(proc);
		struct thread_stat s;

		if (!entry)
			break;
		if (atol(entry->d_name) > 0) {
			s = thread_stat(atol(entry->d_name));
			found = is_at_work(&s);
		}
	}
	if (proc)
		closedir(proc);
	return found;
}

/*
 * Wait until there is no background reclaim or compaction. None begins again
 * before the next allocation. One scan of the threads can miss work that kswapd
 * hands to kcompactd, so there are two.
 */
static inline bool wait_until_idle(void)
{
	return WAIT_UNTIL(!any_is_at_work() && !any_is_at_work());
}

static inline int pagemap_entry(void *p, uint64_t *entry)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t page = sysconf(_SC_PAGESIZE);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = pread(fd, entry, sizeof(*entry),
		  (uintptr_t)p / page * sizeof(*entry));
	close(fd);
	return n == sizeof(*entry) ? 0 : -1;
}

/* Returns the frame number of a mapped page, or 0 if no page is mapped. */
static inline uint64_t frame_of(void *p)
{
	uint64_t entry = 0;

	if (pagemap_entry(p, &entry) || !(entry >> 63))
		return 0;
	return entry & ((1ULL << 55) - 1);
}

#define PB 512	/* pages of a pageblock */

/* Write a range of page frame numbers to a file of ctl. */
static inline void write_range(const char *path, unsigned long first,
			       unsigned long last)
{
	char text[64];

	snprintf(text, sizeof(text), "%#lx-%#lx", first, last);
	write_file(path, text);
}

/* Move all movable pages out of the pageblock that begins at @first. */
static inline void empty_pageblock(unsigned long first)
{
	write_range(DEBUGFS_DIR "ctl/isolate", first, first + PB - 1);
	write_range(DEBUGFS_DIR "ctl/unisolate", first, first + PB - 1);
}

/* Run @fn in a child process. Returns its exit status, or minus the signal. */
static inline int in_child(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1000;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct touch {
	char *p;
	bool write;
};

static inline int touch_fn(void *arg)
{
	struct touch *t = arg;

	if (t->write)
		__atomic_store_n(t->p, 1, __ATOMIC_RELAXED);
	else
		__atomic_load_n(t->p, __ATOMIC_RELAXED);
	return 0;
}

/*
 * Access memory in a child. Returns 0, or minus the signal that ends the child.
 */
static inline int touch(void *p, bool write)
{
	struct touch t = { p, write };

	return in_child(touch_fn, &t);
}

/* Allocate blocks of several orders and kinds, and free some of them. */
static inline void fragment(int fd)
{
	uint64_t handle[300];
	unsigned int i;

	for (i = 0; i < 300; i++)
		handle[i] = device_alloc_flags(fd, i * 7 % 8, 1, i % 3);
	for (i = 0; i < 300; i++)
		if (i % 5 < 3)
			device_free(fd, handle[i]);
}

/* Start a process that allocates and frees until it is killed. */
static inline pid_t start_traffic(unsigned int seed)
{
	uint64_t handle[64] = { 0 };
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = device_open(O_RDWR);
	for (;;) {
		unsigned int r = rand_r(&seed), i = r % 64;

		if (handle[i])
			device_free(fd, handle[i]);
		handle[i] = device_alloc_flags(fd, r / 64 % 7, 1, r / 512 % 3);
	}
}

static inline void stop_traffic(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * Empty the caches of all CPUs, so that all free pages are on the free lists.
 */
static inline void drain_caches(void)
{
	write_file(DEBUGFS_DIR "ctl/drain", "all");
}

/*
 * Wait until @nr_pages are free, including pages that were in caches. Returns
 * the last number seen.
 */
static inline uint64_t wait_free(int fd, uint64_t nr_pages)
{
	uint64_t seen;

	WAIT_UNTIL((drain_caches(), seen = device_info(fd).nr_free) ==
		   nr_pages);
	return seen;
}

/* Make umbra reclaim up to @nr_pages. */
static inline void reclaim_pages(uint64_t nr_pages)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)nr_pages);
	write_file(DEBUGFS_DIR "ctl/reclaim", text);
}

/* Returns a counter of vmstat, or 0 if it does not exist. */
static inline unsigned long counted(const char *name)
{
	char *text = read_file(DEBUGFS_DIR "vmstat", NULL), *line = text;
	unsigned long value = 0;
	size_t n = strlen(name);

	while (line && (strncmp(line, name, n) || line[n] != ' ')) {
		line = strchr(line, '\n');
		line += !!line;
	}
	if (line)
		value = strtoul(line + n, NULL, 10);
	free(text);
	return value;
}

static inline void compact_all(void)
{
	write_file(DEBUGFS_DIR "ctl/compact", "all");
}

#ifndef DEVICE_NO_FIXTURE
#include "kselftest_harness.h"

/* The timeout of the harness must be longer than the waits of a test. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT (3 * HANG_S)

/* A call must fail with the given errno. */
#define EXPECT_ERRNO(wanted, call) do { \
	errno = 0; \
	EXPECT_EQ(-1, call); \
	EXPECT_EQ(wanted, errno) \
		TH_LOG("%s: %s", #call, strerror(errno)); \
} while (0)

FIXTURE(device) {
	int fd;
	size_t page;
	uint64_t nr_pages;
	uint64_t nr_free;	/* before the test */
};

FIXTURE_SETUP(device)
{
	struct umbra_ioc_info info;

	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %s", DEVICE, strerror(errno));
	/* Background work must not move pages or raise watermarks in a test. */
	ASSERT_EQ(0, write_file(DEBUGFS_DIR "ctl/compaction_proactiveness",
				"0"));
	ASSERT_EQ(0, write_file(DEBUGFS_DIR "ctl/watermark_boost_factor",
				"0"));
	ASSERT_EQ(0, WAIT_INFO(self->fd, nr_held, 0));
	ASSERT_TRUE(wait_until_idle());
	drain_caches();
	info = device_info(self->fd);
	self->page = info.page_size;
	self->nr_pages = info.nr_pages;
	self->nr_free = info.nr_free;
}

/* Runs after the process of the test has ended; no page may be missing. */
FIXTURE_TEARDOWN_PARENT(device)
{
	int fd = device_open(O_RDWR);

	set_limit(0);
	write_file(DEBUGFS_DIR "ctl/oom_policy", "fail");
	EXPECT_EQ(0, WAIT_INFO(fd, nr_held, 0));
	EXPECT_EQ(self->nr_free, wait_free(fd, self->nr_free));
	close(fd);
	EXPECT_TRUE(verify_is_ok());
}

/*
 * No page may be held for the file or charged to it, and as many pages must be
 * free as before. kcompactd may have isolated some, so wait for these.
 */
#define EXPECT_UNCHANGED() do { \
	EXPECT_EQ(0, device_info(self->fd).file_held); \
	EXPECT_EQ(0, WAIT_INFO(self->fd, file_pages, 0)); \
	EXPECT_EQ(self->nr_free, \
		  WAIT_INFO(self->fd, nr_free, self->nr_free)); \
} while (0)
#endif /* DEVICE_NO_FIXTURE */

#endif /* DEVICE_H */
