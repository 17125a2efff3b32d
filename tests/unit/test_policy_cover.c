/* SPDX-License-Identifier: ISC */

/* Two rules compared, condition by condition: what one leaves for the other,
 * and whether they share a request; what is said of a set that looks odd. */

#include "policy/source.h"
#include "t_policy.h"

enum { TEXT = 4096, NONE = 0, A_COVERS = 1, B_COVERS = 2, SAME = 3, MEET = 4 };

struct compiled {
	struct policy_set *set;
	struct source_report notes;
};

static struct compiled
compile(const char *text)
{
	struct source_draft draft = { 0 };
	struct source_report errors = { 0 };
	static struct source_directory d;
	struct compiled c = { 0 };

	if (source_file_read(text, "f", &draft, &d, &errors))
		c.set = source_compile(&draft, NULL, false, &errors, &c.notes);
	T_CHECK(c.set != NULL, "%s: %s", text, errors.lines[0]);
	source_draft_done(&draft);
	source_report_done(&errors);
	return c;
}

static void
drop(struct compiled *c)
{
	policy_set_free(c->set);
	source_report_done(&c->notes);
}

static const struct policy_rule *
named(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_rules; i++)
		if (strcmp(set->rules[i]->name, name) == 0)
			return set->rules[i];
	T_CHECK(false, "no rule %s", name);
	return NULL;
}

/* ---- two rules ----------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *a;
	const char *b;
	unsigned is; /* which covers the other; MEET: a request has both */
} pairs[] = {
	{ "", "", SAME | MEET },
	{ "scope = \"RSVP\";", "scope = \"DataTraffic\";", NONE },
	{ "scope = \"Both\";", "scope = \"DataTraffic\";", A_COVERS | MEET },
	{ "enabled = \"no\";", "", B_COVERS },
	{ "continue = \"yes\";", "", B_COVERS | MEET },
	/* Ranges: a part of one, of one of several; one more at each end. */
	{ "destPorts = \"10-20\";", "", B_COVERS | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"10-20\";", SAME | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"10-19\";", A_COVERS | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"11-20\";", A_COVERS | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"9-20\";", B_COVERS | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"10-21\";", B_COVERS | MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"20-21\";", MEET },
	{ "destPorts = \"10-20\";", "destPorts = \"21-22\";", NONE },
	{ "destPorts = [\"10-20\", \"30-40\"];", "destPorts = \"31-39\";", A_COVERS | MEET },
	{ "destPorts = [\"10-20\", \"30-40\"];", "destPorts = [\"31-39\", \"10\"];", A_COVERS | MEET },
	{ "destPorts = [\"10-20\", \"30-40\"];", "destPorts = [\"31-39\", \"25\"];", MEET },
	{ "destPorts = [\"10-20\", \"30-40\"];", "destPorts = [\"21-29\", \"50\"];", NONE },
	{ "sourcePorts = \"5\";", "sourcePorts = \"6\";", NONE },
	{ "sourcePorts = \"5\";", "sourcePorts = \"5-6\";", B_COVERS | MEET },
	{ "protocol = \"udp\";", "protocol = \"tcp\";", NONE },
	{ "protocol = \"udp\";", "protocol = [\"tcp\", \"udp\"];", B_COVERS | MEET },
	{ "scope = \"DataTraffic\"; dscp = 5;", "scope = \"DataTraffic\"; dscp = 6;", NONE },
	{ "scope = \"DataTraffic\"; dscp = \"5-9\";", "scope = \"DataTraffic\"; dscp = 6;", A_COVERS | MEET },
	/* Addresses. */
	{ "destination = \"10.0.0.4-10.0.0.9\";", "", B_COVERS | MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.4-10.0.0.9\";", SAME | MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.5-10.0.0.9\";", A_COVERS | MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.4-10.0.0.8\";", A_COVERS | MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.3-10.0.0.8\";", MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.5-10.0.0.10\";", MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.9-10.0.0.10\";", MEET },
	{ "destination = \"10.0.0.4-10.0.0.9\";", "destination = \"10.0.0.10-10.0.0.11\";", NONE },
	{ "destination = [\"10.0.0.4\", \"10.0.0.6\"];", "destination = \"10.0.0.6\";", A_COVERS | MEET },
	{ "destination = [\"10.0.0.4\", \"10.0.0.6\"];", "destination = [\"10.0.0.6\", \"10.0.0.5\"];", MEET },
	{ "destination = [\"10.0.0.4\", \"10.0.0.6\"];", "destination = \"::6\";", NONE },
	{ "source = \"10.0.0.0/8\";", "source = \"10.1.0.0/16\";", A_COVERS | MEET },
	{ "source = \"10.0.0.0/8\";", "source = \"11.1.0.0/16\";", NONE },
	{ "neighbour = \"10.0.0.1\";", "neighbour = \"10.0.0.0/30\";", B_COVERS | MEET },
	{ "neighbour = \"10.0.0.1\";", "neighbour = \"10.0.0.2\";", NONE },
	/* Interfaces. */
	{ "interface = \"eth*\";", "interface = \"eth*\";", SAME | MEET },
	{ "interface = \"eth*\";", "interface = \"eth0\";", A_COVERS | MEET },
	{ "interface = \"eth*\";", "interface = \"eth?\";", MEET },
	{ "interface = \"eth*\";", "interface = \"wlan0\";", NONE },
	{ "interface = [\"wlan0\", \"eth*\"];", "interface = [\"eth1\", \"wlan0\"];", A_COVERS | MEET },
	{ "interface = [\"wlan0\", \"eth*\"];", "interface = [\"eth1\", \"lo\"];", MEET },
	{ "interface = \"eth0\";", "", B_COVERS | MEET },
	{ "inInterface = \"eth0\";", "inInterface = \"eth1\";", NONE },
	{ "outInterface = \"eth0\";", "outInterface = \"eth1\";", NONE },
	{ "outInterface = \"eth?\";", "outInterface = \"eth1\";", A_COVERS | MEET },
	/* Who. */
	{ "users = \"1-9\";", "", B_COVERS | MEET },
	{ "users = \"1-9\";", "users = \"2-9\";", A_COVERS | MEET },
	{ "users = \"1-9\";", "users = \"9-10\";", MEET },
	{ "users = \"1-9\";", "users = \"10\";", NONE },
	{ "users = \"1-9\";", "groups = \"1-9\";", MEET },
	{ "groups = \"1-9\";", "groups = \"2\";", A_COVERS | MEET },
	{ "groups = \"1\";", "groups = \"2\";", MEET },
	{ "users = 1; groups = 1;", "users = 1;", A_COVERS | MEET },
	{ "users = 1; groups = 1;", "users = 2;", MEET },
	{ "users = 1; groups = 1;", "users = 2; groups = 2;", MEET },
	{ "users = 1; principals = \"x\";", "users = 2; principals = \"y\";", MEET },
	{ "users = 1; principals = \"x\";", "users = 2;", MEET },
	{ "users = 1; hosts = \"10.0.0.1\";", "users = 2; hosts = \"10.0.0.2\";", MEET },
	{ "users = 1; hosts = \"10.0.0.1\";", "users = 1;", A_COVERS | MEET },
	{ "hosts = \"10.0.0.0/8\";", "hosts = \"10.0.0.1\";", A_COVERS | MEET },
	{ "hosts = \"10.0.0.0/8\";", "hosts = \"11.0.0.1\";", MEET },
	{ "principals = [\"x\", \"y\"];", "principals = \"y\";", A_COVERS | MEET },
	{ "principals = [\"x\", \"y\"];", "principals = [\"y\", \"z\"];", MEET },
	{ "certSubjects = \"CN=x\";", "principals = \"CN=x\";", MEET },
	{ "applications = \"APP=x\";", "applications = \"APP=x\";", SAME | MEET },
	/* Names as conditions. */
	{ "application = \"APP=x\";", "", B_COVERS | MEET },
	{ "application = \"APP=x\";", "application = [\"APP=y\", \"APP=x\"];", B_COVERS | MEET },
	{ "certIssuer = \"CN=x\";", "certIssuer = \"CN=y\";", MEET },
	{ "certIssuer = \"CN=x\";", "certIssuer = \"CN=x\";", SAME | MEET },
	/* Words. */
	{ "service = \"GS\";", "", B_COVERS | MEET },
	{ "service = \"GS\";", "service = \"CL\";", NONE },
	{ "service = [\"GS\", \"CL\"];", "service = \"CL\";", A_COVERS | MEET },
	{ "role = \"sender\";", "role = \"transit\";", NONE },
	{ "role = [\"sender\", \"receiver\"];", "role = [\"receiver\", \"transit\"];", MEET },
	{ "role = [\"sender\", \"receiver\"];", "role = \"receiver\";", A_COVERS | MEET },
	{ "style = \"FF\";", "style = \"WF\";", NONE },
	{ "style = [\"FF\", \"WF\"];", "style = \"WF\";", A_COVERS | MEET },
	{ "message = \"path\";", "message = \"resv\";", NONE },
	{ "message = \"path\";", "", B_COVERS | MEET },
	{ "multicast = \"yes\";", "multicast = \"no\";", NONE },
	{ "multicast = \"yes\";", "", B_COVERS | MEET },
	{ "authenticated = \"yes\";", "authenticated = \"no\";", NONE },
	{ "authenticated = \"yes\";", "", B_COVERS | MEET },
	/* Times: the same, or any. */
	{ "days = \"Mon\";", "", B_COVERS | MEET },
	{ "days = \"Mon\";", "days = \"Mon\";", SAME | MEET },
	{ "days = \"Mon\";", "days = \"Tue\";", MEET },
	{ "when = \"office\";", "", B_COVERS | MEET },
	{ "when = [\"office\", \"night\"];", "when = \"night\";", A_COVERS | MEET },
	{ "when = [\"office\", \"night\"];", "when = [\"night\", \"lunch\"];", MEET },
	/* What leaves something open, and is denied or allowed. */
	{ "service = \"GS\"; permission = \"deny\";", "service = \"GS\";", B_COVERS | MEET },
	{ "style = \"FF\"; permission = \"deny\";", "style = \"FF\";", B_COVERS | MEET },
	{ "permission = \"deny\";", "", SAME | MEET },
	{ "service = [\"GS\", \"CL\"]; permission = \"deny\";", "service = [\"GS\", \"CL\"];", SAME | MEET },
	{ "style = [\"FF\", \"WF\", \"SE\"]; permission = \"deny\";", "style = [\"FF\", \"WF\", \"SE\"];", SAME | MEET },
	{ "source = \"10.0.0.1\";", "source = \"10.0.0.1\"; permission = \"deny\";", B_COVERS | MEET },
	{ "sourcePorts = 7;", "sourcePorts = 7; permission = \"deny\";", B_COVERS | MEET },
	{ "sourcePorts = 7;", "sourcePorts = 7;", SAME | MEET },
};
/* clang-format on */

static void
rules_are_compared_in_every_condition(void)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char text[TEXT];
		struct compiled c;
		const struct policy_rule *a;
		const struct policy_rule *b;
		const bool scoped = strstr(pairs[i].a, "scope") != NULL;
		unsigned is;

		(void)snprintf(text, sizeof(text),
			"policy = { schedules = ("
			"{ name = \"office\"; days = \"Mon-Fri\"; },"
			"{ name = \"night\"; time = \"22:00-06:00\"; },"
			"{ name = \"lunch\"; time = \"12:00-13:00\"; } );"
			"rules = ( { name = \"a\"; %s %s },"
			"{ name = \"b\"; %s %s } ); };",
			scoped ? "" : "scope = \"RSVP\";", pairs[i].a,
			scoped && strstr(pairs[i].b, "scope")
				? ""
				: "scope = \"RSVP\";",
			pairs[i].b);
		c = compile(text);
		a = named(c.set, "a");
		b = named(c.set, "b");
		is = (policy_rule_covers(a, b) ? A_COVERS : 0) |
		     (policy_rule_covers(b, a) ? B_COVERS : 0) |
		     (policy_rule_overlaps(a, b) ? MEET : 0);
		T_CHECK(is == pairs[i].is, "%s | %s: %u, not %u", pairs[i].a,
			pairs[i].b, is, pairs[i].is);
		T_CHECK(policy_rule_overlaps(b, a) == ((is & MEET) != 0),
			"%s | %s", pairs[i].a, pairs[i].b);
		drop(&c);
	}
}

static void
globs_meet_where_a_name_has_both(void)
{
	static const struct {
		const char *a;
		const char *b;
		bool meet;
	} rows[] = { { "", "", true }, { "*", "", true }, { "?", "", false },
		{ "a", "", false }, { "a*", "*b", true }, { "a*", "b*", false },
		{ "a?c", "ab*", true }, { "a?", "abc", false },
		{ "*a*", "b?a", true }, { "?*", "a", true },
		{ "?*?", "a", false }, { "a*b*c", "abc", true },
		{ "a*b*c", "acb", false }, { "*", "?", true },
		{ "a**", "a", true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		T_CHECK(policy_globs_meet(rows[i].a, rows[i].b) == rows[i].meet,
			"%s %s", rows[i].a, rows[i].b);
		T_CHECK(policy_globs_meet(rows[i].b, rows[i].a) == rows[i].meet,
			"%s %s", rows[i].b, rows[i].a);
	}
	/* Too long together: they are said to meet. */
	T_CHECK(!policy_globs_meet("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"),
		"32");
	T_CHECK(policy_globs_meet("aaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"),
		"33");
}

/* ---- a set --------------------------------------------------------------- */

/* Just that is said of it. */
static void
expect_notes(const char *text, const char *const *lines, size_t n)
{
	struct compiled c = compile(text);

	source_warn(c.set, &c.notes);
	for (size_t i = 0; i < n; i++)
		T_CHECK(i < c.notes.count &&
				strcmp(c.notes.lines[i], lines[i]) == 0,
			"%s: line %zu is %s", text, i,
			i < c.notes.count ? c.notes.lines[i] : "missing");
	T_CHECK(c.notes.count == n, "%s: %s", text,
		n < c.notes.count ? c.notes.lines[n] : "");
	drop(&c);
}

/* Each against all that are tried before it. */
static void
every_pair_is_looked_at(void)
{
	static const char *const lines[] = {
		"warning: rule \"e\" is never reached: rule \"d\" is tried "
		"before it and matches all it matches",
		"warning: rules \"b\" and \"c\" overlap at priority 0: the "
		"first is tried first, by its name"
	};

	expect_notes("policy = { rules = ("
		     "{ name = \"a\"; scope = \"RSVP\"; destPorts = 1; },"
		     "{ name = \"b\"; scope = \"RSVP\"; destPorts = \"2-5\"; },"
		     "{ name = \"c\"; scope = \"RSVP\"; destPorts = \"3-6\";"
		     "  permission = \"deny\"; },"
		     "{ name = \"d\"; scope = \"RSVP\"; destPorts = \"7-9\"; },"
		     "{ name = \"e\"; scope = \"RSVP\"; destPorts = \"7-9\"; }"
		     "); };",
		lines, 2);
	/* Not where another priority tells, or both say the same. */
	expect_notes("policy = { rules = ("
		     "{ name = \"b\"; scope = \"RSVP\"; destPorts = \"2-5\"; },"
		     "{ name = \"c\"; scope = \"RSVP\"; destPorts = \"3-6\"; },"
		     "{ name = \"d\"; scope = \"RSVP\"; destPorts = \"4-7\";"
		     "  permission = \"deny\"; priority = 1; } ); };",
		NULL, 0);
}

static void
what_continues_is_no_overlap(void)
{
	static const char *const lines[] = {
		"warning: rule \"c\" continues, so that it denies nothing"
	};

	expect_notes("policy = { rules = ("
		     "{ name = \"b\"; scope = \"RSVP\"; destPorts = \"2-5\"; },"
		     "{ name = \"c\"; scope = \"RSVP\"; destPorts = \"3-6\";"
		     "  permission = \"deny\"; continue = \"yes\"; } ); };",
		lines, 1);
}

static void
odd_categories_are_said(void)
{
	static const char *const lines[] = {
		"warning: category \"a\" is used by no rule",
		"warning: category \"b\" has a limit of 0: nothing is ever "
		"granted",
		"warning: category \"c\" has a limit of 0: nothing is ever "
		"granted",
		"warning: category \"d\" has a limit of 0: nothing is ever "
		"granted",
		"warning: category \"d\": maxRatePerFlow is above "
		"aggregateRate and can never be had",
		"warning: category \"e\": maxRatePerFlow is above "
		"aggregateRate and can never be had",
		"warning: category \"g\": maxBucketPerFlow is smaller than a "
		"packet of 1500 octets",
		"warning: category \"h\": maxTokenBucket is smaller than a "
		"packet of 1500 octets"
	};
	char text[TEXT];
	struct text t = text_over(text, sizeof(text));

	text_add(&t, "policy = { categories = ("
		     "{ name = \"a\"; maxBucketPerFlow = 1500; "
		     "maxTokenBucket = 1500; },"
		     "{ name = \"b\"; maxFlows = 0; },"
		     "{ name = \"c\"; maxRatePerFlow = 0; },"
		     "{ name = \"d\"; aggregateRate = 0; maxRatePerFlow = 1; },"
		     "{ name = \"e\"; aggregateRate = 7; maxRatePerFlow = 8; },"
		     "{ name = \"f\"; aggregateRate = 8; maxRatePerFlow = 8; },"
		     "{ name = \"g\"; maxBucketPerFlow = 1499; },"
		     "{ name = \"h\"; maxTokenBucket = 1499; },"
		     "{ name = \"i\"; aggregateRate = 8; } );"
		     "rules = (");
	for (char c = 'b'; c <= 'i'; c++)
		text_printf(&t,
			"%s{ name = \"%c\"; scope = \"Both\"; category = "
			"\"%c\"; destPorts = %d; }",
			c == 'b' ? "" : ",", c, c, c);
	text_add(&t, "); };");
	expect_notes(text, lines, sizeof(lines) / sizeof(lines[0]));
}

static void
rules_that_never_apply_are_said(void)
{
	static const char *const lines[] = {
		"warning: schedule \"s\" is empty: its time never comes",
		"warning: rule \"b\" never applies: its time never comes",
		"warning: rule \"c\" never applies: a reservation has no dscp"
	};
	static const char *const none[] = { "warning: there is no rule" };

	expect_notes("policy = { schedules = ( { name = \"s\"; time = "
		     "\"08:00-08:00\"; }, { name = \"t\"; days = \"Mon\"; } );"
		     "rules = ("
		     "{ name = \"a\"; scope = \"RSVP\"; destPorts = 1;"
		     "  time = \"08:00-08:01\"; },"
		     "{ name = \"b\"; scope = \"RSVP\"; destPorts = 2;"
		     "  time = \"08:00-08:00\"; },"
		     "{ name = \"c\"; scope = \"RSVP\"; destPorts = 3;"
		     "  dscp = 4; },"
		     "{ name = \"d\"; scope = \"Both\"; destPorts = 4;"
		     "  dscp = 4; },"
		     "{ name = \"e\"; scope = \"DataTraffic\"; destPorts = 5;"
		     "  dscp = 4; } ); };",
		lines, 3);
	expect_notes("policy = { };", none, 1);
}

static uint64_t
digest_of(const char *a, const char *b)
{
	struct source_report r = { 0 };
	uint64_t digest;

	source_report_add_line(&r, a);
	if (b)
		source_report_add_line(&r, b);
	digest = source_report_digest(&r);
	source_report_done(&r);
	return digest;
}

/* They tell whether something is to be said anew. */
static void
reports_that_differ_have_other_digests(void)
{
	const uint64_t ab = digest_of("ab", NULL);

	T_CHECK(ab == digest_of("ab", NULL), "the same");
	T_CHECK(ab != digest_of("ac", NULL), "the last character");
	T_CHECK(ab != digest_of("cb", NULL), "the first character");
	T_CHECK(ab != digest_of("abc", NULL), "one more");
	T_CHECK(digest_of("ab", "c") != digest_of("a", "bc"), "the seam");
	T_CHECK(digest_of("ab", "") != ab, "an empty line");
}

static struct t_case cases[] = {
	{ "reports that differ have other digests",
		reports_that_differ_have_other_digests },
	{ "rules are compared in every condition",
		rules_are_compared_in_every_condition },
	{ "globs meet where a name has both",
		globs_meet_where_a_name_has_both },
	{ "every pair is looked at", every_pair_is_looked_at },
	{ "what continues is no overlap", what_continues_is_no_overlap },
	{ "odd categories are said", odd_categories_are_said },
	{ "rules that never apply are said", rules_that_never_apply_are_said },
};
T_MAIN(cases)
