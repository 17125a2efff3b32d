/* SPDX-License-Identifier: ISC */
#ifndef SIM_H
#define SIM_H

/*
 * Many cores, one virtual clock, links that lose, delay and reorder, kernels
 * that take their time and may refuse.  Everything follows from the seed.
 *
 * After each event of a node its ledger is compared with an oracle: what its
 * kernel has, and what it is being asked for, summed anew.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rsvpd/core/rsvp.h"

struct sim;

enum { SIM_LEFT = 1, SIM_RIGHT = 2 }; /* interfaces of a node in a chain */

struct sim_conf {
	uint64_t seed;
	size_t nodes;
	uint8_t family;
	uint64_t reservable_Bps; /* of each interface */
	uint32_t refresh_ms;
};

/* Nodes in line; ends with the program when memory is short. */
struct sim *sim_chain(const struct sim_conf *conf);
void sim_free(struct sim *s);

/* From now on: of 1000 packets so many are lost, each takes a delay between the
 * two; of 1000 requests to a kernel so many are refused. */
void sim_links(
	struct sim *s, unsigned loss, uint32_t least_us, uint32_t most_us);
void sim_kernels(struct sim *s, unsigned refuse);
/* Of 1000 questions to policy so many are answered with no. */
void sim_policies(struct sim *s, unsigned deny);
/* Traffic control dies, with what it was asked half done, and comes back. */
void sim_tc_restart(struct sim *s, size_t node);
/* So does the core, with all it knew; its applications do not ask again. */
void sim_core_restart(struct sim *s, size_t node);
/* An interface goes, with its flows, and comes back. */
void sim_iface_flap(struct sim *s, size_t node, uint32_t ifindex);
/* The next message of that type that leaves a node is lost. */
void sim_drop_next(struct sim *s, size_t node, uint8_t type);

void sim_run(struct sim *s, int64_t ms);
uint64_t sim_random(struct sim *s, uint64_t below);
struct mono sim_now(const struct sim *s);
struct rsvp_core *sim_core(struct sim *s, size_t node);
/* Carry out what a call into a core left behind. */
void sim_settle(struct sim *s, size_t node);
struct addr sim_addr(const struct sim *s, size_t node);

/* A flow between two applications, named by its number. */
void sim_send(struct sim *s, uint16_t flow, size_t from, size_t to);
void sim_reserve(
	struct sim *s, uint16_t flow, size_t to, size_t from, float rate);
void sim_close(struct sim *s, uint16_t flow, size_t node);

/* The kernel of that node carries the flow on an interface. */
bool sim_carries(const struct sim *s, size_t node, uint16_t flow);
/* The rate it has there; 0: none. */
uint64_t sim_rate(const struct sim *s, size_t node, uint16_t flow);
size_t sim_kernel_flows(const struct sim *s, size_t node);
uint64_t sim_kernel_Bps(const struct sim *s, size_t node, uint32_t ifindex);
/* Events told to applications, of a kind, since the start. */
uint64_t sim_events(const struct sim *s, enum rsvp_event_kind kind);
uint64_t sim_messages(const struct sim *s);
uint64_t sim_refused(const struct sim *s);

/* A hash of all that has come out of the cores: one seed, one number. */
uint64_t sim_trace(const struct sim *s);

/* Problems the oracle found; prints the first ones. */
unsigned sim_problems(const struct sim *s);
void sim_problem(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Compares all totals with zero. */
void sim_expect_empty(struct sim *s);

#endif /* SIM_H */
