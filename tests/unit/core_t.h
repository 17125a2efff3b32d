/* SPDX-License-Identifier: ISC */
#ifndef CORE_T_H
#define CORE_T_H

/*
 * A core on a bench: three interfaces, routes and policy that the case sets,
 * and everything that comes out kept for looking at.
 *
 *	source - hop A -UP-[ core ]-DOWN- hop B - destination
 *	                       |
 *	                      SIDE
 */

#include "rsvpd/core/rsvp.h"
#include "tests/unit/t.h"

enum { UP = 1, DOWN = 2, SIDE = 3 };
enum { CT_MAX = 96, CT_BYTES = 20000, CT_ITEMS = 8 };

/* Who sends a message: the neighbour on an interface, first or second. */
enum { NOWHERE = 99 };
enum { HOP_A = 2, HOP_B = 2, HOP_C = 3 };

struct ct_sent {
	struct rsvp_send send;
	uint8_t bytes[CT_BYTES];
	struct wire_msg msg;
};

struct ct_event {
	struct rsvp_local_event head;
	struct rsvp_event_item items[CT_ITEMS];
	struct wire_adspec adspec; /* of the first item */
	bool has_adspec;
};

struct ct {
	struct rsvp_core *core;
	struct rsvp_core_conf conf;
	struct alloc alloc;
	struct mono now;
	uint8_t family;

	/* what the hooks answer */
	bool dst_local;
	uint32_t out; /* 0: no route */
	uint32_t also_out;
	struct rsvp_route_query way; /* asked for last */
	bool deny;
	uint16_t deny_value;
	unsigned asked;
	struct rsvp_policy_query question; /* the last one */
	unsigned claims;                   /* in force */
	uint32_t last_claim;

	/* what came out */
	size_t sent_count, flow_count, event_count, note_count, account_count;
	struct rsvp_account account; /* the last */
	struct ct_sent *sent;
	struct rsvp_flow_request *flows;
	struct ct_event *events;
	struct rsvp_note note; /* the last one */

	bool unread; /* what is sent on is of another node, whole */

	/* memory */
	long blocks; /* allocated now */
	long allocations;
	long fail_at; /* which one fails; 0: none */
	bool failed;  /* it did */

	struct rsvp_policy_answer answer; /* what policy says besides */

	uint32_t expects; /* routing expects multicast there; 0: UP, NOWHERE: it
			   * takes it from anywhere */
};

struct ct *ct_new(uint8_t family);
void ct_free(struct ct *t);    /* also checks that nothing leaked */
void ct_restart(struct ct *t); /* another core, of t->conf */

/* Run a case in IPv4, or in both families. */
void ct_once(void (*run)(struct ct *t));
void ct_both(void (*run)(struct ct *t));

/* Traffic control is ready on all interfaces. */
void ct_tc_ready(struct ct *t);

/* As ct_new() makes it: up, enabled, with traffic control. */
void ct_add_iface(struct ct *t, uint32_t ifindex);
/* An interface as it is, and as it shall be; empties the log. */
struct rsvp_iface ct_iface(const struct ct *t, uint32_t ifindex);
void ct_set_iface(struct ct *t, const struct rsvp_iface *conf);
void ct_put_iface(struct ct *t, const struct rsvp_iface *conf); /* keeps it */
/* One field of it; what comes out is kept. */
void ct_iface_up(struct ct *t, uint32_t ifindex, bool up);
void ct_iface_enabled(struct ct *t, uint32_t ifindex, bool enabled);
void ct_iface_tc(struct ct *t, uint32_t ifindex, bool traffic_control);
void ct_iface_wait(struct ct *t, uint32_t ifindex, uint32_t repair_wait_ms);
void ct_iface_gone(struct ct *t, uint32_t ifindex); /* deleted */
/* DOWN charges IP octets only. */
void ct_make_bare(struct ct *t, uint64_t reservable_Bps);

/* Routing says that all leaves there, 0: nowhere; and W is over as well. */
void ct_reroute(struct ct *t, uint32_t out);
void ct_repair(struct ct *t, uint32_t out);

/* Addresses: host on the link of an interface; net 9 is far away. */
struct addr ct_addr(const struct ct *t, unsigned net, unsigned host);
struct addr ct_group(const struct ct *t);
struct addr_prefix ct_host_route(struct addr addr);
struct wire_session ct_session(const struct ct *t);
struct wire_filter ct_sender(const struct ct *t);
struct wire_tspec ct_tspec(void);
struct wire_flowspec ct_cl(float rate);
struct wire_flowspec ct_gs(float rate, float R);

static inline bool
ct_is(const struct addr *a, struct addr b)
{
	return addr_equal(a, &b);
}

/* Messages as the neighbours send them; change them before ct_feed(). */
struct wire_msg *ct_path(struct ct *t);      /* hop A, on UP */
struct wire_msg *ct_path_tear(struct ct *t); /* hop A */
struct wire_msg *ct_resv(struct ct *t, struct wire_flowspec spec); /* hop B */
/* SE for both senders. */
struct wire_msg *ct_resv_both(struct ct *t, struct wire_flowspec spec);
struct wire_msg *ct_resv_tear(struct ct *t);
/* The same from the next hop on SIDE. */
struct wire_msg *ct_resv_on_side(struct ct *t, struct wire_flowspec spec);
/* In another style, of both senders if that is a shared one; returns it. */
struct wire_msg *ct_style(struct wire_msg *msg, uint8_t style);
struct wire_msg *ct_of_both(
	const struct ct *t, struct wire_msg *msg, uint8_t style);
/* Feeds the Path of another session and returns the Resv for it. */
struct wire_msg *ct_other_flow(
	struct ct *t, uint16_t port, struct wire_flowspec spec);
/* From upstream, on UP, for the flow of ct_resv(). */
struct wire_msg *ct_resv_err(
	struct ct *t, uint8_t code, uint16_t value, struct wire_flowspec spec);

/* Through the codec into the core; what comes out is added to the log. */
void ct_feed(struct ct *t, uint32_t ifindex, const struct wire_msg *msg);
/* The same with the IP header of choice. */
void ct_feed_from(struct ct *t, struct rsvp_packet packet);

/* Past the codec: what our own encoder would refuse to write. */
void ct_feed_as_is(struct ct *t, uint32_t ifindex, const struct wire_msg *msg);

/* The kernel answers the oldest open request; false: there is none. */
bool ct_answer(struct ct *t, int error);
void ct_answer_all(struct ct *t);

void ct_collect(struct ct *t);
void ct_forget(struct ct *t); /* empty the log */
/* Let time pass, with all ticks on the way. */
void ct_run(struct ct *t, int64_t ms);
void ct_tick(struct ct *t);

/* The n-th message of that type in the log, or NULL. */
const struct ct_sent *ct_sent(const struct ct *t, uint8_t type, size_t n);
size_t ct_sent_count(const struct ct *t, uint8_t type);
static inline size_t
ct_sent_on(const struct ct *t, uint8_t type, uint32_t ifindex)
{
	size_t n = 0;

	for (size_t i = 0; i < t->sent_count; i++)
		if (t->sent[i].send.type == type &&
			t->sent[i].msg.hop.lih == ifindex)
			n++;
	return n;
}
const struct ct_event *ct_event(
	const struct ct *t, enum rsvp_event_kind kind, size_t n);
/* The first descriptor of the first Resv in it. */
const struct wire_flow *ct_asked_flow(struct ct *t);
/* The last flow request, or NULL. */
const struct rsvp_flow_request *ct_flow(const struct ct *t);

/* An application that nobody knows opens the session; it sends from UP. */
void ct_app_open(struct ct *t, uint64_t app);
struct wire_filter ct_app_send(struct ct *t, uint64_t app);

/* Path came and was forwarded; log empty. */
void ct_with_path(struct ct *t);
/* From a sender of that host behind a hop; log empty. */
void ct_path_of(struct ct *t, uint32_t ifindex, unsigned hop, unsigned host);
/* It allows for large reservations; log empty. */
void ct_big_path(struct ct *t);
void ct_feed_tspec(struct ct *t, struct wire_tspec tspec);
/* Also reserved and installed; log empty. */
void ct_with_resv(struct ct *t, struct wire_flowspec spec);
/* A second sender of the session, behind the same previous hop; its Path came;
 * log empty. */
struct wire_filter ct_second_sender(const struct ct *t);
void ct_with_second_path(struct ct *t);

/* Nothing is left: no state, no flow, no memory, no claim, no bandwidth. */
void ct_expect_empty(struct ct *t);
/* Refused: one ResvErr, nothing upstream, recorded. */
void ct_expect_err(struct ct *t, unsigned code, unsigned value, unsigned flags);
/* Of the first session. */
struct rsvp_resv_info ct_only_resv(struct ct *t);
uint64_t ct_reserved(const struct ct *t, uint32_t ifindex);
struct rsvp_totals ct_totals(const struct ct *t);
/* The newest recorded refusal. */
struct rsvp_refusal ct_refusal(const struct ct *t);

#endif /* CORE_T_H */
