/* SPDX-License-Identifier: ISC */

/*
 * Sends test traffic that conforms to a token bucket (rate and depth in IP
 * octets): first the burst, then the rate; with --clump a whole burst each time
 * the bucket is full again, the worst that its Tspec allows.  A late wake-up
 * delays packets but never exceeds the bucket.  With --flows N the rate is the
 * sum of N flows with source ports P, P+1, ... and the same destination: the
 * flood.
 */

#include "tests/clients/traffic.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

enum {
	FLOWS_MAX = 256,
	BATCH = 16 /* packets sent between two looks at the clock */
};

struct sender {
	const char *dst;
	uint16_t port;
	uint16_t src_port;
	uint64_t rate_Bps; /* IP octets */
	uint64_t bucket_bytes;
	uint64_t packet_bytes; /* IP octets */
	uint64_t duration_ms;
	uint32_t flow;
	unsigned flows;
	bool clump;
	size_t payload;
	int fds[FLOWS_MAX];
	uint64_t sent;
	uint64_t refused; /* by the kernel: no buffer */
};

static volatile sig_atomic_t stopped;

static void
stop(int signo)
{
	(void)signo;
	stopped = 1;
}

static void
parse(struct sender *s, int argc, char **argv)
{
	static const struct option options[] = { { "dst", 1, NULL, 'd' },
		{ "port", 1, NULL, 'p' }, { "src-port", 1, NULL, 's' },
		{ "rate", 1, NULL, 'r' }, { "bucket", 1, NULL, 'b' },
		{ "packet", 1, NULL, 'M' }, { "duration-ms", 1, NULL, 't' },
		{ "flow", 1, NULL, 'f' }, { "flows", 1, NULL, 'n' },
		{ "clump", 0, NULL, 'c' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			s->dst = optarg;
			break;
		case 'p':
			s->port = (uint16_t)traffic_number(
				"--port", optarg, 1, 65535);
			break;
		case 's':
			s->src_port = (uint16_t)traffic_number(
				"--src-port", optarg, 0, 65535);
			break;
		case 'r':
			s->rate_Bps = traffic_number(
				"--rate", optarg, 1, 10000000000u);
			break;
		case 'b':
			s->bucket_bytes = traffic_number(
				"--bucket", optarg, 1, 100000000);
			break;
		case 'M':
			s->packet_bytes = traffic_number("--packet", optarg,
				48 + TRAFFIC_HEADER, TRAFFIC_PAYLOAD_MAX);
			break;
		case 't':
			s->duration_ms = traffic_number(
				"--duration-ms", optarg, 1, 86400000);
			break;
		case 'f':
			s->flow = (uint32_t)traffic_number(
				"--flow", optarg, 0, UINT32_MAX);
			break;
		case 'n':
			s->flows = (unsigned)traffic_number(
				"--flows", optarg, 1, FLOWS_MAX);
			break;
		case 'c':
			s->clump = true;
			break;
		default:
			exit(2);
		}
	}
	if (!s->dst || s->port == 0) {
		fprintf(stderr, "--dst and --port are needed\n");
		exit(2);
	}
	if (s->bucket_bytes < s->packet_bytes)
		s->bucket_bytes = s->packet_bytes;
}

/* One connected socket a flow; each keeps its source port. */
static void
open_sockets(struct sender *s)
{
	struct sockaddr_storage to;
	struct sockaddr_storage from;
	socklen_t len;

	if (!traffic_sockaddr(s->dst, s->port, &to, &len)) {
		fprintf(stderr, "--dst %s: not an address\n", s->dst);
		exit(2);
	}
	s->payload = (size_t)s->packet_bytes - traffic_headers(&to);
	for (unsigned i = 0; i < s->flows; i++) {
		const int on = 1;
		int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		uint16_t port =
			s->src_port > 0 ? (uint16_t)(s->src_port + i) : 0;

		(void)traffic_sockaddr(
			to.ss_family == AF_INET ? "0.0.0.0" : "::", port, &from,
			&len);
		/* The same port may be used for IPv4 by another sender. */
		if (to.ss_family == AF_INET6)
			(void)setsockopt(
				fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		if (fd < 0 || bind(fd, (struct sockaddr *)&from, len) < 0)
			traffic_die("source port");
		traffic_reach(fd);
		if (connect(fd, (struct sockaddr *)&to, len) < 0)
			traffic_die("connect");
		s->fds[i] = fd;
	}
}

static void
send_one(struct sender *s)
{
	static uint8_t bytes[TRAFFIC_PAYLOAD_MAX];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	unsigned which = (unsigned)(s->sent % s->flows);

	buf_put_u32le(&w, (uint32_t)TRAFFIC_MAGIC);
	buf_put_u32le(&w, s->flow + which);
	buf_put_u64le(&w, s->sent / s->flows);
	buf_put_u64le(&w, traffic_now_ns());
	if (send(s->fds[which], bytes, s->payload, 0) < 0) {
		if (errno != ENOBUFS && errno != ECONNREFUSED)
			traffic_die("send");
		s->refused++;
	}
	s->sent++;
}

static void
nap(uint64_t ns)
{
	const struct timespec t = { .tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u) };

	(void)nanosleep(&t, NULL); /* a signal only ends it early */
}

static uint64_t
mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
run(struct sender *s)
{
	const uint64_t start = mono_ns();
	const uint64_t end = s->duration_ms > 0
				     ? start + s->duration_ms * 1000000u
				     : UINT64_MAX;
	const double packet = (double)s->packet_bytes;
	double tokens = (double)s->bucket_bytes;
	double need = packet; /* tokens before the next packet goes */
	uint64_t last = start;

	while (!stopped) {
		const uint64_t now = mono_ns();

		if (now >= end)
			break;
		tokens += (double)(now - last) * (double)s->rate_Bps / 1e9;
		if (tokens > (double)s->bucket_bytes)
			tokens = (double)s->bucket_bytes;
		last = now;
		for (int i = 0; i < BATCH && tokens >= need; i++) {
			tokens -= packet;
			send_one(s);
			need = packet; /* the rest of the clump */
		}
		if (tokens >= need)
			continue;
		if (s->clump)
			need = (double)s->bucket_bytes;
		nap((uint64_t)((need - tokens) * 1e9 / (double)s->rate_Bps) +
			1000);
	}
}

int
main(int argc, char **argv)
{
	struct sender s = {
		.rate_Bps = 125000, .packet_bytes = 1000, .flows = 1
	};

	parse(&s, argc, argv);
	open_sockets(&s);
	(void)prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); /* best effort */
	(void)signal(SIGTERM, stop);
	(void)signal(SIGINT, stop);
	run(&s);
	printf("{\"sent\": %llu, \"refused\": %llu}\n",
		(unsigned long long)s.sent, (unsigned long long)s.refused);
	return 0;
}
