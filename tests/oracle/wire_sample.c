/* SPDX-License-Identifier: ISC */

/*
 * Writes random messages that the codec can send to a capture file, and prints
 * each as the codec sees it: a sample of what no list of cases has.
 *
 * usage: wire_sample CAPTURE SEED COUNT
 */

#include "tests/oracle/capture.h"

#include <math.h>
#include <stdlib.h>

#include "tests/unit/t_random.h"

enum {
	SENDERS_MAX = 12,
	SCOPE_MAX = 6,
	POLICIES_MAX = 3,
	OBJECT_MAX = 64,
	STYLE_COUNT = 3,
	POLICY_DATA = 14
};

/* What the views of a message borrow. */
struct sample {
	uint64_t state;
	uint8_t family;
	uint8_t scope[SCOPE_MAX * 16];
	uint8_t policies[POLICIES_MAX][OBJECT_MAX];
	uint8_t other[OBJECT_MAX];
	struct wire_msg msg;
};

static uint32_t
below(struct sample *s, uint32_t n)
{
	return t_below(&s->state, n);
}

static bool
often(struct sample *s)
{
	return below(s, 4) > 0;
}

static uint32_t
any32(struct sample *s)
{
	return (uint32_t)t_random(&s->state) >> below(s, 32);
}

static struct addr
address(struct sample *s)
{
	struct addr a = { .family = s->family };
	uint64_t bits = t_random(&s->state);

	memcpy(a.b, &bits, sizeof(bits));
	bits = t_random(&s->state);
	if (s->family == ADDR_V6)
		memcpy(a.b + 8, &bits, sizeof(bits));
	a.b[0] = s->family == ADDR_V4 ? 10 : 0x20;
	return a;
}

/* Of any size that a rate or a depth may have: 1 to 1e12. */
static float
quantity(struct sample *s)
{
	return (float)exp2(
		(double)below(s, 40) + (double)below(s, 1000) / 1000);
}

static struct wire_tspec
tspec(struct sample *s)
{
	struct wire_tspec t = { .r = quantity(s),
		.b = quantity(s),
		.p = quantity(s),
		.m = any32(s),
		.M = any32(s) };

	if (below(s, 8) == 0)
		t.p = INFINITY;
	return t;
}

static struct wire_filter
filter(struct sample *s)
{
	struct wire_filter f = { .src = address(s),
		.src_port = (uint16_t)any32(s) };

	if (s->family == ADDR_V6 && below(s, 4) == 0) {
		f.form = WIRE_FILTER_FLOW_LABEL;
		f.flow_label = any32(s) & 0xfffff;
		f.src_port = 0;
	}
	return f;
}

static struct wire_flowspec
flowspec(struct sample *s)
{
	struct wire_flowspec f = { .service = WIRE_SERVICE_CL,
		.tspec = tspec(s) };

	if (below(s, 2) == 0) {
		f.service = WIRE_SERVICE_GS;
		f.R = quantity(s);
		f.S = any32(s);
	}
	return f;
}

static struct wire_general
general(struct sample *s, uint8_t present)
{
	return (struct wire_general){ .present = present,
		.hops = any32(s),
		.bandwidth_Bps = quantity(s),
		.latency_us = below(s, 4) ? any32(s) : WIRE_LATENCY_UNKNOWN,
		.mtu = any32(s) };
}

static void
add_adspec(struct sample *s)
{
	struct wire_adspec *a = &s->msg.adspec;

	a->broken = !often(s);
	a->general = general(s, WIRE_GENERAL_ALL);
	if (often(s))
		a->services[a->service_count++] = (struct wire_adspec_service){
			.service = WIRE_SERVICE_GS,
			.broken = !often(s),
			.gs_terms = often(s),
			.Ctot = any32(s),
			.Dtot = any32(s),
			.Csum = any32(s),
			.Dsum = any32(s),
			.overrides = general(s, (uint8_t)(below(s, 4) << 2)),
		};
	if (often(s))
		a->services[a->service_count++] = (struct wire_adspec_service){
			.service = WIRE_SERVICE_CL,
			.broken = !often(s),
			.overrides = general(s, (uint8_t)below(s, 16)),
		};
	s->msg.has |= WIRE_HAS_ADSPEC;
}

/* One element of a type that nobody knows, and an object for others. */
static void
add_opaque(struct sample *s)
{
	struct wire_msg *msg = &s->msg;

	for (uint32_t i = below(s, POLICIES_MAX + 1); i-- > 0;) {
		size_t data = 4 * below(s, 8);
		struct buf_writer w =
			buf_writer(s->policies[msg->policy_count], OBJECT_MAX);

		buf_put_u16be(&w, (uint16_t)(12 + data));
		buf_put_u8(&w, POLICY_DATA);
		buf_put_u8(&w, 1);
		buf_put_u32be(&w, 0x00080000); /* the elements' offset */
		buf_put_u16be(&w, (uint16_t)(4 + data));
		buf_put_u16be(&w, (uint16_t)(100 + below(s, 100)));
		for (size_t d = 0; d < data; d++)
			buf_put_u8(&w, (uint8_t)any32(s));
		msg->policies[msg->policy_count] =
			(struct wire_view){ s->policies[msg->policy_count],
				buf_written(&w) };
		msg->policy_count++;
	}
	if (often(s))
		return;

	struct buf_writer w = buf_writer(s->other, OBJECT_MAX);

	buf_put_u16be(&w, 12);
	buf_put_u8(&w, (uint8_t)(240 + below(s, 10)));
	buf_put_u8(&w, (uint8_t)below(s, 256));
	buf_put_u64le(&w, t_random(&s->state));
	msg->others[msg->other_count++] =
		(struct wire_view){ s->other, buf_written(&w) };
}

/* Ascending addresses. */
static void
add_scope(struct sample *s)
{
	size_t size = addr_size(s->family);
	struct addr a = address(s);

	s->msg.has |= WIRE_HAS_SCOPE;
	s->msg.scope_count = 1 + below(s, SCOPE_MAX);
	s->msg.scope_view =
		(struct wire_view){ s->scope, s->msg.scope_count * size };
	for (size_t i = 0; i < s->msg.scope_count; i++) {
		a.b[1] = (uint8_t)(i * 40 + below(s, 40));
		memcpy(s->scope + i * size, a.b, size);
	}
}

static void
add_flows(struct sample *s)
{
	static const uint8_t styles[STYLE_COUNT] = { WIRE_STYLE_WF,
		WIRE_STYLE_FF, WIRE_STYLE_SE };
	struct wire_msg *msg = &s->msg;
	struct wire_flowspec shared = flowspec(s);
	bool bare = msg->type == WIRE_RESV_TEAR && !often(s);

	msg->has |= WIRE_HAS_STYLE;
	msg->style = styles[below(s, STYLE_COUNT)];
	msg->flow_count = 1 + below(s, SENDERS_MAX);
	if (msg->style == WIRE_STYLE_WF ||
		(msg->style == WIRE_STYLE_FF && msg->type == WIRE_RESV_ERR))
		msg->flow_count = 1;
	for (size_t i = 0; i < msg->flow_count; i++) {
		struct wire_flow *flow = &msg->flows[i];

		flow->has_flowspec = !bare;
		flow->has_filter = msg->style != WIRE_STYLE_WF;
		flow->filter = filter(s);
		flow->flowspec =
			msg->style == WIRE_STYLE_FF ? flowspec(s) : shared;
	}
	if (msg->style == WIRE_STYLE_WF && msg->type != WIRE_RESV_CONF &&
		often(s))
		add_scope(s);
}

static void
add_sender(struct sample *s)
{
	s->msg.has |= WIRE_HAS_SENDER;
	s->msg.sender = filter(s);
	if (s->msg.type != WIRE_PATH && !often(s))
		return;
	s->msg.has |= WIRE_HAS_TSPEC;
	s->msg.tspec = tspec(s);
	if (often(s))
		add_adspec(s);
}

static void
fill(struct sample *s)
{
	static const uint32_t has[] = { 0, WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES,
		WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES, WIRE_HAS_ERROR,
		WIRE_HAS_HOP | WIRE_HAS_ERROR, WIRE_HAS_HOP, WIRE_HAS_HOP,
		WIRE_HAS_ERROR | WIRE_HAS_CONFIRM };
	struct wire_msg *msg = &s->msg;

	memset(msg, 0, sizeof(*msg));
	s->family = below(s, 2) ? ADDR_V4 : ADDR_V6;
	msg->type = (uint8_t)(WIRE_PATH + below(s, WIRE_RESV_CONF));
	msg->send_ttl = (uint8_t)(1 + below(s, 255));
	msg->has = WIRE_HAS_SESSION | has[msg->type];
	if (msg->type == WIRE_RESV && often(s))
		msg->has |= WIRE_HAS_CONFIRM;
	msg->session = (struct wire_session){ .dst = address(s),
		.proto = (uint8_t)(1 + below(s, 255)),
		.flags = (uint8_t)below(s, 2),
		.dst_port = (uint16_t)any32(s) };
	msg->hop = (struct wire_hop){ address(s), any32(s) };
	msg->refresh_ms = any32(s);
	msg->error = (struct wire_error){ .node = address(s),
		.flags = (uint8_t)below(s, 4),
		.code = (uint8_t)below(s, 40),
		.value = (uint16_t)any32(s) };
	/* Of these codes tshark shows values that have a meaning only. */
	if (msg->error.code == WIRE_E_ADMISSION || msg->error.code == WIRE_E_TC)
		msg->error.value = (uint16_t)(1 + below(s, 3));
	msg->confirm = address(s);
	if (msg->type == WIRE_PATH || msg->type == WIRE_PATH_ERR ||
		msg->type == WIRE_PATH_TEAR)
		add_sender(s);
	else
		add_flows(s);
	if (msg->type != WIRE_RESV_CONF)
		add_opaque(s);
}

int
main(int argc, char **argv)
{
	static struct sample s;
	struct capture c;

	if (argc != 4)
		capture_die("usage: wire_sample CAPTURE SEED COUNT");
	s.state = strtoull(argv[2], NULL, 10);
	capture_open(&c, argv[1]);
	for (unsigned long i = strtoul(argv[3], NULL, 10); i > 0; i--) {
		fill(&s);
		capture_message(&c, &s.msg);
	}
	capture_close(&c);
	return 0;
}
