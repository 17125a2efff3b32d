/* SPDX-License-Identifier: ISC */
#ifndef STATS_H
#define STATS_H

/*
 * Counters of the daemon itself; those of the core are in rsvp.h.  One table:
 * the tool and the manual page read it.
 */

#include <stdint.h>

#define STATS_COUNTERS(X)                                                      \
	X(STATS_RECEIVED, "received", "RSVP packets read from the network")    \
	X(STATS_SENT, "sent_packets", "RSVP packets handed to the kernel")     \
	X(STATS_SEND_FAILED, "send_failed", "RSVP packets the kernel refused") \
	X(STATS_RATE_LIMITED, "rate_limited",                                  \
		"packets dropped by the limit of an interface or source")      \
	X(STATS_NOT_RSVP, "not_rsvp",                                          \
		"packets dropped: not RSVP, a fragment, or a forged source")   \
	X(STATS_MALFORMED, "malformed", "messages dropped by the decoder")     \
	X(STATS_CHECKSUM, "checksum", "messages dropped: wrong checksum")      \
	X(STATS_NO_IFACE, "no_interface",                                      \
		"packets dropped: interface not enabled for RSVP")             \
	X(STATS_API_CLIENTS, "api_clients", "applications connected so far")   \
	X(STATS_API_REFUSED, "api_refused", "applications turned away")        \
	X(STATS_API_BAD, "api_bad", "applications cut off for bad messages")   \
	X(STATS_API_SLOW, "api_slow", "applications cut off for not reading")  \
	X(STATS_CTL_CLIENTS, "ctl_clients", "control connections so far")      \
	X(STATS_TC_REQUESTS, "tc_requests", "requests to traffic control")     \
	X(STATS_TC_REFUSED, "tc_refused", "requests traffic control refused")  \
	X(STATS_POLICY_LOADS, "policy_loads",                                  \
		"policy generations in force so far")                          \
	X(STATS_POLICY_BAD, "policy_bad", "policy snapshots refused")          \
	X(STATS_RELOADS, "reloads", "configurations applied")                  \
	X(STATS_UDP_RECEIVED, "udp_received",                                  \
		"of the packets read, those in UDP")                           \
	X(STATS_UDP_SENT, "udp_sent", "RSVP messages sent in UDP")             \
	X(STATS_UDP_IGNORED, "udp_ignored",                                    \
		"packets dropped: in UDP, and it is off or not meant for us")  \
	X(STATS_ACCOUNTS, "accounts", "accounting records written")            \
	X(STATS_ACCOUNTS_LOST, "accounts_lost",                                \
		"accounting records lost: the file could not be written")

enum stats_counter {
#define X(name, text, help) name,
	STATS_COUNTERS(X)
#undef X
		STATS_COUNTER_COUNT
};

struct stats {
	uint64_t count[STATS_COUNTER_COUNT];
};

const char *stats_name(enum stats_counter counter);
const char *stats_help(enum stats_counter counter);

#endif /* STATS_H */
