/* SPDX-License-Identifier: ISC */
#ifndef CONF_H
#define CONF_H

/*
 * rsvpd.conf as the daemon uses it.  One table of keys (conf_keys.c) is the
 * truth for parsing, ranges, defaults, printing and the manual page.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

enum { CONF_NAME = 16, CONF_IFACES_MAX = 1024 };

enum conf_stop { CONF_STOP_KEEP, CONF_STOP_TEAR };

/* RSVP in UDP on an interface (RFC 2205 Appendix C). */
enum conf_udp {
	CONF_UDP_AUTO, /* once a neighbour there is heard to need it */
	CONF_UDP_ON,
	CONF_UDP_OFF
};
/* As rsvpd.conf has it. */
const char *conf_udp_text(enum conf_udp mode);

/* As enum tc_classify. */
enum conf_classifier {
	CONF_CLASSIFIER_AUTO,
	CONF_CLASSIFIER_U32,
	CONF_CLASSIFIER_FLOWER,
	CONF_CLASSIFIERS
};

/* What carries the packets; see framing.c. */
enum conf_link_layer {
	CONF_LINK_NONE,
	CONF_LINK_ETHERNET,
	CONF_LINK_VLAN,
	CONF_LINK_PPPOE,
	CONF_LINK_PPPOE_VLAN,
	CONF_LINK_ATM_IPOA,
	CONF_LINK_ATM_PPPOA,
	CONF_LINK_ATM_BRIDGED,
	CONF_LINK_ATM_PPPOE,
	CONF_LINK_PTM,
	CONF_LINK_PTM_PPPOE,
	CONF_LINK_TUNNEL_IPIP,
	CONF_LINK_TUNNEL_GRE,
	CONF_LINK_TUNNEL_IP6,
	CONF_LINK_TUNNEL_WIREGUARD,
	CONF_LINK_LAYERS
};

struct conf_iface {
	/* Sorted, unique: an interface's name, its IPv4 address, or "*" for all
	 * but the loopback that have no section. */
	char name[CONF_NAME];
	bool enabled;
	bool traffic_control;
	bool take_over;              /* a foreign root qdisc may be replaced */
	uint64_t bandwidth_Bps;      /* usable wire rate; 0: the link's speed */
	uint32_t reservable_percent; /* of it, for the sum of reservations */
	uint32_t best_effort_percent; /* kept for what is not reserved */
	uint64_t gs_budget_bytes;     /* 0: made from the rate */
	uint32_t max_flows;
	uint32_t refresh_ms;
	uint32_t lives;
	uint32_t header_bytes;    /* UINT32_MAX: from the link's type */
	uint32_t overhead_bytes;  /* UINT32_MAX: by the link layer */
	uint32_t min_frame_bytes; /* UINT32_MAX: by the link layer */
	uint32_t assumed_min_packet;
	uint32_t timer_us;
	uint32_t device_bytes;
	uint32_t packets_per_s;   /* RSVP messages accepted, and burst of it */
	uint32_t repair_wait_ms;  /* W */
	uint32_t slew_percent;    /* Slew.Max */
	uint32_t quick_refreshes; /* after a change */
	enum conf_udp udp;
	uint32_t udp_router; /* IPv4 address in host order; 0: by the route */
	uint32_t udp_ttl;    /* that takes a datagram to that router */
	uint32_t latency_us; /* smallest of the link; UINT32_MAX: unknown */
	bool use_slack;      /* GS: of a request that would be refused */
	enum conf_link_layer link_layer;
	enum conf_classifier classifier;
	uint64_t ingress_Bps; /* what comes in is shaped to it; 0: it is not */
	bool limit_offloads;  /* what is treated as one packet */
};

struct conf {
	uint32_t max_sessions;
	uint32_t max_sessions_neighbour;
	uint32_t max_sessions_uid;
	uint32_t max_senders;
	uint32_t max_paths;
	uint32_t blockade_multiple;
	uint32_t tc_wait_ms;
	uint32_t client_queue_bytes;
	uint32_t max_clients;
	uint32_t max_clients_uid;
	uint32_t watchdog_ms; /* a worker silent for so long is killed */
	uint32_t pool_low;
	uint32_t pool_high;
	enum conf_stop stop;
	uint32_t log_level; /* enum log_level */
	uint32_t log_debug; /* mask of areas */
	char control_group[32];
	size_t iface_count;
	struct conf_iface *ifaces; /* owned */
	bool raw;                  /* false: RSVP in UDP alone */
	bool accounting;           /* records are written */
	uint32_t accounting_ms;    /* and between ends so often; 0: never */
};

/* Where and why a file was refused: "FILE:LINE: what (remedy)". */
struct conf_error {
	char text[400];
};

/*
 * Read a configuration from an open file, in our syntax or in that of AIX, by
 * its content; name is for messages.  NULL and the
 * reason when it is refused; nothing is half taken.
 */
struct conf *conf_read(
	FILE *file, const char *name, struct conf_error *ret_error);
void conf_free(struct conf *conf);

/* The effective configuration in the syntax of the file; it parses again. */
void conf_print(const struct conf *conf, FILE *out);

/* Every key, a line each: its name, default and meaning, tabs between. */
void conf_list(FILE *out);

/* The section of an interface, or NULL: RSVP is disabled there. */
const struct conf_iface *conf_iface_find(
	const struct conf *conf, const char *name);

/*
 * What a reload changes: tell is called with a line a change ("interfaces.eth0.
 * refresh: 30 s -> 15 s"), and with the name of the interface it concerns, or
 * NULL for a global key.
 */
void conf_diff(const struct conf *have, const struct conf *want,
	void (*tell)(void *arg, const char *iface, const char *line),
	void *arg);

#endif /* CONF_H */
