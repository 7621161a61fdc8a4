// SPDX-License-Identifier: GPL-2.0
/*
 * Allocates blocks through /dev/umbra, maps and writes them, and frees them.
 * usage: umbra_user [ORDER [COUNT]]	(default: 3 2)
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/umbra.h>

/* The reason of a failed allocation */
static const char *reason(int error)
{
	switch (error) {
	case EINVAL:
		return "the order or the count is out of range";
	case EDQUOT:
		return "the file may not have so many pages";
	case ENOMEM:
		return "umbra has not enough free blocks; see the kernel log";
	default:
		return strerror(error);
	}
}

static int open_device(void)
{
	int fd = open("/dev/umbra", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		errx(1, "/dev/umbra: umbra is not loaded");
	err(1, "/dev/umbra");
}

/* Return the handle of an allocation, which is its offset for mmap() too. */
static __u64 allocate(int fd, unsigned int order, unsigned int count)
{
	struct umbra_ioc_alloc args = { .order = order, .count = count };

	if (ioctl(fd, UMBRA_IOC_ALLOC, &args))
		errx(1, "%u blocks of order %u: %s", count, order,
		     reason(errno));
	return args.handle;
}

int main(int argc, char **argv)
{
	unsigned int order = argc > 1 ? atoi(argv[1]) : 3;
	unsigned int count = argc > 2 ? atoi(argv[2]) : 2;
	struct umbra_ioc_info info = { 0 };
	struct umbra_ioc_free args = { 0 };
	int fd = open_device();
	size_t bytes;
	char *p;

	if (ioctl(fd, UMBRA_IOC_GET_INFO, &info))
		err(1, "UMBRA_IOC_GET_INFO");
	if (info.version != UMBRA_ABI_VERSION)
		errx(1, "ABI version %u, not %u", info.version,
		     UMBRA_ABI_VERSION);
	printf("%llu of %llu pages of %u bytes are free\n", info.nr_free,
	       info.nr_pages, info.page_size);

	args.handle = allocate(fd, order, count);
	bytes = ((size_t)info.page_size << order) * count;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 args.handle);
	if (p == MAP_FAILED)
		err(1, "mmap");		/* ENODEV: umbra has no memory */
	memset(p, 'u', bytes);
	printf("%zu bytes of new memory, from %c to %c\n", bytes, p[0],
	       p[bytes - 1]);

	/* Pages that are mapped are free again when they are unmapped too. */
	munmap(p, bytes);
	if (ioctl(fd, UMBRA_IOC_FREE, &args))
		err(1, "UMBRA_IOC_FREE");
	close(fd);	/* frees all that the file has left */
	return 0;
}
