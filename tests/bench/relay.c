/* SPDX-License-Identifier: ISC */

/*
 * The floor for what a router's signalling can cost: a bare loop that takes
 * RSVP packets from a raw socket and sends them on, one receive and one send
 * each.  What is not for this host goes on by its destination (Path); what is
 * goes to the upstream neighbour (Resv).  It keeps no state and checks nothing.
 *
 * usage: relay UPSTREAM	(IPv4; prints "ready", runs until killed)
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RSVP = 46, ROUTER_ALERT_OCTETS = 4 };

int
main(int argc, char **argv)
{
	const int on = 1;
	struct in_addr upstream;
	const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, RSVP);
	const int room = 4 * 1024 * 1024;

	if (argc != 2 || inet_pton(AF_INET, argv[1], &upstream) != 1) {
		fprintf(stderr, "usage: relay UPSTREAM\n");
		return 2;
	}
	if (fd < 0 ||
		setsockopt(fd, IPPROTO_IP, IP_ROUTER_ALERT, &on, sizeof(on)) <
			0 ||
		setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) < 0) {
		perror("relay");
		return 1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		unsigned char packet[65536];
		const ssize_t n = recv(fd, packet, sizeof(packet), 0);
		struct sockaddr_in to = { .sin_family = AF_INET };
		struct iphdr ip;

		if (n < (ssize_t)sizeof(ip))
			continue;
		memcpy(&ip, packet, sizeof(ip));
		if (ip.ihl == 5) /* no Router Alert: for this host */
			ip.daddr = upstream.s_addr;
		ip.ttl--;
		memcpy(packet, &ip, sizeof(ip));
		to.sin_addr.s_addr = ip.daddr;
		(void)sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&to,
			sizeof(to)); /* a lost one is sent again */
	}
}
