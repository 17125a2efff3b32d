/* SPDX-License-Identifier: ISC */

/*
 * The reader of policy snapshots, as the engine and the cache use it.  Each
 * input is also tried with its digest made right; what loads must answer
 * questions, and be the same when written and read again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/load_int.h"
#include "policy/snapshot_int.h"
#include "policy/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_up(const char *what)
{
	fprintf(stderr, "fuzz_snapshot: %s\n", what);
	abort();
}

static struct policy_load *
load(const uint8_t *data, size_t size)
{
	struct policy_load *l = policy_load_begin(alloc_heap(), data, size);
	enum policy_load_state state;

	do
		state = policy_load_step(l, 3);
	while (state == POLICY_LOAD_MORE);
	if ((policy_load_problem(l)[0] != '\0') !=
		(state == POLICY_LOAD_REFUSED))
		give_up("refused without a reason, or with one not refused");
	if (state == POLICY_LOAD_READY)
		return l;
	policy_load_drop(l);
	return NULL;
}

static void
ask(struct policy *policy)
{
	struct policy_request q = { .message = POLICY_RESV,
		.role = POLICY_TRANSIT,
		.proto = 17,
		.dst_port = 5004,
		.service = POLICY_SERVICE_GS,
		.rate_Bps = 1000,
		.bucket_bytes = 1500,
		.iface = "eth0" };
	struct policy_rule_info info;
	struct policy_verdict v;

	for (unsigned i = 0; i < 8; i++) {
		q.dst = addr_v4_u32(10u << 24 | i);
		q.who_known = i % 2 != 0;
		q.uid = i;
		q.role = (enum policy_role)(i % 3);
		policy_decide(policy, &q, 0, &v);
		if (!memchr(v.rule, '\0', sizeof(v.rule)) ||
			!memchr(v.reason, '\0', sizeof(v.reason)))
			give_up("a verdict without an end");
		if (v.claim != 0)
			policy_end(policy, v.claim);
	}
	for (size_t i = 0; policy_rule_at(policy, i, &info); i++)
		if (!memchr(info.conditions, '\0', sizeof(info.conditions)))
			give_up("a rule without an end");
}

static void
write_again(const uint8_t *data, size_t size)
{
	struct policy_load *l = load(data, size);
	struct policy_set *set = l ? policy_load_take_set(l) : NULL;
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (l)
		policy_load_drop(l);
	if (!set)
		return;
	if (!policy_snapshot_write(set, &bytes, &len))
		give_up("not written");
	l = load(bytes, len);
	if (!l)
		give_up("its own snapshot is refused");
	policy_load_drop(l);
	alloc_put(alloc_heap(), bytes);
	policy_set_free(set);
}

static void
try_snapshot(const uint8_t *data, size_t size)
{
	struct policy *policy = policy_new(alloc_heap());
	struct policy_load *l = load(data, size);
	struct source_draft draft = { 0 };

	if (l) {
		policy_load_switch(policy, l);
		ask(policy);
		write_again(data, size);
	}
	(void)source_from_snapshot(data, size, 99, &draft); /* any answer */
	source_draft_done(&draft);
	policy_free(policy);
}

static void
put_u64(uint8_t *at, uint64_t v)
{
	struct buf_writer w = buf_writer(at, 8);

	buf_put_u64le(&w, v);
}

/* Lengths and digests made right, so that what is behind them is reached; the
 * head's own length says where they are. */
static bool
mend(uint8_t *bytes, size_t size)
{
	enum { HEAD_LEN_AT = 6, TAIL = 24 };
	size_t head;

	if (size < HEAD_LEN_AT + 2)
		return false;
	head = (size_t)bytes[HEAD_LEN_AT + 1] << 8 | bytes[HEAD_LEN_AT];
	if (head < HEAD_LEN_AT + 2 + TAIL || head > size)
		return false;
	put_u64(bytes + head - 24, size - head);
	put_u64(bytes + head - 16,
		policy_digest(POLICY_DIGEST_START, bytes + head, size - head));
	put_u64(bytes + head - 8,
		policy_digest(POLICY_DIGEST_START, bytes, head - 8));
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	try_snapshot(data, size);
	mended = (uint8_t *)malloc(size + 1);
	if (!mended)
		return 0;
	memcpy(mended, data, size);
	if (mend(mended, size))
		try_snapshot(mended, size);
	free(mended);
	return 0;
}
