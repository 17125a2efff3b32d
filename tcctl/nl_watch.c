/* SPDX-License-Identifier: ISC */

/*
 * What other programs do, as the kernel tells it.  What we do ourselves it
 * tells as well: a filter in the kernel throws that away before it is queued,
 * so that ten thousand flows of ours push no foreign change out of the buffer.
 * When events are lost nevertheless, that is told.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_conn.h"

enum { RECEIVE_BUFFER = 1 << 20, READS_MAX = 64 };

struct nl_watch {
	struct mnl_socket *socket;
	uint8_t in[16384];
};

/* Drop what our other socket caused, and of links that are up everything. */
static bool
attach_filter(const struct nl_watch *watch, uint32_t own_port)
{
	enum { TYPE_AT = 4, PORT_AT = 12, WHOLE = 0xffff };
	enum {
		FLAGS_AT = NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_flags)
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PORT_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(own_port), 4, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FLAGS_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htonl(IFF_UP), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, WHOLE),
	};
	const struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code
	};

	return setsockopt(mnl_socket_get_fd(watch->socket), SOL_SOCKET,
		       SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static bool
open_socket(struct nl_watch *watch, uint32_t own_port)
{
	const unsigned groups =
		1u << (RTNLGRP_TC - 1) | 1u << (RTNLGRP_LINK - 1);
	int size = RECEIVE_BUFFER;

	watch->socket =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->socket || !attach_filter(watch, own_port))
		return false;
	/* Where it may not be larger, more is lost, and compared. */
	(void)setsockopt(mnl_socket_get_fd(watch->socket), SOL_SOCKET,
		SO_RCVBUFFORCE, &size, sizeof(size));
	return mnl_socket_bind(watch->socket, groups, MNL_SOCKET_AUTOPID) == 0;
}

struct nl_watch *
nl_watch_new(const struct nl_conn *conn)
{
	struct nl_watch *watch = (struct nl_watch *)calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	if (!open_socket(watch, nl_conn_port(conn))) {
		nl_watch_free(watch);
		return NULL;
	}
	return watch;
}

void
nl_watch_free(struct nl_watch *watch)
{
	if (!watch)
		return;
	if (watch->socket)
		(void)mnl_socket_close(watch->socket); /* nothing is pending */
	free(watch);
}

int
nl_watch_fd(const struct nl_watch *watch)
{
	return mnl_socket_get_fd(watch->socket);
}

/* False: not of interest. */
static bool
take_type(uint16_t message, const struct tcmsg *tcm, struct tc_event *event)
{
	switch (message) {
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
		event->type = tcm->tcm_parent == TC_H_ROOT ? TC_QDISC_ROOT
							   : TC_QDISC_LEAF;
		break;
	case RTM_NEWTCLASS:
	case RTM_DELTCLASS:
		event->type = TC_CLASS;
		break;
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		event->type = TC_FILTER;
		break;
	default:
		return false;
	}
	event->gone = message == RTM_DELQDISC || message == RTM_DELTCLASS ||
		      message == RTM_DELTFILTER;
	return true;
}

static void
take_message(const struct nlmsghdr *h, nl_watch_fn *tell, void *arg)
{
	struct tc_event event = { .port = h->nlmsg_pid };
	struct ifinfomsg link;
	struct tcmsg tcm;

	if ((h->nlmsg_type == RTM_DELLINK || h->nlmsg_type == RTM_NEWLINK) &&
		mnl_nlmsg_get_payload_len(h) >= sizeof(link)) {
		memcpy(&link, mnl_nlmsg_get_payload(h), sizeof(link));
		event.ifindex = (uint32_t)link.ifi_index;
		event.link = true;
		event.gone = h->nlmsg_type == RTM_DELLINK;
		tell(arg, &event);
		return;
	}
	if (mnl_nlmsg_get_payload_len(h) < sizeof(tcm))
		return;
	memcpy(&tcm, mnl_nlmsg_get_payload(h), sizeof(tcm));
	if (!take_type(h->nlmsg_type, &tcm, &event))
		return;
	event.ifindex = (uint32_t)tcm.tcm_ifindex;
	event.handle = tcm.tcm_handle;
	event.parent = tcm.tcm_parent;
	if (event.type == TC_FILTER) {
		event.pref = (uint16_t)(tcm.tcm_info >> 16);
		event.protocol = ntohs((uint16_t)tcm.tcm_info);
	}
	tell(arg, &event);
}

int
nl_watch_read(struct nl_watch *watch, nl_watch_fn *tell, void *arg)
{
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = mnl_socket_recvfrom(
			watch->socket, watch->in, sizeof(watch->in));
		const struct nlmsghdr *h =
			(const struct nlmsghdr *)(const void *)watch->in;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
			tell(arg, NULL);
			continue;
		}
		if (n <= 0)
			return n < 0 && errno != EAGAIN ? -errno : 0;
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			take_message(h, tell, arg);
	}
	return 0;
}
