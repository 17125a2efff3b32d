/* SPDX-License-Identifier: ISC */

/*
 * How fast flows are installed, with 1 000 and 10 000 present:
 *
 *	ours	FLOW_ADD to `tcctl serve`, until it is acknowledged
 *	floor	a bare loop over netlink that does the least: a class changed
 *		and a u32 node added, both acknowledged, one system call to
 *		send them
 *	peer	the same two by `tc -batch`
 *
 * All three find the classes made.  Each is measured ROUNDS times and the best
 * round counts, because the machine is shared.  Runs in a network namespace of
 * its own; prints a JSON object a row, flows a second.
 *
 * usage: bench_tc [TCCTL]
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/limits.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tcctl/tcctl.h"

enum {
	FLOWS = 2000, /* installed in one round */
	ROUNDS = 100,
	BATCH = 64, /* FLOW_ADD in one datagram */
	WINDOW = 4, /* datagrams under way */
	FIRST_MINOR = 0x100,
	PREF = 10,
	HTID = 0x20,
	TICKS = 2000
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_tc: %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((format(printf, 1, 2))) static void
shell(const char *fmt, ...)
{
	char command[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		die(command);
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- the floor ----------------------------------------------------------- */

struct bare {
	struct mnl_socket *nl;
	uint32_t seq;
	int ifindex;
	uint8_t buf[65536];
	size_t len;  /* of the messages in buf */
	int waiting; /* for acknowledgements */
};

static struct nlmsghdr *
begin(struct bare *b, uint16_t type, uint16_t flags, const struct tcmsg *tcm)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(b->buf + b->len);

	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	h->nlmsg_seq = ++b->seq;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*tcm)), tcm, sizeof(*tcm));
	return h;
}

static void
end(struct bare *b, const struct nlmsghdr *h)
{
	b->len += NLMSG_ALIGN(h->nlmsg_len);
	b->waiting++;
}

/* Send what is there and read all acknowledgements. */
static void
flush(struct bare *b)
{
	uint8_t answer[4096];

	if (mnl_socket_sendto(b->nl, b->buf, b->len) < 0)
		die("netlink send");
	b->len = 0;
	while (b->waiting > 0) {
		ssize_t n = mnl_socket_recvfrom(b->nl, answer, sizeof(answer));
		const struct nlmsghdr *h =
			(const struct nlmsghdr *)(const void *)answer;
		const struct nlmsgerr *err =
			(const struct nlmsgerr *)mnl_nlmsg_get_payload(h);

		if (n < 0)
			die("netlink receive");
		errno = -err->error;
		if (err->error != 0)
			die("netlink");
		b->waiting--;
	}
}

static void
put_class(struct bare *b, uint32_t minor, uint16_t flags, uint32_t rate)
{
	const struct tcmsg tcm = { .tcm_ifindex = b->ifindex,
		.tcm_handle = TC_H_MAKE(1 << 16, minor),
		.tcm_parent = minor == 1 ? 1u << 16 : TC_H_MAKE(1 << 16, 1) };
	const struct tc_htb_opt opt = { .rate = { .linklayer = 1,
						.rate = rate },
		.ceil = { .linklayer = 1, .rate = rate },
		.buffer = TICKS,
		.cbuffer = TICKS,
		.quantum = 1500 };
	struct nlmsghdr *h = begin(b, RTM_NEWTCLASS, flags, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "htb");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put(h, TCA_HTB_PARMS, sizeof(opt), &opt);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

static struct tcmsg
filter_head(const struct bare *b, uint32_t handle)
{
	return (struct tcmsg){ .tcm_ifindex = b->ifindex,
		.tcm_handle = handle,
		.tcm_parent = 1u << 16,
		.tcm_info = TC_H_MAKE(PREF << 16, htons(ETH_P_IP)) };
}

static void
put_table(struct bare *b)
{
	const struct tcmsg tcm = filter_head(b, HTID << 20);
	struct nlmsghdr *h =
		begin(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put_u32(h, TCA_U32_DIVISOR, 256);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

static uint32_t
node_handle(uint32_t n)
{
	return (uint32_t)HTID << 20 | (n & 0xff) << 12 | (1 + (n >> 8));
}

/* Destination, source, protocol and ports, as a flow has them. */
static void
put_node(struct bare *b, uint32_t n, uint32_t minor)
{
	const struct tcmsg tcm = filter_head(b, node_handle(n));
	const struct tc_u32_sel sel = { .flags = TC_U32_TERMINAL, .nkeys = 4 };
	const struct tc_u32_key keys[4] = { { UINT32_MAX, htonl(n), 20, 0 },
		{ UINT32_MAX, htonl(0x0a000002), 16, 0 },
		{ UINT32_MAX, htonl(0x0a000001), 12, 0 },
		{ htonl(0xff0000), htonl(17 << 16), 8, 0 } };
	uint8_t selector[sizeof(sel) + sizeof(keys)];
	struct nlmsghdr *h =
		begin(b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");

	struct nlattr *nest = mnl_attr_nest_start(h, TCA_OPTIONS);

	mnl_attr_put_u32(h, TCA_U32_HASH, node_handle(n) & 0xfffff000);
	mnl_attr_put_u32(h, TCA_U32_CLASSID, TC_H_MAKE(1 << 16, minor));
	memcpy(selector, &sel, sizeof(sel));
	memcpy(selector + sizeof(sel), keys, sizeof(keys));
	mnl_attr_put(h, TCA_U32_SEL, sizeof(selector), selector);
	mnl_attr_nest_end(h, nest);
	end(b, h);
}

static void
put_node_removal(struct bare *b, uint32_t n)
{
	const struct tcmsg tcm = filter_head(b, node_handle(n));
	struct nlmsghdr *h = begin(b, RTM_DELTFILTER, 0, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "u32");
	end(b, h);
}

static void
bare_build(struct bare *b, const char *name, uint32_t classes)
{
	const int on = 1;

	shell("ip link add %s type ifb && ip link set %s up && "
	      "tc qdisc add dev %s root handle 1: htb r2q 1000",
		name, name, name);
	b->ifindex = (int)if_nametoindex(name);
	b->nl = mnl_socket_open(NETLINK_ROUTE);
	if (!b->nl || mnl_socket_bind(b->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	/* As ours has it: an acknowledgement does not repeat the request. */
	(void)mnl_socket_setsockopt(
		b->nl, NETLINK_CAP_ACK, (void *)(uintptr_t)&on, sizeof(on));
	put_class(b, 1, NLM_F_CREATE, 1000000000);
	put_table(b);
	flush(b);
	for (uint32_t i = 0; i < classes; i++) {
		put_class(b, FIRST_MINOR + i, NLM_F_CREATE, 125000);
		flush(b);
	}
}

static double
bare_install(struct bare *b, uint32_t first, uint32_t count)
{
	double start = now_s();

	for (uint32_t i = first; i < first + count; i++) {
		put_class(b, FIRST_MINOR + i, 0, 20000 + i);
		put_node(b, i, FIRST_MINOR + i);
		flush(b);
	}
	return count / (now_s() - start);
}

static void
bare_remove(struct bare *b, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		put_node_removal(b, i);
		flush(b);
	}
}

static double
bare_measure(struct bare *b, uint32_t present)
{
	double best = 0;

	(void)bare_install(b, 0, present); /* not measured */
	for (int round = 0; round < ROUNDS; round++) {
		double speed = bare_install(b, present, FLOWS);

		best = speed > best ? speed : best;
		bare_remove(b, present, FLOWS);
	}
	return best;
}

/* ---- the peer ------------------------------------------------------------ */

static void
write_batch(const char *path, const char *name, uint32_t present)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	for (uint32_t i = present; i < present + FLOWS; i++) {
		uint32_t handle = node_handle(i);

		fprintf(f,
			"class change dev %s parent 1:1 classid 1:%x htb rate "
			"%ubps ceil %ubps quantum 1500\n",
			name, FIRST_MINOR + i, 20000 + i, 20000 + i);
		fprintf(f,
			"filter add dev %s parent 1: protocol ip pref %d "
			"handle "
			"%x:%x:%x u32 ht %x:%x: match u32 0x%x 0xffffffff at "
			"20 "
			"match ip dst 10.0.0.2 match ip src 10.0.0.1 match ip "
			"protocol 17 0xff flowid 1:%x\n",
			name, PREF, handle >> 20, handle >> 12 & 0xff,
			handle & 0xfff, handle >> 20, handle >> 12 & 0xff, i,
			FIRST_MINOR + i);
	}
	if (fclose(f) != 0)
		die(path);
}

static double
peer_measure(struct bare *b, const char *name, uint32_t present)
{
	char path[] = "/tmp/bench_tc.XXXXXX";
	int fd = mkstemp(path);
	double best = 0;

	if (fd < 0)
		die(path);
	close(fd);
	write_batch(path, name, present);
	for (int round = 0; round < ROUNDS; round++) {
		double start = now_s();

		shell("tc -batch %s", path);

		double speed = FLOWS / (now_s() - start);

		best = speed > best ? speed : best;
		bare_remove(b, present, FLOWS);
	}
	unlink(path);
	return best;
}

/* ---- ours ---------------------------------------------------------------- */

struct ours {
	pid_t pid;
	int fd;
	uint32_t ifindex;
	uint32_t serial;
	uint8_t buf[MSG_DATAGRAM_MAX];
};

static void
ours_start(struct ours *o, const char *program)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		die("socketpair");
	o->pid = fork();
	if (o->pid == 0) {
		if (pair[1] != 3 && dup2(pair[1], 3) < 0)
			_exit(127);
		closefrom(4);
		execl(program, "tcctl", "serve", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	o->fd = pair[0];
}

/* Read answers until so many are DONE. */
static void
ours_wait(struct ours *o, uint32_t count)
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
ours_send(struct ours *o, const struct buf_writer *w)
{
	if (w->failed || send(o->fd, w->start, buf_written(w), 0) < 0)
		die("send to tcctl");
}

static void
ours_iface(struct ours *o, const char *name, uint32_t classes)
{
	struct tc_iface iface = { .link_Bps = 1250000000,
		.best_effort_Bps = 1250000,
		.control_Bps = 1250000,
		.mtu = 1500,
		.header_bytes = 14,
		.timer_us = 200,
		.pool_low = classes,
		.pool_high = classes };
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	shell("ip link add %s type ifb && ip link set %s up", name, name);
	o->ifindex = iface.ifindex = if_nametoindex(name);
	snprintf(iface.name, sizeof(iface.name), "%s", name);
	tc_put_iface(&w, ++o->serial, &iface);
	ours_send(o, &w);
	ours_wait(o, 1);
}

static void
count_class(const struct nlmsghdr *h, uint32_t *count)
{
	const struct tcmsg *tcm =
		(const struct tcmsg *)mnl_nlmsg_get_payload(h);

	*count += (tcm->tcm_handle & 0xffff) >= FIRST_MINOR &&
		  tcm->tcm_parent == 0x520003;
}

static uint32_t
count_classes(struct mnl_socket *nl, uint32_t ifindex)
{
	static uint8_t buf[65536];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct tcmsg *tcm =
		(struct tcmsg *)mnl_nlmsg_put_extra_header(h, sizeof(*tcm));
	uint32_t count = 0;

	h->nlmsg_type = RTM_GETTCLASS;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	tcm->tcm_ifindex = (int)ifindex;
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) < 0)
		die("dump");
	for (;;) {
		int n = (int)mnl_socket_recvfrom(nl, buf, sizeof(buf));

		h = (struct nlmsghdr *)(void *)buf;
		for (; mnl_nlmsg_ok(h, n); h = mnl_nlmsg_next(h, &n)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return count;
			count_class(h, &count);
		}
	}
}

/* The pool grows in the background: wait until it is there. */
static void
ours_wait_pool(const struct ours *o, uint32_t classes)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	/* Nothing tells of it: ask, for five minutes at most. */
	for (int asked = 0; count_classes(nl, o->ifindex) < classes; asked++) {
		if (asked == 6000) {
			errno = ETIMEDOUT;
			die("pool of classes");
		}
		usleep(50000);
	}
	mnl_socket_close(nl);
}

static struct tc_flow
ours_flow(const struct ours *o, uint32_t n)
{
	return (struct tc_flow){ .id = n + 1,
		.ifindex = o->ifindex,
		.service = TC_SERVICE_CL,
		.rate_Bps = 20000 + n,
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
ours_request(
	struct ours *o, enum tc_msg_type type, uint32_t first, uint32_t count)
{
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	for (uint32_t i = 0; i < count; i++) {
		const struct tc_flow flow = ours_flow(o, first + i);

		tc_put_flow(&w, type, ++o->serial, &flow);
	}
	ours_send(o, &w);
}

/* Flows a second. */
static double
ours_run(struct ours *o, enum tc_msg_type type, uint32_t first, uint32_t count)
{
	double start = now_s();
	uint32_t sent = 0;
	uint32_t done = 0;

	while (done < count) {
		while (sent < count && sent - done < BATCH * WINDOW) {
			uint32_t n =
				count - sent < BATCH ? count - sent : BATCH;

			ours_request(o, type, first + sent, n);
			sent += n;
		}

		uint32_t n = sent - done < BATCH ? sent - done : BATCH;

		ours_wait(o, n);
		done += n;
	}
	return count / (now_s() - start);
}

static double
ours_measure(const char *program, const char *name, uint32_t present)
{
	struct ours *o = (struct ours *)calloc(1, sizeof(*o));
	double best = 0;

	if (!o)
		die("calloc");
	ours_start(o, program);
	ours_iface(o, name, present + FLOWS);
	ours_wait_pool(o, present + FLOWS);
	(void)ours_run(o, TC_MSG_FLOW_ADD, 0, present); /* not measured */
	for (int round = 0; round < ROUNDS; round++) {
		double speed = ours_run(o, TC_MSG_FLOW_ADD, present, FLOWS);

		best = speed > best ? speed : best;
		(void)ours_run(o, TC_MSG_FLOW_DEL, present, FLOWS);
	}
	close(o->fd);
	waitpid(o->pid, NULL, 0);
	free(o);
	return best;
}

static void
measure(const char *program, uint32_t present)
{
	struct bare *b = (struct bare *)calloc(1, sizeof(*b));
	double ours = ours_measure(program, "ours", present);
	double floor_speed;
	double peer;

	if (!b)
		die("calloc");
	shell("ip link del ours");
	bare_build(b, "bare", present + FLOWS);
	floor_speed = bare_measure(b, present);
	peer = peer_measure(b, "bare", present);
	shell("ip link del bare");
	mnl_socket_close(b->nl);
	free(b);
	printf("{\"name\":\"install-flows\",\"n\":%u,\"floor\":%.0f,"
	       "\"ours\":%.0f,\"peer\":%.0f,\"unit\":\"flows/s\","
	       "\"must\":0.7}\n",
		present, floor_speed, ours, peer);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char self[PATH_MAX] = "";
	char program[PATH_MAX + 32];

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	snprintf(program, sizeof(program), "%s/../../tcctl/tcctl",
		dirname(self));
	if (argc > 1)
		snprintf(program, sizeof(program), "%s", argv[1]);
	if (unshare(CLONE_NEWNET) != 0)
		die("a network namespace (needs root)");
	measure(program, 1000);
	measure(program, 10000);
	return 0;
}
