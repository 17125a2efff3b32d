/* SPDX-License-Identifier: ISC */

/* What stands around a fuzzed part of the daemon; see rim.h. */

#include "rim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/msg.h"
#include "tests/unit/loop_t.h"

enum { ROUNDS = 200, LENGTH_MASK = 0x7fff };

void
rim_give_up(const char *what)
{
	fprintf(stderr, "fuzz: %s\n", what);
	abort();
}

void
rim_turn(void)
{
	for (int i = 0; loop_t_call_fds() | loop_t_call_timers(); i++)
		if (i == ROUNDS)
			rim_give_up("the loop is never idle");
}

void
rim_turn_once(void)
{
	(void)loop_t_call_fds();
}

void
rim_wait_ms(int64_t ms)
{
	loop_t_go_on(ms * 1000);
	rim_turn();
}

/* ---- the engine ---------------------------------------------------------- */

static struct addr
address(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		rim_give_up(text);
	return a;
}

static void
route(void *arg, const struct rsvp_route_query *query, struct rsvp_route *ret)
{
	const struct addr ours4 = address("192.0.2.1");
	const struct addr ours6 = address("2001:db8::1");

	(void)arg;
	*ret = (struct rsvp_route){ 0 };
	ret->local = addr_equal(&query->dst, &ours4) ||
		     addr_equal(&query->dst, &ours6);
	if (!ret->local)
		ret->out_ifindex[ret->count++] = 2;
}

static void
policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret)
{
	const struct rim *rim = (const struct rim *)arg;

	(void)query;
	*ret = (struct rsvp_policy_answer){ .allowed = !rim->deny };
}

static void
policy_end(void *arg, uint32_t claim)
{
	(void)arg; /* claims are not counted here */
	(void)claim;
}

static void
make_core(struct rim *rim)
{
	struct rsvp_core_conf c = rsvp_core_defaults();
	const struct rsvp_iface eth0 = { .ifindex = 2,
		.name = "eth0",
		.up = true,
		.enabled = true,
		.traffic_control = true,
		.v4 = address("192.0.2.1"),
		.v6 = address("2001:db8::1"),
		.mtu = 1500,
		.refresh_ms = 30000,
		.lives = 3,
		.link_Bps = 1250000,
		.reservable_Bps = 1000000,
		.budget_bytes = 40000,
		.max_flows = 20,
		.assumed_min_packet = 128 };

	c.max_sessions_uid = 10;
	c.hooks = (struct rsvp_hooks){ rim, route, policy, policy_end };
	rim->engine.core = rsvp_core_new(&c);
	if (!rim->engine.core)
		rim_give_up("no core");
	rsvp_core_iface(rim->engine.core, loop_now(), &eth0);
}

void
rim_begin(struct rim *rim)
{
	memset(rim, 0, sizeof(*rim));
	log_set(LOG_LEVEL_ERR, 0);
	rim->conf = (struct conf){ .max_clients = 8,
		.max_clients_uid = 4,
		.client_queue_bytes = 65536 };
	rim->engine = (struct engine){ .conf = &rim->conf,
		.stats = &rim->stats,
		.loop = loop_t_begin((struct mono){ 1000000 }),
		.started = loop_now(),
		.listening = true };
	make_core(rim);
}

void
rim_end(struct rim *rim)
{
	rsvp_core_free(rim->engine.core);
	if (loop_t_left() > 0)
		rim_give_up("a descriptor is still watched, or a timer left");
}

void
rim_path_arrives(struct rim *rim)
{
	const struct wire_msg m = {
		.type = WIRE_PATH,
		.send_ttl = 63,
		.has = WIRE_HAS_SESSION | WIRE_HAS_HOP | WIRE_HAS_TIME_VALUES |
		       WIRE_HAS_SENDER | WIRE_HAS_TSPEC,
		.session = { .dst = address("192.0.2.1"),
			.proto = 17,
			.dst_port = 5004 },
		.hop = { .addr = address("192.0.2.2") },
		.refresh_ms = 30000,
		.sender = { .src = address("198.51.100.7"), .src_port = 5004 },
		.tspec = { .r = 1000, .b = 2000, .p = 3000, .m = 40, .M = 500 },
	};
	const struct rsvp_packet packet = { .ifindex = 2,
		.src = m.sender.src,
		.dst = m.session.dst,
		.ttl = 63,
		.dst_local = true,
		.msg = &m };

	rsvp_core_packet(rim->engine.core, loop_now(), &packet);
	effect_run(&rim->engine);
	rim_turn();
}

/* ---- sockets ------------------------------------------------------------- */

int
rim_listen(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* The kernel chooses an abstract name. */
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&any,
			sizeof(any.sun_family)) != 0 ||
		listen(fd, 8) != 0)
		rim_give_up("cannot listen");
	return fd;
}

int
rim_connect(int listener)
{
	struct sockaddr_un to;
	socklen_t len = sizeof(to);
	const int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || getsockname(listener, (struct sockaddr *)&to, &len) ||
		connect(fd, (struct sockaddr *)&to, len) != 0)
		rim_give_up("cannot connect");
	rim_turn();
	return fd;
}

void
rim_drain(int fd)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		rim_turn();
}

unsigned
rim_send_one(struct feed *f, int fd)
{
	const unsigned said = feed_u16(f);
	const uint8_t *bytes;
	const size_t len = feed_bytes(f, said & LENGTH_MASK, &bytes);

	if (len > 0) /* refused once the other side has hung up */
		(void)send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	rim_turn();
	return said;
}
