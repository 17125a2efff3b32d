/* SPDX-License-Identifier: ISC */

/* What others do, as the kernel tells it: by a socket that the test fills. */

#include "mnl_t.h"
#include "t.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcctl/nl_conn.h"

enum {
	OWN_PORT = 0x01020304, /* not the same backwards */
	OTHER_PORT = 77,
	IFINDEX = 3,
	EVENTS_MAX = 16,
	READS_MAX = 64
};

/* The far end of the socket is the kernel. */
static struct {
	int ends[2];       /* [0]: what is watched */
	const int *errors; /* of the first reads; 0 ends the list */
	bool ends_at_once; /* the next read is the end of the file */
	int endless;       /* reads that are interrupted, and counted */
} kernel;

static ssize_t
say_next(void *buf, size_t size)
{
	if (kernel.endless > 0) {
		kernel.endless++;
		errno = EINTR;
		return -1;
	}
	if (kernel.errors && *kernel.errors != 0) {
		errno = *kernel.errors++;
		return -1;
	}
	if (kernel.ends_at_once)
		return 0;
	return recv(kernel.ends[0], buf, size, MSG_DONTWAIT);
}

/* ---- the bench ----------------------------------------------------------- */

struct bench {
	struct nl_conn *conn;
	struct nl_watch *watch;
	size_t count;
	size_t lost;
	struct tc_event events[EVENTS_MAX];
};

static void
on_event(void *arg, const struct tc_event *event)
{
	struct bench *b = (struct bench *)arg;

	if (!event) {
		b->lost++;
		return;
	}
	T_CHECK(b->count < EVENTS_MAX, "too many events");
	b->events[b->count++] = *event;
}

/* The conversation is there, the watch is to be made. */
static struct bench
bench_of(void)
{
	const int little = 8192;
	struct bench b = { 0 };

	memset(&kernel, 0, sizeof(kernel));
	T_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, kernel.ends), 0);
	mnl_t = (struct mnl_t){
		.fd = kernel.ends[0], .port = OWN_PORT, .say = say_next
	};
	/* Little room, before it is asked for more. */
	T_EQ(setsockopt(kernel.ends[0], SOL_SOCKET, SO_RCVBUF, &little,
		     sizeof(little)),
		0);
	b.conn = nl_conn_new();
	T_CHECK(b.conn != NULL, "memory");
	return b;
}

static struct bench
watching(void)
{
	struct bench b = bench_of();

	b.watch = nl_watch_new(b.conn);
	T_CHECK(b.watch != NULL, "no watch: %s", strerror(errno));
	return b;
}

static void
done(struct bench *b)
{
	nl_watch_free(b->watch);
	nl_conn_free(b->conn);
	T_EQ(mnl_t.closed, mnl_t.opened);
	(void)close(kernel.ends[0]);
	(void)close(kernel.ends[1]);
}

static void
say(uint16_t type, uint32_t port, const void *head, size_t len)
{
	struct nlmsghdr h = { .nlmsg_type = type,
		.nlmsg_len = (uint32_t)(sizeof(h) + len),
		.nlmsg_pid = port };
	uint8_t bytes[128] = { 0 };

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), head, len);
	/* What the filter throws away is sent nevertheless. */
	(void)send(
		kernel.ends[1], bytes, NLMSG_ALIGN(h.nlmsg_len), MSG_DONTWAIT);
}

static void
say_tc(uint16_t type, uint32_t port, uint32_t parent)
{
	const struct tcmsg tcm = { .tcm_ifindex = IFINDEX,
		.tcm_handle = 0x80000802u,
		.tcm_parent = parent,
		.tcm_info = 0x70008 }; /* preference 7; IPv4, as on the wire */

	say(type, port, &tcm, sizeof(tcm));
}

static void
say_link(uint16_t type, unsigned flags)
{
	const struct ifinfomsg link = { .ifi_index = IFINDEX,
		.ifi_flags = flags };

	say(type, 0, &link, sizeof(link));
}

static void
read_all(struct bench *b)
{
	T_EQ(nl_watch_read(b->watch, on_event, b), 0);
}

/* ---- cases --------------------------------------------------------------- */

static void
it_listens_to_traffic_control_and_links(void)
{
	struct bench b = watching();
	const int wish = 1 << 20;
	int size = 0;
	socklen_t len = sizeof(size);

	T_EQ(mnl_t.groups, RTMGRP_TC | RTMGRP_LINK);
	T_EQ(nl_watch_fd(b.watch), kernel.ends[0]);
	T_EQ(getsockopt(kernel.ends[0], SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	/* Much room, where that may be had; it tells twice as much. */
	if (setsockopt(kernel.ends[1], SOL_SOCKET, SO_RCVBUFFORCE, &wish,
		    sizeof(wish)) == 0)
		T_CHECK(size >= 2 * wish, "room for %d octets", size);
	done(&b);
}

static void
what_cannot_be_had_is_told(void)
{
	struct bench b = bench_of();

	mnl_t.open_error = EMFILE;
	T_CHECK(nl_watch_new(b.conn) == NULL, "without a socket");
	T_EQ(errno, EMFILE);
	T_EQ(mnl_t.opened, 1);
	T_EQ(mnl_t.closed, 0);
	mnl_t.open_error = 0;
	mnl_t.bind_error = EPERM;
	T_CHECK(nl_watch_new(b.conn) == NULL, "deaf");
	T_EQ(mnl_t.opened, 2);
	T_EQ(mnl_t.closed, 1);
	nl_watch_free(NULL);
	done(&b);

	/* No descriptor of a socket takes a filter. */
	b = bench_of();
	(void)close(kernel.ends[0]);
	T_CHECK(nl_watch_new(b.conn) == NULL, "without a filter");
	T_EQ(errno, EBADF);
	T_EQ(mnl_t.closed, 1);
	nl_conn_free(b.conn);
	(void)close(kernel.ends[1]);
}

static void
what_we_do_is_not_told(void)
{
	struct bench b = watching();

	say_tc(RTM_NEWTCLASS, OWN_PORT, 0x10001);
	say_tc(RTM_NEWTCLASS, 0x04030201, 0x10001);
	say_tc(RTM_DELTCLASS, OTHER_PORT, 0x10001);
	read_all(&b);
	T_EQ(b.count, 2);
	T_EQ(b.events[0].port, 0x04030201);
	T_EQ(b.events[1].port, OTHER_PORT);
	T_CHECK(b.events[1].gone && !b.events[0].gone, "made, and removed");
	done(&b);
}

static void
links_are_told_when_they_end(void)
{
	struct bench b = watching();

	say_link(RTM_NEWLINK, IFF_UP | IFF_BROADCAST);
	say_link(RTM_NEWLINK, IFF_BROADCAST);
	say_link(RTM_DELLINK, IFF_UP);
	/* Flags of a link are not looked for in other messages. */
	say_tc(RTM_NEWTCLASS, OTHER_PORT, UINT32_MAX);
	read_all(&b);
	T_EQ(b.count, 3);
	for (size_t i = 0; i < 2; i++) {
		T_EQ(b.events[i].ifindex, IFINDEX);
		T_CHECK(b.events[i].link, "a link");
		T_EQ(b.events[i].gone, i == 1);
	}
	T_CHECK(!b.events[2].link, "a class");
	done(&b);
}

static void
every_kind_of_object_is_told(void)
{
	static const struct {
		uint16_t message;
		uint32_t parent;
		enum tc_type type;
		bool gone;
	} rows[] = { { RTM_NEWQDISC, TC_H_ROOT, TC_QDISC_ROOT, false },
		{ RTM_DELQDISC, TC_H_ROOT, TC_QDISC_ROOT, true },
		{ RTM_NEWQDISC, 0x10010, TC_QDISC_LEAF, false },
		{ RTM_DELQDISC, 0x10010, TC_QDISC_LEAF, true },
		{ RTM_NEWTCLASS, 0x10002, TC_CLASS, false },
		{ RTM_DELTCLASS, 0x10002, TC_CLASS, true },
		{ RTM_NEWTFILTER, 0x10000, TC_FILTER, false },
		{ RTM_DELTFILTER, 0x10000, TC_FILTER, true } };
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	struct bench b = watching();

	for (size_t i = 0; i < count; i++)
		say_tc(rows[i].message, OTHER_PORT, rows[i].parent);
	say_tc(RTM_NEWNEIGH, OTHER_PORT, 0x10000); /* of no interest */
	read_all(&b);
	T_EQ(b.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct tc_event *e = &b.events[i];
		bool filter = rows[i].type == TC_FILTER;

		T_EQ(e->type, rows[i].type);
		T_EQ(e->gone, rows[i].gone);
		T_EQ(e->link, false);
		T_EQ(e->ifindex, IFINDEX);
		T_EQ(e->parent, rows[i].parent);
		T_EQ(e->handle, 0x80000802u);
		T_EQ(e->pref, filter ? 7 : 0);
		T_EQ(e->protocol, filter ? 0x800 : 0);
		T_EQ(e->port, OTHER_PORT);
	}
	done(&b);
}

static void
what_is_cut_short_says_nothing(void)
{
	const struct ifinfomsg link = { .ifi_index = IFINDEX };
	const struct tcmsg tcm = { .tcm_ifindex = IFINDEX };
	struct bench b = watching();

	say(RTM_DELLINK, OTHER_PORT, &link, sizeof(link) - 4);
	say(RTM_NEWTCLASS, OTHER_PORT, &tcm, sizeof(tcm) - 4);
	read_all(&b);
	T_EQ(b.count, 0);
	say(RTM_DELLINK, OTHER_PORT, &link, sizeof(link));
	say(RTM_NEWTCLASS, OTHER_PORT, &tcm, sizeof(tcm));
	read_all(&b);
	T_EQ(b.count, 2);
	done(&b);
}

static void
what_is_lost_is_told_and_the_rest_is_read(void)
{
	static const int errors[] = { ENOBUFS, EINTR, ENOSPC, 0 };
	struct bench b = watching();

	kernel.errors = errors;
	say_tc(RTM_NEWTCLASS, OTHER_PORT, 0x10001);
	read_all(&b);
	T_EQ(b.lost, 2);
	T_EQ(b.count, 1);
	done(&b);
}

static void
a_socket_that_fails_is_told(void)
{
	static const int again[] = { EAGAIN, 0 };
	static const int bad[] = { EBADF, 0 };
	struct bench b = watching();

	kernel.errors = again;
	read_all(&b);
	kernel.errors = bad;
	T_EQ(nl_watch_read(b.watch, on_event, &b), -EBADF);
	kernel.ends_at_once = true;
	read_all(&b);
	T_EQ(b.count + b.lost, 0);
	done(&b);
}

static void
a_turn_ends_even_if_there_is_more(void)
{
	struct bench b = watching();

	kernel.endless = 1;
	read_all(&b);
	T_EQ(kernel.endless - 1, READS_MAX);
	done(&b);
}

static struct t_case all_cases[] = {
	{ "it listens to traffic control and links",
		it_listens_to_traffic_control_and_links },
	{ "what cannot be had is told", what_cannot_be_had_is_told },
	{ "what we do is not told", what_we_do_is_not_told },
	{ "links are told when they end", links_are_told_when_they_end },
	{ "every kind of object is told", every_kind_of_object_is_told },
	{ "what is cut short says nothing", what_is_cut_short_says_nothing },
	{ "what is lost is told, and the rest is read",
		what_is_lost_is_told_and_the_rest_is_read },
	{ "a socket that fails is told", a_socket_that_fails_is_told },
	{ "a turn ends even if there is more",
		a_turn_ends_even_if_there_is_more },
};
T_MAIN(all_cases)
