/* SPDX-License-Identifier: ISC */

/*
 * The engine's conversation with a tcctl that says anything: adopted flows,
 * answers nobody waits for, losses; it may hang up in the middle and come
 * again.  A reservation is under way meanwhile.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rsvpd/account.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/tc_client.h"
#include "tests/fuzz/rim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG = 0x8000 };

static struct rim rim;
static int peer;

void
effect_run(struct engine *e)
{
	struct rsvp_effect effect;

	if (e->in_effects)
		return;
	e->in_effects = true;
	while (rsvp_core_take(e->core, &effect))
		if (effect.kind == RSVP_EFFECT_FLOW)
			tc_client_flow(e->tc, &effect.flow);
	e->in_effects = false;
}

/* Nobody is charged. */
void
account_counter(struct account *account, const struct tc_counter *counter)
{
	(void)account;
	(void)counter;
}

/* It listens all the time. */
void
engine_adopted(struct engine *e)
{
	(void)e;
}

/* There are no links. */
void
net_link_read_again(struct net_link *link)
{
	(void)link;
}

/* Nothing is marked. */
void
marks_done(struct marks *marks, uint32_t flow_id, int error)
{
	(void)marks, (void)flow_id, (void)error;
}

static void
connect_anew(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) != 0)
		rim_give_up("no sockets");
	if (peer >= 0)
		close(peer);
	peer = pair[1];
	tc_client_socket(rim.engine.tc, pair[0]);
	rim_turn();
}

static void
reserve(float rate)
{
	struct wire_msg m = { .type = WIRE_RESV,
		.send_ttl = 63,
		.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		       WIRE_HAS_STYLE,
		.session = { .dst = addr_v4_u32(0x0a090909),
			.proto = 17,
			.dst_port = 5004 },
		.hop = { .addr = addr_v4_u32(0xc0000202), .lih = 2 },
		.refresh_ms = 30000,
		.style = WIRE_STYLE_WF,
		.flow_count = 1,
		.flows = { { .has_flowspec = true,
			.flowspec = { .service = WIRE_SERVICE_CL,
				.tspec = { rate, 1500, 2 * rate, 64,
					1500 } } } } };
	struct rsvp_packet packet = { .ifindex = 2,
		.src = m.hop.addr,
		.dst = addr_v4_u32(0xc0000201),
		.ttl = 63,
		.dst_local = true,
		.msg = &m };
	struct wire_msg path = m;

	path.type = WIRE_PATH;
	path.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		   WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	path.sender = (struct wire_filter){ .src = addr_v4_u32(0x0a080808),
		.src_port = 4004 };
	path.tspec = m.flows[0].flowspec.tspec;
	packet.msg = &path;
	packet.dst = m.session.dst;
	packet.dst_local = false;
	rsvp_core_packet(rim.engine.core, loop_now(), &packet);
	packet.msg = &m;
	packet.dst_local = true;
	rsvp_core_packet(rim.engine.core, loop_now(), &packet);
	effect_run(&rim.engine);
	rim_turn();
}

static void
counted(void *arg, const struct tc_counter *counter)
{
	unsigned *ends = (unsigned *)arg;

	*ends += counter == NULL;
}

static void
other_step(unsigned what, unsigned *ends)
{
	const struct tc_counters_query all = { 0 };

	switch (what & 7) {
	case 0:
		connect_anew();
		break;
	case 1:
		tc_client_counters(rim.engine.tc, &all, counted, ends);
		break;
	case 2:
	case 3:
		reserve(20000.0f * (float)((what >> 3 & 7) + 1));
		break;
	case 4:
		rim_wait_ms(1000);
		break;
	default:
		rsvp_core_tick(rim.engine.core, loop_now());
		effect_run(&rim.engine);
		break;
	}
	rim_drain(peer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tc_iface eth0 = {
		.ifindex = 2, .name = "eth0", .link_Bps = 1250000, .mtu = 1500
	};
	struct feed f = { data, data + size };
	unsigned ends = 0;

	peer = -1;
	rim_begin(&rim);
	rim.engine.tc = tc_client_new(&rim.engine);
	if (!rim.engine.tc)
		rim_give_up("no memory");
	tc_client_iface(rim.engine.tc, &eth0);
	connect_anew();
	rim_drain(peer);
	while (!feed_empty(&f)) {
		const unsigned said = rim_send_one(&f, peer);

		if (said & FLAG)
			other_step(said, &ends);
	}
	close(peer);
	rim_turn();
	tc_client_free(rim.engine.tc);
	if (rsvp_core_counter(rim.engine.core, RSVP_C_BUG) != 0)
		rim_give_up("a bug was counted");
	rim_end(&rim);
	return 0;
}
