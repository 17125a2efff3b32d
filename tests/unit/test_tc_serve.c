/* SPDX-License-Identifier: ISC */

/* What the engine asks of `tcctl serve`, and what it is told: message by
 * message, over a kernel that only remembers. */

#include "tc_serve_t.h"

#include <errno.h>

/* ---- what is no request -------------------------------------------------- */

static void
put_empty(struct buf_writer *w, uint16_t type, uint32_t serial)
{
	msg_end(w, msg_begin(w, type, serial));
}

static void
what_is_malformed_is_refused_by_its_serial(void)
{
	static const struct {
		uint16_t type;
		const char *text;
	} rows[] = {
		{ TC_MSG_IFACE, "malformed interface" },
		{ TC_MSG_IFACE_OFF, "malformed interface" },
		{ TC_MSG_FLOW_ADD, "malformed flow" },
		{ TC_MSG_FLOW_CHANGE, "malformed flow" },
		{ TC_MSG_FLOW_DEL, "malformed flow" },
		{ TC_MSG_FLOW_MARK, "malformed mark" },
		{ TC_MSG_COUNTERS, "malformed query" },
		{ TC_MSG_RULES, "malformed set of rules" },
		{ TC_MSG_RULE_COUNTERS, "malformed query" },
	};
	struct bench *b = b_new();

	b_open(b);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b_put_malformed(b, rows[i].type, 100 + i);
		b_ask(b);
		T_EQ(b->count, 1);
		T_EQ(b_done(b, 100 + i)->error, EBADMSG);
		T_STR(b_done(b, 100 + i)->text, rows[i].text);
	}
	T_EQ(b->ops, 0);
	T_EQ(b->s->error, 0);
	T_CHECK(!b->s->stopping, "it stops");
	b_free(b);
}

static void
an_unknown_request_is_refused(void)
{
	struct bench *b = b_new();

	put_empty(&b->w, TC_MSG_DONE, 5); /* that is for the engine */
	put_empty(&b->w, 7, 6);
	b_ask(b);
	T_EQ(b->count, 2);
	T_EQ(b_done(b, 5)->error, EOPNOTSUPP);
	T_EQ(b_done(b, 6)->error, EOPNOTSUPP);
	T_STR(b_done(b, 6)->text, "unknown request");
	b_free(b);
}

static void
another_version_is_refused_and_what_follows_is_done(void)
{
	struct bench *b = b_new();
	const struct tc_iface iface = fix_iface();

	tc_put_iface(&b->w, 5, &iface);
	b->batch[4] = MSG_VERSION + 1;
	tc_put_iface_off(&b->w, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->count, 2);
	T_EQ(b_done(b, 5)->error, EPROTONOSUPPORT);
	T_STR(b_done(b, 5)->text, "message of another version");
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(b->ops, 0);
	b_free(b);
}

/* What is whole of it has been done. */
static void
a_cut_datagram_is_told(void)
{
	struct bench *b = b_new();
	const struct tc_iface iface = fix_iface();

	tc_put_iface(&b->w, 5, &iface);
	tc_put_iface_off(&b->w, 6, FIX_IFINDEX);
	b->w.pos--;
	b_ask(b);
	T_EQ(b->count, 2);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(b_done(b, 0)->error, EBADMSG);
	T_STR(b_done(b, 0)->text, "malformed datagram");
	T_CHECK(tc_links_find(&b->s->links, FIX_IFINDEX), "given back");
	T_CHECK(!b->s->stopping, "it stops");
	b_free(b);
}

/* The longest that can be asked, and one octet more. */
static void
a_datagram_that_is_too_long_is_refused_whole(void)
{
	static uint8_t bytes[MSG_DATAGRAM_MAX + 1];
	struct bench *b = b_new();
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct tc_iface iface = fix_iface();

	tc_put_iface(&w, 5, &iface);
	T_EQ(send(b->engine, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	tc_serve_receive(b->s);
	tc_serve_flush(b->s);
	b_hear(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 0)->error, EMSGSIZE);
	T_STR(b_done(b, 0)->text, "datagram too long");
	T_CHECK(!tc_links_find(&b->s->links, FIX_IFINDEX), "managed");
	T_CHECK(!b->s->stopping, "it stops");
	/* What is behind the first message is nothing. */
	T_EQ(send(b->engine, bytes, MSG_DATAGRAM_MAX, 0), MSG_DATAGRAM_MAX);
	tc_serve_receive(b->s);
	tc_serve_flush(b->s);
	b_hear(b);
	T_EQ(b_done(b, 5)->error, 0);
	T_STR(b_done(b, 0)->text, "malformed datagram");
	b_free(b);
}

static void
nothing_to_read_is_no_end(void)
{
	struct bench *b = b_new();

	tc_serve_receive(b->s);
	T_CHECK(!b->s->stopping, "an empty socket");
	T_EQ(b->s->idle_due.us, MONO_NEVER.us);
	t_recv_error = EINTR;
	tc_serve_receive(b->s);
	T_CHECK(!b->s->stopping, "an interruption");
	t_recv_error = ECONNRESET;
	tc_serve_receive(b->s);
	T_CHECK(b->s->stopping, "the engine has gone");
	b->s->stopping = false;
	shutdown(b->engine, SHUT_WR);
	tc_serve_receive(b->s);
	T_CHECK(b->s->stopping, "the engine has closed");
	tc_serve_flush(b->s);
	b_hear(b);
	T_EQ(b->count, 0);
	b_free(b);
}

/* More may come: nothing is done in the background before. */
static void
after_requests_it_waits_for_more(void)
{
	struct bench *b = b_new();

	tc_put_iface_off(&b->w, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->s->idle_due.us - os_now().us, 20000);
	t_clock_add_ms(10);
	tc_put_iface_off(&b->w, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->s->idle_due.us - os_now().us, 10000);
	b_free(b);
}

/* ---- interfaces ---------------------------------------------------------- */

static void
an_interface_is_managed_and_given_back(void)
{
	struct bench *b = b_new();
	const struct tc_iface iface = fix_iface();

	tc_put_iface(&b->w, 5, &iface);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, 0);
	T_CHECK(b->dry.objects.count > 0, "no tree");
	T_CHECK(tc_links_find(&b->s->links, FIX_IFINDEX), "not managed");
	b_settle(b);
	tc_put_iface_off(&b->w, 6, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(b->dry.objects.count, 0);
	T_CHECK(!tc_links_find(&b->s->links, FIX_IFINDEX), "managed");
	b_free(b);
}

static bool
lacks_htb(void *arg, const struct tc_object *o, char text[TC_KERNEL_TEXT])
{
	(void)arg;
	(void)text_copy(text, TC_KERNEL_TEXT, "no such qdisc");
	return o->type == TC_QDISC_ROOT;
}

static void
an_interface_that_is_refused_is_not_managed(void)
{
	struct bench *b = b_new();
	const struct tc_iface iface = fix_iface();

	b->dry.lacks = lacks_htb;
	T_EQ(b_iface(b, &iface), ENOENT);
	T_CHECK(strstr(b_done(b, 900)->text, "no such qdisc"), "%s",
		b_done(b, 900)->text);
	T_EQ(b->s->error, 0);
	T_CHECK(!tc_links_find(&b->s->links, FIX_IFINDEX), "managed");
	b_free(b);
}

static void
flows_that_are_found_are_told_before_the_answer(void)
{
	struct bench *b = b_new();
	const struct tc_iface iface = fix_iface();

	b_open(b);
	T_EQ(b_add(b, 7, 5004), 0);
	T_EQ(b_add(b, 8, 5006), 0);
	tc_links_done(&b->s->links); /* the next tcctl */
	tc_put_iface(&b->w, 55, &iface);
	b_ask(b);
	T_EQ(b->count, 3);
	T_EQ(b_count(b, TC_MSG_ADOPTED), 2);
	T_EQ(b->heard[0].serial, 55);
	T_EQ(b->heard[0].adopted + b->heard[1].adopted, 15);
	T_EQ(b->heard[2].type, TC_MSG_DONE);
	T_EQ(b->heard[2].serial, 55);
	b_free(b);
}

/* ---- flows --------------------------------------------------------------- */

static void
a_flow_is_installed_changed_and_removed(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);
	struct tc_flow flow = fix_flow(7, 5004);
	uint32_t classid;

	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(b_done(b, 5)->flow_id, 7);
	classid = b_done(b, 5)->classid;
	T_EQ(classid, tc_classid(tc_record_find(link, 7)->minor));
	flow.rate_Bps = 110000;
	tc_put_flow(&b->w, TC_MSG_FLOW_CHANGE, 6, &flow);
	b_ask(b);
	T_EQ(b_done(b, 6)->error, 0);
	T_EQ(b_done(b, 6)->classid, classid);
	T_CHECK(tc_record_find(link, 7)->htb.rate_Bps >= 110000, "not changed");
	tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 7, &flow);
	b_ask(b);
	T_CHECK(!tc_record_find(link, 7), "not removed");
	T_EQ(b->count, 0);
	/* That it is gone is told when its queue is empty. */
	tc_serve_due(b->s);
	tc_serve_flush(b->s);
	b_hear(b);
	T_EQ(b->count, 2);
	T_EQ(b->heard[0].type, TC_MSG_COUNTER);
	T_EQ(b->heard[0].counter.flow_id, 7);
	T_EQ(b_done(b, 7)->error, 0);
	T_EQ(b_done(b, 7)->flow_id, 7);
	b_free(b);
}

static void
a_flow_that_is_not_there_is_removed_already(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);

	b_open(b);
	tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 5, &flow);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(b_done(b, 5)->flow_id, 7);
	T_EQ(b->ops, 0);
	b_free(b);
}

static void
a_flow_that_cannot_be_is_refused_with_the_reason(void)
{
	struct bench *b = b_new();
	struct tc_flow flow = fix_flow(7, 5004);

	b_open(b);
	flow.rate_Bps = 0;
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	b_ask(b);
	T_EQ(b->count, 1);
	T_EQ(b_done(b, 5)->error, EINVAL);
	T_EQ(b_done(b, 5)->flow_id, 7);
	T_CHECK(b_done(b, 5)->text[0] != '\0', "no reason");
	T_EQ(b->ops, 0);
	b_free(b);
}

static void
a_flow_needs_a_managed_interface(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_flow_mark mark = { 7, FIX_IFINDEX,
		{ .marks = true, .dscp = 46 } };
	struct tc_link *link;

	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	tc_put_flow_mark(&b->w, 6, &mark);
	b_ask(b);
	T_EQ(b->count, 2);
	for (uint32_t serial = 5; serial <= 6; serial++) {
		T_EQ(b_done(b, serial)->error, ENODEV);
		T_EQ(b_done(b, serial)->flow_id, 7);
		T_STR(b_done(b, serial)->text, "the interface is not managed");
	}
	link = b_open(b);
	link->lost = true;
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 7, &flow);
	b_ask(b);
	T_EQ(b_done(b, 7)->error, ENODEV);
	T_STR(b_done(b, 7)->text, "the tree of the interface was removed");
	T_EQ(b->ops, 0);
	b_free(b);
}

/* Each conversation with the kernel costs more than what is said in it. */
static void
flows_of_a_datagram_go_to_the_kernel_together(void)
{
	struct bench *b = b_new();

	b_open(b);
	for (uint32_t i = 0; i < 4; i++) {
		const struct tc_flow flow = fix_flow(7 + i, (uint16_t)(5 + i));

		tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 20 + i, &flow);
	}
	b_ask(b);
	T_EQ(b->count, 4);
	T_EQ(b->calls[CALL_RUN], 1);
	T_EQ(b->datagrams, 1);
	for (uint32_t i = 0; i < 4; i++) {
		T_EQ(b->heard[i].serial, 20 + i);
		T_EQ(b->heard[i].done.error, 0);
	}
	b_free(b);
}

static void
a_flow_twice_in_a_datagram_is_done_in_order(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);
	struct tc_flow flow = fix_flow(7, 5004);

	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 20, &flow);
	tc_put_flow(&b->w, TC_MSG_FLOW_DEL, 21, &flow);
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 22, &flow);
	flow.rate_Bps = 110000;
	tc_put_flow(&b->w, TC_MSG_FLOW_CHANGE, 23, &flow);
	b_send(b);
	tc_serve_receive(b->s);
	tc_serve_due(b->s);
	tc_serve_flush(b->s);
	b_hear(b);
	for (uint32_t i = 20; i <= 23; i++)
		T_EQ(b_done(b, i)->error, 0);
	T_CHECK(tc_record_find(link, 7)->htb.rate_Bps >= 110000, "in order");
	T_CHECK(b->calls[CALL_RUN] >= 3, "%zu runs", b->calls[CALL_RUN]);
	b_free(b);
}

/* What a batch does not hold is the beginning of the next. */
static void
more_flows_than_a_batch_holds_are_two(void)
{
	struct bench *b = b_new();
	struct tc_iface iface = fix_iface();

	iface.pool_low = iface.pool_high = TC_BATCH_MAX + 8;
	T_EQ(b_iface(b, &iface), 0);
	b_settle(b);
	for (uint32_t i = 0; i <= TC_BATCH_MAX; i++) {
		struct tc_flow flow = fix_flow(7 + i, (uint16_t)(5 + i));

		flow.rate_Bps = 1000;
		tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 20 + i, &flow);
	}
	b_ask(b);
	T_EQ(b->count, TC_BATCH_MAX + 1);
	T_EQ(b->calls[CALL_RUN], 2);
	T_EQ(b->in_run[0], b->in_run[1] * TC_BATCH_MAX);
	T_EQ(b_done(b, 20 + TC_BATCH_MAX)->error, 0);
	b_free(b);
}

/* Whatever is asked behind flows is asked of a kernel that has them. */
static void
flows_come_before_what_is_asked_behind_them(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);

	b_open(b);
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 20, &flow);
	tc_put_counters(
		&b->w, 21, &(struct tc_counters_query){ FIX_IFINDEX, flow.id });
	b_ask(b);
	T_EQ(b->count, 3);
	T_EQ(b->heard[0].serial, 20);
	T_EQ(b->heard[1].type, TC_MSG_COUNTER);
	T_EQ(b->heard[1].counter.flow_id, 7);
	T_EQ(b->heard[2].serial, 21);
	T_EQ(b->heard[2].done.flow_id, 7);
	b_free(b);
}

static void
whether_the_kernel_polices_is_asked_for_a_token_rate(void)
{
	struct bench *b = b_new();
	struct tc_link *link = b_open(b);
	struct tc_flow flow = fix_flow(7, 5004);

	b->acts = true;
	T_EQ(b_add(b, 8, 5006), 0);
	T_EQ(link->police, TC_POLICE_UNTRIED);
	flow.token_Bps = 60000;
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	b_ask(b);
	T_EQ(b_done(b, 5)->error, 0);
	T_EQ(link->police, TC_POLICE_YES);
	T_CHECK(tc_excess_rate(tc_record_find(link, 7)) != 0, "not demoted");
	b_free(b);
}

/* ---- the conversation with the kernel fails ------------------------------ */

static void
forget_error(struct bench *b)
{
	memset(b->fail, 0, sizeof(b->fail));
	b->s->error = 0;
	b->s->batch->count = 0;
}

/* Nothing is known about what was done: it is the end, whatever comes next. */
static void
a_failed_conversation_is_the_end(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);
	struct tc_iface iface = fix_iface();

	b_open(b);
	b->fail[CALL_RUN] = -EIO;
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	b_ask(b);
	T_EQ(b->s->error, -EIO);
	forget_error(b);
	b->fail[CALL_STATS] = -EIO;
	tc_put_counters(&b->w, 6, &(struct tc_counters_query){ 0 });
	tc_put_iface_off(&b->w, 7, FIX_IFINDEX);
	b_ask(b);
	T_EQ(b->s->error, -EIO);
	T_CHECK(tc_links_find(&b->s->links, FIX_IFINDEX), "it went on");
	forget_error(b);
	b->fail[CALL_RUN] = -EIO;
	iface.link_Bps *= 2;
	tc_put_iface(&b->w, 8, &iface);
	b_ask(b);
	T_EQ(b->s->error, -EIO);
	b_free(b);
}

/* Each question that is answered when it is done. */
static void
put_question(struct bench *b, enum tc_msg_type type)
{
	const struct tc_flow_mark mark = { .flow_id = 7,
		.ifindex = FIX_IFINDEX,
		.as = { .marks = true, .dscp = 46 } };
	struct tc_iface iface = fix_iface();
	struct tc_rule rule = fix_shaped(1, 6001, 50000);

	iface.link_Bps *= 2;
	rule.ifindex = FIX_IFINDEX;
	if (type == TC_MSG_IFACE)
		tc_put_iface(&b->w, 5, &iface);
	else if (type == TC_MSG_IFACE_OFF)
		tc_put_iface_off(&b->w, 5, FIX_IFINDEX);
	else if (type == TC_MSG_COUNTERS)
		tc_put_counters(&b->w, 5, &(struct tc_counters_query){ 0 });
	else if (type == TC_MSG_FLOW_MARK)
		tc_put_flow_mark(&b->w, 5, &mark);
	else {
		tc_put_rule(&b->w, 5, &rule);
		tc_put_rules(&b->w, type, 5, FIX_IFINDEX);
	}
}

static void
of_what_failed_with_the_conversation_nothing_is_said(void)
{
	static const enum tc_msg_type types[] = { TC_MSG_IFACE,
		TC_MSG_IFACE_OFF, TC_MSG_COUNTERS, TC_MSG_FLOW_MARK,
		TC_MSG_RULES, TC_MSG_RULE_COUNTERS };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct bench *b = b_new();

		b_open(b);
		T_EQ(b_add(b, 7, 5004), 0);
		if (types[i] == TC_MSG_RULE_COUNTERS) {
			put_question(b, TC_MSG_RULES);
			b_ask(b);
			T_EQ(b_done(b, 5)->error, 0);
		}
		for (int call = 0; call < CALLS; call++)
			b->fail[call] = -EIO;
		put_question(b, types[i]);
		b_ask(b);
		T_EQ(b->s->error, -EIO);
		T_EQ(b_count(b, TC_MSG_DONE), 0);
		b_free(b);
	}
}

/* What is gathered is run before anything else is asked; that this works says
 * nothing of the first. */
static void
a_failed_batch_is_not_forgotten_by_what_follows(void)
{
	struct bench *b = b_new();
	const struct tc_flow flow = fix_flow(7, 5004);

	b_open(b);
	b->fail[CALL_RUN] = -EIO;
	tc_put_flow(&b->w, TC_MSG_FLOW_ADD, 5, &flow);
	tc_put_iface_off(&b->w, 6, 99); /* asks nothing of the kernel */
	b_ask(b);
	T_EQ(b->s->error, -EIO);
	b_free(b);
}

static struct t_case cases[] = {
	{ "what is malformed is refused by its serial",
		what_is_malformed_is_refused_by_its_serial },
	{ "an unknown request is refused", an_unknown_request_is_refused },
	{ "another version is refused, and what follows is done",
		another_version_is_refused_and_what_follows_is_done },
	{ "a cut datagram is told", a_cut_datagram_is_told },
	{ "a datagram that is too long is refused whole",
		a_datagram_that_is_too_long_is_refused_whole },
	{ "nothing to read is no end", nothing_to_read_is_no_end },
	{ "after requests it waits for more",
		after_requests_it_waits_for_more },
	{ "an interface is managed and given back",
		an_interface_is_managed_and_given_back },
	{ "an interface that is refused is not managed",
		an_interface_that_is_refused_is_not_managed },
	{ "flows that are found are told before the answer",
		flows_that_are_found_are_told_before_the_answer },
	{ "a flow is installed, changed and removed",
		a_flow_is_installed_changed_and_removed },
	{ "a flow that is not there is removed already",
		a_flow_that_is_not_there_is_removed_already },
	{ "a flow that cannot be is refused with the reason",
		a_flow_that_cannot_be_is_refused_with_the_reason },
	{ "a flow needs a managed interface",
		a_flow_needs_a_managed_interface },
	{ "flows of a datagram go to the kernel together",
		flows_of_a_datagram_go_to_the_kernel_together },
	{ "a flow twice in a datagram is done in order",
		a_flow_twice_in_a_datagram_is_done_in_order },
	{ "more flows than a batch holds are two",
		more_flows_than_a_batch_holds_are_two },
	{ "flows come before what is asked behind them",
		flows_come_before_what_is_asked_behind_them },
	{ "whether the kernel polices is asked for a token rate",
		whether_the_kernel_polices_is_asked_for_a_token_rate },
	{ "a failed conversation is the end",
		a_failed_conversation_is_the_end },
	{ "of what failed with the conversation nothing is said",
		of_what_failed_with_the_conversation_nothing_is_said },
	{ "a failed batch is not forgotten by what follows",
		a_failed_batch_is_not_forgotten_by_what_follows },
};
T_MAIN(cases)
