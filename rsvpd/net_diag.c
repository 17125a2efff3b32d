/* SPDX-License-Identifier: ISC */

/*
 * Who holds a local port?  sock_diag tells everybody the user of every socket,
 * so that one user cannot reserve for the flow of another.
 */

#include "rsvpd/net_link_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
	REQUEST_MAX = 256,
	TCP_BOUND = 13, /* bound, neither listening nor connected */
	/* States in which a socket still belongs to its user (afterwards the
	 * kernel names the superuser). */
	STATES = 1 << TCP_ESTABLISHED | 1 << TCP_SYN_SENT |
		 1 << TCP_CLOSE_WAIT | 1 << TCP_LISTEN | 1 << TCP_CLOSE |
		 1 << TCP_BOUND
};

/* How well a socket's address fits; larger is better. */
enum fit { FIT_NONE, FIT_WILDCARD, FIT_EXACT };

struct owner {
	struct addr addr; /* asked for */
	uint16_t port;
	enum fit fit;
	uint32_t uid;
};

/* The local address of a socket, an IPv4 address in IPv6 form as IPv4. */
static struct addr
socket_addr(const struct inet_diag_msg *m)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t b[16];

	memcpy(b, m->id.idiag_src, sizeof(b));
	if (m->idiag_family == AF_INET)
		return addr_v4(b);
	if (memcmp(b, mapped, sizeof(mapped)) == 0)
		return addr_v4(b + sizeof(mapped));
	return addr_v6(b);
}

static int
read_v6only(const struct nlattr *attr, void *arg)
{
	bool *v6only = (bool *)arg;

	if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY &&
		mnl_attr_get_payload_len(attr) == 1)
		*v6only = mnl_attr_get_u8(attr) != 0;
	return MNL_CB_OK;
}

static enum fit
judge(const struct owner *owner, const struct addr *bound, bool v6only)
{
	if (addr_equal(bound, &owner->addr))
		return FIT_EXACT;
	if (!addr_is_zero(bound))
		return FIT_NONE;
	if (bound->family == owner->addr.family)
		return FIT_WILDCARD;
	/* An IPv6 socket on :: takes IPv4 packets too. */
	if (bound->family == ADDR_V6 && !v6only)
		return FIT_WILDCARD;
	return FIT_NONE;
}

static int
read_socket(const struct nlmsghdr *nlh, void *arg)
{
	struct owner *owner = (struct owner *)arg;
	const struct inet_diag_msg *m =
		(const struct inet_diag_msg *)mnl_nlmsg_get_payload(nlh);
	bool v6only = false;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		mnl_nlmsg_get_payload_len(nlh) < sizeof(*m) ||
		m->id.idiag_sport != htons(owner->port))
		return MNL_CB_OK;
	if (mnl_attr_parse(nlh, sizeof(*m), read_v6only, &v6only) < 0)
		return MNL_CB_ERROR;

	struct addr bound = socket_addr(m);
	enum fit fit = judge(owner, &bound, v6only);

	if (fit > owner->fit) {
		owner->fit = fit;
		owner->uid = m->idiag_uid;
	}
	return MNL_CB_OK;
}

/* All sockets of one family and protocol on the port. */
static int
ask_family(
	struct net_nl *nl, uint8_t family, uint8_t proto, struct owner *owner)
{
	enum { TRIES = 3 };
	_Alignas(struct nlmsghdr) char buf[REQUEST_MAX];
	int error = -EINTR;

	for (int i = 0; i < TRIES && error == -EINTR; i++) {
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
		struct inet_diag_req_v2 *req =
			(struct inet_diag_req_v2 *)mnl_nlmsg_put_extra_header(
				nlh, sizeof(*req));

		nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		req->sdiag_family = family;
		req->sdiag_protocol = proto;
		req->idiag_states = STATES;
		req->id.idiag_sport = htons(owner->port);
		error = net_nl_ask(nl, nlh, read_socket, owner);
	}
	return error;
}

static bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_UDP || proto == IPPROTO_TCP ||
	       proto == IPPROTO_SCTP;
}

int
net_link_port_owner(struct net_link *link, uint8_t proto,
	const struct addr *addr, uint16_t port, uint32_t *ret_uid)
{
	struct owner owner = { .addr = *addr, .port = port };
	int error = 0;

	if (!has_ports(proto) || port == 0 || addr->family == ADDR_NONE)
		return 0;
	if (addr->family == ADDR_V4)
		error = ask_family(&link->diag, AF_INET, proto, &owner);
	if (error == 0)
		error = ask_family(&link->diag, AF_INET6, proto, &owner);
	if (error < 0)
		return error;
	if (owner.fit == FIT_NONE)
		return 0;
	*ret_uid = owner.uid;
	return 1;
}
