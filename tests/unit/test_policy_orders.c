/* SPDX-License-Identifier: ISC */

/* Orders to policyd: who waits, how long, and what is answered.
 * rsvpd/policy_order.c */

#include <fcntl.h>
#include <unistd.h>

#include "loop_t.h"
#include "rsvpd/daemon.h"
#include "rsvpd/policy_order.h"
#include "t.h"

enum { GOOD = 5, NEWER = 6, BEGIN_MS = 30000, WAIT_MS = 60000 };

/* What one who waits has heard. */
struct heard {
	size_t count;
	struct policy_done last;
	bool readable; /* the descriptor, while it was told */
};

static struct {
	struct engine engine;
	struct policy_orders *orders;
	size_t open_fds;
	uint8_t sent[256]; /* the last order */
	size_t sent_len;
} w;

static void
begin(void)
{
	memset(&w, 0, sizeof(w));
	w.open_fds = t_open_fds();
	w.engine.loop = loop_t_begin((struct mono){ INT64_C(1) << 40 });
	w.orders = policy_orders_new(&w.engine);
	T_CHECK(w.orders != NULL, "no memory");
}

static void
end(void)
{
	policy_orders_free(w.orders);
	policy_orders_free(NULL);
	T_EQ(loop_t_left(), 0);
	T_EQ(t_open_fds(), w.open_fds);
}

static void
hear(void *arg, const struct policy_done *done)
{
	struct heard *h = (struct heard *)arg;

	h->count++;
	h->last = *done;
	h->readable = done->fd >= 0 && fcntl(done->fd, F_GETFD) >= 0;
}

static bool
add(enum policy_order what, uint64_t generation, struct heard *h)
{
	const struct policy_wish wish = { what, generation, hear, h };
	struct buf_writer out = buf_writer(w.sent, sizeof(w.sent));
	const bool ok = policy_orders_add(w.orders, &wish, &out);

	w.sent_len = buf_written(&out);
	return ok;
}

/* The serial of the last order, which has to say that. */
static uint32_t
serial_of(enum policy_order what, uint64_t generation, int64_t begin_ms)
{
	struct buf_reader r = buf_reader(w.sent, w.sent_len);
	struct msg_attr a;
	struct msg m;

	T_CHECK(msg_next(&r, &m) && m.type == POLICY_MSG_ORDER, "no order");
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_ORDER,
		"no kind");
	T_EQ(msg_get_u8(&a), what);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_GENERATION,
		"no generation");
	T_EQ(msg_get_u64(&a), generation);
	T_CHECK(msg_attr_next(&m.body, &a) && a.type == POLICY_ATTR_BEGIN_BY,
		"no limit");
	T_EQ(msg_get_u64(&a), mono_add_ms(loop_now(), begin_ms).us);
	return m.serial;
}

static uint32_t
order(enum policy_order what, struct heard *h)
{
	memset(h, 0, sizeof(*h));
	T_CHECK(add(what, GOOD, h), "no room");
	return serial_of(what, GOOD, BEGIN_MS);
}

static bool
answer_with(uint32_t serial, bool ok, int fd, uint64_t loading)
{
	uint8_t bytes[512];
	struct buf_writer out = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&out, POLICY_MSG_DONE, serial);
	struct buf_reader r;
	struct msg m;

	msg_put_u8(&out, POLICY_ATTR_OK, ok);
	msg_put_u64(&out, POLICY_ATTR_GENERATION, GOOD);
	msg_put_text(&out, POLICY_ATTR_TEXT, "done");
	msg_put_text(&out, POLICY_ATTR_LINES, "a\nb");
	msg_put_u8(&out, UINT16_MAX, 1); /* of a newer policyd */
	msg_end(&out, start);
	r = buf_reader(bytes, buf_written(&out));
	T_CHECK(msg_next(&r, &m), "no message");
	return policy_orders_answered(w.orders, &m, fd, loading);
}

static void
expect(const struct heard *h, bool ok, const char *text)
{
	T_EQ(h->count, 1);
	T_EQ(h->last.ok, ok);
	T_STR(h->last.text, text);
}

/* ---- answers ------------------------------------------------------------- */

static void
an_answer_is_told_to_who_asked(void)
{
	struct heard a;
	struct heard b;
	uint32_t first;
	uint32_t second;

	begin();
	first = order(POLICY_ORDER_LOAD, &a);
	second = order(POLICY_ORDER_CANDIDATE, &b);
	T_CHECK(first != second && first != 0 && second != 0, "the same");
	T_CHECK(answer_with(second, true, -1, 0), "no sense");
	T_EQ(a.count, 0);
	expect(&b, true, "done");
	T_EQ(b.last.generation, GOOD);
	T_STR(b.last.lines, "a\nb");
	T_EQ(b.last.fd, -1);
	T_CHECK(answer_with(first, false, -1, 0), "no sense");
	expect(&a, false, "done");
	/* An answer to nothing, or again, is for nobody. */
	T_CHECK(answer_with(first, true, -1, 0), "no sense");
	T_CHECK(answer_with(0, true, -1, 0), "no sense");
	T_EQ(a.count + b.count, 2);
	end();
}

static void
a_candidate_is_read_while_it_is_told(void)
{
	struct heard h;
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	begin();
	T_CHECK(answer_with(order(POLICY_ORDER_CANDIDATE, &h), true, fd, GOOD),
		"no sense");
	expect(&h, true, "done"); /* it is not waited for anything */
	T_CHECK(h.readable && h.last.fd != fd, "not its own");
	end(); /* it is closed */
	(void)close(fd);
}

static void
what_makes_no_sense_is_refused(void)
{
	uint8_t bytes[64];
	struct buf_writer out = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&out, POLICY_MSG_DONE, 1);
	struct buf_reader r;
	struct heard h;
	struct msg m;

	begin();
	(void)order(POLICY_ORDER_LOAD, &h);
	msg_put_u16(&out, POLICY_ATTR_OK, 1); /* of another size */
	msg_end(&out, start);
	r = buf_reader(bytes, buf_written(&out));
	T_CHECK(msg_next(&r, &m), "no message");
	T_CHECK(!policy_orders_answered(w.orders, &m, -1, 0), "it is taken");
	m.body = buf_reader((const uint8_t[]){ 1, 0, 99, 0 }, 4); /* cut */
	T_CHECK(!policy_orders_answered(w.orders, &m, -1, 0), "it is taken");
	T_EQ(h.count, 0);
	end();
}

/* ---- what is on its way into force --------------------------------------- */

static void
a_change_is_done_when_it_is_in_force(void)
{
	static const enum policy_order changes[] = { POLICY_ORDER_LOAD,
		POLICY_ORDER_ROLLBACK };

	for (size_t i = 0; i < 2; i++) {
		struct heard h;

		begin();
		T_CHECK(answer_with(order(changes[i], &h), true, -1, GOOD),
			"no sense");
		T_EQ(h.count, 0);
		policy_orders_loaded(w.orders, NEWER, "");
		T_EQ(h.count, 0); /* another */
		policy_orders_loaded(w.orders, GOOD, "");
		expect(&h, true, "done");
		T_EQ(h.last.generation, GOOD);
		policy_orders_loaded(w.orders, GOOD, "");
		T_EQ(h.count, 1);
		end();
	}
}

static void
a_change_that_is_refused_is_told_with_the_reason(void)
{
	struct heard h;

	begin();
	(void)answer_with(order(POLICY_ORDER_LOAD, &h), true, -1, GOOD);
	policy_orders_loaded(w.orders, GOOD, "too large");
	expect(&h, false,
		"the engine refused generation 5 (too large); the rules "
		"before it stay in force");
	end();
}

static void
what_came_meanwhile_is_told(void)
{
	struct heard h;

	begin();
	(void)answer_with(order(POLICY_ORDER_LOAD, &h), true, -1, GOOD);
	policy_orders_replaced(w.orders, NEWER, 9); /* of others */
	policy_orders_replaced(w.orders, GOOD, NEWER);
	policy_orders_loaded(w.orders, GOOD, "");
	T_EQ(h.count, 0);
	policy_orders_loaded(w.orders, NEWER, "");
	expect(&h, true,
		"done; generation 6 came meanwhile, and is in its place");
	T_EQ(h.last.generation, NEWER);
	/* A refusal is waited for when it is of its own generation. */
	(void)answer_with(order(POLICY_ORDER_LOAD, &h), false, -1, NEWER);
	expect(&h, false, "done");
	(void)answer_with(order(POLICY_ORDER_LOAD, &h), false, -1, GOOD);
	T_EQ(h.count, 0);
	policy_orders_loaded(w.orders, GOOD, "");
	expect(&h, false, "done");
	end();
}

/* ---- who waits ----------------------------------------------------------- */

static void
nobody_waits_for_ever(void)
{
	struct heard first;
	struct heard second;

	begin();
	(void)order(POLICY_ORDER_CANDIDATE, &first);
	loop_t_go_on(INT64_C(1000) * 1000);
	(void)order(POLICY_ORDER_ROLLBACK, &second);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), WAIT_MS - 1000);
	loop_t_go_on(INT64_C(1000) * (WAIT_MS - 1000) - 1);
	T_CHECK(!loop_t_call_timers(), "too early");
	loop_t_go_on(1);
	T_CHECK(loop_t_call_timers(), "not in time");
	expect(&first, false, "policyd does not answer");
	T_EQ(second.count, 0);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 1000);
	loop_t_go_on(INT64_C(1000) * 1000);
	T_CHECK(loop_t_call_timers(), "not in time");
	expect(&second, false,
		"policyd does not answer; what it may still do shows in "
		"rsvpctl policy history");
	T_EQ(loop_t_timers(), 0);
	end();
}

static void
patience_can_be_another(void)
{
	struct heard h = { 0 };

	begin();
	policy_orders_patience(w.orders, 7, 9);
	T_CHECK(add(POLICY_ORDER_LOAD, 0, &h), "no room");
	(void)serial_of(POLICY_ORDER_LOAD, 0, 7);
	T_EQ(mono_ms_between(loop_now(), loop_t_next()), 9);
	end();
}

static void
few_wait_at_a_time(void)
{
	struct heard h[POLICY_ORDERS_MAX];
	struct heard more = { 0 };
	uint32_t last = 0;

	begin();
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		last = order(POLICY_ORDER_LOAD, &h[i]);
	T_CHECK(!add(POLICY_ORDER_LOAD, 0, &more), "one too many");
	/* The last was not heard: there is room again. */
	policy_orders_drop(w.orders);
	T_CHECK(answer_with(last, true, -1, 0), "no sense");
	T_EQ(h[POLICY_ORDERS_MAX - 1].count, 0);
	T_CHECK(add(POLICY_ORDER_LOAD, 0, &more), "no room");
	T_CHECK(!add(POLICY_ORDER_LOAD, 0, &more), "one too many");
	/* All of them come to nothing. */
	policy_orders_fail(w.orders, "policyd is gone");
	for (size_t i = 0; i + 1 < POLICY_ORDERS_MAX; i++)
		expect(&h[i], false, "policyd is gone");
	expect(&more, false, "policyd is gone");
	policy_orders_fail(w.orders, "policyd is gone");
	T_EQ(more.count, 1);
	end();
}

static void
whoever_has_left_is_not_told(void)
{
	struct heard gone;
	struct heard here;
	uint32_t serial;

	begin();
	serial = order(POLICY_ORDER_LOAD, &gone);
	(void)order(POLICY_ORDER_LOAD, &here);
	policy_orders_forget(w.orders, &gone);
	T_CHECK(answer_with(serial, true, -1, 0), "no sense");
	policy_orders_fail(w.orders, "no");
	T_EQ(gone.count, 0);
	T_EQ(here.count, 1);
	end();
}

/* What waits for its generation keeps the descriptor until then. */
static void
what_still_waits_at_the_end_is_freed(void)
{
	struct heard h;
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	begin();
	(void)answer_with(order(POLICY_ORDER_LOAD, &h), true, fd, GOOD);
	T_EQ(h.count, 0);
	end();
	(void)close(fd);
	begin();
	loop_t_refuse(true);
	T_CHECK(policy_orders_new(&w.engine) == NULL, "without a timer");
	end();
}

static struct t_case cases[] = {
	{ "an answer is told to who asked", an_answer_is_told_to_who_asked },
	{ "a candidate is read while it is told",
		a_candidate_is_read_while_it_is_told },
	{ "what makes no sense is refused", what_makes_no_sense_is_refused },
	{ "a change is done when it is in force",
		a_change_is_done_when_it_is_in_force },
	{ "a change that is refused is told with the reason",
		a_change_that_is_refused_is_told_with_the_reason },
	{ "what came meanwhile is told", what_came_meanwhile_is_told },
	{ "nobody waits for ever", nobody_waits_for_ever },
	{ "patience can be another", patience_can_be_another },
	{ "few wait at a time", few_wait_at_a_time },
	{ "whoever has left is not told", whoever_has_left_is_not_told },
	{ "what still waits at the end is freed",
		what_still_waits_at_the_end_is_freed },
};
T_MAIN(cases)
