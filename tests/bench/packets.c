/* SPDX-License-Identifier: ISC */

/*
 * Packets through a qdisc as fast as one core sends them, and a classifier in
 * BPF to compare with.
 *
 *	packets send SECONDS FLOWS [any]	prints packets a second; any: to
 *no flow packets bpf PIN FLOWS FIRSTMINOR	a program with a map of the
 *flows, pinned; prints the seconds a flow took to enter
 *
 * Flow i is UDP from 10.9.0.1:6000 to 10.1.(7 i % 256).(i % 256), port
 * 5000 + i / 256.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, PAYLOAD = 64 };

static void
die(const char *what)
{
	fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t
dst_of(uint32_t flow)
{
	return 10u << 24 | 1u << 16 | (flow * 7 & 0xff) << 8 | (flow & 0xff);
}

static uint16_t
port_of(uint32_t flow)
{
	return (uint16_t)(5000 + flow / 256);
}

/* ---- packets ------------------------------------------------------------- */

static int
open_udp(unsigned off_by)
{
	const struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(6000 + off_by)),
		.sin_addr.s_addr = htonl(10u << 24 | 9u << 16 | 1) };
	const int room = 64 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
			sizeof(room)) != 0 ||
		bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0)
		die("UDP socket");
	return fd;
}

static void
send_all(double seconds, uint32_t flows, unsigned off_by)
{
	static uint8_t payload[PAYLOAD];
	struct sockaddr_in to[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec part = { payload, PAYLOAD };
	int fd = open_udp(off_by);
	double start = now_s();
	uint64_t sent = 0;
	uint32_t flow = 0;

	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < BATCH; i++)
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &part,
			.msg_iovlen = 1,
			.msg_name = &to[i],
			.msg_namelen = sizeof(to[i]) };
	while (now_s() - start < seconds) {
		int n;

		for (size_t i = 0; i < BATCH; i++) {
			to[i] = (struct sockaddr_in){ .sin_family = AF_INET,
				.sin_port = htons(port_of(flow)),
				.sin_addr.s_addr = htonl(dst_of(flow)) };
			/* A stride that leaves no order for a cache. */
			flow = (flow + 7919) % flows;
		}
		n = sendmmsg(fd, messages, BATCH, 0);
		if (n > 0)
			sent += (uint64_t)n;
		else if (errno != ENOBUFS)
			die("sendmmsg");
	}
	printf("%.0f\n", (double)sent / (now_s() - start));
	close(fd);
}

/* ---- BPF ----------------------------------------------------------------- */

struct key {
	uint32_t src;
	uint32_t dst;
	uint32_t ports;
	uint32_t proto;
};

static long
bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

#define INSN(c, d, s, o, i)                                                    \
	((struct bpf_insn){ .code = (c),                                       \
		.dst_reg = (d),                                                \
		.src_reg = (s),                                                \
		.off = (o),                                                    \
		.imm = (i) })

/* A word of the packet (BPF_ABS: host order in r0) to the key on the stack. */
#define LOAD(size, at, to)                                                     \
	INSN(BPF_LD | BPF_ABS | (size), 0, 0, 0, (at)),                        \
		INSN(BPF_STX | BPF_MEM | BPF_W, 10, 0, (to), 0)

static int
load_program(int map)
{
	/* The network header is where the packet begins for BPF_ABS at
	 * SKF_NET_OFF; a packet without options is assumed, which is the best
	 * case for BPF. */
	enum { NET = -0x100000 };
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0),
		LOAD(BPF_W, NET + 12, -16),
		LOAD(BPF_W, NET + 16, -12),
		LOAD(BPF_W, NET + 20, -8),
		LOAD(BPF_B, NET + 9, -4),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -16),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0),
		INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	static char words[65536];
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uint64_t)(uintptr_t) "ISC",
		.log_buf = (uint64_t)(uintptr_t)words,
		.log_size = sizeof(words),
		.log_level = 1 };
	long fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0) {
		fprintf(stderr, "%s\n", words);
		die("BPF_PROG_LOAD");
	}
	return (int)fd;
}

static void
make_bpf(const char *pin, uint32_t flows)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_HASH,
		.key_size = sizeof(struct key),
		.value_size = sizeof(uint32_t),
		.max_entries = flows };
	long map = bpf(BPF_MAP_CREATE, &attr);
	double start;

	if (map < 0)
		die("BPF_MAP_CREATE");
	start = now_s();
	for (uint32_t i = 0; i < flows; i++) {
		const struct key key = { 10u << 24 | 9u << 16 | 1, dst_of(i),
			6000u << 16 | port_of(i), 17 };
		unsigned minor = 0;
		uint32_t classid;
		union bpf_attr put = { .map_fd = (uint32_t)map,
			.key = (uint64_t)(uintptr_t)&key,
			.value = (uint64_t)(uintptr_t)&classid };

		if (scanf("%x", &minor) != 1)
			die("minor numbers");
		classid = 0x52u << 16 | minor;
		if (bpf(BPF_MAP_UPDATE_ELEM, &put) != 0)
			die("BPF_MAP_UPDATE_ELEM");
	}
	printf("%.9f\n", (now_s() - start) / flows);
	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uint64_t)(uintptr_t)pin;
	attr.bpf_fd = (uint32_t)load_program((int)map);
	if (bpf(BPF_OBJ_PIN, &attr) != 0)
		die("BPF_OBJ_PIN");
}

int
main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "send") == 0)
		send_all(strtod(argv[2], NULL),
			(uint32_t)strtoul(argv[3], NULL, 10), argc > 4);
	else if (argc == 4 && strcmp(argv[1], "bpf") == 0)
		make_bpf(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
	else
		return 2;
	return 0;
}
