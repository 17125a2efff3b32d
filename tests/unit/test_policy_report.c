/* SPDX-License-Identifier: ISC */

/* What is told of a source: lines, how many, and what is wrong with values. */

#include <stdlib.h>
#include <string.h>

#include "policy/source.h"
#include "t.h"

static void
what_is_wrong_is_counted_and_lack_of_memory_named(void)
{
	struct source_report r = { 0 };
	char text[SOURCE_WRONG];

	/* Nothing that is wrong, and it came to nothing all the same. */
	T_STR(source_report_wrong(&r, text), "needs more memory than there is");
	source_report_add(&r, "x:1", "bad");
	T_STR(source_report_wrong(&r, text), "has 1 error");
	source_report_add(&r, "x:2", "bad");
	T_STR(source_report_wrong(&r, text), "has 2 errors");
	source_report_done(&r);
	T_EQ(r.count, 0);
}

static void
lines_beyond_the_last_are_counted_only(void)
{
	struct source_report r = { 0 };
	char text[SOURCE_WRONG];

	for (int i = 0; i < SOURCE_LINES + 7; i++)
		source_report_add_line(&r, "x");
	T_EQ(r.count, SOURCE_LINES + 7);
	T_STR(r.lines[SOURCE_LINES - 1], "x");
	T_STR(source_report_wrong(&r, text), "has 107 errors");
	source_report_done(&r);
}

/* The same lines and the same count: nothing new is to be said. */
static void
equal_reports_have_equal_digests(void)
{
	struct source_report a = { 0 };
	struct source_report b = { 0 };

	T_EQ(source_report_digest(&a), source_report_digest(&b));
	source_report_add(&a, "x", "one");
	T_CHECK(source_report_digest(&a) != source_report_digest(&b), "1, 0");
	source_report_add(&b, "x", "one");
	T_EQ(source_report_digest(&a), source_report_digest(&b));
	source_report_add(&a, "x", "two");
	source_report_add(&b, "x", "tow");
	T_CHECK(source_report_digest(&a) != source_report_digest(&b), "words");
	source_report_done(&b);
	source_report_add(&b, "x", "two");
	source_report_add(&b, "x", "one");
	T_CHECK(source_report_digest(&a) != source_report_digest(&b), "order");
	source_report_done(&a);
	source_report_done(&b);
	for (int i = 0; i < SOURCE_LINES; i++) {
		source_report_add_line(&a, "x");
		source_report_add_line(&b, "x");
	}
	source_report_add_line(&a, "beyond");
	T_CHECK(source_report_digest(&a) != source_report_digest(&b), "count");
	source_report_done(&a);
	source_report_done(&b);
}

/* RFC 3629: what is no character, and what a terminal acts on. */
static void
only_characters_are_told(void)
{
	static const struct {
		const char *value;
		const char *told;
	} rows[] = { { "a\xe2\x82\xacz", "x: a\xe2\x82\xacz" },
		{ "a\xe2\x82\xc3z", "x: a???z" },
		{ "a\xf0\x9f\x98\x80", "x: a\xf0\x9f\x98\x80" },
		{ "a\xf0\x9f\x98z", "x: a???z" },
		{ "\xf4\x8f\xbf\xbf", "x: \xf4\x8f\xbf\xbf" },
		{ "\xf4\x90\x80\x80", "x: ????" }, { "\xed\xa0\x80", "x: ???" },
		{ "\x1b[1m\xc2\x9b\x7f", "x: ?[1m???" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_report r = { 0 };

		source_report_add(&r, "x", "%s", rows[i].value);
		T_STR(r.lines[0], rows[i].told);
		source_report_done(&r);
	}
}

/* What is said of nothing: no limit, no category, no time of its own. */
static void
what_is_new_has_no_limits(void)
{
	struct source_draft draft = { 0 };
	const struct source_pool *pool = source_draft_pool(&draft, "p");
	const struct source_rule *rule = source_draft_rule(&draft, "r");

	T_CHECK(pool && rule, "no memory");
	T_EQ(pool->pool.rate_Bps, POLICY_UNLIMITED);
	T_EQ(pool->pool.max_flows, POLICY_UNLIMITED);
	T_EQ(pool->pool.soft_percent, POLICY_UNLIMITED);
	T_STR(pool->where, "p");
	T_EQ(rule->rule->scope, POLICY_SCOPE_DATA);
	T_EQ(rule->rule->category, POLICY_NO_CATEGORY);
	T_EQ(rule->rule->own_when, POLICY_NO_WHEN);
	T_STR(rule->where, "r");
	T_EQ(draft.n_rules, 1);
	source_draft_undo_rule(&draft);
	T_EQ(draft.n_rules, 0);
	source_draft_done(&draft);
	T_EQ(draft.n_pools, 0);
}

/* What a policyd.conf says that is no number: the advice is in its units. */
static void
advice_is_in_the_units_of_the_file(void)
{
	static const struct {
		const char *conf;
		const char *said;
	} rows[] = {
		/* What it advises is taken. */
		{ "ServiceCategories a { MaxRate 2Mbit }", NULL },
		{ "ServiceCategories a { MaxTokenBucket 16kB }", NULL },
		{ "ServiceCategories a { MaxRate fast }",
			"MaxRate: \"fast\" is not a rate (write kilobits a "
			"second, \"2000\", or \"2Mbit\")" },
		{ "ServiceCategories a { MaxTokenBucket deep }",
			"MaxTokenBucket: \"deep\" is not a size (write "
			"kilobits, \"128\", or \"16kB\")" },
		{ "policy = { categories = ( { name = \"a\"; maxRate = "
		  "\"fast\"; } ); };",
			"\"fast\" is not a rate (write it like \"2 Mbit\")" },
		{ "policy = { categories = ( { name = \"a\"; "
		  "maxTokenBucket = \"deep\"; } ); };",
			"\"deep\" is not a size (write it like \"16 kB\")" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_draft draft = { 0 };
		struct source_directory d;
		struct source_report errors = { 0 };
		bool good = source_file_read(
			rows[i].conf, "x", &draft, &d, &errors);

		T_EQ(good, rows[i].said == NULL);
		T_EQ(errors.count, rows[i].said ? 1 : 0);
		T_CHECK(good || strstr(errors.lines[0], rows[i].said), "%s",
			good ? "" : errors.lines[0]);
		source_report_done(&errors);
		source_draft_done(&draft);
	}
}

static struct t_case cases[] = {
	{ "what is wrong is counted, and lack of memory named",
		what_is_wrong_is_counted_and_lack_of_memory_named },
	{ "lines beyond the last are counted only",
		lines_beyond_the_last_are_counted_only },
	{ "equal reports have equal digests",
		equal_reports_have_equal_digests },
	{ "only characters are told", only_characters_are_told },
	{ "what is new has no limits", what_is_new_has_no_limits },
	{ "advice is in the units of the file",
		advice_is_in_the_units_of_the_file },
};

T_MAIN(cases)
