/* SPDX-License-Identifier: ISC */
#ifndef CORE_INT_H
#define CORE_INT_H

/*
 * Private structures of the protocol machine and the functions its files share.
 *
 *	core > iface				what we may use
 *	core > session > psb			path state (RFC 2209 1)
 *	               > rsb			reservation requests
 *	               > ask			what we ask of a previous hop
 *	               > demand			what an interface should carry
 *	               > bsb			what failed upstream
 *	core > local				applications; borrows a session
 *	core > demand without session		orphans: flows that nobody wants
 *						(yet): adopted, being removed
 *
 * A parent frees its children; cross links borrow, and are cut by the one
 * function that removes the child.
 *
 * One input runs through: find, check, change state, compute what follows,
 * emit.  Consequences are recomputed from state: demand_run() makes the kernel
 * follow the reservations, ask_sync() makes the previous hops follow what is
 * in force.
 */

#include "base/heap.h"
#include "base/list.h"
#include "base/text.h"
#include "rsvpd/core/blob_int.h"
#include "rsvpd/core/charge.h"
#include "rsvpd/core/flowslot.h"
#include "rsvpd/core/ledger.h"
#include "rsvpd/core/out.h"
#include "rsvpd/core/path_int.h"
#include "rsvpd/core/rsvp.h"
#include "rsvpd/core/wish.h"

enum {
	CORE_REFUSALS = 256,
	CORE_TICK_TIMERS = 512,   /* timers run in one tick at most */
	CORE_WALK_SESSIONS = 256, /* sessions looked at in one step of a walk */
	SCOPE_BYTES = WIRE_FLOWS_MAX * 16,
	WALK_PREFIXES = 16 /* changed routes told apart in one pass */
};

enum timer_kind {
	TIMER_PATH_EXPIRY,
	TIMER_PATH_REFRESH,
	TIMER_RESV_EXPIRY,
	TIMER_RESV_REFRESH,
	TIMER_DEMAND,
	TIMER_ROUTES,
	TIMER_POLICY,
	TIMER_PREEMPT,
	TIMER_BLOCKADE
};

struct timer {
	struct heap_node node; /* first */
	uint8_t kind;          /* enum timer_kind */
};

struct iface {
	struct rsvp_iface conf;
	bool gone; /* freed when its last demand is */
	bool tc_ready;
	int tc_error; /* 0, or why it cannot be managed */
	char tc_problem[RSVP_REASON];
	LIST_HEAD(, demand) demands;
	UT_hash_handle hh;    /* by ifindex */
	uint32_t refresh_ms;  /* R in use; grows slowly to the configured one */
	struct mono slew_at;  /* before that it does not grow again */
	uint64_t resend;      /* the pass that sends again what goes out here */
	struct timer preempt; /* look whether it carries too much */
	uint8_t preempt_waits;
};

/* How many sessions a previous hop, or a local user, has made. */
struct maker {
	struct maker_key {
		struct addr hop;  /* ADDR_NONE: a user */
		uint32_t ifindex; /* where it is; 0: a user */
		uint32_t uid;
	} key;
	uint32_t sessions;
	UT_hash_handle hh;
};

/* Sessions with path state to one destination and protocol (RFC 2205 3.2). */
struct dest {
	struct dest_key {
		struct addr dst;
		uint8_t proto;
	} key;
	uint32_t with_port;
	uint32_t without_port;
	UT_hash_handle hh;
};

struct session {
	struct session_key {
		struct addr dst;
		uint8_t proto;
		uint16_t dst_port;
	} key;
	uint64_t serial;
	struct maker *maker; /* borrowed; NULL: none is charged */
	struct dest *dest;   /* borrowed; NULL without path state */
	bool unsettled;      /* memory was short at the last session_sync() */
	size_t psb_count;
	size_t rsb_count;
	TAILQ_HEAD(psb_list, psb) psbs;
	TAILQ_HEAD(rsb_list, rsb) rsbs;
	TAILQ_HEAD(ask_list, ask) asks;
	TAILQ_HEAD(demand_list, demand) demands;
	TAILQ_HEAD(local_list, local) locals;
	UT_hash_handle hh;        /* by key */
	UT_hash_handle hh_serial; /* by serial; keeps their order */
	uint32_t left_count;      /* path states that left an interface */
	LIST_HEAD(, bsb) bsbs;
	TAILQ_ENTRY(session) next_answered;
	bool answered; /* it waits there */
};

struct psb {
	TAILQ_ENTRY(psb) next;
	TAILQ_ENTRY(psb) next_fresh;
	struct session *session;
	struct wire_filter sender;
	struct wire_tspec tspec;
	struct wire_hop hop; /* ADDR_NONE: an application here */
	struct local *local; /* that application, or NULL */
	uint32_t in_ifindex; /* 0: local */
	uint8_t ttl;         /* received, or of a local sender's data */
	bool non_rsvp;
	bool e_police;
	bool fresh;      /* heard once: not refreshed yet */
	bool local_only; /* multicast: not the interface that routing expects */
	bool to_local;
	uint32_t refresh_ms; /* of the neighbour */
	uint32_t claim;      /* policy's, of a local sender */
	struct blob *adspec;
	struct blob *policies;
	struct blob *others;
	size_t out_count;
	size_t out_room;
	uint32_t *outs; /* out_one, or allocated */
	uint32_t out_one;
	struct timer expiry;
	struct timer refresh;
	uint32_t left;   /* unicast: its route left this interface, where it is
			  * reserved for still; 0: none */
	uint8_t quick;   /* refreshes still to be sent early */
	bool repair;     /* at the next refresh the route is asked again */
	struct ask *ask; /* borrowed: of its previous hop, or NULL */
};

enum { SPEC_CONFIRMS = 8 };

/* What one next hop wants. */
struct spec {
	struct wire_flowspec flowspec;
	bool lowered; /* slack was taken here when it was admitted, and it stays
		       * so (RFC 2212, Guidelines for Implementors): */
	float R_out;
	uint32_t S_out;
	bool cut; /* policy grants less than is asked for: this */
	struct wire_flowspec granted;
	bool bounds_slack; /* policy lets no more of it be taken here */
	uint32_t max_slack_us;
	/* To be told when it is in force (RFC 2205 2.6): where requests merge,
	 * more receivers may ask for the same while the kernel is asked. */
	uint8_t confirm_count;
	struct addr confirms[SPEC_CONFIRMS];
	size_t count; /* WF: 0 */
	struct spec_filter {
		struct wire_filter filter;
		struct mono expires;
	} filters[];
};

struct rsb {
	TAILQ_ENTRY(rsb) next;
	struct session *session;
	struct demand *demand; /* borrowed; NULL for an application's */
	struct wire_hop hop;   /* next hop; ADDR_NONE: an application here */
	uint32_t ifindex;      /* outgoing interface; 0: local */
	struct local *local;
	uint8_t style;
	bool failed;         /* the last change was refused */
	struct spec *now;    /* in force, or NULL */
	struct spec *trying; /* the kernel is asked, or NULL */
	struct spec *wanted; /* asked for and not yet looked at, or NULL */
	struct addr owed;    /* in force, and not yet confirmed or forwarded */
	bool settled;        /* ... it was in this pass of ask_sync() */
	struct mono expires; /* WF */
	uint32_t refresh_ms;
	uint32_t claim; /* policy's */
	char *why;      /* rule, NUL, reason, NUL; may be NULL */
	struct blob *policies;
	struct blob *others;
	struct blob *scope; /* WF: addresses of senders; NULL: all of them */
	struct timer expiry;
	uint16_t defending; /* priority that policy gave it (RFC 3181) */
	TAILQ_ENTRY(rsb) of_demand;
	bool leaving; /* policy allows it no more: torn when that is */
	struct mono leaves;
};

/* What this node asks of one previous hop: the Resv last sent there; for an
 * application that sends from here, the last RESV_EVENT. */
struct ask {
	TAILQ_ENTRY(ask) next;
	struct session *session;
	struct wire_hop hop; /* ADDR_NONE: the application */
	struct local *local;
	uint32_t ifindex; /* where its Path came from; 0: local */
	uint8_t style;
	size_t count;
	struct wire_flow *flows;
	struct timer refresh;
	uint8_t quick;          /* refreshes still to be sent early */
	struct wish wish;       /* while it is looked at */
	struct mono hurry_at;   /* before it nothing is repeated at once, */
	struct mono confirm_at; /* and nothing for a RESV_CONFIRM alone */
};

/*
 * Blockade state (RFC 2205 3.5): what admission control refused upstream, of
 * one sender (explicit styles) or of all behind one previous hop (WF).
 */
struct bsb {
	LIST_ENTRY(bsb) next;
	struct session *session;
	bool wild;
	bool struck;                   /* by the ResvErr being worked on */
	struct wire_filter sender;     /* explicit styles */
	struct addr hop;               /* WF */
	struct wire_flowspec flowspec; /* Qb */
	struct timer expiry;           /* Tb */
};

enum { POLICE_UNKNOWN = 0xff }; /* of an adopted flow */

/* A flow as the kernel has it or shall have it. */
struct image {
	struct ledger_amount amount; /* what it costs */
	uint8_t service;
	uint64_t rate_Bps;
	uint64_t peak_Bps;
	uint64_t bucket_bytes;
	uint32_t max_packet_bytes;
	uint32_t min_packet_bytes;
	uint64_t buffer_bytes;
	bool reshapes;  /* link_reshapes() */
	uint8_t police; /* RSVP_POLICE_ flags, or POLICE_UNKNOWN */
	uint64_t token_Bps;
	size_t count;
	struct wire_filter filters[]; /* sorted */
};

/*
 * What one outgoing interface should carry for one session: all of it (shared
 * styles) or for one sender (FF).  RFC 2209 calls it TCSB.
 */
struct demand {
	TAILQ_ENTRY(demand) next; /* in the session */
	LIST_ENTRY(demand) of_iface;
	struct session *session; /* NULL: orphan */
	struct iface *iface;
	bool shared;
	struct wire_filter filter; /* FF */
	struct session_key key; /* of the session it belongs or belonged to */
	uint32_t id;            /* of the flow */
	uint32_t serial;        /* of the request in flight; 0: none */
	enum flowslot_state slot;
	bool stuck;         /* a change that nobody asked for was refused, or a
			     * removal: it is not repeated at once */
	bool adopted;       /* found in the kernel, not yet claimed */
	bool seen;          /* the kernel still had it when tc came back */
	bool reshapes;      /* what is live is link_reshapes() */
	struct rsb *trying; /* whose request is in flight, or NULL */
	struct image *live; /* in the kernel, or NULL */
	struct image *sent; /* in flight, or NULL */
	struct timer wait;  /* for traffic control; orphan: until removed */
	bool orphan;        /* it is in the table of orphans */
	struct flow_key {
		uint32_t ifindex;
		struct session_key session;
	} orphan_key;
	UT_hash_handle hh;        /* by id */
	UT_hash_handle hh_serial; /* by serial, while in flight */
	UT_hash_handle hh_orphan; /* by orphan_key; not unique */
	uint64_t born;            /* grows with each new one */
	TAILQ_HEAD(, rsb) rsbs;   /* borrowed; in the order of the session */
	bool found;               /* in the kernel, when we came */
	uint8_t end; /* enum rsvp_end: why the last that wanted it left */
};

struct local {
	uint64_t id;
	TAILQ_ENTRY(local) next;
	struct session *session;
	struct maker *maker;
	struct rsvp_who who;
	struct psb *psb; /* what it sends, or NULL */
	uint8_t ttl;
	uint32_t ifindex; /* it sends from, 0: by route */
	bool told_paths;  /* the last PATH_EVENT had senders */
	bool reserving;
	uint8_t style;
	bool confirm;
	struct addr receiver;
	uint32_t in_ifindex; /* it receives there; 0: as routing has it */
	size_t count;
	struct local_flow {
		struct wire_flow flow;
		bool refused; /* until the next call or change of policy */
	} * flows;
	UT_hash_handle hh;
	struct held_sender *held; /* refused by policy, tried again; or NULL */
	/* As policy had it when it allowed what it sends: how that ends when it
	 * is allowed no more. */
	enum rsvp_policy_end ends;
	uint32_t grace_ms;
	bool leaving; /* it is allowed no more: */
	struct mono leaves;
};

struct queued; /* an effect; core.c */

/* Which sessions a pass is for. */
struct walk_want {
	bool all;
	size_t count;
	struct addr_prefix dsts[WALK_PREFIXES];
	struct mono since; /* the first change of it */
};

/* A slow pass over all sessions, in steps.  What changes during a pass is for
 * the next one: none is ever begun anew, so that each comes to its end. */
struct walk {
	struct timer timer;
	bool running;
	uint64_t pass;  /* number of the one running, or of the last */
	uint64_t after; /* serial of the last session done */
	struct walk_want now;
	struct walk_want next;
	struct mono due; /* next begins; MONO_NEVER: nothing is wanted */
};

struct rsvp_core {
	struct rsvp_core_conf conf;
	const struct alloc *alloc;
	struct mono now; /* of the input being worked on */
	uint64_t random;
	uint64_t next_session;
	uint64_t next_refusal;
	uint32_t next_flow;
	uint32_t next_serial;
	struct heap timers;
	struct iface *ifaces;
	struct maker *makers;
	struct dest *dests;
	struct session *sessions;
	struct session *session_serials;
	struct local *locals;
	struct demand *flows;
	struct demand *flow_serials;
	struct demand *orphans;
	struct ledger *ledger;
	struct walk routes;
	struct walk policies;
	size_t psb_count;
	size_t rsb_count;
	/* the kernel answered, and what is asked for is not told yet */
	TAILQ_HEAD(, session) answered;
	TAILQ_HEAD(, psb) fresh; /* path state heard once, the oldest first */
	size_t session_count;
	size_t kept_bytes; /* of all blobs */
	size_t adopted_count;
	uint64_t counters[RSVP_COUNTER_COUNT];
	struct queued *taken; /* kept alive for the caller */
	STAILQ_HEAD(, queued) queue;
	struct wire_msg msg;           /* being built */
	struct rsvp_refusal *refusals; /* ring of CORE_REFUSALS */
	uint8_t buf[WIRE_MESSAGE_MAX];
	uint64_t next_demand;
	size_t wish_room; /* of each of these, for the senders of a session */
	struct wish_part *wish_parts;
	struct wish_part **wish_sorted;
	struct wire_flow *wish_flows;
	const struct wire_msg *tearing; /* the ResvTear worked on, or NULL */
	struct alloc counted;           /* what alloc points to */
	size_t memory_bytes;            /* allocated by it now */
	enum rsvp_end cause; /* what the input being worked on ends, ends so */
};

/* ---- core.c -------------------------------------------------------------- */

/* Zeroed memory or NULL, counted. */
void *core_get(struct rsvp_core *core, size_t size);
void core_put(struct rsvp_core *core, void *memory);
/* Each input begins so: forgets the effect taken last, and tells what the
 * answers before it have changed. */
void core_begin(struct rsvp_core *core, struct mono now);
/* So begins an answer of the kernel: more of them may follow, and what they
 * change together is told once. */
void core_begin_answer(struct rsvp_core *core, struct mono now);
void core_count(struct rsvp_core *core, enum rsvp_counter counter);
/* Room for the body of an effect with extra octets behind it, in the queue.
 * NULL: no memory; it is lost and counted. */
void *effect_push(
	struct rsvp_core *core, enum rsvp_effect_kind kind, size_t extra);
enum { NOTE_LOCAL = 0, NOTE_REMOTE = 1, NOTE_WARNING = 2 };
void core_note(struct rsvp_core *core, unsigned flags, const char *fmt, ...)
	TEXT_PRINTF(3, 4);

/* A message that nobody is told about: counted, and logged (RFC 2205 B). */
void core_drop_bad(struct rsvp_core *core, const struct rsvp_packet *packet,
	const char *why);

/* ---- timer.c ------------------------------------------------------------- */

/* False: no memory for a timer that was not set before. */
bool timer_set(struct rsvp_core *core, struct timer *timer, int64_t in_ms);
bool timer_set_at(
	struct rsvp_core *core, struct timer *timer, struct mono deadline);
void timer_stop(struct rsvp_core *core, struct timer *timer);
/* A refresh interval uniform in [0.5 R, 1.5 R] (RFC 2205 3.7). */
int64_t timer_jitter_ms(struct rsvp_core *core, uint32_t refresh_ms);
/* R, or the part of it after which an early refresh comes: one fewer then. */
uint32_t timer_quick_ms(uint32_t refresh_ms, uint8_t *quick);
/* The refresh period of a neighbour within sane bounds. */
uint32_t timer_sane_refresh(uint32_t refresh_ms);

/* ---- iface.c ------------------------------------------------------------- */

/* NULL: not there, or gone. */
struct iface *iface_find(const struct rsvp_core *core, uint32_t ifindex);
/* The one that may be used: up and enabled; or NULL. */
struct iface *iface_usable(const struct rsvp_core *core, uint32_t ifindex);
/* Our address there for that family; family ADDR_NONE: none. */
struct addr iface_addr(const struct iface *iface, uint8_t family);
/* The one that has that address; a link-local one means something on its own
 * interface only, which ifindex names. */
struct iface *iface_of_addr(const struct rsvp_core *core,
	const struct addr *addr, uint32_t ifindex);
void iface_free(struct rsvp_core *core, struct iface *iface);
/* Frees an interface that is gone when nothing refers to it any more. */
void iface_settle(struct rsvp_core *core, struct iface *iface);
/* R for the refresh that is sent now.  After it was raised it grows by Slew.Max
 * a refresh only (RFC 2205 3.7 item 5). */
uint32_t iface_refresh_ms(const struct rsvp_core *core, struct iface *iface);
/* How many refreshes follow a change there early (RFC 2205 3.7 item 6). */
uint8_t iface_quick(const struct rsvp_core *core, uint32_t ifindex);
/* Capacity left for reservations, in IP octets a second. */
uint64_t iface_available_Bps(
	const struct rsvp_core *core, const struct iface *iface);

/* ---- session.c ----------------------------------------------------------- */

struct session_key session_key_of(const struct wire_session *session);
struct wire_session session_wire(const struct session *session);
struct session *session_find(
	const struct rsvp_core *core, const struct wire_session *session);
/* Path state for another session of that destination and protocol exists that
 * has a port where this one has none, or the reverse (RFC 2205 3.2). */
bool session_port_conflict(
	const struct rsvp_core *core, const struct wire_session *session);
/* Find it, or make it within the limits; hop ADDR_NONE: nobody is charged.
 * Addresses are easily forged, interfaces are not: a hop is charged on each for
 * itself, so that who pretends to be another uses up nothing of his.
 * NULL: limit or memory, counted. */
struct session *session_make(struct rsvp_core *core,
	const struct wire_session *wire, const struct addr *hop,
	uint32_t ifindex);
/* It has its first path state, or lost its last.  False: no memory. */
bool session_dest_enter(struct rsvp_core *core, struct session *session);
void session_dest_leave(struct rsvp_core *core, struct session *session);
/* Frees it, and what it still has. */
void session_free(struct rsvp_core *core, struct session *session);
enum session_mode { SESSION_TELL, SESSION_QUIET };
/* Let everything follow from the state: local reservations, demands, what the
 * previous hops are asked for (QUIET: without messages); frees the session when
 * nothing is left of it. */
void session_sync(struct rsvp_core *core, struct session *session,
	enum session_mode mode);
/* The same after an answer to that demand: the others that carry the same
 * senders are looked at, and no more.  What the previous hops are asked for
 * follows with the next input, or when the effects are taken. */
void session_answered(struct rsvp_core *core, struct session *session,
	const struct demand *demand);
void session_settle_answered(struct rsvp_core *core);
/* A charge against a limit; NULL: reached, or no memory (counted). */
struct maker *maker_charge(
	struct rsvp_core *core, const struct maker_key *who, uint32_t limit);
void maker_discharge(struct rsvp_core *core, struct maker *maker);

/* ---- rsb.c --------------------------------------------------------------- */

struct spec *spec_new(struct rsvp_core *core, size_t count);
/* NULL spec: NULL. */
struct spec_filter *spec_find(
	struct spec *spec, const struct wire_filter *filter);
bool spec_has(const struct spec *spec, const struct wire_filter *filter);
/* As flow descriptors of a message; returns how many. */
size_t spec_flows(const struct spec *spec, uint8_t style,
	struct wire_flow flows[WIRE_FLOWS_MAX]);
/* What is reserved here for it and asked of the nodes before us. */
struct wire_flowspec spec_forwarded(const struct spec *spec);
/* The same request again takes no more slack than it did, and is granted the
 * same. */
void spec_keep_slack(struct spec *spec, const struct spec *old);
/* It takes the place of the old one.  True: it asks for no less, and who waits
 * for that is told with this one. */
bool spec_keep_confirms(struct spec *spec, const struct spec *old);
/* The next of them; ADDR_NONE: there is none. */
struct addr spec_take_confirm(struct spec *spec);
/* Same flowspec, and no filter in b that a lacks. */
bool spec_covers(const struct spec *a, const struct spec *b);
/* The latest request: wanted, trying or in force. */
struct spec *rsb_latest(const struct rsb *rsb);
/* Somebody waits for the latest request.  True: it is in force. */
bool rsb_confirm(struct rsb *rsb, const struct addr *receiver);
/* For shared styles filter is not looked at. */
struct rsb *rsb_find(const struct session *session, const struct wire_hop *hop,
	uint8_t style, const struct wire_filter *filter);
struct rsb *rsb_find_local(const struct session *session,
	const struct local *local, uint8_t style,
	const struct wire_filter *filter);
struct rsb *rsb_new(struct rsvp_core *core, struct session *session);
/* Sends nothing; gives the policy claim back. */
void rsb_free(struct rsvp_core *core, struct rsb *rsb);
/* Take a filter out of all its specs.  True: none is left in any. */
bool rsb_drop_filter(
	struct rsvp_core *core, struct rsb *rsb, const struct wire_filter *f);
/* Free its specs that lost all their filters. */
void rsb_drop_empty(struct rsvp_core *core, struct rsb *rsb);
/* In force and reserving for that sender (on an interface it routes to). */
bool rsb_reserves_for(const struct rsb *rsb, const struct psb *psb);
/* Sender and outgoing interface fit, whatever is in force. */
bool rsb_matches(
	const struct rsb *rsb, const struct spec *spec, const struct psb *psb);
/* Some path state left the interface where it reserves for it (psb_left). */
bool rsb_is_left(const struct rsb *rsb);
/* The data of that sender go where it reserves. */
bool rsb_sees(const struct rsb *rsb, const struct psb *psb);
/* It belongs to that demand from now on; NULL: to none. */
void rsb_attach(struct rsb *rsb, struct demand *demand);
/* Set the timer to the earliest expiry.  False: no memory. */
bool rsb_arm(struct rsvp_core *core, struct rsb *rsb);
void rsb_set_why(struct rsvp_core *core, struct rsb *rsb, const char *rule,
	const char *reason);
const char *rsb_rule(const struct rsb *rsb);
const char *rsb_reason(const struct rsb *rsb);

/* ---- mtu.c --------------------------------------------------------------- */

/* Fill in M of an application's request when it is not known. */
void mtu_of_request(const struct session *session, struct spec *spec);

/* ---- scope.c ------------------------------------------------------------- */

/* Among the addresses, of its family. */
bool scope_has(struct wire_view scope, const struct addr *src);
/* Which senders of a session. */
struct scope_pick {
	const struct session *session;
	struct wire_view in;    /* of these; empty: of all */
	uint32_t out_ifindex;   /* that route there; 0: anywhere */
	const struct addr *hop; /* behind it and reserved for; NULL: any */
};
/* Their addresses, ascending, each once; returns octets. */
size_t scope_collect(const struct scope_pick *pick, uint8_t bytes[SCOPE_BYTES]);

/* ---- demand.c ------------------------------------------------------------ */

struct demand *demand_new(struct rsvp_core *core, struct iface *iface,
	const struct session_key *key);
/* Filter NULL: the shared one. */
struct demand *demand_find(const struct session *session, uint32_t ifindex,
	const struct wire_filter *filter);
/* Find or make; filter NULL: shared.  NULL: no memory. */
struct demand *demand_make(struct rsvp_core *core, struct session *session,
	struct iface *iface, const struct wire_filter *filter);
void demand_free(struct rsvp_core *core, struct demand *demand);
/* Decide what waits, and make the kernel follow.  May free it. */
void demand_run(struct rsvp_core *core, struct demand *demand);
/* A request in it that reserves for that sender, or NULL. */
const struct rsb *demand_carries(
	const struct demand *demand, const struct psb *psb);
/* It carries the same senders' data out of another interface. */
bool demand_is_branch(const struct demand *demand, const struct demand *other);
/* What a request in it counts with: the one that is being tried as if it were
 * in force.  NULL: with nothing. */
const struct spec *demand_spec(
	const struct demand *demand, const struct rsb *rsb);
/* Some reservation in it is in force. */
bool demand_in_force(const struct demand *demand);
/* What waits for traffic control waits so long only. */
void demand_await(struct rsvp_core *core, struct demand *demand);
/* All that is in force has to go; what waits may still be tried. */
struct refusal;
void demand_revoke(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal);
/* What the kernel refused for the old path is worth another question. */
void demand_ask_again(struct session *session);
/* A change that nobody asked for is refused; what was in force stays. */
void demand_stick(struct rsvp_core *core, struct demand *demand,
	const struct refusal *refusal);
/* What it should carry: with the reservations in force, and instead of its own
 * with the one that is being tried.  NULL: nothing.  False: no memory. */
bool demand_image(struct rsvp_core *core, const struct demand *demand,
	struct image **ret_image);
/* It does not fit: take slack of the request that is being tried, if it has
 * enough and the interface may, and replace the image. */
bool demand_spend_slack(struct rsvp_core *core, struct demand *demand,
	struct rsb *rsb, struct image **image);
/* What leaves there for that sender was shaped anew by this node. */
bool demand_reshapes(const struct psb *psb, uint32_t ifindex);
struct image *image_of_flow(struct rsvp_core *core, const struct iface *iface,
	const struct rsvp_flow *flow);
bool image_equal(const struct image *a, const struct image *b);
bool image_same_filters(const struct image *a, const struct image *b);
/* Its timer. */
void demand_expired(struct rsvp_core *core, struct demand *demand);

/* ---- police.c ------------------------------------------------------------ */

/* Nobody before this node can have policed it. */
bool police_entry(const struct psb *psb);
/* RSVP_POLICE_ flags of what it carries, or is to carry. */
uint8_t police_flags(const struct demand *demand);

/* ---- kernel.c ------------------------------------------------------------ */

/* Give it the number its flow will have.  False: no memory. */
bool demand_identify(struct rsvp_core *core, struct demand *demand);
/* Forget flow, request, ledger entry. */
void demand_unlink_flow(struct rsvp_core *core, struct demand *demand);
/* As the image has it (NULL: who it is, no more). */
void demand_describe(const struct demand *demand, const struct image *image,
	struct rsvp_flow *flow);
/* The kernel shall have this; takes the image. */
void demand_put(
	struct rsvp_core *core, struct demand *demand, struct image *image);
/* The kernel shall have nothing for now. */
void demand_remove(struct rsvp_core *core, struct demand *demand);
/* No reservation is left: free it, or let it finish as an orphan. */
void demand_abandon(struct rsvp_core *core, struct demand *demand);
/* An orphan with the same filters takes the place of a new demand; returns the
 * demand to go on with. */
struct demand *demand_claim(struct rsvp_core *core, struct demand *demand,
	const struct image *image);
/* A flow of that session was found in the kernel and nobody claimed it yet. */
bool demand_awaits_claim(struct rsvp_core *core, uint32_t ifindex,
	const struct session_key *key);
void demand_lost(struct rsvp_core *core, struct demand *demand);
/* Frees an orphan. */
void demand_forget(struct rsvp_core *core, struct demand *demand);
/* May free it. */
void demand_resume(struct rsvp_core *core, struct demand *demand);

/* ---- admit.c ------------------------------------------------------------- */

/* Why a request is refused. */
struct refusal {
	uint8_t code;
	uint16_t value;
	const char *rule;
	const char *reason;
};
struct admit_figures {
	struct refusal refusal;
	char reason[RSVP_REASON]; /* refusal.reason points here */
};
/* hold.c: the number is one of a static rule's entry in the ledger. */
bool hold_is_id(uint32_t id);
/* Hold in the ledger what the image costs.  False: with the figures. */
bool admit_hold(struct rsvp_core *core, struct demand *demand,
	const struct image *image, struct admit_figures *ret_figures);
/* Decide about a waiting request: policy, ledger, then the kernel.  Returns the
 * demand it belongs to from now on. */
struct demand *admit_request(
	struct rsvp_core *core, struct demand *demand, struct rsb *rsb);
/* What was tried is dropped without a word, for lack of memory. */
void admit_withdraw(struct rsvp_core *core, struct rsb *rsb);
/* What was tried waits again. */
void admit_postpone(struct rsvp_core *core, struct rsb *rsb);
/* An application's own reservation: policy only. */
void admit_local(struct rsvp_core *core, struct rsb *rsb);
/* What was tried is in force. */
void admit_commit(struct rsvp_core *core, struct rsb *rsb);
/* What was tried is refused: tell, put everything back; frees the RSB when
 * nothing of it was in force. */
void admit_refuse(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal);
/* What is in force stays, but not as the path has it now: tell. */
void admit_complain(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal);
/* What is in force has to go: tell, free. */
void admit_revoke(
	struct rsvp_core *core, struct rsb *rsb, const struct refusal *refusal);
/* Ask policy again about what is in force. */
void admit_judge(struct rsvp_core *core, struct rsb *rsb);
void refusal_record(struct rsvp_core *core, const struct rsvp_refusal *refusal);

/* ---- ask.c --------------------------------------------------------------- */

/* Compare what each previous hop (and local sender) should be asked with what
 * it was asked last, and tell the difference. */
void ask_sync(struct rsvp_core *core, struct session *session,
	enum session_mode mode);
void ask_free(struct rsvp_core *core, struct ask *ask);
/* May free this and other asks of the session. */
void ask_refresh(struct rsvp_core *core, struct ask *ask);
/* The same in the middle of a list: frees none, ask_sync() does. */
void ask_resend(struct rsvp_core *core, struct ask *ask);
/* Something failed upstream: ask at once for what may succeed, where there is
 * something that may (RFC 2205 3.5, rule 4). */
void ask_hurry(struct rsvp_core *core, struct session *session);

/* ---- in_path.c, in_resv.c, in_error.c ------------------------------------ */

void in_path(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_path_tear(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_path_err(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_resv(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_resv_tear(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_resv_err(struct rsvp_core *core, const struct rsvp_packet *packet);
void in_resv_conf(struct rsvp_core *core, const struct rsvp_packet *packet);
bool style_known(uint8_t style);
/* A Resv that is refused as a whole. */
void in_resv_refuse(struct rsvp_core *core, const struct rsvp_packet *packet,
	uint8_t code, uint16_t value);
/* DstPort zero goes with SrcPort zero only. */
bool ports_sane(
	const struct wire_session *session, const struct wire_filter *sender);
/* That host has a sender with a port where this one has none, or the reverse.
 */
bool ports_conflict(
	const struct session *session, const struct wire_filter *sender);
/* iface NULL: any. */
bool tspec_acceptable(
	const struct iface *iface, const struct wire_tspec *tspec);
void path_expired(struct rsvp_core *core, struct psb *psb);
void resv_expired(struct rsvp_core *core, struct rsb *rsb);

/* ---- local.c ------------------------------------------------------------- */

/* Make the reservations of applications that have path state now, drop those
 * that have none. */
void local_sync(struct rsvp_core *core, struct session *session);
void local_free(struct rsvp_core *core, struct local *local);
/* It is not tried again until the application or policy says something new. */
void local_refused(const struct rsb *rsb, const struct spec *spec);
void local_retry(struct local *local);
/* Ask policy again; false: it has to go, is told, and held for
 * local_resend(). */
bool local_sender_stays(struct rsvp_core *core, struct local *local);
/* Try what policy refused before. */
void local_resend(struct rsvp_core *core, struct local *local);
/* Where a ResvConf for its reservation goes. */
struct addr local_receiver(
	const struct rsvp_core *core, const struct local *local);

/* ---- event.c ------------------------------------------------------------- */

/* PATH_EVENT with the senders that there are. */
void local_tell_paths(struct rsvp_core *core, struct local *local);
/* The same to all applications of the session. */
void local_path_event(struct rsvp_core *core, struct session *session);
void local_resv_event(struct rsvp_core *core, const struct local *local,
	uint8_t style, size_t count, const struct wire_flow *flows);
void local_path_error(struct rsvp_core *core, const struct local *local,
	const struct wire_filter *sender, const struct wire_error *error,
	const char *reason);
void local_resv_error(struct rsvp_core *core, const struct rsb *rsb,
	const struct out_error *err, const char *reason);
/* Its request is confirmed by this node. */
void local_confirm(struct rsvp_core *core, const struct rsb *rsb);
/* A ResvConf for an application here. */
void local_confirm_msg(struct rsvp_core *core, const struct wire_msg *msg);

#endif /* CORE_INT_H */
