/* SPDX-License-Identifier: ISC */

/* Commands and options of tcctl: tcctl/main.c, whose main() is tcctl_main()
 * here.  The commands themselves only note what they are asked. */

#undef main

#include "t.h"

#include <getopt.h>

#include "base/log.h"
#include "tcctl/cli_int.h"
#include "tcctl/serve_int.h"

int tcctl_main(int argc, char **argv);

/* ---- the commands -------------------------------------------------------- */

static struct {
	const char *name; /* NULL: none was called */
	struct cli_options options;
	int status;
	bool prints;
} called;

#define COMMAND(word)                                                          \
	int cli_##word(const struct cli_options *options)                      \
	{                                                                      \
		called.name = #word;                                           \
		called.options = *options;                                     \
		if (called.prints)                                             \
			(void)puts("what there is");                           \
		return called.status;                                          \
	}

COMMAND(show)
COMMAND(plan)
COMMAND(apply)
COMMAND(save)
COMMAND(off)
COMMAND(probe)

int
tc_serve(void)
{
	called.name = "serve";
	return called.status;
}

void
log_open(const char *program)
{
	T_STR(program, "tcctl");
}

/* ---- the bench ----------------------------------------------------------- */

static char out[4096];
static char err[4096];
static bool disk_is_full; /* where standard output goes */

static void
keep(FILE *f, char **text, char *to)
{
	(void)fclose(f);
	(void)snprintf(to, sizeof(out), "%s", *text ? *text : "");
	free(*text);
}

/* tcctl with these words; its status. */
static int
tcctl(const char *line)
{
	static char words[256];
	FILE *const real_out = stdout;
	FILE *const real_err = stderr;
	static char *argv[16];
	char *rest = NULL;
	char *out_text = NULL;
	char *err_text = NULL;
	size_t len[2];
	int argc = 0;
	int status;

	(void)snprintf(words, sizeof(words), "tcctl %s", line);
	for (char *w = strtok_r(words, " ", &rest); w;
		w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	argv[argc] = NULL;
	called.name = NULL;
	optind = 0; /* from the beginning */
	(void)fflush(stdout);
	stdout = disk_is_full ? fopen("/dev/full", "w")
			      : open_memstream(&out_text, &len[0]);
	T_CHECK(stdout, "no stream");
	stderr = open_memstream(&err_text, &len[1]);
	status = tcctl_main(argc, argv);
	keep(stdout, &out_text, out);
	stdout = real_out;
	keep(stderr, &err_text, err);
	stderr = real_err;
	return status;
}

static void
calls(const char *line, const char *command)
{
	called.status = 77;
	T_CHECK(tcctl(line) == 77, "%s: %s", line, err);
	T_STR(called.name, command);
	T_STR(err, "");
	T_EQ(called.options.lock, -1);
	T_CHECK(!called.options.plan, "a plan");
}

/* ---- cases --------------------------------------------------------------- */

static void
each_command_has_its_operands(void)
{
	calls("show", "show");
	T_CHECK(!called.options.iface, "an interface");
	calls("show eth0", "show");
	T_STR(called.options.iface, "eth0");
	calls("save", "save");
	T_CHECK(!called.options.iface, "an interface");
	calls("save eth0", "save");
	T_STR(called.options.iface, "eth0");
	calls("off eth0", "off");
	T_STR(called.options.iface, "eth0");
	calls("plan a", "plan");
	T_EQ(called.options.file_count, 1);
	T_STR(called.options.files[0], "a");
	calls("apply a b", "apply");
	T_EQ(called.options.file_count, 2);
	T_STR(called.options.files[0], "a");
	T_STR(called.options.files[1], "b");
	calls("probe", "probe");
	calls("serve", "serve");
}

static void
each_command_has_its_options(void)
{
	calls("show --json eth0", "show");
	T_CHECK(called.options.json, "no JSON");
	T_STR(called.options.iface, "eth0");
	calls("show", "show");
	T_CHECK(!called.options.json && !called.options.take_over, "options");
	T_STR(called.options.state_dir, "/the/default");
	calls("probe --json", "probe");
	T_CHECK(called.options.json, "no JSON");
	calls("apply --take-over a", "apply");
	T_CHECK(called.options.take_over && !called.options.json, "take over");
	calls("plan --state-dir here --json a", "plan");
	T_STR(called.options.state_dir, "here");
	T_CHECK(called.options.json, "no JSON");
	calls("off --state-dir=there --take-over --json eth0", "off");
	T_STR(called.options.state_dir, "there");
	T_CHECK(called.options.take_over && called.options.json, "options");
}

static void
what_is_no_use_is_answered_by_the_usage(void)
{
	static const char *const lines[] = { "", "show a b", "save a b", "off",
		"off a b", "plan", "apply", "probe a", "serve a",
		"plan --json a b", "show --take-over", "show --state-dir x",
		"save --json", "serve --json", "probe --take-over",
		"off --nonsense a", "apply --state-dir", "show -x" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		T_CHECK(tcctl(lines[i]) == CLI_USAGE, "%s", lines[i]);
		T_CHECK(!called.name, "%s: called", lines[i]);
		T_CHECK(strstr(err, "usage: tcctl show"), "%s: %s", lines[i],
			err);
		T_STR(out, "");
	}
}

static void
an_unknown_command_is_named(void)
{
	T_EQ(tcctl("shew"), CLI_USAGE);
	T_CHECK(strncmp(err, "tcctl: there is no command shew\nusage: ", 38) ==
			0,
		"%s", err);
	T_EQ(tcctl("s\x1b[2Jow"), CLI_USAGE); /* no terminal obeys it */
	T_CHECK(strncmp(err, "tcctl: there is no command s [2Jow\n", 35) == 0,
		"%s", err);
}

static void
version_and_help_go_to_standard_output(void)
{
	T_EQ(tcctl("--version"), CLI_DONE);
	T_STR(out, "tcctl " PACKAGE_VERSION "\n");
	T_STR(err, "");
	T_EQ(tcctl("--help"), CLI_DONE);
	T_CHECK(strncmp(out, "usage: tcctl show", 17) == 0, "%s", out);
	T_STR(err, "");
	T_CHECK(!called.name, "called");
}

static void
what_cannot_be_printed_is_no_success(void)
{
	static const char said[] =
		"tcctl: cannot print: No space left on device\n";

	disk_is_full = true;
	T_EQ(tcctl("--version"), CLI_REFUSED);
	T_STR(err, said);
	T_EQ(tcctl("--help"), CLI_REFUSED);
	T_STR(err, said);
	called.prints = true;
	called.status = CLI_DONE;
	T_EQ(tcctl("show"), CLI_REFUSED);
	T_STR(err, said);
	called.status = CLI_UNREACHABLE;
	T_EQ(tcctl("show"), CLI_UNREACHABLE);
	T_STR(err, said);
	called.prints = false;
	called.status = CLI_DONE;
	T_EQ(tcctl("show"), CLI_DONE);
	T_STR(err, "");
	disk_is_full = false;
}

static struct t_case cases[] = {
	{ "each command has its operands", each_command_has_its_operands },
	{ "each command has its options", each_command_has_its_options },
	{ "what is no use is answered by the usage",
		what_is_no_use_is_answered_by_the_usage },
	{ "an unknown command is named", an_unknown_command_is_named },
	{ "version and help go to standard output",
		version_and_help_go_to_standard_output },
	{ "what cannot be printed is no success",
		what_cannot_be_printed_is_no_success },
};
T_MAIN(cases)
