/* SPDX-License-Identifier: ISC */

/* Descriptions planned, applied and taken back: tcctl/tree_apply.c,
 * tcctl/tree_off.c and what they share. */

#include "tc_tree_cli_t.h"

#include <jansson.h>

#define ON(name, more) "{name=\"" name "\";" more "}"
#define CONF(more)     "interfaces=(" more ");"
#define PFIFO          "root={kind=\"pfifo\";handle=\"7:\";limit=5;};"
#define OTHER          "root={kind=\"pfifo\";handle=\"8:\";limit=6;};"
#define PRIO                                                                   \
	"root={kind=\"prio\";handle=\"1:\";bands=3;classes=("                  \
	"{id=\"1:1\";queue={kind=\"sfq\";handle=\"10:\";};},"                  \
	"{id=\"1:2\";queue={kind=\"pfifo\";handle=\"20:\";limit=9;};});};"
#define POLICE                                                                 \
	"ingress={filters=({pref=50;match={src=\"0.0.0.0/0\";};class=\":1\";"  \
	"police={rate=\"1750 kbit/s\";burst=20480;exceed=\"drop\";};});};"

#define MARKS                                                                  \
	"marks=({match={proto=\"tcp\";sport=443;};dscp=0x22;},"                \
	"{match={proto=\"tcp\";dport=5060;};dscp=0x22;});"
#define IFB                                                                    \
	"ingress={filters=({pref=5;actions=({redirect=\"ifb\";});});};"        \
	"ifb={name=\"ifb0\";root={kind=\"pfifo\";handle=\"9:\";limit=7;};};"
#define PRIO_PLAN                                                              \
	"add qdisc 1: on eth0 prio bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 " \
	"1 1 1\n"                                                              \
	"add qdisc ffff: on eth0 ingress incoming\n"                           \
	"add qdisc 10: on eth0 parent 1:1 sfq \n"                              \
	"add qdisc 20: on eth0 parent 1:2 pfifo limit 9 packets\n"             \
	"add filter 50 0:0:800 of ffff: on eth0 u32 to 0:1 "                   \
	"00000000/00000000 at 12 police rate 1.75 Mbit/s burst 20479 B mtu "   \
	"2040 B conform pass exceed drop\n"

/* ---- plan, apply, off ---------------------------------------------------- */

static void
a_plan_is_told_and_nothing_is_done(void)
{
	bench_begin();
	T_EQ(plan(CONF(ON("eth0", PRIO POLICE))), CLI_DONE);
	cli_expect_out(PRIO_PLAN);
	cli_expect_err("");
	T_EQ(bench->steps, 0);
	T_CHECK(!has_record("eth0"), "a record");
	bench_end();
}

static void
what_is_applied_is_told_and_once_only(void)
{
	bench_begin();
	cli->options.lock = -1; /* rsvpd runs, on other interfaces */
	T_EQ(apply(CONF(ON("eth0", PRIO POLICE))), CLI_DONE);
	cli_expect_out(PRIO_PLAN);
	cli_expect_err("");
	T_CHECK(has_record("eth0"), "no record");
	T_EQ(bench->steps, 5);
	T_EQ(apply(CONF(ON("eth0", PRIO POLICE))), CLI_DONE);
	cli_expect_out("");
	T_EQ(bench->steps, 5);
	T_EQ(plan(CONF(ON("eth0", PRIO POLICE))), CLI_DONE);
	cli_expect_out("");
	/* Only what differs. */
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_DONE);
	T_CHECK(strstr(tree_on(2), "filter 50"), "the other side stays");
	bench_end();
}

static void
off_brings_back_the_defaults(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PRIO POLICE))), CLI_DONE);
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_err("");
	T_EQ(cli_lines(cli->out), 5);
	cli_out_has("delete qdisc 1: on eth0\n");
	T_STR(tree_on(2), "");
	T_CHECK(!has_record("eth0"), "a record");
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_err_has("tcctl: eth0: tcctl has changed nothing here since the "
		    "system started (no record in ");
	cli_expect_out("");
	T_EQ(off("eth7"), CLI_REFUSED);
	cli_err_has("tcctl: eth7: tcctl has changed nothing");
	bench_end();
}

static void
what_was_first_is_what_comes_back(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_DONE);
	cli_expect_err("");
	goes_off();
	bench_end();
}

static void
interfaces_of_a_file_are_each_its_own(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO) "," ON("eth1", OTHER))), CLI_DONE);
	cli_expect_out("add qdisc 7: on eth0 pfifo limit 5 packets\n"
		       "add qdisc 8: on eth1 pfifo limit 6 packets\n");
	goes_off();
	T_STR(tree_on(3), "qdisc 8: on it pfifo limit 6 packets\n");
	T_CHECK(has_record("eth1"), "no record");
	/* One that is as it should be holds up none. */
	T_EQ(apply(CONF(ON("eth1", OTHER) "," ON("eth0", PFIFO))), CLI_DONE);
	cli_expect_out("add qdisc 7: on eth0 pfifo limit 5 packets\n");
	bench_end();
}

/* ---- what is wrong with the file ----------------------------------------- */

static void
a_file_that_makes_no_sense_is_told_by_line(void)
{
	bench_begin();
	T_EQ(apply("nonsense = 1;\n"), CLI_USAGE);
	cli_err_has("tcctl: file:1: ");
	T_EQ(apply(CONF("\n" ON("eth0", PFIFO) ",\n" ON("eth7", PFIFO))),
		CLI_USAGE);
	cli_expect_err("tcctl: file:3: there is no interface eth7\n");
	cli_expect_out("");
	T_EQ(bench->steps, 0);
	bench_end();
}

static void
what_is_wrong_is_the_problem_in_json(void)
{
	json_error_t error;
	json_t *root;

	bench_begin();
	cli->options.json = true;
	T_EQ(apply(CONF(ON("eth7", PFIFO))), CLI_USAGE);
	root = json_loads(cli->out, 0, &error);
	T_STR(json_string_value(json_object_get(root, "problem")),
		"file:1: there is no interface eth7");
	json_decref(root);
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	root = json_loads(cli->out, 0, &error);
	T_CHECK(json_is_null(json_object_get(root, "problem")), "a problem");
	T_EQ(json_array_size(json_object_get(root, "operations")), 1);
	json_decref(root);
	bench_end();
}

/* ---- whose it is --------------------------------------------------------- */

/* A tree that another program has made. */
static void
foreign(uint32_t ifindex)
{
	struct tc_object *o = tc_objects_add(&bench->worlds[ifindex].objects);

	*o = (struct tc_object){ .type = TC_QDISC_ROOT,
		.ifindex = ifindex,
		.handle = 0x50000,
		.parent = TC_PARENT_ROOT,
		.kind = &tc_kind_bfifo,
		.fifo = { .limit = 4000 } };
}

#define FOREIGN "qdisc 5: on it bfifo limit 4000 B\n"

static void
a_foreign_tree_is_left_unless_told(void)
{
	bench_begin();
	foreign(2);
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	cli_expect_out("");
	cli_err_has("tcctl: eth0: the root qdisc ");
	cli_err_has(" was not made by tcctl");
	T_STR(tree_on(2), FOREIGN);
	T_EQ(plan(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	/* What does not touch it is no matter of it. */
	T_EQ(apply(CONF(ON("eth0", POLICE))), CLI_DONE);
	T_EQ(off("eth0"), CLI_DONE);
	T_STR(tree_on(2), FOREIGN);
	bench_end();
}

static void
a_tree_that_is_taken_over_comes_back(void)
{
	bench_begin();
	foreign(2);
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_DONE);
	cli_expect_err("");
	cli->options.take_over = false;
	/* It is ours now. */
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_err("");
	T_STR(tree_on(2), FOREIGN);
	/* By a word in the file as well. */
	T_EQ(apply(CONF(ON("eth0", "take_over=true;" PFIFO))), CLI_DONE);
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	bench_end();
}

static void
engine_tree(uint32_t ifindex)
{
	struct tc_object *o;

	foreign(ifindex);
	o = &bench->worlds[ifindex].objects.all[0];
	o->handle = TC_ROOT_HANDLE;
	o->kind = &tc_kind_htb_root;
	o->root.r2q = TC_LAYOUT_MARK | 2;
	o->root.direct_qlen = 1000;
}

/* Nothing is replaced that off would not find its way back to. */
static void
what_could_not_come_back_is_not_taken_over(void)
{
	bench_begin();
	engine_tree(2);
	bench->worlds[2].objects.all[0].root.direct_qlen =
		0; /* none has that */
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	cli_err_has("tcctl: eth0: what is there could not be brought back by "
		    "tcctl off, so it is left (remove it yourself: tc qdisc "
		    "del)\n");
	cli_err_has("tcctl: the record:3: direct_qlen: 0 is out of range");
	T_EQ(bench->steps, 0);
	T_CHECK(!has_record("eth0"), "a record");
	bench_end();
}

/* One side is ours; the other is taken over later, and comes back too. */
static void
sides_are_taken_over_one_by_one(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", POLICE))), CLI_DONE);
	foreign(2);
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PFIFO POLICE))), CLI_DONE);
	cli_expect_err("");
	T_CHECK(strstr(tree_on(2), "qdisc 7: on it pfifo"), "not taken over");
	cli->options.take_over = false;
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_err("");
	T_STR(tree_on(2), FOREIGN);
	bench_end();
}

static void
what_others_put_in_its_place_is_left_by_off(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	bench->worlds[2].objects.count = 0;
	foreign(2);
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_err_has("tcctl: eth0: qdisc bfifo 5:");
	cli_err_has("is not what tcctl made (");
	cli_err_has("left as it is (--take-over replaces it)");
	T_STR(tree_on(2), FOREIGN);
	T_CHECK(has_record("eth0"), "no record");
	cli->options.take_over = true;
	goes_off();
	bench_end();
}

static void
what_rsvpd_manages_is_left_to_it(void)
{
	bench_begin();
	engine_tree(2);
	cli->options.take_over = true;
	cli->options.lock = -1;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: a running rsvpd manages this interface; "
		       "change its configuration, or stop it first\n");
	T_EQ(bench->steps, 0);
	/* A plan may be made. */
	T_EQ(plan(CONF(ON("eth0", PFIFO))), CLI_DONE);
	cli->options.lock = 5; /* it does not run */
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	bench_end();
}

/* Between the look and the deed. */
static void
foreign_on_eth0(void)
{
	foreign(2);
}

static void
a_tree_that_came_meanwhile_is_left(void)
{
	bench_begin();
	bench->intrude_at = 2;
	bench->come = foreign_on_eth0;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	cli_err_has("tcctl: eth0: the root qdisc is another one by now (bfifo "
		    "5:");
	cli_err_has("left as it is");
	cli_expect_out("");
	T_STR(tree_on(2), FOREIGN);
	T_CHECK(!has_record("eth0"), "a record of nothing");
	bench_end();
}

/* ---- what the kernel refuses --------------------------------------------- */

/* Of two interfaces, at each step: both are as before, and there is no record
 * of anything. */
static void
whatever_is_refused_all_is_as_before(void)
{
	for (size_t n = 1;; n++) {
		int status;

		bench_begin();
		bench->refuse_at = n;
		status = apply(CONF(ON("eth0", PFIFO) "," ON("eth1", PRIO)));
		if (bench->steps < n) {
			T_EQ(status, CLI_DONE);
			T_EQ(n, 5);
			bench_end();
			return;
		}
		T_EQ(status, CLI_REFUSED);
		cli_err_has(n == 1 ? "tcctl: eth0: step 1 of 1: add qdisc 7:"
				   : "tcctl: eth1: step ");
		cli_err_has("no room");
		T_STR(tree_on(2), "");
		T_STR(tree_on(3), "");
		T_CHECK(!has_record("eth0") && !has_record("eth1"),
			"step %zu: a record", n);
		bench_end();
	}
}

/* A second file that is refused: the first stays in force, and its record. */
static void
a_refused_change_keeps_the_record(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	bench->refuse_at = bench->steps + 2;
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	bench->refuse_at = 0;
	goes_off();
	bench_end();
}

/* What was there before tcctl came is not forgotten over it. */
static void
a_refused_change_keeps_what_was_first(void)
{
	bench_begin();
	foreign(2);
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	cli->options.take_over = false;
	bench->refuse_at = bench->steps + 2;
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	T_EQ(off("eth0"), CLI_DONE);
	T_STR(tree_on(2), FOREIGN);
	bench_end();
}

static void
a_conversation_that_fails_is_said(void)
{
	bench_begin();
	cli->fail_conn = EMFILE;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Too many open "
		       "files\n");
	cli->fail_conn = 0;
	cli->fail_host = EMFILE;
	T_EQ(off("eth0"), CLI_UNREACHABLE);
	cli->fail_host = 0;
	cli->fail_dump = EIO;
	T_EQ(plan(CONF(ON("eth0", PFIFO))), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	cli->fail_dump = 0;
	cli->fail_run = EIO;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_UNREACHABLE);
	cli_err_has("tcctl: the kernel's traffic control: Input/output error");
	bench_end();
}

/* ---- the record ---------------------------------------------------------- */

static void
without_a_record_nothing_is_done(void)
{
	FILE *f;

	bench_begin();
	f = fopen(bench->state, "w");
	T_CHECK(f && fclose(f) == 0, "no file");
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	cli_err_has("tcctl: eth0: ");
	cli_err_has(bench->state);
	T_EQ(bench->steps, 0);
	T_EQ(unlink(bench->state), 0);
	bench_end();
}

/* ---- ifbs ---------------------------------------------------------------- */

static void
an_ifb_is_made_first_and_goes_with_off(void)
{
	bench_begin();
	T_EQ(plan(CONF(ON("eth0", IFB))), CLI_DONE);
	T_EQ(cli->link_count, 3);
	cli_out_has("add interface ifb0 ifb up txqueuelen ");
	cli_out_has("redirect to ifb0");
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	cli_expect_err("");
	T_EQ(cli->link_count, 4);
	T_STR(cli->links[3].name, "ifb0");
	T_CHECK(strncmp(cli->out, "add interface ifb0 ifb up", 25) == 0, "%s",
		cli->out);
	T_CHECK(strstr(cli->out, "add qdisc 9: on ifb0") <
			strstr(cli->out, "add qdisc ffff: on eth0"),
		"its tree is there before packets are sent to it");
	T_STR(tree_on(14), "qdisc 9: on it pfifo limit 7 packets\n");
	for (size_t i = 0; i < bench->worlds[2].objects.count; i++) {
		const struct tc_object *o = &bench->worlds[2].objects.all[i];

		if (o->extra && o->extra->action_count > 0)
			T_EQ(o->extra->actions[0].mirred.ifindex, 14);
	}
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	cli_expect_out("");
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_err("");
	cli_out_has("delete interface ifb0\n");
	T_EQ(cli->link_count, 3);
	T_STR(tree_on(2), "");
	bench_end();
}

/* Judged by the packets of the interface whose ifb it is, also before it is
 * made; and once, though it is built again then. */
static void
a_warning_of_an_ifb_is_given_once(void)
{
	static const char conf[] = CONF(ON("eth0",
		"ingress={filters=({pref=5;actions=({redirect=\"ifb\";});});};"
		"ifb={name=\"ifb0\";root={kind=\"htb\";handle=\"2:\";"
		"default=\"2:1\";classes=({id=\"2:1\";rate=\"1 Mbit/s\";"
		"burst=1513;});};};"));

	bench_begin();
	T_EQ(plan(conf), CLI_DONE);
	T_EQ(cli_lines(cli->err), 1);
	cli_err_has("1513 octets are less than a packet of ifb0 (1514)");
	T_EQ(apply(conf), CLI_DONE);
	T_EQ(cli_lines(cli->err), 1);
	cli_err_has("tcctl: file:1: warning: ");
	bench_end();
}

static void
an_ifb_that_is_there_is_used_and_stays(void)
{
	bench_begin();
	add_link("ifb0", true);
	cli->links[3].up = false;
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	cli_out_has("change interface ifb0 ifb up txqueuelen ");
	T_CHECK(cli->links[3].up, "down");
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	cli_expect_out("");
	/* It has a record of its own. */
	T_EQ(off("eth0"), CLI_DONE);
	T_EQ(cli->link_count, 4);
	T_STR(tree_on(4), "");
	T_CHECK(!has_record("ifb0"), "a record");
	bench_end();
}

static void
only_an_ifb_can_be_one(void)
{
	bench_begin();
	add_link("ifb0", false);
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_USAGE);
	cli_err_has("ifb0 is there and is no ifb (give the ifb another name)");
	T_EQ(bench->steps, 0);
	bench_end();
}

static void
an_ifb_that_is_refused_is_said(void)
{
	bench_begin();
	cli->refuse_ifb = EPERM;
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_REFUSED);
	cli_expect_err("tcctl: ifb0: add interface: Operation not permitted\n");
	T_EQ(bench->steps, 0);
	cli->refuse_ifb = 0;
	cli->fail_ifb = EIO;
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	T_CHECK(!has_record("eth0") && !has_record("ifb0"), "a record");
	bench_end();
}

/* At each step, its own tree's and that which leads there. */
static void
an_ifb_goes_when_the_rest_is_refused(void)
{
	for (size_t n = 1; n <= 3; n++) {
		bench_begin();
		bench->refuse_at = n;
		T_EQ(apply(CONF(ON("eth0", IFB))), CLI_REFUSED);
		cli_out_has("delete interface ifb0\n");
		T_EQ(cli->link_count, 3);
		T_STR(tree_on(2), "");
		T_CHECK(!has_record("eth0") && !has_record("ifb0"),
			"step %zu: a record", n);
		bench_end();
	}
}

static void
off_tells_of_the_ifb_that_was_changed(void)
{
	bench_begin();
	add_link("ifb0", true);
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	T_EQ(unlink(record_of("eth0")), 0);
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: tcctl has changed nothing here, but its "
		       "ifb ifb0: tcctl off ifb0 brings that back\n");
	T_EQ(off("ifb0"), CLI_DONE);
	bench_end();
}

/* ---- marks by netfilter -------------------------------------------------- */

static void
marks_are_made_once_and_taken_away(void)
{
	bench_begin();
	T_EQ(plan(CONF(ON("eth0", MARKS))), CLI_DONE);
	cli_expect_out("change marks on eth0: 2 rules\n");
	T_EQ(bench->mark_calls, 0);
	T_EQ(apply(CONF(ON("eth0", MARKS))), CLI_DONE);
	cli_expect_out("change marks on eth0: 2 rules\n");
	cli_expect_err("");
	T_EQ(bench->marks, 2);
	T_EQ(apply(CONF(ON("eth0", MARKS))), CLI_DONE);
	cli_expect_out("");
	T_EQ(bench->mark_calls, 1);
	bench->marks = 1; /* another program has removed one */
	T_EQ(apply(CONF(ON("eth0", MARKS))), CLI_DONE);
	T_EQ(bench->mark_calls, 2);
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_out("delete marks on eth0\n");
	T_EQ(bench->marks, 0);
	T_CHECK(!has_record("eth0"), "a record");
	T_EQ(apply(CONF(ON("eth0", MARKS) "," ON("eth1", MARKS))), CLI_DONE);
	cli_expect_out("change marks on eth0: 2 rules\n"
		       "change marks on eth1: 2 rules\n");
	bench_end();
}

/* A description without marks means that there shall be none. */
static void
marks_that_are_not_in_the_file_go(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", MARKS PFIFO))), CLI_DONE);
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	cli_expect_out("delete marks on eth0\n");
	T_EQ(bench->marks, 0);
	bench_end();
}

static void
marks_that_are_refused_bring_all_back(void)
{
	bench_begin();
	bench->refuse_marks = EINVAL;
	T_EQ(plan(CONF(ON("eth0", PFIFO MARKS))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: marks: not these\n");
	T_EQ(apply(CONF(ON("eth0", PFIFO MARKS))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: marks: not these\n");
	T_STR(tree_on(2), "");
	T_CHECK(!has_record("eth0"), "a record");
	bench->refuse_marks = 0;
	cli->marker = NULL;
	T_EQ(apply(CONF(ON("eth0", MARKS))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: marks: tcctl was built without "
		       "nftables\n");
	bench_end();
}

/* The interface has gone: the next of its name would have its marks. */
static void
marks_go_without_their_interface(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth1", PFIFO MARKS))), CLI_DONE);
	cli->link_count = 2;
	T_EQ(off("eth1"), CLI_DONE);
	cli_expect_out("delete marks on eth1\n");
	T_STR(bench->mark_name, "eth1");
	T_CHECK(!has_record("eth1"), "a record");
	bench_end();
}

/* ---- what the kernel lacks ----------------------------------------------- */

static void
a_plan_names_what_is_missing_once(void)
{
	json_error_t error;
	json_t *root;
	json_t *all;

	bench_begin();
	cli_lacks("sfq");
	T_EQ(plan(CONF(ON("eth0",
		     "root={kind=\"prio\";handle=\"1:\";bands=3;classes=("
		     "{id=\"1:1\";queue={kind=\"sfq\";handle=\"10:\";};},"
		     "{id=\"1:2\";queue={kind=\"sfq\";handle=\"20:\";};});"
		     "};"))),
		CLI_REFUSED);
	cli_expect_err("tcctl: eth0: this kernel has no sch_sfq, which is "
		       "needed for qdisc 10: on eth0 and 1 more\n");
	T_EQ(cli_lines(cli->out), 3);
	cli_lacks("prio");
	T_EQ(plan(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	T_EQ(cli_lines(cli->err), 2);
	cli_err_has("no sch_prio, which is needed for qdisc 1: on eth0\n");
	cli_err_has("no sch_sfq, which is needed for qdisc 10: on eth0\n");
	cli->lack_count = 1;
	cli->options.json = true;
	T_EQ(plan(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: this kernel has no sch_sfq, which is "
		       "needed for qdisc 10: on eth0\n");
	root = json_loads(cli->out, 0, &error);
	all = json_object_get(root, "operations");
	T_EQ(json_array_size(all), 3);
	for (size_t i = 0; i < 3; i++)
		T_EQ(json_object_get(json_array_get(all, i), "lacks") != NULL,
			i == 1);
	json_decref(root);
	cli_lacks("prio"); /* the first of them */
	T_EQ(plan(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	root = json_loads(cli->out, 0, &error);
	all = json_object_get(root, "operations");
	T_STR(json_string_value(
		      json_object_get(json_array_get(all, 0), "lacks")),
		"sch_prio");
	T_STR(json_string_value(json_object_get(root, "problem")),
		"eth0: this kernel has no sch_prio, which is needed for qdisc "
		"1: on eth0"); /* the first of two */
	json_decref(root);
	bench_end();
}

static void
an_ifb_that_cannot_be_is_named(void)
{
	bench_begin();
	cli_lacks("ifb");
	T_EQ(plan(CONF(ON("eth0", IFB))), CLI_REFUSED);
	cli_expect_err("tcctl: this kernel has no ifb, which is needed for "
		       "ifb0\n");
	cli->lack_count = 0;
	T_EQ(plan(CONF(ON("eth0", IFB))), CLI_DONE);
	cli_expect_err("");
	bench_end();
}

/* What goes needs nothing; what cannot be tried is said once. */
static void
what_cannot_be_tried_is_said_once(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_DONE);
	cli->fail_unshare = EPERM;
	cli_lacks("pfifo");
	T_EQ(plan(CONF(ON("eth0", PFIFO) "," ON("eth1", PRIO))), CLI_DONE);
	T_EQ(cli_lines(cli->err), 1);
	cli_err_has("cannot be tried out (Operation not permitted)");
	cli->fail_unshare = 0;
	T_EQ(plan(CONF(ON("eth0", PFIFO))), CLI_REFUSED);
	T_EQ(cli_lines(cli->err), 1);
	bench_end();
}

static struct t_case cases[] = {
	{ "a plan is told, and nothing is done",
		a_plan_is_told_and_nothing_is_done },
	{ "what is applied is told, and once only",
		what_is_applied_is_told_and_once_only },
	{ "off brings back the defaults", off_brings_back_the_defaults },
	{ "what was first is what comes back",
		what_was_first_is_what_comes_back },
	{ "interfaces of a file are each its own",
		interfaces_of_a_file_are_each_its_own },
	{ "a file that makes no sense is told by line",
		a_file_that_makes_no_sense_is_told_by_line },
	{ "what is wrong is the problem in JSON",
		what_is_wrong_is_the_problem_in_json },
	{ "a foreign tree is left unless told",
		a_foreign_tree_is_left_unless_told },
	{ "a tree that is taken over comes back",
		a_tree_that_is_taken_over_comes_back },
	{ "what could not come back is not taken over",
		what_could_not_come_back_is_not_taken_over },
	{ "sides are taken over one by one", sides_are_taken_over_one_by_one },
	{ "what others put in its place is left by off",
		what_others_put_in_its_place_is_left_by_off },
	{ "what rsvpd manages is left to it",
		what_rsvpd_manages_is_left_to_it },
	{ "a tree that came meanwhile is left",
		a_tree_that_came_meanwhile_is_left },
	{ "whatever is refused, all is as before",
		whatever_is_refused_all_is_as_before },
	{ "a refused change keeps the record",
		a_refused_change_keeps_the_record },
	{ "a refused change keeps what was first",
		a_refused_change_keeps_what_was_first },
	{ "a conversation that fails is said",
		a_conversation_that_fails_is_said },
	{ "without a record nothing is done",
		without_a_record_nothing_is_done },
	{ "an ifb is made first, and goes with off",
		an_ifb_is_made_first_and_goes_with_off },
	{ "a warning of an ifb is given once",
		a_warning_of_an_ifb_is_given_once },
	{ "an ifb that is there is used, and stays",
		an_ifb_that_is_there_is_used_and_stays },
	{ "only an ifb can be one", only_an_ifb_can_be_one },
	{ "an ifb that is refused is said", an_ifb_that_is_refused_is_said },
	{ "an ifb goes when the rest is refused",
		an_ifb_goes_when_the_rest_is_refused },
	{ "off tells of the ifb that was changed",
		off_tells_of_the_ifb_that_was_changed },
	{ "marks are made once, and taken away",
		marks_are_made_once_and_taken_away },
	{ "marks that are not in the file go",
		marks_that_are_not_in_the_file_go },
	{ "marks that are refused bring all back",
		marks_that_are_refused_bring_all_back },
	{ "marks go without their interface",
		marks_go_without_their_interface },
	{ "a plan names what is missing once",
		a_plan_names_what_is_missing_once },
	{ "an ifb that cannot be is named", an_ifb_that_cannot_be_is_named },
	{ "what cannot be tried is said once",
		what_cannot_be_tried_is_said_once },
};
T_MAIN(cases)
