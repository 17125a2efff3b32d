/* SPDX-License-Identifier: ISC */

/*
 * Blockade state and the killer reservations (RFC 2205 2.5 and 3.5).  B stands
 * for 10 000 octets a second.
 */

#include "core_t.h"

#include <math.h>

enum { B = 10000, REFRESH = 46000 /* one has come by then, two have not */ };

/* What a next hop asks for, for the sender 8 or all of them. */
static struct wire_msg *
request(struct ct *t, uint8_t style, unsigned hop, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_style(ct_resv(t, spec), style);

	msg->hop.addr = ct_addr(t, DOWN, hop);
	return msg;
}

static void
both_senders(const struct ct *t, struct wire_msg *msg)
{
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
}

/* It comes from next hop B or C and is installed. */
static void
wants(struct ct *t, uint8_t style, unsigned hop, float rate)
{
	ct_feed(t, DOWN, request(t, style, hop, ct_cl(rate)));
	ct_answer_all(t);
}

/* Upstream of sender 8's hop admission control refused that. */
static void
fails(struct ct *t, uint8_t style, struct wire_flowspec spec, uint8_t flags)
{
	struct wire_msg *msg = ct_style(ct_resv_err(t, 1, 2, spec), style);

	msg->error.flags = flags;
	ct_feed(t, UP, msg);
}

/* The rate asked for in the n-th Resv, 0 without one. */
static double
asked(const struct ct *t, size_t n)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV, n);

	return s ? (double)s->msg.flows[0].flowspec.tspec.r : 0;
}

static const struct ct_sent *
resv_to(const struct ct *t, struct addr hop)
{
	for (size_t i = 0; i < t->sent_count; i++)
		if (t->sent[i].send.type == WIRE_RESV &&
			ct_is(&t->sent[i].send.dst, hop))
			return &t->sent[i];
	return NULL;
}

static size_t
refreshed(struct ct *t)
{
	ct_forget(t);
	ct_run(t, REFRESH);
	return ct_sent_count(t, WIRE_RESV);
}

/* The next hops refresh what they want all along. */
static void
pass(struct ct *t, int64_t ms, float first, float second)
{
	while (ms > 0) {
		int64_t step = ms < 30000 ? ms : 30000;
		size_t sent = t->sent_count;

		ct_run(t, step);
		ms -= step;
		ct_feed(t, UP, ct_path(t));
		if (first > 0)
			ct_feed(t, DOWN,
				request(t, WIRE_STYLE_FF, HOP_B, ct_cl(first)));
		if (second > 0)
			ct_feed(t, DOWN,
				request(t, WIRE_STYLE_FF, HOP_C,
					ct_cl(second)));
		T_CHECK(t->sent_count - sent < 16, "a storm");
	}
}

/* ---- what failed stays here ---------------------------------------------- */

static void
stays(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* nothing else to ask for */
	T_EQ(t->flow_count, 0);
	T_CHECK(ct_reserved(t, DOWN) > 0, "it is in force here");
	T_EQ(ct_only_resv(t).state, RSVP_RESV_INSTALLED);
	T_CHECK(refreshed(t) >= 1, "and refreshed");
	T_CHECK(asked(t, 0) == 8 * B, "as it is");
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
}

static void
a_failed_request_stays_and_is_refreshed(void)
{
	ct_both(stays);
}

/* RFC 2205 2.5, the second killer reservation: A wants 8B over and over, which
 * fails, and B wants 2B, which does not. */
static void
killer(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	ct_forget(t);
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	T_CHECK(asked(t, 0) == 2 * B, "the smaller alone: %g", asked(t, 0));
	T_CHECK(refreshed(t) >= 1, "refreshed");
	T_CHECK(asked(t, 0) == 2 * B, "the smaller alone");
	ct_forget(t);
	wants(t, WIRE_STYLE_FF, HOP_B, 8 * B); /* still asks */
	T_EQ(t->sent_count, 0);
}

static void
a_failing_request_does_not_kill_a_smaller_one(void)
{
	ct_both(killer);
}

/* The other way round: the larger comes second, and the smaller goes on. */
static void
killed_later(struct ct *t)
{
	ct_with_resv(t, ct_cl(2 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 8 * B);
	T_CHECK(asked(t, 0) == 8 * B, "merged");
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(asked(t, 0) == 2 * B, "at once");
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	T_CHECK(ct_is(&ct_sent(t, WIRE_RESV_ERR, 0)->send.dst,
			ct_addr(t, DOWN, HOP_C)),
		"to whoever asked for it");
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.error.flags,
		WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0); /* nothing in place: all */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* not changed, and yet */
	T_CHECK(asked(t, 0) == 2 * B, "at once");
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1); /* once a period */
}

static void
a_refresh_with_what_may_succeed_is_sent_at_once(void)
{
	ct_both(killed_later);
}

/* ---- which requests are in its way --------------------------------------- */

static void
order(struct ct *t)
{
	static const struct {
		const char *what;
		struct wire_tspec tspec;
		double asked; /* with 1B of another next hop */
	} rows[] = {
		{ "equal", { 4 * B, 5000, 8 * B, 100, 1000 }, B },
		{ "greater", { 5 * B, 5000, 8 * B, 100, 1000 }, B },
		{ "less", { 3 * B, 5000, 8 * B, 100, 1000 }, 3 * B },
		{ "less in its bucket alone", { 4 * B, 4000, 8 * B, 100, 1000 },
			4 * B },
		{ "incomparable: bucket", { 3 * B, 6000, 8 * B, 100, 1000 },
			B },
		{ "incomparable: peak", { 3 * B, 5000, 9 * B, 100, 1000 }, B },
		{ "incomparable: least packet",
			{ 3 * B, 5000, 8 * B, 99, 1000 }, B },
		{ "M does not count", { 4 * B, 5000, 8 * B, 100, 900 }, B },
	};
	const struct wire_flowspec failed = { .service = WIRE_SERVICE_CL,
		.tspec = { 4 * B, 5000, 8 * B, 100, 1000 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_flowspec spec = { .service = WIRE_SERVICE_CL,
			.tspec = rows[i].tspec };

		ct_feed(t, UP, ct_path(t));
		ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_B, spec));
		ct_answer_all(t);
		spec.tspec = (struct wire_tspec){ B, 1000, 2 * B, 200, 1000 };
		ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_C, spec));
		ct_answer_all(t);
		ct_forget(t);
		fails(t, WIRE_STYLE_FF, failed, WIRE_ERROR_IN_PLACE);
		T_CHECK(asked(t, 0) == rows[i].asked, "%s: %g", rows[i].what,
			asked(t, 0));
		/* rule 5: told are those that are in its way */
		T_EQ(ct_sent_count(t, WIRE_RESV_ERR),
			rows[i].asked == B ? 1 : 0);
		ct_feed(t, UP, ct_path_tear(t));
		ct_answer_all(t);
		ct_forget(t);
	}
	ct_expect_empty(t);
}

static void
what_failed_is_in_the_way_unless_strictly_greater(void)
{
	ct_once(order);
}

static void
gs_order(struct ct *t)
{
	struct wire_flowspec small = ct_gs(2 * B, 3 * B);

	ct_with_resv(t, ct_gs(2 * B, 4 * B));
	small.S = 0;
	ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_C, small));
	ct_answer_all(t);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_gs(2 * B, 4 * B), 0);
	T_CHECK(ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec.R == 3 * B,
		"the smaller R");
}

static void
guaranteed_rates_are_compared_too(void)
{
	ct_once(gs_order);
}

/* ---- all are in its way -------------------------------------------------- */

static void
glb(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(3 * B);

	ct_with_resv(t, ct_cl(4 * B));
	spec.tspec.b = 9000; /* no order between the two */
	ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_C, spec));
	ct_answer_all(t);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(2 * B), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* nothing of the error itself */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	T_CHECK(refreshed(t) >= 1, "refreshed");
	spec = ct_sent(t, WIRE_RESV, 0)->msg.flows[0].flowspec;
	T_CHECK(spec.tspec.r == 3 * B, "the least rate %g",
		(double)spec.tspec.r);
	T_CHECK(spec.tspec.b == 5000, "the least bucket");
}

static void
all_in_its_way_are_refreshed_with_their_glb(void)
{
	ct_both(glb);
}

/* ---- how long ------------------------------------------------------------ */

/* From the error on: nothing larger is asked for before that time, and the
 * whole is as soon as it is over. */
static void
expect_end(struct ct *t, int64_t ms)
{
	ct_forget(t);
	pass(t, ms - 1000, 8 * B, 2 * B);
	for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++)
		T_CHECK(asked(t, i) == 2 * B, "too early: %zu", i);
	T_CHECK(ct_sent_count(t, WIRE_RESV) > 0, "refreshed");
	ct_forget(t);
	pass(t, 2000, 8 * B, 2 * B);
	T_CHECK(asked(t, ct_sent_count(t, WIRE_RESV) - 1) == 8 * B,
		"tried again, at once");
}

static void
lasts(struct ct *t)
{
	t->conf.blockade_multiple = 3;
	rsvp_core_reconf(t->core, &t->conf);
	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	expect_end(t, 90000);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	T_CHECK(asked(t, 0) == 2 * B, "it fails again, to nobody's harm");
	expect_end(t, 90000);
}

static void
a_blockade_lasts_kb_refresh_periods(void)
{
	ct_once(lasts);
}

static void
restarts(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	pass(t, 40000, 8 * B, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
	expect_end(t, 60000); /* Kb = 2 by default */
}

static void
an_error_restarts_its_time(void)
{
	ct_once(restarts);
}

/* What fails next replaces what failed before. */
static void
replaced(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	T_CHECK(asked(t, 0) == 2 * B, "the smaller");
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(2 * B), 0); /* that too */
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_CHECK(refreshed(t) >= 1, "refreshed");
	T_CHECK(asked(t, 0) == 2 * B, "the GLB of both");
}

static void
a_later_failure_replaces_the_earlier(void)
{
	ct_once(replaced);
}

static void
slow_hop(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	msg = request(t, WIRE_STYLE_FF, HOP_B, ct_cl(8 * B));
	msg->refresh_ms = 90000; /* longer than ours */
	ct_feed(t, DOWN, msg);
	ct_answer(t, 0);
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	pass(t, 175000, 0, 2 * B);
	for (size_t i = 0; i < ct_sent_count(t, WIRE_RESV); i++)
		T_CHECK(asked(t, i) == 2 * B, "too early");
	pass(t, 5000 + REFRESH, 0, 2 * B);
	T_CHECK(asked(t, ct_sent_count(t, WIRE_RESV) - 1) == 8 * B, "again");
}

static void
the_longest_refresh_period_counts(void)
{
	ct_once(slow_hop);
}

/* ---- for whom ------------------------------------------------------------ */

/* FF: of two senders behind one hop only one is concerned. */
static void
each_sender(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	for (unsigned hop = HOP_B; hop <= HOP_C; hop++) {
		msg = request(t, WIRE_STYLE_FF, hop,
			ct_cl(hop == HOP_B ? 8 * B : 2 * B));
		both_senders(t, msg);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	msg = &t->sent[0].msg;
	T_EQ(msg->flow_count, 2);
	T_CHECK(msg->flows[0].flowspec.tspec.r == 2 * B, "the failing one");
	T_CHECK(msg->flows[1].flowspec.tspec.r == 8 * B, "the other one");
	T_EQ(ct_sent(t, WIRE_RESV_ERR, 0)->msg.flow_count, 1);
}

static void
ff_is_blockaded_by_sender(void)
{
	ct_both(each_sender);
}

/* SE with senders behind two hops: each hop is asked for what may succeed
 * there, and the error names the filters that failed only. */
static void
se_hops(struct ct *t)
{
	struct wire_msg *msg;
	const struct ct_sent *s;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	for (unsigned hop = HOP_B; hop <= HOP_C; hop++) {
		msg = request(t, WIRE_STYLE_SE, hop,
			ct_cl(hop == HOP_B ? 8 * B : 2 * B));
		both_senders(t, msg);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	ct_forget(t);
	fails(t, WIRE_STYLE_SE, ct_cl(8 * B), 0); /* sender 8 only */
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	s = resv_to(t, ct_addr(t, UP, HOP_A));
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 2 * B, "to this one");
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	for (size_t i = 0; i < 2; i++) {
		s = ct_sent(t, WIRE_RESV_ERR, i);
		T_EQ(s->msg.flow_count, 1);
		T_EQ(s->msg.flows[0].filter.src_port, 4004);
		T_CHECK(ct_is(&s->msg.flows[0].filter.src, ct_addr(t, 8, 8)),
			"the sender that failed");
	}
	T_CHECK(refreshed(t) >= 2, "both refreshed");
	s = resv_to(t, ct_addr(t, SIDE, HOP_A));
	T_CHECK(s->msg.flows[0].flowspec.tspec.r == 8 * B, "to the other");
}

static void
se_is_blockaded_by_sender(void)
{
	ct_both(se_hops);
}

/* SE with both senders behind one hop that refuses both: what fails for one of
 * them must not fail the other as well. */
static void
se_one_hop(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	ct_with_second_path(t);
	wants(t, WIRE_STYLE_SE, HOP_B, 8 * B);
	msg = request(t, WIRE_STYLE_SE, HOP_C, ct_cl(2 * B));
	msg->flows[0].filter = ct_second_sender(t);
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(8 * B)), WIRE_STYLE_SE);
	both_senders(t, msg);
	ct_feed(t, UP, msg);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(asked(t, 0) == 2 * B, "%g", asked(t, 0));
	T_EQ(ct_sent(t, WIRE_RESV, 0)->msg.flow_count, 2);
	T_EQ(ct_sent_count(t, WIRE_RESV_TEAR), 0);
	/* each next hop hears of its own filters */
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 2);
	for (size_t i = 0; i < 2; i++)
		T_EQ(ct_sent(t, WIRE_RESV_ERR, i)->msg.flow_count, 1);
}

static void
se_of_one_hop_asks_for_what_may_succeed(void)
{
	ct_once(se_one_hop);
}

/* Figure 12 of RFC 2205: WF, previous hops (a) and (b), next hops (c) and (d)
 * on two interfaces; 4B of (c) failed via (a). */
static void
figure_12(struct ct *t)
{
	struct wire_msg *msg;

	ct_add_iface(t, SIDE + 1); /* (d) */
	rsvp_core_tc_ready(t->core, t->now, SIDE + 1, 0, NULL);
	ct_tick(t);
	t->also_out = SIDE + 1;
	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	wants(t, WIRE_STYLE_WF, HOP_B, 4 * B);
	fails(t, WIRE_STYLE_WF, ct_cl(4 * B), 0);
	ct_forget(t);
	msg = request(t, WIRE_STYLE_WF, HOP_B, ct_cl(2 * B));
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE + 1, HOP_B), SIDE + 1 };
	ct_feed(t, SIDE + 1, msg);
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_CHECK(asked(t, 0) == 2 * B, "2B to (a)");
	T_CHECK(refreshed(t) >= 2, "refreshed");
	T_CHECK(resv_to(t, ct_addr(t, UP, HOP_A))
				->msg.flows[0]
				.flowspec.tspec.r == 2 * B,
		"(a) <- WF(*{2B})");
	T_CHECK(resv_to(t, ct_addr(t, SIDE, HOP_A))
				->msg.flows[0]
				.flowspec.tspec.r == 4 * B,
		"(b) <- WF(*{4B})");
	T_CHECK(ct_reserved(t, DOWN) == 4 * B * 138 / 100, "reserve 4B");
	T_CHECK(ct_reserved(t, SIDE + 1) == 2 * B * 138 / 100, "reserve 2B");
}

static void
figure_12_of_rfc_2205(void)
{
	ct_once(figure_12);
}

/* ---- confirmations ------------------------------------------------------- */

static void
unconfirmed(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	msg = request(t, WIRE_STYLE_FF, HOP_B, ct_cl(8 * B));
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 9);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 0); /* neither forwarded nor answered */
	pass(t, 120000 + REFRESH, 8 * B, 2 * B);
	for (size_t i = 0; i < t->sent_count; i++)
		T_CHECK((t->sent[i].msg.has & WIRE_HAS_CONFIRM) == 0,
			"not later either");
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	ct_forget(t);
	msg = request(t, WIRE_STYLE_FF, HOP_C, ct_cl(2 * B));
	msg->has |= WIRE_HAS_CONFIRM;
	msg->confirm = ct_addr(t, 9, 8);
	ct_feed(t, DOWN, msg);
	T_EQ(t->sent_count, 1); /* the largest of those that count */
	T_EQ(t->sent[0].msg.type, WIRE_RESV);
	T_CHECK(ct_is(&t->sent[0].msg.confirm, ct_addr(t, 9, 8)), "asked on");
}

static void
the_confirmation_of_a_blockaded_request_is_dropped(void)
{
	ct_once(unconfirmed);
}

/* ---- no blockade --------------------------------------------------------- */

static void
no_blockade(struct ct *t)
{
	struct wire_flowspec spec = ct_cl(8 * B);
	struct wire_msg *msg;

	ct_with_resv(t, spec);
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	ct_forget(t);
	ct_feed(t, UP, ct_resv_err(t, 2, 3, spec)); /* policy */
	ct_feed(t, UP, ct_resv_err(t, 21, 3, spec));
	ct_feed(t, UP, ct_resv_err(t, 22, 1, spec));
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 6);
	msg = ct_resv_err(t, 1, 0x2000 | 2, spec); /* it only informs */
	ct_feed(t, UP, msg);
	msg = ct_resv_err(t, 1, 2, spec);
	msg->flows[0].filter.src_port = 9; /* of nobody */
	ct_feed(t, UP, msg);
	fails(t, WIRE_STYLE_SE, spec, 0); /* of another style */
	fails(t, WIRE_STYLE_WF, spec, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 8); /* none but the first */
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 0);
	spec.tspec.r = NAN;
	fails(t, WIRE_STYLE_FF, spec, 0);
	spec = ct_cl(8 * B);
	spec.service = 6;
	msg = ct_resv_err(t, 1, 2, ct_cl(B));
	msg->flows[0].flowspec = spec;
	ct_feed_as_is(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_BAD), 2);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
}

static void
other_errors_make_no_blockade(void)
{
	ct_once(no_blockade);
}

/* WF: an error of a hop that is none of ours is nobody's blockade. */
static void
strange_hop(struct ct *t)
{
	struct wire_msg *msg;

	ct_with_path(t);
	wants(t, WIRE_STYLE_WF, HOP_B, 8 * B);
	msg = ct_style(ct_resv_err(t, 1, 2, ct_cl(8 * B)), WIRE_STYLE_WF);
	msg->hop.addr = ct_addr(t, UP, HOP_C);
	ct_feed(t, UP, msg);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 0);
	fails(t, WIRE_STYLE_WF, ct_cl(8 * B), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BLOCKADES), 1);
}

static void
wf_is_blockaded_by_previous_hop(void)
{
	ct_both(strange_hop);
}

/* ---- its end ------------------------------------------------------------- */

static void
goes_with_path(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t); /* no timer either */
	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* forgotten: 8B is asked for */
}

static void
a_blockade_goes_with_its_sender(void)
{
	ct_both(goes_with_path);
}

/* A reservation that comes back meanwhile finds it. */
static void
outlives_resv(struct ct *t)
{
	ct_with_resv(t, ct_cl(8 * B));
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), 0);
	ct_feed(t, DOWN, ct_resv_tear(t));
	ct_answer_all(t);
	wants(t, WIRE_STYLE_FF, HOP_B, 2 * B);
	ct_forget(t);
	wants(t, WIRE_STYLE_FF, HOP_C, 8 * B);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* known to fail */
}

static void
a_blockade_outlives_the_reservation(void)
{
	ct_once(outlives_resv);
}

/* ---- memory -------------------------------------------------------------- */

static void
short_memory(struct ct *t, long nth)
{
	ct_with_resv(t, ct_cl(8 * B));
	wants(t, WIRE_STYLE_FF, HOP_C, 2 * B);
	t->fail_at = t->allocations + nth;
	fails(t, WIRE_STYLE_FF, ct_cl(8 * B), WIRE_ERROR_IN_PLACE);
	pass(t, 60000, 8 * B, 2 * B);
	t->fail_at = 0;
	ct_feed(t, UP, ct_path_tear(t));
	ct_answer_all(t);
	ct_expect_empty(t);
}

static void
lack_of_memory_at_an_error_leaves_all_whole(void)
{
	for (long nth = 1; nth <= 12; nth++) {
		struct ct *t = ct_new(ADDR_V4);

		short_memory(t, nth);
		ct_free(t);
	}
}

/* Neither is what failed, and both together are it again. */
static void
check_together(struct ct *t)
{
	struct wire_flowspec fast = ct_cl(8 * B), deep = ct_cl(2 * B);
	struct wire_flowspec both = fast;

	deep.tspec.b = 2 * fast.tspec.b;
	both.tspec.b = deep.tspec.b;
	ct_path_of(t, UP, HOP_A, 8);
	ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_B, deep));
	ct_feed(t, DOWN, request(t, WIRE_STYLE_FF, HOP_C, fast));
	ct_answer_all(t);
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, both, 0);
	T_CHECK(asked(t, 0) == 2 * B, "the one that came first");
	ct_forget(t);
	fails(t, WIRE_STYLE_FF, deep, 0);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0); /* nothing may succeed now */
}

static void
what_fails_together_is_tried_alone(void)
{
	ct_once(check_together);
}

static struct t_case cases[] = {
	{ "a failed request stays and is refreshed",
		a_failed_request_stays_and_is_refreshed },
	{ "a failing request does not kill a smaller one",
		a_failing_request_does_not_kill_a_smaller_one },
	{ "a refresh with what may succeed is sent at once",
		a_refresh_with_what_may_succeed_is_sent_at_once },
	{ "what failed is in the way unless it is strictly greater",
		what_failed_is_in_the_way_unless_strictly_greater },
	{ "guaranteed rates are compared too",
		guaranteed_rates_are_compared_too },
	{ "all in its way are refreshed with their GLB",
		all_in_its_way_are_refreshed_with_their_glb },
	{ "a blockade lasts Kb refresh periods",
		a_blockade_lasts_kb_refresh_periods },
	{ "an error restarts its time", an_error_restarts_its_time },
	{ "a later failure replaces the earlier",
		a_later_failure_replaces_the_earlier },
	{ "the longest refresh period counts",
		the_longest_refresh_period_counts },
	{ "FF is blockaded by sender", ff_is_blockaded_by_sender },
	{ "SE is blockaded by sender", se_is_blockaded_by_sender },
	{ "SE of one previous hop asks for what may succeed",
		se_of_one_hop_asks_for_what_may_succeed },
	{ "figure 12 of RFC 2205", figure_12_of_rfc_2205 },
	{ "the confirmation of a blockaded request is dropped",
		the_confirmation_of_a_blockaded_request_is_dropped },
	{ "other errors make no blockade", other_errors_make_no_blockade },
	{ "WF is blockaded by previous hop", wf_is_blockaded_by_previous_hop },
	{ "a blockade goes with its sender", a_blockade_goes_with_its_sender },
	{ "a blockade outlives the reservation",
		a_blockade_outlives_the_reservation },
	{ "lack of memory at an error leaves all whole",
		lack_of_memory_at_an_error_leaves_all_whole },
	{ "what fails together is tried alone",
		what_fails_together_is_tried_alone },
};
T_MAIN(cases)
