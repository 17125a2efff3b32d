/* SPDX-License-Identifier: ISC */
#ifndef MODEL_INT_H
#define MODEL_INT_H

/*
 * Kernel objects as values: what there is and what we want are arrays of the
 * same records, and a plan is the ordered difference.  Pure.
 *
 * The layout of a tree, which is also how a tree of ours is recognised:
 *
 *	52:		htb, default 5, layout mark in r2q
 *	 52:1		link: rate = ceil = usable rate of the link
 *	  52:2		guaranteed service	(7: a sentinel leaf)
 *	  52:3		controlled load		(8: a sentinel leaf)
 *	  52:4		static rules		(9: a sentinel leaf)
 *	  52:5		best effort, the default; leaf 5:
 *	  52:6		ARP, neighbour discovery, RSVP; leaf 6:
 *	52:100-52:ffdf	one class a flow, or idle, or one for a
 *			static rule; leaf bfifo MINOR:
 *
 * The sentinels keep 2, 3 and 4 interior classes when they have no other child.
 * Filters: preference 10 IPv4, 11 IPv6, 12 ARP; see filter_u32.c.  Before them
 * those of flows by flower, if that is wanted; see classifier_int.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/text.h"
#include "kinds_int.h"
#include "tcctl.h"

struct buf_writer;
struct nl_view;

enum {
	TC_MAJOR = 0x52,
	TC_MINOR_LINK = 1,
	TC_MINOR_GS = 2,
	TC_MINOR_CL = 3,
	TC_MINOR_POLICY = 4,
	TC_MINOR_BEST = 5,
	TC_MINOR_CONTROL = 6,
	TC_MINOR_GS_IDLE = 7,
	TC_MINOR_CL_IDLE = 8,
	TC_MINOR_POLICY_IDLE = 9,
	TC_MINOR_FIRST = 0x100,
	TC_MINOR_LAST = 0xffdf
};

/* "RSV" and the version of the layout, kept in the qdisc's r2q, which has no
 * other effect because every class is given its quantum. */
#define TC_LAYOUT_MARK    0x52535600u
#define TC_LAYOUT_MASK    0xffffff00u
#define TC_LAYOUT_VERSION 2u

#define TC_ROOT_HANDLE ((uint32_t)TC_MAJOR << 16)
#define TC_PARENT_ROOT 0xffffffffu

/* ingress and clsact: handle, parent, and the parents of their filters (an
 * ingress qdisc's hang on its handle). */
#define TC_INGRESS_HANDLE 0xffff0000u
#define TC_INGRESS_PARENT 0xfffffff1u
#define TC_CLSACT_INGRESS 0xfffffff2u
#define TC_CLSACT_EGRESS  0xfffffff3u

static inline uint32_t
tc_classid(uint32_t minor)
{
	return TC_ROOT_HANDLE | minor;
}

static inline uint32_t
tc_leaf_handle(uint32_t minor)
{
	return minor << 16;
}

/* ---- objects ------------------------------------------------------------ */

/*
 * In the order in which they are created, as far as nothing else says more: see
 * tc_object_compare().  A leaf is any qdisc below a class, of whatever kind.
 */
enum tc_type {
	TC_QDISC_ROOT,
	TC_CLASS,
	TC_QDISC_LEAF,
	TC_QDISC_INGRESS, /* ingress, or clsact */
	TC_FILTER
};

struct tc_kind;

struct tc_object {
	uint8_t type;       /* enum tc_type */
	uint8_t depth;      /* steps from the device; 0: not ranked */
	uint8_t hw;         /* filters: TC_HW_SKIP, TC_SW_SKIP */
	bool take_over : 1; /* root: made over whatever qdisc there is */
	/* Filters: the kernel shall number it, the handle is only a key; the
	 * preference is new.  When it is deleted that goes as a whole. */
	bool any_handle : 1;
	uint32_t ifindex;
	uint32_t handle;
	uint32_t parent;
	uint16_t pref;     /* filters */
	uint16_t protocol; /* filters: ethertype, host order */
	union {
		uint32_t leaf;  /* classes, as observed: handle of the leaf */
		uint32_t chain; /* filters */
	};
	const struct tc_kind *kind;
	/* Size table or actions; NULL: none.  Belongs to the list that the
	 * object was made in; a copy of the object borrows it. */
	struct tc_extra *extra;
	union {
		struct tc_htb_root root;
		struct tc_htb_class htb;
		struct tc_fifo fifo;
		struct tc_fq_codel fq_codel;
		struct tc_tbf tbf;
		struct tc_prio prio;
		struct tc_sfq sfq;
		struct tc_u32 u32;
		struct tc_fw fw;
		struct tc_matchall matchall;
		struct tc_flower flower;
		char name[TC_NAME]; /* of tc_kind_other */
	};
};

/* The kernel's TCA_CLS_FLAGS. */
enum { TC_HW_SKIP = 1, TC_SW_SKIP = 2 };

/* Totals of a class since the kernel made it. */
struct tc_class_stats {
	uint32_t handle;
	uint64_t bytes;
	uint64_t packets;
	uint32_t drops;
	uint32_t qlen; /* packets waiting */
	uint32_t backlog_bytes;
	int32_t tokens_ticks; /* negative: owed, when last looked at */
	int32_t ctokens_ticks;
};

/* A kind of qdisc, class or filter: one file each (kind_*.c, filter_*.c). */
struct tc_kind {
	const char *name;
	/* Same contents of this kind, for objects with the same key; what all
	 * have is tc_object_equal()'s. */
	bool (*equal)(
		const struct tc_object *have, const struct tc_object *want);
	/* The kernel can turn one into the other in place. */
	bool (*changeable)(
		const struct tc_object *have, const struct tc_object *want);
	/* Append the kernel's TCA_OPTIONS attribute.  NULL: it is only read. */
	void (*fill)(struct buf_writer *w, const struct tc_object *o);
	/* Read it; false: malformed. */
	bool (*parse)(const struct nl_view *options, struct tc_object *o);
	void (*print)(struct text *t, const struct tc_object *o);
};

extern const struct tc_kind tc_kind_htb_root;
extern const struct tc_kind tc_kind_htb_class;
extern const struct tc_kind tc_kind_bfifo;
extern const struct tc_kind tc_kind_pfifo;
extern const struct tc_kind tc_kind_fq_codel;
extern const struct tc_kind tc_kind_tbf;
extern const struct tc_kind tc_kind_prio;
extern const struct tc_kind tc_kind_sfq;
extern const struct tc_kind tc_kind_pfifo_fast; /* only read */
extern const struct tc_kind tc_kind_ingress;
extern const struct tc_kind tc_kind_clsact;
extern const struct tc_kind tc_kind_u32;
extern const struct tc_kind tc_kind_fw;
extern const struct tc_kind tc_kind_matchall;
extern const struct tc_kind tc_kind_flower;
extern const struct tc_kind tc_kind_other; /* foreign: shown, never written */

/* The kind of that name, or tc_kind_other. */
const struct tc_kind *tc_kind_find(enum tc_type type, const char *name);

/*
 * The order of creation, which is also the key: filters last; depth, type,
 * handle; filters by parent, chain, preference, tables before nodes, handle.
 * Without depths (0) that is right for a tree of ours; an array of anything
 * else is ranked first.
 */
int tc_object_compare(const void *a, const void *b);
/* Same contents, for objects with the same key: kind, size table, actions. */
bool tc_object_equal(
	const struct tc_object *have, const struct tc_object *want);
/* The kernel can turn one into the other in place. */
bool tc_object_changeable(
	const struct tc_object *have, const struct tc_object *want);
/* "class 52:100 on eth0"; name NULL: the interface's number. */
void tc_object_name(
	struct text *t, const struct tc_object *o, const char *name);
/* The same with all parameters. */
void tc_object_print(
	struct text *t, const struct tc_object *o, const char *name);

/* The kernel makes it with its preference, and takes it away: a root table of
 * u32.  No plan need deal with it. */
bool tc_object_is_automatic(const struct tc_object *o);

/* A growing array of objects.  failed: out of memory, something is missing. */
struct tc_objects {
	const struct alloc *alloc;
	struct tc_object *all;
	size_t count;
	size_t room;
	bool failed;
	struct tc_extra *extras; /* of its objects; theirs to borrow */
};

void tc_objects_done(struct tc_objects *list);
/* About so many more will come: room for them at once. */
void tc_objects_expect(struct tc_objects *list, size_t more);
/* A zeroed object at the end, or NULL (failed). */
struct tc_object *tc_objects_add(struct tc_objects *list);
/* The same with the contents of another, which may be of another list: what
 * that one has besides is copied too, without room for more actions. */
struct tc_object *tc_objects_copy(
	struct tc_objects *list, const struct tc_object *from);
/* A zeroed extra for an object of the list, with room for all actions, or NULL
 * (failed). */
struct tc_extra *tc_objects_extra(
	struct tc_objects *list, struct tc_object *object);
void tc_objects_sort(struct tc_objects *list);
/* Where they begin in a sorted list; its count: there are none. */
size_t tc_first_filter(const struct tc_objects *sorted);
/* The root qdisc has our handle. */
bool tc_objects_have_root(const struct tc_objects *list);
/* Set the depth of each, from what hangs on what; what hangs on nothing that
 * is there is 1 deep.  Before sorting. */
void tc_objects_rank(struct tc_objects *list);

/*
 * Number the filters of want that have none (handle 0), in the order of the
 * array, which is that of their description: what is there already and equal,
 * or can be changed, gives its number; others get the next.  fw filters have
 * their mark.  Before sorting.
 */
void tc_filters_number(struct tc_objects *want, const struct tc_objects *have);

/* A preference of u32 seems to have more than one root table. */
bool tc_filters_have_two_roots(
	const struct tc_objects *list, const struct tc_object *root);
/* Drop all roots of the preference but this, with their nodes. */
void tc_filters_keep_root(
	struct tc_objects *list, const struct tc_object *like, uint32_t root);
/* Drop what the same qdisc has told before for another place. */
void tc_filters_drop_repeated(struct tc_objects *list, size_t first);

/* ---- plans --------------------------------------------------------------- */

enum tc_op_kind { TC_OP_ADD, TC_OP_CHANGE, TC_OP_DEL };

struct tc_op {
	enum tc_op_kind kind;
	struct tc_object have; /* CHANGE, DEL */
	struct tc_object want; /* ADD, CHANGE */
	/* CHANGE of a class, by a kernel that tells: its totals right after it
	 * go there.  NULL: they are not asked for. */
	struct tc_class_stats *told;
};

/* A growing array of operations; as struct tc_objects. */
struct tc_ops {
	const struct alloc *alloc;
	struct tc_op *all;
	size_t count;
	size_t room;
	bool failed;
};

void tc_ops_done(struct tc_ops *list);
struct tc_op *tc_ops_add(struct tc_ops *list, enum tc_op_kind kind);

struct tc_span {
	const struct tc_object *all; /* sorted by tc_object_compare */
	size_t count;
};

/*
 * Append what turns have into want: new and changed objects first, in the
 * order of creation, then what goes, backwards.  An object that cannot be
 * changed in place is removed just before it is made again.
 */
void tc_plan(struct tc_span have, struct tc_span want, struct tc_ops *ops);

/* What takes the operation back. */
void tc_op_reverse(const struct tc_op *op, struct tc_op *ret_reverse);
/* The object that an operation is about. */
const struct tc_object *tc_op_object(const struct tc_op *op);
/* "change class 52:100 ...", one line without its end. */
void tc_op_print(struct text *t, const struct tc_op *op, const char *name);

/* ---- the kernel's units (clock.c) ---------------------------------------- */

/* Time that the octets take at the rate, in the kernel's ticks of 64 ns,
 * rounded up; the most that 32 bits hold (274 s) when longer. */
uint32_t tc_clock_ticks(uint64_t bytes, uint64_t rate_Bps);
/* Octets that pass in the time, rounded down; the most there is on overflow. */
uint64_t tc_clock_bytes(uint32_t ticks, uint64_t rate_Bps);
/* Octets that a rate earns in that time, rounded up. */
uint64_t tc_clock_earned(uint64_t rate_Bps, uint32_t us);
/* Ticks in microseconds, rounded up. */
int64_t tc_clock_us(uint32_t ticks);

/* ---- what we want (want.c) ----------------------------------------------- */

/* The root table of each preference, as a handle; 0: not known yet. */
struct tc_roots {
	uint32_t v4;
	uint32_t v6;
	uint32_t arp;
};

/* Rate of an idle class: never tiny, since a token debt is kept as time. */
enum { TC_IDLE_BPS = 125000 };

/* Octets that the qdisc charges at most for a packet of the MTU. */
uint32_t tc_mtu_octets(const struct tc_iface *iface);
/* What fills the cells of a packet: the kernel makes cells of it itself. */
uint32_t tc_frame_octets(const struct tc_iface *iface, uint32_t wire_octets);

/* Those of flows have a pool of idle classes; that of static rules has none. */
enum tc_subtree { TC_GS, TC_CL, TC_SUBTREES, TC_POLICY = TC_SUBTREES };

/* What a host treats as one packet, as far as we limit it; see offload.c. */
enum tc_offload_kind {
	TC_OFFLOAD_GSO, /* gso_max_segs */
	TC_OFFLOAD_GRO, /* gro_max_size; upper half: gro_ipv4_max_size */
	TC_OFFLOADS
};

struct tc_offload {
	uint64_t original; /* what it was; 0: we have set nothing */
	uint64_t set;      /* by us; 0: others changed it, and it is theirs */
	uint8_t place;     /* of the note about it, 0 or 1 */
};

/* What the tree of an interface depends on besides its settings. */
struct tc_shape {
	struct tc_roots roots;      /* nodes of an unknown root are left out */
	const struct tc_kind *best; /* best-effort leaf; NULL: left out */
	uint64_t sums_Bps[TC_SUBTREES]; /* rates of the flows */
	uint32_t layout; /* version the tree was made with; 0: the present */
	/* Each has a note, unless there is nothing to say. */
	struct tc_offload offloads[TC_OFFLOADS];
};

/* The tree of an interface without its flows, sorted. */
void tc_want_tree(const struct tc_iface *iface, const struct tc_shape *shape,
	struct tc_objects *into);
/* The best-effort leaf may be of that kind. */
bool tc_best_possible(const struct tc_kind *kind);
/* The best-effort leaf alone. */
void tc_want_best(const struct tc_iface *iface, const struct tc_kind *kind,
	struct tc_object *ret_leaf);

uint32_t tc_subtree_minor(enum tc_subtree subtree);
enum tc_subtree tc_subtree_of(uint8_t service);

/* The class above the flows of one service: rate is the sum of theirs. */
void tc_want_subtree(const struct tc_iface *iface, enum tc_subtree subtree,
	uint64_t rate_Bps, struct tc_object *ret);
/* An idle class and its leaf. */
void tc_want_idle(const struct tc_iface *iface, enum tc_subtree subtree,
	uint32_t minor, struct tc_object *ret_class,
	struct tc_object *ret_leaf);
/* A class of that subtree and its leaf, with these parameters. */
void tc_want_class(const struct tc_iface *iface, enum tc_subtree subtree,
	uint32_t minor, const struct tc_htb_class *htb, uint32_t limit,
	struct tc_object ret[2]);
/* A flow's class and its leaf. */
void tc_want_flow(const struct tc_iface *iface, const struct tc_flow *flow,
	uint32_t minor, struct tc_object *ret_class,
	struct tc_object *ret_leaf);
/* Back from a class and its leaf: service, rate, peak, bucket, packet size and
 * buffer; the smallest packet is not kept in the kernel. */
void tc_flow_of(const struct tc_iface *iface, const struct tc_object *class,
	const struct tc_object *leaf, struct tc_flow *ret_flow);
/* NULL, or what is wrong with it. */
const char *tc_flow_problem(
	const struct tc_iface *iface, const struct tc_flow *flow);
const char *tc_iface_problem(const struct tc_iface *iface);

/* ---- filters (filter_u32.c) ---------------------------------------------- */

/* Counters of the class when the flow was installed, kept in the filter. */
struct tc_base {
	uint64_t bytes;
	uint64_t packets;
	uint32_t drops;
};

/* What a filter node says besides what it matches. */
struct tc_mark {
	uint32_t flow_id;
	uint32_t classid;
	struct tc_base base;
};

/* NULL, or why there can be no such filter. */
const char *tc_filter_problem(const struct tc_filter *filter);
bool tc_filter_equal(const struct tc_filter *a, const struct tc_filter *b);
/* Where the filter's node belongs: handle of table and bucket. */
uint32_t tc_u32_bucket(const struct tc_filter *filter);
/* Number of a bucket that can hold leaf nodes, 0..TC_U32_BUCKETS - 1; or
 * TC_U32_BUCKETS when the handle is none of ours. */
uint32_t tc_u32_bucket_index(uint32_t handle);
/* The way by which packets come to a bucket or node of the fixed tables: what
 * is on one has seen the same headers.  TC_U32_WAYS: none of ours. */
unsigned tc_u32_way(uint32_t handle);
/* The node; handle holds table, bucket and node number. */
void tc_u32_node(uint32_t ifindex, uint32_t handle,
	const struct tc_filter *filter, const struct tc_mark *mark,
	struct tc_object *ret_node);
/* Back again; false when it is no node that tc_u32_node() makes. */
bool tc_u32_decode(const struct tc_object *node, struct tc_filter *ret_filter,
	struct tc_mark *ret_mark);
/* Tables and link nodes of the two families, and the control filters. */
void tc_want_filters(uint32_t ifindex, const struct tc_roots *roots,
	struct tc_objects *into);

/* ---- filters of static rules (filter_u32.c, rule_want.c) ----------------- */

/*
 * The nodes of the rules of one family that are looked at at the same place lie
 * in a table without hash; there are two, so that a new list is complete before
 * the one node that leads to it is turned.
 */
enum tc_rule_place { TC_RULES_BEFORE, TC_RULES_AFTER, TC_RULE_PLACES };

/* Which of the two tables, as a handle.  v6: else IPv4. */
uint32_t tc_rule_table(bool v6, enum tc_rule_place place, unsigned which);
/* Node of the preference's root that leads to it. */
uint32_t tc_rule_link(uint32_t root, enum tc_rule_place place);
/* A node in such a table, or one that leads there; not a table. */
bool tc_is_rule_filter(const struct tc_object *o);

enum {
	TC_PREF_FLOWER = 5, /* to the next: flower, see classifier_int.h */
	TC_PREF_FLOWER_LAST = 9,
	TC_PREF_V4 = 10,
	TC_PREF_V6 = 11,
	TC_PREF_ARP = 12,
	TC_U32_BUCKETS = 8960,
	TC_U32_WAYS = 5,     /* by port or by address, each family; by label */
	TC_NODE_MAX = 0xfff, /* nodes of a bucket are 1..4095 */
	TC_U32_BUCKET_SHIFT = 12,
	TC_U32_TABLE_SHIFT = 20,
	TC_U32_SPARE = 0x700 /* and a preference: a table that none uses */
};

/* Table, bucket and node of a handle. */
static inline uint32_t
tc_u32_table(uint32_t handle)
{
	return handle >> TC_U32_TABLE_SHIFT;
}

static inline bool
tc_u32_is_root(uint32_t handle)
{
	return tc_u32_table(handle) >= 0x800;
}

#endif /* MODEL_INT_H */
