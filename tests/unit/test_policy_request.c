/* SPDX-License-Identifier: ISC */

/* A request as options, and back. */

#include "policy/policy.h"
#include "t_policy.h"

/* "name=value " of each option. */
static void
list(const struct policy_request *r, char *out, size_t size)
{
	struct text t = text_over(out, size);
	char value[POLICY_OPTION];
	const char *name;

	for (size_t i = 0; policy_request_option(r, i, &name, value); i++)
		if (name)
			text_printf(&t, "%s=%s ", name, value);
}

static enum policy_question_said
set(struct policy_question *q, const char *name, const char *value)
{
	const char *wants = NULL;
	enum policy_question_said said =
		policy_question_set(q, name, value, &wants);

	T_CHECK(said == POLICY_QUESTION_UNKNOWN || wants[0] != '\0',
		"%s wants nothing", name);
	return said;
}

static const struct {
	const char *name;
	const char *value;
} all[] = { { "uid", "4294967295" }, { "gid", "0" }, { "role", "sender" },
	{ "message", "resv" }, { "proto", "132" }, { "dst", "2001:db8::1" },
	{ "port", "65535" }, { "src", "2001:db8::2" }, { "sport", "1" },
	{ "service", "GS" }, { "rate", "125000" }, { "tspec-rate", "1000" },
	{ "bucket", "3000" }, { "peak", "250000" }, { "packet", "1500" },
	{ "iface", "eth0" }, { "groups", "7,31000" }, { "principal", "a@B" },
	{ "subject", "cn=x, o=y" }, { "issuer", "cn=i" },
	{ "application", "APP=x" }, { "neighbour", "fe80::1" },
	{ "style", "SE" }, { "delay", "5000000000" }, { "slack", "12" } };

static void
every_option_is_read_and_written(void)
{
	struct policy_question q;
	char said[2048];
	char want[2048];
	struct text t = text_over(want, sizeof(want));
	size_t n = 0;

	policy_question_init(&q, 77);
	for (; n < sizeof(all) / sizeof(all[0]); n++) {
		T_STR(policy_question_option(n), all[n].name);
		T_EQ(set(&q, all[n].name, all[n].value), POLICY_QUESTION_TAKEN);
		text_printf(&t, "%s=%s ", all[n].name, all[n].value);
	}
	T_CHECK(!policy_question_option(n), "more options");
	list(&q.request, said, sizeof(said));
	T_STR(said, want);
	T_EQ(q.request.now_unix_s, 77);
	T_EQ(q.request.delay_us, INT64_C(5000000000));
	T_EQ(q.request.n_groups, 2);
	T_EQ(q.request.groups[1], 31000);
	T_CHECK(q.request.who_known, "nobody asks");
}

static void
what_is_not_known_is_not_said(void)
{
	struct policy_question q;
	char said[512];

	policy_question_init(&q, 0);
	list(&q.request, said, sizeof(said));
	T_STR(said, "role=receiver message=resv proto=17 port=0 service=CL "
		    "rate=0 bucket=0 packet=0 ");
	/* A Path has no service and no style. */
	T_EQ(set(&q, "message", "path"), POLICY_QUESTION_TAKEN);
	policy_question_settle(&q);
	list(&q.request, said, sizeof(said));
	T_STR(said, "role=receiver message=path proto=17 port=0 rate=0 "
		    "bucket=0 packet=0 ");
	/* More than can be said is more than any limit. */
	q.request.rate_Bps = UINT64_MAX;
	q.request.delay_us = UINT64_MAX;
	list(&q.request, said, sizeof(said));
	T_CHECK(strstr(said, "rate=9000000000000000000 ") &&
			strstr(said, "delay=9000000000000000000 "),
		"%s", said);
	T_EQ(set(&q, "rate", "9000000000000000000"), POLICY_QUESTION_TAKEN);
}

static void
words_and_units_are_taken(void)
{
	struct policy_question q;

	policy_question_init(&q, 0);
	T_EQ(set(&q, "proto", "TCP"), POLICY_QUESTION_TAKEN);
	T_EQ(q.request.proto, 6);
	T_EQ(set(&q, "rate", "2Mbit"), POLICY_QUESTION_TAKEN);
	T_EQ(q.request.rate_Bps, 250000);
	T_EQ(set(&q, "role", "TRANSIT"), POLICY_QUESTION_TAKEN);
	T_EQ(q.request.role, POLICY_TRANSIT);
	T_EQ(set(&q, "message", "path"), POLICY_QUESTION_TAKEN);
	policy_question_settle(&q);
	T_EQ(q.request.service, POLICY_SERVICE_ANY);
	T_EQ(q.request.message, POLICY_PATH);
}

static void
bad_values_are_refused(void)
{
	static const struct {
		const char *name;
		const char *value;
	} bad[] = { { "uid", "" }, { "uid", "-1" }, { "uid", "4294967296" },
		{ "uid", "1x" }, { "gid", "99999999999999999999" },
		{ "role", "king" }, { "message", "hello" }, { "proto", "256" },
		{ "proto", "" }, { "dst", "10.0.0" }, { "port", "65536" },
		{ "port", "0x1" }, { "sport", "-" }, { "service", "any" },
		{ "service", "" }, { "rate", "fast" }, { "bucket", "-1" },
		{ "packet", "5 GB" }, { "iface", "a-name-that-is-too-long" },
		{ "groups", "" }, { "groups", "1,,2" }, { "groups", "1,2," },
		{ "groups", "12345678901234567" }, { "principal", "" },
		{ "style", "none" }, { "style", "XX" },
		{ "delay", "9000000000000000001" }, { "slack", "4294967296" } };
	char long_name[POLICY_QUESTION_TEXT + 1];
	char many[200] = "1";
	struct text t = text_over(many, sizeof(many));
	struct policy_question q;

	policy_question_init(&q, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		T_CHECK(set(&q, bad[i].name, bad[i].value) ==
				POLICY_QUESTION_WRONG,
			"%s %s", bad[i].name, bad[i].value);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	T_EQ(set(&q, "issuer", long_name), POLICY_QUESTION_WRONG);
	text_add(&t, "1");
	for (int i = 1; i < POLICY_QUESTION_GROUPS; i++)
		text_add(&t, ",1");
	T_EQ(set(&q, "groups", many), POLICY_QUESTION_TAKEN);
	T_EQ(q.request.n_groups, POLICY_QUESTION_GROUPS);
	text_add(&t, ",1");
	T_EQ(set(&q, "groups", many), POLICY_QUESTION_WRONG);
	T_EQ(set(&q, "colour", "red"), POLICY_QUESTION_UNKNOWN);
	T_EQ(set(&q, "", "red"), POLICY_QUESTION_UNKNOWN);
}

static struct t_case cases[] = {
	{ "every option is read and written",
		every_option_is_read_and_written },
	{ "what is not known is not said", what_is_not_known_is_not_said },
	{ "words and units are taken", words_and_units_are_taken },
	{ "bad values are refused", bad_values_are_refused },
};

T_MAIN(cases)
