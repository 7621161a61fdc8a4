// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates blocks through /dev/umbra and executes a command, which inherits
 * the open file and so keeps the blocks. Volatile blocks are unlocked. An
 * argument that ends in "-" is allocated with the others and then freed. With
 * -t, allocates and frees COUNT times, or until it is killed.
 * usage: hold ORDER:COUNT[:FLAGS][-]... COMMAND [ARGUMENT...]
 *        hold -t SEED [COUNT]
 *
 * Exit status: the status of the command, or 1 if an allocation fails; then
 * standard error has the errno.
 */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/umbra.h>

static uint64_t allocate(int fd, unsigned int order, unsigned int count,
			 unsigned int flags)
{
	struct umbra_ioc_alloc args = {
		.order = order,
		.count = count,
		.flags = flags,
	};

	return ioctl(fd, UMBRA_IOC_ALLOC, &args) ? 0 : args.handle;
}

static void unlock(int fd, uint64_t handle)
{
	struct umbra_ioc_unlock args = { .handle = handle };

	if (ioctl(fd, UMBRA_IOC_UNLOCK, &args))
		err(1, "UMBRA_IOC_UNLOCK");
}

static void free_handle(int fd, uint64_t handle)
{
	struct umbra_ioc_free args = { .handle = handle };

	if (ioctl(fd, UMBRA_IOC_FREE, &args))
		err(1, "UMBRA_IOC_FREE");
}

/* A failed allocation is no error here: a later one may succeed. */
static void make_traffic(int fd, unsigned int seed, long count)
{
	uint64_t handle[64] = { 0 };

	while (count--) {
		unsigned int r = rand_r(&seed), i = r % 64;

		if (handle[i])
			free_handle(fd, handle[i]);
		handle[i] = allocate(fd, r / 64 % 7, 1, r / 512 % 3);
	}
}

/*
 * Allocate the blocks that the arguments name. Returns the command after them.
 */
static char **hold(int fd, char **argv, uint64_t *unwanted)
{
	for (; *argv && isdigit(**argv); argv++) {
		unsigned int order = 0, count = 0, flags = 0;
		uint64_t handle;

		if (sscanf(*argv, "%u:%u:%u", &order, &count, &flags) < 2)
			errx(2, "%s: must be ORDER:COUNT[:FLAGS][-]", *argv);
		handle = allocate(fd, order, count, flags);
		if (!handle)
			err(1, "%s", *argv);
		if (flags & UMBRA_GFP_VOLATILE)
			unlock(fd, handle);
		if ((*argv)[strlen(*argv) - 1] == '-')
			*unwanted++ = handle;
	}
	return argv;
}

int main(int argc, char **argv)
{
	int fd = open("/dev/umbra", O_RDWR);
	uint64_t *unwanted = calloc(argc + 1, sizeof(*unwanted));

	if (fd < 0 || !unwanted)
		err(1, "/dev/umbra");
	if (argc > 2 && !strcmp(argv[1], "-t")) {
		make_traffic(fd, atoi(argv[2]), argv[3] ? atol(argv[3]) : -1);
		return 0;
	}
	argv = hold(fd, argv + 1, unwanted);
	if (!*argv)
		errx(2, "usage: hold ORDER:COUNT[:FLAGS][-]... COMMAND");
	for (; *unwanted; unwanted++)
		free_handle(fd, *unwanted);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}
