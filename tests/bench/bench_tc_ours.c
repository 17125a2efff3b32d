/* SPDX-License-Identifier: ISC */

/*
 * `tcctl serve`, driven as the engine drives it.  Flows of both services in
 * turn, because each has a pool of its own.
 */

#include "bench_tc_int.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tcctl/tcctl.h"

enum {
	SERVICES = 2,
	IDLE = 64,     /* classes in each pool, as by default */
	GROWN = 168,   /* and as many of them that less than half are there */
	CHANGES = 200, /* one after another, while it grows */
	PAUSES = 40,   /* before each of as many others */
	GAP_US = 200,
	PAUSE_US = 20000, /* as long as tcctl waits for more */
	CLASS_US = 8000,  /* and up to so much more, that it is at work */
	POOL_MAX = 32000,
	STALL_S = 60,         /* without one class more: it is over */
	COUNTERS = 4094,      /* of packets whose ports are hidden, at most */
	COUNTERS_HTID = 0x60, /* the table of their nodes */
	BATCH = 64,           /* FLOW_ADD in one datagram */
	WINDOW = 4            /* datagrams under way */
};

static void
start(struct ours *o)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		die("socketpair");
	o->pid = fork();
	if (o->pid == 0) {
		if (pair[1] != 3 && dup2(pair[1], 3) < 0)
			_exit(127);
		closefrom(4);
		execl(o->program, "tcctl", "serve", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	o->fd = pair[0];
}

/* Read answers until so many are DONE. */
static void
wait_done(struct ours *o, uint32_t count)
{
	while (count > 0) {
		ssize_t n = recv(o->fd, o->buf, sizeof(o->buf), 0);
		struct buf_reader r = buf_reader(o->buf, (size_t)n);
		struct msg m;
		struct tc_done done;

		if (n <= 0)
			die("tcctl has gone");
		while (msg_next(&r, &m)) {
			if (m.type != TC_MSG_DONE)
				continue;
			if (!tc_get_done(&m, &done) || done.error != 0) {
				fprintf(stderr, "tcctl: %s\n", done.text);
				exit(1);
			}
			count--;
		}
	}
}

static void
send_request(struct ours *o, const struct buf_writer *w)
{
	if (w->failed || send(o->fd, w->start, buf_written(w), 0) < 0)
		die("send to tcctl");
}

/* Announce the interface, with so many idle classes a service at least and at
 * most, and wait for the answer. */
static void
announce(struct ours *o, uint32_t pool_low, uint32_t pool_high)
{
	struct tc_iface iface = { .ifindex = o->ifindex,
		.link_Bps = 1250000000,
		.best_effort_Bps = 1250000,
		.control_Bps = 1250000,
		.mtu = 1500,
		.header_bytes = 14,
		.timer_us = 200,
		.pool_low = pool_low,
		.pool_high = pool_high };
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	(void)text_copy(iface.name, sizeof(iface.name), o->name);
	tc_put_iface(&w, ++o->serial, &iface);
	send_request(o, &w);
	wait_done(o, 1);
}

/* Until it has started: it answers a question about nothing. */
static void
wait_ready(struct ours *o)
{
	const struct tc_counters_query query = { 0 };
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	tc_put_counters(&w, ++o->serial, &query);
	send_request(o, &w);
	wait_done(o, 1);
}

/* What a dump shows and is counted. */
typedef bool is_fn(const struct tcmsg *tcm);

static bool
is_class(const struct tcmsg *tcm)
{
	return (tcm->tcm_handle & 0xffff) >= FIRST_MINOR;
}

/* A node that counts packets whose ports are hidden. */
static bool
is_counter(const struct tcmsg *tcm)
{
	return tcm->tcm_handle >> 20 == COUNTERS_HTID &&
	       (tcm->tcm_handle & 0xfff) != 0;
}

static uint32_t
count_dump(struct mnl_socket *nl, uint16_t type, const struct tcmsg *what,
	is_fn *is)
{
	static uint8_t buf[65536];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	uint32_t count = 0;

	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*what)), what,
		sizeof(*what));
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("dump");
	for (;;) {
		int n = (int)mnl_socket_recvfrom(nl, buf, sizeof(buf));

		h = (struct nlmsghdr *)(void *)buf;
		for (; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return count;
			count += is(
				(const struct tcmsg *)mnl_nlmsg_get_payload(h));
		}
	}
}

/* Classes come and go in the background, and nothing tells of it: ask, but so
 * seldom that asking takes a tenth of the kernel's time at most.  How long it
 * takes is the kernel's matter: for each it looks at all that there are, which
 * is four milliseconds of processor time at 10 000. */
static void
wait_classes(const struct ours *o, uint32_t count)
{
	const struct tcmsg classes = { .tcm_ifindex = (int)o->ifindex };
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	double end = now_s() + STALL_S;
	uint32_t found = 0;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	while (found != count) {
		uint32_t before = found;
		double took = now_s();

		found = count_dump(nl, RTM_GETTCLASS, &classes, is_class);
		took = now_s() - took;
		if (found != before)
			end = now_s() + STALL_S + took * 20;
		if (now_s() > end) {
			fprintf(stderr, "bench_tc: %u classes, not %u\n", found,
				count);
			exit(1);
		}
		usleep(20000 + (useconds_t)(took * 10e6));
	}
	mnl_socket_close(nl);
}

void
ours_wait_counters(const struct ours *o, uint32_t present)
{
	const struct tcmsg filters = { .tcm_ifindex = (int)o->ifindex,
		.tcm_parent = 0x520000 };
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	double end = now_s() + STALL_S;
	uint32_t want = present < COUNTERS ? present : COUNTERS;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	while (count_dump(nl, RTM_GETTFILTER, &filters, is_counter) < want) {
		if (now_s() > end) {
			fprintf(stderr,
				"bench_tc: no %u counters of hidden "
				"packets\n",
				want);
			exit(1);
		}
		usleep(100000);
	}
	mnl_socket_close(nl);
}

static struct tc_flow
make_flow(const struct ours *o, uint32_t n)
{
	return (struct tc_flow){ .id = n + 1,
		.ifindex = o->ifindex,
		.service = n % SERVICES ? TC_SERVICE_CL : TC_SERVICE_GS,
		.rate_Bps = 20000 + n + o->more_Bps,
		.bucket_bytes = 3000,
		.max_packet_bytes = 1514,
		.min_packet_bytes = 64,
		.buffer_bytes = 20000,
		.filter_count = 1,
		.filters[0] = { .dst = addr_v4_u32(0x0a000000 | (n & 0xffff)),
			.src = addr_v4_u32(0x0a000001),
			.proto = 17,
			.dst_port = (uint16_t)(5000 + (n >> 4)),
			.src_port = 6000 } };
}

static void
request(struct ours *o, enum tc_msg_type type, uint32_t first, uint32_t count)
{
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	for (uint32_t i = 0; i < count; i++) {
		const struct tc_flow flow = make_flow(o, first + i);

		tc_put_flow(&w, type, ++o->serial, &flow);
	}
	send_request(o, &w);
}

static double
run(struct ours *o, enum tc_msg_type type, uint32_t first, uint32_t count)
{
	double began = now_s();
	uint32_t sent = 0;
	uint32_t done = 0;

	while (done < count) {
		while (sent < count && sent - done < BATCH * WINDOW) {
			uint32_t n =
				count - sent < BATCH ? count - sent : BATCH;

			request(o, type, first + sent, n);
			sent += n;
		}

		uint32_t n = sent - done < BATCH ? sent - done : BATCH;

		wait_done(o, n);
		done += n;
	}
	return count / (now_s() - began);
}

double
ours_install(struct ours *o, uint32_t first, uint32_t count)
{
	return run(o, TC_MSG_FLOW_ADD, first, count);
}

double
ours_remove(struct ours *o, uint32_t first, uint32_t count)
{
	return run(o, TC_MSG_FLOW_DEL, first, count);
}

void
ours_open(struct ours *o, uint32_t present)
{
	shell("ip link add %s type ifb && ip link set %s up", o->name, o->name);
	o->ifindex = if_nametoindex(o->name);
	start(o);
	announce(o, (present + FLOWS) / SERVICES, POOL_MAX);
	wait_classes(o, present + FLOWS);
	announce(o, 0, POOL_MAX); /* makes no more */
	(void)ours_install(o, 0, present);
	o->present = present;
}

void
ours_stop(struct ours *o)
{
	kill(o->pid, SIGKILL);
	close(o->fd);
	waitpid(o->pid, NULL, 0);
}

struct took
ours_resume(struct ours *o)
{
	struct took took;
	clockid_t clock;

	start(o);
	wait_ready(o); /* it is there when it answers */
	if (clock_getcpuclockid(o->pid, &clock) != 0)
		die("processor time");
	took = took_begin(clock);
	announce(o, 0, POOL_MAX);
	return took_end(clock, &took);
}

/* ---- growth -------------------------------------------------------------- */

/* The longest that one of so many changes of a flow waited, each so long after
 * the one before, and up to so much longer. */
static double
longest_change_s(
	struct ours *o, uint32_t count, uint32_t gap_us, uint32_t more_us)
{
	double longest_s = 0;

	o->more_Bps = 1 - o->more_Bps; /* or there was nothing to change */
	for (uint32_t i = 0; i < count; i++) {
		usleep(gap_us + i * 7919 % (more_us + 1));

		double began = now_s();

		request(o, TC_MSG_FLOW_CHANGE, i, 1);
		wait_done(o, 1);
		if (now_s() - began > longest_s)
			longest_s = now_s() - began;
	}
	return longest_s;
}

/* From the idle classes that a link has by default. */
struct growth
ours_growth(struct ours *o)
{
	struct growth found;

	announce(o, 0, IDLE);
	wait_classes(o, o->present + IDLE * SERVICES);
	found.none_s = longest_change_s(o, CHANGES, GAP_US, 0);
	announce(o, GROWN, POOL_MAX);
	found.empty_s = longest_change_s(o, CHANGES, GAP_US, 0);
	found.half_s = longest_change_s(o, CHANGES, GAP_US, 0);
	found.pause_s = longest_change_s(o, PAUSES, PAUSE_US, CLASS_US);
	wait_classes(o, o->present + GROWN * SERVICES);
	return found;
}
