/* SPDX-License-Identifier: ISC */

/*
 * policy.conf: what `policyd check` says of each file of tests/golden/policy,
 * and what merging does.
 */

#include "policy/source.h"
#include "t_golden.h"

static int
run_check(const char *options, const char *file, char *output)
{
	return golden_check("policy", options, file, output);
}

static void
files_are_said_to_mean_what_they_mean(void)
{
	golden_expect_all("policy", 10, 4);
}

static void
the_sample_passes(void)
{
	static char got[GOLDEN_TEXT];

	T_EQ(run_check("", "../../../conf/policy.conf", got), 0);
	T_CHECK(!strstr(got, "warning"), "%s", got);
}

static void
what_is_odd_is_refused_when_strict(void)
{
	static char got[GOLDEN_TEXT];

	T_EQ(run_check("--strict", "order.conf", got), 1);
	T_CHECK(strstr(got, "never reached") &&
			strstr(got, "refused for its 1 warning, being strict"),
		"%s", got);
	T_EQ(run_check("--strict --quiet", "order.conf", got), 1);
	T_EQ(run_check("--strict", "whole.conf", got), 0);
}

static void
json_says_the_same(void)
{
	static char got[GOLDEN_TEXT];

	T_EQ(run_check("--json", "whole.conf", got), 0);
	T_CHECK(strstr(got, "\"schema\": 1"), "%s", got);
	T_CHECK(strstr(got, "\"valid\": true"), "%s", got);
	T_CHECK(strstr(got, "\"name\": \"studio\""), "%s", got);
	T_EQ(run_check("--json", "broken-syntax.conf", got), 1);
	T_CHECK(strstr(got, "\"valid\": false"), "%s", got);
	T_CHECK(strstr(got, "broken-syntax.conf:"), "%s", got);
	T_EQ(run_check("--jsno", "whole.conf", got), 2);
	T_EQ(run_check("", "", got), 2);
	T_EQ(run_check("", "no-such.conf", got), 1);
	T_STR(got, "policyd: no-such.conf: No such file or directory\n");
}

/* A terminal acts on some octets, and JSON takes nothing but UTF-8. */
static void
messages_hold_printable_text(void)
{
	static const char text[] =
		"policy = { rules = ( { name = "
		"\"B\xc3\xbc\xff\xc2\x9b\x1b\xed\xa0\x80!\"; } ); };";
	struct source_draft draft = { 0 };
	static struct source_directory d;
	struct source_report errors = { 0 };

	T_CHECK(!source_file_read(text, "f", &draft, &d, &errors), "taken");
	T_CHECK(strstr(errors.lines[0], "B\xc3\xbc\?\?\?\?\?\?\?!"), "%s",
		errors.lines[0]);
	source_draft_done(&draft);
	source_report_done(&errors);
}

/* Who asks, for what: others see other entries. */
static void
other_eyes_see_other_entries(void)
{
	struct source_directory d;
	uint64_t key;
	uint64_t view;

	source_directory_defaults(&d);
	(void)text_copy(d.base, SOURCE_TEXT, "o=x");
	d.n_tags = 1;
	(void)text_copy(d.tags[0], SOURCE_TAG, "all");
	key = source_directory_key(&d);
	view = source_directory_view(&d);
	T_EQ(source_directory_view(&d), view);
#define OTHER(set, undo)                                                       \
	set;                                                                   \
	T_CHECK(source_directory_view(&d) != view, "%s", #set);                \
	undo
	OTHER(d.bind_mech = SOURCE_BIND_EXTERNAL,
		d.bind_mech = SOURCE_BIND_SIMPLE);
	OTHER(d.bind_dn[0] = 'x', d.bind_dn[0] = '\0');
	OTHER(d.cert_file[0] = 'x', d.cert_file[0] = '\0');
	T_EQ(source_directory_key(&d), key); /* it is the same directory */
	OTHER(d.base[0] = 'c', d.base[0] = 'o');
	OTHER(d.tags[0][2] = '\0', d.tags[0][2] = 'l');
	OTHER(d.n_tags = 0, d.n_tags = 1);
#undef OTHER
	T_EQ(source_directory_view(&d), view);
	d.poll_s++; /* no matter how it is asked */
	d.n_uris++;
	T_EQ(source_directory_view(&d), view);
}

/* ---- values ------------------------------------------------------------- */

/* The rule "r" of a file that consists of that rule alone. */
static struct policy_set *
compile_text(const char *text, struct source_directory *d)
{
	struct source_draft draft = { 0 };
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set = NULL;

	if (source_file_read(text, "f", &draft, d, &errors))
		set = source_compile(&draft, NULL, d->present, &errors, &notes);
	T_CHECK(set != NULL, "%s", errors.lines[0]);
	source_draft_done(&draft);
	source_report_done(&errors);
	source_report_done(&notes);
	return set;
}

static void
values_become_numbers(void)
{
	struct source_directory d;
	struct policy_set *set = compile_text(
		"policy = { categories = ( { name = \"c\";\n"
		"maxRatePerFlow = \"2 Mbit\"; maxBucketPerFlow = \"16 kB\";\n"
		"maxPeakPerFlow = 1000; maxPacketPerFlow = \"1500\";\n"
		"maxFlows = 3; aggregateRate = \"1 Gbit/s\";\n"
		"maxService = \"ControlledLoad\"; preemption = 7;\n"
		"defending = 65535; } );\n"
		"rules = ( { name = \"r\"; category = \"c\"; scope = "
		"\"both\";\n"
		"users = [\"root\", \"5-9\"]; groups = 4294967295L;\n"
		"protocol = (\"udp\", 6, \"100-255\"); priority = -5;\n"
		"source = \"10.0.0.0/8\"; destination = \"::/0\";\n"
		"sourcePorts = \"0-65535\"; destPorts = 80;\n"
		"role = [\"sender\", \"transit\"]; service = \"GS\";\n"
		"interface = \"eth*\"; permission = \"deny\"; } ); };",
		&d);
	const struct policy_category *c = &set->categories[0];
	const struct policy_rule *r = set->rules[0];

	T_EQ(c->max_rate_Bps, 250000);
	T_EQ(c->max_bucket_bytes, 16000);
	T_EQ(c->max_peak_Bps, 1000);
	T_EQ(c->max_packet_bytes, 1500);
	T_EQ(c->max_flows, 3);
	T_EQ(c->aggregate_Bps, 125000000);
	T_EQ(c->max_service, POLICY_SERVICE_CL);
	T_EQ(c->preemption, 7);
	T_EQ(c->defending, 65535);
	T_EQ(r->category, 0);
	T_EQ(r->scope, POLICY_SCOPE_BOTH);
	T_EQ(r->priority, -5);
	T_CHECK(r->deny, "it denies");
	T_EQ(r->spans[POLICY_SPAN_USER].at[0].lo, 0);
	T_EQ(r->spans[POLICY_SPAN_USER].at[1].hi, 9);
	T_EQ(r->spans[POLICY_SPAN_GROUP].at[0].lo, UINT32_MAX);
	T_EQ(r->spans[POLICY_SPAN_PROTO].count, 3);
	T_EQ(r->spans[POLICY_SPAN_PROTO].at[2].lo, 100);
	T_EQ(r->addrs[POLICY_ADDR_SRC].at[0].hi.b[0], 10);
	T_EQ(r->addrs[POLICY_ADDR_SRC].at[0].hi.b[1], 255);
	T_EQ(r->addrs[POLICY_ADDR_DST].at[0].hi.b[15], 255);
	T_EQ(r->spans[POLICY_SPAN_SRC_PORT].at[0].hi, 65535);
	T_EQ(r->spans[POLICY_SPAN_DST_PORT].at[0].hi, 80);
	T_EQ(r->roles, 1 << POLICY_SENDER | 1 << POLICY_TRANSIT);
	T_EQ(r->services, POLICY_BIT_GS);
	T_STR(r->ifaces[0].at[0].glob, "eth*");
	T_CHECK(!d.present, "no directory");
	policy_set_free(set);
}

static void
identities_are_who_they_list(void)
{
	struct source_directory d;
	struct policy_set *set = compile_text(
		"policy = { rules = ( { name = \"r\"; users = 7;\n"
		"who = [\"a\", \"b\"]; } );\n"
		"identities = ( { name = \"a\"; users = [1, 2]; },\n"
		"{ name = \"b\"; users = \"10-19\"; groups = 100; } ); };",
		&d);
	const struct policy_spans *s = set->rules[0]->spans;

	T_EQ(s[POLICY_SPAN_USER].count, 4);
	T_EQ(s[POLICY_SPAN_USER].at[3].lo, 10);
	T_EQ(s[POLICY_SPAN_USER].at[3].hi, 19);
	T_EQ(s[POLICY_SPAN_GROUP].count, 1);
	policy_set_free(set);
}

static void
the_directory_has_defaults(void)
{
	struct source_directory d;
	struct policy_set *set = compile_text(
		"directory = { uri = \"ldap://localhost\"; base = \"o=x\"; };",
		&d);

	T_CHECK(d.present, "a directory");
	T_EQ(d.poll_s, 60);
	T_EQ(d.timeout_s, 10);
	T_EQ(d.max_age_s, 7 * 86400);
	T_EQ(d.retry_s, 300);
	T_EQ(d.quiet_ms, 500);
	T_EQ(d.mode_most, SOURCE_MODE_PERSIST);
	T_EQ(d.stale, SOURCE_STALE_FILE);
	T_CHECK(!d.strict, "strict");
	T_EQ(d.starttls, STARTTLS_UNSET);
	T_STR(d.tags[d.n_tags - 1], "all");
	/* Nothing is known from it yet. */
	T_EQ(set->default_why, POLICY_DEFAULT_NO_DIRECTORY);
	policy_set_free(set);
	set = compile_text(
		"policy = { default = \"allow\"; };\n"
		"directory = { uri = [\"ldaps://a\", \"ldapi:///\"];\n"
		"base = \"o=x\"; tags = [\"t1\", \"t2\"];\n"
		"poll = \"5m\"; timeout = 3; maxAge = \"1h\";\n"
		"quiet = \"1234 ms\";\n"
		"starttls = \"demand\"; caFile = \"/ca\";\n"
		"bindDn = \"cn=x\"; bindPasswordFile = \"/pw\"; };",
		&d);
	T_EQ(d.n_uris, 2);
	T_EQ(d.n_tags, 2);
	T_EQ(d.poll_s, 300);
	T_EQ(d.timeout_s, 3);
	T_EQ(d.max_age_s, 3600);
	T_EQ(d.quiet_ms, 1234);
	T_EQ(d.starttls, STARTTLS_DEMAND);
	T_STR(d.ca_file, "/ca");
	T_STR(d.bind_dn, "cn=x");
	T_STR(d.bind_password_file, "/pw");
	T_EQ(set->default_why, POLICY_DEFAULT_ALLOW);
	policy_set_free(set);
}

static void
the_default_follows_the_rules(void)
{
	static const struct {
		const char *text;
		uint8_t why;
	} rows[] = {
		{ "# none\n", POLICY_DEFAULT_NO_RULES },
		{ "policy = { rules = ( { name = \"r\"; } ); };",
			POLICY_DEFAULT_NO_RULES },
		{ "policy = { rules = ( { name = \"r\"; scope = \"RSVP\"; } ); "
		  "};",
			POLICY_DEFAULT_RULES },
		{ "policy = { rules = ( { name = \"r\"; scope = \"Both\"; } ); "
		  "};",
			POLICY_DEFAULT_RULES },
		{ "policy = { default = \"deny\"; };", POLICY_DEFAULT_DENY },
		{ "policy = { default = \"allow\"; rules = ( { name = \"r\"; "
		  "scope = \"RSVP\"; } ); };",
			POLICY_DEFAULT_ALLOW },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_directory d;
		struct policy_set *set = compile_text(rows[i].text, &d);

		T_EQ(set->default_why, rows[i].why);
		policy_set_free(set);
	}
}

static void
times_are_read_with_their_units(void)
{
	static const struct {
		const char *text;
		bool good;
		uint32_t s;
	} rows[] = { { "60", true, 60 }, { "60s", true, 60 },
		{ "5m", true, 300 }, { "2h", true, 7200 },
		{ "7d", true, 604800 }, { "", false, 0 }, { "m", false, 0 },
		{ "-1", false, 0 }, { "5x", false, 0 }, { "5mm", false, 0 },
		{ "49711d", false, 0 }, { "4294967295", true, UINT32_MAX },
		{ "4294967296", false, 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t s = 0;

		T_CHECK(source_seconds(rows[i].text, &s) == rows[i].good &&
				s == rows[i].s,
			"\"%s\": %u", rows[i].text, s);
	}
}

/* ---- the manual page ---------------------------------------------------- */

static void
expect_described(const char *page, const char *word)
{
	const char *at = page;
	size_t n = strlen(word);

	while ((at = strstr(at, word))) {
		char before = at[-1];
		char after = at[n];

		if ((before == ' ' || before == '\n') &&
			(after == ' ' || after == '\n'))
			return;
		at += n;
	}
	T_CHECK(false, "policy.conf.5.in does not describe %s", word);
}

static void
expect_keys(const char *page, const struct source_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (keys[i].conf)
			expect_described(page, keys[i].conf);
		if (keys[i].ldap)
			expect_described(page, keys[i].ldap);
	}
}

static void
every_key_is_in_the_manual_page(void)
{
	static char page[GOLDEN_TEXT];
	char path[1024];
	const struct source_key *keys;
	FILE *f;
	size_t n;

	golden_path("", "../../docs/policy.conf.5.in", path);
	f = fopen(path, "r");
	T_CHECK(f != NULL, "%s is missing", path);
	golden_slurp(f, page);
	(void)fclose(f);
	keys = source_rule_keys(&n);
	expect_keys(page, keys, n);
	keys = source_category_keys(&n);
	expect_keys(page, keys, n);
	for (n = 0; source_section_key(n); n++)
		expect_described(page, source_section_key(n));
	T_EQ(n, 25);
}

/* ---- merging ------------------------------------------------------------ */

static void
add_rule(struct source_draft *draft, uint8_t origin, unsigned tag,
	const char *category)
{
	struct source_rule *r = source_draft_rule(
		draft, origin == POLICY_FROM_FILE ? "file:1" : "PolicyName=r");

	(void)text_copy(r->rule->name, POLICY_NAME, "r");
	(void)text_copy(r->category, POLICY_NAME, category);
	r->rule->origin = origin;
	r->rule->scope = POLICY_SCOPE_RSVP;
	r->tag = tag;
}

static void
add_category(struct source_draft *draft, uint8_t origin, unsigned tag,
	const char *name, uint64_t flows)
{
	struct source_category *c = source_draft_category(
		draft, origin == POLICY_FROM_FILE ? "file:1" : "serviceName=c");

	(void)text_copy(c->category.name, POLICY_NAME, name);
	c->category.origin = origin;
	c->category.max_flows = flows;
	c->tag = tag;
}

static void
the_directory_and_the_earlier_tag_win(void)
{
	struct source_draft file = { 0 };
	struct source_draft directory = { 0 };
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set;

	add_category(&file, POLICY_FROM_FILE, 0, "c", 1);
	add_category(&directory, POLICY_FROM_DIRECTORY, 2, "c", 2);
	add_category(&directory, POLICY_FROM_DIRECTORY, 1, "c", 3);
	add_category(&file, POLICY_FROM_FILE, 0, "d", 4);
	add_rule(&file, POLICY_FROM_FILE, 0, "d");
	add_rule(&directory, POLICY_FROM_DIRECTORY, 5, "d");
	add_rule(&directory, POLICY_FROM_DIRECTORY, 4, "c");
	set = source_compile(&file, &directory, true, &errors, &notes);
	T_CHECK(set != NULL, "%s", errors.lines[0]);
	T_EQ(set->n_categories, 2);
	T_EQ(set->categories[0].max_flows, 3);
	T_EQ(set->n_rules, 1);
	T_EQ(set->rules[0]->category, 0);
	T_EQ(set->rules[0]->origin, POLICY_FROM_DIRECTORY);
	T_EQ(set->default_why, POLICY_DEFAULT_RULES);
	T_EQ(notes.count, 4);
	T_STR(notes.lines[2],
		"PolicyName=r: rule \"r\" is not used: PolicyName=r defines it "
		"too and wins");
	policy_set_free(set);
	source_draft_done(&file);
	source_draft_done(&directory);
	source_report_done(&notes);
	source_report_done(&errors);
}

static void
a_dangling_reference_spoils_the_whole(void)
{
	struct source_draft file = { 0 };
	struct source_draft directory = { 0 };
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };

	add_rule(&directory, POLICY_FROM_DIRECTORY, 0, "gone");
	T_CHECK(!source_compile(&file, &directory, true, &errors, &notes),
		"it compiled");
	T_EQ(errors.count, 1);
	T_STR(errors.lines[0],
		"PolicyName=r: rule \"r\" refers to category \"gone\", which "
		"does not exist (define it)");
	source_draft_done(&file);
	source_draft_done(&directory);
	source_report_done(&notes);
	source_report_done(&errors);
}

static void
local_uris_are_known(void)
{
	static const struct {
		const char *uri;
		bool local;
	} rows[] = { { "ldap://127.0.0.1:389", true },
		{ "ldap://localhost", true }, { "ldap://[::1]:389", true },
		{ "ldapi:///", true }, { "ldap://192.0.2.1", false },
		{ "ldap://directory.example", false },
		{ "ldap://localhost.example", false },
		{ "ldap://127.example", false }, { "ldap://[::2]", false } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		T_CHECK(source_uri_is_local(rows[i].uri) == rows[i].local, "%s",
			rows[i].uri);
}

/* A bare number of the directory counts kilobits. */
static void
the_directorys_numbers_are_kilobits(void)
{
	struct source_category c = { 0 };
	size_t n;
	const struct source_key *keys = source_category_keys(&n);
	char said[256];
	struct text why = text_over(said, sizeof(said));

	for (size_t i = 0; i < n; i++) {
		const char *ldap = keys[i].ldap ? keys[i].ldap : "";

		if (strcmp(ldap, "MaxRate") == 0)
			T_CHECK(keys[i].read(&keys[i], "8", &c, &why), "%s",
				said);
		if (strcmp(ldap, "MaxTokenBucket") == 0)
			T_CHECK(keys[i].read(&keys[i], "16", &c, &why) &&
					c.category.bucket_bytes == 2000 &&
					keys[i].read(
						&keys[i], "3 kB", &c, &why),
				"%s", said);
	}
	T_EQ(c.category.rate_Bps, 1000);
	T_EQ(c.category.bucket_bytes, 3000);
}

static struct t_case cases[] = {
	{ "the directory's numbers are kilobits",
		the_directorys_numbers_are_kilobits },
	{ "files are said to mean what they mean",
		files_are_said_to_mean_what_they_mean },
	{ "the sample passes", the_sample_passes },
	{ "what is odd is refused when strict",
		what_is_odd_is_refused_when_strict },
	{ "JSON says the same", json_says_the_same },
	{ "messages hold printable text", messages_hold_printable_text },
	{ "other eyes see other entries", other_eyes_see_other_entries },
	{ "values become numbers", values_become_numbers },
	{ "identities are who they list", identities_are_who_they_list },
	{ "the directory has defaults", the_directory_has_defaults },
	{ "the default follows the rules", the_default_follows_the_rules },
	{ "times are read with their units", times_are_read_with_their_units },
	{ "every key is in the manual page", every_key_is_in_the_manual_page },
	{ "the directory and the earlier tag win",
		the_directory_and_the_earlier_tag_win },
	{ "a dangling reference spoils the whole",
		a_dangling_reference_spoils_the_whole },
	{ "local URIs are known", local_uris_are_known },
};
T_MAIN(cases)
