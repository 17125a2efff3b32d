/* SPDX-License-Identifier: ISC */
#ifndef TRAFFIC_H
#define TRAFFIC_H

/*
 * Test traffic: numbered, stamped UDP packets.  The sender writes a stamp of
 * CLOCK_REALTIME right before it sends; the receiver takes the kernel's stamp,
 * so that its own scheduling does not count.  One host, one clock.
 *
 *	payload := magic u32 | flow u32 | number u64 | sent ns u64 | zeros
 *	record  := flow u32 | reserved u32 | number u64 | sent ns u64 |
 *		   received ns u64		(all little-endian)
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	TRAFFIC_MAGIC = 0x7261666cL,
	TRAFFIC_HEADER = 24,
	TRAFFIC_RECORD = 32,
	TRAFFIC_PAYLOAD_MAX = 9000
};

/* CLOCK_REALTIME in nanoseconds. */
uint64_t traffic_now_ns(void);

/* An address and port as the socket calls want it.  False: not an address. */
bool traffic_sockaddr(const char *text, uint16_t port,
	struct sockaddr_storage *ret_sa, socklen_t *ret_len);

/* Header octets of IP and UDP of that family: 28 or 48. */
size_t traffic_headers(const struct sockaddr_storage *sa);

/* Join the group with the default interface, as a receiver does; nothing when
 * it is no group.  Ends the program when the kernel refuses. */
void traffic_join(int fd, const char *addr);
/* Let multicast leave the link: the default is one hop. */
void traffic_reach(int fd);

/* A decimal number in [min, max]; anything else ends the program with a
 * message that names the option. */
uint64_t traffic_number(
	const char *option, const char *text, uint64_t min, uint64_t max);

/* Say what failed, with errno's text, and end the program. */
_Noreturn void traffic_die(const char *what);

#endif /* TRAFFIC_H */
