/* SPDX-License-Identifier: ISC */

/* Interfaces with their reservations, from a file: tcctl/apply.c. */

#include "tc_cli_t.h"

#include <errno.h>
#include <jansson.h>

#define ETH0 "{\"name\":\"eth0\",\"link\":\"10 Mbit\""
#define FLOW(id, more)                                                         \
	"{\"id\":" id ",\"service\":\"GS\",\"rate\":100000,"                   \
	"\"bucket\":3000,\"buffer\":20000,\"filters\":[{\"dst\":\"10.0.0.2\"," \
	"\"dst_port\":" id "}]" more "}"
#define FILE_OF(flows) "{\"interfaces\":[" ETH0 ",\"flows\":[" flows "]}]}"

/* Flows that the kernel has, by the nodes that lead to a class. */
static size_t
nodes(void)
{
	size_t n = 0;

	for (size_t i = 0; i < cli->dry.objects.count; i++) {
		const struct tc_object *o = &cli->dry.objects.all[i];

		n += o->type == TC_FILTER && o->ifindex == 2 &&
		     (o->u32.classid & 0xffff) >= 0x100;
	}
	return n;
}

static uint64_t
rate_of(uint32_t handle)
{
	for (size_t i = 0; i < cli->dry.objects.count; i++)
		if (cli->dry.objects.all[i].type == TC_CLASS &&
			cli->dry.objects.all[i].handle == handle)
			return cli->dry.objects.all[i].htb.rate_Bps;
	return 0;
}

static void
a_tree_with_its_flows_is_made_and_told(void)
{
	size_t told;

	cli_begin();
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_DONE);
	cli_expect_err("");
	T_EQ(nodes(), 2);
	cli_out_has("add qdisc 52: on eth0 htb");
	T_CHECK(strstr(cli->out, "52:100"), "%s", cli->out);
	/* What is told is what was done. */
	told = cli_lines(cli->out);
	T_CHECK(told > 20, "%zu lines", told);
	/* Once more, and there is nothing to do. */
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_DONE);
	cli_expect_err("");
	cli_expect_out("");
	cli_end();
}

/* The class above the flows of a service shows their sum at once. */
static void
the_sum_of_the_flows_is_brought_up_to_date(void)
{
	uint64_t one;

	cli_begin();
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	one = rate_of(tc_classid(TC_MINOR_GS));
	T_CHECK(one > 0, "no class");
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_DONE);
	T_CHECK(rate_of(tc_classid(TC_MINOR_GS)) > one, "not their sum");
	cli_end();
}

static void
flows_that_are_not_wanted_go(void)
{
	cli_begin();
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_DONE);
	T_EQ(cli_apply_text(FILE_OF(FLOW("9", ""))), CLI_DONE);
	cli_expect_err("");
	T_EQ(nodes(), 1);
	cli_out_has("delete filter");
	cli_out_has("add filter");
	T_CHECK(strstr(cli->out, "delete filter") <
			strstr(cli->out, "add filter"),
		"those that go make room");
	T_EQ(cli_apply_text(FILE_OF("")), CLI_DONE);
	T_EQ(nodes(), 0);
	cli_end();
}

static void
what_cannot_be_read_is_said(void)
{
	cli_begin();
	T_EQ(cli_apply_text("{}"), CLI_USAGE);
	cli_expect_err("tcctl: file: interfaces: is missing\n");
	cli_expect_out("");
	cli_end();
}

/* ---- what the kernel says ------------------------------------------------ */

static bool
lacks_leaf(void *arg, const struct tc_object *o, char text[TC_KERNEL_TEXT])
{
	(void)arg;
	(void)text_copy(text, TC_KERNEL_TEXT, "it has none");
	return o->type == TC_QDISC_LEAF && o->parent >= tc_classid(0x100);
}

/* That of the first flow alone. */
static bool
lacks_one(void *arg, const struct tc_object *o, char text[TC_KERNEL_TEXT])
{
	(void)arg;
	text[0] = '\0';
	return o->type == TC_CLASS && o->handle == tc_classid(0x100);
}

static void
a_flow_that_is_refused_is_said_and_the_others_come(void)
{
	cli_begin();
	cli->dry.lacks = lacks_one;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_REFUSED);
	cli_err_has("tcctl: eth0: flow 7: ");
	T_EQ(cli_lines(cli->err), 1);
	T_EQ(nodes(), 1);
	cli_end();
}

static bool
lacks_root(void *arg, const struct tc_object *o, char text[TC_KERNEL_TEXT])
{
	(void)arg;
	text[0] = '\0';
	return o->type == TC_QDISC_ROOT;
}

static void
what_the_kernel_refuses_is_said(void)
{
	cli_begin();
	cli->dry.lacks = lacks_leaf;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_REFUSED);
	cli_err_has("tcctl: eth0: flow 7: ");
	cli_err_has("it has none");
	T_EQ(cli_lines(cli->err), 1);
	T_EQ(nodes(), 0);
	cli_end();
	cli_begin();
	cli->dry.lacks = lacks_root;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_REFUSED);
	cli_err_has("tcctl: eth0: ");
	T_EQ(cli_lines(cli->err), 1);
	T_EQ(cli->dry.objects.count, 0);
	cli_expect_out("");
	cli_end();
}

static void
a_conversation_that_fails_is_said(void)
{
	cli_begin();
	cli->fail_conn = EMFILE;
	T_EQ(cli_apply_text(FILE_OF("")), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Too many open "
		       "files\n");
	cli->fail_conn = 0;
	cli->fail_run = EIO;
	T_EQ(cli_apply_text(FILE_OF("")), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli->fail_run = 0;
	cli->options.plan = true;
	cli->fail_dump = EIO;
	T_EQ(cli_apply_text(FILE_OF("")), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli_end();
}

/* The second interface of a file comes after one that is refused, and not
 * after a failure. */
static void
the_next_interface_is_done_as_well(void)
{
	cli_begin();
	cli->dry.lacks = lacks_leaf;
	T_EQ(cli_apply_text("{\"interfaces\":[" ETH0 ",\"flows\":[" FLOW(
		     "7", "") "]},"
			      "{\"name\":\"eth1\",\"link\":\"10 Mbit\"}]}"),
		CLI_REFUSED);
	cli_out_has("add qdisc 52: on eth1 htb");
	cli_end();
}

/* ---- whose it is --------------------------------------------------------- */

static void
what_rsvpd_manages_is_left_to_it(void)
{
	size_t before;

	cli_begin();
	cli->options.lock = -1;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	before = cli->dry.objects.count;
	T_EQ(cli_apply_text(FILE_OF(FLOW("8", ""))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: a running rsvpd manages this interface; "
		       "change its configuration, or stop it first\n");
	cli_expect_out("");
	T_EQ(cli->dry.objects.count, before);
	T_EQ(nodes(), 1);
	cli->options.lock = 5; /* it does not run */
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", "") "," FLOW("8", ""))),
		CLI_DONE);
	T_EQ(nodes(), 2);
	cli_end();
}

/* ---- plans --------------------------------------------------------------- */

static void
a_plan_says_what_apply_does_and_does_nothing(void)
{
	char *plan;

	cli_begin();
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	cli->options.plan = true;
	T_EQ(cli_apply_text(FILE_OF(FLOW("8", "") "," FLOW("9", ""))),
		CLI_DONE);
	cli_expect_err("");
	T_EQ(nodes(), 1);
	plan = strdup(cli->out);
	T_CHECK(plan && cli_lines(plan) > 4, "no plan");
	cli->options.plan = false;
	T_EQ(cli_apply_text(FILE_OF(FLOW("8", "") "," FLOW("9", ""))),
		CLI_DONE);
	cli_expect_out(plan);
	free(plan);
	cli_end();
}

static void
a_plan_says_what_the_kernel_lacks(void)
{
	cli_begin();
	cli->options.plan = true;
	cli_lacks("htb");
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_REFUSED);
	cli_err_has("this kernel has no sch_htb");
	cli->lack_count = 0;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	cli_expect_err("");
	cli_end();
}

static void
what_cannot_be_tried_is_planned_all_the_same(void)
{
	cli_begin();
	cli->options.plan = true;
	cli->fail_unshare = EPERM;
	cli_lacks("htb");
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	cli_expect_err("tcctl: which kinds this kernel has cannot be tried out "
		       "(Operation not permitted): there may be some in the "
		       "plan that it lacks\n");
	cli_out_has("add qdisc 52: on eth0 htb");
	cli_end();
}

static void
as_json_it_is_one_object_with_the_problem(void)
{
	json_error_t error;
	json_t *root;
	json_t *all;
	const char *text;

	cli_begin();
	cli->options.json = true;
	cli->dry.lacks = lacks_leaf;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_REFUSED);
	root = json_loads(cli->out, 0, &error);
	T_CHECK(root, "%s", error.text);
	all = json_object_get(root, "operations");
	T_CHECK(json_array_size(all) > 10, "operations");
	text = json_string_value(
		json_object_get(json_array_get(all, 0), "text"));
	T_CHECK(text && strncmp(text, "add qdisc", 9) == 0, "%s", text);
	T_STR(json_string_value(
		      json_object_get(json_array_get(all, 0), "interface")),
		"eth0");
	T_STR(json_string_value(
		      json_object_get(json_array_get(all, 0), "operation")),
		"add");
	text = json_string_value(json_object_get(root, "problem"));
	T_CHECK(text && strncmp(text, "eth0: flow 7: ", 14) == 0, "%s", text);
	json_decref(root);
	cli->dry.lacks = NULL;
	T_EQ(cli_apply_text(FILE_OF(FLOW("7", ""))), CLI_DONE);
	root = json_loads(cli->out, 0, &error);
	T_CHECK(json_is_null(json_object_get(root, "problem")), "a problem");
	json_decref(root);
	cli_end();
}

/* Everything that operations are told with. */
static int
tell(const struct cli_options *options)
{
	struct out_json *json = out_json_new();

	T_CHECK(json, "memory");
	out_json_line(json, "add", "caf\xe9", "interface caf\xe9", "all of it");
	out_json_line(json, "delete", "eth0", "interface eth0", "that too");
	out_json_lacks(json, "ifb");
	return out_json_end(
		json, options->iface ? CLI_DONE : CLI_UNREACHABLE, "\xe9");
}

static int
do_tell(void)
{
	return cli_do(tell);
}

static void
what_there_is_no_memory_for_is_no_answer(void)
{
	cli_begin();
	cli->options.iface = "eth0";
	T_EQ(do_tell(), CLI_DONE);
	cli_out_has("\"interface\": \"caf\\\\xe9\"");
	cli_out_has("\"lacks\": \"ifb\"");
	cli_out_has("\"problem\": \"\\\\xe9\"");
	cli_needs_memory(do_tell);
	cli->options.iface = NULL;
	cli_needs_memory(do_tell);
	cli_end();
}

/* ---- many ---------------------------------------------------------------- */

static void
more_flows_than_a_batch_holds_come_and_go(void)
{
	enum { FLOWS = 300 };
	static char text[1 << 17];
	struct text t = text_over(text, sizeof(text));

	cli_begin();
	text_add(&t, "{\"interfaces\":[" ETH0 ",\"flows\":[");
	for (int i = 0; i < FLOWS; i++)
		text_printf(&t,
			"%s{\"id\":%d,\"service\":\"GS\",\"rate\":1000,"
			"\"buffer\":20000,\"filters\":[{\"dst\":\"10.0.0.2\","
			"\"dst_port\":%d}]}",
			i > 0 ? "," : "", i + 1, i + 1);
	text_add(&t, "]}]}");
	T_CHECK(!t.cut, "too long");
	T_EQ(cli_apply_text(text), CLI_DONE);
	cli_expect_err("");
	T_EQ(nodes(), FLOWS);
	T_EQ(cli_apply_text(FILE_OF("")), CLI_DONE);
	cli_expect_err("");
	T_EQ(nodes(), 0);
	cli_end();
}

/* ---- memory -------------------------------------------------------------- */

static int
once_more(const struct cli_options *options)
{
	static const char text[] = FILE_OF(FLOW("7", "") "," FLOW("8", ""));
	const struct cli_file file = {
		.path = "file", .text = text, .len = sizeof(text) - 1
	};

	return apply_want(options, &file);
}

static void
no_memory_is_kept(void)
{
	cli_begin();
	cli_keeps_nothing(once_more);
	cli->options.plan = true;
	cli_keeps_nothing(once_more);
	cli_lacks("htb");
	cli_keeps_nothing(once_more);
	cli->options.json = true;
	cli_keeps_nothing(once_more);
	cli->options.plan = false;
	cli->fail_dump = EIO;
	cli_keeps_nothing(once_more);
	cli_end();
}

static struct t_case cases[] = {
	{ "a tree with its flows is made and told",
		a_tree_with_its_flows_is_made_and_told },
	{ "the sum of the flows is brought up to date",
		the_sum_of_the_flows_is_brought_up_to_date },
	{ "flows that are not wanted go", flows_that_are_not_wanted_go },
	{ "a flow that is refused is said, and the others come",
		a_flow_that_is_refused_is_said_and_the_others_come },
	{ "what cannot be read is said", what_cannot_be_read_is_said },
	{ "what the kernel refuses is said", what_the_kernel_refuses_is_said },
	{ "a conversation that fails is said",
		a_conversation_that_fails_is_said },
	{ "the next interface is done as well",
		the_next_interface_is_done_as_well },
	{ "what rsvpd manages is left to it",
		what_rsvpd_manages_is_left_to_it },
	{ "a plan says what apply does, and does nothing",
		a_plan_says_what_apply_does_and_does_nothing },
	{ "a plan says what the kernel lacks",
		a_plan_says_what_the_kernel_lacks },
	{ "what cannot be tried is planned all the same",
		what_cannot_be_tried_is_planned_all_the_same },
	{ "as JSON it is one object, with the problem",
		as_json_it_is_one_object_with_the_problem },
	{ "what there is no memory for is no answer",
		what_there_is_no_memory_for_is_no_answer },
	{ "no memory is kept", no_memory_is_kept },
	{ "more flows than a batch holds come and go",
		more_flows_than_a_batch_holds_come_and_go },
};
T_MAIN(cases)
