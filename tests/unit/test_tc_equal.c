/* SPDX-License-Identifier: ISC */

/* When two objects are the same, and when one can become the other. */

#include "t.h"
#include "tcctl/model_int.h"

#define QDISC(k)                                                               \
	.type = TC_QDISC_LEAF, .ifindex = 3, .handle = 0x70000,                \
	.parent = 0x10010, .kind = &(k)
#define FILTER_FOR(k, ethertype)                                               \
	.type = TC_FILTER, .ifindex = 3, .handle = 0x80000802u,                \
	.parent = 0x10000, .pref = 7, .protocol = (ethertype), .kind = &(k)
#define FILTER_OF(k) FILTER_FOR(k, 0x800)

/* What the kernel chose is as good as what was not asked for. */
static void
what_was_not_asked_for_is_equal(void)
{
	const struct tc_object codel = { QDISC(tc_kind_fq_codel),
		.fq_codel = { .ecn = 1 } };
	const struct tc_object sfq = { QDISC(tc_kind_sfq) };
	const struct tc_object fifo = { QDISC(tc_kind_pfifo) };
	const struct tc_object htb = { QDISC(tc_kind_htb_root),
		.root = { .any_qlen = true } };
	struct tc_object have = { QDISC(tc_kind_fq_codel),
		.fq_codel = { .limit = 10240,
			.target_us = 4999,
			.interval_us = 99999,
			.quantum = 1514,
			.ecn = 1,
			.flows = 1024,
			.memory_limit_bytes = 33554432,
			.drop_batch = 64 } };

	T_CHECK(tc_object_equal(&have, &codel), "fq_codel");
	T_CHECK(!tc_object_equal(&codel, &have), "the other way");
	have = sfq;
	have.sfq = (struct tc_sfq){ .quantum = 1514,
		.limit = 127,
		.divisor = 1024,
		.flows = 127,
		.depth = 127 };
	T_CHECK(!tc_object_equal(&have, &sfq), "it has 128 flows");
	have.sfq.limit = 0;
	have.sfq.flows = 128;
	T_CHECK(tc_object_equal(&have, &sfq), "sfq");
	have = fifo;
	have.fifo.limit = 1000;
	T_CHECK(tc_object_equal(&have, &fifo), "pfifo");
	have = htb;
	have.root = (struct tc_htb_root){ .direct_qlen = 1000 };
	T_CHECK(tc_object_equal(&have, &htb), "htb");
}

/* The kernel lowers what does not fit together; that is no difference. */
static void
sfq_keeps_its_bounds(void)
{
	struct tc_object want = { QDISC(tc_kind_sfq), .sfq = { .limit = 9000,
							      .divisor = 64,
							      .flows = 100,
							      .depth = 200 } };
	struct tc_object have = want;

	have.sfq = (struct tc_sfq){ .quantum = 1514,
		.limit = 64 * 127,
		.divisor = 64,
		.flows = 64,
		.depth = 127 };
	T_CHECK(tc_object_equal(&have, &want), "bounded by flows and depth");
	want.sfq = (struct tc_sfq){ .limit = 50 };
	have.sfq = (struct tc_sfq){
		.limit = 50, .divisor = 1024, .flows = 50, .depth = 127
	};
	T_CHECK(tc_object_equal(&have, &want), "flows bounded by the limit");
	have.sfq.flows = 49;
	T_CHECK(!tc_object_equal(&have, &want), "others are different");
	want.sfq = (struct tc_sfq){ .flows = 70000 };
	have.sfq = (struct tc_sfq){
		.divisor = 1024, .flows = 65408, .depth = 127
	};
	T_CHECK(tc_object_equal(&have, &want), "the most flows");
}

struct change {
	const char *name;
	struct tc_object have;
	struct tc_object want;
	bool possible;
};

static void
what_the_kernel_can_change_in_place(void)
{
#define PAIR(k, field, a, b)                                                   \
	{ QDISC(k), .field = (a) },                                            \
	{                                                                      \
		QDISC(k), .field = (b)                                         \
	}
#define FILTERS(k, field, a, b)                                                \
	{ FILTER_OF(k), .field = (a) },                                        \
	{                                                                      \
		FILTER_OF(k), .field = (b)                                     \
	}
	const struct change changes[] = {
		{ "htb", PAIR(tc_kind_htb_root, root.r2q, 1, 2), false },
		{ "tbf", PAIR(tc_kind_tbf, tbf.limit_bytes, 1, 2), true },
		{ "prio", PAIR(tc_kind_prio, prio.bands, 2, 3), true },
		{ "pfifo", PAIR(tc_kind_pfifo, fifo.limit, 2, 3), true },
		{ "sfq", PAIR(tc_kind_sfq, sfq.quantum, 2, 3), false },
		{ "fq_codel", PAIR(tc_kind_fq_codel, fq_codel.limit, 2, 3),
			true },
		{ "flows of fq_codel",
			PAIR(tc_kind_fq_codel, fq_codel.flows, 2, 3), false },
		{ "a threshold more",
			PAIR(tc_kind_fq_codel, fq_codel.has_ce_threshold, false,
				true),
			true },
		{ "a threshold less",
			PAIR(tc_kind_fq_codel, fq_codel.has_ce_threshold, true,
				false),
			false },
		{ "pfifo_fast", PAIR(tc_kind_pfifo_fast, prio.bands, 2, 3),
			false },
		{ "class of fw", FILTERS(tc_kind_fw, fw.classid, 2, 3), true },
		{ "class of fw, gone", FILTERS(tc_kind_fw, fw.classid, 2, 0),
			false },
		{ "mask of fw", FILTERS(tc_kind_fw, fw.mask, 2, 3), false },
		{ "matchall", FILTERS(tc_kind_matchall, matchall.classid, 2, 3),
			false },
		{ "flower", FILTERS(tc_kind_flower, flower.classid, 2, 0),
			true },
		{ "class of u32", FILTERS(tc_kind_u32, u32.classid, 2, 3),
			true },
		{ "class of u32, gone", FILTERS(tc_kind_u32, u32.classid, 2, 0),
			false },
		{ "link of u32, gone", FILTERS(tc_kind_u32, u32.link, 2, 0),
			false },
		{ "two kinds", { QDISC(tc_kind_pfifo) },
			{ QDISC(tc_kind_bfifo) }, false },
		{ "protocol", { FILTER_OF(tc_kind_flower) },
			{ FILTER_FOR(tc_kind_flower, 3) }, false },
		{ "hardware", FILTERS(tc_kind_flower, hw, 0, 1), false },
		{ "parent",
			{ .type = TC_CLASS,
				.kind = &tc_kind_htb_class,
				.parent = 1 },
			{ .type = TC_CLASS,
				.kind = &tc_kind_htb_class,
				.parent = 2 },
			false },
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		T_CHECK(tc_object_changeable(&changes[i].have,
				&changes[i].want) == changes[i].possible,
			"%s", changes[i].name);
}

/* A mark that a node asks for is fixed; its actions are not. */
static void
actions_can_change_and_marks_cannot(void)
{
	struct tc_extra before = { .mark = 4, .mark_mask = 12 };
	struct tc_extra after = { .mark = 4, .mark_mask = 12 };
	const struct tc_object have = { FILTER_OF(tc_kind_u32),
		.extra = &before };
	const struct tc_object want = { FILTER_OF(tc_kind_u32),
		.extra = &after };

	T_CHECK(tc_object_equal(&have, &want), "the same");
	after.action_count = 1;
	after.actions[0] = (struct tc_action){ .kind = &tc_action_gact };
	T_CHECK(!tc_object_equal(&have, &want), "an action");
	T_CHECK(tc_object_changeable(&have, &want), "an action");
	after.mark++;
	T_CHECK(!tc_object_changeable(&have, &want), "a mark");
}

/* A number that several filters share counts, where one is asked for. */
static void
shared_actions_are_told_by_their_number(void)
{
	static const struct tc_action_kind *const kinds[] = { &tc_action_gact,
		&tc_action_police };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct tc_action have = { .kind = kinds[i], .index = 1 };
		struct tc_action want = have;

		T_CHECK(kinds[i]->equal(&have, &want), "the same");
		want.index = 2;
		T_CHECK(!kinds[i]->equal(&have, &want), "another");
		T_CHECK(!kinds[i]->equal(&want, &have), "another");
		want.index = 0;
		T_CHECK(kinds[i]->equal(&have, &want), "one of its own");
	}
}

static void
the_ds_field_keeps_ecn(void)
{
	struct tc_act_pedit p;
	uint8_t value;
	uint8_t retain;
	bool v6;

	tc_pedit_dsfield(&p, false, 0xb8, 0xfc);
	/* As tc(8) makes it: at ipv4+0, val 00b80000, mask ff03ffff. */
	T_EQ(p.keys[0].value, 0x00b80000);
	T_EQ(p.keys[0].mask, 0xff03ffff);
	T_EQ(p.keys[0].header, 2);
	T_CHECK(tc_pedit_is_dsfield(&p, &v6, &value, &retain), "IPv4");
	T_CHECK(!v6 && value == 0xb8 && retain == 0xfc, "IPv4");
	tc_pedit_dsfield(&p, true, 0xff, 0xfc);
	/* val 0b800000, mask f03fffff for 0xb8. */
	T_EQ(p.keys[0].value, 0x0fc00000);
	T_EQ(p.keys[0].mask, 0xf03fffff);
	T_EQ(p.keys[0].header, 3);
	T_CHECK(tc_pedit_is_dsfield(&p, &v6, &value, &retain), "IPv6");
	T_CHECK(v6 && value == 0xfc && retain == 0xfc, "IPv6");
	p.keys[0].off = 4;
	T_CHECK(!tc_pedit_is_dsfield(&p, &v6, &value, &retain), "elsewhere");
	p.keys[0].off = 0;
	p.keys[0].mask = 0xffffffff;
	T_CHECK(!tc_pedit_is_dsfield(&p, &v6, &value, &retain), "other bits");
}

static void
every_verdict_has_a_word(void)
{
	static const struct {
		int32_t verdict;
		const char *word;
	} words[] = { { -1, "continue" }, { 0, "pass" }, { 1, "reclassify" },
		{ 2, "drop" }, { 3, "pipe" }, { 4, "stolen" },
		{ 0x20000005, "goto chain 5" }, { 5, "verdict 0x5" },
		{ -2, "verdict 0xfffffffe" }, { 0x10000001, "action 2" },
		{ 0x30000001, "verdict 0x30000001" } };
	char buf[64];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct text t = text_over(buf, sizeof(buf));

		tc_verdict_print(&t, words[i].verdict);
		T_STR(buf, words[i].word);
	}
}

static struct t_case cases[] = {
	{ "what was not asked for is equal", what_was_not_asked_for_is_equal },
	{ "sfq keeps its bounds", sfq_keeps_its_bounds },
	{ "what the kernel can change in place",
		what_the_kernel_can_change_in_place },
	{ "actions can change and marks cannot",
		actions_can_change_and_marks_cannot },
	{ "shared actions are told by their number",
		shared_actions_are_told_by_their_number },
	{ "the DS field keeps ECN", the_ds_field_keeps_ecn },
	{ "every verdict has a word", every_verdict_has_a_word },
};

T_MAIN(cases)
