/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_H
#define SOURCE_H

/*
 * Sources of policy: what they deliver (a draft), how they say what is wrong
 * with it (a report), and what the file says about the directory.
 *
 * A source never sees the engine, and the engine never sees a source: drafts
 * are merged, checked and compiled into a set (compile.c).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "policy/rule_int.h"

enum {
	SOURCE_WHERE = 512, /* "FILE:LINE" or a DN, cut */
	SOURCE_LINES = 100, /* kept of a report; the rest is counted */
	SOURCE_URIS = 8,
	SOURCE_TAGS = 16,
	SOURCE_TEXT = 512,
	SOURCE_TAG = 128,
	SOURCE_VALUE = 1024, /* octets of one value */
	SOURCE_ENTRIES_MAX = 100000,
	SOURCE_ENTRIES_MIB = 128, /* of what is kept of them */
	SOURCE_QUIET_MOST_MS = 5000
};

/* ---- report ------------------------------------------------------------- */

struct source_report {
	char *lines[SOURCE_LINES]; /* "WHERE: what" */
	size_t count;              /* of all, may be over SOURCE_LINES */
};

void source_report_add(struct source_report *report, const char *where,
	const char *fmt, ...) TEXT_PRINTF(3, 4);
/* A line that another report has. */
void source_report_add_line(struct source_report *report, const char *line);
void source_report_done(struct source_report *report);
/* Of what came to nothing: "has 2 errors", or that memory ran out, which leaves
 * none.  Returns text. */
enum { SOURCE_WRONG = 64 };
const char *source_report_wrong(
	const struct source_report *errors, char text[SOURCE_WRONG]);
/* Equal reports have equal digests: to log a change only. */
uint64_t source_report_digest(const struct source_report *report);

/* ---- draft -------------------------------------------------------------- */

/* A condition on time as it is written. */
struct source_when {
	bool set;
	struct policy_when when;     /* its zone is not resolved */
	char zone[POLICY_ZONE_NAME]; /* "": that of this host */
};

struct source_name {
	char text[POLICY_NAME];
};

struct source_names {
	struct source_name *at;
	size_t count;
};

struct source_rule {
	struct policy_rule *rule;   /* category not resolved, not settled */
	char category[POLICY_NAME]; /* "": none */
	bool scope_set;
	unsigned tag; /* directory: which tag chose it; smaller wins */
	char *where;
	struct source_when own;        /* must hold */
	struct source_names schedules; /* one must hold */
};

struct source_pool {
	struct policy_pool pool;
	char *where;
};

/* A named condition on time. */
struct source_schedule {
	char name[POLICY_NAME];
	struct source_when own;
	char *where;
};

struct source_category {
	struct policy_category category; /* POLICY_UNLIMITED: not set */
	unsigned tag;
	char *where;
	char pool[POLICY_NAME]; /* "": none */
	/* FlowServiceType: POLICY_SERVICE_CL polices, GS shapes; ANY: none. */
	uint8_t flow_service;
};

enum source_default {
	SOURCE_DEFAULT_UNSET,
	SOURCE_DEFAULT_ALLOW,
	SOURCE_DEFAULT_DENY
};

struct source_draft {
	struct source_rule *rules;
	size_t n_rules;
	size_t rules_room;
	struct source_category *categories;
	size_t n_categories;
	size_t categories_room;
	uint8_t default_set; /* enum source_default */
	int32_t loglevel;    /* AIX: mask of 9 bits; 0: not said */
	struct source_report
		notes; /* of the reader; compiling passes them on */
	struct source_schedule *schedules;
	size_t n_schedules;
	size_t schedules_room;
	struct source_pool *pools;
	size_t n_pools;
	size_t pools_room;
};

/* A new entry at the end, with defaults; NULL for lack of memory. */
struct source_rule *source_draft_rule(
	struct source_draft *draft, const char *where);
struct source_category *source_draft_category(
	struct source_draft *draft, const char *where);
struct source_schedule *source_draft_schedule(
	struct source_draft *draft, const char *where);
struct source_pool *source_draft_pool(
	struct source_draft *draft, const char *where);
/* Take the last entry away again. */
void source_draft_undo_rule(struct source_draft *draft);
void source_draft_undo_category(struct source_draft *draft);
void source_draft_done(struct source_draft *draft);

/* ---- keys: one table for both sources (values.c) ------------------------ */

struct source_key {
	const char *conf; /* in policy.conf; NULL: directory only */
	const char *ldap; /* attribute; NULL: file only */
	bool many;
	/* Read one value into a struct source_rule or source_category; say
	 * why not.  NULL: the source does it itself. */
	bool (*read)(const struct source_key *key, const char *value,
		void *target, struct text *why);
	size_t offset;
	uint64_t most;
};

const struct source_key *source_rule_keys(size_t *ret_count);
const struct source_key *source_category_keys(size_t *ret_count);
/* The members of an identity: the first rows of the rules' table. */
const struct source_key *source_identity_keys(size_t *ret_count);
/* Add the members of the one to the other; false and why: no room. */
bool source_identity_add(const struct policy_rule *from, struct policy_rule *to,
	struct text *why);
const struct source_key *source_schedule_keys(size_t *ret_count);
const struct source_key *source_pool_keys(size_t *ret_count);
/* "2026-11-22T03:15:00Z" or "20261122031500Z" */
bool source_moment(const char *value, int64_t *ret_s);
/* "60", "60s", "5m", "1h", "7d" */
bool source_seconds(const char *value, uint32_t *ret_s);

/* ---- the file (source_file.c) ------------------------------------------- */

enum source_starttls { STARTTLS_UNSET, STARTTLS_NEVER, STARTTLS_DEMAND };
enum source_bind { SOURCE_BIND_SIMPLE, SOURCE_BIND_EXTERNAL };
/* How the directory is followed, from least to best. */
enum source_mode {
	SOURCE_MODE_NONE,
	SOURCE_MODE_POLL,
	SOURCE_MODE_REFRESH,
	SOURCE_MODE_PERSIST
};
/* When the last known rules are older than maxAge. */
enum source_stale { SOURCE_STALE_FILE, SOURCE_STALE_KEEP, SOURCE_STALE_DENY };

struct source_directory {
	bool present;
	size_t n_uris;
	char uris[SOURCE_URIS][SOURCE_TEXT];
	char base[SOURCE_TEXT];
	size_t n_tags;
	char tags[SOURCE_TAGS][SOURCE_TAG]; /* first wins */
	uint32_t poll_s;
	uint32_t timeout_s;
	uint32_t max_age_s; /* of the cache; 0: any age */
	uint8_t starttls;   /* enum source_starttls */
	char ca_file[SOURCE_TEXT];
	char bind_dn[SOURCE_TEXT]; /* "": anonymous */
	char bind_password_file[SOURCE_TEXT];
	uint8_t bind_mech;          /* enum source_bind */
	uint8_t stale;              /* enum source_stale */
	enum source_mode mode_most; /* no better one is used */
	uint32_t quiet_ms;          /* without a change before a switch */
	uint32_t retry_s;           /* at most between two attempts */
	bool strict;                /* no switch while an entry is skipped */
	char ca_dir[SOURCE_TEXT];
	char cert_file[SOURCE_TEXT]; /* of the client */
	char key_file[SOURCE_TEXT];
	bool in_clear[SOURCE_URIS]; /* that server is, whatever starttls says */
};

/*
 * Read the text of a policy.conf.  Errors go to the report with FILE:LINE; the
 * draft is then not to be used.  False exactly when there is an error.
 */
bool source_file_read(const char *text, const char *file,
	struct source_draft *draft, struct source_directory *ret_directory,
	struct source_report *errors);

/* The same with the syntax given: by its name ("native", "aix"; NULL or "auto":
 * by content). */
bool source_read(const char *text, const char *file, const char *format,
	struct source_draft *draft, struct source_directory *ret_directory,
	struct source_report *errors);
/* Is that the name of a syntax? */
bool source_format_valid(const char *format);

/* Values for what a file does not say: of the directory, and of its tags (the
 * names of this host, and "all"). */
void source_directory_defaults(struct source_directory *directory);
void source_directory_tags(struct source_directory *directory);

/* Names of the keys of policy and directory that are in no table above; NULL
 * past the last. */
const char *source_section_key(size_t i);

/* What the directory part of a snapshot depends on; never 0. */
uint64_t source_directory_key(const struct source_directory *directory);
/* What else decides which entries are seen: other entries, another key. */
uint64_t source_directory_view(const struct source_directory *directory);
/* A host that the URI names is this one. */
bool source_uri_is_local(const char *uri);

/* ---- the syntax of AIX, policyd.conf (aix_policy.c) ---------------------- */

/* Judged by the first word of the text. */
bool source_aix_is(const char *text);
/* Log as much as the file's loglevel says, when it says something. */
void source_aix_loglevel(const struct source_draft *draft);
/* As source_file_read(). */
bool source_aix_read(const char *text, const char *file,
	struct source_draft *draft, struct source_directory *ret_directory,
	struct source_report *errors);

/* ---- the directory (dir.c) ----------------------------------------------- */

/*
 * Read every entry that a tag selects, once.  Blocks, up to the timeouts.
 * Entries that cannot be read are left out and reported by DN.  False when no
 * server gave a complete answer: ret_problem says why, the draft is not to be
 * used.  ret_uri is the server that answered.
 */
bool source_ldap_read(const struct source_directory *directory,
	struct source_draft *draft, struct source_report *skipped,
	char ret_uri[SOURCE_TEXT], struct text *ret_problem);

/* ---- compiling (compile.c) ---------------------------------------------- */

/*
 * Merge the drafts and resolve, check and sort them.  Takes the rules out of
 * the drafts.  directory may be NULL; expected: the file names a directory.
 * NULL when something is wrong (errors) or memory is lacking.
 */
struct policy_set *source_compile(struct source_draft *file,
	struct source_draft *directory, bool expected,
	struct source_report *errors, struct source_report *notes);
/* What looks like a mistake but is not forbidden. */
void source_warn(const struct policy_set *set, struct source_report *notes);

/*
 * The directory's part of a snapshot as a draft, when it has one and the key
 * is that.  False: no use.
 */
bool source_from_snapshot(const void *bytes, size_t len, uint64_t key,
	struct source_draft *draft);

#endif /* SOURCE_H */
