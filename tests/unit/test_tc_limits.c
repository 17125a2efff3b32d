/* SPDX-License-Identifier: ISC */

/* What may be asked for at most and at least: the limit passes, and one beyond
 * it is refused by its name. */

#include "tc_fixture.h"

/* A setting at its limit and beyond. */
struct limit {
	const char *name;
	size_t offset;
	size_t size;
	uint64_t good;
	uint64_t bad;
	const char *said; /* a part of it */
};

#define LIMIT(type, field, good, bad, said)                                    \
	{                                                                      \
#field, offsetof(type, field), sizeof(((type *)0)->field),     \
			good, bad, said                                        \
	}

static void
set(void *what, const struct limit *l, uint64_t value)
{
	uint8_t *at = (uint8_t *)what + l->offset;
	const uint8_t v8 = (uint8_t)value;
	const uint16_t v16 = (uint16_t)value;
	const uint32_t v32 = (uint32_t)value;

	switch (l->size) {
	case 1:
		memcpy(at, &v8, sizeof(v8));
		return;
	case 2:
		memcpy(at, &v16, sizeof(v16));
		return;
	case 4:
		memcpy(at, &v32, sizeof(v32));
		return;
	default:
		T_EQ(l->size, sizeof(value));
		memcpy(at, &value, sizeof(value));
	}
}

static void
expect(const struct limit *l, const char *good, const char *bad)
{
	T_CHECK(!good, "%s of %" PRIu64 ": %s", l->name, l->good, good);
	T_CHECK(bad && strstr(bad, l->said), "%s of %" PRIu64 ": %s", l->name,
		l->bad, bad ? bad : "taken");
}

#define IFACE(field, good, bad, said)                                          \
	LIMIT(struct tc_iface, field, good, bad, said)

static void
interfaces_have_limits(void)
{
	const uint64_t tbit = 125000000000u;
	const struct limit limits[] = {
		IFACE(ifindex, 1, 0, "number"),
		IFACE(link_Bps, tbit, tbit + 1, "link rate"),
		IFACE(link_Bps, 62500, 0, "link rate"),
		IFACE(best_effort_Bps, 1250000, 1250001, "best effort"),
		IFACE(control_Bps, 1250000, 1250001, "control"),
		IFACE(mtu, 68, 67, "MTU"),
		IFACE(mtu, 1048576, 1048577, "MTU"),
		IFACE(header_bytes, 256, 257, "header"),
		IFACE(overhead_bytes, 1024, 1025, "overhead"),
		IFACE(min_frame_bytes, 1024, 1025, "smallest frame"),
		IFACE(timer_us, 100000, 100001, "100 ms"),
		IFACE(pool_high, 4, 3, "pool"),
		IFACE(pool_high, 32000, 32001, "pool"),
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct tc_iface good = fix_iface();
		struct tc_iface bad = fix_iface();

		set(&good, &limits[i], limits[i].good);
		set(&bad, &limits[i], limits[i].bad);
		expect(&limits[i], tc_iface_problem(&good),
			tc_iface_problem(&bad));
	}
}

#define FLOW(field, good, bad, said)                                           \
	LIMIT(struct tc_flow, field, good, bad, said)

static void
flows_have_limits(void)
{
	const struct limit limits[] = {
		FLOW(service, TC_SERVICE_CL, 3, "service"),
		FLOW(rate_Bps, 1250000, 1250001, "more than the link"),
		FLOW(rate_Bps, 1, 0, "rate is 0"),
		FLOW(max_packet_bytes, 1, 0, "largest packet"),
		FLOW(max_packet_bytes, 1u << 24, (1u << 24) + 1,
			"largest packet"),
		FLOW(bucket_bytes, UINT32_MAX, UINT64_C(1) << 32, "bucket"),
		FLOW(buffer_bytes, UINT32_MAX, UINT64_C(1) << 32, "buffer"),
		FLOW(token_Bps, 100000, 100001, "token rate"),
		FLOW(filter_count, 1, 0, "1 to 64 filters"),
		FLOW(filter_count, TC_FILTERS_MAX, TC_FILTERS_MAX + 1,
			"1 to 64 filters"),
	};
	const struct tc_iface iface = fix_iface();
	struct tc_flow cl;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct tc_flow good = fix_flow(1, 5004);
		struct tc_flow bad;

		for (size_t k = 1; k < TC_FILTERS_MAX; k++)
			good.filters[k] = good.filters[0];
		bad = good;
		set(&good, &limits[i], limits[i].good);
		set(&bad, &limits[i], limits[i].bad);
		expect(&limits[i], tc_flow_problem(&iface, &good),
			tc_flow_problem(&iface, &bad));
	}
	cl = fix_flow(1, 5004);
	cl.service = TC_SERVICE_CL;
	cl.token_Bps = 1;
	T_CHECK(tc_flow_problem(&iface, &cl), "a token rate without GS");
	cl.token_Bps = 0;
	T_CHECK(!tc_flow_problem(&iface, &cl), "CL");
	cl.filters[0].proto = 0;
	T_CHECK(tc_flow_problem(&iface, &cl), "a filter without protocol");
}

#define RULE(field, good, bad, said)                                           \
	LIMIT(struct tc_rule, field, good, bad, said)

static void
rules_have_limits(void)
{
	const struct limit limits[] = {
		RULE(match_count, 1, 0, "1 to 64 matches"),
		RULE(match_count, TC_RULE_MATCHES_MAX, TC_RULE_MATCHES_MAX + 1,
			"1 to 64 matches"),
		RULE(excess, TC_EXCESS_COUNT - 1, TC_EXCESS_COUNT, "excess"),
		RULE(dscp, 63, 64, "DSCP"),
		RULE(dscp_out, 63, 64, "DSCP"),
		RULE(rate_Bps, 1250000, 1250001, "more than the link"),
		RULE(bucket_bytes, UINT32_MAX, UINT64_C(1) << 32, "bucket"),
		RULE(peak_Bps, 50000, 49999, "peak"),
		RULE(min_packet_bytes, 65535, 65536, "65535"),
		RULE(max_packet_bytes, 65535, 65536, "65535"),
		RULE(matches[0].dscp_mask, 63, 64, "DSCP"),
		RULE(matches[0].src_port_last, 9, 8, "port"),
		RULE(matches[0].dst_port_last, 5004, 5003, "port"),
	};
	const struct tc_iface iface = fix_iface();
	struct tc_rule rule;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct tc_rule good = fix_shaped(1, 5004, 50000);
		struct tc_rule bad;

		good.matches[0].src_port_first = 9;
		good.matches[0].src_port_last = 9;
		for (size_t k = 1; k < TC_RULE_MATCHES_MAX; k++)
			good.matches[k] = good.matches[0];
		bad = good;
		set(&good, &limits[i], limits[i].good);
		set(&bad, &limits[i], limits[i].bad);
		expect(&limits[i], tc_rule_problem(&iface, &good),
			tc_rule_problem(&iface, &bad));
	}
	rule = fix_shaped(1, 5004, 0);
	T_CHECK(tc_rule_problem(&iface, &rule), "shaped to nothing");
	rule.excess = TC_EXCESS_MARK;
	T_CHECK(!tc_rule_problem(&iface, &rule), "not shaped");
	rule.marks_out = true;
	T_CHECK(tc_rule_problem(&iface, &rule), "marked beyond nothing");
	rule.marks_out = false;
	rule.guaranteed = true;
	T_CHECK(tc_rule_problem(&iface, &rule), "guaranteed nothing");
}

#define STAB(field, good, bad, said)                                           \
	LIMIT(struct tc_stab, field, good, bad, said)

static void
size_tables_have_limits(void)
{
	const struct limit limits[] = {
		STAB(tsize, 16384, 16385, "16384 entries"),
		STAB(mtu, 1 << 24, (1 << 24) + 1, "16 MiB"),
		STAB(mpu, 1 << 24, (1 << 24) + 1, "16 MiB"),
		STAB(linklayer, TC_LAYER_ATM, TC_LAYER_ATM + 1, "link layer"),
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct tc_stab good = { .mtu = 1500, .tsize = 128 };
		struct tc_stab bad = good;

		set(&good, &limits[i], limits[i].good);
		set(&bad, &limits[i], limits[i].bad);
		expect(&limits[i], tc_stab_problem(&good),
			tc_stab_problem(&bad));
	}
}

/* Of the filters of reservations. */
static void
filters_have_limits(void)
{
	struct tc_filter f = fix_filter("2001:db8::2", "2001:db8::1", 0, 0);

	f.by_label = true;
	f.flow_label = 0xfffff;
	T_CHECK(!tc_filter_problem(&f), "the largest label");
	f.flow_label++;
	T_CHECK(strstr(tc_filter_problem(&f), "20 bits"), "too large a label");
	f.flow_label = 1;
	f.src_port = 1;
	T_CHECK(strstr(tc_filter_problem(&f), "source port"), "and a port");
	f.src_port = 0;
	f.by_label = false;
	T_CHECK(strstr(tc_filter_problem(&f), "out of place"), "unasked for");
	f.flow_label = 0;
	f.src_port = 1;
	T_CHECK(strstr(tc_filter_problem(&f), "source port alone"), "alone");
	f.dst_port = 1;
	T_CHECK(!tc_filter_problem(&f), "both ports");
	f.proto = 50;
	T_CHECK(strstr(tc_filter_problem(&f), "without them"), "ports of ESP");
	f.src_port = f.dst_port = 0;
	f.spi = 1;
	T_CHECK(!tc_filter_problem(&f), "an SPI");
	f.proto = 51;
	T_CHECK(!tc_filter_problem(&f), "an SPI of AH");
	f.proto = 17;
	T_CHECK(strstr(tc_filter_problem(&f), "SPI"), "an SPI of UDP");
	f = fix_filter("10.0.0.2", "2001:db8::1", 0, 0);
	T_CHECK(strstr(tc_filter_problem(&f), "two families"), "families");
	f = fix_filter("10.0.0.2", "", 0, 0);
	T_CHECK(!tc_filter_problem(&f), "from anywhere");
	f.by_label = true;
	T_CHECK(strstr(tc_filter_problem(&f), "IPv4"), "a label in IPv4");
	f = fix_filter("", "", 0, 0);
	T_CHECK(strstr(tc_filter_problem(&f), "destination"), "to anywhere");
}

/* A rule covers reservations with what it says, to the last of a range. */
static void
a_range_has_two_ends(void)
{
	struct tc_rule r = fix_rule(1, 0);
	struct tc_rule_match *m = &r.matches[0];
	struct tc_filter f = fix_filter("10.0.0.5", "10.0.1.5", 80, 90);
	const struct {
		const char *dst;
		const char *src;
		uint16_t dport;
		uint16_t sport;
		bool covered;
	} rows[] = { { "10.0.0.5", "10.0.1.5", 80, 90, true },
		{ "10.0.0.9", "10.0.1.9", 89, 99, true },
		{ "10.0.0.4", "10.0.1.5", 80, 90, false },
		{ "10.0.0.10", "10.0.1.5", 80, 90, false },
		{ "10.0.0.5", "10.0.1.4", 80, 90, false },
		{ "10.0.0.5", "10.0.1.10", 80, 90, false },
		{ "10.0.0.5", "10.0.1.5", 79, 90, false },
		{ "10.0.0.5", "10.0.1.5", 90, 90, false },
		{ "10.0.0.5", "10.0.1.5", 80, 89, false },
		{ "10.0.0.5", "10.0.1.5", 80, 100, false },
		{ "10.0.0.5", "", 80, 90, true },
		{ "10.0.0.5", "10.0.1.5", 80, 0, true } };

	*m = (struct tc_rule_match){ .family = ADDR_V4,
		.dst_first = fix_addr("10.0.0.5"),
		.dst_last = fix_addr("10.0.0.9"),
		.src_first = fix_addr("10.0.1.5"),
		.src_last = fix_addr("10.0.1.9"),
		.proto = 17,
		.dst_port_first = 80,
		.dst_port_last = 89,
		.src_port_first = 90,
		.src_port_last = 99 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f = fix_filter(
			rows[i].dst, rows[i].src, rows[i].dport, rows[i].sport);
		T_CHECK(tc_rule_covers(&r, &f) == rows[i].covered, "row %zu",
			i);
	}
	/* Another match of the rule does as well. */
	r.match_count = 2;
	r.matches[1] = (struct tc_rule_match){ .family = ADDR_V6 };
	f = fix_filter("2001:db8::1", "", 1, 0);
	T_CHECK(tc_rule_covers(&r, &f), "the second");
}

static struct t_case all_cases[] = {
	{ "interfaces have limits", interfaces_have_limits },
	{ "flows have limits", flows_have_limits },
	{ "rules have limits", rules_have_limits },
	{ "size tables have limits", size_tables_have_limits },
	{ "filters have limits", filters_have_limits },
	{ "a range has two ends", a_range_has_two_ends },
};
T_MAIN(all_cases)
