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
