/* SPDX-License-Identifier: ISC */

/* The packet socket for IPv6 multicast: a filter in the kernel lets through
 * RSVP to groups and nothing else. */

#include "rsvpd/net_open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	NEXT_AT = 6,   /* next header in the IPv6 header */
	GROUP_AT = 24, /* first octet of the destination */
	EXT_AT = 40,   /* the first extension header */
	NEXT_HOPOPT = 0,
	NEXT_FRAGMENT = 44,
	NEXT_RSVP = 46,
	RECEIVE_BUFFER = 4 << 20
};

/* clang-format off */
#define LOAD(at) BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (at))
#define LOAD_X(at) BPF_STMT(BPF_LD | BPF_B | BPF_IND, (at))
#define WHEN(value, yes, no)                                                   \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define PACKET_TYPE ((uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE))

/*
 * RSVP behind the IPv6 header, a hop-by-hop header, a fragment header, or both.
 * Without hop-by-hop header X is 0.
 */
static const struct sock_filter rsvp_to_groups[] = {
	LOAD(PACKET_TYPE),
	WHEN(PACKET_OTHERHOST, 17, 0),
	LOAD(GROUP_AT),
	WHEN(0xff, 0, 15),
	BPF_STMT(BPF_LDX | BPF_IMM, 0),
	LOAD(NEXT_AT),
	WHEN(NEXT_RSVP, 11, 0),
	WHEN(NEXT_FRAGMENT, 8, 0),
	WHEN(NEXT_HOPOPT, 0, 10),
	/* Its length in units of 8 octets, beside the first. */
	LOAD(EXT_AT + 1),
	BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
	BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	LOAD(EXT_AT),
	WHEN(NEXT_RSVP, 3, 0),
	WHEN(NEXT_FRAGMENT, 0, 3),
	/* What follows it is in its first octet. */
	LOAD_X(EXT_AT),
	WHEN(NEXT_RSVP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	BPF_STMT(BPF_RET | BPF_K, 0),
};
/* clang-format on */

/* Before it is attached to a protocol, so that nothing passes unfiltered. */
static int
prepare(int fd)
{
	/* The kernel copies it. */
	const union {
		const struct sock_filter *from;
		struct sock_filter *to;
	} code = { .from = rsvp_to_groups };
	const struct sock_fprog program = { .len = sizeof(rsvp_to_groups) /
						   sizeof(rsvp_to_groups[0]),
		.filter = code.to };
	const int size = RECEIVE_BUFFER;
	const struct sockaddr_ll all = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6) };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		    sizeof(program)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			sizeof(size)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &(int){ 1 },
			sizeof(int)) != 0 ||
		bind(fd, (const struct sockaddr *)&all, sizeof(all)) != 0)
		return -errno;
	return 0;
}

int
net_tap6_open(void)
{
	const int fd =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = prepare(fd);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
