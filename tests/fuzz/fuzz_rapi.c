/* SPDX-License-Identifier: ISC */

/*
 * The RAPI server under applications that say anything: datagrams over a real
 * socket into api_server.c, behind it a real core.  What the server says is
 * read by the library's decoder and must be right.
 */

#include <sys/socket.h>
#include <unistd.h>

#include "rapi/rapi_msg.h"
#include "rsvpd/api_server.h"
#include "rsvpd/net_link.h"
#include "tests/fuzz/rim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 3, FLAG = 0x8000, OWNER = 4711 };

static struct rim rim;
static struct feed input;
static int clients[CLIENTS];

/* ---- the parts around the server ----------------------------------------- */

bool
net_link_is_local(const struct net_link *link, const struct addr *a)
{
	(void)link;
	return a->b[0] == 192 || a->b[15] == 1;
}

void
net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	*ret_route = (struct rsvp_route){ .local = net_link_is_local(
						  link, &query->dst) };
}

bool
net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src)
{
	(void)link;
	return addr_parse(
		dst->family == ADDR_V4 ? "192.0.2.1" : "2001:db8::1", ret_src);
}

int
net_link_port_owner(struct net_link *link, uint8_t proto, const struct addr *a,
	uint16_t port, uint32_t *ret_uid)
{
	(void)link, (void)proto, (void)a;
	*ret_uid = port == 4004 ? OWNER : (uint32_t)getuid();
	return port % 5 == 0 ? -1 : port % 2;
}

void
effect_run(struct engine *e)
{
	struct rsvp_effect effect;

	if (e->in_effects)
		return;
	e->in_effects = true;
	while (rsvp_core_take(e->core, &effect))
		if (effect.kind == RSVP_EFFECT_EVENT)
			api_server_event(e->api, &effect.event);
	e->in_effects = false;
}

/* ---- the applications ---------------------------------------------------- */

static void
check_answer(const struct msg *m)
{
	static struct rapi_msg_answer answer;
	struct rapi_msg_item item;
	size_t count = 0;

	if (rapi_msg_decode_answer(m, &answer) != RAPI_MSG_OK)
		rim_give_up("the library does not read what the daemon says");
	if (answer.type != RAPI_MSG_EVENT)
		return;
	while (rapi_msg_next_item(&answer.items, &item))
		count++;
	if (count != answer.item_count)
		rim_give_up("an event with other items than it counts");
}

static void
listen_to(int fd)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX];
	ssize_t len;

	while ((len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct buf_reader r = buf_reader(bytes, (size_t)len);
		struct msg m;

		while (msg_next(&r, &m))
			check_answer(&m);
		if (r.failed)
			rim_give_up("the daemon sends half a message");
		rim_turn();
	}
}

/* What the length's first bit chooses; its last ones say what. */
static void
other_step(unsigned what)
{
	switch (what & 7) {
	case 0:
		rim_wait_ms(1000);
		break;
	case 1:
		rim_path_arrives(&rim);
		break;
	case 2:
		rim.deny = !rim.deny;
		break;
	case 3:
		rsvp_core_tick(rim.engine.core, loop_now());
		effect_run(&rim.engine);
		break;
	default:
		listen_to(clients[what % CLIENTS]);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int listener;

	rim_begin(&rim);
	rim.engine.api = api_server_new(&rim.engine);
	if (!rim.engine.api)
		rim_give_up("no server");
	listener = rim_listen();
	api_server_socket(rim.engine.api, listener);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = rim_connect(listener);
	if (rim.stats.count[STATS_API_CLIENTS] != CLIENTS)
		rim_give_up("nobody listens");
	input = (struct feed){ data, data + size };
	for (size_t i = 0; !feed_empty(&input); i++) {
		const unsigned said = rim_send_one(
			&input, clients[data[0] % 2 == 0 ? 0 : i % CLIENTS]);

		if (said & FLAG)
			other_step(said);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		listen_to(clients[i]);
		close(clients[i]);
	}
	rim_turn();
	api_server_free(rim.engine.api);
	rim_end(&rim);
	return 0;
}
