/* SPDX-License-Identifier: ISC */
#ifndef QOS_STAT_H
#define QOS_STAT_H

/*
 * What qosstat shows: an action and the conditions under which traffic gets it,
 * whether a policy rule or a reservation asked for it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"

enum {
	QOS_NAME = 64,
	QOS_END = 160, /* "address:port" as text */
	QOS_HANDLE = 64,
	QOS_SPANS = 64,      /* of one list of a rule */
	QOS_CONDITIONS = 256 /* shown of one action */
};

/* first.family ADDR_NONE: any */
struct qos_addrs {
	struct addr first;
	struct addr last;
};
/* 0-65535: any */
struct qos_ports {
	uint16_t first;
	uint16_t last;
};

struct qos_condition {
	struct qos_addrs src;
	struct qos_ports src_ports;
	struct qos_addrs dst;
	struct qos_ports dst_ports;
	uint8_t proto;
	bool any_proto;
	unsigned connections;
};

/* What was counted on an interface. */
struct qos_place {
	char iface[16];
	char handle[QOS_HANDLE]; /* of the kernel; "" when it is not there */
	bool violation;          /* something else came first */
	uint64_t in_packets;
	uint64_t in_bytes;
	uint64_t out_packets;
	uint64_t out_bytes;
};
enum { QOS_PLACES = 64 };

enum qos_type { QOS_DS, QOS_IS_CL, QOS_IS_GS };
enum qos_excess {
	QOS_EXCESS_NONE, /* no rate */
	QOS_EXCESS_MARK,
	QOS_EXCESS_DROP,
	QOS_EXCESS_DELAY
};

struct qos_action {
	enum qos_type type;
	char name[QOS_NAME]; /* of the rule; "" for a reservation */
	int64_t priority;
	bool deny;
	uint64_t rate_Bps; /* 0: none */
	uint64_t bucket_bytes;
	uint64_t peak_Bps; /* UINT64_MAX: unlimited */
	uint64_t min_unit;
	uint64_t max_packet;
	bool marks;
	uint8_t tos_in;
	uint8_t tos_out;
	enum qos_excess excess;
	struct qos_condition *conditions; /* owned */
	size_t n_conditions;
	struct qos_place places[QOS_PLACES];
	size_t n_places;
};

struct qos_actions {
	struct qos_action *at; /* owned, each with its conditions */
	size_t count;
	size_t room;
};

/* One more, empty, at the end; NULL for lack of memory. */
struct qos_action *qos_actions_add(struct qos_actions *list);
/* One more condition; false when there are too many, or no memory. */
bool qos_action_condition(
	struct qos_action *action, const struct qos_condition *condition);
void qos_actions_free(struct qos_actions *list);

struct qos;
/* All that the daemon has (qos_facts.c).  Exit status. */
int qos_actions_ask(const struct qos *qos, struct qos_actions *ret_list);

/* Count the connections of this host that each condition is about
 * (qos_conn.c), from files like those of /proc/net in that directory. */
void qos_connections(struct qos_actions *list, const char *directory);

struct qos_look {
	bool all;     /* those without connections too */
	bool numeric; /* no names of hosts and ports */
	bool handles;
	bool filters; /* the parts that later releases show, by name */
	bool statistics;
};

/* In the published layout (qos_print.c). */
void qos_print(
	FILE *out, const struct qos_actions *list, const struct qos_look *look);

#endif /* QOS_STAT_H */
