/* SPDX-License-Identifier: ISC */

/* Interfaces, addresses and ifbs over rtnetlink; see nl_host.h. */

#include "nl_host.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/gen_stats.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "life_int.h"

enum { OCTETS = 65536, TIMEOUT_S = 20, ETHERNET_HEADER = 14, TRIES = 8 };

struct nl_host {
	struct mnl_socket *socket;
	struct tc_life *life; /* to be told of waits, or NULL */
	unsigned seq;
	char buf[OCTETS];
};

struct nl_host *
nl_host_new(void)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct nl_host *conn = (struct nl_host *)calloc(1, sizeof(*conn));
	int on = 1;

	if (!conn)
		return NULL;
	conn->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!conn->socket ||
		mnl_socket_bind(conn->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
		setsockopt(mnl_socket_get_fd(conn->socket), SOL_SOCKET,
			SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
		nl_host_free(conn);
		return NULL;
	}
	/* Older kernels lack it; their refusals have no text. */
	(void)mnl_socket_setsockopt(
		conn->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	return conn;
}

void
nl_host_free(struct nl_host *conn)
{
	if (!conn)
		return;
	if (conn->socket)
		(void)mnl_socket_close(conn->socket); /* nothing is pending */
	free(conn);
}

void
nl_host_live(struct nl_host *conn, struct tc_life *life)
{
	conn->life = life;
}

/* ---- reading ------------------------------------------------------------- */

struct reading {
	struct tree_host *host;
	bool no_memory;
};

static void *
grow(struct reading *r, void *array, size_t count, size_t size)
{
	void *bigger = realloc(array, (count + 1) * size);

	r->no_memory |= bigger == NULL;
	return bigger;
}

static int
take_kind(const struct nlattr *a, void *data)
{
	struct tree_link *link = (struct tree_link *)data;

	if (mnl_attr_get_type(a) == IFLA_INFO_KIND &&
		mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		link->is_ifb = strcmp(mnl_attr_get_str(a), "ifb") == 0;
	return MNL_CB_OK;
}

static int
take_link_attr(const struct nlattr *a, void *data)
{
	struct tree_link *link = (struct tree_link *)data;

	switch (mnl_attr_get_type(a)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
			(void)text_copy(link->name, sizeof(link->name),
				mnl_attr_get_str(a)); /* as long */
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			link->mtu = mnl_attr_get_u32(a);
		break;
	case IFLA_TXQLEN:
		if (mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			link->txqueuelen = mnl_attr_get_u32(a);
		break;
	case IFLA_LINKINFO:
		(void)mnl_attr_parse_nested(a, take_kind, link); /* or none */
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
take_link(const struct nlmsghdr *h, void *data)
{
	struct reading *r = (struct reading *)data;
	const struct ifinfomsg *ifi =
		(const struct ifinfomsg *)mnl_nlmsg_get_payload(h);
	struct tree_link link = { 0 };
	void *all;

	if (h->nlmsg_type != RTM_NEWLINK ||
		mnl_nlmsg_get_payload_len(h) < sizeof(*ifi))
		return MNL_CB_OK;
	link.ifindex = (uint32_t)ifi->ifi_index;
	link.up = (ifi->ifi_flags & IFF_UP) != 0;
	if (ifi->ifi_type == ARPHRD_ETHER)
		link.header_bytes = ETHERNET_HEADER;
	(void)mnl_attr_parse(/* what is there */
		h, sizeof(*ifi), take_link_attr, &link);
	all = grow(r, r->host->links, r->host->link_count, sizeof(link));
	if (all) {
		r->host->links = (struct tree_link *)all;
		r->host->links[r->host->link_count++] = link;
	}
	return MNL_CB_OK;
}

static struct addr_prefix
prefix_of(uint8_t family, const uint8_t *bytes, unsigned len)
{
	enum { BITS = 8 };
	struct addr_prefix p = { .len = (uint8_t)len };

	p.addr = family == AF_INET ? addr_v4(bytes) : addr_v6(bytes);
	for (unsigned i = 0; i < addr_size(p.addr.family); i++) {
		unsigned left = len > i * BITS ? len - i * BITS : 0;

		if (left < BITS)
			p.addr.b[i] &= (uint8_t)(0xff00 >> left);
	}
	return p;
}

/* The other end's address on a point-to-point link, else ours. */
struct found_address {
	size_t size;
	const uint8_t *bytes;
};

static int
take_address_attr(const struct nlattr *a, void *data)
{
	struct found_address *found = (struct found_address *)data;

	if (mnl_attr_get_type(a) == IFA_ADDRESS &&
		mnl_attr_get_payload_len(a) >= found->size)
		found->bytes = (const uint8_t *)mnl_attr_get_payload(a);
	return MNL_CB_OK;
}

static int
take_address(const struct nlmsghdr *h, void *data)
{
	enum { V4 = 4, V6 = 16, BITS = 8 };
	struct reading *r = (struct reading *)data;
	const struct ifaddrmsg *ifa =
		(const struct ifaddrmsg *)mnl_nlmsg_get_payload(h);
	struct found_address found = { 0 };
	void *all;

	if (h->nlmsg_type != RTM_NEWADDR ||
		mnl_nlmsg_get_payload_len(h) < sizeof(*ifa) ||
		ifa->ifa_scope != RT_SCOPE_UNIVERSE ||
		(ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return MNL_CB_OK;
	found.size = ifa->ifa_family == AF_INET ? V4 : V6;
	(void)mnl_attr_parse(/* what is there */
		h, sizeof(*ifa), take_address_attr, &found);
	if (!found.bytes || ifa->ifa_prefixlen > found.size * BITS)
		return MNL_CB_OK;
	all = grow(r, r->host->addresses, r->host->address_count,
		sizeof(r->host->addresses[0]));
	if (all) {
		r->host->addresses = (struct tree_address *)all;
		r->host->addresses[r->host->address_count++] =
			(struct tree_address){ ifa->ifa_index,
				prefix_of(ifa->ifa_family, found.bytes,
					ifa->ifa_prefixlen) };
	}
	return MNL_CB_OK;
}

/* The last of an answer is in it. */
static bool
is_end(const void *buf, ssize_t size)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	int left = (int)size;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

/* -EINTR: a dump was interrupted.  The rest of it is taken all the same, or it
 * would be in the way of the next. */
static int
receive(struct nl_host *conn, mnl_cb_t take, void *arg)
{
	unsigned port = mnl_socket_get_portid(conn->socket);
	bool interrupted = false;
	int more = MNL_CB_OK;

	while (more == MNL_CB_OK || interrupted) {
		ssize_t n = mnl_socket_recvfrom(
			conn->socket, conn->buf, sizeof(conn->buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!interrupted)
			more = mnl_cb_run(conn->buf, (size_t)n, conn->seq, port,
				take, arg);
		interrupted = interrupted || (more < 0 && errno == EINTR);
		if (interrupted && is_end(conn->buf, n))
			return -EINTR;
	}
	return more < 0 ? -errno : 0;
}

static int
dump(struct nl_host *conn, uint16_t type, mnl_cb_t take, void *arg)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(conn->buf);
	struct rtgenmsg *gen;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++conn->seq;
	gen = (struct rtgenmsg *)mnl_nlmsg_put_extra_header(h, sizeof(*gen));
	gen->rtgen_family = AF_UNSPEC;
	if (mnl_socket_sendto(conn->socket, h, h->nlmsg_len) < 0)
		return -errno;
	return receive(conn, take, arg);
}

int
nl_host_read(struct nl_host *conn, struct tree_host *ret_host)
{
	int error = -EINTR;

	/* EINTR: it changed meanwhile. */
	for (int i = 0; i < TRIES && error == -EINTR; i++) {
		struct tree_host host = { 0 };
		struct reading r = { .host = &host };

		error = dump(conn, RTM_GETLINK, take_link, &r);
		if (error == 0)
			error = dump(conn, RTM_GETADDR, take_address, &r);
		if (error == 0 && r.no_memory)
			error = -ENOMEM;
		if (error == 0)
			*ret_host = host;
		else
			nl_host_done(&host);
	}
	return error;
}

void
nl_host_done(struct tree_host *host)
{
	free(host->links);
	free(host->addresses);
	*host = (struct tree_host){ 0 };
}

/* ---- counters ------------------------------------------------------------ */

struct counting {
	uint32_t ifindex;
	struct tree_counts counts;
	bool no_memory;
};

static int
take_stat(const struct nlattr *a, void *data)
{
	struct tree_count *c = (struct tree_count *)data;
	const void *value = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);
	struct gnet_stats_queue queue;
	uint32_t packets;

	switch (mnl_attr_get_type(a)) {
	case TCA_STATS_BASIC:
		if (len < sizeof(c->bytes) + sizeof(packets))
			break;
		memcpy(&c->bytes, value, sizeof(c->bytes));
		memcpy(&packets, (const uint8_t *)value + sizeof(c->bytes),
			sizeof(packets));
		c->packets = packets;
		break;
	case TCA_STATS_PKT64:
		if (len >= sizeof(c->packets))
			memcpy(&c->packets, value, sizeof(c->packets));
		break;
	case TCA_STATS_QUEUE:
		if (len < sizeof(queue))
			break;
		memcpy(&queue, value, sizeof(queue));
		c->drops = queue.drops;
		c->overlimits = queue.overlimits;
		c->backlog_bytes = queue.backlog;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
take_stats(const struct nlattr *a, void *data)
{
	if (mnl_attr_get_type(a) == TCA_STATS2)
		(void)mnl_attr_parse_nested(/* what is there */
			a, take_stat, data);
	return MNL_CB_OK;
}

static int
take_count(const struct nlmsghdr *h, void *data)
{
	struct counting *r = (struct counting *)data;
	const struct tcmsg *tcm =
		(const struct tcmsg *)mnl_nlmsg_get_payload(h);
	struct tree_count c = { 0 };
	void *all;

	if ((h->nlmsg_type != RTM_NEWQDISC && h->nlmsg_type != RTM_NEWTCLASS) ||
		mnl_nlmsg_get_payload_len(h) < sizeof(*tcm) ||
		(uint32_t)tcm->tcm_ifindex != r->ifindex)
		return MNL_CB_OK;
	c.is_class = h->nlmsg_type == RTM_NEWTCLASS;
	c.handle = tcm->tcm_handle;
	c.parent = tcm->tcm_parent;
	if (c.is_class && c.parent == TC_H_ROOT)
		c.parent = c.handle & TC_H_MAJ_MASK; /* as objects have it */
	(void)mnl_attr_parse(h, sizeof(*tcm), take_stats, &c);
	all = realloc(r->counts.all, (r->counts.count + 1) * sizeof(c));
	r->no_memory |= all == NULL;
	if (all) {
		r->counts.all = (struct tree_count *)all;
		r->counts.all[r->counts.count++] = c;
	}
	return MNL_CB_OK;
}

/* An interrupted dump is taken as it is: totals of what stayed are right. */
static int
dump_counts(struct nl_host *conn, uint16_t type, struct counting *r)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(conn->buf);
	struct tcmsg *tcm;
	int error;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++conn->seq;
	tcm = (struct tcmsg *)mnl_nlmsg_put_extra_header(h, sizeof(*tcm));
	tcm->tcm_ifindex = (int)r->ifindex;
	if (mnl_socket_sendto(conn->socket, h, h->nlmsg_len) < 0)
		return -errno;
	error = receive(conn, take_count, r);
	return error == -EINTR ? 0 : error;
}

int
nl_host_counts(
	struct nl_host *conn, uint32_t ifindex, struct tree_counts *ret_counts)
{
	struct counting r = { .ifindex = ifindex };
	int error = dump_counts(conn, RTM_GETQDISC, &r);

	if (error == 0)
		error = dump_counts(conn, RTM_GETTCLASS, &r);
	if (error == 0 && r.no_memory)
		error = -ENOMEM;
	if (error == 0)
		*ret_counts = r.counts;
	else
		free(r.counts.all);
	return error;
}

/* ---- ifbs ---------------------------------------------------------------- */

static int
nothing(const struct nlmsghdr *h, void *data)
{
	(void)h; /* the answer is the error that mnl_cb_run() returns */
	(void)data;
	return MNL_CB_OK;
}

static int
ask_for(struct nl_host *conn, struct nlmsghdr *h, mnl_cb_t take, void *arg,
	struct tc_result *ret)
{
	int error;

	*ret = (struct tc_result){ 0 };
	h->nlmsg_seq = ++conn->seq;
	if (mnl_socket_sendto(conn->socket, h, h->nlmsg_len) < 0)
		return -errno;
	error = receive(conn, take, arg);
	if (error == -ETIMEDOUT || error == -EBADMSG)
		return error;
	ret->error = -error;
	return 0;
}

static int
ask(struct nl_host *conn, struct nlmsghdr *h, struct tc_result *ret)
{
	return ask_for(conn, h, nothing, NULL, ret);
}

/* A message about one link that there is. */
static struct nlmsghdr *
begin_link(struct nl_host *conn, uint16_t type, uint32_t ifindex)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(conn->buf);
	struct ifinfomsg *ifi;

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = (struct ifinfomsg *)mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	return h;
}

int
nl_host_put_ifb(struct nl_host *conn, const struct tree_link *link,
	struct tc_result *ret_result)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(conn->buf);
	struct ifinfomsg *ifi;
	struct nlattr *nest;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = (struct ifinfomsg *)mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	ifi->ifi_index = (int)link->ifindex;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_u32(h, IFLA_TXQLEN, link->txqueuelen);
	if (link->ifindex == 0) {
		h->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
		mnl_attr_put_strz(h, IFLA_IFNAME, link->name);
		if (link->mtu != 0)
			mnl_attr_put_u32(h, IFLA_MTU, link->mtu);
		nest = mnl_attr_nest_start(h, IFLA_LINKINFO);
		mnl_attr_put_strz(h, IFLA_INFO_KIND, "ifb");
		mnl_attr_nest_end(h, nest);
	}
	return ask(conn, h, ret_result);
}

int
nl_host_raise(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(conn->buf);
	struct ifinfomsg *ifi;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = (struct ifinfomsg *)mnl_nlmsg_put_extra_header(h, sizeof(*ifi));
	ifi->ifi_index = (int)ifindex;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return ask(conn, h, ret_result);
}

int
nl_host_del_link(
	struct nl_host *conn, uint32_t ifindex, struct tc_result *ret_result)
{
	return ask(conn, begin_link(conn, RTM_DELLINK, ifindex), ret_result);
}

/* ---- what is treated as one packet --------------------------------------- */

enum { GRO_IPV4_MAX_SIZE = 64 }; /* IFLA_ of Linux 6.3 */

struct found_offload {
	uint32_t gso_segs;
	uint32_t gro_octets;
	uint32_t gro_ipv4_octets;
	uint32_t group;
};

static int
take_offload_attr(const struct nlattr *a, void *data)
{
	struct found_offload *found = (struct found_offload *)data;

	if (mnl_attr_validate(a, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	switch (mnl_attr_get_type(a)) {
	case IFLA_GSO_MAX_SEGS:
		found->gso_segs = mnl_attr_get_u32(a);
		break;
	case IFLA_GRO_MAX_SIZE:
		found->gro_octets = mnl_attr_get_u32(a);
		break;
	case IFLA_GROUP:
		found->group = mnl_attr_get_u32(a);
		break;
	case GRO_IPV4_MAX_SIZE:
		found->gro_ipv4_octets = mnl_attr_get_u32(a);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
take_offloads(const struct nlmsghdr *h, void *data)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		(void)mnl_attr_parse(/* what is there */
			h, sizeof(struct ifinfomsg), take_offload_attr, data);
	return MNL_CB_OK;
}

static int
find_offloads(struct nl_host *conn, uint32_t ifindex,
	struct found_offload *ret_found, struct tc_result *ret_result)
{
	struct nlmsghdr *h = begin_link(conn, RTM_GETLINK, ifindex);

	*ret_found = (struct found_offload){ 0 };
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return ask_for(conn, h, take_offloads, ret_found, ret_result);
}

static int
get_offload(void *arg, uint32_t ifindex, enum tc_offload_kind kind,
	uint64_t *ret_value, struct tc_result *ret_result)
{
	enum { HALF = 32 };
	struct nl_host *conn = (struct nl_host *)arg;
	struct found_offload found;
	int error;

	tc_life_wait(conn->life);
	error = find_offloads(conn, ifindex, &found, ret_result);
	tc_life_go(conn->life);
	if (kind == TC_OFFLOAD_GSO && found.gso_segs != 0)
		*ret_value = found.gso_segs;
	if (kind == TC_OFFLOAD_GRO && found.gro_octets != 0)
		*ret_value = (uint64_t)found.gro_ipv4_octets << HALF |
			     found.gro_octets;
	return error;
}

/*
 * TCP remembers it with the route of a connection.  What is said to have
 * changed of an interface, as its group is even when it is as before, makes
 * connections look for their route again, and find the new value with it.
 */
static int
put_gso(struct nl_host *conn, uint32_t ifindex, uint32_t segs,
	struct tc_result *ret_result)
{
	struct found_offload found;
	struct nlmsghdr *h;
	int error = find_offloads(conn, ifindex, &found, ret_result);

	if (error != 0 || ret_result->error != 0)
		return error;
	h = begin_link(conn, RTM_NEWLINK, ifindex);
	mnl_attr_put_u32(h, IFLA_GSO_MAX_SEGS, segs);
	mnl_attr_put_u32(h, IFLA_GROUP, found.group);
	return ask(conn, h, ret_result);
}

static int
put_gro(struct nl_host *conn, uint32_t ifindex, uint64_t value,
	struct tc_result *ret_result)
{
	enum { HALF = 32 };
	struct nlmsghdr *h = begin_link(conn, RTM_NEWLINK, ifindex);
	const uint32_t ipv4 = (uint32_t)(value >> HALF);

	/* In this order: the first sets the second too. */
	mnl_attr_put_u32(h, IFLA_GRO_MAX_SIZE, (uint32_t)value);
	if (ipv4 != 0)
		mnl_attr_put_u32(h, GRO_IPV4_MAX_SIZE, ipv4);
	return ask(conn, h, ret_result);
}

static int
set_offload(void *arg, uint32_t ifindex, enum tc_offload_kind kind,
	uint64_t value, struct tc_result *ret_result)
{
	struct nl_host *conn = (struct nl_host *)arg;
	int error;

	tc_life_wait(conn->life);
	error = kind == TC_OFFLOAD_GSO
			? put_gso(conn, ifindex, (uint32_t)value, ret_result)
			: put_gro(conn, ifindex, value, ret_result);
	tc_life_go(conn->life);
	return error;
}

struct tc_offloading
nl_host_offloads(struct nl_host *conn)
{
	return (struct tc_offloading){
		.arg = conn, .get = get_offload, .set = set_offload
	};
}

/* ---- as functions -------------------------------------------------------- */

static int
find_ifb(void *arg, const char *name, struct tc_ifb *ret_ifb)
{
	struct nl_host *conn = (struct nl_host *)arg;
	struct tree_host host = { 0 };
	const struct tree_link *link;
	int error;

	tc_life_wait(conn->life);
	error = nl_host_read(conn, &host);
	tc_life_go(conn->life);
	if (error != 0)
		return error;
	link = tree_host_link(&host, name);
	*ret_ifb =
		link ? (struct tc_ifb){ link->ifindex, link->is_ifb, link->up }
		     : (struct tc_ifb){ 0 };
	nl_host_done(&host);
	return 0;
}

static int
make_ifb(
	void *arg, const char *name, uint32_t mtu, struct tc_result *ret_result)
{
	enum { TXQUEUELEN = 1000 }; /* the kernel's 32 drops bursts */
	struct nl_host *conn = (struct nl_host *)arg;
	struct tree_link link = { .mtu = mtu, .txqueuelen = TXQUEUELEN };
	int error;

	(void)text_copy(link.name, sizeof(link.name), name); /* fits */
	tc_life_wait(conn->life);
	error = nl_host_put_ifb(conn, &link, ret_result);
	tc_life_go(conn->life);
	return error;
}

static int
raise_ifb(void *arg, uint32_t ifindex, struct tc_result *ret_result)
{
	struct nl_host *conn = (struct nl_host *)arg;
	int error;

	tc_life_wait(conn->life);
	error = nl_host_raise(conn, ifindex, ret_result);
	tc_life_go(conn->life);
	return error;
}

static int
remove_ifb(void *arg, uint32_t ifindex, struct tc_result *ret_result)
{
	struct nl_host *conn = (struct nl_host *)arg;
	int error;

	tc_life_wait(conn->life);
	error = nl_host_del_link(conn, ifindex, ret_result);
	tc_life_go(conn->life);
	return error;
}

struct tc_ifbs
nl_host_ifbs(struct nl_host *conn)
{
	return (struct tc_ifbs){ .arg = conn,
		.find = find_ifb,
		.up = raise_ifb,
		.make = make_ifb,
		.remove = remove_ifb };
}
