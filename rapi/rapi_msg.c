/* SPDX-License-Identifier: ISC */

/* The bytes of the conversation between librapi and rsvpd; see rapi_msg.h. */

#include "rapi_msg.h"

/* Attributes.  Numbers are never used again; what a receiver does not know it
 * skips. */
enum {
	ATTR_PROTOCOL_MIN = 1,
	ATTR_PROTOCOL_MAX = 2,
	ATTR_PROTOCOL = 3,
	ATTR_SETTLE_MS = 4,
	ATTR_CODE = 5,
	ATTR_TEXT = 6,
	ATTR_HANDLE = 7,
	ATTR_SESSION = 8,
	ATTR_IFINDEX = 9,
	ATTR_TTL = 10,
	ATTR_STYLE = 11,
	ATTR_CONFIRM = 12,
	ATTR_RECEIVER = 13,
	ATTR_FLOW = 14, /* holds FILTER, FLOWSPEC */
	ATTR_FILTER = 15,
	ATTR_TSPEC = 16,
	ATTR_FLOWSPEC = 17,
	ATTR_ADSPEC = 18,
	ATTR_KIND = 19,
	ATTR_ERROR = 20,
	ATTR_ITEM = 21 /* holds FILTER, TSPEC, FLOWSPEC, ADSPEC */
};

enum { FLOW_LABEL_MAX = 0xfffff };

const char *
rapi_msg_fault_text(enum rapi_msg_fault fault)
{
	static const char *const texts[] = {
#define X(name, text) text,
		RAPI_MSG_FAULTS(X)
#undef X
	};

	return fault < RAPI_MSG_FAULT_COUNT ? texts[fault] : "?";
}

/* ---- values of several fields -------------------------------------------- */

static uint32_t
float_bits(float f)
{
	uint32_t bits;

	_Static_assert(sizeof(f) == sizeof(bits), "IEEE 754 single");
	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static float
get_float(struct buf_reader *r)
{
	const uint32_t bits = buf_get_u32le(r);
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static void
put_addr(struct buf_writer *w, const struct addr *a)
{
	buf_put_u8(w, a->family);
	buf_put_bytes(w, a->b, addr_size(a->family));
}

static struct addr
get_addr(struct buf_reader *r)
{
	struct addr a = { .family = buf_get_u8(r) };

	if (a.family != ADDR_NONE && addr_size(a.family) == 0) {
		r->failed = true;
		a.family = ADDR_NONE;
	}
	buf_get_bytes(r, a.b, addr_size(a.family));
	return a;
}

static void
put_filter(struct buf_writer *w, const struct wire_filter *f)
{
	uint8_t *start = msg_nest(w, ATTR_FILTER);

	put_addr(w, &f->src);
	buf_put_u8(w, f->form);
	buf_put_u16le(w, f->src_port);
	buf_put_u32le(w, f->flow_label);
	msg_nest_end(w, start);
}

static struct wire_filter
get_filter(struct buf_reader *r)
{
	struct wire_filter f = { .src = get_addr(r) };

	f.form = buf_get_u8(r);
	f.src_port = buf_get_u16le(r);
	f.flow_label = buf_get_u32le(r);
	return f;
}

/* A filter that one of the wire's forms can carry. */
static bool
filter_is_valid(const struct wire_filter *f)
{
	if (f->form == WIRE_FILTER_PORT)
		return f->src.family != ADDR_NONE && f->flow_label == 0;
	return f->form == WIRE_FILTER_FLOW_LABEL && f->src.family == ADDR_V6 &&
	       f->src_port == 0 && f->flow_label <= FLOW_LABEL_MAX;
}

static void
put_tspec_fields(struct buf_writer *w, const struct wire_tspec *t)
{
	buf_put_u32le(w, float_bits(t->r));
	buf_put_u32le(w, float_bits(t->b));
	buf_put_u32le(w, float_bits(t->p));
	buf_put_u32le(w, t->m);
	buf_put_u32le(w, t->M);
}

static struct wire_tspec
get_tspec_fields(struct buf_reader *r)
{
	struct wire_tspec t = { .r = get_float(r) };

	t.b = get_float(r);
	t.p = get_float(r);
	t.m = buf_get_u32le(r);
	t.M = buf_get_u32le(r);
	return t;
}

static void
put_tspec(struct buf_writer *w, const struct wire_tspec *t)
{
	uint8_t *start = msg_nest(w, ATTR_TSPEC);

	put_tspec_fields(w, t);
	msg_nest_end(w, start);
}

static void
put_flowspec(struct buf_writer *w, const struct wire_flowspec *f)
{
	uint8_t *start = msg_nest(w, ATTR_FLOWSPEC);

	buf_put_u8(w, f->service);
	put_tspec_fields(w, &f->tspec);
	buf_put_u32le(w, float_bits(f->R));
	buf_put_u32le(w, f->S);
	msg_nest_end(w, start);
}

static struct wire_flowspec
get_flowspec(struct buf_reader *r)
{
	struct wire_flowspec f = { .service = buf_get_u8(r) };

	f.tspec = get_tspec_fields(r);
	f.R = get_float(r);
	f.S = buf_get_u32le(r);
	return f;
}

static bool
style_is_known(uint8_t style)
{
	return style == WIRE_STYLE_WF || style == WIRE_STYLE_FF ||
	       style == WIRE_STYLE_SE;
}

/* ---- decoding: one attribute at a time ----------------------------------- */

/* Which attributes have been seen, by number. */
#define SEEN(attr) (1u << (attr))

struct state {
	enum rapi_msg_fault fault; /* the first one */
	uint32_t seen;
};

static void
refuse(struct state *s, enum rapi_msg_fault fault)
{
	if (s->fault == RAPI_MSG_OK)
		s->fault = fault;
}

static void
require(struct state *s, uint32_t attrs)
{
	if ((s->seen & attrs) != attrs)
		refuse(s, RAPI_MSG_MISSING);
}

/* Check the inside of one FLOW or ITEM while taking its parts. */
static enum rapi_msg_fault
get_item(struct buf_reader body, struct rapi_msg_item *ret_item)
{
	struct rapi_msg_item item = { 0 };
	struct msg_attr a;

	while (msg_attr_next(&body, &a)) {
		switch (a.type) {
		case ATTR_FILTER:
			item.filter = get_filter(&a.body);
			item.has_filter = true;
			break;
		case ATTR_TSPEC:
			item.tspec = get_tspec_fields(&a.body);
			item.has_tspec = true;
			break;
		case ATTR_FLOWSPEC:
			item.flowspec = get_flowspec(&a.body);
			item.has_flowspec = true;
			break;
		case ATTR_ADSPEC:
			item.adspec_view.bytes = a.body.pos;
			item.adspec_view.len = buf_left(&a.body);
			continue;
		default:
			continue;
		}
		if (!buf_complete(&a.body))
			return RAPI_MSG_SIZE;
	}
	if (body.failed)
		return RAPI_MSG_FRAMING;
	if (item.has_filter && !filter_is_valid(&item.filter))
		return RAPI_MSG_VALUE;
	*ret_item = item;
	return RAPI_MSG_OK;
}

static void
get_session(struct state *s, struct buf_reader *r, struct wire_session *session)
{
	session->dst = get_addr(r);
	session->proto = buf_get_u8(r);
	session->dst_port = buf_get_u16le(r);
	if (!r->failed && session->dst.family == ADDR_NONE)
		refuse(s, RAPI_MSG_VALUE);
}

static void
open_attr(struct state *s, struct msg_attr *a, struct rapi_msg_session *open)
{
	if (a->type == ATTR_SESSION)
		get_session(s, &a->body, &open->session);
	else if (a->type == ATTR_IFINDEX)
		open->ifindex = msg_get_u32(a);
	else
		buf_take(&a->body, buf_left(&a->body));
}

static void
sender_attr(struct state *s, struct msg_attr *a, struct rapi_msg_sender *sender)
{
	switch (a->type) {
	case ATTR_FILTER:
		sender->sender = get_filter(&a->body);
		if (!a->body.failed && !filter_is_valid(&sender->sender))
			refuse(s, RAPI_MSG_VALUE);
		break;
	case ATTR_TSPEC:
		sender->tspec = get_tspec_fields(&a->body);
		break;
	case ATTR_ADSPEC:
		sender->adspec_view.bytes = a->body.pos;
		sender->adspec_view.len = buf_left(&a->body);
		buf_take(&a->body, buf_left(&a->body));
		break;
	case ATTR_TTL:
		sender->ttl = msg_get_u8(a);
		break;
	case ATTR_IFINDEX:
		sender->ifindex = msg_get_u32(a);
		break;
	default:
		buf_take(&a->body, buf_left(&a->body));
	}
}

static void
get_flow(
	struct state *s, struct buf_reader *r, struct rapi_msg_reserve *reserve)
{
	struct rapi_msg_item item;
	const enum rapi_msg_fault fault = get_item(*r, &item);

	buf_take(r, buf_left(r));
	if (fault != RAPI_MSG_OK) {
		refuse(s, fault);
		return;
	}
	if (reserve->flow_count == WIRE_FLOWS_MAX) {
		refuse(s, RAPI_MSG_LIMIT);
		return;
	}
	if (!item.has_flowspec) {
		refuse(s, RAPI_MSG_MISSING);
		return;
	}

	struct wire_flow *flow = &reserve->flows[reserve->flow_count++];

	flow->has_flowspec = true;
	flow->flowspec = item.flowspec;
	flow->has_filter = item.has_filter;
	flow->filter = item.filter;
}

static void
reserve_attr(struct state *s, struct msg_attr *a, struct rapi_msg_request *q)
{
	switch (a->type) {
	case ATTR_STYLE:
		q->reserve.style = msg_get_u8(a);
		if (!a->body.failed && !style_is_known(q->reserve.style))
			refuse(s, RAPI_MSG_VALUE);
		break;
	case ATTR_CONFIRM:
		q->confirm = msg_get_u8(a) != 0;
		break;
	case ATTR_RECEIVER:
		q->reserve.receiver = msg_get_addr(a);
		break;
	case ATTR_FLOW:
		get_flow(s, &a->body, &q->reserve);
		break;
	default:
		buf_take(&a->body, buf_left(&a->body));
	}
}

static void
hello_attr(struct msg_attr *a, struct rapi_msg_request *q)
{
	if (a->type == ATTR_PROTOCOL_MIN)
		q->protocol_min = msg_get_u16(a);
	else if (a->type == ATTR_PROTOCOL_MAX)
		q->protocol_max = msg_get_u16(a);
	else
		buf_take(&a->body, buf_left(&a->body));
}

static void
request_attr(struct state *s, struct msg_attr *a, struct rapi_msg_request *q)
{
	if (a->type == ATTR_HANDLE)
		q->handle = msg_get_u64(a);
	else if (q->type == RAPI_MSG_HELLO)
		hello_attr(a, q);
	else if (q->type == RAPI_MSG_OPEN)
		open_attr(s, a, &q->session);
	else if (q->type == RAPI_MSG_SENDER)
		sender_attr(s, a, &q->sender);
	else if (q->type == RAPI_MSG_RESERVE)
		reserve_attr(s, a, q);
	else
		buf_take(&a->body, buf_left(&a->body));
	if (!buf_complete(&a->body))
		refuse(s, RAPI_MSG_SIZE);
	if (a->type < 32)
		s->seen |= SEEN(a->type);
}

/* WF: one flow without filter; FF and SE: each with one (RFC 2205 A.7). */
static bool
flows_fit_style(const struct rapi_msg_reserve *reserve)
{
	const bool wf = reserve->style == WIRE_STYLE_WF;

	for (size_t i = 0; i < reserve->flow_count; i++)
		if (reserve->flows[i].has_filter == wf)
			return false;
	return wf ? reserve->flow_count == 1 : reserve->flow_count > 0;
}

static void
check_request(struct state *s, const struct rapi_msg_request *q)
{
	switch (q->type) {
	case RAPI_MSG_HELLO:
		require(s, SEEN(ATTR_PROTOCOL_MIN) | SEEN(ATTR_PROTOCOL_MAX));
		return;
	case RAPI_MSG_OPEN:
		require(s, SEEN(ATTR_HANDLE) | SEEN(ATTR_SESSION));
		return;
	case RAPI_MSG_SENDER:
		require(s, SEEN(ATTR_HANDLE) | SEEN(ATTR_FILTER) |
				   SEEN(ATTR_TSPEC));
		return;
	case RAPI_MSG_RESERVE:
		require(s,
			SEEN(ATTR_HANDLE) | SEEN(ATTR_STYLE) | SEEN(ATTR_FLOW));
		if (s->fault == RAPI_MSG_OK && !flows_fit_style(&q->reserve))
			refuse(s, RAPI_MSG_VALUE);
		return;
	case RAPI_MSG_UNSEND:
	case RAPI_MSG_UNRESERVE:
	case RAPI_MSG_CLOSE:
		require(s, SEEN(ATTR_HANDLE));
		return;
	case RAPI_MSG_WELCOME:
	case RAPI_MSG_REFUSE:
	case RAPI_MSG_EVENT:
		break;
	}
	refuse(s, RAPI_MSG_UNKNOWN);
}

enum rapi_msg_fault
rapi_msg_decode_request(
	const struct msg *msg, struct rapi_msg_request *ret_request)
{
	struct rapi_msg_request *q = ret_request;
	struct buf_reader body = msg->body;
	struct state s = { 0 };
	struct msg_attr a;

	memset(q, 0, sizeof(*q));
	if (msg->version != MSG_VERSION)
		return RAPI_MSG_VERSION;
	if (msg->type < RAPI_MSG_HELLO || msg->type > RAPI_MSG_CLOSE)
		return RAPI_MSG_UNKNOWN;
	q->type = (enum rapi_msg_type)msg->type;
	while (s.fault == RAPI_MSG_OK && msg_attr_next(&body, &a))
		request_attr(&s, &a, q);
	if (body.failed)
		refuse(&s, RAPI_MSG_FRAMING);
	check_request(&s, q);
	return s.fault;
}

static void
error_value(struct msg_attr *a, struct wire_error *error)
{
	error->node = get_addr(&a->body);
	error->flags = buf_get_u8(&a->body);
	error->code = buf_get_u8(&a->body);
	error->value = buf_get_u16le(&a->body);
}

static void
answer_attr(struct state *s, struct msg_attr *a, struct rapi_msg_answer *answer)
{
	struct rapi_msg_event *event = &answer->event;
	struct rapi_msg_item item;

	switch (a->type) {
	case ATTR_PROTOCOL:
		answer->protocol = msg_get_u16(a);
		break;
	case ATTR_SETTLE_MS:
		answer->settle_ms = msg_get_u32(a);
		break;
	case ATTR_CODE:
		answer->code = msg_get_u32(a);
		break;
	case ATTR_TEXT:
		msg_get_text(a, event->text, sizeof(event->text));
		break;
	case ATTR_HANDLE:
		event->handle = msg_get_u64(a);
		break;
	case ATTR_KIND:
		event->kind = msg_get_u8(a);
		break;
	case ATTR_STYLE:
		event->style = msg_get_u8(a);
		break;
	case ATTR_ERROR:
		error_value(a, &event->error);
		break;
	case ATTR_ITEM:
		refuse(s, get_item(a->body, &item));
		answer->item_count++;
		buf_take(&a->body, buf_left(&a->body));
		break;
	default:
		buf_take(&a->body, buf_left(&a->body));
	}
	if (!buf_complete(&a->body))
		refuse(s, RAPI_MSG_SIZE);
	if (a->type < 32)
		s->seen |= SEEN(a->type);
}

static void
check_event(struct state *s, const struct rapi_msg_event *event)
{
	require(s, SEEN(ATTR_HANDLE) | SEEN(ATTR_KIND));
	if (event->kind < 1 || event->kind > 5)
		refuse(s, RAPI_MSG_VALUE);
	if (event->style != 0 && !style_is_known(event->style))
		refuse(s, RAPI_MSG_VALUE);
}

enum rapi_msg_fault
rapi_msg_decode_answer(
	const struct msg *msg, struct rapi_msg_answer *ret_answer)
{
	struct buf_reader body = msg->body;
	struct state s = { 0 };
	struct msg_attr a;

	memset(ret_answer, 0, sizeof(*ret_answer));
	if (msg->version != MSG_VERSION)
		return RAPI_MSG_VERSION;
	if (msg->type < RAPI_MSG_WELCOME || msg->type > RAPI_MSG_EVENT)
		return RAPI_MSG_UNKNOWN;
	ret_answer->type = (enum rapi_msg_type)msg->type;
	ret_answer->items = msg->body;
	while (s.fault == RAPI_MSG_OK && msg_attr_next(&body, &a))
		answer_attr(&s, &a, ret_answer);
	if (body.failed)
		refuse(&s, RAPI_MSG_FRAMING);
	if (ret_answer->type == RAPI_MSG_WELCOME)
		require(&s, SEEN(ATTR_PROTOCOL));
	else if (ret_answer->type == RAPI_MSG_REFUSE)
		require(&s, SEEN(ATTR_CODE));
	else
		check_event(&s, &ret_answer->event);
	return s.fault;
}

bool
rapi_msg_next_item(struct buf_reader *items, struct rapi_msg_item *ret_item)
{
	struct msg_attr a;

	while (msg_attr_next(items, &a))
		if (a.type == ATTR_ITEM)
			return get_item(a.body, ret_item) == RAPI_MSG_OK;
	return false;
}

/* ---- encoding ------------------------------------------------------------ */

void
rapi_msg_put_hello(struct buf_writer *w)
{
	uint8_t *start = msg_begin(w, RAPI_MSG_HELLO, 0);

	msg_put_u16(w, ATTR_PROTOCOL_MIN, RAPI_MSG_PROTOCOL);
	msg_put_u16(w, ATTR_PROTOCOL_MAX, RAPI_MSG_PROTOCOL);
	msg_end(w, start);
}

void
rapi_msg_put_session(
	struct buf_writer *w, const struct rapi_msg_session *session)
{
	uint8_t *start = msg_nest(w, ATTR_SESSION);

	put_addr(w, &session->session.dst);
	buf_put_u8(w, session->session.proto);
	buf_put_u16le(w, session->session.dst_port);
	msg_nest_end(w, start);
	if (session->ifindex != 0)
		msg_put_u32(w, ATTR_IFINDEX, session->ifindex);
}

void
rapi_msg_put_sender(struct buf_writer *w, const struct rapi_msg_sender *sender)
{
	put_filter(w, &sender->sender);
	put_tspec(w, &sender->tspec);
	if (sender->adspec_view.len > 0)
		msg_put_bytes(w, ATTR_ADSPEC, sender->adspec_view.bytes,
			sender->adspec_view.len);
	msg_put_u8(w, ATTR_TTL, sender->ttl);
	if (sender->ifindex != 0)
		msg_put_u32(w, ATTR_IFINDEX, sender->ifindex);
}

void
rapi_msg_put_reserve(
	struct buf_writer *w, const struct rapi_msg_reserve *reserve)
{
	msg_put_u8(w, ATTR_STYLE, reserve->style);
	if (reserve->receiver.family != ADDR_NONE)
		msg_put_addr(w, ATTR_RECEIVER, &reserve->receiver);
	for (size_t i = 0; i < reserve->flow_count; i++) {
		const struct wire_flow *flow = &reserve->flows[i];
		uint8_t *start = msg_nest(w, ATTR_FLOW);

		if (flow->has_filter)
			put_filter(w, &flow->filter);
		put_flowspec(w, &flow->flowspec);
		msg_nest_end(w, start);
	}
}

void
rapi_msg_put_request(struct buf_writer *w, enum rapi_msg_type type,
	uint64_t handle, const struct rapi_msg_body *body)
{
	uint8_t *start = msg_begin(w, (uint16_t)type, 0);

	msg_put_u64(w, ATTR_HANDLE, handle);
	buf_put_bytes(w, body->bytes, body->len);
	if (body->confirm)
		msg_put_u8(w, ATTR_CONFIRM, 1);
	msg_end(w, start);
}

void
rapi_msg_put_welcome(struct buf_writer *w, uint32_t settle_ms)
{
	uint8_t *start = msg_begin(w, RAPI_MSG_WELCOME, 0);

	msg_put_u16(w, ATTR_PROTOCOL, RAPI_MSG_PROTOCOL);
	msg_put_u32(w, ATTR_SETTLE_MS, settle_ms);
	msg_end(w, start);
}

void
rapi_msg_put_refuse(struct buf_writer *w, uint32_t code, const char *text)
{
	uint8_t *start = msg_begin(w, RAPI_MSG_REFUSE, 0);

	msg_put_u32(w, ATTR_CODE, code);
	msg_put_text(w, ATTR_TEXT, text);
	msg_end(w, start);
}

uint8_t *
rapi_msg_begin_event(struct buf_writer *w, const struct rapi_msg_event *event)
{
	uint8_t *start = msg_begin(w, RAPI_MSG_EVENT, 0);

	msg_put_u64(w, ATTR_HANDLE, event->handle);
	msg_put_u8(w, ATTR_KIND, event->kind);
	if (event->style != 0)
		msg_put_u8(w, ATTR_STYLE, event->style);

	uint8_t *error = msg_nest(w, ATTR_ERROR);

	put_addr(w, &event->error.node);
	buf_put_u8(w, event->error.flags);
	buf_put_u8(w, event->error.code);
	buf_put_u16le(w, event->error.value);
	msg_nest_end(w, error);
	if (event->text[0] != '\0')
		msg_put_text(w, ATTR_TEXT, event->text);
	return start;
}

void
rapi_msg_put_item(struct buf_writer *w, const struct rapi_msg_item *item)
{
	uint8_t *start = msg_nest(w, ATTR_ITEM);

	if (item->has_filter)
		put_filter(w, &item->filter);
	if (item->has_tspec)
		put_tspec(w, &item->tspec);
	if (item->has_flowspec)
		put_flowspec(w, &item->flowspec);
	if (item->adspec_view.len > 0)
		msg_put_bytes(w, ATTR_ADSPEC, item->adspec_view.bytes,
			item->adspec_view.len);
	msg_nest_end(w, start);
}

void
rapi_msg_end_event(struct buf_writer *w, uint8_t *start)
{
	msg_end(w, start);
}
