/* SPDX-License-Identifier: ISC */

/*
 * policyd.conf of AIX: what `policyd check` says of each file of
 * tests/golden/aix - the examples of the published chapter among them - and
 * what becomes of their values.
 */

#include <dirent.h>
#include <unistd.h>

#include "policy/source.h"
#include "t.h"

enum { OUTPUT = 65536 };

static const char *
golden_dir(void)
{
	static char dir[1024];
	const char *srcdir = getenv("srcdir");

	(void)snprintf(dir, sizeof(dir), "%s/tests/golden/aix",
		srcdir ? srcdir : "..");
	return dir;
}

static void
slurp(FILE *f, char *buf)
{
	size_t n = fread(buf, 1, OUTPUT - 1, f);

	buf[n] = '\0';
}

static int
run_check(const char *options, const char *file, char *output)
{
	char command[4096];
	char here[1024];
	FILE *f;

	T_CHECK(getcwd(here, sizeof(here)) != NULL, "no directory");
	(void)snprintf(command, sizeof(command),
		"cd %s && LSAN_OPTIONS=suppressions=../../unit/lsan.supp:"
		"print_suppressions=0 %s/policy/policyd check %s %s 2>&1",
		golden_dir(), here, options, file);
	f = popen(command, "r");
	T_CHECK(f != NULL, "cannot run %s", command);
	slurp(f, output);
	return pclose(f) >> 8;
}

static void
read_golden(const char *name, char *buf)
{
	char path[2048];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", golden_dir(), name);
	f = fopen(path, "r");
	T_CHECK(f != NULL, "%s is missing", path);
	slurp(f, buf);
	(void)fclose(f);
}

static void
expect_golden(const char *file)
{
	static char got[OUTPUT];
	static char want[OUTPUT];
	char ok[300];
	bool broken = strncmp(file, "broken-", 7) == 0;
	int status = run_check("", file, got);

	(void)snprintf(ok, sizeof(ok), "%.*s.ok", (int)strlen(file) - 5, file);
	read_golden(ok, want);
	T_CHECK(strcmp(got, want) == 0, "%s: got\n%s\nnot\n%s", file, got,
		want);
	T_EQ(status, broken ? 1 : 0);
	if (broken)
		T_CHECK(strncmp(got, file, strlen(file)) == 0 &&
				got[strlen(file)] == ':' &&
				got[strlen(file) + 1] >= '1' &&
				got[strlen(file) + 1] <= '9',
			"%s: no file and line in\n%s", file, got);
}

static void
files_are_said_to_mean_what_they_mean(void)
{
	DIR *d = opendir(golden_dir());
	const struct dirent *e;
	int broken = 0;
	int good = 0;

	T_CHECK(d != NULL, "%s is missing", golden_dir());
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n < 6 || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		expect_golden(e->d_name);
		if (strncmp(e->d_name, "broken-", 7) == 0)
			broken++;
		else
			good++;
	}
	(void)closedir(d);
	T_CHECK(broken >= 25 && good >= 7, "%d broken, %d good", broken, good);
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
	static char text[OUTPUT];

	read_golden(name, text);
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
	T_EQ(d->starttls, STARTTLS_NEVER);
	T_EQ(d->poll_s, 60);
	T_EQ(r.draft.loglevel, 511);
	T_EQ(r.draft.rules[0].rule->priority, 7);
	done(&r);

	r = read_file("chapter-directory.conf");
	T_STR(r.directory.uris[0], "ldap://1.2.3.27:389");
	T_CHECK(r.directory.n_tags >= 2, "no tags by default");
	done(&r);
}

static void
a_scope_comes_from_the_category_when_the_rule_has_none(void)
{
	struct reading r = read_text(
		"ServiceCategories a { PolicyScope RSVP }\n"
		"ServiceCategories b { MaxRate 1 }\n"
		"ServicePolicyRules x { ProtocolNumber 6 ServiceReference a }\n"
		"ServicePolicyRules y { ProtocolNumber 6 ServiceReference b }\n"
		"ServicePolicyRules z { ProtocolNumber 6 ServiceReference a "
		"PolicyScope Both }\n");

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

static void
the_format_can_be_forced(void)
{
	static const char text[] = "# comments alone\n";
	struct source_draft draft = { 0 };
	static struct source_directory directory;
	struct source_report errors = { 0 };
	static char got[OUTPUT];

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
	{ "a scope comes from the category when the rule has none",
		a_scope_comes_from_the_category_when_the_rule_has_none },
	{ "what matches nothing there matches nothing here",
		what_matches_nothing_there_matches_nothing_here },
	{ "bits of ECN are noticed", bits_of_ecn_are_noticed },
	{ "the format can be forced", the_format_can_be_forced },
	{ "hostile sizes are survived", hostile_sizes_are_survived },
};
T_MAIN(cases)
