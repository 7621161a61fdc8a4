// SPDX-License-Identifier: GPL-2.0
/* An explanation as text of 80 columns. */
#include <string.h>
#include "explain.h"

#define COLUMNS	80

/*
 * Print words from the column @indent on, in which each further line begins. A
 * list of flags may also be broken after a '|'.
 */
static void print_wrapped(FILE *out, const char *text, unsigned int indent)
{
	unsigned int at = indent;
	bool glued = true;

	while (*(text += strspn(text, " "))) {
		size_t len = strcspn(text, " |");

		len += text[len] == '|';
		if (at > indent && at + !glued + len > COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (!glued) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)len, text);
		at += len;
		text += len;
		glued = text[-1] == '|';
	}
	fputc('\n', out);
}

static void print_paragraph(FILE *out, const struct sentences *s)
{
	char text[4096] = "";
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i ? " " : "", s->text[i]);
	print_wrapped(out, text, 0);
}

static void print_list(FILE *out, const char *title, const struct sentences *s)
{
	unsigned int i;

	if (!s->nr)
		return;
	fprintf(out, "\n%s\n", title);
	for (i = 0; i < s->nr; i++) {
		fputs("  - ", out);
		print_wrapped(out, s->text[i], 4);
	}
}

static void print_number(FILE *out, long long n)
{
	if (n == UNKNOWN)
		fprintf(out, " %10s", "?");
	else
		fprintf(out, " %10lld", n);
}

static void print_zone(FILE *out, const struct zone_judgment *zj)
{
	bool used = zj->result != ZONE_TYPE && zj->result != ZONE_NODE;

	fprintf(out, "  %4u %-7s", zj->zone->nid, zone_type_name(zj->zone->type));
	print_number(out, zj->free);
	if (used) {
		print_number(out, zj->needed);
		print_number(out, zj->missing);
	} else {
		fprintf(out, " %10s %10s", "-", "-");
	}
	if (!used)
		fprintf(out, " %7s", "-");
	else if (zj->largest < 0)
		fprintf(out, " %7s", zj->zone->nr_orders ? "none" : "?");
	else
		fprintf(out, " %7d", zj->largest);
	fprintf(out, "  %s\n", zone_result_name(zj->result));
}

static void print_zones(const struct explanation *e, FILE *out)
{
	const struct judgment *j = &e->judgment;
	unsigned int i;

	if (!j->nr_zones)
		return;
	fprintf(out, "\nZones in the order of the request, in pages of %lld kB\n",
		j->page_kb);
	fprintf(out, "  %4s %-7s %10s %10s %10s %7s  %s\n", "node", "zone",
		"free", "needed", "missing", "largest", "result");
	for (i = 0; i < j->nr_zones; i++)
		print_zone(out, &j->zones[i]);
}

static void print_title(const struct explanation *e, FILE *out)
{
	const struct report *r = e->report;

	if (e->is_live) {
		fprintf(out, "A request on this machine");
	} else {
		fprintf(out, "Kind: %s (lines %u to %u", kind_name(r->kind),
			r->first_line, r->last_line);
		if (e->of > 1)
			fprintf(out, ", report %u of %u%s", e->number, e->of,
				e->and_more ? " and more" : "");
		fputc(')', out);
	}
	if (*r->release)
		fprintf(out, "\nKernel: %s", r->release);
	fputs("\n", out);
}

/**
 * explain_text() - print an explanation
 * @e: the explanation
 * @out: where to
 */
void explain_text(const struct explanation *e, FILE *out)
{
	print_title(e, out);
	if (e->request.nr) {
		fputc('\n', out);
		print_paragraph(out, &e->request);
	}
	fputc('\n', out);
	if (e->is_live && e->judgment.verdict == VERDICT_FREED)
		fputs("Result: it would be served\n", out);
	else if (e->is_live && e->judgment.verdict == VERDICT_UNKNOWN)
		fputs("Result: unknown\n", out);
	else if (e->is_judged)
		fprintf(out, "%s: %s\n", e->is_live ? "It would fail" : "Cause",
			verdict_name(e->judgment.verdict));
	print_paragraph(out, &e->cause);
	if (e->is_judged)
		print_zones(e, out);
	print_list(out, "What would help", &e->help);
	print_list(out, "For developers", &e->details);
	print_list(out, "Unknown", &e->unknown);
}
