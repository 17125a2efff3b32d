/* SPDX-License-Identifier: ISC */

/* `policyd diff` and JSON: its answer, and the reservations it is given. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "diff_int.h"

/* ---- the answer ---------------------------------------------------------- */

struct diff_out {
	json_t *top;
	json_t *changes;
	json_t *thing; /* the last of them */
	json_t *flows;
	json_t *data;
};

static json_t *
lines_of(const struct source_report *report)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		if (report->lines[i])
			json_array_append_new(
				lines, json_string(report->lines[i]));
	return lines;
}

static json_t *
policy_of(const struct diff_policy *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "source", json_string(p->source));
	if (p->generation != 0)
		json_object_set_new(o, "generation",
			json_integer((json_int_t)p->generation));
	json_object_set_new(o, "valid", json_boolean(p->set != NULL));
	return o;
}

static json_t *
list_in(json_t *top, const char *name)
{
	json_t *list = json_array();

	json_object_set_new(top, name, list);
	return list;
}

static struct diff_out *
json_begin(const struct diff_policy *have, const struct diff_policy *want)
{
	struct diff_out *out = (struct diff_out *)calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->top = json_object();
	json_object_set_new(out->top, "schema", json_integer(1));
	json_object_set_new(out->top, "old", policy_of(have));
	json_object_set_new(out->top, "new", policy_of(want));
	json_object_set_new(out->top, "errors",
		lines_of(have->set ? &want->errors : &have->errors));
	json_object_set_new(out->top, "warnings", lines_of(&want->notes));
	out->changes = list_in(out->top, "changes");
	out->flows = list_in(out->top, "reservations");
	out->data = list_in(out->top, "data");
	return out;
}

static void
json_thing(void *arg, enum policy_thing thing, enum diff_kind kind,
	const char *name)
{
	static const char *const words[] = { [DIFF_ADDED] = "added",
		[DIFF_REMOVED] = "removed",
		[DIFF_CHANGED] = "changed" };
	struct diff_out *out = (struct diff_out *)arg;

	out->thing = json_object();
	json_array_append_new(out->changes, out->thing);
	json_object_set_new(
		out->thing, "what", json_string(policy_thing_text(thing)));
	json_object_set_new(out->thing, "name", json_string(name));
	json_object_set_new(out->thing, "change", json_string(words[kind]));
	(void)list_in(out->thing, "fields"); /* json_field() finds it */
}

static json_t *
text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static void
json_field(void *arg, const char *key, const char *have, const char *want)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	json_object_set_new(o, "field", json_string(key));
	json_object_set_new(o, "old", text_or_null(have));
	json_object_set_new(o, "new", text_or_null(want));
	json_array_append_new(json_object_get(out->thing, "fields"), o);
}

static void
json_flow(void *arg, const struct effect *e)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	json_object_set_new(o, "reservation", json_string(e->flow->what));
	json_object_set_new(
		o, "effect", json_string(effect_kind_text(e->kind)));
	json_object_set_new(o, "old_rule", text_or_null(e->flow->before));
	json_object_set_new(o, "rule", text_or_null(e->verdict->rule));
	json_object_set_new(o, "reason", json_string(e->verdict->reason));
	if (e->kind == EFFECT_REFUSED) {
		json_object_set_new(o, "end", json_string(e->how));
		json_object_set_new(
			o, "limit", text_or_null(e->verdict->limit));
	}
	if (e->grants[0] != '\0')
		json_object_set_new(o, "grants", json_string(e->grants));
	json_array_append_new(out->flows, o);
}

static void
json_data(void *arg, const struct effect_data *e)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	json_object_set_new(o, "rule", json_string(e->rule));
	json_object_set_new(o, "remarked", json_boolean(e->marks));
	json_object_set_new(o, "old", text_or_null(e->have));
	json_object_set_new(o, "new", text_or_null(e->want));
	json_array_append_new(out->data, o);
}

static void
json_end(struct diff_out *out, size_t standing, bool same)
{
	json_object_set_new(out->top, "same", json_boolean(same));
	json_object_set_new(
		out->top, "standing", json_integer((json_int_t)standing));
	(void)json_dumpf(out->top, stdout,
		JSON_INDENT(2) | JSON_PRESERVE_ORDER); /* checked at exit */
	printf("\n");
	json_decref(out->top);
	free(out);
}

const struct diff_out_ops diff_json = { json_begin, { json_thing, json_field },
	{ json_flow, json_data }, json_end };

/* ---- the reservations ---------------------------------------------------- */

static const char *
text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* "10.2.2.20 port 5004 from 10.1.1.10 port 5004 on eth1 (rule x)" */
static void
describe(const json_t *o, const struct policy_request *r, struct effect_flow *f)
{
	struct text t = text_over(f->what, sizeof(f->what));
	char name[ADDR_TEXT];

	(void)text_copy(f->rule, sizeof(f->rule), text_in(o, "rule"));
	text_printf(&t, "%s to %s port %u",
		r->message == POLICY_PATH ? "sender" : "reservation",
		addr_format(&r->dst, name), r->dst_port);
	if (r->src.family != ADDR_NONE)
		text_printf(&t, " from %s port %u", addr_format(&r->src, name),
			r->src_port);
	if (r->iface[0] != '\0')
		text_printf(&t, " on %s", r->iface);
}

static bool
read_options(const json_t *o, struct policy_question *q, struct text *problem)
{
	const json_t *options = json_object_get(o, "options");
	const json_t *one;
	size_t i;

	json_array_foreach(options, i, one)
	{
		const char *wants = "";
		const char *name = text_in(one, "name");

		if (policy_question_set(q, name, text_in(one, "text"),
			    &wants) != POLICY_QUESTION_TAKEN) {
			text_printf(problem, "option %s: not %s", name,
				wants[0] != '\0' ? wants : "known");
			return false;
		}
	}
	policy_question_settle(q);
	return true;
}

static bool
read_all(const json_t *list, int64_t now_s, struct effect_flows *flows,
	struct text *problem)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		struct policy_question q;
		struct effect_flow *f;

		policy_question_init(&q, now_s);
		if (!read_options(one, &q, problem)) {
			text_printf(problem, " (reservation %zu)", i + 1);
			return false;
		}
		f = effect_flow_add(flows, &q.request);
		if (!f) {
			text_printf(problem,
				"no memory, or more than %d reservations",
				EFFECT_FLOWS_MAX);
			return false;
		}
		describe(one, &q.request, f);
	}
	return true;
}

bool
diff_json_flows(const char *path, int64_t now_unix_s,
	struct effect_flows *flows, struct text *ret_problem)
{
	json_error_t error;
	json_t *top = json_load_file(path, 0, &error);
	const json_t *list;
	bool good;

	if (!top) {
		text_printf(ret_problem, "line %d: %s", error.line, error.text);
		return false;
	}
	list = json_object_get(top, "requests");
	good = json_is_array(list);
	if (good)
		good = read_all(list, now_unix_s, flows, ret_problem);
	else
		text_printf(ret_problem, "no list of requests (wanted { "
					 "\"requests\": [ ... ] })");
	json_decref(top);
	return good;
}
