/* SPDX-License-Identifier: ISC */

/* By which rule policy decides on a request, and why not by the others:
 * rsvpd/ctl_policy.c */

#include "ctl_policy_t.h"

static const char *
ask_why(const char *name, const char *value, const char *rule)
{
	static uint8_t body[1024];
	struct buf_writer w = buf_writer(body, sizeof(body));
	struct msg m = { .type = CTL_ASK_WHY };
	uint8_t *nest;

	ctl_policy_drop(cp.c);
	if (name) {
		nest = msg_nest(&w, CTL_F_OPTIONS);
		msg_put_text(&w, CTL_F_NAME, name);
		msg_put_text(&w, CTL_F_HELP, "unknown here");
		msg_put_text(&w, CTL_F_TEXT, value);
		msg_nest_end(&w, nest);
	}
	if (rule)
		msg_put_text(&w, CTL_F_RULE, rule);
	m.body = buf_reader(body, buf_written(&w));
	cp.c->cursor = 0;
	return ctl_why_begin(cp.c, &m);
}

static void
a_request_is_read_option_by_option(void)
{
	char name[POLICY_NAME + 1];

	cp_begin();
	T_CHECK(!ask_why("uid", "12", "video"), "a good one");
	T_CHECK(cp_step(ctl_step_why), "nothing");
	T_EQ(cp.weighed_uid, 12);
	T_STR(cp.held, "video");
	T_EQ(cp.weighed_service, POLICY_SERVICE_CL);
	T_CHECK(!ask_why("message", "path", NULL), "a good one");
	T_CHECK(cp_step(ctl_step_why), "nothing");
	T_STR(cp.held, "none");
	T_EQ(cp.weighed_service, POLICY_SERVICE_ANY); /* as of a Path */
	T_STR(ask_why("colour", "red", NULL), "--colour: no such option");
	T_STR(ask_why("uid", "me", NULL), "--uid me: not a number");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name[32] = '\0';
	T_STR(ask_why(name, "1", NULL), "an option is too long");
	name[32] = 'x';
	T_STR(ask_why("uid", "1", name), "the question is malformed");
	name[31] = '\0';
	T_CHECK(strstr(ask_why(name, "1", NULL), "no such option"), "31");
	cp_end();
}

static void
the_verdict_is_told_with_its_rule(void)
{
	cp_begin();
	cp.status = (struct policy_status){
		.generation = 5, .rules = 6, .source = "file /p"
	};
	cp.verdict = (struct policy_verdict){ .allowed = true,
		.rule = "video",
		.reason = "it fits",
		.limit = "rate",
		.value = 3,
		.lowered = true };
	cp.category = "all";
	T_CHECK(!ask_why("uid", "12", NULL), "refused");
	T_CHECK(cp_step(ctl_step_why), "nothing");
	cp_expect("verdict 'allowed' rule 'video' category 'all' reason 'it "
		  "fits' "
		  "lowered yes generation 5 source 'file /p' rules_count 6\n");
	cp.verdict.allowed = cp.verdict.lowered = false;
	cp.category = NULL;
	T_CHECK(!ask_why("uid", "12", NULL), "refused");
	T_CHECK(cp_step(ctl_step_why), "nothing");
	cp_expect(
		"verdict 'refused' rule 'video' reason 'it fits' error_value 3 "
		"limit 'rate' lowered no generation 5 source 'file /p' "
		"rules_count 6\n");
	cp_end();
}

static void
rules_are_told_up_to_the_one_that_decides(void)
{
	static const struct cp_tried tried[] = { { "one", "another user",
							 false },
		{ "two", "", true }, { "three", "too late", true },
		{ "four", "", false }, { "five", "", false } };
	uint8_t little[8];
	struct buf_writer w = buf_writer(little, sizeof(little));
	uint64_t next = 0;

	cp_begin();
	cp.tried = tried;
	cp.tried_count = 5;
	T_CHECK(!ask_why("uid", "12", NULL), "refused");
	T_CHECK(cp_step(ctl_step_why), "no verdict");
	cp.w = buf_writer(cp.bytes, sizeof(cp.bytes));
	for (int i = 0; i < 3; i++)
		T_CHECK(cp_step(ctl_step_why), "rule %d", i);
	/* What did not fit was not told. */
	T_CHECK(ctl_step_why(cp.c, &w, &next), "the fourth");
	T_CHECK(w.failed, "it fits");
	T_CHECK(cp_step(ctl_step_why), "the fourth again");
	T_CHECK(!cp_step(ctl_step_why), "the fifth");
	cp_expect("name 'one' why 'another user' continues no\n"
		  "name 'two' why '' continues yes\n"
		  "name 'three' why 'too late' continues yes\n"
		  "name 'four' why '' continues no\n");
	T_CHECK(!cp.c->error, "%s", cp.c->error);
	/* Or to the end. */
	cp.tried_count = 1;
	T_CHECK(!ask_why("uid", "12", NULL), "refused");
	T_CHECK(cp_step(ctl_step_why) && cp_step(ctl_step_why), "nothing");
	T_CHECK(!cp_step(ctl_step_why), "more than there are");
	cp_end();
}

static void
other_rules_meanwhile_are_an_error(void)
{
	cp_begin();
	cp.status.generation = 5;
	T_CHECK(!ask_why("uid", "12", NULL), "refused");
	T_CHECK(cp_step(ctl_step_why), "nothing");
	cp.status.generation = 6;
	T_CHECK(!cp_step(ctl_step_why), "of other rules");
	T_STR(cp.c->error, "the policy has changed meanwhile: ask again");
	cp.status.generation = 5;
	T_CHECK(!cp_step(ctl_step_why), "after the error");
	cp_end();
}

static struct t_case cases[] = {
	{ "a request is read option by option",
		a_request_is_read_option_by_option },
	{ "the verdict is told with its rule",
		the_verdict_is_told_with_its_rule },
	{ "rules are told up to the one that decides",
		rules_are_told_up_to_the_one_that_decides },
	{ "other rules meanwhile are an error",
		other_rules_meanwhile_are_an_error },
};
T_MAIN(cases)
