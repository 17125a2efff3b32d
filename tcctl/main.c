/* SPDX-License-Identifier: ISC */

/* tcctl: commands and options. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli_int.h"
#include "serve_int.h"

static const char usage_text[] =
	"usage: tcctl show [--json] [IFACE]\n"
	"       tcctl plan [--json] [--take-over] [--state-dir DIR] FILE...\n"
	"       tcctl apply [--json] [--take-over] [--state-dir DIR] FILE...\n"
	"       tcctl save [IFACE]\n"
	"       tcctl off [--json] [--take-over] [--state-dir DIR] IFACE\n"
	"       tcctl probe [--json]\n"
	"       tcctl serve\n"
	"       tcctl --version | --help\n";

static int
serve(const struct cli_options *options)
{
	(void)options; /* there are none */
	log_open("tcctl");
	return tc_serve();
}

/* Words after the command. */
enum operand { NO_OPERAND, MAYBE_IFACE, ONE_IFACE, FILES };

static const struct command {
	const char *name;
	enum operand operand;
	const char *options; /* letters */
	int (*run)(const struct cli_options *options);
} commands[] = {
	{ "show", MAYBE_IFACE, "j", cli_show },
	{ "plan", FILES, "jts", cli_plan },
	{ "apply", FILES, "jts", cli_apply },
	{ "save", MAYBE_IFACE, "", cli_save },
	{ "off", ONE_IFACE, "jts", cli_off },
	{ "probe", NO_OPERAND, "j", cli_probe },
	{ "serve", NO_OPERAND, "", serve },
};

static int
usage(void)
{
	(void)fputs(usage_text, stderr); /* nowhere to tell it */
	return CLI_USAGE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
take_operand(const struct command *command, int count, char **words,
	struct cli_options *options)
{
	switch (command->operand) {
	case NO_OPERAND:
		return count == 0;
	case MAYBE_IFACE:
		options->iface = count > 0 ? words[0] : NULL;
		return count <= 1;
	case ONE_IFACE:
		options->iface = words[0];
		return count == 1;
	case FILES:
		options->files = words;
		options->file_count = count;
		/* One JSON object tells of one file. */
		return count == 1 || (count > 1 && !options->json);
	}
	return false;
}

static bool
take_option(const struct command *command, int c, struct cli_options *options)
{
	if (c == '?' || !strchr(command->options, c))
		return false;
	if (c == 'j')
		options->json = true;
	else if (c == 't')
		options->take_over = true;
	else
		options->state_dir = optarg;
	return true;
}

static int
run_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "take-over", no_argument, NULL, 't' },
		{ "state-dir", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const struct command *command = find_command(argv[0]);
	struct cli_options o = { .state_dir = TCCTL_STATEDIR, .lock = -1 };
	int c;

	if (!command) {
		cli_complain("there is no command %s", argv[0]);
		return usage();
	}
	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1)
		if (!take_option(command, c, &o))
			return usage();
	if (!take_operand(command, argc - optind, argv + optind, &o))
		return usage();
	return command->run(&o);
}

/* What could not be printed has not been done. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "tcctl: cannot print: %s\n", strerror(errno));
	return status == CLI_DONE ? CLI_REFUSED : status;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("tcctl %s\n", PACKAGE_VERSION);
		return finish(CLI_DONE);
	}
	if (strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage_text, stdout);
		return finish(CLI_DONE);
	}
	return finish(run_command(argc - 1, argv + 1));
}
