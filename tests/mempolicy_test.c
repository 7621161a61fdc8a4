// SPDX-License-Identifier: GPL-2.0
/*
 * Memory policies of a program: set_mempolicy(2) decides from which nodes of the
 * instance /dev/umbra allocates. The machine must have the same nodes as the
 * instance; without a second one the tests are skipped.
 */
#define DEVICE_NO_FIXTURE
#include "device.h"
#include "kselftest_harness.h"
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/syscall.h>

#define BLOCKS 64
#define NODES 2

/* Of newer kernels */
#define WEIGHTED_INTERLEAVE 6

static int set_policy(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL,
		       nodes ? 8 * sizeof(nodes) : 0);
}

/* Returns the sum of a counter over the zones of a node. */
static long counter(unsigned int nid, const char *name)
{
	char *text = read_file(DEBUGFS_DIR "zoneinfo", NULL), *line, *rest = text;
	unsigned int here = NODES;
	char word[64];
	long sum = 0, n;

	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "Node ", 5))
			here = strtoul(line + 5, NULL, 10);
		if (here == nid && sscanf(line, "%63s %ld", word, &n) == 2 &&
		    !strcmp(word, name))
			sum += n;
	}
	free(text);
	return sum;
}

FIXTURE(policy)
{
	int fd;
	long hits[NODES];
	long turns[NODES];
};

FIXTURE_SETUP(policy)
{
	cpu_set_t cpus;
	unsigned int nid;

	if (access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "the machine has one node");
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
	self->fd = device_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	for (nid = 0; nid < NODES; nid++) {
		self->hits[nid] = counter(nid, "numa_hit");
		self->turns[nid] = counter(nid, "numa_interleave");
	}
}

FIXTURE_TEARDOWN(policy)
{
	set_policy(MPOL_DEFAULT, 0);
	close(self->fd);
}

/* Allocate BLOCKS pages with a policy of this program. */
static bool allocate(int fd, int mode, unsigned long nodes)
{
	uint64_t a;

	if (set_policy(mode, nodes))
		return false;
	a = device_alloc(fd, 0, BLOCKS);
	return !set_policy(MPOL_DEFAULT, 0) && a && !device_free(fd, a);
}

#define EXPECT_HITS(nr0, nr1)						\
do {									\
	EXPECT_EQ(nr0, counter(0, "numa_hit") - self->hits[0]);		\
	EXPECT_EQ(nr1, counter(1, "numa_hit") - self->hits[1]);		\
} while (0)

#define EXPECT_TURNS(nr0, nr1)						\
do {									\
	EXPECT_EQ(nr0, counter(0, "numa_interleave") - self->turns[0]);	\
	EXPECT_EQ(nr1, counter(1, "numa_interleave") - self->turns[1]);	\
} while (0)

TEST_F(policy, without_one_the_node_of_the_cpu_serves)
{
	uint64_t a = device_alloc(self->fd, 0, BLOCKS);

	ASSERT_NE(0, a);
	EXPECT_HITS(BLOCKS, 0);
	EXPECT_TURNS(0, 0);
	EXPECT_EQ(0, device_free(self->fd, a));
}

TEST_F(policy, bind_uses_its_node_alone)
{
	ASSERT_TRUE(allocate(self->fd, MPOL_BIND, 2));
	EXPECT_HITS(0, BLOCKS);
	EXPECT_TURNS(0, 0);
}

TEST_F(policy, preferred_comes_before_the_node_of_the_cpu)
{
	ASSERT_TRUE(allocate(self->fd, MPOL_PREFERRED, 2));
	EXPECT_HITS(0, BLOCKS);
}

TEST_F(policy, preferred_many_come_before_the_node_of_the_cpu)
{
	ASSERT_TRUE(allocate(self->fd, MPOL_PREFERRED_MANY, 2));
	EXPECT_HITS(0, BLOCKS);
}

TEST_F(policy, interleave_takes_turns)
{
	ASSERT_TRUE(allocate(self->fd, MPOL_INTERLEAVE, 3));
	EXPECT_HITS(BLOCKS / 2, BLOCKS / 2);
	EXPECT_TURNS(BLOCKS / 2, BLOCKS / 2);
}

static bool set_weights(const char *weights)
{
	int fd = open(DEBUGFS_DIR "ctl/interleave_weights", O_WRONLY);
	bool good = write(fd, weights, strlen(weights)) == (int)strlen(weights);

	close(fd);
	return good;
}

TEST_F(policy, weighted_interleave_has_weights_of_the_instance)
{
	if (set_policy(WEIGHTED_INTERLEAVE, 3))
		SKIP(return, "the kernel has no weighted interleave");
	ASSERT_TRUE(set_weights("3 1"));
	EXPECT_TRUE(allocate(self->fd, WEIGHTED_INTERLEAVE, 3));
	ASSERT_TRUE(set_weights("1 1"));
	EXPECT_HITS(BLOCKS / 4 * 3, BLOCKS / 4);
	EXPECT_TURNS(BLOCKS / 4 * 3, BLOCKS / 4);
}

TEST_HARNESS_MAIN
