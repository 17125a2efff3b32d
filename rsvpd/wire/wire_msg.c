/* SPDX-License-Identifier: ISC */

/*
 * Whole messages (RFC 2205 3.1): the common header, the checksum, and the way
 * between a sequence of objects and struct wire_msg.
 *
 * Decoding goes in passes, so that a message is judged by its worst fault: the
 * header, then whether objects tile the message, then each object and the
 * grammar.  Only a message without any of those faults is refused for an object
 * that is not known, because that refusal is answered (3.10).
 */

#include "rsvpd/wire/wire_int.h"

enum {
	RSVP_VERSION = 1,
	CHECKSUM_OFFSET = 2,
	LENGTH_OFFSET = 6,
	SENT_FLAGS = 0x1 /* the others are not defined */
};

/*
 * Singleton objects that are one member of struct wire_msg: where they are kept
 * and which bit says so.  An object's value is the union of struct wire_obj.
 */
struct member {
	uint8_t class_num;
	uint32_t has;
	size_t offset;
	size_t size;
};

#define MEMBER(class_num, has, field)                                          \
	{                                                                      \
		class_num, has, offsetof(struct wire_msg, field),              \
			sizeof(((struct wire_msg *)0)->field)                  \
	}

/* In the order that RFC 2205 recommends for every message. */
static const struct member members[] = {
	MEMBER(WIRE_C_SESSION, WIRE_HAS_SESSION, session),
	MEMBER(WIRE_C_HOP, WIRE_HAS_HOP, hop),
	MEMBER(WIRE_C_TIME_VALUES, WIRE_HAS_TIME_VALUES, refresh_ms),
	MEMBER(WIRE_C_ERROR, WIRE_HAS_ERROR, error),
	MEMBER(WIRE_C_CONFIRM, WIRE_HAS_CONFIRM, confirm),
	MEMBER(WIRE_C_SCOPE, WIRE_HAS_SCOPE, scope_view),
};
static const struct member late_members[] = {
	MEMBER(WIRE_C_STYLE, WIRE_HAS_STYLE, style_vector),
	MEMBER(WIRE_C_SENDER, WIRE_HAS_SENDER, sender),
	MEMBER(WIRE_C_TSPEC, WIRE_HAS_TSPEC, tspec),
	MEMBER(WIRE_C_ADSPEC, WIRE_HAS_ADSPEC, adspec),
};

enum {
	MEMBERS = sizeof(members) / sizeof(members[0]),
	LATE_MEMBERS = sizeof(late_members) / sizeof(late_members[0])
};

uint16_t
wire_checksum(const uint8_t *bytes, size_t len)
{
	struct buf_reader r = buf_reader(bytes, len);
	uint64_t sum = 0;

	while (buf_left(&r) >= 2)
		sum += buf_get_u16be(&r);
	if (buf_left(&r) > 0)
		sum += (uint64_t)buf_get_u8(&r) << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static const struct member *
find_member(uint8_t class_num)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].class_num == class_num)
			return &members[i];
	for (size_t i = 0; i < LATE_MEMBERS; i++)
		if (late_members[i].class_num == class_num)
			return &late_members[i];
	return NULL;
}

/* The value of an object begins where its union does. */
enum { VALUE_OFFSET = offsetof(struct wire_obj, session) };

static void
store_member(struct wire_msg *msg, const struct wire_obj *obj)
{
	const struct member *m = find_member(obj->class_num);

	if (!m)
		return;
	msg->has |= m->has;
	memcpy((uint8_t *)msg + m->offset, (const uint8_t *)obj + VALUE_OFFSET,
		m->size);
}

static void
store_policy(struct wire_msg *msg, const struct wire_obj *obj)
{
	if (obj->malformed)
		msg->policy_malformed = true;
	if (msg->policy_count < WIRE_POLICIES_MAX)
		msg->policies[msg->policy_count++] = obj->whole;
	else
		msg->policies_ignored++;
}

static void
store_other(struct wire_msg *msg, const struct wire_obj *obj)
{
	if (msg->other_count < WIRE_OTHERS_MAX)
		msg->others[msg->other_count++] = obj->whole;
	else
		msg->others_ignored++;
}

/* An object that was understood; what its member does not say is set here. */
static void
store_object(struct wire_flow_store *flows, const struct wire_obj *obj)
{
	struct wire_msg *msg = flows->msg;

	store_member(msg, obj);
	switch (obj->class_num) {
	case WIRE_C_INTEGRITY:
		msg->has |= WIRE_HAS_INTEGRITY;
		break;
	case WIRE_C_SCOPE:
		msg->scope_count =
			obj->scope_view.len / addr_size(obj->cls->family);
		break;
	case WIRE_C_STYLE:
		msg->style = obj->style_vector & WIRE_STYLE_MASK;
		break;
	case WIRE_C_TSPEC:
		msg->tspec_malformed = obj->malformed;
		if (obj->malformed)
			msg->tspec_view = obj->whole;
		break;
	case WIRE_C_ADSPEC:
		msg->adspec_malformed = obj->malformed;
		msg->adspec_view = obj->whole;
		break;
	case WIRE_C_POLICY:
		store_policy(msg, obj);
		break;
	case WIRE_C_FLOWSPEC:
	case WIRE_C_FILTER:
		wire_flow_store(flows, obj);
		break;
	default:
		break;
	}
}

/* The common header; *ret_objects is what follows it. */
static enum wire_fault
decode_header(const uint8_t *bytes, size_t len, struct wire_msg *msg,
	struct buf_reader *ret_objects)
{
	struct buf_reader r = buf_reader(bytes, len);
	uint8_t first = buf_get_u8(&r);

	msg->flags = first & 0xf;
	msg->type = buf_get_u8(&r);

	uint16_t checksum = buf_get_u16be(&r);

	msg->send_ttl = buf_get_u8(&r);
	(void)buf_get_u8(&r); /* reserved */

	size_t length = buf_get_u16be(&r);

	*ret_objects = r;
	if (r.failed || len < length)
		return WIRE_SHORT;
	if (len > length)
		return WIRE_SURPLUS;
	if (first >> 4 != RSVP_VERSION)
		return WIRE_VERSION;
	if (checksum != 0 && wire_checksum(bytes, len) != 0)
		return WIRE_CHECKSUM;
	if (msg->type < WIRE_PATH || msg->type > WIRE_RESV_CONF)
		return WIRE_UNSUPPORTED_TYPE;
	return WIRE_OK;
}

/* Objects tile the message: every length is possible, none runs out of it. */
static enum wire_fault
check_tiling(struct buf_reader objects)
{
	while (buf_left(&objects) > 0) {
		size_t len = buf_get_u16be(&objects);

		if (objects.failed)
			return WIRE_SHORT;
		if (len < WIRE_OBJ_HEADER || len % 4 != 0)
			return WIRE_LENGTH;
		(void)buf_take(&objects, len - 2);
	}
	return objects.failed ? WIRE_SHORT : WIRE_OK;
}

struct decoder {
	struct wire_check check;
	struct wire_flow_store flows;
	enum wire_fault unknown; /* the first object not known, or WIRE_OK */
};

/* RFC 2205 3.10, for an object that the table does not have. */
static void
take_unknown(
	struct decoder *d, enum wire_fault fault, const struct wire_obj *obj)
{
	struct wire_msg *msg = d->flows.msg;
	bool known_class = fault == WIRE_UNKNOWN_CTYPE;

	if (!known_class && obj->class_num == WIRE_C_NULL)
		return;
	if (!known_class &&
		wire_unknown_class(obj->class_num) == WIRE_UNKNOWN_DROP)
		return;
	if (!known_class &&
		wire_unknown_class(obj->class_num) == WIRE_UNKNOWN_FORWARD) {
		store_other(msg, obj);
		return;
	}
	if (d->unknown != WIRE_OK)
		return;
	d->unknown = fault;
	msg->bad_class = obj->class_num;
	msg->bad_ctype = obj->c_type;
}

static enum wire_fault
decode_object(struct decoder *d, struct buf_reader *objects)
{
	struct wire_obj obj;
	enum wire_fault fault = wire_obj_decode(objects, &obj);
	bool unknown =
		fault == WIRE_UNKNOWN_CLASS || fault == WIRE_UNKNOWN_CTYPE;

	if (fault != WIRE_OK && !unknown)
		return fault;

	enum wire_fault misplaced = wire_check_object(&d->check, &obj);

	if (misplaced != WIRE_OK)
		return misplaced;
	if (unknown)
		take_unknown(d, fault, &obj);
	else
		store_object(&d->flows, &obj);
	return WIRE_OK;
}

enum wire_fault
wire_msg_decode(const uint8_t *bytes, size_t len, struct wire_msg *ret_msg)
{
	struct buf_reader objects;
	enum wire_fault fault;

	memset(ret_msg, 0, sizeof(*ret_msg));
	fault = decode_header(bytes, len, ret_msg, &objects);
	if (fault == WIRE_OK)
		fault = check_tiling(objects);
	if (fault != WIRE_OK)
		return fault;

	struct decoder d = { .check.type = ret_msg->type,
		.flows.msg = ret_msg,
		.unknown = WIRE_OK };

	while (buf_left(&objects) > 0) {
		fault = decode_object(&d, &objects);
		if (fault != WIRE_OK)
			return fault;
	}
	wire_flow_store_end(&d.flows);
	fault = wire_check_end(&d.check);
	return fault != WIRE_OK ? fault : d.unknown;
}

/* The family of a singleton's address; ADDR_NONE if it has none. */
static uint8_t
member_family(const struct wire_msg *msg, uint8_t class_num)
{
	switch (class_num) {
	case WIRE_C_HOP:
		return msg->hop.addr.family;
	case WIRE_C_ERROR:
		return msg->error.node.family;
	case WIRE_C_CONFIRM:
		return msg->confirm.family;
	default: /* SESSION, and a SCOPE of its family */
		return msg->session.dst.family;
	}
}

/* What the copy of a member does not say. */
static void
complete_object(const struct wire_msg *msg, struct wire_obj *obj)
{
	switch (obj->class_num) {
	case WIRE_C_STYLE:
		obj->style_vector = msg->style;
		break;
	case WIRE_C_TSPEC:
		obj->malformed = msg->tspec_malformed;
		if (obj->malformed)
			obj->whole = msg->tspec_view;
		break;
	case WIRE_C_ADSPEC:
		obj->malformed = msg->adspec_malformed;
		if (obj->malformed)
			obj->whole = msg->adspec_view;
		break;
	default:
		break;
	}
}

static bool
each_member(const struct wire_msg *msg, const struct member *m,
	wire_each_fn *fn, void *arg)
{
	struct wire_obj obj;

	if (!(msg->has & m->has))
		return true;
	if (m->class_num == WIRE_C_SENDER)
		obj = wire_obj_make_filter(m->class_num, &msg->sender);
	else
		obj = wire_obj_make(
			m->class_num, member_family(msg, m->class_num));
	memcpy((uint8_t *)&obj + VALUE_OFFSET, (const uint8_t *)msg + m->offset,
		m->size);
	complete_object(msg, &obj);
	return fn(arg, &obj);
}

/* Objects that are kept as bytes. */
static bool
each_view(const struct wire_view *views, size_t count, wire_each_fn *fn,
	void *arg)
{
	for (size_t i = 0; i < count; i++) {
		struct buf_reader r = buf_reader(views[i].bytes, views[i].len);
		struct wire_obj obj;

		(void)wire_obj_decode(&r, &obj); /* fn judges what it is */
		obj.whole = views[i];
		if (!fn(arg, &obj))
			return false;
	}
	return true;
}

bool
wire_msg_each(const struct wire_msg *msg, wire_each_fn *fn, void *arg)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (!each_member(msg, &members[i], fn, arg))
			return false;
	if (!each_view(msg->policies, msg->policy_count, fn, arg) ||
		!each_view(msg->others, msg->other_count, fn, arg))
		return false;
	for (size_t i = 0; i < LATE_MEMBERS; i++)
		if (!each_member(msg, &late_members[i], fn, arg))
			return false;
	return wire_flow_each(msg, fn, arg);
}

struct encoder {
	struct wire_check check;
	struct buf_writer *w;
};

/* Bytes that are sent as they came: still one whole object, nothing else. */
static bool
view_is_object(const struct wire_obj *obj)
{
	struct buf_reader r = buf_reader(obj->whole.bytes, obj->whole.len);

	return check_tiling(r) == WIRE_OK &&
	       obj->whole.len == buf_get_u16be(&r) &&
	       buf_get_u8(&r) == obj->class_num;
}

static bool
encode_object(void *arg, const struct wire_obj *obj)
{
	struct encoder *e = (struct encoder *)arg;

	if (wire_check_object(&e->check, obj) != WIRE_OK)
		return false;
	if (obj->whole.len == 0) {
		if (obj->malformed)
			return false;
		wire_obj_encode(e->w, obj);
		return !e->w->failed;
	}
	if (!view_is_object(obj))
		return false;
	if (!obj->cls &&
		wire_unknown_class(obj->class_num) != WIRE_UNKNOWN_FORWARD)
		return false;
	buf_put_bytes(e->w, obj->whole.bytes, obj->whole.len);
	return !e->w->failed;
}

/* A style that nobody knows is only sent back to whoever asked with it. */
static bool
style_may_be_sent(const struct wire_msg *msg)
{
	return !(msg->has & WIRE_HAS_STYLE) || msg->type == WIRE_RESV_ERR ||
	       wire_style_known(msg->style);
}

/* Length and checksum of the message that starts there. */
static bool
finish_header(struct buf_writer *w, size_t start)
{
	size_t len = buf_written(w) - start;
	uint8_t *bytes = w->start + start;

	if (len > WIRE_MESSAGE_MAX)
		return false;

	struct buf_writer field = buf_writer(bytes + LENGTH_OFFSET, 2);

	buf_put_u16be(&field, (uint16_t)len);

	uint16_t checksum = wire_checksum(bytes, len);

	field = buf_writer(bytes + CHECKSUM_OFFSET, 2);
	/* 0 would say "not computed"; all ones is the same number. */
	buf_put_u16be(&field, checksum != 0 ? checksum : 0xffff);
	return true;
}

bool
wire_msg_encode(struct buf_writer *w, const struct wire_msg *msg)
{
	struct encoder e = { .check.type = msg->type, .w = w };
	size_t start = buf_written(w);

	if (msg->type < WIRE_PATH || msg->type > WIRE_RESV_CONF ||
		!style_may_be_sent(msg)) {
		w->failed = true;
		return false;
	}
	buf_put_u8(w, (uint8_t)(RSVP_VERSION << 4 | (msg->flags & SENT_FLAGS)));
	buf_put_u8(w, msg->type);
	buf_put_u16be(w, 0); /* checksum */
	buf_put_u8(w, msg->send_ttl);
	buf_put_u8(w, 0);    /* reserved */
	buf_put_u16be(w, 0); /* length */
	if (w->failed || !wire_msg_each(msg, encode_object, &e) ||
		wire_check_end(&e.check) != WIRE_OK || !finish_header(w, start))
		w->failed = true;
	return !w->failed;
}

struct addr
wire_scope_at(const struct wire_msg *msg, size_t i)
{
	size_t size = msg->scope_view.len / msg->scope_count;
	uint8_t family = size == addr_size(ADDR_V4) ? ADDR_V4 : ADDR_V6;
	struct buf_reader r =
		buf_reader(msg->scope_view.bytes, msg->scope_view.len);

	(void)buf_take(&r, i * size);
	return wire_get_addr(&r, family);
}
