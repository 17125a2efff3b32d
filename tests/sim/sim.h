/* SPDX-License-Identifier: ISC */
#ifndef SIM_H
#define SIM_H

/*
 * Many cores, one virtual clock: nodes joined by links that lose, double, delay
 * and reorder, unicast and multicast routing, kernels that take their time and
 * may refuse, policies, applications.  Everything follows from the seed.
 *
 * An event is one input to one node: a packet, a tick, a call, an answer.
 * After each the node it touched is compared with oracles (sim_check.c,
 * sim_oracle.c), and all nodes every 1000 events.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rsvpd/core/rsvp.h"

struct sim;

enum {
	SIM_PORTS = 31, /* of a node at most; a port's number is its ifindex */
	SIM_GROUPS = 512, /* multicast groups */
	SIM_FLOWS = 8,    /* senders of a session, and flows of a request */
	SIM_NOWHERE = UINT32_MAX
};

/* Joins two nodes; each has its next free port there. */
struct sim_link {
	uint32_t node[2];
	uint32_t cost[2]; /* of leaving that node; 0: 1 */
};

struct sim_conf {
	uint64_t seed;
	size_t nodes;
	size_t link_count; /* 0: nodes in line */
	const struct sim_link *links;
	const bool *plain; /* of each node: it knows no RSVP; NULL: none */
	uint64_t reservable_Bps; /* of each interface */
	uint32_t refresh_ms;
	bool mixed_refresh; /* some interfaces refresh up to 6 times faster */
	bool use_slack;     /* GS: rather than refuse */
	bool full_checks;   /* of sessions too; else ledgers only */
};

/* Ends the program when memory is short. */
struct sim *sim_new(const struct sim_conf *conf);
void sim_free(struct sim *s);

/* ---- trouble ------------------------------------------------------------- */

/* Of 1000 each. */
struct sim_weather {
	unsigned loss;              /* of packets */
	unsigned doubled;           /* arrive twice */
	unsigned late;              /* arrive up to five seconds late */
	uint32_t least_us, most_us; /* delay of all others */
	unsigned refuse;            /* requests that a kernel refuses */
	unsigned deny; /* of what policy is asked, by flow and generation */
};
void sim_weather(struct sim *s, const struct sim_weather *weather);

/* Traffic control dies, with what it was asked half done, and comes back. */
void sim_tc_restart(struct sim *s, size_t node);
/* So does the core, with all it knew; its applications come back. */
void sim_core_restart(struct sim *s, size_t node, int64_t away_ms);
/* An interface goes, with its flows, or down, and comes back. */
void sim_iface_flap(struct sim *s, size_t node, uint32_t ifindex, bool gone);
void sim_policy_change(struct sim *s, size_t node);
/* The node does nothing for a while; or its clock leaps ahead. */
void sim_stall(struct sim *s, size_t node, int64_t ms);
void sim_clock_leap(struct sim *s, size_t node, int64_t ms);
/* A link's cost changes, or it is not used by routing; nodes are notified. */
void sim_link_cost(struct sim *s, size_t link, unsigned side, uint32_t cost);
void sim_link_routed(struct sim *s, size_t link, bool routed);
/* Nothing passes, and nobody is told. */
void sim_link_cut(struct sim *s, size_t link, bool cut);
/* The next message of that type that leaves a node is lost. */
void sim_drop_next(struct sim *s, size_t node, uint8_t type);
/* All links work and are routed again. */
void sim_heal(struct sim *s);
/* Notification without a change. */
void sim_notify(struct sim *s, size_t node);

/* ---- running ------------------------------------------------------------- */

void sim_run(struct sim *s, int64_t ms);
uint64_t sim_random(struct sim *s, uint64_t below);
struct mono sim_now(const struct sim *s);

/* ---- applications -------------------------------------------------------- */

struct addr sim_addr(const struct sim *s, size_t node, uint8_t family);
struct addr sim_group(unsigned group, uint8_t family);

/* A number of its own, not 0. */
uint32_t sim_open(
	struct sim *s, size_t node, const struct wire_session *session);
/* Take part in the session's group, or no more. */
void sim_join(struct sim *s, uint32_t app, bool joined);
void sim_send(struct sim *s, uint32_t app, uint16_t port,
	const struct wire_tspec *tspec);
void sim_unsend(struct sim *s, uint32_t app);
void sim_reserve(
	struct sim *s, uint32_t app, const struct rsvp_local_reserve *request);
void sim_unreserve(struct sim *s, uint32_t app);
void sim_close(struct sim *s, uint32_t app);

/* ---- looking ------------------------------------------------------------- */

/* The wire rate that the kernel of that node has for a flow; 0: none. */
uint64_t sim_rate(const struct sim *s, size_t node, uint16_t dst_port);
size_t sim_kernel_flows(const struct sim *s, size_t node);

struct sim_counts {
	uint64_t events;
	uint64_t messages;
	uint64_t sent[8]; /* by type */
	uint64_t told[8]; /* events for applications, by kind */
	uint64_t refused; /* by kernels */
	uint64_t rounds;  /* checks of all nodes */
};
struct sim_counts sim_counts(const struct sim *s);
/* Path and reservation states of all nodes, now. */
uint64_t sim_states(const struct sim *s);
/* Resv messages that crossed a link. */
uint64_t sim_link_resvs(const struct sim *s, size_t link);

/* A hash of all that has come out of the cores: one seed, one number. */
uint64_t sim_trace(const struct sim *s);

/* Problems the oracles found; the first is printed with what led to it. */
unsigned sim_problems(const struct sim *s);
void sim_problem(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Show what is sent for a session as it happens. */
void sim_watch(struct sim *s, uint16_t dst_port);

/* Compare all nodes with their oracles now. */
void sim_check_all(struct sim *s);
/* Nothing is left anywhere: no state, flow, claim, timer. */
void sim_expect_empty(struct sim *s);
/* What every hop asks is in force at its previous hop (ample: without
 * exception), and every reservation is asked for. */
void sim_expect_converged(struct sim *s, bool ample);
/* From now on nothing but repetitions of Path and Resv may be sent. */
void sim_expect_refreshes(struct sim *s, bool only);

#endif /* SIM_H */
