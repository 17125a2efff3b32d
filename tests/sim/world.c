/* SPDX-License-Identifier: ISC */

/*
 * Random worlds, each from a seed:
 *
 *	world [--seed N] [--worlds N] [--events N] [--nodes N] [--watch PORT]
 *
 * Without options, as make check runs it: 20 worlds of 200000 events.
 *
 * Prints TAP.  A world that fails says which seed, event, node and session, and
 * the last events that touched them; the same seed repeats it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "work.h"

static bool
number(const char *text, uint64_t *ret)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0')
		return false;
	*ret = n;
	return true;
}

static bool
read_options(int argc, char **argv, struct work_conf *conf, uint64_t *worlds)
{
	uint64_t n;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!number(argv[i + 1], &n))
			return false;
		if (strcmp(argv[i], "--seed") == 0)
			conf->seed = n;
		else if (strcmp(argv[i], "--worlds") == 0)
			*worlds = n;
		else if (strcmp(argv[i], "--events") == 0)
			conf->events = n;
		else if (strcmp(argv[i], "--nodes") == 0 && n >= 5)
			conf->nodes = n;
		else if (strcmp(argv[i], "--watch") == 0)
			conf->watched = (uint16_t)n;
		else
			return false;
	}
	return argc % 2 == 1;
}

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static bool
run_world(const struct work_conf *conf, uint64_t index)
{
	struct work *w = work_new(conf);
	double start = cpu_s();
	bool ok = work_run(w);
	struct sim_counts c = sim_counts(work_sim(w));
	double took = cpu_s() - start;

	printf("%s %llu - seed %llu: %llu events, %.1f us each; %s; trace "
	       "%016llx\n",
		ok ? "ok" : "not ok", (unsigned long long)index + 1,
		(unsigned long long)conf->seed, (unsigned long long)c.events,
		took * 1e6 / (double)c.events, work_describe(w),
		(unsigned long long)sim_trace(work_sim(w)));
	fflush(stdout);
	work_free(w);
	return ok;
}

int
main(int argc, char **argv)
{
	struct work_conf conf = { .seed = 1, .events = 200000 };
	uint64_t worlds = 20;
	bool ok = true;

	if (!read_options(argc, argv, &conf, &worlds)) {
		fputs("usage: world [--seed N] [--worlds N] [--events N] "
		      "[--nodes N] [--watch PORT]\n",
			stderr);
		return 2;
	}
	printf("1..%llu\n", (unsigned long long)worlds);
	for (uint64_t i = 0; i < worlds; i++) {
		if (!run_world(&conf, i))
			ok = false;
		conf.seed++;
	}
	return ok ? 0 : 1;
}
