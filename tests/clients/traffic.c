/* SPDX-License-Identifier: ISC */

/* What the traffic programs share; see traffic.h. */

#include "tests/clients/traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t
traffic_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool
traffic_sockaddr(const char *text, uint16_t port,
	struct sockaddr_storage *ret_sa, socklen_t *ret_len)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memset(ret_sa, 0, sizeof(*ret_sa));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(ret_sa, &in, sizeof(in));
		*ret_len = sizeof(in);
		return true;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(ret_sa, &in6, sizeof(in6));
		*ret_len = sizeof(in6);
		return true;
	}
	return false;
}

void
traffic_join(int fd, const char *addr)
{
	struct ip_mreqn four = { 0 };
	struct ipv6_mreq six = { 0 };
	int ret = 0;

	if (inet_pton(AF_INET, addr, &four.imr_multiaddr) == 1) {
		if (IN_MULTICAST(ntohl(four.imr_multiaddr.s_addr)))
			ret = setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP,
				&four, sizeof(four));
	} else if (inet_pton(AF_INET6, addr, &six.ipv6mr_multiaddr) == 1) {
		if (IN6_IS_ADDR_MULTICAST(&six.ipv6mr_multiaddr))
			ret = setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP,
				&six, sizeof(six));
	}
	if (ret < 0)
		traffic_die(addr);
}

void
traffic_reach(int fd)
{
	const int hops = 32;

	/* One of the two fits the socket. */
	(void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
	(void)setsockopt(
		fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
}

size_t
traffic_headers(const struct sockaddr_storage *sa)
{
	return sa->ss_family == AF_INET ? 28 : 48;
}

uint64_t
traffic_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	char *end;

	errno = 0;

	unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || end == text || *end != '\0' || v < min || v > max) {
		fprintf(stderr, "%s %s: not a number from %llu to %llu\n",
			option, text, (unsigned long long)min,
			(unsigned long long)max);
		exit(2);
	}
	return v;
}

_Noreturn void
traffic_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}
