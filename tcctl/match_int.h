/* SPDX-License-Identifier: ISC */
#ifndef MATCH_INT_H
#define MATCH_INT_H

/*
 * What a static rule matches - prefixes, ranges of addresses and ports, a DSCP
 * - as u32 nodes.  Pure.
 *
 * The nodes of a rule lie in one table without hash, in the order of the rules;
 * tc_u32_match_link() makes the node of the preference's root that leads there,
 * and lets the length of the IPv4 header float, so that options do not hide the
 * ports.  A later fragment has none and matches a rule without ports only, and
 * so does an IPv6 packet with extension headers.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "model_int.h"

struct tc_addr_range {
	struct addr first; /* ADDR_NONE: any address */
	struct addr last;
};

struct tc_port_range {
	uint16_t first;
	uint16_t last; /* 0 to 0 or 0 to 65535: any, or none at all */
};

struct tc_match {
	uint8_t family; /* ADDR_V4 or ADDR_V6 */
	struct tc_addr_range src;
	struct tc_addr_range dst;
	uint8_t proto; /* 0: any; with ports any that has them */
	struct tc_port_range src_ports;
	struct tc_port_range dst_ports;
	uint8_t dscp; /* 6 bits */
	uint8_t dscp_mask;
	char in[TC_NAME]; /* "": any interface, or none */
	uint32_t in_ifindex;
};

enum { TC_MATCH_NODES_MAX = 512 };

/* The addresses of a prefix. */
struct tc_addr_range tc_addr_range_of(const struct addr_prefix *prefix);
/* NULL, or why there can be no such match. */
const char *tc_match_problem(const struct tc_match *match);
/*
 * What its nodes compare, without class or action; a packet matches when one
 * of them does, and no two match the same packet.  Returns their number, 1 to
 * TC_MATCH_NODES_MAX.  The match has no problem.
 */
size_t tc_u32_match_nodes(const struct tc_match *match,
	struct tc_u32 ret_nodes[TC_MATCH_NODES_MAX]);
/* The node that leads every packet of the family to that table (a handle). */
void tc_u32_match_link(uint8_t family, uint32_t table, struct tc_u32 *ret_link);

#endif /* MATCH_INT_H */
