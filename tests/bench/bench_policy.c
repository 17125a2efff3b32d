/* SPDX-License-Identifier: ISC */

/*
 * What a decision costs with so many rules: nanoseconds, the median of nine
 * rounds.
 *
 * usage: bench_policy RULES
 *
 * Rules differ in user, destination, ports or times, as those of a site do; a
 * tenth name a network of their own and nobody, and some are for all.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/load_int.h"
#include "policy/snapshot_int.h"

enum { ROUNDS = 9, QUESTIONS = 20000 };

static void *
zeroed(size_t size)
{
	void *p = alloc_get(alloc_heap(), size);

	if (!p)
		exit(2);
	return p;
}

static struct addr
host(uint32_t i)
{
	return addr_v4_u32(0x0a000000u + i * 256);
}

static struct policy_rule *
make_rule(size_t i)
{
	struct policy_rule *r =
		(struct policy_rule *)zeroed(sizeof(struct policy_rule));
	struct policy_addr_spans *dst = &r->addrs[POLICY_ADDR_DST];
	struct policy_spans *users = &r->spans[POLICY_SPAN_USER];
	uint32_t n = (uint32_t)i;

	(void)snprintf(r->name, sizeof(r->name), "rule %zu", i);
	r->scope = POLICY_SCOPE_RSVP;
	r->category = POLICY_NO_CATEGORY;
	r->own_when = POLICY_NO_WHEN;
	if (i < 4) { /* for all, and of no use to anybody here */
		r->messages = 1u << POLICY_PATH;
		policy_rule_settle(r, NULL);
		return r;
	}
	dst->at = (struct policy_addr_span *)zeroed(sizeof(*dst->at));
	dst->count = 1;
	dst->at[0].lo = host(n / 2);
	dst->at[0].hi = host(n / 2);
	dst->at[0].hi.b[3] = 255;
	if (i % 10 != 0) {
		users->at = (struct policy_span *)zeroed(sizeof(*users->at));
		users->count = 1;
		users->at[0] = (struct policy_span){ 1000 + n, 1000 + n };
	}
	policy_rule_settle(r, NULL);
	return r;
}

static int
compare(const void *a, const void *b)
{
	return policy_rule_compare(*(struct policy_rule *const *)a,
		*(struct policy_rule *const *)b);
}

static struct policy *
make_policy(size_t rules)
{
	struct policy_set *set =
		(struct policy_set *)zeroed(sizeof(struct policy_set));
	struct policy *policy = policy_new(alloc_heap());
	struct policy_load *load;
	uint8_t *bytes;
	size_t len;

	set->alloc = alloc_heap();
	set->rules = (struct policy_rule **)zeroed(
		rules * sizeof(struct policy_rule *));
	set->n_rules = rules;
	for (size_t i = 0; i < rules; i++)
		set->rules[i] = make_rule(i);
	qsort(set->rules, rules, sizeof(struct policy_rule *), compare);
	if (!policy || !policy_snapshot_write(set, &bytes, &len))
		exit(2);
	policy_set_free(set);
	load = policy_load_begin(alloc_heap(), bytes, len);
	while (policy_load_step(load, 100000) == POLICY_LOAD_MORE)
		;
	policy_load_switch(policy, load);
	alloc_put(alloc_heap(), bytes);
	return policy;
}

static uint64_t
nanoseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double
ask_round(struct policy *policy, size_t rules, uint64_t *allowed)
{
	uint64_t start = nanoseconds();
	uint32_t at = 7;

	for (int i = 0; i < QUESTIONS; i++) {
		struct policy_request q = { .message = POLICY_RESV,
			.role = POLICY_RECEIVER,
			.who_known = true,
			.proto = 17,
			.dst_port = 5004,
			.service = POLICY_SERVICE_CL,
			.rate_Bps = 1000 };
		struct policy_verdict v;

		at = at * 1664525u + 1013904223u;
		q.uid = 1000 + at % (uint32_t)rules;
		q.dst = host((q.uid - 1000) / 2);
		policy_decide(policy, &q, 0, &v);
		policy_end(policy, v.claim);
		*allowed += v.allowed;
	}
	return (double)(nanoseconds() - start) / QUESTIONS;
}

static int
compare_times(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	size_t rules = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	double times[ROUNDS];
	uint64_t allowed = 0;
	struct policy *policy;

	if (rules < 10 || rules > POLICY_RULES_MAX) {
		fprintf(stderr, "usage: bench_policy RULES\n");
		return 2;
	}
	policy = make_policy(rules);
	for (int i = 0; i < ROUNDS; i++)
		times[i] = ask_round(policy, rules, &allowed);
	qsort(times, ROUNDS, sizeof(times[0]), compare_times);
	printf("%.1f %" PRIu64 "\n", times[ROUNDS / 2], allowed);
	policy_free(policy);
	return 0;
}
