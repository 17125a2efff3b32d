/* SPDX-License-Identifier: ISC */

/* tcctl: commands and options. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli_int.h"
#include "serve_int.h"

static const char usage_text[] = "usage: tcctl show [--json] [IFACE]\n"
				 "       tcctl plan [--json] FILE\n"
				 "       tcctl apply [--json] FILE\n"
				 "       tcctl probe [--json]\n"
				 "       tcctl serve\n"
				 "       tcctl --version | --help\n";

static int
serve(const struct cli_options *options)
{
	if (options->json) {
		(void)fputs(usage_text, stderr); /* nowhere to tell it */
		return CLI_USAGE;
	}
	log_open("tcctl");
	return tc_serve();
}

/* Words after the command. */
enum operand { NO_OPERAND, MAYBE_IFACE, ONE_FILE };

static const struct command {
	const char *name;
	enum operand operand;
	int (*run)(const struct cli_options *options);
} commands[] = {
	{ "show", MAYBE_IFACE, cli_show },
	{ "plan", ONE_FILE, cli_plan },
	{ "apply", ONE_FILE, cli_apply },
	{ "probe", NO_OPERAND, cli_probe },
	{ "serve", NO_OPERAND, serve },
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
	case ONE_FILE:
		options->file = words[0];
		return count == 1;
	}
	return false;
}

static int
run_command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 }
	};
	const struct command *command = find_command(argv[0]);
	struct cli_options o = { 0 };
	int c;

	if (!command) {
		fprintf(stderr, "tcctl: there is no command %s\n", argv[0]);
		return usage();
	}
	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c != 'j')
			return usage();
		o.json = true;
	}
	if (!take_operand(command, argc - optind, argv + optind, &o))
		return usage();
	return command->run(&o);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("tcctl %s\n", PACKAGE_VERSION);
		return CLI_DONE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage_text, stdout);
		return CLI_DONE;
	}
	return run_command(argc - 1, argv + 1);
}
