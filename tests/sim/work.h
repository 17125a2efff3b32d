/* SPDX-License-Identifier: ISC */
#ifndef WORK_H
#define WORK_H

/*
 * A world: a random topology, applications that come, change their minds and
 * go, and all the trouble there can be.  Everything follows from the seed.
 */

#include "tests/sim/sim.h"

struct work;

struct work_conf {
	uint64_t seed;
	size_t nodes; /* 0: chosen, 5 to 50 */
	uint64_t events;
	uint16_t watched; /* session; 0: none */
};

struct work *work_new(const struct work_conf *conf);
void work_free(struct work *w);
/* False: a problem was found and printed. */
bool work_run(struct work *w);
struct sim *work_sim(struct work *w);
/* What kind of world it is, for people. */
const char *work_describe(struct work *w);

#endif /* WORK_H */
