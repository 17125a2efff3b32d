/* SPDX-License-Identifier: ISC */
#ifndef CORE_WORLD_H
#define CORE_WORLD_H

/*
 * The world around a fuzzed core: four interfaces, routes, policy, a kernel and
 * applications, all as the input wants them, and the invariants that hold
 * whatever it wants.
 */

#include "rsvpd/core/rsvp.h"
#include "tests/fuzz/feed.h"

enum {
	WORLD_IFACES = 4,
	WORLD_LOCALS = 6,
	WORLD_REQUESTS = 512, /* in flight at once */
	WORLD_FLOWS = 512,
	WORLD_CLAIMS = 4096
};

/* A flow as the kernel has it. */
struct world_flow {
	struct rsvp_flow flow;
	uint64_t asked_Bps; /* by the request in flight */
	bool there;
	bool in_flight;
	bool doomed; /* it was in flight when its interface was given up */
};

struct world {
	struct rsvp_core *core;
	struct rsvp_core_conf conf;
	struct alloc alloc;
	struct mono now;

	struct rsvp_iface ifaces[WORLD_IFACES + 1]; /* by ifindex; 0: none */
	bool iface_there[WORLD_IFACES + 1];
	bool tc_up[WORLD_IFACES + 1];
	bool gave_up[WORLD_IFACES + 1]; /* traffic control, once */
	uint8_t route_out[8];           /* bits of interfaces, by destination */
	bool route_local[8];
	uint8_t route_in;
	uint8_t deny; /* refuse when it divides the number of the question */
	unsigned asked;

	bool claims[WORLD_CLAIMS];
	size_t claim_count;
	uint32_t last_claim;

	struct rsvp_flow_request requests[WORLD_REQUESTS];
	size_t request_count;
	struct world_flow flows[WORLD_FLOWS];
	size_t flow_count;

	bool locals[WORLD_LOCALS + 1];
	const uint8_t *given; /* the last message; it may be passed on */
	size_t given_len;

	long blocks;      /* allocated now */
	long allocations; /* until now */
	long fail_at;     /* this one fails; 0: none */
	bool failed;      /* one did */
	bool closing;
};

/* Ends the program, loudly. */
_Noreturn void world_give_up(const char *what);

void world_begin(struct world *w, struct feed *f);
/* Takes all effects and looks at everything. */
void world_settle(struct world *w);
/* Time passes, and everything is gone in the end. */
void world_end(struct world *w);
/* Frees it at once, whatever it holds. */
void world_drop(struct world *w);

/* Host of a net, as everybody here is called. */
struct addr world_addr(uint8_t family, unsigned net, unsigned host);
/* The destination of that number, in the family. */
struct addr world_dst(uint8_t family, unsigned number);

void world_set_iface(struct world *w, uint32_t ifindex);
void world_iface_gone(struct world *w, uint32_t ifindex);
/* The kernel answers the n-th request (modulo) with that error. */
void world_answer(struct world *w, size_t n, int error);
void world_tc_lost(struct world *w, unsigned done_bits);
void world_tc_ready(struct world *w, uint32_t ifindex, int error);
/* Until then, with a tick at each deadline or only at the end. */
void world_run(struct world *w, int64_t us, bool on_time);

#endif /* CORE_WORLD_H */
