/* SPDX-License-Identifier: ISC */
#ifndef CTL_MSG_H
#define CTL_MSG_H

/*
 * The conversation on the control socket: a question, then records of facts,
 * then an end.  One table names every fact, so that the daemon writes, and the
 * tool prints, without either knowing the other's list.
 *
 *	tool -> daemon		daemon -> tool
 *	CTL_ASK_x (arguments)	CTL_RECORD* CTL_END
 *
 * Messages of base/msg.h; one question at a time on a connection.  Every fact
 * is an attribute; a tool skips facts it does not know.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/msg.h"

enum ctl_type {
	CTL_ASK_INTERFACES = 1,
	CTL_ASK_SESSIONS,
	CTL_ASK_RESERVATIONS,
	CTL_ASK_POLICY,
	CTL_ASK_COUNTERS,
	CTL_ASK_EXPLAIN,
	CTL_ASK_STATUS,
	CTL_ASK_DIRECTORY,
	CTL_ASK_DATA, /* the rules on data traffic, as policy has them */
	CTL_ASK_RULES,
	CTL_ASK_SNAPSHOT,  /* the rules in force: a sealed memory descriptor */
	CTL_ASK_REQUESTS,  /* what policy was asked for all that stands */
	CTL_ASK_LOAD,      /* from here on policyd does something */
	CTL_ASK_CANDIDATE, /* brings a descriptor, as CTL_ASK_SNAPSHOT */
	CTL_ASK_CANDIDATE_DIRECTORY,
	CTL_ASK_ROLLBACK, /* CTL_F_GENERATION, 0: the one before */
	CTL_ASK_HISTORY,
	CTL_ASK_WHY, /* CTL_F_OPTIONS of a request, CTL_F_RULE it stands by */
	CTL_ASK_REFUSED, /* as CTL_ASK_REQUESTS, of what was refused lately */
	CTL_RECORD = 64,
	CTL_END /* CTL_F_ERROR when the question could not be answered */
};

enum ctl_kind {
	CTL_KIND_TEXT,
	CTL_KIND_NUMBER, /* u64 */
	CTL_KIND_SIGNED, /* i64 as u64 */
	CTL_KIND_REAL,   /* IEEE double as u64 */
	CTL_KIND_BOOL,   /* u8 */
	CTL_KIND_ADDR,
	CTL_KIND_OBJECT, /* facts */
	CTL_KIND_LIST    /* facts; each occurrence is one element */
};

/* clang-format off */
#define CTL_FACTS(X)                                                           \
	X(CTL_F_ERROR, 1, "error", TEXT)                                       \
	X(CTL_F_NAME, 2, "name", TEXT)                                         \
	X(CTL_F_HELP, 3, "help", TEXT)                                         \
	X(CTL_F_VALUE, 4, "value", NUMBER)                                     \
	X(CTL_F_IFINDEX, 5, "ifindex", NUMBER)                                 \
	X(CTL_F_UP, 6, "up", BOOL)                                             \
	X(CTL_F_ENABLED, 7, "enabled", BOOL)                                   \
	X(CTL_F_TRAFFIC_CONTROL, 8, "traffic_control", BOOL)                   \
	X(CTL_F_TC_READY, 9, "tc_ready", BOOL)                                 \
	X(CTL_F_TC_PROBLEM, 10, "tc_problem", TEXT)                            \
	X(CTL_F_V4, 11, "v4", ADDR)                                            \
	X(CTL_F_V6, 12, "v6", ADDR)                                            \
	X(CTL_F_MTU, 13, "mtu", NUMBER)                                        \
	X(CTL_F_BANDWIDTH, 14, "bandwidth_bps", NUMBER)                        \
	X(CTL_F_RESERVABLE, 15, "reservable_bps", NUMBER)                      \
	X(CTL_F_RESERVED, 16, "reserved_bps", NUMBER)                          \
	X(CTL_F_RESERVED_GS, 17, "reserved_gs_bps", NUMBER)                    \
	X(CTL_F_RESERVED_CL, 18, "reserved_cl_bps", NUMBER)                    \
	X(CTL_F_BUDGET, 19, "gs_budget_bytes", NUMBER)                         \
	X(CTL_F_BUDGET_USED, 20, "gs_budget_used_bytes", NUMBER)               \
	X(CTL_F_FLOWS, 21, "flows", NUMBER)                                    \
	X(CTL_F_MAX_FLOWS, 22, "max_flows", NUMBER)                            \
	X(CTL_F_GS_C, 23, "C_bytes", NUMBER)                                   \
	X(CTL_F_GS_D, 24, "D_us", NUMBER)                                      \
	X(CTL_F_REFRESH, 25, "refresh_ms", NUMBER)                             \
	X(CTL_F_SESSION, 26, "session", OBJECT)                                \
	X(CTL_F_DST, 27, "dst", ADDR)                                          \
	X(CTL_F_PROTO, 28, "proto", NUMBER)                                    \
	X(CTL_F_PORT, 29, "port", NUMBER)                                      \
	X(CTL_F_PATHS, 30, "paths", LIST)                                      \
	X(CTL_F_RESVS, 31, "reservations", LIST)                               \
	X(CTL_F_SENDER, 32, "sender", OBJECT)                                  \
	X(CTL_F_SRC, 33, "src", ADDR)                                          \
	X(CTL_F_FLOW_LABEL, 34, "flow_label", NUMBER)                          \
	X(CTL_F_TSPEC, 35, "tspec", OBJECT)                                    \
	X(CTL_F_R, 36, "r", REAL)                                              \
	X(CTL_F_B, 37, "b", REAL)                                              \
	X(CTL_F_P, 38, "p", REAL)                                              \
	X(CTL_F_M, 39, "m", NUMBER)                                            \
	X(CTL_F_MAX, 40, "M", NUMBER)                                          \
	X(CTL_F_RATE_R, 41, "R", REAL)                                         \
	X(CTL_F_SLACK, 42, "S", NUMBER)                                        \
	X(CTL_F_HOP, 43, "hop", ADDR)                                          \
	X(CTL_F_LIH, 44, "lih", NUMBER)                                        \
	X(CTL_F_LOCAL, 45, "local", BOOL)                                      \
	X(CTL_F_UID, 46, "uid", NUMBER)                                        \
	X(CTL_F_PID, 47, "pid", NUMBER)                                        \
	X(CTL_F_IN, 48, "in", TEXT)                                            \
	X(CTL_F_OUT, 49, "out", TEXT)                                          \
	X(CTL_F_TO_LOCAL, 50, "to_local", BOOL)                                \
	X(CTL_F_TTL, 51, "ttl", NUMBER)                                        \
	X(CTL_F_NON_RSVP, 52, "non_rsvp_hop", BOOL)                            \
	X(CTL_F_EXPIRES, 53, "expires_ms", SIGNED)                             \
	X(CTL_F_INTERFACE, 54, "interface", TEXT)                              \
	X(CTL_F_STYLE, 55, "style", TEXT)                                      \
	X(CTL_F_SERVICE, 56, "service", TEXT)                                  \
	X(CTL_F_FLOWSPEC, 57, "flowspec", OBJECT)                              \
	X(CTL_F_FILTERS, 58, "filters", LIST)                                  \
	X(CTL_F_STATE, 59, "state", TEXT)                                      \
	X(CTL_F_FLOW_ID, 60, "flow_id", NUMBER)                                \
	X(CTL_F_RATE, 61, "rate_bps", NUMBER)                                  \
	X(CTL_F_RULE, 62, "rule", TEXT)                                        \
	X(CTL_F_REASON, 63, "reason", TEXT)                                    \
	X(CTL_F_CLASSID, 64, "classid", TEXT)                                  \
	X(CTL_F_BYTES, 65, "bytes", NUMBER)                                    \
	X(CTL_F_PACKETS, 66, "packets", NUMBER)                                \
	X(CTL_F_DROPS, 67, "drops", NUMBER)                                    \
	X(CTL_F_BACKLOG, 68, "backlog_bytes", NUMBER)                          \
	X(CTL_F_CODE, 69, "code", NUMBER)                                      \
	X(CTL_F_CODE_TEXT, 70, "code_text", TEXT)                              \
	X(CTL_F_CODE_VALUE, 71, "error_value", NUMBER)                         \
	X(CTL_F_VALUE_TEXT, 72, "error_value_text", TEXT)                      \
	X(CTL_F_AGE, 73, "age_ms", SIGNED)                                     \
	X(CTL_F_MESSAGE, 74, "message", TEXT)                                  \
	X(CTL_F_NEIGHBOUR, 75, "neighbour", ADDR)                              \
	X(CTL_F_GENERATION, 76, "generation", NUMBER)                          \
	X(CTL_F_SOURCE, 77, "source", TEXT)                                    \
	X(CTL_F_SOURCES, 78, "sources", TEXT)                                  \
	X(CTL_F_CATEGORY, 79, "category", TEXT)                                \
	X(CTL_F_CONDITIONS, 80, "conditions", TEXT)                            \
	X(CTL_F_GRANTS, 81, "grants", TEXT)                                    \
	X(CTL_F_PERMISSION, 82, "permission", TEXT)                            \
	X(CTL_F_PRIORITY, 83, "priority", SIGNED)                              \
	X(CTL_F_ALLOWED, 84, "allowed", NUMBER)                                \
	X(CTL_F_REFUSED, 85, "refused", NUMBER)                                \
	X(CTL_F_SERIAL, 86, "serial", NUMBER)                                  \
	X(CTL_F_KIND, 87, "kind", TEXT)                                        \
	X(CTL_F_SESSIONS, 88, "sessions", NUMBER)                              \
	X(CTL_F_UPTIME, 89, "uptime_ms", SIGNED)                               \
	X(CTL_F_VERSION, 90, "version", TEXT)                                  \
	X(CTL_F_ADOPTED, 91, "adopted_unclaimed", NUMBER)                      \
	X(CTL_F_UDP, 92, "udp", TEXT)                                          \
	X(CTL_F_UDP_SEEN, 93, "udp_seen", BOOL)                                \
	X(CTL_F_UDP_NEIGHBOURS, 94, "udp_neighbours", NUMBER)                  \
	X(CTL_F_MEMORY, 95, "memory_bytes", NUMBER)                            \
	X(CTL_F_FILE_DIGEST, 96, "file_digest", NUMBER)                        \
	X(CTL_F_FILE_GENERATION, 97, "file_generation", NUMBER)                \
	X(CTL_F_FILE_PROBLEM, 98, "file_problem", TEXT)                        \
	X(CTL_F_SERVER, 99, "server", TEXT)                                    \
	X(CTL_F_MODE, 100, "mode", TEXT)                                       \
	X(CTL_F_CONNECTED, 101, "connected", BOOL)                             \
	X(CTL_F_WAITING, 102, "waiting", BOOL)                                 \
	X(CTL_F_ENTRIES, 103, "entries", NUMBER)                               \
	X(CTL_F_SKIPPED, 104, "skipped", NUMBER)                               \
	X(CTL_F_COOKIE_AGE, 105, "cookie_age_ms", SIGNED)                      \
	X(CTL_F_CHANGE_AGE, 106, "change_age_ms", SIGNED)                      \
	X(CTL_F_ANSWER_AGE, 107, "answer_age_ms", SIGNED)                      \
	X(CTL_F_CACHE_AGE, 108, "cache_age_ms", SIGNED)                        \
	X(CTL_F_RETRY, 109, "retry_ms", SIGNED)                                \
	X(CTL_F_DRIFTS, 110, "drifts", NUMBER)                                 \
	X(CTL_F_LAST_DRIFT, 111, "last_drift", TEXT)                           \
	X(CTL_F_FROM, 112, "from", LIST)                                       \
	X(CTL_F_TO, 113, "to", LIST)                                           \
	X(CTL_F_FROM_PORTS, 114, "from_ports", LIST)                           \
	X(CTL_F_TO_PORTS, 115, "to_ports", LIST)                               \
	X(CTL_F_PROTOS, 116, "protocols", LIST)                                \
	X(CTL_F_FIRST, 117, "first", ADDR)                                     \
	X(CTL_F_LAST, 118, "last", ADDR)                                       \
	X(CTL_F_LOW, 119, "low", NUMBER)                                       \
	X(CTL_F_HIGH, 120, "high", NUMBER)                                     \
	X(CTL_F_ACTIVE, 121, "active", BOOL)                                   \
	X(CTL_F_BUCKET, 122, "bucket_bytes", NUMBER)                           \
	X(CTL_F_PEAK, 123, "peak_bps", NUMBER)                                 \
	X(CTL_F_MIN_PACKET, 124, "min_packet_bytes", NUMBER)                   \
	X(CTL_F_MAX_PACKET, 125, "max_packet_bytes", NUMBER)                   \
	X(CTL_F_DSCP, 126, "dscp", NUMBER)                                     \
	X(CTL_F_DSCP_OUT, 127, "dscp_out", NUMBER)                             \
	X(CTL_F_EXCESS, 128, "excess", TEXT)                                   \
	X(CTL_F_BEFORE, 129, "before_reservations", BOOL)                       \
	X(CTL_F_GUARANTEED, 130, "admitted", BOOL)                              \
	X(CTL_F_VIOLATION, 131, "violation", BOOL)                              \
	X(CTL_F_OTHER, 132, "reservation", TEXT)                                \
	X(CTL_F_IN_BYTES, 133, "in_profile_bytes", NUMBER)                     \
	X(CTL_F_IN_PACKETS, 134, "in_profile_packets", NUMBER)                 \
	X(CTL_F_OUT_BYTES, 135, "out_of_profile_bytes", NUMBER)                \
	X(CTL_F_OUT_PACKETS, 136, "out_of_profile_packets", NUMBER)            \
	X(CTL_F_RULES_GENERATION, 137, "rules_generation", NUMBER)             \
	X(CTL_F_OPTIONS, 138, "options", LIST)                                 \
	X(CTL_F_TEXT, 139, "text", TEXT)                                       \
	X(CTL_F_OK, 140, "ok", BOOL)                                           \
	X(CTL_F_LINES, 141, "lines", LIST)                                     \
	X(CTL_F_HELD, 142, "rollback_generation", NUMBER)                      \
	X(CTL_F_HELD_AGE, 143, "rollback_age_ms", SIGNED)                      \
	X(CTL_F_RULES, 144, "rules_count", NUMBER)                             \
	X(CTL_F_IN_FORCE, 145, "in_force", BOOL)                               \
	X(CTL_F_MATCHED, 146, "matched", NUMBER)                               \
	X(CTL_F_REFUSALS, 147, "refusals", LIST)                               \
	X(CTL_F_COUNT, 148, "count", NUMBER)                                   \
	X(CTL_F_VERDICT, 149, "verdict", TEXT)                                 \
	X(CTL_F_LIMIT, 150, "limit", TEXT)                                     \
	X(CTL_F_LOWERED, 151, "lowered", BOOL)                                 \
	X(CTL_F_WHY, 152, "why", TEXT)                                         \
	X(CTL_F_CONTINUES, 153, "continues", BOOL)                             \
	X(CTL_F_TRIED, 154, "tried", LIST)                                     \
	X(CTL_F_RECORDED, 155, "recorded", TEXT)                               \
	X(CTL_F_STANDS, 156, "stands", BOOL)                                   \
	X(CTL_F_RULES_BEYOND, 157, "rules_not_installed", NUMBER)              \
	X(CTL_F_HIDDEN_FRAGMENTS, 158, "hidden_fragments", NUMBER)             \
	X(CTL_F_HIDDEN_EXTENSIONS, 159, "hidden_extensions", NUMBER)           \
	X(CTL_F_INGRESS, 160, "ingress_bandwidth_bps", NUMBER)                 \
	X(CTL_F_TC_REFUSED, 161, "tc_refused", TEXT)                           \
	X(CTL_F_GSO_SEGS, 162, "gso_max_segs", NUMBER)                         \
	X(CTL_F_GSO_LIMIT, 163, "gso_limit", NUMBER)                           \
	X(CTL_F_GRO_OCTETS, 164, "gro_max_size", NUMBER)                       \
	X(CTL_F_GRO_LIMIT, 165, "gro_limit", NUMBER)
/* clang-format on */

enum ctl_fact_id {
#define X(id, number, name, kind) id = number,
	CTL_FACTS(X)
#undef X
};

struct ctl_fact {
	uint16_t id;
	uint8_t kind; /* enum ctl_kind */
	const char *name;
};

/* The row of a fact, or NULL for one not known here. */
const struct ctl_fact *ctl_fact_find(uint16_t id);

void ctl_put_text(struct buf_writer *w, enum ctl_fact_id id, const char *text);
void ctl_put_number(struct buf_writer *w, enum ctl_fact_id id, uint64_t v);
void ctl_put_signed(struct buf_writer *w, enum ctl_fact_id id, int64_t v);
void ctl_put_real(struct buf_writer *w, enum ctl_fact_id id, double v);
void ctl_put_bool(struct buf_writer *w, enum ctl_fact_id id, bool v);
/* Nothing is written for ADDR_NONE. */
void ctl_put_addr(
	struct buf_writer *w, enum ctl_fact_id id, const struct addr *a);

int64_t ctl_get_signed(struct msg_attr *attr);
double ctl_get_real(struct msg_attr *attr);

#endif /* CTL_MSG_H */
