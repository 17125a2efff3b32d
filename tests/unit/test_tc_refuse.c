/* SPDX-License-Identifier: ISC */

/* Options that a kind does not take for its own. */

#include "t.h"

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include "tcctl/action_int.h"
#include "tcctl/stab_int.h"

static const struct tc_action_kind *const actions[] = { &tc_action_police,
	&tc_action_mirred, &tc_action_connmark, &tc_action_skbedit,
	&tc_action_pedit, &tc_action_csum, &tc_action_gact };

enum { ACTIONS = sizeof(actions) / sizeof(actions[0]), ROOM = 8192 };

static bool
parse_action(
	const struct tc_action_kind *kind, const uint8_t *bytes, size_t len)
{
	const struct nl_view view = { bytes, len };
	struct tc_action a = { .kind = kind };

	return kind->parse(&view, &a);
}

static struct tc_action
plain(const struct tc_action_kind *kind)
{
	struct tc_action a = { .kind = kind };

	if (kind == &tc_action_mirred)
		a.mirred = (struct tc_act_mirred){ .ifindex = 3,
			.way = TC_MIRRED_REDIRECT };
	if (kind == &tc_action_pedit)
		tc_pedit_dsfield(&a.pedit, false, 0xb8, 0xfc);
	return a;
}

/* Each action has parameters, and all of them. */
static void
actions_have_parameters(void)
{
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < ACTIONS; i++) {
		const struct tc_action a = plain(actions[i]);
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		uint16_t len;

		T_CHECK(!parse_action(actions[i], bytes, 0), "%s: none",
			actions[i]->name);
		actions[i]->fill(&w, &a);
		T_CHECK(parse_action(actions[i], bytes, buf_written(&w)), "%s",
			actions[i]->name);
		/* The first attribute, one word short. */
		memcpy(&len, bytes, sizeof(len));
		memmove(bytes + len - 4, bytes + len, buf_written(&w) - len);
		len = (uint16_t)(len - 4);
		memcpy(bytes, &len, sizeof(len));
		T_CHECK(!parse_action(actions[i], bytes, buf_written(&w) - 4),
			"%s: short", actions[i]->name);
	}
}

/* What an action would do besides is more than we could make again. */
static void
actions_have_nothing_else(void)
{
	static const struct {
		const struct tc_action_kind *kind;
		uint16_t type;
	} rows[] = { { &tc_action_gact, 3 }, /* by chance */
		{ &tc_action_skbedit, 4 },   /* queue */
		{ &tc_action_skbedit, 7 },   /* kind of packet */
		{ &tc_action_police, 4 } };  /* average rate */
	const uint64_t value = 1;
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_action a = plain(rows[i].kind);
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		rows[i].kind->fill(&w, &a);
		nl_put(&w, rows[i].type, &value, sizeof(value));
		T_CHECK(!parse_action(rows[i].kind, bytes, buf_written(&w)),
			"%s %u", rows[i].kind->name, rows[i].type);
	}
	for (uint64_t flags = 1; flags < 256; flags *= 2) {
		const struct tc_action a = plain(&tc_action_skbedit);
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		tc_action_skbedit.fill(&w, &a);
		nl_put_u64(&w, 9, flags);
		T_EQ(parse_action(&tc_action_skbedit, bytes, buf_written(&w)),
			flags == 0x20);
	}
}

static void
ways_of_mirred(void)
{
	uint8_t bytes[ROOM];

	for (uint8_t way = 0; way < 7; way++)
		for (uint32_t ifindex = 0; ifindex < 2; ifindex++) {
			struct tc_action a = { .mirred = { ifindex, way } };
			struct buf_writer w = buf_writer(bytes, sizeof(bytes));

			tc_action_mirred.fill(&w, &a);
			T_EQ(parse_action(
				     &tc_action_mirred, bytes, buf_written(&w)),
				ifindex != 0 && way >= 1 && way <= 4);
		}
}

static void
put_key(struct buf_writer *w, uint16_t missing)
{
	uint8_t *key = nl_begin(w, 6);

	for (uint16_t k = 1; k <= 2; k++)
		if (k != missing)
			nl_put(w, k, "\0", 2);
	nl_end(w, key);
}

/* Both halves of a key, and as many as the head says. */
static void
keys_of_pedit(void)
{
	uint8_t bytes[ROOM];
	const struct tc_action a = plain(&tc_action_pedit);

	for (uint16_t missing = 1; missing <= 4; missing++) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		uint8_t *keys;

		tc_action_pedit.fill(&w, &a);
		keys = nl_begin(&w, 5); /* in the place of those before */
		put_key(&w, missing);
		if (missing == 3)
			put_key(&w, missing);
		nl_end(&w, keys);
		T_EQ(parse_action(&tc_action_pedit, bytes, buf_written(&w)),
			missing == 4);
	}
}

/* ---- qdiscs and filters -------------------------------------------------- */

static bool
parse(const struct tc_kind *kind, const struct buf_writer *w,
	const uint8_t *bytes, struct tc_object *ret)
{
	const struct nl_view view = { bytes, buf_written(w) };

	memset(ret, 0, sizeof(*ret));
	return kind->parse(&view, ret);
}

static void
kinds_have_parameters(void)
{
	static const struct tc_kind *const kinds[] = { &tc_kind_htb_root,
		&tc_kind_htb_class, &tc_kind_tbf, &tc_kind_prio, &tc_kind_sfq,
		&tc_kind_pfifo, &tc_kind_bfifo, &tc_kind_pfifo_fast };
	uint8_t bytes[ROOM] = { 0 };
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object o;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		T_CHECK(!parse(kinds[i], &w, bytes, &o), "%s", kinds[i]->name);
}

/* A prio of 16 bands is the largest; with RED, sfq is more than we know. */
static void
what_is_beyond_a_kind(void)
{
	const struct tc_sfq_qopt_v1 sfq = { .v0 = { .quantum = 1514,
						    .limit = 127,
						    .divisor = 1024,
						    .flows = 127 },
		.depth = 127 };
	uint8_t bytes[ROOM] = { 16 };
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object o;

	(void)buf_reserve(&w, 20);
	T_CHECK(parse(&tc_kind_prio, &w, bytes, &o), "16 bands");
	bytes[0] = 17;
	T_CHECK(!parse(&tc_kind_prio, &w, bytes, &o), "17 bands");
	bytes[3] = 0xff;
	T_CHECK(!parse(&tc_kind_prio, &w, bytes, &o), "negative");
	memset(bytes, 0, sizeof(bytes));
	(void)buf_reserve(&w, sizeof(struct tc_sfq_qopt_v1) - 20);
	T_CHECK(!parse(&tc_kind_sfq, &w, bytes, &o), "sfq without flows");
	memcpy(bytes, &sfq, sizeof(sfq));
	T_CHECK(parse(&tc_kind_sfq, &w, bytes, &o), "sfq");
	bytes[offsetof(struct tc_sfq_qopt_v1, qth_min)] = 1;
	T_CHECK(!parse(&tc_kind_sfq, &w, bytes, &o), "RED");
}

static void
u32_knows_the_incoming_interface(void)
{
	uint8_t bytes[ROOM];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object o;

	nl_put_text(&w, TCA_U32_INDEV, "eth0");
	T_CHECK(parse(&tc_kind_u32, &w, bytes, &o), "refused");
	T_STR(o.u32.in, "eth0");
}

static void
filters_by_interface_are_foreign(void)
{
	static const struct {
		const struct tc_kind *kind;
		uint16_t type;
	} rows[] = { { &tc_kind_fw, TCA_FW_INDEV },
		{ &tc_kind_flower, TCA_FLOWER_INDEV } };
	uint8_t bytes[ROOM];
	struct tc_object o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		T_CHECK(parse(rows[i].kind, &w, bytes, &o), "%s",
			rows[i].kind->name);
		nl_put_text(&w, rows[i].type, "eth0");
		T_CHECK(!parse(rows[i].kind, &w, bytes, &o), "%s",
			rows[i].kind->name);
	}
}

static void
tables_of_u32_have_256_buckets_at_most(void)
{
	uint8_t bytes[ROOM];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object o;

	nl_put_u32(&w, TCA_U32_DIVISOR, 256);
	T_CHECK(parse(&tc_kind_u32, &w, bytes, &o), "256");
	T_EQ(o.u32.divisor, 256);
	nl_put_u32(&w, TCA_U32_DIVISOR, 257);
	T_CHECK(!parse(&tc_kind_u32, &w, bytes, &o), "257");
	nl_put_u32(&w, TCA_U32_DIVISOR, 0x10000);
	T_CHECK(!parse(&tc_kind_u32, &w, bytes, &o), "65536");
}

static void
keys_of_u32_that_we_cannot_keep(void)
{
	static const struct {
		uint32_t off;
		uint32_t offmask;
		bool fine;
	} rows[] = { { 32767, 0, true }, { 32768, 0, false },
		{ (uint32_t)-32768, UINT32_MAX, true },
		{ (uint32_t)-32769, 0, false }, { 0, 0xff, false } };
	uint8_t bytes[ROOM];
	struct tc_object o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_u32_sel sel = { .nkeys = 1 };
		const uint32_t key[4] = { 0, 0, rows[i].off, rows[i].offmask };
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		uint8_t *start = nl_begin(&w, TCA_U32_SEL);

		buf_put_bytes(&w, &sel, sizeof(sel));
		buf_put_bytes(&w, key, sizeof(key));
		nl_end(&w, start);
		T_EQ(parse(&tc_kind_u32, &w, bytes, &o), rows[i].fine);
	}
}

/* A half of a range is none; without a mask every bit counts. */
static void
fields_of_flower(void)
{
	static const uint16_t halves[] = { TCA_FLOWER_KEY_PORT_SRC_MIN,
		TCA_FLOWER_KEY_PORT_SRC_MAX, TCA_FLOWER_KEY_PORT_DST_MIN,
		TCA_FLOWER_KEY_PORT_DST_MAX };
	uint8_t bytes[ROOM];
	struct tc_object o;

	for (size_t i = 0; i < 4; i++) {
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));

		nl_put(&w, halves[i], "\1\2", 2);
		T_CHECK(parse(&tc_kind_flower, &w, bytes, &o), "%zu", i);
		T_EQ(o.flower.fields, 0);
	}

	struct buf_writer w = buf_writer(bytes, sizeof(bytes));

	nl_put(&w, TCA_FLOWER_KEY_TCP_DST, "\1\2", 2);
	nl_put(&w, TCA_FLOWER_KEY_IP_TOS, "\4", 1);
	nl_put(&w, TCA_FLOWER_KEY_IP_TTL, "\5", 1);
	nl_put(&w, TCA_FLOWER_KEY_FLAGS, "\0\0\0\1", 4);
	nl_put(&w, TCA_FLOWER_KEY_IPV4_DST, "\12\0\0\1", 4);
	T_CHECK(parse(&tc_kind_flower, &w, bytes, &o), "without masks");
	T_EQ(o.flower.dport.a, 0x102);
	T_EQ(o.flower.dport.b, 0xffff);
	T_EQ(o.flower.tos_mask, 0xff);
	T_EQ(o.flower.ttl_mask, 0xff);
	T_EQ(o.flower.ip_flags, 1);
	T_EQ(o.flower.ip_flags_mask, UINT32_MAX);
	T_EQ(o.flower.dst.mask.b[3], 0xff);
}

static void
times_of_fq_codel_are_rounded(void)
{
	struct tc_object have = { .type = TC_QDISC_LEAF,
		.kind = &tc_kind_fq_codel,
		.fq_codel = { .target_us = 5000 } };
	struct tc_object want = have;

	for (uint32_t us = 4990; us <= 5010; us++) {
		want.fq_codel.target_us = us;
		T_EQ(tc_object_equal(&have, &want), us >= 4998 && us <= 5002);
	}
	want.fq_codel.target_us = 5000;
	want.fq_codel.has_ce_threshold = true;
	T_CHECK(!tc_object_equal(&have, &want), "a threshold of 0");
	have.fq_codel.has_ce_threshold = true;
	T_CHECK(tc_object_equal(&have, &want), "both");
}

/* ATM: 48 octets a cell, 53 with its header. */
static void
rates_count_cells(void)
{
	static const struct {
		uint32_t bytes;
		bool atm;
		uint32_t ticks;
	} rows[] = { { 48, true, 6625 }, { 49, true, 13250 }, { 1, true, 6625 },
		{ 96, true, 13250 }, { 48, false, 6000 } };
	struct tc_object a = { .kind = &tc_kind_tbf };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t bytes[ROOM];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct tc_tbf_qopt opt;

		/* 125 000 B/s: 125 ticks an octet. */
		a.tbf = (struct tc_tbf){ .rate_Bps = 125000,
			.burst_bytes = rows[i].bytes,
			.atm = rows[i].atm };
		tc_kind_tbf.fill(&w, &a);
		memcpy(&opt, bytes + 8, sizeof(opt));
		/* The kernel's reciprocal may take one. */
		T_CHECK(rows[i].ticks - opt.buffer <= 1, "%zu: %u", i,
			opt.buffer);
	}
}

static void
bounds_of_a_size_table(void)
{
	static const struct {
		struct tc_stab stab;
		bool fine;
	} rows[] = { { { .cell_log = 31 }, true },
		{ { .cell_log = 32 }, false }, { { .size_log = 31 }, true },
		{ { .size_log = 32 }, false },
		{ { .tsize = TC_STAB_TSIZE_MAX + 1 }, false },
		{ { .mpu = TC_STAB_MTU_MAX + 1 }, false } };
	static uint8_t bytes[65536];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct nl_want wants[] = { { TCA_STAB, 0 } };
		struct tc_stab base = rows[i].stab;
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct tc_stab back;
		struct nl_view got[1];
		uint32_t tsize = base.tsize;

		base.tsize = 0; /* no data for a table of any size */
		tc_stab_fill(&w, &base);
		memcpy(bytes + 8 + 20, &tsize, sizeof(tsize));
		T_CHECK(nl_parse((struct nl_view){ bytes, buf_written(&w) },
				wants, 1, got),
			"stab");
		T_EQ(tc_stab_parse(got[0], &back), rows[i].fine);
	}
}

/* An attribute in the options that a kind writes. */
static struct nl_view
written(const struct tc_object *o, uint16_t type, uint8_t bytes[ROOM])
{
	const struct nl_want options = { TCA_OPTIONS, 0 };
	const struct nl_want wanted = { type, 0 };
	struct buf_writer w = buf_writer(bytes, ROOM);
	struct nl_view got;

	o->kind->fill(&w, o);
	T_CHECK(!w.failed &&
			nl_parse((struct nl_view){ bytes, buf_written(&w) },
				&options, 1, &got),
		"options");
	T_CHECK(nl_parse(got, &wanted, 1, &got), "attribute");
	return got;
}

/* The ports of one protocol have attributes of their own. */
static void
ports_of_flower_are_of_its_protocol(void)
{
	static const struct {
		uint8_t proto;
		uint16_t type;
	} rows[] = { { 6, TCA_FLOWER_KEY_TCP_DST },
		{ 17, TCA_FLOWER_KEY_UDP_DST },
		{ 132, TCA_FLOWER_KEY_SCTP_DST } };
	uint8_t bytes[ROOM];

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			const struct tc_object o = { .kind = &tc_kind_flower,
				.flower = { .fields = TC_FLOWER_DPORT,
					.ip_proto = rows[i].proto,
					.dport = { 80, 0xffff } } };

			T_EQ(written(&o, rows[k].type, bytes).data != NULL,
				i == k);
		}
}

/* A node says its bucket; one that the kernel shall number does not. */
static void
nodes_of_u32_say_their_bucket(void)
{
	uint8_t bytes[ROOM];
	struct tc_object o = { .kind = &tc_kind_u32, .handle = 0x00301802 };

	T_EQ(nl_u32(written(&o, TCA_U32_HASH, bytes)), 0x00301000);
	o.any_handle = true;
	T_CHECK(!written(&o, TCA_U32_HASH, bytes).data, "any");
	o.any_handle = false;
	o.handle = 0;
	T_CHECK(!written(&o, TCA_U32_HASH, bytes).data, "none");
}

static void
what_is_short_is_malformed(void)
{
	uint8_t bytes[ROOM];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct tc_object o;

	nl_put(&w, TCA_FQ_CODEL_LIMIT, "\1\2", 2);
	T_CHECK(!parse(&tc_kind_fq_codel, &w, bytes, &o), "two octets");
}

/* An action of no kind, and one without options. */
static void
actions_have_a_kind(void)
{
	for (int missing = 1; missing <= 3; missing++) {
		uint8_t bytes[ROOM];
		struct buf_writer w = buf_writer(bytes, sizeof(bytes));
		struct tc_extra extra = { 0 };
		struct tc_object o = { .extra = &extra };
		const struct tc_action a = plain(&tc_action_gact);
		uint8_t *one = nl_begin(&w, 1);
		uint8_t *options;

		if (missing != 1)
			nl_put_text(&w, 1, "gact");
		if (missing != 2) {
			options = nl_begin(&w, 2);
			a.kind->fill(&w, &a);
			nl_end(&w, options);
		}
		nl_end(&w, one);
		T_EQ(tc_actions_parse(&o,
			     (struct nl_view){ bytes, buf_written(&w) },
			     (struct nl_view){ 0 }),
			missing == 3);
	}
}

static struct t_case cases[] = {
	{ "actions have a kind", actions_have_a_kind },
	{ "ports of flower are of its protocol",
		ports_of_flower_are_of_its_protocol },
	{ "nodes of u32 say their bucket", nodes_of_u32_say_their_bucket },
	{ "what is short is malformed", what_is_short_is_malformed },
	{ "actions have parameters", actions_have_parameters },
	{ "actions have nothing else", actions_have_nothing_else },
	{ "ways of mirred", ways_of_mirred },
	{ "keys of pedit", keys_of_pedit },
	{ "kinds have parameters", kinds_have_parameters },
	{ "what is beyond a kind", what_is_beyond_a_kind },
	{ "u32 knows the incoming interface",
		u32_knows_the_incoming_interface },
	{ "filters by interface are foreign",
		filters_by_interface_are_foreign },
	{ "tables of u32 have 256 buckets at most",
		tables_of_u32_have_256_buckets_at_most },
	{ "keys of u32 that we cannot keep", keys_of_u32_that_we_cannot_keep },
	{ "fields of flower", fields_of_flower },
	{ "times of fq_codel are rounded", times_of_fq_codel_are_rounded },
	{ "rates count cells", rates_count_cells },
	{ "bounds of a size table", bounds_of_a_size_table },
};

T_MAIN(cases)
