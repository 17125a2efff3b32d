/* SPDX-License-Identifier: ISC */

/*
 * The life of a world: busy times with trouble, quiet ones in which everything
 * has to come to rest, and the end, when nothing may be left.
 */

#include "work_int.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BUSY_TIMES = 3,
	SETTLE_PERIODS = 40, /* refresh periods until all is at rest */
	QUIET_PERIODS = 3,
	LIFE_PERIODS = 6,    /* more than a lifetime */
	MESSAGES_STATE = 40, /* in a period, for each state of a node */
	REFRESH_MS = 30000
};

static uint64_t
mix(uint64_t x)
{
	x = (x + 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return (x ^ x >> 31) | 1;
}

static void
make_weather(struct work *w, uint64_t seed)
{
	static const unsigned losses[] = { 0, 50, 200, 500 };
	uint64_t x = mix(seed * 7 + 3);

	w->weather = (struct sim_weather){ .loss = losses[seed / 2 % 4],
		.doubled = (unsigned)(x % 3 * 30),
		.late = (unsigned)(x / 3 % 3 * 30),
		.least_us = 100,
		.most_us = 50000 };
	if (!w->ample) {
		w->weather.refuse = 20;
		w->weather.deny = 30;
	}
}

struct work *
work_new(const struct work_conf *conf)
{
	struct work *w = (struct work *)calloc(1, sizeof(*w));
	uint64_t random = mix(conf->seed);
	struct sim_conf sim = { .seed = conf->seed,
		.refresh_ms = REFRESH_MS,
		.full_checks = true };

	if (!w)
		abort();
	w->conf = *conf;
	w->nodes = conf->nodes != 0 ? conf->nodes : 5 + random % 46;
	w->ample = conf->seed % 2 == 0;
	w->trouble = conf->seed % 8 != 0;
	w->healed = MONO_NEVER;
	make_weather(w, conf->seed);
	work_make_links(w, &random);
	sim.nodes = w->nodes;
	sim.links = w->links;
	sim.plain = w->plain;
	sim.link_count = w->link_count;
	sim.reservable_Bps = w->ample ? 1000000000 : 600000;
	sim.use_slack = conf->seed / 8 % 2 == 1;
	sim.mixed_refresh = conf->seed / 4 % 2 == 1;
	w->s = sim_new(&sim);
	sim_watch(w->s, conf->watched);
	w->slot_count = 2 + w->nodes / 3;
	if (w->slot_count > 200)
		w->slot_count = 200;
	w->slots = (struct slot *)calloc(w->slot_count, sizeof(*w->slots));
	if (!w->slots)
		abort();
	return w;
}

void
work_free(struct work *w)
{
	sim_free(w->s);
	free(w->slots);
	free(w->links);
	free(w->plain);
	free(w);
}

struct sim *
work_sim(struct work *w)
{
	return w->s;
}

const char *
work_describe(struct work *w)
{
	const struct sim_weather *t = &w->weather;

	(void)snprintf(w->described, sizeof(w->described),
		"%zu nodes, %zu links, %zu sessions, loss %u, doubled %u, "
		"late %u of 1000, %s%s",
		w->nodes, w->link_count, w->slot_count, t->loss, t->doubled,
		t->late, w->ample ? "ample" : "narrow",
		w->trouble ? ", trouble" : "");
	return w->described; /* cut off at worst */
}

static bool
fine(const struct work *w)
{
	return sim_problems(w->s) == 0;
}

/* Time until the next thing happens: some events at the usual load. */
static void
pass(struct work *w)
{
	sim_run(w->s, (int64_t)sim_random(w->s, 2000));
}

static void
be_busy(struct work *w, uint64_t until)
{
	sim_weather(w->s, &w->weather);
	while (fine(w) && sim_counts(w->s).events < until) {
		work_act(w);
		if (w->trouble)
			work_trouble(w);
		pass(w);
	}
}

/* No loss, no trouble, nobody says no any more. */
static void
calm(struct work *w)
{
	const struct sim_weather fair = { .least_us = 100, .most_us = 10000 };

	work_heal(w);
	sim_weather(w->s, &fair);
	sim_run(w->s, 30000); /* what was away is back */
	for (size_t i = 0; i < w->nodes && fine(w); i++) {
		sim_policy_change(w->s, i);
		sim_notify(w->s, i);
	}
}

/* What is refused is asked for again and again, but not without end. */
static void
expect_no_storm(struct work *w, uint64_t messages)
{
	uint64_t most = sim_states(w->s) * QUIET_PERIODS * MESSAGES_STATE;

	if (messages > most + MESSAGES_STATE)
		sim_problem(w->s, "%llu messages in %d periods, %llu expected",
			(unsigned long long)messages, QUIET_PERIODS,
			(unsigned long long)most);
}

static void
come_to_rest(struct work *w)
{
	uint64_t messages;

	calm(w);
	sim_run(w->s, (int64_t)SETTLE_PERIODS * REFRESH_MS);
	if (!fine(w))
		return;
	sim_expect_converged(w->s, w->ample);
	messages = sim_counts(w->s).messages;
	sim_expect_refreshes(w->s, w->ample);
	sim_run(w->s, (int64_t)QUIET_PERIODS * REFRESH_MS);
	sim_expect_refreshes(w->s, false);
	if (fine(w))
		expect_no_storm(w, sim_counts(w->s).messages - messages);
}

/* Tears are lost too; each hop may wait for its own timer. */
static void
end(struct work *w)
{
	sim_weather(w->s, &w->weather);
	while (fine(w) && work_close_one(w))
		pass(w);
	work_heal(w);
	w->weather.refuse = 0; /* one that never removes would keep all */
	sim_weather(w->s, &w->weather);
	for (size_t i = 0; i < 2 * w->nodes && i < 40; i++)
		sim_run(w->s, (int64_t)LIFE_PERIODS * REFRESH_MS);
	if (fine(w))
		sim_expect_empty(w->s);
}

bool
work_run(struct work *w)
{
	sim_run(w->s, 1);
	for (uint64_t i = 1; i <= BUSY_TIMES && fine(w); i++) {
		be_busy(w, w->conf.events * i / BUSY_TIMES);
		if (fine(w))
			come_to_rest(w);
	}
	end(w);
	return fine(w);
}
