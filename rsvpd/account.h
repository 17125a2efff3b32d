/* SPDX-License-Identifier: ISC */
#ifndef ACCOUNT_H
#define ACCOUNT_H

/*
 * Accounting: a record of every flow in the kernel and of every static rule
 * when it ends, and between if that is configured: who, what, when, how much,
 * by which rule.
 */

#include "rsvpd/core/rsvp.h"
#include "rsvpd/rules.h"
#include "tcctl/tcctl.h"

struct account;
struct engine;

struct account *account_new(struct engine *engine);
/* Writes what waits, if the file takes it. */
void account_free(struct account *account);

/* The configuration may be another: begin, or end, or another interval. */
void account_reconf(struct account *account);
/* Records go there from now on; takes it. */
void account_file(struct account *account, int fd);
/* Users and their names, as /etc/passwd has them; takes it. */
void account_users(struct account *account, int fd);

/* A flow is there, is another, or has ended. */
void account_effect(struct account *account, const struct rsvp_account *what);
/* Counters of a flow, its last ones when it is being removed. */
void account_counter(struct account *account, const struct tc_counter *counter);
/* A static rule with its counters, in force since then; how: why it ended, or
 * NULL for an interim record. */
void account_rule(struct account *account, const struct rules_info *rule,
	int64_t since_unix_ms, const char *how);
/* Now, by the wall clock; as since_unix_ms wants it. */
int64_t account_now_ms(void);

#endif /* ACCOUNT_H */
