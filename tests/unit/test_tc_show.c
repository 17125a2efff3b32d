/* SPDX-License-Identifier: ISC */

/* Interfaces as they are in the kernel, as text and JSON: tcctl/show.c. */

#include "tc_cli_t.h"
#include "tc_fixture.h"

#include <errno.h>
#include <jansson.h>

#define FILE_OF(more, flows)                                                   \
	"{\"interfaces\":[{\"name\":\"eth0\",\"link\":\"10 Mbit\"," more       \
	"\"flows\":[" flows "]}]}"
#define GS                                                                     \
	"{\"id\":9,\"service\":\"GS\",\"rate\":100000,\"peak\":200000,"        \
	"\"bucket\":3000,\"buffer\":20000,\"filters\":["                       \
	"{\"dst\":\"10.0.0.2\",\"dst_port\":5004},"                            \
	"{\"dst\":\"10.0.0.3\",\"src\":\"10.0.0.1\",\"proto\":50,"             \
	"\"spi\":258}]}"
#define CL                                                                     \
	"{\"id\":8,\"service\":\"CL\",\"rate\":50000,\"bucket\":3000,"         \
	"\"buffer\":20000,\"filters\":[{\"dst\":\"2001:db8::2\","              \
	"\"src\":\"2001:db8::1\",\"flow_label\":74565,\"proto\":6}]}"

static void
made(const char *text)
{
	cli_begin();
	T_EQ(cli_apply_text(text), CLI_DONE);
	cli_expect_err("");
}

static json_t *
as_json(void)
{
	json_error_t error;
	json_t *root;

	cli->options.json = true;
	T_EQ(cli_do(cli_show), CLI_DONE);
	T_EQ(cli->out[strlen(cli->out) - 1], '\n');
	root = json_loads(cli->out, 0, &error);
	T_CHECK(root, "%s", error.text);
	T_EQ(json_integer_value(json_object_get(root, "schema")), 1);
	cli->options.json = false;
	return root;
}

static json_t *
at(json_t *root, const char *name, size_t i)
{
	json_t *list = json_object_get(root, name);

	T_CHECK(json_array_size(list) > i, "%s has %zu", name,
		json_array_size(list));
	return json_array_get(list, i);
}

static json_int_t
number(json_t *root, const char *name)
{
	json_t *value = json_object_get(root, name);

	T_CHECK(json_is_integer(value), "%s is no number", name);
	return json_integer_value(value);
}

static const char *
string(json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	T_CHECK(text, "%s is no text", name);
	return text;
}

static bool
is_null(json_t *root, const char *name)
{
	return json_is_null(json_object_get(root, name));
}

/* ---- what is managed ----------------------------------------------------- */

static void
a_managed_interface_is_shown_with_its_flows(void)
{
	made(FILE_OF("", GS "," CL));
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_expect_err("");
	cli_expect_out(
		"lo: not managed (root qdisc: the kernel's default)\n"
		"eth0: link 10 Mbit/s, best effort 500 kbit/s (fq_codel), "
		"control 100 kbit/s, idle classes 0 GS 0 CL\n"
		"  flow 8: class 52:101 CL 400 kbit/s, bucket 3 kB, buffer 20 "
		"kB: 0 packets, 0 B, 0 dropped\n"
		"      to 2001:db8::2 from 2001:db8::1 flow label 0x12345 "
		"protocol 6\n"
		"  flow 9: class 52:100 GS 800 kbit/s, bucket 1.534 kB, buffer "
		"20 kB: 0 packets, 0 B, 0 dropped; excess reshaped\n"
		"      to 10.0.0.3 from 10.0.0.1 spi 0x00000102\n"
		"      to 10.0.0.2 port 5004 from any protocol 17\n"
		"eth1: not managed (root qdisc: the kernel's default)\n");
	cli_end();
}

static void
ports_of_both_ends_are_shown(void)
{
	made(FILE_OF("", "{\"id\":1,\"service\":\"GS\",\"rate\":100000,"
			 "\"buffer\":20000,\"filters\":[{\"dst\":\"10.0.0.2\","
			 "\"dst_port\":7,\"src\":\"10.0.0.1\",\"src_port\":9}"
			 "]}"));
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("      to 10.0.0.2 port 7 from 10.0.0.1 port 9 protocol "
		    "17\n");
	cli_end();
}

/* By number, however they stand in the kernel. */
static void
flows_are_in_order(void)
{
	static const unsigned ids[] = { 40, 10, 30, 50, 20 };
	char text[2048];
	struct text t = text_over(text, sizeof(text));
	const char *at;

	text_add(&t, "{\"interfaces\":[{\"name\":\"eth0\",\"link\":\"10 "
		     "Mbit\",\"flows\":[");
	for (size_t i = 0; i < 5; i++)
		text_printf(&t,
			"%s{\"id\":%u,\"service\":\"GS\",\"rate\":10000,"
			"\"buffer\":20000,\"filters\":[{\"dst\":\"10.0.0.2\","
			"\"dst_port\":%u}]}",
			i > 0 ? "," : "", ids[i], ids[i]);
	text_add(&t, "]}]}");
	made(text);
	T_EQ(cli_do(cli_show), CLI_DONE);
	at = cli->out;
	for (unsigned id = 10; id <= 50; id += 10) {
		char flow[16];

		(void)snprintf(flow, sizeof(flow), "flow %u:", id);
		at = strstr(at, flow);
		T_CHECK(at, "%s", cli->out);
	}
	cli_keeps_nothing(cli_show);
	cli->options.json = true;
	cli_keeps_nothing(cli_show);
	cli_end();
}

static void
the_same_as_json(void)
{
	json_t *root;
	json_t *eth0;
	json_t *flow;
	json_t *filter;

	made(FILE_OF("", GS "," CL));
	root = as_json();
	T_EQ(json_array_size(json_object_get(root, "interfaces")), 3);
	eth0 = at(root, "interfaces", 1);
	T_STR(string(eth0, "name"), "eth0");
	T_EQ(number(eth0, "ifindex"), 2);
	T_CHECK(json_is_true(json_object_get(eth0, "managed")), "managed");
	T_EQ(number(eth0, "link_Bps"), 1250000);
	T_EQ(number(eth0, "best_effort_Bps"), 62500);
	T_EQ(number(eth0, "control_Bps"), 12500);
	T_STR(string(eth0, "best_effort_kind"), "fq_codel");
	T_EQ(json_array_size(json_object_get(eth0, "flows")), 2);
	T_EQ(json_array_size(json_object_get(eth0, "foreign")), 0);
	T_CHECK(is_null(eth0, "hidden_fragments"), "counted");
	T_CHECK(is_null(eth0, "hidden_extensions"), "counted");
	flow = at(eth0, "flows", 0);
	T_EQ(number(flow, "id"), 8);
	T_STR(string(flow, "class"), "52:101");
	T_STR(string(flow, "service"), "CL");
	T_EQ(number(flow, "rate_Bps"), 50000);
	T_CHECK(is_null(flow, "peak_Bps"), "peak");
	T_EQ(number(flow, "bucket_bytes"), 3000);
	T_EQ(number(flow, "max_packet_bytes"), 1514);
	T_EQ(number(flow, "buffer_bytes"), 20000);
	T_CHECK(is_null(flow, "excess"), "excess");
	T_CHECK(is_null(flow, "dscp") && is_null(flow, "dscp_out"), "marks");
	filter = at(flow, "filters", 0);
	T_STR(string(filter, "dst"), "2001:db8::2");
	T_STR(string(filter, "src"), "2001:db8::1");
	T_EQ(number(filter, "proto"), 6);
	T_EQ(number(filter, "flow_label"), 0x12345);
	T_CHECK(is_null(filter, "spi"), "spi");
	flow = at(eth0, "flows", 1);
	T_EQ(number(flow, "id"), 9);
	T_STR(string(flow, "service"), "GS");
	T_STR(string(flow, "excess"), "reshaped");
	filter = at(flow, "filters", 0);
	T_EQ(number(filter, "spi"), 258);
	T_CHECK(is_null(filter, "flow_label"), "label");
	filter = at(flow, "filters", 1);
	T_CHECK(is_null(filter, "src"), "source");
	T_EQ(number(filter, "dst_port"), 5004);
	T_EQ(number(filter, "src_port"), 0);
	json_decref(root);
	cli_end();
}

/* What the flow was asked to be is computed back from the settings that the
 * tree shows. */
static void
settings_are_read_off_the_tree(void)
{
	static const struct {
		const char *more;
		json_int_t most;
	} rows[] = {
		{ "\"mtu\":1400,", 1414 },
		{ "\"mtu\":1400,\"overhead_bytes\":24,", 1438 },
		{ "\"overhead_bytes\":24,\"min_frame_bytes\":84,", 1538 },
		{ "\"atm\":true,\"mtu\":1400,\"overhead_bytes\":24,", 1590 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[1024];
		struct text t = text_over(text, sizeof(text));
		json_t *root;
		json_t *flow;

		text_printf(&t,
			"{\"interfaces\":[{\"name\":\"eth0\",\"link\":\"10 "
			"Mbit\",%s\"flows\":[%s]}]}",
			rows[i].more, CL);
		made(text);
		root = as_json();
		flow = at(at(root, "interfaces", 1), "flows", 0);
		T_EQ(number(flow, "bucket_bytes"), 3000);
		T_EQ(number(flow, "buffer_bytes"), 20000);
		T_EQ(number(flow, "rate_Bps"), 50000);
		T_EQ(number(flow, "max_packet_bytes"), rows[i].most);
		json_decref(root);
		cli_end();
	}
}

static void
counters_begin_with_the_flow(void)
{
	struct tc_class_stats *c;
	json_t *root;
	json_t *flow;

	made(FILE_OF("", GS));
	/* Another one gets its class, which has counted already. */
	c = &cli->stats[cli->stat_count++];
	*c = (struct tc_class_stats){
		.handle = 0x520100, .bytes = 1000, .packets = 10, .drops = 1
	};
	cli->stats[cli->stat_count++] =
		(struct tc_class_stats){ .handle = 0x530100, .bytes = 7 };
	T_EQ(cli_apply_text(FILE_OF("",
		     "{\"id\":7,\"service\":\"GS\",\"rate\":100000,"
		     "\"buffer\":20000,\"filters\":[{\"dst\":\"10.0.0.2\"}]"
		     "}")),
		CLI_DONE);
	c->bytes = 5000;
	c->packets = 15;
	c->drops = 3;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has(": 5 packets, 4 kB, 2 dropped; excess");
	c->backlog_bytes = 3000;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has(": 5 packets, 4 kB, 2 dropped, waiting 3 kB; excess");
	root = as_json();
	flow = at(at(root, "interfaces", 1), "flows", 0);
	T_EQ(number(flow, "bytes"), 4000);
	T_EQ(number(flow, "packets"), 5);
	T_EQ(number(flow, "drops"), 2);
	T_EQ(number(flow, "backlog_bytes"), 3000);
	json_decref(root);
	/* Made anew by somebody: it begins at 0. */
	c->bytes = c->packets = c->drops = 0;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has(": 0 packets, 0 B, 0 dropped, waiting");
	cli_end();
}

static void
classes_without_a_flow_are_idle(void)
{
	json_t *root;
	json_t *idle;

	made(FILE_OF("", GS "," CL));
	T_EQ(cli_apply_text(FILE_OF("", CL)), CLI_DONE);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("idle classes 1 GS 0 CL");
	root = as_json();
	idle = json_object_get(at(root, "interfaces", 1), "idle");
	T_EQ(number(idle, "GS"), 1);
	T_EQ(number(idle, "CL"), 0);
	json_decref(root);
	T_EQ(cli_apply_text(FILE_OF("", "")), CLI_DONE);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("idle classes 1 GS 1 CL");
	cli_end();
}

/* Before ours, in the tree of the first interface. */
static void
foreign_filter(void)
{
	struct tc_object *o = tc_objects_add(&cli->dry.objects);

	*o = (struct tc_object){ .type = TC_FILTER,
		.ifindex = 2,
		.parent = TC_ROOT_HANDLE,
		.handle = 1,
		.pref = TC_PREF_V4 - 1,
		.protocol = 0x800,
		.kind = &tc_kind_fw };
}

/* What others have put into the tree. */
static void
strangers_are_named(void)
{
	struct tc_object *o;
	json_t *root;
	json_t *foreign;

	made(FILE_OF("", GS));
	foreign_filter();
	o = tc_objects_add(&cli->dry.objects);
	*o = *(o - 1);
	o->pref = TC_PREF_ARP + 1;
	o = tc_objects_add(&cli->dry.objects);
	*o = (struct tc_object){ .type = TC_CLASS,
		.ifindex = 2,
		.parent = TC_ROOT_HANDLE,
		.handle = tc_classid(0xf000),
		.kind = &tc_kind_other,
		.name = "hfsc" };
	o = tc_objects_add(&cli->dry.objects);
	*o = *(o - 1);
	o->handle = 0x70001; /* of another qdisc */
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("  foreign: filter");
	cli_out_has("  foreign: class 52:f000 on eth0");
	T_CHECK(!strstr(cli->out, "7:1"), "%s", cli->out);
	root = as_json();
	foreign = json_object_get(at(root, "interfaces", 1), "foreign");
	T_EQ(json_array_size(foreign), 3);
	T_CHECK(strstr(json_string_value(json_array_get(foreign, 0)),
			"on eth0"),
		"where");
	json_decref(root);
	cli_end();
}

/* ---- by means that only a full kernel has -------------------------------- */

/* On eth1. */
static struct fix *
opened(void)
{
	const struct tc_iface iface = fix_iface();
	struct fix *f;

	cli_begin();
	f = fix_new();
	f->kernel = cli->kernel;
	T_EQ(fix_open(f, &iface), 0);
	f->link->police = TC_POLICE_YES;
	f->link->rules.kernel = TC_RULES_FULL;
	return f;
}

static void
excess_and_marks_are_shown(void)
{
	struct fix *f = opened();
	struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_flow_mark mark = {
		7, FIX_IFINDEX,
		{ .marks = true, .dscp = 46, .marks_out = true, .dscp_out = 8 }
	};
	struct tc_done done;
	bool ready;
	json_t *root;
	json_t *shown;

	flow.token_Bps = 60000;
	T_EQ(fix_add(f, &flow).error, 0);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("; excess demoted\n");
	T_EQ(tc_batch_mark(f->batch, f->link, 9, &mark, &ready, done.text), 0);
	T_EQ(tc_batch_run(f->batch, &f->kernel, f->now, &f->listener), 0);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("; excess demoted; DSCP 46; beyond the bucket DSCP 8\n");
	root = as_json();
	shown = at(at(root, "interfaces", 2), "flows", 0);
	T_STR(string(shown, "excess"), "demoted");
	T_EQ(number(shown, "dscp"), 46);
	T_EQ(number(shown, "dscp_out"), 8);
	json_decref(root);
	fix_free(f);
	cli_end();
}

static void
marks_of(void *arg, const struct tc_iface *iface, tc_mark_flow_fn *tell,
	void *tell_arg)
{
	const struct tc_flow flow = fix_flow(7, 5004);
	const struct tc_mark_flow marked = { flow.filters[0], 34 };

	(void)arg;
	if (iface->ifindex == FIX_IFINDEX)
		tell(tell_arg, &marked);
}

static void
marks_of_nftables_are_shown(void)
{
	static int any;
	const struct tc_marker marker = { .arg = &any, .flows = marks_of };
	struct fix *f = opened();
	const struct tc_flow flow = fix_flow(7, 5004);

	T_EQ(fix_add(f, &flow).error, 0);
	cli->marker = &marker;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("; DSCP 34\n");
	cli->marker = NULL;
	T_EQ(cli_do(cli_show), CLI_DONE);
	T_CHECK(!strstr(cli->out, "DSCP"), "%s", cli->out);
	fix_free(f);
	cli_end();
}

/* Each counter has seen three packets: fragments of either family, and what
 * has headers of IPv6. */
static int
acts(void *arg, const struct tc_action_kind *kind, tc_gact_fn *tell,
	void *tell_arg)
{
	const struct tc_dry *dry = (const struct tc_dry *)arg;

	for (size_t i = 0; i < dry->objects.count; i++) {
		const struct tc_extra *x = dry->objects.all[i].extra;

		for (size_t k = 0; x && k < x->action_count; k++)
			if (x->actions[k].kind == kind)
				tell(tell_arg,
					&(const struct tc_gact_count){
						.index = x->actions[k].index,
						.packets = 3 });
	}
	return 0;
}

static void
hidden_packets_are_shown(void)
{
	struct fix *f = opened();
	struct tc_flow flow = fix_flow(7, 5004);
	json_t *root;
	json_t *shown;

	f->kernel.acts = cli->kernel.acts = acts;
	flow.filter_count = 2;
	flow.filters[1] = fix_filter("2001:db8::2", "2001:db8::1", 5004, 6000);
	T_EQ(fix_add(f, &flow).error, 0);
	for (int i = 0; tc_hidden_next(f->link).us != MONO_NEVER.us && i < 20;
		i++) {
		f->now = tc_hidden_next(f->link);
		T_EQ(tc_hidden_step(f->link, &f->kernel, f->now, &f->listener),
			0);
	}
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("CL; 6 fragments as best effort; 3 packets with extension "
		    "headers as best effort\n");
	cli_out_has("; excess reshaped; 6 fragments as best effort; 3 packets "
		    "with extension headers as best effort\n");
	root = as_json();
	shown = at(root, "interfaces", 2);
	T_EQ(number(shown, "hidden_fragments"), 6);
	T_EQ(number(shown, "hidden_extensions"), 3);
	shown = at(shown, "flows", 0);
	T_EQ(number(shown, "hidden_fragments"), 6);
	T_EQ(number(shown, "hidden_extensions"), 3);
	json_decref(root);
	fix_free(f);
	cli_end();
}

/* ---- what is not managed ------------------------------------------------- */

static void
put(const struct tc_object *o)
{
	struct tc_object *to = tc_objects_add(&cli->dry.objects);

	*to = *o;
}

/* A tree of prio on eth0. */
static void
foreign_tree(void)
{
	put(&(struct tc_object){ .type = TC_QDISC_ROOT,
		.ifindex = 2,
		.parent = TC_PARENT_ROOT,
		.handle = 0x10000,
		.kind = &tc_kind_prio,
		.prio = { .bands = 3 } });
	put(&(struct tc_object){ .type = TC_QDISC_LEAF,
		.ifindex = 2,
		.parent = 0x10001,
		.handle = 0x100000,
		.kind = &tc_kind_pfifo,
		.fifo = { .limit = 10 } });
	cli->counts[0] = (struct tree_count){ .handle = 0x100000,
		.parent = 0x10001,
		.bytes = 1500,
		.packets = 2,
		.drops = 3,
		.overlimits = 4,
		.backlog_bytes = 5 };
	cli->count_count = 1;
}

static void
another_tree_is_drawn(void)
{
	json_t *root;
	json_t *tree;

	cli_begin();
	foreign_tree();
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed (root qdisc: prio 1:)\n");
	cli_out_has("pfifo");
	cli_out_has("2 packets");
	root = as_json();
	T_CHECK(!json_object_get(at(root, "interfaces", 0), "tree"),
		"a tree of nothing");
	tree = at(root, "interfaces", 1);
	T_CHECK(json_is_false(json_object_get(tree, "managed")), "managed");
	T_STR(string(tree, "root"), "prio 1:");
	T_EQ(number(tree, "ifindex"), 2);
	T_EQ(json_array_size(json_object_get(tree, "tree")), 2);
	T_STR(string(at(tree, "tree", 0), "type"), "qdisc");
	T_STR(string(at(tree, "tree", 0), "parent"), "ffff:ffff");
	T_CHECK(!json_object_get(at(tree, "tree", 0), "bytes"), "counted");
	tree = at(tree, "tree", 1);
	T_STR(string(tree, "type"), "qdisc");
	T_STR(string(tree, "parent"), "1:1");
	T_CHECK(strstr(string(tree, "text"), "pfifo"), "text");
	T_EQ(number(tree, "bytes"), 1500);
	T_EQ(number(tree, "packets"), 2);
	T_EQ(number(tree, "drops"), 3);
	T_EQ(number(tree, "overlimits"), 4);
	T_EQ(number(tree, "backlog_bytes"), 5);
	json_decref(root);
	cli_end();
}

static int
show(void)
{
	return cli_do(cli_show);
}

static void
what_there_is_no_memory_for_is_no_answer(void)
{
	made(FILE_OF("", GS));
	foreign_filter();
	cli->options.iface = "eth0";
	cli_needs_memory(show);
	cli_end();
	cli_begin();
	foreign_tree();
	cli->options.iface = "eth0";
	cli_needs_memory(show);
	cli->options.iface = "eth1";
	cli_needs_memory(show);
	cli_end();
}

static void
a_root_that_is_not_known_has_its_name(void)
{
	struct tc_object o = { .type = TC_QDISC_ROOT,
		.ifindex = 2,
		.parent = TC_PARENT_ROOT,
		.handle = 0x80010000,
		.kind = &tc_kind_other,
		.name = "cake" };

	cli_begin();
	put(&o);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed (root qdisc: cake 8001:)\n");
	cli->dry.objects.all[0].handle = 0;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed (root qdisc: the kernel's default)\n");
	cli_end();
}

/* Ours is known by number, kind and layout. */
static void
a_tree_like_ours_is_not_ours(void)
{
	struct tc_object *root = NULL;
	struct tc_object own;

	made(FILE_OF("", GS));
	for (size_t i = 0; i < cli->dry.objects.count; i++)
		if (cli->dry.objects.all[i].type == TC_QDISC_ROOT)
			root = &cli->dry.objects.all[i];
	T_CHECK(root, "no root");
	own = *root;
	root->root.r2q = TC_LAYOUT_MARK | (TC_LAYOUT_VERSION + 1);
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed (root qdisc: htb 52:)\n");
	root->root.r2q = 10;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed");
	*root = own;
	root->kind = &tc_kind_prio;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed");
	*root = own;
	root->handle = 0x510000;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: not managed");
	*root = own;
	root->root.r2q = TC_LAYOUT_MARK; /* an older one */
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: link");
	cli_end();
}

/* A tree of which the classes are gone is shown as it is. */
static void
a_damaged_tree_is_shown(void)
{
	made(FILE_OF("", ""));
	for (size_t i = 0; i < cli->dry.objects.count;)
		if (cli->dry.objects.all[i].type == TC_QDISC_ROOT)
			i++;
		else
			cli->dry.objects.all[i] =
				cli->dry.objects.all[--cli->dry.objects.count];
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_out_has("eth0: link 0 bit/s, best effort 0 bit/s (?), control 0 "
		    "bit/s, idle classes 0 GS 0 CL\n");
	json_decref(as_json());
	cli_end();
}

/* ---- which, and errors --------------------------------------------------- */

static void
one_interface_can_be_asked_for(void)
{
	json_t *root;

	cli_begin();
	cli->options.iface = "eth1";
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_expect_out("eth1: not managed (root qdisc: the kernel's "
		       "default)\n");
	root = as_json();
	T_EQ(json_array_size(json_object_get(root, "interfaces")), 1);
	json_decref(root);
	cli->options.iface = "eth7";
	T_EQ(cli_do(cli_show), CLI_REFUSED);
	cli_expect_out("");
	cli_expect_err("tcctl: there is no interface eth7\n");
	cli_end();
}

/* Names of interfaces may have any octets. */
static void
a_name_that_is_not_utf8_is_escaped(void)
{
	json_t *root;

	cli_begin();
	(void)text_copy(cli->links[1].name, TC_NAME, "caf\xe9");
	root = as_json();
	T_EQ(json_array_size(json_object_get(root, "interfaces")), 3);
	T_STR(string(at(root, "interfaces", 1), "name"), "caf\\xe9");
	json_decref(root);
	cli_end();
}

static void
a_host_without_interfaces_is_no_error(void)
{
	cli_begin();
	cli->link_count = 0;
	T_EQ(cli_do(cli_show), CLI_DONE);
	cli_expect_out("");
	cli_expect_err("");
	cli_end();
}

static void
what_cannot_be_asked_is_said(void)
{
	cli_begin();
	cli->fail_conn = EMFILE;
	T_EQ(cli_do(cli_show), CLI_UNREACHABLE);
	cli_expect_err("tcctl: netlink: Too many open files\n");
	cli->fail_conn = 0;
	cli->fail_host = EMFILE;
	T_EQ(cli_do(cli_show), CLI_UNREACHABLE);
	cli_expect_err("tcctl: netlink: Too many open files\n");
	cli->fail_host = 0;
	cli->fail_names = ENOMEM;
	T_EQ(cli_do(cli_show), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Cannot allocate "
		       "memory\n");
	cli->fail_names = 0;
	cli->fail_dump = EIO;
	T_EQ(cli_do(cli_show), CLI_UNREACHABLE);
	cli_expect_out("");
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli->fail_dump = 0;
	cli->fail_counts = EIO;
	cli->options.json = true;
	T_EQ(cli_do(cli_show), CLI_UNREACHABLE);
	cli_expect_out("");
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli_end();
}

static struct t_case cases[] = {
	{ "a managed interface is shown with its flows",
		a_managed_interface_is_shown_with_its_flows },
	{ "ports of both ends are shown", ports_of_both_ends_are_shown },
	{ "flows are in order", flows_are_in_order },
	{ "the same as JSON", the_same_as_json },
	{ "settings are read off the tree", settings_are_read_off_the_tree },
	{ "counters begin with the flow", counters_begin_with_the_flow },
	{ "classes without a flow are idle", classes_without_a_flow_are_idle },
	{ "strangers are named", strangers_are_named },
	{ "excess and marks are shown", excess_and_marks_are_shown },
	{ "marks of nftables are shown", marks_of_nftables_are_shown },
	{ "hidden packets are shown", hidden_packets_are_shown },
	{ "another tree is drawn", another_tree_is_drawn },
	{ "a root that is not known has its name",
		a_root_that_is_not_known_has_its_name },
	{ "what there is no memory for is no answer",
		what_there_is_no_memory_for_is_no_answer },
	{ "a tree like ours is not ours", a_tree_like_ours_is_not_ours },
	{ "a damaged tree is shown", a_damaged_tree_is_shown },
	{ "one interface can be asked for", one_interface_can_be_asked_for },
	{ "a name that is not UTF-8 is escaped",
		a_name_that_is_not_utf8_is_escaped },
	{ "a host without interfaces is no error",
		a_host_without_interfaces_is_no_error },
	{ "what cannot be asked is said", what_cannot_be_asked_is_said },
};
T_MAIN(cases)
