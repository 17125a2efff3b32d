/* SPDX-License-Identifier: ISC */
#ifndef SIM_INT_H
#define SIM_INT_H

/* What the files of the simulator share. */

#include "tests/sim/sim.h"

#include "base/heap.h"

enum { EVENTS = 8, SHOWN = 10 };

/* A flow as the kernel of a node has it and is asked for it. */
struct kernel_flow {
	struct rsvp_flow flow; /* in the kernel; its rate is 0: not there */
	uint64_t asked_Bps;
	unsigned in_flight;
	struct kernel_flow *next;
};

struct node {
	struct rsvp_core *core;
	struct sim *sim;
	size_t index;
	unsigned lives; /* of the core, and of traffic control */
	unsigned tc_lives;
	bool tc_down;
	uint32_t gone;       /* this interface is not there now; 0: all are */
	uint32_t last_claim; /* of policy */
	unsigned claims;     /* in force */
	struct kernel_flow *flows;
	struct mono kernel_busy; /* answers come in order */
	uint8_t drop_next;       /* a message type, or 0 */
	struct heap_node tick;
};

enum event_kind { EVENT_PACKET, EVENT_ANSWER, EVENT_TC, EVENT_IFACE };

struct event {
	struct heap_node heap; /* first */
	enum event_kind kind;
	size_t node;
	unsigned tc_life;          /* whom it answers */
	struct rsvp_packet packet; /* its msg is decoded on arrival */
	struct rsvp_installed answer;
	struct rsvp_flow_request request;
	size_t len;
	uint8_t bytes[];
};

struct sim {
	struct sim_conf conf;
	struct mono now;
	uint64_t random;
	uint64_t trace; /* hash of all effects so far */
	struct heap events;
	struct heap ticks;
	struct node *nodes;
	unsigned loss;
	unsigned refuse;
	unsigned deny;
	uint32_t least_us, most_us;
	uint64_t told[EVENTS];
	uint64_t messages;
	uint64_t refused;
	unsigned problems;
	struct wire_msg msg;
};

/* NULL ends the program: a test without memory says nothing. */
void *sim_must_have(void *memory);
struct event *sim_event(enum event_kind kind, size_t node, size_t len);
void sim_schedule(struct sim *s, struct event *e, struct mono when);
void sim_add_iface(struct sim *s, size_t node, uint32_t ifindex);
/* A core at its first start, or after its death. */
void sim_start_core(struct sim *s, size_t node);

/* ---- sim_kernel.c -------------------------------------------------------- */

/* The ledger of a node against its oracle. */
void sim_check_node(struct sim *s, size_t node);
void sim_ask_kernel(
	struct sim *s, struct node *node, const struct rsvp_flow_request *r);
/* The kernel answers; false: whoever asked is dead. */
bool sim_answer(struct sim *s, struct event *e);
/* Traffic control of the node is back: adopts, is ready. */
void sim_tc_back(struct sim *s, struct node *node);
void sim_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret);
void sim_policy_end(void *arg, uint32_t claim);
void sim_kernel_free(struct node *node);

#endif /* SIM_INT_H */
