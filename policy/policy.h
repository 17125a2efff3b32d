/* SPDX-License-Identifier: ISC */
#ifndef POLICY_H
#define POLICY_H

/*
 * Policy decision.  A request and a rule set give a verdict; the same pair, at
 * the same fill of the limits, always gives the same verdict.  No I/O: rules
 * arrive as a snapshot, sealed bytes that policyd made and nobody trusts.
 *
 * policyd -> engine: POLICY_MSG_SNAPSHOT with one descriptor (a sealed memfd)
 * beside it; the engine answers POLICY_MSG_LOADED.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/alloc.h"

struct policy;      /* rules in force, claims against their limits */
struct policy_load; /* a snapshot being checked and indexed */

enum {
	POLICY_NAME = 64,    /* of a rule or category, with its terminator */
	POLICY_IFACE = 16,   /* an interface name or glob, terminated */
	POLICY_REASON = 200, /* with its terminator */
	POLICY_SNAPSHOT_MAX = 256 * 1024 * 1024 /* octets */
};

enum policy_message { POLICY_PATH, POLICY_RESV };
enum policy_role { POLICY_SENDER, POLICY_RECEIVER, POLICY_TRANSIT };
enum policy_service {
	POLICY_SERVICE_ANY = 0,
	POLICY_SERVICE_GS = 2,
	POLICY_SERVICE_CL = 5
};

enum policy_style {
	POLICY_STYLE_NONE,
	POLICY_STYLE_WF,
	POLICY_STYLE_FF,
	POLICY_STYLE_SE
};

struct policy_request {
	enum policy_message message;
	enum policy_role role;
	bool who_known;
	uint32_t uid;
	uint32_t gid;
	uint8_t proto;
	struct addr dst;
	uint16_t dst_port;
	struct addr src; /* ADDR_NONE: any (wildcard) */
	uint16_t src_port;
	uint8_t service;   /* enum policy_service; ANY for a Path */
	uint64_t rate_Bps; /* GS: R; else r; IP octets a second */
	uint64_t bucket_bytes;
	uint64_t peak_Bps; /* 0: unlimited */
	uint32_t max_packet;
	char iface[16];        /* "" when none */
	struct addr neighbour; /* ADDR_NONE: local */
	int64_t now_unix_s;    /* wall clock, for schedules */
	uint8_t style;         /* enum policy_style; NONE for a Path */
	/* What is known of who asks besides; NULL: nothing.  All of it has
	 * been verified by whoever fills it in. */
	const uint32_t *groups; /* supplementary */
	size_t n_groups;
	const char *principal;
	const char *cert_subject; /* distinguished names, RFC 4514 */
	const char *cert_issuer;
	const char *application; /* its locator, RFC 2872: "APP=x,VER=1" */
	uint64_t tspec_rate_Bps; /* GS: r; 0: as rate_Bps */
	uint64_t slack_us;       /* GS: S */
	uint64_t delay_us; /* GS: the queueing delay that R and S ask for, hops
			    * left out */
	bool claims_priority; /* the message brings its own (RFC 3181) */
	uint16_t preemption;
	uint16_t defending;
};

/* What becomes of a reservation in force that is no longer allowed. */
enum policy_change {
	POLICY_KEEP,        /* it stays until it ends or asks for more */
	POLICY_RENEGOTIATE, /* it is told, and torn when the grace is over */
	POLICY_TEAR         /* torn when the grace is over */
};

struct policy_verdict {
	bool allowed;
	uint16_t value; /* refused: Error Value of RSVP error code 2 */
	uint32_t claim; /* allowed: to be ended with policy_end(); 0 if none */
	uint16_t preemption;
	uint16_t defending;
	char rule[POLICY_NAME];     /* "" when the default decided */
	char reason[POLICY_REASON]; /* rule, limit, value: for people */
	const char *limit; /* key of the bound that refused it, or "" */
	/* Allowed: what is granted; less than was asked for when lowered. */
	bool lowered;
	uint8_t service;
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint64_t peak_Bps;
	uint32_t max_packet;
	uint64_t max_slack_us; /* of the slack, that may be used up here */
	/* Refused while a claim is held: how it ends.  An allowed Path, which
	 * holds none: how it will. */
	enum policy_change change;
	uint32_t grace_s;
	int64_t until_unix_s; /* allowed: when its time is over; INT64_MAX */
	char soft[POLICY_REASON]; /* a softLimit that is passed now, or "" */
};

/* NULL only for lack of memory.  Without rules everything is allowed within
 * the limits of the link. */
struct policy *policy_new(const struct alloc *alloc);
void policy_free(struct policy *policy);

/*
 * Decide.  Cannot fail: when no rule applies the default does, and the verdict
 * says so.  claim: the one held for the same reservation (0: none); allowed
 * replaces it, refused leaves it in force.
 */
void policy_decide(struct policy *policy, const struct policy_request *request,
	uint32_t claim, struct policy_verdict *ret_verdict);
/*
 * The next moment after now at which a verdict may become another, because a
 * time begins or ends or a claim has lasted long enough; INT64_MAX: none.
 */
int64_t policy_next_change(const struct policy *policy, int64_t now_unix_s);
/* The reservation is gone: give back what it counted for.  0 is fine. */
void policy_end(struct policy *policy, uint32_t claim);

/*
 * Load a snapshot in slices, so that signalling never waits: begin, step until
 * it is not POLICY_LOAD_MORE, then switch (frees the load) or drop it.  The
 * bytes are borrowed until then.  No offset or count in them is trusted.
 */
enum policy_load_state {
	POLICY_LOAD_MORE,
	POLICY_LOAD_READY,
	POLICY_LOAD_REFUSED
};
struct policy_load *policy_load_begin(
	const struct alloc *alloc, const void *bytes, size_t len);
/* Look at up to that many rules. */
enum policy_load_state policy_load_step(
	struct policy_load *load, size_t budget);
/* Why it was refused. */
const char *policy_load_problem(const struct policy_load *load);
/* Put the new rules in force; claims of rules with the same name go on. */
void policy_load_switch(struct policy *policy, struct policy_load *load);
/* Free some of what a switch has replaced, as much as that many rules.  True:
 * there is more. */
bool policy_tidy(struct policy *policy, size_t budget);
void policy_load_drop(struct policy_load *load);

struct policy_status {
	uint64_t generation; /* 0: no snapshot yet */
	size_t rules;
	size_t categories;
	char source[POLICY_REASON]; /* "file /etc/..., ldap ldap://..., cache"
				     */
	int64_t made_unix_s;
	uint64_t allowed; /* where no rule applied */
	uint64_t refused;
};
void policy_status(const struct policy *policy, struct policy_status *ret);

/* Refusals for one reason: the key of a limit, "denied" or "memory". */
struct policy_refusals {
	const char *reason;
	uint64_t count;
};
enum { POLICY_REFUSALS = 24 /* reasons shown of one rule */ };

struct policy_rule_info {
	char name[POLICY_NAME];
	char category[POLICY_NAME];
	char conditions[POLICY_REASON]; /* for people */
	char grants[POLICY_REASON];
	bool allow;
	int32_t priority;
	uint64_t allowed; /* decisions */
	uint64_t refused;
	uint64_t flows;    /* claims now */
	uint64_t rate_Bps; /* their sum */
	uint64_t matched;  /* its conditions held; more than decided when it
			    * continues */
	size_t n_refusals;
	struct policy_refusals refusals[POLICY_REFUSALS];
};
/* The i-th rule in the order of decision; false: no more. */
bool policy_rule_at(const struct policy *policy, size_t i,
	struct policy_rule_info *ret_info);

/* The category of the rule of that name, "" without one.  False: no such
 * rule. */
bool policy_rule_category(const struct policy *policy, const char *name,
	char ret_category[POLICY_NAME]);

struct policy_pool_info {
	char name[POLICY_NAME];
	uint64_t max_flows; /* UINT64_MAX: no bound */
	uint64_t max_Bps;
	uint64_t flows;
	uint64_t rate_Bps;
};
bool policy_pool_at(const struct policy *policy, size_t i,
	struct policy_pool_info *ret_info);

/*
 * What would be decided now, with nothing counted and nothing held.  held: the
 * rule under which the same reservation stands, or NULL; under that one it
 * counts already.
 */
void policy_weigh(const struct policy *policy,
	const struct policy_request *request, const char *held,
	struct policy_verdict *ret_verdict);
/* The i-th rule in the order of decision lets a later one decide. */
bool policy_continues_at(const struct policy *policy, size_t i);

/* Why the i-th rule in the order of decision does not apply to the request;
 * ret_why is "" when it does.  False: no more. */
bool policy_tried_at(const struct policy *policy, size_t i,
	const struct policy_request *request, const char **ret_rule,
	const char **ret_why);

/* ---- requests as text (request.c) ----------------------------------------
 */

enum {
	POLICY_QUESTION_GROUPS = 64,
	POLICY_QUESTION_TEXT = 256,
	POLICY_OPTION = 11 * POLICY_QUESTION_GROUPS + 1 /* the longest value */
};

/* A request with room for what it points to: not to be copied. */
struct policy_question {
	struct policy_request request;
	uint32_t groups[POLICY_QUESTION_GROUPS];
	char principal[POLICY_QUESTION_TEXT];
	char subject[POLICY_QUESTION_TEXT];
	char issuer[POLICY_QUESTION_TEXT];
	char application[POLICY_QUESTION_TEXT];
};

/* A reservation of controlled load in UDP by a receiver, that nobody makes. */
void policy_question_init(struct policy_question *q, int64_t now_unix_s);
/* The names of the options; NULL past the last. */
const char *policy_question_option(size_t i);

enum policy_question_said {
	POLICY_QUESTION_TAKEN,
	POLICY_QUESTION_UNKNOWN, /* no option of that name */
	POLICY_QUESTION_WRONG    /* *ret_wants says what it takes */
};
enum policy_question_said policy_question_set(struct policy_question *q,
	const char *name, const char *value, const char **ret_wants);
/* Once all options are there: a Path has neither service nor style. */
void policy_question_settle(struct policy_question *q);

/* The i-th option of a request; ret_name is NULL when it need not be said.
 * False: no more. */
bool policy_request_option(const struct policy_request *request, size_t i,
	const char **ret_name, char value[POLICY_OPTION]);

/* ---- rules on data traffic ------------------------------------------------
 */

struct policy_span {
	uint32_t lo; /* lo <= hi */
	uint32_t hi;
};

struct policy_addr_span {
	struct addr lo; /* of one family, lo <= hi */
	struct addr hi;
};

struct policy_iface {
	char glob[POLICY_IFACE]; /* '*' any run, '?' any one character */
};

/* Empty lists are conditions that are not set: they hold for everything. */
struct policy_spans {
	struct policy_span *at;
	size_t count;
};

struct policy_addr_spans {
	struct policy_addr_span *at;
	size_t count;
};

struct policy_ifaces {
	struct policy_iface *at;
	size_t count;
};

/* The glob of an interface matches the name. */
bool policy_glob_match(const char *glob, const char *name);

/* What becomes of packets that exceed the rate. */
enum policy_excess {
	POLICY_EXCESS_MARK,        /* sent with dscp_out */
	POLICY_EXCESS_DROP,        /* policed */
	POLICY_EXCESS_BEST_EFFORT, /* sent with DSCP 0 */
	POLICY_EXCESS_DELAY        /* shaped */
};

/* Who has traffic that a rule and a reservation both cover. */
enum policy_arbitration {
	POLICY_RESERVATION_FIRST,
	POLICY_RULE_FIRST,
	POLICY_FIRST_WINS /* whichever was there first, the other flagged */
};

struct policy_data_rule {
	const char *name;
	const char *category; /* "": none */
	struct policy_addr_spans src;
	struct policy_addr_spans dst;
	struct policy_spans src_ports;
	struct policy_spans dst_ports;
	struct policy_spans protos;
	struct policy_spans dscps;
	struct policy_ifaces in;
	struct policy_ifaces out; /* what "interface" names as well */
	int32_t priority;         /* larger is tried first */
	bool deny;
	bool active; /* its time is now, and packets can be told by it */
	bool admit;  /* the rate counts against the link's capacity */
	enum policy_arbitration arbitration;
	/* In profile. */
	bool marks;
	uint8_t dscp;
	/* The rate, and what is beyond it.  0: none, not bounded. */
	uint64_t rate_Bps;
	uint64_t bucket_bytes;
	uint64_t peak_Bps;
	uint64_t min_packet;
	uint64_t max_packet;
	enum policy_excess excess;
	uint8_t dscp_out; /* of POLICY_EXCESS_MARK */
};
/*
 * The i-th rule of scope DataTraffic or Both, in the order of decision: a
 * packet belongs to the first active one that it matches.  False: no more.
 * What it points to is borrowed until the next switch.
 */
bool policy_data_at(const struct policy *policy, size_t i, int64_t now_unix_s,
	struct policy_data_rule *ret_rule);

/* How a rule marks the packets of what it allows. */
struct policy_marking {
	bool marks; /* in profile */
	uint8_t dscp;
	enum policy_excess excess;
	uint8_t dscp_out; /* of POLICY_EXCESS_MARK */
};
/* Of the rule of that name; false: there is none, or it says nothing of it. */
bool policy_rule_marking(const struct policy *policy, const char *name,
	struct policy_marking *ret_marking);

/* ---- policyd and engine -------------------------------------------------- */

enum policy_msg_type {
	POLICY_MSG_SNAPSHOT = 1, /* policyd -> engine, with a descriptor */
	POLICY_MSG_LOADED,  /* engine -> policyd: in force, or the problem */
	POLICY_MSG_STATUS,  /* policyd -> engine: text about the sources */
	POLICY_MSG_ORDER,   /* engine -> policyd: what an operator wants done */
	POLICY_MSG_DONE,    /* policyd -> engine: the answer, with its serial;
			     * beside that of a candidate its descriptor */
	POLICY_MSG_IN_FORCE /* engine -> policyd, before all else: what is in
			     * force, with its descriptor; GENERATION 0:
			     * nothing is */
};

/* What an operator may want of policyd. */
enum policy_order {
	POLICY_ORDER_LOAD = 1,  /* read the sources now, end a rollback */
	POLICY_ORDER_CANDIDATE, /* the same, and put nothing in force */
	POLICY_ORDER_DIRECTORY, /* as a candidate, without a look at the file */
	POLICY_ORDER_ROLLBACK,
	POLICY_ORDER_END
};
enum {
	POLICY_ORDERS_MAX = 8,   /* that wait for an answer */
	POLICY_DONE_LINES = 5000 /* octets of what is told besides */
};

enum policy_msg_attr {
	POLICY_ATTR_GENERATION = 1, /* u64 */
	POLICY_ATTR_SIZE,           /* u64, octets of the snapshot */
	POLICY_ATTR_TEXT,           /* problem, "" when fine; or status */
	/* Of a status, when a directory is configured.  Times are u64, seconds
	 * since 1970; 0: never, or none is due. */
	POLICY_ATTR_SERVER,      /* text: the URI that answered last */
	POLICY_ATTR_MODE,        /* text: persist, refresh, poll, none */
	POLICY_ATTR_CONNECTED,   /* u8 */
	POLICY_ATTR_WAITING,     /* u8: changes wait for the generation entry */
	POLICY_ATTR_ENTRIES,     /* u64 */
	POLICY_ATTR_SKIPPED,     /* u64: of them that cannot be read */
	POLICY_ATTR_COOKIE_TIME, /* when the state it stands at was got */
	POLICY_ATTR_CHANGE_TIME, /* of the last change */
	POLICY_ATTR_ANSWER_TIME, /* a server last confirmed what is known */
	POLICY_ATTR_CACHE_TIME,  /* the cache was written */
	POLICY_ATTR_RETRY_TIME,  /* of the next attempt */
	/* Of a status: the text of the file that was looked at last. */
	POLICY_ATTR_FILE_DIGEST,     /* u64, text_digest(); 0: unread */
	POLICY_ATTR_FILE_GENERATION, /* u64, with which it is in force */
	POLICY_ATTR_FILE_PROBLEM,    /* text: why it is not; "" */
	/* Of an order and its answer.  The generation of an order: the one to
	 * go back to, 0: the one before; of an answer: what is in force. */
	POLICY_ATTR_ORDER, /* u8, enum policy_order */
	POLICY_ATTR_OK,    /* u8: it is done */
	POLICY_ATTR_LINES, /* text: errors or warnings, a line each */
	/* Of a status. */
	POLICY_ATTR_HELD,      /* u64: generation that a rollback holds; or 0 */
	POLICY_ATTR_HELD_TIME, /* u64: since then */
	POLICY_ATTR_KEPT, /* for each: GENERATION, MADE_TIME, RULES, TEXT */
	POLICY_ATTR_MADE_TIME, /* u64 */
	POLICY_ATTR_RULES,     /* u64 */
	POLICY_ATTR_RELEASE,   /* u64: of the generation entries, a digest */
	POLICY_ATTR_BEGIN_BY   /* u64: of an order, microseconds of
				* CLOCK_MONOTONIC; what is not begun then is
				* not done */
};

#endif /* POLICY_H */
