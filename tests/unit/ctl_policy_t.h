/* SPDX-License-Identifier: ISC */
#ifndef CTL_POLICY_T_H
#define CTL_POLICY_T_H

/*
 * Questions on policy (rsvpd/ctl_policy.c), and what the rest of the engine
 * says to whom answers them.  The program is linked with CTL_POLICY_WRAPS of
 * rsvpd_net.mk.
 */

#include "rsvpd/ctl_int.h"
#include "rsvpd/policy_client.h"
#include "t.h"

enum { CP_ROOM = 16384, CP_FEW = 8, CP_NOW_S = 1000000, CP_SERIAL = 77 };

/* A rule that is tried for a request. */
struct cp_tried {
	const char *name;
	const char *why;
	bool continues;
};

struct cp {
	struct ctl_client *c;
	struct ctl_server *server;
	struct engine engine;
	uint8_t bytes[CP_ROOM];
	struct buf_writer w;
	size_t open_fds;
	/* What is asked of the policy client. */
	struct rsvp_policy_query queries[CP_FEW];
	size_t query_count;
	const uint32_t *groups; /* whose the requests are */
	size_t group_count;
	struct policy_wish wish;
	size_t wishes;
	const char *refuses; /* to be asked; NULL: it does not */
	int snapshot;
	struct policy_history history;
	struct policy_status status;
	struct policy_verdict verdict;
	const char *category; /* of the rule; NULL: none */
	char held[POLICY_NAME];
	uint32_t weighed_uid;
	uint8_t weighed_service;
	const struct cp_tried *tried;
	size_t tried_count;
	/* The core's: of each session, again from the first when more are to be
	 * there than have room. */
	uint64_t sessions;
	struct rsvp_path_info paths[CP_FEW];
	size_t path_count;
	struct rsvp_resv_info resvs[CP_FEW];
	size_t resv_count;
	struct rsvp_refusal refusal;
	uint64_t refusal_before;
	bool no_session;
	/* What was told. */
	unsigned resumed;
	unsigned facts_of_held;
	char logged[128];
};

extern struct cp cp;

void cp_begin(void);
void cp_end(void);
/* A step of the listing, and the cursor after it. */
bool cp_step(ctl_step_fn *fn);
/* The records that were written since, each with its line. */
void cp_expect(const char *want);

#endif /* CTL_POLICY_T_H */
