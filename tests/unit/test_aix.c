/* SPDX-License-Identifier: ISC */

/*
 * policyd.conf of AIX: what `policyd check` says of each file of
 * tests/golden/aix - the examples of the published chapter among them - and
 * what becomes of their values.
 */

#include <unistd.h>

#include "base/log.h"
#include "policy/source.h"
#include "t_golden.h"

static int
run_check(const char *options, const char *file, char *output)
{
	return golden_check("aix", options, file, output);
}

static void
files_are_said_to_mean_what_they_mean(void)
{
	golden_expect_all("aix", 25, 7);
}

/* ---- values -------------------------------------------------------------- */

struct reading {
	struct source_draft draft;
	struct source_directory directory;
	struct source_report errors;
};

static struct reading
read_text(const char *text)
{
	struct reading r = { 0 };

	T_CHECK(source_file_read(text, "f", &r.draft, &r.directory, &r.errors),
		"%s", r.errors.lines[0] ? r.errors.lines[0] : "");
	return r;
}

static struct reading
read_file(const char *name)
{
	static char text[GOLDEN_TEXT];

	golden_read("aix", name, text);
	return read_text(text);
}

static void
done(struct reading *r)
{
	source_draft_done(&r->draft);
	source_report_done(&r->errors);
}

static void
the_premium_example_has_its_values(void)
{
	struct reading r = read_file("chapter-premium.conf");
	const struct policy_category *c = &r.draft.categories[0].category;
	const struct policy_rule *rule = r.draft.rules[0].rule;

	T_EQ(r.draft.n_categories, 1);
	T_EQ(r.draft.n_rules, 1);
	T_STR(c->name, "premium");
	T_EQ(c->rate_Bps, 110000 * 125);
	T_EQ(c->bucket_bytes, 10000 * 125);
	T_EQ(c->dscp_in, 0xe0 >> 2);
	T_EQ(c->excess, POLICY_EXCESS_BEST_EFFORT);
	T_STR(rule->name, "tcptraffic");
	T_STR(r.draft.rules[0].category, "premium");
	T_EQ(rule->scope, POLICY_SCOPE_DATA);
	T_CHECK(r.draft.rules[0].scope_set, "a note on its scope");
	T_EQ(rule->spans[POLICY_SPAN_PROTO].at[0].lo, 6);
	T_EQ(rule->spans[POLICY_SPAN_DST_PORT].at[0].lo, 0);
	T_EQ(rule->spans[POLICY_SPAN_DST_PORT].at[0].hi, 1024);
	T_EQ(rule->addrs[POLICY_ADDR_SRC].count, 1);
	T_EQ(rule->addrs[POLICY_ADDR_SRC].at[0].lo.b[3], 6);
	T_EQ(rule->addrs[POLICY_ADDR_DST].at[0].hi.b[3], 3);
	done(&r);
}

static void
the_complete_example_has_its_four_actions(void)
{
	struct reading r = read_file("chapter-complete.conf");
	const struct source_category *c = r.draft.categories;

	T_EQ(r.draft.n_categories, 4);
	T_EQ(r.draft.n_rules, 4);
	T_EQ(c[0].category.rate_Bps, POLICY_UNLIMITED); /* marks */
	T_EQ(c[0].category.dscp_in, 7);
	T_EQ(c[1].category.rate_Bps, 8192 * 125); /* shapes */
	T_EQ(c[1].category.bucket_bytes, 8000);
	T_EQ(c[1].flow_service, POLICY_SERVICE_GS);
	T_EQ(c[1].category.dscp_in, POLICY_UNLIMITED);
	T_EQ(c[2].category.rate_Bps, 1000); /* marks and polices */
	T_EQ(c[2].flow_service, POLICY_SERVICE_CL);
	T_EQ(c[3].category.rate_Bps, 81920 * 125); /* marks and shapes */
	T_EQ(c[3].flow_service, POLICY_SERVICE_GS);
	T_EQ(c[3].category.dscp_in, 7);
	for (size_t i = 0; i < 4; i++) {
		const struct policy_rule *rule = r.draft.rules[i].rule;

		T_EQ(rule->addrs[POLICY_ADDR_SRC].count, 0);
		T_EQ(rule->addrs[POLICY_ADDR_DST].count, 0);
		T_EQ(rule->spans[POLICY_SPAN_DST_PORT].count, 0);
		T_EQ(rule->spans[POLICY_SPAN_SRC_PORT].count, 1);
		T_EQ(rule->priority, 0);
	}
	T_CHECK(!r.directory.present, "a directory that is a comment");
	T_EQ(r.draft.loglevel, 0);
	done(&r);
}

static void
the_directory_is_asked_as_on_aix(void)
{
	struct reading r = read_file("chapter-mixed.conf");
	const struct source_directory *d = &r.directory;

	T_CHECK(d->present, "no directory");
	T_EQ(d->n_uris, 1);
	T_STR(d->uris[0], "ldap://9.3.33.138:1389");
	T_STR(d->base, "o=ibm,c=us");
	T_EQ(d->n_tags, 1);
	T_STR(d->tags[0], "myhost");
	T_CHECK(d->in_clear[0], "AIX knows no TLS");
	T_EQ(d->starttls, STARTTLS_UNSET);
	T_EQ(d->poll_s, 60);
	T_EQ(r.draft.loglevel, 511);
	T_EQ(r.draft.rules[0].rule->priority, 7);
	done(&r);

	r = read_file("chapter-directory.conf");
	T_STR(r.directory.uris[0], "ldap://1.2.3.27:389");
	T_CHECK(r.directory.n_tags >= 2, "no tags by default");
	done(&r);
}

/* One server named the way of AIX leaves the others as safe as they are. */
static void
each_server_is_asked_as_it_is_named(void)
{
	struct reading r = read_text(
		"ReadFromDirectory { LDAP_Server ldap://a LDAP_Server b\n"
		"LDAP_Server ldaps://c LDAP_Server 2001:db8::1\n"
		"LDAP_Port 1389 Base o=x }\n");
	const struct source_directory *d = &r.directory;

	T_EQ(d->n_uris, 4);
	T_STR(d->uris[0], "ldap://a");
	T_STR(d->uris[1], "ldap://b:1389");
	T_STR(d->uris[2], "ldaps://c");
	T_STR(d->uris[3], "ldap://[2001:db8::1]:1389");
	T_CHECK(!d->in_clear[0] && d->in_clear[1], "first two");
	T_CHECK(!d->in_clear[2] && d->in_clear[3], "last two");
	T_EQ(d->starttls, STARTTLS_UNSET);
	T_EQ(r.draft.notes.count, 2);
	done(&r);
}

static void
a_scope_comes_from_the_category_when_the_rule_has_none(void)
{
	struct reading r = read_text(
		"ServiceCategories c { PolicyScope Both }\n"
		"ServiceCategories d { PolicyScope DataTraffic }\n"
		"ServiceCategories a { PolicyScope RSVP }\n"
		"ServiceCategories b { MaxRate 1 }\n"
		"ServicePolicyRules x { ProtocolNumber 6 ServiceReference a }\n"
		"ServicePolicyRules y { ProtocolNumber 6 ServiceReference b }\n"
		"ServicePolicyRules z { ProtocolNumber 6 ServiceReference a "
		"PolicyScope Both }\n"
		"ServicePolicyRules u { ProtocolNumber 6 ServiceReference c }\n"
		"ServicePolicyRules v { ProtocolNumber 6 ServiceReference d }"
		"\n");

	T_EQ(r.draft.rules[3].rule->scope, POLICY_SCOPE_BOTH);
	T_EQ(r.draft.rules[4].rule->scope, POLICY_SCOPE_DATA);
	T_EQ(r.draft.rules[0].rule->scope, POLICY_SCOPE_RSVP);
	T_EQ(r.draft.rules[1].rule->scope, POLICY_SCOPE_DATA);
	T_EQ(r.draft.rules[2].rule->scope, POLICY_SCOPE_BOTH);
	done(&r);
}

static void
what_matches_nothing_there_matches_nothing_here(void)
{
	struct reading r = read_text(
		"ServiceCategories a { MaxRate 1 }\n"
		"ServicePolicyRules x { ServiceReference a }\n"
		"ServicePolicyRules y { ProtocolNumber 0 ServiceReference a "
		"SourcePortRange 0-0 }\n");

	for (size_t i = 0; i < 2; i++) {
		const struct policy_spans *list =
			&r.draft.rules[i].rule->spans[POLICY_SPAN_PROTO];

		T_EQ(list->count, 1);
		T_EQ(list->at[0].lo, 0);
		T_EQ(list->at[0].hi, 0);
	}
	T_EQ(r.draft.rules[1].rule->spans[POLICY_SPAN_SRC_PORT].count, 0);
	T_EQ(r.draft.notes.count, 2);
	done(&r);
}

/* Digits are aligned to the left: the seventh is ECN's, too. */
static void
bits_of_ecn_are_noticed(void)
{
	static const struct {
		const char *text;
		size_t notes;
	} tries[] = { { "ServiceCategories a { OutgoingTOS 101110 }", 0 },
		{ "ServiceCategories a { OutgoingTOS 1011101 }", 1 },
		{ "ServiceCategories a { OutgoingTOS 1011100 }", 0 },
		{ "ServiceCategories a { OutgoingTOS 10111001 }", 1 },
		{ "ServiceCategories a { OutgoingTOS 10111100 }", 0 } };

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct reading r = read_text(tries[i].text);

		T_EQ(r.draft.notes.count, tries[i].notes);
		done(&r);
	}
}

/* Shaping needs a rate; reservations bring their own. */
static void
what_shapes_has_a_rate(void)
{
	static const struct {
		const char *text;
		bool good;
	} tries[] = { { "FlowServiceType Guaranteed", false },
		{ "FlowServiceType Guaranteed PolicyScope DataTraffic", false },
		{ "FlowServiceType Guaranteed PolicyScope Both", false },
		{ "FlowServiceType Guaranteed PolicyScope RSVP", true },
		{ "FlowServiceType Guaranteed MaxRate 8", true },
		{ "FlowServiceType ControlledLoad", true },
		{ "OutgoingTOS 101110", true } };

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct reading r = { 0 };
		char text[160];

		(void)snprintf(text, sizeof(text),
			"ServiceCategories a { %s }\n", tries[i].text);
		T_CHECK(source_file_read(text, "f", &r.draft, &r.directory,
				&r.errors) == tries[i].good,
			"%s", tries[i].text);
		T_CHECK(tries[i].good ||
				strstr(r.errors.lines[0],
					"there is no MaxRate to shape to"),
			"%s", r.errors.lines[0]);
		done(&r);
	}
}

/* The last that is taken and the first that is not, with what is said. */
static void
words_and_numbers_have_their_limits(void)
{
	static const struct {
		const char *text;
		const char *said; /* NULL: it is taken */
	} tries[] = { { "loglevel 65535", NULL },
		{ "loglevel 65536", "loglevel: not a whole number from 0 to" },
		{ "loglevel 5x", "loglevel: not a whole number from 0 to" },
		{ "ReadFromDirectory { LDAP_Server a Base o=x LDAP_Port 65535 "
		  "}",
			NULL },
		{ "ReadFromDirectory { LDAP_Server a Base o=x LDAP_Port 65536 "
		  "}",
			"LDAP_Port: not a whole number from 0 to 65535" },
		{ "ReadFromDirectory { LDAP_Server a Base o=x LDAP_Port 0 }",
			"LDAP_Port: 0 is no port" },
		{ "ReadFromDirectory {\nLDAP_Server a\nBase o=x\nLDAP_Port\n}",
			"LDAP_Port" },
		{ "ReadFromDirectory { LDAP_Server a Base o=x\n"
		  "LDAP_Server b\nLDAP_Server c\nLDAP_Server d\n"
		  "LDAP_Server e\nLDAP_Server f\nLDAP_Server g\n"
		  "LDAP_Server h }",
			NULL },
		{ "ReadFromDirectory { LDAP_Server a Base o=x\n"
		  "LDAP_Server b\nLDAP_Server c\nLDAP_Server d\n"
		  "LDAP_Server e\nLDAP_Server f\nLDAP_Server g\n"
		  "LDAP_Server h\nLDAP_Server i }",
			"LDAP_Server: at most 8" },
		{ "ServiceCategories a { MaxRate 8\n}", NULL },
		{ "ServiceCategories a {\nMaxRate 8 9\n}",
			"MaxRate: takes one value, not several words" },
		{ "ServiceCategories a {\nMaxRate 8 9 10\n}",
			"MaxRate: takes one value, not several words" },
		{ "ServiceCategories a {\nPolicyScope Both\n"
		  "PolicyScope Both\n}",
			"PolicyScope: a second value (the first is in line 2" },
		{ "ServiceCategories a {\nMaxRate 1\nMaxRate 2\n}",
			"MaxRate: a second value (the first is in line 2" },
		{ "ServiceCategories a {\nSelectorTag x\nSelectorTag y\n}",
			NULL } };

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct reading r = { 0 };
		bool good = source_read(tries[i].text, "f", "aix", &r.draft,
			&r.directory, &r.errors);

		T_CHECK(good == (tries[i].said == NULL), "%s: %s",
			tries[i].text,
			r.errors.lines[0] ? r.errors.lines[0] : "taken");
		T_CHECK(good || strstr(r.errors.lines[0], tries[i].said), "%s",
			r.errors.lines[0]);
		T_CHECK(r.errors.count <= 1, "%s: %s", tries[i].text,
			r.errors.lines[1]);
		done(&r);
	}
}

/* A rate of 0 is none, but of what shapes; beyond a rate a TOS of 0 is sent,
 * where the file says neither otherwise. */
/* 1 to 4 are errors, 8 warnings, 16 to 128 what happens, 256 everything. */
static void
loglevel_is_what_is_logged(void)
{
	static const struct {
		int32_t mask;
		const char *said; /* the first letters of what is */
	} rows[] = { { 1, "e" }, { 7, "e" }, { 8, "ew" }, { 15, "ew" },
		{ 16, "ewi" }, { 128, "ewi" }, { 240, "ewi" }, { 256, "ewid" },
		{ 511, "ewid" }, { 0, "ewid" } /* not said: as it was */ };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct source_draft draft = { .loglevel = rows[i].mask };
		const int saved = dup(STDERR_FILENO);
		char said[400];
		char heard[8];
		struct text t = text_over(heard, sizeof(heard));
		int ends[2];
		ssize_t n;

		T_EQ(pipe(ends), 0);
		T_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
		source_aix_loglevel(&draft);
		log_err(LOG_POLICY, "<e>");
		log_warn(LOG_POLICY, "<w>");
		log_info(LOG_POLICY, "<i>");
		log_debug(LOG_POLICY, "<d>");
		T_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
		close(saved);
		close(ends[1]);
		n = read(ends[0], said, sizeof(said) - 1);
		close(ends[0]);
		said[n > 0 ? n : 0] = '\0';
		for (const char *p = said; (p = strchr(p, '<')); p++)
			text_printf(&t, "%c", p[1]);
		T_CHECK(strcmp(heard, rows[i].said) == 0, "%d: %s",
			rows[i].mask, said);
	}
	log_set(LOG_LEVEL_INFO, 0);
}

static void
categories_have_the_defaults_of_aix(void)
{
	struct reading r = read_text(
		"ServiceCategories a { MaxRate 0 }\n"
		"ServiceCategories b { MaxRate 0 FlowServiceType Guaranteed }\n"
		"ServiceCategories c { MaxRate 8 }\n"
		"ServiceCategories d { MaxRate 8 "
		"FlowServiceType ControlledLoad }\n"
		"ServiceCategories e { MaxRate 8 qosOutProfileAction drop }\n");
	const struct source_category *c = r.draft.categories;

	T_EQ(c[0].category.rate_Bps, POLICY_UNLIMITED);
	T_EQ(c[0].category.excess, POLICY_UNLIMITED);
	T_EQ(c[1].category.rate_Bps, 0);
	T_EQ(c[2].category.excess, POLICY_EXCESS_BEST_EFFORT);
	T_EQ(c[3].category.excess, POLICY_UNLIMITED);
	T_EQ(c[4].category.excess, POLICY_EXCESS_DROP);
	done(&r);
}

static void
the_format_can_be_forced(void)
{
	static const char text[] = "# comments alone\n";
	struct source_draft draft = { 0 };
	static struct source_directory directory;
	struct source_report errors = { 0 };
	static char got[GOLDEN_TEXT];

	T_CHECK(source_read(text, "f", "aix", &draft, &directory, &errors),
		"refused");
	T_CHECK(!source_read("policy = { };", "f", "aix", &draft, &directory,
			&errors),
		"native text taken as AIX");
	source_report_done(&errors);
	source_draft_done(&draft);
	T_EQ(run_check("--format=native", "chapter-premium.conf", got), 1);
	T_EQ(run_check("--format=aix", "chapter-premium.conf", got), 0);
	T_EQ(run_check("--format=cisco", "chapter-premium.conf", got), 2);
}

/* A line of a megabyte, and a million braces: refused, soon. */
static void
hostile_sizes_are_survived(void)
{
	static const char *const parts[] = { "x", "{", "}", "\"", "\001 ",
		"boxes a {", "ServiceCategories a { MaxRate ",
		"ServicePolicyRules r { }\n", "loglevel 5\n" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const size_t n = (1 << 20) / strlen(parts[i]);
		char *text = (char *)malloc(n * strlen(parts[i]) + 1);
		struct source_draft draft = { 0 };
		static struct source_directory directory;
		struct source_report errors = { 0 };

		T_CHECK(text != NULL, "no memory");
		text[0] = '\0';
		for (size_t k = 0; k < n; k++)
			memcpy(text + k * strlen(parts[i]), parts[i],
				strlen(parts[i]) + 1);
		(void)source_read(
			text, "f", "aix", &draft, &directory, &errors);
		T_CHECK((errors.count == 0) == (i == 8), "%s: %zu errors",
			parts[i], errors.count);
		source_report_done(&errors);
		source_draft_done(&draft);
		free(text);
	}
}

static struct t_case cases[] = {
	{ "files are said to mean what they mean",
		files_are_said_to_mean_what_they_mean },
	{ "the premium example has its values",
		the_premium_example_has_its_values },
	{ "the complete example has its four actions",
		the_complete_example_has_its_four_actions },
	{ "the directory is asked as on AIX",
		the_directory_is_asked_as_on_aix },
	{ "each server is asked as it is named",
		each_server_is_asked_as_it_is_named },
	{ "a scope comes from the category when the rule has none",
		a_scope_comes_from_the_category_when_the_rule_has_none },
	{ "what matches nothing there matches nothing here",
		what_matches_nothing_there_matches_nothing_here },
	{ "bits of ECN are noticed", bits_of_ecn_are_noticed },
	{ "what shapes has a rate", what_shapes_has_a_rate },
	{ "words and numbers have their limits",
		words_and_numbers_have_their_limits },
	{ "loglevel is what is logged", loglevel_is_what_is_logged },
	{ "categories have the defaults of AIX",
		categories_have_the_defaults_of_aix },
	{ "the format can be forced", the_format_can_be_forced },
	{ "hostile sizes are survived", hostile_sizes_are_survived },
};
T_MAIN(cases)
