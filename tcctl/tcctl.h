/* SPDX-License-Identifier: ISC */
#ifndef TCCTL_H
#define TCCTL_H

/*
 * Traffic control: the conversation between the engine and `tcctl serve`.
 * The engine says what it wants of an interface and of flows; tcctl makes it so
 * in the kernel, in order, and acknowledges each request.
 *
 *	engine -> tcctl		tcctl -> engine
 *	TC_MSG_IFACE		TC_MSG_ADOPTED* TC_MSG_DONE
 *	TC_MSG_IFACE_OFF	TC_MSG_DONE
 *	TC_MSG_FLOW_ADD/CHANGE	TC_MSG_DONE
 *	TC_MSG_FLOW_DEL		TC_MSG_COUNTER (its last) TC_MSG_DONE
 *	TC_MSG_FLOW_MARK	TC_MSG_DONE
 *	TC_MSG_COUNTERS		TC_MSG_COUNTER* TC_MSG_DONE
 *	TC_MSG_RULE* TC_MSG_RULES  TC_MSG_DONE
 *	TC_MSG_RULE_COUNTERS	TC_MSG_RULE_COUNTER* TC_MSG_DONE
 *				TC_MSG_NOTE	(serial 0: drift, pool, loss)
 *				TC_MSG_LOST	(serial 0: interface given up)
 *				TC_MSG_DRIFT	(serial 0: others changed it)
 *
 * Static rules come as the whole set of an interface: each TC_MSG_RULE puts one
 * more behind those that were put under its serial, TC_MSG_RULES with the same
 * serial makes what was put the set in force: all of it or, with the reason,
 * nothing of it.
 *
 * Messages are batches of base/msg.h.  A flow is known by its id, which is also
 * kept in the kernel (in its filters), so that a new tcctl finds it again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/msg.h"

enum tc_msg_type {
	TC_MSG_IFACE = 1,
	TC_MSG_IFACE_OFF,
	TC_MSG_FLOW_ADD,
	TC_MSG_FLOW_CHANGE,
	TC_MSG_FLOW_DEL,
	TC_MSG_COUNTERS,
	TC_MSG_RULE = 32,
	TC_MSG_RULES,
	TC_MSG_RULE_COUNTERS,
	TC_MSG_ADOPTED = 64,
	TC_MSG_DONE,
	TC_MSG_COUNTER,
	TC_MSG_NOTE,
	TC_MSG_LOST,
	TC_MSG_DRIFT,
	TC_MSG_RULE_COUNTER = 96,
	TC_MSG_FLOW_MARK = 112
};

enum { TC_FILTERS_MAX = 64, TC_NAME = 16, TC_TEXT = 256, TC_DSCP_MAX = 63 };

/* Packets with this priority (SO_PRIORITY) get the class of control traffic of
 * every interface that tcctl manages. */
enum { TC_CLASS_CONTROL = 0x520006 };

/* What comes in on NAME is shaped on an interface that is called this and
 * NAME, or, when that is too long, this and its number. */
#define TC_INGRESS_PREFIX "ifb-"

/* How packets find the class of their flow. */
enum tc_classify {
	TC_CLASSIFIER_AUTO, /* u32: every kernel has it, and it is as fast */
	TC_CLASSIFIER_U32,
	TC_CLASSIFIER_FLOWER, /* refused by a kernel without it */
	TC_CLASSIFIERS
};

/* Let tcctl manage an interface.  Rates and octets as the qdisc counts them
 * unless said otherwise. */
struct tc_iface {
	uint32_t ifindex;
	char name[TC_NAME];
	uint64_t link_Bps; /* the tree's root class; below the wire's rate */
	uint64_t best_effort_Bps; /* guaranteed to what is not reserved */
	uint64_t control_Bps;     /* for RSVP, ARP and neighbour discovery */
	uint32_t mtu;
	uint32_t header_bytes;    /* link header that the qdisc counts */
	uint32_t overhead_bytes;  /* on the wire beyond that, a packet */
	uint32_t min_frame_bytes; /* smallest charged size with both, or 0 */
	uint32_t timer_us;        /* lateness of the kernel's timer */
	uint32_t pool_low;  /* idle classes a subtree kept ready at least */
	uint32_t pool_high; /* and at most */
	bool take_over; /* replace a foreign tree (it is restored on IFACE_OFF
			 * if it was a default one) */
	bool atm;       /* octets travel in cells of 48 in 53 */
	uint8_t classifier; /* enum tc_classify */
	/* What comes in is queued here, ahead of the protocol stack, at this
	 * rate; 0: it is not. */
	uint64_t ingress_Bps;
	/* For as long as it is managed; 0: that is left alone. */
	uint32_t gso_segs; /* packets that it is handed as one (gso_max_segs) */
	uint32_t gro_octets; /* and octets of what comes in that are put
			      * together (gro_max_size), at most */
};

enum tc_service { TC_SERVICE_GS = 2, TC_SERVICE_CL = 5 };

struct tc_filter {
	struct addr dst;
	struct addr src; /* ADDR_NONE: any */
	uint8_t proto;
	uint16_t dst_port;   /* 0: any */
	uint16_t src_port;   /* 0: any */
	bool by_label;       /* IPv6 flow label instead of ports */
	uint32_t flow_label; /* 20 bits */
	uint32_t spi; /* of ESP or AH, in the place of ports (RFC 2207); 0: any
		       */
};

/* One reservation on one interface: a class and its filters.  Wire octets. */
struct tc_flow {
	uint32_t id; /* not 0 */
	uint32_t ifindex;
	uint8_t service; /* enum tc_service */
	uint64_t rate_Bps;
	uint64_t peak_Bps; /* 0: unlimited */
	uint64_t bucket_bytes;
	uint32_t max_packet_bytes;
	uint32_t min_packet_bytes;
	uint64_t buffer_bytes;
	size_t filter_count; /* at least 1 */
	struct tc_filter filters[TC_FILTERS_MAX];
	/* GS: what exceeds a bucket of this rate is sent as best effort, where
	 * the kernel can; 0: it waits in the class, as it does where it cannot
	 */
	uint64_t token_Bps;
};

/* The DS field that packets get; ECN stays. */
struct tc_marking {
	bool marks;     /* those in profile */
	uint8_t dscp;   /* 0..63 */
	bool marks_out; /* those beyond the token bucket, where the kernel can
			 * tell them */
	uint8_t dscp_out;
};

/* How a flow that is in the kernel is marked from now on, across its changes;
 * not at all before it is said. */
struct tc_flow_mark {
	uint32_t flow_id;
	uint32_t ifindex;
	struct tc_marking as;
};

struct tc_done {
	int error;          /* 0, or a positive errno */
	char text[TC_TEXT]; /* which step, and the kernel's own words; or "" */
	uint32_t flow_id;   /* the flow or 0 */
	uint32_t
		classid; /* of a flow that was installed: major << 16 | minor */
};

/* Since the flow was installed (adopted: since its counters began). */
struct tc_counter {
	uint32_t flow_id; /* 0: best effort of the interface */
	uint32_t ifindex;
	uint32_t classid;
	uint64_t bytes;
	uint64_t packets;
	uint64_t drops;
	uint32_t backlog_bytes;
	bool demoted;   /* what exceeds is sent as best effort, else it waits */
	bool marks_out; /* what exceeds the token bucket gets dscp_out */
	/* Packets between the flow's addresses, of its protocol, whose ports
	 * are hidden: they went as best effort.  All flows between these share
	 * them; of best effort: of all flows.  False: they are not counted. */
	bool hidden_counted;
	uint64_t hidden_fragments;
	uint64_t hidden_extensions; /* with IPv6 extension headers */
};

/* An interface that tcctl manages no more, with all its flows, until it is
 * announced again. */
struct tc_lost {
	uint32_t ifindex;
	char text[TC_TEXT];
};

/* Another program changed something in the tree of an interface. */
struct tc_drift_report {
	uint32_t ifindex;
	uint32_t flow_id; /* whose it is, or 0 */
	int error; /* 0: it is as it should be again.  Else a positive errno:
		    * the flow is not in the kernel any more */
	char text[TC_TEXT];
};

/* For all flows: best effort of each interface alone. */
#define TC_COUNTERS_BEST UINT32_MAX

/* Which counters: flow_id, or all of an interface, or all (both 0). */
struct tc_counters_query {
	uint32_t ifindex;
	uint32_t flow_id;
};

/* ---- static rules -------------------------------------------------------- */

enum { TC_RULE_MATCHES_MAX = 64, TC_RULES_MAX = 1024 };

/* What becomes of packets beyond the rate. */
enum tc_excess {
	TC_EXCESS_MARK,  /* sent with dscp_out, as best effort */
	TC_EXCESS_DROP,  /* policed */
	TC_EXCESS_DELAY, /* shaped */
	TC_EXCESS_COUNT
};

/* One block of packets.  Ports 0 to 0: any; addresses ADDR_NONE: any. */
struct tc_rule_match {
	uint8_t family; /* ADDR_V4 or ADDR_V6 */
	struct addr src_first;
	struct addr src_last;
	struct addr dst_first;
	struct addr dst_last;
	uint8_t proto; /* 0: any */
	uint16_t src_port_first;
	uint16_t src_port_last;
	uint16_t dst_port_first;
	uint16_t dst_port_last;
	uint8_t dscp;
	uint8_t dscp_mask; /* 0: any */
	/* Where they came in: name and number; "": anywhere, and what this host
	 * sends. */
	char in[TC_NAME];
	uint32_t in_ifindex;
};

/* A rule on the data traffic of one interface.  Wire octets. */
struct tc_rule {
	uint32_t id; /* not 0; the same one after a restart */
	uint32_t ifindex;
	bool before; /* ahead of reservations, else behind them */
	bool deny;   /* dropped; the rest does not matter */
	bool marks;
	uint8_t dscp;      /* in profile */
	uint64_t rate_Bps; /* 0: all is in profile */
	uint64_t bucket_bytes;
	bool guaranteed; /* the rate was admitted, and is kept free for it */
	uint8_t excess;  /* enum tc_excess */
	bool marks_out;
	uint8_t dscp_out;
	size_t match_count; /* at least 1 */
	struct tc_rule_match matches[TC_RULE_MATCHES_MAX];
	/* Of what the rate bounds; 0: none. */
	uint64_t peak_Bps;         /* not below the rate */
	uint32_t min_packet_bytes; /* IP octets; a smaller one counts as it */
	uint32_t max_packet_bytes; /* IP octets; a larger one exceeds */
};

/* Since the rule was installed on the interface, across changes of it. */
struct tc_rule_counter {
	uint32_t rule_id;
	uint32_t ifindex;
	uint32_t classid; /* 0: that of best effort */
	uint64_t in_bytes;
	uint64_t in_packets;
	uint64_t out_bytes;
	uint64_t out_packets;
	uint32_t backlog_bytes;
};

/* Writing appends one message to a batch; reading takes the body of one that
 * msg_next() returned.  False: malformed, *ret is not written. */
void tc_put_iface(
	struct buf_writer *w, uint32_t serial, const struct tc_iface *iface);
bool tc_get_iface(const struct msg *m, struct tc_iface *ret_iface);
void tc_put_iface_off(struct buf_writer *w, uint32_t serial, uint32_t ifindex);
bool tc_get_iface_off(const struct msg *m, uint32_t *ret_ifindex);
/* type: TC_MSG_FLOW_ADD, _CHANGE, _DEL (id and ifindex only) or _ADOPTED. */
void tc_put_flow(struct buf_writer *w, enum tc_msg_type type, uint32_t serial,
	const struct tc_flow *flow);
/* Filters behind the last are left as they were. */
bool tc_get_flow(const struct msg *m, struct tc_flow *ret_flow);
void tc_put_flow_mark(
	struct buf_writer *w, uint32_t serial, const struct tc_flow_mark *mark);
bool tc_get_flow_mark(const struct msg *m, struct tc_flow_mark *ret_mark);
void tc_put_done(
	struct buf_writer *w, uint32_t serial, const struct tc_done *done);
bool tc_get_done(const struct msg *m, struct tc_done *ret_done);
void tc_put_counters(struct buf_writer *w, uint32_t serial,
	const struct tc_counters_query *query);
bool tc_get_counters(const struct msg *m, struct tc_counters_query *ret_query);
void tc_put_counter(struct buf_writer *w, uint32_t serial,
	const struct tc_counter *counter);
bool tc_get_counter(const struct msg *m, struct tc_counter *ret_counter);
void tc_put_note(struct buf_writer *w, const char *text);
bool tc_get_note(const struct msg *m, char text[TC_TEXT]);
void tc_put_lost(struct buf_writer *w, const struct tc_lost *lost);
bool tc_get_lost(const struct msg *m, struct tc_lost *ret_lost);
void tc_put_rule(
	struct buf_writer *w, uint32_t serial, const struct tc_rule *rule);
bool tc_get_rule(const struct msg *m, struct tc_rule *ret_rule);
/* type: TC_MSG_RULES or TC_MSG_RULE_COUNTERS (0: of all interfaces). */
void tc_put_rules(struct buf_writer *w, enum tc_msg_type type, uint32_t serial,
	uint32_t ifindex);
bool tc_get_rules(const struct msg *m, uint32_t *ret_ifindex);
void tc_put_rule_counter(struct buf_writer *w, uint32_t serial,
	const struct tc_rule_counter *counter);
bool tc_get_rule_counter(
	const struct msg *m, struct tc_rule_counter *ret_counter);
void tc_put_drift(struct buf_writer *w, const struct tc_drift_report *report);
bool tc_get_drift(const struct msg *m, struct tc_drift_report *ret_report);

#endif /* TCCTL_H */
