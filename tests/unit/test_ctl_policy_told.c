/* SPDX-License-Identifier: ISC */

/*
 * What policy was asked, what was refused, and what policyd does for an
 * operator: rsvpd/ctl_policy.c
 */

#include "ctl_policy_t.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The request has nothing else in this bench. */
#define NOTHING_ELSE                                                           \
	"options {name 'role' text 'sender'} "                                 \
	"options {name 'message' text 'path'} "                                \
	"options {name 'proto' text '0'} options {name 'port' text '0'} "      \
	"options {name 'rate' text '0'} options {name 'bucket' text '0'} "     \
	"options {name 'packet' text '0'}"

static int
some_file(void)
{
	const int fd = memfd_create("rules", MFD_CLOEXEC);

	T_CHECK(fd >= 0, "no memory");
	return fd;
}

/* The same file under another descriptor, for nobody else. */
static void
expect_copy(int fd, int of)
{
	T_CHECK(fd >= 0 && fd != of, "%d of %d", fd, of);
	T_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static struct wire_filter
filter(uint8_t host, uint16_t port)
{
	return (struct wire_filter){ .src = addr_v4_u32(0x0a000000 + host),
		.src_port = port };
}

static struct rsvp_who
user(uint32_t uid)
{
	return (struct rsvp_who){ .known = true, .uid = uid };
}

/* ---- the rules in force -------------------------------------------------- */

static void
rules_in_force_are_told_once_with_their_file(void)
{
	cp_begin();
	cp.status.generation = 7;
	(void)snprintf(cp.status.source, sizeof(cp.status.source), "file /p");
	cp.snapshot = some_file();
	T_CHECK(cp_step(ctl_step_snapshot), "nothing");
	cp_expect("generation 7 source 'file /p'\n");
	expect_copy(cp.c->out_fd, cp.snapshot);
	T_EQ(cp.c->cursor, 1);
	T_CHECK(!cp_step(ctl_step_snapshot), "twice");
	cp_expect("");
	(void)close(cp.snapshot);
	cp_end();
	/* A step that is made again has its copy. */
	cp_begin();
	cp.snapshot = some_file();
	cp.c->out_fd = some_file();
	const int before = cp.c->out_fd;

	T_CHECK(cp_step(ctl_step_snapshot), "nothing");
	T_EQ(cp.c->out_fd, before);
	(void)close(cp.snapshot);
	cp_end();
	cp_begin();
	cp.snapshot = STDIN_FILENO; /* if they close it */
	T_CHECK(cp_step(ctl_step_snapshot), "nothing");
	expect_copy(cp.c->out_fd, cp.snapshot);
	cp_end();
	cp_begin();
	T_CHECK(cp_step(ctl_step_snapshot), "nothing");
	T_EQ(cp.c->out_fd, -1);
	cp_expect("generation 0 source ''\n");
	cp_end();
}

/* ---- what policy was asked ----------------------------------------------- */

static void
add_path(uint64_t local_id, uint32_t uid, struct wire_filter sender)
{
	cp.paths[cp.path_count++] = (struct rsvp_path_info){
		.local_id = local_id, .who = user(uid), .sender = sender
	};
}

static struct rsvp_resv_info *
add_resv(uint8_t style, struct wire_filter sender)
{
	struct rsvp_resv_info *r = &cp.resvs[cp.resv_count++];

	*r = (struct rsvp_resv_info){ .style = style,
		.filter_count = 1,
		.filters = { sender },
		.in_force = true };
	return r;
}

static void
paths_of_applications_here_were_asked_for(void)
{
	cp_begin();
	add_path(0, 9, filter(1, 1));
	add_path(4, 10, filter(2, 2));
	cp.paths[1].tspec.r = 125;
	T_CHECK(cp_step(ctl_step_request), "nothing");
	cp_expect("rule '' reason '' options {name 'uid' text '10'} "
		  "options {name 'gid' text '0'} " NOTHING_ELSE "\n");
	T_EQ(cp.query_count, 1);
	T_EQ(cp.queries[0].message, WIRE_PATH);
	T_EQ(cp.queries[0].role, RSVP_ROLE_SENDER);
	T_EQ(cp.queries[0].who.uid, 10);
	T_EQ(cp.queries[0].session.dst_port, 5000);
	T_EQ(cp.queries[0].sender.src_port, 2);
	T_EQ(cp.queries[0].flowspec.service, WIRE_SERVICE_GENERAL);
	T_CHECK(cp.queries[0].flowspec.tspec.r > 124, "no tspec");
	T_CHECK(!cp_step(ctl_step_request), "another session");
	cp_end();
}

static void
a_reservation_was_asked_for_as_the_core_does(void)
{
	struct rsvp_resv_info *r;

	cp_begin();
	r = add_resv(WIRE_STYLE_SE, filter(3, 3));
	r->flowspec.service = WIRE_SERVICE_GS;
	r->ifindex = 6;
	r->hop.addr = addr_v4_u32(0x0a000009);
	(void)snprintf(r->rule, sizeof(r->rule), "video");
	(void)snprintf(r->reason, sizeof(r->reason), "it fits");
	add_resv(WIRE_STYLE_WF, filter(4, 4))->filter_count = 0;
	add_resv(WIRE_STYLE_FF, filter(3, 3))->in_force = false;
	T_CHECK(cp_step(ctl_step_request), "nothing");
	T_EQ(cp.query_count, 2);
	T_EQ(cp.queries[0].message, WIRE_RESV);
	T_EQ(cp.queries[0].role, RSVP_ROLE_TRANSIT);
	T_EQ(cp.queries[0].who.known, false);
	T_EQ(cp.queries[0].session.dst_port, 5000);
	T_EQ(cp.queries[0].style, WIRE_STYLE_SE);
	T_EQ(cp.queries[0].flowspec.service, WIRE_SERVICE_GS);
	T_EQ(cp.queries[0].ifindex, 6);
	T_EQ(cp.queries[0].neighbour.b[3], 9);
	T_EQ(cp.queries[0].sender.src_port, 3);
	T_EQ(cp.queries[1].sender.src_port, 0); /* of any */
	cp_expect("rule 'video' reason 'it fits' " NOTHING_ELSE "\n"
		  "rule '' reason '' " NOTHING_ELSE "\n");
	cp_end();
}

/* Whose a reservation is, that the policy of this host may ask. */
static void
whose_a_reservation_is(void)
{
	struct rsvp_resv_info *r;

	cp_begin();
	add_path(0, 9, filter(1, 1));
	add_path(4, 10, filter(2, 2));
	add_path(5, 11, filter(3, 3));
	cp.paths[1].local_id = 0; /* nobody here sends that */
	r = add_resv(WIRE_STYLE_FF, filter(3, 3));
	r->local_id = 8;
	r->who = user(12);
	add_resv(WIRE_STYLE_FF, filter(3, 3));
	add_resv(WIRE_STYLE_FF, filter(2, 2));
	add_resv(WIRE_STYLE_WF, filter(0, 0))->filter_count = 0;
	/* One of those that are listed, and there are more. */
	r = add_resv(WIRE_STYLE_SE, filter(1, 1));
	for (uint8_t i = 0; i < 8; i++)
		r->filters[i] = filter(i == 7 ? 3 : 20, i == 7 ? 3 : 20);
	r->filter_count = 100;
	T_CHECK(cp_step(ctl_step_request), "nothing");
	T_EQ(cp.query_count, 6);
	T_EQ(cp.queries[0].message, WIRE_PATH);
	T_EQ(cp.queries[1].role, RSVP_ROLE_RECEIVER);
	T_EQ(cp.queries[1].who.uid, 12);
	T_EQ(cp.queries[2].role, RSVP_ROLE_SENDER);
	T_EQ(cp.queries[2].who.uid, 11);
	T_EQ(cp.queries[3].role, RSVP_ROLE_TRANSIT);
	T_EQ(cp.queries[3].who.known, false);
	T_EQ(cp.queries[4].role, RSVP_ROLE_SENDER);
	T_EQ(cp.queries[4].who.uid, 11);
	T_EQ(cp.queries[5].role, RSVP_ROLE_SENDER);
	cp_end();
}

static void
a_sender_that_differs_in_anything_is_another(void)
{
	cp_begin();
	add_path(5, 11, filter(3, 3));
	add_resv(WIRE_STYLE_FF, filter(3, 4));
	add_resv(WIRE_STYLE_FF, filter(4, 3));
	add_resv(WIRE_STYLE_FF, filter(3, 3))->filters[0].form =
		WIRE_FILTER_FLOW_LABEL;
	T_CHECK(cp_step(ctl_step_request), "nothing");
	for (size_t i = 1; i <= 3; i++)
		T_EQ(cp.queries[i].role, RSVP_ROLE_TRANSIT);
	cp_end();
}

/* ---- what policyd does --------------------------------------------------- */

/* A question with that attribute; its answer. */
static const char *
ask(enum ctl_type type, uint16_t attr, size_t size)
{
	static uint8_t body[64];
	struct buf_writer w = buf_writer(body, sizeof(body));
	struct msg m = { .type = (uint16_t)type };

	if (size == 8)
		msg_put_u64(&w, attr, 42);
	else if (size == 4)
		msg_put_u32(&w, attr, 42);
	m.body = buf_reader(body, buf_written(&w));
	return ctl_policy_begin(cp.c, &m);
}

static void
policyd_is_asked_for_what_the_operator_wants(void)
{
	static const struct {
		enum ctl_type type;
		enum policy_order order;
		const char *logged;
	} rows[] = { { CTL_ASK_LOAD, POLICY_ORDER_LOAD,
			     "policy load: asked for by uid 12, process 14" },
		{ CTL_ASK_CANDIDATE, POLICY_ORDER_CANDIDATE, "" },
		{ CTL_ASK_CANDIDATE_DIRECTORY, POLICY_ORDER_DIRECTORY, "" },
		{ CTL_ASK_ROLLBACK, POLICY_ORDER_ROLLBACK,
			"policy rollback: asked for by uid 12, process 14" } };

	for (size_t i = 0; i < 4; i++) {
		cp_begin();
		cp.c->fd = 3;
		T_CHECK(!ask(rows[i].type, CTL_F_GENERATION, 8), "refused");
		T_EQ(cp.wish.what, rows[i].order);
		T_EQ(cp.wish.generation, 42);
		T_CHECK(cp.wish.arg == cp.c, "for another");
		T_STR(cp.logged, rows[i].logged);
		cp_end();
	}
}

static void
a_question_may_be_malformed_or_refused(void)
{
	cp_begin();
	T_CHECK(!ask(CTL_ASK_LOAD, CTL_F_NAME, 8), "what is not known");
	T_EQ(cp.wish.generation, 0);
	T_STR(cp.logged, ""); /* it is gone, nobody knows who it was */
	T_STR(ask(CTL_ASK_LOAD, CTL_F_GENERATION, 4),
		"the question is malformed");
	T_EQ(cp.wishes, 1);
	cp.refuses = "policyd is not there";
	T_STR(ask(CTL_ASK_LOAD, CTL_F_GENERATION, 0), cp.refuses);
	T_EQ(cp.resumed, 0);
	cp_end();
}

static void
its_answer_is_told_when_it_comes(void)
{
	struct policy_done done = { .ok = true,
		.generation = 9,
		.text = "3 rules",
		.lines = "one\n\ntwo\nlast",
		.fd = -1 };

	cp_begin();
	T_CHECK(!ask(CTL_ASK_CANDIDATE, CTL_F_GENERATION, 0), "refused");
	done.fd = some_file();
	cp.wish.done(cp.wish.arg, &done);
	T_EQ(cp.resumed, 1);
	expect_copy(cp.c->answer->fd, done.fd);
	(void)close(done.fd);
	T_CHECK(cp_step(ctl_step_answer), "nothing");
	cp_expect("ok yes text '3 rules' generation 9 lines {text 'one'} "
		  "lines {text ''} lines {text 'two'} lines {text 'last'}\n");
	expect_copy(cp.c->out_fd, cp.c->answer->fd);
	T_CHECK(!cp_step(ctl_step_answer), "twice");
	/* Made again, it has its copy. */
	const int before = cp.c->out_fd;

	cp.c->cursor = 0;
	T_CHECK(cp_step(ctl_step_answer), "nothing");
	T_EQ(cp.c->out_fd, before);
	cp_end();

	cp_begin();
	T_CHECK(!ask(CTL_ASK_LOAD, CTL_F_GENERATION, 0), "refused");
	done = (struct policy_done){ .text = "line 4", .fd = -1 };
	cp.wish.done(cp.wish.arg, &done);
	T_CHECK(cp_step(ctl_step_answer), "nothing");
	cp_expect("ok no text 'line 4' generation 0\n");
	T_EQ(cp.c->out_fd, -1);
	ctl_policy_drop(cp.c);
	cp.c->cursor = 0;
	T_CHECK(cp_step(ctl_step_answer), "nothing");
	cp_expect("ok no text 'no memory'\n");
	T_EQ(cp.c->out_fd, -1);
	cp_end();
}

static void
generations_are_told_the_newest_first(void)
{
	cp_begin();
	cp.status.generation = 8;
	cp.history = (struct policy_history){ .held = 7,
		.count = 2,
		.kept = { { .generation = 8,
				  .made_s = CP_NOW_S - 2,
				  .rules = 3,
				  .source = "x" },
			{ .generation = 7, .made_s = CP_NOW_S + 1 } } };
	T_CHECK(cp_step(ctl_step_history), "nothing");
	T_EQ(cp.facts_of_held, 0);
	T_CHECK(cp_step(ctl_step_history), "one");
	T_EQ(cp.facts_of_held, 1);
	T_CHECK(!cp_step(ctl_step_history), "more than there are");
	cp_expect(
		"generation 8 in_force yes age_ms 2000 rules_count 3 source 'x'"
		"\n"
		"generation 7 in_force no age_ms -1000 rules_count 0 source ''"
		"\n");
	cp_end();
}

/* ---- what was refused ---------------------------------------------------- */

static void
refuse(enum wire_type message)
{
	cp.refusal = (struct rsvp_refusal){ .serial = 31,
		.when = { 3000000 },
		.message = message,
		.session = { .dst_port = 5001 },
		.sender = filter(3, 3),
		.flowspec = { .service = WIRE_SERVICE_GS },
		.style = WIRE_STYLE_FF,
		.ifindex = 6,
		.neighbour = addr_v4_u32(0x0a000009),
		.rule = "video",
		.reason = "too much" };
	cp.c->cursor = 40;
	cp.query_count = 0;
}

static void
expect_refused(enum rsvp_role role, uint32_t uid)
{
	const struct rsvp_policy_query *q = &cp.queries[0];

	T_CHECK(cp_step(ctl_step_refused), "nothing");
	T_EQ(cp.refusal_before, 40);
	T_EQ(cp.c->cursor, 31);
	T_EQ(cp.query_count, 1);
	T_EQ(q->message, cp.refusal.message);
	T_EQ(q->role, role);
	T_EQ(q->who.uid, uid);
	T_EQ(q->session.dst_port, 5001);
	T_EQ(q->sender.src_port, 3);
	T_EQ(q->style, WIRE_STYLE_FF);
	T_EQ(q->flowspec.service, WIRE_SERVICE_GS);
	T_EQ(q->ifindex, 6);
	T_EQ(q->neighbour.b[3], 9);
}

static void
what_was_refused_is_asked_as_it_was(void)
{
	cp_begin();
	T_CHECK(!cp_step(ctl_step_refused), "nothing was refused");
	refuse(WIRE_RESV);
	expect_refused(RSVP_ROLE_TRANSIT, 0);
	cp_expect("age_ms 2000 rule 'video' reason 'too much' " NOTHING_ELSE
		  "\n");
	/* Who sends the flow here would have been asked for. */
	add_path(5, 11, filter(3, 3));
	refuse(WIRE_RESV);
	expect_refused(RSVP_ROLE_SENDER, 11);
	cp.no_session = true;
	refuse(WIRE_RESV);
	expect_refused(RSVP_ROLE_TRANSIT, 0);
	cp.no_session = false;
	cp.paths[0].sender.src_port = 4;
	refuse(WIRE_RESV);
	expect_refused(RSVP_ROLE_TRANSIT, 0);
	cp.paths[0].sender.src_port = 3;
	refuse(WIRE_RESV);
	cp.refusal.who = user(12);
	expect_refused(RSVP_ROLE_RECEIVER, 12);
	refuse(WIRE_PATH);
	cp.refusal.who = user(13);
	expect_refused(RSVP_ROLE_SENDER, 13);
	refuse(WIRE_PATH);
	expect_refused(RSVP_ROLE_SENDER, 0);
	cp_end();
}

static struct t_case cases[] = {
	{ "rules in force are told once, with their file",
		rules_in_force_are_told_once_with_their_file },
	{ "paths of applications here were asked for",
		paths_of_applications_here_were_asked_for },
	{ "a reservation was asked for as the core does",
		a_reservation_was_asked_for_as_the_core_does },
	{ "whose a reservation is", whose_a_reservation_is },
	{ "a sender that differs in anything is another",
		a_sender_that_differs_in_anything_is_another },
	{ "policyd is asked for what the operator wants",
		policyd_is_asked_for_what_the_operator_wants },
	{ "a question may be malformed, or refused",
		a_question_may_be_malformed_or_refused },
	{ "its answer is told when it comes",
		its_answer_is_told_when_it_comes },
	{ "generations are told, the newest first",
		generations_are_told_the_newest_first },
	{ "what was refused is asked as it was",
		what_was_refused_is_asked_as_it_was },
};
T_MAIN(cases)
