/* SPDX-License-Identifier: ISC */

/*
 * Messages to the kernel, attribute by attribute: what nobody asked for is not
 * sent, so that the kernel chooses.  That every value goes there and comes back
 * is for test_tc_kinds.c.
 */

#include "t.h"

#include <arpa/inet.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "tcctl/nl_attr.h"
#include "tcctl/nl_conn.h"

struct row {
	const char *name;
	struct tc_object object;
	struct tc_extra extra;
	bool has_extra;
	const char *shape; /* see show() */
	const char *text;
};

#define QDISC(k)                                                               \
	.type = TC_QDISC_LEAF, .ifindex = 3, .handle = 0x70000,                \
	.parent = 0x10010, .kind = &(k)
#define FILTER(k)                                                              \
	.type = TC_FILTER, .ifindex = 3, .handle = 0x802, .parent = 0x10000,   \
	.pref = 7, .protocol = 0x800, .kind = &(k)
#define ACTION(...)                                                            \
	.has_extra = true,                                                     \
	.extra = { .action_count = 1, .actions[0] = { __VA_ARGS__ } }

static const struct row rows[] = {
	{ "htb, as it comes",
		{ QDISC(tc_kind_htb_root),
			.root = { .any_qlen = true, .r2q = 65535 } },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=htb 2{2:20}",
		.text = "qdisc 7: on eth0 parent 1:10 htb default 0 r2q "
			"65535" },
	{ "htb whose packets past all classes are not queued",
		{ QDISC(tc_kind_htb_root), .root = { .r2q = 65536 } },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=htb 2{2:20 "
			 "5=0}",
		.text = "qdisc 7: on eth0 parent 1:10 htb default 0 r2q "
			"0x00010000" },
	{ "htb with a queue past all classes",
		{ QDISC(tc_kind_htb_root),
			.root = { .any_qlen = true, .direct_qlen = 1 } },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=htb 2{2:20 "
			 "5=1}" },
	{ "fq_codel, as it comes", { QDISC(tc_kind_fq_codel) },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=fq_codel "
			 "2{4=0}" },
	{ "tbf without a peak",
		{ QDISC(tc_kind_tbf), .tbf = { .rate_Bps = 125000,
					      .burst_bytes = 1600,
					      .limit_bytes = 3000 } },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=tbf 2{1:36 "
			 "6=1600}" },
	{ "sfq, as it comes", { QDISC(tc_kind_sfq) },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=sfq 2:72" },
	{ "pfifo, as it comes", { QDISC(tc_kind_pfifo) },
		.shape = "36/501 70000 of 10010 on 3, 0 0000: 1=pfifo" },
	{ "fw that leads nowhere",
		{ FILTER(tc_kind_fw), .fw = { .mask = UINT32_MAX } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=fw 2:0" },
	{ "fw with the least class and mask",
		{ FILTER(tc_kind_fw), .fw = { .classid = 1, .mask = 0 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=fw 2{1=1 5=0}" },
	{ "matchall that leads nowhere", { FILTER(tc_kind_matchall) },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall 2:0" },
	{ "matchall with the least class",
		{ FILTER(tc_kind_matchall), .matchall = { 1 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{1=1}" },
	{ "flower that leads nowhere",
		{ FILTER(tc_kind_flower),
			.flower = { .fields = TC_FLOWER_ETH_TYPE,
				.eth_type = 0x800 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=flower 2{8:2}" },
	{ "flower with the least class",
		{ FILTER(tc_kind_flower),
			.flower = { .fields = TC_FLOWER_ETH_TYPE,
				.eth_type = 0x800,
				.classid = 1 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=flower 2{1=1 "
			 "8:2}" },
	{ "u32 that asks for nothing",
		{ FILTER(tc_kind_u32), .u32 = { .flags = 1 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=u32 2{2=0 "
			 "5:16}" },
	{ "u32 in a chain, with the least class and one key",
		{ FILTER(tc_kind_u32), .chain = 1,
			.u32 = { .classid = 1,
				.key_count = 1,
				.keys = { { 0xff, 1, 0, false } } } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=u32 11=1 "
			 "2{2=0 1=1 5:32}" },
	{ "a table of u32", { FILTER(tc_kind_u32), .u32 = { .divisor = 1 } },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=u32 2{4=1}" },
	{ "a mark of the packet that is 0",
		{ FILTER(tc_kind_u32), .u32 = { .flags = 1 } },
		.has_extra = true, .extra = { .mark_mask = 1 },
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=u32 2{2=0 "
			 "5:16 10:12}" },
	{ "skbedit of a priority", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_skbedit,
			.skbedit = { .has_priority = true, .priority = 1 }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=skbedit 2{2:20 3=1}}}}" },
	{ "skbedit of a whole mark", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_skbedit,
			.skbedit = { .has_mark = true,
				.mark = 1,
				.mask = UINT32_MAX }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=skbedit 2{2:20 5=1}}}}" },
	{ "skbedit of a part of the mark", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_skbedit,
			.skbedit = { .has_mark = true, .mark = 1, .mask = 3 }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=skbedit 2{2:20 5=1 8=3}}}}" },
	{ "mirred to an interface", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_mirred, .control = TC_VERDICT_STOLEN,
			.mirred = { .ifindex = 1,
				.way = TC_MIRRED_REDIRECT,
				.name = "ifb0" }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=mirred 2{2:28}}}}" },
	{ "mirred to nobody", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_mirred, .control = TC_VERDICT_PIPE,
			.index = 0x05000000,
			.mirred = { .way = TC_MIRRED_MIRROR, .nobody = true }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=mirred 2{2:28 4=1381193296}}}}" },
	{ "csum of all, and one that nobody knows",
		{ FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_csum, .csum = { 0xff }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=csum 2{1:24}}}}",
		.text = "filter 7 handle 802 of 1: on eth0 matchall  csum "
			"ip4h icmp igmp tcp udp udplite sctp pass" },
	{ "police of a rate", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_police, .control = TC_VERDICT_DROP,
			.police = { .rate_Bps = 125000,
				.burst_ticks = 156250,
				.mtu = 2040 }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=police 2{1:56 2:1024}}}}" },
	{ "police of packets", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_police, .control = TC_VERDICT_DROP,
			.police = { .packet_rate = 1, .packet_burst = 1 }),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=police 2{1:56 10:8 11:8}}}}" },
	{ "gact", { FILTER(tc_kind_matchall) },
		ACTION(.kind = &tc_action_gact, .control = TC_VERDICT_DROP),
		.shape = "44/601 802 of 10000 on 3, 7 0800: 1=matchall "
			 "2{2{1{1=gact 2{2:20}}}}" },
};

/* ---- a message as text --------------------------------------------------- */

/* Attributes one behind the other, to the last octet. */
static bool
is_nest(struct nl_view v)
{
	struct nl_view one;

	if (v.len < 4)
		return false;
	for (; v.len > 0;) {
		uint16_t head[2];

		if (v.len < 4)
			return false;
		memcpy(head, v.data, sizeof(head));
		if (head[0] < 4 || (head[1] & 0x3fff) == 0 ||
			(head[1] & 0x3fff) > 63 || !nl_any(&v, &one))
			return false;
	}
	return true;
}

static bool
is_word(struct nl_view v)
{
	for (size_t i = 0; i + 1 < v.len; i++)
		if (v.data[i] < '0' || v.data[i] > 'z')
			return false;
	return v.len > 1 && v.data[v.len - 1] == '\0';
}

/* "8{1=3 2=fw 5:16}": type and what is in it; of what is neither a word nor a
 * number of four octets only how long it is. */
static void
show(struct text *t, struct nl_view attrs, int depth)
{
	for (bool first = true; attrs.len > 0; first = false) {
		uint16_t head[2];
		struct nl_view v;

		memcpy(head, attrs.data, sizeof(head));
		T_CHECK(nl_any(&attrs, &v), "no attribute");
		text_printf(t, "%s%u", first ? "" : " ", head[1] & 0x3fff);
		if (depth < 6 && is_nest(v)) {
			text_add(t, "{");
			show(t, v, depth + 1);
			text_add(t, "}");
		} else if (is_word(v)) {
			text_printf(t, "=%s", (const char *)v.data);
		} else if (v.len == sizeof(uint32_t)) {
			text_printf(t, "=%" PRIu32, nl_u32(v));
		} else {
			text_printf(t, ":%zu", v.len);
		}
	}
}

static void
show_message(struct text *t, const uint8_t *bytes, size_t len)
{
	struct nlmsghdr h;
	struct tcmsg tcm;
	const size_t heads = sizeof(h) + sizeof(tcm);

	T_CHECK(len >= heads, "no message");
	memcpy(&h, bytes, sizeof(h));
	memcpy(&tcm, bytes + sizeof(h), sizeof(tcm));
	T_EQ(h.nlmsg_len, len);
	text_printf(t, "%u/%x %x of %x on %d, %u %04x: ", h.nlmsg_type,
		h.nlmsg_flags, tcm.tcm_handle, tcm.tcm_parent, tcm.tcm_ifindex,
		tcm.tcm_info >> 16, ntohs((uint16_t)tcm.tcm_info));
	show(t, (struct nl_view){ bytes + heads, len - heads }, 0);
}

static void
expect(const char *name, const struct tc_op *op, const char *shape)
{
	static uint8_t bytes[32768];
	static char buf[2048];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct text t = text_over(buf, sizeof(buf));

	T_CHECK(nl_op_put(&w, 1, op), "%s: no room", name);
	show_message(&t, bytes, buf_written(&w));
	T_CHECK(strcmp(buf, shape) == 0, "%s: got\n%s\nnot\n%s", name, buf,
		shape);
}

static void
only_what_was_asked_for_is_sent(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_extra extra = rows[i].extra;
		struct tc_op op = { .kind = TC_OP_ADD, .want = rows[i].object };
		char buf[512];
		struct text t = text_over(buf, sizeof(buf));

		op.want.extra = rows[i].has_extra ? &extra : NULL;
		expect(rows[i].name, &op, rows[i].shape);
		tc_object_print(&t, &op.want, "eth0");
		if (rows[i].text)
			T_STR(buf, rows[i].text);
	}
}

/* What an operation on an object is: its message, and whether it may be there
 * already. */
static void
every_operation_has_its_message(void)
{
	static const struct tc_object root = { .type = TC_QDISC_ROOT,
		.ifindex = 3,
		.handle = 0x520000,
		.parent = UINT32_MAX,
		.kind = &tc_kind_pfifo };
	static const struct tc_object class = { .type = TC_CLASS,
		.ifindex = 3,
		.handle = 0x520001,
		.parent = 0x520000,
		.kind = &tc_kind_htb_class };
	static const struct tc_object ingress = { .type = TC_QDISC_INGRESS,
		.ifindex = 3,
		.handle = 0xffff0000u,
		.parent = 0xfffffff1u,
		.kind = &tc_kind_ingress };
	static const struct tc_object filter = { FILTER(tc_kind_matchall) };
	static const struct tc_object other = { QDISC(tc_kind_other),
		.name = "cake" };
	static struct tc_class_stats told;
	struct tc_op op = { .kind = TC_OP_ADD, .want = root };

	expect("root", &op, "36/601 520000 of ffffffff on 3, 0 0000: 1=pfifo");
	op.want.take_over = true;
	expect("root", &op, "36/501 520000 of ffffffff on 3, 0 0000: 1=pfifo");
	op.want = ingress;
	expect("ingress", &op,
		"36/601 ffff0000 of fffffff1 on 3, 0 0000: 1=ingress 2:0");
	op.want = filter;
	op.want.any_handle = true;
	expect("filter", &op, "44/601 0 of 10000 on 3, 7 0800: 1=matchall 2:0");
	op = (struct tc_op){ .kind = TC_OP_DEL, .have = root };
	expect("root", &op, "37/1 520000 of ffffffff on 3, 0 0000: 1=pfifo");
	op.have = class;
	expect("class", &op, "41/1 520001 of 520000 on 3, 0 0000: 1=htb");
	op.have = filter;
	expect("filter", &op, "45/1 802 of 10000 on 3, 7 0800: 1=matchall");
	op.have = other;
	expect("other", &op, "37/1 70000 of 10010 on 3, 0 0000: 1=cake");
	op = (struct tc_op){ .kind = TC_OP_CHANGE, .want = filter };
	expect("filter", &op, "44/1 802 of 10000 on 3, 7 0800: 1=matchall 2:0");
	op.told = &told;
	expect("filter", &op, "44/9 802 of 10000 on 3, 7 0800: 1=matchall 2:0");
}

static void
actions_are_asked_for_by_their_kind(void)
{
	struct nlmsghdr h;
	const size_t heads = sizeof(h) + sizeof(struct tcamsg);
	uint8_t bytes[128];
	char buf[128];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct text t = text_over(buf, sizeof(buf));

	T_CHECK(nl_acts_put(&w, 9, "mirred"), "no room");
	memcpy(&h, bytes, sizeof(h));
	T_EQ(h.nlmsg_type, RTM_GETACTION);
	T_EQ(h.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	T_EQ(h.nlmsg_seq, 9);
	T_EQ(h.nlmsg_len, buf_written(&w));
	show(&t, (struct nl_view){ bytes + heads, h.nlmsg_len - heads }, 0);
	T_STR(buf, "1{1{1=mirred}} 2:8");
	for (size_t room = 0; room < h.nlmsg_len; room++) {
		w = buf_writer(bytes, room);
		T_CHECK(!nl_acts_put(&w, 9, "mirred"), "%zu octets", room);
	}
}

/* A class with what it has counted, as the kernel tells it. */
static bool
told(uint16_t type, size_t xstats_len, bool wide, struct tc_class_stats *ret)
{
	_Alignas(struct nlmsghdr) static uint8_t bytes[512];
	const struct tcmsg tcm = { .tcm_ifindex = 3, .tcm_handle = 0x10010 };
	const struct gnet_stats_queue queue = {
		.qlen = 4, .backlog = 6000, .drops = 5
	};
	const struct tc_htb_xstats xstats = { .tokens = -7, .ctokens = 9 };
	const uint64_t octets = UINT64_C(5000000000);
	const uint64_t packets = UINT64_C(6000000000);
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct nlmsghdr h = { .nlmsg_type = type };
	uint8_t basic[12];
	uint8_t *nest;

	buf_put_bytes(&w, &h, sizeof(h));
	buf_put_bytes(&w, &tcm, sizeof(tcm));
	nl_put_text(&w, TCA_KIND, "htb");
	nest = nl_begin(&w, TCA_STATS2);
	memcpy(basic, &octets, sizeof(octets));
	memcpy(basic + sizeof(octets), &(uint32_t){ 3 }, sizeof(uint32_t));
	nl_put(&w, TCA_STATS_BASIC, basic, sizeof(basic));
	if (wide)
		nl_put(&w, TCA_STATS_PKT64, &packets, sizeof(packets));
	nl_put(&w, TCA_STATS_QUEUE, &queue, sizeof(queue));
	nl_put(&w, TCA_STATS_APP, &xstats, xstats_len);
	nl_end(&w, nest);
	h.nlmsg_len = (uint32_t)buf_written(&w);
	memcpy(bytes, &h, sizeof(h));
	return nl_stats_get((const struct nlmsghdr *)(const void *)bytes, ret);
}

static void
what_a_class_has_counted_is_read(void)
{
	const size_t whole = sizeof(struct tc_htb_xstats);
	struct tc_class_stats s;

	T_CHECK(told(RTM_NEWTCLASS, whole, true, &s), "not read");
	T_EQ(s.handle, 0x10010);
	T_CHECK(s.bytes == UINT64_C(5000000000), "octets");
	T_CHECK(s.packets == UINT64_C(6000000000), "packets");
	T_EQ(s.qlen, 4);
	T_EQ(s.backlog_bytes, 6000);
	T_EQ(s.drops, 5);
	T_EQ(s.tokens_ticks, -7);
	T_EQ(s.ctokens_ticks, 9);
	/* An older kernel, and a class of another kind. */
	T_CHECK(told(RTM_NEWTCLASS, whole - 4, false, &s), "not read");
	T_EQ(s.packets, 3);
	T_EQ(s.drops, 5);
	T_EQ(s.tokens_ticks, 0);
	T_EQ(s.ctokens_ticks, 0);
	T_CHECK(!told(RTM_NEWQDISC, whole, true, &s), "of a qdisc");
}

/* Values that are too short, or too long for where they go. */
static void
values_have_their_sizes(void)
{
	static const uint8_t bytes[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	const struct nl_view word = { (const uint8_t *)"fq_codel", 9 };
	char buf[16];

	T_EQ(nl_u32((struct nl_view){ bytes, 4 }), 0x01010101);
	T_EQ(nl_u32((struct nl_view){ bytes, 3 }), 0);
	T_EQ(nl_u32((struct nl_view){ 0 }), 0);
	T_CHECK(nl_u64((struct nl_view){ bytes, 8 }) ==
			UINT64_C(0x0101010101010101),
		"whole");
	T_EQ(nl_u64((struct nl_view){ bytes, 7 }), 0);
	T_EQ(nl_u64((struct nl_view){ 0 }), 0);
	nl_text(word, buf, sizeof(buf));
	T_STR(buf, "fq_codel");
	nl_text(word, buf, 9);
	T_STR(buf, "fq_codel");
	memset(buf, 'x', sizeof(buf));
	nl_text(word, buf, 8);
	T_STR(buf, "fq_code");
	T_EQ(buf[8], 'x');
	nl_text((struct nl_view){ word.data, 2 }, buf, 8); /* without an end */
	T_STR(buf, "fq");
	nl_text((struct nl_view){ 0 }, buf, 8);
	T_STR(buf, "");
}

static struct t_case all_cases[] = {
	{ "only what was asked for is sent", only_what_was_asked_for_is_sent },
	{ "every operation has its message", every_operation_has_its_message },
	{ "what a class has counted is read",
		what_a_class_has_counted_is_read },
	{ "values have their sizes", values_have_their_sizes },
	{ "actions are asked for by their kind",
		actions_are_asked_for_by_their_kind },
};
T_MAIN(all_cases)
