/* SPDX-License-Identifier: ISC */

/* Senders that policy refuses: how those that run end; they are announced by
 * themselves when it comes to allow them. */

#include "core_t.h"

#include "rsvpd/core/adspec.h"

enum { APP = 1 };

static struct rsvp_local_sender
sender_here(const struct ct *t, uint16_t port)
{
	return (struct rsvp_local_sender){ .sender = { .src = ct_addr(t, UP, 1),
						   .src_port = port },
		.tspec = ct_tspec(),
		.ttl = 17,
		.ifindex = SIDE };
}

static void
open_app(struct ct *t)
{
	const struct rsvp_who who = { .known = true, .uid = 1000 };
	const struct wire_session session = ct_session(t);

	T_EQ(rsvp_local_open(t->core, t->now, APP, &session, &who),
		RSVP_LOCAL_OK);
	ct_collect(t);
}

static void
say(struct ct *t, const struct rsvp_local_sender *sender)
{
	T_EQ(rsvp_local_send(t->core, t->now, APP, sender), RSVP_LOCAL_OK);
	ct_collect(t);
}

static void
new_policy(struct ct *t, bool deny)
{
	t->deny = deny;
	ct_forget(t);
	rsvp_core_policy_changed(t->core, t->now);
	ct_tick(t);
}

static void
close_app(struct ct *t)
{
	rsvp_local_close(t->core, t->now, APP);
	ct_collect(t);
	ct_answer_all(t);
	ct_expect_empty(t);
}

static const struct wire_msg *
only_path(const struct ct *t)
{
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(t->sent_count, 1);
	return &ct_sent(t, WIRE_PATH, 0)->msg;
}

static struct wire_adspec
odd_adspec(void)
{
	struct wire_adspec adspec = adspec_default();

	adspec.general.hops = 7;
	return adspec;
}

static void
refused_then_allowed(struct ct *t)
{
	uint8_t bytes[200];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct wire_adspec adspec = odd_adspec();
	struct rsvp_local_sender sender = sender_here(t, 4);
	const struct wire_msg *msg;

	assert_true(wire_adspec_encode(&w, &adspec));
	sender.adspec_view = (struct wire_view){ bytes, buf_written(&w) };
	open_app(t);
	t->deny = true;
	say(t, &sender);
	memset(bytes, 0xee, sizeof(bytes)); /* they were the caller's */
	T_EQ(t->sent_count, 0);
	new_policy(t, true);
	T_EQ(t->sent_count, 0);
	T_CHECK(ct_event(t, RSVP_PATH_ERROR, 0), "told again why");
	new_policy(t, false);
	msg = only_path(t);
	T_EQ(t->sent[0].send.ifindex, SIDE);
	T_EQ(t->sent[0].send.ttl, 17);
	T_CHECK(wire_filter_equal(&msg->sender, &sender.sender), "its sender");
	T_CHECK(msg->tspec.r == sender.tspec.r, "its Tspec");
	T_EQ(msg->adspec.general.hops, 8);
	T_CHECK(!ct_event(t, RSVP_PATH_ERROR, 0), "no complaint");
	T_EQ(t->claims, 1);
	new_policy(t, false);
	T_EQ(t->sent_count, 0); /* once is enough */
	close_app(t);
}

static void
a_refused_sender_is_announced_when_policy_allows_it(void)
{
	ct_both(refused_then_allowed);
}

static void
running_then_refused(struct ct *t)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);
	const struct wire_msg *msg;

	open_app(t);
	say(t, &sender);
	ct_forget(t);
	new_policy(t, true);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(t->claims, 0);
	T_CHECK(ct_event(t, RSVP_PATH_ERROR, 0), "told");
	new_policy(t, true);
	T_EQ(t->sent_count, 0);
	new_policy(t, false);
	msg = only_path(t);
	T_EQ(t->sent[0].send.ttl, 17);
	T_EQ(t->sent[0].send.ifindex, SIDE);
	T_EQ(msg->adspec.general.hops, 1); /* the default, once more */
	T_EQ(t->claims, 1);
	close_app(t);
}

/* It offers less than the default. */
static void
with_adspec(struct ct *t)
{
	static uint8_t bytes[200];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct rsvp_local_sender sender = sender_here(t, 4);
	struct wire_adspec adspec = { .general = { WIRE_GENERAL_ALL, 0, 1e9f, 0,
					      1400 },
		.service_count = 1,
		.services = { { .service = WIRE_SERVICE_CL } } };

	assert_true(wire_adspec_encode(&w, &adspec));
	sender.adspec_view = (struct wire_view){ bytes, buf_written(&w) };
	open_app(t);
	say(t, &sender);
	new_policy(t, true);
	ct_forget(t);
	new_policy(t, false);
	T_EQ(only_path(t)->adspec.service_count, 1);
	T_EQ(only_path(t)->adspec.general.mtu, 1400);
	close_app(t);
}

static void
a_sender_that_ran_comes_back_as_it_was(void)
{
	ct_both(running_then_refused);
	ct_once(with_adspec);
}

/* ---- how it ends --------------------------------------------------------- */

/* It runs, was allowed on those terms, and is allowed no more: as with a claim,
 * they are not asked for again. */
static void
deny_running(struct ct *t, enum rsvp_policy_end ends, uint32_t grace_ms)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->answer.ends = ends;
	t->answer.grace_ms = grace_ms;
	say(t, &sender);
	t->answer.ends = RSVP_POLICY_TEAR;
	t->answer.grace_ms = 0;
	new_policy(t, true);
}

static size_t
complaints(const struct ct *t)
{
	size_t n = 0;

	while (ct_event(t, RSVP_PATH_ERROR, n))
		n++;
	return n;
}

static void
expect_running(struct ct *t, size_t told)
{
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 0);
	T_EQ(complaints(t), told);
	T_EQ(ct_totals(t).paths, 1);
}

static void
expect_gone(struct ct *t)
{
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	T_EQ(complaints(t), 1);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.code, WIRE_E_POLICY);
	T_EQ(ct_totals(t).paths, 0);
	close_app(t);
}

static void
with_grace(struct ct *t)
{
	deny_running(t, RSVP_POLICY_TEAR, 5000);
	ct_run(t, 4990);
	expect_running(t, 0);
	ct_run(t, 20);
	expect_gone(t);
}

static void
judged_meanwhile(struct ct *t)
{
	deny_running(t, RSVP_POLICY_TEAR, 5000);
	ct_run(t, 4000);
	new_policy(t, true);
	ct_run(t, 980);
	expect_running(t, 0);
	ct_run(t, 30);
	expect_gone(t);
}

static void
a_sender_has_its_grace_once(void)
{
	ct_both(with_grace);
	ct_once(judged_meanwhile);
}

static void
told_first(struct ct *t)
{
	deny_running(t, RSVP_POLICY_TELL, 5000);
	expect_running(t, 1);
	T_EQ(ct_event(t, RSVP_PATH_ERROR, 0)->head.error.code, WIRE_E_POLICY);
	ct_forget(t);
	ct_run(t, 2000);
	new_policy(t, true);
	ct_run(t, 2980);
	expect_running(t, 0);
	ct_run(t, 30);
	expect_gone(t);
}

static void
told_without_grace(struct ct *t)
{
	deny_running(t, RSVP_POLICY_TELL, 0);
	expect_gone(t);
}

static void
a_sender_that_may_renegotiate_is_told_first(void)
{
	ct_once(told_first);
	ct_once(told_without_grace);
}

static void
kept(struct ct *t)
{
	struct rsvp_local_sender more = sender_here(t, 4);

	deny_running(t, RSVP_POLICY_KEEP, 0);
	ct_run(t, 600000);
	T_CHECK(ct_sent_count(t, WIRE_PATH) > 5, "it is refreshed");
	expect_running(t, 0);
	/* As it is, and no more. */
	more.tspec.r *= 2;
	ct_forget(t);
	say(t, &more);
	expect_running(t, 1);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	close_app(t);
}

static void
a_sender_that_is_kept_stays_as_it_is(void)
{
	ct_once(kept);
}

/* The next grace is whole. */
static void
expect_whole_grace(struct ct *t)
{
	ct_run(t, 20000);
	expect_running(t, 0);
	new_policy(t, true);
	ct_run(t, 4990);
	expect_running(t, 0);
	ct_run(t, 20);
	expect_gone(t);
}

static void
allowed_again(struct ct *t)
{
	deny_running(t, RSVP_POLICY_TEAR, 5000);
	ct_run(t, 3000);
	t->answer.grace_ms = 5000;
	new_policy(t, false);
	expect_whole_grace(t);
}

/* Said again, and allowed, by its application. */
static void
renegotiated(struct ct *t)
{
	struct rsvp_local_sender less = sender_here(t, 4);

	deny_running(t, RSVP_POLICY_TELL, 5000);
	ct_run(t, 4000);
	less.tspec.r /= 2;
	t->deny = false;
	t->answer.grace_ms = 5000;
	ct_forget(t);
	say(t, &less);
	T_CHECK(only_path(t)->tspec.r == less.tspec.r, "what is allowed");
	/* Refused anew before the old grace would have been over. */
	new_policy(t, true);
	ct_run(t, 4990);
	expect_running(t, 0);
	t->answer.grace_ms = 5000;
	new_policy(t, false);
	expect_whole_grace(t);
}

static void
a_sender_that_is_allowed_again_stays(void)
{
	ct_once(allowed_again);
	ct_once(renegotiated);
}

/* The terms are those of who allowed it last. */
static void
other_terms(struct ct *t)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->answer.ends = RSVP_POLICY_KEEP;
	say(t, &sender);
	t->answer.ends = RSVP_POLICY_TEAR;
	new_policy(t, false);
	new_policy(t, true);
	expect_gone(t);
}

static void
a_sender_ends_as_it_was_allowed_last(void)
{
	ct_once(other_terms);
}

/* ---- what else may happen ------------------------------------------------ */

static void
answers_none(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct rsvp_local_sender sender = sender_here(t, 4);
	const struct ct_event *event;

	open_app(t);
	t->deny = true; /* and policy does not say why */
	say(t, &sender);
	event = ct_event(t, RSVP_PATH_ERROR, 0);
	assert_non_null(event);
	T_EQ(event->head.error.code, WIRE_E_POLICY);
	T_EQ(event->head.error.value, WIRE_POLICY_REJECT);
	T_CHECK(ct_is(&event->head.error.node, sender.sender.src),
		"it is refused here");
	ct_free(t);
}

static void
malformed_offer(void)
{
	static uint8_t bytes[200];
	struct ct *t = ct_new(ADDR_V4);
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct rsvp_local_sender sender = sender_here(t, 4);
	struct wire_adspec adspec = {
		.general = { WIRE_GENERAL_ALL, 0, 1e9f, 0, 0 } /* M = 0 */
	};
	const struct ct_event *event;

	assert_true(wire_adspec_encode(&w, &adspec));
	sender.adspec_view = (struct wire_view){ bytes, buf_written(&w) };
	open_app(t);
	say(t, &sender);
	event = ct_event(t, RSVP_PATH_ERROR, 0);
	assert_non_null(event);
	T_EQ(event->head.error.code, WIRE_E_TC);
	T_EQ(event->head.error.value, WIRE_TC_ADSPEC);
	T_EQ(t->sent_count, 0);
	ct_free(t);
}

static void
a_refused_sender_is_told_what_is_wrong(void)
{
	answers_none();
	malformed_offer();
}

/* Nobody has to be accounted for who is not known, as the operator's own. */
static void
unknown_users(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct rsvp_who unknown = { .known = false };
	struct wire_session session = ct_session(t);

	t->conf.max_sessions_uid = 1;
	rsvp_core_reconf(t->core, &t->conf);
	for (uint16_t port = 1; port <= 3; port++) {
		session.dst_port = port;
		T_EQ(rsvp_local_open(t->core, t->now, port, &session, &unknown),
			RSVP_LOCAL_OK);
	}
	ct_free(t);
}

/* RFC 2205 3.8: this node is the first that can police it. */
static void
policed(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct rsvp_local_sender sender = sender_here(t, 4);
	struct wire_msg *msg;

	open_app(t);
	say(t, &sender);
	msg = ct_resv(t, ct_cl(50000));
	msg->flows[0].filter = sender.sender;
	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	ct_feed(t, SIDE, msg);
	assert_non_null(ct_flow(t));
	T_EQ(ct_flow(t)->flow.police, RSVP_POLICE_E);
	ct_answer_all(t);
	ct_free(t);
}

/* Who hears it here hears that it ends. */
static void
others_hear(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct rsvp_local_sender sender = sender_here(t, 4);

	t->dst_local = true;
	ct_app_open(t, 77);
	open_app(t);
	say(t, &sender);
	T_EQ(ct_event(t, RSVP_PATH_EVENT, 0)->head.item_count, 1);
	ct_forget(t);
	rsvp_local_unsend(t->core, t->now, APP);
	ct_collect(t);
	T_EQ(t->event_count, 1);
	T_EQ(t->events[0].head.id, 77);
	T_EQ(t->events[0].head.item_count, 0);
	ct_free(t);
}

/* RFC 2205 3.2: the other session has no port. */
static void
ports_of_sessions(void)
{
	struct ct *t = ct_new(ADDR_V4);
	const struct rsvp_local_sender sender = sender_here(t, 4);
	struct wire_msg *msg = ct_path(t);

	open_app(t);
	msg->session.dst_port = 0;
	msg->sender.src_port = 0;
	ct_feed(t, UP, msg);
	T_EQ(rsvp_local_send(t->core, t->now, APP, &sender), RSVP_LOCAL_PORTS);
	ct_collect(t);
	ct_free(t);
}

static void
a_sender_here_is_accounted_for(void)
{
	ports_of_sessions();
	unknown_users();
	policed();
	others_hear();
}

static void
change_refused(struct ct *t)
{
	struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	say(t, &sender);
	ct_forget(t);
	t->deny = true;
	sender.tspec.b = 7000;
	say(t, &sender);
	T_EQ(t->sent_count, 0); /* the old one stays */
	new_policy(t, false);
	T_CHECK(only_path(t)->tspec.b == 7000, "the change");
	T_EQ(t->claims, 1);
	/* Refused as a whole meanwhile: the newer wish is the one that counts.
	 */
	t->deny = true;
	sender.tspec.b = 8000;
	say(t, &sender);
	new_policy(t, true);
	T_EQ(ct_sent_count(t, WIRE_PATH_TEAR), 1);
	new_policy(t, false);
	T_CHECK(only_path(t)->tspec.b == 8000, "the newer one");
	close_app(t);
}

static void
a_refused_change_is_made_later(void)
{
	ct_once(change_refused);
}

static void
given_up(struct ct *t)
{
	struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->deny = true;
	say(t, &sender);
	rsvp_local_unsend(t->core, t->now, APP);
	new_policy(t, false);
	T_EQ(t->sent_count, 0);
	t->deny = true;
	say(t, &sender);
	t->deny = false;
	sender.sender.src_port = 5; /* something else in its place */
	say(t, &sender);
	new_policy(t, false);
	T_EQ(t->sent_count, 0);
	t->deny = true;
	sender.sender.src_port = 6;
	say(t, &sender);
	close_app(t);
}

static void
what_was_given_up_is_not_announced(void)
{
	ct_once(given_up);
}

/* In the meantime somebody else sends with the same template, or in conflict
 * with its ports. */
static void
taken_meanwhile(struct ct *t)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->deny = true;
	say(t, &sender);
	t->deny = false;
	ct_app_open(t, 2);
	T_EQ(rsvp_local_send(t->core, t->now, 2, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	new_policy(t, false);
	T_EQ(t->sent_count, 0);
	rsvp_local_close(t->core, t->now, 2);
	ct_collect(t);
	new_policy(t, false);
	(void)only_path(t);
	close_app(t);
}

static void
a_template_that_is_taken_waits(void)
{
	ct_once(taken_meanwhile);
}

static void
no_room(struct ct *t)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->deny = true;
	say(t, &sender);
	t->conf.max_senders = 0;
	rsvp_core_reconf(t->core, &t->conf);
	new_policy(t, false);
	T_EQ(t->sent_count, 0);
	T_EQ(t->claims, 0);
	t->conf.max_senders = 4;
	rsvp_core_reconf(t->core, &t->conf);
	new_policy(t, false);
	(void)only_path(t);
	T_EQ(t->claims, 1);
	close_app(t);
}

static void
a_limit_puts_it_off_only(void)
{
	ct_once(no_room);
}

static void
short_of_memory(struct ct *t)
{
	const struct rsvp_local_sender sender = sender_here(t, 4);

	open_app(t);
	t->deny = true;
	t->fail_at = t->allocations + 3; /* a note, an event, and this */
	say(t, &sender);
	T_CHECK(t->failed, "it was short");
	new_policy(t, false);
	T_EQ(t->sent_count, 0);
	say(t, &sender);
	(void)only_path(t);
	close_app(t);
}

static void
without_memory_it_is_only_refused(void)
{
	ct_once(short_of_memory);
}

static struct t_case cases[] = {
	{ "a sender has its grace once", a_sender_has_its_grace_once },
	{ "a sender that may renegotiate is told first",
		a_sender_that_may_renegotiate_is_told_first },
	{ "a sender that is kept stays as it is",
		a_sender_that_is_kept_stays_as_it_is },
	{ "a sender that is allowed again stays",
		a_sender_that_is_allowed_again_stays },
	{ "a sender ends as it was allowed last",
		a_sender_ends_as_it_was_allowed_last },
	{ "a refused sender is announced when policy allows it",
		a_refused_sender_is_announced_when_policy_allows_it },
	{ "a sender that ran comes back as it was",
		a_sender_that_ran_comes_back_as_it_was },
	{ "a refused sender is told what is wrong",
		a_refused_sender_is_told_what_is_wrong },
	{ "a sender here is accounted for, policed and heard",
		a_sender_here_is_accounted_for },
	{ "a refused change is made later", a_refused_change_is_made_later },
	{ "what was given up is not announced",
		what_was_given_up_is_not_announced },
	{ "a template that is taken waits", a_template_that_is_taken_waits },
	{ "a limit puts it off only", a_limit_puts_it_off_only },
	{ "without memory it is only refused",
		without_memory_it_is_only_refused },
};
T_MAIN(cases)
