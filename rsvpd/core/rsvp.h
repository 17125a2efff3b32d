/* SPDX-License-Identifier: ISC */
#ifndef RSVP_H
#define RSVP_H

/*
 * The RSVP protocol machine (RFC 2205, 2209, 2210, 2211, 2212, 2215), pure:
 * events and the time go in, effects come out.  It opens no socket, reads no
 * clock, logs nothing and has no randomness but the seed it is given, so that
 * thousands of nodes can be simulated in one process on one virtual clock.
 *
 * Every input says when it happened.  After an input take all effects with
 * rsvp_core_take() and carry them out; what comes of them (the kernel's answer)
 * is another input.  The core is never re-entered from a hook.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "base/mono.h"
#include "rsvpd/wire/wire.h"

struct rsvp_core;

enum {
	RSVP_NAME = 16,    /* interface name with its terminator */
	RSVP_RULE = 64,    /* name of a policy rule with its terminator */
	RSVP_REASON = 200, /* a reason for people, with its terminator */
	RSVP_OIFS_MAX = 32 /* outgoing interfaces of one route */
};

/* ---- questions that the core asks, answered at once -------------------- */

struct rsvp_route_query {
	struct addr dst;
	struct addr src;     /* of the flow; ADDR_NONE: a local sender */
	uint32_t in_ifindex; /* where its Path arrived; 0: a local sender */
};

struct rsvp_route {
	bool local;          /* dst is an address of this node */
	uint32_t in_ifindex; /* multicast: where routing expects src; else 0 */
	size_t count;        /* 0: no route (state is kept, nothing is sent) */
	uint32_t out_ifindex[RSVP_OIFS_MAX];
};

/* Who asks.  Known for local applications only (socket credentials). */
struct rsvp_who {
	bool known;
	uint32_t uid;
	uint32_t gid;
	uint32_t pid;
};

enum rsvp_role {
	RSVP_ROLE_SENDER,   /* the sender of the flow is an application here */
	RSVP_ROLE_RECEIVER, /* the request comes from an application here */
	RSVP_ROLE_TRANSIT   /* neither */
};

struct rsvp_policy_query {
	enum wire_type message; /* WIRE_PATH or WIRE_RESV */
	enum rsvp_role role;
	struct rsvp_who who;
	struct wire_session session;
	struct wire_filter sender;     /* the first filter; src NONE for WF */
	uint8_t style;                 /* enum wire_style; 0 for a Path */
	struct wire_flowspec flowspec; /* of a Path: service 1 and its Tspec */
	uint32_t ifindex;      /* where it would be installed; Path: arrival;
				* 0: this host only */
	struct addr neighbour; /* next or previous hop; ADDR_NONE: local */
	uint32_t claim;        /* held now for the same reservation, 0: none */
};

/* What becomes of a reservation in force that policy allows no more. */
enum rsvp_policy_end {
	RSVP_POLICY_TEAR, /* torn when the grace is over */
	RSVP_POLICY_TELL, /* told at once, and torn when the grace is over */
	RSVP_POLICY_KEEP  /* it stays until it is changed or ends */
};

struct rsvp_policy_answer {
	bool allowed;
	uint16_t value;      /* refused: Error Value of code 2 */
	uint32_t claim;      /* allowed: counts against the rule's limits until
			      * policy_end(); replaces the one in the query */
	uint16_t preemption; /* RFC 3181; larger is more important */
	uint16_t defending;
	char rule[RSVP_RULE];     /* "" when the default decided */
	char reason[RSVP_REASON]; /* what decided: rule, limit, value */
	/* Allowed: what is granted when it is less than was asked for, and how
	 * much of its slack may be used up here. */
	bool lowered;
	struct wire_flowspec granted;
	bool bounds_slack;
	uint32_t max_slack_us;
	/* Refused what is in force: how it ends.  An allowed Path: how it will,
	 * as it holds no claim that would say it later. */
	enum rsvp_policy_end ends;
	uint32_t grace_ms;
};

struct rsvp_hooks {
	void *arg;
	void (*route)(void *arg, const struct rsvp_route_query *query,
		struct rsvp_route *ret_route);
	/* A refusal leaves the old claim in force. */
	void (*policy)(void *arg, const struct rsvp_policy_query *query,
		struct rsvp_policy_answer *ret_answer);
	void (*policy_end)(void *arg, uint32_t claim);
};

/* ---- configuration ------------------------------------------------------ */

struct rsvp_core_conf {
	const struct alloc *alloc; /* keeps */
	uint64_t seed;             /* jitter, blockade: repeatable from it */
	struct hash_key hash_key;
	struct rsvp_hooks hooks;
	uint32_t max_sessions;           /* of this node */
	uint32_t max_sessions_neighbour; /* of a previous hop and interface */
	uint32_t max_sessions_uid;       /* that one local user may make */
	uint32_t max_senders;            /* of one session */
	uint32_t max_paths; /* path states of this node, and reservations */
	uint32_t blockade_multiple; /* Kb, RFC 2205 3.5 */
	uint32_t tc_wait_ms; /* how long requests wait for traffic control */
	uint32_t default_lifetime_ms; /* of adopted flows nobody claimed */
	bool accounts;                /* RSVP_EFFECT_ACCOUNT is wanted */
};

/* Sensible values for all limits; hooks are empty. */
struct rsvp_core_conf rsvp_core_defaults(void);

/* An interface as the core needs it.  Its LIH is its ifindex. */
struct rsvp_iface {
	uint32_t ifindex; /* not 0 */
	char name[RSVP_NAME];
	bool up;
	bool enabled;         /* RSVP may be used here */
	bool traffic_control; /* reservations are installed here */
	struct addr v4;       /* our address for RSVP_HOP; ADDR_NONE: none */
	struct addr v6;
	uint32_t mtu;            /* IP octets */
	uint32_t refresh_ms;     /* R; 1 000 to 300 000 */
	uint32_t lives;          /* K */
	uint64_t link_Bps;       /* usable wire rate; 0: no capacity known */
	uint64_t reservable_Bps; /* ceiling for the sum of reservations */
	uint64_t budget_bytes;   /* GS: most sum of (burst + packet), wire */
	uint32_t max_flows;
	uint32_t header_bytes;    /* link header that the qdisc counts: 14, 0 */
	uint32_t overhead_bytes;  /* more on the wire: FCS, preamble, gap */
	uint32_t min_frame_bytes; /* smallest charged size with both, or 0 */
	uint32_t assumed_min_packet; /* m = 0 is read as this (128) */
	uint32_t timer_us;           /* lateness of the kernel's shaper (200) */
	uint32_t device_bytes;       /* queued below the shaper at most */
	uint32_t repair_wait_ms;     /* W, RFC 2205 3.6 */
	uint32_t slew_percent;    /* Slew.Max: R grows so much a refresh, 3.7 */
	uint32_t quick_refreshes; /* sent early after a change, 3.7 item 6 */
	uint32_t latency_us; /* smallest of the link; WIRE_LATENCY_UNKNOWN */
	bool use_slack; /* GS: rather than refuse, take slack of the request */
	bool atm;       /* the octets travel in cells of 48 in 53 */
};

/* ---- life ---------------------------------------------------------------- */

/* NULL only for lack of memory. */
struct rsvp_core *rsvp_core_new(const struct rsvp_core_conf *conf);
/* Frees all state; sends nothing (the neighbours' timers clean up). */
void rsvp_core_free(struct rsvp_core *core);

/*
 * Before an end that shall leave nothing behind: withdraw some sessions, with
 * their tears and their flows (RFC 2205 2.4), without a word to applications.
 * True: call it again.  The kernel is done when no flow is left in
 * rsvp_core_totals().  Feed it no packets from the first call on.
 */
bool rsvp_core_withdraw(struct rsvp_core *core, struct mono now);

/* Limits changed by a reload; hooks, seed and allocator stay. */
void rsvp_core_reconf(
	struct rsvp_core *core, const struct rsvp_core_conf *conf);

/* ---- inputs -------------------------------------------------------------- */

/* Add an interface or change it (by ifindex). */
void rsvp_core_iface(struct rsvp_core *core, struct mono now,
	const struct rsvp_iface *iface);
void rsvp_core_iface_gone(
	struct rsvp_core *core, struct mono now, uint32_t ifindex);

/* Some route changed: ask again, for sessions to that destination, or for all
 * when dst is NULL (RFC 2205 3.6; waits W before it repairs). */
void rsvp_core_routes_changed(
	struct rsvp_core *core, struct mono now, const struct addr_prefix *dst);

/*
 * How long state lasts whose maker refreshes it every refresh_ms and may lose
 * lives - 1 refreshes: L = (K + 0.5) * 1.5 * R, rounded up (RFC 2205 3.7).  R
 * is read as a second or an hour where it is less or more.
 */
int64_t rsvp_lifetime_ms(uint32_t refresh_ms, uint32_t lives);

struct rsvp_packet {
	uint32_t ifindex; /* arrival */
	struct addr src;  /* of the IP header */
	struct addr dst;
	uint8_t ttl;
	bool dst_local;        /* dst is an address of this node */
	enum wire_fault fault; /* WIRE_OK, WIRE_UNKNOWN_CLASS or _CTYPE */
	const struct wire_msg *msg;
	const uint8_t *bytes; /* the message as it came */
	size_t len;
};
void rsvp_core_packet(struct rsvp_core *core, struct mono now,
	const struct rsvp_packet *packet);

void rsvp_core_tick(struct rsvp_core *core, struct mono now);
/* When the core next wants a tick; MONO_NEVER when it holds no timer. */
struct mono rsvp_core_next(const struct rsvp_core *core);

/* ---- flows in the kernel ------------------------------------------------- */

enum { RSVP_FLOW_FILTERS_MAX = 64 };

/* Why a flow may have to be policed or reshaped (RFC 2205 3.8). */
enum {
	RSVP_POLICE_E = 0x1, /* this node is the first that can police it */
	RSVP_POLICE_M = 0x2, /* several senders share it */
	RSVP_POLICE_B = 0x4  /* another interface takes more of it */
};

/* What one class and its filters must do.  Quantities on the wire: octets with
 * link header and overhead, octets a second. */
struct rsvp_flow {
	uint32_t id; /* not 0; unique on this node, stable for its life */
	uint32_t ifindex;
	uint8_t service; /* WIRE_SERVICE_GS or _CL */
	struct addr dst;
	uint8_t proto;
	uint16_t dst_port; /* 0: any */
	uint64_t rate_Bps; /* GS: R; CL: r */
	uint64_t peak_Bps; /* 0: unlimited */
	uint64_t bucket_bytes;
	uint32_t max_packet_bytes;
	uint32_t min_packet_bytes;
	uint64_t buffer_bytes; /* what the flow may have queued here */
	size_t filter_count;
	struct wire_filter filters[RSVP_FLOW_FILTERS_MAX]; /* src NONE: any */
	uint8_t police; /* RSVP_POLICE_ flags; not known of an adopted flow */
	/* GS: what exceeds a bucket of this rate is demoted to best effort,
	 * where traffic control can; 0: all of it is reshaped */
	uint64_t token_Bps;
};

enum rsvp_flow_op { RSVP_FLOW_ADD, RSVP_FLOW_CHANGE, RSVP_FLOW_DEL };

/* The answer to one RSVP_EFFECT_FLOW, by its serial. */
struct rsvp_installed {
	uint32_t serial;
	int error;        /* 0, or a positive errno */
	const char *text; /* what was refused and why, for people; or NULL */
};
void rsvp_core_installed(struct rsvp_core *core, struct mono now,
	const struct rsvp_installed *result);

/*
 * Traffic control starts on an interface: first every flow that it found in
 * the kernel (adopted), then ready.  Until then requests for the interface
 * wait, tc_wait_ms at most, and are then refused with code 22.  With error not
 * 0 the interface cannot be managed and reservations there are refused.
 */
void rsvp_core_adopt(
	struct rsvp_core *core, struct mono now, const struct rsvp_flow *flow);
void rsvp_core_tc_ready(struct rsvp_core *core, struct mono now,
	uint32_t ifindex, int error, const char *text);
/* A flow that was acknowledged is not in the kernel any more, and cannot be put
 * back: its reservations end with code 22. */
void rsvp_core_flow_lost(struct rsvp_core *core, struct mono now, uint32_t id,
	int error, const char *text);
/* Traffic control died: as before ready, on all interfaces. */
void rsvp_core_tc_lost(struct rsvp_core *core, struct mono now);

/*
 * Capacity for a static rule, an entry of the ledger like any other.  id: of
 * the one that is held already, or 0; a new rate is checked against the
 * difference.  False: with the reason, and what was held before stays.
 */
bool rsvp_core_rule_hold(struct rsvp_core *core, uint32_t ifindex,
	uint64_t rate_Bps, uint32_t *id, char reason[RSVP_REASON]);
/* Give it back; 0 is fine. */
void rsvp_core_rule_release(struct rsvp_core *core, uint32_t id);

/* Policy has a new generation: judge the running reservations again. */
void rsvp_core_policy_changed(struct rsvp_core *core, struct mono now);

/* ---- local applications -------------------------------------------------- */

enum rsvp_local_result {
	RSVP_LOCAL_OK,
	RSVP_LOCAL_LIMIT, /* too many sessions or senders */
	RSVP_LOCAL_MEMORY,
	RSVP_LOCAL_UNKNOWN, /* no such id */
	RSVP_LOCAL_BUSY,    /* id in use */
	RSVP_LOCAL_PORTS    /* conflicting ports, RFC 2205 3.2 */
};

/* What a local application announces (RFC 2205 3.11.1 SENDER). */
struct rsvp_local_sender {
	struct wire_filter sender; /* src: an address of this node */
	struct wire_tspec tspec;
	struct wire_view adspec_view; /* whole object; empty: the default */
	uint8_t ttl;                  /* of the data; 0: 63 */
	uint32_t ifindex;             /* 0: by route */
};

/* What a local application asks for (RESERVE). */
struct rsvp_local_reserve {
	uint8_t style; /* enum wire_style */
	bool confirm;
	struct addr receiver; /* for RESV_CONFIRM; NONE: chosen */
	size_t flow_count;    /* as in struct wire_msg */
	const struct wire_flow *flows;
};

/* id: chosen by the caller, not 0, unique while open.  PATH_EVENT follows if
 * there is path state already. */
enum rsvp_local_result rsvp_local_open(struct rsvp_core *core, struct mono now,
	uint64_t id, const struct wire_session *session,
	const struct rsvp_who *who);
/* Define or replace the sender.  Later errors come as events. */
enum rsvp_local_result rsvp_local_send(struct rsvp_core *core, struct mono now,
	uint64_t id, const struct rsvp_local_sender *sender);
/* Withdraw it: PathTear.  Nothing when there is none. */
void rsvp_local_unsend(struct rsvp_core *core, struct mono now, uint64_t id);
/* Make or replace the reservation; kept until path state appears. */
enum rsvp_local_result rsvp_local_reserve(struct rsvp_core *core,
	struct mono now, uint64_t id, const struct rsvp_local_reserve *request);
void rsvp_local_unreserve(struct rsvp_core *core, struct mono now, uint64_t id);
/* Tears down both, forgets the id; no event for it afterwards. */
void rsvp_local_close(struct rsvp_core *core, struct mono now, uint64_t id);

enum rsvp_event_kind { /* numbered as in the RAPI */
	RSVP_PATH_EVENT = 1,
	RSVP_RESV_EVENT = 2,
	RSVP_PATH_ERROR = 3,
	RSVP_RESV_ERROR = 4,
	RSVP_RESV_CONFIRM = 5
};

struct rsvp_event_item {
	bool has_filter; /* false for WF */
	struct wire_filter filter;
	bool has_tspec;
	struct wire_tspec tspec;
	bool has_flowspec;
	struct wire_flowspec flowspec;
	struct wire_view adspec_view; /* as delivered here; may be empty */
};

/* Complete current state, never a difference. */
struct rsvp_local_event {
	uint64_t id;
	enum rsvp_event_kind kind;
	uint8_t style;            /* enum wire_style, or 0 */
	struct wire_error error;  /* of errors and confirmations */
	char reason[RSVP_REASON]; /* when the error arose here, else "" */
	size_t item_count;
	const struct rsvp_event_item *items;
};

/* ---- effects ------------------------------------------------------------- */

enum rsvp_effect_kind {
	RSVP_EFFECT_SEND,
	RSVP_EFFECT_FLOW,
	RSVP_EFFECT_EVENT,
	RSVP_EFFECT_NOTE,
	RSVP_EFFECT_ACCOUNT
};

struct rsvp_send {
	uint8_t type;     /* enum wire_type */
	uint32_t ifindex; /* out of this interface; 0: by route */
	struct addr src;
	struct addr dst;
	uint8_t ttl;
	bool router_alert;
	const uint8_t *bytes; /* the RSVP message */
	size_t len;
};

struct rsvp_flow_request {
	uint32_t serial; /* to be returned in struct rsvp_installed */
	enum rsvp_flow_op op;
	struct rsvp_flow flow; /* of DEL: id and ifindex count */
};

struct rsvp_note {
	bool remote;  /* a peer or client can cause it: limit the rate */
	bool warning; /* else information */
	char text[RSVP_REASON + 100];
};

/* Why a flow is in the kernel no more. */
enum rsvp_end {
	RSVP_END_TORN, /* by whoever asked for it, or by its sender */
	RSVP_END_EXPIRED,
	RSVP_END_PREEMPTED,
	RSVP_END_POLICY,    /* it allows it no more */
	RSVP_END_ROUTE,     /* the data takes another way */
	RSVP_END_INTERFACE, /* gone, or not ours any more */
	RSVP_END_UNCLAIMED, /* adopted, and nobody asked for it again */
	RSVP_END_STOPPED,   /* rsvp_core_withdraw() */
	RSVP_END_ERROR,     /* traffic control lost it, or refused it */
	RSVP_END_COUNT
};

/*
 * Who is charged for a flow in the kernel: told when it is there, and again
 * when that or the flow changes; then once with its end, when the kernel has it
 * no more.
 */
struct rsvp_account {
	bool ended;
	enum rsvp_end end;     /* with ended */
	bool adopted;          /* it was in the kernel before us */
	struct rsvp_flow flow; /* as the kernel has it, or had it */
	/* Of the oldest reservation in force; nothing of an end. */
	uint32_t reservations; /* that share the flow */
	uint8_t style;
	enum rsvp_role role;           /* SENDER: who is the application here */
	struct rsvp_who who;           /* that sends, else it is not known */
	struct addr neighbour;         /* the next hop, which asked for it */
	struct wire_flowspec flowspec; /* as granted, IP octets */
	char rule[RSVP_RULE];
};

struct rsvp_effect {
	enum rsvp_effect_kind kind;
	union {
		struct rsvp_send send;
		struct rsvp_flow_request flow;
		struct rsvp_local_event event;
		struct rsvp_note note;
		struct rsvp_account account;
	};
};

/*
 * The next effect, in the order they arose.  False when there is none.  What it
 * points to stays valid until the next call of any function of this core.
 */
bool rsvp_core_take(struct rsvp_core *core, struct rsvp_effect *ret_effect);

/* ---- looking in ---------------------------------------------------------- */

/* Counters: one row each, name and help. */
#define RSVP_COUNTERS(X)                                                       \
	X(RSVP_C_PATH_IN, "path_in", "Path messages accepted")                 \
	X(RSVP_C_RESV_IN, "resv_in", "Resv messages accepted")                 \
	X(RSVP_C_TEAR_IN, "tear_in", "tear messages accepted")                 \
	X(RSVP_C_ERROR_IN, "error_in", "error messages accepted")              \
	X(RSVP_C_CONFIRM_IN, "confirm_in", "ResvConf messages accepted")       \
	X(RSVP_C_SENT, "sent", "messages sent")                                \
	X(RSVP_C_DROP_DISABLED, "drop_disabled",                               \
		"messages dropped: interface not enabled for RSVP")            \
	X(RSVP_C_DROP_STATE, "drop_state",                                     \
		"messages dropped: no matching state")                         \
	X(RSVP_C_DROP_BAD, "drop_bad",                                         \
		"messages dropped: contents make no sense here")               \
	X(RSVP_C_DROP_LIMIT, "drop_limit",                                     \
		"messages dropped, or parts of them: a limit was reached")     \
	X(RSVP_C_DROP_MEMORY, "drop_memory",                                   \
		"messages dropped: out of memory")                             \
	X(RSVP_C_PATH_EXPIRED, "path_expired", "path states timed out")        \
	X(RSVP_C_PATH_EVICTED, "path_evicted",                                 \
		"path states heard once that made room for newer ones")        \
	X(RSVP_C_RESV_EXPIRED, "resv_expired", "reservations timed out")       \
	X(RSVP_C_ADMITTED, "admitted", "reservations admitted")                \
	X(RSVP_C_BLOCKADES, "blockades",                                       \
		"blockade states made: a request failed upstream")             \
	X(RSVP_C_REFUSED, "refused", "reservations refused here")              \
	X(RSVP_C_ADOPTED, "adopted", "flows adopted from the kernel")          \
	X(RSVP_C_PREEMPTED, "preempted",                                       \
		"reservations revoked because a link may carry less")          \
	X(RSVP_C_BUG, "bug", "events that cannot happen, and did")

enum rsvp_counter {
#define X(name, text, help) name,
	RSVP_COUNTERS(X)
#undef X
		RSVP_COUNTER_COUNT
};

uint64_t rsvp_core_counter(
	const struct rsvp_core *core, enum rsvp_counter counter);
const char *rsvp_counter_name(enum rsvp_counter counter);
const char *rsvp_counter_help(enum rsvp_counter counter);

struct rsvp_totals {
	size_t sessions;
	size_t paths;
	size_t resvs;
	size_t flows; /* in the kernel or on their way */
	size_t adopted_unclaimed;
	size_t memory_bytes; /* of all state; 0 if not known */
};
void rsvp_core_totals(const struct rsvp_core *core, struct rsvp_totals *ret);

struct rsvp_iface_info {
	struct rsvp_iface conf;
	bool tc_ready;
	char tc_problem[RSVP_REASON]; /* "" */
	uint64_t reserved_Bps;        /* of all entries in the ledger */
	uint64_t reserved_gs_Bps;
	uint64_t reserved_cl_Bps;
	uint64_t budget_used_bytes;
	uint32_t flows;
	uint32_t gs_C_bytes; /* as advertised; 0: not advertised */
	uint32_t gs_D_us;
};
/* Interface after that ifindex (0: the first), by ifindex; false: no more. */
bool rsvp_core_iface_after(const struct rsvp_core *core, uint32_t after,
	struct rsvp_iface_info *ret_info);

struct rsvp_session_info {
	uint64_t serial; /* not 0; grows with each new session */
	struct wire_session session;
	size_t paths;
	size_t resvs;
};
/* Session after that serial (0: the first), by serial; false: no more. */
bool rsvp_core_session_after(const struct rsvp_core *core, uint64_t after,
	struct rsvp_session_info *ret_info);
/* That session; false: not known here. */
bool rsvp_core_session_find(const struct rsvp_core *core,
	const struct wire_session *session, struct rsvp_session_info *ret_info);

struct rsvp_path_info {
	struct wire_filter sender;
	struct wire_tspec tspec;
	struct wire_hop hop; /* ADDR_NONE: an application here */
	uint64_t local_id;   /* of that application, or 0 */
	struct rsvp_who who;
	uint32_t in_ifindex; /* 0: local */
	size_t out_count;
	uint32_t out_ifindex[RSVP_OIFS_MAX];
	bool to_local; /* this node is the destination */
	uint8_t ttl;
	bool non_rsvp_hop;
	uint32_t refresh_ms;          /* of the neighbour */
	int64_t expires_ms;           /* from now */
	struct wire_view adspec_view; /* as received; may be empty */
	uint32_t left_ifindex; /* where it went before and is still reserved for
				* upstream, until the new way is; or 0 */
	bool blockaded;        /* a request for it failed upstream, of late */
	struct wire_flowspec blockade; /* that request */
	bool local_only; /* multicast: routing expects it on another interface;
			  * where it still goes is kept, not refreshed */
};

enum rsvp_resv_state {
	RSVP_RESV_LOCAL,   /* of an application here: nothing to install */
	RSVP_RESV_WAITING, /* for the kernel */
	RSVP_RESV_INSTALLED,
	RSVP_RESV_NO_TC, /* the interface has no traffic control */
	RSVP_RESV_FAILED /* an increase failed; the old one is in force */
};

struct rsvp_resv_info {
	uint32_t ifindex;    /* 0: local */
	struct wire_hop hop; /* next hop; ADDR_NONE: an application here */
	uint64_t local_id;
	struct rsvp_who who;
	uint8_t style;
	struct wire_flowspec flowspec; /* requested */
	size_t filter_count;
	struct wire_filter filters[8]; /* the first ones */
	enum rsvp_resv_state state;
	uint32_t flow_id;  /* 0: none */
	uint64_t rate_Bps; /* in the ledger */
	char rule[RSVP_RULE];
	char reason[RSVP_REASON]; /* why admitted */
	uint32_t refresh_ms;
	int64_t expires_ms;
	bool in_force; /* flowspec and filters are; else they are asked for */
	bool stuck;    /* its flow is not as it should be: that was refused */
	struct wire_view scope_view;    /* WF: senders' addresses; empty: all */
	struct wire_flowspec forwarded; /* in force: what is merged and asked
					 * for, after slack was spent */
	uint32_t in_ifindex; /* where an application receives; 0: by route */
	uint8_t police;      /* RSVP_POLICE_ flags of its flow */
};

/* What this node asks of a previous hop for a session. */
struct rsvp_ask_info {
	uint32_t ifindex;    /* where its Path came from; 0: local */
	struct wire_hop hop; /* ADDR_NONE: an application here */
	uint64_t local_id;
	uint8_t style;
	size_t flow_count;
	struct wire_flow flows[8]; /* the first ones */
};

/* Up to max of them; returns how many there are. */
size_t rsvp_core_paths(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_path_info *ret_infos, size_t max);
size_t rsvp_core_resvs(const struct rsvp_core *core, struct mono now,
	uint64_t serial, struct rsvp_resv_info *ret_infos, size_t max);
size_t rsvp_core_asks(const struct rsvp_core *core, uint64_t serial,
	struct rsvp_ask_info *ret_infos, size_t max);

/* A refusal by this node, recorded when it happened. */
struct rsvp_refusal {
	uint64_t serial;
	struct mono when;
	enum wire_type message; /* WIRE_PATH or WIRE_RESV */
	struct wire_session session;
	struct wire_filter sender; /* src NONE for WF */
	struct wire_flowspec flowspec;
	uint8_t style;
	uint32_t ifindex;
	struct addr neighbour;
	struct rsvp_who who;
	uint8_t code; /* enum wire_error_code */
	uint16_t value;
	char rule[RSVP_RULE];
	char reason[RSVP_REASON]; /* with the figures */
};
/* The latest refusal before that serial (0: the newest); false: no more.
 * The last 256 are kept. */
bool rsvp_core_refusal_before(const struct rsvp_core *core, uint64_t before,
	struct rsvp_refusal *ret_refusal);

#endif /* RSVP_H */
