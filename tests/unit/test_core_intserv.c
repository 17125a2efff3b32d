/* SPDX-License-Identifier: ISC */

/* What the arithmetic of integrated services makes of messages: ADSPECs,
 * reshaping, Path_Te, packet sizes. */

#include "core_t.h"

#include <errno.h>
#include <math.h>

/* ---- helpers ------------------------------------------------------------- */

static struct rsvp_iface_info
iface_info(const struct ct *t, uint32_t ifindex)
{
	struct rsvp_iface_info info;

	assert_true(rsvp_core_iface_after(t->core, ifindex - 1, &info));
	return info;
}

static struct wire_adspec
path_adspec(struct ct *t)
{
	const struct ct_sent *s = ct_sent(t, WIRE_PATH, 0);

	assert_non_null(s);
	T_CHECK((s->msg.has & WIRE_HAS_ADSPEC) != 0, "no ADSPEC");
	return s->msg.adspec;
}

/* The ADSPEC that leaves for an ADSPEC that came. */
static struct wire_adspec
forwarded(struct ct *t, const struct wire_adspec *arriving)
{
	struct wire_msg *msg = ct_path(t);

	ct_forget(t);
	msg->adspec = *arriving;
	ct_feed(t, UP, msg);
	return path_adspec(t);
}

static struct wire_adspec
arriving(void)
{
	return (struct wire_adspec){
		.general = { WIRE_GENERAL_ALL, 3, 1e9f, 40, 4000 },
		.service_count = 2,
		.services = {
			{ .service = WIRE_SERVICE_GS, .gs_terms = true,
				.Ctot = 2000, .Dtot = 900, .Csum = 500,
				.Dsum = 700 },
			{ .service = WIRE_SERVICE_CL },
		},
	};
}

/* ---- what a Path says ---------------------------------------------------- */

static void
odd_tspecs(struct ct *t)
{
	static const struct wire_tspec odd[] = {
		{ 1, 1, INFINITY, 1, 1 },
		{ 40e12f, 250e9f, 40e12f, 0, 0x7fffffff },
		{ 123456.789f, 1500.25f, 123456.789f, 0, 0 },
		{ 1000, 1e6f, 2000.5f, 1500, 65535 },
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct wire_msg *msg = ct_path(t);
		const struct ct_sent *s;

		ct_forget(t);
		msg->tspec = odd[i];
		ct_feed(t, UP, msg);
		s = ct_sent(t, WIRE_PATH, 0);
		assert_non_null(s);
		assert_memory_equal(&s->msg.tspec, &odd[i], sizeof(odd[i]));
	}
}

static void
a_sender_tspec_goes_on_as_it_came(void)
{
	ct_both(odd_tspecs);
}

static void
without_guaranteed(struct ct *t)
{
	const struct wire_session session = ct_session(t);
	const struct rsvp_who who = { true, 1001, 100, 42 };
	struct wire_adspec adspec = arriving();
	uint8_t bytes[200];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4004 },
		.tspec = ct_tspec(),
	};

	adspec.service_count = 1;
	adspec.services[0] = adspec.services[1]; /* CL alone */
	assert_true(wire_adspec_encode(&w, &adspec));
	sender.adspec_view = (struct wire_view){ bytes, buf_written(&w) };
	T_EQ(rsvp_local_open(t->core, t->now, 1, &session, &who),
		RSVP_LOCAL_OK);
	T_EQ(rsvp_local_send(t->core, t->now, 1, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	adspec = path_adspec(t);
	T_EQ(adspec.service_count, 1);
	T_EQ(adspec.services[0].service, WIRE_SERVICE_CL);
	T_EQ(adspec.general.hops, 4);
}

static void
a_sender_leaves_out_what_it_does_not_want(void)
{
	ct_both(without_guaranteed);
}

static void
latencies(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	const struct wire_adspec in = arriving();

	T_CHECK(forwarded(t, &in).general.latency_us == WIRE_LATENCY_UNKNOWN,
		"nobody said how long that link is");
	conf.latency_us = 250;
	ct_set_iface(t, &conf);
	ct_run(t, 46000); /* the next refresh tells it */
	T_EQ(path_adspec(t).general.latency_us, 290);
}

static void
the_latency_of_a_link_is_told_when_it_is_known(void)
{
	ct_once(latencies);
}

static void
full_link(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct wire_adspec in = arriving();

	ct_with_resv(t, ct_gs(100000, 100000));
	T_CHECK(forwarded(t, &in).general.bandwidth_Bps > 1, "there is more");
	conf.reservable_Bps = ct_reserved(t, DOWN);
	ct_set_iface(t, &conf);
	in.general.hops++; /* something new to tell */
	T_CHECK(forwarded(t, &in).general.bandwidth_Bps == 1, "full");
	conf.reservable_Bps = 0;
	ct_set_iface(t, &conf);
	in.general.hops++;
	T_CHECK(forwarded(t, &in).general.bandwidth_Bps == 0, "not known");
}

static void
a_full_link_is_not_an_unknown_one(void)
{
	ct_once(full_link);
}

static void
services_there(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct wire_adspec in = arriving(), out;

	conf.budget_bytes = 0; /* no burst of GS would be admitted */
	ct_set_iface(t, &conf);
	out = forwarded(t, &in);
	T_CHECK(out.services[0].broken, "GS");
	T_EQ(out.services[0].Ctot, 2000);
	T_CHECK(!out.services[1].broken && !out.broken, "CL");
	T_EQ(out.general.hops, 4);
	conf.budget_bytes = 20000;
	ct_set_iface(t, &conf);
	rsvp_core_tc_ready(t->core, t->now, DOWN, 19, "no such thing");
	ct_tick(t);
	in.general.hops++;
	out = forwarded(t, &in);
	T_CHECK(out.broken && out.services[0].broken && out.services[1].broken,
		"the kernel cannot be managed there");
	T_EQ(out.general.hops, 4); /* the hop that came */
	ct_iface_tc(t, SIDE, false);
	ct_forget(t);
	ct_reroute(t, SIDE);
	ct_run(t, 3000);
	out = path_adspec(t);
	T_CHECK(out.broken && out.services[0].broken && out.services[1].broken,
		"without traffic control");
	T_EQ(out.services[0].Ctot, 2000);
}

static void
what_an_interface_does_not_offer_is_broken(void)
{
	ct_once(services_there);
}

static void
no_rate(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	const struct wire_adspec in = arriving();
	struct wire_adspec out;

	conf.link_Bps = 0;
	ct_set_iface(t, &conf);
	out = forwarded(t, &in);
	T_CHECK(out.broken && out.services[0].broken && out.services[1].broken,
		"nothing is known of that link");
	T_EQ(out.services[0].Dtot, 900);
}

static void
a_link_of_unknown_rate_offers_nothing(void)
{
	ct_once(no_rate);
}

/* ---- reshaping ----------------------------------------------------------- */

static struct wire_adspec_service
guaranteed(struct ct *t)
{
	return path_adspec(t).services[0];
}

static void
reshaping(struct ct *t)
{
	const struct wire_adspec in = arriving();
	struct rsvp_iface_info info;

	ct_make_bare(t, 1000000);
	info = iface_info(t, DOWN);
	T_EQ(forwarded(t, &in).services[0].Csum, 500 + info.gs_C_bytes);
	/* A class of the token rate is a reshaper: the next refresh says so. */
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 100000)));
	assert_true(ct_answer(t, 0));
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(guaranteed(t).Csum, info.gs_C_bytes);
	T_EQ(guaranteed(t).Dsum, info.gs_D_us);
	T_EQ(guaranteed(t).Ctot, 2000 + info.gs_C_bytes);
	T_EQ(guaranteed(t).Dtot, 900 + info.gs_D_us);
	/* A faster one is none: those behind us have to know at once. */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 150000)));
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
	assert_true(ct_answer(t, 0));
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(guaranteed(t).Csum, 500 + info.gs_C_bytes);
	T_EQ(guaranteed(t).Dsum, 700 + info.gs_D_us);
	/* Once. */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 160000)));
	assert_true(ct_answer(t, 0));
	T_EQ(ct_sent_count(t, WIRE_PATH), 0);
}

/* The way leads elsewhere for a while: its class has to be made again. */
static void
reshaper_returns(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);
	const uint32_t ways[] = { SIDE, DOWN };

	ct_make_bare(t, 1000000);
	msg->adspec = arriving();
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 100000)));
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(guaranteed(t).Csum, iface_info(t, DOWN).gs_C_bytes);
	for (size_t i = 0; i < 2; i++) {
		ct_forget(t);
		ct_repair(t, ways[i]);
		T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, ways[i]);
		T_EQ(guaranteed(t).Csum,
			500 + iface_info(t, ways[i]).gs_C_bytes);
		ct_answer_all(t);
	}
}

/* The kernel keeps a larger bucket than that of the path now. */
static void
reshaper_refused(struct ct *t)
{
	struct wire_msg *msg = ct_path(t);

	ct_make_bare(t, 1000000);
	msg->adspec = arriving();
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 100000)));
	ct_answer_all(t);
	msg = ct_path(t);
	msg->adspec = arriving();
	msg->tspec.b = 4000;
	ct_forget(t);
	ct_feed(t, UP, msg);
	T_EQ(guaranteed(t).Csum, iface_info(t, DOWN).gs_C_bytes);
	ct_answer(t, ENOBUFS);
	T_CHECK(ct_only_resv(t).stuck, "as it was");
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(guaranteed(t).Csum, 500 + iface_info(t, DOWN).gs_C_bytes);
}

static void
the_sums_restart_behind_a_reshaper(void)
{
	ct_once(reshaping);
	ct_once(reshaper_returns);
	ct_once(reshaper_refused);
}

/* Two senders, each with a class of its own, and a second way out. */
static void
one_of_two(struct ct *t)
{
	const struct wire_adspec in = arriving();
	struct wire_msg *msg = ct_path(t);
	const struct ct_sent *s;
	size_t restarted = 0;

	ct_make_bare(t, 1000000);
	t->also_out = SIDE;
	msg->adspec = in;
	ct_feed(t, UP, msg);
	msg->sender = ct_second_sender(t);
	ct_feed(t, UP, msg);
	msg = ct_style(ct_resv_both(t, ct_gs(100000, 100000)), WIRE_STYLE_FF);
	msg->flows[1].flowspec.R = 150000;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	ct_forget(t);
	ct_run(t, 46000);
	for (size_t i = 0; (s = ct_sent(t, WIRE_PATH, i)) != NULL; i++) {
		const bool shaped =
			s->send.ifindex == DOWN &&
			wire_filter_equal(&s->msg.sender, &ct_path(t)->sender);
		const uint32_t C = iface_info(t, s->send.ifindex).gs_C_bytes;

		restarted += shaped;
		T_EQ(s->msg.adspec.services[0].Csum, shaped ? C : 500 + C);
	}
	T_CHECK(restarted > 0, "no refresh of it");
	/* When it ends, its own Path goes where it ended. */
	ct_forget(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 120000)));
	ct_answer_all(t);
	T_EQ(ct_sent_count(t, WIRE_PATH), 1);
	T_EQ(ct_sent(t, WIRE_PATH, 0)->send.ifindex, DOWN);
	T_EQ(path_adspec(t).services[0].Csum,
		500 + iface_info(t, DOWN).gs_C_bytes);
}

static void
the_sums_restart_for_that_flow_and_that_way(void)
{
	ct_once(one_of_two);
}

/* The class lets through more of large packets than of small ones. */
static void
padded(struct ct *t)
{
	const struct wire_adspec in = arriving();
	const struct rsvp_iface_info info = iface_info(t, DOWN);

	T_EQ(forwarded(t, &in).services[0].Csum, 500 + info.gs_C_bytes);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 100000)));
	assert_true(ct_answer(t, 0));
	ct_forget(t);
	ct_run(t, 46000);
	T_EQ(guaranteed(t).Csum, 500 + info.gs_C_bytes);
}

static void
a_class_that_does_not_restore_the_shape_restarts_nothing(void)
{
	ct_once(padded);
}

static void
merge_point(struct ct *t)
{
	struct wire_msg *msg;
	uint64_t alone;

	ct_make_bare(t, 1000000);
	ct_with_path(t);
	msg = ct_resv_both(t, ct_gs(100000, 150000));
	msg->flow_count = 1;
	ct_feed(t, DOWN, msg);
	alone = ct_flow(t)->flow.buffer_bytes;
	assert_true(ct_answer(t, 0));
	T_EQ(alone, 3000); /* 1000 + 4000/100000 (200000 - 150000) */
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_gs(100000, 150000)));
	T_EQ(ct_flow(t)->flow.buffer_bytes, 5000); /* b, and no sums yet */
	T_EQ(ct_flow(t)->flow.rate_Bps, 150000);
}

static void
where_sources_merge_there_is_room_for_a_reshaper(void)
{
	ct_once(merge_point);
}

static void
branch_point(struct ct *t)
{
	struct wire_flowspec more = ct_gs(150000, 200000);
	struct wire_msg *msg = ct_path(t);

	ct_make_bare(t, 1000000);
	t->also_out = SIDE;
	msg->tspec = more.tspec;
	msg->tspec.b = 6000;
	ct_feed(t, UP, msg);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 150000)));
	T_EQ(ct_flow(t)->flow.buffer_bytes, 3000);
	ct_answer_all(t);
	ct_forget(t);
	/* The same on the other branch is no reason to shape. */
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_gs(100000, 150000)));
	T_EQ(ct_flow(t)->flow.ifindex, SIDE);
	ct_answer_all(t);
	T_EQ(t->flow_count, 1);
	ct_forget(t);
	/* More there is, here and nowhere else. */
	ct_feed(t, SIDE, ct_resv_on_side(t, more));
	ct_answer_all(t);
	T_EQ(t->flow_count, 2);
	T_EQ(t->flows[0].flow.ifindex, SIDE);
	/* 1000 + 4000/150000 (300000 - 200000), and 138/100 of it */
	T_EQ(t->flows[0].flow.buffer_bytes, 5061);
	T_EQ(t->flows[1].flow.ifindex, DOWN);
	T_EQ(t->flows[1].flow.buffer_bytes, 5000); /* b */
	ct_forget(t);
	ct_feed(t, SIDE, ct_resv_on_side(t, ct_gs(100000, 150000)));
	ct_answer_all(t);
	T_EQ(ct_flow(t)->flow.ifindex, DOWN);
	T_EQ(ct_flow(t)->flow.buffer_bytes, 3000);
}

static void
where_less_goes_on_there_is_room_for_a_reshaper(void)
{
	ct_once(branch_point);
}

/* ---- Path_Te ------------------------------------------------------------- */

static void
other_way(struct ct *t)
{
	ct_make_bare(t, 1000000);
	ct_with_path(t);
	t->out = SIDE; /* the second sender's data leave there */
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(180000)));
	/* min(100000, 180000): the other one's 100000 do not count here */
	T_EQ(ct_flow(t)->flow.rate_Bps, 100000);
	T_EQ(ct_flow(t)->flow.filter_count, 1);
}

static void
senders_that_leave_elsewhere_do_not_count(void)
{
	ct_once(other_way);
}

static void
both_ways(struct ct *t)
{
	struct wire_flowspec spec;
	struct wire_msg *msg;

	ct_make_bare(t, 1000000);
	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(180000)));
	T_EQ(ct_flow(t)->flow.rate_Bps, 180000); /* of 200000 */
	assert_true(ct_answer(t, 0));
	/* A larger M of the senders than of the link is the link's. */
	msg = ct_path(t);
	msg->tspec.M = 9000;
	ct_feed(t, UP, msg);
	T_EQ(ct_flow(t)->flow.max_packet_bytes, 1000); /* the receiver's */
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(250000)));
	T_EQ(ct_flow(t)->flow.rate_Bps, 200000); /* no more than they send */
	assert_true(ct_answer(t, 0));
	/* With M as the link has it theirs is the smaller Tspec in all
	 * respects, and its bucket is what is reserved (RFC 2211 8). */
	spec = ct_cl(250000);
	spec.tspec.b = 20000;
	spec.tspec.M = 1500;
	ct_feed(t, DOWN, ct_resv_both(t, spec));
	T_EQ(ct_flow(t)->flow.bucket_bytes, 10000);
}

static void
senders_that_leave_here_are_summed(void)
{
	ct_once(both_ways);
}

/* ---- packet sizes -------------------------------------------------------- */

static void
mtu_edge(struct ct *t, struct wire_flowspec spec)
{
	ct_with_path(t);
	spec.tspec.M = 1501;
	ct_feed(t, DOWN, ct_resv(t, spec));
	ct_expect_err(t, WIRE_E_ADMISSION, WIRE_ADMISSION_MTU, 0);
	T_EQ(t->flow_count, 0);
	spec.tspec.M = 1500;
	ct_feed(t, DOWN, ct_resv(t, spec));
	T_EQ(t->flow_count, 1);
	T_EQ(ct_answer(t, 0), true);
	T_EQ(ct_asked_flow(t)->flowspec.tspec.M, 1500);
}

static void
gs_edge(struct ct *t)
{
	mtu_edge(t, ct_gs(100000, 100000));
}

static void
cl_edge(struct ct *t)
{
	mtu_edge(t, ct_cl(100000));
}

static void
packets_above_the_mtu_are_refused_in_both_services(void)
{
	ct_both(gs_edge);
	ct_both(cl_edge);
}

static void
open_session(struct ct *t)
{
	const struct wire_session session = ct_session(t);
	const struct rsvp_who who = { true, 1001, 100, 42 };

	T_EQ(rsvp_local_open(t->core, t->now, 1, &session, &who),
		RSVP_LOCAL_OK);
}

/* An application here reserves for both senders. */
static void
reserve_both(struct ct *t, uint8_t style, struct wire_flowspec spec)
{
	struct wire_flow flows[2] = {
		{ .has_flowspec = true, .flowspec = spec },
		{ .has_flowspec = true, .flowspec = spec },
	};
	const struct rsvp_local_reserve request = { .style = style,
		.flow_count = style == WIRE_STYLE_WF ? 1 : 2,
		.flows = flows };

	flows[0].has_filter = flows[1].has_filter = style != WIRE_STYLE_WF;
	flows[0].filter = ct_sender(t);
	flows[1].filter = ct_second_sender(t);
	ct_forget(t);
	T_EQ(rsvp_local_reserve(t->core, t->now, 1, &request), RSVP_LOCAL_OK);
	ct_collect(t);
}

/* Paths of both senders, with these MTUs. */
static void
paths_of(struct ct *t, uint32_t first, uint32_t second, uint32_t second_cl)
{
	struct wire_msg *msg = ct_path(t);

	msg->adspec = arriving();
	msg->adspec.general.mtu = first;
	ct_feed(t, UP, msg);
	msg->sender = ct_second_sender(t);
	msg->adspec.general.mtu = second;
	msg->adspec.services[1].overrides =
		(struct wire_general){ WIRE_GENERAL_MTU, 0, 0, 0, second_cl };
	ct_feed(t, UP, msg);
}

/* Of flow i in the n-th Resv. */
static uint32_t
asked_M(struct ct *t, size_t n, size_t i)
{
	const struct ct_sent *s = ct_sent(t, WIRE_RESV, n);

	assert_non_null(s);
	assert_true(i < s->msg.flow_count);
	return s->msg.flows[i].flowspec.tspec.M;
}

static void
default_packets(struct ct *t)
{
	struct wire_flowspec cl = ct_cl(100000), gs = ct_gs(100000, 100000);
	struct wire_msg *msg;

	t->dst_local = true;
	open_session(t);
	paths_of(t, 1400, 1300, 1200);
	cl.tspec.M = 0;
	reserve_both(t, WIRE_STYLE_SE, cl);
	T_EQ(asked_M(t, 0, 0), 1200); /* the smallest for that service */
	gs.tspec.M = 0x7fffffff;
	rsvp_local_unreserve(t->core, t->now, 1);
	reserve_both(t, WIRE_STYLE_SE, gs);
	T_EQ(asked_M(t, 0, 0), 1300);
	rsvp_local_unreserve(t->core, t->now, 1);
	reserve_both(t, WIRE_STYLE_WF, gs);
	T_EQ(asked_M(t, 0, 0), 1300);
	/* FF: of each sender its own */
	rsvp_local_unreserve(t->core, t->now, 1);
	reserve_both(t, WIRE_STYLE_FF, gs);
	T_EQ(ct_sent_count(t, WIRE_RESV), 1);
	T_EQ(asked_M(t, 0, 0) + asked_M(t, 0, 1), 1400 + 1300);
	/* The path changes, and the request follows. */
	ct_forget(t);
	paths_of(t, 1100, 1300, 1200);
	T_EQ(asked_M(t, 0, 0) + asked_M(t, 0, 1), 1100 + 1300);
	/* What the application says is its own affair. */
	gs.tspec.M = 576;
	reserve_both(t, WIRE_STYLE_SE, gs);
	T_EQ(asked_M(t, 0, 0), 576);
	/* A sender whose data go elsewhere has no say. */
	gs.tspec.M = 0;
	t->dst_local = false;
	msg = ct_path(t);
	msg->sender.src = ct_addr(t, 8, 7);
	msg->adspec = arriving();
	msg->adspec.general.mtu = 600;
	ct_feed(t, UP, msg);
	t->dst_local = true;
	reserve_both(t, WIRE_STYLE_WF, gs);
	T_EQ(asked_M(t, 0, 0), 1100);
	rsvp_local_unreserve(t->core, t->now, 1);
	/* m is never above the M that was filled in. */
	gs.tspec.m = 1500;
	gs.tspec.M = 0;
	reserve_both(t, WIRE_STYLE_SE, gs);
	T_EQ(asked_M(t, 0, 0), 1100);
	T_EQ(ct_asked_flow(t)->flowspec.tspec.m, 1100);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_REFUSED), 0);
}

static void
a_receiver_asks_for_packets_that_the_path_carries(void)
{
	ct_both(default_packets);
}

static void
merged_packets(struct ct *t)
{
	struct rsvp_local_sender sender = {
		.sender = { .src = ct_addr(t, UP, 1), .src_port = 4004 },
		.tspec = ct_tspec(),
	};
	struct wire_flowspec spec = ct_cl(100000);
	struct wire_msg *msg;
	const struct ct_event *event;

	open_session(t);
	T_EQ(rsvp_local_send(t->core, t->now, 1, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	msg = ct_resv(t, spec);
	msg->flows[0].filter = sender.sender;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	event = ct_event(t, RSVP_RESV_EVENT, 0);
	assert_non_null(event);
	T_EQ(event->items[0].flowspec.tspec.M, 1000);
	ct_forget(t);
	spec.tspec.M = 900;
	msg = ct_resv(t, spec);
	msg->hop.addr = ct_addr(t, DOWN, HOP_C);
	msg->flows[0].filter = sender.sender;
	ct_feed(t, DOWN, msg);
	ct_answer_all(t);
	event = ct_event(t, RSVP_RESV_EVENT, 0);
	assert_non_null(event);
	T_EQ(event->items[0].flowspec.tspec.M, 900);
	T_EQ(ct_sent_count(t, WIRE_PATH), 0); /* its Tspec stays as it is */
}

static void
a_sender_is_told_the_smallest_packet_size(void)
{
	ct_both(merged_packets);
}

static struct t_case cases[] = {
	{ "a SENDER_TSPEC goes on as it came",
		a_sender_tspec_goes_on_as_it_came },
	{ "a sender leaves out what it does not want",
		a_sender_leaves_out_what_it_does_not_want },
	{ "the latency of a link is told when it is known",
		the_latency_of_a_link_is_told_when_it_is_known },
	{ "a full link is not an unknown one",
		a_full_link_is_not_an_unknown_one },
	{ "what an interface does not offer is marked broken",
		what_an_interface_does_not_offer_is_broken },
	{ "a link of unknown rate offers nothing",
		a_link_of_unknown_rate_offers_nothing },
	{ "the sums restart behind a reshaper",
		the_sums_restart_behind_a_reshaper },
	{ "the sums restart for that flow and that way",
		the_sums_restart_for_that_flow_and_that_way },
	{ "a class that does not restore the shape restarts nothing",
		a_class_that_does_not_restore_the_shape_restarts_nothing },
	{ "where sources merge there is room for a reshaper",
		where_sources_merge_there_is_room_for_a_reshaper },
	{ "where less goes on there is room for a reshaper",
		where_less_goes_on_there_is_room_for_a_reshaper },
	{ "senders that leave elsewhere do not count",
		senders_that_leave_elsewhere_do_not_count },
	{ "senders that leave here are summed",
		senders_that_leave_here_are_summed },
	{ "packets above the MTU are refused in both services",
		packets_above_the_mtu_are_refused_in_both_services },
	{ "a receiver asks for packets that the path carries",
		a_receiver_asks_for_packets_that_the_path_carries },
	{ "a sender is told the smallest packet size",
		a_sender_is_told_the_smallest_packet_size },
};

T_MAIN(cases)
