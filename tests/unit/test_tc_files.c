/* SPDX-License-Identifier: ISC */

/* The files of plan and apply: which, and in which form: tcctl/files.c. */

#include "t_fd.h"
#include "tc_tree_cli_t.h"

#define PFIFO(name)                                                            \
	"interfaces=({name=\"" name "\";root={kind=\"pfifo\";handle=\"7:\";"   \
	"limit=5;};});\n"
#define PLANNED(name) "add qdisc 7: on " name " pfifo limit 5 packets\n"

enum { FILES_MAX = 4 };

static char *files[FILES_MAX];
static char paths[FILES_MAX][128];

/* In the folder of the test. */
static const char *
put_file(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	f = fopen(path, "w");
	T_CHECK(f, "%s", path);
	T_CHECK(fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
	return path;
}

static void
operand(int i, const char *path)
{
	(void)snprintf(paths[i], sizeof(paths[i]), "%s", path);
	files[i] = paths[i];
	cli->options.files = files;
	cli->options.file_count = i + 1;
}

static void
drop_file(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", bench->dir, name);
	T_EQ(unlink(path), 0);
}

static void
a_folder_is_its_descriptions_by_name(void)
{
	static const char *const others[] = { ".hidden.conf", ".conf", "conf",
		"c.conf~" };

	bench_begin();
	put_file("b.conf", PFIFO("eth1"));
	put_file("a.conf", PFIFO("eth0"));
	for (size_t i = 0; i < 4; i++)
		put_file(others[i], "nonsense = 1;\n");
	operand(0, bench->dir);
	T_EQ(cli_do(cli_plan), CLI_DONE);
	cli_expect_out(PLANNED("eth0") PLANNED("eth1"));
	cli_expect_err("");
	T_EQ(bench->steps, 0);
	drop_file("a.conf");
	drop_file("b.conf");
	for (size_t i = 0; i < 4; i++)
		drop_file(others[i]);
	T_EQ(cli_do(cli_plan), CLI_DONE);
	cli_expect_out("");
	bench_end();
}

/* Whichever comes first; the others are taken nevertheless. */
static void
the_worst_of_several_is_the_status(void)
{
	bench_begin();
	operand(0, put_file("a.conf", PFIFO("eth0")));
	operand(1, put_file("b.conf", "nonsense = 1;\n"));
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	cli_expect_out(PLANNED("eth0"));
	cli_err_has("nonsense");
	operand(0, paths[1]);
	operand(1, put_file("a.conf", PFIFO("eth0")));
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	cli_expect_out(PLANNED("eth0"));
	operand(0, bench->dir);
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	put_file("a.conf", "nonsense = 1;\n");
	put_file("b.conf", PFIFO("eth0"));
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	cli_expect_out(PLANNED("eth0"));
	drop_file("a.conf");
	drop_file("b.conf");
	bench_end();
}

static void
what_cannot_be_read_is_said(void)
{
	bench_begin();
	operand(0, "nowhere/it.conf");
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	cli_expect_err("tcctl: nowhere/it.conf: No such file or directory\n");
	cli_expect_out("");
	bench_end();
}

static void
a_long_file_is_read_whole(void)
{
	static const size_t sizes[] = { 65535, 65536, 65537, 131072, 300000 };
	static char text[300001];

	bench_begin();
	for (size_t i = 0; i < 5; i++) {
		const size_t behind = sizes[i] - strlen(PFIFO("eth0"));

		memset(text, '#', behind);
		text[behind - 1] = '\n';
		memcpy(text + behind, PFIFO("eth0"), sizeof(PFIFO("eth0")));
		operand(0, put_file("a.conf", text));
		T_EQ(cli_do(cli_plan), CLI_DONE);
		cli_expect_out(PLANNED("eth0"));
		cli_expect_err("");
	}
	drop_file("a.conf");
	bench_end();
}

/* By its first octet, behind blanks. */
static void
an_object_of_json_is_told_apart(void)
{
	bench_begin();
	operand(0, put_file("a.conf", " \t\r\n{ \"interfaces\": 1 }"));
	T_EQ(cli_do(cli_plan), CLI_USAGE);
	cli_err_has("a.conf: interfaces: must be a list\n");
	operand(0, put_file("a.conf", "{ \"interfaces\": [] }"));
	T_EQ(cli_do(cli_apply), CLI_DONE);
	drop_file("a.conf");
	bench_end();
}

static void
standard_input_is_a_file_too(void)
{
	FILE *before = stdin;

	bench_begin();
	put_file("a.conf", PFIFO("eth1"));
	operand(0, put_file("a.conf", PFIFO("eth1")));
	stdin = fopen(paths[0], "r");
	T_CHECK(stdin, "no file");
	operand(0, "-");
	T_EQ(cli_do(cli_plan), CLI_DONE);
	cli_expect_out(PLANNED("eth1"));
	T_EQ(fclose(stdin), 0);
	stdin = before;
	drop_file("a.conf");
	bench_end();
}

static void
engine_tree(void)
{
	struct tc_object *o = tc_objects_add(&bench->worlds[2].objects);

	*o = (struct tc_object){ .type = TC_QDISC_ROOT,
		.ifindex = 2,
		.handle = TC_ROOT_HANDLE,
		.parent = TC_PARENT_ROOT,
		.kind = &tc_kind_htb_root,
		.root = { .r2q = TC_LAYOUT_MARK | TC_LAYOUT_VERSION,
			.direct_qlen = 1000 } };
}

static void
apply_asks_whether_rsvpd_runs(void)
{
	int fd;

	bench_begin();
	fd = t_free_fd();
	engine_tree();
	cli->options.take_over = true;
	operand(0, put_file("a.conf", PFIFO("eth0")));
	cli->rsvpd_runs = true;
	T_EQ(cli_do(cli_apply), CLI_REFUSED);
	cli_err_has("a running rsvpd manages this interface");
	T_EQ(t_free_fd(), fd);
	cli->binds = 0;
	T_EQ(cli_do(cli_plan), CLI_DONE); /* may be made */
	T_EQ(cli->binds, 0);
	cli->rsvpd_runs = false;
	T_EQ(cli_do(cli_apply), CLI_DONE);
	T_EQ(cli->binds, 1);
	T_EQ(t_free_fd(), fd);
	drop_file("a.conf");
	bench_end();
}

static struct t_case cases[] = {
	{ "a folder is its descriptions, by name",
		a_folder_is_its_descriptions_by_name },
	{ "the worst of several is the status",
		the_worst_of_several_is_the_status },
	{ "what cannot be read is said", what_cannot_be_read_is_said },
	{ "a long file is read whole", a_long_file_is_read_whole },
	{ "an object of JSON is told apart", an_object_of_json_is_told_apart },
	{ "standard input is a file too", standard_input_is_a_file_too },
	{ "apply asks whether rsvpd runs", apply_asks_whether_rsvpd_runs },
};
T_MAIN(cases)
