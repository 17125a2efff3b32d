/* SPDX-License-Identifier: ISC */

/* What another rule set would do; see effect_int.h. */

#include "effect_int.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/diff.h"
#include "policy/snapshot_int.h"

enum { TREATMENT = 200, GRANTS = 300 };

/* ---- reservations that stand --------------------------------------------- */

static void
flow_done(struct effect_flow *f)
{
	const void *owned[] = { f->request.groups, f->request.principal,
		f->request.cert_subject, f->request.cert_issuer,
		f->request.application };

	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): ours */
		free((void *)(uintptr_t)owned[i]);
}

void
effect_flows_done(struct effect_flows *flows)
{
	for (size_t i = 0; i < flows->count; i++)
		flow_done(&flows->at[i]);
	free(flows->at);
	*flows = (struct effect_flows){ 0 };
}

static bool
keep_text(const char **text)
{
	if (!*text)
		return true;
	*text = strdup(*text);
	return *text != NULL;
}

static bool
keep_groups(struct policy_request *r)
{
	uint32_t *groups;

	if (r->n_groups == 0) {
		r->groups = NULL;
		return true;
	}
	groups = (uint32_t *)calloc(r->n_groups, sizeof(*groups));
	if (groups)
		memcpy(groups, r->groups, r->n_groups * sizeof(*groups));
	r->groups = groups;
	return groups != NULL;
}

/* Either all is a copy, or what is none is NULL. */
static bool
keep(struct policy_request *r)
{
	bool good = keep_groups(r);

	good = keep_text(&r->principal) && good;
	good = keep_text(&r->cert_subject) && good;
	good = keep_text(&r->cert_issuer) && good;
	return keep_text(&r->application) && good;
}

struct effect_flow *
effect_flow_add(
	struct effect_flows *flows, const struct policy_request *request)
{
	struct effect_flow *f;

	if (flows->count == EFFECT_FLOWS_MAX)
		return NULL;
	if (flows->count == flows->room) {
		size_t room = flows->room * 2 + 64;

		f = (struct effect_flow *)reallocarray(
			flows->at, room, sizeof(*f));
		if (!f)
			return NULL;
		flows->at = f;
		flows->room = room;
	}
	f = &flows->at[flows->count];
	*f = (struct effect_flow){ .request = *request };
	if (!keep(&f->request)) {
		flow_done(f);
		return NULL;
	}
	flows->count++;
	return f;
}

/* ---- rules by name ------------------------------------------------------- */

struct named {
	const struct policy_rule *rule;
	const struct policy_set *set;
};

static int
compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->rule->name,
		((const struct named *)b)->rule->name);
}

/* Those whose scope has a bit of these, by name; NULL for lack of memory. */
static struct named *
rules_of(const struct policy_set *set, unsigned scope, size_t *ret_count)
{
	struct named *list =
		(struct named *)calloc(set->n_rules + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < set->n_rules; i++)
		if ((set->rules[i]->scope & scope) != 0)
			list[n++] = (struct named){ set->rules[i], set };
	if (list)
		qsort(list, n, sizeof(*list), compare_named);
	*ret_count = n;
	return list;
}

static void
say_dscp(struct text *t, uint8_t dscp)
{
	for (const struct policy_word *w = policy_unit_words(POLICY_UNIT_DSCP);
		w->text; w++)
		if (w->value == dscp) {
			text_add(t, w->text);
			return;
		}
	text_printf(t, "%u", dscp);
}

/* How the reservations of a rule are marked, now and then. */
struct marks {
	struct named *at[2];
	size_t count[2];
};

enum { HAVE, WANT };

static bool
marks_init(struct marks *m, const struct policy_set *have,
	const struct policy_set *want)
{
	m->at[HAVE] = rules_of(have, POLICY_SCOPE_RSVP, &m->count[HAVE]);
	m->at[WANT] = rules_of(want, POLICY_SCOPE_RSVP, &m->count[WANT]);
	return m->at[HAVE] && m->at[WANT];
}

static void
marks_done(struct marks *m)
{
	free(m->at[HAVE]);
	free(m->at[WANT]);
}

/* "AF41", "AF41, excess LE"; nothing when it leaves them as they come. */
static void
say_mark(struct text *t, const struct marks *m, int side, const char *name)
{
	struct policy_rule rule = { .priority = 0 };
	const struct named key = { &rule, NULL };
	const struct named *found;
	struct policy_marking mark;

	(void)text_copy(rule.name, sizeof(rule.name), name); /* as large */
	found = (const struct named *)bsearch(
		&key, m->at[side], m->count[side], sizeof(key), compare_named);
	if (!found || found->rule->category == POLICY_NO_CATEGORY ||
		!policy_category_marking(
			&found->set->categories[found->rule->category], &mark))
		return;
	if (mark.marks)
		say_dscp(t, mark.dscp);
	if (mark.excess == POLICY_EXCESS_MARK) {
		text_add(t, mark.marks ? ", excess " : "excess ");
		say_dscp(t, mark.dscp_out);
	}
}

/* Its packets get another mark. */
static void
compare_marks(struct text *t, const struct marks *m,
	const struct effect_flow *f, const struct policy_verdict *v)
{
	char have[64];
	char want[64];
	struct text h = text_over(have, sizeof(have));
	struct text w = text_over(want, sizeof(want));

	if (f->request.message != POLICY_RESV)
		return;
	say_mark(&h, m, HAVE, f->before);
	say_mark(&w, m, WANT, v->rule);
	if (strcmp(have, want) != 0)
		text_printf(t, "%sre-marked %s -> %s", t->len > 0 ? ", " : "",
			h.len > 0 ? have : "nothing",
			w.len > 0 ? want : "nothing");
}

/* ---- what becomes of them ------------------------------------------------ */

const char *
effect_kind_text(enum effect_kind kind)
{
	static const char *const texts[] = { [EFFECT_REFUSED] = "refused",
		[EFFECT_ADMITTED] = "admitted",
		[EFFECT_GOVERNED] = "governed",
		[EFFECT_REGRANTED] = "regranted" };

	return texts[kind];
}

/* Put a set in force as the engine does it. */
static bool
put_in_force(struct policy *policy, const struct policy_set *set)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct policy_load *load = NULL;
	bool good = false;

	if (policy_snapshot_write(set, &bytes, &len))
		load = policy_load_begin(alloc_heap(), bytes, len);
	while (load && policy_load_step(load, SIZE_MAX / 2) == POLICY_LOAD_MORE)
		;
	if (load) {
		good = policy_load_problem(load)[0] == '\0';
		policy_load_switch(policy, load);
	}
	alloc_put(set->alloc, bytes);
	return good;
}

static void
admit(struct policy *policy, struct effect_flow *f)
{
	struct policy_verdict v;

	policy_decide(policy, &f->request, 0, &v);
	f->claim = v.claim;
	f->refused = !v.allowed;
	(void)text_copy(f->before, sizeof(f->before), v.rule); /* fits */
	f->rate_Bps = v.rate_Bps;
	f->bucket_bytes = v.bucket_bytes;
	f->service = v.service;
	f->preemption = v.preemption;
	f->defending = v.defending;
}

static void
compare_rates(struct text *t, uint64_t have, uint64_t want)
{
	if (have == want)
		return;
	text_add(t, t->len > 0 ? ", rate " : "rate ");
	text_add_rate(t, (double)have);
	text_add(t, " -> ");
	text_add_rate(t, (double)want);
}

static void
compare_sizes(struct text *t, uint64_t have, uint64_t want)
{
	if (have == want)
		return;
	text_add(t, t->len > 0 ? ", bucket " : "bucket ");
	text_add_size(t, (double)have);
	text_add(t, " -> ");
	text_add_size(t, (double)want);
}

static void
compare_numbers(struct text *t, const char *what, unsigned have, unsigned want)
{
	if (have != want)
		text_printf(t, "%s%s %u -> %u", t->len > 0 ? ", " : "", what,
			have, want);
}

static void
compare_grants(struct text *t, const struct effect_flow *f,
	const struct policy_verdict *v)
{
	if (f->service != v->service)
		text_printf(t, "service %s -> %s",
			f->service == POLICY_SERVICE_GS ? "GS" : "CL",
			v->service == POLICY_SERVICE_GS ? "GS" : "CL");
	compare_rates(t, f->rate_Bps, v->rate_Bps);
	compare_sizes(t, f->bucket_bytes, v->bucket_bytes);
	compare_numbers(t, "preemption", f->preemption, v->preemption);
	compare_numbers(t, "defending", f->defending, v->defending);
}

/* A Path holds nothing: its sender is told, and may send as others do. */
static void
say_end(struct text *t, const struct effect_flow *f,
	const struct policy_verdict *v)
{
	if (f->request.message == POLICY_PATH)
		text_add(t, "withdrawn");
	else if (v->change == POLICY_KEEP)
		text_add(t, "kept until it ends or asks for more");
	else if (v->change == POLICY_RENEGOTIATE)
		text_printf(
			t, "told, and torn after %" PRIu32 " s", v->grace_s);
	else if (v->grace_s > 0)
		text_printf(t, "torn after %" PRIu32 " s", v->grace_s);
	else
		text_add(t, "torn");
}

static void
judge(struct policy *policy, const struct marks *marks,
	const struct effect_flow *f, const struct effect_ops *ops, void *arg)
{
	char grants[GRANTS];
	char how[64];
	struct text t = text_over(grants, sizeof(grants));
	struct text h = text_over(how, sizeof(how));
	struct policy_verdict v;
	struct effect e = {
		.flow = f, .verdict = &v, .how = how, .grants = grants
	};

	policy_decide(policy, &f->request, f->claim, &v);
	if (v.allowed && !f->refused) {
		compare_grants(&t, f, &v);
		compare_marks(&t, marks, f, &v);
	}
	if (!v.allowed && f->refused)
		return;
	if (!v.allowed) {
		e.kind = EFFECT_REFUSED;
		say_end(&h, f, &v);
	} else if (f->refused) {
		e.kind = EFFECT_ADMITTED;
	} else if (strcmp(f->before, v.rule) != 0) {
		e.kind = EFFECT_GOVERNED;
	} else if (t.len > 0) {
		e.kind = EFFECT_REGRANTED;
	} else {
		return;
	}
	ops->flow(arg, &e);
}

/* ---- data traffic -------------------------------------------------------- */

static bool
never_equal(const void *have, const void *want)
{
	(void)have; /* seen when it is told */
	(void)want; /* as above */
	return false;
}

/* Of single packets and of the burst. */
static void
say_bounds(struct text *t, const struct policy_data_rule *d)
{
	if (d->peak_Bps > 0) {
		text_add(t, ", peak ");
		text_add_rate(t, (double)d->peak_Bps);
	}
	if (d->min_packet > 0) {
		text_add(t, ", counted as ");
		text_add_size(t, (double)d->min_packet);
		text_add(t, " at least");
	}
	if (d->max_packet > 0) {
		text_add(t, ", packets up to ");
		text_add_size(t, (double)d->max_packet);
	}
}

static void
say_excess(struct text *t, const struct policy_data_rule *d)
{
	static const char *const texts[] = {
		[POLICY_EXCESS_MARK] = "marked ",
		[POLICY_EXCESS_DROP] = "dropped",
		[POLICY_EXCESS_BEST_EFFORT] = "best effort",
		[POLICY_EXCESS_DELAY] = "delayed",
	};

	text_add(t, " at ");
	text_add_rate(t, (double)d->rate_Bps);
	if (d->bucket_bytes > 0) {
		text_add(t, " (bucket ");
		text_add_size(t, (double)d->bucket_bytes);
		text_add(t, ")");
	}
	say_bounds(t, d);
	text_printf(t, ", excess %s", texts[d->excess]);
	if (d->excess == POLICY_EXCESS_MARK)
		say_dscp(t, d->dscp_out);
}

/* What it does with packets; *ret_mark: its marks. */
static void
say_treatment(struct text *t, const struct named *n, int64_t now_s, int *mark)
{
	const struct policy_rule *rule = n->rule;
	struct policy_data_rule d;

	*mark = -1;
	if (!policy_rule_data(rule,
		    rule->category == POLICY_NO_CATEGORY
			    ? NULL
			    : &n->set->categories[rule->category],
		    &n->set->times, now_s, &d) ||
		!d.active)
		return;
	text_add(t, d.deny ? "denied" : d.marks ? "marked " : "as it comes");
	if (d.marks && !d.deny) {
		say_dscp(t, d.dscp);
		*mark = d.dscp;
	}
	if (d.rate_Bps > 0)
		say_excess(t, &d);
	if (d.rate_Bps > 0 && d.excess == POLICY_EXCESS_MARK)
		*mark += (d.dscp_out + 1) * (POLICY_DSCP_MAX + 2);
}

struct data_walk {
	const struct effect_ops *ops;
	void *arg;
	int64_t now_s;
};

static void
tell_data(void *arg, enum diff_kind kind, const void *have, const void *want)
{
	const struct data_walk *w = (const struct data_walk *)arg;
	const struct named *old = (const struct named *)have;
	const struct named *new = (const struct named *)want;
	char old_text[TREATMENT];
	char new_text[TREATMENT];
	struct text o = text_over(old_text, sizeof(old_text));
	struct text n = text_over(new_text, sizeof(new_text));
	const char *rule = "";
	int old_mark = -1;
	int new_mark = -1;

	(void)kind; /* said by what is there */
	if (old)
		rule = old->rule->name;
	else if (new)
		rule = new->rule->name;
	if (old)
		say_treatment(&o, old, w->now_s, &old_mark);
	if (new)
		say_treatment(&n, new, w->now_s, &new_mark);
	if (strcmp(old_text, new_text) != 0)
		w->ops->data(w->arg, &(struct effect_data){ rule, old_text,
					     new_text, old_mark != new_mark });
}

static bool
judge_data(const struct policy_set *have, const struct policy_set *want,
	struct data_walk *w)
{
	static const struct diff_ops ops = { compare_named, never_equal,
		tell_data };
	struct diff_side h = { .size = sizeof(struct named) };
	struct diff_side n = { .size = sizeof(struct named) };
	struct named *old = rules_of(have, POLICY_SCOPE_DATA, &h.count);
	struct named *new = rules_of(want, POLICY_SCOPE_DATA, &n.count);
	bool good = old && new;

	h.records = old;
	n.records = new;
	if (good)
		diff_walk(&h, &n, &ops, w);
	free(old);
	free(new);
	return good;
}

/* ---- all of it ----------------------------------------------------------- */

bool
effect_judge(const struct policy_set *have, const struct policy_set *want,
	struct effect_flows *flows, int64_t now_unix_s,
	const struct effect_ops *ops, void *arg)
{
	struct policy *policy = policy_new(alloc_heap());
	struct data_walk w = { ops, arg, now_unix_s };
	struct marks marks;
	bool good = marks_init(&marks, have, want) && policy &&
		    put_in_force(policy, have);

	for (size_t i = 0; good && i < flows->count; i++)
		admit(policy, &flows->at[i]);
	good = good && put_in_force(policy, want);
	for (size_t i = 0; good && i < flows->count; i++)
		judge(policy, &marks, &flows->at[i], ops, arg);
	policy_free(policy);
	marks_done(&marks);
	return good && judge_data(have, want, &w);
}
