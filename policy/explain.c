/* SPDX-License-Identifier: ISC */

/*
 * `policyd explain`: what would be decided on a request, by which rule, and
 * why each rule before it did not apply.  The verdict is the engine's own: the
 * set goes through a snapshot as it does in service.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "cache_int.h"
#include "main_int.h"
#include "policy/snapshot_int.h"
#include "policy/source.h"

enum { LINE = 1024 };

struct explained {
	const struct explain_options *options;
	struct policy_set *set;
	char source[SOURCE_TEXT + 128];
	struct policy_verdict verdict;
};

/* ---- the rules ---------------------------------------------------------- */

/* The directory's part: asked now, else as the cache has it. */
static bool
read_directory(const struct explain_options *o,
	const struct source_directory *d, struct source_draft *draft,
	struct text *source)
{
	struct source_report skipped = { 0 };
	char uri[SOURCE_TEXT] = "";
	char said[LINE] = "not asked";
	struct text problem = text_over(said, sizeof(said));
	struct cache cache = { 0 };

	text_add(&problem, "not asked");
	if (!o->offline) {
		problem = text_over(said, sizeof(said));
		if (source_ldap_read(d, draft, &skipped, uri, &problem)) {
			text_printf(source, ", directory %s", uri);
			for (size_t i = 0;
				i < skipped.count && i < SOURCE_LINES; i++)
				fprintf(stderr, "policyd: %s\n",
					skipped.lines[i] ? skipped.lines[i]
							 : "");
			source_report_done(&skipped);
			return true;
		}
	}
	source_report_done(&skipped);

	bool known = o->state_dir && cache_load(o->state_dir, &cache) == 0 &&
		     source_from_snapshot(cache.snapshot, cache.snapshot_len,
			     source_directory_key(d), draft);

	free(cache.bytes);
	fprintf(stderr, "policyd: directory: %s; %s\n", said,
		known ? "its rules are taken from the cache"
		      : "nothing is known from it");
	text_printf(source,
		known ? ", directory from the cache (%lld s old)"
		      : ", no directory",
		(long long)cache.age_s);
	return known;
}

static struct policy_set *
gather(struct explained *e, const char *text)
{
	const struct explain_options *o = e->options;
	struct source_draft file = { 0 };
	struct source_draft directory = { 0 };
	struct source_directory d;
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set = NULL;
	struct text source = text_over(e->source, sizeof(e->source));

	text_printf(&source, "file %s", o->conf_path);
	if (source_read(text, o->conf_path, o->format, &file, &d, &errors)) {
		bool known =
			d.present && read_directory(o, &d, &directory, &source);

		set = source_compile(&file, known ? &directory : NULL,
			d.present, &errors, &notes);
	}
	for (size_t i = 0; i < errors.count && i < SOURCE_LINES; i++)
		fprintf(stderr, "%s\n", errors.lines[i] ? errors.lines[i] : "");
	source_draft_done(&file);
	source_draft_done(&directory);
	source_report_done(&errors);
	source_report_done(&notes);
	return set;
}

/* ---- the decision ------------------------------------------------------- */

static bool
decide(struct explained *e)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	struct policy *policy = policy_new(alloc_heap());
	struct policy_load *load = NULL;
	bool done = false;

	if (policy && policy_snapshot_write(e->set, &bytes, &len))
		load = policy_load_begin(alloc_heap(), bytes, len);
	while (load && policy_load_step(load, SIZE_MAX / 2) == POLICY_LOAD_MORE)
		;
	if (load) {
		done = policy_load_problem(load)[0] == '\0';
		policy_load_switch(policy, load);
	}
	if (done)
		policy_decide(
			policy, &e->options->question.request, 0, &e->verdict);
	alloc_put(alloc_heap(), bytes);
	policy_free(policy);
	return done;
}

/* Rules that are tried, up to the one that decides. */
static size_t
tried(const struct explained *e)
{
	size_t n = 0;

	while (n < e->set->n_rules &&
		(e->set->rules[n]->goes_on ||
			policy_rule_match(&e->set->times, e->set->rules[n],
				&e->options->question.request) != POLICY_HOLDS))
		n++;
	return n;
}

/* Why a rule that is tried does not apply; NULL when it does. */
static const char *
lost(const struct explained *e, size_t i)
{
	enum policy_condition failed = policy_rule_match(&e->set->times,
		e->set->rules[i], &e->options->question.request);

	return failed == POLICY_HOLDS ? NULL : policy_condition_text(failed);
}

static void
print_text(const struct explained *e)
{
	const struct policy_verdict *v = &e->verdict;
	size_t n = tried(e);

	if (v->allowed)
		printf("allowed: %s\n", v->reason);
	else
		printf("refused: %s (error code 2, value %u)\n", v->reason,
			v->value);
	printf("from: %s\n", e->source);
	for (size_t i = 0; i < e->set->n_rules && i <= n; i++) {
		const struct policy_rule *r = e->set->rules[i];
		const char *why = lost(e, i);

		if (i == n)
			printf("%zu. %s: applies\n", i + 1, r->name);
		else if (!why)
			printf("%zu. %s: applies, and continues\n", i + 1,
				r->name);
		else
			printf("%zu. %s: does not apply (%s)\n", i + 1, r->name,
				why);
	}
	if (n < e->set->n_rules && n + 1 < e->set->n_rules)
		printf("%zu more not tried\n", e->set->n_rules - n - 1);
}

/* Rules before the one that decides: those that do not apply, or those that
 * apply and continue. */
static json_t *
json_rules(bool *failed, const struct explained *e, bool losers)
{
	json_t *list = json_array();
	size_t n = tried(e);

	for (size_t i = 0; i < n; i++) {
		const char *why = lost(e, i);
		json_t *o;

		if ((why != NULL) != losers)
			continue;
		o = json_object();
		json_put(failed, o, "rule", json_text(e->set->rules[i]->name));
		if (why)
			json_put(failed, o, "failed", json_text(why));
		json_add(failed, list, o);
	}
	return list;
}

static bool
print_json(const struct explained *e)
{
	const struct policy_verdict *v = &e->verdict;
	json_t *o = json_object();
	bool failed = false;

	json_put(&failed, o, "schema", json_integer(1));
	json_put(&failed, o, "allowed", json_boolean(v->allowed));
	json_put(&failed, o, "value", json_integer(v->value));
	json_put(&failed, o, "rule", json_text(v->rule));
	json_put(&failed, o, "reason", json_text(v->reason));
	json_put(&failed, o, "limit", json_text(v->limit));
	json_put(&failed, o, "lowered", json_boolean(v->lowered));
	json_put(&failed, o, "preemption", json_integer(v->preemption));
	json_put(&failed, o, "defending", json_integer(v->defending));
	json_put(&failed, o, "source", json_text(e->source));
	json_put(&failed, o, "lost", json_rules(&failed, e, true));
	json_put(&failed, o, "continued", json_rules(&failed, e, false));
	return answer_json(o, failed);
}

int
explain(const struct explain_options *options)
{
	struct explained e = { .options = options };
	char *text = NULL;
	int rc = conf_read_path(options->conf_path, &text);
	int status = EXIT_WRONG;

	if (rc < 0) {
		fprintf(stderr, "policyd: %s: %s\n", options->conf_path,
			conf_read_problem(rc));
		return EXIT_WRONG;
	}
	e.set = gather(&e, text);
	if (e.set && decide(&e)) {
		bool told = true;

		if (options->json)
			told = print_json(&e);
		else
			print_text(&e);
		status = told && e.verdict.allowed ? EXIT_SUCCESS : EXIT_WRONG;
	}
	policy_set_free(e.set);
	free(text);
	return status;
}
