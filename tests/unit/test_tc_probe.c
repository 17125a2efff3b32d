/* SPDX-License-Identifier: ISC */

/* What this kernel has, tried in a network namespace: tcctl/probe.c,
 * tcctl/scratch.c, tcctl/out_probe_json.c. */

#include "t_fd.h"
#include "tc_cli_t.h"

#include <errno.h>
#include <jansson.h>

#include "tcctl/out_probe.h"

/* ---- tcctl probe --------------------------------------------------------- */

static void
a_kernel_that_has_everything_is_told_so(void)
{
	cli_begin();
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_expect_err("");
	cli_expect_out(
		"qdiscs: htb bfifo pfifo fq_codel sfq tbf prio red netem\n"
		"classifiers: u32 flower matchall fw bpf basic\n"
		"mark: act_pedit\n"
		"police: act_police\n"
		"remark: act_police\n"
		"shape: an HTB class\n"
		"connmark: act_connmark\n"
		"ingress: act_mirred to an ifb\n"
		"excess: demoted by act_police\n"
		"reserved-mark: act_pedit; out of profile is told by "
		"act_police\n"
		"hidden-ports: act_gact\n"
		"peak: act_police, or a tbf in the class\n"
		"enough for reservations; best effort: fq_codel\n");
	cli_end();
}

static void
small_kernel(void)
{
	static const char *const lacks[] = { "fq_codel", "sfq", "prio", "red",
		"netem", "flower", "matchall", "fw", "basic", "police", "pedit",
		"gact", "connmark" };

	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++)
		cli_lacks(lacks[i]);
}

static void
a_small_kernel_is_told_by_what_takes_its_place(void)
{
	cli_begin();
	small_kernel();
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_expect_err("");
	cli_expect_out(
		"qdiscs: htb bfifo pfifo -fq_codel -sfq tbf -prio -red "
		"-netem\n"
		"classifiers: u32 -flower -matchall -fw bpf -basic\n"
		"mark: none\n"
		"police: an HTB class with a queue of one packet\n"
		"remark: none\n"
		"shape: an HTB class\n"
		"connmark: none\n"
		"ingress: act_mirred to an ifb\n"
		"excess: reshaped\n"
		"reserved-mark: none\n"
		"hidden-ports: act_mirred to a block without interfaces\n"
		"peak: a tbf in the class\n"
		"enough for reservations; best effort: pfifo\n");
	cli_lacks("mirred");
	cli_lacks("tbf");
	cli_lacks("ifb");
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_out_has("ingress: none\n");
	cli_out_has("hidden-ports: none\n");
	cli_out_has("peak: none\n");
	cli_end();
}

static void
mirred_without_ifb_is_told(void)
{
	cli_begin();
	cli_lacks("ifb");
	cli_lacks("tbf");
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_out_has("ingress: act_mirred, and no ifb for it\n");
	cli_out_has("peak: act_police\n");
	cli_end();
}

static int marks_refused;

static int
mark(void *arg, const struct tc_mark_set *set, char text[TC_TEXT])
{
	(void)arg;
	(void)text;
	T_CHECK(cli->within, "marks of the host");
	T_EQ(set->count, 1);
	T_CHECK(set->rules[0].marks && set->rules[0].match_count == 1, "rule");
	T_STR(set->iface->name, "lo");
	return marks_refused;
}

static void
marks_of_nftables_are_tried_where_actions_are_missing(void)
{
	static int any;
	const struct tc_marker marker = { .arg = &any, .apply = mark };

	cli_begin();
	cli->marker = &marker;
	small_kernel();
	marks_refused = 0;
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_out_has("mark: nftables\n");
	cli_out_has("remark: nftables limit, its bucket one second of the rate "
		    "larger than asked for\n");
	cli_out_has("reserved-mark: nftables, all of it as in profile\n");
	marks_refused = EOPNOTSUPP;
	T_EQ(cli_do(cli_probe), CLI_DONE);
	cli_out_has("\nmark: none\n");
	cli_end();
}

static void
without_htb_it_is_not_enough(void)
{
	cli_begin();
	cli_lacks("htb");
	T_EQ(cli_do(cli_probe), CLI_REFUSED);
	cli_out_has("qdiscs: -htb bfifo");
	cli_out_has("shape: none\n");
	cli_out_has("not enough for reservations: ");
	cli_end();
}

static json_t *
member(json_t *root, const char *name)
{
	json_t *value = json_object_get(root, name);

	T_CHECK(value, "no %s", name);
	return value;
}

static void
as_json_it_says_the_same(void)
{
	json_error_t error;
	json_t *root;

	cli_begin();
	small_kernel();
	cli->options.json = true;
	T_EQ(cli_do(cli_probe), CLI_DONE);
	root = json_loads(cli->out, 0, &error);
	T_CHECK(root, "%s", error.text);
	T_EQ(json_object_size(root), 7);
	T_EQ(json_integer_value(member(root, "schema")), 1);
	T_CHECK(json_is_true(member(root, "enough")), "enough");
	T_STR(json_string_value(member(root, "problem")), "");
	T_STR(json_string_value(member(root, "best_effort")), "pfifo");
	T_EQ(json_object_size(member(root, "qdiscs")), 9);
	T_CHECK(json_is_true(member(member(root, "qdiscs"), "htb")), "htb");
	T_CHECK(json_is_false(member(member(root, "qdiscs"), "sfq")), "sfq");
	T_EQ(json_object_size(member(root, "classifiers")), 6);
	T_CHECK(json_is_true(member(member(root, "classifiers"), "u32")),
		"u32");
	T_CHECK(json_is_false(member(member(root, "classifiers"), "fw")), "fw");
	T_EQ(json_object_size(member(root, "functions")), 10);
	T_CHECK(json_is_null(member(member(root, "functions"), "mark")),
		"mark");
	T_STR(json_string_value(member(member(root, "functions"), "shape")),
		"an HTB class");
	T_EQ(cli->out[strlen(cli->out) - 1], '\n');
	json_decref(root);
	cli_lacks("htb");
	T_EQ(cli_do(cli_probe), CLI_REFUSED);
	root = json_loads(cli->out, 0, &error);
	T_CHECK(json_is_false(member(root, "enough")), "enough");
	T_CHECK(json_string_value(member(root, "problem"))[0] != '\0',
		"no problem");
	json_decref(root);
	cli_end();
}

static int
probe(void)
{
	return cli_do(cli_probe);
}

static void
what_there_is_no_memory_for_is_no_answer(void)
{
	cli_begin();
	small_kernel();
	cli_needs_memory(probe);
	cli_lacks("htb");
	cli_needs_memory(probe);
	cli_end();
}

static void
what_cannot_be_tried_is_said(void)
{
	cli_begin();
	cli->fail_unshare = EPERM;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli_expect_out("");
	cli_expect_err("tcctl: a network namespace to try it in: Operation not "
		       "permitted\n");
	cli->fail_unshare = 0;
	cli->fail_run = EIO;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli_expect_out("");
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli->fail_run = 0;
	cli->refuse_tried = EPERM;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Operation not "
		       "permitted\n");
	cli->refuse_tried = EACCES;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Permission "
		       "denied\n");
	cli->refuse_tried = 0;
	cli->refuse_class = EPERM;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli_expect_out("");
	cli->refuse_class = EACCES;
	T_EQ(cli_do(cli_probe), CLI_UNREACHABLE);
	cli->refuse_class = ENOSPC; /* that is an answer */
	T_EQ(cli_do(cli_probe), CLI_REFUSED);
	cli_out_has("not enough for reservations: ");
	cli_end();
}

/* ---- the namespace ------------------------------------------------------- */

static void
a_plan_comes_home_from_the_namespace(void)
{
	const int fd = t_free_fd();
	struct tc_scratch s;

	cli_begin();
	T_EQ(tc_scratch_open(&s, false), 0);
	T_EQ(t_free_fd(), fd);
	T_CHECK(!cli->within, "not home");
	T_EQ(s.ifindex, 1);
	T_EQ(cli->open, 2);
	tc_scratch_close(&s);
	T_EQ(cli->open, 0);
	tc_scratch_close(&s); /* and once more */
	T_EQ(tc_scratch_open(&s, true), 0);
	T_CHECK(cli->within, "home");
	tc_scratch_close(&s);
	cli_end();
}

static void
what_fails_on_the_way_leaves_nothing_open(void)
{
	struct tc_scratch s;

	for (size_t i = 0; i < 5; i++) {
		cli_begin();
		cli->fail_unshare = i == 0 ? ENOSPC : 0;
		cli->fail_conn = i == 1 ? EMFILE : 0;
		cli->fail_host = i == 2 ? ENFILE : 0;
		cli->fail_lo = i == 3 ? ENXIO : 0;
		cli->fail_setns = i == 4 ? EPERM : 0;
		T_EQ(tc_scratch_open(&s, false), i == 0   ? -ENOSPC
						 : i == 1 ? -EMFILE
						 : i == 2 ? -ENFILE
						 : i == 3 ? -ENXIO
							  : -EPERM);
		T_EQ(cli->open, 0);
		/* All but the last come home. */
		T_EQ(cli->within, i == 4);
		T_CHECK(!s.conn && !s.host, "open");
		cli_end();
	}
}

/* ---- parts --------------------------------------------------------------- */

static struct tc_scratch *
opened(void)
{
	static struct tc_scratch s;

	cli_begin();
	T_EQ(tc_scratch_open(&s, false), 0);
	return &s;
}

static void
closed(struct tc_scratch *s)
{
	T_EQ(tc_scratch_clear(s), 0);
	T_EQ(cli->scratch.objects.count, 0);
	tc_scratch_close(s);
	cli_end();
}

static bool
has(struct tc_scratch *s, enum tc_part part, const char *name)
{
	bool there = false;

	T_EQ(tc_scratch_has(s, part, name, &there), 0);
	T_EQ(cli->left, 0); /* what was tried has gone again */
	return there;
}

static void
each_part_is_there_or_missing(void)
{
	struct tc_scratch *s = opened();

	cli_lacks("sfq");
	cli_lacks("fw");
	cli_lacks("police");
	T_CHECK(has(s, TC_PART_QDISC, "htb"), "htb");
	T_CHECK(has(s, TC_PART_QDISC, "ingress"), "ingress");
	T_CHECK(has(s, TC_PART_QDISC, "clsact"), "clsact");
	T_CHECK(!has(s, TC_PART_QDISC, "sfq"), "sfq");
	T_CHECK(has(s, TC_PART_CLASSIFIER, "flower"), "flower");
	T_CHECK(!has(s, TC_PART_CLASSIFIER, "fw"), "fw");
	T_CHECK(has(s, TC_PART_ACTION, "gact"), "gact");
	T_CHECK(!has(s, TC_PART_ACTION, "police"), "police");
	T_CHECK(has(s, TC_PART_U32_MARK, ""), "marks");
	T_CHECK(has(s, TC_PART_IFB, ""), "ifb");
	T_CHECK(has(s, TC_PART_QDISC, "tbf"), "a qdisc after filters");
	closed(s);
}

static void
a_kernel_that_forgets_marks_has_none(void)
{
	struct tc_scratch *s = opened();

	cli_lacks("mark");
	cli_lacks("ifb");
	T_CHECK(!has(s, TC_PART_U32_MARK, ""), "marks");
	T_CHECK(!has(s, TC_PART_IFB, ""), "ifb");
	closed(s);
}

/* Filters hang on ingress, or on htb where that is missing. */
static void
filters_are_tried_where_there_is_a_place(void)
{
	struct tc_scratch *s = opened();

	T_CHECK(has(s, TC_PART_CLASSIFIER, "u32"), "u32");
	T_EQ(cli->scratch.objects.count, 1);
	T_CHECK(cli->scratch.objects.all[0].kind == &tc_kind_ingress, "place");
	closed(s);
	s = opened();
	cli_lacks("ingress");
	T_CHECK(has(s, TC_PART_CLASSIFIER, "u32"), "u32");
	T_EQ(cli->scratch.objects.count, 1);
	T_CHECK(cli->scratch.objects.all[0].kind == &tc_kind_htb_root, "place");
	closed(s);
}

static void
each_part_is_tried_once(void)
{
	struct tc_scratch *s = opened();
	size_t tries;

	cli_lacks("sfq");
	(void)has(s, TC_PART_QDISC, "htb");
	(void)has(s, TC_PART_QDISC, "sfq");
	(void)has(s, TC_PART_CLASSIFIER, "htb"); /* is another thing */
	tries = cli->tries;
	T_CHECK(has(s, TC_PART_QDISC, "htb"), "htb");
	T_CHECK(!has(s, TC_PART_QDISC, "sfq"), "sfq");
	T_CHECK(has(s, TC_PART_CLASSIFIER, "htb"), "classifier");
	T_EQ(cli->tries, tries);
	T_EQ(s->tried_count, 3);
	closed(s);
}

/* What there is no room to remember is tried again. */
static void
more_parts_than_are_remembered(void)
{
	struct tc_scratch *s = opened();
	char name[TC_NAME];
	struct text t;
	size_t tries;

	for (int i = 0; i <= TC_PARTS_TRIED; i++) {
		t = text_over(name, sizeof(name));
		text_printf(&t, "kind%d", i);
		T_CHECK(has(s, TC_PART_QDISC, name), "%s", name);
	}
	T_EQ(s->tried_count, TC_PARTS_TRIED);
	tries = cli->tries;
	T_CHECK(has(s, TC_PART_QDISC, "kind63"), "the last one");
	T_EQ(cli->tries, tries);
	T_CHECK(has(s, TC_PART_QDISC, "kind64"), "one more");
	T_CHECK(cli->tries > tries, "remembered");
	closed(s);
}

static void
a_failure_is_not_taken_for_an_answer(void)
{
	static const enum tc_part parts[] = { TC_PART_QDISC, TC_PART_CLASSIFIER,
		TC_PART_ACTION, TC_PART_U32_MARK, TC_PART_IFB };
	bool there = false;

	for (size_t i = 0; i < 5; i++) {
		struct tc_scratch *s = opened();

		cli->fail_run = EIO;
		T_EQ(tc_scratch_has(s, parts[i], "sfq", &there), -EIO);
		T_EQ(s->tried_count, 0);
		cli->fail_run = 0;
		T_CHECK(has(s, parts[i], "sfq"), "not tried again");
		closed(s);
	}
}

/* ---- objects ------------------------------------------------------------- */

static const char *
lack_of(struct tc_scratch *s, const struct tc_object *o)
{
	static char text[TC_LACK_TEXT];

	T_EQ(tc_scratch_lacks(s, o, text), 0);
	return text;
}

static void
the_first_thing_that_an_object_lacks_is_named(void)
{
	struct tc_scratch *s = opened();
	struct tc_extra extra = { .action_count = 2,
		.actions = { { .kind = &tc_action_gact },
			{ .kind = &tc_action_police } } };
	struct tc_object o = { .type = TC_QDISC_LEAF, .kind = &tc_kind_sfq };

	T_STR(lack_of(s, &o), "");
	cli_lacks("tbf");
	o.kind = &tc_kind_tbf;
	T_STR(lack_of(s, &o), "sch_tbf");
	o = (struct tc_object){ .type = TC_FILTER, .kind = &tc_kind_u32 };
	T_STR(lack_of(s, &o), "");
	o.extra = &extra;
	cli_lacks("police");
	T_STR(lack_of(s, &o), "act_police");
	cli_lacks("gact");
	s->tried_count = 0;
	T_STR(lack_of(s, &o), "act_gact");
	cli_lacks("u32");
	s->tried_count = 0;
	T_STR(lack_of(s, &o), "cls_u32");
	o.kind = &tc_kind_other; /* nobody makes it */
	T_STR(lack_of(s, &o), "");
	closed(s);
}

static void
marks_and_ifbs_are_named(void)
{
	struct tc_scratch *s = opened();
	struct tc_extra extra = { .mark = 1, .mark_mask = 1 };
	const struct tc_object o = {
		.type = TC_FILTER, .kind = &tc_kind_u32, .extra = &extra
	};

	T_STR(lack_of(s, &o), "");
	cli_lacks("mark");
	s->tried_count = 0;
	T_STR(lack_of(s, &o), "marks in u32 (CLS_U32_MARK)");
	extra.mark_mask = 0;
	T_STR(lack_of(s, &o), "");
	closed(s);
}

static struct t_case cases[] = {
	{ "a kernel that has everything is told so",
		a_kernel_that_has_everything_is_told_so },
	{ "a small kernel is told by what takes its place",
		a_small_kernel_is_told_by_what_takes_its_place },
	{ "mirred without ifb is told", mirred_without_ifb_is_told },
	{ "marks of nftables are tried where actions are missing",
		marks_of_nftables_are_tried_where_actions_are_missing },
	{ "without htb it is not enough", without_htb_it_is_not_enough },
	{ "as JSON it says the same", as_json_it_says_the_same },
	{ "what there is no memory for is no answer",
		what_there_is_no_memory_for_is_no_answer },
	{ "what cannot be tried is said", what_cannot_be_tried_is_said },
	{ "a plan comes home from the namespace",
		a_plan_comes_home_from_the_namespace },
	{ "what fails on the way leaves nothing open",
		what_fails_on_the_way_leaves_nothing_open },
	{ "each part is there or missing", each_part_is_there_or_missing },
	{ "a kernel that forgets marks has none",
		a_kernel_that_forgets_marks_has_none },
	{ "filters are tried where there is a place",
		filters_are_tried_where_there_is_a_place },
	{ "each part is tried once", each_part_is_tried_once },
	{ "more parts than are remembered", more_parts_than_are_remembered },
	{ "a failure is not taken for an answer",
		a_failure_is_not_taken_for_an_answer },
	{ "the first thing that an object lacks is named",
		the_first_thing_that_an_object_lacks_is_named },
	{ "marks and ifbs are named", marks_and_ifbs_are_named },
};
T_MAIN(cases)
