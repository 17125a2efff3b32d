/* SPDX-License-Identifier: ISC */

/* Records of static rules that go: asked for their last counters, in the order
 * of what tcctl is told, and written once. */

#include "t.h"
#include "rsvpd/account.h"
#include "rsvpd/conf.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules_int.h"
#include "rsvpd/tc_client.h"

enum { RECORDS = 8, IFINDEX = 3 };

static struct rules rules;
static struct engine engine;
static struct conf conf;
static struct {
	struct rules_info info;
	int64_t since_ms;
	const char *how;
} records[RECORDS];
static size_t n_records;
static struct {
	size_t asked;
	tc_client_rule_counter_fn *tell;
	void *arg;
	rules_counted_fn *counted;
	void *counted_arg;
	bool any; /* rule of the policy */
} around;

/* ---- the parts around it ------------------------------------------------- */

void
account_rule(struct account *account, const struct rules_info *info,
	int64_t since_unix_ms, const char *how)
{
	(void)account;
	T_CHECK(n_records < RECORDS, "too many");
	records[n_records].info = *info;
	records[n_records].since_ms = since_unix_ms;
	records[n_records++].how = how;
}

void
tc_client_rule_counters(
	struct tc_client *tc, tc_client_rule_counter_fn *tell, void *arg)
{
	(void)tc;
	around.asked++;
	around.tell = tell;
	around.arg = arg;
}

void
rules_count_one(struct rules_info *info, const struct tc_rule_counter *counter)
{
	info->in_bytes = counter->in_bytes;
}

bool
rules_at(const struct rules *all, size_t i, struct rules_info *ret_info)
{
	(void)all, (void)ret_info;
	return around.any && i == 0;
}

void
rules_count(struct rules *all, rules_counted_fn *done, void *arg)
{
	(void)all;
	around.counted = done;
	around.counted_arg = arg;
}

/* ---- the bench ----------------------------------------------------------- */

static void
begin(void)
{
	memset(&rules, 0, sizeof(rules));
	memset(&around, 0, sizeof(around));
	n_records = 0;
	conf = (struct conf){ .accounting = true };
	engine = (struct engine){ .conf = &conf };
	rules.engine = &engine;
}

static struct instance
rule(uint32_t id)
{
	struct instance one = {
		.ifindex = IFINDEX, .rule.id = id, .since_unix_ms = 100 + id
	};

	(void)snprintf(one.info.name, sizeof(one.info.name), "r%u", id);
	return one;
}

static void
end(uint32_t id, const char *how)
{
	const struct instance one = rule(id);

	rules_end(&rules, &one, how);
}

static void
count(uint32_t ifindex, uint32_t id, uint64_t bytes)
{
	const struct tc_rule_counter c = {
		.ifindex = ifindex, .rule_id = id, .in_bytes = bytes
	};

	around.tell(around.arg, &c);
}

static void
expect(size_t i, const char *name, uint64_t bytes, const char *how)
{
	T_CHECK(i < n_records, "%zu records", n_records);
	T_STR(records[i].info.name, name);
	T_EQ(records[i].info.in_bytes, bytes);
	T_CHECK((how == NULL) == (records[i].how == NULL), "%s", name);
	if (how)
		T_STR(records[i].how, how);
}

/* ---- cases --------------------------------------------------------------- */

/* Each has its own counters, and all of them are told of. */
static void
what_goes_together_has_a_record_each(void)
{
	begin();
	end(1, "removed");
	end(2, "changed");
	end(3, "removed");
	T_EQ(n_records, 0);
	T_EQ(around.asked, 0);
	rules_ask_ended(&rules);
	T_EQ(around.asked, 1);
	count(IFINDEX, 2, 20);
	count(IFINDEX, 1, 10);
	count(IFINDEX + 1, 3, 99);
	count(IFINDEX, 4, 99);
	T_EQ(n_records, 0);
	around.tell(around.arg, NULL);
	T_EQ(n_records, 3);
	expect(0, "r3", 0, "removed");
	expect(1, "r2", 20, "changed");
	expect(2, "r1", 10, "removed");
	T_EQ(records[2].since_ms, 101);
	rules_forget_ended(&rules);
	T_EQ(n_records, 3);
}

static void
what_was_never_in_force_has_none(void)
{
	struct instance one = rule(1);

	begin();
	one.since_unix_ms = 0;
	rules_end(&rules, &one, "removed");
	conf.accounting = false;
	end(2, "removed");
	conf.accounting = true;
	rules_ask_ended(&rules);
	T_EQ(around.asked, 0);
	rules_forget_ended(&rules);
	T_EQ(n_records, 0);
}

/* One question at a time; the next has what has ended since. */
static void
what_ends_meanwhile_waits_for_the_next_question(void)
{
	begin();
	rules_ask_ended(&rules);
	T_EQ(around.asked, 0);
	end(1, "removed");
	rules_ask_ended(&rules);
	end(2, "removed");
	rules_ask_ended(&rules);
	T_EQ(around.asked, 1);
	count(IFINDEX, 2, 20);
	around.tell(around.arg, NULL);
	T_EQ(n_records, 1);
	expect(0, "r1", 0, "removed");
	rules_ask_ended(&rules);
	T_EQ(around.asked, 2);
	count(IFINDEX, 2, 22);
	around.tell(around.arg, NULL);
	T_EQ(n_records, 2);
	expect(1, "r2", 22, "removed");
	/* Nothing is left of them. */
	rules_forget_ended(&rules);
	T_EQ(n_records, 2);
}

static void
at_the_end_they_are_written_as_they_are(void)
{
	begin();
	end(1, "removed");
	rules_ask_ended(&rules);
	end(2, "changed");
	end(3, "changed");
	rules_forget_ended(&rules);
	T_EQ(n_records, 3);
	expect(0, "r3", 0, "changed");
	expect(1, "r2", 0, "changed");
	expect(2, "r1", 0, "removed");
	rules_forget_ended(&rules);
	T_EQ(n_records, 3);
	rules_ask_ended(&rules);
	T_EQ(around.asked, 1);
}

/* What is in force, once counted; nothing is asked where there is no rule. */
static void
in_between_those_in_force_have_records(void)
{
	struct instance one = rule(1);
	struct instance two = rule(2);
	struct instance *all[] = { &one, &two };

	begin();
	rules_interim(&rules);
	T_CHECK(!around.counted, "asked without rules");
	around.any = true;
	rules_interim(&rules);
	T_CHECK(around.counted != NULL, "not asked");
	two.since_unix_ms = 0;
	rules.iface_count = 1;
	rules.ifaces[0].plan.all = all;
	rules.ifaces[0].plan.count = 2;
	around.counted(around.counted_arg);
	T_EQ(n_records, 1);
	expect(0, "r1", 0, NULL);
	T_EQ(records[0].since_ms, 101);
}

static struct t_case cases[] = {
	{ "what goes together has a record each",
		what_goes_together_has_a_record_each },
	{ "what was never in force has none",
		what_was_never_in_force_has_none },
	{ "what ends meanwhile waits for the next question",
		what_ends_meanwhile_waits_for_the_next_question },
	{ "at the end they are written as they are",
		at_the_end_they_are_written_as_they_are },
	{ "in between those in force have records",
		in_between_those_in_force_have_records },
};
T_MAIN(cases)
