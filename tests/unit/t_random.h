/* SPDX-License-Identifier: ISC */
#ifndef T_RANDOM_H
#define T_RANDOM_H

/*
 * Random inputs that can be repeated: the seed is printed, and T_SEED in the
 * environment gives it back.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t
t_seed(void)
{
	const char *given = getenv("T_SEED");
	const uint64_t seed =
		given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);

	printf("# T_SEED=%" PRIu64 "\n", seed);
	return seed;
}

/* splitmix64 */
static inline uint64_t
t_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to n - 1. */
static inline uint32_t
t_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(t_random(state) >> 32) % n;
}

#endif /* T_RANDOM_H */
