/* SPDX-License-Identifier: ISC */

/* The bench under the tests of the core; see core_t.h. */

#include "core_t.h"

#include <malloc.h>

#include "rsvpd/core/adspec.h"

/* ---- hooks --------------------------------------------------------------- */

static void *
get(void *arg, size_t size)
{
	struct ct *t = (struct ct *)arg;

	if (++t->allocations == t->fail_at) {
		t->failed = true;
		return NULL;
	}
	t->blocks++;
	return calloc(1, size);
}

/* Who looks at freed memory, shall see it; volatile, or it is left out as a
 * write that nobody reads. */
static void
poison(void *memory)
{
	volatile uint8_t *at = (volatile uint8_t *)memory;
	size_t size = malloc_usable_size(memory);

	for (size_t i = 0; i < size; i++)
		at[i] = 0xa5;
}

static void
put(void *arg, void *memory)
{
	struct ct *t = (struct ct *)arg;

	if (memory) {
		t->blocks--;
		poison(memory);
	}
	free(memory);
}

static size_t
size(void *arg, void *memory)
{
	(void)arg;
	return malloc_usable_size(memory);
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	struct ct *t = (struct ct *)arg;

	t->way = *query;
	*ret = (struct rsvp_route){ .local = t->dst_local };
	if (addr_is_multicast(&query->dst))
		ret->in_ifindex = t->expects != 0 ? t->expects : UP;
	if (ret->in_ifindex == NOWHERE)
		ret->in_ifindex = 0;
	if (t->dst_local)
		return;
	if (t->out != 0)
		ret->out_ifindex[ret->count++] = t->out;
	if (t->also_out != 0)
		ret->out_ifindex[ret->count++] = t->also_out;
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	struct ct *t = (struct ct *)arg;

	t->asked++;
	t->question = *query;
	*ret = t->answer;
	ret->allowed = !t->deny;
	ret->value = t->deny_value;
	snprintf(ret->rule, sizeof(ret->rule), "rule %u", t->asked);
	snprintf(ret->reason, sizeof(ret->reason),
		t->deny ? "denied by the test" : "allowed by the test");
	if (t->deny)
		return;
	if (query->claim == 0)
		t->claims++;
	ret->claim = ++t->last_claim;
}

static void
policy_end(void *arg, uint32_t claim)
{
	struct ct *t = (struct ct *)arg;

	T_CHECK(claim != 0, "claim 0 ended");
	t->claims--;
}

/* ---- life ---------------------------------------------------------------- */

static void
start(struct ct *t)
{
	t->core = rsvp_core_new(&t->conf);
	assert_non_null(t->core);
	for (uint32_t i = UP; i <= SIDE; i++)
		ct_add_iface(t, i);
	ct_tc_ready(t);
	ct_forget(t);
}

void
ct_restart(struct ct *t)
{
	rsvp_core_free(t->core);
	start(t);
}

struct ct *
ct_new(uint8_t family)
{
	struct ct *t = (struct ct *)calloc(1, sizeof(*t));

	assert_non_null(t);
	t->family = family;
	t->out = DOWN;
	t->now.us = 1000000;
	t->alloc = (struct alloc){ get, put, t, size };
	t->sent = (struct ct_sent *)calloc(CT_MAX, sizeof(*t->sent));
	t->flows =
		(struct rsvp_flow_request *)calloc(CT_MAX, sizeof(*t->flows));
	t->events = (struct ct_event *)calloc(CT_MAX, sizeof(*t->events));
	t->conf = rsvp_core_defaults();
	t->conf.alloc = &t->alloc;
	t->conf.seed = 7;
	t->conf.hooks = (struct rsvp_hooks){ t, route, policy, policy_end };
	start(t);
	return t;
}

void
ct_free(struct ct *t)
{
	rsvp_core_free(t->core);
	T_EQ(t->blocks, 0);
	T_EQ(t->claims, 0);
	free(t->sent);
	free(t->flows);
	free(t->events);
	free(t);
}

void
ct_once(void (*run)(struct ct *t))
{
	struct ct *t = ct_new(ADDR_V4);

	run(t);
	ct_free(t);
}

void
ct_both(void (*run)(struct ct *t))
{
	struct ct *t = ct_new(ADDR_V6);

	run(t);
	ct_free(t);
	ct_once(run);
}

/* ---- what comes out ------------------------------------------------------ */

static void
keep_sent(struct ct *t, const struct rsvp_send *send)
{
	struct ct_sent *s = &t->sent[t->sent_count++];

	assert_true(send->len <= CT_BYTES);
	s->send = *send;
	memcpy(s->bytes, send->bytes, send->len);
	s->send.bytes = s->bytes;
	if (t->unread)
		return;
	T_EQ(wire_msg_decode(s->bytes, send->len, &s->msg), WIRE_OK);
	T_EQ(s->msg.type, send->type);
	T_EQ(s->msg.send_ttl, send->ttl);
}

static void
keep_event(struct ct *t, const struct rsvp_local_event *event)
{
	struct ct_event *e = &t->events[t->event_count++];

	e->head = *event;
	assert_true(event->item_count <= CT_ITEMS);
	for (size_t i = 0; i < event->item_count; i++)
		e->items[i] = event->items[i];
	e->has_adspec =
		event->item_count > 0 && event->items[0].adspec_view.len > 0;
	if (e->has_adspec)
		assert_true(wire_adspec_decode(
			event->items[0].adspec_view, &e->adspec));
}

void
ct_collect(struct ct *t)
{
	struct rsvp_effect effect;

	while (rsvp_core_take(t->core, &effect)) {
		assert_true(t->sent_count < CT_MAX && t->flow_count < CT_MAX &&
			    t->event_count < CT_MAX);
		switch (effect.kind) {
		case RSVP_EFFECT_SEND:
			keep_sent(t, &effect.send);
			break;
		case RSVP_EFFECT_FLOW:
			t->flows[t->flow_count++] = effect.flow;
			break;
		case RSVP_EFFECT_EVENT:
			keep_event(t, &effect.event);
			break;
		case RSVP_EFFECT_ACCOUNT:
			t->account_count++;
			t->account = effect.account;
			break;
		case RSVP_EFFECT_NOTE:
			t->note_count++;
			t->note = effect.note;
			break;
		}
	}
}

void
ct_forget(struct ct *t)
{
	t->sent_count = 0;
	t->flow_count = 0;
	t->event_count = 0;
	t->note_count = 0;
}

void
ct_tick(struct ct *t)
{
	while (mono_reached(rsvp_core_next(t->core), t->now))
		rsvp_core_tick(t->core, t->now);
	ct_collect(t);
}

void
ct_run(struct ct *t, int64_t ms)
{
	struct mono end = mono_add_ms(t->now, ms);

	for (;;) {
		struct mono next = rsvp_core_next(t->core);

		if (next.us > end.us)
			break;
		if (next.us > t->now.us)
			t->now = next;
		rsvp_core_tick(t->core, t->now);
		ct_collect(t);
	}
	t->now = end;
}

const struct ct_sent *
ct_sent(const struct ct *t, uint8_t type, size_t n)
{
	for (size_t i = 0; i < t->sent_count; i++)
		if (t->sent[i].send.type == type && n-- == 0)
			return &t->sent[i];
	return NULL;
}

size_t
ct_sent_count(const struct ct *t, uint8_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < t->sent_count; i++)
		if (t->sent[i].send.type == type)
			n++;
	return n;
}

const struct ct_event *
ct_event(const struct ct *t, enum rsvp_event_kind kind, size_t n)
{
	for (size_t i = 0; i < t->event_count; i++)
		if (t->events[i].head.kind == kind && n-- == 0)
			return &t->events[i];
	return NULL;
}

const struct rsvp_flow_request *
ct_flow(const struct ct *t)
{
	return t->flow_count > 0 ? &t->flows[t->flow_count - 1] : NULL;
}

/* ---- what goes in -------------------------------------------------------- */

void
ct_feed_from(struct ct *t, struct rsvp_packet packet)
{
	static uint8_t bytes[WIRE_MESSAGE_MAX];
	static struct wire_msg msg;
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	T_CHECK(wire_msg_encode(&w, packet.msg), "the test's message is wrong");
	packet.fault = wire_msg_decode(bytes, buf_written(&w), &msg);
	packet.msg = &msg;
	packet.bytes = bytes;
	packet.len = buf_written(&w);
	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
}

void
ct_feed(struct ct *t, uint32_t ifindex, const struct wire_msg *msg)
{
	struct rsvp_packet packet = { .ifindex = ifindex,
		.src = msg->hop.addr,
		.dst = ct_addr(t, ifindex, 1),
		.ttl = msg->send_ttl,
		.dst_local = true,
		.msg = msg };

	if (msg->type == WIRE_PATH || msg->type == WIRE_PATH_TEAR) {
		packet.src = msg->sender.src;
		packet.dst = msg->session.dst;
		packet.dst_local = t->dst_local;
	}
	ct_feed_from(t, packet);
}

void
ct_feed_as_is(struct ct *t, uint32_t ifindex, const struct wire_msg *msg)
{
	const struct rsvp_packet packet = { .ifindex = ifindex,
		.src = msg->hop.addr,
		.dst = ct_addr(t, ifindex, 1),
		.ttl = msg->send_ttl,
		.dst_local = true,
		.msg = msg };

	rsvp_core_packet(t->core, t->now, &packet);
	ct_collect(t);
}

bool
ct_answer(struct ct *t, int error)
{
	struct rsvp_installed result = { .error = error,
		.text = error != 0 ? "the test's kernel" : NULL };

	for (size_t i = 0; i < t->flow_count; i++) {
		if (t->flows[i].serial == 0)
			continue;
		result.serial = t->flows[i].serial;
		t->flows[i].serial = 0;
		rsvp_core_installed(t->core, t->now, &result);
		ct_collect(t);
		return true;
	}
	return false;
}

void
ct_answer_all(struct ct *t)
{
	while (ct_answer(t, 0))
		;
}

struct wire_session
ct_session(const struct ct *t)
{
	return (struct wire_session){
		.dst = ct_addr(t, 9, 9), .proto = 17, .dst_port = 5004
	};
}

struct wire_filter
ct_sender(const struct ct *t)
{
	return (struct wire_filter){ .src = ct_addr(t, 8, 8),
		.src_port = 4004 };
}

struct wire_tspec
ct_tspec(void)
{
	return (struct wire_tspec){ 100000, 5000, 200000, 100, 1000 };
}

struct wire_flowspec
ct_cl(float rate)
{
	return (struct wire_flowspec){ .service = WIRE_SERVICE_CL,
		.tspec = { rate, 5000, 2 * rate, 100, 1000 } };
}

struct wire_flowspec
ct_gs(float rate, float R)
{
	struct wire_flowspec spec = ct_cl(rate);

	spec.service = WIRE_SERVICE_GS;
	spec.R = R;
	return spec;
}

static struct wire_msg *
message(const struct ct *t, enum wire_type type)
{
	static struct wire_msg msg;

	memset(&msg, 0, sizeof(msg));
	msg.type = (uint8_t)type;
	msg.send_ttl = 60;
	msg.has = WIRE_HAS_SESSION | WIRE_HAS_HOP;
	msg.session = ct_session(t);
	return &msg;
}

struct wire_msg *
ct_path(struct ct *t)
{
	struct wire_msg *msg = message(t, WIRE_PATH);

	msg->has |= WIRE_HAS_TIME_VALUES | WIRE_HAS_SENDER | WIRE_HAS_TSPEC |
		    WIRE_HAS_ADSPEC;
	msg->hop = (struct wire_hop){ ct_addr(t, UP, HOP_A), 77 };
	msg->refresh_ms = 30000;
	msg->sender = ct_sender(t);
	msg->tspec = ct_tspec();
	msg->adspec = adspec_default();
	return msg;
}

struct wire_msg *
ct_path_tear(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->type = WIRE_PATH_TEAR;
	msg->has &= ~(uint32_t)(WIRE_HAS_TIME_VALUES | WIRE_HAS_ADSPEC);
	return msg;
}

struct wire_msg *
ct_resv(struct ct *t, struct wire_flowspec spec)
{
	struct wire_msg *msg = message(t, WIRE_RESV);

	msg->has |= WIRE_HAS_TIME_VALUES | WIRE_HAS_STYLE;
	msg->hop = (struct wire_hop){ ct_addr(t, DOWN, HOP_B), DOWN };
	msg->refresh_ms = 30000;
	msg->style = WIRE_STYLE_FF;
	msg->style_vector = WIRE_STYLE_FF;
	msg->flow_count = 1;
	msg->flows[0] = (struct wire_flow){ .has_flowspec = true,
		.has_filter = true,
		.flowspec = spec,
		.filter = ct_sender(t) };
	return msg;
}

struct wire_msg *
ct_resv_both(struct ct *t, struct wire_flowspec spec)
{
	return ct_of_both(t, ct_resv(t, spec), WIRE_STYLE_SE);
}

struct wire_msg *
ct_resv_tear(struct ct *t)
{
	struct wire_msg *msg = ct_resv(t, ct_cl(100000));

	msg->type = WIRE_RESV_TEAR;
	msg->has &= ~(uint32_t)WIRE_HAS_TIME_VALUES;
	return msg;
}

struct wire_msg *
ct_other_flow(struct ct *t, uint16_t port, struct wire_flowspec spec)
{
	struct wire_msg *msg;

	msg = ct_path(t);
	msg->session.dst_port = port;
	ct_feed(t, UP, msg);
	msg = ct_resv(t, spec);
	msg->session.dst_port = port;
	return msg;
}

struct wire_msg *
ct_resv_err(
	struct ct *t, uint8_t code, uint16_t value, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_resv(t, spec);

	msg->type = WIRE_RESV_ERR;
	msg->has &= ~(uint32_t)WIRE_HAS_TIME_VALUES;
	msg->has |= WIRE_HAS_ERROR;
	msg->hop = (struct wire_hop){ ct_addr(t, UP, HOP_A), 77 };
	msg->error = (struct wire_error){
		.node = ct_addr(t, 7, 7), .code = code, .value = value
	};
	return msg;
}

void
ct_app_open(struct ct *t, uint64_t app)
{
	const struct wire_session session = ct_session(t);
	const struct rsvp_who nobody = { .known = false };

	T_EQ(rsvp_local_open(t->core, t->now, app, &session, &nobody),
		RSVP_LOCAL_OK);
	ct_collect(t);
}

struct wire_filter
ct_app_send(struct ct *t, uint64_t app)
{
	const struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4004 },
		.tspec = ct_tspec()
	};

	T_EQ(rsvp_local_send(t->core, t->now, app, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	return sender.sender;
}

/* ---- usual beginnings, usual ends ---------------------------------------- */

void
ct_with_path(struct ct *t)
{
	ct_feed(t, UP, ct_path(t));
	T_EQ(ct_sent_count(t, WIRE_PATH), t->dst_local ? 0 : 1);
	ct_forget(t);
}

void
ct_with_resv(struct ct *t, struct wire_flowspec spec)
{
	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_CHECK(ct_answer(t, 0), "no flow was wanted");
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	ct_forget(t);
}

struct wire_filter
ct_second_sender(const struct ct *t)
{
	struct wire_filter filter = ct_sender(t);

	filter.src = ct_addr(t, 8, 9);
	return filter;
}

void
ct_with_second_path(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	msg->sender = ct_second_sender(t);
	ct_feed(t, UP, msg);
	ct_forget(t);
}

void
ct_expect_err(struct ct *t, unsigned code, unsigned value, unsigned flags)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV_ERR, 0);

	T_EQ(ct_sent_count(t, WIRE_RESV_ERR), 1);
	assert_non_null(s);
	T_EQ(s->msg.error.code, code);
	T_EQ(s->msg.error.value, value);
	T_EQ(s->msg.error.flags, flags);
	T_EQ(ct_sent_count(t, WIRE_RESV), 0);
	T_EQ(ct_refusal(t).code, code);
	T_EQ(ct_refusal(t).value, value);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
}

struct rsvp_resv_info
ct_only_resv(struct ct *t)
{
	struct rsvp_session_info session;
	struct rsvp_resv_info info;

	assert_true(rsvp_core_session_after(t->core, 0, &session));
	T_EQ(rsvp_core_resvs(t->core, t->now, session.serial, &info, 1), 1);
	return info;
}

struct rsvp_refusal
ct_refusal(const struct ct *t)
{
	struct rsvp_refusal r;

	assert_true(rsvp_core_refusal_before(t->core, 0, &r));
	return r;
}

void
ct_expect_empty(struct ct *t)
{
	struct rsvp_totals totals;

	rsvp_core_totals(t->core, &totals);
	T_EQ(totals.sessions, 0);
	T_EQ(totals.paths, 0);
	T_EQ(totals.resvs, 0);
	T_EQ(totals.flows, 0);
	T_EQ(totals.adopted_unclaimed, 0);
	T_EQ(t->claims, 0);
	for (uint32_t i = UP; i <= SIDE; i++)
		T_EQ(ct_reserved(t, i), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_BUG), 0);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_DROP_MEMORY) > 0, t->failed);
	T_EQ(rsvp_core_next(t->core).us, MONO_NEVER.us);
}

struct rsvp_totals
ct_totals(const struct ct *t)
{
	struct rsvp_totals totals;

	rsvp_core_totals(t->core, &totals);
	return totals;
}

/* ---- variations ---------------------------------------------------------- */

struct wire_msg *
ct_style(struct wire_msg *msg, uint8_t style)
{
	msg->style = style;
	msg->style_vector = style;
	if (style == WIRE_STYLE_WF)
		msg->flows[0].has_filter = false;
	return msg;
}

struct wire_msg *
ct_of_both(const struct ct *t, struct wire_msg *msg, uint8_t style)
{
	if (style == WIRE_STYLE_WF)
		return ct_style(msg, style);
	msg->flow_count = 2;
	msg->flows[1] = msg->flows[0];
	msg->flows[1].filter = ct_second_sender(t);
	return ct_style(msg, style);
}

struct wire_msg *
ct_resv_on_side(struct ct *t, struct wire_flowspec spec)
{
	struct wire_msg *msg = ct_resv(t, spec);

	msg->hop = (struct wire_hop){ ct_addr(t, SIDE, HOP_B), SIDE };
	return msg;
}

void
ct_path_of(struct ct *t, uint32_t ifindex, unsigned hop, unsigned host)
{
	struct wire_msg *msg = ct_path(t);

	msg->hop.addr = ct_addr(t, ifindex, hop);
	msg->sender.src = ct_addr(t, 8, host);
	ct_feed(t, ifindex, msg);
	ct_forget(t);
}

void
ct_feed_tspec(struct ct *t, struct wire_tspec tspec)
{
	struct wire_msg *msg = ct_path(t);

	msg->tspec = tspec;
	ct_feed(t, UP, msg);
}

void
ct_big_path(struct ct *t)
{
	ct_feed_tspec(t, ct_cl(900000).tspec);
	ct_forget(t);
}

const struct wire_flow *
ct_asked_flow(struct ct *t)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV, 0);

	assert_non_null(s);
	return &s->msg.flows[0];
}
