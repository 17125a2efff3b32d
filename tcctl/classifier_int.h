/* SPDX-License-Identifier: ISC */
#ifndef CLASSIFIER_INT_H
#define CLASSIFIER_INT_H

/*
 * How packets find the class of their flow: one filter of the kernel, a node,
 * for each filter of the flow.  There are two ways, u32 and flower; what flower
 * cannot say is a node of u32 on the same interface.  Pure.
 *
 * Preferences of flower, all before those of u32:
 *	5 IPv4 with ports	7 IPv4, whole protocols
 *	6 IPv6 with ports	8 IPv6, whole protocols
 *
 * A filter of flower has no room for what a node of u32 says besides, the flow
 * and its counters.  Its class has a note then: a node of u32 in a table that
 * nothing leads to, whose number is that of the class.
 */

#include "model_int.h"
#include "nodes_int.h"

struct tc_classifier {
	const char *name;
	/* Can there be a node for it? */
	bool (*takes)(const struct tc_filter *filter);
	/* The number of a new node, as a handle; 0: none is left, or no
	 * memory. */
	uint32_t (*take)(struct tc_nodes *nodes, const struct tc_filter *filter,
		uint32_t flow_id);
	/* That of one which was found; false: it is in no place for it, the
	 * number is in use, or no memory. */
	bool (*claim)(struct tc_nodes *nodes, const struct tc_filter *filter,
		uint32_t handle, uint32_t flow_id);
	void (*give)(struct tc_nodes *nodes, uint32_t handle);
	void (*node)(uint32_t ifindex, uint32_t handle,
		const struct tc_filter *filter, const struct tc_mark *mark,
		struct tc_object *ret_node);
	/* Back again; false: it is no node that node() makes. */
	bool (*decode)(const struct tc_object *node,
		struct tc_filter *ret_filter, struct tc_mark *ret_mark);
	/* In a place for nodes of flows, whatever it says. */
	bool (*is_node)(const struct tc_object *o);
	/* Its nodes do not say whose they are: the class has a note. */
	bool wants_note;
	/* There can be one node only with the same filter: when the flow gets
	 * another class its nodes are kept, and turned. */
	bool turns;
};

extern const struct tc_classifier tc_classifier_u32;
extern const struct tc_classifier tc_classifier_flower;

/* The one that an interface with this setting has for a filter. */
const struct tc_classifier *tc_classifier_for(
	uint8_t setting, const struct tc_filter *filter);
/* The one whose node the object may be; NULL: neither. */
const struct tc_classifier *tc_classifier_of(const struct tc_object *o);

/* A filter of flower that no packet meets, to see whether there is flower. */
void tc_classifier_trial(uint32_t ifindex, struct tc_object *ret_filter);
bool tc_classifier_is_trial(const struct tc_object *o);

/* The note of the class that the mark names (filter_u32.c). */
void tc_note_node(
	uint32_t ifindex, const struct tc_mark *mark, struct tc_object *ret);
/* Of a class. */
bool tc_is_note_of(uint32_t handle, uint32_t minor);
/* In the place of notes, whatever it says. */
bool tc_is_note(const struct tc_object *o);
/* Back again; false: it is no note that tc_note_node() makes. */
bool tc_note_decode(const struct tc_object *note, struct tc_mark *ret_mark);

/* What was made of an offload, in the same table; for the rest it is one more
 * node of the fixed part. */
void tc_offload_note(uint32_t ifindex, enum tc_offload_kind kind,
	const struct tc_offload *offload, struct tc_object *ret);
/* Back again; false: it is no note that tc_offload_note() makes. */
bool tc_offload_note_decode(const struct tc_object *note,
	enum tc_offload_kind *ret_kind, struct tc_offload *ret_offload);

/* ---- what trees of u32 are made of (u32_make.c) -------------------------- */

/* Handle of a bucket of a table; its first is that of the table. */
static inline uint32_t
tc_u32_place(uint32_t id, uint32_t bucket)
{
	return id << TC_U32_TABLE_SHIFT | bucket << TC_U32_BUCKET_SHIFT;
}

struct tc_u32_maker {
	uint32_t ifindex;
	uint8_t family; /* ADDR_NONE: ARP */
	struct tc_objects *into;
};

/* Where a node leads to, by the bits of hmask at hoff. */
struct tc_u32_to {
	uint32_t id;
	int16_t hoff;
	uint32_t hmask;
};

/* One more, which does nothing yet; NULL: no memory (into has failed). */
struct tc_u32 *tc_u32_make(const struct tc_u32_maker *m, uint32_t handle);
void tc_u32_make_table(
	const struct tc_u32_maker *m, uint32_t id, uint16_t buckets);
/* A node that leads there, for all packets yet; NULL as above. */
struct tc_u32 *tc_u32_make_link(
	const struct tc_u32_maker *m, uint32_t handle, struct tc_u32_to to);

/* A node that matches all packets of the family and does nothing yet. */
void tc_u32_begin(uint32_t ifindex, uint32_t handle, uint8_t family,
	struct tc_object *ret);
/* And the word at off, under the mask, has the value. */
void tc_u32_match(struct tc_u32 *u, uint32_t mask, uint32_t value, int off);
/* And the address is there; none: any. */
void tc_u32_match_addr(struct tc_u32 *u, const struct addr *a, int off);

#endif /* CLASSIFIER_INT_H */
