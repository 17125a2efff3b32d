/* SPDX-License-Identifier: ISC */
#ifndef OS_H
#define OS_H

/*
 * What every program at the rim asks of the system.  Not for pure code, which
 * is told the time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mono.h"

/* CLOCK_MONOTONIC, fresh. */
struct mono os_now(void);

/* How long this thread has been computing. */
int64_t os_computed_us(void);

/* Is this inherited descriptor a socket as the supervisor gives them? */
bool os_is_seqpacket(int fd);

/* One datagram, with the descriptor fd beside it, which stays the caller's; -1:
 * none.  Never waits.  0 or negative errno; then nothing was sent. */
int os_send(int socket, const void *bytes, size_t len, int fd);

#endif /* OS_H */
