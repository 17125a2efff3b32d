/* SPDX-License-Identifier: ISC */

/* `policyd diff` and JSON: its answer, and the reservations it is given. */

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "diff_int.h"

/* ---- the answer ---------------------------------------------------------- */

struct diff_out {
	json_t *top;
	json_t *changes;
	json_t *thing; /* the last of them */
	json_t *flows;
	json_t *data;
	bool failed; /* something is missing */
};

static void
put(struct diff_out *out, json_t *o, const char *name, json_t *element)
{
	json_put(&out->failed, o, name, element);
}

static json_t *
lines_of(struct diff_out *out, const struct source_report *report)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		json_add(&out->failed, lines,
			report->lines[i] ? json_text(report->lines[i]) : NULL);
	return lines;
}

static json_t *
policy_of(struct diff_out *out, const struct diff_policy *p)
{
	json_t *o = json_object();

	put(out, o, "source", json_text(p->source));
	if (p->generation != 0)
		put(out, o, "generation",
			json_integer((json_int_t)p->generation));
	put(out, o, "valid", json_boolean(p->set != NULL));
	return o;
}

static json_t *
list_in(struct diff_out *out, json_t *top, const char *name)
{
	put(out, top, name, json_array());
	return json_object_get(top, name);
}

static struct diff_out *
json_begin(const struct diff_policy *have, const struct diff_policy *want)
{
	struct diff_out *out = (struct diff_out *)calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->top = json_object();
	put(out, out->top, "schema", json_integer(1));
	put(out, out->top, "old", policy_of(out, have));
	put(out, out->top, "new", policy_of(out, want));
	put(out, out->top, "errors",
		lines_of(out, have->set ? &want->errors : &have->errors));
	put(out, out->top, "warnings", lines_of(out, &want->notes));
	out->changes = list_in(out, out->top, "changes");
	out->flows = list_in(out, out->top, "reservations");
	out->data = list_in(out, out->top, "data");
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

	json_add(&out->failed, out->changes, json_object());
	out->thing =
		json_array_get(out->changes, json_array_size(out->changes) - 1);
	put(out, out->thing, "what", json_text(policy_thing_text(thing)));
	put(out, out->thing, "name", json_text(name));
	put(out, out->thing, "change", json_text(words[kind]));
	(void)list_in(out, out->thing, "fields"); /* json_field() finds it */
}

static json_t *
text_or_null(const char *text)
{
	return text[0] != '\0' ? json_text(text) : json_null();
}

static void
json_field(void *arg, const char *key, const char *have, const char *want)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	put(out, o, "field", json_text(key));
	put(out, o, "old", text_or_null(have));
	put(out, o, "new", text_or_null(want));
	json_add(&out->failed, json_object_get(out->thing, "fields"), o);
}

static void
json_flow(void *arg, const struct effect *e)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	put(out, o, "reservation", json_text(e->flow->what));
	put(out, o, "effect", json_text(effect_kind_text(e->kind)));
	put(out, o, "old_rule", text_or_null(e->flow->before));
	put(out, o, "rule", text_or_null(e->verdict->rule));
	put(out, o, "reason", json_text(e->verdict->reason));
	if (e->kind == EFFECT_REFUSED) {
		put(out, o, "end", json_text(e->how));
		put(out, o, "limit", text_or_null(e->verdict->limit));
	}
	if (e->grants[0] != '\0')
		put(out, o, "grants", json_text(e->grants));
	json_add(&out->failed, out->flows, o);
}

static void
json_data(void *arg, const struct effect_data *e)
{
	struct diff_out *out = (struct diff_out *)arg;
	json_t *o = json_object();

	put(out, o, "rule", json_text(e->rule));
	put(out, o, "remarked", json_boolean(e->marks));
	put(out, o, "old", text_or_null(e->have));
	put(out, o, "new", text_or_null(e->want));
	json_add(&out->failed, out->data, o);
}

static bool
json_end(struct diff_out *out, const struct diff_sum *sum)
{
	bool told;

	put(out, out->top, "same", json_boolean(sum->same));
	put(out, out->top, "standing", json_integer((json_int_t)sum->standing));
	told = answer_json(out->top, out->failed || sum->cut);
	free(out);
	return told;
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
