/* SPDX-License-Identifier: ISC */

/* Orders on their way through the main thread; see serve_order_int.h. */

#include "serve_order_int.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

bool
orders_take(struct orders *o, const struct msg *m)
{
	struct buf_reader r = m->body;
	struct msg_attr a;
	struct worker_order order = { .serial = m->serial };

	while (msg_attr_next(&r, &a)) {
		if (a.type == POLICY_ATTR_ORDER)
			order.what = msg_get_u8(&a);
		else if (a.type == POLICY_ATTR_GENERATION)
			order.generation = msg_get_u64(&a);
		if (a.body.failed)
			return false;
	}
	if (r.failed || order.what == 0 || order.what >= POLICY_ORDER_END ||
		o->count == POLICY_ORDERS_MAX)
		return false;
	o->waiting[o->count++] = order;
	return true;
}

bool
orders_next(struct orders *o)
{
	if (o->now.what != 0 || o->len > 0 || o->count == 0)
		return false;
	o->now = o->waiting[0];
	o->count--;
	memmove(&o->waiting[0], &o->waiting[1],
		o->count * sizeof(o->waiting[0]));
	o->wants_file = o->now.what == POLICY_ORDER_LOAD ||
			o->now.what == POLICY_ORDER_CANDIDATE;
	return true;
}

void
orders_done(struct orders *o, const struct worker_done *done, int fd)
{
	struct buf_writer w = buf_writer(o->bytes, sizeof(o->bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_DONE, done->serial);

	msg_put_u8(&w, POLICY_ATTR_OK, done->ok);
	msg_put_u64(&w, POLICY_ATTR_GENERATION, done->generation);
	msg_put_text(&w, POLICY_ATTR_TEXT, done->text);
	msg_put_text(&w, POLICY_ATTR_LINES, done->lines);
	msg_end(&w, start);
	o->len = buf_written(&w); /* it fits: both texts are bounded */
	o->fd = fd;
	o->now = (struct worker_order){ 0 };
	o->wants_file = false;
}

void
orders_fail(struct orders *o, const char *why)
{
	struct worker_done done = { .serial = o->now.serial };

	(void)text_copy(done.text, sizeof(done.text), why); /* cut is fine */
	orders_done(o, &done, -1);
}

void
orders_sent(struct orders *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	o->len = 0;
}
