/* SPDX-License-Identifier: ISC */
#ifndef SERVE_ORDER_INT_H
#define SERVE_ORDER_INT_H

/*
 * Orders of operators on their way through the main thread: from the engine,
 * by way of the file that the supervisor gives, to the worker, and their
 * answers back.  They are begun in the order in which they came; the file is
 * fetched for one at a time.
 */

#include "base/mono.h"
#include "base/msg.h"
#include "worker_int.h"

enum {
	ORDER_MESSAGE = 8000, /* octets of an answer */
	ORDER_TEXT_ATTR = 5   /* of the supervisor's messages */
};

struct orders {
	struct worker_orders waiting;
	struct worker_order *now; /* waits for the file; or NULL */
	struct mono file_by;
	struct worker_orders answers; /* to be sent */
	size_t count;                 /* not answered yet, wherever they are */
};

void orders_init(struct orders *orders);
/* An order of the engine's; one for which there is no room is answered at once.
 * False: it makes no sense. */
bool orders_take(struct orders *orders, const struct msg *m);
/* The next one that is to be begun, or NULL.  With the file: it is orders->now
 * from then on, until it is given to orders_with_file(); else the caller's. */
struct worker_order *orders_next(struct orders *orders);
bool orders_wants_file(const struct worker_order *order);
/* The file for the one in hand, whose text is taken; rc: why there is none, or
 * 0.  It is the caller's. */
struct worker_order *orders_with_file(
	struct orders *orders, char *text, const char *unread);
/* Done; takes it. */
void orders_done(struct orders *orders, struct worker_order *order);
/* The one that waits for its file came to nothing. */
void orders_fail(struct orders *orders, const char *why);
/* The next answer as a message; NULL: none waits. */
const struct worker_order *orders_answer(
	struct orders *orders, struct buf_writer *w);
/* It has been sent. */
void orders_sent(struct orders *orders);

#endif /* SERVE_ORDER_INT_H */
