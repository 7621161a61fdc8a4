// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzer of umbractl explain: the input is a kernel log. Each report that is found
 * gets an explanation, whose numbers must agree with each other.
 */
#include "../umbractl/explain.h"
#include "fuzz.h"

#define TEXT		4096

/* The result of a zone must follow from its numbers. */
static void check_zone(const struct zone_judgment *zj, long long order)
{
	bool known = zj->needed != UNKNOWN;

	fuzz_check(!known || zj->free != UNKNOWN, "a need without free pages");
	switch (zj->result) {
	case ZONE_SERVES:
		fuzz_check(known && zj->free >= zj->needed &&
			   (!zj->zone->nr_orders || zj->largest >= order),
			   "a zone serves with %lld of %lld, order %d of %lld",
			   zj->free, zj->needed, zj->largest, order);
		break;
	case ZONE_SHORT:
	case ZONE_PROTECTED:
		fuzz_check(known && zj->missing == zj->needed - zj->free &&
			   zj->missing > 0, "a zone lacks %lld of %lld",
			   zj->missing, zj->needed);
		break;
	case ZONE_PIECES:
		fuzz_check(known && zj->free >= zj->needed &&
			   zj->largest < order, "a block of order %d of %lld",
			   zj->largest, order);
		break;
	default:
		break;
	}
}

static void check_report(const struct report *r, struct log *log)
{
	static struct explanation e;
	unsigned int i;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	fuzz_check(out, "no memory for the text");
	fuzz_check(r->first_line && r->last_line >= r->first_line,
		   "lines %u to %u", r->first_line, r->last_line);
	e.number = 1;
	e.of = log->nr;
	fuzz_check(!explain(&e, r, 0), "a report is not explained");
	for (i = 0; i < e.judgment.nr_zones; i++)
		check_zone(&e.judgment.zones[i], r->order);
	explain_text(&e, out);
	fclose(out);
	fuzz_check(size, "a report without a text");
	if (getenv("FUZZ_LOG"))
		fputs(text, stderr);
	free(text);
	explain_free(&e);
}

void fuzz_one(void)
{
	char text[TEXT];
	size_t len = fuzz_text(text, sizeof(text), '\0');
	struct log log;
	unsigned int i;

	fuzz_check(!log_parse(text, len, &log), "a log is not read");
	for (i = 0; i < log.nr; i++)
		check_report(log.reports[i], &log);
	log_free(&log);
}
