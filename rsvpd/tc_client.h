/* SPDX-License-Identifier: ISC */
#ifndef TC_CLIENT_H
#define TC_CLIENT_H

/*
 * The engine's side of the conversation with tcctl serve (tcctl.h): sends what
 * the core wants in batches, hands the answers to the core.
 */

#include "rsvpd/conf.h"
#include "rsvpd/core/rsvp.h"
#include "tcctl/tcctl.h"

struct engine;
struct tc_client;

struct tc_client *tc_client_new(struct engine *engine);
void tc_client_free(struct tc_client *tc);

/* A connection to a (new) tcctl: all interfaces are announced to it again. */
void tc_client_socket(struct tc_client *tc, int fd);

/* The core wants a flow in the kernel (RSVP_EFFECT_FLOW). */
void tc_client_flow(
	struct tc_client *tc, const struct rsvp_flow_request *request);

/* Mark a flow that is there; a refusal is logged. */
void tc_client_flow_mark(struct tc_client *tc, const struct tc_flow_mark *mark);

/* An interface has (new) settings, or is no longer managed. */
void tc_client_iface(struct tc_client *tc, const struct tc_iface *iface);
void tc_client_iface_off(struct tc_client *tc, uint32_t ifindex);

/* tcctl has answered for every interface once: what was found there is known.
 */
bool tc_client_settled(const struct tc_client *tc);

/* Ask for counters; tell is called for each, then once with NULL (also when
 * tcctl is not there). */
typedef void tc_client_counter_fn(void *arg, const struct tc_counter *counter);
void tc_client_counters(struct tc_client *tc,
	const struct tc_counters_query *query, tc_client_counter_fn *tell,
	void *arg);

/* How often other programs changed the tree of an interface, and what was told
 * of the last time, or "". */
uint64_t tc_client_drift(
	const struct tc_client *tc, uint32_t ifindex, char text[TC_TEXT]);
/* The configuration was read again: what was refused of it is asked for once
 * more. */
void tc_client_again(struct tc_client *tc);
/* Why an interface is not managed as it was asked for last, while it is as
 * before; or "". */
const char *tc_client_refused(const struct tc_client *tc, uint32_t ifindex);
/* To how many packets handed down as one tcctl was to limit the interface when
 * it last answered, whether it could or not; 0: to none, or it has not. */
uint32_t tc_client_gso(const struct tc_client *tc, uint32_t ifindex);
/* What became of an interface. */
enum tc_client_state {
	TC_CLIENT_READY, /* managed, and what was found there has been told */
	TC_CLIENT_AWAY,  /* not managed for now; ifindex 0: none is */
	TC_CLIENT_OFF    /* given up by us */
};
typedef void tc_client_ready_fn(
	void *arg, uint32_t ifindex, enum tc_client_state state);
void tc_client_on_ready(
	struct tc_client *tc, tc_client_ready_fn *ready, void *arg);

/* Make these the static rules of the interface.  done is called once, with NULL
 * when tcctl is not there. */
typedef void tc_client_rules_fn(
	void *arg, uint32_t ifindex, const struct tc_done *done);
void tc_client_rules(struct tc_client *tc, uint32_t ifindex,
	const struct tc_rule *const *rules, size_t count,
	tc_client_rules_fn *done, void *arg);

/* As tc_client_counters(), of the static rules of all interfaces. */
typedef void tc_client_rule_counter_fn(
	void *arg, const struct tc_rule_counter *counter);
void tc_client_rule_counters(
	struct tc_client *tc, tc_client_rule_counter_fn *tell, void *arg);

#endif /* TC_CLIENT_H */
