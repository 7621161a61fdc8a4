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
#define DEVICE_NO_FIXTURE
#include "device.h"
#include <ctype.h>
#include <err.h>

static void free_handle(int fd, uint64_t handle)
{
	if (device_free(fd, handle))
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
		handle[i] = device_alloc_flags(fd, r / 64 % 7, 1, r / 512 % 3);
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
		handle = device_alloc_flags(fd, order, count, flags);
		if (!handle)
			err(1, "%s", *argv);
		if (flags & UMBRA_GFP_VOLATILE && device_unlock(fd, handle))
			err(1, "UMBRA_IOC_UNLOCK");
		if ((*argv)[strlen(*argv) - 1] == '-')
			*unwanted++ = handle;
	}
	return argv;
}

int main(int argc, char **argv)
{
	int fd = open(DEVICE, O_RDWR);	/* the command must inherit it */
	uint64_t *unwanted = calloc(argc + 1, sizeof(*unwanted));

	if (fd < 0 || !unwanted)
		err(1, DEVICE);
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
