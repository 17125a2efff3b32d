/* SPDX-License-Identifier: ISC */

/* The raw sockets: taken over from the supervisor, watched, closed. */

#include "rsvpd/net_raw_int.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/net_link_int.h"

static void
close_port(struct net_port *port)
{
	loop_fd_del(port->watch);
	loop_timer_del(port->more);
	net_batch_free(port->batch); /* what is left in it was not answered */
	port->watch = NULL;
	port->more = NULL;
	port->batch = NULL;
	if (port->fd >= 0)
		(void)close(port->fd); /* nothing is buffered for sending */
	port->fd = -1;
}

struct net_raw *
net_raw_new(struct engine *engine)
{
	struct net_raw *raw = (struct net_raw *)calloc(1, sizeof(*raw));
	struct hash_key key;

	if (!raw)
		return NULL;
	raw->engine = engine;
	for (int role = 0; role < NET_ROLE_COUNT; role++)
		raw->ports[role] = (struct net_port){
			.raw = raw, .role = (enum net_raw_role)role, .fd = -1
		};
	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key) ||
		getrandom(&raw->fragment_id, sizeof(raw->fragment_id), 0) < 0)
		goto fail;
	raw->reasm = net_reasm_new();
	raw->limit = net_limit_new(&key);
	raw->udp = net_udp_new(&key);
	if (!raw->reasm || !raw->limit || !raw->udp)
		goto fail;
	return raw;
fail:
	net_raw_free(raw);
	return NULL;
}

void
net_raw_free(struct net_raw *raw)
{
	if (!raw)
		return;
	for (int role = 0; role < NET_ROLE_COUNT; role++)
		close_port(&raw->ports[role]);
	net_reasm_free(raw->reasm);
	net_limit_free(raw->limit);
	net_udp_free(raw->udp);
	free(raw);
}

static struct net_port *
port_of(struct net_raw *raw, int role)
{
	static const enum net_raw_role roles[SUP_FD_COUNT] = {
		[SUP_FD_RAW4] = NET_RAW4,
		[SUP_FD_RAW6] = NET_RAW6,
		[SUP_FD_ALERT6] = NET_ALERT6,
		[SUP_FD_TAP6] = NET_TAP6,
		[SUP_FD_GUARD] = NET_GUARD,
		[SUP_FD_UDP] = NET_UDP,
		[SUP_FD_UDP_HOST] = NET_UDP_HOST,
	};

	return &raw->ports[roles[role]];
}

void
net_raw_watch(struct net_port *port)
{
	const bool listening = port->raw->engine->listening;
	const bool left = net_batch_left(port->batch) > 0;

	loop_fd_set(port->watch, listening && !left ? LOOP_READ : 0);
	if (listening && left)
		loop_timer_set(port->more, loop_now());
	else
		loop_timer_stop(port->more);
}

/* False: no memory. */
static bool
open_port(struct net_port *port)
{
	struct loop *loop = port->raw->engine->loop;

	port->batch = net_batch_new();
	port->more = loop_timer_add(loop, net_recv_more, port);
	port->watch = loop_fd_add(loop, port->fd, 0, net_recv_ready, port);
	return port->batch && port->more && port->watch;
}

void
net_raw_socket(struct net_raw *raw, int role, int fd)
{
	struct net_port *port = port_of(raw, role);

	close_port(port);
	port->fd = fd;
	if (port->role == NET_GUARD)
		return;
	if (open_port(port)) {
		net_raw_watch(port);
		if (role == SUP_FD_UDP)
			net_udp_ready(raw);
		return;
	}
	log_err(LOG_NET, "raw socket: no memory to watch it");
	close_port(port);
	loop_stop(raw->engine->loop);
}

static bool
speaks_udp(const struct conf *conf)
{
	for (size_t i = 0; i < conf->iface_count; i++)
		if (conf->ifaces[i].enabled &&
			conf->ifaces[i].udp != CONF_UDP_OFF)
			return true;
	return false;
}

bool
net_raw_lacks(struct net_raw *raw, int role)
{
	const struct conf *conf = raw->engine->conf;
	struct net_port *port = port_of(raw, role);
	bool needed = conf->raw;

	if (role == SUP_FD_UDP)
		needed = speaks_udp(conf);
	else if (role == SUP_FD_UDP_HOST)
		needed = !conf->raw && speaks_udp(conf);
	if (!needed)
		close_port(port);
	return needed && port->fd < 0;
}

void
net_raw_listen(struct net_raw *raw)
{
	for (int role = 0; role < NET_ROLE_COUNT; role++)
		if (raw->ports[role].watch)
			net_raw_watch(&raw->ports[role]);
}

void
net_raw_iface_gone(struct net_raw *raw, uint32_t ifindex)
{
	if (!raw)
		return;
	net_limit_forget(raw->limit, ifindex);
	net_udp_forget(raw->udp, ifindex);
}

void
net_raw_iface(struct net_raw *raw, const struct net_iface *iface)
{
	if (raw)
		net_udp_iface(raw, iface);
}

void
net_raw_udp(const struct net_raw *raw, uint32_t ifindex,
	struct net_raw_udp *ret_udp)
{
	const struct net_iface *iface =
		net_link_find(raw->engine->link, ifindex);
	const struct mono now = loop_now();

	*ret_udp =
		(struct net_raw_udp){ .mode = iface ? iface->udp : CONF_UDP_OFF,
			.seen = net_udp_seen(raw->udp, ifindex, now),
			.neighbours = net_udp_count(raw->udp, ifindex, now) };
}
