/* SPDX-License-Identifier: ISC */

/*
 * Puts questions to the policy engine, for tests/policy/oracle.py.
 *
 * usage: policy_ask FILE <QUESTIONS
 *
 * FILE is a policy.conf.  A line "ask SLOT KEY=VALUE..." (words apart by tabs)
 * asks with the claim of that slot and is answered by one line, "end SLOT"
 * gives the claim back and is not answered.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load_int.h"
#include "policy/snapshot_int.h"
#include "policy/source.h"

enum { SLOTS = 16, GROUPS = 8, LINE = 4096 };

struct question {
	struct policy_request q;
	uint32_t groups[GROUPS];
};

static void
fail(const char *what, const char *detail)
{
	fprintf(stderr, "policy_ask: %s %s\n", what, detail);
	exit(2);
}

static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = (char *)calloc(1, 1 << 22);

	if (!f || !text)
		fail("cannot read", path);
	text[fread(text, 1, (1 << 22) - 1, f)] = '\0';
	(void)fclose(f);
	return text;
}

static struct policy *
load(const char *path, struct policy_set **ret_set)
{
	char *text = slurp(path);
	struct source_draft draft = { 0 };
	struct source_directory directory;
	struct source_report errors = { 0 };
	struct source_report notes = { 0 };
	struct policy *policy = policy_new(alloc_heap());
	struct policy_load *l;
	uint8_t *bytes;
	size_t len;

	if (!source_file_read(text, path, &draft, &directory, &errors))
		fail("wrong:", errors.lines[0]);
	*ret_set = source_compile(&draft, NULL, false, &errors, &notes);
	if (!*ret_set)
		fail("wrong:", errors.lines[0]);
	if (!policy || !policy_snapshot_write(*ret_set, &bytes, &len))
		fail("no snapshot of", path);
	l = policy_load_begin(alloc_heap(), bytes, len);
	while (policy_load_step(l, 1000) == POLICY_LOAD_MORE)
		;
	if (policy_load_problem(l)[0] != '\0')
		fail("not loaded:", policy_load_problem(l));
	policy_load_switch(policy, l);
	source_draft_done(&draft);
	source_report_done(&notes);
	alloc_put(alloc_heap(), bytes);
	free(text);
	return policy;
}

static uint64_t
number(const char *s)
{
	return strtoull(s, NULL, 10);
}

static void
set_groups(struct question *x, char *value)
{
	char *part;

	while ((part = strsep(&value, ",")) && x->q.n_groups < GROUPS)
		x->groups[x->q.n_groups++] = (uint32_t)number(part);
	x->q.groups = x->groups;
}

static void
set_number(struct policy_request *q, const char *key, uint64_t v)
{
	static const struct {
		const char *key;
		size_t offset;
	} wide[] = {
		{ "rate", offsetof(struct policy_request, rate_Bps) },
		{ "bucket", offsetof(struct policy_request, bucket_bytes) },
		{ "peak", offsetof(struct policy_request, peak_Bps) },
		{ "trate", offsetof(struct policy_request, tspec_rate_Bps) },
		{ "delay", offsetof(struct policy_request, delay_us) },
		{ "now", offsetof(struct policy_request, now_unix_s) },
	};

	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (strcmp(wide[i].key, key) == 0) {
			memcpy((char *)q + wide[i].offset, &v, sizeof(v));
			return;
		}
	if (strcmp(key, "uid") == 0) {
		q->who_known = true;
		q->uid = (uint32_t)v;
	} else if (strcmp(key, "gid") == 0) {
		q->gid = (uint32_t)v;
	} else if (strcmp(key, "role") == 0) {
		q->role = (enum policy_role)v;
	} else if (strcmp(key, "message") == 0) {
		q->message = (enum policy_message)v;
	} else if (strcmp(key, "proto") == 0) {
		q->proto = (uint8_t)v;
	} else if (strcmp(key, "dport") == 0) {
		q->dst_port = (uint16_t)v;
	} else if (strcmp(key, "sport") == 0) {
		q->src_port = (uint16_t)v;
	} else if (strcmp(key, "service") == 0) {
		q->service = (uint8_t)v;
	} else if (strcmp(key, "style") == 0) {
		q->style = (uint8_t)v;
	} else if (strcmp(key, "packet") == 0) {
		q->max_packet = (uint32_t)v;
	} else if (strcmp(key, "preemption") == 0) {
		q->claims_priority = true;
		q->preemption = (uint16_t)v;
	} else if (strcmp(key, "defending") == 0) {
		q->defending = (uint16_t)v;
	} else {
		fail("unknown key", key);
	}
}

static void
set(struct question *x, const char *key, char *value)
{
	struct policy_request *q = &x->q;
	bool good = true;

	if (strcmp(key, "dst") == 0)
		good = addr_parse(value, &q->dst);
	else if (strcmp(key, "src") == 0)
		good = addr_parse(value, &q->src);
	else if (strcmp(key, "neighbour") == 0)
		good = addr_parse(value, &q->neighbour);
	else if (strcmp(key, "iface") == 0)
		good = text_copy(q->iface, sizeof(q->iface), value);
	else if (strcmp(key, "principal") == 0)
		q->principal = value;
	else if (strcmp(key, "subject") == 0)
		q->cert_subject = value;
	else if (strcmp(key, "issuer") == 0)
		q->cert_issuer = value;
	else if (strcmp(key, "application") == 0)
		q->application = value;
	else if (strcmp(key, "groups") == 0)
		set_groups(x, value);
	else
		set_number(q, key, number(value));
	if (!good)
		fail("no address:", value);
}

/* Rules before the one that decides: name, and the condition that fails or
 * "+" for one that continues. */
static void
print_losers(const struct policy_set *set, const struct policy_request *q)
{
	for (size_t i = 0; i < set->n_rules; i++) {
		const struct policy_rule *r = set->rules[i];
		enum policy_condition failed =
			policy_rule_match(&set->times, r, q);

		if (failed == POLICY_HOLDS && !r->goes_on)
			break;
		if (failed == POLICY_HOLDS)
			printf(" %s=+", r->name);
		else
			printf(" %s=%d", r->name, (int)failed);
	}
}

static void
answer(const struct policy_set *set, const struct policy_request *q,
	const struct policy_verdict *v)
{
	if (v->allowed)
		printf("yes %s %d %u %" PRIu64 " %" PRIu64 " %" PRIu64
		       " %u %u %u",
			v->rule, v->lowered, v->service, v->rate_Bps,
			v->bucket_bytes, v->peak_Bps, v->max_packet,
			v->preemption, v->defending);
	else
		printf("no %s %u %s %u %u", v->rule, v->value, v->limit,
			(unsigned)v->change, v->grace_s);
	print_losers(set, q);
	putchar('\n');
}

static void
take_line(struct policy *policy, const struct policy_set *set_of,
	uint32_t claims[SLOTS], char *line)
{
	const char *verb = strsep(&line, "\t");
	const char *slot_text = strsep(&line, "\t");
	unsigned slot = (unsigned)number(slot_text ? slot_text : "0") % SLOTS;
	struct question x = { 0 };
	struct policy_verdict v;
	char *word;

	if (strcmp(verb, "end") == 0) {
		policy_end(policy, claims[slot]);
		claims[slot] = 0;
		return;
	}
	while ((word = strsep(&line, "\t"))) {
		const char *key = strsep(&word, "=");

		if (!word)
			fail("no value for", key);
		set(&x, key, word);
	}
	policy_decide(policy, &x.q, claims[slot], &v);
	if (v.allowed)
		claims[slot] = v.claim;
	answer(set_of, &x.q, &v);
}

int
main(int argc, char **argv)
{
	char line[LINE];
	uint32_t claims[SLOTS] = { 0 };
	struct policy_set *set_of;
	struct policy *policy;

	if (argc != 2)
		fail("usage:", "policy_ask FILE");
	policy = load(argv[1], &set_of);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(policy, set_of, claims, line);
	}
	policy_free(policy);
	policy_set_free(set_of);
	return 0;
}
