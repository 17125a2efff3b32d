/* SPDX-License-Identifier: ISC */

/* rsvpctl: options, then the command of the table whose words match. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ctl/ctl.h"

static void
usage(FILE *out)
{
	fprintf(out, "usage: rsvpctl [--json] [--socket PATH] "
		     "[--rapi-socket PATH] command\n\n");
	for (const struct ctl_command *c = ctl_commands(); c->words; c++)
		fprintf(out, "  %s%s%s\n      %s\n", c->words,
			c->arguments[0] ? " " : "", c->arguments, c->help);
}

static void
usage_of(const struct ctl_command *c)
{
	printf("usage: rsvpctl %s%s%s\n\n  %s\n\nrsvpctl(1) has more.\n",
		c->words, c->arguments[0] ? " " : "", c->arguments, c->help);
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

/* How many words of the command stand in argv, or 0 when it is another. */
static int
words_matched(const char *words, int argc, char **argv)
{
	int n = 0;

	while (*words != '\0') {
		const size_t len = strcspn(words, " ");

		if (n >= argc || strlen(argv[n]) != len ||
			strncmp(argv[n], words, len) != 0)
			return 0;
		n++;
		words += len;
		while (*words == ' ')
			words++;
	}
	return n;
}

/* "show": what may follow.  False: no command begins with the word. */
static bool
list_after(const char *word)
{
	const size_t len = strlen(word);
	bool found = false;

	for (const struct ctl_command *c = ctl_commands(); c->words; c++) {
		if (strncmp(c->words, word, len) != 0 || c->words[len] != ' ')
			continue;
		if (!found)
			fprintf(stderr, "rsvpctl: %s what? One of:", word);
		fputs(c->words + len, stderr);
		found = true;
	}
	if (found)
		fputc('\n', stderr);
	return found;
}

static int
unknown(int argc, char **argv)
{
	char typed[128];
	struct text t = text_over(typed, sizeof(typed));
	const char *nearest = NULL;
	size_t best;

	for (int i = 0; i < argc && i < 2; i++)
		text_printf(&t, "%s%s", i > 0 ? " " : "", argv[i]);
	best = strlen(typed) / 3 + 2;
	for (const struct ctl_command *c = ctl_commands(); c->words; c++) {
		const size_t distance = text_distance(typed, c->words, best);

		if (distance < best) {
			best = distance;
			nearest = c->words;
		}
	}
	if (!nearest && list_after(argv[0]))
		return CTL_USAGE;
	fprintf(stderr, "rsvpctl: no command \"%s\"", typed);
	if (nearest)
		fprintf(stderr, "; did you mean \"%s\"?\n", nearest);
	else
		fprintf(stderr, "; rsvpctl --help lists them\n");
	return CTL_USAGE;
}

/* --json may stand anywhere.  How many words are left. */
static int
take_json(int argc, char **argv, bool *ret_json)
{
	int n = 0;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--json") == 0)
			*ret_json = true;
		else
			argv[n++] = argv[i];
	return n;
}

/* What could not be printed has not been done. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "rsvpctl: cannot print: %s\n", strerror(errno));
	return status == CTL_DONE ? CTL_REFUSED : status;
}

static void
list_commands(void)
{
	for (const struct ctl_command *c = ctl_commands(); c->words; c++)
		printf("%s\n", c->words);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "json", 0, NULL, 'j' },
		{ "socket", 1, NULL, 's' }, { "rapi-socket", 1, NULL, 'r' },
		{ "help", 0, NULL, 'h' }, { "version", 0, NULL, 'V' },
		{ "list-commands", 0, NULL, 'l' }, { NULL, 0, NULL, 0 } };
	struct ctl_options o = { .socket = CTL_SOCKET };
	int c;

	/* "+": options after the command belong to the command. */
	while ((c = getopt_long(argc, argv, "+jh", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			o.json = true;
			break;
		case 's':
			o.socket = optarg;
			break;
		case 'r':
			o.rapi_socket = optarg;
			break;
		case 'l':
			list_commands();
			return finish(CTL_DONE);
		case 'V':
			printf("rsvpctl %s\n", PACKAGE_VERSION);
			return finish(CTL_DONE);
		case 'h':
			usage(stdout);
			return finish(CTL_DONE);
		default:
			return CTL_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	argc = take_json(argc, argv, &o.json);
	if (argc == 0) {
		usage(stderr);
		return CTL_USAGE;
	}
	for (const struct ctl_command *cmd = ctl_commands(); cmd->words;
		cmd++) {
		const int n = words_matched(cmd->words, argc, argv);

		if (n > 0 && wants_help(argc - n, argv + n)) {
			usage_of(cmd);
			return finish(CTL_DONE);
		}
		if (n > 0)
			return finish(cmd->run(&o, argc - n, argv + n));
	}
	return unknown(argc, argv);
}
