/* SPDX-License-Identifier: ISC */

/* Messages for a fuzzed core; see core_gen.h. */

#include "core_gen.h"

#include <string.h>

#include "rsvpd/core/adspec.h"
#include "tests/fuzz/core_world.h"

uint8_t
gen_family(struct feed *f)
{
	return feed_below(f, 4) == 3 ? ADDR_V6 : ADDR_V4;
}

struct wire_session
gen_session(struct feed *f, uint8_t family)
{
	static const uint16_t ports[] = { 5004, 5004, 5005, 0 };
	const unsigned pick = feed_u8(f);

	return (struct wire_session){ .dst = world_dst(family, pick & 7),
		.proto = pick & 0x80 ? 6 : 17,
		.flags = pick & 0x40 ? WIRE_SESSION_E_POLICE : 0,
		.dst_port = ports[pick >> 3 & 3] };
}

struct wire_filter
gen_filter(struct feed *f, uint8_t family)
{
	static const uint16_t ports[] = { 4004, 4004, 4005, 0 };
	const unsigned pick = feed_u8(f);
	struct wire_filter filter = {
		.src = world_addr(family, pick & 0x10 ? 1 : 8, (pick & 3) + 1),
		.src_port = ports[pick >> 2 & 3]
	};

	if (family == ADDR_V6 && (pick & 0x20) != 0) {
		filter.form = WIRE_FILTER_FLOW_LABEL;
		filter.src_port = 0;
		filter.flow_label = pick >> 6;
	}
	return filter;
}

/* A sane number, or the bits of any. */
static float
gen_float(struct feed *f)
{
	static const float sane[] = { 10000, 20000, 40000, 100000, 150000,
		300000, 1000000, 5000, 1500, 0, 64000, 1 };
	const unsigned pick = feed_below(f, 14);
	uint32_t bits;
	float any;

	if (pick < sizeof(sane) / sizeof(sane[0]))
		return sane[pick];
	bits = feed_u32(f);
	memcpy(&any, &bits, sizeof(any));
	return any;
}

struct wire_tspec
gen_tspec(struct feed *f)
{
	struct wire_tspec t = { 20000, 3000, 40000, 100, 1000 };
	const unsigned pick = feed_u8(f);

	if (pick & 1)
		t.r = gen_float(f);
	if (pick & 2)
		t.b = gen_float(f);
	if (pick & 4)
		t.p = gen_float(f);
	if (pick & 8)
		t.m = feed_u16(f) & 0xfff;
	if (pick & 16)
		t.M = pick & 32 ? feed_u32(f) : feed_u16(f) & 0xfff;
	return t;
}

static struct wire_flowspec
gen_flowspec(struct feed *f)
{
	const unsigned pick = feed_u8(f);
	struct wire_flowspec spec = { .service = WIRE_SERVICE_CL,
		.tspec = gen_tspec(f) };

	if ((pick & 3) == 0)
		return spec;
	if (pick == 0xff)
		spec.service = feed_u8(f);
	if ((pick & 3) != 3)
		return spec;
	spec.service = WIRE_SERVICE_GS;
	spec.R = pick & 4 ? gen_float(f) : 2 * spec.tspec.r;
	spec.S = pick & 8 ? feed_u16(f) : 0;
	return spec;
}

uint8_t
gen_style(struct feed *f)
{
	static const uint8_t styles[] = { WIRE_STYLE_FF, WIRE_STYLE_SE,
		WIRE_STYLE_WF };
	const unsigned pick = feed_u8(f);

	return pick == 0xff ? 0x1f : styles[pick % 3];
}

void
gen_flows(struct feed *f, uint8_t family, uint8_t style,
	struct wire_flow flows[WIRE_FLOWS_MAX], size_t *ret_count)
{
	const unsigned pick = feed_u8(f);
	const size_t count = style == WIRE_STYLE_WF ? 1
			     : pick == 0xff         ? WIRE_FLOWS_MAX
						    : pick % 4 + 1;

	for (size_t i = 0; i < count; i++) {
		struct wire_flow *flow = &flows[i];

		*flow = (struct wire_flow){ .has_flowspec = true,
			.has_filter = style != WIRE_STYLE_WF };
		if (flow->has_filter)
			flow->filter = gen_filter(f, family);
		if (i == 0 || style == WIRE_STYLE_FF)
			flow->flowspec = gen_flowspec(f);
		else
			flow->flowspec = flows[0].flowspec;
	}
	*ret_count = count;
}

static struct wire_hop
gen_hop(struct feed *f, uint8_t family)
{
	const unsigned pick = feed_u8(f);

	return (struct wire_hop){ world_addr(family, (pick >> 2 & 3) + 1,
					  (pick & 3) + 1),
		pick & 0x80 ? feed_u8(f) : (pick >> 4 & 7) };
}

static uint32_t
gen_refresh(struct feed *f)
{
	static const uint32_t periods[] = { 30000, 30000, 1000, 5000, 300000, 0,
		1, UINT32_MAX };

	return periods[feed_below(f, 8)];
}

/* An unknown object that is forwarded, and a POLICY_DATA. */
static void
gen_views(struct feed *f, struct wire_msg *msg)
{
	static const uint8_t other[] = { 0, 8, 0xc8, 1, 1, 2, 3, 4 };
	static const uint8_t policy[] = { 0, 8, 14, 1, 0, 4, 0, 0 };
	const unsigned pick = feed_u8(f);

	for (unsigned i = 0; (pick & 1) != 0 && i <= (pick >> 4); i++)
		msg->others[msg->other_count++] =
			(struct wire_view){ other, sizeof(other) };
	if (pick & 2)
		msg->policies[msg->policy_count++] =
			(struct wire_view){ policy, sizeof(policy) };
}

static void
gen_path(struct feed *f, struct wire_msg *msg)
{
	const uint8_t family = msg->session.dst.family;
	const unsigned pick = feed_u8(f);

	msg->has |= WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	msg->sender = gen_filter(f, family);
	msg->tspec = gen_tspec(f);
	if (msg->type == WIRE_PATH) {
		msg->has |= WIRE_HAS_TIME_VALUES;
		msg->refresh_ms = gen_refresh(f);
	}
	if (msg->type == WIRE_PATH_TEAR || (pick & 1) != 0)
		return;
	msg->has |= WIRE_HAS_ADSPEC;
	msg->adspec = adspec_default();
	msg->adspec.broken = (pick & 2) != 0;
	if (pick & 4)
		msg->adspec.general.hops = feed_u16(f);
	if (pick & 8)
		msg->adspec.general.bandwidth_Bps = gen_float(f);
	if (pick & 16)
		msg->adspec.general.mtu = feed_u16(f);
	if (pick & 32)
		msg->adspec.service_count = 0;
}

static void
gen_scope(struct feed *f, struct wire_msg *msg, uint8_t bytes[64])
{
	const size_t size = addr_size(msg->session.dst.family);
	const unsigned pick = feed_u8(f) & 15;
	size_t len = 0;

	if (pick == 0)
		return;
	for (unsigned i = 0; i < 4; i++) {
		const struct addr a =
			world_addr(msg->session.dst.family, 8, i + 1);

		if ((pick & 1u << i) == 0)
			continue;
		memcpy(bytes + len, a.b, size);
		len += size;
		msg->scope_count++;
	}
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ bytes, len };
}

static void
gen_resv(struct feed *f, struct wire_msg *msg, uint8_t scope[64])
{
	const uint8_t family = msg->session.dst.family;

	msg->has |= WIRE_HAS_STYLE;
	msg->style = gen_style(f);
	msg->style_vector = msg->style;
	gen_flows(f, family, msg->style, msg->flows, &msg->flow_count);
	if (msg->type == WIRE_RESV) {
		msg->has |= WIRE_HAS_TIME_VALUES;
		msg->refresh_ms = gen_refresh(f);
	}
	if (msg->type == WIRE_RESV_CONF ||
		(msg->type == WIRE_RESV && (feed_u8(f) & 1) != 0)) {
		msg->has |= WIRE_HAS_CONFIRM;
		msg->confirm = world_addr(family, 9, feed_below(f, 4) + 1);
	}
	if (msg->style == WIRE_STYLE_WF && msg->type != WIRE_RESV_CONF)
		gen_scope(f, msg, scope);
}

static void
gen_error(struct feed *f, struct wire_msg *msg)
{
	static const uint8_t codes[] = { WIRE_E_ADMISSION, WIRE_E_ADMISSION,
		WIRE_E_POLICY, WIRE_E_TC, WIRE_E_NO_PATH, WIRE_E_STYLE_CONFLICT,
		WIRE_E_CONFIRM, WIRE_E_RSVP_SYSTEM };
	const unsigned pick = feed_u8(f);

	msg->has |= WIRE_HAS_ERROR;
	msg->error = (struct wire_error){
		.node = world_addr(msg->session.dst.family, 7, (pick >> 5) + 1),
		.flags = (uint8_t)(pick >> 3 & 3),
		.code = pick & 0x80 ? feed_u8(f) : codes[pick & 7],
		.value = feed_u8(f)
	};
}

void
gen_message(struct feed *f, struct wire_msg *ret_msg)
{
	static uint8_t scope[64]; /* the message borrows it until the next */
	struct wire_msg *msg = ret_msg;

	memset(msg, 0, sizeof(*msg));
	msg->type = (uint8_t)(feed_below(f, 7) + 1);
	msg->send_ttl = feed_u8(f) | 1;
	msg->has = WIRE_HAS_SESSION;
	msg->session = gen_session(f, gen_family(f));
	if (msg->type != WIRE_PATH_ERR && msg->type != WIRE_RESV_CONF) {
		msg->has |= WIRE_HAS_HOP;
		msg->hop = gen_hop(f, msg->session.dst.family);
	}
	if (msg->type == WIRE_PATH_ERR || msg->type == WIRE_RESV_ERR ||
		msg->type == WIRE_RESV_CONF)
		gen_error(f, msg);
	if (msg->type == WIRE_PATH || msg->type == WIRE_PATH_ERR ||
		msg->type == WIRE_PATH_TEAR)
		gen_path(f, msg);
	else
		gen_resv(f, msg, scope);
	gen_views(f, msg);
}
