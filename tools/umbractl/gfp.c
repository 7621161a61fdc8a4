// SPDX-License-Identifier: GPL-2.0
/*
 * The flags of requests by version of the kernel. A row of bits[] is a flag,
 * its bit, and the versions in which it has it. The layouts changed in
 *
 * 4.4	__GFP_WAIT became __GFP_DIRECT_RECLAIM and __GFP_KSWAPD_RECLAIM, and its
 *	bit that of __GFP_RECLAIMABLE; __GFP_ATOMIC came
 * 4.10	__GFP_OTHER_NODE went, and the bits above it moved down
 * 4.18	the bits that __GFP_COLD and __GFP_NOTRACK had are used
 * 5.0	new order; __GFP_ZERO is 0x100
 *
 * Bits of CONFIG_KASAN_HW_TAGS and CONFIG_LOCKDEP overlap from 6.10 on: which
 * one it is depends on the configuration, so no row has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "gfp.h"

#define V(major, minor) ((major) << 16 | (minor) << 8)
#define OLD	0
#define NEW	~0u

#define FLAG(name, first, end, bit) { GFP_FLAG_##name, first, end, bit }

static const struct {
	enum gfp_flag flag;
	unsigned int from, end;		/* the first version, and that after it */
	unsigned long bit;
} bits[] = {
	FLAG(DMA, OLD, NEW, 0x1),
	FLAG(HIGHMEM, OLD, NEW, 0x2),
	FLAG(DMA32, OLD, NEW, 0x4),
	FLAG(MOVABLE, OLD, NEW, 0x8),
	FLAG(WAIT, OLD, V(4, 4), 0x10),
	FLAG(RECLAIMABLE, OLD, V(4, 4), 0x80000),
	FLAG(RECLAIMABLE, V(4, 4), NEW, 0x10),
	FLAG(HIGH, OLD, NEW, 0x20),
	FLAG(IO, OLD, NEW, 0x40),
	FLAG(FS, OLD, NEW, 0x80),
	FLAG(COLD, OLD, V(4, 15), 0x100),
	FLAG(NOWARN, OLD, V(5, 0), 0x200),
	FLAG(NOWARN, V(5, 0), NEW, 0x2000),
	FLAG(REPEAT, OLD, V(4, 13), 0x400),
	FLAG(RETRY_MAYFAIL, V(4, 13), V(5, 0), 0x400),
	FLAG(RETRY_MAYFAIL, V(5, 0), NEW, 0x4000),
	FLAG(NOFAIL, OLD, V(5, 0), 0x800),
	FLAG(NOFAIL, V(5, 0), NEW, 0x8000),
	FLAG(NORETRY, OLD, V(5, 0), 0x1000),
	FLAG(NORETRY, V(5, 0), NEW, 0x10000),
	FLAG(MEMALLOC, V(3, 6), V(5, 0), 0x2000),
	FLAG(MEMALLOC, V(5, 0), NEW, 0x20000),
	FLAG(COMP, OLD, V(5, 0), 0x4000),
	FLAG(COMP, V(5, 0), NEW, 0x40000),
	FLAG(ZERO, OLD, V(5, 0), 0x8000),
	FLAG(ZERO, V(5, 0), NEW, 0x100),
	FLAG(NOMEMALLOC, OLD, V(5, 0), 0x10000),
	FLAG(NOMEMALLOC, V(5, 0), NEW, 0x80000),
	FLAG(HARDWALL, OLD, V(5, 0), 0x20000),
	FLAG(HARDWALL, V(5, 0), NEW, 0x100000),
	FLAG(THISNODE, OLD, V(5, 0), 0x40000),
	FLAG(THISNODE, V(5, 0), NEW, 0x200000),
	FLAG(ATOMIC, V(4, 4), V(5, 0), 0x80000),
	FLAG(ATOMIC, V(5, 0), V(6, 3), 0x200),
	FLAG(KMEMCG, V(3, 8), V(3, 16), 0x100000),
	FLAG(NOACCOUNT, V(4, 1), V(4, 5), 0x100000),
	FLAG(ACCOUNT, V(4, 5), V(5, 0), 0x100000),
	FLAG(ACCOUNT, V(5, 0), NEW, 0x400000),
	FLAG(NOTRACK, OLD, V(4, 15), 0x200000),
	FLAG(NO_KSWAPD, OLD, V(4, 4), 0x400000),
	FLAG(DIRECT_RECLAIM, V(4, 4), V(4, 18), 0x400000),
	FLAG(DIRECT_RECLAIM, V(4, 18), V(5, 0), 0x200000),
	FLAG(DIRECT_RECLAIM, V(5, 0), NEW, 0x400),
	FLAG(OTHER_NODE, GFP_OLDEST + 1, V(4, 10), 0x800000),
	FLAG(WRITE, V(3, 3), V(4, 10), 0x1000000),
	FLAG(WRITE, V(4, 10), V(4, 18), 0x800000),
	FLAG(WRITE, V(4, 18), V(5, 0), 0x100),
	FLAG(WRITE, V(5, 0), NEW, 0x1000),
	FLAG(KSWAPD_RECLAIM, V(4, 4), V(4, 10), 0x2000000),
	FLAG(KSWAPD_RECLAIM, V(4, 10), V(4, 18), 0x1000000),
	FLAG(KSWAPD_RECLAIM, V(4, 18), V(5, 0), 0x400000),
	FLAG(KSWAPD_RECLAIM, V(5, 0), NEW, 0x800),
	FLAG(NOLOCKDEP, V(4, 12), V(4, 18), 0x2000000),
	FLAG(NOLOCKDEP, V(4, 18), V(5, 14), 0x800000),
	FLAG(ZEROTAGS, V(5, 14), NEW, 0x800000),
	FLAG(SKIP_KASAN_POISON, V(5, 14), V(5, 18), 0x1000000),
	FLAG(NOLOCKDEP, V(5, 14), V(5, 18), 0x2000000),
	FLAG(SKIP_ZERO, V(5, 18), V(6, 10), 0x1000000),
	FLAG(SKIP_KASAN_UNPOISON, V(5, 18), V(6, 4), 0x2000000),
	FLAG(SKIP_KASAN_POISON, V(5, 18), V(6, 4), 0x4000000),
	FLAG(NOLOCKDEP, V(5, 18), V(6, 4), 0x8000000),
	FLAG(SKIP_KASAN, V(6, 4), V(6, 10), 0x2000000),
	FLAG(NOLOCKDEP, V(6, 4), V(6, 10), 0x4000000),
};

#define NAME(name) [GFP_FLAG_##name] = "__GFP_" #name

static const char * const flag_names[GFP_FLAGS] = {
	NAME(DMA), NAME(HIGHMEM), NAME(DMA32), NAME(MOVABLE),
	NAME(RECLAIMABLE), NAME(WAIT), NAME(HIGH), NAME(IO), NAME(FS),
	NAME(ZERO), NAME(ATOMIC), NAME(DIRECT_RECLAIM), NAME(KSWAPD_RECLAIM),
	NAME(WRITE), NAME(COLD), NAME(NOWARN), NAME(REPEAT),
	NAME(RETRY_MAYFAIL), NAME(NOFAIL), NAME(NORETRY), NAME(MEMALLOC),
	NAME(COMP), NAME(NOMEMALLOC), NAME(HARDWALL), NAME(THISNODE),
	NAME(KMEMCG), NAME(NOACCOUNT), NAME(ACCOUNT), NAME(NOTRACK),
	NAME(NO_KSWAPD), NAME(OTHER_NODE), NAME(NOLOCKDEP), NAME(ZEROTAGS),
	NAME(SKIP_ZERO), NAME(SKIP_KASAN), NAME(SKIP_KASAN_POISON),
	NAME(SKIP_KASAN_UNPOISON),
};

#define RECLAIM	(GFP_SET(DIRECT_RECLAIM) | GFP_SET(KSWAPD_RECLAIM))
#define IO_FS	(GFP_SET(IO) | GFP_SET(FS))
#define OLD_USER (GFP_SET(WAIT) | IO_FS | GFP_SET(HARDWALL))
#define USER	(RECLAIM | IO_FS | GFP_SET(HARDWALL))
#define MOVABLE	(GFP_SET(HIGHMEM) | GFP_SET(MOVABLE))
#define HUGE	(MOVABLE | GFP_SET(COMP) | GFP_SET(NOMEMALLOC) | GFP_SET(NOWARN))
#define OLD_HUGE (OLD_USER | HUGE | GFP_SET(NORETRY) | GFP_SET(NO_KSWAPD))
#define LIGHT	(IO_FS | GFP_SET(HARDWALL) | HUGE)

/* Names of sets, in the order in which a kernel looks for them to print */
static const struct {
	const char *name;
	unsigned int from, end;
	unsigned long long set;
} sets[] = {
	{ "GFP_TRANSHUGE", OLD, V(4, 4), OLD_HUGE },
	{ "GFP_TRANSHUGE", V(4, 8), NEW, LIGHT | GFP_SET(DIRECT_RECLAIM) },
	{ "GFP_TRANSHUGE_LIGHT", V(4, 8), NEW, LIGHT },
	{ "GFP_HIGHUSER_MOVABLE", OLD, V(4, 4), OLD_USER | MOVABLE },
	{ "GFP_HIGHUSER_MOVABLE", V(4, 4), NEW, USER | MOVABLE },
	{ "GFP_HIGHUSER", OLD, V(4, 4), OLD_USER | GFP_SET(HIGHMEM) },
	{ "GFP_HIGHUSER", V(4, 4), NEW, USER | GFP_SET(HIGHMEM) },
	{ "GFP_USER", OLD, V(4, 4), OLD_USER },
	{ "GFP_USER", V(4, 4), NEW, USER },
	{ "GFP_TEMPORARY", OLD, V(4, 4),
	  GFP_SET(WAIT) | IO_FS | GFP_SET(RECLAIMABLE) },
	{ "GFP_TEMPORARY", V(4, 4), V(4, 14),
	  RECLAIM | IO_FS | GFP_SET(RECLAIMABLE) },
	{ "GFP_KERNEL_ACCOUNT", V(4, 5), NEW,
	  RECLAIM | IO_FS | GFP_SET(ACCOUNT) },
	{ "GFP_KERNEL", OLD, V(4, 4), GFP_SET(WAIT) | IO_FS },
	{ "GFP_KERNEL", V(4, 4), NEW, RECLAIM | IO_FS },
	{ "GFP_NOFS", OLD, V(4, 4), GFP_SET(WAIT) | GFP_SET(IO) },
	{ "GFP_NOFS", V(4, 4), NEW, RECLAIM | GFP_SET(IO) },
	{ "GFP_ATOMIC", OLD, V(4, 4), GFP_SET(HIGH) },
	{ "GFP_ATOMIC", V(4, 4), V(6, 3),
	  GFP_SET(HIGH) | GFP_SET(ATOMIC) | GFP_SET(KSWAPD_RECLAIM) },
	{ "GFP_ATOMIC", V(6, 3), NEW,
	  GFP_SET(HIGH) | GFP_SET(KSWAPD_RECLAIM) },
	{ "GFP_NOIO", OLD, V(4, 4), GFP_SET(WAIT) },
	{ "GFP_NOIO", V(4, 4), NEW, RECLAIM },
	{ "__GFP_RECLAIM", V(4, 4), NEW, RECLAIM },
	{ "GFP_NOWAIT", OLD, V(4, 4), 0 },
	{ "GFP_NOWAIT", V(4, 4), V(6, 9), GFP_SET(KSWAPD_RECLAIM) },
	{ "GFP_NOWAIT", V(6, 9), NEW,
	  GFP_SET(KSWAPD_RECLAIM) | GFP_SET(NOWARN) },
	{ "GFP_DMA32", OLD, NEW, GFP_SET(DMA32) },
	{ "GFP_DMA", OLD, NEW, GFP_SET(DMA) },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static bool is_in(unsigned int version, unsigned int from, unsigned int end)
{
	return version >= from && version < end;
}

/**
 * gfp_from_mask() - get the flags that a mask means
 * @mask: the mask
 * @version: version of the kernel
 * @rest: filled in with the bits that mean nothing, or that depend on the
 *	configuration
 *
 * Return: the flags.
 */
unsigned long long gfp_from_mask(unsigned long mask, unsigned int version,
				 unsigned long *rest)
{
	unsigned long long set = 0;
	size_t i;

	for (i = 0; i < COUNT(bits); i++) {
		if (!(mask & bits[i].bit) ||
		    !is_in(version, bits[i].from, bits[i].end))
			continue;
		set |= 1ULL << bits[i].flag;
		mask &= ~bits[i].bit;
	}
	*rest = mask;
	return set;
}

/**
 * gfp_to_mask() - get the mask of flags
 * @set: the flags
 * @version: version of the kernel
 * @absent: filled in with the flags that this version does not have
 *
 * Return: the mask.
 */
unsigned long gfp_to_mask(unsigned long long set, unsigned int version,
			  unsigned long long *absent)
{
	unsigned long mask = 0;
	size_t i;

	for (i = 0; i < COUNT(bits); i++) {
		if (!(set & 1ULL << bits[i].flag) ||
		    !is_in(version, bits[i].from, bits[i].end))
			continue;
		mask |= bits[i].bit;
		set &= ~(1ULL << bits[i].flag);
	}
	*absent = set;
	return mask;
}

static bool set_of_name(const char *name, size_t len, unsigned int version,
			unsigned long long *set)
{
	size_t i;

	for (i = 0; i < COUNT(sets); i++)
		if (strlen(sets[i].name) == len &&
		    !memcmp(sets[i].name, name, len) &&
		    is_in(version, sets[i].from, sets[i].end)) {
			*set |= sets[i].set;
			return true;
		}
	for (i = 0; i < GFP_FLAGS; i++)
		if (strlen(flag_names[i]) == len &&
		    !memcmp(flag_names[i], name, len)) {
			*set |= 1ULL << i;
			return true;
		}
	return false;
}

/**
 * gfp_from_names() - get the flags of names
 * @text: names with '|' or blanks between them
 * @version: version of the kernel, for names of sets
 * @set: filled in
 * @bad: filled in with the first name that is none
 *
 * A number among the names, which a kernel prints for bits without a name, has
 * no flags.
 *
 * Return: 0 or -EINVAL.
 */
int gfp_from_names(const char *text, unsigned int version,
		   unsigned long long *set, const char **bad)
{
	static const char ends[] = "| \t";

	*set = 0;
	while (*(text += strspn(text, ends))) {
		size_t len = strcspn(text, ends);

		if (strncmp(text, "0x", 2) &&
		    !set_of_name(text, len, version, set)) {
			*bad = text;
			return -EINVAL;
		}
		text += len;
	}
	return 0;
}

static void append(char text[GFP_TEXT], const char *name)
{
	size_t len = strlen(text);

	snprintf(text + len, GFP_TEXT - len, "%s%s", len ? "|" : "", name);
}

/**
 * gfp_names() - print flags as a kernel does
 * @set: the flags
 * @version: version of the kernel, for names of sets
 * @text: filled in
 */
void gfp_names(unsigned long long set, unsigned int version,
	       char text[GFP_TEXT])
{
	size_t i;

	*text = '\0';
	for (i = 0; i < COUNT(sets); i++) {
		if (!sets[i].set || (set & sets[i].set) != sets[i].set ||
		    !is_in(version, sets[i].from, sets[i].end))
			continue;
		append(text, sets[i].name);
		set &= ~sets[i].set;
	}
	for (i = 0; i < GFP_FLAGS; i++)
		if (set & 1ULL << i)
			append(text, flag_names[i]);
	if (!*text)
		append(text, "0");
}

/**
 * gfp_version_parse() - read a version as "5.15" or "2.6.38"
 * @text: the version; what follows the numbers is ignored
 * @version: filled in
 *
 * Return: 0; -EINVAL if it is none; -ERANGE if it is older than GFP_OLDEST.
 */
int gfp_version_parse(const char *text, unsigned int *version)
{
	unsigned int major, minor, patch = 0;

	if (sscanf(text, "%3u.%3u.%3u", &major, &minor, &patch) < 2 ||
	    major > 255 || minor > 255)
		return -EINVAL;
	*version = major << 16 | minor << 8 | (patch > 255 ? 255 : patch);
	return *version < GFP_OLDEST ? -ERANGE : 0;
}

/**
 * gfp_next_layout() - get the first version after one with other bits or names
 * @version: the version
 *
 * Return: the next version, or 0 if the bits never change after @version.
 */
unsigned int gfp_next_layout(unsigned int version)
{
	unsigned int next = NEW;
	size_t i;

	for (i = 0; i < COUNT(bits); i++) {
		if (bits[i].from > version && bits[i].from < next)
			next = bits[i].from;
		if (bits[i].end > version && bits[i].end < next)
			next = bits[i].end;
	}
	return next == NEW ? 0 : next;
}
