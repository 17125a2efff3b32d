/* SPDX-License-Identifier: ISC */

/* rsvpctl policy explain: what is asked of the daemon, and how its verdicts are
 * told.  ctl/policy_why.c */

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl_t.h"

enum { REFUSED = 1 };

static const char allowed[] =
	"{verdict allowed reason 'rule gold allows' generation 3 source file "
	"rules_count 4}"
	"{name silver why 'dst is another'}"
	"{name gold continues 1}"
	"{name rest}";

#define VERDICT_TEXT                                                           \
	"allowed: rule gold allows\n"                                          \
	"from: generation 3, file\n"                                           \
	"1. silver: does not apply (dst is another)\n"                         \
	"2. gold: applies, and continues\n"                                    \
	"3. rest: applies\n"                                                   \
	"1 more not tried\n"

/* What was asked: "name=value ..." and the rule it stands by. */
static void
expect_asked(const struct ctl_t_run *run, const char *want)
{
	struct buf_reader r = buf_reader(run->question, run->question_len);
	char got[2048];
	char name[256];
	char value[1024];
	struct text t = text_over(got, sizeof(got));
	struct msg_attr a;

	while (msg_attr_next(&r, &a)) {
		struct msg_attr in;

		if (a.type == CTL_F_RULE) {
			msg_get_text(&a, value, sizeof(value));
			text_printf(&t, "rule %s ", value);
			continue;
		}
		T_EQ(a.type, CTL_F_OPTIONS);
		T_CHECK(msg_attr_next(&a.body, &in) && in.type == CTL_F_NAME,
			"no name");
		msg_get_text(&in, name, sizeof(name));
		T_CHECK(msg_attr_next(&a.body, &in) && in.type == CTL_F_TEXT,
			"no value");
		msg_get_text(&in, value, sizeof(value));
		text_printf(&t, "%s=%s ", name, value);
	}
	T_STR(got, want);
}

static void
expect(const struct ctl_t_answer *answers, const char *words, const char *asked,
	const char *out)
{
	static struct ctl_t_run run;

	ctl_t_run(answers, words, &run);
	T_CHECK(strcmp(run.out, out) == 0, "%s: got\n%s\nnot\n%s", words,
		run.out, out);
	T_STR(run.err, "");
	T_EQ(run.status, 0);
	expect_asked(&run, asked);
}

static void
a_request_by_options_is_decided_by_the_daemon(void)
{
	expect(CTL_T_ONE(CTL_ASK_WHY, allowed),
		"policy explain --dst 10.0.0.9 --port=5004 --rate=",
		"dst=10.0.0.9 port=5004 rate= ", VERDICT_TEXT);
	expect(CTL_T_ONE(CTL_ASK_WHY, "{verdict allowed reason 'no rules'}"),
		"policy explain", "", "allowed: no rules\n");
}

static void
a_question_that_is_too_long_is_not_asked(void)
{
	char value[600];
	char words[16384];
	struct text t = text_over(words, sizeof(words));

	(void)memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	text_add(&t, "policy explain");
	for (int i = 0; i < 14; i++)
		text_printf(&t, " --o %s", value);
	ctl_t_expect_fault(
		CTL_T_NOTHING, words, 2, "rsvpctl: the question is too long\n");
}

static void
a_refusal_is_an_exit_status(void)
{
	static struct ctl_t_run run;

	ctl_t_run(CTL_T_ONE(CTL_ASK_WHY,
			  "{verdict refused reason 'rule rest denies' "
			  "error_value 5 generation 3 source cache rules_count "
			  "1}{name rest}"),
		"policy explain --dst 10.0.0.9", &run);
	T_STR(run.out, "refused: rule rest denies (error code 2, value 5)\n"
		       "from: generation 3, cache\n"
		       "1. rest: applies\n");
	T_EQ(run.status, REFUSED);
	ctl_t_expect_fault(
		CTL_T_ONE(CTL_ASK_WHY, "end{error 'no such option'}"),
		"policy explain --what 1", REFUSED,
		"rsvpctl: no such option\n");
}

static void
a_user_is_asked_for_with_all_groups(void)
{
	static struct ctl_t_run run;
	const struct passwd *pw = getpwuid(getuid());
	char words[256];
	char want[512];
	struct text t = text_over(want, sizeof(want));
	gid_t groups[64];
	int count = 64;

	T_CHECK(pw != NULL, "who are we?");
	(void)getgrouplist(pw->pw_name, pw->pw_gid, groups, &count);
	text_printf(&t, "uid=%u gid=%u groups=", pw->pw_uid, pw->pw_gid);
	for (int i = 0; i < count; i++)
		text_printf(&t, "%s%u", i > 0 ? "," : "", groups[i]);
	text_add(&t, " port=1 ");
	(void)snprintf(words, sizeof(words),
		"policy explain --user %s --port 1", pw->pw_name);
	ctl_t_run(CTL_T_ONE(CTL_ASK_WHY, allowed), words, &run);
	T_EQ(run.status, 0);
	expect_asked(&run, want);
}

static void
a_verdict_as_json_has_the_rules_that_were_tried(void)
{
	expect(CTL_T_ONE(CTL_ASK_WHY, allowed),
		"--json policy explain --dst 10.0.0.9", "dst=10.0.0.9 ",
		"{\n"
		"  \"schema\": 1,\n"
		"  \"verdict\": \"allowed\",\n"
		"  \"reason\": \"rule gold allows\",\n"
		"  \"generation\": 3,\n"
		"  \"source\": \"file\",\n"
		"  \"rules_count\": 4,\n"
		"  \"tried\": [\n"
		"    {\n"
		"      \"name\": \"silver\",\n"
		"      \"why\": \"dst is another\"\n"
		"    },\n"
		"    {\n"
		"      \"name\": \"gold\",\n"
		"      \"continues\": true\n"
		"    },\n"
		"    {\n"
		"      \"name\": \"rest\"\n"
		"    }\n"
		"  ]\n"
		"}\n");
}

/* ---- what stands and what was refused ------------------------------------ */

#define STANDS                                                                 \
	"{rule gold reason 'it fits' options{name dst text 10.0.0.9} "         \
	"options{name port text 1} options{name message text resv}}"
#define ANOTHER                                                                \
	"{rule rest options{name dst text 10.0.0.8} options{name port text "   \
	"1}}"
#define WAS_REFUSED                                                            \
	"{rule rest reason 'too much' options{name dst text 10.0.0.9} "        \
	"options{name port text 2} options{name src text 10.0.0.2} "           \
	"options{name sport text 7} options{name message text path}}"

static void
each_request_to_a_destination_is_explained(void)
{
	const struct ctl_t_answer answers[] = { { CTL_ASK_REQUESTS,
							ANOTHER STANDS },
		{ CTL_ASK_REFUSED, WAS_REFUSED ANOTHER },
		{ CTL_ASK_WHY, "{verdict allowed reason 'as before'}" },
		{ CTL_ASK_WHY, "{verdict allowed reason 'now it fits'}" },
		{ 0, NULL } };

	expect(answers, "policy explain 10.0.0.9",
		"dst=10.0.0.9 port=2 src=10.0.0.2 sport=7 message=path ",
		"reservation to 10.0.0.9 port 1\n"
		"  stands: it fits\n"
		"  now allowed: as before\n"
		"sender to 10.0.0.9 port 2 from 10.0.0.2 port 7\n"
		"  was refused: too much\n"
		"  now allowed: now it fits\n");
}

/* The rule that it stands by may count it against its limits. */
static void
what_stands_is_asked_for_with_its_rule(void)
{
	const struct ctl_t_answer answers[] = { { CTL_ASK_REQUESTS, STANDS },
		{ CTL_ASK_REFUSED, WAS_REFUSED },
		{ CTL_ASK_WHY, "{verdict allowed reason r generation 1 source "
			       "file}" },
		{ 0, NULL } };

	expect(answers, "policy explain 10.0.0.9 1",
		"dst=10.0.0.9 port=1 message=resv rule gold ",
		"reservation to 10.0.0.9 port 1\n"
		"  stands: it fits\n"
		"  now allowed: r\n"
		"from: generation 1, file\n");
}

static void
what_was_recorded_is_in_the_json(void)
{
	const struct ctl_t_answer answers[] = { { CTL_ASK_REQUESTS, "" },
		{ CTL_ASK_REFUSED, WAS_REFUSED },
		{ CTL_ASK_WHY, "{verdict allowed}" }, { 0, NULL } };

	expect(answers, "policy explain --json 10.0.0.9",
		"dst=10.0.0.9 port=2 src=10.0.0.2 sport=7 message=path ",
		"{\n"
		"  \"schema\": 1,\n"
		"  \"explained\": [\n"
		"    {\n"
		"      \"verdict\": \"allowed\",\n"
		"      \"stands\": false,\n"
		"      \"recorded\": \"too much\",\n"
		"      \"message\": \"path\"\n"
		"    }\n"
		"  ]\n"
		"}\n");
}

static void
where_nothing_was_asked_for_there_is_nothing_to_explain(void)
{
	const struct ctl_t_answer none[] = { { CTL_ASK_REQUESTS, ANOTHER },
		{ CTL_ASK_REFUSED, "" }, { 0, NULL } };
	const struct ctl_t_answer first[] = {
		{ CTL_ASK_REQUESTS, "end{error no}" }, { 0, NULL }
	};
	const struct ctl_t_answer second[] = { { CTL_ASK_REQUESTS, STANDS },
		{ CTL_ASK_REFUSED, "end{error no}" }, { 0, NULL } };
	const struct ctl_t_answer third[] = {
		{ CTL_ASK_REQUESTS, STANDS STANDS }, { CTL_ASK_REFUSED, "" },
		{ CTL_ASK_WHY, "end{error no}" }, { 0, NULL }
	};

	ctl_t_expect(none, "policy explain 10.0.0.9",
		"nothing to 10.0.0.9 stands or was refused lately\n");
	ctl_t_expect(none, "policy explain --json 10.0.0.9 65535",
		"{\n  \"schema\": 1,\n  \"explained\": []\n}\n");
	ctl_t_expect_fault(first, "policy explain 10.0.0.9", REFUSED, "no");
	ctl_t_expect_fault(second, "policy explain 10.0.0.9", REFUSED, "no");
	ctl_t_expect_fault(third, "policy explain 10.0.0.9", REFUSED, "no");
}

/* However it is named, and wherever it stands; policyd reads it. */
static void
a_file_is_explained_without_a_daemon(void)
{
	static const char *const words[] = {
		"policy explain --file /nowhere/at/all --dst 10.0.0.9",
		"policy explain --file=/nowhere/at/all --dst 10.0.0.9",
		"policy explain --dst 10.0.0.9 --file /nowhere/at/all",
		"policy explain --dst 10.0.0.9 --file=/nowhere/at/all",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		ctl_t_expect_fault(NULL, words[i], 1,
			"policyd: /nowhere/at/all: No such file");
}

static struct t_case cases[] = {
	{ "a request by options is decided by the daemon",
		a_request_by_options_is_decided_by_the_daemon },
	{ "a question that is too long is not asked",
		a_question_that_is_too_long_is_not_asked },
	{ "a refusal is an exit status", a_refusal_is_an_exit_status },
	{ "a user is asked for with all groups",
		a_user_is_asked_for_with_all_groups },
	{ "a verdict as JSON has the rules that were tried",
		a_verdict_as_json_has_the_rules_that_were_tried },
	{ "each request to a destination is explained",
		each_request_to_a_destination_is_explained },
	{ "what stands is asked for with its rule",
		what_stands_is_asked_for_with_its_rule },
	{ "what was recorded is in the JSON",
		what_was_recorded_is_in_the_json },
	{ "a file is explained without a daemon",
		a_file_is_explained_without_a_daemon },
	{ "where nothing was asked for there is nothing to explain",
		where_nothing_was_asked_for_there_is_nothing_to_explain },
};
T_MAIN(cases)
