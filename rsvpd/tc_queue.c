/* SPDX-License-Identifier: ISC */

/* Messages to traffic control, packed into as few datagrams as possible. */

#include "rsvpd/tc_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

void
tc_queue_init(struct tc_queue *queue)
{
	TAILQ_INIT(&queue->datagrams);
	queue->count = 0;
}

static void
drop_first(struct tc_queue *queue)
{
	struct tc_datagram *first = TAILQ_FIRST(&queue->datagrams);

	TAILQ_REMOVE_HEAD(&queue->datagrams, tc_datagram, entry);
	free(first);
	queue->count--;
}

void
tc_queue_clear(struct tc_queue *queue)
{
	while (!tc_queue_empty(queue))
		drop_first(queue);
}

/* Append to this datagram; false when the message does not fit any more. */
static bool
append(struct tc_datagram *datagram, tc_queue_put_fn *put, uint32_t serial,
	const void *message)
{
	struct buf_writer w = buf_writer(datagram->bytes + datagram->len,
		sizeof(datagram->bytes) - datagram->len);

	put(&w, serial, message);
	if (w.failed)
		return false;
	datagram->len += buf_written(&w);
	return true;
}

int
tc_queue_add(struct tc_queue *queue, tc_queue_put_fn *put, uint32_t serial,
	const void *message)
{
	struct tc_datagram *last = TAILQ_LAST(&queue->datagrams, tc_datagrams);

	if (last && append(last, put, serial, message))
		return 0;
	if (queue->count == TC_QUEUE_DATAGRAMS)
		return -ENOBUFS;
	last = (struct tc_datagram *)malloc(sizeof(*last));
	if (!last)
		return -ENOMEM;
	last->len = 0;
	if (!append(last, put, serial, message)) {
		free(last);
		return -EMSGSIZE;
	}
	TAILQ_INSERT_TAIL(&queue->datagrams, last, entry);
	queue->count++;
	return 0;
}

int
tc_queue_send(struct tc_queue *queue, int fd)
{
	while (!tc_queue_empty(queue)) {
		const struct tc_datagram *first =
			TAILQ_FIRST(&queue->datagrams);
		ssize_t sent = send(fd, first->bytes, first->len,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		drop_first(queue);
	}
	return 0;
}
