/* SPDX-License-Identifier: ISC */

/* The bytes of messages between our own processes; see msg.h. */

#include "msg.h"

bool
msg_next(struct buf_reader *r, struct msg *ret_msg)
{
	if (buf_left(r) == 0)
		return false;

	struct msg m = { 0 };
	uint32_t len = buf_get_u32le(r);

	m.version = buf_get_u16le(r);
	m.type = buf_get_u16le(r);
	m.serial = buf_get_u32le(r);
	if (len < MSG_HEADER)
		r->failed = true;
	if (r->failed)
		return false;
	m.body = buf_split(r, len - MSG_HEADER);
	if (r->failed)
		return false;
	*ret_msg = m;
	return true;
}

bool
msg_attr_next(struct buf_reader *r, struct msg_attr *ret_attr)
{
	if (buf_left(r) == 0)
		return false;

	uint16_t type = buf_get_u16le(r);
	uint16_t len = buf_get_u16le(r);

	if (len < MSG_ATTR_HEADER)
		r->failed = true;
	if (r->failed)
		return false;

	const uint8_t *body = buf_take(r, (size_t)len - MSG_ATTR_HEADER);

	if (!body)
		return false;
	/* One by one: a view that is made and then copied costs more than all
	 * the rest, and there are thousands of attributes a millisecond. */
	ret_attr->type = type;
	ret_attr->body.pos = body;
	ret_attr->body.end = r->pos;
	ret_attr->body.failed = false;
	return true;
}

/* True when exactly n octets are there; else the view fails. */
static bool
holds(struct msg_attr *attr, size_t n)
{
	if (buf_left(&attr->body) != n)
		attr->body.failed = true;
	return !attr->body.failed;
}

uint8_t
msg_get_u8(struct msg_attr *attr)
{
	return holds(attr, 1) ? buf_get_u8(&attr->body) : 0;
}

uint16_t
msg_get_u16(struct msg_attr *attr)
{
	return holds(attr, 2) ? buf_get_u16le(&attr->body) : 0;
}

uint32_t
msg_get_u32(struct msg_attr *attr)
{
	return holds(attr, 4) ? buf_get_u32le(&attr->body) : 0;
}

uint64_t
msg_get_u64(struct msg_attr *attr)
{
	return holds(attr, 8) ? buf_get_u64le(&attr->body) : 0;
}

struct addr
msg_get_addr(struct msg_attr *attr)
{
	struct addr a = { .family = buf_get_u8(&attr->body) };
	size_t n = addr_size(a.family);

	if (!holds(attr, n) || (n == 0 && a.family != ADDR_NONE)) {
		attr->body.failed = true;
		return (struct addr){ 0 };
	}
	buf_get_bytes(&attr->body, a.b, n);
	return a;
}

void
msg_get_text(struct msg_attr *attr, char *buf, size_t size)
{
	size_t n = buf_left(&attr->body);
	const uint8_t *p = buf_take(&attr->body, n);

	if (!p || n >= size || memchr(p, '\0', n)) {
		attr->body.failed = true;
		buf[0] = '\0';
		return;
	}
	memcpy(buf, p, n);
	buf[n] = '\0';
}

uint8_t *
msg_begin(struct buf_writer *w, uint16_t type, uint32_t serial)
{
	uint8_t *start = buf_reserve(w, 4);

	buf_put_u16le(w, MSG_VERSION);
	buf_put_u16le(w, type);
	buf_put_u32le(w, serial);
	return start;
}

void
msg_end(struct buf_writer *w, uint8_t *start)
{
	if (w->failed)
		return;

	struct buf_writer head = buf_writer(start, 4);

	buf_put_u32le(&head, (uint32_t)(w->pos - start));
}

uint8_t *
msg_nest(struct buf_writer *w, uint16_t attr)
{
	buf_put_u16le(w, attr);
	return buf_reserve(w, 2);
}

void
msg_nest_end(struct buf_writer *w, uint8_t *start)
{
	if (w->failed)
		return;

	size_t len = (size_t)(w->pos - start) + 2; /* with the type */

	if (len > UINT16_MAX) {
		w->failed = true;
		return;
	}

	struct buf_writer head = buf_writer(start, 2);

	buf_put_u16le(&head, (uint16_t)len);
}

void
msg_put_bytes(struct buf_writer *w, uint16_t attr, const void *bytes, size_t n)
{
	uint8_t *start = msg_nest(w, attr);

	buf_put_bytes(w, bytes, n);
	msg_nest_end(w, start);
}

void
msg_put_u8(struct buf_writer *w, uint16_t attr, uint8_t v)
{
	msg_put_bytes(w, attr, &v, 1);
}

void
msg_put_u16(struct buf_writer *w, uint16_t attr, uint16_t v)
{
	uint8_t *start = msg_nest(w, attr);

	buf_put_u16le(w, v);
	msg_nest_end(w, start);
}

void
msg_put_u32(struct buf_writer *w, uint16_t attr, uint32_t v)
{
	uint8_t *start = msg_nest(w, attr);

	buf_put_u32le(w, v);
	msg_nest_end(w, start);
}

void
msg_put_u64(struct buf_writer *w, uint16_t attr, uint64_t v)
{
	uint8_t *start = msg_nest(w, attr);

	buf_put_u64le(w, v);
	msg_nest_end(w, start);
}

void
msg_put_addr(struct buf_writer *w, uint16_t attr, const struct addr *a)
{
	uint8_t *start = msg_nest(w, attr);

	buf_put_u8(w, a->family);
	buf_put_bytes(w, a->b, addr_size(a->family));
	msg_nest_end(w, start);
}

void
msg_put_text(struct buf_writer *w, uint16_t attr, const char *text)
{
	msg_put_bytes(w, attr, text, strlen(text));
}
