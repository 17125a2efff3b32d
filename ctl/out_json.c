/* SPDX-License-Identifier: ISC */

/*
 * Records as JSON: names and kinds come from the table of facts.  What there
 * was no memory for is noted until the end, and told there.
 */

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "ctl/ctl.h"

struct out_json {
	json_t *top;
	json_t *list; /* borrowed from top; where records go */
	bool failed;  /* something is missing */
};

static json_t *object_of(
	struct out_json *json, struct buf_reader facts, int depth);

enum { DEPTH_MAX = 4 };

/* JSON as others read it has no larger ones. */
static json_t *
number_of(uint64_t number)
{
	return json_integer(
		(json_int_t)(number < INT64_MAX ? number : INT64_MAX));
}

static json_t *
scalar_of(const struct ctl_value *v)
{
	switch ((enum ctl_kind)v->fact->kind) {
	case CTL_KIND_TEXT:
	case CTL_KIND_ADDR:
		return json_text(v->text);
	case CTL_KIND_NUMBER:
		return number_of(v->number);
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
add_element(struct out_json *json, json_t *object, const char *name,
	json_t *element)
{
	if (!json_object_get(object, name))
		json_put(&json->failed, object, name, json_array());
	json_add(&json->failed, json_object_get(object, name), element);
}

/* NOLINTBEGIN(misc-no-recursion): DEPTH_MAX bounds it */
static void
fill(struct out_json *json, json_t *object, struct buf_reader facts, int depth)
{
	struct ctl_value v;

	while (ctl_value_next(&facts, &v)) {
		if (v.fact->kind == CTL_KIND_LIST)
			add_element(json, object, v.fact->name,
				object_of(json, v.facts, depth + 1));
		else if (v.fact->kind == CTL_KIND_OBJECT)
			json_put(&json->failed, object, v.fact->name,
				object_of(json, v.facts, depth + 1));
		else
			json_put(&json->failed, object, v.fact->name,
				scalar_of(&v));
	}
}

static json_t *
object_of(struct out_json *json, struct buf_reader facts, int depth)
{
	json_t *object = json_object();

	if (depth < DEPTH_MAX)
		fill(json, object, facts, depth);
	return object;
}
/* NOLINTEND(misc-no-recursion) */

struct out_json *
out_json_new(const char *name)
{
	struct out_json *json = (struct out_json *)calloc(1, sizeof(*json));

	if (!json) {
		fprintf(stderr, "rsvpctl: out of memory\n");
		return NULL;
	}
	json->top = json_object();
	json_put(&json->failed, json->top, "schema", json_integer(1));
	if (name)
		out_json_list(json, name);
	return json;
}

void
out_json_list(struct out_json *json, const char *name)
{
	json_put(&json->failed, json->top, name, json_array());
	json->list = json_object_get(json->top, name);
}

void
out_json_record(struct out_json *json, struct buf_reader *facts)
{
	struct ctl_value kind;
	json_t *record;

	if (ctl_value_find(facts, CTL_F_KIND, &kind) &&
		strcmp(kind.text, "status") == 0) {
		fill(json, json->top, *facts, 0);
		(void)json_object_del(json->top, "kind"); /* if it is there */
		return;
	}
	record = object_of(json, *facts, 0);
	/* A session without state still has its two lists. */
	if (ctl_value_find(facts, CTL_F_DST, &kind)) {
		if (!json_object_get(record, "paths"))
			json_put(&json->failed, record, "paths", json_array());
		if (!json_object_get(record, "reservations"))
			json_put(&json->failed, record, "reservations",
				json_array());
	}
	if (json->list)
		json_add(&json->failed, json->list, record);
	else if (json_object_update_new(json->top, record) != 0)
		json->failed = true;
}

void
out_json_pair(struct out_json *json, const char *name, uint64_t value)
{
	if (!json_is_object(json_object_get(json->top, "counters"))) {
		json_put(&json->failed, json->top, "counters", json_object());
		json->list = NULL;
	}
	json_put(&json->failed, json_object_get(json->top, "counters"), name,
		number_of(value));
}

int
out_json_end(struct out_json *json, int status, FILE *out)
{
	/* Half an answer is none: a script must not take it for a short one. */
	if (status == CTL_DONE && !json->failed) {
		json->failed = json_dumpf(json->top, out, JSON_INDENT(2)) != 0;
		(void)fputc('\n', out); /* a fault stays with the stream */
	}
	/* What the stream did not take is told by who flushes it. */
	if (status == CTL_DONE && json->failed && !ferror(out)) {
		fprintf(stderr, "rsvpctl: out of memory\n");
		status = CTL_REFUSED;
	}
	json_decref(json->top);
	free(json);
	return status;
}
