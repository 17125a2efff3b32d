/* SPDX-License-Identifier: ISC */
#ifndef POLICY_CLIENT_T_H
#define POLICY_CLIENT_T_H

/*
 * A bench for rsvpd/policy_client.c: the real loop, and policyd's end of a real
 * socket pair with real memory descriptors.  Rules are not real: a snapshot is
 * as many slices of work as its first octet says, and good when its second one
 * is 0.
 */

#include "rsvpd/policy_client.h"

#include <fcntl.h>

#include "base/msg.h"
#include "rsvpd/daemon.h"
#include "rsvpd/rules.h"
#include "t.h"

enum { PT_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* What the core and the rules were told. */
struct rsvp_core {
	size_t changed;
	size_t effects;
};

struct policy {
	unsigned switched; /* snapshots in force so far */
	unsigned dropped;
	unsigned steps;
	struct policy_request request;
	uint32_t claim;
	uint32_t ended;
	void (*change_verdict)(struct policy_verdict *v);
	int64_t next_s;  /* until the next change; 0: none */
	unsigned leaves; /* slices of tidying that a switch leaves */
	unsigned untidy;
	unsigned tidied;
};

enum { PT_ATTRS = 32 };

/* What policyd was told first. */
struct pt_greeting {
	uint64_t of[PT_ATTRS]; /* by attribute */
	int fd;                /* beside it; the test's, -1: none */
};

struct pt {
	struct engine engine;
	struct stats stats;
	struct rsvp_core core;
	struct loop_timer *deadline;
	int peer; /* policyd's end */
	struct loop_fd *watch;
	size_t turns;
	size_t answers;
	uint64_t generation; /* of the last answer */
	char text[400];
	struct pt_greeting greeting;
};

/* The rules, one at a time: the stubs have no other way to find them. */
extern struct policy pt_policy;

struct pt *pt_new(void);
void pt_free(struct pt *b);

void pt_set_deadline(struct pt *b);
/* Until policyd has heard that many answers. */
void pt_run_until(struct pt *b, size_t answers);
/* Everything that is due now. */
void pt_one_turn(struct pt *b);

/* policyd has another socket pair; the caller closes what was there before. */
void pt_connect(struct pt *b);

/* A memory descriptor of that size. */
int pt_memory(size_t size, uint8_t slices, uint8_t fault, int seals);
void pt_put_offer(struct buf_writer *w, uint16_t type, uint64_t generation,
	uint64_t size, const char *text);
/* Send with these descriptors and close them here. */
void pt_say(
	struct pt *b, const struct buf_writer *w, const int *fds, size_t count);
void pt_offer(struct pt *b, uint64_t generation, uint64_t size, int fd);

#endif /* POLICY_CLIENT_T_H */
