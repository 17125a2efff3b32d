/* SPDX-License-Identifier: ISC */

/*
 * The sockets of RSVP in UDP (RFC 2205 Appendix C).  The ports are no
 * privileged ones, but the engine opens no socket.
 */

#include "sup_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/daemon.h"
#include "rsvpd/net_udp.h"
#include "tcctl/tcctl.h"

enum { RECEIVE_BUFFER = 1 << 20, SEND_BUFFER = 16 << 20, CONTROL_TOS = 0xc0 };

struct option_row {
	int level;
	int name;
	int value;
};

/* Path MTU discovery would set DF: a large message must be cut. */
static const struct option_row common[] = {
	{ IPPROTO_IP, IP_PKTINFO, 1 },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
	{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT },
	{ IPPROTO_IP, IP_TOS, CONTROL_TOS },
	/* After that, which sets it too: the class of what keeps reservations
	 * alive.  A filter by port would let anybody's datagrams in. */
	{ SOL_SOCKET, SO_PRIORITY, TC_CLASS_CONTROL },
	{ SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER },
	/* As for raw sockets: a full interface holds up no other. */
	{ SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER },
};

/* Port 1699 hears the groups that applications of this host joined; of port
 * 1698 the engine itself is the member. */
static int
set_options(int fd, int role)
{
	const int all_groups = role == SUP_FD_UDP_HOST;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (setsockopt(fd, common[i].level, common[i].name,
			    &common[i].value, sizeof(common[i].value)) != 0)
			return -errno;
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &all_groups,
		    sizeof(all_groups)) != 0)
		return -errno;
	return 0;
}

int
sup_udp(int role)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_port = htons(role == SUP_FD_UDP ? NET_UDP_PORT
						     : NET_UDP_HOST_PORT) };
	const int fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = set_options(fd, role);
	if (ret == 0 &&
		bind(fd, (const struct sockaddr *)&any, sizeof(any)) != 0)
		ret = -errno;
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
