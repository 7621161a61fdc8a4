/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Readers for files of the host: /proc/buddyinfo, pagetypeinfo, zoneinfo and
 * vmstat, and the fragmentation indices. They have no code for umbra.
 */
#ifndef FORMATS_H
#define FORMATS_H

#include "device.h"

#define NR_ORDERS 11
#define MAX_ROWS 256
#define MAX_VALUES 8192

/* A line "Node N, zone NAME[, type NAME] number..." */
struct row {
	int node;
	char zone[16];
	char type[16];
	unsigned int nr;
	double value[16];
};

struct table {
	unsigned int nr;
	struct row row[MAX_ROWS];
};

/* A name and its number, for a zone or, with node -1, for all zones. */
struct value {
	int node;
	char zone[16];
	char name[48];
	unsigned long value;
};

struct values {
	unsigned int nr;
	struct value value[MAX_VALUES];
};

static inline char *skip_space(char *s)
{
	return s + strspn(s, " \t");
}

/* Parse "Node N, zone NAME". Returns the rest of the line, or NULL. */
static inline char *parse_head(char *line, int *node, char zone[16])
{
	int n = 0;

	if (sscanf(line, "Node %d, zone %15[^, ]%n", node, zone, &n) != 2)
		return NULL;
	return line + n;
}

static inline bool parse_row(char *line, struct row *row)
{
	char *s = parse_head(line, &row->node, row->zone), *end;
	int n = 0;

	if (!s)
		return false;
	row->type[0] = '\0';
	if (sscanf(s, ", type %15s%n", row->type, &n) == 1)
		s += n;
	for (row->nr = 0; *(s = skip_space(s)); s = end) {
		/* ">" marks a count that was stopped at a limit */
		s += *s == '>';
		if (row->nr == 16)
			return false;
		row->value[row->nr] = strtod(s, &end);
		if (end == s)
			return false;
		/* a fraction below zero is written as 0.-500 */
		if (end[-1] == '.' && *end == '-')
			row->value[row->nr] = strtol(end, &end, 10) / 1000.0;
		row->nr++;
	}
	return row->nr > 0;
}

/*
 * Parse every line that begins with "Node". Returns the number of other lines,
 * or -1 if a line cannot be parsed.
 */
static inline int parse_table(const char *path, struct table *t)
{
	char *text = read_file(path, NULL), *line, *rest = text;
	int others = 0;

	t->nr = 0;
	if (!text)
		return -1;
	while ((line = strsep(&rest, "\n")) && others >= 0) {
		if (strncmp(line, "Node", 4)) {
			others += *line != '\0';
			continue;
		}
		if (t->nr == MAX_ROWS || !parse_row(line, &t->row[t->nr++])) {
			fprintf(stderr, "# %s: \"%s\"\n", path, line);
			others = -1;
		}
	}
	free(text);
	return others;
}

static inline bool add_value(struct values *v, int node, const char *zone,
			     const char *name, unsigned long value)
{
	struct value *new = &v->value[v->nr];

	if (v->nr == MAX_VALUES)
		return false;
	v->nr++;
	new->node = node;
	new->value = value;
	snprintf(new->zone, sizeof(new->zone), "%s", zone);
	snprintf(new->name, sizeof(new->name), "%s", name);
	return true;
}

/* "protection: (1, 2, 3)" as protection0, protection1, ... */
static inline bool parse_protection(struct values *v, int node,
				    const char *zone, char *s)
{
	unsigned int i = 0;
	char name[48];

	for (; *s && *s != ')'; i++) {
		s += strspn(s, "(, ");
		snprintf(name, sizeof(name), "protection%u", i);
		if (!add_value(v, node, zone, name, strtoul(s, &s, 10)))
			return false;
	}
	return i > 0;
}

/* Parse lines of words and a number. zoneinfo also has headings. */
static inline bool parse_values(const char *path, struct values *v)
{
	char *text = read_file(path, NULL), *line, *rest = text;
	char zone[16] = "";
	bool ok = text;
	int node = -1;

	v->nr = 0;
	while (ok && (line = strsep(&rest, "\n"))) {
		char name[48] = "", more[48] = "";
		unsigned long value;

		if (!*skip_space(line) || parse_head(line, &node, zone))
			continue;
		line = skip_space(line);
		if (!strncmp(line, "protection: (", 13)) {
			ok = parse_protection(v, node, zone, line + 12);
			continue;
		}
		if (!strcmp(line, "per-node stats") ||
		    !strcmp(line, "pagesets"))
			continue;
		/* "pages free 1", "vm stats threshold: 1" */
		ok = sscanf(line, "%47s %lu", name, &value) == 2 ||
		     sscanf(line, "%*s %47s %lu", name, &value) == 2 ||
		     sscanf(line, "%*s %47s %47s %lu", name, more,
			    &value) == 3;
		ok = ok && add_value(v, node, zone, name, value);
		if (!ok)
			fprintf(stderr, "# %s: \"%s\"\n", path, line);
	}
	free(text);
	return ok && v->nr;
}

/* Returns the sum of all values of a name, for a node or, with -1, for all. */
static inline unsigned long sum_of_node(const struct values *v, int node,
					const char *name)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < v->nr; i++)
		if (!strcmp(v->value[i].name, name) &&
		    (node < 0 || v->value[i].node == node))
			sum += v->value[i].value;
	return sum;
}

static inline unsigned long sum_of(const struct values *v, const char *name)
{
	return sum_of_node(v, -1, name);
}

/* Returns a value of a zone, or all ones if the zone has no such name. */
static inline unsigned long zone_value(const struct values *v, int node,
				       const char *zone, const char *name)
{
	unsigned int i;

	for (i = 0; i < v->nr; i++)
		if (!strcmp(v->value[i].name, name) &&
		    v->value[i].node == node &&
		    !strcmp(v->value[i].zone, zone))
			return v->value[i].value;
	return ~0UL;
}

/* Returns the number of pages in a row of blocks per order. */
static inline unsigned long row_pages(const struct row *row)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < row->nr; i++)
		pages += (unsigned long)row->value[i] << i;
	return pages;
}

/* Returns the pages of a zone, from the rows with a type or those without. */
static inline unsigned long zone_pages(const struct table *t, int node,
				       const char *zone, bool typed)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (t->row[i].node == node && !strcmp(t->row[i].zone, zone) &&
		    !!*t->row[i].type == typed)
			pages += row_pages(&t->row[i]);
	return pages;
}

#endif /* FORMATS_H */
