/* SPDX-License-Identifier: ISC */

/* Records as JSON: names and kinds come from the table of facts. */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

struct out_json {
	json_t *top;
	json_t *list; /* borrowed from top; where records go */
};

static json_t *object_of(struct buf_reader facts, int depth);

enum { DEPTH_MAX = 4 };

static json_t *
scalar_of(const struct ctl_value *v)
{
	switch ((enum ctl_kind)v->fact->kind) {
	case CTL_KIND_TEXT:
	case CTL_KIND_ADDR:
		return json_string(v->text);
	case CTL_KIND_NUMBER:
		return json_integer(
			(json_int_t)(v->number < INT64_MAX ? v->number
							   : INT64_MAX));
	case CTL_KIND_SIGNED:
		return json_integer((json_int_t)v->signed_number);
	case CTL_KIND_REAL: /* JSON has no infinity */
		return isfinite(v->real) ? json_real(v->real) : json_null();
	case CTL_KIND_BOOL:
		return json_boolean(v->number);
	case CTL_KIND_OBJECT:
	case CTL_KIND_LIST:
		break;
	}
	return json_null();
}

static void
add_element(json_t *object, const char *name, json_t *element)
{
	json_t *list = json_object_get(object, name);

	if (!list) {
		list = json_array();
		json_object_set_new(object, name, list);
	}
	json_array_append_new(list, element);
}

/* NOLINTBEGIN(misc-no-recursion): DEPTH_MAX bounds it */
static void
fill(json_t *object, struct buf_reader facts, int depth)
{
	struct ctl_value v;

	while (ctl_value_next(&facts, &v)) {
		if (v.fact->kind == CTL_KIND_LIST)
			add_element(object, v.fact->name,
				object_of(v.facts, depth + 1));
		else if (v.fact->kind == CTL_KIND_OBJECT)
			json_object_set_new(object, v.fact->name,
				object_of(v.facts, depth + 1));
		else
			json_object_set_new(
				object, v.fact->name, scalar_of(&v));
	}
}

static json_t *
object_of(struct buf_reader facts, int depth)
{
	json_t *object = json_object();

	if (depth < DEPTH_MAX)
		fill(object, facts, depth);
	return object;
}
/* NOLINTEND(misc-no-recursion) */

struct out_json *
out_json_new(const char *name)
{
	struct out_json *json = (struct out_json *)calloc(1, sizeof(*json));

	if (!json)
		return NULL;
	json->top = json_object();
	json_object_set_new(json->top, "schema", json_integer(1));
	if (name)
		out_json_list(json, name);
	return json;
}

void
out_json_list(struct out_json *json, const char *name)
{
	json->list = json_array();
	json_object_set_new(json->top, name, json->list);
}

void
out_json_record(struct out_json *json, struct buf_reader *facts)
{
	struct ctl_value kind;

	if (ctl_value_find(facts, CTL_F_KIND, &kind) &&
		strcmp(kind.text, "status") == 0) {
		fill(json->top, *facts, 0);
		json_object_del(json->top, "kind");
		return;
	}

	json_t *record = object_of(*facts, 0);

	/* A session without state still has its two lists. */
	if (ctl_value_find(facts, CTL_F_DST, &kind)) {
		if (!json_object_get(record, "paths"))
			json_object_set_new(record, "paths", json_array());
		if (!json_object_get(record, "reservations"))
			json_object_set_new(
				record, "reservations", json_array());
	}
	if (json->list)
		json_array_append_new(json->list, record);
	else
		json_object_update_new(json->top, record);
}

void
out_json_pair(struct out_json *json, const char *name, uint64_t value)
{
	json_t *pairs = json_object_get(json->top, "counters");

	if (!json_is_object(pairs)) {
		pairs = json_object();
		json_object_set_new(json->top, "counters", pairs);
		json->list = NULL;
	}
	json_object_set_new(pairs, name, json_integer((json_int_t)value));
}

void
out_json_end(struct out_json *json, FILE *out)
{
	if (out) {
		/* A fault stays with the stream. */
		(void)json_dumpf(json->top, out, JSON_INDENT(2));
		(void)fputc('\n', out);
	}
	json_decref(json->top);
	free(json);
}
