/* SPDX-License-Identifier: ISC */

/*
 * Who may ask for what: an application reserves for flows of its own.  Its end
 * of the flow is an address of this host, and its port is not another user's.
 * The port rule does not bind uid 0; what policy says comes on top, in the
 * core.  What this host has no way to send is refused here too.
 */

#include "rsvpd/api_int.h"

#include <string.h>

#include <netinet/in.h>

#include "rsvpd/net_link.h"

static bool deny(struct api_denial *d, uint16_t value, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

static bool
deny(struct api_denial *d, uint16_t value, const char *fmt, ...)
{
	struct text t = text_over(d->text, sizeof(d->text));
	va_list ap;

	d->value = value;
	va_start(ap, fmt);
	text_vprintf(&t, fmt, ap);
	va_end(ap);
	return false;
}

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_UDP || proto == IPPROTO_TCP ||
	       proto == IPPROTO_SCTP;
}

/* A flow without a port of its own is everybody's: only uid 0 may take it. */
static bool
port_is_ours(const struct api_client *client, uint8_t proto,
	const struct addr *addr, uint16_t port, struct api_denial *d)
{
	char name[ADDR_TEXT];
	uint32_t uid;

	if (client->who.uid == 0)
		return true;
	if (!has_ports(proto) || port == 0)
		return deny(d, API_PERM,
			"protocol %u port %u covers flows of every user; that "
			"needs uid 0",
			proto, port);

	const int rc = net_link_port_owner(
		client->server->engine->link, proto, addr, port, &uid);

	if (rc < 0)
		return deny(d, API_PERM,
			"cannot find out who holds port %u of %s: %s", port,
			addr_format(addr, name), strerror(-rc));
	if (rc > 0 && uid != client->who.uid)
		return deny(d, API_PERM,
			"port %u of %s is held by uid %u, not by uid %u", port,
			addr_format(addr, name), uid, client->who.uid);
	return true;
}

/* The kernel is asked about one that we do not know: it may have been added a
 * moment ago, and its notification waits in line behind this request. */
static bool
is_of_this_host(struct net_link *link, const struct addr *addr)
{
	const struct rsvp_route_query query = { .dst = *addr };
	struct rsvp_route route;

	if (net_link_is_local(link, addr))
		return true;
	net_link_route(link, &query, &route);
	return route.local;
}

/* UDP is for IPv4 alone (RFC 2205 Appendix C): without raw sockets nothing of
 * another session ever leaves or reaches this host. */
static bool
has_a_way(const struct api_session *session, struct api_denial *d)
{
	const struct engine *engine = session->client->server->engine;

	if (engine->conf->raw || session->want.session.dst.family == ADDR_V4)
		return true;
	return deny(d, API_UNSUPPORTED,
		"no RSVP for IPv6 on this host: raw = false in rsvpd.conf, and "
		"UDP is for IPv4 alone");
}

bool
api_auth_sender(const struct api_session *session, struct wire_filter *sender,
	struct api_denial *ret_denial)
{
	const struct wire_session *s = &session->want.session;
	struct net_link *link = session->client->server->engine->link;
	char name[ADDR_TEXT];

	if (!has_a_way(session, ret_denial))
		return false;
	if (sender->src.family != s->dst.family)
		return deny(ret_denial, API_INVAL,
			"sender of IPv%u in a session of IPv%u",
			sender->src.family, s->dst.family);
	if (addr_is_zero(&sender->src) &&
		!net_link_source(link, &s->dst, &sender->src))
		return deny(ret_denial, API_BADSEND,
			"no address to send from: no route to %s",
			addr_format(&s->dst, name));
	if (!is_of_this_host(link, &sender->src))
		return deny(ret_denial, API_BADSEND,
			"sender address %s is not of this host",
			addr_format(&sender->src, name));
	if (s->dst_port == 0 && sender->src_port != 0)
		return deny(ret_denial, API_BADSPORT,
			"source port %u with destination port 0 (RFC 2205 3.2)",
			sender->src_port);
	return port_is_ours(session->client, s->proto, &sender->src,
		sender->src_port, ret_denial);
}

bool
api_auth_receiver(const struct api_session *session,
	const struct addr *receiver, struct api_denial *ret_denial)
{
	const struct wire_session *s = &session->want.session;
	struct net_link *link = session->client->server->engine->link;
	const bool group = addr_is_multicast(&s->dst);
	const struct addr *end = group ? receiver : &s->dst;
	char name[ADDR_TEXT];

	if (!has_a_way(session, ret_denial))
		return false;
	/* A group's receiver may leave its interface open. */
	if (!(group && end->family == ADDR_NONE) && !is_of_this_host(link, end))
		return deny(ret_denial, API_BADRECV,
			"receiver address %s is not of this host",
			addr_format(end, name));
	return port_is_ours(
		session->client, s->proto, &s->dst, s->dst_port, ret_denial);
}
