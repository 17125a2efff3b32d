/* SPDX-License-Identifier: ISC */
#ifndef NL_T_H
#define NL_T_H

/*
 * A kernel behind libmnl's sockets (mnl_t.h) that keeps what it is asked, and
 * says what the test has written down before, datagram by datagram.  What it
 * says answers the last question, but for what is late.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

/* Nothing is asked, nothing will be said. */
void nl_t_begin(void);

/* A message of the datagram under way; the test puts attributes behind it. */
struct nlmsghdr *nl_t_say(uint16_t type, const void *head, size_t len);
/* The end of a dump, or an error (0: an acknowledgement): negative errno.  Both
 * end the datagram as well. */
void nl_t_done(void);
void nl_t_error(int error);
/* The datagram ends; the first message that was begun has these flags, or it
 * answers an earlier question. */
void nl_t_end(uint16_t flags);
void nl_t_end_late(void);
/* Nothing comes, but that errno. */
void nl_t_fail(int error);

/* All was said. */
bool nl_t_silent(void);
size_t nl_t_asked(void);
const struct nlmsghdr *nl_t_request(size_t i);
/* An attribute of a request whose header has so many octets, or NULL. */
const struct nlattr *nl_t_attr(size_t i, size_t head, uint16_t type);

#endif /* NL_T_H */
