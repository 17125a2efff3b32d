/* SPDX-License-Identifier: ISC */

/*
 * RSVP packets out.  We write the IP header ourselves, because the source of a
 * forwarded Path is its sender, not us (RFC 2205 3.1.3).  The outgoing
 * interface goes with every packet: without it the kernel would route by the
 * destination alone, and multicast not at all.
 */

#include "rsvpd/net_raw_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_link_int.h"

/* Control data with its alignment; IPv6's is the larger one. */
union control {
	struct cmsghdr align;
	char v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
	char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

union name {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static void
put_control(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)m->msg_control;

	m->msg_controllen = CMSG_SPACE(len);
	memset(c, 0, m->msg_controllen);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
}

static void
address4(struct msghdr *m, union name *name, const struct net_output *out)
{
	const struct in_pktinfo info = { .ipi_ifindex = (int)out->ifindex };

	name->in = (struct sockaddr_in){ .sin_family = AF_INET };
	memcpy(&name->in.sin_addr, out->dst.b, sizeof(name->in.sin_addr));
	m->msg_namelen = sizeof(name->in);
	put_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void
address6(struct msghdr *m, union name *name, const struct net_output *out)
{
	const struct in6_pktinfo info = { .ipi6_ifindex = out->ifindex };

	name->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
	memcpy(&name->in6.sin6_addr, out->dst.b, sizeof(name->in6.sin6_addr));
	if (addr_is_link_local(&out->dst))
		name->in6.sin6_scope_id = out->ifindex;
	m->msg_namelen = sizeof(name->in6);
	put_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

/* One datagram; 0 or a negative errno. */
static int
send_piece(int fd, const struct net_output *out, struct net_packet_piece *piece)
{
	union control control;
	union name name;
	/* struct iovec serves reading and writing; sendmsg() only reads. */
	const union {
		const uint8_t *bytes;
		void *base;
	} message = { .bytes = out->bytes + piece->offset };
	struct iovec iov[2] = { { .iov_base = piece->head,
					.iov_len = piece->head_len },
		{ .iov_base = message.base, .iov_len = piece->len } };
	struct msghdr m = { .msg_name = &name,
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = &control };
	ssize_t sent;

	if (out->dst.family == ADDR_V4)
		address4(&m, &name, out);
	else
		address6(&m, &name, out);
	do
		sent = sendmsg(fd, &m, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static uint32_t
next_fragment_id(struct net_raw *raw)
{
	/* IPv4 takes the lower half; neither may be 0. */
	do
		raw->fragment_id++;
	while ((raw->fragment_id & 0xffff) == 0);
	return raw->fragment_id;
}

static int
send_all(struct net_raw *raw, const struct net_output *out, uint32_t mtu)
{
	bool v4 = out->dst.family == ADDR_V4;
	int fd = raw->ports[v4 ? NET_RAW4 : NET_ALERT6].fd;
	struct net_packet_spec spec = { .src = out->src,
		.dst = out->dst,
		.ttl = out->ttl,
		.tos = out->tos,
		.alert = out->alert,
		.mtu = mtu,
		.len = out->len };
	size_t offset = 0;

	if (fd < 0)
		return -ENOTCONN;
	spec.id = next_fragment_id(raw);
	do {
		struct net_packet_piece piece;

		if (!net_packet_build(&spec, offset, &piece))
			return -EMSGSIZE;

		int error = send_piece(fd, out, &piece);

		if (error < 0)
			return error;
		offset += piece.len;
	} while (offset < out->len);
	return 0;
}

int
net_send_complete(struct net_raw *raw, struct net_output *out)
{
	struct net_link *link = raw->engine->link;

	if (out->ifindex == 0) {
		const struct rsvp_route_query query = { .dst = out->dst };
		struct rsvp_route route;

		net_link_route(link, &query, &route);
		if (route.count == 0 && !route.local)
			return -ENETUNREACH;
		/* To ourselves: the kernel knows the way. */
		out->ifindex = route.local ? 0 : route.out_ifindex[0];
	}
	if (out->src.family == ADDR_NONE &&
		!net_link_source(link, &out->dst, &out->src))
		return -EADDRNOTAVAIL;
	return 0;
}

int
net_send_packet(struct net_raw *raw, const struct net_output *out)
{
	struct engine *engine = raw->engine;
	struct net_output full = *out;
	int error = net_send_complete(raw, &full);
	const struct net_iface *iface =
		net_link_find(engine->link, full.ifindex);

	if (error == 0)
		error = send_all(raw, &full, iface ? iface->facts.mtu : 0);
	if (error == 0) {
		engine->stats->count[STATS_SENT]++;
		return 0;
	}

	char dst[ADDR_TEXT];

	engine->stats->count[STATS_SEND_FAILED]++;
	log_remote(LOG_NET, "%s on %s: message of %zu octets not sent: %s",
		addr_format(&full.dst, dst), iface ? iface->facts.name : "-",
		full.len, strerror(-error));
	return error;
}

int
net_raw_send(struct net_raw *raw, const struct rsvp_send *send)
{
	struct net_output out = { .ifindex = send->ifindex,
		.src = send->src,
		.dst = send->dst,
		.ttl = send->ttl,
		.tos = NET_PACKET_TOS,
		.alert = send->router_alert,
		.bytes = send->bytes,
		.len = send->len };

	/* What cannot be completed fails below, with its reason. */
	if (net_send_complete(raw, &out) == 0 &&
		!net_udp_send(raw, &out, send->type))
		return 0;
	return net_send_packet(raw, &out);
}
