// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a machine as a report of a request that its user names. The numbers
 * come from zoneinfo, buddyinfo and pagetypeinfo of a host, or of an instance of
 * umbra, which has the same files.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "live.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* Lines of a zone in zoneinfo, in pages */
static const struct {
	const char *name;
	enum log_value value;
} fields[] = {
	{ "pages free", LOG_FREE }, { "boost", LOG_BOOST }, { "min", LOG_MIN },
	{ "low", LOG_LOW }, { "high", LOG_HIGH }, { "present", LOG_PRESENT },
	{ "managed", LOG_MANAGED }, { "nr_free_cma", LOG_FREE_CMA },
};

static const char * const zone_names[LOG_ZONE_TYPES] = {
	[LOG_DMA] = "DMA", [LOG_DMA32] = "DMA32", [LOG_NORMAL] = "Normal",
	[LOG_HIGHMEM] = "HighMem", [LOG_MOVABLE] = "Movable",
	[LOG_DEVICE] = "Device",
};

static const struct {
	const char *name;
	unsigned char type;
} types[] = {
	{ "Unmovable", LOG_TYPE_UNMOVABLE },
	{ "Movable", LOG_TYPE_MOVABLE },
	{ "Reclaimable", LOG_TYPE_RECLAIMABLE },
	{ "Reserve", LOG_TYPE_RESERVE },
	{ "HighAtomic", LOG_TYPE_HIGHATOMIC },
	{ "CMA", LOG_TYPE_CMA },
	{ "Isolate", LOG_TYPE_ISOLATE },
};

/* The zone of a line "Node 0, zone Normal", new if @may_add. NULL if none. */
static struct log_zone *zone_of(struct report *r, const char *line,
				bool may_add)
{
	struct log_zone *zone;
	unsigned int nid, type, i;
	char name[16];

	if (sscanf(line, "Node %5u, zone %15[A-Za-z0-9]", &nid, name) != 2 ||
	    nid >= LOG_NODES)
		return NULL;
	for (type = 0; type < LOG_ZONE_TYPES; type++)
		if (!strcmp(name, zone_names[type]))
			break;
	for (zone = r->zones; zone < r->zones + r->nr_zones; zone++)
		if (zone->nid == nid && zone->type == type)
			return zone;
	if (type == LOG_ZONE_TYPES || !may_add || r->nr_zones == LOG_ZONES)
		return NULL;
	*zone = (struct log_zone) { .nid = nid, .type = type };
	for (i = 0; i < LOG_VALUES; i++)
		zone->value[i] = UNKNOWN;
	r->nr_zones++;
	return zone;
}

/* "protection: (0, 2911, 7823)" */
static void read_protection(struct log_zone *zone, const char *s)
{
	char *end;

	while (*s && zone->nr_reserves < LOG_RESERVES) {
		s += strcspn(s, "0123456789");
		if (!*s)
			break;
		zone->reserve[zone->nr_reserves++] = strtoll(s, &end, 10);
		s = end;
	}
}

static void read_field(struct report *r, struct log_zone *zone, const char *line)
{
	static const char slab[] = "nr_slab_unreclaimable ";
	static const char protection[] = "protection:";
	long long *total = &r->total[TOTAL_SLAB_UNRECLAIMABLE];
	size_t i;

	line += strspn(line, " ");
	if (!strncmp(line, protection, strlen(protection)))
		read_protection(zone, line);
	if (!strncmp(line, slab, strlen(slab)))
		*total = (*total == UNKNOWN ? 0 : *total) +
			 strtoll(line + strlen(slab), NULL, 10);
	for (i = 0; i < COUNT(fields); i++) {
		size_t len = strlen(fields[i].name);

		if (!strncmp(line, fields[i].name, len) && line[len] == ' ')
			zone->value[fields[i].value] =
				strtoll(line + len, NULL, 10) * r->page_kb;
	}
}

static int read_zoneinfo(struct report *r, FILE *file)
{
	struct log_zone *zone = NULL;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		if (!strncmp(line, "Node ", strlen("Node ")))
			zone = zone_of(r, line, true);
		else if (zone)
			read_field(r, zone, line);
	}
	free(line);
	return r->nr_zones && r->zones[0].value[LOG_FREE] != UNKNOWN ? 0 :
								-EINVAL;
}

/* Numbers of blocks by order; ">100000" is at least so many. */
static unsigned int read_orders(const char *s, long long blocks[LOG_ORDERS])
{
	unsigned int nr = 0;
	char *end;

	while (nr < LOG_ORDERS) {
		s += strspn(s, " >\n");
		if (!isdigit((unsigned char)*s))
			break;
		blocks[nr++] = strtoll(s, &end, 10);
		s = end;
	}
	return nr;
}

/* The text after the name of the zone */
static const char *after_zone(const char *line)
{
	const char *s = strstr(line, ", zone ");

	if (!s)
		return "";
	s += strlen(", zone ");
	s += strspn(s, " ");
	return s + strcspn(s, " ,");
}

static int read_buddyinfo(struct report *r, FILE *file)
{
	struct log_zone *zone;
	unsigned int lines = 0;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		zone = zone_of(r, line, false);
		if (!zone)
			continue;
		zone->nr_orders = read_orders(after_zone(line), zone->blocks);
		zone->complete = true;
		lines++;
	}
	free(line);
	return lines ? 0 : -EINVAL;
}

static void read_type(struct report *r, struct log_zone *zone, const char *line)
{
	long long blocks[LOG_ORDERS], *kb = &zone->value[LOG_FREE_HIGHATOMIC];
	const char *s = strstr(line, ", type ");
	unsigned int nr, order;
	size_t i, len;

	if (!s)
		return;
	s += strlen(", type ");
	s += strspn(s, " ");
	len = strcspn(s, " ");
	for (i = 0; i < COUNT(types); i++)
		if (strlen(types[i].name) == len && !memcmp(types[i].name, s, len))
			break;
	nr = read_orders(s + len, blocks);
	if (i == COUNT(types) || !nr)
		return;
	for (order = 0; order < nr; order++)
		if (blocks[order])
			zone->types[order] |= types[i].type;
	if (types[i].type != LOG_TYPE_HIGHATOMIC)
		return;
	for (*kb = 0, order = 0; order < nr; order++)
		*kb += blocks[order] * (r->page_kb << order);
}

static int read_pagetypeinfo(struct report *r, FILE *file)
{
	struct log_zone *zone;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		if (!strncmp(line, "Number of blocks", strlen("Number of blocks")))
			break;
		zone = zone_of(r, line, false);
		if (zone)
			read_type(r, zone, line);
	}
	free(line);
	return 0;
}

static int read_file(struct report *r, const char *path,
		     int (*read)(struct report *r, FILE *file))
{
	FILE *file = fopen(path, "r");
	int err;

	if (!file)
		return -errno;
	err = read(r, file);
	if (!err && ferror(file))
		err = -EIO;
	fclose(file);
	return err;
}

/* zoneinfo also lists zones without pages. */
static void drop_empty(struct report *r)
{
	unsigned int i, nr = 0;

	for (i = 0; i < r->nr_zones; i++)
		if (r->zones[i].value[LOG_PRESENT])
			r->zones[nr++] = r->zones[i];
	r->nr_zones = nr;
}

/* Is a word NAME=NUMBER with a number up to @most? */
static bool is_number(const char *word, size_t len, const char *name,
		      unsigned long most, unsigned int *n)
{
	size_t skip = strlen(name);
	unsigned long value;
	char *end;

	if (len <= skip || strncmp(word, name, skip) ||
	    !isdigit((unsigned char)word[skip]))
		return false;
	value = strtoul(word + skip, &end, 10);
	if (end != word + len || value > most)
		return false;
	*n = value;
	return true;
}

static bool add_flags(struct report *r, const char *word, size_t len)
{
	size_t used = strlen(r->mode_names);

	if (memchr(word, '=', len) || used + len + 2 > sizeof(r->mode_names))
		return false;
	sprintf(r->mode_names + used, "%s%.*s", used ? "|" : "", (int)len, word);
	return true;
}

/**
 * live_request() - begin a report with a request
 * @r: filled in
 * @text: flags, "order=N" and "node=N", with blanks between them
 * @bad: filled in with a word that cannot be
 *
 * Return: 0; -EINVAL.
 */
int live_request(struct report *r, const char *text, const char **bad)
{
	unsigned int order = 0, node, i;
	size_t len;

	memset(r, 0, offsetof(struct report, zones));
	r->kind = REPORT_PAGES;
	r->mode = UNKNOWN;
	r->size = UNKNOWN;
	r->swap_kb = UNKNOWN;
	r->page_kb = sysconf(_SC_PAGESIZE) / 1024;
	r->too_many_zones = false;
	for (i = 0; i < LOG_TOTALS; i++)
		r->total[i] = UNKNOWN;
	for (; *(text += strspn(text, " ")); text += len) {
		*bad = text;
		len = strcspn(text, " ");
		if (is_number(text, len, "node=", LOG_NODES - 1, &node)) {
			r->has_nodemask = true;
			r->nodemask |= 1U << node;
		} else if (!is_number(text, len, "order=", 10, &order) &&
			   !add_flags(r, text, len)) {
			return -EINVAL;
		}
	}
	r->order = order;
	return 0;
}

/**
 * live_read() - fill in the zones of a report
 * @r: the report
 * @files: the files
 * @bad: filled in with the path that cannot be read
 *
 * Without @files->pagetypeinfo, or if it cannot be read, the types of free blocks
 * are unknown.
 *
 * Return: 0; -EINVAL if a file has no zone; an error of fopen().
 */
int live_read(struct report *r, const struct live_files *files,
	      const char **bad)
{
	int err;

	*bad = files->zoneinfo;
	err = read_file(r, files->zoneinfo, read_zoneinfo);
	if (err)
		return err;
	*bad = files->buddyinfo;
	err = read_file(r, files->buddyinfo, read_buddyinfo);
	if (err)
		return err;
	if (files->pagetypeinfo)
		read_file(r, files->pagetypeinfo, read_pagetypeinfo);
	drop_empty(r);
	return 0;
}
