/* SPDX-License-Identifier: ISC */
#ifndef TC_RULE_INT_H
#define TC_RULE_INT_H

/*
 * Static rules of an interface in the kernel: filter nodes behind (or ahead of)
 * those of the reservations, a class below 52:4 for a rule that needs one, and
 * marks, which are another part of the kernel's matter (struct tc_marker).
 *
 * The whole set of an interface is replaced at once.  Nodes of a changed list
 * are made in the spare one of two tables, then the node that leads there is
 * turned, then the old ones go: every packet meets one complete list.  Classes
 * change in place.  A class that no rule needs any more is kept until its queue
 * is empty.
 *
 * The last key of each node has mask 0 and holds the rule's id, so that a new
 * tcctl knows whose class it is.  What it adopts stays in force until it is
 * told the set of rules; what is the same then is not touched.
 */

#include "base/mono.h"
#include "model_int.h"

struct tc_kernel;
struct tc_link;
struct tc_listener;

/* ---- marks --------------------------------------------------------------- */

/* Packets and octets of a rule. */
struct tc_mark_count {
	uint32_t rule_id;
	uint64_t in_bytes;
	uint64_t in_packets;
	uint64_t out_bytes;
	uint64_t out_packets;
};

/* Packets of a reservation, and how they are marked. */
struct tc_mark_flow {
	struct tc_filter filter;
	uint8_t dscp;
};

/* The rules of an interface, what of its reservations those behind them must
 * not touch, and its reservations that are marked. */
struct tc_mark_set {
	const struct tc_iface *iface;
	const struct tc_rule *rules;
	size_t count;
	const struct tc_filter *reserved;
	size_t reserved_count;
	const struct tc_mark_flow *flows;
	size_t flow_count;
	uint64_t stale; /* bits: DSCPs of reservations there may be from before
			 */
};

typedef void tc_mark_count_fn(void *arg, const struct tc_mark_count *count);
typedef void tc_mark_flow_fn(void *arg, const struct tc_mark_flow *flow);

/*
 * Who writes the DS field.  What it has made stays when we end, and its
 * counters go on through every change.
 */
struct tc_marker {
	void *arg;
	/* Make the interface's rules that are marked or judged there these, at
	 * once; none: leave nothing behind.  What an earlier interface of its
	 * name has left goes as well.  0, or a positive errno with the reason;
	 * then it is as before. */
	int (*apply)(
		void *arg, const struct tc_mark_set *set, char text[TC_TEXT]);
	/* Tell of all rules of the interface. */
	void (*counts)(void *arg, const struct tc_iface *iface,
		tc_mark_count_fn *tell, void *tell_arg);
	/* Tell of the reservations that are marked; NULL: it cannot. */
	void (*flows)(void *arg, const struct tc_iface *iface,
		tc_mark_flow_fn *tell, void *tell_arg);
	/* False: another program has removed what was made there, as `nft flush
	 * ruleset` does; NULL: nobody else can. */
	bool (*there)(void *arg, const struct tc_iface *iface);
	/* What apply would say of it, with nothing made; NULL: it cannot. */
	int (*check)(
		void *arg, const struct tc_mark_set *set, char text[TC_TEXT]);
};

/* Packets of this rule are marked, dropped or told apart by the marker. */
bool tc_rule_is_marked(const struct tc_rule *rule);
/* The commands for nft that make the table of an interface; known: ids of the
 * rules that it holds already. */
void tc_mark_text(struct text *t, const struct tc_mark_set *set,
	const uint32_t *known, size_t known_count);
/* Some packet of the reservation may match the rule. */
bool tc_rule_covers(const struct tc_rule *rule, const struct tc_filter *filter);
void tc_mark_table(struct text *t, uint32_t ifindex);
/* Read a listing of tables: the interfaces of ours, up to room; how many. */
size_t tc_mark_parse_tables(
	const char *listing, uint32_t *ret_indexes, size_t room);
/* Of the chain of one: it is for the interface of that name. */
bool tc_mark_is_of(const char *listing, const char *name);
void tc_mark_drop_table(struct text *t, uint32_t ifindex);
/* Read a listing of its counters, into ret_counts up to room; their number. */
size_t tc_mark_parse(
	const char *listing, struct tc_mark_count *ret_counts, size_t room);

/* Read a listing of its sets (mark_flow.c). */
void tc_mark_parse_flows(const char *listing, tc_mark_flow_fn *tell, void *arg);
/* Of its chain. */
void tc_mark_parse_rules(const char *listing, tc_mark_flow_fn *tell, void *arg);
/* What marks reservations, behind the rules that go ahead of them; and the sets
 * for it. */
void tc_mark_flow_sets(struct text *t, const struct tc_mark_set *set);
void tc_mark_flow_rules(struct text *t, const struct tc_mark_set *set);
/* "ip saddr ... " of one of them. */
void tc_mark_match(struct text *t, const struct tc_filter *filter);

/* The marker of this build (mark_nft.c or mark_none.c).  False: there is none.
 * Before the sandbox.  Waits for the kernel are told to life, which must
 * outlive the marker; NULL: nobody asks. */
struct tc_life;
bool tc_marker_open(struct tc_marker *ret_marker, struct tc_life *life);
void tc_marker_close(struct tc_marker *marker);

/* ---- actions (rule_act.c) ------------------------------------------------ */

enum tc_rule_part { TC_RULE_IN, TC_RULE_OUT, TC_RULE_PARTS };

/* What the filters of that part do; extra is empty. */
void tc_rule_actions(const struct tc_iface *iface, const struct tc_rule *rule,
	enum tc_rule_part part, bool v6, struct tc_extra *extra);
/* Append what writes a DSCP; the ECN bits stay. */
void tc_act_dscp(struct tc_extra *extra, bool v6, uint8_t dscp);
/* The same read: how many actions it is from that one on; 0: it is not. */
size_t tc_act_dscp_of(
	const struct tc_extra *extra, size_t at, uint8_t *ret_dscp);
/* Its packets are in profile or out of it. */
bool tc_rule_is_judged(const struct tc_rule *rule);
/* What the kernel charges for a packet at least: the link's, or that of the
 * rule's smallest. */
uint16_t tc_rule_mpu(const struct tc_iface *iface, const struct tc_rule *rule);
/* The rule's largest packet with the link's header, as the kernel compares it;
 * 0: none. */
uint32_t tc_rule_largest(
	const struct tc_iface *iface, const struct tc_rule *rule);
/* Number of the action that counts them. */
uint32_t tc_rule_counter(uint32_t id, enum tc_rule_part part);

/* What such an action has counted. */
struct tc_gact_count {
	uint32_t index;
	uint64_t bytes;
	uint64_t packets;
};
typedef void tc_gact_fn(void *arg, const struct tc_gact_count *count);

/* ---- what is wanted (rule_want.c) ---------------------------------------- */

struct tc_rule_slot {
	const struct tc_rule *rule;
	uint32_t minor; /* 0: best effort */
};

/* NULL, or why there can be no such rule. */
const char *tc_rule_problem(
	const struct tc_iface *iface, const struct tc_rule *rule);
/* It has a class of its own.  actions: the filters can police. */
bool tc_rule_has_class(const struct tc_rule *rule, bool actions);
/* Its class and leaf. */
void tc_want_rule(const struct tc_iface *iface, const struct tc_rule_slot *slot,
	bool actions, struct tc_object ret[2]);

/* The list of nodes of one family and place. */
struct tc_rule_list {
	const struct tc_iface *iface;
	const struct tc_rule_slot *slots; /* of all rules */
	size_t count;
	bool v6;
	enum tc_rule_place place;
	bool actions; /* the nodes mark, police and count */
};
/* Handles are left 0.  NULL, or what is wrong. */
const char *tc_want_rule_nodes(
	const struct tc_rule_list *list, struct tc_objects *into);
/* The rest of the node that leads to a table of rules. */
void tc_rule_link_node(bool v6, uint32_t table, struct tc_object *node);
/* Rule of a node; 0: none. */
uint32_t tc_rule_of(const struct tc_object *node);

/* ---- books of an interface (rule.c) -------------------------------------- */

/* Whether the kernel has the actions. */
enum tc_rule_kernel { TC_RULES_UNTRIED, TC_RULES_SMALL, TC_RULES_FULL };

struct tc_rules {
	enum tc_rule_kernel kernel;
	struct tc_rule *staged;
	size_t staged_count;
	size_t staged_room;
	uint32_t staged_serial; /* of that set */
	int staged_error;       /* one was refused: the set is not whole */
	struct tc_rule *all;    /* in force */
	size_t count;
	bool told;                 /* all is what is in force */
	struct tc_objects objects; /* in the kernel, sorted */
	bool remark;               /* reservations have changed since */
	uint64_t reserved_digest;  /* of those that the marks leave alone */
	bool marks_flows;          /* reservations are marked there, or were */
	uint64_t stale;       /* bits: DSCPs of reservations in the kernel */
	bool marked;          /* something is there: is it still? */
	unsigned mends;       /* that it was not, of late */
	struct mono look_at;  /* then */
	struct mono due;      /* look at classes without a rule then */
	struct mono deadline; /* what is queued then is thrown away */
};

void tc_rules_init(struct tc_rules *rules, const struct alloc *alloc);
void tc_rules_done(struct tc_rules *rules);
/* Find out whether the kernel has the actions, unless it is known; what there
 * is stays.  Returns as struct tc_kernel. */
int tc_rules_try(struct tc_link *link, const struct tc_kernel *kernel);
/* One more for the set of that serial; what was staged for another is dropped.
 */
void tc_rules_stage(
	struct tc_link *link, uint32_t serial, const struct tc_rule *rule);
/* The set of that serial is not whole: it will be refused. */
void tc_rules_spoil(struct tc_link *link, uint32_t serial);
/* Nothing is staged but for that serial. */
void tc_rules_stage_for(struct tc_link *link, uint32_t serial);
/* Put the staged set in force; returns as struct tc_kernel. */
int tc_rules_apply(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, struct tc_done *ret_done);
/* The set in force once more: the interface has new settings (rebuilt: or lost
 * all there was). */
int tc_rules_again(struct tc_link *link, const struct tc_kernel *kernel,
	bool rebuilt, struct tc_done *ret_done);
/* The interface is given up: take the marks away. */
void tc_rules_close(struct tc_link *link, const struct tc_kernel *kernel);
/* What a dump shows of them; false: out of memory. */
bool tc_rules_adopt(struct tc_link *link, const struct tc_objects *dump);
/* Tell the marker, of these rules; again: only when other reservations are
 * covered or marked.  -errno: no memory. */
int tc_rules_put_marks(struct tc_link *link, const struct tc_marker *marker,
	struct tc_mark_set *set, bool again, struct tc_done *ret_done);
/* The reservations are others. */
int tc_rules_remark(struct tc_link *link, const struct tc_kernel *kernel,
	const struct tc_listener *listener);
/* Make them again when another program has removed them; now and then. */
int tc_rules_look(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);
/* Something can write the DS field of its packets. */
bool tc_rules_can_mark(
	const struct tc_link *link, const struct tc_kernel *kernel);
/* Which reservations the marker has marked; false: out of memory. */
bool tc_rules_adopt_marks(struct tc_link *link, const struct tc_kernel *kernel);
/* The reservations of the interface are others now. */
void tc_rules_flows(struct tc_link *link, struct mono now);
/* Remove classes whose queue is empty; keep the marks off reservations. */
int tc_rules_step(struct tc_link *link, const struct tc_kernel *kernel,
	struct mono now, const struct tc_listener *listener);
struct mono tc_rules_next(const struct tc_link *link);
int tc_rules_counters(struct tc_link *link, const struct tc_kernel *kernel,
	uint32_t serial, const struct tc_listener *listener);

/* For rule_count.c: the class of a rule, 0 when it has none; whether the
 * kernel can police and count in filters there. */
uint32_t tc_rules_minor(const struct tc_objects *objects, uint32_t id);
bool tc_rules_full(const struct tc_link *link);

#endif /* TC_RULE_INT_H */
