/* SPDX-License-Identifier: ISC */

/* Messages on their way to tcctl: rsvpd/tc_queue.c. */

#include "rsvpd/tc_queue.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/msg.h"
#include "t.h"

static void
put_large(struct buf_writer *w, uint32_t serial, const void *message)
{
	uint8_t *start = msg_begin(w, 1, serial);

	buf_put_zero(w, *(const size_t *)message);
	msg_end(w, start);
}

static void
the_queue_is_bounded(void)
{
	struct tc_queue q;
	size_t whole = TC_QUEUE_DATAGRAM - MSG_HEADER;
	size_t small = 1;
	size_t large = whole + 1;

	tc_queue_init(&q);
	T_EQ(tc_queue_empty(&q), true);
	T_EQ(tc_queue_add(&q, put_large, 1, &large), -EMSGSIZE);
	T_EQ(tc_queue_empty(&q), true);
	for (size_t i = 0; i < TC_QUEUE_DATAGRAMS; i++)
		T_EQ(tc_queue_add(&q, put_large, 1, &whole), 0);
	T_EQ(tc_queue_add(&q, put_large, 1, &small), -ENOBUFS);
	tc_queue_clear(&q);
	T_EQ(tc_queue_empty(&q), true);
	T_EQ(tc_queue_add(&q, put_large, 1, &small), 0);
	tc_queue_clear(&q);
}

static void
a_broken_connection_is_told_from_a_full_one(void)
{
	struct tc_queue q;
	size_t large = TC_QUEUE_DATAGRAM - MSG_HEADER;
	int pair[2];

	tc_queue_init(&q);
	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	T_EQ(tc_queue_send(&q, pair[0]), 0);
	for (int i = 0; i < 100; i++)
		T_EQ(tc_queue_add(&q, put_large, 1, &large), 0);
	T_EQ(tc_queue_send(&q, pair[0]), -EAGAIN);
	T_EQ(tc_queue_empty(&q), false);
	(void)close(pair[1]); /* that is the fault */
	T_EQ(tc_queue_send(&q, pair[0]), -ECONNRESET);
	/* Without a signal that would end us. */
	T_EQ(tc_queue_send(&q, pair[0]), -EPIPE);
	(void)close(pair[0]); /* of the test */
	tc_queue_clear(&q);
}

static struct t_case cases[] = {
	{ "the queue is bounded", the_queue_is_bounded },
	{ "a broken connection is told from a full one",
		a_broken_connection_is_told_from_a_full_one },
};
T_MAIN(cases)
