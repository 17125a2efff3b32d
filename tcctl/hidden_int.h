/* SPDX-License-Identifier: ISC */
#ifndef HIDDEN_INT_H
#define HIDDEN_INT_H

/*
 * Packets between the addresses of a reservation whose ports are hidden: IPv4
 * fragments, IPv6 fragments, IPv6 packets with extension headers.  They travel
 * as best effort although their flow is reserved.  Here is what the kernel is
 * told so that it counts them, on their way past all nodes of flows.  Pure.
 *
 * The counter of a pair of addresses and a protocol is one for all flows
 * between them: which of them the packet is of is what cannot be seen.
 */

#include "model_int.h"

/* Counted apart. */
enum tc_hidden_kind {
	TC_HIDDEN_FRAGMENT,
	TC_HIDDEN_EXTENSION, /* IPv6 */
	TC_HIDDEN_KINDS
};

/* By what a kernel counts: an action that lets the packet go on to the next
 * node.  MIRRED: none of its own to do so, but one that has nobody to send a
 * copy to. */
enum tc_hidden_means {
	TC_HIDDEN_UNTRIED,
	TC_HIDDEN_NONE,
	TC_HIDDEN_GACT,
	TC_HIDDEN_MIRRED
};

/* Equal ones are equal byte for byte. */
struct tc_hidden_pair {
	struct addr dst;
	struct addr src; /* ADDR_NONE: any */
	uint8_t proto;
};

enum { TC_HIDDEN_MAX = 4094 }; /* pairs of an interface, as places for them */

/* Packets of a flow with the filter can hide from it. */
bool tc_hidden_can(const struct tc_filter *filter);
struct tc_hidden_pair tc_hidden_pair_of(const struct tc_filter *filter);
/* The pair has a node of that kind. */
bool tc_hidden_has(const struct tc_hidden_pair *pair, enum tc_hidden_kind kind);
/* A node of a pair. */
struct tc_hidden_leaf {
	struct tc_hidden_pair pair;
	enum tc_hidden_kind kind;
	uint32_t place; /* below TC_HIDDEN_MAX */
	enum tc_hidden_means means;
};

/* As an object; its action is made in extra. */
void tc_hidden_node(uint32_t ifindex, const struct tc_hidden_leaf *leaf,
	struct tc_extra *extra, struct tc_object *ret);
/* In a table for such nodes, whatever it says; not a table. */
bool tc_is_hidden_node(const struct tc_object *o);
/* The same by its handle alone, and the place. */
bool tc_hidden_place_of(uint32_t handle, uint32_t *ret_place);
/* Back again; false: it is no node that tc_hidden_node() makes. */
bool tc_hidden_decode(
	const struct tc_object *node, struct tc_hidden_leaf *ret_leaf);
/* Whose is the action with that number?  False: nobody's on the interface. */
bool tc_hidden_index_of(uint32_t index, uint32_t ifindex, uint32_t *ret_place,
	enum tc_hidden_kind *ret_kind);
/* There are numbers for it. */
bool tc_hidden_numbered(uint32_t ifindex);

/* Tables and links of one family: the way there; root 0: tables alone. */
void tc_want_hidden(
	uint32_t ifindex, bool v6, uint32_t root, struct tc_objects *into);

#endif /* HIDDEN_INT_H */
