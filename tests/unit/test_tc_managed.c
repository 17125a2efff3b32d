/* SPDX-License-Identifier: ISC */

/*
 * Interfaces with new settings that tcctl refuses, and those that are given
 * back: rsvpd/tc_managed.c behind rsvpd/tc_client.c, over a real socket pair
 * and the real loop.
 */

#include "tc_client_t.h"

#include "rsvpd/tc_flow.h"

/* ---- cases --------------------------------------------------------------- */

/* An announcement with that classifier. */
static uint32_t
hear_classifier(struct bench *b, uint8_t classifier, uint64_t link_Bps)
{
	struct buf_reader r = hear_datagram(b);
	struct msg m = next_message(&r, TC_MSG_IFACE);
	struct tc_iface iface;

	T_EQ(tc_get_iface(&m, &iface), true);
	T_EQ(buf_complete(&r), true);
	T_EQ(iface.classifier, classifier);
	T_EQ(iface.link_Bps, link_Bps);
	return m.serial;
}

static struct tc_iface
managed_by_u32(struct bench *b)
{
	const struct tc_iface iface = { .ifindex = 7,
		.name = "eth7",
		.link_Bps = 1250000,
		.classifier = TC_CLASSIFIER_U32 };

	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_classifier(b, TC_CLASSIFIER_U32, 1250000), 0, "");
	run_until(b, &b->core.ready_count, 1);
	return iface;
}

static void
another_classifier_is_refused_and_costs_nothing(void)
{
	struct bench *b = new_bench(true);
	struct tc_iface iface = managed_by_u32(b);
	uint32_t serial;

	iface.classifier = TC_CLASSIFIER_FLOWER;
	iface.link_Bps = 2500000;
	tc_client_iface(b->engine.tc, &iface);
	serial = hear_classifier(b, TC_CLASSIFIER_FLOWER, 2500000);
	say_done(b, serial, ENOENT, "no cls_flower");
	/* The rest of the settings is asked for again without it. */
	serial = hear_classifier(b, TC_CLASSIFIER_U32, 2500000);
	T_EQ(b->core.ready_count, 1);
	T_STR(tc_client_refused(b->engine.tc, 7), "no cls_flower");
	T_STR(tc_client_refused(b->engine.tc, 8), "");
	say_done(b, serial, 0, "");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(b->core.ready_error, 0);
	T_STR(tc_client_refused(b->engine.tc, 7), "no cls_flower");
	/* So does the next tcctl hear it. */
	connect_peer(b);
	serial = hear_classifier(b, TC_CLASSIFIER_U32, 2500000);
	say_done(b, serial, 0, "");
	run_until(b, &b->core.ready_count, 3);
	/* Asked again it is tried again, and a kernel may have it by then. */
	tc_client_again(b->engine.tc);
	T_STR(tc_client_refused(b->engine.tc, 7), "");
	serial = hear_classifier(b, TC_CLASSIFIER_FLOWER, 2500000);
	say_done(b, serial, 0, "");
	run_until(b, &b->core.ready_count, 4);
	T_EQ(b->core.ready_error, 0);
	/* Now that is the one in force, and there is nothing to ask again. */
	tc_client_again(b->engine.tc);
	iface.classifier = TC_CLASSIFIER_AUTO;
	tc_client_iface(b->engine.tc, &iface);
	serial = hear_classifier(b, TC_CLASSIFIER_AUTO, 2500000);
	say_done(b, serial, ENOSPC, "no number");
	(void)hear_classifier(b, TC_CLASSIFIER_FLOWER, 2500000);
	T_EQ(b->core.ready_count, 4);
	free_bench(b);
}

static void
what_is_refused_with_the_old_classifier_as_well_is_told(void)
{
	struct bench *b = new_bench(true);
	struct tc_iface iface = managed_by_u32(b);
	uint32_t serial;

	iface.classifier = TC_CLASSIFIER_FLOWER;
	tc_client_iface(b->engine.tc, &iface);
	serial = hear_classifier(b, TC_CLASSIFIER_FLOWER, 1250000);
	say_done(b, serial, ENODEV, "no such device");
	serial = hear_classifier(b, TC_CLASSIFIER_U32, 1250000);
	say_done(b, serial, ENODEV, "no such device");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(b->core.ready_error, ENODEV);
	T_STR(tc_client_refused(b->engine.tc, 7), "");
	/* None is in force any more. */
	tc_client_iface(b->engine.tc, &iface);
	serial = hear_classifier(b, TC_CLASSIFIER_FLOWER, 1250000);
	say_done(b, serial, ENOENT, "no cls_flower");
	run_until(b, &b->core.ready_count, 3);
	T_EQ(b->core.ready_error, ENOENT);
	free_bench(b);
}

static void
at_the_start_a_classifier_that_is_refused_is_told(void)
{
	struct bench *b = new_bench(true);
	const struct tc_iface iface = { .ifindex = 7,
		.name = "eth7",
		.link_Bps = 1250000,
		.classifier = TC_CLASSIFIER_FLOWER };

	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_classifier(b, TC_CLASSIFIER_FLOWER, 1250000), ENOENT,
		"no cls_flower");
	run_until(b, &b->core.ready_count, 1);
	T_EQ(b->core.ready_error, ENOENT);
	free_bench(b);
}

/* Two reloads at once: the answer to the second one counts. */
static void
a_refused_classifier_that_nobody_wants_any_more_is_nothing(void)
{
	struct bench *b = new_bench(true);
	struct tc_iface iface = managed_by_u32(b);
	struct buf_reader r;
	uint32_t first, second;

	iface.classifier = TC_CLASSIFIER_FLOWER;
	tc_client_iface(b->engine.tc, &iface);
	iface.classifier = TC_CLASSIFIER_U32;
	iface.link_Bps = 2500000;
	tc_client_iface(b->engine.tc, &iface);
	r = hear_datagram(b);
	first = next_message(&r, TC_MSG_IFACE).serial;
	second = next_message(&r, TC_MSG_IFACE).serial;
	say_done(b, first, ENOENT, "no cls_flower");
	say_done(b, second, 0, "");
	run_until(b, &b->core.ready_count, 2);
	T_EQ(b->core.ready_error, 0);
	T_STR(tc_client_refused(b->engine.tc, 7), "");
	free_bench(b);
}

/* What was lost is not in force any more. */
static void
a_classifier_for_a_lost_interface_is_refused_as_at_the_start(void)
{
	struct bench *b = new_bench(true);
	struct tc_iface iface = managed_by_u32(b);
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct tc_lost lost = { 7, "given up" };

	tc_put_lost(&w, &lost);
	say(b, &w);
	run_until(b, &b->core.ready_count, 2);
	iface.classifier = TC_CLASSIFIER_FLOWER;
	tc_client_iface(b->engine.tc, &iface);
	say_done(b, hear_classifier(b, TC_CLASSIFIER_FLOWER, 1250000), ENOENT,
		"no cls_flower");
	run_until(b, &b->core.ready_count, 3);
	T_EQ(b->core.ready_error, ENOENT);
	free_bench(b);
}

static void
an_interface_can_be_given_up(void)
{
	struct bench *b = new_bench(true);
	const struct tc_iface iface = {
		.ifindex = 7, .name = "eth7", .link_Bps = 1250000
	};
	uint32_t ifindex = 0, serial;
	struct buf_reader r;
	struct msg m;

	tc_client_iface(b->engine.tc, &iface);
	serial = hear_iface(b, 7, 1250000);
	tc_client_iface_off(b->engine.tc, 7);
	tc_client_iface_off(b->engine.tc, 8); /* was never managed */
	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_IFACE_OFF);
	T_EQ(tc_get_iface_off(&m, &ifindex), true);
	T_EQ(ifindex, 7);
	T_EQ(buf_complete(&r), true);
	/* The first answer comes too late to matter. */
	say_done(b, serial, 0, "");
	say_done(b, m.serial, 0, "");
	run_until(b, &b->core.effects, 2);
	T_EQ(b->core.ready_count, 0);
	T_EQ(b->core.lost_count, 0);
	/* The next tcctl does not hear of it. */
	connect_peer(b);
	tc_client_iface(b->engine.tc,
		&(struct tc_iface){ .ifindex = 9, .name = "eth9" });
	(void)hear_iface(b, 9, 0);
	free_bench(b);
}

static void
an_interface_is_given_back_by_the_next_one_if_this_one_does_not(void)
{
	struct bench *b = new_bench(true);
	const struct rsvp_flow_request q = request(1, RSVP_FLOW_ADD);
	struct tc_flow flow = tc_flow_of(&q.flow);
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	const struct tc_iface iface = { .ifindex = 7,
		.name = "eth7",
		.link_Bps = 1250000,
		.take_over = true };
	struct tc_iface got;
	uint32_t ifindex = 0;
	struct buf_reader r;
	struct msg m;

	flow.ifindex = 7;
	tc_client_iface(b->engine.tc, &iface);
	(void)hear_iface(b, 7, 1250000);
	tc_client_iface_off(b->engine.tc, 7);
	(void)hear_datagram(b);
	/* It has ended without an answer. */
	connect_peer(b);
	r = hear_datagram(b);
	m = next_message(&r, TC_MSG_IFACE);
	T_EQ(tc_get_iface(&m, &got), true);
	T_EQ(got.ifindex, 7);
	T_EQ(got.link_Bps, 1250000);
	T_EQ(got.take_over, false);
	tc_put_flow(&w, TC_MSG_ADOPTED, m.serial, &flow);
	say(b, &w);
	say_done(b, m.serial, 0, "");
	m = next_message(&r, TC_MSG_IFACE_OFF);
	T_EQ(tc_get_iface_off(&m, &ifindex), true);
	T_EQ(ifindex, 7);
	T_EQ(buf_complete(&r), true);
	say_done(b, m.serial, 0, "");
	run_until(b, &b->core.effects, b->core.effects + 3);
	T_EQ(b->core.adopted_count, 0);
	T_EQ(b->core.ready_count, 0);
	/* Now it is: the third hears of another one only. */
	connect_peer(b);
	tc_client_iface(b->engine.tc,
		&(struct tc_iface){ .ifindex = 9, .name = "eth9" });
	(void)hear_iface(b, 9, 0);
	/* Given back and wanted again: it is only wanted. */
	tc_client_iface_off(b->engine.tc, 9);
	tc_client_iface(b->engine.tc,
		&(struct tc_iface){ .ifindex = 9, .name = "eth9" });
	(void)hear_datagram(b);
	connect_peer(b);
	(void)hear_iface(b, 9, 0);
	free_bench(b);
}

static struct t_case cases[] = {
	{ "another classifier is refused and costs nothing",
		another_classifier_is_refused_and_costs_nothing },
	{ "what is refused with the old classifier as well is told",
		what_is_refused_with_the_old_classifier_as_well_is_told },
	{ "at the start a classifier that is refused is told",
		at_the_start_a_classifier_that_is_refused_is_told },
	{ "a refused classifier that nobody wants any more is nothing",
		a_refused_classifier_that_nobody_wants_any_more_is_nothing },
	{ "a classifier for a lost interface is refused as at the start",
		a_classifier_for_a_lost_interface_is_refused_as_at_the_start },
	{ "an interface can be given up", an_interface_can_be_given_up },
	{ "an interface is given back by the next one if this one does not",
		an_interface_is_given_back_by_the_next_one_if_this_one_does_not },
};
T_MAIN(cases)
