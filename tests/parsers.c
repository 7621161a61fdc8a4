// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a file of the host, or the file of umbra with the same name, as tools
 * do that many people use, and prints what the tool understands. A file that the
 * tool refuses is refused here, too:
 *
 *	buddyinfo	prometheus/procfs: NODE ZONE BLOCKS...
 *	zoneinfo	prometheus/procfs: NODE ZONE NAME VALUE, for each name that
 *			the tool knows and can read the number of
 *	vmstat		node_exporter: NAME VALUE
 *	pagetypeinfo	netdata: NODE ZONE TYPE PAGES...
 *
 * With "keys", prints all names of a file, each with the part that it is in.
 *
 * usage: parsers [keys] buddyinfo|zoneinfo|vmstat|pagetypeinfo FILE
 *
 * Exit status: 1 if the file is refused; standard error has the line.
 */
#define DEVICE_NO_FIXTURE
#include "device.h"
#include <ctype.h>
#include <err.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define MAX_WORDS 64

static void refuse(const char *line, const char *why)
{
	errx(1, "%s: \"%s\"", why, line);
}

/* Split a line at white space, as strings.Fields() of Go. */
static unsigned int split_fields(char *line, char *word[MAX_WORDS])
{
	static const char blanks[] = " \t\v\f\r";
	unsigned int n = 0;
	char *s = line;

	while (*(s += strspn(s, blanks))) {
		if (n == MAX_WORDS)
			refuse(line, "too many words");
		word[n++] = s;
		s += strcspn(s, blanks);
		if (*s)
			*s++ = '\0';
	}
	return n;
}

/* A number as strconv.ParseFloat() of Go has it. */
static bool is_float(const char *word)
{
	bool is_hex = word[strspn(word, "+-")] == '0' &&
		      tolower(word[strspn(word, "+-") + 1]) == 'x';
	double value;
	char *end;

	if (!*word || strchr(word, '(') || (is_hex && !strpbrk(word, "pP")))
		return false;
	errno = 0;
	value = strtod(word, &end);
	/* a number that is too small is zero there */
	return !*end && !(errno == ERANGE && (value > 1 || value < -1));
}

/* The base that the prefix of a number says, as Go has it. Skips the prefix. */
static int base_of(const char **word)
{
	int base = 10;

	if (**word != '0' || !(*word)[1])
		return base;
	switch (tolower((*word)[1])) {
	case 'x':
		base = 16;
		break;
	case 'b':
		base = 2;
		break;
	case 'o':
		base = 8;
		break;
	default:
		(*word)++;
		return 8;
	}
	*word += 2;
	return base;
}

/*
 * A number as strconv.ParseInt() of Go has it; with base 0, the prefix says the
 * base, and underscores may separate digits.
 */
static bool parse_int(const char *word, int base, long long *value)
{
	bool is_free = !base, is_negative = *word == '-';
	char digits[64];
	unsigned int n = 0;
	char *end;

	word += *word == '-' || *word == '+';
	if (is_free)
		base = base_of(&word);
	for (; *word; word++) {
		/* not two at once, nor the last character */
		if (is_free && *word == '_' && isalnum(word[1]))
			continue;
		if (!isalnum(*word) || n == sizeof(digits) - 2)
			return false;
		digits[n++] = *word;
	}
	digits[n] = '\0';
	errno = 0;
	*value = strtoll(digits, &end, base);
	if (!n || *end || errno)
		return false;
	if (is_negative)
		*value = -*value;
	return true;
}

static void read_buddyinfo(char *text)
{
	unsigned int n, i, columns = 0;
	char *word[MAX_WORDS], *line;

	while ((line = strsep(&text, "\n"))) {
		if (!text && !*line)
			break;	/* the end of the last line */
		n = split_fields(line, word);
		if (n < 4)
			refuse(line, "too few fields");
		if (columns && n != columns)
			refuse(line, "another number of columns");
		columns = n;
		for (i = 4; i < n; i++)
			if (!is_float(word[i]))
				refuse(word[i], "no number");
		word[1][strcspn(word[1], ",")] = '\0';
		word[3][strcspn(word[3], ",")] = '\0';
		printf("%s %s", word[1], word[3]);
		for (i = 4; i < n; i++)
			printf(" %s", word[i]);
		putchar('\n');
	}
}

static void read_vmstat(char *text)
{
	char *word[MAX_WORDS], *line;

	while ((line = strsep(&text, "\n"))) {
		if (!text && !*line)
			break;
		if (split_fields(line, word) < 2 || !is_float(word[1]))
			refuse(line, "no name with a number");
		printf("%s %s\n", word[0], word[1]);
	}
}

/* Find "NUMBER, zone NAME" in a line. */
static bool find_zone(const char *line, int *node, char zone[32])
{
	const char *s, *name;
	unsigned int n = 0;

	for (s = line; (s = strstr(s, ", zone")); s++) {
		name = s + strlen(", zone");
		if (s == line || !isdigit(s[-1]) || !isspace(*name))
			continue;
		name += strspn(name, " \t");
		while (n < 31 && (isalnum(name[n]) || name[n] == '_'))
			n++;
		if (!n)
			continue;
		memcpy(zone, name, n);
		zone[n] = '\0';
		while (s > line && isdigit(s[-1]))
			s--;
		*node = atoi(s);
		return true;
	}
	return false;
}

/* The names that the tool has a place for. */
static const char * const zone_names[] = {
	"nr_free_pages", "min", "low", "high", "scanned", "spanned", "present",
	"managed", "nr_active_anon", "nr_inactive_anon", "nr_isolated_anon",
	"nr_anon_pages", "nr_anon_transparent_hugepages", "nr_active_file",
	"nr_inactive_file", "nr_isolated_file", "nr_file_pages",
	"nr_slab_reclaimable", "nr_slab_unreclaimable", "nr_mlock_stack",
	"nr_kernel_stack", "nr_mapped", "nr_dirty", "nr_writeback",
	"nr_unevictable", "nr_shmem", "nr_dirtied", "nr_written", "numa_hit",
	"numa_miss", "numa_foreign", "numa_interleave", "numa_local",
	"numa_other",
};

static bool is_zone_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(zone_names); i++)
		if (!strcmp(name, zone_names[i]))
			return true;
	return false;
}

/* Remove the first character of this kind. */
static void remove_first(char *text, char c)
{
	char *s = strchr(text, c);

	if (s)
		memmove(s, s + 1, strlen(s));
}

/* "protection: (1, 2, 3)" is understood as a whole or not at all. */
static void read_protection(const char *line, int node, const char *zone)
{
	char list[256] = "", rest[256], *s = rest, *next;
	long long value;

	snprintf(rest, sizeof(rest), "%s", strchr(line, ':') + 1);
	rest[strcspn(rest, ":")] = '\0';
	remove_first(rest, '(');
	remove_first(rest, ')');
	s += strspn(s, " \t");
	for (; s; s = next) {
		next = strstr(s, ", ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (!parse_int(s, 10, &value))
			return;
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s%lld", *list ? "," : "", value);
	}
	printf("%d %s protection %s\n", node, zone, list);
}

static void read_zoneinfo(char *text)
{
	char *word[MAX_WORDS], *line, copy[256], zone[32] = "";
	int node = -1;
	long long value;

	while ((line = strsep(&text, "\n"))) {
		if (find_zone(line, &node, zone))
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		if (split_fields(copy, word) < 2)
			continue;
		if (!strcmp(word[0], "protection:"))
			read_protection(line, node, zone);
		else if (is_zone_name(word[0]) && parse_int(word[1], 0, &value))
			printf("%d %s %s %lld\n", node, zone, word[0], value);
	}
}

/*
 * Split a line as procfile_readall() of netdata: at blanks and colons. The end
 * of the line ends a word even where a blank stands before it, and this word is
 * empty then.
 */
static unsigned int split_words(char *line, char *word[MAX_WORDS])
{
	unsigned int n = 0;
	char *s = line;

	for (;;) {
		s += strspn(s, " \t\v\f:");
		if (n == MAX_WORDS)
			refuse(line, "too many words");
		word[n++] = s;
		s += strcspn(s, " \t\v\f:");
		if (!*s)
			return n;
		*s++ = '\0';
	}
}

/* The lines of the tool: those of a zone and type; others are left out. */
static void read_page_line(char *line, unsigned int orders)
{
	char *word[MAX_WORDS];
	unsigned int n = split_words(line, word), i;

	if (n < 6 || strncmp(word[0], "Node", 4) || strncmp(word[4], "type", 4))
		return;
	if (n != 7 + orders)
		refuse(line, "another number of words than the heading");
	printf("%lu %.*s %.*s", strtoul(word[1], NULL, 10),
	       (int)strcspn(word[3], ","), word[3],
	       (int)strcspn(word[5], ","), word[5]);
	for (i = 0; i < orders; i++)
		printf(" %llu", strtoull(word[6 + i], NULL, 10) << i);
	putchar('\n');
}

static void read_pagetypeinfo(char *text)
{
	char *word[MAX_WORDS], *line;
	unsigned int number = 0, orders = 0;

	while ((line = strsep(&text, "\n"))) {
		/* the fourth line has the orders after a heading of 8 words */
		if (number == 3) {
			orders = split_words(line, word) - 9;
			if (orders > 11)
				refuse(line, "no heading with at most 11 orders");
		}
		if (number++ > 3)
			read_page_line(line, orders);
	}
	if (number < 5)
		refuse("", "no lines");
}

/* The parts of zoneinfo, each with the lines of a zone that begin it. */
static const char *part_of(const char *line, const char *part)
{
	if (!strncmp(line, "  per-node stats", 16))
		return "node";
	if (!strncmp(line, "  pages free", 12))
		return "pages";
	if (!strncmp(line, "  pagesets", 10))
		return "pageset";
	if (!strncmp(line, "  node_unreclaimable:", 21))
		return "end";
	return part;
}

/* Print the name in a line: all but the number at its end. */
static void print_key(const char *part, char *line)
{
	char *end = line + strlen(line);

	line += strspn(line, " ");
	while (end > line && isdigit(end[-1]))
		end--;
	if (!*end || end == line || !isspace(end[-1]))
		refuse(line, "no name with a number");
	while (isspace(end[-1]))
		end--;
	*end = '\0';
	printf("%s %s\n", part, line);
}

static void print_zoneinfo_keys(char *text)
{
	const char *part = "";
	char *line, zone[32];
	int node;

	while ((line = strsep(&text, "\n"))) {
		part = part_of(line, part);
		if (!*line || find_zone(line, &node, zone) ||
		    !strcmp(line, "  per-node stats") ||
		    !strcmp(line, "  pagesets"))
			continue;
		if (!strncmp(line, "        protection: (", 21)) {
			puts("pages protection");
			part = "zone";
			continue;
		}
		print_key(part, line);
	}
}

static void print_vmstat_keys(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			print_key("vmstat", line);
}

/* The headings and the names of types. */
static void print_pagetypeinfo_keys(char *text)
{
	char *word[MAX_WORDS], *line;
	unsigned int n, i;

	while ((line = strsep(&text, "\n"))) {
		if (!strncmp(line, "Number of ", 10)) {
			printf("heading %.23s\n", line);
			n = split_fields(line + 23, word);
			for (i = 0; i < n; i++)
				printf("type %s\n", word[i]);
		} else if (strncmp(line, "Node", 4) && *line) {
			printf("heading %.*s\n",
			       (int)strcspn(line, "0123456789"), line);
		}
	}
}

static const struct {
	const char *name;
	void (*read)(char *text);
	void (*print_keys)(char *text);
} files[] = {
	{ "buddyinfo", read_buddyinfo, NULL },
	{ "zoneinfo", read_zoneinfo, print_zoneinfo_keys },
	{ "vmstat", read_vmstat, print_vmstat_keys },
	{ "pagetypeinfo", read_pagetypeinfo, print_pagetypeinfo_keys },
};

int main(int argc, char **argv)
{
	bool keys = argc == 4 && !strcmp(argv[1], "keys");
	void (*fn)(char *text) = NULL;
	unsigned int i;
	char *text;

	argv += keys;
	if (argc - keys != 3)
		errx(1, "usage: parsers [keys] NAME FILE");
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(argv[1], files[i].name))
			fn = keys ? files[i].print_keys : files[i].read;
	text = read_file(argv[2], NULL);
	if (!fn || !text)
		errx(1, "%s %s: no such file", argv[1], argv[2]);
	fn(text);
	free(text);
	return 0;
}
