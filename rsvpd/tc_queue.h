/* SPDX-License-Identifier: ISC */
#ifndef TC_QUEUE_H
#define TC_QUEUE_H

/*
 * Messages of base/msg.h waiting to be sent, packed into datagrams.  Bounded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"

enum {
	TC_QUEUE_DATAGRAM = 32768, /* octets; well below the socket's buffer */
	TC_QUEUE_DATAGRAMS = 512   /* 16 MiB; then messages are refused */
};

struct tc_datagram {
	TAILQ_ENTRY(tc_datagram) entry;
	size_t len;
	uint8_t bytes[TC_QUEUE_DATAGRAM];
};

struct tc_queue {
	TAILQ_HEAD(tc_datagrams, tc_datagram) datagrams;
	size_t count;
};

/* Appends one message to the writer. */
typedef void tc_queue_put_fn(
	struct buf_writer *w, uint32_t serial, const void *message);

void tc_queue_init(struct tc_queue *queue);
/* Drop everything; reusable. */
void tc_queue_clear(struct tc_queue *queue);

static inline bool
tc_queue_empty(const struct tc_queue *queue)
{
	return TAILQ_EMPTY(&queue->datagrams);
}

/* 0; -ENOBUFS when the queue is full, -ENOMEM, or -EMSGSIZE. */
int tc_queue_add(struct tc_queue *queue, tc_queue_put_fn *put, uint32_t serial,
	const void *message);

/* Send until nothing is left (0) or the socket takes no more (-EAGAIN); other
 * negative errno: the connection is lost. */
int tc_queue_send(struct tc_queue *queue, int fd);

#endif /* TC_QUEUE_H */
