/* SPDX-License-Identifier: ISC */

/* Interfaces that tcctl is to manage, as rsvpd/tc_client.c follows them from
 * one tcctl to the next: announced, refused, lost, given back. */

#include "tc_client_turn_t.h"

enum { RETRY_US = 2000000 };

/* ---- announced ----------------------------------------------------------- */

static void
what_becomes_of_an_interface_is_told(void)
{
	const struct tc_iface i = iface(7);

	begin(true);
	say_done(announce(&i), 0);
	T_EQ(b.ready.count, 1);
	T_EQ(b.ready.ifindex, 7);
	T_EQ(b.ready.state, TC_CLIENT_READY);
	T_EQ(b.core.ready_ifindex, 7);
	T_EQ(b.core.adopted_calls, 1);
	say_done(announce(&i), EBUSY);
	T_EQ(b.ready.count, 2);
	T_EQ(b.ready.state, TC_CLIENT_AWAY);
	T_EQ(b.core.ready_error, EBUSY);
	T_STR(b.core.text, "what it says");
	/* None is without a tcctl. */
	b.ready.ifindex = 7;
	b.ready.state = TC_CLIENT_READY;
	unplug();
	T_EQ(b.ready.count, 3);
	T_EQ(b.ready.ifindex, 0);
	T_EQ(b.ready.state, TC_CLIENT_AWAY);
	T_EQ(b.core.lost_count, 1);
	T_EQ(b.warnings, 2);
	T_EQ(b.errors, 0);
	end();
}

static void
who_does_not_want_to_know_is_not_told(void)
{
	begin(true);
	tc_client_on_ready(b.engine.tc, NULL, NULL);
	say_done(announce(&(struct tc_iface){ .ifindex = 7 }), 0);
	T_EQ(b.core.ready_count, 1);
	T_EQ(b.ready.count, 0);
	end();
}

/* Until it is managed; then anew. */
static void
a_refusal_is_said_once(void)
{
	const struct tc_iface i = iface(7);

	begin(true);
	for (size_t round = 1; round <= 2; round++) {
		say_done(announce(&i), EBUSY);
		say_done(announce(&i), EBUSY);
		T_EQ(b.warnings, round);
		T_CHECK(strstr(b.said, "eth7: cannot be managed"), "%s",
			b.said);
		say_done(announce(&i), 0);
		T_EQ(b.warnings, round);
	}
	end();
}

static void
what_was_refused_is_announced_again_after_a_while(void)
{
	const struct tc_iface i = iface(7);

	begin(true);
	manage(8);
	T_EQ(loop_t_timers(), 0);
	say_done(announce(&i), EBUSY);
	loop_t_go_on(RETRY_US - 1);
	T_EQ(hear(), 0);
	loop_t_go_on(1);
	say_done(hear_one(TC_MSG_IFACE, 7), EBUSY);
	loop_t_go_on(RETRY_US);
	say_done(hear_one(TC_MSG_IFACE, 7), 0);
	T_EQ(loop_t_timers(), 0);
	loop_t_go_on(RETRY_US);
	T_EQ(hear(), 0);
	/* Not one that has been given up. */
	say_done(announce(&i), EBUSY);
	tc_client_iface_off(b.engine.tc, 7);
	(void)hear_one(TC_MSG_IFACE_OFF, 7);
	loop_t_go_on(RETRY_US);
	T_EQ(hear(), 0);
	end();
}

static void
what_cannot_be_announced_is_said(void)
{
	const struct tc_iface i = iface(7);

	for (size_t n = 1; n <= 7; n++) {
		begin(true);
		/* What it notes itself, the request, and the datagram. */
		t_heap_fail_at = n;
		tc_client_iface(b.engine.tc, &i);
		T_EQ(t_heap_fail_at, 0);
		T_EQ(b.errors, 1);
		T_EQ(hear(), 0);
		T_CHECK(strncmp(b.said, "eth7: ", 6) == 0, "%s", b.said);
		T_CHECK(strstr(b.said, n <= 3 ? "no memory"
					      : "Cannot allocate memory"),
			"%s", b.said);
		end();
	}
	/* Without tcctl that is no error. */
	begin(false);
	tc_client_iface(b.engine.tc, &i);
	T_EQ(b.errors, 0);
	end();
}

/* ---- the classifier ------------------------------------------------------ */

static const char *
refused(void)
{
	return tc_client_refused(b.engine.tc, 7);
}

static void
another_classifier_can_be_done_without(void)
{
	struct tc_iface i = iface(7);
	size_t readies;

	begin(true);
	manage(7);
	readies = b.ready.count;
	i.classifier = TC_CLASSIFIER_FLOWER;
	i.link_Bps = 4711;
	say_done(announce(&i), ENOENT);
	/* The rest is asked for with the one that is there. */
	T_EQ(b.ready.count, readies);
	T_EQ(b.errors, 1);
	T_STR(refused(), "what it says");
	i = iface(7);
	say_done(hear_one(TC_MSG_IFACE, 7), 0);
	T_EQ(b.heard[0].iface.classifier, TC_CLASSIFIER_U32);
	T_EQ(b.heard[0].iface.link_Bps, 4711);
	T_EQ(b.ready.count, readies + 1);
	T_STR(refused(), "what it says");
	T_STR(tc_client_refused(b.engine.tc, 9), "");
	/* Asked for again, and had. */
	tc_client_again(b.engine.tc);
	say_done(hear_one(TC_MSG_IFACE, 7), 0);
	T_EQ(b.heard[0].iface.classifier, TC_CLASSIFIER_FLOWER);
	T_STR(refused(), "");
	tc_client_again(b.engine.tc);
	T_EQ(hear(), 0);
	end();
}

static void
an_answer_to_older_settings_is_none_to_newer_ones(void)
{
	struct tc_iface i = iface(7);
	uint32_t serial;
	size_t readies;

	begin(true);
	manage(7);
	readies = b.ready.count;
	i.classifier = TC_CLASSIFIER_FLOWER;
	serial = announce(&i);
	i.classifier = TC_CLASSIFIER_U32;
	(void)announce(&i);
	say_done(serial, ENOENT);
	T_EQ(b.ready.count, readies);
	T_EQ(hear(), 0);
	T_EQ(b.errors + b.warnings, 0);
	end();
}

/* What was in force there has gone with it. */
static void
a_lost_interface_is_away_until_it_is_had_again(void)
{
	const struct tc_lost lost = { .ifindex = 7, .text = "taken" };
	struct tc_iface i = iface(7);
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	begin(true);
	manage(7);
	tc_put_lost(&w, &lost);
	say(&w);
	T_EQ(b.ready.state, TC_CLIENT_AWAY);
	T_EQ(b.ready.ifindex, 7);
	T_EQ(b.core.ready_count, 2);
	T_EQ(b.core.ready_ifindex, 7);
	T_EQ(b.core.ready_error, EBUSY);
	T_STR(b.core.text, "taken");
	T_EQ(b.errors, 1);
	loop_t_go_on(RETRY_US);
	(void)hear_one(TC_MSG_IFACE, 7);
	i.classifier = TC_CLASSIFIER_FLOWER;
	say_done(announce(&i), ENOENT);
	T_EQ(b.ready.state, TC_CLIENT_AWAY);
	T_EQ(b.core.ready_error, ENOENT);
	T_EQ(hear(), 0);
	T_EQ(b.warnings, 0); /* it was said already */
	/* Of one that is none of ours nothing is told. */
	tc_client_iface_off(b.engine.tc, 7);
	b.ready.count = 0;
	say(&w);
	T_EQ(b.ready.count, 0);
	T_EQ(b.core.ready_count, 3);
	T_EQ(b.core.lost_count, 0);
	end();
}

/* ---- given back ---------------------------------------------------------- */

static void
what_is_given_up_is_given_back(void)
{
	static const struct {
		int error;
		size_t warnings;
	} rows[] = { { 0, 0 }, { ENODEV, 0 }, { EBUSY, 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_iface announced = iface(7);
		uint32_t serial;

		begin(true);
		tc_client_iface_off(b.engine.tc, 7); /* is none of ours */
		T_EQ(hear(), 0);
		T_EQ(b.ready.count + b.core.adopted_calls, 0);
		serial = announce(&announced);
		tc_client_iface_off(b.engine.tc, 7);
		T_EQ(b.ready.count, 1);
		T_EQ(b.ready.ifindex, 7);
		T_EQ(b.ready.state, TC_CLIENT_OFF);
		T_EQ(b.core.adopted_calls, 1);
		say_done(serial, 0); /* of no interest now */
		T_EQ(b.core.ready_count, 0);
		say_done(hear_one(TC_MSG_IFACE_OFF, 7), rows[i].error);
		T_EQ(b.warnings, rows[i].warnings);
		T_EQ(b.ready.count, 1);
		T_EQ(b.core.lost_count, 0);
		end();
	}
}

/* The next tcctl hears what it is to give back, and takes nothing over. */
static void
what_no_tcctl_gave_back_the_next_does(void)
{
	begin(true);
	manage(7);
	manage(8);
	unplug();
	tc_client_iface_off(b.engine.tc, 7);
	T_EQ(b.errors, 0);
	plug_in();
	T_EQ(hear(), 3);
	T_EQ(b.heard[0].type, TC_MSG_IFACE);
	T_EQ(b.heard[0].ifindex, 7);
	T_EQ(b.heard[0].iface.take_over, false);
	T_EQ(b.heard[1].type, TC_MSG_IFACE_OFF);
	T_EQ(b.heard[1].ifindex, 7);
	T_EQ(b.heard[2].type, TC_MSG_IFACE);
	T_EQ(b.heard[2].ifindex, 8);
	T_EQ(b.heard[2].iface.take_over, true);
	say_done(b.heard[0].serial, 0);
	say_done(b.heard[1].serial, 0);
	plug_in();
	(void)hear_one(TC_MSG_IFACE, 8);
	end();
}

static void
what_is_wanted_again_is_not_given_back(void)
{
	const struct tc_iface i = iface(7);

	begin(false);
	tc_client_iface(b.engine.tc, &i);
	tc_client_iface_off(b.engine.tc, 7);
	tc_client_iface(b.engine.tc, &i);
	plug_in();
	(void)hear_one(TC_MSG_IFACE, 7);
	T_EQ(b.heard[0].iface.take_over, true);
	/* Both kinds may be left at the end. */
	tc_client_iface_off(b.engine.tc, 7);
	tc_client_iface(b.engine.tc, &(struct tc_iface){ .ifindex = 8 });
	end();
}

static void
say_adopted(uint32_t ifindex)
{
	const struct tc_flow flow = { .id = 1,
		.ifindex = ifindex,
		.service = TC_SERVICE_CL,
		.filter_count = 1,
		.filters = { { .dst = addr_v4_u32(0x0a020009),
			.proto = 17,
			.dst_port = 5004 } } };
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	tc_put_flow(&w, TC_MSG_ADOPTED, 0, &flow);
	say(&w);
}

/* It goes with the tree. */
static void
what_is_found_where_we_leave_is_not_adopted(void)
{
	begin(true);
	manage(7);
	manage(8);
	tc_client_iface_off(b.engine.tc, 7);
	say_adopted(7);
	T_EQ(b.core.adopted_count, 0);
	say_adopted(8);
	T_EQ(b.core.adopted_count, 1);
	say_done(hear_one(TC_MSG_IFACE_OFF, 7), 0);
	say_adopted(7);
	T_EQ(b.core.adopted_count, 2);
	T_EQ(b.core.lost_count, 0);
	end();
}

static void
without_heap_it_is_given_back_all_the_same(void)
{
	begin(true);
	manage(7);
	t_heap_fail_at = 1;
	tc_client_iface_off(b.engine.tc, 7);
	T_EQ(b.errors, 1);
	T_STR(b.said, "eth7: no memory");
	(void)hear_one(TC_MSG_IFACE_OFF, 7);
	end();

	begin(true);
	manage(7);
	t_heap_fail_at = 4; /* what it leaves, and its table, have it */
	tc_client_iface_off(b.engine.tc, 7);
	T_EQ(t_heap_fail_at, 0);
	T_EQ(b.errors, 1);
	T_CHECK(strstr(b.said, "interface 7: not given back"), "%s", b.said);
	T_EQ(b.ready.state, TC_CLIENT_OFF);
	end();
}

/* ---- begin and end ------------------------------------------------------- */

static void
nothing_is_left_of_it(void)
{
	const size_t fds = t_open_fds();
	const struct tc_iface i = iface(7);

	for (int connected = 0; connected < 2; connected++) {
		begin(connected != 0);
		tc_client_iface(b.engine.tc, &i);
		tc_client_iface(b.engine.tc, &(struct tc_iface){ 0 });
		tc_client_iface_off(b.engine.tc, 7);
		end();
		T_EQ(t_open_fds(), fds);
	}
	tc_client_free(NULL);
}

static void
without_room_in_the_loop_there_is_none(void)
{
	const size_t fds = t_open_fds();
	const struct tc_iface i = iface(7);

	begin(false);
	tc_client_iface(b.engine.tc, &i);
	loop_t_refuse(true);
	T_CHECK(!tc_client_new(&b.engine), "there is no timer");
	plug_in();
	T_EQ(b.core.lost_count, 1);
	T_EQ(t_open_fds(), fds + 1); /* the other end */
	loop_t_refuse(false);
	T_EQ(hear(), 0);
	/* The next has it. */
	plug_in();
	(void)hear_one(TC_MSG_IFACE, 7);
	T_EQ(b.core.lost_count, 1);
	end();
}

static struct t_case cases[] = {
	{ "what becomes of an interface is told",
		what_becomes_of_an_interface_is_told },
	{ "who does not want to know is not told",
		who_does_not_want_to_know_is_not_told },
	{ "a refusal is said once", a_refusal_is_said_once },
	{ "what was refused is announced again after a while",
		what_was_refused_is_announced_again_after_a_while },
	{ "what cannot be announced is said",
		what_cannot_be_announced_is_said },
	{ "another classifier can be done without",
		another_classifier_can_be_done_without },
	{ "an answer to older settings is none to newer ones",
		an_answer_to_older_settings_is_none_to_newer_ones },
	{ "a lost interface is away until it is had again",
		a_lost_interface_is_away_until_it_is_had_again },
	{ "what is given up is given back", what_is_given_up_is_given_back },
	{ "what no tcctl gave back the next does",
		what_no_tcctl_gave_back_the_next_does },
	{ "what is wanted again is not given back",
		what_is_wanted_again_is_not_given_back },
	{ "what is found where we leave is not adopted",
		what_is_found_where_we_leave_is_not_adopted },
	{ "without memory it is given back all the same",
		without_heap_it_is_given_back_all_the_same },
	{ "nothing is left of it", nothing_is_left_of_it },
	{ "without room in the loop there is none",
		without_room_in_the_loop_there_is_none },
};
T_MAIN(cases)
