// SPDX-License-Identifier: GPL-2.0
/* An explanation as JSON. A number that is unknown is null. */
#include <errno.h>
#include <json-c/json.h>
#include "explain.h"

static struct json_object *number(long long n)
{
	return n == UNKNOWN ? NULL : json_object_new_int64(n);
}

static struct json_object *text(const char *s)
{
	return *s ? json_object_new_string(s) : NULL;
}

static struct json_object *list(const struct sentences *s)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		json_object_array_add(array, json_object_new_string(s->text[i]));
	return array;
}

static struct json_object *zone(const struct zone_judgment *zj)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "node", json_object_new_int(zj->zone->nid));
	json_object_object_add(o, "zone",
			       text(zone_type_name(zj->zone->type)));
	json_object_object_add(o, "result", text(zone_result_name(zj->result)));
	json_object_object_add(o, "free", number(zj->free));
	json_object_object_add(o, "needed", number(zj->needed));
	json_object_object_add(o, "lowmem_reserve", number(zj->kept));
	json_object_object_add(o, "missing", number(zj->missing));
	json_object_object_add(o, "largest_order", number(zj->largest));
	return o;
}

static struct json_object *zones(const struct judgment *j)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < j->nr_zones; i++)
		json_object_array_add(array, zone(&j->zones[i]));
	return array;
}

static struct json_object *gfp(const struct explanation *e)
{
	struct json_object *o = json_object_new_object();
	const struct judgment *j = &e->judgment;
	char names[GFP_TEXT] = "";

	if (j->has_set)
		gfp_names(j->set, j->version, names);
	json_object_object_add(o, "mask", number(e->report->mode));
	json_object_object_add(o, "flags", text(names));
	json_object_object_add(o, "may_wait", j->has_set ?
			       json_object_new_boolean(judge_may_wait(j)) : NULL);
	return o;
}

/**
 * explain_json() - print an explanation
 * @e: the explanation
 * @out: where to
 *
 * Return: 0 or -ENOMEM.
 */
int explain_json(const struct explanation *e, FILE *out)
{
	struct json_object *o = json_object_new_object();
	const struct report *r = e->report;
	const char *printed;

	json_object_object_add(o, "kind", text(e->is_live ? "request" :
					       kind_name(r->kind)));
	json_object_object_add(o, "report", number(e->is_live ? UNKNOWN : e->number));
	json_object_object_add(o, "reports", number(e->is_live ? UNKNOWN : e->of));
	json_object_object_add(o, "first_line", number(r->first_line ? r->first_line :
							UNKNOWN));
	json_object_object_add(o, "last_line", number(r->last_line ? r->last_line :
						       UNKNOWN));
	json_object_object_add(o, "kernel", text(r->release));
	json_object_object_add(o, "task", text(r->comm));
	json_object_object_add(o, "order", number(r->order));
	json_object_object_add(o, "gfp", gfp(e));
	json_object_object_add(o, "verdict", e->is_judged ?
			       text(verdict_name(e->judgment.verdict)) : NULL);
	json_object_object_add(o, "page_kb", number(e->judgment.page_kb));
	json_object_object_add(o, "zones", e->is_judged ?
			       zones(&e->judgment) : NULL);
	json_object_object_add(o, "request", list(&e->request));
	json_object_object_add(o, "cause", list(&e->cause));
	json_object_object_add(o, "help", list(&e->help));
	json_object_object_add(o, "details", list(&e->details));
	json_object_object_add(o, "unknown", list(&e->unknown));
	printed = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY);
	if (printed)
		fprintf(out, "%s\n", printed);
	json_object_put(o);
	return printed ? 0 : -ENOMEM;
}
