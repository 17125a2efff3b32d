/* SPDX-License-Identifier: ISC */
#include "tc_fixture.h"

/* How a rule marks and counts: as actions, as commands for nft; and how it is
 * told. */

static void
a_mark_is_six_bits_of_either_header(void)
{
	const struct tc_iface iface = fix_iface();
	const struct tc_rule r = { .id = 4, .marks = true, .dscp = 46 };
	struct tc_extra v4 = { 0 };
	struct tc_extra v6 = { 0 };

	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &v4);
	tc_rule_actions(&iface, &r, TC_RULE_IN, true, &v6);
	T_EQ(v4.action_count, 3);
	T_EQ(v4.actions[0].pedit.keys[0].mask, 0xff03ffff);
	T_EQ(v4.actions[0].pedit.keys[0].value, 0x00b80000);
	T_EQ(v4.actions[0].control, TC_VERDICT_PIPE);
	T_EQ(v4.actions[1].csum.what, 1);
	T_EQ(v6.action_count, 2); /* no checksum in its header */
	T_EQ(v6.actions[0].pedit.keys[0].mask, 0xf03fffff);
	T_EQ(v6.actions[0].pedit.keys[0].value, 0x0b800000);
}

static void
a_bucket_is_shared_and_changes_with_the_rate(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_rule r = { .id = 4, .rate_Bps = 1000, .bucket_bytes = 5000 };
	struct tc_extra one = { 0 };
	struct tc_extra other = { 0 };
	uint32_t in = tc_rule_counter(4, TC_RULE_IN);

	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &one);
	T_EQ(one.actions[0].control, TC_VERDICT_CONTINUE);
	T_EQ(one.actions[0].police.conform, TC_VERDICT_PIPE);
	T_EQ(one.actions[0].police.rate_Bps, 1000);
	T_EQ(tc_clock_bytes(one.actions[0].police.burst_ticks, 1000), 5000);
	T_EQ(one.actions[0].police.overhead, 24);
	T_EQ(one.actions[0].police.mpu, 84);
	T_CHECK(one.actions[0].index != 0, "a bucket for each node");
	tc_rule_actions(&iface, &r, TC_RULE_IN, true, &other);
	T_EQ(other.actions[0].index, one.actions[0].index);
	other = (struct tc_extra){ 0 };
	r.bucket_bytes = 6000;
	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &other);
	T_CHECK(other.actions[0].index != one.actions[0].index, "bucket");
	T_EQ(other.actions[1].index, one.actions[1].index);
	T_EQ(other.actions[1].index, in); /* counts on */
	T_CHECK(in != tc_rule_counter(4, TC_RULE_OUT) &&
			in != tc_rule_counter(8, TC_RULE_IN),
		"counters of their own");
}

static void
police_bounds_peak_and_packets(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_rule r = { .id = 4, .rate_Bps = 1000, .bucket_bytes = 5000 };
	struct tc_extra plain = { 0 };
	struct tc_extra extra = { 0 };
	const struct tc_act_police *p = &extra.actions[0].police;

	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &plain);
	T_EQ(plain.actions[0].police.mtu, 65535);
	T_EQ(plain.actions[0].police.peak_Bps, 0);
	r.peak_Bps = 3000;
	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
	T_EQ(p->peak_Bps, 3000);
	T_EQ(p->mtu, 2500); /* the bucket of the peak rate, too */
	T_EQ(p->mpu, 84);
	T_CHECK(extra.actions[0].index != plain.actions[0].index, "peak");
	plain = extra;
	extra = (struct tc_extra){ 0 };
	r.max_packet_bytes = 576;
	r.min_packet_bytes = 100;
	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
	T_EQ(p->mtu, 590);
	T_EQ(p->mpu, 138);
	T_EQ(p->overhead, 24);
	T_CHECK(extra.actions[0].index != plain.actions[0].index, "packets");
	plain = extra;
	extra = (struct tc_extra){ 0 };
	r.max_packet_bytes = 577;
	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
	T_CHECK(extra.actions[0].index != plain.actions[0].index, "largest");
	extra = (struct tc_extra){ 0 };
	r.min_packet_bytes = 0xfff0;
	r.peak_Bps = 0;
	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
	T_EQ(p->mpu, 65535);
	T_EQ(p->mtu, 591);
}

static void
half_of_the_bucket_may_go_at_once(void)
{
	static const struct {
		uint64_t bucket_bytes;
		uint32_t mtu;
	} rows[] = { { 1, 1514 }, { 3028, 1514 }, { 3030, 1515 },
		{ 200000, 100000 }, { 262142, 131071 }, { 262144, 131072 },
		{ 262146, 131072 }, { UINT64_MAX, 131072 } };
	const struct tc_iface iface = fix_iface();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tc_rule r = { .id = 4,
			.rate_Bps = 1000,
			.peak_Bps = 3000,
			.bucket_bytes = rows[i].bucket_bytes };
		struct tc_extra extra = { 0 };

		tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
		T_EQ(extra.actions[0].police.mtu, rows[i].mtu);
	}
}

/* A bucket of the peak rate in front of the queue; what is larger than the
 * largest packet does not fit into it. */
static void
peak_and_packet_sizes_bound_the_class(void)
{
	static const struct {
		uint8_t excess;
		bool actions; /* the kernel can police */
		uint64_t peak_Bps;
		uint32_t largest;
		uint64_t rate_Bps; /* 0: no bucket */
		uint32_t burst;
		uint32_t limit;
	} rows[] = {
		{ TC_EXCESS_DELAY, true, 0, 0, 0, 0, 35000 },
		{ TC_EXCESS_DELAY, true, 100000, 0, 100000, 1534, 35000 },
		{ TC_EXCESS_DELAY, false, 0, 1000, 12500000000, 1014, 35000 },
		{ TC_EXCESS_DELAY, false, 100000, 1000, 100000, 1014, 35000 },
		{ TC_EXCESS_DROP, false, 100000, 0, 100000, 1534, 1538 },
		{ TC_EXCESS_DROP, false, 0, 1000, 12500000000, 1014, 1538 },
		{ TC_EXCESS_DROP, false, 100000, 9000, 100000, 9014, 9014 },
		{ TC_EXCESS_DROP, true, 100000, 1000, 0, 0, 35000 },
		{ TC_EXCESS_MARK, false, 100000, 1000, 0, 0, 35000 },
	};
	const struct tc_iface iface = fix_iface();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tc_rule r = fix_shaped(4, 2000, 50000);
		const struct tc_rule_slot slot = { &r, 0x100 };
		struct tc_object o[2];

		r.excess = rows[i].excess;
		r.guaranteed = true;
		r.peak_Bps = rows[i].peak_Bps;
		r.max_packet_bytes = rows[i].largest;
		r.min_packet_bytes = i % 2 ? 200 : 10;
		tc_want_rule(&iface, &slot, rows[i].actions, o);
		T_EQ(o[0].htb.rate_Bps, 50000);
		T_EQ(o[0].htb.mpu, i % 2 ? 200 + 14 + 24 : 84);
		if (rows[i].rate_Bps == 0) {
			T_CHECK(o[1].kind == &tc_kind_bfifo, "row %zu", i);
			T_EQ(o[1].fifo.limit, rows[i].limit);
			continue;
		}
		T_CHECK(o[1].kind == &tc_kind_tbf, "row %zu", i);
		T_EQ(o[1].tbf.rate_Bps, rows[i].rate_Bps);
		T_EQ(o[1].tbf.burst_bytes, rows[i].burst);
		T_EQ(o[1].tbf.limit_bytes, rows[i].limit);
		T_EQ(o[1].tbf.overhead, 24);
		T_EQ(o[1].tbf.mpu, o[0].htb.mpu);
		T_EQ(o[1].handle, tc_leaf_handle(0x100));
	}
}

static void
senseless_bounds_of_packets_are_refused(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_rule r = fix_shaped(4, 2000, 50000);

	r.peak_Bps = 49999;
	T_CHECK(tc_rule_problem(&iface, &r) != NULL, "a peak below the rate");
	r.peak_Bps = 50000;
	T_CHECK(tc_rule_problem(&iface, &r) == NULL, "a peak as the rate");
	r.min_packet_bytes = 65536;
	T_CHECK(tc_rule_problem(&iface, &r) != NULL, "the smallest");
	r.min_packet_bytes = 65535;
	r.max_packet_bytes = 65536;
	T_CHECK(tc_rule_problem(&iface, &r) != NULL, "the largest");
	r.max_packet_bytes = 65535;
	T_CHECK(tc_rule_problem(&iface, &r) == NULL, "both");
}

static void
nft_lets_no_larger_packet_into_profile(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_rule r = fix_rule(4, 1000);
	const struct tc_mark_set set = {
		.iface = &iface, .rules = &r, .count = 1
	};
	char buf[4096];
	struct text t = text_over(buf, sizeof(buf));

	r.rate_Bps = 1000;
	r.bucket_bytes = 5000;
	r.max_packet_bytes = 576;
	tc_mark_text(&t, &set, NULL, 0);
	T_CHECK(strstr(buf,
			"add rule inet rsvpd_mark_3 r4 meta length <= 576 "
			"limit rate 1000 bytes/second burst 5000 bytes goto "
			"r4_in\n") != NULL,
		"%s", buf);
}

static void
nft_commands_are_one_table_of_ours(void)
{
	static const char want[] =
		"add table inet rsvpd_mark_3\n"
		"add chain inet rsvpd_mark_3 post { type filter hook "
		"postrouting priority 200; policy accept; }\n"
		"flush chain inet rsvpd_mark_3 post\n"
		"add counter inet rsvpd_mark_3 r4_in\n"
		"add counter inet rsvpd_mark_3 r4_out\n"
		"add chain inet rsvpd_mark_3 r4\n"
		"flush chain inet rsvpd_mark_3 r4\n"
		"add chain inet rsvpd_mark_3 r4_in\n"
		"flush chain inet rsvpd_mark_3 r4_in\n"
		"add rule inet rsvpd_mark_3 r4_in counter name r4_in\n"
		"add rule inet rsvpd_mark_3 r4_in ip dscp set 0x22\n"
		"add rule inet rsvpd_mark_3 r4_in ip6 dscp set 0x22\n"
		"add rule inet rsvpd_mark_3 r4 limit rate 1000 bytes/second "
		"burst 5000 bytes goto r4_in\n"
		"add rule inet rsvpd_mark_3 r4 counter name r4_out\n"
		"add rule inet rsvpd_mark_3 r4 ip dscp set 0x00\n"
		"add rule inet rsvpd_mark_3 r4 ip6 dscp set 0x00\n"
		"add rule inet rsvpd_mark_3 post oifname != \"eth0\" accept\n"
		"add rule inet rsvpd_mark_3 post meta nfproto ipv4 ip daddr "
		"10.1.0.1 meta l4proto 17 th dport 5 accept\n"
		"add rule inet rsvpd_mark_3 post meta nfproto ipv4 iifname "
		"\"ppp0\" ip saddr 10.0.0.1-10.0.0.9 ip daddr 10.1.0.1 ip dscp "
		"& 0x3f == 0x0a "
		"meta l4proto 17 th sport 7 th dport 5-9 goto r4\n"
		"add rule inet rsvpd_mark_3 post meta nfproto ipv6 meta "
		"l4proto { 6, 17, 33, 132, 136 } th dport 80 accept\n"
		"add chain inet rsvpd_mark_3 ra\n"
		"flush chain inet rsvpd_mark_3 ra\n"
		"add chain inet rsvpd_mark_3 ra_in\n"
		"flush chain inet rsvpd_mark_3 ra_in\n"
		"delete chain inet rsvpd_mark_3 ra\n"
		"delete chain inet rsvpd_mark_3 ra_in\n"
		"delete counter inet rsvpd_mark_3 ra_in\n"
		"delete counter inet rsvpd_mark_3 ra_out\n";
	const struct tc_iface iface = fix_iface();
	const uint32_t known[] = { 4, 10 };
	struct tc_rule rules[] = { fix_rule(4, 5), fix_shaped(8, 80, 5000) };
	struct tc_rule_match *m = &rules[0].matches[0];
	const struct tc_filter reserved = fix_filter("10.1.0.1", "", 5, 0);
	struct tc_mark_set set = { .iface = &iface,
		.rules = rules,
		.count = 2,
		.reserved = &reserved,
		.reserved_count = 1 };
	char got[8192];
	struct text t = text_over(got, sizeof(got));

	rules[0].marks = rules[0].marks_out = true;
	rules[0].dscp = 34;
	rules[0].rate_Bps = 1000;
	rules[0].bucket_bytes = 5000;
	m->src_first = fix_addr("10.0.0.1");
	m->src_last = fix_addr("10.0.0.9");
	m->dst_first = m->dst_last = fix_addr("10.1.0.1");
	m->src_port_first = m->src_port_last = 7;
	m->dst_port_last = 9;
	m->dscp = 10;
	m->dscp_mask = 63;
	(void)text_copy(m->in, sizeof(m->in), "ppp0");
	rules[1].matches[0].family = ADDR_V6;
	rules[1].matches[0].proto = 0;
	tc_mark_text(&t, &set, known, 2);
	T_STR(got, want);

	t = text_over(got, sizeof(got));
	set.rules = &rules[1];
	set.count = 1;
	tc_mark_text(&t, &set, known, 2);
	T_STR(got, "add table inet rsvpd_mark_3\n"
		   "delete table inet rsvpd_mark_3\n");
}

static void
a_reservation_is_covered_in_every_field(void)
{
	const struct tc_filter f =
		fix_filter("10.0.0.5", "10.1.0.1", 5004, 6000);
	struct tc_filter label = f;
	struct tc_rule r = fix_rule(4, 5004);

	T_CHECK(tc_rule_covers(&r, &f), "port");
	r = fix_rule(4, 5005);
	T_CHECK(!tc_rule_covers(&r, &f), "another port");
	label.by_label = true;
	T_CHECK(tc_rule_covers(&r, &label), "nobody knows its ports");
	r = fix_rule(4, 5004);
	r.matches[0].proto = 6;
	T_CHECK(!tc_rule_covers(&r, &f), "another protocol");
	r = fix_rule(4, 5004);
	r.matches[0].family = ADDR_V6;
	T_CHECK(!tc_rule_covers(&r, &f), "another family");
	r = fix_rule(4, 5004);
	r.matches[0].dst_first = fix_addr("10.0.0.6");
	r.matches[0].dst_last = fix_addr("10.0.0.9");
	T_CHECK(!tc_rule_covers(&r, &f), "another destination");
	r = fix_rule(4, 5004);
	r.matches[0].src_first = fix_addr("10.0.0.6");
	r.matches[0].src_last = fix_addr("10.1.0.0");
	T_CHECK(!tc_rule_covers(&r, &f), "another source");
	r.matches[0].src_last = fix_addr("10.1.0.1");
	T_CHECK(tc_rule_covers(&r, &f), "the last of the range");
	r.matches[0].src_port_first = r.matches[0].src_port_last = 6001;
	T_CHECK(!tc_rule_covers(&r, &f), "another source port");
}

static void
what_is_denied_counts_as_out_of_profile(void)
{
	const struct tc_iface iface = fix_iface();
	struct tc_rule r = { .id = 4,
		.deny = true,
		.marks = true,
		.marks_out = true,
		.dscp_out = 8,
		.match_count = 1,
		.matches[0] = { .family = ADDR_V4 } };
	const struct tc_mark_set set = {
		.iface = &iface, .rules = &r, .count = 1
	};
	struct tc_extra extra = { 0 };
	char got[4096];
	struct text t = text_over(got, sizeof(got));

	tc_rule_actions(&iface, &r, TC_RULE_IN, false, &extra);
	T_EQ(extra.action_count, 2);
	T_EQ(extra.actions[0].index, tc_rule_counter(4, TC_RULE_OUT));
	T_EQ(extra.actions[0].control, TC_VERDICT_PIPE);
	T_EQ(extra.actions[1].control, TC_VERDICT_DROP);
	tc_mark_text(&t, &set, NULL, 0);
	T_CHECK(strstr(got, "r4 counter name r4_out drop\n"), "%s", got);
	T_CHECK(!strstr(got, "dscp set 0x08"), "%s", got);
}

static void
a_listing_of_counters_is_read(void)
{
	static const char listing[] =
		"table inet rsvpd_mark_3 {\n"
		"\tcounter r4_in {\n\t\tpackets 7 bytes 900\n\t}\n"
		"\tcounter ra0_out {\n\t\tpackets 1 bytes 2\n\t}\n"
		"\tcounter r4_out {\n"
		"\t\tpackets 18446744073709551615 bytes 5\n\t}\n"
		"\tcounter rzz_in {\n\t\tpackets 8 bytes 8\n\t}\n"
		"\tcounter r5_else {\n\t\tpackets 8 bytes 8\n\t}\n}\n";
	struct tc_mark_count counts[4];

	T_EQ(tc_mark_parse(listing, counts, 4), 2);
	T_EQ(counts[0].rule_id, 4);
	T_EQ(counts[0].in_packets, 7);
	T_EQ(counts[0].in_bytes, 900);
	T_EQ(counts[0].out_packets, UINT64_MAX);
	T_EQ(counts[0].out_bytes, 5);
	T_EQ(counts[1].rule_id, 0xa0);
	T_EQ(counts[1].out_packets, 1);
	T_EQ(counts[1].in_packets, 0);
	T_EQ(tc_mark_parse(listing, counts, 1), 1);
	T_EQ(tc_mark_parse("", counts, 4), 0);
}

static void
a_table_is_known_by_the_name_of_its_interface(void)
{
	static const char tables[] = "table inet filter\n"
				     "table inet rsvpd_mark_3\n"
				     "table ip rsvpd_mark_4\n"
				     "table inet rsvpd_mark_5x\n"
				     "table inet rsvpd_mark_1234\n";
	static const char chain[] =
		"table inet rsvpd_mark_3 {\n\tchain post {\n"
		"\t\toifname != \"eth0\" accept\n"
		"\t\tiifname \"eth1\" accept\n\t}\n}\n";
	uint32_t found[4] = { 0 };

	T_EQ(tc_mark_parse_tables(tables, found, 4), 2);
	T_EQ(found[0], 3);
	T_EQ(found[1], 1234);
	T_EQ(tc_mark_parse_tables(tables, found, 1), 1);
	T_EQ(tc_mark_parse_tables("", found, 4), 0);
	T_CHECK(tc_mark_is_of(chain, "eth0"), "its own");
	T_CHECK(!tc_mark_is_of(chain, "eth"), "a part of it");
	T_CHECK(!tc_mark_is_of(chain, "eth1"), "another");
	T_CHECK(!tc_mark_is_of("", "eth0"), "none");
}

/* ---- what others do to them ---------------------------------------------- */

struct marker {
	size_t applied;
	size_t looks;
	bool removed; /* by somebody else */
};

static int
marker_apply(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	struct marker *m = (struct marker *)arg;

	(void)set;
	text[0] = '\0';
	m->applied++;
	return 0;
}

static bool
marker_there(void *arg, const struct tc_iface *iface)
{
	struct marker *m = (struct marker *)arg;

	(void)iface;
	m->looks++;
	return !m->removed;
}

static void
put(struct fix *f, const struct tc_rule *rules, size_t count)
{
	struct tc_done done = { 0 };

	for (size_t i = 0; i < count; i++)
		tc_rules_stage(f->link, 3, &rules[i]);
	tc_rules_stage_for(f->link, 3);
	T_EQ(tc_rules_apply(f->link, &f->kernel, f->now, &done), 0);
	T_EQ(done.error, 0);
}

static void
go_on(struct fix *f)
{
	const struct mono due = tc_rules_next(f->link);

	f->now = mono_reached(due, f->now) ? f->now : due;
	T_EQ(tc_rules_step(f->link, &f->kernel, f->now, &f->listener), 0);
}

/* And who removes them all the time is not run after. */
static void
marks_that_others_remove_are_made_again(void)
{
	struct marker m = { 0 };
	const struct tc_marker marker = {
		.arg = &m, .apply = marker_apply, .there = marker_there
	};
	struct fix *f = fix_new();
	const struct tc_iface iface = fix_iface();
	struct tc_rule rule = fix_rule(4, 5);
	struct mono start;
	size_t applied;

	T_EQ(fix_open(f, &iface), 0);
	f->kernel.marker = &marker;
	f->link->rules.kernel = TC_RULES_SMALL;
	put(f, &rule, 1);
	T_EQ(tc_rules_next(f->link).us, MONO_NEVER.us); /* none is marked */
	rule.marks = true;
	put(f, &rule, 1);
	applied = m.applied;
	for (int i = 0; i < 5; i++)
		go_on(f);
	T_EQ(m.looks, 5);
	T_EQ(m.applied, applied);
	T_EQ(f->ear.notes, 0);
	m.removed = true;
	start = f->now;
	go_on(f);
	T_CHECK(mono_ms_between(start, f->now) <= 1000, "late");
	T_EQ(m.applied, applied + 1);
	while (mono_ms_between(start, f->now) < 600000)
		go_on(f);
	T_CHECK(m.applied > applied + 10 && m.applied < applied + 20,
		"%zu times", m.applied - applied);
	T_EQ(f->ear.notes, m.applied - applied);
	T_STR(f->ear.note,
		"eth0: another program removed the marks: made again");
	put(f, NULL, 0);
	T_EQ(tc_rules_next(f->link).us, MONO_NEVER.us);
	fix_free(f);
}

static void
messages_survive_the_way(void)
{
	uint8_t bytes[4096];
	struct tc_rule r = fix_shaped(4, 2000, 50000);
	struct tc_rule back;
	const struct tc_rule_counter counter = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct tc_rule_counter counter_back;
	uint32_t ifindex = 0;
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	struct buf_reader in;
	struct msg m;

	r.before = r.marks = r.guaranteed = r.marks_out = true;
	r.dscp = 46;
	r.dscp_out = 8;
	r.match_count = 2;
	r.matches[1] = (struct tc_rule_match){ .family = ADDR_V6,
		.src_first = fix_addr("2001:db8::1"),
		.src_last = fix_addr("2001:db8::2"),
		.dst_first = fix_addr("2001:db8::3"),
		.dst_last = fix_addr("2001:db8::4"),
		.src_port_first = 1,
		.src_port_last = 2,
		.dscp = 10,
		.dscp_mask = 63,
		.in = "ppp0",
		.in_ifindex = 77 };
	tc_put_rule(&w, 5, &r);
	tc_put_rules(&w, TC_MSG_RULES, 6, 3);
	tc_put_rule_counter(&w, 7, &counter);
	in = buf_reader(bytes, buf_written(&w));
	T_CHECK(msg_next(&in, &m) && tc_get_rule(&m, &back), "rule");
	T_EQ(memcmp(&back, &r, sizeof(r)), 0);
	T_CHECK(msg_next(&in, &m) && tc_get_rules(&m, &ifindex), "rules");
	T_EQ(ifindex, 3);
	T_CHECK(msg_next(&in, &m) && tc_get_rule_counter(&m, &counter_back),
		"counter");
	T_EQ(memcmp(&counter_back, &counter, sizeof(counter)), 0);
	r.match_count = 0;
	w = buf_writer(bytes, sizeof(bytes));
	tc_put_rule(&w, 5, &r);
	in = buf_reader(bytes, buf_written(&w));
	T_CHECK(msg_next(&in, &m) && !tc_get_rule(&m, &back),
		"a rule that matches nothing");
}

static struct t_case cases[] = {
	{ "marks that others remove are made again",
		marks_that_others_remove_are_made_again },
	{ "a table is known by the name of its interface",
		a_table_is_known_by_the_name_of_its_interface },
	{ "a police bounds peak and packets", police_bounds_peak_and_packets },
	{ "half of the bucket may go at once",
		half_of_the_bucket_may_go_at_once },
	{ "peak and packet sizes bound the class",
		peak_and_packet_sizes_bound_the_class },
	{ "senseless bounds of packets are refused",
		senseless_bounds_of_packets_are_refused },
	{ "nft lets no larger packet into profile",
		nft_lets_no_larger_packet_into_profile },
	{ "a mark is six bits of either header",
		a_mark_is_six_bits_of_either_header },
	{ "a bucket is shared and changes with the rate",
		a_bucket_is_shared_and_changes_with_the_rate },
	{ "nft commands are one table of ours",
		nft_commands_are_one_table_of_ours },
	{ "a reservation is covered in every field",
		a_reservation_is_covered_in_every_field },
	{ "what is denied counts as out of profile",
		what_is_denied_counts_as_out_of_profile },
	{ "a listing of counters is read", a_listing_of_counters_is_read },
	{ "messages survive the way", messages_survive_the_way },
};
T_MAIN(cases)
