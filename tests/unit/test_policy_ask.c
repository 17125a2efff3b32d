/* SPDX-License-Identifier: ISC */

/*
 * What the engine asks the rules: a question and its answer translated, and
 * when what runs is judged again.
 */

#include "policy_client_t.h"

#include <math.h>
#include <time.h>

static struct rsvp_policy_query
query(void)
{
	return (struct rsvp_policy_query){ .message = WIRE_RESV,
		.role = RSVP_ROLE_RECEIVER,
		.who = { .known = true, .uid = 11, .gid = 12, .pid = 13 },
		.session = { .dst = addr_v4_u32(0x0a020009),
			.proto = 17,
			.dst_port = 5004 },
		.sender = { .src = addr_v4_u32(0x0a010001), .src_port = 4000 },
		.style = WIRE_STYLE_FF,
		.flowspec = { .service = WIRE_SERVICE_GS,
			.tspec = { .r = 1000.5f,
				.b = 2000,
				.p = 3000,
				.m = 64,
				.M = 1500 },
			.R = 5000,
			.S = 9 },
		.ifindex = 7,
		.neighbour = addr_v4_u32(0x0a020002),
		.claim = 42 };
}

static void
a_question_is_translated_whole(void)
{
	struct pt *b = pt_new();
	const struct rsvp_policy_query q = query();
	const struct policy_request *r = &pt_policy.request;
	struct rsvp_policy_answer a;

	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->message, POLICY_RESV);
	T_EQ(r->role, POLICY_RECEIVER);
	T_EQ(r->who_known, true);
	T_EQ(r->uid, 11);
	T_EQ(r->gid, 12);
	T_EQ(r->proto, 17);
	T_EQ(addr_equal(&r->dst, &q.session.dst), true);
	T_EQ(r->dst_port, 5004);
	T_EQ(addr_equal(&r->src, &q.sender.src), true);
	T_EQ(r->src_port, 4000);
	T_EQ(r->service, POLICY_SERVICE_GS);
	T_EQ(r->rate_Bps, 5000);
	T_EQ(r->bucket_bytes, 2000);
	T_EQ(r->peak_Bps, 3000);
	T_EQ(r->max_packet, 1500);
	T_STR(r->iface, "eth7");
	T_EQ(addr_equal(&r->neighbour, &q.neighbour), true);
	T_CHECK(r->now_unix_s > 1700000000, "no wall clock");
	T_EQ(r->style, POLICY_STYLE_FF);
	T_EQ(r->n_groups, 2);
	T_EQ(r->groups[1], 6);
	T_EQ(r->tspec_rate_Bps, 1001);
	T_EQ(r->slack_us, 9);
	/* RFC 2212: (b - M) (p - R)/(R (p - r)) is none when R is over p, and
	 * M/R is left; with the slack on top. */
	T_EQ(r->delay_us, 300000 + 9);
	T_EQ(pt_policy.claim, 42);
	T_EQ(a.allowed, true);
	T_EQ(a.value, 17);
	T_EQ(a.claim, 99);
	T_EQ(a.preemption, 3);
	T_EQ(a.defending, 4);
	T_STR(a.rule, "gold");
	T_STR(a.reason, "rule gold allows 2 Mbit/s");
	policy_client_end(b->engine.policy, 99);
	T_EQ(pt_policy.ended, 99);
	pt_free(b);
}

static void
services_and_odd_rates_are_translated(void)
{
	struct pt *b = pt_new();
	const struct policy_request *r = &pt_policy.request;
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	q.flowspec.service = WIRE_SERVICE_CL;
	q.flowspec.tspec.p = INFINITY;
	q.role = RSVP_ROLE_TRANSIT;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->service, POLICY_SERVICE_CL);
	T_EQ(r->rate_Bps, 1001); /* never less than what is asked for */
	T_EQ(r->peak_Bps, 0);
	T_EQ(r->role, POLICY_TRANSIT);
	q.message = WIRE_PATH;
	q.role = RSVP_ROLE_SENDER;
	q.flowspec.service = WIRE_SERVICE_GENERAL;
	q.flowspec.tspec.r = NAN;
	q.flowspec.tspec.b = 1e30f;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(r->message, POLICY_PATH);
	T_EQ(r->role, POLICY_SENDER);
	T_EQ(r->service, POLICY_SERVICE_ANY);
	T_CHECK(r->rate_Bps == UINT64_MAX, "NaN passes a limit");
	T_CHECK(r->bucket_bytes == UINT64_MAX, "1e30 passes a limit");
	q.flowspec.tspec.b = -1;
	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(r->bucket_bytes == UINT64_MAX, "-1 passes a limit");
	pt_free(b);
}

static void
lower(struct policy_verdict *v)
{
	v->lowered = true;
	v->service = POLICY_SERVICE_CL;
	v->rate_Bps = 500;
	v->bucket_bytes = 1000;
	v->peak_Bps = 700;
	v->max_packet = 40;
	v->max_slack_us = 77;
}

static void
what_is_granted_is_translated(void)
{
	struct pt *b = pt_new();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(!a.lowered && !a.bounds_slack, "as it was asked for");
	pt_policy.change_verdict = lower;
	policy_client_ask(b->engine.policy, &q, &a);
	T_CHECK(a.lowered, "less than was asked for");
	T_EQ(a.granted.service, WIRE_SERVICE_CL);
	T_CHECK(a.granted.tspec.r == 500 && a.granted.tspec.b == 1000 &&
			a.granted.tspec.p == 700,
		"the bounds");
	T_EQ(a.granted.tspec.M, 40);
	T_EQ(a.granted.tspec.m, 40);
	T_CHECK(a.granted.R == 0 && a.granted.S == 0, "no guarantee");
	T_CHECK(a.bounds_slack && a.max_slack_us == 77, "its slack");
	pt_free(b);
}

static void
refuse_and_keep(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_KEEP;
}

static void
refuse_and_tell(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_RENEGOTIATE;
	v->grace_s = 30;
}

static void
refuse_and_tear(struct policy_verdict *v)
{
	v->allowed = false;
	v->change = POLICY_TEAR;
	v->grace_s = UINT32_MAX;
}

static void
how_it_ends_is_translated(void)
{
	struct pt *b = pt_new();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	pt_policy.change_verdict = refuse_and_keep;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_KEEP);
	pt_policy.change_verdict = refuse_and_tell;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_TELL);
	T_EQ(a.grace_ms, 30000);
	pt_policy.change_verdict = refuse_and_tear;
	policy_client_ask(b->engine.policy, &q, &a);
	T_EQ(a.ends, RSVP_POLICY_TEAR);
	T_EQ(a.grace_ms, UINT32_MAX);
	pt_free(b);
}

/* The core is asked once by the snapshot, and once more by the time. */
static void
what_runs_is_judged_again_when_a_time_begins(void)
{
	struct pt *b = pt_new();

	pt_policy.next_s = 1;
	pt_offer(b, 1, 4096, pt_memory(4096, 1, 0, PT_SEALS));
	pt_run_until(b, 1);
	T_EQ(b->core.changed, 1);
	pt_policy.next_s = 0;
	pt_set_deadline(b);
	while (b->core.changed < 2)
		pt_one_turn(b);
	pt_free(b);
}

static void
end_in_a_second(struct policy_verdict *v)
{
	v->until_unix_s = (int64_t)time(NULL) + 1;
}

static void
what_runs_is_judged_again_when_it_has_lasted_its_time(void)
{
	struct pt *b = pt_new();
	struct rsvp_policy_query q = query();
	struct rsvp_policy_answer a;

	pt_policy.change_verdict = end_in_a_second;
	policy_client_ask(b->engine.policy, &q, &a);
	pt_set_deadline(b);
	while (b->core.changed < 1)
		pt_one_turn(b);
	pt_free(b);
}

static struct t_case cases[] = {
	{ "what is granted is translated", what_is_granted_is_translated },
	{ "how it ends is translated", how_it_ends_is_translated },
	{ "what runs is judged again when a time begins",
		what_runs_is_judged_again_when_a_time_begins },
	{ "what runs is judged again when it has lasted its time",
		what_runs_is_judged_again_when_it_has_lasted_its_time },
	{ "a question is translated whole", a_question_is_translated_whole },
	{ "services and odd rates are translated",
		services_and_odd_rates_are_translated },
};
T_MAIN(cases)
