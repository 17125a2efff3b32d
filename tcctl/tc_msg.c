/* SPDX-License-Identifier: ISC */

/*
 * The bytes of the messages in tcctl.h.  Each structure is a table of fields;
 * writer and reader walk the same table, so they cannot drift apart.  A filter
 * is a nest of its own.  Attributes are numbered over all messages.
 *
 * Engine and tcctl may be of two versions, since one is started anew without
 * the other: what came to a message later is not asked for, and is 0 without.
 */

#include "tcctl.h"

#include <assert.h>

#include "base/text.h"

enum tc_attr {
	ATTR_IFINDEX = 1,
	ATTR_NAME,
	ATTR_LINK_BPS,
	ATTR_BEST_EFFORT_BPS,
	ATTR_CONTROL_BPS,
	ATTR_MTU,
	ATTR_HEADER_BYTES,
	ATTR_OVERHEAD_BYTES,
	ATTR_MIN_FRAME_BYTES,
	ATTR_TIMER_US,
	ATTR_POOL_LOW,
	ATTR_POOL_HIGH,
	ATTR_TAKE_OVER,
	ATTR_ATM,
	ATTR_CLASSIFIER,
	ATTR_INGRESS_BPS,
	ATTR_GSO_SEGS,
	ATTR_GRO_OCTETS,
	ATTR_FLOW_ID = 32,
	ATTR_SERVICE,
	ATTR_RATE_BPS,
	ATTR_PEAK_BPS,
	ATTR_BUCKET_BYTES,
	ATTR_MAX_PACKET_BYTES,
	ATTR_MIN_PACKET_BYTES,
	ATTR_BUFFER_BYTES,
	ATTR_FILTER, /* nest, once for each filter */
	ATTR_DST = 64,
	ATTR_SRC,
	ATTR_PROTO,
	ATTR_DST_PORT,
	ATTR_SRC_PORT,
	ATTR_BY_LABEL,
	ATTR_FLOW_LABEL,
	ATTR_SPI,
	ATTR_TOKEN_BPS,
	ATTR_DEMOTED,
	ATTR_ERROR = 96,
	ATTR_TEXT,
	ATTR_CLASSID,
	ATTR_BYTES,
	ATTR_PACKETS,
	ATTR_DROPS,
	ATTR_BACKLOG_BYTES,
	ATTR_RULE_ID = 128,
	ATTR_BEFORE,
	ATTR_DENY,
	ATTR_MARKS,
	ATTR_DSCP,
	ATTR_GUARANTEED,
	ATTR_EXCESS,
	ATTR_MARKS_OUT,
	ATTR_DSCP_OUT,
	ATTR_MATCH, /* nest, once for each match */
	ATTR_FAMILY = 160,
	ATTR_SRC_FIRST,
	ATTR_SRC_LAST,
	ATTR_DST_FIRST,
	ATTR_DST_LAST,
	ATTR_SRC_PORT_FIRST,
	ATTR_SRC_PORT_LAST,
	ATTR_DST_PORT_FIRST,
	ATTR_DST_PORT_LAST,
	ATTR_DSCP_MASK,
	ATTR_IN_NAME,
	ATTR_IN_IFINDEX,
	ATTR_IN_BYTES = 192,
	ATTR_IN_PACKETS,
	ATTR_OUT_BYTES,
	ATTR_OUT_PACKETS,
	ATTR_HIDDEN_COUNTED,
	ATTR_HIDDEN_FRAGMENTS,
	ATTR_HIDDEN_EXTENSIONS
};

enum field_type { F_BOOL, F_U8, F_U16, F_U32, F_U64, F_ADDR, F_TEXT };

struct field {
	uint16_t attr;
	uint8_t type; /* enum field_type */
	bool later;   /* an older peer has no word for it */
	size_t offset;
	size_t size; /* of the member */
};

#define FIELD_OF(attr, type, later, of, member)                                \
	{                                                                      \
		attr, type, later, offsetof(struct of, member),                \
			sizeof(((struct of *)0)->member)                       \
	}
#define FIELD(attr, type, of, member) FIELD_OF(attr, type, false, of, member)
#define LATER(attr, type, of, member) FIELD_OF(attr, type, true, of, member)
#define COUNT(table)                  (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
static const struct field iface_fields[] = {
	FIELD(ATTR_IFINDEX,         F_U32,  tc_iface, ifindex),
	FIELD(ATTR_NAME,            F_TEXT, tc_iface, name),
	FIELD(ATTR_LINK_BPS,        F_U64,  tc_iface, link_Bps),
	FIELD(ATTR_BEST_EFFORT_BPS, F_U64,  tc_iface, best_effort_Bps),
	FIELD(ATTR_CONTROL_BPS,     F_U64,  tc_iface, control_Bps),
	FIELD(ATTR_MTU,             F_U32,  tc_iface, mtu),
	FIELD(ATTR_HEADER_BYTES,    F_U32,  tc_iface, header_bytes),
	FIELD(ATTR_OVERHEAD_BYTES,  F_U32,  tc_iface, overhead_bytes),
	FIELD(ATTR_MIN_FRAME_BYTES, F_U32,  tc_iface, min_frame_bytes),
	FIELD(ATTR_TIMER_US,        F_U32,  tc_iface, timer_us),
	FIELD(ATTR_POOL_LOW,        F_U32,  tc_iface, pool_low),
	FIELD(ATTR_POOL_HIGH,       F_U32,  tc_iface, pool_high),
	FIELD(ATTR_TAKE_OVER,       F_BOOL, tc_iface, take_over),
	FIELD(ATTR_ATM,             F_BOOL, tc_iface, atm),
	FIELD(ATTR_CLASSIFIER,      F_U8,   tc_iface, classifier),
	FIELD(ATTR_INGRESS_BPS,     F_U64,  tc_iface, ingress_Bps),
	LATER(ATTR_GSO_SEGS,        F_U32,  tc_iface, gso_segs),
	LATER(ATTR_GRO_OCTETS,      F_U32,  tc_iface, gro_octets),
};

/* The first two name the flow; a FLOW_DEL holds nothing else. */
enum { FLOW_NAME_FIELDS = 2 };

static const struct field flow_fields[] = {
	FIELD(ATTR_FLOW_ID,          F_U32, tc_flow, id),
	FIELD(ATTR_IFINDEX,          F_U32, tc_flow, ifindex),
	FIELD(ATTR_SERVICE,          F_U8,  tc_flow, service),
	FIELD(ATTR_RATE_BPS,         F_U64, tc_flow, rate_Bps),
	FIELD(ATTR_PEAK_BPS,         F_U64, tc_flow, peak_Bps),
	FIELD(ATTR_BUCKET_BYTES,     F_U64, tc_flow, bucket_bytes),
	FIELD(ATTR_MAX_PACKET_BYTES, F_U32, tc_flow, max_packet_bytes),
	FIELD(ATTR_MIN_PACKET_BYTES, F_U32, tc_flow, min_packet_bytes),
	FIELD(ATTR_BUFFER_BYTES,     F_U64, tc_flow, buffer_bytes),
	FIELD(ATTR_TOKEN_BPS,        F_U64, tc_flow, token_Bps),
};

static const struct field filter_fields[] = {
	FIELD(ATTR_DST,        F_ADDR, tc_filter, dst),
	FIELD(ATTR_SRC,        F_ADDR, tc_filter, src),
	FIELD(ATTR_PROTO,      F_U8,   tc_filter, proto),
	FIELD(ATTR_DST_PORT,   F_U16,  tc_filter, dst_port),
	FIELD(ATTR_SRC_PORT,   F_U16,  tc_filter, src_port),
	FIELD(ATTR_BY_LABEL,   F_BOOL, tc_filter, by_label),
	FIELD(ATTR_FLOW_LABEL, F_U32,  tc_filter, flow_label),
	FIELD(ATTR_SPI,        F_U32,  tc_filter, spi),
};

static const struct field flow_mark_fields[] = {
	FIELD(ATTR_FLOW_ID,   F_U32,  tc_flow_mark, flow_id),
	FIELD(ATTR_IFINDEX,   F_U32,  tc_flow_mark, ifindex),
	FIELD(ATTR_MARKS,     F_BOOL, tc_flow_mark, as.marks),
	FIELD(ATTR_DSCP,      F_U8,   tc_flow_mark, as.dscp),
	FIELD(ATTR_MARKS_OUT, F_BOOL, tc_flow_mark, as.marks_out),
	FIELD(ATTR_DSCP_OUT,  F_U8,   tc_flow_mark, as.dscp_out),
};

static const struct field done_fields[] = {
	FIELD(ATTR_ERROR,   F_U32,  tc_done, error),
	FIELD(ATTR_TEXT,    F_TEXT, tc_done, text),
	FIELD(ATTR_FLOW_ID, F_U32,  tc_done, flow_id),
	FIELD(ATTR_CLASSID, F_U32,  tc_done, classid),
};

static const struct field counter_fields[] = {
	FIELD(ATTR_FLOW_ID,       F_U32, tc_counter, flow_id),
	FIELD(ATTR_IFINDEX,       F_U32, tc_counter, ifindex),
	FIELD(ATTR_CLASSID,       F_U32, tc_counter, classid),
	FIELD(ATTR_BYTES,         F_U64, tc_counter, bytes),
	FIELD(ATTR_PACKETS,       F_U64, tc_counter, packets),
	FIELD(ATTR_DROPS,         F_U64, tc_counter, drops),
	FIELD(ATTR_BACKLOG_BYTES, F_U32, tc_counter, backlog_bytes),
	FIELD(ATTR_DEMOTED,       F_BOOL, tc_counter, demoted),
	LATER(ATTR_MARKS_OUT,     F_BOOL, tc_counter, marks_out),
	LATER(ATTR_HIDDEN_COUNTED,    F_BOOL, tc_counter, hidden_counted),
	LATER(ATTR_HIDDEN_FRAGMENTS,  F_U64, tc_counter, hidden_fragments),
	LATER(ATTR_HIDDEN_EXTENSIONS, F_U64, tc_counter, hidden_extensions),
};

static const struct field query_fields[] = {
	FIELD(ATTR_IFINDEX, F_U32, tc_counters_query, ifindex),
	FIELD(ATTR_FLOW_ID, F_U32, tc_counters_query, flow_id),
};

static const struct field rule_fields[] = {
	FIELD(ATTR_RULE_ID,      F_U32,  tc_rule, id),
	FIELD(ATTR_IFINDEX,      F_U32,  tc_rule, ifindex),
	FIELD(ATTR_BEFORE,       F_BOOL, tc_rule, before),
	FIELD(ATTR_DENY,         F_BOOL, tc_rule, deny),
	FIELD(ATTR_MARKS,        F_BOOL, tc_rule, marks),
	FIELD(ATTR_DSCP,         F_U8,   tc_rule, dscp),
	FIELD(ATTR_RATE_BPS,     F_U64,  tc_rule, rate_Bps),
	FIELD(ATTR_BUCKET_BYTES, F_U64,  tc_rule, bucket_bytes),
	FIELD(ATTR_GUARANTEED,   F_BOOL, tc_rule, guaranteed),
	FIELD(ATTR_EXCESS,       F_U8,   tc_rule, excess),
	FIELD(ATTR_MARKS_OUT,    F_BOOL, tc_rule, marks_out),
	FIELD(ATTR_DSCP_OUT,     F_U8,   tc_rule, dscp_out),
	LATER(ATTR_PEAK_BPS,     F_U64,  tc_rule, peak_Bps),
	LATER(ATTR_MIN_PACKET_BYTES, F_U32, tc_rule, min_packet_bytes),
	LATER(ATTR_MAX_PACKET_BYTES, F_U32, tc_rule, max_packet_bytes),
};

static const struct field match_fields[] = {
	FIELD(ATTR_FAMILY,         F_U8,   tc_rule_match, family),
	FIELD(ATTR_SRC_FIRST,      F_ADDR, tc_rule_match, src_first),
	FIELD(ATTR_SRC_LAST,       F_ADDR, tc_rule_match, src_last),
	FIELD(ATTR_DST_FIRST,      F_ADDR, tc_rule_match, dst_first),
	FIELD(ATTR_DST_LAST,       F_ADDR, tc_rule_match, dst_last),
	FIELD(ATTR_PROTO,          F_U8,   tc_rule_match, proto),
	FIELD(ATTR_SRC_PORT_FIRST, F_U16,  tc_rule_match, src_port_first),
	FIELD(ATTR_SRC_PORT_LAST,  F_U16,  tc_rule_match, src_port_last),
	FIELD(ATTR_DST_PORT_FIRST, F_U16,  tc_rule_match, dst_port_first),
	FIELD(ATTR_DST_PORT_LAST,  F_U16,  tc_rule_match, dst_port_last),
	FIELD(ATTR_DSCP,           F_U8,   tc_rule_match, dscp),
	FIELD(ATTR_DSCP_MASK,      F_U8,   tc_rule_match, dscp_mask),
	FIELD(ATTR_IN_NAME,        F_TEXT, tc_rule_match, in),
	FIELD(ATTR_IN_IFINDEX,     F_U32,  tc_rule_match, in_ifindex),
};

static const struct field rule_counter_fields[] = {
	FIELD(ATTR_RULE_ID,       F_U32, tc_rule_counter, rule_id),
	FIELD(ATTR_IFINDEX,       F_U32, tc_rule_counter, ifindex),
	FIELD(ATTR_CLASSID,       F_U32, tc_rule_counter, classid),
	FIELD(ATTR_IN_BYTES,      F_U64, tc_rule_counter, in_bytes),
	FIELD(ATTR_IN_PACKETS,    F_U64, tc_rule_counter, in_packets),
	FIELD(ATTR_OUT_BYTES,     F_U64, tc_rule_counter, out_bytes),
	FIELD(ATTR_OUT_PACKETS,   F_U64, tc_rule_counter, out_packets),
	FIELD(ATTR_BACKLOG_BYTES, F_U32, tc_rule_counter, backlog_bytes),
};
/* clang-format on */

_Static_assert(sizeof(int) == sizeof(uint32_t), "tc_done.error is an F_U32");
_Static_assert(sizeof(bool) == sizeof(uint8_t), "F_BOOL is one octet");

static void
put_field(struct buf_writer *w, const struct field *f, const uint8_t *from)
{
	const uint8_t *member = from + f->offset;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch ((enum field_type)f->type) {
	case F_BOOL:
	case F_U8:
		msg_put_u8(w, f->attr, *member);
		break;
	case F_U16:
		memcpy(&u16, member, sizeof(u16));
		msg_put_u16(w, f->attr, u16);
		break;
	case F_U32:
		memcpy(&u32, member, sizeof(u32));
		msg_put_u32(w, f->attr, u32);
		break;
	case F_U64:
		memcpy(&u64, member, sizeof(u64));
		msg_put_u64(w, f->attr, u64);
		break;
	case F_ADDR:
		msg_put_addr(w, f->attr, (const struct addr *)member);
		break;
	case F_TEXT:
		msg_put_bytes(w, f->attr, member,
			strnlen((const char *)member, f->size - 1));
		break;
	}
}

static void
put_fields(struct buf_writer *w, const struct field *fields, size_t count,
	const void *from)
{
	for (size_t i = 0; i < count; i++)
		put_field(w, &fields[i], (const uint8_t *)from);
}

/* False: the value is malformed. */
static bool
get_field(struct msg_attr *a, const struct field *f, uint8_t *to)
{
	uint8_t *member = to + f->offset;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	struct addr addr;

	switch ((enum field_type)f->type) {
	case F_BOOL:
		u8 = msg_get_u8(a);
		if (u8 > 1)
			return false;
		*member = u8;
		break;
	case F_U8:
		*member = msg_get_u8(a);
		break;
	case F_U16:
		u16 = msg_get_u16(a);
		memcpy(member, &u16, sizeof(u16));
		break;
	case F_U32:
		u32 = msg_get_u32(a);
		memcpy(member, &u32, sizeof(u32));
		break;
	case F_U64:
		u64 = msg_get_u64(a);
		memcpy(member, &u64, sizeof(u64));
		break;
	case F_ADDR:
		addr = msg_get_addr(a);
		memcpy(member, &addr, sizeof(addr));
		break;
	case F_TEXT:
		msg_get_text(a, (char *)member, f->size);
		break;
	}
	return !a->body.failed;
}

/* Number of the field with that attribute, looked for from hint on; count:
 * there is none. */
static size_t
find_field(const struct field *fields, size_t count, size_t hint, uint16_t attr)
{
	for (size_t i = hint; i < count; i++)
		if (fields[i].attr == attr)
			return i;
	for (size_t i = 0; i < hint && i < count; i++)
		if (fields[i].attr == attr)
			return i;
	return count;
}

/* What a reader does with one attribute that is not in its table; false:
 * malformed.  NULL: such attributes are skipped. */
typedef bool other_fn(struct msg_attr *attr, void *to);

static bool
has_all(const struct field *fields, size_t count, uint32_t seen)
{
	for (size_t i = 0; i < count; i++)
		if ((seen & 1u << i) == 0 && !fields[i].later)
			return false;
	return true;
}

/* Every field once; others are skipped.  The target may be half written when
 * this fails; what may be missing is as it was. */
static bool
get_fields(struct buf_reader body, const struct field *fields, size_t count,
	other_fn *other, void *to)
{
	uint32_t seen = 0;
	size_t i = 0;
	struct msg_attr a;

	assert(count < 32);
	while (msg_attr_next(&body, &a)) {
		/* Mostly the one after the last. */
		i = find_field(fields, count, i, a.type);
		if (i == count) {
			if (other && !other(&a, to))
				return false;
			continue;
		}
		if ((seen & 1u << i) != 0 ||
			!get_field(&a, &fields[i], (uint8_t *)to))
			return false;
		seen |= 1u << i;
	}
	return !body.failed && has_all(fields, count, seen);
}

void
tc_put_iface(
	struct buf_writer *w, uint32_t serial, const struct tc_iface *iface)
{
	uint8_t *m = msg_begin(w, TC_MSG_IFACE, serial);

	put_fields(w, iface_fields, COUNT(iface_fields), iface);
	msg_end(w, m);
}

bool
tc_get_iface(const struct msg *m, struct tc_iface *ret_iface)
{
	struct tc_iface iface = { 0 };

	if (!get_fields(
		    m->body, iface_fields, COUNT(iface_fields), NULL, &iface))
		return false;
	*ret_iface = iface;
	return true;
}

void
tc_put_iface_off(struct buf_writer *w, uint32_t serial, uint32_t ifindex)
{
	uint8_t *m = msg_begin(w, TC_MSG_IFACE_OFF, serial);

	msg_put_u32(w, ATTR_IFINDEX, ifindex);
	msg_end(w, m);
}

bool
tc_get_iface_off(const struct msg *m, uint32_t *ret_ifindex)
{
	struct tc_iface iface = { 0 };

	if (!get_fields(m->body, iface_fields, 1, NULL, &iface))
		return false;
	*ret_ifindex = iface.ifindex;
	return true;
}

static void
put_filter(struct buf_writer *w, const struct tc_filter *filter)
{
	uint8_t *nest = msg_nest(w, ATTR_FILTER);

	put_fields(w, filter_fields, COUNT(filter_fields), filter);
	msg_nest_end(w, nest);
}

void
tc_put_flow(struct buf_writer *w, enum tc_msg_type type, uint32_t serial,
	const struct tc_flow *flow)
{
	bool whole = type != TC_MSG_FLOW_DEL;
	uint8_t *m = msg_begin(w, (uint16_t)type, serial);

	put_fields(w, flow_fields,
		whole ? COUNT(flow_fields) : FLOW_NAME_FIELDS, flow);
	for (size_t i = 0; whole && i < flow->filter_count; i++)
		put_filter(w, &flow->filters[i]);
	msg_end(w, m);
}

static bool
get_filter(struct msg_attr *attr, void *to)
{
	struct tc_flow *flow = (struct tc_flow *)to;
	struct tc_filter *filter = &flow->filters[flow->filter_count];

	if (attr->type != ATTR_FILTER)
		return true;
	if (flow->filter_count == TC_FILTERS_MAX)
		return false;
	flow->filter_count++;
	memset(filter, 0, sizeof(*filter));
	return get_fields(
		attr->body, filter_fields, COUNT(filter_fields), NULL, filter);
}

/* Most of a flow is room for filters, of which it mostly has one. */
static void
copy_flow(const struct tc_flow *from, struct tc_flow *to)
{
	memcpy(to, from,
		offsetof(struct tc_flow, filters) +
			from->filter_count * sizeof(from->filters[0]));
	to->token_Bps = from->token_Bps;
}

bool
tc_get_flow(const struct msg *m, struct tc_flow *ret_flow)
{
	bool whole = m->type != TC_MSG_FLOW_DEL;
	struct tc_flow flow;

	memset(&flow, 0, offsetof(struct tc_flow, filters));
	flow.token_Bps = 0;
	if (!get_fields(m->body, flow_fields,
		    whole ? COUNT(flow_fields) : FLOW_NAME_FIELDS,
		    whole ? get_filter : NULL, &flow))
		return false;
	if (flow.id == 0 || (whole && flow.filter_count == 0))
		return false;
	copy_flow(&flow, ret_flow);
	return true;
}

void
tc_put_done(struct buf_writer *w, uint32_t serial, const struct tc_done *done)
{
	uint8_t *m = msg_begin(w, TC_MSG_DONE, serial);

	put_fields(w, done_fields, COUNT(done_fields), done);
	msg_end(w, m);
}

bool
tc_get_done(const struct msg *m, struct tc_done *ret_done)
{
	struct tc_done done = { 0 };

	if (!get_fields(
		    m->body, done_fields, COUNT(done_fields), NULL, &done) ||
		done.error < 0)
		return false;
	*ret_done = done;
	return true;
}

void
tc_put_flow_mark(
	struct buf_writer *w, uint32_t serial, const struct tc_flow_mark *mark)
{
	uint8_t *m = msg_begin(w, TC_MSG_FLOW_MARK, serial);

	put_fields(w, flow_mark_fields, COUNT(flow_mark_fields), mark);
	msg_end(w, m);
}

bool
tc_get_flow_mark(const struct msg *m, struct tc_flow_mark *ret_mark)
{
	struct tc_flow_mark mark = { 0 };

	if (!get_fields(m->body, flow_mark_fields, COUNT(flow_mark_fields),
		    NULL, &mark))
		return false;
	*ret_mark = mark;
	return true;
}

void
tc_put_counters(struct buf_writer *w, uint32_t serial,
	const struct tc_counters_query *query)
{
	uint8_t *m = msg_begin(w, TC_MSG_COUNTERS, serial);

	put_fields(w, query_fields, COUNT(query_fields), query);
	msg_end(w, m);
}

bool
tc_get_counters(const struct msg *m, struct tc_counters_query *ret_query)
{
	struct tc_counters_query query = { 0 };

	if (!get_fields(
		    m->body, query_fields, COUNT(query_fields), NULL, &query))
		return false;
	*ret_query = query;
	return true;
}

void
tc_put_counter(
	struct buf_writer *w, uint32_t serial, const struct tc_counter *counter)
{
	uint8_t *m = msg_begin(w, TC_MSG_COUNTER, serial);

	put_fields(w, counter_fields, COUNT(counter_fields), counter);
	msg_end(w, m);
}

bool
tc_get_counter(const struct msg *m, struct tc_counter *ret_counter)
{
	struct tc_counter counter = { 0 };

	if (!get_fields(m->body, counter_fields, COUNT(counter_fields), NULL,
		    &counter))
		return false;
	*ret_counter = counter;
	return true;
}

void
tc_put_note(struct buf_writer *w, const char *text)
{
	uint8_t *m = msg_begin(w, TC_MSG_NOTE, 0);

	msg_put_bytes(w, ATTR_TEXT, text, strnlen(text, TC_TEXT - 1));
	msg_end(w, m);
}

bool
tc_get_note(const struct msg *m, char text[TC_TEXT])
{
	static const struct field note_fields[] = { { ATTR_TEXT, F_TEXT, false,
		0, TC_TEXT } };
	char copy[TC_TEXT];

	if (!get_fields(m->body, note_fields, COUNT(note_fields), NULL, copy))
		return false;
	(void)text_copy(text, TC_TEXT, copy); /* same size: never cut */
	return true;
}

void
tc_put_lost(struct buf_writer *w, const struct tc_lost *lost)
{
	uint8_t *m = msg_begin(w, TC_MSG_LOST, 0);

	msg_put_u32(w, ATTR_IFINDEX, lost->ifindex);
	msg_put_text(w, ATTR_TEXT, lost->text);
	msg_end(w, m);
}

bool
tc_get_lost(const struct msg *m, struct tc_lost *ret_lost)
{
	static const struct field lost_fields[] = {
		FIELD(ATTR_IFINDEX, F_U32, tc_lost, ifindex),
		FIELD(ATTR_TEXT, F_TEXT, tc_lost, text),
	};
	struct tc_lost lost = { 0 };

	if (!get_fields(m->body, lost_fields, COUNT(lost_fields), NULL, &lost))
		return false;
	*ret_lost = lost;
	return true;
}

void
tc_put_rule(struct buf_writer *w, uint32_t serial, const struct tc_rule *rule)
{
	uint8_t *m = msg_begin(w, TC_MSG_RULE, serial);

	put_fields(w, rule_fields, COUNT(rule_fields), rule);
	for (size_t i = 0; i < rule->match_count; i++) {
		uint8_t *nest = msg_nest(w, ATTR_MATCH);

		put_fields(w, match_fields, COUNT(match_fields),
			&rule->matches[i]);
		msg_nest_end(w, nest);
	}
	msg_end(w, m);
}

static bool
get_match(struct msg_attr *attr, void *to)
{
	struct tc_rule *rule = (struct tc_rule *)to;

	if (attr->type != ATTR_MATCH)
		return true;
	if (rule->match_count == TC_RULE_MATCHES_MAX)
		return false;
	return get_fields(attr->body, match_fields, COUNT(match_fields), NULL,
		&rule->matches[rule->match_count++]);
}

bool
tc_get_rule(const struct msg *m, struct tc_rule *ret_rule)
{
	struct tc_rule rule = { 0 };

	if (!get_fields(m->body, rule_fields, COUNT(rule_fields), get_match,
		    &rule) ||
		rule.id == 0 || rule.match_count == 0)
		return false;
	*ret_rule = rule;
	return true;
}

void
tc_put_rules(struct buf_writer *w, enum tc_msg_type type, uint32_t serial,
	uint32_t ifindex)
{
	uint8_t *m = msg_begin(w, (uint16_t)type, serial);

	msg_put_u32(w, ATTR_IFINDEX, ifindex);
	msg_end(w, m);
}

bool
tc_get_rules(const struct msg *m, uint32_t *ret_ifindex)
{
	return tc_get_iface_off(m, ret_ifindex); /* the same body */
}

void
tc_put_rule_counter(struct buf_writer *w, uint32_t serial,
	const struct tc_rule_counter *counter)
{
	uint8_t *m = msg_begin(w, TC_MSG_RULE_COUNTER, serial);

	put_fields(w, rule_counter_fields, COUNT(rule_counter_fields), counter);
	msg_end(w, m);
}

bool
tc_get_rule_counter(const struct msg *m, struct tc_rule_counter *ret_counter)
{
	struct tc_rule_counter counter = { 0 };

	if (!get_fields(m->body, rule_counter_fields,
		    COUNT(rule_counter_fields), NULL, &counter))
		return false;
	*ret_counter = counter;
	return true;
}

static const struct field drift_fields[] = {
	FIELD(ATTR_IFINDEX, F_U32, tc_drift_report, ifindex),
	FIELD(ATTR_FLOW_ID, F_U32, tc_drift_report, flow_id),
	FIELD(ATTR_ERROR, F_U32, tc_drift_report, error),
	FIELD(ATTR_TEXT, F_TEXT, tc_drift_report, text),
};

void
tc_put_drift(struct buf_writer *w, const struct tc_drift_report *report)
{
	uint8_t *m = msg_begin(w, TC_MSG_DRIFT, 0);

	put_fields(w, drift_fields, COUNT(drift_fields), report);
	msg_end(w, m);
}

bool
tc_get_drift(const struct msg *m, struct tc_drift_report *ret_report)
{
	struct tc_drift_report report = { 0 };

	if (!get_fields(m->body, drift_fields, COUNT(drift_fields), NULL,
		    &report) ||
		report.error < 0)
		return false;
	*ret_report = report;
	return true;
}
