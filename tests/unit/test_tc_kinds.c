/* SPDX-License-Identifier: ISC */
#include "t.h"

#include <linux/rtnetlink.h>

#include "tcctl/nl_attr.h"
#include "tcctl/nl_conn.h"

/* A field of an object, or of what it has besides. */
struct field {
	const char *name;
	size_t offset;
	bool in_extra;
};

#define F(f)                                                                   \
	{                                                                      \
#f, offsetof(struct tc_object, f), false                       \
	}
#define X(f)                                                                   \
	{                                                                      \
#f, offsetof(struct tc_extra, f), true                         \
	}

struct sample {
	const char *name;
	struct tc_object object;
	struct tc_extra extra; /* of no account unless used */
	bool has_extra;
	const char *text;
	const struct field *fields; /* each makes a difference */
	size_t field_count;
};

#define FIELDS(list)                                                           \
	.fields = list, .field_count = sizeof(list) / sizeof(list[0])

/* ---- samples ------------------------------------------------------------- */

static const struct field htb_fields[] = { F(root.default_minor), F(root.r2q),
	F(root.direct_qlen), F(root.offload) };
static const struct field class_fields[] = { F(htb.rate_Bps), F(htb.ceil_Bps),
	F(htb.buffer_ticks), F(htb.cbuffer_ticks), F(htb.quantum), F(htb.prio),
	F(htb.overhead), F(htb.mpu), F(htb.atm), F(parent) };
static const struct field fifo_fields[] = { F(fifo.limit), F(parent),
	X(has_stab), X(stab.overhead), X(stab.linklayer), X(stab.mpu),
	X(stab.mtu), X(stab.tsize), X(stab.cell_log), X(stab.size_log),
	X(stab.cell_align) };
static const struct field codel_fields[] = { F(fq_codel.limit),
	F(fq_codel.quantum), F(fq_codel.ecn), F(fq_codel.flows),
	F(fq_codel.memory_limit_bytes), F(fq_codel.drop_batch),
	F(fq_codel.ce_selector), F(fq_codel.ce_mask),
	{ "target", offsetof(struct tc_object, fq_codel.target_us) + 1, false },
	{ "interval", offsetof(struct tc_object, fq_codel.interval_us) + 1,
		false },
	{ "threshold", offsetof(struct tc_object, fq_codel.ce_threshold_us) + 1,
		false } };
static const struct field tbf_fields[] = { F(tbf.rate_Bps), F(tbf.peak_Bps),
	F(tbf.burst_bytes), F(tbf.mtu_bytes), F(tbf.limit_bytes),
	F(tbf.overhead), F(tbf.mpu), F(tbf.atm) };
static const struct field prio_fields[] = { F(prio.bands), F(prio.map[0]),
	F(prio.map[15]) };
static const struct field sfq_fields[] = { F(sfq.quantum), F(sfq.perturb_s),
	F(sfq.limit), F(sfq.divisor), F(sfq.flows), F(sfq.depth),
	F(sfq.headdrop) };
static const struct field u32_fields[] = { F(protocol), F(hw), F(u32.flags),
	F(u32.offshift), F(u32.offmask), F(u32.off), F(u32.offoff), F(u32.hoff),
	F(u32.hmask), F(u32.link), F(u32.classid), F(u32.keys[0].mask),
	F(u32.keys[0].value), F(u32.keys[0].off), F(u32.keys[1].floating),
	F(u32.keys[1].value), F(u32.in), X(mark), X(mark_mask) };
static const struct field police_fields[] = { F(fw.classid), F(fw.mask),
	X(actions[0].control), X(actions[0].police.rate_Bps),
	X(actions[0].police.peak_Bps), X(actions[0].police.burst_ticks),
	X(actions[0].police.mtu), X(actions[0].police.conform),
	X(actions[0].police.overhead), X(actions[0].police.mpu),
	X(actions[0].police.atm), X(old_police) };
static const struct field matchall_fields[] = { F(matchall.classid), F(hw),
	X(action_count), X(actions[0].police.packet_rate),
	X(actions[0].police.packet_burst), X(actions[1].mirred.ifindex),
	X(actions[1].mirred.way), X(actions[1].control),
	X(actions[2].connmark.zone), X(actions[2].control),
	X(actions[3].skbedit.has_priority), X(actions[3].skbedit.has_mark),
	X(actions[3].skbedit.inherit_dsfield), X(actions[3].skbedit.priority),
	X(actions[3].skbedit.mark), X(actions[3].skbedit.mask),
	X(actions[3].control), X(actions[4].pedit.keys[0].mask),
	X(actions[4].pedit.keys[0].value), X(actions[4].pedit.keys[1].off),
	X(actions[4].pedit.keys[1].at), X(actions[4].pedit.keys[1].offmask),
	X(actions[4].pedit.keys[1].shift), X(actions[4].pedit.keys[1].header),
	X(actions[4].pedit.keys[1].command), X(actions[4].pedit.flags),
	X(actions[4].control), X(actions[5].csum.what), X(actions[5].control),
	X(actions[6].control) };
static const struct field pedit_fields[] = { X(actions[0].pedit.keys[0].mask),
	X(actions[0].pedit.keys[0].value), X(actions[0].pedit.keys[0].off),
	X(actions[0].control) };
static const struct field flower_fields[] = { F(flower.classid), F(protocol),
	F(flower.eth_type), F(flower.tos), F(flower.tos_mask), F(flower.ttl),
	F(flower.ttl_mask), F(flower.src.value.b[3]), F(flower.src.mask.b[0]),
	F(flower.dst.value.b[0]), F(flower.dst.mask.b[3]), F(flower.sport.a),
	F(flower.sport.b), F(flower.dport.a), F(flower.dport.b),
	F(flower.ip_flags), F(flower.ip_flags_mask) };
static const struct field tag_fields[] = { F(flower.vlan_prio),
	F(flower.vlan_id), F(flower.vlan_type), F(flower.ip_proto),
	F(flower.sport.a), F(flower.sport.b), F(flower.dport.a),
	F(flower.dport.b), F(flower.dst.value.b[15]), F(flower.dst.mask.b[15]),
	F(flower.src.value.b[15]), F(flower.src.mask.b[0]) };

#define QDISC(k)                                                               \
	.type = TC_QDISC_LEAF, .ifindex = 3, .handle = 0x70000,                \
	.parent = 0x10010, .kind = &(k)
#define FILTER_FOR(k, ethertype)                                               \
	.type = TC_FILTER, .ifindex = 3, .handle = 0x80000802u,                \
	.parent = 0x10000, .pref = 7, .protocol = (ethertype), .kind = &(k)
#define FILTER_OF(k) FILTER_FOR(k, 0x800)
#define V4(w, x, y, z)                                                         \
	{                                                                      \
		.family = ADDR_V4, .b = { w, x, y, z }                         \
	}
#define V6(last)                                                               \
	{                                                                      \
		.family = ADDR_V6, .b = { 0x20, 1, [15] = (last) }             \
	}

static const struct sample samples[] = {
	{ "htb",
		{ QDISC(tc_kind_htb_root), .root = { .default_minor = 0x30,
						   .r2q = 12,
						   .direct_qlen = 66,
						   .offload = true } },
		.text = "qdisc 7: on eth0 parent 1:10 htb default 30 "
			"direct_qlen 66 r2q 12 offload",
		FIELDS(htb_fields) },
	{ "htb class",
		{ .type = TC_CLASS,
			.ifindex = 3,
			.handle = 0x10010,
			.parent = 0x10002,
			.kind = &tc_kind_htb_class,
			.htb = { .rate_Bps = 125000,
				.ceil_Bps = 250000,
				.buffer_ticks = 200000,
				.cbuffer_ticks = 100000,
				.quantum = 3000,
				.prio = 6,
				.overhead = 24,
				.mpu = 84,
				.atm = true } },
		.text = "class 1:10 on eth0 parent 1:2 htb rate 1 Mbit/s ceil "
			"2 "
			"Mbit/s burst 1600 cburst 1600 quantum 3000 prio 6 "
			"overhead 24 mpu 84 atm",
		FIELDS(class_fields) },
	{ "htb class above 32 bits",
		{ .type = TC_CLASS,
			.handle = 0x10010,
			.kind = &tc_kind_htb_class,
			.htb = { .rate_Bps = 5000000000,
				.ceil_Bps = 12500000000 } },
		FIELDS(class_fields) },
	{ "pfifo with a size table",
		{ QDISC(tc_kind_pfifo), .fifo = { .limit = 42 } },
		.extra = { .has_stab = true,
			.stab = { .cell_log = 4,
				.size_log = 2,
				.cell_align = -1,
				.overhead = -14,
				.linklayer = TC_LAYER_ETHERNET,
				.mpu = 64,
				.mtu = 2048,
				.tsize = 128 } },
		.has_extra = true,
		.text = "qdisc 7: on eth0 parent 1:10 pfifo limit 42 packets "
			"size table ethernet overhead -14 mpu 64 mtu 2048 "
			"tsize 128",
		FIELDS(fifo_fields) },
	{ "bfifo", { QDISC(tc_kind_bfifo), .fifo = { .limit = 4200 } },
		.text = "qdisc 7: on eth0 parent 1:10 bfifo limit 4200 B",
		.fields = fifo_fields, .field_count = 2 },
	{ "fq_codel",
		{ QDISC(tc_kind_fq_codel),
			.fq_codel = { .limit = 600,
				.target_us = 5000,
				.interval_us = 100000,
				.quantum = 1514,
				.ecn = 1,
				.flows = 64,
				.memory_limit_bytes = 4000000,
				.drop_batch = 32,
				.has_ce_threshold = true,
				.ce_threshold_us = 3000,
				.ce_selector = 2,
				.ce_mask = 3 } },
		.text = "qdisc 7: on eth0 parent 1:10 fq_codel limit 600 "
			"packets flows 64 target 5000 us interval 100000 us "
			"quantum 1514 memory_limit 4000000 B drop_batch 32 "
			"ce_threshold 3000 us of DS field 0x2/0x3 ecn",
		FIELDS(codel_fields) },
	{ "tbf",
		{ QDISC(tc_kind_tbf), .tbf = { .rate_Bps = 27500,
					      .peak_Bps = 125000,
					      .burst_bytes = 1540,
					      .mtu_bytes = 1514,
					      .limit_bytes = 3000,
					      .overhead = 18,
					      .mpu = 64,
					      .atm = true } },
		.text = "qdisc 7: on eth0 parent 1:10 tbf rate 220 kbit/s "
			"burst "
			"1540 B limit 3000 B peak rate 1 Mbit/s mtu 1514 B "
			"overhead 18 mpu 64 atm",
		/* Cells of ATM hide an octet. */
		.fields = tbf_fields, .field_count = 2 },
	{ "tbf on Ethernet",
		{ QDISC(tc_kind_tbf), .tbf = { .rate_Bps = 27500,
					      .peak_Bps = 125000,
					      .burst_bytes = 1540,
					      .mtu_bytes = 1514,
					      .limit_bytes = 3000 } },
		FIELDS(tbf_fields) },
	{ "tbf above 32 bits",
		{ QDISC(tc_kind_tbf), .tbf = { .rate_Bps = 5000000000,
					      .peak_Bps = 12500000000,
					      .burst_bytes = 1000000,
					      .mtu_bytes = 9014,
					      .limit_bytes = 3000000 } },
		.fields = tbf_fields, .field_count = 2 },
	{ "prio",
		{ QDISC(tc_kind_prio),
			.prio = { .bands = 5, .map = { 1, 2, [15] = 4 } } },
		.text = "qdisc 7: on eth0 parent 1:10 prio bands 5 priomap 1 2 "
			"0 0 0 0 0 0 0 0 0 0 0 0 0 4",
		FIELDS(prio_fields) },
	{ "sfq",
		{ QDISC(tc_kind_sfq), .sfq = { .quantum = 1514,
					      .perturb_s = 10,
					      .limit = 60,
					      .divisor = 512,
					      .flows = 40,
					      .depth = 20,
					      .headdrop = true } },
		.text = "qdisc 7: on eth0 parent 1:10 sfq limit 60 quantum "
			"1514 "
			"perturb 10 divisor 512 flows 40 depth 20 headdrop",
		FIELDS(sfq_fields) },
	{ "ingress",
		{ .type = TC_QDISC_INGRESS,
			.handle = TC_INGRESS_HANDLE,
			.parent = TC_INGRESS_PARENT,
			.kind = &tc_kind_ingress },
		.text = "qdisc ffff: on eth0 ingress incoming" },
	{ "clsact",
		{ .type = TC_QDISC_INGRESS,
			.handle = TC_INGRESS_HANDLE,
			.parent = TC_INGRESS_PARENT,
			.kind = &tc_kind_clsact },
		.text = "qdisc ffff: on eth0 clsact both ways" },
	{ "u32",
		{ FILTER_OF(tc_kind_u32), .chain = 6,
			.hw = TC_HW_SKIP | TC_SW_SKIP,
			.u32 = { .flags = 5,
				.offshift = 6,
				.offmask = 0xf00,
				.off = 2,
				.offoff = -4,
				.hoff = 16,
				.hmask = 0xf0,
				.link = 0x200000,
				.classid = 0x10010,
				.key_count = 2,
				.keys = { { 0xff, 0x12, -14, false },
					{ 0xffff, 80, 2, true } },
				.in = "eth7" } },
		.extra = { .mark = 4, .mark_mask = 12 }, .has_extra = true,
		.text = "filter 7 800:0:802 chain 6 of 1: on eth0 u32 link "
			"2:to "
			"1:10 by 000000f0 at 16 00000012/000000ff at -14 "
			"00000050/0000ffff at +2 in eth7 mark 0x4/0xc",
		FIELDS(u32_fields) },
	{ "fw with an old police",
		{ FILTER_OF(tc_kind_fw),
			.fw = { .classid = 0x10010, .mask = 0xff0 } },
		.extra = { .old_police = true,
			.action_count = 1,
			.actions[0] = { .kind = &tc_action_police,
				.control = TC_VERDICT_DROP,
				.police = { .rate_Bps = 125000,
					.peak_Bps = 250000,
					.burst_ticks = 1280000,
					.mtu = 1500,
					.conform = TC_VERDICT_PIPE,
					.overhead = 18,
					.mpu = 64,
					.atm = true } } },
		.has_extra = true,
		.text = "filter 7 handle 80000802 of 1: on eth0 fw mark "
			"0x80000802/0xff0 to 1:10 police rate 1 Mbit/s burst "
			"10240 B peak rate 2 Mbit/s mtu 1500 B overhead 18 mpu "
			"64 atm conform pipe exceed drop",
		FIELDS(police_fields) },
	{ "matchall with every action",
		{ FILTER_OF(tc_kind_matchall),
			.matchall = { .classid = 0x10010 } },
		.extra = { .action_count = 7,
			.actions = { { .kind = &tc_action_police,
					     .police = { .rate_Bps = 5000000000,
						     .peak_Bps = 6000000000,
						     .packet_rate = 1000,
						     .packet_burst = 50 } },
				{ .kind = &tc_action_mirred,
					.control = TC_VERDICT_STOLEN,
					.mirred = { 12, TC_MIRRED_MIRROR } },
				{ .kind = &tc_action_connmark,
					.control = TC_VERDICT_PIPE,
					.connmark = { 6 } },
				{ .kind = &tc_action_skbedit,
					.control = TC_VERDICT_CONTINUE,
					.skbedit = { true, true, true, 0x10010,
						6, 0xff } },
				{ .kind = &tc_action_pedit,
					.control = TC_VERDICT_PIPE,
					.pedit = { true, 2, 4,
						{ { .mask = 0xff03ffff,
							  .value = 0xb80000,
							  .header = 2 },
							{ .mask = 0xff,
								.value = 6,
								.off = -8,
								.at = 12,
								.offmask = 0xf,
								.shift = 2,
								.header = 4,
								.command =
									1 } } } },
				{ .kind = &tc_action_csum,
					.control = TC_VERDICT_PIPE,
					.csum = { 0x19 } },
				{ .kind = &tc_action_gact,
					.control = TC_VERDICT_GOTO | 6 } } },
		.has_extra = true,
		.text = "filter 7 handle 80000802 of 1: on eth0 matchall to "
			"1:10 police rate 40 Gbit/s burst 0 B peak rate 48 "
			"Gbit/s packets 1000/s conform pass exceed pass, then "
			"mirred mirror to interface 12 stolen, then connmark "
			"zone 6 pipe, then skbedit priority 1:10 mark 0x6/0xff "
			"inheritdsfield continue, then pedit set 00b80000 "
			"keeping ff03ffff at 0+2 add 00000006 keeping 000000ff "
			"at -8+4 pipe, then csum ip4h tcp udp pipe, then gact "
			"goto chain 6",
		FIELDS(matchall_fields) },
	{ "u32 with the old pedit",
		{ FILTER_OF(tc_kind_u32), .u32 = { .flags = 1 } },
		.extra = { .action_count = 1,
			.actions[0] = { .kind = &tc_action_pedit,
				.pedit = { false, 1, 0,
					{ { .mask = 0xffe1ffff,
						.value = 0x100000 } } } } },
		.has_extra = true, FIELDS(pedit_fields) },
	{ "flower",
		{ FILTER_OF(tc_kind_flower),
			.flower = { .classid = 0x10010,
				.fields = TC_FLOWER_ETH_TYPE | TC_FLOWER_PROTO |
					  TC_FLOWER_SRC | TC_FLOWER_DST |
					  TC_FLOWER_SPORT | TC_FLOWER_DPORT |
					  TC_FLOWER_TOS | TC_FLOWER_TTL |
					  TC_FLOWER_IP_FLAGS,
				.eth_type = 0x800,
				.ip_proto = 17,
				.tos = 0x10,
				.tos_mask = 0xfc,
				.ttl = 64,
				.ttl_mask = 0xfe,
				.src = { V4(10, 0, 0, 0), V4(255, 0, 0, 0) },
				.dst = { V4(10, 1, 2, 3),
					V4(255, 255, 255, 0) },
				.sport = { 1000, 0xffff },
				.dport = { 5004, 0xfffe },
				.ip_flags = 1,
				.ip_flags_mask = 3 } },
		.text = "filter 7 handle 80000802 of 1: on eth0 flower "
			"eth_type "
			"0x0800 proto 17 src 10.0.0.0/255.0.0.0 dst "
			"10.1.2.3/255.255.255.0 sport 1000 dport 0x138c/0xfffe "
			"tos 0x10/0xfc ttl 0x40/0xfe ip_flags 0x1/0x3 to 1:10",
		FIELDS(flower_fields) },
	{ "flower behind a tag, with ranges",
		{ FILTER_FOR(tc_kind_flower, 0x8100),
			.flower = { .fields = TC_FLOWER_ETH_TYPE |
					      TC_FLOWER_PROTO | TC_FLOWER_SRC |
					      TC_FLOWER_DST |
					      TC_FLOWER_SPORT_RANGE |
					      TC_FLOWER_DPORT_RANGE |
					      TC_FLOWER_VLAN_ID |
					      TC_FLOWER_VLAN_PRIO |
					      TC_FLOWER_VLAN_TYPE,
				.eth_type = 0x8100,
				.ip_proto = 6,
				.vlan_prio = 3,
				.vlan_id = 1205,
				.vlan_type = 0x86dd,
				.src = { V6(2), V6(0xff) },
				.dst = { V6(7), V6(0xff) },
				.sport = { 80, 90 },
				.dport = { 1024, 65535 } } },
		.text = "filter 7 handle 80000802 of 1: on eth0 flower "
			"eth_type "
			"0x8100 vlan 1205 vlan_prio 3 vlan_type 0x86dd proto 6 "
			"src 2001::2/2001::ff dst 2001::7/2001::ff sport 80-90 "
			"dport 1024-65535 ",
		FIELDS(tag_fields) },
};

enum { SAMPLES = sizeof(samples) / sizeof(samples[0]) };

/* ---- what is done to them ------------------------------------------------ */

/* An object with its own extra. */
struct copy {
	struct tc_object object;
	struct tc_extra extra;
};

static void
take(const struct sample *s, struct copy *c)
{
	c->object = s->object;
	c->extra = s->extra;
	c->object.extra = s->has_extra ? &c->extra : NULL;
}

/* The message that makes the object; octets of it. */
static size_t
put(const struct tc_object *o, uint8_t *bytes, size_t room)
{
	const struct tc_op op = { .kind = TC_OP_ADD, .want = *o };
	struct buf_writer w = buf_writer(bytes, room);

	return nl_op_put(&w, 1, &op) ? buf_written(&w) : 0;
}

/* A copy of the message that ends where it ends, read. */
static bool
get(const uint8_t *bytes, size_t len, struct copy *ret)
{
	uint8_t *exact = (uint8_t *)malloc(len > 0 ? len : 1);
	uint32_t len32 = (uint32_t)len;
	bool ok;

	T_CHECK(exact != NULL, "memory");
	memcpy(exact, bytes, len);
	if (len >= sizeof(len32))
		memcpy(exact, &len32, sizeof(len32));
	ok = nl_object_get((const struct nlmsghdr *)(const void *)exact,
		&ret->extra, &ret->object);
	free(exact);
	return ok;
}

enum { ROOM = 32768 };

static bool
comes_back(const struct copy *c)
{
	static uint8_t bytes[ROOM];
	struct copy back;
	size_t len = put(&c->object, bytes, sizeof(bytes));

	return len > 0 && get(bytes, len, &back) &&
	       tc_object_equal(&back.object, &c->object) &&
	       tc_object_equal(&c->object, &back.object) &&
	       tc_object_compare(&back.object, &c->object) == 0 &&
	       back.object.ifindex == c->object.ifindex;
}

static void
every_kind_comes_back(void)
{
	struct copy c;

	for (size_t i = 0; i < SAMPLES; i++) {
		take(&samples[i], &c);
		T_CHECK(comes_back(&c), "%s", samples[i].name);
	}
}

/* One bit of the field is another. */
static void
check_field(const struct sample *s, const struct field *f)
{
	struct copy same;
	struct copy other;
	uint8_t *at;

	take(s, &same);
	take(s, &other);
	at = f->in_extra ? (uint8_t *)&other.extra : (uint8_t *)&other.object;
	at[f->offset] ^= 1;
	T_CHECK(!tc_object_equal(&same.object, &other.object), "%s: %s",
		s->name, f->name);
	T_CHECK(!tc_object_equal(&other.object, &same.object), "%s: %s",
		s->name, f->name);
	T_CHECK(comes_back(&other), "%s: %s is lost", s->name, f->name);
}

static void
every_field_counts(void)
{
	for (size_t i = 0; i < SAMPLES; i++)
		for (size_t k = 0; k < samples[i].field_count; k++)
			check_field(&samples[i], &samples[i].fields[k]);
}

static void
every_kind_has_words(void)
{
	char line[1024];
	struct copy c;

	for (size_t i = 0; i < SAMPLES; i++) {
		struct text t = text_over(line, sizeof(line));

		take(&samples[i], &c);
		tc_object_print(&t, &c.object, "eth0");
		if (samples[i].text)
			T_STR(line, samples[i].text);
	}
}

static void
what_is_cut_short_is_refused(void)
{
	static uint8_t bytes[ROOM];
	struct copy back;
	struct copy c;

	for (size_t i = 0; i < SAMPLES; i++) {
		size_t len;

		take(&samples[i], &c);
		len = put(&c.object, bytes, sizeof(bytes));
		for (size_t cut = sizeof(struct nlmsghdr); cut < len; cut++)
			T_CHECK(!get(bytes, cut, &back) ||
					back.object.kind == &tc_kind_other ||
					cut + 3 >= len ||
					!tc_object_equal(
						&back.object, &c.object),
				"%s: %zu of %zu octets", samples[i].name, cut,
				len);
		for (size_t room = 0; room < len; room++)
			T_EQ(put(&c.object, bytes, room), 0);
	}
}

static void
damage(const struct copy *c, uint8_t *bytes, size_t len, size_t at)
{
	static const uint8_t values[] = { 0, 1, 3, 0x7f, 0x80, 0xff };
	uint8_t was = bytes[at];
	char line[1024];
	struct copy back;

	for (size_t v = 0; v < sizeof(values); v++) {
		struct text t = text_over(line, sizeof(line));

		bytes[at] = values[v];
		if (!get(bytes, len, &back))
			continue;
		tc_object_print(&t, &back.object, NULL);
		(void)tc_object_equal(&back.object, &c->object);
	}
	bytes[at] = was;
}

/* Any octet may be anything: nothing is read behind the end, and what is
 * understood can be said and compared. */
static void
what_is_damaged_does_no_harm(void)
{
	enum { FAR_ENOUGH = 700 }; /* the tables of rates are long */
	static uint8_t bytes[ROOM];
	struct copy c;

	for (size_t i = 0; i < SAMPLES; i++) {
		size_t len;

		take(&samples[i], &c);
		len = put(&c.object, bytes, sizeof(bytes));
		for (size_t at = sizeof(struct nlmsghdr);
			at < len && at < FAR_ENOUGH; at++)
			damage(&c, bytes, len, at);
	}
}

/* ---- what is not known --------------------------------------------------- */

static size_t
foreign(uint8_t *bytes, const char *action, const char *kind, uint16_t actions)
{
	const struct nlmsghdr h = { .nlmsg_type = RTM_NEWTFILTER };
	const struct tcmsg tcm = { .tcm_handle = 1, .tcm_info = 7u << 16 };
	struct buf_writer w = buf_writer(bytes, ROOM);
	uint8_t *nest;
	uint8_t *list;
	uint8_t *one;

	buf_put_bytes(&w, &h, sizeof(h));
	buf_put_bytes(&w, &tcm, sizeof(tcm));
	nl_put_text(&w, TCA_KIND, kind);
	nest = nl_begin(&w, TCA_OPTIONS);
	list = nl_begin(&w, actions);
	one = nl_begin(&w, 1);
	nl_put_text(&w, 1, action);
	nl_put(&w, 2, NULL, 0);
	nl_end(&w, one);
	nl_end(&w, list);
	nl_end(&w, nest);
	T_CHECK(!w.failed, "room");
	return buf_written(&w);
}

static void
what_is_not_known_is_foreign(void)
{
	static uint8_t bytes[ROOM];
	struct copy back;

	T_CHECK(get(bytes, foreign(bytes, "vlan", "u32", 7), &back), "u32");
	T_CHECK(back.object.kind == &tc_kind_other, "foreign");
	T_STR(back.object.name, "u32/vlan");
	T_CHECK(get(bytes, foreign(bytes, "x", "route", 6), &back), "route");
	T_STR(back.object.name, "route");
	/* Attribute 4 of flower: the Ethernet destination. */
	T_CHECK(get(bytes, foreign(bytes, "x", "flower", 4), &back), "flower");
	T_CHECK(back.object.kind == &tc_kind_other, "foreign");
	T_STR(back.object.name, "flower");
}

static void
more_actions_than_we_keep_are_foreign(void)
{
	static uint8_t bytes[ROOM];
	struct copy c = { .object = { FILTER_OF(tc_kind_matchall) } };
	struct copy back;
	struct buf_writer w;
	uint32_t len;

	c.object.extra = &c.extra;
	c.extra.action_count = TC_ACTIONS_MAX;
	for (size_t i = 0; i < TC_ACTIONS_MAX; i++)
		c.extra.actions[i] =
			(struct tc_action){ .kind = &tc_action_gact };
	T_CHECK(comes_back(&c), "as many as there is room for");
	/* One more: the list is the end of the message. */
	len = (uint32_t)put(&c.object, bytes, sizeof(bytes));
	w = buf_writer(bytes + len, sizeof(bytes) - len);
	nl_put(&w, TC_ACTIONS_MAX + 1, "\x09\0\1\0gact", 9);
	for (size_t at = len - 4; at > 36; at -= 4) {
		uint16_t head[2];

		memcpy(head, bytes + at, sizeof(head));
		if (at + head[0] != len || (head[1] != 2 && head[1] != 1))
			continue;
		if (head[1] == 1 && at + head[0] == len)
			continue;
		head[0] = (uint16_t)(head[0] + buf_written(&w));
		memcpy(bytes + at, head, sizeof(head));
	}
	if (get(bytes, len + buf_written(&w), &back))
		T_CHECK(back.object.kind == &tc_kind_other, "too many");
}

static struct t_case cases[] = {
	{ "every kind comes back from its message", every_kind_comes_back },
	{ "every field counts, and the kernel is told", every_field_counts },
	{ "every kind has words", every_kind_has_words },
	{ "what is cut short is refused", what_is_cut_short_is_refused },
	{ "what is damaged does no harm", what_is_damaged_does_no_harm },
	{ "what is not known is foreign", what_is_not_known_is_foreign },
	{ "more actions than we keep are foreign",
		more_actions_than_we_keep_are_foreign },
};

T_MAIN(cases)
