/* SPDX-License-Identifier: ISC */

/*
 * RSVP packets in.  On the way of a packet, cheapest check first: is RSVP
 * enabled on its interface, can its source be true, do the token buckets let it
 * through (RFC 6398), is it a whole RSVP message; only then the decoder, and
 * the core.
 *
 * A turn ends with the batch that was received, or when what came of its
 * packets took its time: some cost a thousand times as much as others.  The
 * rest waits for the next turn, so that whoever floods us keeps neither timers
 * nor other sockets waiting, nor the supervisor, however little of a processor
 * we have.
 */

#include "rsvpd/net_raw_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_link_int.h"

/* A packet that arrived, and where. */
struct arrival {
	enum net_raw_role role;
	uint32_t ifindex;              /* 0: not told */
	const struct net_iface *iface; /* NULL: not known */
	struct net_packet packet;
};

/* ---- what came with the packet ------------------------------------------- */

static struct addr
addr_from_in6(const struct in6_addr *in6)
{
	return addr_v6(in6->s6_addr);
}

/* Octets of a control message's data into *ret; false: another size. */
static bool
get_data(const struct cmsghdr *c, void *ret, size_t size)
{
	if (c->cmsg_len != CMSG_LEN(size))
		return false;
	memcpy(ret, CMSG_DATA(c), size);
	return true;
}

static void
read_control(const struct cmsghdr *c, struct arrival *a)
{
	struct in_pktinfo info4;
	struct in6_pktinfo info6;
	int hops;

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
		get_data(c, &info4, sizeof(info4))) {
		a->ifindex = (uint32_t)info4.ipi_ifindex;
		a->packet.dst = addr_v4_u32(ntohl(info4.ipi_addr.s_addr));
	}
	if (c->cmsg_level != IPPROTO_IPV6)
		return;
	if (c->cmsg_type == IPV6_PKTINFO &&
		get_data(c, &info6, sizeof(info6))) {
		a->ifindex = info6.ipi6_ifindex;
		a->packet.dst = addr_from_in6(&info6.ipi6_addr);
	}
	if (c->cmsg_type == IPV6_HOPLIMIT && get_data(c, &hops, sizeof(hops)))
		a->packet.ttl = (uint8_t)hops;
}

static void
read_controls(struct msghdr *m, struct arrival *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		read_control(c, a);
}

/* Take the IP header apart, or what the kernel told instead of it. */
static enum net_packet_fault
read_packet(struct arrival *a, struct msghdr *m, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)m->msg_iov->iov_base;
	const union net_name *from = (const union net_name *)m->msg_name;

	read_controls(m, a);
	if (a->role == NET_TAP6)
		a->ifindex = (uint32_t)from->ll.sll_ifindex;
	if ((m->msg_flags & MSG_TRUNC) != 0)
		return NET_PACKET_SHORT;
	if (a->role == NET_RAW4)
		return net_packet_parse4(bytes, len, &a->packet);
	if (a->role == NET_ALERT6 || a->role == NET_TAP6)
		return net_packet_parse6(bytes, len, &a->packet);
	a->packet.message = bytes;
	a->packet.len = len;
	if (net_role_is_udp(a->role)) {
		a->packet.src = addr_v4_u32(ntohl(from->in.sin_addr.s_addr));
		return NET_PACKET_OK;
	}
	a->packet.src = addr_from_in6(&from->in6.sin6_addr);
	return NET_PACKET_OK;
}

/* ---- judging it ---------------------------------------------------------- */

static void
drop(struct net_raw *raw, const struct arrival *a, enum stats_counter counter,
	const char *why)
{
	char src[ADDR_TEXT];

	raw->engine->stats->count[counter]++;
	log_remote(LOG_NET, "%s on %s: packet dropped (%s)",
		addr_format(&a->packet.src, src),
		a->iface ? a->iface->facts.name : "-", why);
}

/* Can it be true?  The kernel checks IPv4 sources in part, IPv6 not at all. */
static const char *
source_fault(const struct net_raw *raw, const struct addr *src)
{
	if (!addr_is_unicast(src))
		return "source is not a unicast address";
	if (net_link_is_local(raw->engine->link, src))
		return "source is an address of ours";
	if (addr_is_loopback(src))
		return "source is a loopback address";
	return NULL;
}

/* Silent where the peer is not to blame (RFC 2205 3.11.4) and where a flood
 * must not cost a line each. */
static bool
may_pass(struct net_raw *raw, const struct arrival *a)
{
	uint64_t *count = raw->engine->stats->count;
	const char *fault;

	if (!a->iface || !a->iface->core.enabled) {
		count[STATS_NO_IFACE]++;
		return false;
	}
	fault = source_fault(raw, &a->packet.src);
	if (fault) {
		drop(raw, a, STATS_NOT_RSVP, fault);
		return false;
	}
	if (!net_limit_admit(raw->limit, a->ifindex, &a->packet.src,
		    a->iface->packets_per_s, loop_now())) {
		count[STATS_RATE_LIMITED]++;
		return false;
	}
	return true;
}

/* Only these are for every router on the way (RFC 2205 2.9). */
static bool
is_for_routers(uint8_t type)
{
	return type == WIRE_PATH || type == WIRE_PATH_TEAR ||
	       type == WIRE_RESV_CONF;
}

/* Diverted to us by its Router Alert, but meant for somebody else: send it on
 * as it is. */
static void
pass_on(struct net_raw *raw, const struct arrival *a)
{
	const struct net_packet *p = &a->packet;
	const struct rsvp_route_query query = {
		.dst = p->dst, .src = p->src, .in_ifindex = a->ifindex
	};
	struct rsvp_route route;

	if (p->ttl <= 1) {
		drop(raw, a, STATS_NOT_RSVP, "TTL expired in transit");
		return;
	}
	net_link_route(raw->engine->link, &query, &route);
	if (route.count == 0) {
		drop(raw, a, STATS_NOT_RSVP, "no route to its destination");
		return;
	}

	const struct net_output out = { .ifindex = route.out_ifindex[0],
		.src = p->src,
		.dst = p->dst,
		.ttl = (uint8_t)(p->ttl - 1),
		.tos = p->tos,
		.alert = p->alert,
		.bytes = p->message,
		.len = p->len };

	(void)net_send_packet(raw, &out); /* counted there */
}

/* A fault of the common header: nothing in the message can be trusted. */
static bool
is_corrupt(enum wire_fault fault)
{
	return fault == WIRE_SHORT || fault == WIRE_SURPLUS ||
	       fault == WIRE_VERSION || fault == WIRE_CHECKSUM;
}

/* Can the core make something of it? (RFC 2205 3.10) */
static bool
is_understood(enum wire_fault fault)
{
	return fault == WIRE_OK || fault == WIRE_UNKNOWN_CLASS ||
	       fault == WIRE_UNKNOWN_CTYPE;
}

static void
hand_over(struct net_raw *raw, const struct arrival *a, bool dst_local,
	enum wire_fault fault)
{
	struct engine *engine = raw->engine;
	const struct rsvp_packet packet = { .ifindex = a->ifindex,
		.src = a->packet.src,
		.dst = a->packet.dst,
		.ttl = a->packet.ttl,
		.dst_local = dst_local,
		.fault = fault,
		.msg = &raw->msg,
		.bytes = a->packet.message,
		.len = a->packet.len };

	rsvp_core_packet(engine->core, loop_now(), &packet);
	effect_run(engine);
}

/* In UDP or not: what follows from the message about the way it came. */
static void
note_way(struct net_raw *raw, struct arrival *a)
{
	if (net_role_is_udp(a->role))
		net_udp_unwrap(raw, a->iface, &a->packet);
	else
		net_udp_not(raw, a->iface);
}

static void
take_message(struct net_raw *raw, struct arrival *a)
{
	const struct net_packet *p = &a->packet;
	enum wire_fault fault = wire_msg_decode(p->message, p->len, &raw->msg);
	bool dst_local, passing;

	if (is_understood(fault))
		note_way(raw, a);
	dst_local = net_link_is_local(raw->engine->link, &p->dst);
	passing = !dst_local && !addr_is_multicast(&p->dst);
	if (passing && !is_corrupt(fault) && !is_for_routers(raw->msg.type))
		pass_on(raw, a);
	else if (is_understood(fault))
		hand_over(raw, a, dst_local, fault);
	else
		drop(raw, a,
			fault == WIRE_CHECKSUM ? STATS_CHECKSUM
					       : STATS_MALFORMED,
			wire_fault_text(fault));
}

/* The kernel puts together what is for this host, and all of IPv4. */
static void
take_fragment(struct net_raw *raw, struct arrival *a)
{
	enum net_reasm_result result =
		net_reasm_add(raw->reasm, loop_now(), a->ifindex, &a->packet);

	raw->engine->stats->count[STATS_NOT_RSVP] += net_reasm_lost(raw->reasm);
	if (result == NET_REASM_WHOLE)
		take_message(raw, a);
	else if (result == NET_REASM_BAD)
		drop(raw, a, STATS_NOT_RSVP, "fragments that do not fit");
}

/* To a group that somebody here has joined: the packet socket has it too, as it
 * has those to groups that nobody joined. */
static bool
is_double(const struct net_raw *raw, const struct arrival *a)
{
	return a->role == NET_RAW6 && addr_is_multicast(&a->packet.dst) &&
	       raw->ports[NET_TAP6].fd >= 0;
}

/* Fragments and all. */
static void
take_any(struct net_raw *raw, struct arrival *a, enum net_packet_fault fault)
{
	if (fault == NET_PACKET_FRAGMENT && a->role != NET_RAW4)
		take_fragment(raw, a);
	else if (fault != NET_PACKET_OK)
		drop(raw, a, STATS_NOT_RSVP, net_packet_fault_text(fault));
	else
		take_message(raw, a);
}

/* Whether we computed much ourselves for a packet that took so long: else
 * somebody else had the processor.  What was cheap before it comes off. */
static bool
was_costly(struct net_raw *raw, struct mono begin, struct mono now)
{
	const int64_t before_us = begin.us - raw->looked.us;
	const int64_t computed = os_computed_us();
	const int64_t ours_us = computed - raw->computed;

	raw->computed = computed;
	raw->looked = now;
	return ours_us - before_us >= NET_LIMIT_COSTLY_US;
}

/* The same, at the cost of its source: what it held us up, however little of a
 * processor we have.  The clock of what we computed is slow to read, so it is
 * when much time went by. */
static void
take_at_cost(
	struct net_raw *raw, struct arrival *a, enum net_packet_fault fault)
{
	const struct mono begin = loop_now();
	struct mono now;
	int64_t us;

	take_any(raw, a, fault);
	now = loop_now();
	us = now.us - begin.us;
	if (us >= NET_LIMIT_COSTLY_US && was_costly(raw, begin, now))
		net_limit_charge(
			raw->limit, a->ifindex, &a->packet.src, us, now);
}

static void
take_packet(struct net_port *port, struct mmsghdr *message)
{
	struct net_raw *raw = port->raw;
	struct arrival a = { .role = port->role };
	enum net_packet_fault fault =
		read_packet(&a, &message->msg_hdr, message->msg_len);

	if (is_double(raw, &a))
		return;
	raw->engine->stats->count[STATS_RECEIVED]++;
	if (net_role_is_udp(a.role))
		raw->engine->stats->count[STATS_UDP_RECEIVED]++;
	a.iface = net_link_arrived(raw->engine->link, a.ifindex);
	if (a.iface && net_role_is_udp(a.role) &&
		!net_udp_takes(raw, a.role, a.iface, &a.packet.dst)) {
		raw->engine->stats->count[STATS_UDP_IGNORED]++;
		return;
	}
	if (!may_pass(raw, &a))
		return;
	take_at_cost(raw, &a, fault);
}

/* ---- receiving ----------------------------------------------------------- */

/*
 * Errors that another try will not cure: the sandbox or we are wrong.  A
 * level-triggered loop would spin on them.
 */
static bool
is_fatal(int error)
{
	return error == EPERM || error == ENOSYS || error == EBADF ||
	       error == ENOTSOCK || error == EINVAL || error == EFAULT;
}

/* At least one packet, whatever it costs. */
static void
take_some(struct net_port *port)
{
	struct net_raw *raw = port->raw;
	const struct mono begin = loop_now();
	const struct mono end = mono_add_ms(begin, LOOP_TURN_MS);
	struct mmsghdr *message;

	raw->computed = os_computed_us();
	raw->looked = begin;
	while ((message = net_batch_take(port->batch))) {
		take_packet(port, message);
		if (mono_reached(end, loop_now()))
			break;
	}
	net_raw_watch(port);
}

void
net_recv_more(void *arg)
{
	take_some((struct net_port *)arg);
}

void
net_recv_ready(void *arg, int fd, unsigned ready)
{
	struct net_port *port = (struct net_port *)arg;
	const int ret = net_batch_receive(port->batch, fd);

	(void)ready;
	if (ret < 0 && is_fatal(-ret)) {
		log_err(LOG_NET, "raw socket: cannot receive: %s",
			strerror(-ret));
		loop_stop(port->raw->engine->loop);
	}
	/* Other errors are reports about earlier packets: reading took them
	 * off the socket. */
	take_some(port);
}
