/* SPDX-License-Identifier: ISC */

/*
 * Several cores, joined by links: what RFC 2205 promises end to end, step by
 * step.  The sender is an application of the first node, the receiver one of
 * the last.
 */

#include "core_t.h"

enum { NODES = 4, LINKS = 4, SENDER_APP = 1, RECEIVER_APP = 2 };

/* End 0 is nearer to the sender. */
struct link {
	size_t node[2];
	uint32_t ifindex[2];
	uint8_t routers; /* on it, that know nothing of RSVP */
};

struct net {
	struct ct *node[NODES];
	size_t count;
	const struct link *links;
	size_t link_count;
	size_t seen[NODES]; /* messages of its log that were delivered */
	unsigned lose_type; /* the next of that type is lost; 0: none */
	size_t lost;
};

static const struct link chain[] = { { { 0, 1 }, { DOWN, UP }, 0 },
	{ { 1, 2 }, { DOWN, UP }, 0 }, { { 2, 3 }, { DOWN, UP }, 0 } };

static const struct link clouded[] = { { { 0, 1 }, { DOWN, UP }, 0 },
	{ { 1, 2 }, { DOWN, UP }, 1 }, { { 2, 3 }, { DOWN, UP }, 0 } };

/* Two ways from the first to the last node. */
static const struct link diamond[] = { { { 0, 1 }, { DOWN, UP }, 0 },
	{ { 1, 3 }, { DOWN, UP }, 0 }, { { 0, 2 }, { SIDE, UP }, 0 },
	{ { 2, 3 }, { DOWN, SIDE }, 0 } };

/* ---- the net ------------------------------------------------------------- */

static struct addr
addr_at(const struct net *n, size_t link, size_t end)
{
	return ct_addr(n->node[0], 20 + (unsigned)link, 1 + (unsigned)end);
}

static const struct link *
link_of(const struct net *n, size_t node, uint32_t ifindex, size_t *ret_end)
{
	for (size_t i = 0; i < n->link_count; i++)
		for (size_t end = 0; end < 2; end++)
			if (n->links[i].node[end] == node &&
				n->links[i].ifindex[end] == ifindex) {
				*ret_end = end;
				return &n->links[i];
			}
	return NULL;
}

static void
set_iface(const struct net *n, size_t node, uint32_t ifindex)
{
	struct ct *t = n->node[node];
	struct rsvp_iface conf = ct_iface(t, ifindex);
	size_t end;
	const struct link *link = link_of(n, node, ifindex, &end);

	conf.up = link != NULL;
	if (link && t->family == ADDR_V4)
		conf.v4 = addr_at(n, (size_t)(link - n->links), end);
	else if (link)
		conf.v6 = addr_at(n, (size_t)(link - n->links), end);
	ct_put_iface(t, &conf);
}

static void
net_init(struct net *n, uint8_t family, const struct link *links, size_t count)
{
	memset(n, 0, sizeof(*n));
	n->links = links;
	n->link_count = count;
	n->count = NODES;
	for (size_t i = 0; i < NODES; i++)
		n->node[i] = ct_new(family);
	for (size_t i = 0; i < NODES; i++)
		for (uint32_t ifindex = UP; ifindex <= SIDE; ifindex++)
			set_iface(n, i, ifindex);
	n->node[NODES - 1]->dst_local = true;
}

static void
net_done(struct net *n)
{
	for (size_t i = 0; i < n->count; i++) {
		T_EQ(rsvp_core_counter(n->node[i]->core, RSVP_C_BUG), 0);
		ct_free(n->node[i]);
	}
}

/* Where a message for that address arrives; a ResvConf goes hop by hop. */
static const struct link *
way_of(const struct net *n, size_t from, const struct ct_sent *s,
	size_t *ret_to)
{
	uint32_t ifindex = s->send.ifindex;
	size_t end = 0;
	const struct link *link;

	for (size_t i = 0; s->send.ifindex == 0 && i < n->link_count; i++)
		for (size_t e = 0; e < 2; e++)
			if (ct_is(&s->send.dst, addr_at(n, i, e)) &&
				s->send.type != WIRE_RESV_CONF) {
				*ret_to = e;
				return &n->links[i];
			}
	if (ifindex == 0)
		ifindex = n->node[from]->out;
	link = link_of(n, from, ifindex, &end);
	*ret_to = 1 - end;
	return link;
}

static bool
is_here(const struct net *n, size_t node, const struct addr *addr)
{
	for (size_t i = 0; i < n->link_count; i++)
		for (size_t end = 0; end < 2; end++)
			if (n->links[i].node[end] == node &&
				ct_is(addr, addr_at(n, i, end)))
				return true;
	return false;
}

static void
deliver(struct net *n, size_t from, const struct ct_sent *s)
{
	size_t end;
	const struct link *link = way_of(n, from, s, &end);
	struct rsvp_packet packet = {
		.src = s->send.src, .dst = s->send.dst, .ttl = s->send.ttl
	};

	if (!link)
		return;
	if (s->send.type == n->lose_type) {
		n->lose_type = 0;
		n->lost++;
		return;
	}
	packet.ifindex = link->ifindex[end];
	packet.ttl = (uint8_t)(packet.ttl - link->routers);
	packet.dst_local = is_here(n, link->node[end], &s->send.dst);
	packet.msg = &s->msg;
	ct_feed_from(n->node[link->node[end]], packet);
}

/* Until nothing moves any more; the logs stay for looking at. */
static void
settle(struct net *n)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t i = 0; i < n->count; i++) {
			struct ct *t = n->node[i];

			ct_tick(t);
			ct_answer_all(t);
			while (n->seen[i] < t->sent_count) {
				deliver(n, i, &t->sent[n->seen[i]++]);
				moved = true;
			}
		}
	}
}

static void
forget(struct net *n)
{
	for (size_t i = 0; i < n->count; i++) {
		ct_forget(n->node[i]);
		n->seen[i] = 0;
	}
}

static struct mono
next_of(const struct net *n)
{
	struct mono first = MONO_NEVER;

	for (size_t i = 0; i < n->count; i++)
		first = mono_earlier(first, rsvp_core_next(n->node[i]->core));
	return first;
}

static void
run(struct net *n, int64_t ms)
{
	const struct mono end = mono_add_ms(n->node[0]->now, ms);

	for (;;) {
		const struct mono next = next_of(n);
		const struct mono at = mono_earlier(next, end);

		for (size_t i = 0; i < n->count; i++)
			if (at.us > n->node[i]->now.us)
				n->node[i]->now = at;
		if (next.us > end.us)
			return;
		settle(n);
	}
}

/* The neighbours' refreshes would fill the log of a long time. */
static void
run_quietly(struct net *n, int64_t ms)
{
	for (int64_t at = 0; at < ms; at += 5000) {
		run(n, 5000);
		forget(n);
	}
}

/* ---- the applications ---------------------------------------------------- */

static struct wire_session
session_of(const struct net *n)
{
	return (struct wire_session){ .dst = addr_at(n,
					      n->links == diamond ? 1 : 2, 1),
		.proto = 17,
		.dst_port = 5004 };
}

static struct wire_filter
sender_of(const struct net *n, uint16_t port)
{
	return (struct wire_filter){ .src = addr_at(n, 0, 0),
		.src_port = port };
}

static void
announce(struct net *n, uint64_t id, uint16_t port)
{
	const struct rsvp_who who = { .known = false };
	const struct wire_session session = session_of(n);
	const struct rsvp_local_sender sender = { .sender = sender_of(n, port),
		.tspec = ct_tspec() };
	struct ct *t = n->node[0];

	T_EQ(rsvp_local_open(t->core, t->now, id, &session, &who),
		RSVP_LOCAL_OK);
	T_EQ(rsvp_local_send(t->core, t->now, id, &sender), RSVP_LOCAL_OK);
	ct_collect(t);
	settle(n);
}

static void
receive(struct net *n, uint8_t style, size_t senders)
{
	const struct rsvp_who who = { .known = false };
	const struct wire_session session = session_of(n);
	struct wire_flow flows[2] = { 0 };
	const struct rsvp_local_reserve request = { .style = style,
		.confirm = true,
		.flow_count = senders,
		.flows = flows };
	struct ct *t = n->node[NODES - 1];

	for (size_t i = 0; i < 2; i++) {
		flows[i].has_flowspec = true;
		flows[i].has_filter = style != WIRE_STYLE_WF;
		flows[i].flowspec = ct_cl(50000);
		flows[i].filter = sender_of(n, (uint16_t)(4004 + i));
	}
	T_EQ(rsvp_local_open(t->core, t->now, RECEIVER_APP, &session, &who),
		RSVP_LOCAL_OK);
	T_EQ(rsvp_local_reserve(t->core, t->now, RECEIVER_APP, &request),
		RSVP_LOCAL_OK);
	ct_collect(t);
	settle(n);
}

static void
close_app(struct net *n, size_t node, uint64_t id)
{
	rsvp_local_close(n->node[node]->core, n->node[node]->now, id);
	ct_collect(n->node[node]);
	settle(n);
}

static size_t
sent(const struct net *n, uint8_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < n->count; i++)
		count += ct_sent_count(n->node[i], type);
	return count;
}

static bool
told(const struct net *n, size_t node, enum rsvp_event_kind kind)
{
	return ct_event(n->node[node], kind, 0) != NULL;
}

static size_t
resvs(const struct net *n, size_t node)
{
	struct rsvp_totals totals;

	rsvp_core_totals(n->node[node]->core, &totals);
	return totals.resvs;
}

static void
expect_empty(struct net *n)
{
	for (size_t i = 0; i < n->count; i++)
		ct_expect_empty(n->node[i]);
}

/* ---- 1: unicast, FF, with a confirmation --------------------------------- */

static uint32_t
ctot(const struct ct_sent *s)
{
	struct wire_adspec adspec = s->msg.adspec;

	return wire_adspec_find(&adspec, WIRE_SERVICE_GS)->Ctot;
}

static void
end_to_end(uint8_t family)
{
	struct net n;
	const struct ct_sent *s;
	uint32_t before = 0;

	net_init(&n, family, chain, 3);
	announce(&n, SENDER_APP, 4004);
	for (size_t i = 0; i < 3; i++) {
		s = ct_sent(n.node[i], WIRE_PATH, 0);
		assert_non_null(s);
		T_EQ(s->send.ttl, 63 - i);
		T_CHECK(ct_is(&s->msg.hop.addr, addr_at(&n, i, 0)),
			"HOP of node %zu", i);
		T_EQ(s->msg.hop.lih, DOWN);
		T_EQ(s->msg.adspec.general.hops, 1 + i);
		T_CHECK(!s->msg.adspec.broken, "not broken");
		T_CHECK(ctot(s) > before, "Ctot grows");
		before = ctot(s);
	}
	receive(&n, WIRE_STYLE_FF, 1);
	T_CHECK(told(&n, 0, RSVP_RESV_EVENT), "the sender hears of it");
	T_CHECK(told(&n, 3, RSVP_RESV_CONFIRM), "the receiver is confirmed");
	T_EQ(sent(&n, WIRE_RESV), 3);
	T_EQ(sent(&n, WIRE_RESV_CONF), 3); /* hop by hop */
	s = ct_sent(n.node[0], WIRE_RESV_CONF, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, session_of(&n).dst), "to the receiver");
	T_EQ(s->msg.error.code, 0);
	for (size_t i = 0; i < 3; i++)
		T_CHECK(ct_reserved(n.node[i], DOWN) > 0, "node %zu", i);
	T_EQ(sent(&n, WIRE_PATH_ERR) + sent(&n, WIRE_RESV_ERR), 0);
	forget(&n);
	run_quietly(&n, 400000); /* all live on by themselves */
	T_EQ(resvs(&n, 1), 1);
	close_app(&n, 3, RECEIVER_APP);
	T_EQ(sent(&n, WIRE_RESV_TEAR), 3);
	close_app(&n, 0, SENDER_APP);
	T_EQ(sent(&n, WIRE_PATH_TEAR), 3);
	expect_empty(&n);
	net_done(&n);
}

static void
a_unicast_reservation_is_made_and_confirmed(void)
{
	end_to_end(ADDR_V4);
	end_to_end(ADDR_V6);
}

/* ---- 5: the route changes ------------------------------------------------ */

static void
route_changes(uint8_t family)
{
	struct net n;
	struct mono since;

	net_init(&n, family, diamond, 4);
	announce(&n, SENDER_APP, 4004);
	receive(&n, WIRE_STYLE_FF, 1);
	T_CHECK(ct_reserved(n.node[0], DOWN) > 0, "the first way");
	run(&n, 1000);
	forget(&n);
	since = n.node[0]->now;
	ct_reroute(n.node[0], SIDE);
	while (ct_reserved(n.node[0], SIDE) == 0)
		run(&n, 10);
	T_CHECK(n.node[0]->now.us - since.us < 3000000, "healed in %lld us",
		(long long)(n.node[0]->now.us - since.us));
	T_EQ(ct_reserved(n.node[0], DOWN), 0);
	T_CHECK(ct_reserved(n.node[2], DOWN) > 0, "the second way");
	/* The first way was torn; the last node did not mind. */
	T_EQ(ct_reserved(n.node[1], DOWN), 0);
	T_EQ(resvs(&n, 1), 0);
	T_EQ(resvs(&n, 3), 1);
	T_EQ(sent(&n, WIRE_RESV_TEAR), 0);
	T_CHECK(!told(&n, 3, RSVP_RESV_ERROR) && !told(&n, 0, RSVP_PATH_ERROR),
		"no application hears of an error");
	T_CHECK(!told(&n, 0, RSVP_RESV_EVENT), "nor of a change");
	forget(&n);
	run_quietly(&n, 400000);
	T_CHECK(ct_reserved(n.node[0], SIDE) > 0, "still there");
	T_EQ(resvs(&n, 1), 0);
	net_done(&n);
}

static void
a_changed_route_is_healed_without_an_error(void)
{
	route_changes(ADDR_V4);
	route_changes(ADDR_V6);
}

/* The tear of the first way is lost: it times out by itself, and its errors
 * concern nobody. */
static void
route_changes_tear_lost(void)
{
	struct net n;

	net_init(&n, ADDR_V4, diamond, 4);
	announce(&n, SENDER_APP, 4004);
	receive(&n, WIRE_STYLE_FF, 1);
	forget(&n);
	n.lose_type = WIRE_PATH_TEAR;
	ct_reroute(n.node[0], SIDE);
	run(&n, 3000);
	T_EQ(n.lost, 1);
	T_CHECK(ct_reserved(n.node[1], DOWN) > 0, "it does not know");
	for (int i = 0; i < 50; i++) {
		run(&n, 5000);
		T_CHECK(!told(&n, 3, RSVP_RESV_ERROR), "an error after %d s",
			i * 5);
		forget(&n);
	}
	T_EQ(ct_reserved(n.node[1], DOWN), 0);
	T_CHECK(ct_reserved(n.node[0], SIDE) > 0, "the second way");
	net_done(&n);
}

static void
an_old_way_that_heard_no_tear_times_out_unheard(void)
{
	route_changes_tear_lost();
}

/* ---- 6: a hop without RSVP ----------------------------------------------- */

static void
cloud(uint8_t family)
{
	struct net n;
	struct rsvp_path_info info;
	struct rsvp_session_info session;
	const struct ct_sent *s;

	net_init(&n, family, clouded, 3);
	announce(&n, SENDER_APP, 4004);
	T_CHECK(!ct_sent(n.node[1], WIRE_PATH, 0)->msg.adspec.broken,
		"whole before it");
	T_CHECK(ct_sent(n.node[2], WIRE_PATH, 0)->msg.adspec.broken,
		"broken behind it");
	assert_true(rsvp_core_session_after(n.node[2]->core, 0, &session));
	T_EQ(rsvp_core_paths(
		     n.node[2]->core, n.node[2]->now, session.serial, &info, 1),
		1);
	T_CHECK(info.non_rsvp_hop, "seen where it is");
	assert_true(rsvp_core_session_after(n.node[3]->core, 0, &session));
	T_EQ(rsvp_core_paths(
		     n.node[3]->core, n.node[3]->now, session.serial, &info, 1),
		1);
	T_CHECK(!info.non_rsvp_hop, "and only there");
	receive(&n, WIRE_STYLE_FF, 1);
	s = ct_sent(n.node[2], WIRE_RESV, 0);
	assert_non_null(s);
	T_CHECK(ct_is(&s->send.dst, addr_at(&n, 1, 0)),
		"straight to the previous hop");
	T_CHECK(!s->send.router_alert, "past everybody between");
	T_CHECK(told(&n, 3, RSVP_RESV_CONFIRM), "and it works");
	net_done(&n);
}

static void
a_cloud_without_rsvp_is_crossed_and_shown(void)
{
	cloud(ADDR_V4);
	cloud(ADDR_V6);
}

/* ---- 7: a PathTear in the middle ----------------------------------------- */

static void
one_sender_leaves(uint8_t style)
{
	struct net n;

	net_init(&n, ADDR_V4, chain, 3);
	announce(&n, SENDER_APP, 4004);
	announce(&n, SENDER_APP + 2, 4005);
	receive(&n, style, style == WIRE_STYLE_WF ? 1 : 2);
	forget(&n);
	close_app(&n, 0, SENDER_APP);
	T_EQ(sent(&n, WIRE_PATH_TEAR), 3);
	T_EQ(sent(&n, WIRE_RESV) + sent(&n, WIRE_RESV_TEAR), 0);
	T_EQ(sent(&n, WIRE_RESV_ERR), 0);
	for (size_t i = 0; i < 3; i++)
		T_CHECK(ct_reserved(n.node[i], DOWN) > 0, "for the other one");
	for (size_t i = 0; i < 4; i++)
		T_EQ(resvs(&n, i), i == 0 ? 1 : resvs(&n, 0));
	close_app(&n, 0, SENDER_APP + 2);
	T_EQ(sent(&n, WIRE_RESV) + sent(&n, WIRE_RESV_TEAR), 0);
	for (size_t i = 0; i < 3; i++)
		T_EQ(ct_reserved(n.node[i], DOWN), 0);
	close_app(&n, 3, RECEIVER_APP);
	expect_empty(&n);
	net_done(&n);
}

static void
a_path_tear_takes_its_own_sender_only(void)
{
	one_sender_leaves(WIRE_STYLE_FF);
	one_sender_leaves(WIRE_STYLE_SE);
	one_sender_leaves(WIRE_STYLE_WF);
}

/* ---- 8: a tear is lost --------------------------------------------------- */

static void
tear_lost(void)
{
	struct net n;

	net_init(&n, ADDR_V4, chain, 3);
	announce(&n, SENDER_APP, 4004);
	receive(&n, WIRE_STYLE_FF, 1);
	forget(&n);
	n.lose_type = WIRE_RESV_TEAR; /* from the last node to the one before */
	close_app(&n, 3, RECEIVER_APP);
	T_EQ(n.lost, 1);
	run_quietly(&n, 150000);
	for (size_t i = 0; i < 3; i++)
		T_EQ(resvs(&n, i),
			1); /* kept alive from below, or not yet dead */
	run(&n, 8000);
	T_EQ(rsvp_core_counter(n.node[2]->core, RSVP_C_RESV_EXPIRED), 1);
	T_EQ(sent(&n, WIRE_RESV_TEAR), 2); /* initiated beyond the loss */
	for (size_t i = 0; i < 3; i++)
		T_EQ(resvs(&n, i), 0);
	close_app(&n, 0, SENDER_APP);
	expect_empty(&n);
	net_done(&n);
}

static void
a_lost_tear_is_made_up_for_by_the_lifetime(void)
{
	tear_lost();
}

static struct t_case cases[] = {
	{ "a unicast reservation is made and confirmed",
		a_unicast_reservation_is_made_and_confirmed },
	{ "a changed route is healed without an error",
		a_changed_route_is_healed_without_an_error },
	{ "an old way that heard no tear times out unheard",
		an_old_way_that_heard_no_tear_times_out_unheard },
	{ "a cloud without RSVP is crossed, and shown",
		a_cloud_without_rsvp_is_crossed_and_shown },
	{ "a PathTear takes its own sender only",
		a_path_tear_takes_its_own_sender_only },
	{ "a lost tear is made up for by the lifetime",
		a_lost_tear_is_made_up_for_by_the_lifetime },
};
T_MAIN(cases)
