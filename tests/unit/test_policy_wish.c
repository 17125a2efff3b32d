/* SPDX-License-Identifier: ISC */

/* What operators want of policyd: asked, answered, waited for, given up. */

#include "policy_client_t.h"

#include <sys/socket.h>
#include <unistd.h>

/* Answers, as one who waits for them has them. */
struct heard {
	size_t count;
	struct policy_done last;
	bool had_fd;
};

static void
take(void *arg, const struct policy_done *done)
{
	struct heard *h = (struct heard *)arg;

	h->count++;
	h->last = *done;
	h->had_fd = done->fd >= 0;
}

/* A bench that reads by itself what comes to policyd. */
static struct pt *
bench(void)
{
	struct pt *b = pt_new();

	loop_fd_del(b->watch);
	b->watch = NULL;
	return b;
}

static bool
want(struct pt *b, enum policy_order what, uint64_t generation, struct heard *h)
{
	const struct policy_wish wish = { what, generation, take, h };
	const char *why = NULL;
	bool good = policy_client_order(b->engine.policy, &wish, &why);

	T_CHECK(good || why != NULL, "no reason");
	return good;
}

/* The order as policyd gets it: its serial. */
static uint32_t
asked(struct pt *b, enum policy_order what, uint64_t generation)
{
	uint8_t bytes[512];
	ssize_t n = recv(b->peer, bytes, sizeof(bytes), MSG_DONTWAIT);
	struct buf_reader r = buf_reader(bytes, n > 0 ? (size_t)n : 0);
	uint64_t got_what = 0;
	uint64_t got_generation = 99;
	struct msg_attr a;
	struct msg m;

	T_CHECK(n > 0 && msg_next(&r, &m), "no order");
	T_EQ(m.type, POLICY_MSG_ORDER);
	while (msg_attr_next(&m.body, &a)) {
		if (a.type == POLICY_ATTR_ORDER)
			got_what = msg_get_u8(&a);
		if (a.type == POLICY_ATTR_GENERATION)
			got_generation = msg_get_u64(&a);
	}
	T_EQ(got_what, what);
	T_EQ(got_generation, generation);
	T_CHECK(m.serial != 0, "serial 0");
	return m.serial;
}

static void
answer(struct pt *b, uint32_t serial, bool ok, uint64_t generation, int fd)
{
	uint8_t bytes[512];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_DONE, serial);

	msg_put_u8(&w, POLICY_ATTR_OK, ok);
	msg_put_u64(&w, POLICY_ATTR_GENERATION, generation);
	msg_put_text(&w, POLICY_ATTR_TEXT, ok ? "fine" : "not so");
	msg_put_text(&w, POLICY_ATTR_LINES, "one\ntwo\n");
	msg_end(&w, start);
	pt_say(b, &w, &fd, fd >= 0 ? 1 : 0);
	pt_one_turn(b);
}

/* ---- cases --------------------------------------------------------------- */

static void
an_order_is_asked_and_its_answer_told(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_ROLLBACK, 7, &h), "not asked");
	serial = asked(b, POLICY_ORDER_ROLLBACK, 7);
	T_EQ(h.count, 0);
	answer(b, serial, false, 9, -1);
	T_EQ(h.count, 1);
	T_CHECK(!h.last.ok && !h.had_fd, "it failed");
	T_EQ(h.last.generation, 9);
	T_STR(h.last.text, "not so");
	T_STR(h.last.lines, "one\ntwo\n");
	/* Once is enough, and another serial is nobody's. */
	answer(b, serial, true, 9, -1);
	answer(b, 0, true, 9, -1);
	T_EQ(h.count, 1);
	pt_free(b);
}

static void
a_candidate_brings_its_descriptor(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };

	T_CHECK(want(b, POLICY_ORDER_CANDIDATE, 0, &h), "not asked");
	answer(b, asked(b, POLICY_ORDER_CANDIDATE, 0), true, 3,
		pt_memory(4096, 1, 0, PT_SEALS));
	T_EQ(h.count, 1);
	T_CHECK(h.last.ok && h.had_fd, "without a descriptor");
	pt_free(b);
}

/* What is said to be in force is. */
static void
an_answer_waits_for_its_generation(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	struct heard c = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h), "not asked");
	serial = asked(b, POLICY_ORDER_LOAD, 0);
	T_CHECK(want(b, POLICY_ORDER_CANDIDATE, 0, &c), "not asked");
	pt_offer(b, 4, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_one_turn(b);
	answer(b, serial, true, 4, -1);
	T_EQ(h.count, 0);
	/* Nothing of a candidate is on its way. */
	answer(b, asked(b, POLICY_ORDER_CANDIDATE, 0), true, 4, -1);
	T_EQ(c.count, 1);
	while (pt_policy.switched == 0) {
		T_EQ(h.count, 0);
		pt_one_turn(b);
	}
	T_EQ(h.count, 1);
	T_CHECK(h.last.ok, "%s", h.last.text);
	T_STR(h.last.text, "fine");
	pt_free(b);
}

/* One about another generation does not. */
static void
an_answer_waits_for_no_other_generation(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_ROLLBACK, 0, &h), "not asked");
	serial = asked(b, POLICY_ORDER_ROLLBACK, 0);
	pt_offer(b, 4, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_one_turn(b);
	answer(b, serial, false, 3, -1);
	T_EQ(h.count, 1);
	T_EQ(pt_policy.switched, 0);
	pt_free(b);
}

static void
a_generation_that_the_engine_refuses_is_told(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_ROLLBACK, 0, &h), "not asked");
	serial = asked(b, POLICY_ORDER_ROLLBACK, 0);
	pt_offer(b, 4, 4096, pt_memory(4096, 200, 1, PT_SEALS));
	pt_one_turn(b);
	answer(b, serial, true, 4, -1);
	while (h.count == 0)
		pt_one_turn(b);
	T_CHECK(!h.last.ok, "it is not in force");
	T_STR(h.last.text,
		"the engine refused generation 4 (rule 3: offset out of "
		"range); the rules before it stay in force");
	T_EQ(pt_policy.switched, 0);
	pt_free(b);
}

/* A newer generation has all that the load brought: it went well. */
static void
what_is_overtaken_waits_for_the_newer_one(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h), "not asked");
	serial = asked(b, POLICY_ORDER_LOAD, 0);
	pt_offer(b, 4, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_one_turn(b);
	answer(b, serial, true, 4, -1);
	pt_offer(b, 5, 4096, pt_memory(4096, 10, 0, PT_SEALS));
	pt_one_turn(b);
	while (pt_policy.switched == 0) {
		T_EQ(h.count, 0);
		pt_one_turn(b);
	}
	T_EQ(h.count, 1);
	T_CHECK(h.last.ok, "%s", h.last.text);
	T_EQ(h.last.generation, 5);
	T_STR(h.last.text,
		"fine; generation 5 came meanwhile, and is in its place");
	pt_free(b);
}

/* Also when it came before the answer. */
static void
what_was_overtaken_waits_for_the_newer_one(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h), "not asked");
	serial = asked(b, POLICY_ORDER_LOAD, 0);
	pt_offer(b, 5, 4096, pt_memory(4096, 200, 1, PT_SEALS));
	pt_one_turn(b);
	answer(b, serial, true, 4, -1);
	T_EQ(h.count, 0);
	while (h.count == 0)
		pt_one_turn(b);
	T_CHECK(!h.last.ok, "it is not in force");
	T_STR(h.last.text,
		"the engine refused generation 5 (rule 3: offset out of "
		"range); the rules before it stay in force");
	pt_free(b);
}

static void
as_many_orders_wait_as_there_is_room_for(void)
{
	struct pt *b = bench();
	struct heard h[POLICY_ORDERS_MAX + 1] = { 0 };
	uint32_t serials[POLICY_ORDERS_MAX];

	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++) {
		T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h[i]), "not asked");
		serials[i] = asked(b, POLICY_ORDER_LOAD, 0);
	}
	T_CHECK(!want(b, POLICY_ORDER_LOAD, 0, &h[POLICY_ORDERS_MAX]),
		"one more than there is room for");
	answer(b, serials[3], true, 1, -1);
	T_EQ(h[3].count, 1);
	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h[3]), "there is room");
	for (size_t i = 0; i < POLICY_ORDERS_MAX; i++)
		T_CHECK(i == 3 || h[i].count == 0, "%zu was told", i);
	pt_free(b);
}

static void
who_does_not_wait_is_not_told(void)
{
	struct pt *b = bench();
	struct heard gone = { 0 };
	struct heard here = { 0 };

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &gone), "not asked");
	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &here), "not asked");
	policy_client_forget(b->engine.policy, &gone);
	answer(b, asked(b, POLICY_ORDER_LOAD, 0), true, 1, -1);
	answer(b, asked(b, POLICY_ORDER_LOAD, 0), true, 1, -1);
	T_EQ(gone.count, 0);
	T_EQ(here.count, 1);
	pt_free(b);
}

static void
the_end_of_policyd_is_told(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h), "not asked");
	T_EQ(shutdown(b->peer, SHUT_RDWR), 0);
	while (h.count == 0)
		pt_one_turn(b);
	T_CHECK(!h.last.ok && strstr(h.last.text, "policyd has ended"), "%s",
		h.last.text);
	T_CHECK(!want(b, POLICY_ORDER_LOAD, 0, &h), "asked nobody");
	T_EQ(h.count, 1);
	pt_free(b);
}

static void
a_malformed_answer_ends_the_connection(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	uint8_t bytes[64];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start;

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &h), "not asked");
	start = msg_begin(&w, POLICY_MSG_DONE, asked(b, POLICY_ORDER_LOAD, 0));
	msg_put_u8(&w, POLICY_ATTR_GENERATION, 1); /* 8 octets are right */
	msg_end(&w, start);
	pt_say(b, &w, NULL, 0);
	while (h.count == 0)
		pt_one_turn(b);
	T_CHECK(strstr(h.last.text, "policyd has ended"), "%s", h.last.text);
	pt_free(b);
}

static void
what_is_kept_and_held_is_read(void)
{
	struct pt *b = bench();
	uint8_t bytes[8192];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *start = msg_begin(&w, POLICY_MSG_STATUS, 0);
	const struct policy_history *h;

	msg_put_u64(&w, POLICY_ATTR_HELD, 8);
	msg_put_u64(&w, POLICY_ATTR_HELD_TIME, 1000);
	for (uint64_t i = 0; i < POLICY_KEPT_MAX + 2; i++) {
		uint8_t *nest = msg_nest(&w, POLICY_ATTR_KEPT);

		msg_put_u64(&w, POLICY_ATTR_GENERATION, 100 - i);
		msg_put_u64(&w, POLICY_ATTR_MADE_TIME, 5);
		msg_put_u64(&w, POLICY_ATTR_RULES, 3);
		msg_put_text(&w, POLICY_ATTR_TEXT, "file x");
		msg_nest_end(&w, nest);
	}
	msg_end(&w, start);
	pt_say(b, &w, NULL, 0);
	pt_one_turn(b);
	h = policy_client_history(b->engine.policy);
	T_EQ(h->held, 8);
	T_EQ(h->held_s, 1000);
	T_EQ(h->count, POLICY_KEPT_MAX);
	T_EQ(h->kept[1].generation, 99);
	T_EQ(h->kept[1].made_s, 5);
	T_EQ(h->kept[1].rules, 3);
	T_STR(h->kept[1].source, "file x");
	pt_free(b);
}

/* A load that was asked for, with generation 4 on its way into force. */
static uint32_t
load_under_way(struct pt *b, struct heard *h)
{
	uint32_t serial;

	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, h), "not asked");
	serial = asked(b, POLICY_ORDER_LOAD, 0);
	pt_offer(b, 4, 4096, pt_memory(4096, 255, 0, PT_SEALS));
	pt_one_turn(b);
	return serial;
}

static void
until_in_force(struct pt *b)
{
	const unsigned before = pt_policy.switched;

	while (pt_policy.switched == before)
		pt_one_turn(b);
}

static void
an_order_is_answered_once(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };
	const uint32_t serial = load_under_way(b, &h);

	answer(b, serial, true, 4, -1);
	answer(b, serial, false, 3, -1);
	T_EQ(h.count, 0);
	until_in_force(b);
	T_EQ(h.count, 1);
	T_CHECK(h.last.ok, "the second answer");
	T_EQ(h.last.generation, 4);
	pt_free(b);
}

/* What failed and changed something all the same is in force when told. */
static void
a_failure_waits_for_its_own_generation_only(void)
{
	struct pt *b = bench();
	struct heard own = { 0 };
	struct heard other = { 0 };
	uint32_t serial = load_under_way(b, &own);

	answer(b, serial, false, 4, -1);
	T_EQ(own.count, 0);
	T_CHECK(want(b, POLICY_ORDER_LOAD, 0, &other), "not asked");
	answer(b, asked(b, POLICY_ORDER_LOAD, 0), false, 3, -1);
	T_EQ(other.count, 1);
	T_EQ(other.last.generation, 3);
	until_in_force(b);
	T_EQ(own.count, 1);
	T_CHECK(!own.last.ok, "it has succeeded");
	pt_free(b);
}

static void
another_generation_that_is_refused_is_not_waited_for(void)
{
	struct pt *b = bench();
	struct heard h = { 0 };

	answer(b, load_under_way(b, &h), true, 4, -1);
	pt_offer(b, 9, 4096, -1); /* without its memory */
	pt_one_turn(b);
	T_EQ(h.count, 0);
	until_in_force(b);
	T_EQ(h.count, 1);
	T_CHECK(h.last.ok, "%s", h.last.text);
	pt_free(b);
}

/* The order as it is written: by when it has to be begun. */
static int64_t
begin_by(struct policy_orders *orders, enum policy_order what, struct heard *h)
{
	const struct policy_wish wish = { what, 0, take, h };
	uint8_t bytes[128];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader r;
	int64_t at = 0;
	struct msg_attr a;
	struct msg m;

	T_CHECK(policy_orders_add(orders, &wish, &w), "no room");
	r = buf_reader(bytes, buf_written(&w));
	T_CHECK(msg_next(&r, &m), "no message");
	while (msg_attr_next(&m.body, &a))
		if (a.type == POLICY_ATTR_BEGIN_BY)
			at = (int64_t)msg_get_u64(&a);
	return at;
}

static void
an_order_says_by_when_it_has_to_be_begun(void)
{
	struct pt *b = bench();
	struct policy_orders *orders = policy_orders_new(&b->engine);
	struct heard h = { 0 };
	const int64_t before = loop_now().us;
	int64_t at = begin_by(orders, POLICY_ORDER_ROLLBACK, &h);

	T_CHECK(at >= before + 30000000, "it is too soon");
	T_CHECK(at <= loop_now().us + 30000000, "it is too late");
	policy_orders_free(orders);
	pt_free(b);
}

/* It may be carried out still: who waits is told where that shows. */
static void
an_order_that_is_not_answered_ends(void)
{
	struct pt *b = bench();
	struct policy_orders *orders = policy_orders_new(&b->engine);
	struct heard load = { 0 };
	struct heard diff = { 0 };
	struct heard later = { 0 };
	const int64_t begin = loop_now().us;

	policy_orders_patience(orders, 7, 3600000);
	(void)begin_by(orders, POLICY_ORDER_LOAD, &later);
	policy_orders_patience(orders, 7, 20);
	(void)begin_by(orders, POLICY_ORDER_LOAD, &load);
	(void)begin_by(orders, POLICY_ORDER_CANDIDATE, &diff);
	while (load.count == 0 || diff.count == 0)
		pt_one_turn(b);
	T_CHECK(loop_now().us >= begin + 20000, "too soon");
	T_CHECK(!load.last.ok && !diff.last.ok, "it succeeded");
	T_CHECK(strstr(load.last.text, "rsvpctl policy history"), "%s",
		load.last.text);
	T_STR(diff.last.text, "policyd does not answer");
	T_EQ(later.count, 0);
	/* Their places are free. */
	for (size_t i = 1; i < POLICY_ORDERS_MAX; i++)
		(void)begin_by(orders, POLICY_ORDER_LOAD, &later);
	policy_orders_free(orders);
	pt_free(b);
}

static struct t_case cases[] = {
	{ "an order is asked and its answer told",
		an_order_is_asked_and_its_answer_told },
	{ "a candidate brings its descriptor",
		a_candidate_brings_its_descriptor },
	{ "an answer waits for its generation",
		an_answer_waits_for_its_generation },
	{ "an answer waits for no other generation",
		an_answer_waits_for_no_other_generation },
	{ "a generation that the engine refuses is told",
		a_generation_that_the_engine_refuses_is_told },
	{ "what is overtaken waits for the newer one",
		what_is_overtaken_waits_for_the_newer_one },
	{ "what was overtaken waits for the newer one",
		what_was_overtaken_waits_for_the_newer_one },
	{ "as many orders wait as there is room for",
		as_many_orders_wait_as_there_is_room_for },
	{ "who does not wait is not told", who_does_not_wait_is_not_told },
	{ "the end of policyd is told", the_end_of_policyd_is_told },
	{ "a malformed answer ends the connection",
		a_malformed_answer_ends_the_connection },
	{ "what is kept and held is read", what_is_kept_and_held_is_read },
	{ "an order is answered once", an_order_is_answered_once },
	{ "a failure waits for its own generation only",
		a_failure_waits_for_its_own_generation_only },
	{ "another generation that is refused is not waited for",
		another_generation_that_is_refused_is_not_waited_for },
	{ "an order says by when it has to be begun",
		an_order_says_by_when_it_has_to_be_begun },
	{ "an order that is not answered ends",
		an_order_that_is_not_answered_ends },
};

T_MAIN(cases)
