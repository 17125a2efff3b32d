/* SPDX-License-Identifier: ISC */

/* What tools see of a core. */

#include "core_t.h"

static void
sessions_in_order(struct ct *t)
{
	struct rsvp_session_info info;
	uint64_t after = 0;

	for (uint16_t port = 1; port <= 3; port++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst_port = port;
		ct_feed(t, UP, msg);
	}
	for (uint16_t port = 1; port <= 3; port++) {
		assert_true(rsvp_core_session_after(t->core, after, &info));
		T_CHECK(info.serial > after, "they grow");
		T_EQ(info.session.dst_port, port);
		T_EQ(info.session.proto, 17);
		T_EQ(info.paths, 1);
		T_EQ(info.resvs, 0);
		after = info.serial;
	}
	T_CHECK(!rsvp_core_session_after(t->core, after, &info), "the end");
	{
		struct wire_msg *msg = ct_path_tear(t);

		msg->session.dst_port = 2;
		ct_feed(t, UP, msg);
	}
	/* going on after one that is gone */
	assert_true(rsvp_core_session_after(t->core, 2, &info));
	T_EQ(info.session.dst_port, 3);
}

static void
sessions_come_in_order_of_their_serials(void)
{
	ct_both(sessions_in_order);
}

static void
path_shown(struct ct *t)
{
	struct rsvp_path_info info[2];

	ct_with_path(t);
	ct_run(t, 1000);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, info, 0), 1);
	T_EQ(rsvp_core_paths(t->core, t->now, 2, info, 2), 0);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, info, 2), 1);
	T_EQ(info[0].sender.src_port, 4004);
	T_CHECK(info[0].tspec.r == 100000, "Tspec");
	T_EQ(info[0].hop.lih, 77);
	T_EQ(info[0].in_ifindex, UP);
	T_EQ(info[0].out_count, 1);
	T_EQ(info[0].out_ifindex[0], DOWN);
	T_EQ(info[0].ttl, 60);
	T_EQ(info[0].local_id, 0);
	T_EQ(info[0].refresh_ms, 30000);
	T_EQ(info[0].expires_ms, 156500);
	T_CHECK(!info[0].non_rsvp_hop && !info[0].to_local, "in transit");
	T_CHECK(info[0].adspec_view.len > 4, "ADSPEC");
}

static void
path_state_is_shown(void)
{
	ct_both(path_shown);
}

static void
resv_shown(struct ct *t)
{
	struct rsvp_resv_info info[2];

	ct_with_path(t);
	ct_feed(t, DOWN, ct_resv(t, ct_gs(100000, 120000)));
	T_EQ(ct_only_resv(t).state, RSVP_RESV_WAITING);
	T_EQ(ct_only_resv(t).rate_Bps, 0); /* not before it is in force */
	T_CHECK(!ct_only_resv(t).in_force, "asked for");
	ct_answer(t, 0);
	T_CHECK(ct_only_resv(t).in_force && !ct_only_resv(t).stuck, "in force");
	ct_run(t, 1000);
	T_EQ(rsvp_core_resvs(t->core, t->now, 1, info, 0), 1);
	T_EQ(rsvp_core_resvs(t->core, t->now, 1, info, 2), 1);
	T_EQ(info[0].ifindex, DOWN);
	T_EQ(info[0].hop.lih, DOWN);
	T_CHECK(ct_is(&info[0].hop.addr, ct_addr(t, DOWN, HOP_B)), "NHOP");
	T_EQ(info[0].style, WIRE_STYLE_FF);
	T_EQ(info[0].filter_count, 1);
	T_EQ(info[0].filters[0].src_port, 4004);
	T_CHECK(info[0].flowspec.R == 120000, "flowspec");
	T_EQ(info[0].state, RSVP_RESV_INSTALLED);
	T_EQ(info[0].flow_id, ct_flow(t)->flow.id);
	T_EQ(info[0].rate_Bps, ct_flow(t)->flow.rate_Bps);
	T_STR(info[0].rule, "rule 1");
	T_STR(info[0].reason, "allowed by the test");
	T_EQ(info[0].refresh_ms, 30000);
	T_EQ(info[0].expires_ms, 156500);
}

static void
reservation_is_shown_with_its_reason(void)
{
	ct_both(resv_shown);
}

static void
asks_shown(struct ct *t)
{
	struct wire_session session = ct_session(t);
	struct rsvp_session_info found;
	struct rsvp_ask_info info[2];

	T_CHECK(!rsvp_core_session_find(t->core, &session, &found), "not yet");
	ct_with_resv(t, ct_cl(100000));
	T_CHECK(rsvp_core_session_find(t->core, &session, &found), "there");
	T_EQ(found.serial, 1);
	T_EQ(found.resvs, 1);
	T_EQ(rsvp_core_asks(t->core, 1, info, 0), 1);
	T_EQ(rsvp_core_asks(t->core, 2, info, 2), 0);
	T_EQ(rsvp_core_asks(t->core, 1, info, 2), 1);
	T_EQ(info[0].ifindex, UP);
	T_EQ(info[0].hop.lih, 77);
	T_CHECK(ct_is(&info[0].hop.addr, ct_addr(t, UP, HOP_A)), "PHOP");
	T_EQ(info[0].local_id, 0);
	T_EQ(info[0].style, WIRE_STYLE_FF);
	T_EQ(info[0].flow_count, 1);
	T_EQ(info[0].flows[0].filter.src_port, 4004);
	T_CHECK(info[0].flows[0].flowspec.tspec.r == 100000, "flowspec");
}

static void
what_is_asked_upstream_is_shown(void)
{
	ct_both(asks_shown);
}

static void
iface_shown(struct ct *t)
{
	struct rsvp_iface_info info;
	uint32_t after = 0;

	ct_with_resv(t, ct_gs(100000, 120000));
	for (uint32_t i = UP; i <= SIDE; i++) {
		assert_true(rsvp_core_iface_after(t->core, after, &info));
		T_EQ(info.conf.ifindex, i);
		T_CHECK(info.tc_ready, "ready");
		after = i;
		if (i != DOWN) {
			T_EQ(info.reserved_Bps + info.budget_used_bytes, 0);
			continue;
		}
		T_CHECK(info.reserved_gs_Bps > 100000, "GS");
		T_EQ(info.reserved_cl_Bps, 0);
		T_EQ(info.reserved_Bps, info.reserved_gs_Bps);
		T_CHECK(info.budget_used_bytes > 1000, "bursts");
		T_EQ(info.flows, 1);
		T_CHECK(info.gs_C_bytes > 0 && info.gs_D_us > 0, "terms");
	}
	T_CHECK(!rsvp_core_iface_after(t->core, SIDE, &info), "no more");
}

static void
interfaces_are_shown_in_order(void)
{
	ct_once(iface_shown);
}

static void
refusals(struct ct *t)
{
	struct rsvp_refusal r;
	uint64_t before = 0;
	size_t count = 0;

	T_CHECK(!rsvp_core_refusal_before(t->core, 0, &r), "none yet");
	ct_with_path(t);
	for (uint16_t port = 1; port <= 300; port++) {
		struct wire_msg *msg = ct_resv(t, ct_cl(100000));

		t->now.us++;
		msg->flows[0].filter.src_port = port;
		ct_feed(t, DOWN, msg);
		ct_forget(t);
	}
	while (rsvp_core_refusal_before(t->core, before, &r)) {
		T_EQ(r.sender.src_port, 300 - count);
		T_EQ(r.code, WIRE_E_NO_SENDER);
		T_EQ(r.serial, 300 - count);
		T_EQ(t->now.us - r.when.us, (int64_t)count);
		before = r.serial;
		count++;
	}
	T_EQ(count, 256);
	T_EQ(rsvp_core_counter(t->core, RSVP_C_REFUSED), 300);
}

static void
last_refusals_are_kept_newest_first(void)
{
	ct_once(refusals);
}

static void
names(void)
{
	for (int c = 0; c < RSVP_COUNTER_COUNT; c++) {
		T_CHECK(strlen(rsvp_counter_name((enum rsvp_counter)c)) > 2,
			"%d", c);
		T_CHECK(strlen(rsvp_counter_help((enum rsvp_counter)c)) > 5,
			"%d", c);
	}
	T_STR(rsvp_counter_name(RSVP_C_BUG), "bug");
	T_STR(rsvp_counter_name(RSVP_COUNTER_COUNT), "");
	T_STR(rsvp_counter_help(RSVP_COUNTER_COUNT), "");
}

static void
totals(struct ct *t)
{
	struct rsvp_totals sum;

	ct_with_resv(t, ct_cl(10000));
	rsvp_core_totals(t->core, &sum);
	T_EQ(sum.sessions, 1);
	T_EQ(sum.paths, 1);
	T_EQ(sum.resvs, 1);
	T_EQ(sum.flows, 1);
	T_EQ(sum.adopted_unclaimed, 0);
}

static void
totals_count_what_is_there(void)
{
	ct_once(totals);
}

/* No more is written than there is room for. */
static void
short_lists(struct ct *t)
{
	struct rsvp_path_info paths[2];
	struct rsvp_resv_info resvs[2];
	struct rsvp_ask_info asks[2];
	struct wire_msg *msg;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	for (uint8_t hop = HOP_B; hop <= HOP_C; hop++) {
		msg = ct_resv_both(t, ct_cl(50000));
		msg->hop.addr = ct_addr(t, DOWN, hop);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	paths[1].ttl = 0xee;
	resvs[1].style = 0xee;
	asks[1].style = 0xee;
	T_EQ(rsvp_core_paths(t->core, t->now, 1, paths, 1), 2);
	T_EQ(rsvp_core_resvs(t->core, t->now, 1, resvs, 1), 2);
	T_EQ(rsvp_core_asks(t->core, 1, asks, 1), 2);
	T_EQ(paths[1].ttl, 0xee);
	T_EQ(resvs[1].style, 0xee);
	T_EQ(asks[1].style, 0xee);
}

static void
a_list_is_cut_where_there_is_no_room(void)
{
	ct_once(short_lists);
}

/* ---- what many reserve --------------------------------------------------- */

struct demand;
uint8_t __real_police_flags(const struct demand *demand);
uint8_t __wrap_police_flags(const struct demand *demand);

static size_t policed; /* how often it was asked for */

uint8_t
__wrap_police_flags(const struct demand *demand)
{
	policed++;
	return __real_police_flags(demand);
}

/* Next hops of two senders each, reserved apart: one list asks for two flows,
 * however many there are. */
static void
many_hops(struct ct *t)
{
	enum { HOPS = 20 };
	struct rsvp_resv_info infos[2 * HOPS];
	struct wire_msg *msg;
	size_t count, shared = 0;

	ct_path_of(t, UP, HOP_A, 8);
	ct_path_of(t, SIDE, HOP_A, 9);
	for (uint8_t hop = HOP_B; hop < HOP_B + HOPS; hop++) {
		msg = ct_style(ct_resv_both(t, ct_cl(50000)), WIRE_STYLE_FF);
		msg->hop.addr = ct_addr(t, DOWN, hop);
		ct_feed(t, DOWN, msg);
		ct_answer_all(t);
	}
	policed = 0;
	count = rsvp_core_resvs(t->core, t->now, 1, infos, 2 * HOPS);
	T_EQ(count, 2 * HOPS);
	T_EQ(policed, 2);
	for (size_t i = 0; i < count; i++)
		shared += infos[i].flow_id == infos[0].flow_id;
	T_EQ(shared, HOPS);
	policed = 0;
	T_EQ(rsvp_core_resvs(t->core, t->now, 1, NULL, 0), count);
	T_EQ(policed, 0);
}

static void
a_list_of_many_asks_once_for_each_flow(void)
{
	ct_once(many_hops);
}

static void
no_end(struct ct *t)
{
	struct rsvp_path_info info;

	ct_app_open(t, 1);
	(void)ct_app_send(t, 1);
	ct_run(t, 1000);
	T_EQ(rsvp_core_paths(t->core, t->now, 1, &info, 1), 1);
	T_EQ(info.expires_ms, 0);
}

static void
what_does_not_expire_is_shown_so(void)
{
	ct_once(no_end);
}

/* What an interface does not offer has no figures. */
static void
nothing_offered(struct ct *t)
{
	struct rsvp_iface conf = ct_iface(t, DOWN);
	struct rsvp_iface_info info;

	conf.link_Bps = 0;
	ct_set_iface(t, &conf);
	assert_true(rsvp_core_iface_after(t->core, DOWN - 1, &info));
	T_EQ(info.gs_C_bytes, 0);
	ct_iface_tc(t, SIDE, false);
	assert_true(rsvp_core_iface_after(t->core, SIDE - 1, &info));
	T_EQ(info.gs_C_bytes, 0);
}

static void
terms_are_shown_where_they_are_advertised(void)
{
	ct_once(nothing_offered);
}

/* A class of a service that nobody asks for any more, found in the kernel. */
static void
other_service(struct ct *t)
{
	struct rsvp_flow flow = { .id = 4711,
		.ifindex = DOWN,
		.dst = ct_session(t).dst,
		.proto = 17,
		.dst_port = 5004,
		.rate_Bps = 1000,
		.filter_count = 1 };

	rsvp_core_tc_lost(t->core, t->now);
	rsvp_core_adopt(t->core, t->now, &flow);
	ct_tc_ready(t);
	T_EQ(ct_reserved(t, DOWN), 1000);
}

static void
whatever_is_reserved_is_in_the_sum(void)
{
	ct_once(other_service);
}

/* It has gone, though a reservation there still counts upstream. */
static void
gone(struct ct *t)
{
	struct rsvp_iface_info info;

	ct_with_resv(t, ct_cl(50000));
	ct_repair(t, SIDE);
	ct_answer_all(t);
	ct_iface_gone(t, DOWN);
	T_EQ(ct_totals(t).resvs, 1);
	assert_true(rsvp_core_iface_after(t->core, UP, &info));
	T_EQ(info.conf.ifindex, SIDE);
}

static void
an_interface_that_is_gone_is_not_shown(void)
{
	ct_once(gone);
}

/* RFC 2209 1: one of a sender's path states is forwarded. */
static void
group_shown(struct ct *t)
{
	struct rsvp_path_info info[2];

	for (uint32_t i = 0; i < 2; i++) {
		struct wire_msg *msg = ct_path(t);

		msg->session.dst = ct_group(t);
		ct_feed(t, i == 0 ? UP : SIDE, msg);
	}
	T_EQ(rsvp_core_paths(t->core, t->now, 1, info, 2), 2);
	T_CHECK(!info[0].local_only, "expected there");
	T_CHECK(info[1].local_only, "not expected there");
}

static void
several_asked(struct ct *t)
{
	struct rsvp_ask_info info;

	ct_with_path(t);
	ct_with_second_path(t);
	ct_feed(t, DOWN, ct_resv_both(t, ct_cl(50000)));
	ct_answer_all(t);
	T_EQ(rsvp_core_asks(t->core, 1, &info, 1), 1);
	T_EQ(info.flow_count, 2);
}

static void
receiver_shown(struct ct *t)
{
	const struct wire_flow flow = { .has_flowspec = true,
		.has_filter = true,
		.flowspec = ct_cl(50000),
		.filter = ct_sender(t) };
	const struct rsvp_local_reserve request = { .style = WIRE_STYLE_FF,
		.receiver = ct_addr(t, SIDE, 1),
		.flow_count = 1,
		.flows = &flow };

	t->dst_local = true;
	ct_with_path(t);
	ct_app_open(t, 5);
	T_EQ(rsvp_local_reserve(t->core, t->now, 5, &request), 0);
	ct_collect(t);
	T_EQ(ct_only_resv(t).local_id, 5);
	T_EQ(ct_only_resv(t).in_ifindex, SIDE);
}

static void
what_is_special_about_state_is_shown(void)
{
	ct_both(group_shown);
	ct_once(several_asked);
	ct_once(receiver_shown);
}

static struct t_case cases[] = {
	{ "what is special about state is shown",
		what_is_special_about_state_is_shown },
	{ "a list is cut where there is no room",
		a_list_is_cut_where_there_is_no_room },
	{ "a list of many asks once for each flow",
		a_list_of_many_asks_once_for_each_flow },
	{ "what does not expire is shown so",
		what_does_not_expire_is_shown_so },
	{ "terms are shown where they are advertised",
		terms_are_shown_where_they_are_advertised },
	{ "whatever is reserved is in the sum",
		whatever_is_reserved_is_in_the_sum },
	{ "an interface that is gone is not shown",
		an_interface_that_is_gone_is_not_shown },
	{ "sessions come in the order of their serials",
		sessions_come_in_order_of_their_serials },
	{ "path state is shown", path_state_is_shown },
	{ "a reservation is shown with rule and reason",
		reservation_is_shown_with_its_reason },
	{ "what is asked upstream is shown", what_is_asked_upstream_is_shown },
	{ "interfaces are shown in order with what is sold",
		interfaces_are_shown_in_order },
	{ "the last 256 refusals are kept, newest first",
		last_refusals_are_kept_newest_first },
	{ "each counter has a name and a help", names },
	{ "totals count what is there", totals_count_what_is_there },
};
T_MAIN(cases)
