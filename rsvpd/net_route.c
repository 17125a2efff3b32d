/* SPDX-License-Identifier: ISC */

/*
 * Where does a flow go?  Asked of the kernel, a question at a time (about 4
 * us), so that policy routing, several next hops and multicast routes are
 * answered as the flow's own packets would be.
 */

#include "rsvpd/net_link_int.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum { REQUEST_MAX = 256 };

struct answer {
	uint8_t type; /* RTN_ */
	uint32_t iif;
	uint32_t oif;
	struct addr source;  /* preferred */
	struct addr gateway; /* next hop; ADDR_NONE: on the link */
	size_t hop_count;
	uint32_t hops[RSVP_OIFS_MAX];
};

static int
family_of(const struct addr *a)
{
	return a->family == ADDR_V4 ? AF_INET : AF_INET6;
}

static void
read_hops(const struct nlattr *attr, struct answer *answer)
{
	const uint8_t *pos = (const uint8_t *)mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);

	while (left >= sizeof(struct rtnexthop) &&
		answer->hop_count < RSVP_OIFS_MAX) {
		struct rtnexthop hop;

		memcpy(&hop, pos, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return;
		answer->hops[answer->hop_count++] = (uint32_t)hop.rtnh_ifindex;

		size_t step = RTNH_ALIGN(hop.rtnh_len);

		if (step > left)
			return;
		pos += step;
		left -= step;
	}
}

static int
read_attr(const struct nlattr *attr, void *arg)
{
	struct answer *answer = (struct answer *)arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == RTA_MULTIPATH)
		read_hops(attr, answer);
	if (type == RTA_PREFSRC)
		answer->source = net_nl_addr(attr);
	if (type == RTA_GATEWAY)
		answer->gateway = net_nl_addr(attr);
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	if (type == RTA_OIF)
		answer->oif = mnl_attr_get_u32(attr);
	if (type == RTA_IIF)
		answer->iif = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int
read_answer(const struct nlmsghdr *nlh, void *arg)
{
	struct answer *answer = (struct answer *)arg;
	const struct rtmsg *rtm =
		(const struct rtmsg *)mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
		mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return MNL_CB_OK;
	answer->type = rtm->rtm_type;
	return mnl_attr_parse(nlh, sizeof(*rtm), read_attr, answer);
}

static void
put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	mnl_attr_put(nlh, type, addr_size(a->family), a->b);
}

static struct rtmsg *
begin(char *buf, struct nlmsghdr **ret_nlh, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm = (struct rtmsg *)mnl_nlmsg_put_extra_header(
		nlh, sizeof(struct rtmsg));

	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm->rtm_family = family;
	*ret_nlh = nlh;
	return rtm;
}

/*
 * The unicast question.  The arrival interface makes it that of a forwarded
 * packet; without it a foreign source address would be refused, so that a local
 * sender is asked for by its destination alone.
 */
static int
ask_unicast(struct net_link *link, const struct rsvp_route_query *query,
	struct answer *ret_answer)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_MAX];
	struct nlmsghdr *nlh;
	struct rtmsg *rtm = begin(buf, &nlh, (uint8_t)family_of(&query->dst));
	uint8_t bits = (uint8_t)(addr_size(query->dst.family) * 8);

	rtm->rtm_dst_len = bits;
	put_addr(nlh, RTA_DST, &query->dst);
	if (query->in_ifindex != 0 && query->src.family == query->dst.family) {
		rtm->rtm_src_len = bits;
		put_addr(nlh, RTA_SRC, &query->src);
		mnl_attr_put_u32(nlh, RTA_IIF, query->in_ifindex);
	}
	return net_nl_ask(&link->route, nlh, read_answer, ret_answer);
}

/*
 * A multicast forwarding entry: of (S,G), or without source that of (*,G).
 * Asked of the multicast table itself: the ordinary question would create an
 * unresolved entry in IPv4 and is not answered in IPv6.
 */
static int
ask_entry(struct net_link *link, const struct addr *src, const struct addr *dst,
	struct answer *ret_answer)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_MAX];
	struct nlmsghdr *nlh;
	bool v4 = dst->family == ADDR_V4;
	struct rtmsg *rtm =
		begin(buf, &nlh, v4 ? RTNL_FAMILY_IPMR : RTNL_FAMILY_IP6MR);
	uint8_t bits = (uint8_t)(addr_size(dst->family) * 8);

	rtm->rtm_dst_len = bits;
	if (src) {
		rtm->rtm_src_len = bits;
		put_addr(nlh, RTA_SRC, src);
	}
	put_addr(nlh, RTA_DST, dst);
	/* Each family has its own idea of the default table. */
	mnl_attr_put_u32(nlh, RTA_TABLE, v4 ? RT_TABLE_DEFAULT : RT_TABLE_MAIN);
	return net_nl_ask(&link->route, nlh, read_answer, ret_answer);
}

static int
ask_multicast(struct net_link *link, const struct rsvp_route_query *query,
	struct answer *ret_answer)
{
	int error;

	if (query->src.family != query->dst.family)
		return -EINVAL;
	error = ask_entry(link, &query->src, &query->dst, ret_answer);
	if (error != -ENOENT)
		return error;
	/* The kernel would use the one for all sources, which takes packets
	 * from any of its interfaces: none of them is the expected one. */
	error = ask_entry(link, NULL, &query->dst, ret_answer);
	ret_answer->iif = 0;
	return error;
}

static bool
is_transit_multicast(const struct rsvp_route_query *query)
{
	return query->in_ifindex != 0 && addr_is_multicast(&query->dst);
}

static void
fill_multicast(const struct answer *answer, struct rsvp_route *route)
{
	route->in_ifindex = answer->iif;
	route->count = answer->hop_count;
	memcpy(route->out_ifindex, answer->hops,
		answer->hop_count * sizeof(answer->hops[0]));
}

static void
fill_unicast(const struct answer *answer, struct rsvp_route *route)
{
	route->local = answer->type == RTN_LOCAL;
	if (route->local || answer->oif == 0)
		return;
	if (answer->type != RTN_UNICAST && answer->type != RTN_MULTICAST)
		return; /* broadcast, or refused by an administrator */
	route->count = 1;
	route->out_ifindex[0] = answer->oif;
}

void
net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	struct answer answer = { 0 };

	memset(ret_route, 0, sizeof(*ret_route));
	if (query->dst.family == ADDR_NONE)
		return;
	if (is_transit_multicast(query)) {
		if (ask_multicast(link, query, &answer) == 0)
			fill_multicast(&answer, ret_route);
	} else if (ask_unicast(link, query, &answer) == 0) {
		fill_unicast(&answer, ret_route);
	}
}

bool
net_link_source(
	struct net_link *link, const struct addr *dst, struct addr *ret_src)
{
	const struct rsvp_route_query query = { .dst = *dst };
	struct answer answer = { 0 };

	if (dst->family == ADDR_NONE || ask_unicast(link, &query, &answer) < 0)
		return false;
	if (answer.source.family == dst->family) {
		*ret_src = answer.source;
		return true;
	}

	const struct net_iface *iface = net_link_find(link, answer.oif);

	if (!iface)
		return false;

	const struct addr *own =
		dst->family == ADDR_V4 ? &iface->core.v4 : &iface->core.v6;

	if (own->family == ADDR_NONE)
		return false;
	*ret_src = *own;
	return true;
}

struct addr
net_link_gateway(struct net_link *link, const struct addr *dst)
{
	const struct rsvp_route_query query = { .dst = *dst };
	struct answer answer = { 0 };

	if (ask_unicast(link, &query, &answer) < 0)
		return (struct addr){ 0 };
	return answer.gateway;
}
