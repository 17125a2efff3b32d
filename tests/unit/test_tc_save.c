/* SPDX-License-Identifier: ISC */

/* What there is, as a description, and what off cannot bring back:
 * tcctl/tree_off.c. */

#include "tc_objects_t.h"
#include "tc_tree_cli_t.h"

#define ON(name, more) "{name=\"" name "\";" more "}"
#define CONF(more)     "interfaces=(" more ");"
#define PFIFO          "root={kind=\"pfifo\";handle=\"7:\";limit=5;};"
#define PRIO                                                                   \
	"root={kind=\"prio\";handle=\"1:\";bands=3;classes=("                  \
	"{id=\"1:1\";queue={kind=\"sfq\";handle=\"10:\";};},"                  \
	"{id=\"1:2\";queue={kind=\"pfifo\";handle=\"20:\";limit=9;};});};"
#define POLICE                                                                 \
	"ingress={filters=({pref=50;match={src=\"0.0.0.0/0\";};class=\":1\";"  \
	"police={rate=\"1750 kbit/s\";burst=20480;exceed=\"drop\";};});};"
#define IFB                                                                    \
	"ingress={filters=({pref=5;actions=({redirect=\"ifb\";});});};"        \
	"ifb={name=\"ifb0\";root={kind=\"pfifo\";handle=\"9:\";limit=7;};};"

static int
save(const char *name)
{
	cli->options.plan = false;
	cli->options.iface = name;
	return cli_do(cli_save);
}

/* ---- save ---------------------------------------------------------------- */

static void
without_trees_there_is_nothing_to_describe(void)
{
	bench_begin();
	T_EQ(save(NULL), CLI_DONE);
	cli_expect_out("interfaces = (\n\n);\n");
	cli_expect_err("");
	bench_end();
}

/* What is saved is what there is: to apply it changes nothing. */
static void
what_is_saved_can_be_applied(void)
{
	char *saved;

	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PRIO POLICE) "," ON("eth1", IFB))),
		CLI_DONE);
	T_EQ(save(NULL), CLI_DONE);
	cli_expect_err("");
	saved = strdup(cli->out);
	T_CHECK(saved && strstr(saved, "name = \"eth0\"") &&
			strstr(saved, "name = \"eth1\""),
		"%s", cli->out);
	T_EQ(apply(saved), CLI_DONE);
	cli_expect_err("");
	cli_expect_out("");
	free(saved);
	bench_end();
}

static void
one_interface_is_saved_with_its_ifb(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO) "," ON("eth1", IFB))), CLI_DONE);
	T_EQ(save("eth1"), CLI_DONE);
	cli_out_has("name = \"eth1\"");
	cli_out_has("ifb = { name = \"ifb0\"");
	T_CHECK(!strstr(cli->out, "eth0"), "%s", cli->out);
	T_EQ(save("ifb0"), CLI_DONE);
	cli_out_has("{ name = \"ifb0\"");
	T_CHECK(!strstr(cli->out, "eth1"), "%s", cli->out);
	T_EQ(save("eth0"), CLI_DONE);
	T_CHECK(!strstr(cli->out, "ifb0"), "%s", cli->out);
	T_EQ(save("eth7"), CLI_REFUSED);
	cli_expect_out("");
	cli_expect_err("tcctl: there is no interface eth7\n");
	bench_end();
}

static struct tc_object *
put(uint32_t ifindex, enum tc_type type, const struct tc_kind *kind,
	uint32_t handle)
{
	struct tc_object *o = put_object(&bench->worlds[ifindex].objects, type,
		kind, handle, TC_PARENT_ROOT);

	o->ifindex = ifindex;
	return o;
}

static void
engine_tree(uint32_t ifindex)
{
	struct tc_object *o =
		put(ifindex, TC_QDISC_ROOT, &tc_kind_htb_root, TC_ROOT_HANDLE);

	o->root.r2q = TC_LAYOUT_MARK | TC_LAYOUT_VERSION;
	o->root.direct_qlen = 1000;
}

/* Whoever applied it would be in rsvpd's way. */
static void
the_tree_of_rsvpd_is_left_out(void)
{
	bench_begin();
	add_link("ifb0", true);
	engine_tree(2);
	engine_tree(4);
	T_EQ(apply(CONF(ON("eth1", PFIFO))), CLI_DONE);
	T_EQ(save(NULL), CLI_DONE);
	cli_out_has("# eth0 left out: the tree is of rsvpd, which makes it "
		    "itself\n");
	cli_out_has("# ifb0 left out: ");
	cli_out_has("name = \"eth1\"");
	cli_err_has("tcctl: eth0: left out: the tree is of rsvpd, which makes "
		    "it itself\n");
	T_CHECK(!strstr(cli->out, "htb"), "%s", cli->out);
	T_EQ(save("eth1"), CLI_DONE);
	cli_expect_err(""); /* nobody asked for the ifb */
	bench_end();
}

/* Its own number, kind and layout make it one. */
static void
a_tree_like_that_of_rsvpd_is_saved(void)
{
	bench_begin();
	engine_tree(2);
	bench->worlds[2].objects.all[0].root.r2q = 10;
	engine_tree(3);
	bench->worlds[3].objects.all[0].handle = 0x10000;
	T_EQ(save(NULL), CLI_DONE);
	cli_out_has("name = \"eth0\"");
	cli_out_has("name = \"eth1\"");
	cli_expect_err("");
	bench_end();
}

static void
marks_are_counted_not_described(void)
{
	bench_begin();
	bench->marks = 3;
	(void)text_copy(bench->mark_name, TC_NAME, "eth1");
	T_EQ(save(NULL), CLI_DONE);
	cli_out_has("# not described: 3 marks on eth1: to apply this removes "
		    "them\n");
	cli_expect_err("tcctl: eth1: not described: 3 marks: to apply this "
		       "removes them (add them to it)\n");
	cli->marker = NULL;
	T_EQ(save(NULL), CLI_DONE);
	cli_expect_err("");
	bench_end();
}

static void
what_has_no_description_is_named(void)
{
	bench_begin();
	(void)text_copy(put(2, TC_QDISC_ROOT, &tc_kind_other, 0x50000)->name,
		TC_NAME, "cake");
	T_EQ(save(NULL), CLI_DONE);
	cli_out_has("# left alone, not described: ");
	cli_err_has("tcctl: eth0: left alone, not described: ");
	cli_err_has("cake");
	bench_end();
}

static void
what_cannot_be_asked_is_said(void)
{
	bench_begin();
	cli->fail_conn = EMFILE;
	T_EQ(save(NULL), CLI_UNREACHABLE);
	cli_expect_err("tcctl: the kernel's traffic control: Too many open "
		       "files\n");
	cli->fail_conn = 0;
	cli->fail_dump = EIO;
	T_EQ(save(NULL), CLI_UNREACHABLE);
	cli_expect_out("");
	cli_expect_err("tcctl: the kernel's traffic control: Input/output "
		       "error\n");
	bench_end();
}

/* ---- off ----------------------------------------------------------------- */

/* A tree with a filter that nobody but its maker knows, taken over. */
static void
unknown_filter(uint32_t parent)
{
	struct tc_object *o = put(2, TC_FILTER, &tc_kind_other, parent | 0x77);

	o->parent = parent;
	o->pref = 4;
	o->protocol = 0x800;
	(void)text_copy(o->name, TC_NAME, "bpf");
}

static void
what_could_not_be_described_is_missed_by_off(void)
{
	bench_begin();
	put(2, TC_QDISC_ROOT, &tc_kind_prio, 0x50000)->prio.bands = 3;
	unknown_filter(0x50000);
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	cli->options.take_over = false;
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_out_has("add qdisc 5: on eth0 prio");
	cli_err_has("tcctl: eth0: was there and cannot be brought back: ");
	cli_err_has("bpf");
	/* It is done all the same, and once. */
	T_CHECK(!has_record("eth0"), "a record");
	bench_end();
}

/* On the side that was not touched: it is there. */
static void
what_stayed_is_not_missed(void)
{
	bench_begin();
	put(2, TC_QDISC_ROOT, &tc_kind_prio, 0x50000)->prio.bands = 3;
	put(2, TC_QDISC_INGRESS, &tc_kind_ingress, TC_INGRESS_HANDLE)->parent =
		TC_INGRESS_PARENT;
	unknown_filter(TC_INGRESS_HANDLE);
	cli->options.take_over = true;
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	cli->options.take_over = false;
	T_EQ(off("eth0"), CLI_DONE);
	cli_expect_err("");
	cli_out_has("add qdisc 5: on eth0 prio");
	bench_end();
}

static void
a_refused_way_back_keeps_the_record(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_DONE);
	bench->refuse_at = bench->steps + 1;
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_err_has("tcctl: eth0: step 1 of ");
	T_CHECK(has_record("eth0"), "no record");
	bench->refuse_at = 0;
	goes_off();
	bench_end();
}

static void
an_ifb_that_cannot_go_keeps_its_record(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", IFB))), CLI_DONE);
	cli->refuse_ifb = EBUSY;
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_expect_err("tcctl: ifb0: delete interface: Device or resource "
		       "busy\n");
	T_CHECK(has_record("ifb0") && !has_record("eth0"), "records");
	cli->refuse_ifb = 0;
	T_EQ(off("ifb0"), CLI_DONE);
	T_EQ(cli->link_count, 3);
	bench_end();
}

static void
marks_that_cannot_go_keep_the_record(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", "marks=({match={proto=\"tcp\";sport=443;};"
				   "dscp=0x22;});" PFIFO))),
		CLI_DONE);
	bench->refuse_marks = EPERM;
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_expect_err("tcctl: eth0: marks: not these\n");
	T_CHECK(has_record("eth0"), "no record");
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	bench->refuse_marks = 0;
	goes_off();
	bench_end();
}

static void
a_record_that_cannot_be_read_is_said(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	T_EQ(unlink(record_of("eth0")), 0);
	T_EQ(symlink("eth0", record_of("eth0")), 0);
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_err_has("tcctl: eth0: ");
	cli_err_has("Too many levels of symbolic links\n");
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	cli_err_has("Too many levels of symbolic links\n");
	bench_end();
}

/* A directory is for one network namespace. */
static void
a_record_of_another_namespace_is_not_ours(void)
{
	char text[1024];
	char *number;
	FILE *f;
	size_t n;

	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PFIFO))), CLI_DONE);
	f = fopen(record_of("eth0"), "r+");
	T_CHECK(f, "no record");
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	number = strstr(text, "# netns ");
	T_CHECK(number, "%s", text);
	number += strlen("# netns ");
	*number = *number == '1' ? '2' : '1';
	rewind(f);
	T_EQ(fwrite(text, 1, n, f), n);
	T_EQ(fclose(f), 0);
	T_EQ(off("eth0"), CLI_REFUSED);
	cli_err_has(": the record of another network namespace (use "
		    "--state-dir)\n");
	T_EQ(apply(CONF(ON("eth0", PRIO))), CLI_REFUSED);
	cli_err_has(" holds the record of another network namespace (use "
		    "--state-dir)\n");
	T_STR(tree_on(2), "qdisc 7: on it pfifo limit 5 packets\n");
	bench_end();
}

/* ---- memory -------------------------------------------------------------- */

/* Refused at its second step, and brought back. */
static int
refused(const struct cli_options *options)
{
	bench->refuse_at = bench->steps + 2;
	return run_text(options);
}

static void
no_memory_is_kept(void)
{
	bench_begin();
	T_EQ(apply(CONF(ON("eth0", PRIO POLICE) "," ON("eth1", IFB))),
		CLI_DONE);
	cli_keeps_nothing(run_text); /* all is as it should be */
	cli_keeps_nothing(cli_save);
	cli->options.plan = true;
	bench->text = CONF(ON("eth0", PFIFO) "," ON("eth1", PRIO));
	cli_keeps_nothing(run_text);
	cli_lacks("pfifo");
	cli_keeps_nothing(run_text);
	cli->options.plan = false;
	bench->text = CONF(ON("eth0", PFIFO) "," ON("eth7", PFIFO));
	cli_keeps_nothing(run_text);
	bench->text = CONF(ON("eth0", PFIFO));
	cli_keeps_nothing(refused);
	cli->options.iface = "lo";
	cli_keeps_nothing(cli_off);
	bench_end();
}

static struct t_case cases[] = {
	{ "without trees there is nothing to describe",
		without_trees_there_is_nothing_to_describe },
	{ "what is saved can be applied", what_is_saved_can_be_applied },
	{ "one interface is saved with its ifb",
		one_interface_is_saved_with_its_ifb },
	{ "the tree of rsvpd is left out", the_tree_of_rsvpd_is_left_out },
	{ "a tree like that of rsvpd is saved",
		a_tree_like_that_of_rsvpd_is_saved },
	{ "marks are counted, not described", marks_are_counted_not_described },
	{ "what has no description is named",
		what_has_no_description_is_named },
	{ "what cannot be asked is said", what_cannot_be_asked_is_said },
	{ "what could not be described is missed by off",
		what_could_not_be_described_is_missed_by_off },
	{ "what stayed is not missed", what_stayed_is_not_missed },
	{ "a refused way back keeps the record",
		a_refused_way_back_keeps_the_record },
	{ "an ifb that cannot go keeps its record",
		an_ifb_that_cannot_go_keeps_its_record },
	{ "marks that cannot go keep the record",
		marks_that_cannot_go_keep_the_record },
	{ "a record that cannot be read is said",
		a_record_that_cannot_be_read_is_said },
	{ "no memory is kept", no_memory_is_kept },
	{ "a record of another namespace is not ours",
		a_record_of_another_namespace_is_not_ours },
};
T_MAIN(cases)
