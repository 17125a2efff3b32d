/* SPDX-License-Identifier: ISC */

/* Orders of operators in policyd: read, begun in their turn, answered. */

#include "policy/policy.h"
#include "policy/serve_order_int.h"
#include "t.h"

static size_t orders; /* that are there */

/* ---- the part around it -------------------------------------------------- */

struct worker_order *
worker_order_new(void)
{
	orders++;
	return (struct worker_order *)calloc(1, sizeof(struct worker_order));
}

void
worker_order_free(struct worker_order *order)
{
	orders--;
	free(order->text);
	free(order);
}

/* ---- the bench ----------------------------------------------------------- */

/* An order as the engine sends it; what 0: it does not say. */
static bool
take_cut(struct orders *o, uint32_t serial, uint8_t what, uint64_t generation,
	size_t cut)
{
	uint8_t bytes[128];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_ORDER, serial);
	struct buf_reader r;
	struct msg m;

	msg_put_u64(&w, POLICY_ATTR_GENERATION, generation);
	msg_put_u64(&w, POLICY_ATTR_BEGIN_BY, 4711);
	if (what != 0)
		msg_put_u8(&w, POLICY_ATTR_ORDER, what);
	msg_end(&w, start);
	r = buf_reader(bytes, buf_written(&w));
	T_CHECK(msg_next(&r, &m), "no message");
	m.body.end -= cut;
	return orders_take(o, &m);
}

static bool
take(struct orders *o, uint32_t serial, uint8_t what)
{
	return take_cut(o, serial, what, 0, 0);
}

/* The next answer, sent. */
static void
expect_answer(struct orders *o, uint32_t serial, const char *text, bool ok)
{
	uint8_t bytes[ORDER_MESSAGE];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;
	struct msg m;
	struct msg_attr a;
	char got[200];

	T_CHECK(orders_answer(o, &w) != NULL, "no answer");
	r = buf_reader(bytes, buf_written(&w));
	T_CHECK(!w.failed && msg_next(&r, &m), "no message");
	T_EQ(m.type, POLICY_MSG_DONE);
	T_EQ(m.serial, serial);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_OK, "ok");
	T_EQ(msg_get_u8(&a), ok);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_GENERATION,
		"generation");
	T_EQ(msg_get_u64(&a), ok ? 12 : 0);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_TEXT,
		"text");
	msg_get_text(&a, got, sizeof(got));
	T_STR(got, text);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_LINES,
		"lines");
	msg_get_text(&a, got, sizeof(got));
	T_STR(got, ok ? "a line\n" : "");
	T_CHECK(!msg_attr_next(&m.body, &a) && !m.body.failed, "more");
	orders_sent(o);
}

static void
expect_nothing(struct orders *o)
{
	uint8_t bytes[ORDER_MESSAGE];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	T_CHECK(!orders_answer(o, &w), "an answer");
	T_CHECK(!orders_next(o), "an order");
	T_EQ(o->count, 0);
	T_EQ(orders, 0);
}

static void
finish(struct orders *o, struct worker_order *order)
{
	order->done.ok = true;
	order->done.generation = 12;
	(void)text_copy(order->done.text, sizeof(order->done.text), "done");
	(void)text_copy(
		order->done.lines, sizeof(order->done.lines), "a line\n");
	orders_done(o, order);
}

/* ---- cases --------------------------------------------------------------- */

static void
an_order_goes_its_way(void)
{
	struct orders o;
	struct worker_order *order;

	orders_init(&o);
	expect_nothing(&o);
	T_CHECK(take_cut(&o, 7, POLICY_ORDER_ROLLBACK, 5, 0), "not taken");
	T_EQ(o.count, 1);
	order = orders_next(&o);
	T_CHECK(order != NULL && !o.now, "none");
	T_EQ(order->what, POLICY_ORDER_ROLLBACK);
	T_EQ(order->serial, 7);
	T_EQ(order->generation, 5);
	T_EQ(order->begin_by.us, 4711);
	T_CHECK(!orders_next(&o), "twice");
	finish(&o, order);
	T_EQ(o.count, 1);
	expect_answer(&o, 7, "done", true);
	expect_nothing(&o);
}

/* One that wants the file holds up what is behind it until it has it. */
static void
the_file_is_fetched_for_one_at_a_time(void)
{
	struct orders o;
	struct worker_order *order;

	orders_init(&o);
	T_CHECK(take(&o, 1, POLICY_ORDER_LOAD), "load");
	T_CHECK(take(&o, 2, POLICY_ORDER_DIRECTORY), "directory");
	T_CHECK(take(&o, 3, POLICY_ORDER_CANDIDATE), "candidate");
	order = orders_next(&o);
	T_CHECK(order == o.now && orders_wants_file(order), "load");
	T_CHECK(!orders_next(&o), "behind it");
	T_CHECK(orders_with_file(&o, strdup("text"), "why") == order, "file");
	T_STR(order->text, "text");
	T_STR(order->unread, "why");
	T_CHECK(!o.now, "in hand");
	finish(&o, order);
	order = orders_next(&o);
	T_EQ(order->serial, 2);
	T_CHECK(!o.now && !orders_wants_file(order), "directory");
	finish(&o, order);
	order = orders_next(&o);
	T_CHECK(order == o.now && orders_wants_file(order), "candidate");
	orders_fail(&o, "no file came");
	T_CHECK(!o.now, "in hand");
	expect_answer(&o, 1, "done", true);
	expect_answer(&o, 2, "done", true);
	expect_answer(&o, 3, "no file came", false);
	expect_nothing(&o);
}

static void
what_makes_no_sense_is_not_taken(void)
{
	struct orders o;

	orders_init(&o);
	T_CHECK(!take(&o, 1, 0), "it says nothing");
	T_CHECK(!take(&o, 1, POLICY_ORDER_END), "not known");
	T_CHECK(!take(&o, 1, 255), "not known");
	for (size_t cut = 1; cut <= 5; cut++)
		T_CHECK(!take_cut(&o, 1, POLICY_ORDER_LOAD, 1, cut), "cut %zu",
			cut);
	expect_nothing(&o);
}

static void
so_many_wait_and_as_many_are_refused(void)
{
	struct orders o;
	struct worker_order *order;
	uint32_t n = 0;

	orders_init(&o);
	for (; n < POLICY_ORDERS_MAX; n++)
		T_CHECK(take(&o, n, POLICY_ORDER_ROLLBACK), "%u", n);
	for (; n < 2 * POLICY_ORDERS_MAX; n++)
		T_CHECK(take(&o, n, POLICY_ORDER_ROLLBACK), "%u", n);
	T_CHECK(!take(&o, n, POLICY_ORDER_ROLLBACK), "one more");
	T_EQ(o.count, 2 * POLICY_ORDERS_MAX);
	for (n = POLICY_ORDERS_MAX; n < 2 * POLICY_ORDERS_MAX; n++)
		expect_answer(
			&o, n, "too many commands wait for policyd", false);
	T_EQ(o.count, POLICY_ORDERS_MAX);
	for (n = 0; n < POLICY_ORDERS_MAX; n++) {
		order = orders_next(&o);
		T_EQ(order->serial, n);
		finish(&o, order);
	}
	for (n = 0; n < POLICY_ORDERS_MAX; n++)
		expect_answer(&o, n, "done", true);
	expect_nothing(&o);
}

static struct t_case cases[] = {
	{ "an order goes its way", an_order_goes_its_way },
	{ "the file is fetched for one at a time",
		the_file_is_fetched_for_one_at_a_time },
	{ "what makes no sense is not taken",
		what_makes_no_sense_is_not_taken },
	{ "so many wait, and as many are refused",
		so_many_wait_and_as_many_are_refused },
};
T_MAIN(cases)
