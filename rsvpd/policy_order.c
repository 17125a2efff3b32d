/* SPDX-License-Identifier: ISC */

/* Orders to policyd; see policy_order.h. */

#include "rsvpd/policy_order.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rsvpd/daemon.h"

/* policyd has to begin in time, or the order is none: what it then does, with a
 * directory that it gives up on, ends before the wait does. */
enum { BEGIN_MS = 30000, WAIT_MS = 60000 };

struct order {
	uint32_t serial; /* 0: none */
	struct policy_wish wish;
	struct mono until;
	struct policy_done *done; /* the answer, until it is true; or NULL */
	uint64_t waits_for;       /* generation on its way into force, then */
};

struct policy_orders {
	struct loop_timer *timer;
	struct order at[POLICY_ORDERS_MAX];
	uint32_t serial;
	int64_t begin_ms;
	int64_t wait_ms;
};

static void set_timer(struct policy_orders *orders);

/* ---- the end of one ------------------------------------------------------ */

static void
done_free(struct policy_done *done)
{
	if (done && done->fd >= 0)
		(void)close(done->fd); /* of memory: nothing to lose */
	free(done);
}

static bool
changes_the_rules(const struct order *order)
{
	return order->wish.what == POLICY_ORDER_LOAD ||
	       order->wish.what == POLICY_ORDER_ROLLBACK;
}

/* The order is over before its wish is called: that may add another. */
static void
deliver(struct order *order, const struct policy_done *done)
{
	const struct policy_wish wish = order->wish;
	struct policy_done *mine = order->done;

	*order = (struct order){ 0 };
	if (wish.done)
		wish.done(wish.arg, done);
	done_free(mine);
}

static void
fail(struct order *order, const char *why)
{
	struct policy_done done = { .fd = -1 };

	(void)text_copy(done.text, sizeof(done.text), why); /* fits */
	deliver(order, &done);
}

static void
on_time(void *arg)
{
	struct policy_orders *orders = (struct policy_orders *)arg;
	const struct mono now = loop_now();

	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].serial != 0 &&
			mono_reached(orders->at[i].until, now))
			fail(&orders->at[i],
				changes_the_rules(&orders->at[i])
					? "policyd does not answer; what it "
					  "may still do shows in rsvpctl "
					  "policy history"
					: "policyd does not answer");
	set_timer(orders);
}

static void
set_timer(struct policy_orders *orders)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].serial != 0)
			first = mono_earlier(first, orders->at[i].until);
	if (first.us != MONO_NEVER.us)
		loop_timer_set(orders->timer, first);
}

void
policy_orders_fail(struct policy_orders *orders, const char *why)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].serial != 0)
			fail(&orders->at[i], why);
}

void
policy_orders_forget(struct policy_orders *orders, const void *arg)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].serial != 0 && orders->at[i].wish.arg == arg)
			orders->at[i].wish.done = NULL;
}

/* ---- asking -------------------------------------------------------------- */

bool
policy_orders_add(struct policy_orders *orders, const struct policy_wish *wish,
	struct buf_writer *w)
{
	struct order *free_one = NULL;
	uint8_t *start;

	for (size_t i = 0; i < POLICY_ORDERS_MAX && !free_one; i++)
		if (orders->at[i].serial == 0)
			free_one = &orders->at[i];
	if (!free_one)
		return false;
	orders->serial++;
	if (orders->serial == 0)
		orders->serial = 1;
	*free_one = (struct order){ .serial = orders->serial,
		.wish = *wish,
		.until = mono_add_ms(loop_now(), orders->wait_ms) };
	set_timer(orders);
	start = msg_begin(w, POLICY_MSG_ORDER, orders->serial);
	msg_put_u8(w, POLICY_ATTR_ORDER, (uint8_t)wish->what);
	msg_put_u64(w, POLICY_ATTR_GENERATION, wish->generation);
	msg_put_u64(w, POLICY_ATTR_BEGIN_BY,
		(uint64_t)mono_add_ms(loop_now(), orders->begin_ms).us);
	msg_end(w, start);
	return true;
}

void
policy_orders_drop(struct policy_orders *orders)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].serial == orders->serial)
			orders->at[i] = (struct order){ 0 };
}

/* ---- answers ------------------------------------------------------------- */

static bool
read_done(const struct msg *m, struct policy_done *done)
{
	struct buf_reader r = m->body;
	struct msg_attr a;

	while (msg_attr_next(&r, &a)) {
		if (a.type == POLICY_ATTR_OK)
			done->ok = msg_get_u8(&a) != 0;
		else if (a.type == POLICY_ATTR_GENERATION)
			done->generation = msg_get_u64(&a);
		else if (a.type == POLICY_ATTR_TEXT)
			msg_get_text(&a, done->text, sizeof(done->text));
		else if (a.type == POLICY_ATTR_LINES)
			msg_get_text(&a, done->lines, sizeof(done->lines));
		if (a.body.failed)
			return false;
	}
	return !r.failed;
}

bool
policy_orders_answered(struct policy_orders *orders, const struct msg *m,
	int fd, uint64_t loading)
{
	struct policy_done *done =
		(struct policy_done *)calloc(1, sizeof(*done));
	struct order *order = NULL;

	if (!done)
		return true; /* the time of the order will be over */
	done->fd = -1;
	if (!read_done(m, done)) {
		done_free(done);
		return false;
	}
	for (size_t i = 0; i < POLICY_ORDERS_MAX && m->serial != 0; i++)
		if (orders->at[i].serial == m->serial && !orders->at[i].done)
			order = &orders->at[i];
	if (!order) { /* given up */
		log_warn(LOG_POLICY, "policyd: answered too late: %s",
			done->text);
		done_free(done);
		return true;
	}
	if (fd >= 0)
		done->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	order->done = done;
	order->waits_for = loading;
	if (!changes_the_rules(order) || loading == 0 ||
		(!done->ok && loading != done->generation))
		deliver(order, done);
	return true;
}

/* What became of the generation that the answer waited for. */
static void
correct(struct policy_done *done, uint64_t generation, const char *problem)
{
	char said[sizeof(done->text)];
	struct text t = text_over(said, sizeof(said));

	if (problem[0] != '\0') {
		done->ok = false;
		text_printf(&t,
			"the engine refused generation %" PRIu64
			" (%s); the rules before it stay in force",
			generation, problem);
	} else if (generation != done->generation) {
		done->generation = generation;
		text_printf(&t,
			"%s; generation %" PRIu64
			" came meanwhile, and is in its place",
			done->text, generation);
	} else {
		return;
	}
	memcpy(done->text, said, sizeof(said));
}

void
policy_orders_loaded(
	struct policy_orders *orders, uint64_t generation, const char *problem)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++) {
		struct order *order = &orders->at[i];

		if (order->serial == 0 || !order->done ||
			order->waits_for != generation)
			continue;
		correct(order->done, generation, problem);
		deliver(order, order->done);
	}
}

void
policy_orders_replaced(
	struct policy_orders *orders, uint64_t generation, uint64_t newer)
{
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		if (orders->at[i].done && orders->at[i].waits_for == generation)
			orders->at[i].waits_for = newer;
}

/* ---- life ---------------------------------------------------------------- */

struct policy_orders *
policy_orders_new(struct engine *engine)
{
	struct policy_orders *orders =
		(struct policy_orders *)calloc(1, sizeof(*orders));

	if (!orders)
		return NULL;
	policy_orders_patience(orders, BEGIN_MS, WAIT_MS);
	orders->timer = loop_timer_add(engine->loop, on_time, orders);
	if (orders->timer)
		return orders;
	free(orders);
	return NULL;
}

void
policy_orders_patience(
	struct policy_orders *orders, int64_t begin_ms, int64_t wait_ms)
{
	orders->begin_ms = begin_ms;
	orders->wait_ms = wait_ms;
}

void
policy_orders_free(struct policy_orders *orders)
{
	if (!orders)
		return;
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		done_free(orders->at[i].done);
	loop_timer_del(orders->timer);
	free(orders);
}
