/* SPDX-License-Identifier: ISC */

/*
 * Path, PathTear and PathErr arriving (RFC 2205 3.1.3, 3.1.5, 3.1.7; RFC 2209,
 * PATH MESSAGE ARRIVES and the two after it).
 */

#include "core_int.h"

#include "adspec.h"
#include "merge.h"

/* ---- checks -------------------------------------------------------------- */

/* DstPort zero goes with SrcPort zero only; others are dropped without an
 * answer (RFC 2205 3.2). */
bool
ports_sane(const struct wire_session *session, const struct wire_filter *sender)
{
	return session->dst_port != 0 || sender->src_port == 0;
}

/* One host with and without ports in a session (RFC 2205 3.2, code 8). */
bool
ports_conflict(const struct session *session, const struct wire_filter *sender)
{
	const struct psb *psb;

	if (sender->form != WIRE_FILTER_PORT)
		return false;
	TAILQ_FOREACH (psb, &session->psbs, next) {
		const struct wire_filter *other = &psb->sender;

		if (other->form == WIRE_FILTER_PORT &&
			addr_equal(&other->src, &sender->src) &&
			(other->src_port == 0) != (sender->src_port == 0))
			return true;
	}
	return false;
}

bool
tspec_acceptable(const struct iface *iface, const struct wire_tspec *tspec)
{
	struct wire_tspec known = *tspec;

	merge_tspec_normalise(&known,
		iface ? iface->conf.assumed_min_packet : 1,
		iface ? iface->conf.mtu : UINT32_MAX);
	return merge_tspec_valid(&known);
}

/* Whether it can be a Path from a neighbour at all: our own one that came back
 * has our address as previous hop, or describes a sender here. */
static bool
from_neighbour(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;

	return addr_is_unicast(&msg->hop.addr) &&
	       !iface_of_addr(core, &msg->hop.addr, packet->ifindex) &&
	       !iface_of_addr(core, &msg->sender.src, packet->ifindex);
}

struct verdict {
	uint8_t code; /* 0: fine */
	uint16_t value;
};

static struct verdict
judge_contents(const struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	const struct iface *iface = iface_find(core, packet->ifindex);

	/* A malformed object was decoded as zeros, which are not valid. */
	if (!tspec_acceptable(iface, &msg->tspec))
		return (struct verdict){ WIRE_E_TC, WIRE_TC_TSPEC };
	if (msg->adspec_view.len > CORE_KEPT_MAX)
		return (struct verdict){ WIRE_E_TC, WIRE_TC_ADSPEC };
	if ((msg->has & WIRE_HAS_ADSPEC) && !adspec_valid(&msg->adspec))
		return (struct verdict){ WIRE_E_TC, WIRE_TC_ADSPEC };
	return (struct verdict){ 0, 0 };
}

static struct verdict
judge_ports(const struct rsvp_core *core, const struct wire_msg *msg)
{
	const struct session *session = session_find(core, &msg->session);

	if (session_port_conflict(core, &msg->session))
		return (struct verdict){ WIRE_E_DST_PORTS, 0 };
	if (session && ports_conflict(session, &msg->sender))
		return (struct verdict){ WIRE_E_SRC_PORTS, 0 };
	return (struct verdict){ 0, 0 };
}

static bool
check(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	struct verdict verdict;

	if (!from_neighbour(core, packet)) {
		core_count(core, RSVP_C_DROP_BAD);
		return false;
	}
	if (!ports_sane(&packet->msg->session, &packet->msg->sender)) {
		core_drop_bad(
			core, packet, "source port without destination port");
		return false;
	}
	verdict = judge_ports(core, packet->msg);
	if (verdict.code == 0)
		verdict = judge_contents(core, packet);
	if (verdict.code == 0)
		return true;
	core_count(core, RSVP_C_DROP_BAD);
	out_path_err(core, packet, verdict.code, verdict.value);
	return false;
}

/* ---- state --------------------------------------------------------------- */

static uint32_t
key_ifindex(const struct rsvp_packet *packet)
{
	/* Unicast: one path state a sender; its previous hop may change. */
	return addr_is_multicast(&packet->msg->session.dst) ? packet->ifindex
							    : 0;
}

static struct psb *
find_or_make(struct rsvp_core *core, const struct rsvp_packet *packet,
	bool *ret_made)
{
	const struct wire_msg *msg = packet->msg;
	struct session *session = session_find(core, &msg->session);
	struct psb *psb = NULL;

	*ret_made = false;
	if (session)
		psb = psb_find(session, &msg->sender, key_ifindex(packet));
	if (psb)
		return psb;
	psb_make_room(core, msg);
	if (!core_may_keep(core, msg)) {
		core_count(core, RSVP_C_DROP_LIMIT);
		return NULL;
	}
	session = session_make(
		core, &msg->session, &msg->hop.addr, packet->ifindex);
	if (!session)
		return NULL;
	psb = psb_new(core, session, &msg->sender);
	*ret_made = psb != NULL;
	if (!psb)
		session_sync(core, session, SESSION_QUIET);
	return psb;
}

static bool
same_tspec(const struct wire_tspec *a, const struct wire_tspec *b)
{
	const struct wire_flowspec one = { WIRE_SERVICE_CL, *a, 0, 0 };
	const struct wire_flowspec other = { WIRE_SERVICE_CL, *b, 0, 0 };

	return merge_equal(&one, &other);
}

static bool
update_objects(
	struct rsvp_core *core, struct psb *psb, const struct wire_msg *msg)
{
	size_t adspecs = msg->has & WIRE_HAS_ADSPEC ? 1 : 0;
	bool changed = false;

	if (blob_update(core, &psb->adspec, &msg->adspec_view, adspecs))
		changed = true;
	if (blob_update(core, &psb->policies, msg->policies, msg->policy_count))
		changed = true;
	if (blob_update(core, &psb->others, msg->others, msg->other_count))
		changed = true;
	return changed;
}

/* Two nodes that say they are the previous hop: after a change of routes, or
 * because one of them is mistaken.  The last one counts (RFC 2205 3.1.3). */
static void
note_hop(struct rsvp_core *core, const struct psb *psb,
	const struct wire_msg *msg)
{
	char sender[ADDR_TEXT], old[ADDR_TEXT], new[ADDR_TEXT];

	if (psb->hop.addr.family == ADDR_NONE ||
		addr_equal(&psb->hop.addr, &msg->hop.addr))
		return;
	core_note(core, NOTE_REMOTE,
		"sender %s now comes from previous hop %s, before from %s",
		addr_format(&psb->sender.src, sender),
		addr_format(&msg->hop.addr, new),
		addr_format(&psb->hop.addr, old));
}

/* True: there is something new to tell downstream (RFC 2209, 2961 1.1). */
static bool
update(struct rsvp_core *core, struct psb *psb,
	const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	bool non_rsvp = packet->ttl != msg->send_ttl;
	bool e_police = (msg->session.flags & WIRE_SESSION_E_POLICE) != 0;
	bool changed = update_objects(core, psb, msg);

	if (!addr_equal(&psb->hop.addr, &msg->hop.addr) ||
		psb->hop.lih != msg->hop.lih ||
		psb->in_ifindex != packet->ifindex ||
		!same_tspec(&psb->tspec, &msg->tspec) ||
		psb->non_rsvp != non_rsvp || psb->e_police != e_police)
		changed = true;
	note_hop(core, psb, msg);
	psb->hop = msg->hop;
	psb->in_ifindex = packet->ifindex;
	psb->tspec = msg->tspec;
	psb->non_rsvp = non_rsvp;
	psb->e_police = e_police;
	psb->ttl = packet->ttl;
	return changed;
}

static bool
restart_expiry(struct rsvp_core *core, struct psb *psb,
	const struct rsvp_packet *packet)
{
	const struct iface *iface = iface_find(core, packet->ifindex);

	psb->refresh_ms = timer_sane_refresh(packet->msg->refresh_ms);
	return timer_set(core, &psb->expiry,
		rsvp_lifetime_ms(
			psb->refresh_ms, iface ? iface->conf.lives : 1));
}

static void
path_changed(struct rsvp_core *core, struct psb *psb)
{
	struct session *session = psb->session;

	demand_ask_again(session);
	psb_forward(core, psb);
	local_path_event(core, session);
	session_sync(core, session, SESSION_TELL);
}

/* Of the path states of one sender one is used for forwarding: another that was
 * is for local receivers from now on (RFC 2209 1, PATH MESSAGE ARRIVES). */
static void
find_routes(struct rsvp_core *core, struct psb *psb)
{
	struct psb *other;

	(void)psb_route(core, psb);
	TAILQ_FOREACH (other, &psb->session->psbs, next)
		if (other != psb &&
			wire_filter_equal(&other->sender, &psb->sender))
			(void)psb_route(core, other);
}

void
in_path(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	struct psb *psb;
	uint32_t old_ifindex;
	bool made, changed;

	if (!check(core, packet))
		return;
	psb = find_or_make(core, packet, &made);
	if (!psb)
		return;
	if (psb->local) { /* somebody else says he is our application */
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	core_count(core, RSVP_C_PATH_IN);
	psb_heard(core, psb, made);
	old_ifindex = psb->in_ifindex;
	changed = update(core, psb, packet); /* one just made is: its hop */
	if (!restart_expiry(core, psb, packet)) {
		struct session *session = psb->session;

		core_count(core, RSVP_C_DROP_MEMORY);
		psb_free(core, psb);
		session_sync(core, session, SESSION_QUIET);
		return;
	}
	if (made || old_ifindex != psb->in_ifindex)
		find_routes(core, psb); /* all is told below */
	if (changed)
		path_changed(core, psb);
}

/* ---- its end ------------------------------------------------------------- */

static void
remove_path(struct rsvp_core *core, struct psb *psb)
{
	struct session *session = psb->session;

	psb_tear(core, psb);
	local_path_event(core, session);
	/* RFC 2205 3.1.5: no Resv refresh comes of it. */
	session_sync(core, session, SESSION_QUIET);
}

void
in_path_tear(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	struct session *session = session_find(core, &msg->session);
	struct psb *psb = NULL;

	if (session)
		psb = psb_find(session, &msg->sender, key_ifindex(packet));
	if (!psb || !addr_equal(&psb->hop.addr, &msg->hop.addr)) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	core_count(core, RSVP_C_TEAR_IN);
	/* What came with the tear goes on with it (3.10). */
	(void)blob_set(core, &psb->others, msg->others,
		blob_fit(core, msg->others, msg->other_count));
	remove_path(core, psb);
}

void
path_expired(struct rsvp_core *core, struct psb *psb)
{
	core_count(core, RSVP_C_PATH_EXPIRED);
	remove_path(core, psb);
}

/* ---- PathErr ------------------------------------------------------------- */

/* The one whose Path went down to whoever complains (RFC 2209 1). */
static const struct psb *
forwarded(const struct session *session, const struct wire_filter *sender)
{
	const struct psb *psb;

	TAILQ_FOREACH (psb, &session->psbs, next)
		if (!psb->local_only && wire_filter_equal(&psb->sender, sender))
			return psb;
	return NULL;
}

void
in_path_err(struct rsvp_core *core, const struct rsvp_packet *packet)
{
	const struct wire_msg *msg = packet->msg;
	const struct session *session = session_find(core, &msg->session);
	const struct psb *psb = NULL;

	if (session)
		psb = forwarded(session, &msg->sender);
	if (!psb) {
		core_count(core, RSVP_C_DROP_STATE);
		return;
	}
	/* Two nodes that take each other for their previous hop, as they do
	 * while a route loops, would send it to and fro for ever. */
	if (addr_equal(&packet->src, &psb->hop.addr)) {
		core_count(core, RSVP_C_DROP_BAD);
		return;
	}
	core_count(core, RSVP_C_ERROR_IN);
	if (psb->local)
		local_path_error(
			core, psb->local, &msg->sender, &msg->error, "");
	else
		out_path_err_on(core, psb, msg, packet->ttl);
}
