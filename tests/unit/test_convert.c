/* SPDX-License-Identifier: ISC */

/*
 * A policy from one syntax to another and back: the same rules, but for what
 * was reported.  Sameness is judged by the snapshot, which holds all that the
 * engine decides by.
 */

#include <sys/wait.h>
#include <unistd.h>

#include "policy/convert_int.h"
#include "policy/snapshot_int.h"
#include "t.h"

enum { OUTPUT = 65536 };

/* Everything but what is reported as lost must survive. */
struct trip {
	struct source_report losses;
	char *text; /* what came out; owned */
};

static uint64_t
digest_of(const char *text)
{
	struct source_draft draft = { 0 };
	static struct source_directory directory;
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy_set *set = NULL;
	struct policy_head head = { 0 };
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (source_read(text, "f", NULL, &draft, &directory, &errors))
		set = source_compile(&draft, NULL, false, &errors, &notes);
	T_CHECK(set != NULL, "%s in\n%s",
		errors.lines[0] ? errors.lines[0] : "", text);
	T_CHECK(policy_snapshot_write(set, &bytes, &len), "not written");
	T_CHECK(policy_head_read(bytes, len, &head) == NULL, "no head");
	alloc_put(alloc_heap(), bytes);
	policy_set_free(set);
	source_draft_done(&draft);
	source_report_done(&errors);
	source_report_done(&notes);
	return head.body_digest;
}

static struct trip
go(const char *from, const char *to, const char *text)
{
	struct trip trip = { { { NULL }, 0 }, NULL };
	struct entries list = { .file = "f", .losses = &trip.losses };
	struct source_report errors = { 0 };
	size_t len = 0;
	FILE *out = open_memstream(&trip.text, &len);
	bool good = strcmp(from, "aix") == 0 ? entries_read_aix(&list, text)
		    : strcmp(from, "ldif") == 0
			    ? entries_read_ldif(&list, text, &errors)
			    : entries_read_conf(&list, text);

	T_CHECK(good && out, "%s",
		errors.lines[0] ? errors.lines[0] : "no memory");
	if (strcmp(to, "aix") == 0)
		entries_write_aix(&list, out);
	else if (strcmp(to, "ldif") == 0)
		entries_write_ldif(&list, out, "o=x", "all");
	else
		entries_write_conf(&list, out);
	(void)fclose(out);
	entries_free(&list);
	source_report_done(&errors);
	return trip;
}

static void
end(struct trip *trip)
{
	source_report_done(&trip->losses);
	free(trip->text);
}

static const char *
golden(const char *name)
{
	static char text[OUTPUT];
	char path[2048];
	const char *srcdir = getenv("srcdir");
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/%s",
		srcdir ? srcdir : "..", name);
	f = fopen(path, "r");
	T_CHECK(f != NULL, "%s is missing", path);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	(void)fclose(f);
	return text;
}

static void
expect_no_loss(const struct trip *trip)
{
	T_CHECK(trip->losses.count == 0, "%s", trip->losses.lines[0]);
}

static void
the_published_files_go_there_and_back(void)
{
	static const char *const files[] = { "aix/chapter-complete.conf",
		"aix/chapter-premium.conf", "aix/chapter-default.conf",
		"aix/one-line.conf" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *text = golden(files[i]);
		const uint64_t want = digest_of(text);
		struct trip native = go("aix", "native", text);
		struct trip ldif = go("native", "ldif", native.text);
		struct trip again = go("ldif", "native", ldif.text);
		struct trip back = go("native", "aix", again.text);

		expect_no_loss(&native);
		expect_no_loss(&ldif);
		T_CHECK(digest_of(native.text) == want, "%s", native.text);
		T_CHECK(digest_of(again.text) == want, "%s", again.text);
		expect_no_loss(&back);
		T_CHECK(digest_of(back.text) == want, "%s", back.text);
		end(&native);
		end(&ldif);
		end(&again);
		end(&back);
	}
}

/* What AIX means by what is not said. */
static void
what_a_file_leaves_open_is_written_out(void)
{
	static const char text[] =
		"ServiceCategories a { PolicyScope Both MaxRate 0 }\n"
		"ServiceCategories b { MaxRate 8 }\n"
		"ServicePolicyRules x { ServiceReference a }\n"
		"ServicePolicyRules y { ProtocolNumber 6 ServiceReference b "
		"SourceAddressRange 0 Permission Blocked }\n";
	struct trip native = go("aix", "native", text);

	expect_no_loss(&native);
	T_CHECK(digest_of(native.text) == digest_of(text), "%s", native.text);
	end(&native);
}

/* Each kind of value that the tables have; no part that only a file has. */
static const char rich[] =
	"policy = { categories = ("
	" { name = \"a, b=c\"; maxService = \"GS\"; maxRatePerFlow = \"2 "
	"Mbit\";"
	" maxBucketPerFlow = 1500; maxPeakPerFlow = \"10 Mbit\";"
	" maxPacketPerFlow = \"1500\"; maxFlows = 20; aggregateRate = 333;"
	" preemption = 4; defending = 5; permission = \"deny\"; },"
	" { name = \"mark\"; maxRate = 1001; maxTokenBucket = \"3 kB\";"
	" inProfileDscp = \"EF\"; outProfileAction = \"mark\";"
	" outProfileDscp = \"LE\"; peakRate = \"3 Mbit\"; admit = \"yes\";"
	" arbitration = \"rule-first\"; } );"
	" rules = ("
	" { name = \"r 1\"; scope = \"RSVP\"; priority = -7;"
	" users = [ \"1000-1999\", \"7\" ]; groups = [ \"100\" ];"
	" protocol = [ \"udp\", \"6\" ];"
	" source = [ \"192.0.2.0/24\", \"2001:db8::/32\" ];"
	" destination = [ \"10.0.0.1-10.0.0.9\", \"::1\" ];"
	" sourcePorts = [ \"1024-65535\" ];"
	" destPorts = [ \"5004-5100\", \"6000\" ]; service = [ \"GS\" ];"
	" role = [ \"sender\", \"receiver\" ]; interface = [ \"eth*\" ];"
	" category = \"a, b=c\"; },"
	" { name = \"r2\"; scope = \"DataTraffic\"; dscp = [ \"EF\" ];"
	" inInterface = [ \"lo\" ]; category = \"mark\"; },"
	" { name = \"r3\"; scope = \"Both\"; permission = \"deny\"; } ); };";

static void
what_the_directory_can_hold_survives_it(void)
{
	const uint64_t want = digest_of(rich);
	struct trip ldif = go("native", "ldif", rich);
	struct trip back = go("ldif", "native", ldif.text);

	expect_no_loss(&ldif);
	T_CHECK(digest_of(back.text) == want, "%s\n%s", ldif.text, back.text);
	/* The tag is not the file's. */
	T_EQ(back.losses.count, 5);
	T_CHECK(strstr(ldif.text, "dn: serviceName=a\\, b\\=c,o=x\n"), "%s",
		ldif.text);
	T_CHECK(strstr(ldif.text, "objectClass: qosRuleExt\n"), "%s",
		ldif.text);
	end(&ldif);
	end(&back);
}

static bool
is_lost(const struct trip *trip, const char *what)
{
	for (size_t i = 0; i < trip->losses.count && i < SOURCE_LINES; i++)
		if (strstr(trip->losses.lines[i], what))
			return true;
	return false;
}

static void
what_has_no_rules_is_no_empty_file(void)
{
	static const char *const names[] = { "native", "aix", "ldif" };
	struct source_report errors = { 0 };

	for (size_t i = 0; i < 3; i++) {
		struct trip aix = go(names[i], "aix", "# nothing\n");
		static struct source_draft draft;
		static struct source_directory ignored;

		expect_no_loss(&aix);
		T_STR(aix.text, "# no rules\n");
		T_CHECK(source_file_read(
				aix.text, "f", &draft, &ignored, &errors),
			"refused");
		source_draft_done(&draft);
		end(&aix);
	}
}

static void
what_aix_cannot_say_is_told_and_never_matches_more(void)
{
	struct trip aix = go("native", "aix", rich);
	static const char *const lost[] = { "maxFlows = 20", "peakRate",
		"outProfileDscp = LE", "sent with a TOS of 0",
		"maxRate is cut down", "rule \"r 1\" is left out",
		"rule \"r2\" is left out: AIX has no dscp",
		"rule \"r3\" is left out", "is in quotes" };

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		T_CHECK(is_lost(&aix, lost[i]), "\"%s\" was not told", lost[i]);
	T_CHECK(!strstr(aix.text, "ServicePolicyRules"), "%s", aix.text);
	T_CHECK(strstr(aix.text, "OutgoingTOS             10111000"), "%s",
		aix.text);
	end(&aix);
}

static void
several_ranges_become_several_rules(void)
{
	static const char text[] =
		"policy = { categories = ( { name = \"c\"; maxRate = "
		"\"8 kbit\"; maxTokenBucket = \"16 kbit\"; outProfileAction = "
		"\"delay\"; } ); rules = ( { name = \"r\"; scope = "
		"\"DataTraffic\"; priority = 3; protocol = [ \"6\", \"17\" ];"
		" source = [ \"10.0.0.0/24\", \"::1\" ]; destPorts = [ \"1\","
		" \"5-6\" ]; category = \"c\"; } ); };";
	struct trip aix = go("native", "aix", text);

	T_STR(aix.text, "ServiceCategories c\n"
			"{\n"
			"        MaxRate                 8\n"
			"        MaxTokenBucket          16\n"
			"        FlowServiceType         Guaranteed\n"
			"}\n\n"
			"ServicePolicyRules r\n"
			"{\n"
			"        ProtocolNumber          6\n"
			"        SourceAddressRange      10.0.0.0-10.0.0.255\n"
			"        DestinationPortRange    1-1\n"
			"        PolicyRulePriority      3\n"
			"        ServiceReference        c\n"
			"}\n\n"
			"ServicePolicyRules r-2\n"
			"{\n"
			"        ProtocolNumber          17\n"
			"        SourceAddressRange      10.0.0.0-10.0.0.255\n"
			"        DestinationPortRange    1-1\n"
			"        PolicyRulePriority      3\n"
			"        ServiceReference        c\n"
			"}\n\n"
			"ServicePolicyRules r-3\n"
			"{\n"
			"        ProtocolNumber          6\n"
			"        SourceAddressRange      10.0.0.0-10.0.0.255\n"
			"        DestinationPortRange    5-6\n"
			"        PolicyRulePriority      3\n"
			"        ServiceReference        c\n"
			"}\n\n"
			"ServicePolicyRules r-4\n"
			"{\n"
			"        ProtocolNumber          17\n"
			"        SourceAddressRange      10.0.0.0-10.0.0.255\n"
			"        DestinationPortRange    5-6\n"
			"        PolicyRulePriority      3\n"
			"        ServiceReference        c\n"
			"}\n\n");
	T_CHECK(is_lost(&aix, "IPv6") && is_lost(&aix, "becomes 4 rules"),
		"not told");
	end(&aix);
}

static void
ldif_is_read_as_servers_write_it(void)
{
	static const char text[] = "version: 1\n\n"
				   "# a comment\n"
				   "dn: serviceName=c,o=x\n"
				   "serviceName: c\n"
				   "objectClass: top\n"
				   "objectClass: ServiceCategories\n"
				   "MaxRate: 10\n"
				   " 0\n"
				   "OutgoingTos:: MTExMDAwMDA=\n"
				   "dn: cn=else,o=x\n"
				   "cn: else\n"
				   "userPassword: secret\n"
				   "\n\n"
				   "dn: PolicyName=r,o=x\r\n"
				   "objectClass: ServicePolicyRules\r\n"
				   "PolicyName: r\r\n"
				   "ProtocolNumber: udp,6\r\n"
				   "DestinationPortRange: 0-0\r\n"
				   "ServiceReference: c\r\n";
	struct trip native = go("ldif", "native", text);

	expect_no_loss(&native);
	T_CHECK(strstr(native.text, "maxRate = \"100 kbit\"") &&
			strstr(native.text, "outgoingTos = \"11100000\"") &&
			strstr(native.text, "protocol = [ \"udp\", \"6\" ]") &&
			!strstr(native.text, "destPorts"),
		"%s", native.text);
	end(&native);
}

static void
bad_ldif_is_refused_with_its_line(void)
{
	static const char *const texts[] = {
		"dn: o=x\nobjectClass: ServiceCategories\nMaxRate: 5\n",
		"dn: o=x\nrubbish\n", "dn: o=x\nserviceName:: ****\n",
		"dn: o=x\nserviceName:: AAAA\n"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct source_report losses = { 0 };
		struct source_report errors = { 0 };
		struct entries list = { .file = "f", .losses = &losses };

		T_CHECK(!entries_read_ldif(&list, texts[i], &errors), "taken");
		T_CHECK(errors.count == 1 && errors.lines[0][0] == 'f' &&
				errors.lines[0][2] == (i == 0 ? '1' : '2'),
			"%zu: %s", i, errors.lines[0]);
		entries_free(&list);
		source_report_done(&losses);
		source_report_done(&errors);
	}
}

/* Cut, a list of ports would be another list. */
static void
what_is_too_long_in_ldif_is_refused(void)
{
	static const char *const attributes[] = { "DestinationPortRange",
		"qosUser", "PolicyName" };

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]);
		i++) {
		struct source_report losses = { 0 };
		struct source_report errors = { 0 };
		struct entries list = { .file = "f", .losses = &losses };
		char text[OUTPUT];
		struct text t = text_over(text, sizeof(text));

		text_printf(&t,
			"dn: o=x\nobjectClass: ServicePolicyRules\n"
			"PolicyName: r\n%s: 1000",
			attributes[i]);
		for (int n = 1001; n < 1300; n++)
			text_printf(&t, ",%d", n);
		text_add(&t, "\n");
		T_CHECK(!entries_read_ldif(&list, text, &errors), "%s taken",
			attributes[i]);
		T_CHECK(strncmp(errors.lines[0], "f:4: a ", 7) == 0, "%s",
			errors.lines[0]);
		entries_free(&list);
		source_report_done(&losses);
		source_report_done(&errors);
	}
}

/* As from the directory: it may be a condition or a bound. */
static void
an_attribute_that_is_not_known_leaves_its_entry_out(void)
{
	static const char *const unknown[] = { "qosPhaseOfMoon: full",
		"SourceAddressRange;lang-de: 10.0.0.1" };

	for (size_t i = 0; i < 2; i++) {
		char text[512];
		struct text t = text_over(text, sizeof(text));
		struct trip native;

		text_printf(&t,
			"dn: PolicyName=wide,o=x\n%s\n"
			"objectClass: ServicePolicyRules\n"
			"PolicyName: wide\nPolicyScope: RSVP\n\n"
			"dn: PolicyName=good,o=x\nPolicyName: good\n"
			"objectClass: ServicePolicyRules\n"
			"description: of no meaning\n",
			unknown[i]);
		native = go("ldif", "native", text);
		T_CHECK(!strstr(native.text, "wide"), "%s", native.text);
		T_CHECK(strstr(native.text, "\"good\""), "%s", native.text);
		T_CHECK(is_lost(&native, "rule \"wide\" is left out") &&
				is_lost(&native, "description"),
			"%s", native.losses.lines[0]);
		end(&native);
	}
}

static int
run(const char *arguments)
{
	char command[2048];
	const char *srcdir = getenv("srcdir");

	(void)snprintf(command, sizeof(command),
		"LSAN_OPTIONS=detect_leaks=0 policy/policyd convert "
		"%s %s/tests/golden/aix/chapter-mixed.conf > /dev/null 2>&1",
		arguments, srcdir ? srcdir : "..");
	return system(command) >> 8;
}

static void
the_exit_status_says_whether_anything_was_lost(void)
{
	T_EQ(run("--to native"), 4);
	T_EQ(run("--to native --from aix"), 4);
	T_EQ(run("--to native --from native"), 1);
	T_EQ(run("--to cisco"), 2);
	T_EQ(run("--from aix"), 2);
	T_EQ(system("policy/policyd convert /nonexistent 2>&1 | "
		    "grep -q -e '--to is missing'"),
		0);
}

/* The tool hands the same words to policyd. */
static void
rsvpctl_has_the_same(void)
{
	static const char *const cases[][2] = {
		{ "policy import ", "chapter-complete.conf | grep -q "
				    "'maxRate = \"8 kbit\"'" },
		{ "policy export --to ldif --tag t ",
			"chapter-premium.conf | grep -q 'SelectorTag: t'" },
		{ "policy check ", "chapter-premium.conf | grep -q '1 rule'" },
		{ "policy explain --offline --file ",
			"chapter-premium.conf | grep -q 'no rule'" },
	};
	const char *srcdir = getenv("srcdir");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char command[2048];

		(void)snprintf(command, sizeof(command),
			"LSAN_OPTIONS=detect_leaks=0 ctl/rsvpctl %s "
			"%s/tests/golden/aix/%s",
			cases[i][0], srcdir ? srcdir : "..", cases[i][1]);
		T_CHECK(system(command) == 0, "%s", command);
	}
}

static struct t_case cases[] = {
	{ "the published files go there and back",
		the_published_files_go_there_and_back },
	{ "what a file leaves open is written out",
		what_a_file_leaves_open_is_written_out },
	{ "what the directory can hold survives it",
		what_the_directory_can_hold_survives_it },
	{ "what has no rules is no empty file",
		what_has_no_rules_is_no_empty_file },
	{ "what AIX cannot say is told and never matches more",
		what_aix_cannot_say_is_told_and_never_matches_more },
	{ "several ranges become several rules",
		several_ranges_become_several_rules },
	{ "LDIF is read as servers write it",
		ldif_is_read_as_servers_write_it },
	{ "bad LDIF is refused with its line",
		bad_ldif_is_refused_with_its_line },
	{ "what is too long in LDIF is refused",
		what_is_too_long_in_ldif_is_refused },
	{ "an attribute that is not known leaves its entry out",
		an_attribute_that_is_not_known_leaves_its_entry_out },
	{ "the exit status says whether anything was lost",
		the_exit_status_says_whether_anything_was_lost },
	{ "rsvpctl has the same", rsvpctl_has_the_same },
};
T_MAIN(cases)
