/* SPDX-License-Identifier: ISC */

/*
 * RSVP in UDP on the sockets: which group is joined where, how a message leaves
 * (RFC 2205 Appendix C), and what one that arrived stands for.
 */

#include "rsvpd/net_raw_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_link_int.h"

/* Messages to whoever is at the end of the path are for this network alone. */
enum { LOCAL_TTL = 1 };

static bool
has_raw(const struct net_raw *raw)
{
	return raw->engine->conf->raw;
}

/* ---- the group ----------------------------------------------------------- */

static void
change_group(int fd, const struct net_iface *iface, bool member)
{
	const struct ip_mreqn group = {
		.imr_multiaddr = { .s_addr = htonl(NET_UDP_GROUP) },
		.imr_ifindex = (int)iface->facts.ifindex
	};
	int option = member ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
	const char *remedy = "";

	/* It may be in already, or never have been. */
	if (setsockopt(fd, IPPROTO_IP, option, &group, sizeof(group)) == 0 ||
		errno == EADDRINUSE || !member)
		return;
	if (errno == ENOBUFS)
		remedy = " (raise net.ipv4.igmp_max_memberships)";
	log_warn(LOG_NET, "%s: cannot join 224.0.0.14 for RSVP in UDP: %s%s",
		iface->facts.name, strerror(errno), remedy);
}

void
net_udp_iface(struct net_raw *raw, const struct net_iface *iface)
{
	int fd = raw->ports[NET_UDP].fd;

	if (fd >= 0)
		change_group(fd, iface,
			iface->core.enabled && iface->udp != CONF_UDP_OFF);
}

void
net_udp_ready(struct net_raw *raw)
{
	const struct net_table *table = &raw->engine->link->table;

	for (size_t i = 0; i < table->iface_count; i++)
		if (table->ifaces[i].core.enabled)
			net_udp_iface(raw, &table->ifaces[i]);
}

/* ---- out ----------------------------------------------------------------- */

/* A message with its interface known. */
struct parcel {
	const struct net_output *out;
	const struct net_iface *iface;
	bool to_end;
};

static bool
is_to_end(uint8_t type)
{
	return type == WIRE_PATH || type == WIRE_PATH_TEAR ||
	       type == WIRE_RESV_CONF;
}

static struct net_udp_way
choose(struct net_raw *raw, const struct parcel *p, struct addr *ret_gateway)
{
	const struct addr *dst = &p->out->dst;
	struct net_udp_case c = { .raw = has_raw(raw),
		.mode = p->iface->udp,
		.to_end = p->to_end,
		.multicast = addr_is_multicast(dst) };

	*ret_gateway = (struct addr){ 0 };
	if (c.raw) {
		const struct mono now = loop_now();

		c.seen = net_udp_seen(raw->udp, p->out->ifindex, now);
		c.neighbour = net_udp_need(raw->udp, p->out->ifindex, dst, now);
	} else if (c.to_end && !c.multicast) {
		*ret_gateway = net_link_gateway(raw->engine->link, dst);
		c.on_link = ret_gateway->family == ADDR_NONE;
	}
	return net_udp_way(&c);
}

/* Where a datagram goes. */
struct target {
	struct addr dst;
	uint16_t port;
	uint8_t ttl;
};

static struct target
target_of(
	const struct parcel *p, enum net_udp_to to, const struct addr *gateway)
{
	struct target t = { .dst = p->out->dst,
		.port = NET_UDP_PORT,
		.ttl = p->to_end ? (uint8_t)LOCAL_TTL : p->out->ttl };

	if (to == NET_UDP_TO_HOST)
		t.port = NET_UDP_HOST_PORT;
	if (to == NET_UDP_TO_ALL)
		t.dst = addr_v4_u32(NET_UDP_GROUP);
	if (to == NET_UDP_TO_ROUTER) {
		t.dst = p->iface->udp_router.family == ADDR_V4
				? p->iface->udp_router
				: *gateway;
		t.ttl = p->iface->udp_ttl;
	}
	return t;
}

/* Control data with its alignment. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) +
		   CMSG_SPACE(sizeof(int))];
};

static struct cmsghdr *
put_control(struct cmsghdr *c, int type, const void *data, size_t len)
{
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	return (struct cmsghdr *)((char *)c + CMSG_SPACE(len));
}

static struct in_addr
in_addr_of(const struct addr *a)
{
	struct in_addr in;

	memcpy(&in, a->b, sizeof(in));
	return in;
}

/* The source is ours whatever the message: no socket without privilege can use
 * another's, and the message says in its objects whose it is. */
static int
send_datagram(int fd, const struct parcel *p, const struct target *t)
{
	const int ttl = t->ttl;
	const struct in_pktinfo info = { .ipi_ifindex = (int)p->out->ifindex,
		.ipi_spec_dst = in_addr_of(&p->iface->core.v4) };
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_port = htons(t->port),
		.sin_addr = in_addr_of(&t->dst) };
	/* struct iovec serves reading and writing; sendmsg() only reads. */
	const union {
		const uint8_t *bytes;
		void *base;
	} message = { .bytes = p->out->bytes };
	struct iovec iov = { .iov_base = message.base, .iov_len = p->out->len };
	union control control;
	struct msghdr m = { .msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t sent;

	memset(&control, 0, sizeof(control));
	(void)put_control(
		put_control(&control.align, IP_PKTINFO, &info, sizeof(info)),
		IP_TTL, &ttl, sizeof(ttl));
	do
		sent = sendmsg(fd, &m, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void
send_counted(
	struct net_raw *raw, const struct parcel *p, const struct target *t)
{
	uint64_t *count = raw->engine->stats->count;
	int fd = raw->ports[NET_UDP].fd;
	char dst[ADDR_TEXT];
	int error = -ENOTCONN;

	if (p->iface->core.v4.family != ADDR_V4)
		error = -EADDRNOTAVAIL;
	else if (fd >= 0)
		error = send_datagram(fd, p, t);
	if (error == 0) {
		count[STATS_UDP_SENT]++;
		return;
	}
	count[STATS_SEND_FAILED]++;
	log_remote(LOG_NET, "%s on %s: UDP message of %zu octets not sent: %s",
		addr_format(&t->dst, dst), p->iface->facts.name, p->out->len,
		strerror(-error));
}

/* Nothing but UDP, and no way for this one: say so, once in a while. */
static bool
refuse(struct net_raw *raw, const struct net_output *out)
{
	char dst[ADDR_TEXT];

	raw->engine->stats->count[STATS_SEND_FAILED]++;
	log_remote(LOG_NET,
		"%s: message not sent: raw = false, and UDP cannot take it%s",
		addr_format(&out->dst, dst),
		out->dst.family != ADDR_V4 ? " (it is for IPv4 alone)" : "");
	return false;
}

bool
net_udp_send(struct net_raw *raw, const struct net_output *out, uint8_t type)
{
	struct parcel p = { .out = out, .to_end = is_to_end(type) };
	struct net_udp_way way;
	struct addr gateway;
	struct target target;

	p.iface = net_link_find(raw->engine->link, out->ifindex);
	if (out->dst.family != ADDR_V4 || !p.iface)
		return has_raw(raw) || refuse(raw, out);
	/* Nearly always nobody needs it. */
	if (has_raw(raw) && p.iface->udp != CONF_UDP_ON &&
		net_udp_is_idle(raw->udp))
		return true;
	way = choose(raw, &p, &gateway);
	if (way.udp == NET_UDP_TO_NONE)
		return way.raw || refuse(raw, out);
	target = target_of(&p, way.udp, &gateway);
	send_counted(raw, &p, &target);
	return way.raw;
}

/* ---- in ------------------------------------------------------------------ */

bool
net_udp_takes(const struct net_raw *raw, enum net_raw_role role,
	const struct net_iface *iface, const struct addr *dst)
{
	const struct net_udp_arrival a = { .raw = has_raw(raw),
		.mode = iface->udp,
		.port = role == NET_UDP ? NET_UDP_PORT : NET_UDP_HOST_PORT,
		.dst = *dst };

	return net_udp_hears(&a);
}

/* A hop that sends in another's name is none to answer. */
static bool
names_itself(const struct wire_msg *msg, const struct addr *src)
{
	return (msg->type == WIRE_PATH || msg->type == WIRE_RESV) &&
	       addr_equal(&msg->hop.addr, src);
}

static struct net_udp_heard
heard_by(const struct net_raw *raw, const struct net_iface *iface)
{
	const struct wire_msg *msg = &raw->msg;

	return (struct net_udp_heard){ .ifindex = iface->facts.ifindex,
		.hop = msg->hop.addr,
		.path = msg->type == WIRE_PATH,
		.lifetime_ms =
			rsvp_lifetime_ms(msg->refresh_ms, iface->core.lives) };
}

void
net_udp_not(struct net_raw *raw, const struct net_iface *iface)
{
	const struct net_udp_heard heard = heard_by(raw, iface);

	if (iface->udp != CONF_UDP_OFF && heard.hop.family == ADDR_V4 &&
		(raw->msg.type == WIRE_PATH || raw->msg.type == WIRE_RESV))
		net_udp_heard_raw(raw->udp, &heard, loop_now());
}

void
net_udp_unwrap(struct net_raw *raw, const struct net_iface *iface,
	struct net_packet *packet)
{
	const struct wire_msg *msg = &raw->msg;
	const struct net_udp_heard heard = heard_by(raw, iface);
	char src[ADDR_TEXT];

	/* No router was missed between, whatever the TTL of the datagram. */
	packet->ttl = msg->send_ttl;
	/* It came to us, or to all here, for the end of its path. */
	if (msg->type == WIRE_PATH || msg->type == WIRE_PATH_TEAR)
		packet->dst = msg->session.dst;
	if (msg->type == WIRE_RESV_CONF)
		packet->dst = msg->confirm;
	if (has_raw(raw) && names_itself(msg, &packet->src) &&
		!net_udp_heard(raw->udp, &heard, loop_now()))
		log_remote(LOG_NET,
			"%s on %s: no room to remember that it needs UDP",
			addr_format(&packet->src, src), iface->facts.name);
}
