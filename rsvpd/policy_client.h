/* SPDX-License-Identifier: ISC */
#ifndef POLICY_CLIENT_H
#define POLICY_CLIENT_H

/*
 * The engine's side of policy: receives snapshots from policyd, checks and
 * indexes them in slices, switches, and answers the core's policy questions.
 */

#include "policy/policy.h"
#include "rsvpd/core/rsvp.h"
#include "rsvpd/policy_order.h"

struct engine;
struct policy_client;

struct policy_client *policy_client_new(struct engine *engine);
void policy_client_free(struct policy_client *client);

/* A connection to a (new) policyd. */
void policy_client_socket(struct policy_client *client, int fd);

/* The core's policy hooks. */
void policy_client_ask(struct policy_client *client,
	const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret_answer);
void policy_client_end(struct policy_client *client, uint32_t claim);

/* What policy is asked for it, now.  Groups are borrowed until the next call
 * of the application's. */
struct policy_request policy_client_request(
	const struct engine *engine, const struct rsvp_policy_query *query);

/* The sealed memory of the rules in force, borrowed; -1: none. */
int policy_client_snapshot(const struct policy_client *client);

/* Have policyd do it; the wish is told how that ended, later and once.  False:
 * it cannot be asked now, *ret_why. */
bool policy_client_order(struct policy_client *client,
	const struct policy_wish *wish, const char **ret_why);
/* Nobody waits for the answer any more. */
void policy_client_forget(struct policy_client *client, const void *arg);

/* The generations that can be gone back to, as policyd last said, and the one
 * that a rollback holds. */
enum { POLICY_KEPT_MAX = 16 };
struct policy_kept {
	uint64_t generation;
	uint64_t made_s;
	uint64_t rules;
	char source[POLICY_REASON];
};
struct policy_history {
	uint64_t held; /* 0: none */
	uint64_t held_s;
	struct policy_kept kept[POLICY_KEPT_MAX]; /* newest first */
	size_t count;
};
const struct policy_history *policy_client_history(
	const struct policy_client *client);

/* How the directory is, as policyd last said.  Times are seconds since 1970, 0:
 * never. */
struct policy_directory {
	bool known; /* one is configured */
	char server[512];
	char mode[16];
	bool connected;
	bool waiting;
	uint64_t entries;
	uint64_t skipped;
	uint64_t cookie_s;
	uint64_t change_s;
	uint64_t answer_s;
	uint64_t cache_s;
	uint64_t retry_s;
};

/* For the tool: the rules in force, and what policyd says of its sources. */
const struct policy *policy_client_policy(const struct policy_client *client);
const char *policy_client_sources(const struct policy_client *client);
const struct policy_directory *policy_client_directory(
	const struct policy_client *client);

/* What became of the file that policyd looked at last. */
struct policy_client_file {
	uint64_t digest;     /* text_digest(); 0: none was read */
	uint64_t generation; /* it is in force from this one on */
	char problem[256];   /* "" */
};
const struct policy_client_file *policy_client_file(
	const struct policy_client *client);

#endif /* POLICY_CLIENT_H */
