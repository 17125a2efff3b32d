/* SPDX-License-Identifier: ISC */

/* `policyd check`: what a policy.conf means, or what is wrong with it. */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_put.h"
#include "dir_int.h"
#include "main_int.h"
#include "policy/source.h"

enum { LINE = 4096 };

struct checked {
	const char *file;
	struct source_directory directory;
	struct policy_set *set; /* NULL: there are errors */
	struct source_report errors;
	struct source_report notes;
};

static const char *
plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* ---- text --------------------------------------------------------------- */

static void
print_report(FILE *to, const struct source_report *report, const char *what)
{
	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		fprintf(to, "%s\n", report->lines[i] ? report->lines[i] : "");
	if (report->count > SOURCE_LINES)
		fprintf(to, "%zu more %s\n", report->count - SOURCE_LINES,
			what);
}

static void
print_rule(const struct policy_set *set, size_t i)
{
	const struct policy_rule *r = set->rules[i];
	char line[LINE];
	struct text t = text_over(line, sizeof(line));

	text_printf(
		&t, "%zu. %s: %s ", i + 1, r->name, r->deny ? "deny" : "allow");
	policy_rule_text(&t, &set->times, r);
	text_printf(&t, " [scope %s, priority %d]", policy_scope_text(r->scope),
		r->priority);
	if (r->category != POLICY_NO_CATEGORY) {
		const struct policy_category *c = &set->categories[r->category];

		text_printf(&t, "\n   category %s: ", c->name);
		policy_category_text(&t, set, c);
	}
	printf("%s\n", line);
}

static void
print_directory(const struct source_directory *d)
{
	if (!d->present)
		return;
	printf("directory: ");
	for (size_t i = 0; i < d->n_uris; i++)
		printf("%s%s", i > 0 ? ", " : "", d->uris[i]);
	printf("; base %s; mode %s, poll %u s\n", d->base,
		dir_mode_text(d->mode_most), d->poll_s);
}

static int
print_text(const struct checked *c)
{
	const struct policy_set *set = c->set;

	if (!set) {
		print_report(stderr, &c->errors, "errors");
		return EXIT_WRONG;
	}
	printf("%s: %zu %s, %zu %s\n", c->file, set->n_rules,
		plural(set->n_rules, "rule", "rules"), set->n_categories,
		plural(set->n_categories, "category", "categories"));
	print_directory(&c->directory);
	for (size_t i = 0; i < set->n_rules; i++)
		print_rule(set, i);
	printf("where no rule applies: %s\n",
		policy_default_text(set->default_why));
	print_report(stdout, &c->notes, "warnings");
	return EXIT_SUCCESS;
}

static int
print_quietly(const struct checked *c)
{
	print_report(stderr, c->set ? &c->notes : &c->errors, "messages");
	return c->set ? EXIT_SUCCESS : EXIT_WRONG;
}

/* ---- JSON --------------------------------------------------------------- */

static json_t *
json_lines(bool *failed, const struct source_report *report)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < report->count && i < SOURCE_LINES; i++)
		json_add(failed, lines,
			report->lines[i] ? json_text(report->lines[i]) : NULL);
	return lines;
}

static json_t *
json_rule(
	bool *failed, const struct policy_set *set, const struct policy_rule *r)
{
	char text[LINE];
	struct text t = text_over(text, sizeof(text));
	json_t *o = json_object();

	policy_rule_text(&t, &set->times, r);
	json_put(failed, o, "name", json_text(r->name));
	json_put(
		failed, o, "permission", json_text(r->deny ? "deny" : "allow"));
	json_put(failed, o, "scope", json_text(policy_scope_text(r->scope)));
	json_put(failed, o, "priority", json_integer(r->priority));
	json_put(failed, o, "conditions", json_text(text));
	json_put(failed, o, "category",
		r->category == POLICY_NO_CATEGORY
			? json_null()
			: json_text(set->categories[r->category].name));
	return o;
}

static json_t *
json_category(bool *failed, const struct policy_set *set,
	const struct policy_category *c)
{
	char text[LINE];
	struct text t = text_over(text, sizeof(text));
	json_t *o = json_object();

	policy_category_text(&t, set, c);
	json_put(failed, o, "name", json_text(c->name));
	json_put(failed, o, "grants", json_text(text));
	return o;
}

static void
json_set(bool *failed, json_t *o, const struct policy_set *set)
{
	json_t *rules = json_array();
	json_t *categories = json_array();

	for (size_t i = 0; i < set->n_rules; i++)
		json_add(failed, rules, json_rule(failed, set, set->rules[i]));
	for (size_t i = 0; i < set->n_categories; i++)
		json_add(failed, categories,
			json_category(failed, set, &set->categories[i]));
	json_put(failed, o, "rules", rules);
	json_put(failed, o, "categories", categories);
	json_put(failed, o, "default",
		json_text(policy_default_denies(set->default_why) ? "deny"
								  : "allow"));
}

static int
print_json(const struct checked *c)
{
	json_t *o = json_object();
	bool failed = false;

	json_put(&failed, o, "schema", json_integer(1));
	json_put(&failed, o, "file", json_text(c->file));
	json_put(&failed, o, "valid", json_boolean(c->set != NULL));
	json_put(&failed, o, "errors", json_lines(&failed, &c->errors));
	json_put(&failed, o, "warnings", json_lines(&failed, &c->notes));
	if (c->set)
		json_set(&failed, o, c->set);
	if (!answer_json(o, failed))
		return EXIT_WRONG;
	return c->set ? EXIT_SUCCESS : EXIT_WRONG;
}

int
check(const struct check_options *o)
{
	const char *file = o->name ? o->name : o->path;
	struct checked c = { .file = file };
	struct source_draft draft = { 0 };
	char *text = NULL;
	int rc = conf_read_path(o->path, &text);

	if (rc < 0) {
		fprintf(stderr, "policyd: %s: %s\n", file,
			conf_read_problem(rc));
		return EXIT_WRONG;
	}
	if (source_read(text, file, o->format, &draft, &c.directory, &c.errors))
		c.set = source_compile(
			&draft, NULL, c.directory.present, &c.errors, &c.notes);
	else /* dangling references and doubles are worth telling too */
		policy_set_free(source_compile(&draft, NULL,
			c.directory.present, &c.errors, &c.notes));
	if (c.set && (!o->quiet || o->strict))
		source_warn(c.set, &c.notes);

	int status = o->json    ? print_json(&c)
		     : o->quiet ? print_quietly(&c)
				: print_text(&c);

	if (o->strict && c.set && c.notes.count > 0) {
		fprintf(stderr,
			"policyd: %s: refused for its %zu %s, being strict\n",
			file, c.notes.count,
			plural(c.notes.count, "warning", "warnings"));
		status = EXIT_WRONG;
	}
	policy_set_free(c.set);
	source_draft_done(&draft);
	source_report_done(&c.errors);
	source_report_done(&c.notes);
	free(text);
	return status;
}
