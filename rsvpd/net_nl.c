/* SPDX-License-Identifier: ISC */

/*
 * Questions over netlink, one at a time.  The kernel answers within the send
 * call (a dump: while we read), so waiting for the answer is not waiting for
 * anybody else; the receive timeout only guards against a lost answer.
 */

#include "rsvpd/net_link_int.h"

#include <errno.h>
#include <sys/time.h>

enum { ANSWER_MAX = 32768, TIMEOUT_S = 2 };

int
net_nl_open(struct net_nl *nl, int bus)
{
	const struct timeval limit = { .tv_sec = TIMEOUT_S };

	nl->seq = 0;
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket)
		return -errno;
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
		setsockopt(mnl_socket_get_fd(nl->socket), SOL_SOCKET,
			SO_RCVTIMEO, &limit, sizeof(limit)) == 0)
		return 0;

	int error = -errno;

	net_nl_close(nl);
	return error;
}

void
net_nl_close(struct net_nl *nl)
{
	if (nl->socket)
		(void)mnl_socket_close(nl->socket); /* nothing is left unsent */
	nl->socket = NULL;
}

/* True while messages of an earlier, abandoned question are in front. */
static bool
is_stale(const char *buf, ssize_t len, uint32_t seq)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buf;

	return len >= (ssize_t)sizeof(*nlh) && nlh->nlmsg_seq != seq;
}

/* The answer ends with these messages. */
static bool
is_end(const char *buf, ssize_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buf;
	int left = (int)len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_type == NLMSG_DONE ||
			nlh->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

/* A dump is read to its end also when that is of no use any more: until then
 * the kernel refuses the next one (EBUSY). */
int
net_nl_ask(struct net_nl *nl, struct nlmsghdr *request, mnl_cb_t fn, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	unsigned port = mnl_socket_get_portid(nl->socket);
	bool single = (request->nlmsg_flags & NLM_F_DUMP) == 0;

	int error = 0;

	request->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(nl->socket, buf, sizeof(buf));

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return error != 0 ? error : -errno;
		if (is_stale(buf, len, nl->seq))
			continue;

		if (error == 0 && mnl_cb_run(buf, (size_t)len, nl->seq, port,
					  fn, arg) < 0)
			error = -errno;
		if (single || is_end(buf, len))
			return error;
	}
}

struct addr
net_nl_addr(const struct nlattr *attr)
{
	const uint8_t *p = (const uint8_t *)mnl_attr_get_payload(attr);

	switch (mnl_attr_get_payload_len(attr)) {
	case 4:
		return addr_v4(p);
	case 16:
		return addr_v6(p);
	default:
		return (struct addr){ 0 };
	}
}
