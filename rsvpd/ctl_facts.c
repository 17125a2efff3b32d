/* SPDX-License-Identifier: ISC */

/* Turns what the engine knows into facts; see ctl_facts.h. */

#include "rsvpd/ctl_facts.h"

#include <stdio.h>
#include <time.h>

#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/tc_client.h"

static uint64_t
bits(uint64_t rate_Bps)
{
	return rate_Bps > UINT64_MAX / 8 ? UINT64_MAX : rate_Bps * 8;
}

static const char *
style_text(uint8_t style)
{
	return wire_style_known(style) ? wire_style_text(style) : "none";
}

static const char *
service_text(uint8_t service)
{
	if (service == WIRE_SERVICE_GS)
		return "GS";
	return service == WIRE_SERVICE_CL ? "CL" : "none";
}

void
ctl_facts_iface(struct buf_writer *w, const struct rsvp_iface_info *info)
{
	const struct rsvp_iface *c = &info->conf;

	ctl_put_text(w, CTL_F_NAME, c->name);
	ctl_put_number(w, CTL_F_IFINDEX, c->ifindex);
	ctl_put_bool(w, CTL_F_UP, c->up);
	ctl_put_bool(w, CTL_F_ENABLED, c->enabled);
	ctl_put_bool(w, CTL_F_TRAFFIC_CONTROL, c->traffic_control);
	ctl_put_bool(w, CTL_F_TC_READY, info->tc_ready);
	ctl_put_text(w, CTL_F_TC_PROBLEM, info->tc_problem);
	ctl_put_addr(w, CTL_F_V4, &c->v4);
	ctl_put_addr(w, CTL_F_V6, &c->v6);
	ctl_put_number(w, CTL_F_MTU, c->mtu);
	ctl_put_number(w, CTL_F_REFRESH, c->refresh_ms);
	ctl_put_number(w, CTL_F_BANDWIDTH, bits(c->link_Bps));
	ctl_put_number(w, CTL_F_RESERVABLE, bits(c->reservable_Bps));
	ctl_put_number(w, CTL_F_RESERVED, bits(info->reserved_Bps));
	ctl_put_number(w, CTL_F_RESERVED_GS, bits(info->reserved_gs_Bps));
	ctl_put_number(w, CTL_F_RESERVED_CL, bits(info->reserved_cl_Bps));
	ctl_put_number(w, CTL_F_BUDGET, c->budget_bytes);
	ctl_put_number(w, CTL_F_BUDGET_USED, info->budget_used_bytes);
	ctl_put_number(w, CTL_F_FLOWS, info->flows);
	ctl_put_number(w, CTL_F_MAX_FLOWS, c->max_flows);
	ctl_put_number(w, CTL_F_GS_C, info->gs_C_bytes);
	ctl_put_number(w, CTL_F_GS_D, info->gs_D_us);
}

void
ctl_facts_udp(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex)
{
	struct net_raw_udp udp;

	net_raw_udp(engine->raw, ifindex, &udp);
	ctl_put_text(w, CTL_F_UDP, conf_udp_text(udp.mode));
	ctl_put_bool(w, CTL_F_UDP_SEEN, udp.seen);
	ctl_put_number(w, CTL_F_UDP_NEIGHBOURS, udp.neighbours);
}

void
ctl_facts_drift(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex)
{
	char text[TC_TEXT];

	ctl_put_number(
		w, CTL_F_DRIFTS, tc_client_drift(engine->tc, ifindex, text));
	ctl_put_text(w, CTL_F_LAST_DRIFT, text);
}

void
ctl_facts_tc(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex)
{
	const uint64_t rate_Bps = net_link_ingress(engine->link, ifindex);
	const char *refused = tc_client_refused(engine->tc, ifindex);
	const struct net_offloads o = net_link_offloads(engine->link, ifindex);

	if (rate_Bps > 0)
		ctl_put_number(w, CTL_F_INGRESS, bits(rate_Bps));
	if (refused[0] != '\0')
		ctl_put_text(w, CTL_F_TC_REFUSED, refused);
	if (o.gso_segs != 0)
		ctl_put_number(w, CTL_F_GSO_SEGS, o.gso_segs);
	if (o.gso_limit != 0)
		ctl_put_number(w, CTL_F_GSO_LIMIT, o.gso_limit);
	if (o.gro_octets != 0)
		ctl_put_number(w, CTL_F_GRO_OCTETS, o.gro_octets);
	if (o.gro_limit != 0)
		ctl_put_number(w, CTL_F_GRO_LIMIT, o.gro_limit);
}

void
ctl_facts_session(struct buf_writer *w, const struct wire_session *s)
{
	ctl_put_addr(w, CTL_F_DST, &s->dst);
	ctl_put_number(w, CTL_F_PROTO, s->proto);
	ctl_put_number(w, CTL_F_PORT, s->dst_port);
}

static void
filter(struct buf_writer *w, const struct wire_filter *f)
{
	ctl_put_addr(w, CTL_F_SRC, &f->src);
	if (f->form == WIRE_FILTER_FLOW_LABEL)
		ctl_put_number(w, CTL_F_FLOW_LABEL, f->flow_label);
	else
		ctl_put_number(w, CTL_F_PORT, f->src_port);
}

static void
filter_in(
	struct buf_writer *w, enum ctl_fact_id id, const struct wire_filter *f)
{
	uint8_t *nest = msg_nest(w, (uint16_t)id);

	filter(w, f);
	msg_nest_end(w, nest);
}

static void
tspec(struct buf_writer *w, const struct wire_tspec *t)
{
	ctl_put_real(w, CTL_F_R, (double)t->r);
	ctl_put_real(w, CTL_F_B, (double)t->b);
	ctl_put_real(w, CTL_F_P, (double)t->p);
	ctl_put_number(w, CTL_F_M, t->m);
	ctl_put_number(w, CTL_F_MAX, t->M);
}

static void
flowspec(struct buf_writer *w, const struct wire_flowspec *spec)
{
	uint8_t *nest = msg_nest(w, CTL_F_FLOWSPEC);

	tspec(w, &spec->tspec);
	if (spec->service == WIRE_SERVICE_GS) {
		ctl_put_real(w, CTL_F_RATE_R, (double)spec->R);
		ctl_put_number(w, CTL_F_SLACK, spec->S);
	}
	msg_nest_end(w, nest);
	ctl_put_text(w, CTL_F_SERVICE, service_text(spec->service));
}

static void
who(struct buf_writer *w, const struct rsvp_who *user)
{
	if (!user->known)
		return;
	ctl_put_number(w, CTL_F_UID, user->uid);
	ctl_put_number(w, CTL_F_PID, user->pid);
}

void
ctl_facts_path(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_path_info *info)
{
	char names[RSVP_OIFS_MAX * RSVP_NAME];
	struct text out = text_over(names, sizeof(names));
	uint8_t *nest;

	for (size_t i = 0; i < info->out_count; i++)
		text_printf(&out, "%s%s", i > 0 ? "," : "",
			net_link_name(engine->link, info->out_ifindex[i]));
	filter_in(w, CTL_F_SENDER, &info->sender);
	nest = msg_nest(w, CTL_F_TSPEC);
	tspec(w, &info->tspec);
	msg_nest_end(w, nest);
	ctl_put_bool(w, CTL_F_LOCAL, info->local_id != 0);
	who(w, &info->who);
	ctl_put_addr(w, CTL_F_HOP, &info->hop.addr);
	ctl_put_number(w, CTL_F_LIH, info->hop.lih);
	ctl_put_text(
		w, CTL_F_IN, net_link_name(engine->link, info->in_ifindex));
	ctl_put_text(w, CTL_F_OUT, names);
	ctl_put_bool(w, CTL_F_TO_LOCAL, info->to_local);
	ctl_put_number(w, CTL_F_TTL, info->ttl);
	ctl_put_bool(w, CTL_F_NON_RSVP, info->non_rsvp_hop);
	ctl_put_number(w, CTL_F_REFRESH, info->refresh_ms);
	if (info->local_id == 0)
		ctl_put_signed(w, CTL_F_EXPIRES, info->expires_ms);
}

static const char *
state_text(enum rsvp_resv_state state)
{
	switch (state) {
	case RSVP_RESV_LOCAL:
		return "local";
	case RSVP_RESV_WAITING:
		return "waiting";
	case RSVP_RESV_INSTALLED:
		return "installed";
	case RSVP_RESV_NO_TC:
		return "no-traffic-control";
	case RSVP_RESV_FAILED:
		return "increase-failed";
	}
	return "unknown";
}

static void
counted(struct buf_writer *w, const struct tc_counter *counter)
{
	char classid[24];

	snprintf(classid, sizeof(classid), "%x:%x", counter->classid >> 16,
		counter->classid & 0xffff);
	ctl_put_text(w, CTL_F_CLASSID, classid);
	ctl_put_number(w, CTL_F_BYTES, counter->bytes);
	ctl_put_number(w, CTL_F_PACKETS, counter->packets);
	ctl_put_number(w, CTL_F_DROPS, counter->drops);
	ctl_put_number(w, CTL_F_BACKLOG, counter->backlog_bytes);
	ctl_facts_hidden(w, counter);
}

void
ctl_facts_hidden(struct buf_writer *w, const struct tc_counter *counter)
{
	if (!counter || !counter->hidden_counted)
		return;
	ctl_put_number(w, CTL_F_HIDDEN_FRAGMENTS, counter->hidden_fragments);
	ctl_put_number(w, CTL_F_HIDDEN_EXTENSIONS, counter->hidden_extensions);
}

/* as NULL: its packets stay as they are.  counter NULL: nothing is known of
 * what the kernel can. */
static void
put_marking(struct buf_writer *w, const struct tc_marking *as,
	const struct tc_counter *counter)
{
	if (as && as->marks)
		ctl_put_number(w, CTL_F_DSCP, as->dscp);
	if (as && as->marks_out && counter && counter->marks_out)
		ctl_put_number(w, CTL_F_DSCP_OUT, as->dscp_out);
}

void
ctl_facts_resv(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_resv_info *info, const struct tc_counter *counter)
{
	const size_t shown = sizeof(info->filters) / sizeof(info->filters[0]);

	ctl_put_text(
		w, CTL_F_INTERFACE, net_link_name(engine->link, info->ifindex));
	ctl_put_addr(w, CTL_F_HOP, &info->hop.addr);
	ctl_put_bool(w, CTL_F_LOCAL, info->local_id != 0);
	who(w, &info->who);
	ctl_put_text(w, CTL_F_STYLE, style_text(info->style));
	flowspec(w, &info->flowspec);
	for (size_t i = 0; i < info->filter_count && i < shown; i++)
		filter_in(w, CTL_F_FILTERS, &info->filters[i]);
	ctl_put_text(w, CTL_F_STATE, state_text(info->state));
	ctl_put_number(w, CTL_F_FLOW_ID, info->flow_id);
	ctl_put_number(w, CTL_F_RATE, bits(info->rate_Bps));
	ctl_put_text(w, CTL_F_RULE, info->rule);
	ctl_put_text(w, CTL_F_REASON, info->reason);
	ctl_put_number(w, CTL_F_REFRESH, info->refresh_ms);
	if (info->local_id == 0)
		ctl_put_signed(w, CTL_F_EXPIRES, info->expires_ms);
	if (counter)
		counted(w, counter);
	put_marking(w, marks_of(engine->marks, info->flow_id), counter);
	/* Controlled load borrows for what exceeds, as best effort does. */
	if (counter && info->flowspec.service == WIRE_SERVICE_GS)
		ctl_put_text(w, CTL_F_EXCESS,
			counter->demoted ? "demoted" : "reshaped");
}

void
ctl_facts_refusal(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_refusal *refusal, struct mono now)
{
	uint8_t *nest = msg_nest(w, CTL_F_SESSION);

	ctl_facts_session(w, &refusal->session);
	msg_nest_end(w, nest);
	ctl_put_number(w, CTL_F_SERIAL, refusal->serial);
	ctl_put_signed(w, CTL_F_AGE, mono_ms_between(refusal->when, now));
	ctl_put_text(
		w, CTL_F_MESSAGE, wire_type_text((uint8_t)refusal->message));
	filter_in(w, CTL_F_SENDER, &refusal->sender);
	flowspec(w, &refusal->flowspec);
	ctl_put_text(w, CTL_F_STYLE, style_text(refusal->style));
	ctl_put_text(w, CTL_F_INTERFACE,
		net_link_name(engine->link, refusal->ifindex));
	ctl_put_addr(w, CTL_F_NEIGHBOUR, &refusal->neighbour);
	who(w, &refusal->who);
	ctl_put_number(w, CTL_F_CODE, refusal->code);
	ctl_put_text(w, CTL_F_CODE_TEXT, wire_error_text(refusal->code));
	ctl_put_number(w, CTL_F_CODE_VALUE, refusal->value);
	/* The same by the name that it has in the events of applications. */
	ctl_put_number(w, CTL_F_VALUE, refusal->value);
	ctl_put_text(w, CTL_F_VALUE_TEXT,
		wire_error_value_text(refusal->code, refusal->value));
	ctl_put_text(w, CTL_F_RULE, refusal->rule);
	ctl_put_text(w, CTL_F_REASON, refusal->reason);
}

void
ctl_facts_held(struct buf_writer *w, const struct policy_client *client)
{
	const struct policy_history *h = policy_client_history(client);

	if (h->held == 0)
		return;
	ctl_put_number(w, CTL_F_HELD, h->held);
	ctl_put_signed(w, CTL_F_HELD_AGE,
		((int64_t)time(NULL) - (int64_t)h->held_s) * 1000);
}

void
ctl_facts_policy(struct buf_writer *w, const struct policy_status *status,
	const struct policy_client *client, const struct rules *rules)
{
	const struct policy_client_file *file = policy_client_file(client);

	ctl_put_text(w, CTL_F_KIND, "status");
	ctl_put_number(w, CTL_F_GENERATION, status->generation);
	ctl_put_text(w, CTL_F_SOURCE, status->source);
	ctl_put_number(w, CTL_F_ALLOWED, status->allowed);
	ctl_put_number(w, CTL_F_REFUSED, status->refused);
	ctl_put_text(w, CTL_F_SOURCES, policy_client_sources(client));
	ctl_put_number(w, CTL_F_FILE_DIGEST, file->digest);
	ctl_put_number(w, CTL_F_FILE_GENERATION, file->generation);
	ctl_put_number(w, CTL_F_RULES_GENERATION, rules_settled(rules));
	ctl_put_number(w, CTL_F_RULES_BEYOND, rules_beyond(rules));
	if (file->problem[0] != '\0')
		ctl_put_text(w, CTL_F_FILE_PROBLEM, file->problem);
	ctl_facts_held(w, client);
}

/* Milliseconds from one second to a later one; nothing for never. */
static void
put_age(struct buf_writer *w, enum ctl_fact_id id, uint64_t then_s,
	uint64_t now_s)
{
	if (then_s != 0)
		ctl_put_signed(
			w, id, ((int64_t)now_s - (int64_t)then_s) * 1000);
}

void
ctl_facts_directory(struct buf_writer *w, const struct policy_directory *d,
	const char *sources, uint64_t now_s)
{
	ctl_put_text(w, CTL_F_SOURCES, sources);
	if (!d->known)
		return;
	ctl_put_text(w, CTL_F_SERVER, d->server);
	ctl_put_text(w, CTL_F_MODE, d->mode);
	ctl_put_bool(w, CTL_F_CONNECTED, d->connected);
	ctl_put_bool(w, CTL_F_WAITING, d->waiting);
	ctl_put_number(w, CTL_F_ENTRIES, d->entries);
	ctl_put_number(w, CTL_F_SKIPPED, d->skipped);
	put_age(w, CTL_F_COOKIE_AGE, d->cookie_s, now_s);
	put_age(w, CTL_F_CHANGE_AGE, d->change_s, now_s);
	put_age(w, CTL_F_ANSWER_AGE, d->answer_s, now_s);
	put_age(w, CTL_F_CACHE_AGE, d->cache_s, now_s);
	if (d->retry_s > now_s)
		put_age(w, CTL_F_RETRY, now_s, d->retry_s);
}

void
ctl_facts_rule(struct buf_writer *w, const struct policy_rule_info *rule)
{
	ctl_put_text(w, CTL_F_NAME, rule->name);
	ctl_put_text(w, CTL_F_PERMISSION, rule->allow ? "allow" : "deny");
	ctl_put_signed(w, CTL_F_PRIORITY, rule->priority);
	ctl_put_text(w, CTL_F_CATEGORY, rule->category);
	ctl_put_text(w, CTL_F_CONDITIONS, rule->conditions);
	ctl_put_text(w, CTL_F_GRANTS, rule->grants);
	ctl_put_number(w, CTL_F_ALLOWED, rule->allowed);
	ctl_put_number(w, CTL_F_REFUSED, rule->refused);
	ctl_put_number(w, CTL_F_FLOWS, rule->flows);
	ctl_put_number(w, CTL_F_RATE, bits(rule->rate_Bps));
	ctl_put_number(w, CTL_F_MATCHED, rule->matched);
	for (size_t i = 0; i < rule->n_refusals; i++) {
		uint8_t *nest = msg_nest(w, CTL_F_REFUSALS);

		ctl_put_text(w, CTL_F_REASON, rule->refusals[i].reason);
		ctl_put_number(w, CTL_F_COUNT, rule->refusals[i].count);
		msg_nest_end(w, nest);
	}
}

static const char *
rule_state_text(enum rules_state state)
{
	switch (state) {
	case RULES_WAITING:
		return "waiting";
	case RULES_INSTALLED:
		return "installed";
	case RULES_INACTIVE:
		return "inactive";
	case RULES_REFUSED:
		return "refused";
	}
	return "unknown";
}

static const char *
excess_text(uint8_t excess)
{
	switch ((enum tc_excess)excess) {
	case TC_EXCESS_MARK:
		return "mark";
	case TC_EXCESS_DROP:
		return "drop";
	case TC_EXCESS_DELAY:
		return "delay";
	case TC_EXCESS_COUNT:
		break;
	}
	return "unknown";
}

/* What it does with packets. */
static void
treatment(struct buf_writer *w, const struct rules_info *info)
{
	ctl_put_text(w, CTL_F_PERMISSION, info->deny ? "deny" : "allow");
	if (info->marks)
		ctl_put_number(w, CTL_F_DSCP, info->dscp);
	if (info->rate_Bps == 0)
		return;
	ctl_put_number(w, CTL_F_RATE, bits(info->rate_Bps));
	ctl_put_number(w, CTL_F_BUCKET, info->bucket_bytes);
	if (info->peak_Bps > 0)
		ctl_put_number(w, CTL_F_PEAK, bits(info->peak_Bps));
	if (info->min_packet_bytes > 0)
		ctl_put_number(w, CTL_F_MIN_PACKET, info->min_packet_bytes);
	if (info->max_packet_bytes > 0)
		ctl_put_number(w, CTL_F_MAX_PACKET, info->max_packet_bytes);
	ctl_put_text(w, CTL_F_EXCESS, excess_text(info->excess));
	if (info->marks_out)
		ctl_put_number(w, CTL_F_DSCP_OUT, info->dscp_out);
}

void
ctl_facts_data_rule(struct buf_writer *w, const struct rules_info *info)
{
	char classid[24];

	ctl_put_text(w, CTL_F_NAME, info->name);
	ctl_put_text(w, CTL_F_INTERFACE, info->ifname);
	ctl_put_text(w, CTL_F_CATEGORY, info->category);
	ctl_put_signed(w, CTL_F_PRIORITY, info->priority);
	ctl_put_text(w, CTL_F_STATE, rule_state_text(info->state));
	ctl_put_text(w, CTL_F_REASON, info->reason);
	treatment(w, info);
	ctl_put_bool(w, CTL_F_GUARANTEED, info->guaranteed);
	ctl_put_bool(w, CTL_F_BEFORE, info->before);
	ctl_put_bool(w, CTL_F_VIOLATION, info->violation);
	ctl_put_text(w, CTL_F_OTHER, info->other);
	if (info->classid != 0) {
		snprintf(classid, sizeof(classid), "%x:%x", info->classid >> 16,
			info->classid & 0xffff);
		ctl_put_text(w, CTL_F_CLASSID, classid);
	}
	ctl_put_number(w, CTL_F_IN_BYTES, info->in_bytes);
	ctl_put_number(w, CTL_F_IN_PACKETS, info->in_packets);
	ctl_put_number(w, CTL_F_OUT_BYTES, info->out_bytes);
	ctl_put_number(w, CTL_F_OUT_PACKETS, info->out_packets);
	ctl_put_number(w, CTL_F_BACKLOG, info->backlog_bytes);
}

void
ctl_facts_status(
	struct buf_writer *w, const struct engine *engine, struct mono now)
{
	struct rsvp_totals totals;

	rsvp_core_totals(engine->core, &totals);
	ctl_put_text(w, CTL_F_VERSION, PACKAGE_VERSION);
	ctl_put_signed(w, CTL_F_UPTIME, mono_ms_between(engine->started, now));
	ctl_put_number(w, CTL_F_SESSIONS, totals.sessions);
	ctl_put_number(w, CTL_F_FLOWS, totals.flows);
	ctl_put_number(w, CTL_F_ADOPTED, totals.adopted_unclaimed);
	ctl_put_number(w, CTL_F_MEMORY, totals.memory_bytes);
}
