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
