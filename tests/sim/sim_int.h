/* SPDX-License-Identifier: ISC */
#ifndef SIM_INT_H
#define SIM_INT_H

/* What the files of the simulator share. */

#include "tests/sim/sim.h"

#include "base/heap.h"

enum {
	EVENT_BYTES = 4096, /* of a message */
	LOG_EVENTS = 1 << 14,
	MADE_EVENTS_MAX = 200000, /* under way at once: more is a storm */
	LOG_SHOWN = 40,
	SEEN_SLOTS = 1 << 16,
	ROUND_EVENTS = 1000, /* between two checks of all nodes */
	LOOK_MAX = 160       /* path or reservation states of one session */
};

/* ---- topology ------------------------------------------------------------ */

struct link {
	uint32_t node[2];
	uint32_t ifindex[2];
	uint32_t cost[2];
	bool routed;
	bool cut;
	uint64_t resvs; /* Resv messages so far */
};

/* A flow as the kernel of a node has it and is asked for it. */
struct kernel_flow {
	uint32_t id; /* key */
	bool live;
	bool asked_live; /* what it is being asked for */
	unsigned in_flight;
	uint64_t charged_Bps;  /* part of its port's sum */
	struct rsvp_flow flow; /* in the kernel */
	struct rsvp_flow asked;
	UT_hash_handle hh;
};

struct port {
	uint32_t link;
	uint8_t side;
	bool gone; /* the interface is not there */
	bool down; /* it is not up */
	uint32_t refresh_ms;
	uint64_t kernel_Bps; /* sum over its flows, larger of have and asked */
};

struct node {
	struct rsvp_core *core;
	struct sim *sim;
	uint32_t index;
	bool plain;     /* forwards what it has to, and has an idle core */
	unsigned lives; /* of the core, and of traffic control */
	unsigned tc_lives;
	bool tc_down;
	bool notified;       /* that routes changed: on its way */
	uint32_t last_claim; /* of policy */
	unsigned claims;     /* in force */
	unsigned policy;     /* generation */
	long blocks;         /* of memory the core has */
	struct alloc alloc;
	int64_t skew_us; /* its clock is ahead */
	struct mono stalled_from, stalled_until;
	struct mono away_until;
	struct mono changed; /* last cause to send Paths again */
	uint64_t back;       /* event with which an interface last came back */
	struct kernel_flow *flows;
	struct mono kernel_busy; /* answers come in order */
	uint8_t drop_next;       /* a message type, or 0 */
	struct heap_node tick;
	uint32_t ports; /* 1..ports */
	struct port port[SIM_PORTS + 1];
};

/* Next hops to one node from all others. */
struct tree {
	uint32_t refs; /* applications there */
	uint64_t version;
	uint8_t *port; /* of each node; 0: none */
};

/* A group's tree from one source. */
struct branch {
	uint32_t root;
	uint32_t refs;
	uint32_t *mask; /* of each node: bit of each port to send on */
};

struct member {
	uint32_t node;
	uint32_t refs;
};

struct group {
	size_t branch_count, member_count;
	struct branch branches[SIM_FLOWS];
	struct member *members;
};

/* ---- applications -------------------------------------------------------- */

struct app {
	bool used;
	bool open; /* at the core */
	bool joined;
	bool sending;
	bool reserving;
	uint32_t node;
	uint32_t serial;
	struct wire_session session;
	struct wire_filter sender;
	struct wire_tspec tspec;
	uint8_t style;
	bool confirm;
	bool refused; /* it was told of an error since it asked last */
	size_t count;
	struct wire_flow flows[SIM_FLOWS];
};

/* ---- events -------------------------------------------------------------- */

enum event_kind {
	EVENT_TICK, /* not in the queue */
	EVENT_CALL, /* neither */
	EVENT_PACKET,
	EVENT_ANSWER,
	EVENT_TC,
	EVENT_PORT,
	EVENT_NOTIFY,
	EVENT_REPLAY,
	EVENT_KINDS
};

struct event {
	struct heap_node heap; /* first */
	struct event *next;    /* free */
	uint8_t kind;
	uint8_t op; /* ANSWER: enum rsvp_flow_op */
	uint32_t node;
	uint32_t port;  /* PACKET: arrival, PORT */
	unsigned life;  /* whom it answers */
	uint32_t which; /* flow or application */
	int error;
	uint32_t serial;
	struct rsvp_packet packet; /* its msg is decoded on arrival */
	size_t len;
	uint8_t bytes[EVENT_BYTES];
};

/* What led to a problem. */
struct log_entry {
	uint64_t number;
	struct mono when;
	uint32_t node;
	uint8_t kind;
	uint8_t type;
	uint32_t port;
	uint32_t which;
	uint16_t dst_port;
};

/* What can be seen of a message without the decoder. */
struct peek {
	uint8_t type;
	bool confirm;
	struct wire_view session, sender, hop;
	uint16_t dst_port;
};

/* A message seen before: sent, or arrived. */
struct seen {
	uint64_t key;
	uint64_t contents;
	struct mono when;
	uint64_t event;
	uint64_t expired; /* path states of the node, by then */
};

/* The input being worked on, and what it touched. */
struct cause {
	uint8_t kind;
	struct node *node;
	struct peek in; /* PACKET */
	uint32_t in_port;
	bool repeats; /* the same arrived before, and nothing changed since */
	unsigned effects;
	uint64_t touched; /* bits of ports whose ledger may have changed */
	bool has_session;
	struct wire_session session;
};

/* Views of one session at one node. */
struct look {
	struct wire_session session;
	size_t path_count, resv_count, ask_count;
	struct rsvp_path_info paths[LOOK_MAX];
	struct rsvp_resv_info resvs[LOOK_MAX];
	struct rsvp_ask_info asks[LOOK_MAX];
};

struct sim {
	struct sim_conf conf;
	struct mono now;
	uint64_t random;
	uint64_t trace; /* hash of all effects so far */
	struct sim_weather weather;
	struct sim_counts counts;
	struct heap events;
	struct heap ticks;
	struct event *free_events;
	size_t made_events; /* most that were under way at once */
	struct node *nodes;
	size_t link_count;
	struct link *links;
	uint64_t topology; /* version */
	struct tree *trees;
	uint64_t *sort; /* for Dijkstra */
	uint32_t *far;
	uint32_t *new_mask;
	bool *moved; /* nodes whose routes changed */
	struct group *groups;
	struct app *apps;
	size_t app_room;
	size_t app_first; /* may be free */
	uint64_t next_round;
	unsigned problems;
	bool refreshes_only;
	struct cause cause;
	struct log_entry *log;
	struct seen *sent;
	struct seen *arrived;
	struct seen *marks; /* when path state of a session changed */
	struct look look, other_look;
	struct wire_msg msg, shown;
	struct wire_session sent_session; /* of the message being sent */
	uint16_t watched;                 /* session; 0: none */
	uint32_t app_serial;
};

/* ---- sim.c --------------------------------------------------------------- */

/* NULL ends the program: a test without memory says nothing. */
void *sim_must_have(void *memory);
struct event *sim_event(struct sim *s, enum event_kind kind, size_t node);
void sim_schedule(struct sim *s, struct event *e, struct mono when);
struct mono sim_node_now(const struct node *node);
/* An input begins, and is over: effects are carried out, oracles asked. */
void sim_begin(struct sim *s, struct node *node, enum event_kind kind);
void sim_settle(struct sim *s, struct node *node);
void sim_add_port(struct sim *s, struct node *node, uint32_t ifindex);
void sim_about(struct sim *s, const struct wire_session *session);
/* A core at its first start, or after its death. */
void sim_start_core(struct sim *s, struct node *node);

/* ---- sim_topo.c ---------------------------------------------------------- */

void sim_topo_init(struct sim *s);
void sim_topo_free(struct sim *s);
struct addr sim_port_addr(
	const struct sim *s, size_t node, uint32_t ifindex, uint8_t family);
/* False: nobody's.  *ret_ifindex is that node's. */
bool sim_owner(const struct sim *s, const struct addr *addr, uint32_t *ret_node,
	uint32_t *ret_ifindex);
/* Next hop's port; 0: none. */
uint32_t sim_next_port(struct sim *s, uint32_t node, uint32_t to);
void sim_route(void *arg, const struct rsvp_route_query *query,
	struct rsvp_route *ret);
/* An application comes to a node, or leaves. */
void sim_tree_ref(struct sim *s, uint32_t node, bool more);
/* It sends to a group from there, or is a member. */
void sim_group_source(
	struct sim *s, const struct addr *group, uint32_t node, bool more);
void sim_group_member(
	struct sim *s, const struct addr *group, uint32_t node, bool more);
bool sim_is_member(
	const struct sim *s, const struct addr *group, uint32_t node);
bool sim_link_works(const struct sim *s, const struct link *link);
void sim_topo_changed(struct sim *s);
/* Bits of the ports that data from a source to a group leave a node by. */
uint32_t sim_group_ports(struct sim *s, const struct addr *group,
	const struct addr *src, uint32_t node);

/* ---- sim_net.c ----------------------------------------------------------- */

void sim_transmit(
	struct sim *s, struct node *node, const struct rsvp_send *send);
/* False: it did not arrive. */
bool sim_arrive(struct sim *s, struct event *e);
void sim_peek(const uint8_t *bytes, size_t len, struct peek *ret);
struct wire_session sim_peek_session(const struct peek *peek);
/* Out of which port of this node to that address; 0: nowhere. */
uint32_t sim_port_towards(
	struct sim *s, const struct node *node, const struct addr *dst);

/* ---- sim_kernel.c -------------------------------------------------------- */

void sim_ask_kernel(
	struct sim *s, struct node *node, const struct rsvp_flow_request *r);
struct kernel_flow *sim_find_flow(const struct node *node, uint32_t id);
/* The kernel answers; false: whoever asked is dead. */
bool sim_answer(struct sim *s, struct event *e);
/* Traffic control of the node is back: adopts, is ready. */
void sim_tc_back(struct sim *s, struct node *node);
void sim_tc_dies(struct sim *s, struct node *node);
void sim_forget_port_flows(struct node *node, uint32_t ifindex);
void sim_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret);
void sim_policy_end(void *arg, uint32_t claim);
void sim_kernel_free(struct node *node);

/* ---- sim_app.c ----------------------------------------------------------- */

void sim_app_told(
	struct sim *s, struct node *node, const struct rsvp_local_event *event);
/* After a restart of the core. */
void sim_apps_lost(struct sim *s, struct node *node);
bool sim_app_replay(struct sim *s, struct event *e);
struct app *sim_app(struct sim *s, uint32_t number);

/* ---- sim_check.c --------------------------------------------------------- */

void sim_check_sent(
	struct sim *s, struct node *node, const struct rsvp_send *send);
void sim_check_arrived(struct sim *s, const struct event *e);
/* Path state of that session changes here: messages may be repeated. */
void sim_mark(
	struct sim *s, struct node *node, const struct wire_session *session);
uint64_t sim_hash(uint64_t hash, const void *bytes, size_t len);
/* After an input. */
void sim_check_touched(struct sim *s);
void sim_check_node(struct sim *s, struct node *node);

/* ---- sim_oracle.c -------------------------------------------------------- */

/* False: too many to look at. */
bool sim_look(const struct node *node, const struct rsvp_session_info *info,
	struct look *look);
/* Demand and asks against what RFC 2205 2.2 and 3.5 make of the views. */
void sim_check_session(
	struct sim *s, struct node *node, const struct rsvp_session_info *info);
bool sim_resv_matches(const struct look *look,
	const struct rsvp_resv_info *resv, const struct rsvp_path_info *path);
bool sim_spec_equal(
	const struct wire_flowspec *a, const struct wire_flowspec *b);

#endif /* SIM_INT_H */
