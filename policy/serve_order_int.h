/* SPDX-License-Identifier: ISC */
#ifndef SERVE_ORDER_INT_H
#define SERVE_ORDER_INT_H

/*
 * Orders of operators on their way through the main thread: from the engine,
 * by way of the file that the supervisor gives, to the worker, and their
 * answers back.  One is in hand at a time.
 */

#include "base/mono.h"
#include "base/msg.h"
#include "worker_int.h"

enum {
	ORDER_MESSAGE = 8000, /* octets of an answer */
	ORDER_TEXT_ATTR = 5   /* of the supervisor's messages */
};

struct orders {
	struct worker_order waiting[POLICY_ORDERS_MAX]; /* without text */
	size_t count;
	struct worker_order now; /* in hand; what 0: none */
	bool wants_file;         /* before it can go to the worker */
	struct mono file_by;
	/* The answer, until it is sent; len 0: none waits. */
	uint8_t bytes[ORDER_MESSAGE];
	size_t len;
	int fd; /* goes with it; -1: none */
};

/* An order of the engine's.  False: it makes no sense, or there is no room. */
bool orders_take(struct orders *orders, const struct msg *m);
/* The next one, when none is in hand; true: it has to be begun. */
bool orders_next(struct orders *orders);
/* An answer to the one in hand. */
void orders_done(struct orders *orders, const struct worker_done *done, int fd);
/* It came to nothing. */
void orders_fail(struct orders *orders, const char *why);
/* The answer has been sent. */
void orders_sent(struct orders *orders);

#endif /* SERVE_ORDER_INT_H */
