/* SPDX-License-Identifier: ISC */

/* Orders on their way through the main thread; see serve_order_int.h. */

#include "serve_order_int.h"

#include <string.h>

#include "base/os.h"
#include "base/text.h"

/* Of answers that say that there is no room. */
enum { REFUSALS_MAX = POLICY_ORDERS_MAX };

void
orders_init(struct orders *o)
{
	*o = (struct orders){ .now = NULL };
	TAILQ_INIT(&o->waiting);
	TAILQ_INIT(&o->answers);
}

static bool
read_order(const struct msg *m, struct worker_order *order)
{
	struct buf_reader r = m->body;
	struct msg_attr a;

	order->serial = m->serial;
	order->begin_by = MONO_NEVER;
	while (msg_attr_next(&r, &a)) {
		if (a.type == POLICY_ATTR_ORDER)
			order->what = msg_get_u8(&a);
		else if (a.type == POLICY_ATTR_GENERATION)
			order->generation = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_BEGIN_BY)
			order->begin_by.us = (int64_t)msg_get_u64(&a);
		if (a.body.failed)
			return false;
	}
	return !r.failed && order->what != 0 && order->what < POLICY_ORDER_END;
}

static void
fail(struct orders *o, struct worker_order *order, const char *why)
{
	(void)text_copy(order->done.text, sizeof(order->done.text),
		why); /* cut is fine */
	orders_done(o, order);
}

bool
orders_take(struct orders *o, const struct msg *m)
{
	struct worker_order *order = worker_order_new();

	if (!order)
		return false;
	if (!read_order(m, order) ||
		o->count >= POLICY_ORDERS_MAX + REFUSALS_MAX) {
		worker_order_free(order);
		return false;
	}
	o->count++;
	if (o->count > POLICY_ORDERS_MAX)
		fail(o, order, "too many commands wait for policyd");
	else
		TAILQ_INSERT_TAIL(&o->waiting, order, entry);
	return true;
}

bool
orders_wants_file(const struct worker_order *order)
{
	return order->what == POLICY_ORDER_LOAD ||
	       order->what == POLICY_ORDER_CANDIDATE;
}

struct worker_order *
orders_next(struct orders *o)
{
	struct worker_order *order = TAILQ_FIRST(&o->waiting);

	if (o->now || !order)
		return NULL;
	TAILQ_REMOVE_HEAD(&o->waiting, worker_order, entry);
	if (orders_wants_file(order))
		o->now = order;
	return order;
}

struct worker_order *
orders_with_file(struct orders *o, char *text, const char *unread)
{
	struct worker_order *order = o->now;

	o->now = NULL;
	order->text = text;
	(void)text_copy(
		order->unread, sizeof(order->unread), unread); /* cut is fine */
	return order;
}

void
orders_done(struct orders *o, struct worker_order *order)
{
	TAILQ_INSERT_TAIL(&o->answers, order, entry);
}

void
orders_fail(struct orders *o, const char *why)
{
	struct worker_order *order = o->now;

	o->now = NULL;
	fail(o, order, why);
}

const struct worker_order *
orders_answer(struct orders *o, struct buf_writer *w)
{
	const struct worker_order *order = TAILQ_FIRST(&o->answers);
	const struct worker_done *done = order ? &order->done : NULL;
	uint8_t *start;

	if (!order)
		return NULL;
	start = msg_begin(w, POLICY_MSG_DONE, order->serial);
	msg_put_u8(w, POLICY_ATTR_OK, done->ok);
	msg_put_u64(w, POLICY_ATTR_GENERATION, done->generation);
	msg_put_text(w, POLICY_ATTR_TEXT, done->text);
	msg_put_text(w, POLICY_ATTR_LINES, done->lines);
	msg_end(w, start); /* it fits: both texts are bounded */
	return order;
}

void
orders_sent(struct orders *o)
{
	struct worker_order *order = TAILQ_FIRST(&o->answers);

	TAILQ_REMOVE_HEAD(&o->answers, worker_order, entry);
	worker_order_free(order);
	o->count--;
}
