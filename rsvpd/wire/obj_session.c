/* SPDX-License-Identifier: ISC */

/*
 * SESSION, FILTER_SPEC and SENDER_TEMPLATE (RFC 2205 A.1, A.9, A.10), the
 * objects that say which packets are meant.
 */

#include "rsvpd/wire/wire_int.h"

static bool
session_is_valid(const struct wire_session *s)
{
	return !addr_is_zero(&s->dst) && s->proto != 0;
}

enum wire_fault
wire_decode_session(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_session *s = &obj->session;

	s->dst = wire_get_addr(body, obj->cls->family);
	s->proto = buf_get_u8(body);
	s->flags = buf_get_u8(body);
	s->dst_port = buf_get_u16be(body);
	return session_is_valid(s) ? WIRE_OK : WIRE_VALUE;
}

void
wire_encode_session(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_session *s = &obj->session;

	if (!session_is_valid(s))
		w->failed = true;
	wire_put_addr(w, &s->dst);
	buf_put_u8(w, s->proto);
	buf_put_u8(w, s->flags);
	buf_put_u16be(w, s->dst_port);
}

/* C-Types 1 and 2: two unused octets, then the port. */
enum wire_fault
wire_decode_filter(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_filter *f = &obj->filter;

	f->form = WIRE_FILTER_PORT;
	f->src = wire_get_addr(body, obj->cls->family);
	(void)buf_get_u16be(body); /* unused */
	f->src_port = buf_get_u16be(body);
	return addr_is_unicast(&f->src) ? WIRE_OK : WIRE_VALUE;
}

void
wire_encode_filter(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_filter *f = &obj->filter;

	if (!addr_is_unicast(&f->src))
		w->failed = true;
	wire_put_addr(w, &f->src);
	buf_put_u16be(w, 0);
	buf_put_u16be(w, f->src_port);
}

/* C-Type 3: 24 bits, of which RFC 6437 leaves 20 to the flow label. */
enum wire_fault
wire_decode_label(struct buf_reader *body, struct wire_obj *obj)
{
	struct wire_filter *f = &obj->filter;

	f->form = WIRE_FILTER_FLOW_LABEL;
	f->src = wire_get_addr(body, obj->cls->family);
	f->flow_label = buf_get_u32be(body) & WIRE_FLOW_LABEL_MASK;
	return addr_is_unicast(&f->src) ? WIRE_OK : WIRE_VALUE;
}

void
wire_encode_label(struct buf_writer *w, const struct wire_obj *obj)
{
	const struct wire_filter *f = &obj->filter;

	if (!addr_is_unicast(&f->src) || f->src.family != ADDR_V6 ||
		f->flow_label > WIRE_FLOW_LABEL_MASK)
		w->failed = true;
	wire_put_addr(w, &f->src);
	buf_put_u32be(w, f->flow_label);
}

bool
wire_filter_equal(const struct wire_filter *a, const struct wire_filter *b)
{
	if (a->form != b->form || !addr_equal(&a->src, &b->src))
		return false;
	if (a->form == WIRE_FILTER_FLOW_LABEL)
		return a->flow_label == b->flow_label;
	return a->src_port == b->src_port;
}

int
wire_filter_compare(const struct wire_filter *a, const struct wire_filter *b)
{
	int order = addr_compare(&a->src, &b->src);

	if (order != 0)
		return order;
	if (a->form != b->form)
		return a->form < b->form ? -1 : 1;
	if (a->src_port != b->src_port)
		return a->src_port < b->src_port ? -1 : 1;
	if (a->flow_label != b->flow_label)
		return a->flow_label < b->flow_label ? -1 : 1;
	return 0;
}

bool
wire_session_equal(const struct wire_session *a, const struct wire_session *b)
{
	return addr_equal(&a->dst, &b->dst) && a->proto == b->proto &&
	       a->dst_port == b->dst_port;
}

void
wire_session_print(struct text *t, const struct wire_session *session)
{
	char dst[ADDR_TEXT];

	addr_format(&session->dst, dst);
	if (session->proto == 17)
		text_printf(t, "%s/udp/%u", dst, session->dst_port);
	else if (session->proto == 6)
		text_printf(t, "%s/tcp/%u", dst, session->dst_port);
	else
		text_printf(
			t, "%s/%u/%u", dst, session->proto, session->dst_port);
}

void
wire_print_session_obj(struct text *t, const struct wire_obj *obj)
{
	wire_session_print(t, &obj->session);
	if (obj->session.flags != 0)
		text_printf(t, " flags 0x%02x", obj->session.flags);
	if (obj->session.flags & WIRE_SESSION_E_POLICE)
		text_add(t, " (E_Police)");
}

void
wire_filter_print(struct text *t, const struct wire_filter *filter)
{
	char src[ADDR_TEXT];

	addr_format(&filter->src, src);
	if (filter->form == WIRE_FILTER_FLOW_LABEL)
		text_printf(t, "%s flow label 0x%05x", src,
			(unsigned)filter->flow_label);
	else if (filter->src.family == ADDR_V6)
		text_printf(t, "[%s]:%u", src, filter->src_port);
	else
		text_printf(t, "%s:%u", src, filter->src_port);
}

void
wire_print_filter_obj(struct text *t, const struct wire_obj *obj)
{
	wire_filter_print(t, &obj->filter);
}
