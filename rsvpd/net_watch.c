/* SPDX-License-Identifier: ISC */

/*
 * Notifications of links, addresses, rules and routes.  They only say that
 * something changed: links and addresses are read again as a whole, routes are
 * asked for again by the core.  Many say no more than what is held already: of
 * addresses these are let pass, while of a link something may be otherwise that
 * they do not say, such as its speed.
 */

#include "rsvpd/net_link_int.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/log.h"
#include "rsvpd/daemon.h"

enum { DATAGRAM_MAX = 32768, BATCH = 64, BUFFER = 1 << 20 };

static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
	RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_MROUTE,
	RTNLGRP_IPV6_MROUTE, RTNLGRP_NEXTHOP };

static int
read_dst(const struct nlattr *attr, void *arg)
{
	struct addr *dst = (struct addr *)arg;

	if (mnl_attr_get_type(attr) == RTA_DST)
		*dst = net_nl_addr(attr);
	return MNL_CB_OK;
}

static uint8_t
route_family(uint8_t family)
{
	switch (family) {
	case AF_INET:
	case RTNL_FAMILY_IPMR:
		return ADDR_V4;
	case AF_INET6:
	case RTNL_FAMILY_IP6MR:
		return ADDR_V6;
	default:
		return ADDR_NONE;
	}
}

static bool
is_noted(const struct net_link *link, const struct addr_prefix *prefix)
{
	for (size_t i = 0; i < link->route_count; i++) {
		const struct addr_prefix *p = &link->routes[i];

		if (p->len == prefix->len &&
			addr_equal(&p->addr, &prefix->addr))
			return true;
	}
	return false;
}

static void
note_route(struct net_link *link, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm =
		(const struct rtmsg *)mnl_nlmsg_get_payload(nlh);
	struct addr_prefix prefix = { 0 };

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
		(rtm->rtm_flags & RTM_F_CLONED) != 0)
		return;
	prefix.addr.family = route_family(rtm->rtm_family); /* default route */
	prefix.len = rtm->rtm_dst_len;
	if (prefix.addr.family == ADDR_NONE)
		return;
	(void)mnl_attr_parse(nlh, sizeof(*rtm), read_dst, &prefix.addr);
	if (prefix.len > addr_size(prefix.addr.family) * 8)
		return;
	if (is_noted(link, &prefix))
		return;
	if (link->route_count == NET_ROUTES_PENDING)
		link->all_routes = true;
	else
		link->routes[link->route_count++] = prefix;
}

static void
note_link(struct net_link *link, const struct nlmsghdr *nlh)
{
	struct net_facts facts = { 0 };
	const struct net_iface *held;

	if (!net_table_parse_link(nlh, &facts))
		return;
	held = net_table_iface(&link->table, facts.ifindex);
	if (held && nlh->nlmsg_type == RTM_NEWLINK) {
		/* It need not say all. */
		facts = held->facts;
		(void)net_table_parse_link(nlh, &facts); /* as before */
		if (net_facts_same_use(&facts, &held->facts))
			link->stale = true;
		else
			link->links_changed = true;
	} else if (held || nlh->nlmsg_type == RTM_NEWLINK) {
		link->links_changed = true;
	}
}

static void
note_addr(struct net_link *link, const struct nlmsghdr *nlh)
{
	struct net_addr addr;
	const bool is_there = net_table_parse_addr(nlh, &addr) &&
			      nlh->nlmsg_type == RTM_NEWADDR;
	const struct net_addr *held =
		net_table_addr_on(&link->table, &addr.addr, addr.ifindex);

	if (is_there ? !held || held->rank != addr.rank : held != NULL)
		link->links_changed = true;
}

static int
note(const struct nlmsghdr *nlh, void *arg)
{
	struct net_link *link = (struct net_link *)arg;

	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		note_link(link, nlh);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		note_addr(link, nlh);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		note_route(link, nlh);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		link->all_routes = true;
		break;
	}
	return MNL_CB_OK;
}

/* One datagram.  False when there is none left. */
static bool
take_one(struct net_link *link)
{
	_Alignas(struct nlmsghdr) char buf[DATAGRAM_MAX];
	ssize_t len = mnl_socket_recvfrom(link->events, buf, sizeof(buf));

	if (len >= 0) {
		(void)mnl_cb_run(buf, (size_t)len, 0, 0, note, link);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EINTR:
		return true;
	case ENOBUFS:
	case ENOSPC: /* larger than buf */
		log_info(LOG_NET,
			"netlink: notifications were lost, reading all again");
		link->links_changed = true;
		link->all_routes = true;
		return true;
	default:
		log_err(LOG_NET, "netlink: cannot receive: %s",
			strerror(errno));
		loop_stop(link->engine->loop);
		return false;
	}
}

void
net_watch_take(struct net_link *link)
{
	for (int i = 0; i < BATCH; i++)
		if (!take_one(link))
			break;
	net_link_changed(link);
}

static void
take_batch(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	net_watch_take((struct net_link *)arg);
}

/* NULL and errno when one of the groups cannot be had. */
static struct mnl_socket *
subscribe(void)
{
	struct mnl_socket *s =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	const int size = BUFFER;

	if (!s)
		return NULL;
	/* Less is fine too: a full buffer means to read all again. */
	(void)setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUF, &size,
		sizeof(size));
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group,
			    sizeof(group)) < 0)
			goto fail;
	}
	return s;
fail : {
	int error = errno;

	(void)mnl_socket_close(s); /* nothing to lose */
	errno = error;
	return NULL;
}
}

int
net_watch_open(struct net_link *link)
{
	link->events = subscribe();
	if (!link->events)
		return -errno;
	link->watch = loop_fd_add(link->engine->loop,
		mnl_socket_get_fd(link->events), LOOP_READ, take_batch, link);
	return link->watch ? 0 : -ENOMEM;
}

void
net_watch_close(struct net_link *link)
{
	loop_fd_del(link->watch);
	if (link->events)
		(void)mnl_socket_close(link->events); /* nothing to lose */
	link->watch = NULL;
	link->events = NULL;
}
