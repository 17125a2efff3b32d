/* SPDX-License-Identifier: ISC */
#include "tc_walk.h"
#include "tcctl/nl_attr.h"

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

static void
each_v4_header_length_is_followed(void)
{
	struct walk w = new_walk();
	const struct tc_filter f =
		fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
	struct tc_filter other;
	uint8_t bytes[128];

	add_filter(&w, &f, 0x520100);
	for (unsigned options = 0; options <= 10; options++) {
		T_EQ(class_of(&w, bytes, packet4(bytes, &f, options, 0)),
			0x520100);
		other = f;
		other.dst_port ^= 1;
		T_EQ(class_of(&w, bytes, packet4(bytes, &other, options, 0)),
			0);
		other = f;
		other.src_port ^= 1;
		T_EQ(class_of(&w, bytes, packet4(bytes, &other, options, 0)),
			0);
		other = f;
		other.src.b[3] ^= 1;
		T_EQ(class_of(&w, bytes, packet4(bytes, &other, options, 0)),
			0);
		other = f;
		other.dst.b[0] ^= 1;
		T_EQ(class_of(&w, bytes, packet4(bytes, &other, options, 0)),
			0);
		other = f;
		other.proto = 6;
		T_EQ(class_of(&w, bytes, packet4(bytes, &other, options, 0)),
			0);
	}
	tc_objects_done(&w.tree);
}

static void
v4_fragments_have_no_ports(void)
{
	struct walk w = new_walk();
	const struct tc_filter ports = fix_filter("10.0.0.2", "", 5004, 0);
	const struct tc_filter any = fix_filter("10.0.0.3", "", 0, 0);
	uint8_t bytes[128];

	add_filter(&w, &ports, 0x520100);
	add_filter(&w, &any, 0x520101);
	T_EQ(class_of(&w, bytes, packet4(bytes, &ports, 0, 0x4000)), 0x520100);
	T_EQ(class_of(&w, bytes, packet4(bytes, &ports, 0, 0x2000)), 0);
	T_EQ(class_of(&w, bytes, packet4(bytes, &ports, 0, 0x2010)), 0);
	T_EQ(class_of(&w, bytes, packet4(bytes, &ports, 0, 0x0010)), 0);
	T_EQ(class_of(&w, bytes, packet4(bytes, &any, 0, 0x0010)), 0x520101);
	tc_objects_done(&w.tree);
}

static void
v6_by_ports_label_or_neither(void)
{
	struct walk w = new_walk();
	struct tc_filter ports =
		fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	struct tc_filter any = fix_filter("2001:db8::3", "2001:db8::1", 0, 0);
	struct tc_filter label = fix_filter("2001:db8::4", "2001:db8::1", 7, 0);
	struct tc_filter other;
	uint8_t bytes[128];

	label.by_label = true;
	label.flow_label = 0xabcde;
	add_filter(&w, &ports, 0x520100);
	add_filter(&w, &any, 0x520101);
	add_filter(&w, &label, 0x520102);
	T_EQ(class_of(&w, bytes, packet6(bytes, &ports)), 0x520100);
	T_EQ(class_of(&w, bytes, packet6(bytes, &any)), 0x520101);
	T_EQ(class_of(&w, bytes, packet6(bytes, &label)), 0x520102);
	/* The label stands for the ports: they and the protocol do not count.
	 */
	other = label;
	other.proto = 50;
	other.dst_port = 9;
	T_EQ(class_of(&w, bytes, packet6(bytes, &other)), 0x520102);
	other.flow_label ^= 0x80000;
	T_EQ(class_of(&w, bytes, packet6(bytes, &other)), 0);
	for (size_t i = 0; i < 16; i++) {
		other = ports;
		other.dst.b[i] ^= 0x10;
		T_EQ(class_of(&w, bytes, packet6(bytes, &other)), 0);
		other = ports;
		other.src.b[i] ^= 0x10;
		T_EQ(class_of(&w, bytes, packet6(bytes, &other)), 0);
	}
	other = ports;
	other.proto = 6;
	T_EQ(class_of(&w, bytes, packet6(bytes, &other)), 0);
	tc_objects_done(&w.tree);
}

/* RFC 2207: ESP and AH, with IPv4 options too; the other's SPI is another. */
static void
ipsec_by_its_spi(void)
{
	static const char *const addrs[][2] = { { "10.0.0.2", "10.0.0.1" },
		{ "2001:db8::2", "2001:db8::1" } };
	static const struct {
		uint8_t proto;
		uint32_t words[2]; /* of the packet behind IP */
	} packets[] = { { 50, { 0x12345678, 1 } },
		{ 51, { 0x11040000, 0x12345678 } } };

	for (size_t i = 0; i < 4; i++) {
		const size_t a = i / 2;
		const size_t p = i % 2;
		struct walk w = new_walk();
		struct tc_filter f = fix_filter(addrs[a][0], addrs[a][1], 0, 0);
		uint8_t bytes[128];

		f.proto = packets[p].proto;
		f.spi = 0x12345678;
		add_filter(&w, &f, 0x520100);
		f.src_port = (uint16_t)(packets[p].words[0] >> 16);
		f.dst_port = (uint16_t)packets[p].words[0];
		for (unsigned options = 0; options <= 10; options++) {
			size_t len = a == 0 ? packet4(bytes, &f, options, 0)
					    : packet6(bytes, &f);
			struct buf_writer second =
				buf_writer(bytes + len - 4, 4);

			buf_put_u32be(&second, packets[p].words[1]);
			T_EQ(class_of(&w, bytes, len), 0x520100);
			bytes[len - (p == 0 ? 5 : 1)] ^= 1;
			T_EQ(class_of(&w, bytes, len), 0);
		}
		tc_objects_done(&w.tree);
	}
}

static void
spi_is_for_ipsec_alone(void)
{
	struct tc_filter f = fix_filter("10.0.0.2", "", 0, 0);
	struct tc_filter other;

	f.spi = 300;
	T_CHECK(tc_filter_problem(&f) != NULL, "of UDP");
	f.proto = 50;
	T_CHECK(tc_filter_problem(&f) == NULL, "of ESP");
	f.proto = 51;
	T_CHECK(tc_filter_problem(&f) == NULL, "of AH");
	other = f;
	other.spi++;
	T_CHECK(!tc_filter_equal(&f, &other), "another SPI");
	f.dst_port = 1;
	T_CHECK(tc_filter_problem(&f) != NULL, "beside a port");
}

static void
control_traffic_comes_first(void)
{
	struct walk w = new_walk();
	struct tc_filter f = fix_filter("10.0.0.2", "10.0.0.1", 0, 0);
	struct tc_filter six = fix_filter("2001:db8::2", "2001:db8::1", 0, 0);
	uint8_t bytes[128];

	f.proto = six.proto = 46;
	add_filter(&w, &f, 0x520100);
	add_filter(&w, &six, 0x520101);
	T_EQ(class_of(&w, bytes, packet4(bytes, &f, 0, 0)), 0x520006);
	T_EQ(class_of(&w, bytes, packet4(bytes, &f, 1, 0)), 0x520006);
	T_EQ(class_of(&w, bytes, packet6(bytes, &six)), 0x520006);
	six.proto = 0; /* hop-by-hop, whose first octet is the next header */
	six.src_port = 46 << 8;
	T_EQ(class_of(&w, bytes, packet6(bytes, &six)), 0x520006);
	six.src_port = 58 << 8;
	T_EQ(class_of(&w, bytes, packet6(bytes, &six)), 0);
	six.proto = 58;
	for (unsigned type = 0; type < 256; type++) {
		six.src_port = (uint16_t)(type << 8);
		T_EQ(class_of(&w, bytes, packet6(bytes, &six)),
			type >= 133 && type <= 137 ? 0x520006 : 0);
	}
	tc_objects_done(&w.tree);
}

static void
few_nodes_are_looked_at(void)
{
	struct walk w = new_walk();
	struct tc_filter f = fix_filter("10.0.0.0", "10.1.0.1", 5000, 6000);
	uint8_t bytes[128];

	for (unsigned i = 0; i < 2000; i++) {
		f.dst.b[3] = (uint8_t)i;
		f.dst_port = (uint16_t)(5000 + i / 256);
		add_filter(&w, &f, 0x520100 + i);
	}
	T_EQ(class_of(&w, bytes, packet4(bytes, &f, 0, 0)), 0x520100 + 1999);
	/* control, header length, port, and the node itself */
	T_CHECK(w.looked <= 4, "%u nodes", w.looked);
	tc_objects_done(&w.tree);
}

static void
placement_is_as_documented(void)
{
	struct tc_filter f = fix_filter("10.0.0.2", "", 5004, 0);

	T_EQ(tc_u32_bucket(&f), 0x02c02000);
	f.dst_port = 0;
	T_EQ(tc_u32_bucket(&f), 0x01102000);
	f = fix_filter("2001:db8::fe", "", 5003, 0);
	T_EQ(tc_u32_bucket(&f), 0x12bfe000);
	f.dst_port = 0;
	T_EQ(tc_u32_bucket(&f), 0x111fe000);
	f.by_label = true;
	f.flow_label = 0xabc12;
	T_EQ(tc_u32_bucket(&f), 0x11212000);
}

static void
each_bucket_has_its_number(void)
{
	static const uint32_t tables[] = { 0x11, 0x111, 0x112 };
	bool *seen = (bool *)calloc(TC_U32_BUCKETS, sizeof(*seen));
	size_t count = 0;

	T_CHECK(seen != NULL, "memory");
	for (uint32_t table = 0; table < 0x1000; table++)
		for (uint32_t b = 0; b < 256; b++) {
			uint32_t index =
				tc_u32_bucket_index(table << 20 | b << 12 | 5);
			bool ours = (table & 0xef0) == 0x20 ||
				    table == tables[0] || table == tables[1] ||
				    table == tables[2];

			T_EQ(index < TC_U32_BUCKETS, ours);
			if (!ours)
				continue;
			T_CHECK(!seen[index], "twice: %u", index);
			seen[index] = true;
			count++;
		}
	T_EQ(count, TC_U32_BUCKETS);
	free(seen);
}

static void
check_decoded(const struct tc_filter *f, const struct tc_mark *m)
{
	struct tc_object node;
	struct tc_filter back;
	struct tc_mark mark;

	tc_u32_node(FIX_IFINDEX, tc_u32_bucket(f) | 5, f, m, &node);
	T_CHECK(tc_u32_decode(&node, &back, &mark), "not decoded");
	T_CHECK(tc_filter_equal(f, &back), "another filter");
	T_EQ(mark.flow_id, m->flow_id);
	T_EQ(mark.classid, m->classid);
	T_EQ(mark.base.bytes, m->base.bytes);
	T_EQ(mark.base.packets, m->base.packets);
	T_EQ(mark.base.drops, m->base.drops);
}

/* All filters that may be, with and without a base of counters. */
static void
decoding_undoes_encoding(void)
{
	static const char *const addrs[][2] = { { "10.0.0.2", "10.0.0.1" },
		{ "10.0.0.2", "" }, { "255.255.255.255", "0.0.0.1" },
		{ "2001:db8::2", "2001:db8::1" }, { "2001:db8::2", "" },
		{ "::", "::" } };
	static const struct tc_mark marks[] = { { 1, 0x520100, { 0, 0, 0 } },
		{ 0xffffffff, 0x52ffdf, { 1, 0, 0 } },
		{ 2, 0x520100, { 0, 1, 0 } }, { 3, 0x520100, { 0, 0, 1 } },
		{ 0x12345678, 0x524711,
			{ 0x123456789abcdef0, 0xfedcba9876543210, 77 } } };

	for (size_t a = 0; a < sizeof(addrs) / sizeof(addrs[0]); a++)
		for (size_t m = 0; m < sizeof(marks) / sizeof(marks[0]); m++) {
			struct tc_filter f =
				fix_filter(addrs[a][0], addrs[a][1], 0, 0);

			check_decoded(&f, &marks[m]);
			f.proto = 50;
			check_decoded(&f, &marks[m]);
			f.spi = 0xfedcba98;
			check_decoded(&f, &marks[m]);
			f.proto = 51;
			check_decoded(&f, &marks[m]);
			f.spi = 0;
			f.proto = 132;
			f.dst_port = 65535;
			check_decoded(&f, &marks[m]);
			f.src_port = 1;
			check_decoded(&f, &marks[m]);
			if (f.dst.family == ADDR_V4)
				continue;
			f.src_port = 0;
			f.by_label = true;
			check_decoded(&f, &marks[m]);
			f.flow_label = 0xfffff;
			f.dst_port = 0;
			check_decoded(&f, &marks[m]);
		}
}

/* Whatever is not exactly ours is nobody's flow. */
static void
foreign_nodes_are_not_decoded(void)
{
	const struct tc_filter f =
		fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
	const struct tc_mark m = { 7, 0x520100, { 1, 2, 3 } };
	struct tc_object good;
	struct tc_object bad;
	struct tc_filter back;
	struct tc_mark mark;

	tc_u32_node(FIX_IFINDEX, tc_u32_bucket(&f) | 5, &f, &m, &good);
	T_CHECK(tc_u32_decode(&good, &back, &mark), "the good one");
	for (size_t i = 0; i < 4; i++) { /* keys that match */
		bad = good;
		bad.u32.keys[i].mask ^= 1;
		T_CHECK(!tc_u32_decode(&bad, &back, &mark), "mask %zu", i);
		bad = good;
		bad.u32.keys[i].off += 4;
		T_CHECK(!tc_u32_decode(&bad, &back, &mark), "offset %zu", i);
	}
	bad = good;
	bad.u32.key_count--;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "a key less");
	bad = good;
	bad.u32.keys[4].value = 0;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "flow 0");
	bad = good;
	bad.handle += 0x1000;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "another bucket");
	bad = good;
	bad.u32.link = 0x01000000;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "a link");
	bad = good;
	bad.u32.flags = 0;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "not terminal");
	bad = good;
	bad.pref = TC_PREF_V6;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "another preference");
	bad = good;
	bad.u32.key_count = 0;
	T_CHECK(!tc_u32_decode(&bad, &back, &mark), "no keys");
}

static void
attributes_come_back(void)
{
	struct walk w = new_walk();
	struct tc_filter f =
		fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	uint8_t bytes[2048];

	add_filter(&w, &f, 0x520100);
	for (size_t i = 0; i < w.tree.count; i++) {
		const struct tc_object *o = &w.tree.all[i];
		static const struct nl_want wants[] = { { TCA_OPTIONS, 0 } };
		struct buf_writer out = buf_writer(bytes, sizeof(bytes));
		struct tc_object back = { .type = TC_FILTER };
		struct nl_view got[1];

		o->kind->fill(&out, o);
		T_CHECK(!out.failed, "no room");
		T_CHECK(nl_parse((struct nl_view){ bytes, buf_written(&out) },
				wants, 1, got),
			"malformed");
		T_CHECK(o->kind->parse(&got[0], &back), "not parsed");
		T_CHECK(o->kind->equal(o, &back), "node %zu differs", i);
		/* Cut short: never read past the end. */
		for (size_t len = 0; len < got[0].len; len++) {
			struct nl_view cut = { got[0].data, len };

			(void)o->kind->parse(&cut, &back);
		}
	}
	tc_objects_done(&w.tree);
}

static void
senseless_filters_have_a_reason(void)
{
	struct tc_filter f = fix_filter("10.0.0.2", "2001:db8::1", 5004, 0);

	T_CHECK(tc_filter_problem(&f) != NULL, "two families");
	f = fix_filter("", "", 5004, 0);
	T_CHECK(tc_filter_problem(&f) != NULL, "no destination");
	f = fix_filter("10.0.0.2", "", 0, 6000);
	T_CHECK(tc_filter_problem(&f) != NULL, "source port alone");
	f = fix_filter("10.0.0.2", "", 5004, 0);
	T_CHECK(tc_filter_problem(&f) == NULL, "a good one");
	f.proto = 50;
	T_CHECK(tc_filter_problem(&f) != NULL, "ESP has no ports");
	f.proto = 0;
	f.dst_port = 0;
	T_CHECK(tc_filter_problem(&f) != NULL, "no protocol");
	f = fix_filter("10.0.0.2", "", 0, 0);
	f.by_label = true;
	T_CHECK(tc_filter_problem(&f) != NULL, "a label in IPv4");
	f = fix_filter("2001:db8::2", "", 0, 0);
	f.flow_label = 1;
	T_CHECK(tc_filter_problem(&f) != NULL, "a label not by label");
	f.by_label = true;
	T_CHECK(tc_filter_problem(&f) == NULL, "a good label");
	f.flow_label = 0x100000;
	T_CHECK(tc_filter_problem(&f) != NULL, "a label of 21 bits");
	f.flow_label = 5;
	f.src_port = 5;
	T_CHECK(tc_filter_problem(&f) != NULL, "label and source port");
}

/* A filter that leaves the source open. */
static void
any_source_port_is_any(void)
{
	struct walk w = new_walk();
	struct tc_filter four = fix_filter("10.0.0.2", "", 5004, 0);
	struct tc_filter six = fix_filter("2001:db8::2", "", 5004, 0);
	uint8_t bytes[128];

	add_filter(&w, &four, 0x520100);
	add_filter(&w, &six, 0x520101);
	four.src = fix_addr("10.9.9.9");
	six.src = fix_addr("2001:db8::99");
	for (unsigned port = 0; port < 65536; port += 4369) {
		four.src_port = six.src_port = (uint16_t)port;
		T_EQ(class_of(&w, bytes, packet4(bytes, &four, 0, 0)),
			0x520100);
		T_EQ(class_of(&w, bytes, packet6(bytes, &six)), 0x520101);
	}
	tc_objects_done(&w.tree);
}

/* The kernel says yes to other keys and keeps the old ones, so every part of
 * a node counts. */
static void
every_part_of_a_node_counts(void)
{
	const struct tc_filter f =
		fix_filter("10.0.0.2", "10.0.0.1", 5004, 6000);
	const struct tc_mark m = { 7, 0x520100, { 0, 0, 0 } };
	struct tc_object node;
	struct tc_object others[14];
	const struct tc_kind *kind = &tc_kind_u32;

	tc_u32_node(FIX_IFINDEX, tc_u32_bucket(&f) | 5, &f, &m, &node);
	for (size_t i = 0; i < 14; i++)
		others[i] = node;
	others[0].u32.keys[0].mask ^= 1;
	others[1].u32.keys[0].value ^= 1;
	others[2].u32.keys[0].off ^= 4;
	others[3].u32.keys[0].floating ^= 1;
	others[4].u32.key_count--;
	others[5].u32.hmask = 1;
	others[6].u32.hoff = 1;
	others[7].u32.offmask = 1;
	others[8].u32.offshift = 1;
	others[9].u32.off = 1;
	others[10].u32.offoff = 1;
	others[11].u32.flags = 0;
	others[12].u32.link = 1;
	others[13].u32.classid ^= 1;
	T_CHECK(kind->equal(&node, &node), "itself");
	for (size_t i = 0; i < 14; i++) {
		T_CHECK(!kind->equal(&node, &others[i]), "%zu", i);
		/* Only where it leads to can be changed in place. */
		T_EQ(kind->changeable(&node, &others[i]), i >= 12);
	}
}

/* Of another program: more keys than we have room for. */
static void
too_many_keys_are_malformed(void)
{
	static const struct nl_want wants[] = { { TCA_OPTIONS, 0 } };
	struct tc_object back = { .type = TC_FILTER };
	uint8_t bytes[1024];
	struct buf_writer w = buf_writer(bytes, sizeof(bytes));
	uint8_t *nest = nl_begin(&w, TCA_OPTIONS);
	uint8_t *sel = nl_begin(&w, TCA_U32_SEL);
	struct nl_view got[1];

	buf_put_u8(&w, 1);  /* flags */
	buf_put_u8(&w, 0);  /* shift */
	buf_put_u8(&w, 17); /* keys */
	buf_put_zero(&w, 13 + 17 * 16);
	nl_end(&w, sel);
	nl_end(&w, nest);
	T_CHECK(!w.failed, "no room");
	T_CHECK(nl_parse((struct nl_view){ bytes, buf_written(&w) }, wants, 1,
			got),
		"malformed");
	T_CHECK(!tc_kind_u32.parse(&got[0], &back), "17 keys");
}

static void
nodes_are_of_their_protocol(void)
{
	const struct tc_mark mark = { .classid = 0x520100 };
	const struct tc_filter v4 = fix_filter("10.0.0.2", "", 0, 0);
	const struct tc_filter v6 = fix_filter("2001:db8::2", "", 0, 0);
	struct tc_object o;

	tc_u32_node(3, 0x80000801u, &v4, &mark, &o);
	T_EQ(o.protocol, 0x0800);
	T_EQ(o.pref, TC_PREF_V4);
	tc_u32_node(3, 0x80000802u, &v6, &mark, &o);
	T_EQ(o.protocol, 0x86dd);
	T_EQ(o.pref, TC_PREF_V6);
	T_EQ(o.ifindex, 3);
	T_EQ(o.handle, 0x80000802u);
}

static struct t_case cases[] = {
	{ "IPv4 ports are found behind any options",
		each_v4_header_length_is_followed },
	{ "IPv4 fragments match only filters without ports",
		v4_fragments_have_no_ports },
	{ "IPv6 goes by ports, by label, or by neither",
		v6_by_ports_label_or_neither },
	{ "IPsec goes by its SPI", ipsec_by_its_spi },
	{ "an SPI is for IPsec alone", spi_is_for_ipsec_alone },
	{ "RSVP and neighbour discovery come before any flow",
		control_traffic_comes_first },
	{ "few nodes are looked at among 2000", few_nodes_are_looked_at },
	{ "filters are placed by port and destination",
		placement_is_as_documented },
	{ "each bucket has a number of its own", each_bucket_has_its_number },
	{ "decoding undoes encoding", decoding_undoes_encoding },
	{ "a node that is not exactly ours is not decoded",
		foreign_nodes_are_not_decoded },
	{ "nodes survive the kernel's attributes", attributes_come_back },
	{ "senseless filters are refused", senseless_filters_have_a_reason },
	{ "any source port is any", any_source_port_is_any },
	{ "every part of a node counts", every_part_of_a_node_counts },
	{ "too many keys are malformed", too_many_keys_are_malformed },
	{ "nodes are of their protocol", nodes_are_of_their_protocol },
};

T_MAIN(cases)
