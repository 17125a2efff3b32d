/* SPDX-License-Identifier: ISC */
#ifndef LINK_INT_H
#define LINK_INT_H

/*
 * A managed interface: which class belongs to which flow, what is idle, and
 * how a request becomes a transaction.  The kernel is a table of functions, so
 * that tests can put another one in its place; the time is a parameter.
 */

#include "base/hash.h"
#include "base/list.h"
#include "base/mono.h"
#include "classifier_int.h"
#include "hidden_int.h"
#include "model_int.h"
#include "nodes_int.h"
#include "tc_rule_int.h"

/* ---- the kernel ---------------------------------------------------------- */

enum { TC_KERNEL_TEXT = 128 };

struct tc_result {
	int error;                 /* 0, or a positive errno */
	char text[TC_KERNEL_TEXT]; /* the kernel's own words, or "" */
};

typedef void tc_stats_fn(void *arg, const struct tc_class_stats *stats);

/*
 * All return 0, or a negative errno when the conversation itself failed; then
 * nothing is known about what was done.
 */
struct tc_kernel {
	void *arg;
	/* Carry out all operations in order, also after one was refused, and
	 * write a result for each. */
	int (*run)(void *arg, const struct tc_op *ops, size_t count,
		struct tc_result *ret_results);
	/* Append the interface's qdiscs, classes and filters. */
	int (*dump)(void *arg, uint32_t ifindex, struct tc_objects *into);
	/* Totals of some classes, handle 0 where there is none. */
	int (*stats)(void *arg, uint32_t ifindex, const uint32_t *classids,
		size_t count, struct tc_class_stats *ret_stats);
	/* Totals of all classes of the interface. */
	int (*stats_all)(
		void *arg, uint32_t ifindex, tc_stats_fn *tell, void *tell_arg);
	/* Handle of the root qdisc; 0: there is none but the default. */
	int (*root)(void *arg, uint32_t ifindex, uint32_t *ret_handle);
	/* Append all there is on the interface, whoever made it, also on its
	 * incoming side; ranked and sorted.  NULL: it cannot. */
	int (*dump_tree)(void *arg, uint32_t ifindex, struct tc_objects *into);
	const struct tc_marker *marker; /* NULL: there is none */
	/* Tell of all actions of that kind: gact or mirred.  NULL: it cannot.
	 */
	int (*acts)(void *arg, const struct tc_action_kind *kind,
		tc_gact_fn *tell, void *tell_arg);
	/* Append those of the objects that there are, as they are; a leaf is
	 * whichever the class has. */
	int (*get)(void *arg, const struct tc_object *keys, size_t count,
		struct tc_objects *into);
	/* As dump_tree, of the incoming side alone.  NULL: it cannot. */
	int (*dump_incoming)(
		void *arg, uint32_t ifindex, struct tc_objects *into);
	const struct tc_ifbs *ifbs; /* NULL: none can be made */
	bool tells; /* run() fills in what an operation asks to be told */
	/* dump() and stats_all() in one.  NULL: it cannot. */
	int (*dump_counted)(void *arg, uint32_t ifindex,
		struct tc_objects *into, tc_stats_fn *tell, void *tell_arg);
	/* The qdisc at that place (of a class, or of the interface), if there
	 * is one that was made.  NULL: it cannot tell. */
	int (*place)(void *arg, uint32_t ifindex, uint32_t parent,
		struct tc_objects *into);
	/* Append what is in the preference of a filter, in all chains.  NULL:
	 * it cannot tell. */
	int (*preference)(void *arg, const struct tc_object *like,
		struct tc_objects *into);
	const struct tc_offloading *offloads; /* NULL: it cannot */
};

/* What the host treats as one packet, by interface. */
struct tc_offloading {
	void *arg;
	/* *ret_value stays as it is where the kernel does not tell. */
	int (*get)(void *arg, uint32_t ifindex, enum tc_offload_kind kind,
		uint64_t *ret_value, struct tc_result *ret_result);
	int (*set)(void *arg, uint32_t ifindex, enum tc_offload_kind kind,
		uint64_t value, struct tc_result *ret_result);
};

/* An interface through which goes what comes in. */
struct tc_ifb {
	uint32_t ifindex; /* 0: there is none */
	bool is_ifb;
	bool up;
};

/* Those that there are, where what comes in is queued. */
struct tc_ifbs {
	void *arg;
	/* The interface of that name. */
	int (*find)(void *arg, const char *name, struct tc_ifb *ret_ifb);
	/* Set one up that is down: it drops whatever is sent there. */
	int (*up)(void *arg, uint32_t ifindex, struct tc_result *ret_result);
	/* Make one; it is up. */
	int (*make)(void *arg, const char *name, uint32_t mtu,
		struct tc_result *ret_result);
	int (*remove)(
		void *arg, uint32_t ifindex, struct tc_result *ret_result);
};

/* Something that another program did to an interface. */
struct tc_event {
	uint32_t ifindex;
	bool link;    /* to the interface itself: it was removed, or set down;
		       * the rest is not set */
	bool gone;    /* removed, else made or changed */
	uint8_t type; /* enum tc_type */
	uint32_t handle;
	uint32_t parent;
	uint16_t pref;
	uint16_t protocol;
	uint32_t port; /* netlink address of who did it; mostly its pid */
};

/* ---- transactions (txn.c) ------------------------------------------------ */

/* Operations that are done all or not at all. */
struct tc_group {
	size_t first;
	size_t count;
	int error;          /* of the first that was refused, or 0 */
	bool clean;         /* refused: everything was undone */
	char text[TC_TEXT]; /* refused: which step, why, and what is left */
};

/*
 * Run all groups in one go; where one was refused, take its other steps back,
 * last first.  name: the interface, for the texts, may be NULL.  Returns
 * -errno when the conversation with the kernel failed or memory ran out.
 */
int tc_txn_run(const struct tc_kernel *kernel, const struct tc_ops *ops,
	struct tc_group *groups, size_t count, const char *name);

/* The group was done, and what belongs to it was refused (its error and text
 * say so): take it back, and append what came of that.  Returns as
 * tc_txn_run(). */
int tc_txn_take_back(const struct tc_kernel *kernel, const struct tc_ops *ops,
	struct tc_group *group, const char *name);

/* ---- numbers and idle classes (pool.c) ----------------------------------- */

/* Minor numbers of classes; taken in turn, so that one that was given back
 * rests as long as possible. */
struct tc_minors {
	uint64_t used[1024];
	uint32_t next;
};

/* 0: none is left. */
uint32_t tc_minors_take(struct tc_minors *minors);
bool tc_minors_claim(struct tc_minors *minors, uint32_t minor);
void tc_minors_give(struct tc_minors *minors, uint32_t minor);

/* A class that waits for a flow, and its totals.  Its leaf is as the last owner
 * had it: the next mostly wants the same. */
struct tc_idle {
	uint32_t minor;
	uint32_t limit; /* of the leaf, in octets; 0: that of a new one */
	struct tc_base base;
};

/* First in, first out: a class rests before it is used again. */
struct tc_pool {
	const struct alloc *alloc;
	struct tc_idle *ring;
	size_t head;
	size_t count;
	size_t room;
};

void tc_pool_done(struct tc_pool *pool);
/* False: out of memory. */
bool tc_pool_put(struct tc_pool *pool, const struct tc_idle *idle);
/* False: empty. */
bool tc_pool_take(struct tc_pool *pool, struct tc_idle *ret_idle);
/* Class and leaf of one as objects. */
void tc_idle_objects(const struct tc_iface *iface, enum tc_subtree subtree,
	const struct tc_idle *idle, struct tc_object ret[2]);
/* The i-th of those that wait. */
struct tc_idle *tc_pool_at(struct tc_pool *pool, size_t i);
/* Put back what was just taken, at the front.  Cannot fail. */
void tc_pool_untake(struct tc_pool *pool, const struct tc_idle *idle);
/* Classes to create (> 0) or to delete (< 0), at most step of them.  busy: what
 * can wait for a moment without requests does. */
int tc_pool_step(const struct tc_pool *pool, const struct tc_iface *iface,
	int step, bool busy);
/* The next step after one that took so long. */
int tc_pool_pace(int step, int64_t took_us);

/* ---- flows --------------------------------------------------------------- */

struct tc_node {
	uint32_t handle;
	struct tc_filter filter;
	const struct tc_classifier *by;
};

enum {
	TC_NODES_MAX = TC_FILTERS_MAX + 1,   /* with the note */
	TC_RECORD_OBJECTS = 2 + TC_NODES_MAX /* with class and leaf */
};

/* A flow in the kernel. */
struct tc_record {
	UT_hash_handle hh;
	uint32_t id;
	uint32_t minor;
	uint8_t service;
	bool busy;   /* in a batch that has not been run */
	bool doomed; /* not as it should be, and given up */
	struct tc_htb_class htb;
	uint32_t limit;
	struct tc_base base;
	struct tc_extra *acts; /* of its nodes; NULL: they only lead there */
	struct tc_marking as;
	size_t node_count;
	struct tc_node nodes[]; /* the actions are behind them */
};

/* A class that was taken out of service and is not yet fit for the pool. */
struct tc_drain {
	TAILQ_ENTRY(tc_drain) entry;
	enum tc_subtree subtree;
	uint32_t minor;
	uint32_t serial; /* of the request to answer; 0: none */
	uint32_t flow_id;
	struct mono due;      /* look again then */
	struct mono deadline; /* what is queued then is thrown away */
	bool empty;           /* only a debt of tokens is left: see drain.c */
	bool told;            /* that the kernel refused its return */
	bool looked;          /* its queue was asked for, or is to be */
	bool has_leaf;
	struct tc_idle idle;
	struct tc_object class;
	struct tc_object leaf;
	struct tc_base base; /* what its owner's counters began with */
};

TAILQ_HEAD(tc_drains, tc_drain);

/* ---- what others did (drift.c, repair.c) --------------------------------- */

enum { TC_SUSPECTS_MAX = 64, TC_REPAIRS_MAX = 5 };

/* An object that another program has touched, or the whole tree. */
struct tc_suspect {
	bool pending; /* to be looked at when due */
	bool tree;    /* all of it; type, pref and handle are 0 */
	uint8_t type; /* TC_CLASS: with its leaf; TC_FILTER */
	uint16_t pref;
	uint32_t handle;
	uint32_t parent; /* filters */
	uint32_t port;   /* who did it last */
	struct mono due;
	struct mono since; /* beginning of the minute in which ... */
	unsigned repairs;  /* ... it was repaired so often */
	bool told;         /* that it is left alone */
	bool acted;        /* in this step something had to be repaired */
};

struct tc_drift {
	struct tc_suspect all[TC_SUSPECTS_MAX];
	size_t count;
	struct mono rest; /* no look at the whole tree before */
	/* Classes that somebody removed, by minor: if one is there again it
	 * counts from 0. */
	uint64_t removed[1024];
};

/* ---- what comes in (ingress.c) ------------------------------------------- */

/* Where it is queued, and what others did to the way there. */
struct tc_ingress {
	struct tc_link *ifb; /* owned; NULL: it is not shaped */
	bool made;           /* the interface is there because of us */
	bool pending;        /* to be looked at when due */
	struct mono due;
	struct mono since; /* beginning of the minute in which ... */
	unsigned repairs;  /* ... it was repaired so often */
	uint32_t port;     /* who did it last */
	bool failing;      /* the last repair was refused, which was told */
};

/* ---- packets whose ports are hidden (hidden.c) --------------------------- */

/* The counter of a pair. */
struct tc_hidden {
	UT_hash_handle hh;
	struct tc_hidden_pair pair;
	uint32_t place;
	uint32_t flow_id;               /* of one of the flows between them */
	bool wanted;                    /* there are such flows */
	bool there;                     /* its nodes are in the kernel */
	bool refused;                   /* they could not be made or removed */
	bool found[TC_HIDDEN_KINDS];    /* adoption: which of them */
	bool told[TC_HIDDEN_KINDS];     /* that it counts */
	uint64_t seen[TC_HIDDEN_KINDS]; /* of the kernel's, at the last look */
	uint64_t packets[TC_HIDDEN_KINDS];
};

struct tc_hiddens {
	enum tc_hidden_means means;
	struct tc_hidden *all; /* a hash by pair */
	struct tc_hidden *places[TC_HIDDEN_MAX];
	uint32_t next;          /* place for the next */
	bool begun;             /* just now: the first step waits */
	bool stale;             /* flows have come or gone */
	bool lacks;             /* a pair has found no place */
	bool refused;           /* and told */
	struct mono due;        /* when the next step is */
	struct mono told_until; /* lines are counted until then */
	unsigned told;
	uint64_t past[TC_HIDDEN_KINDS]; /* counted for pairs that are gone */
	bool looked;                    /* in the steps that come at once */
};

/* Can the kernel police what exceeds? */
enum tc_police_means { TC_POLICE_UNTRIED, TC_POLICE_NO, TC_POLICE_YES };

struct tc_link {
	TAILQ_ENTRY(tc_link) entry;
	const struct alloc *alloc;
	struct tc_iface conf;
	struct tc_shape shape; /* of the tree in the kernel */
	bool lost;             /* the tree was removed by others, for good */
	bool gone;    /* lost, as there is no such interface any more */
	bool unclean; /* something could not be undone: compare all */
	bool offload_refused[TC_OFFLOADS]; /* and told */
	struct mono rebuilt; /* beginning of the minute in which ... */
	unsigned rebuilds;   /* ... so often it was made again */
	struct tc_minors minors;
	struct tc_nodes nodes;
	struct tc_pool pools[TC_SUBTREES];
	int step;            /* classes created in one go */
	bool busy;           /* there was a request a moment ago */
	int pool_turn;       /* subtree whose pool is looked at first */
	bool growth_refused; /* and told */
	bool stay_large; /* the kernel removes no class: until new settings */
	struct tc_record *flows;
	struct tc_drains drains;
	uint64_t reserved_Bps[TC_SUBTREES];
	struct tc_rules rules;
	struct tc_drift drift;
	enum tc_police_means police;
	struct tc_ingress ingress;
	bool sums_refused; /* and told */
	struct tc_hiddens hidden;
};

/* Told what happened with a request, or (serial 0) what nobody asked. */
struct tc_listener {
	void *arg;
	void (*adopted)(void *arg, uint32_t serial, const struct tc_flow *flow);
	void (*done)(void *arg, uint32_t serial, const struct tc_done *done);
	void (*counter)(
		void *arg, uint32_t serial, const struct tc_counter *counter);
	void (*note)(void *arg, const char *text);
	void (*rule_counter)(void *arg, uint32_t serial,
		const struct tc_rule_counter *counter);
	void (*drift)(void *arg, const struct tc_drift_report *report);
};

/* Requests whose operations go to the kernel together. */
enum { TC_BATCH_MAX = 256 };

struct tc_job {
	struct tc_link *link;
	uint32_t serial;
	struct tc_record *old;  /* CHANGE, DEL */
	struct tc_record *next; /* ADD, CHANGE */
	bool moved;             /* next has a class of its own */
	bool fresh;             /* that class is created now */
	struct tc_idle idle;    /* moved: the class as it was in the pool */
};

struct tc_batch {
	const struct alloc *alloc;
	struct tc_ops ops;
	size_t count;
	struct tc_job jobs[TC_BATCH_MAX];
	struct tc_group groups[TC_BATCH_MAX];
	struct tc_object have[TC_RECORD_OBJECTS];
	struct tc_object want[TC_RECORD_OBJECTS];
};

/* link.c */

/* A link that manages nothing yet; NULL: out of memory. */
struct tc_link *tc_link_new(
	const struct alloc *alloc, const struct tc_iface *conf);
/* Forgets; the kernel stays as it is. */
void tc_link_free(struct tc_link *link);
/*
 * Build the tree or adopt the one there is; tells of adopted flows.  On
 * failure ret_done holds the reason, and the kernel is as before.  Returns
 * -errno as struct tc_kernel.
 */
int tc_link_open(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, const struct tc_listener *listener,
	struct tc_done *ret_done);
/* The tree was removed by others: make it again, with all flows in the classes
 * they had.  Counters of the flows begin anew. */
int tc_link_rebuild(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, struct tc_done *ret_done);
/* Remove the tree. */
int tc_link_close(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done);
/* A transaction of its own; what came of it is in ret_group. */
int tc_link_group(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ops *ops, struct tc_group *ret_group);
/* The same; the answer is in ret_done. */
int tc_link_run(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_ops *ops, struct tc_done *ret_done);
/* Totals of all classes by minor number, to be freed with alloc_put(); NULL
 * with the error. */
struct tc_class_stats *tc_link_stats(
	struct tc_link *link, const struct tc_kernel *kernel, int *ret_error);
/* tc_link_dump(), with these totals where the kernel tells both in one: there
 * are as many messages for either.  NULL: it does not. */
int tc_link_dump_counted(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *into, struct tc_class_stats **ret_stats);
/* A step in the background: the classes above the flows, and one pool.
 * ret_more: call again soon. */
int tc_link_idle(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, bool *ret_more);

/* link_open.c */

/* Find the root tables in a dump, and make those that others have removed; the
 * dump is a newer one then. */
int tc_link_reveal(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *dump);
/* A dump, sorted, in place of what the list held. */
int tc_link_dump(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_objects *into);

/* link_change.c */

/* New settings for an open link. */
int tc_link_change(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_iface *conf, struct tc_done *ret_done);

/* reclass.c */

/* Can the interface have that classifier?  If not, ret_done says why. */
int tc_link_try_classifier(struct tc_link *link, const struct tc_kernel *kernel,
	uint8_t setting, struct tc_done *ret_done);
/* All nodes by the classifier of the settings: first those are added that there
 * are not, then the others go; or, refused, none. */
int tc_link_reclassify(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_done *ret_done);

/* counters.c */

/* What was counted since it was base; what is made anew begins at 0. */
static inline uint64_t
tc_since(uint64_t total, uint64_t base)
{
	return total > base ? total - base : 0;
}

/* Of one flow, or with flow_id 0 of all and of best effort. */
int tc_link_counters(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, uint32_t flow_id, const struct tc_listener *listener);

/* excess.c */

/* The policer of the flow's nodes, but for the number; class: its own. */
void tc_excess_want(const struct tc_iface *iface, const struct tc_flow *flow,
	const struct tc_htb_class *class, struct tc_extra *ret);
/* The same of a flow with Controlled Load, which its class describes. */
void tc_excess_want_cl(const struct tc_iface *iface,
	const struct tc_htb_class *class, struct tc_extra *ret);
/* It is to be demoted, and can. */
bool tc_excess_possible(const struct tc_link *link, const struct tc_flow *flow);
/* Give the policer the number of old, or if that one is other, the next of that
 * class.  old: NULL, and any number for seed. */
void tc_excess_number(const struct tc_iface *iface, uint32_t minor,
	const struct tc_extra *old, uint32_t seed, struct tc_extra *extra);
/* If others changed the policer that the node has: the next number. */
void tc_excess_renew(struct tc_extra *own, const struct tc_object *have);
/* No action, or those that a node of its class may have. */
bool tc_excess_is_ours(const struct tc_object *node);
/* Token rate beyond which it is demoted; 0: it is not. */
uint64_t tc_excess_rate(const struct tc_record *record);
/* Find out whether the kernel can; asked once.  -errno as struct tc_kernel. */
int tc_excess_try(struct tc_link *link, const struct tc_kernel *kernel);

/* flow_act.c */

/* Complete what nodes do: as the marking says, around the policer that there
 * may be; demoted: what exceeds it is sent as best effort. */
void tc_flow_act(
	const struct tc_marking *as, bool v6, bool demoted, struct tc_extra *x);
/* Back again; false: something else. */
bool tc_flow_act_decode(
	const struct tc_extra *x, bool v6, struct tc_marking *ret_as);
bool tc_flow_acts(const struct tc_marking *as);
/* The kernel tells what exceeds its token bucket, and marks it. */
bool tc_flow_marks_out(const struct tc_record *record);
bool tc_filters_are_v6(const struct tc_record *r);

/* flow.c */

/* An empty record; acts: with room for actions.  NULL: no memory. */
struct tc_record *tc_record_new(
	const struct tc_link *link, size_t node_room, bool acts);
struct tc_record *tc_record_find(const struct tc_link *link, uint32_t id);
void tc_record_add(struct tc_link *link, struct tc_record *record);
void tc_record_drop(struct tc_link *link, struct tc_record *record);
/* Class, leaf, nodes and note of a record as objects; returns their number. */
size_t tc_record_objects(const struct tc_link *link,
	const struct tc_record *record,
	struct tc_object ret[TC_RECORD_OBJECTS]);

/* The flow is not in the kernel as it should be, and cannot be: take away what
 * is left of it and forget it. */
int tc_record_abandon(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_record *record, struct mono now);

void tc_batch_done(struct tc_batch *batch);
/* Queue one; 0, or a positive errno with the reason in text. */
int tc_batch_flow(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	const struct tc_flow *flow, char text[TC_TEXT]);
int tc_batch_del(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	uint32_t id, char text[TC_TEXT]);
/* The same for how it is marked.  ret_done: there is nothing to wait for. */
int tc_batch_mark(struct tc_batch *batch, struct tc_link *link, uint32_t serial,
	const struct tc_flow_mark *mark, bool *ret_done, char text[TC_TEXT]);
/* Run what is queued and answer. */
int tc_batch_run(struct tc_batch *batch, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);

/* drain.c */

/* Out of service; takes the class' last record. */
bool tc_drain_add(struct tc_link *link, struct tc_record *record,
	uint32_t serial, struct mono now);
/* A class found without a flow. */
bool tc_drain_orphan(struct tc_link *link, enum tc_subtree subtree,
	const struct tc_object *class, const struct tc_object *leaf);
int tc_drain_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);
/* When the next step is due; MONO_NEVER. */
struct mono tc_drain_next(const struct tc_link *link);

/* hidden.c */

/* Flows have come, gone or changed. */
void tc_hidden_flows(struct tc_link *link, struct mono now);
/* The tree is a new one: all nodes are to be made again. */
void tc_hidden_gone(struct tc_link *link);
void tc_hidden_done(struct tc_link *link);
/* Find out by which means the kernel counts, unless that is known. */
int tc_hidden_try(struct tc_link *link, const struct tc_kernel *kernel);
/* A step in the background: some counters made or removed; what has begun to
 * count is told.  -errno as struct tc_kernel. */
int tc_hidden_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);
/* When the next step is due; MONO_NEVER. */
struct mono tc_hidden_next(const struct tc_link *link);
/* Read the kernel's counters. */
int tc_hidden_count(struct tc_link *link, const struct tc_kernel *kernel);
/* What was counted when they were read last: for the pairs of a flow, others
 * of the same pairs included; false: none of them is counted. */
bool tc_hidden_of(const struct tc_link *link, const struct tc_record *record,
	uint64_t ret_packets[TC_HIDDEN_KINDS]);
/* For all of the interface; false: the kernel cannot. */
bool tc_hidden_all(
	const struct tc_link *link, uint64_t ret_packets[TC_HIDDEN_KINDS]);
/* The counter that has a node of that handle; NULL: none. */
struct tc_hidden *tc_hidden_at(const struct tc_link *link, uint32_t handle);
/* Append its nodes, if they are to be in the kernel. */
void tc_hidden_objects(const struct tc_link *link, const struct tc_hidden *h,
	struct tc_objects *into);
/* The counters in a dump, after its flows; appends what must go to ops. */
void tc_hidden_adopt(struct tc_link *link, const struct tc_objects *dump,
	struct tc_ops *ops);

/* split.c */

/* A step in the background towards short hash buckets.  *ret_more: there is
 * more to do. */
int tc_split_step(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener, bool *ret_more);
/* Further tables for buckets that are about to run out of numbers, at once. */
int tc_split_relieve(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener);
/* repair.c */

/* What came of one object. */
enum tc_repair {
	TC_REPAIR_NONE,   /* nothing to do: it is as it should be */
	TC_REPAIR_DONE,   /* it is again */
	TC_REPAIR_FAILED, /* text: why */
	TC_REPAIR_LATER,  /* its class is on its way to the pool: look again */
	TC_REPAIR_FOREIGN /* not ours, and in nobody's way: left alone */
};

struct tc_repaired {
	struct tc_suspect *suspect; /* of those that were given */
	enum tc_repair result;
	bool fixed;               /* of the layout's fixed part */
	uint32_t minor;           /* its class, or 0 */
	struct tc_record *record; /* whose it is, or NULL */
	char text[TC_TEXT]; /* what was done, was refused or is left alone */
};

typedef void tc_repaired_fn(void *arg, const struct tc_repaired *what);

/*
 * Compare the suspects with what they should be, by asking the kernel, and
 * repair each by itself with the fewest operations; none that was repaired
 * TC_REPAIRS_MAX times already.  Returns -errno as struct tc_kernel.
 */
int tc_repair(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_suspect **suspects, size_t count, tc_repaired_fn *tell,
	void *arg);
/* The same of everything. */
int tc_repair_tree(struct tc_link *link, const struct tc_kernel *kernel,
	struct tc_suspect *suspect, tc_repaired_fn *tell, void *arg);

/* drift.c */

/* Another program did something; or, with event NULL, perhaps: events were
 * lost. */
void tc_drift_event(
	struct tc_link *link, const struct tc_event *event, struct mono now);
/* What the kernel did not let us undo is repaired as what others did. */
void tc_drift_unclean(struct tc_link *link, struct mono now);
/* Since this was asked last another program has removed the class. */
bool tc_drift_was_removed(struct tc_link *link, uint32_t minor);
/* Look at what is due, repair it and tell. */
int tc_drift_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);
/* When the next step is due; MONO_NEVER. */
struct mono tc_drift_next(const struct tc_link *link);
/* It took so long: a look at the whole tree is not repeated at once. */
void tc_drift_took(struct tc_link *link, struct mono before, struct mono after);

/* adopt.c */

/* Rebuild the books from a dump (sorted); appends what must go to ops. */
bool tc_adopt(struct tc_link *link, const struct tc_objects *dump,
	const struct tc_class_stats *stats, struct tc_ops *ops);

#endif /* LINK_INT_H */
