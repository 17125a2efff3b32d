/* SPDX-License-Identifier: ISC */
#ifndef ACCOUNT_JSON_H
#define ACCOUNT_JSON_H

/* Accounting records as JSON, a line each. */

#include "rsvpd/core/rsvp.h"
#include "rsvpd/rules.h"
#include "tcctl/tcctl.h"

/* Once, before there is a system-call filter. */
void account_json_init(void);

enum account_counted {
	ACCOUNT_NOT_COUNTED,
	ACCOUNT_COUNTED_BEFORE, /* the last that is known: an interim figure */
	ACCOUNT_COUNTED         /* at the end, or now */
};

struct account_flow {
	const struct rsvp_account *what;
	bool charged; /* who it is for is known */
	const char *ifname;
	const char *user; /* "" or its name */
	const char *category;
	enum account_counted counted;
	struct tc_counter counter;
	int64_t start_unix_ms;
	int64_t now_unix_ms;
};

/* With its end of line; to be freed.  NULL: no memory. */
char *account_json_flow(const struct account_flow *flow);
/* how: why it ended, or NULL for an interim record. */
char *account_json_rule(const struct rules_info *rule, const char *how,
	int64_t start_unix_ms, int64_t now_unix_ms);

/* The word of an end. */
const char *account_end_text(enum rsvp_end end);

#endif /* ACCOUNT_JSON_H */
