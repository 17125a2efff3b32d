/* SPDX-License-Identifier: ISC */
#ifndef CTL_FACTS_T_H
#define CTL_FACTS_T_H

/*
 * Facts as text, and what the rest of the engine says to whom writes them
 * (rsvpd/ctl_facts.h).  Interface 7 is eth0, 8 is eth1.
 */

#include "rsvpd/ctl_facts.h"
#include "rsvpd/daemon.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/tc_client.h"
#include "t_addr.h"

struct ctl_facts_t {
	struct net_offloads offloads;
	uint64_t ingress_Bps;
	const char *refused;
	struct net_raw_udp udp;
	struct tc_marking marking; /* of flow 20 */
	bool marked;
	struct policy_history history;
	struct policy_client_file file;
	struct rsvp_totals totals;
	struct engine engine;
	struct buf_writer out; /* where facts are written */
};

extern struct ctl_facts_t ctl_facts_t;

void ctl_facts_t_begin(void);
/* What was written since; what follows begins anew. */
void ctl_facts_t_expect(const char *want);
/* The same to be read one by one. */
struct buf_reader ctl_facts_t_written(void);

#endif /* CTL_FACTS_T_H */
