/* SPDX-License-Identifier: ISC */
#ifndef TREE_INT_H
#define TREE_INT_H

/*
 * A description of traffic-control trees as a file has it: what the operator
 * wrote, with what was left out still open.  tree_conf*.c reads it,
 * tree_check.c judges it as a whole, tree_build.c makes the kernel's objects of
 * it, tree_write.c writes one from the kernel's objects.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "model_int.h"

/* A parameter that the file leaves out. */
#define TREE_UNSET UINT64_MAX

enum {
	TREE_IFACES_MAX = 64,
	TREE_OBJECTS_MAX = 32768, /* of one interface, of each type */
	TREE_MATCHES_MAX = 16,
	TREE_ACTIONS_MAX = 8,
	TREE_LOCAL_MAX = 16,  /* entries of "local" */
	TREE_LOCALS_MAX = 64, /* prefixes that they stand for */
	TREE_DEPTH_MAX = 24,
	TREE_FAULTS_MAX = 32,
	TREE_PRIOS = 16
};

/* ---- what is wrong with a file (tree_fault.c) ---------------------------- */

struct tree_fault {
	unsigned line;
	unsigned rank; /* in the order of discovery */
	bool warning;
	char text[240];
};

struct tree_faults {
	const char *file;
	size_t count; /* of both, as far as they were kept */
	size_t errors;
	struct tree_fault all[TREE_FAULTS_MAX];
};

void tree_error(struct tree_faults *f, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);
void tree_warning(struct tree_faults *f, unsigned line, const char *fmt, ...)
	TEXT_PRINTF(3, 4);
/* "FILE:LINE: text" for each, by line; warnings say that they are. */
void tree_faults_print(struct tree_faults *f, struct text *t);

/* ---- finding (tree_index.c) ---------------------------------------------- */

/* Places in a list of thousands by two keys.  What is added last has no memory
 * when failed is set. */
struct tree_place {
	uint64_t major;
	uint64_t minor;
	size_t at;
};

struct tree_index {
	struct tree_place *all;
	size_t count;
	size_t room;
	bool failed;
};

#define TREE_NOWHERE SIZE_MAX

void tree_index_add(
	struct tree_index *x, uint64_t major, uint64_t minor, size_t at);
/* After the last was added, before any is looked for. */
void tree_index_sort(struct tree_index *x);
/* The first place from there on that has the keys; or TREE_NOWHERE. */
size_t tree_index_from(const struct tree_index *x, uint64_t major,
	uint64_t minor, size_t from);
/* How many before that place have them. */
size_t tree_index_before(const struct tree_index *x, uint64_t major,
	uint64_t minor, size_t before);
void tree_index_done(struct tree_index *x);

/* ---- the description ----------------------------------------------------- */

/* Qdiscs, in the order of their names' table (tree_conf.c). */
enum tree_kind {
	TREE_HTB,
	TREE_TBF,
	TREE_PRIO,
	TREE_SFQ,
	TREE_FQ_CODEL,
	TREE_PFIFO,
	TREE_BFIFO,
	TREE_INGRESS,
	TREE_CLSACT,
	TREE_KINDS
};

/* Octets, or what the kernel keeps: the time in ticks of 64 ns. */
struct tree_burst {
	uint64_t bytes;
	uint64_t ticks;
};

/* Every member is a number, TREE_UNSET when the file leaves it out. */
struct tree_params {
	uint64_t rate_Bps;
	uint64_t ceil_Bps;
	uint64_t peak_Bps;
	struct tree_burst burst;
	struct tree_burst cburst;
	uint64_t mtu_bytes; /* bucket of the peak rate; largest packet */
	uint64_t latency_us;
	uint64_t limit; /* packets; tbf, bfifo: octets */
	uint64_t quantum_bytes;
	uint64_t prio;
	uint64_t overhead_bytes;
	uint64_t mpu_bytes;
	uint64_t r2q;
	uint64_t direct_qlen;
	uint64_t bands;
	uint64_t perturb_s;
	uint64_t divisor;
	uint64_t depth;
	uint64_t flows;
	uint64_t target_us;
	uint64_t interval_us;
	uint64_t ecn;
	uint64_t memory_bytes;
	uint64_t ce_threshold_us;
	uint64_t drop_batch;
	uint64_t headdrop;
	uint64_t atm; /* 53 octets on the wire for each 48 begun */
};

/* Sizes of packets as a qdisc counts them (size table). */
struct tree_stab {
	unsigned line; /* 0: there is none */
	int64_t overhead;
	uint64_t mpu;
	uint64_t mtu;
	uint64_t entries;
	uint8_t linklayer; /* 1 Ethernet, 2 ATM */
};

struct tree_qdisc {
	unsigned line;
	uint8_t kind;
	uint32_t handle; /* 0: tcctl takes a free one */
	uint32_t parent; /* class, or one of the kernel's places */
	struct tree_params p;
	uint32_t default_id;  /* htb: class; 0: none */
	bool default_missing; /* and the file knows that it is not there */
	bool has_priomap;
	uint8_t priomap[TREE_PRIOS];
	struct tree_stab stab;
};

struct tree_class {
	unsigned line;
	uint32_t id;
	uint32_t parent;  /* class, or the qdisc */
	uint8_t in;       /* kind of its qdisc */
	uint32_t in_line; /* where that stands */
	struct tree_params p;
};

/* In the order of the table of keys (tree_conf_filter.c), as enum tree_act. */
enum tree_field {
	TREE_SRC,
	TREE_DST,
	TREE_PROTO,
	TREE_SPORT,
	TREE_DPORT,
	TREE_TOS,
	TREE_MARK,
	TREE_RAW
};

/* One condition; in u32 also one key, or four. */
struct tree_match {
	uint8_t field;
	bool local; /* SRC, DST: the prefixes of "local" */
	struct addr_prefix prefix;
	uint32_t value;
	uint32_t mask;
	int16_t off; /* RAW */
	bool floating;
};

enum tree_act {
	TREE_ACT_POLICE,
	TREE_ACT_REDIRECT,
	TREE_ACT_MIRROR,
	TREE_ACT_CONNMARK,
	TREE_ACT_DSCP,
	TREE_ACT_MARK,
	TREE_ACT_PRIORITY,
	TREE_ACT_VERDICT
};

struct tree_action {
	unsigned line;
	uint8_t act;
	char target[TC_NAME]; /* REDIRECT, MIRROR; "": the interface's ifb */
	uint32_t value;       /* CONNMARK: zone; DSCP; MARK; PRIORITY: class */
	uint32_t mask;
	int16_t exceed; /* POLICE: enum tc_verdict; VERDICT */
	int16_t conform;
	struct tree_params p;
};

enum tree_classifier { TREE_U32, TREE_FW, TREE_MATCHALL, TREE_FLOWER };

struct tree_filter {
	unsigned line;
	uint8_t kind;
	uint32_t parent;   /* qdisc or class, or a place of clsact */
	uint16_t pref;     /* 0: by the order in the file */
	uint16_t number;   /* pref, or what the order makes it; 0: none left */
	uint16_t protocol; /* ethertype, host order */
	uint32_t classid;  /* 0: none */
	bool missing;      /* and the file knows that it is not there */
	uint32_t mark;     /* FW */
	uint32_t mask;
	bool masked;
	bool policed; /* police is the classifier's own, not an action */
	struct tree_action police;
	uint8_t match_count;
	uint8_t action_count;
	struct tree_match matches[TREE_MATCHES_MAX];
	struct tree_action actions[TREE_ACTIONS_MAX];
};

/* "local": a prefix, or those of an interface's addresses. */
struct tree_local {
	unsigned line;
	uint8_t own;      /* ADDR_V4, ADDR_V6: of the interface; 0: prefix */
	char of[TC_NAME]; /* "": of this one */
	struct addr_prefix prefix;
};

struct tree_iface {
	unsigned line;
	char name[TC_NAME];
	bool take_over;
	bool is_ifb;
	char ifb_of[TC_NAME]; /* ifb: of which interface */
	char ifb[TC_NAME];    /* the other way */
	uint64_t txqueuelen;  /* ifb */
	size_t local_count;
	struct tree_local local[TREE_LOCAL_MAX];
	size_t qdisc_count;
	struct tree_qdisc *qdiscs;
	size_t class_count;
	struct tree_class *classes;
	size_t filter_count;
	struct tree_filter *filters;
	size_t mark_count; /* DSCP by netfilter: a match and one action */
	struct tree_filter *marks;
};

struct tree {
	size_t count;
	struct tree_iface *ifaces;
};

/* The whole of a file; text is terminated behind its len octets.  False:
 * faults say why, nothing is left to free. */
bool tree_read(const char *text, size_t len, struct tree *ret_tree,
	struct tree_faults *faults);
void tree_done(struct tree *tree);

/* What does not hang together (tree_check.c); called by tree_read(). */
void tree_check(const struct tree *tree, struct tree_faults *faults);
/* Give each filter the preference that it will have. */
void tree_number_filters(struct tree_iface *iface);

/* The word for a kind of qdisc. */
const char *tree_kind_name(enum tree_kind kind);

/* ---- the host (nl_host.c) ------------------------------------------------ */

struct tree_link {
	uint32_t ifindex;
	char name[TC_NAME];
	uint32_t mtu;
	uint32_t txqueuelen;
	uint32_t header_bytes; /* that the qdisc counts */
	bool is_ifb;
	bool up;
};

/* A prefix that an interface has an address in, global and not temporary in
 * scope. */
struct tree_address {
	uint32_t ifindex;
	struct addr_prefix prefix;
};

struct tree_host {
	size_t link_count;
	struct tree_link *links;
	size_t address_count;
	struct tree_address *addresses;
};

/* NULL: there is none. */
const struct tree_link *tree_host_link(
	const struct tree_host *host, const char *name);

/* ---- building (tree_prefix.c, tree_build.c, tree_filter.c) --------------- */

struct tree_prefixes {
	size_t count;
	struct addr_prefix all[TREE_LOCALS_MAX];
};

/* What "local" stands for now, each prefix once. */
void tree_locals(const struct tree_iface *iface, const struct tree_host *host,
	struct tree_prefixes *ret, struct tree_faults *faults);

/* The kernel's objects of an interface that exists, ranked and sorted.  What
 * cannot be is added to the faults. */
void tree_build(const struct tree_iface *iface, const struct tree_host *host,
	struct tc_objects *into, struct tree_faults *faults);

struct tree_building {
	const struct tree_iface *iface;
	const struct tree_host *host;
	const struct tree_link *link;
	struct tree_prefixes locals;
	struct tc_objects *into;
	struct tree_faults *faults;
	struct tree_index index; /* of handles, and of classes' parents */
	/* The filter that was built last, and how many of its place and
	 * preference there are. */
	uint32_t parent;
	uint16_t pref;
	uint32_t number;
	size_t built; /* objects then */
};

/* All filters of the interface. */
void tree_build_filters(struct tree_building *b);
/* Octets or ticks at that rate, as the kernel keeps it. */
uint32_t tree_burst_ticks(
	const struct tree_burst *burst, uint64_t rate_Bps, uint64_t otherwise);

/* ---- marks (tree_marks.c) ------------------------------------------------ */

enum { TREE_MARKS_MAX = 256 };

/* The rules of an interface's marks, at most TREE_MARKS_MAX; their number. */
size_t tree_marks_build(const struct tree_iface *iface,
	const struct tree_link *link, struct tc_rule *rules,
	struct tree_faults *faults);
/* A number that tells one set of rules from another; 0: there are none. */
uint64_t tree_marks_digest(const struct tc_rule *rules, size_t count);

/* ---- writing (tree_write.c, tree_write_filter.c) ------------------------- */

/* We can say what it is, and make it again. */
bool tree_is_known(const struct tc_object *o);
/* The kernel makes it by itself. */
bool tree_is_automatic(const struct tc_object *o);
/* The key by which a filter's preference is found (tree_index_add()), in
 * whatever chain. */
uint64_t tree_pref_key(const struct tc_object *filter);
/* Filters: both are in the same preference of the same chain. */
bool tree_is_same_preference(
	const struct tc_object *a, const struct tc_object *b);
/* all[at] of a sorted list is the root table of a preference of u32 that has
 * nothing else. */
bool tree_is_empty_preference(const struct tc_objects *list, size_t at);

/* An interface with all there is on it (ranked and sorted). */
struct tree_found {
	const struct tree_link *link;
	const struct tc_objects *objects;
};

struct tree_writing {
	FILE *out;
	const struct tree_host *host;
	const struct tree_found *all;
	size_t count;
	const char *only; /* this interface alone; NULL: all */
	/* Told what cannot be described, and is only a comment. */
	void (*alone)(void *arg, const char *iface, const char *what);
	void *arg;
};

/* "interfaces = ( ... );" of those that have something to say; an ifb stands
 * with the first that sends packets to it. */
void tree_write(const struct tree_writing *w);

/* Of an interface, such that a description can have it. */
bool tree_is_name(const char *name);

void tree_indent(FILE *out, unsigned depth);
/* One filter as a member of a list; list: all there is on its interface. */
void tree_write_filter(const struct tree_writing *w,
	const struct tc_objects *list, const struct tc_object *f,
	unsigned depth);
/* "burst = 1540; " */
void tree_write_burst(
	FILE *out, const char *key, uint32_t ticks, uint64_t rate_Bps);
void tree_write_rate(FILE *out, const char *key, uint64_t rate_Bps);
/* "limit = 5; ", in quotes where it has more bits than a number may have. */
void tree_write_number(FILE *out, const char *key, uint64_t value);

/* ---- planning (tree_plan.c) ---------------------------------------------- */

enum {
	TREE_OUTGOING = 1,
	TREE_INCOMING = 2,
	/* With a side: others have filters there, which want has too, and may
	 * have preferences that are empty. */
	TREE_SHARED = 4
};

/*
 * Append what turns have into want (both ranked and sorted); numbers the
 * filters of want after those there are.  Only these sides are touched.
 */
void tree_plan(const struct tc_objects *have, struct tc_objects *want,
	unsigned sides, struct tc_ops *ops);
/* After it: a filter for which no number is left behind those there are; NULL:
 * none. */
const struct tc_object *tree_without_number(const struct tc_objects *want);
unsigned tree_side_of(const struct tc_object *o);
/* The sides of which the list has something. */
unsigned tree_sides(const struct tc_objects *list);

/* ---- doing it (tree_bring.c) --------------------------------------------- */

struct tc_kernel;

struct tree_bring {
	const struct tc_kernel *kernel;
	uint32_t ifindex;
	const char *name;
	/* Told each operation that was done; may be NULL. */
	void (*tell)(void *arg, const struct tc_op *op);
	void *arg;
};

struct tree_outcome {
	int error;      /* 0, or a positive errno */
	bool clean;     /* refused: everything was undone */
	char text[512]; /* refused: which step, why, and what is left */
};

/*
 * Bring the interface to what is wanted on these sides, step by step, and look
 * afterwards whether it is so.  The first refusal ends it, and it is brought
 * back to what there was.  Returns -errno when the conversation with the kernel
 * failed or memory ran out.
 */
int tree_bring(const struct tree_bring *b, struct tc_objects *want,
	unsigned sides, struct tree_outcome *ret_outcome);
/* Bring it back to what a dump had; made: what has been made of it meanwhile,
 * or was to be.  Anything else is of others: it is left, and so is what cannot
 * be, and both are added to the text. */
int tree_bring_back(const struct tree_bring *b, const struct tc_objects *former,
	const struct tc_objects *made, unsigned sides,
	struct tree_outcome *outcome);
/* Copy what a description can say of these sides. */
void tree_copy_known(
	const struct tc_objects *from, unsigned sides, struct tc_objects *into);

/* ---- undoing beside others (tree_spare.c) -------------------------------- */

struct tree_spared {
	size_t count;           /* objects of others */
	struct tc_object first; /* the uppermost; borrows from the dump */
	bool holding;           /* some of them are in what is ours */
};

/*
 * Of the steps from now on drop those that would touch what, on these sides,
 * was not there before and is not of what we have made, what holds such, or its
 * place.  All are ranked and sorted.  False: no memory.
 */
bool tree_spare(const struct tc_objects *now, const struct tc_objects *before,
	const struct tc_objects *made, unsigned sides, struct tc_ops *ops,
	struct tree_spared *ret_spared);

#endif /* TREE_INT_H */
