/* SPDX-License-Identifier: ISC */

/*
 * Links and addresses as the kernel has them, read as a whole.  The table is
 * read again after every change, so that there is one way to learn something,
 * and a lost notification costs nothing but another reading.
 */

#include "rsvpd/net_link_int.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { REQUEST_MAX = 128, TRIES = 5 };

/* Fitness of an address for RSVP_HOP: its scope first. */
enum {
	RANK_SECONDARY = 1,
	RANK_TEMPORARY = 1, /* RFC 8981: changes by itself */
	RANK_DEPRECATED = 2,
	RANK_LINK = 4,
	RANK_HOST = 8
};

/* Make room for one more record.  False: no memory. */
static bool
grow(void **records, size_t count, size_t *room, size_t size)
{
	enum { FIRST = 16 };
	size_t more = *room > 0 ? *room * 2 : FIRST;

	if (count < *room)
		return true;

	void *bigger = reallocarray(*records, more, size);

	if (!bigger)
		return false;
	*records = bigger;
	*room = more;
	return true;
}

static int
read_link_attr(const struct nlattr *attr, void *arg)
{
	struct net_facts *facts = (struct net_facts *)arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			(void)text_copy(facts->name, sizeof(facts->name),
				mnl_attr_get_str(attr));
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			facts->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_GSO_MAX_SIZE:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			facts->gso_octets = mnl_attr_get_u32(attr);
		break;
	case IFLA_GRO_MAX_SIZE:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			facts->gro_octets = mnl_attr_get_u32(attr);
		break;
	case IFLA_GSO_MAX_SEGS:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			facts->gso_packets = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

bool
net_table_parse_link(const struct nlmsghdr *nlh, struct net_facts *facts)
{
	const struct ifinfomsg *ifi =
		(const struct ifinfomsg *)mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return false;
	facts->ifindex = (uint32_t)ifi->ifi_index;
	facts->type = ifi->ifi_type;
	facts->flags = ifi->ifi_flags;
	(void)mnl_attr_parse(nlh, sizeof(*ifi), read_link_attr, facts);
	return true;
}

static int
read_link(const struct nlmsghdr *nlh, void *arg)
{
	struct net_table *table = (struct net_table *)arg;
	struct net_facts facts = { 0 };
	void *ifaces = table->ifaces;

	if (nlh->nlmsg_type != RTM_NEWLINK ||
		!net_table_parse_link(nlh, &facts))
		return MNL_CB_OK;
	if (!grow(&ifaces, table->iface_count, &table->iface_room,
		    sizeof(*table->ifaces))) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	table->ifaces = (struct net_iface *)ifaces;
	table->ifaces[table->iface_count++] =
		(struct net_iface){ .facts = facts };
	return MNL_CB_OK;
}

struct addr_facts {
	struct addr local;
	struct addr address; /* the peer's, on a point-to-point link */
	uint32_t flags;
};

static int
read_addr_attr(const struct nlattr *attr, void *arg)
{
	struct addr_facts *facts = (struct addr_facts *)arg;

	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL:
		facts->local = net_nl_addr(attr);
		break;
	case IFA_ADDRESS:
		facts->address = net_nl_addr(attr);
		break;
	case IFA_FLAGS:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			facts->flags = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static uint8_t
rank_of(uint8_t family, uint8_t scope, uint32_t flags)
{
	unsigned rank = 0;

	if (scope == RT_SCOPE_LINK)
		rank += RANK_LINK;
	if (scope >= RT_SCOPE_HOST)
		rank += RANK_HOST;
	/* One bit with two meanings (IFA_F_TEMPORARY). */
	if ((flags & IFA_F_SECONDARY) != 0)
		rank += family == AF_INET ? RANK_SECONDARY : RANK_TEMPORARY;
	if ((flags & IFA_F_DEPRECATED) != 0)
		rank += RANK_DEPRECATED;
	return (uint8_t)rank;
}

/* Not ours yet, or not ours after all (RFC 4862 5.4). */
static bool
is_unproven(uint32_t flags)
{
	if ((flags & IFA_F_DADFAILED) != 0)
		return true;
	return (flags & IFA_F_TENTATIVE) != 0 &&
	       (flags & IFA_F_OPTIMISTIC) == 0;
}

bool
net_table_parse_addr(const struct nlmsghdr *nlh, struct net_addr *addr)
{
	const struct ifaddrmsg *ifa =
		(const struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh);
	struct addr_facts facts = { 0 };

	*addr = (struct net_addr){ 0 };
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	facts.flags = ifa->ifa_flags;
	(void)mnl_attr_parse(nlh, sizeof(*ifa), read_addr_attr, &facts);
	addr->addr =
		facts.local.family != ADDR_NONE ? facts.local : facts.address;
	addr->ifindex = ifa->ifa_index;
	addr->rank = rank_of(ifa->ifa_family, ifa->ifa_scope, facts.flags);
	return addr->addr.family != ADDR_NONE && !is_unproven(facts.flags);
}

static int
read_addr(const struct nlmsghdr *nlh, void *arg)
{
	struct net_table *table = (struct net_table *)arg;
	struct net_addr addr;
	void *addrs = table->addrs;

	if (nlh->nlmsg_type != RTM_NEWADDR || !net_table_parse_addr(nlh, &addr))
		return MNL_CB_OK;
	if (!grow(&addrs, table->addr_count, &table->addr_room,
		    sizeof(*table->addrs))) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	table->addrs = (struct net_addr *)addrs;
	table->addrs[table->addr_count++] = addr;
	return MNL_CB_OK;
}

static int
dump(struct net_nl *nl, uint16_t type, size_t header, mnl_cb_t fn,
	struct net_table *table)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_MAX];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	(void)mnl_nlmsg_put_extra_header(nlh, header); /* zero: all families */
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return net_nl_ask(nl, nlh, fn, table);
}

static int
compare_ifaces(const void *a, const void *b)
{
	const struct net_iface *x = (const struct net_iface *)a;
	const struct net_iface *y = (const struct net_iface *)b;

	return (x->facts.ifindex > y->facts.ifindex) -
	       (x->facts.ifindex < y->facts.ifindex);
}

static int
compare_addrs(const void *a, const void *b)
{
	const struct net_addr *x = (const struct net_addr *)a;
	const struct net_addr *y = (const struct net_addr *)b;
	int order = addr_compare(&x->addr, &y->addr);

	return order != 0
		       ? order
		       : (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static struct net_iface *
find_iface(const struct net_table *table, uint32_t ifindex)
{
	const struct net_iface key = { .facts.ifindex = ifindex };

	if (table->iface_count == 0)
		return NULL;
	return (struct net_iface *)bsearch(&key, table->ifaces,
		table->iface_count, sizeof(key), compare_ifaces);
}

/* Of the addresses of a link the first of the best rank, in the kernel's
 * order: what the administrator gave first. */
static void
choose_hop(struct net_facts *facts, const struct net_addr *a)
{
	bool v4 = a->addr.family == ADDR_V4;
	struct addr *hop = v4 ? &facts->v4 : &facts->v6;
	uint8_t *rank = v4 ? &facts->v4_rank : &facts->v6_rank;

	if (hop->family != ADDR_NONE && *rank <= a->rank)
		return;
	*hop = a->addr;
	*rank = a->rank;
}

static void
arrange(struct net_table *table)
{
	if (table->iface_count > 0)
		qsort(table->ifaces, table->iface_count, sizeof(*table->ifaces),
			compare_ifaces);
	for (size_t i = 0; i < table->addr_count; i++) {
		const struct net_addr *a = &table->addrs[i];
		struct net_iface *iface = find_iface(table, a->ifindex);

		if (iface)
			choose_hop(&iface->facts, a);
	}
	if (table->addr_count > 0)
		qsort(table->addrs, table->addr_count, sizeof(*table->addrs),
			compare_addrs);
}

int
net_table_read(struct net_nl *nl, struct net_table *ret_table)
{
	int error = -EINTR;

	memset(ret_table, 0, sizeof(*ret_table));
	for (int i = 0; i < TRIES && error == -EINTR; i++) {
		net_table_free(ret_table);
		error = dump(nl, RTM_GETLINK, sizeof(struct ifinfomsg),
			read_link, ret_table);
		if (error == 0)
			error = dump(nl, RTM_GETADDR, sizeof(struct ifaddrmsg),
				read_addr, ret_table);
	}
	if (error == 0)
		arrange(ret_table);
	return error;
}

const struct net_iface *
net_table_iface(const struct net_table *table, uint32_t ifindex)
{
	return find_iface(table, ifindex);
}

/* By address alone: compare_addrs() would ask for the link too. */
const struct net_addr *
net_table_addr(const struct net_table *table, const struct addr *addr)
{
	size_t low = 0;
	size_t high = table->addr_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (addr_compare(&table->addrs[middle].addr, addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == table->addr_count ||
		!addr_equal(&table->addrs[low].addr, addr))
		return NULL;
	return &table->addrs[low];
}

const struct net_addr *
net_table_addr_on(const struct net_table *table, const struct addr *addr,
	uint32_t ifindex)
{
	const struct net_addr key = { .addr = *addr, .ifindex = ifindex };

	if (table->addr_count == 0)
		return NULL;
	return (const struct net_addr *)bsearch(&key, table->addrs,
		table->addr_count, sizeof(key), compare_addrs);
}

void
net_table_free(struct net_table *table)
{
	free(table->ifaces);
	free(table->addrs);
	memset(table, 0, sizeof(*table));
}
