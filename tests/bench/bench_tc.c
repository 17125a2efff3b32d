/* SPDX-License-Identifier: ISC */

/*
 * How fast flows are installed and removed, with 1 000 and 10 000 present:
 *
 *	ours	FLOW_ADD, FLOW_DEL to `tcctl serve`, until it is acknowledged
 *	floor	a bare loop over netlink that does the least: a class changed
 *		and a u32 node added or deleted, both acknowledged, one system
 *		call to send them; its classes are there
 *	peer	`tc -batch` that adds, or deletes, a class and its filter
 *
 * the same of ours against ours with 1 000; how long a change waits while the
 * pool of idle classes grows, in tcctl's processor time, against 5 ms (peer:
 * while it does not grow); and how
 * long adoption takes, against a dump of the classes and one of the filters.
 *
 * Each is measured several times and the best counts, because the machine is
 * shared.  Runs in a network namespace of its own; prints a JSON object a row.
 *
 * usage: bench_tc [-p PRESENT] [TCCTL]
 */

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <libmnl/libmnl.h>
#include <linux/limits.h>
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

#include "bench_tc_int.h"
#include "tcctl/tcctl.h"

enum {
	PEER_FLOWS = 200,
	FEW_ROUNDS = 3, /* of what takes long */
	WAIT_ROUNDS = 4,
	GROWTH = 40,   /* classes more in the pool */
	CHANGES = 200, /* while it grows */
	WAIT_LIMIT_US = 5000,
	BATCH = 64, /* FLOW_ADD in one datagram */
	WINDOW = 4  /* datagrams under way */
};

void
die(const char *what)
{
	fprintf(stderr, "bench_tc: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
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

double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
keep_best(struct speeds *best, double install, double removal)
{
	best->install = install > best->install ? install : best->install;
	best->remove = removal > best->remove ? removal : best->remove;
}

/* ---- the peer ------------------------------------------------------------ */

static void
write_addition(FILE *f, const char *name, uint32_t i)
{
	uint32_t handle = bare_node(i);

	fprintf(f,
		"class add dev %s parent 1:1 classid 1:%x htb rate %ubps ceil "
		"%ubps quantum 1500\n",
		name, FIRST_MINOR + i, 20000 + i, 20000 + i);
	fprintf(f,
		"filter add dev %s parent 1: protocol ip pref %d handle "
		"%x:%x:%x u32 ht %x:%x: match u32 0x%x 0xffffffff at 20 match "
		"ip dst 10.0.0.2 match ip src 10.0.0.1 match ip protocol 17 "
		"0xff flowid 1:%x\n",
		name, PREF, handle >> 20, handle >> 12 & 0xff, handle & 0xfff,
		handle >> 20, handle >> 12 & 0xff, i, FIRST_MINOR + i);
}

static void
write_removal(FILE *f, const char *name, uint32_t i)
{
	uint32_t handle = bare_node(i);

	fprintf(f,
		"filter del dev %s parent 1: protocol ip pref %d handle "
		"%x:%x:%x u32\nclass del dev %s classid 1:%x\n",
		name, PREF, handle >> 20, handle >> 12 & 0xff, handle & 0xfff,
		name, FIRST_MINOR + i);
}

/* A batch of those lines, timed: how many a second. */
static double
run_batch(const char *name, uint32_t first,
	void (*write)(FILE *f, const char *name, uint32_t i))
{
	char path[] = "/tmp/bench_tc.XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	double start;

	if (!f)
		die(path);
	for (uint32_t i = first; i < first + PEER_FLOWS; i++)
		write(f, name, i);
	if (fclose(f) != 0)
		die(path);
	start = now_s();
	shell("tc -batch %s", path);
	start = now_s() - start;
	unlink(path);
	return PEER_FLOWS / start;
}

/* Behind the classes that the floor has made. */
static struct speeds
peer_measure(const char *name, uint32_t present)
{
	struct speeds best = { 0, 0 };

	for (int round = 0; round < FEW_ROUNDS; round++) {
		double install = run_batch(name, present, write_addition);

		keep_best(&best, install,
			run_batch(name, present, write_removal));
	}
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

/* Announce the interface and wait for the answer. */
static void
ours_iface(struct ours *o, const char *name, uint32_t classes)
{
	struct tc_iface iface = { .ifindex = o->ifindex,
		.link_Bps = 1250000000,
		.best_effort_Bps = 1250000,
		.control_Bps = 1250000,
		.mtu = 1500,
		.header_bytes = 14,
		.timer_us = 200,
		.pool_low = classes,
		.pool_high = classes };
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

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

/* Until it has started: it answers a question about nothing. */
static void
ours_wait_ready(struct ours *o)
{
	const struct tc_counters_query query = { 0 };
	struct buf_writer w = buf_writer(o->buf, sizeof(o->buf));

	tc_put_counters(&w, ++o->serial, &query);
	ours_send(o, &w);
	ours_wait(o, 1);
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
cpu_s(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The longest that one of so many changes of a flow waited, in microseconds of
 * tcctl's processor time: others take the processor away from it. */
static double
ours_longest(struct ours *o, uint32_t changes)
{
	double longest = 0;
	clockid_t clock;

	if (clock_getcpuclockid(o->pid, &clock) != 0)
		die("processor time");

	for (uint32_t i = 0; i < changes; i++) {
		double start = cpu_s(clock);

		ours_request(o, TC_MSG_FLOW_CHANGE, i % 1000, 1);
		ours_wait(o, 1);
		start = cpu_s(clock) - start;
		longest = start > longest ? start : longest;
		usleep(200); /* the pool grows between requests */
	}
	return longest * 1e6;
}

/* The least of some rounds, for what else this host does. */
static void
measure_growth(struct ours *o, const char *name, uint32_t present)
{
	uint32_t pool = FLOWS;
	double growing = 1e9;
	double quiet = 1e9;

	for (int round = 0; round < WAIT_ROUNDS; round++) {
		double longest;

		pool += GROWTH;
		ours_iface(o, name, pool);
		longest = ours_longest(o, CHANGES);
		growing = longest < growing ? longest : growing;
		ours_wait_pool(o, present + pool);
		longest = ours_longest(o, CHANGES);
		quiet = longest < quiet ? longest : quiet;
	}
	printf("{\"name\":\"pool-growth-wait\",\"n\":%u,\"floor\":%d,"
	       "\"ours\":%.0f,\"peer\":%.0f,\"unit\":\"us\",\"must\":1}\n",
		present, WAIT_LIMIT_US, growing, quiet);
}

static void
ours_stop(struct ours *o)
{
	close(o->fd);
	waitpid(o->pid, NULL, 0);
}

/* Killed and started again: from the announcement to its answer. */
static void
measure_adoption(
	struct ours *o, const char *program, const char *name, uint32_t present)
{
	double dumps = 1e9;
	double adoption = 1e9;

	for (int round = 0; round < FEW_ROUNDS; round++) {
		double took = bare_dumps(o->ifindex);

		dumps = took < dumps ? took : dumps;
		kill(o->pid, SIGKILL);
		ours_stop(o);
		ours_start(o, program);
		/* It is there when it answers. */
		ours_wait_ready(o);
		took = now_s();
		ours_iface(o, name, FLOWS);
		took = now_s() - took;
		adoption = took < adoption ? took : adoption;
	}
	/* With few, most of it is the memory of a new process. */
	printf("{\"name\":\"adoption\",\"n\":%u,\"floor\":%.1f,"
	       "\"ours\":%.1f,\"peer\":null,\"unit\":\"ms\",\"must\":%s,"
	       "\"aim\":2}\n",
		present, dumps * 1e3, adoption * 1e3,
		present >= 10000 ? "4" : "null");
}

static struct speeds
ours_measure(const char *program, const char *name, uint32_t present)
{
	struct ours *o = (struct ours *)calloc(1, sizeof(*o));
	struct speeds best = { 0, 0 };

	if (!o)
		die("calloc");
	shell("ip link add %s type ifb && ip link set %s up", name, name);
	o->ifindex = if_nametoindex(name);
	ours_start(o, program);
	ours_iface(o, name, present + FLOWS);
	ours_wait_pool(o, present + FLOWS);
	(void)ours_run(o, TC_MSG_FLOW_ADD, 0, present); /* not measured */
	ours_iface(o, name, FLOWS);
	for (int round = 0; round < ROUNDS; round++) {
		double install = ours_run(o, TC_MSG_FLOW_ADD, present, FLOWS);

		keep_best(&best, install,
			ours_run(o, TC_MSG_FLOW_DEL, present, FLOWS));
	}
	measure_growth(o, name, present);
	measure_adoption(o, program, name, present);
	ours_stop(o);
	free(o);
	return best;
}

static void
print_speed(const char *name, uint32_t n, double floor_speed, double ours,
	double peer)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.0f,\"ours\":%.0f,"
	       "\"peer\":%.0f,\"unit\":\"flows/s\",\"must\":0.5,"
	       "\"aim\":0.7,\"must_peer\":20}\n",
		name, n, floor_speed, ours, peer);
}

static struct speeds
measure(const char *program, uint32_t present)
{
	struct bare *b = (struct bare *)calloc(1, sizeof(*b));
	struct speeds ours = ours_measure(program, "ours", present);
	struct speeds least;
	struct speeds peer;

	if (!b)
		die("calloc");
	shell("ip link del ours");
	bare_build(b, "bare", present + FLOWS);
	least = bare_measure(b, present);
	/* The peer makes its own. */
	bare_clear(b, present, FLOWS);
	peer = peer_measure("bare", present);
	shell("ip link del bare");
	mnl_socket_close(b->nl);
	free(b);
	print_speed("install-flows", present, least.install, ours.install,
		peer.install);
	print_speed("remove-flows", present, least.remove, ours.remove,
		peer.remove);
	fflush(stdout);
	return ours;
}

/* Many present cost hardly more than few. */
static void
print_flat(const char *name, uint32_t n, double few, double many)
{
	printf("{\"name\":\"%s\",\"n\":%u,\"floor\":%.0f,\"ours\":%.0f,"
	       "\"peer\":null,\"unit\":\"flows/s\",\"must\":0.667}\n",
		name, n, few, many);
}

int
main(int argc, char **argv)
{
	char self[PATH_MAX] = "";
	char program[PATH_MAX + 32];
	uint32_t many = 10000;
	struct speeds at_few;
	struct speeds at_many;
	int option;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		die("/proc/self/exe");
	snprintf(program, sizeof(program), "%s/../../tcctl/tcctl",
		dirname(self));
	while ((option = getopt(argc, argv, "p:")) == 'p')
		many = (uint32_t)strtoul(optarg, NULL, 10);
	if (option != -1 || many < 1000 || many > 60000) {
		fprintf(stderr, "usage: bench_tc [-p PRESENT] [TCCTL]\n");
		return 2;
	}
	if (optind < argc)
		snprintf(program, sizeof(program), "%s", argv[optind]);
	if (unshare(CLONE_NEWNET) != 0)
		die("a network namespace (needs root)");
	at_few = measure(program, 1000);
	at_many = measure(program, many);
	print_flat("install-flows-flat", many, at_few.install, at_many.install);
	print_flat("remove-flows-flat", many, at_few.remove, at_many.remove);
	return 0;
}
