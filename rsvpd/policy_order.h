/* SPDX-License-Identifier: ISC */
#ifndef POLICY_ORDER_H
#define POLICY_ORDER_H

/*
 * What operators want of policyd, until it has answered and what it answers is
 * in force: few at a time, none for ever.
 */

#include "base/msg.h"
#include "policy/policy.h"

struct engine;
struct policy_orders;

/* The answer; of what it points to nothing is the receiver's. */
struct policy_done {
	bool ok;
	uint64_t generation; /* in force; of a candidate: its own */
	char text[1000];
	char lines[POLICY_DONE_LINES]; /* a line each */
	int fd;                        /* of a candidate; -1: none */
};
typedef void policy_done_fn(void *arg, const struct policy_done *done);

struct policy_wish {
	enum policy_order what;
	uint64_t generation; /* of a rollback; 0: the one before */
	policy_done_fn *done;
	void *arg;
};

/* NULL: no memory. */
struct policy_orders *policy_orders_new(struct engine *engine);
void policy_orders_free(struct policy_orders *orders);
/* By when policyd has to have begun one, and how long it is waited for: else 30
 * and 60 seconds. */
void policy_orders_patience(
	struct policy_orders *orders, int64_t begin_ms, int64_t wait_ms);

/* Remember the wish, and write the message.  False: too many wait. */
bool policy_orders_add(struct policy_orders *orders,
	const struct policy_wish *wish, struct buf_writer *w);
/* The wish that was added last was not heard. */
void policy_orders_drop(struct policy_orders *orders);
/* Nobody waits for answers to this one any more. */
void policy_orders_forget(struct policy_orders *orders, const void *arg);
/* An answer; fd stays the caller's.  loading: the generation on its way into
 * force, 0: none; an answer that all went well waits for it, also when it is
 * newer than its own.  False: it makes no sense. */
bool policy_orders_answered(struct policy_orders *orders, const struct msg *m,
	int fd, uint64_t loading);
/* It is in force, or was refused (problem). */
void policy_orders_loaded(
	struct policy_orders *orders, uint64_t generation, const char *problem);
/* It goes no further: a newer one is loaded in its place. */
void policy_orders_replaced(
	struct policy_orders *orders, uint64_t generation, uint64_t newer);
/* All that wait: it comes to nothing. */
void policy_orders_fail(struct policy_orders *orders, const char *why);

#endif /* POLICY_ORDER_H */
