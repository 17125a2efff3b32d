/* SPDX-License-Identifier: ISC */

/*
 * Building messages (RFC 2205 3.1).  Who is asked what is decided elsewhere;
 * here it gets its objects, addresses, TTL and Router Alert.
 */

#include "core_int.h"

#include <string.h>

#include "adspec.h"
#include "link.h"

/* Messages to a neighbour's address may cross routers without RSVP. */
enum { UNICAST_TTL = 255 };

/* ---- common -------------------------------------------------------------- */

static struct wire_msg *
begin(struct rsvp_core *core, enum wire_type type,
	const struct wire_session *session)
{
	struct wire_msg *msg = &core->msg;

	memset(msg, 0, sizeof(*msg));
	msg->type = (uint8_t)type;
	msg->has = WIRE_HAS_SESSION;
	msg->session = *session;
	return msg;
}

static void
set_hop(struct wire_msg *msg, const struct addr *addr, uint32_t lih)
{
	msg->has |= WIRE_HAS_HOP;
	msg->hop = (struct wire_hop){ *addr, lih };
}

static void
set_style(struct wire_msg *msg, uint8_t style)
{
	msg->has |= WIRE_HAS_STYLE;
	msg->style = style;
}

static void
set_flows(struct wire_msg *msg, const struct wire_flow *flows, size_t count)
{
	memcpy(msg->flows, flows, count * sizeof(*flows));
	msg->flow_count = count;
}

static void
set_scope(struct wire_msg *msg, const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return;
	msg->has |= WIRE_HAS_SCOPE;
	msg->scope_view = (struct wire_view){ bytes, len };
}

/* Queue the octets of a message. */
static void
push_message(struct rsvp_core *core, const struct rsvp_send *to,
	const uint8_t *octets, size_t len)
{
	struct rsvp_send *body =
		(struct rsvp_send *)effect_push(core, RSVP_EFFECT_SEND, len);
	uint8_t *bytes;

	if (!body)
		return;
	bytes = (uint8_t *)(body + 1);
	memcpy(bytes, octets, len);
	*body = *to;
	body->bytes = bytes;
	body->len = len;
	core_count(core, RSVP_C_SENT);
}

/* Encode what begin() started, and queue it. */
static void
send_msg(struct rsvp_core *core, const struct rsvp_send *to)
{
	struct buf_writer w = buf_writer(core->buf, sizeof(core->buf));
	struct rsvp_send typed = *to;

	core->msg.send_ttl = to->ttl;
	if (!wire_msg_encode(&w, &core->msg)) {
		core_count(core, RSVP_C_BUG);
		return;
	}
	typed.type = core->msg.type;
	push_message(core, &typed, core->buf, buf_written(&w));
}

/* A neighbour on an interface: a link-local address needs it, any other is
 * reached as routing has it (RFC 2205 2.9: the way back may be another). */
static struct rsvp_send
to_neighbour(const struct iface *iface, const struct addr *dst)
{
	return (struct rsvp_send){
		.ifindex = addr_is_link_local(dst) ? iface->conf.ifindex : 0,
		.src = iface_addr(iface, dst->family),
		.dst = *dst,
		.ttl = UNICAST_TTL
	};
}

/* ---- Path, PathTear ------------------------------------------------------ */

/* Full is not the same as not known. */
static uint64_t
available_Bps(const struct rsvp_core *core, const struct iface *iface)
{
	const uint64_t left = iface_available_Bps(core, iface);

	return left == 0 && iface->conf.reservable_Bps > 0 ? 1 : left;
}

/* This node and that interface, for what that sender sends. */
static struct adspec_local
element(const struct rsvp_core *core, const struct psb *psb,
	const struct iface *iface)
{
	const struct rsvp_iface *conf = &iface->conf;
	struct adspec_local here = { .non_rsvp_hop = psb->non_rsvp,
		.intserv = conf->traffic_control && conf->link_Bps > 0 &&
			   iface->tc_error == 0,
		.gs = conf->budget_bytes > 0,
		.cl = true,
		.reshapes = demand_reshapes(psb, conf->ifindex),
		.available_Bps = available_Bps(core, iface),
		.latency_us = conf->latency_us,
		.mtu = conf->mtu };

	if (here.intserv && here.gs)
		link_gs_terms(conf, &here.C, &here.D);
	return here;
}

static bool
compose_adspec(const struct rsvp_core *core, const struct psb *psb,
	const struct iface *iface, struct wire_msg *msg)
{
	const struct adspec_local here = element(core, psb, iface);

	if (!psb_adspec(psb, &msg->adspec))
		return false;
	adspec_update(&msg->adspec, &here);
	return true;
}

static void
add_kept(const struct psb *psb, struct wire_msg *msg)
{
	msg->policy_count =
		blob_views(psb->policies, msg->policies, WIRE_POLICIES_MAX);
	msg->other_count =
		blob_views(psb->others, msg->others, WIRE_OTHERS_MAX);
}

/* Goes where the data go: from the sender's address, to the session's (3.1.3).
 * TTL: a transit node takes one off (RFC 2209, PATH REFRESH). */
static bool
along_path(const struct psb *psb, uint32_t ifindex, struct rsvp_send *ret_to)
{
	uint8_t ttl = psb->local ? psb->ttl : (uint8_t)(psb->ttl - 1);

	if (psb->ttl == 0 || ttl == 0)
		return false;
	*ret_to = (struct rsvp_send){ .ifindex = ifindex,
		.src = psb->sender.src,
		.dst = psb->session->key.dst,
		.ttl = ttl,
		.router_alert = true };
	return true;
}

static struct wire_msg *
begin_path(struct rsvp_core *core, enum wire_type type, const struct psb *psb,
	const struct iface *iface)
{
	struct wire_session session = session_wire(psb->session);
	struct addr addr = iface_addr(iface, session.dst.family);
	struct wire_msg *msg;

	if (addr.family == ADDR_NONE)
		return NULL;
	/* Whoever can police does, and clears the flag (3.8). */
	if (police_entry(psb) && !iface->conf.traffic_control)
		session.flags = WIRE_SESSION_E_POLICE;
	msg = begin(core, type, &session);
	set_hop(msg, &addr, iface->conf.ifindex);
	msg->has |= WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	msg->sender = psb->sender;
	msg->tspec = psb->tspec;
	add_kept(psb, msg);
	return msg;
}

void
out_path(struct rsvp_core *core, const struct psb *psb, uint32_t ifindex)
{
	const struct iface *iface = iface_usable(core, ifindex);
	struct rsvp_send to;
	struct wire_msg *msg;

	if (!iface || !along_path(psb, ifindex, &to))
		return;
	msg = begin_path(core, WIRE_PATH, psb, iface);
	if (!msg)
		return;
	msg->has |= WIRE_HAS_TIME_VALUES;
	msg->refresh_ms = iface->refresh_ms;
	if (compose_adspec(core, psb, iface, msg))
		msg->has |= WIRE_HAS_ADSPEC;
	send_msg(core, &to);
}

void
out_path_tear(struct rsvp_core *core, const struct psb *psb, uint32_t ifindex)
{
	const struct iface *iface = iface_usable(core, ifindex);
	struct rsvp_send to;

	if (!iface || !along_path(psb, ifindex, &to))
		return;
	if (begin_path(core, WIRE_PATH_TEAR, psb, iface))
		send_msg(core, &to);
}

/*
 * To a next hop that the path has left.  A message to the session's address
 * would go where the data go now, so this one is addressed to the node itself
 * (RFC 2205 3.1.5 wants it routed as the Path was, and nobody can any more).
 */
void
out_path_tear_to(struct rsvp_core *core, const struct psb *psb,
	uint32_t ifindex, const struct addr *next_hop)
{
	const struct iface *iface = iface_usable(core, ifindex);
	struct rsvp_send to;

	if (!iface)
		return;
	to = to_neighbour(iface, next_hop);
	if (begin_path(core, WIRE_PATH_TEAR, psb, iface))
		send_msg(core, &to);
}

/* ---- PathErr ------------------------------------------------------------- */

void
out_path_err(struct rsvp_core *core, const struct rsvp_packet *packet,
	uint8_t code, uint16_t value)
{
	const struct wire_msg *in = packet->msg;
	const struct iface *iface = iface_usable(core, packet->ifindex);
	struct rsvp_send to;
	struct wire_msg *msg;

	if (!iface || !addr_is_unicast(&in->hop.addr))
		return;
	to = to_neighbour(iface, &in->hop.addr);
	if (to.src.family == ADDR_NONE)
		return;
	msg = begin(core, WIRE_PATH_ERR, &in->session);
	msg->has |= WIRE_HAS_ERROR | WIRE_HAS_SENDER | WIRE_HAS_TSPEC;
	msg->error = (struct wire_error){
		.node = to.src, .code = code, .value = value
	};
	msg->sender = in->sender;
	msg->tspec = in->tspec;
	msg->tspec_malformed = in->tspec_malformed;
	msg->tspec_view = in->tspec_view;
	msg->other_count = in->other_count;
	memcpy(msg->others, in->others, sizeof(msg->others));
	send_msg(core, &to);
}

void
out_path_err_on(struct rsvp_core *core, const struct psb *psb,
	const struct wire_msg *in, uint8_t ttl)
{
	const struct iface *iface = iface_usable(core, psb->in_ifindex);
	struct rsvp_send to;

	if (!iface)
		return;
	to = to_neighbour(iface, &psb->hop.addr);
	if (to.src.family == ADDR_NONE)
		return;
	/* Path state that goes round in a ring of nodes, as it can while a
	 * route changes, would send it round for ever. */
	if (ttl <= 1) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	to.ttl = (uint8_t)(ttl - 1);
	core->msg = *in;
	core->msg.flags = 0;
	send_msg(core, &to);
}

/* ---- Resv, ResvTear ------------------------------------------------------ */

/* Several hops lead to senders of a wildcard reservation, or a next hop has
 * limited what it wants (3.4). */
static bool
needs_scope(const struct out_resv *resv)
{
	const struct psb *psb;
	const struct rsb *rsb;

	if (resv->style != WIRE_STYLE_WF)
		return false;
	TAILQ_FOREACH (psb, &resv->session->psbs, next)
		if (!psb->local && !addr_equal(&psb->hop.addr, &resv->hop.addr))
			return true;
	TAILQ_FOREACH (rsb, &resv->session->rsbs, next)
		if (rsb->scope)
			return true;
	return false;
}

/* Objects of classes we do not know go on with what they came with: the union
 * over the requests merged in it, one copy of each (3.10). */
static void
add_others(struct rsvp_core *core, const struct out_resv *resv,
	struct wire_msg *msg)
{
	struct view_list others = { msg->others, WIRE_OTHERS_MAX, 0, 0 };
	struct view_list policies = { msg->policies, WIRE_POLICIES_MAX, 0, 0 };
	const struct rsb *rsb;

	TAILQ_FOREACH (rsb, &resv->session->rsbs, next) {
		if (!rsb->others && !rsb->policies)
			continue;
		wish_place(core, rsb);
		if (!resv->wish->merged)
			continue;
		view_list_add(&others, rsb->others);
		view_list_add(&policies, rsb->policies);
	}
	msg->other_count = others.count;
	msg->policy_count = policies.count;
}

/* To the previous hop, with its own handle in RSVP_HOP (3.1.4). */
static bool
begin_resv(struct rsvp_core *core, enum wire_type type,
	const struct out_resv *resv, struct rsvp_send *ret_to)
{
	const struct iface *iface = iface_usable(core, resv->ifindex);
	struct wire_session session = session_wire(resv->session);
	struct wire_msg *msg;

	if (!iface)
		return false;
	*ret_to = to_neighbour(iface, &resv->hop.addr);
	if (ret_to->src.family == ADDR_NONE)
		return false;
	msg = begin(core, type, &session);
	set_hop(msg, &ret_to->src, resv->hop.lih);
	msg->refresh_ms = iface->refresh_ms;
	set_style(msg, resv->style);
	set_flows(msg, resv->flows, resv->count);
	return true;
}

void
out_resv(struct rsvp_core *core, const struct out_resv *resv)
{
	uint8_t scope[SCOPE_BYTES];
	struct rsvp_send to;
	struct wire_msg *msg = &core->msg;

	if (!begin_resv(core, WIRE_RESV, resv, &to))
		return;
	msg->has |= WIRE_HAS_TIME_VALUES;
	if (resv->confirm.family != ADDR_NONE) {
		msg->has |= WIRE_HAS_CONFIRM;
		msg->confirm = resv->confirm;
	}
	if (needs_scope(resv))
		set_scope(msg, scope, wish_scope(core, resv->wish, scope));
	add_others(core, resv, msg);
	send_msg(core, &to);
}

void
out_resv_tear(struct rsvp_core *core, const struct out_resv *resv)
{
	const struct wire_msg *cause = core->tearing;
	struct rsvp_send to;

	if (!begin_resv(core, WIRE_RESV_TEAR, resv, &to))
		return;
	if (cause) { /* what came with the tear goes on with it (3.10) */
		core->msg.other_count = cause->other_count;
		memcpy(core->msg.others, cause->others,
			sizeof(core->msg.others));
	}
	send_msg(core, &to);
}

/* ---- ResvErr ------------------------------------------------------------- */

/*
 * No more of what came with the message than is kept of any: one message may be
 * answered for each of its descriptors, or go on to each next hop, and objects
 * of 64 KiB with it would be many times what its sender spent.
 */
static void
add_objects(struct rsvp_core *core, struct wire_msg *msg,
	const struct out_error *err)
{
	msg->other_count = blob_fit(core, err->others, err->other_count);
	msg->policy_count = blob_fit(core, err->policies, err->policy_count);
	/* NULL when there are none. */
	for (size_t i = 0; i < msg->other_count; i++)
		msg->others[i] = err->others[i];
	for (size_t i = 0; i < msg->policy_count; i++)
		msg->policies[i] = err->policies[i];
}

void
out_resv_err(struct rsvp_core *core, const struct out_error *err)
{
	const struct iface *iface = iface_usable(core, err->ifindex);
	const struct scope_pick pick = { .session = session_find(
						 core, &err->session),
		.in = err->scope,
		.out_ifindex = err->ifindex };
	uint8_t scope[SCOPE_BYTES];
	struct rsvp_send to;
	struct wire_msg *msg;

	if (!iface)
		return;
	to = to_neighbour(iface, &err->hop);
	if (to.src.family == ADDR_NONE)
		return;
	msg = begin(core, WIRE_RESV_ERR, &err->session);
	set_hop(msg, &to.src, iface->conf.ifindex);
	msg->has |= WIRE_HAS_ERROR;
	msg->error = err->error;
	if (msg->error.node.family == ADDR_NONE)
		msg->error.node = to.src;
	set_style(msg, err->style);
	set_flows(msg, err->flows, err->count);
	if (err->scope.len > 0 && pick.session)
		set_scope(msg, scope, scope_collect(&pick, scope));
	add_objects(core, msg, err);
	send_msg(core, &to);
}

/* ---- ResvConf ------------------------------------------------------------ */

void
out_resv_conf(struct rsvp_core *core, const struct rsb *rsb)
{
	const struct iface *iface = iface_usable(core, rsb->ifindex);
	struct wire_session session = session_wire(rsb->session);
	struct wire_flow flows[WIRE_FLOWS_MAX];
	struct rsvp_send to;
	struct wire_msg *msg;
	size_t count;

	if (!iface)
		return;
	to = to_neighbour(iface, &rsb->owed);
	to.router_alert = true;
	if (to.src.family == ADDR_NONE)
		return;
	count = spec_flows(rsb->now, rsb->style, flows);
	msg = begin(core, WIRE_RESV_CONF, &session);
	msg->has |= WIRE_HAS_ERROR | WIRE_HAS_CONFIRM;
	msg->error = (struct wire_error){ .node = to.src };
	msg->confirm = rsb->owed;
	set_style(msg, rsb->style);
	set_flows(msg, flows, count);
	send_msg(core, &to);
}

/* ---- messages of others -------------------------------------------------- */

enum { CLASS_INTEGRITY = 4, VERSION_1 = 0x10 };

/* INTEGRITY is between two neighbours: it does not hold for the next one (RFC
 * 2205 3.1.9, 2747).  Classes 10bbbbbb are not forwarded (3.10). */
static bool
goes_on(uint8_t class_num)
{
	return class_num != CLASS_INTEGRITY && class_num >> 6 != 2;
}

/* All other objects, in their order. */
static void
copy_objects(struct buf_writer *w, const struct rsvp_packet *packet)
{
	struct buf_reader r = buf_reader(packet->bytes, packet->len);

	(void)buf_take(&r, WIRE_HEADER); /* decoded before: it is there */
	while (buf_left(&r) >= 4) {
		const uint8_t *object = r.pos;
		const uint16_t len = buf_get_u16be(&r);
		const uint8_t class_num = buf_get_u8(&r);

		if (len < 4 || !buf_take(&r, (size_t)len - 3))
			break; /* the decoder has checked that they tile */
		if (goes_on(class_num))
			buf_put_bytes(w, object, len);
	}
}

static void
put_header(struct buf_writer *w, const struct rsvp_packet *packet, size_t len,
	uint16_t checksum)
{
	buf_put_u8(w, VERSION_1);
	buf_put_u8(w, packet->msg->type);
	buf_put_u16be(w, checksum);
	buf_put_u8(w, (uint8_t)(packet->ttl - 1)); /* Send_TTL */
	buf_put_u8(w, 0);
	buf_put_u16be(w, (uint16_t)len);
}

/* With a new header, as the message is ours from here on.  Octets. */
static size_t
rebuild(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	struct buf_writer w = buf_writer(core->buf, sizeof(core->buf));
	size_t len;

	put_header(&w, packet, 0, 0);
	copy_objects(&w, packet);
	len = buf_written(&w);
	w = buf_writer(core->buf, WIRE_HEADER);
	put_header(&w, packet, len, 0);
	w = buf_writer(core->buf, WIRE_HEADER);
	put_header(&w, packet, len, wire_checksum(core->buf, len));
	return len;
}

/* One hop further.  A ResvConf goes from node to node; what is on its way
 * between two others is none of our business, as any datagram (2.9). */
void
out_pass_on(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const bool ours = packet->msg->type == WIRE_RESV_CONF;
	const struct rsvp_send to = { .type = packet->msg->type,
		.src = packet->src,
		.dst = packet->dst,
		.ttl = (uint8_t)(packet->ttl - 1),
		.router_alert = ours };

	/* A ResvConf whose style nobody knows confirms nothing. */
	if (packet->ttl <= 1 || (ours && !style_known(packet->msg->style))) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	if (ours)
		push_message(core, &to, core->buf, rebuild(core, packet));
	else
		push_message(core, &to, packet->bytes, packet->len);
}
