/* SPDX-License-Identifier: ISC */
#ifndef CTL_CONN_T_H
#define CTL_CONN_T_H

/*
 * The control socket (rsvpd/ctl_server.c) alone, on the loop of loop_t.h: who
 * writes facts only says so, and what is waited for comes when the test says.
 */

#include "base/text.h"
#include "loop_t.h"
#include "rsvpd/ctl_facts.h"
#include "rsvpd/ctl_int.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/rules.h"
#include "t.h"

enum { CTL_CONN_T_ANSWER = 262144 };

struct ctl_conn_t {
	struct engine engine;
	struct stats stats;
	struct ctl_server *server;
	int listener;
	size_t open_fds;
	/* What there is to be told. */
	uint32_t ifaces;
	uint64_t sessions;
	size_t paths; /* of each, and reservations */
	uint64_t generation;
	size_t rules;
	size_t fat; /* octets of each rule */
	uint64_t refusals;
	bool no_counters;
	/* What is waited for. */
	struct ctl_client *waiting;
	const char *problem;
	size_t dropped; /* what was kept for a question */
	const void *forgotten;
	int out_fd;
};

extern struct ctl_conn_t ctl_conn_t;

void ctl_conn_t_begin(void);
void ctl_conn_t_end(void);
/* Whatever is ready is done. */
void ctl_conn_t_turn_all(void);
int ctl_conn_t_connect_one(void);
void ctl_conn_t_ask(int fd, uint16_t type);
void ctl_conn_t_ask_as(int fd, uint16_t type, uint32_t serial, uint8_t version);
/* One datagram of the answer behind what is there: each record in brackets,
 * and how it ended.  Its octets, 0: there is none. */
size_t ctl_conn_t_hear_datagram(int fd, struct text *t);
/* All of the answer is that, or NULL; how many datagrams. */
size_t ctl_conn_t_hear(int fd, const char *want);
bool ctl_conn_t_is_closed(int fd);

#endif /* CTL_CONN_T_H */
