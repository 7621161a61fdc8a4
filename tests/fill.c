// SPDX-License-Identifier: GPL-2.0
/*
 * Fills most of the host's free memory with zeroes, and frees it. This
 * overwrites any page that was freed too early.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PERCENT 88

static size_t free_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t kib = 0;
	char line[128];

	if (!file)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %zu", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

int main(void)
{
	size_t bytes = free_kib() / 100 * PERCENT << 10;

	if (mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) ==
	    MAP_FAILED)
		err(1, "%zu bytes", bytes);
	return 0;
}
