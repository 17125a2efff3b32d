/* SPDX-License-Identifier: ISC */

/* What should be, from a JSON file: tcctl/want_json.c. */

#include "tc_cli_t.h"

static struct want want;
static char problem[TC_TEXT];

static bool
reads(const char *text)
{
	const struct cli_file file = {
		.path = "file", .text = text, .len = strlen(text)
	};

	problem[0] = '\0';
	return want_read(&file, &want, problem);
}

/* The interfaces of a file that is in order. */
static const struct want_iface *
read_good(const char *text)
{
	T_CHECK(reads(text), "%s", problem);
	return want.ifaces;
}

#define IFACE(more)      "{\"interfaces\":[{\"name\":\"eth0\"" more "}]}"
#define LINK             ",\"link\":\"10 Mbit\""
#define FLOWS(flows)     IFACE(LINK ",\"flows\":[" flows "]")
#define ID               "\"id\":7,\"service\":\"GS\",\"rate\":100000,\"buffer\":20000"
#define FLOW(more)       FLOWS("{" ID more "}")
#define DST              "\"dst\":\"10.0.0.2\""
#define FILTERS(filters) FLOW(",\"filters\":[" filters "]")
#define FILTER(more)     FILTERS("{" DST more "}")

/* ---- what is in order ---------------------------------------------------- */

static void
every_key_has_its_place(void)
{
	const struct want_iface *i;
	const struct tc_flow *f;

	cli_begin();
	i = read_good("{ \"schema\": 1, \"interfaces\": [ {"
		      "\"name\": \"eth1\", \"link\": \"10 Mbit\","
		      "\"best_effort\": 62500, \"control\": \"100 kbit\","
		      "\"mtu\": 1400, \"header_bytes\": 18,"
		      "\"overhead_bytes\": 24, \"min_frame_bytes\": 84,"
		      "\"atm\": true, \"timer_us\": 150, \"take_over\": true,"
		      "\"classifier\": \"flower\", \"flows\": [ {"
		      "\"id\": 4294967295, \"service\": \"CL\","
		      "\"rate\": \"0.8 Mbit\", \"peak\": 200000,"
		      "\"bucket\": \"6 kB\", \"max_packet\": 1300,"
		      "\"min_packet\": 100, \"buffer\": 20000,"
		      "\"filters\": [ {"
		      "\"dst\": \"2001:db8::2\", \"src\": \"2001:db8::1\","
		      "\"proto\": 6, \"dst_port\": 65535, \"src_port\": 5000"
		      "}, { \"dst\": \"2001:db8::3\", \"src\": "
		      "\"2001:db8::1\", \"flow_label\": 1048575 } ] } ] } ] }");
	T_EQ(want.count, 1);
	T_STR(i->conf.name, "eth1");
	T_EQ(i->conf.ifindex, 3);
	T_EQ(i->conf.link_Bps, 1250000);
	T_EQ(i->conf.best_effort_Bps, 62500);
	T_EQ(i->conf.control_Bps, 12500);
	T_EQ(i->conf.mtu, 1400);
	T_EQ(i->conf.header_bytes, 18);
	T_EQ(i->conf.overhead_bytes, 24);
	T_EQ(i->conf.min_frame_bytes, 84);
	T_CHECK(i->conf.atm && i->conf.take_over, "flags");
	T_EQ(i->conf.timer_us, 150);
	T_EQ(i->conf.classifier, TC_CLASSIFIER_FLOWER);
	T_EQ(i->flow_count, 1);
	f = &i->flows[0];
	T_EQ(f->id, UINT32_MAX);
	T_EQ(f->ifindex, 3);
	T_EQ(f->service, TC_SERVICE_CL);
	T_EQ(f->rate_Bps, 100000);
	T_EQ(f->peak_Bps, 200000);
	T_EQ(f->bucket_bytes, 6000);
	T_EQ(f->max_packet_bytes, 1300);
	T_EQ(f->min_packet_bytes, 100);
	T_EQ(f->buffer_bytes, 20000);
	T_EQ(f->filter_count, 2);
	T_EQ(f->filters[0].dst.family, ADDR_V6);
	T_EQ(f->filters[0].src.family, ADDR_V6);
	T_EQ(f->filters[0].proto, 6);
	T_EQ(f->filters[0].dst_port, 65535);
	T_EQ(f->filters[0].src_port, 5000);
	T_CHECK(!f->filters[0].by_label && f->filters[1].by_label, "by label");
	T_EQ(f->filters[1].flow_label, 0xfffff);
	want_done(&want);
	T_EQ(want.count, 0);
	cli_end();
}

static void
what_is_left_out_is_the_interfaces_or_a_share_of_the_link(void)
{
	const struct want_iface *i;

	cli_begin();
	cli->links[1].mtu = 1480;
	i = read_good(IFACE(LINK));
	T_EQ(i->conf.ifindex, 2);
	T_EQ(i->conf.best_effort_Bps, 62500);
	T_EQ(i->conf.control_Bps, 12500);
	T_EQ(i->conf.mtu, 1480);
	T_EQ(i->conf.header_bytes, 14);
	T_EQ(i->conf.timer_us, 200);
	T_EQ(i->conf.classifier, TC_CLASSIFIER_AUTO);
	T_EQ(i->conf.pool_low, 0);
	T_EQ(i->conf.pool_high, 32000);
	T_EQ(i->flow_count, 0);
	want_done(&want);
	cli->no_ethernet = true;
	i = read_good(IFACE(LINK));
	T_EQ(i->conf.header_bytes, 0);
	T_EQ(i->conf.mtu, 1480);
	want_done(&want);
	i = read_good(FILTER(""));
	T_EQ(i->flows[0].max_packet_bytes, 1480);
	T_EQ(i->flows[0].filters[0].proto, 17);
	T_EQ(i->flows[0].filters[0].src.family, ADDR_NONE);
	want_done(&want);
	cli_end();
}

static void
classifiers_have_names(void)
{
	cli_begin();
	T_EQ(read_good(IFACE(LINK ",\"classifier\":\"auto\""))->conf.classifier,
		TC_CLASSIFIER_AUTO);
	want_done(&want);
	T_EQ(read_good(IFACE(LINK ",\"classifier\":\"u32\""))->conf.classifier,
		TC_CLASSIFIER_U32);
	want_done(&want);
	cli_end();
}

static void
a_security_parameter_index_takes_the_place_of_ports(void)
{
	cli_begin();
	T_EQ(read_good(FILTER(",\"proto\":50,\"spi\":4294967295"))
			->flows[0]
			.filters[0]
			.spi,
		UINT32_MAX);
	want_done(&want);
	cli_end();
}

/* Without flows, without interfaces. */
static void
nothing_can_be_wanted(void)
{
	cli_begin();
	T_EQ(read_good(FLOWS(""))->flow_count, 0);
	want_done(&want);
	(void)read_good("{\"interfaces\":[]}");
	T_EQ(want.count, 0);
	want_done(&want);
	cli_end();
}

/* ---- what is wrong ------------------------------------------------------- */

#define I0       "file: interfaces[0]"
#define F0       I0 ".flows[0]"
#define M0       F0 ".filters[0]"
#define TWO_MORE ",\"filters\":[{" DST "}]}"

static const struct {
	const char *text;
	const char *problem;
} wrong[] = {
	{ "{", NULL },
	{ "{\"interfaces\":[],\"interfaces\":[]}", NULL },
	{ "[]", "file: : must be an object" },
	{ "{}", "file: interfaces: is missing" },
	{ "{\"interfaces\":{}}", "file: interfaces: must be a list" },
	{ "{\"interfaces\":[1]}", I0 ": must be an object" },
	{ "{\"interfaces\":[],\"shema\":1}",
		"file: shema: is no key here; did you mean schema?" },
	{ "{\"interfaces\":[],\"elsewhere\":1}",
		"file: elsewhere: is no key here" },
	{ "{\"interfaces\":[{\"link\":1}]}", I0 ".name: is missing" },
	{ "{\"interfaces\":[{\"name\":1}]}", I0 ".name: must be a text" },
	{ "{\"interfaces\":[{\"name\":\"\"}]}",
		I0 ".name: \"\" is no interface name" },
	{ "{\"interfaces\":[{\"name\":\"sixteen-octets--\"}]}",
		I0 ".name: \"sixteen-octets--\" is no interface name" },
	{ "{\"interfaces\":[{\"name\":\"eth7\",\"link\":100000}]}",
		I0 ".name: there is no interface eth7" },
	{ IFACE(""), I0 ".link: is missing" },
	{ IFACE(",\"link\":\"fast\""),
		I0 ".link: \"fast\" is no rate (for example \"2 Mbit\")" },
	{ IFACE(",\"link\":-1"),
		I0 ".link: must be a whole number up to 9223372036854775807" },
	{ IFACE(",\"link\":1.5"),
		I0 ".link: must be a whole number up to 9223372036854775807" },
	{ IFACE(LINK ",\"mtu\":4294967296"),
		I0 ".mtu: must be a whole number up to 4294967295" },
	{ IFACE(LINK ",\"mtu\":\"1500\""),
		I0 ".mtu: must be a whole number up to 4294967295" },
	{ IFACE(LINK ",\"atm\":1"), I0 ".atm: must be true or false" },
	{ IFACE(LINK ",\"classifier\":\"fw\""),
		I0 ".classifier: must be auto, u32 or flower" },
	{ IFACE(LINK ",\"classifier\":1"),
		I0 ".classifier: must be auto, u32 or flower" },
	{ IFACE(LINK ",\"flows\":1"), I0 ".flows: must be a list" },
	{ FLOWS("1"), F0 ": must be an object" },
	{ FLOWS("{}"), F0 ".id: is missing" },
	{ FLOWS("{\"id\":0,\"service\":\"GS\",\"rate\":1,\"filters\":[]}"),
		F0 ".id: must not be 0" },
	{ FLOWS("{\"id\":1,\"service\":\"BE\"}"),
		F0 ".service: must be \"GS\" or \"CL\"" },
	{ FLOWS("{\"id\":1,\"service\":2}"), F0 ".service: must be a text" },
	{ FLOW(""), F0 ".filters: is missing" },
	{ FLOW(",\"bucket\":\"much\""),
		F0 ".bucket: \"much\" is no size (for example \"16 kB\")" },
	{ FLOW(",\"max_packet\":4294967296"), F0 ".max_packet: is too large" },
	{ FLOW(",\"max_packet\":\"5 GB\""), F0 ".max_packet: is too large" },
	{ FILTERS(""), F0 ": needs 1 to 64 filters" },
	{ FILTERS("1"), M0 ": must be an object" },
	{ FILTERS("{}"), M0 ".dst: is missing" },
	{ FILTERS("{\"dst\":\"10.0.0\"}"),
		M0 ".dst: \"10.0.0\" is no address" },
	{ FILTER(",\"proto\":256"),
		M0 ".proto: must be a whole number up to 255" },
	{ FILTER(",\"dst_port\":65536"),
		M0 ".dst_port: must be a whole number up to 65535" },
	{ FILTER(",\"flow_label\":1048576"),
		M0 ".flow_label: must be a whole number up to 1048575" },
	{ FILTER(",\"flow_label\":1"), NULL },
	{ FILTER(",\"dst_prot\":1"),
		M0 ".dst_prot: is no key here; did you mean dst_port?" },
	{ FLOWS("{" ID TWO_MORE ",{" ID TWO_MORE),
		I0 ".flows[1].id: 7 stands twice" },
	{ IFACE(LINK ",\"best_effort\":2000000"), NULL },
};

static void
what_is_wrong_is_told_with_its_place(void)
{
	cli_begin();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		T_CHECK(!reads(wrong[i].text), "row %zu: read", i);
		if (wrong[i].problem)
			T_STR(problem, wrong[i].problem);
		else /* in the words of whoever knows */
			T_CHECK(strncmp(problem, "file:", 5) == 0, "%s",
				problem);
	}
	cli_end();
}

/* Behind one that is in order the place is that of the next. */
static void
the_place_is_that_of_the_last(void)
{
	cli_begin();
	T_CHECK(!reads("{\"interfaces\":[{\"name\":\"eth0\"" LINK
		       ",\"flows\":[{" ID TWO_MORE ",{\"id\":8,\"service\":"
		       "\"GS\",\"rate\":1000,\"filters\":[{" DST "},{" DST
		       ",\"elsewhere\":1}]}]}]}"),
		"read");
	T_STR(problem, I0 ".flows[1].filters[1].elsewhere: is no key here");
	T_CHECK(!reads("{\"interfaces\":[{\"name\":\"eth0\"" LINK
		       "},{\"name\":\"eth1\",\"elsewhere\":1}]}"),
		"read");
	T_STR(problem, "file: interfaces[1].elsewhere: is no key here");
	cli_end();
}

/* One more than there may be. */
static void
lists_have_an_end(void)
{
	static char text[1 << 20];
	struct text t = text_over(text, sizeof(text));

	cli_begin();
	text_add(&t, "{\"interfaces\":[{\"name\":\"eth0\"" LINK
		     ",\"flows\":[{" ID ",\"filters\":[");
	for (int i = 0; i < TC_FILTERS_MAX; i++)
		text_printf(&t, "%s{\"dst\":\"10.0.0.%d\"}", i > 0 ? "," : "",
			i + 1);
	text_add(&t, "]}]}]}");
	T_EQ(read_good(text)->flows[0].filter_count, TC_FILTERS_MAX);
	want_done(&want);
	t.len -= 6;
	text_add(&t, ",{" DST "}]}]}]}");
	T_CHECK(!reads(text), "65 filters");
	T_STR(problem, F0 ".filters: has more than 64 members");
	t = text_over(text, sizeof(text));
	text_add(&t, "{\"interfaces\":[");
	for (int i = 0; i < 257; i++)
		text_add(&t, i > 0 ? ",1" : "1");
	text_add(&t, "]}");
	T_CHECK(!reads(text), "257 interfaces");
	T_STR(problem, "file: interfaces: has more than 256 members");
	cli_end();
}

static struct t_case cases[] = {
	{ "every key has its place", every_key_has_its_place },
	{ "what is left out is the interface's, or a share of the link",
		what_is_left_out_is_the_interfaces_or_a_share_of_the_link },
	{ "classifiers have names", classifiers_have_names },
	{ "a security parameter index takes the place of ports",
		a_security_parameter_index_takes_the_place_of_ports },
	{ "nothing can be wanted", nothing_can_be_wanted },
	{ "what is wrong is told with its place",
		what_is_wrong_is_told_with_its_place },
	{ "the place is that of the last", the_place_is_that_of_the_last },
	{ "lists have an end", lists_have_an_end },
};
T_MAIN(cases)
