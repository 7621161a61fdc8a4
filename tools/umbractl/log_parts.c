// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of a report, read word by word. A line that begins no part belongs
 * to the part before it, because a fold may be anywhere between two words.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "log_parts.h"

/* No number of a report is larger: 2^50 kB are 1 EiB. */
#define NUMBER_MOST	(1LL << 50)

static const char * const zone_names[LOG_ZONE_TYPES] = {
	[LOG_DMA] = "DMA", [LOG_DMA32] = "DMA32", [LOG_NORMAL] = "Normal",
	[LOG_HIGHMEM] = "HighMem", [LOG_MOVABLE] = "Movable",
	[LOG_DEVICE] = "Device",
};

static const char * const value_names[LOG_VALUES] = {
	[LOG_FREE] = "free:", [LOG_BOOST] = "boost:", [LOG_MIN] = "min:",
	[LOG_LOW] = "low:", [LOG_HIGH] = "high:",
	[LOG_RESERVED_HIGHATOMIC] = "reserved_highatomic:",
	[LOG_FREE_HIGHATOMIC] = "free_highatomic:",
	[LOG_FREE_CMA] = "free_cma:", [LOG_PRESENT] = "present:",
	[LOG_MANAGED] = "managed:",
};

static const char * const total_names[LOG_TOTALS] = {
	[TOTAL_ACTIVE_ANON] = "active_anon:",
	[TOTAL_INACTIVE_ANON] = "inactive_anon:",
	[TOTAL_ACTIVE_FILE] = "active_file:",
	[TOTAL_INACTIVE_FILE] = "inactive_file:",
	[TOTAL_SLAB_UNRECLAIMABLE] = "slab_unreclaimable:",
	[TOTAL_SHMEM] = "shmem:",
};

/* Lines that begin a part, or end one */
static const struct form {
	const char *begin;
	enum part_kind kind;
	bool ends_zones;
} forms[] = {
	{ "Call Trace:", PART_CALLS, false },
	{ "Call trace:", PART_CALLS, false },
	{ "Backtrace:", PART_CALLS, false },
	{ "Mem-Info:", PART_TOTALS, false },
	{ "Mem-info:", PART_TOTALS, false },
	{ "active_anon:", PART_TOTALS, false },
	{ "lowmem_reserve[]:", PART_RESERVE, false },
	{ "oom-kill:", PART_HEAD, false },
	{ "Tasks state", PART_NONE, true },
	{ "Free swap", PART_NONE, true },
	{ "Swap cache stats:", PART_NONE, true },
};

/* Read a number in base 10, or 16 after "0x". Returns its end, or NULL. */
static const char *number(const char *s, long long *value)
{
	unsigned int base = s[0] == '0' && s[1] == 'x' ? 16 : 10;
	char *end;

	if (base == 16)
		s += 2;
	if (!isxdigit((unsigned char)*s) ||
	    (base == 10 && !isdigit((unsigned char)*s)))
		return NULL;
	*value = 0;
	*value = strtoll(s, &end, base);
	return *value > NUMBER_MOST ? NULL : end;
}

/* The value of a name in a table, if @word begins with the name */
static const char *named(const char *word, const char * const *names,
			 unsigned int nr, unsigned int *which)
{
	for (*which = 0; *which < nr; (*which)++)
		if (!strncmp(word, names[*which], strlen(names[*which])))
			return word + strlen(names[*which]);
	return NULL;
}

/* "0-3,6" as bits. Nodes that are too many are left out. */
static bool read_nodes(const char *s, unsigned int *nodes)
{
	long long from, to;

	*nodes = 0;
	do {
		s = number(s, &from);
		if (!s)
			break;
		to = from;
		if (*s == '-')
			s = number(s + 1, &to);
		for (; from <= to && from < LOG_NODES; from++)
			*nodes |= 1U << from;
	} while (s && *s == ',' && isdigit((unsigned char)*++s));
	return *nodes;
}

/* The text after a name with ':' or '=', which is no part of a longer name */
static const char *find_name(const char *text, const char *name)
{
	const char *at = text;

	while ((at = strstr(at, name))) {
		const char *end = at + strlen(name);

		if ((*end == ':' || *end == '=') &&
		    (at == text || !(isalnum((unsigned char)at[-1]) ||
				     at[-1] == '_')))
			return end + 1;
		at++;
	}
	return NULL;
}

static void read_mode(struct report *r, const char *text)
{
	static const char * const names[] = { "mode", "gfp_mask", "gfp" };
	const char *at = NULL;
	size_t i, len;

	for (i = 0; !at && i < sizeof(names) / sizeof(*names); i++)
		at = find_name(text, names[i]);
	if (!at || r->mode != UNKNOWN)
		return;
	at = number(at, &r->mode);
	if (!at) {
		r->mode = UNKNOWN;
		return;
	}
	len = *at == '(' ? strcspn(at + 1, ") ") : 0;
	if (len && len < sizeof(r->mode_names)) {
		memcpy(r->mode_names, at + 1, len);
		r->mode_names[len] = '\0';
	}
}

static void read_size(struct report *r, const char *text)
{
	static const char * const words[] = {
		" of ", "allocation failure: ", "error: size ", "for size ",
		"req-size: ",
	};
	const char *at;
	size_t i;

	if (r->size != UNKNOWN ||
	    (r->kind != REPORT_VMALLOC && r->kind != REPORT_CMA))
		return;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		at = strstr(text, words[i]);
		if (at && number(at + strlen(words[i]), &r->size))
			return;
		r->size = UNKNOWN;
	}
}

static bool read_head(struct report *r, const char *text)
{
	const char *at = find_name(text, "order");
	unsigned int nodes;

	if (at && r->order == UNKNOWN && !number(at, &r->order))
		r->order = UNKNOWN;
	read_mode(r, text);
	read_size(r, text);
	at = find_name(text, "nodemask");
	if (at && read_nodes(at, &nodes)) {
		r->nodemask = nodes;
		r->has_nodemask = true;
	}
	at = find_name(text, "mems_allowed");
	if (at && read_nodes(at, &nodes)) {
		r->mems = nodes;
		r->has_mems = true;
	}
	return true;
}

/*
 * "function+0x12/0x34", perhaps in parentheses, or "0010:function+0x12/0x34".
 * The part of a name after a dot is of the compiler, and left out.
 */
static void read_call(struct report *r, const char *word)
{
	size_t len = strcspn(word, "+");

	if (strncmp(word + len, "+0x", 3) || r->nr_calls == LOG_CALLS)
		return;
	word += *word == '(';
	word += strspn(word, "0123456789");
	word += *word == ':';
	len = strcspn(word, "+.");
	if (!len || len >= LOG_NAME)
		return;
	if (r->nr_calls &&
	    !strncmp(r->calls[r->nr_calls - 1].function, word, len) &&
	    !r->calls[r->nr_calls - 1].function[len])
		return;
	memcpy(r->calls[r->nr_calls].function, word, len);
	r->calls[r->nr_calls].function[len] = '\0';
	r->calls[r->nr_calls++].module[0] = '\0';
}

/* "[module]" after a function */
static void read_module(struct report *r, const char *word)
{
	size_t len = strcspn(word, "] )");

	if (*word != '[' || word[1] == '<' || word[len] != ']' || !r->nr_calls ||
	    len > LOG_NAME)
		return;
	memcpy(r->calls[r->nr_calls - 1].module, word + 1, len - 1);
	r->calls[r->nr_calls - 1].module[len - 1] = '\0';
}

static bool read_total(struct report *r, const char *word)
{
	unsigned int which;
	const char *at = named(word, total_names, LOG_TOTALS, &which);
	long long value;

	if (!at || r->total[which] != UNKNOWN || !number(at, &value))
		return false;
	r->total[which] = value;
	return true;
}

static bool is_kb(const char *s)
{
	return (s[0] == 'k' || s[0] == 'K') && s[1] == 'B' && !s[2];
}

static bool read_value(struct log_zone *zone, const char *word)
{
	unsigned int which;
	const char *at = named(word, value_names, LOG_VALUES, &which);
	long long value;

	if (at)
		at = number(at, &value);
	if (!at || !is_kb(at) || zone->value[which] != UNKNOWN)
		return false;
	zone->value[which] = value;
	return true;
}

static bool read_reserve(struct log_zone *zone, const char *word)
{
	long long value;
	const char *at = number(word, &value);

	if (!at || *at || zone->nr_reserves == LOG_RESERVES)
		return false;
	zone->reserve[zone->nr_reserves++] = value;
	return true;
}

static bool read_types(struct log_zone *zone, const char *word)
{
	static const char letters[] = "UEMRHCI";
	const char *letter;

	if (*word != '(' || !zone->nr_orders)
		return false;
	for (word++; (letter = *word ? strchr(letters, *word) : NULL); word++)
		zone->types[zone->nr_orders - 1] |= 1 << (letter - letters);
	return true;
}

/* "12*4kB", whose size must be that of the next order; "(UM)"; "= 123kB" */
static bool read_blocks(struct part *part, struct report *r, const char *word)
{
	struct log_zone *zone = part->zone;
	long long nr, kb;
	const char *at = number(word, &nr);

	if (!strcmp(word, "="))
		part->after_equals = true;
	if (!at)
		return read_types(zone, word);
	if (part->after_equals) {
		zone->complete = is_kb(at);
		part->kind = PART_NONE;
		return true;
	}
	at = *at == '*' ? number(at + 1, &kb) : NULL;
	if (!at || !is_kb(at) || !kb || zone->nr_orders == LOG_ORDERS)
		return false;
	if (r->page_kb == UNKNOWN && !zone->nr_orders)
		r->page_kb = kb;
	if (kb != r->page_kb << zone->nr_orders)
		return false;
	zone->types[zone->nr_orders] = 0;
	zone->blocks[zone->nr_orders++] = nr;
	return true;
}

static struct log_zone *get_zone(struct report *r, unsigned int nid,
				 enum log_zone_type type)
{
	struct log_zone *zone;
	unsigned int i;

	for (zone = r->zones; zone < r->zones + r->nr_zones; zone++)
		if (zone->nid == nid && zone->type == type)
			return zone;
	if (r->nr_zones == LOG_ZONES || nid >= LOG_NODES) {
		r->too_many_zones = true;
		return NULL;
	}
	memset(zone, 0, sizeof(*zone));
	zone->nid = nid;
	zone->type = type;
	for (i = 0; i < LOG_VALUES; i++)
		zone->value[i] = UNKNOWN;
	r->nr_zones++;
	return zone;
}

/* "Node 0 Normal free:" or "Normal: 1*4kB". Returns the rest, or NULL. */
static const char *zone_line(const char *text, unsigned int *nid,
			     unsigned int *type, enum part_kind *kind)
{
	long long node = 0;
	const char *rest = text, *at;
	unsigned int i;

	if (!strncmp(text, "Node ", strlen("Node "))) {
		rest = number(text + strlen("Node "), &node);
		if (!rest || *rest != ' ')
			return NULL;
		rest += strspn(rest, " ");
	}
	for (i = 0; i < LOG_ZONE_TYPES; i++) {
		size_t len = strlen(zone_names[i]);

		if (strncmp(rest, zone_names[i], len))
			continue;
		at = rest + len + strspn(rest + len, " ");
		if (rest[len] != ':' && strncmp(at, "free:", strlen("free:")))
			continue;
		*kind = rest[len] == ':' ? PART_BLOCKS : PART_ZONE;
		*nid = node < LOG_NODES ? node : LOG_NODES;
		*type = i;
		return *kind == PART_BLOCKS ? at + 1 : at;
	}
	return NULL;
}

/* Does a line begin the values of a zone? */
bool part_begins_zones(const char *text)
{
	unsigned int nid, type;
	enum part_kind kind;

	return zone_line(text, &nid, &type, &kind) && kind == PART_ZONE;
}

/* Begin the part that a line begins, if any. Returns the rest of the line. */
static const char *begin_part(struct part *part, struct report *r,
			      const char *text)
{
	unsigned int nid, type, i;
	enum part_kind kind;
	const char *rest = zone_line(text, &nid, &type, &kind);

	if (rest) {
		part->zone = get_zone(r, nid, type);
		part->kind = part->zone ? kind : PART_NONE;
		part->after_equals = false;
		return rest;
	}
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (strncmp(text, forms[i].begin, strlen(forms[i].begin)))
			continue;
		part->kind = forms[i].kind;
		part->zones_ended |= forms[i].ends_zones;
		if (part->kind == PART_RESERVE && !part->zone)
			part->kind = PART_NONE;
		return text + (part->kind == PART_RESERVE ?
			       strlen(forms[i].begin) : 0);
	}
	if (strstr(text, "total pagecache pages")) {
		part->kind = PART_NONE;
		part->zones_ended = true;
	} else if (!strncmp(text, "Node ", strlen("Node ")) ||
		   strstr(text, "per-cpu:")) {
		part->kind = PART_NONE;
	} else if (strstr(text, " cpuset=")) {
		part->kind = PART_HEAD;
	}
	return text;
}

static bool read_word(struct part *part, struct report *r, const char *word)
{
	switch (part->kind) {
	case PART_HEAD:
	case PART_CALLS:
		read_call(r, word);
		read_module(r, word);
		return part->kind == PART_CALLS;
	case PART_TOTALS:
		return read_total(r, word);
	case PART_ZONE:
		return read_value(part->zone, word);
	case PART_RESERVE:
		return read_reserve(part->zone, word);
	case PART_BLOCKS:
		return read_blocks(part, r, word);
	default:
		return false;
	}
}

/* Read all words of a line, but for functions that are only guessed. */
static bool read_words(struct part *part, struct report *r, const char *text)
{
	char word[256];
	bool used = false, guessed = false;

	while (*(text += strspn(text, " \t"))) {
		size_t len = strcspn(text, " \t");

		if (len < sizeof(word) && !guessed) {
			memcpy(word, text, len);
			word[len] = '\0';
			used |= read_word(part, r, word);
		}
		guessed = len == 1 && *text == '?';
		text += len;
	}
	return used;
}

/**
 * part_read() - read a line of a report
 * @part: the part that the lines before it belong to; changed by the first line
 *	of another
 * @r: the report
 * @text: the line
 * @is_head: whether the report begins with it
 *
 * Return: whether the line has something that a report has.
 */
bool part_read(struct part *part, struct report *r, const char *text,
	       bool is_head)
{
	const char *swap = strstr(text, "Total swap = ");
	bool used = false;

	if (swap && r->swap_kb == UNKNOWN &&
	    !number(swap + strlen("Total swap = "), &r->swap_kb))
		r->swap_kb = UNKNOWN;
	if (!is_head)
		text = begin_part(part, r, text);
	if (part->kind == PART_HEAD)
		used = read_head(r, text);
	return read_words(part, r, text) || used || swap;
}
