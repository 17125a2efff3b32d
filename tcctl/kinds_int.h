/* SPDX-License-Identifier: ISC */
#ifndef KINDS_INT_H
#define KINDS_INT_H

/*
 * What each kind of qdisc, class, filter and action holds.  Where a comment
 * says "0: the kernel's choice" the value is not sent, and whatever the kernel
 * chose is equal to it.  Octets are counted as the qdisc counts them, ticks
 * are the kernel's 64 ns.  Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tcctl.h"

#include "base/addr.h"
#include "base/text.h"

struct buf_writer;
struct nl_view;

/* ---- qdiscs and classes ------------------------------------------------- */

struct tc_htb_root {
	uint32_t default_minor;
	uint32_t r2q;
	uint32_t direct_qlen; /* 0: the kernel's choice, with any_qlen */
	bool any_qlen;        /* whatever it is will do */
	bool offload;         /* to hardware */
};

struct tc_htb_class {
	uint64_t rate_Bps;
	uint64_t ceil_Bps;
	uint32_t buffer_ticks; /* bucket of rate, as time: see clock.c */
	uint32_t cbuffer_ticks;
	uint32_t quantum; /* octets in a round of equals */
	uint32_t prio;    /* 0 is served first */
	uint16_t overhead;
	uint16_t mpu;
	bool inner; /* the kernel keeps no quantum or prio of such a class */
	bool atm;   /* 53 octets on the wire for each 48 begun */
};

struct tc_fifo {
	uint32_t limit; /* bfifo: octets, pfifo: packets; 0: kernel's choice */
};

/* 0 is the kernel's choice, but for ecn. */
struct tc_fq_codel {
	uint32_t limit; /* packets */
	uint32_t target_us;
	uint32_t interval_us;
	uint32_t quantum;
	uint32_t ecn;
	uint32_t flows; /* fixed when made */
	uint32_t memory_limit_bytes;
	uint32_t drop_batch;
	bool has_ce_threshold;
	uint32_t ce_threshold_us;
	uint8_t ce_selector; /* with ce_mask: which DS fields; 0, 0: all */
	uint8_t ce_mask;
};

struct tc_tbf {
	uint64_t rate_Bps;
	uint64_t peak_Bps; /* 0: none */
	uint32_t burst_bytes;
	uint32_t mtu_bytes; /* bucket of the peak rate; 0 without */
	uint32_t limit_bytes;
	uint16_t overhead;
	uint16_t mpu;
	bool atm;
};

enum { TC_PRIO_BANDS_MAX = 16, TC_PRIORITIES = 16 };

/* prio, and pfifo_fast, which is only read. */
struct tc_prio {
	uint8_t bands;
	uint8_t map[TC_PRIORITIES]; /* band of a packet's priority */
};

/* 0 is the kernel's choice, but for perturb_s. */
struct tc_sfq {
	uint32_t quantum;
	uint32_t perturb_s; /* 0: never */
	uint32_t limit;     /* packets in all */
	uint32_t divisor;   /* hash buckets, fixed when made */
	uint32_t flows;
	uint32_t depth; /* packets a flow */
	bool headdrop;
};

/* Size table of a qdisc: what a packet is charged, for all that is below. */
struct tc_stab {
	uint8_t cell_log;
	uint8_t size_log;
	int16_t cell_align;
	int32_t overhead;
	uint32_t linklayer; /* enum tc_linklayer */
	uint32_t mpu;
	uint32_t mtu;
	uint32_t tsize; /* entries of the table; 0: overhead alone */
};

enum tc_linklayer { TC_LAYER_NONE, TC_LAYER_ETHERNET, TC_LAYER_ATM };

enum { TC_STAB_TSIZE_MAX = 16384, TC_STAB_MTU_MAX = 1 << 24 };

/* Fill in what follows from overhead, link layer, mpu, mtu and tsize, and the
 * last two where they are 0, as tc(8) does.  Of one that has no problem. */
void tc_stab_complete(struct tc_stab *stab);
/* NULL, or what is wrong with it. */
const char *tc_stab_problem(const struct tc_stab *stab);

/* ---- filters ------------------------------------------------------------ */

enum {
	TC_U32_KEYS_MAX = 16,
	TC_U32_FLAG_TERMINAL = 1,
	TC_U32_FLAG_OFFSET = 2,
	TC_U32_FLAG_VAROFFSET = 4
};

/* A word of the packet: (word at off & mask) == value.  Host order. */
struct tc_key {
	uint32_t mask;
	uint32_t value;
	int16_t off;
	bool floating; /* off counts from the transport header */
};

/* A hash table when divisor is not 0, else a node. */
struct tc_u32 {
	uint16_t divisor;
	uint8_t flags;
	uint8_t offshift;
	uint16_t offmask;
	uint16_t off;
	int16_t offoff;
	int16_t hoff; /* where the key of the linked table is */
	uint32_t hmask;
	uint32_t link; /* table, as a handle; 0: none */
	uint32_t classid;
	char in[TC_NAME]; /* what came in by that interface; "": all */
	uint8_t key_count;
	struct tc_key keys[TC_U32_KEYS_MAX];
};

/* The filter's handle is the mark. */
struct tc_fw {
	uint32_t classid;
	uint32_t mask; /* of the mark; all ones: the whole of it */
};

struct tc_matchall {
	uint32_t classid;
};

/* Which fields of a flower filter count. */
enum {
	TC_FLOWER_ETH_TYPE = 1 << 0,
	TC_FLOWER_PROTO = 1 << 1,
	TC_FLOWER_SRC = 1 << 2,
	TC_FLOWER_DST = 1 << 3,
	TC_FLOWER_SPORT = 1 << 4,       /* value and mask */
	TC_FLOWER_DPORT = 1 << 5,       /* value and mask */
	TC_FLOWER_SPORT_RANGE = 1 << 6, /* min and max */
	TC_FLOWER_DPORT_RANGE = 1 << 7,
	TC_FLOWER_TOS = 1 << 8,
	TC_FLOWER_TTL = 1 << 9,
	TC_FLOWER_IP_FLAGS = 1 << 10,
	TC_FLOWER_VLAN_ID = 1 << 11,
	TC_FLOWER_VLAN_PRIO = 1 << 12,
	TC_FLOWER_VLAN_TYPE = 1 << 13
};

/* A port and its mask, or a range: first and last. */
struct tc_flower_port {
	uint16_t a;
	uint16_t b;
};

struct tc_flower_addr {
	struct addr value;
	struct addr mask;
};

/* TCA_FLOWER_KEY_FLAGS: IS_FRAGMENT, FRAG_IS_FIRST. */
enum { TC_FLOWER_FRAG = 1, TC_FLOWER_FIRST_FRAG = 2 };

struct tc_flower {
	uint32_t classid;
	uint32_t fields;   /* TC_FLOWER_* */
	uint16_t eth_type; /* 0x0800, 0x86dd; with VLAN fields the tag's type,
			    * which is the protocol of the filter */
	uint8_t ip_proto;
	uint8_t tos;
	uint8_t tos_mask;
	uint8_t ttl;
	uint8_t ttl_mask;
	uint8_t vlan_prio;
	uint16_t vlan_id;
	uint16_t vlan_type; /* behind the tag */
	struct tc_flower_addr src;
	struct tc_flower_addr dst;
	struct tc_flower_port sport;
	struct tc_flower_port dport;
	uint32_t ip_flags;
	uint32_t ip_flags_mask;
};

/* ---- actions ------------------------------------------------------------ */

/* What becomes of the packet (the kernel's TC_ACT_*). */
enum tc_verdict {
	TC_VERDICT_CONTINUE = -1, /* the next filter */
	TC_VERDICT_OK = 0,
	TC_VERDICT_RECLASSIFY = 1,
	TC_VERDICT_DROP = 2,
	TC_VERDICT_PIPE = 3, /* the next action */
	TC_VERDICT_STOLEN = 4,
	TC_VERDICT_JUMP = 0x10000000, /* | number of the next action, from 0 */
	TC_VERDICT_GOTO = 0x20000000  /* | chain */
};

/* The action's control is what becomes of a packet that exceeds. */
struct tc_act_police {
	uint64_t rate_Bps;    /* 0: none */
	uint64_t peak_Bps;    /* 0: none */
	uint32_t burst_ticks; /* bucket of rate, as time */
	uint32_t mtu;         /* larger packets exceed */
	int32_t conform;      /* enum tc_verdict */
	uint16_t overhead;
	uint16_t mpu;
	bool atm;
	uint64_t packet_rate;  /* packets/s; 0: none */
	uint64_t packet_burst; /* packets, as time in ticks */
};

enum tc_mirred_way {
	TC_MIRRED_REDIRECT = 1, /* out of that interface */
	TC_MIRRED_MIRROR,
	TC_MIRRED_INGRESS_REDIRECT,
	TC_MIRRED_INGRESS_MIRROR
};

struct tc_act_mirred {
	uint32_t ifindex;
	uint8_t way; /* enum tc_mirred_way */
	/* To all interfaces of the block TC_BLOCK_NOBODY instead, which there
	 * are none of: packets are only counted. */
	bool nobody;
	/* Of the interface, for people; "": not known.  Two with the same
	 * number are equal whatever they are called. */
	char name[TC_NAME];
};

/* "RSVP": a number that no administrator gives a block. */
#define TC_BLOCK_NOBODY 0x52535650u

struct tc_act_connmark {
	uint16_t zone;
};

struct tc_act_skbedit {
	bool has_priority;
	bool has_mark;
	bool inherit_dsfield; /* priority from the DS field */
	uint32_t priority;
	uint32_t mark;
	uint32_t mask; /* of the mark; all ones: the whole of it */
};

enum { TC_PEDIT_KEYS_MAX = 4 };

/* A word of the packet becomes (word & mask) ^ value.  Host order. */
struct tc_pedit_word {
	uint32_t mask;
	uint32_t value;
	int32_t off;
	uint32_t at; /* with offmask and shift: a further offset */
	uint32_t offmask;
	uint32_t shift;
	uint16_t header; /* enum pedit_header_type */
	uint16_t command;
};

struct tc_act_pedit {
	bool extended; /* with headers and commands */
	uint8_t key_count;
	uint8_t flags;
	struct tc_pedit_word keys[TC_PEDIT_KEYS_MAX];
};

struct tc_act_csum {
	uint32_t what; /* TCA_CSUM_UPDATE_FLAG_* */
};

struct tc_action_kind;

struct tc_action {
	const struct tc_action_kind *kind;
	int32_t control; /* enum tc_verdict; police: of what exceeds */
	uint32_t index;  /* gact, police: of one that several filters share; 0:
			  * one of its own.  Also of what only counts. */
	union {
		struct tc_act_police police;
		struct tc_act_mirred mirred;
		struct tc_act_connmark connmark;
		struct tc_act_skbedit skbedit;
		struct tc_act_pedit pedit;
		struct tc_act_csum csum;
	};
};

/* A kind of action: one file each (action_*.c). */
struct tc_action_kind {
	const char *name;
	bool (*equal)(const struct tc_action *a, const struct tc_action *b);
	/* Append what belongs into the action's options. */
	void (*fill)(struct buf_writer *w, const struct tc_action *a);
	/* Read them; false: malformed, or more than we know of. */
	bool (*parse)(const struct nl_view *options, struct tc_action *a);
	void (*print)(struct text *t, const struct tc_action *a);
};

extern const struct tc_action_kind tc_action_police;
extern const struct tc_action_kind tc_action_mirred;
extern const struct tc_action_kind tc_action_connmark;
extern const struct tc_action_kind tc_action_skbedit;
extern const struct tc_action_kind tc_action_pedit;
extern const struct tc_action_kind tc_action_csum;
extern const struct tc_action_kind tc_action_gact;

enum { TC_ACTIONS_MAX = 8 };

/*
 * What few objects have, beside them: the size table of a qdisc; the actions of
 * a filter, in order, and the mark it asks for.
 */
struct tc_extra {
	struct tc_extra *next; /* of the list that owns it */
	bool has_stab;
	bool old_police; /* the one action is made as tc's word `police` does,
			  * in the filter's own attribute */
	uint8_t action_count;
	uint32_t mark; /* u32: (mark of the packet & mask) == mark */
	uint32_t mark_mask;
	char unknown[16]; /* parsing: an action that we do not know */
	struct tc_stab stab;
	/* Of a copy in a list only those that are there have memory: copied
	 * by tc_extra_copy(). */
	struct tc_action actions[TC_ACTIONS_MAX];
};

/* All but next. */
void tc_extra_copy(struct tc_extra *to, const struct tc_extra *from);

/* Its kind of that name; NULL: none that we know. */
const struct tc_action_kind *tc_action_find(const char *name);
/* "police rate ..., then drop", each action in order. */
void tc_actions_print(struct text *t, const struct tc_extra *extra);
/* "pass", "drop", "goto chain 3". */
void tc_verdict_print(struct text *t, int32_t verdict);

/* The DS field without the bits that retain leaves out (0xfc keeps ECN); IPv4
 * wants a checksum action behind it. */
void tc_pedit_dsfield(
	struct tc_act_pedit *ret_pedit, bool v6, uint8_t value, uint8_t retain);
/* Back again; false: it does something else. */
bool tc_pedit_is_dsfield(const struct tc_act_pedit *pedit, bool *ret_v6,
	uint8_t *ret_value, uint8_t *ret_retain);

/* ---- what tc(8) and the kernel fill in (defaults.c) ---------------------- */

enum {
	TC_HTB_MTU = 1600,
	TC_HTB_R2Q = 10,
	TC_POLICE_MTU = 2040 /* what a police without one gets */
};

/* Ticks of a bucket, as tc(8) rounds them: of HTB and police. */
uint32_t tc_burst_ticks(uint64_t bytes, uint64_t rate_Bps);
/* Octets of a bucket of HTB.  mtu 0: TC_HTB_MTU.  hz: the last word of
 * /proc/net/psched, 1000000000 where the kernel has fine timers. */
uint64_t tc_htb_burst_default(uint64_t rate_Bps, uint32_t mtu, uint64_t hz);
/* r2q 0: TC_HTB_R2Q. */
uint32_t tc_htb_quantum_default(uint64_t rate_Bps, uint32_t r2q);
/* Limit of a queue in which no packet waits longer. */
uint32_t tc_tbf_limit_of_latency(const struct tc_tbf *tbf, uint32_t latency_us);
/* Three bands, by the classic map. */
void tc_prio_default(struct tc_prio *ret_prio);
/* Preference of a filter without one, from the lowest of its chain (0: it is
 * the first). */
uint16_t tc_pref_auto(uint16_t lowest);

#endif /* KINDS_INT_H */
