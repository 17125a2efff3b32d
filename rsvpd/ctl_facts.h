/* SPDX-License-Identifier: ISC */
#ifndef CTL_FACTS_H
#define CTL_FACTS_H

/*
 * The engine's state as facts of ctl/ctl_msg.h.  Each function writes the
 * attributes of one thing; a writer that is too small is left failed.
 */

#include "ctl/ctl_msg.h"
#include "policy/policy.h"
#include "rsvpd/core/rsvp.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules.h"
#include "tcctl/tcctl.h"

struct engine;
struct policy_client;

void ctl_facts_iface(struct buf_writer *w, const struct rsvp_iface_info *info);
/* Packets of reservations whose ports are hidden; nothing where they are not
 * counted. */
void ctl_facts_hidden(struct buf_writer *w, const struct tc_counter *counter);
/* What other programs did to its tree. */
void ctl_facts_drift(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex);
/* What else traffic control was asked for there: to what the traffic that it
 * receives is shaped, what was refused; nothing where there is nothing. */
void ctl_facts_tc(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex);
/* How it speaks RSVP in UDP. */
void ctl_facts_udp(
	struct buf_writer *w, const struct engine *engine, uint32_t ifindex);
void ctl_facts_session(struct buf_writer *w, const struct wire_session *s);
void ctl_facts_path(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_path_info *info);
/* counter: of its class, or NULL. */
void ctl_facts_resv(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_resv_info *info, const struct tc_counter *counter);
void ctl_facts_refusal(struct buf_writer *w, const struct engine *engine,
	const struct rsvp_refusal *refusal, struct mono now);
void ctl_facts_policy(struct buf_writer *w, const struct policy_status *status,
	const struct policy_client *client, const struct rules *rules);
/* Which generation a rollback holds, and since when; nothing when none does. */
void ctl_facts_held(struct buf_writer *w, const struct policy_client *client);
/* How the directory is, at that second since 1970. */
void ctl_facts_directory(struct buf_writer *w,
	const struct policy_directory *directory, const char *sources,
	uint64_t now_s);
void ctl_facts_rule(struct buf_writer *w, const struct policy_rule_info *rule);
/* A rule on data traffic, with its conditions one by one (ctl_data.c). */
void ctl_facts_data(struct buf_writer *w, const struct policy_data_rule *rule);
/* A rule on data traffic, on one interface. */
void ctl_facts_data_rule(struct buf_writer *w, const struct rules_info *info);
void ctl_facts_status(
	struct buf_writer *w, const struct engine *engine, struct mono now);

#endif /* CTL_FACTS_H */
