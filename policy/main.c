/* SPDX-License-Identifier: ISC */

/* policyd: options of `serve`, `check` and `explain`. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "main_int.h"

static const char usage_text[] =
	"usage: policyd check [--json | --quiet] [--strict]\n"
	"               [--format auto|native|aix] [--name NAME] FILE\n"
	"       policyd convert [--from auto|native|aix|ldif] --to "
	"native|aix|ldif\n"
	"               [--base DN] [--tag TAG] FILE\n"
	"       policyd diff [--json] [--check] [--format auto|native|aix]\n"
	"               [--requests FILE] OLD NEW\n"
	"       policyd explain [--json] [--offline] [--state-dir DIR]\n"
	"               [--format auto|native|aix] FILE\n"
	"               [--uid N] [--gid N] [--role sender|receiver|transit]\n"
	"               [--message path|resv] [--proto NAME] [--dst ADDR]\n"
	"               [--port N] [--src ADDR] [--sport N]\n"
	"               [--service GS|CL] [--rate RATE] [--bucket SIZE]\n"
	"               [--peak RATE] [--packet SIZE] [--iface NAME]\n"
	"               [--groups N,...] [--principal NAME] [--subject DN]\n"
	"               [--issuer DN] [--application LOCATOR]\n"
	"               [--neighbour ADDR] [--style WF|FF|SE] [--delay US]\n"
	"               [--slack US] [--time MOMENT]\n"
	"       policyd serve [-d] [-c FILE] [-i SECONDS] [--state-dir DIR]\n"
	"               [--no-sandbox]\n"
	"       policyd --version | --help\n";

static int
usage(void)
{
	(void)fputs(usage_text, stderr); /* nowhere to tell it */
	return EXIT_USAGE;
}

static int
help(void)
{
	(void)fputs(usage_text, stdout); /* checked at exit */
	return EXIT_SUCCESS;
}

static int
complain(const char *option, const char *value, const char *wants)
{
	fprintf(stderr, "policyd: %s%s %s: not %s\n",
		option[1] == '\0' ? "-" : "--", option, value, wants);
	return EXIT_USAGE;
}

static bool
parse_u32(const char *s, uint32_t most, uint32_t *ret)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end != '\0' || v > most)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* ---- check -------------------------------------------------------------- */

static int
main_check(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL,
							 'j' },
		{ "format", required_argument, NULL, 'F' },
		{ "name", required_argument, NULL, 'N' },
		{ "strict", no_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct check_options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c == 'j')
			o.json = true;
		else if (c == 'q')
			o.quiet = true;
		else if (c == 's')
			o.strict = true;
		else if (c == 'N')
			o.name = optarg;
		else if (c == 'h')
			return help();
		else if (c == 'F' && source_format_valid(optarg))
			o.format = optarg;
		else
			return c == 'F' ? complain("format", optarg,
						  "auto, native or aix")
					: usage();
	}
	if (argc - optind != 1)
		return usage();
	o.path = argv[optind];
	return check(&o);
}

/* ---- convert ------------------------------------------------------------ */

static bool
is_syntax(const char *word, bool automatic)
{
	return (automatic && strcmp(word, "auto") == 0) ||
	       strcmp(word, "native") == 0 || strcmp(word, "aix") == 0 ||
	       strcmp(word, "ldif") == 0;
}

static int
main_convert(int argc, char **argv)
{
	static const struct option options[] = { { "from", required_argument,
							 NULL, 'f' },
		{ "to", required_argument, NULL, 't' },
		{ "base", required_argument, NULL, 'b' },
		{ "tag", required_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct convert_options o = { .from = "auto",
		.base = "ou=NetworkPolicies,o=example",
		.tag = "all" };
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f')
			o.from = optarg;
		else if (c == 't')
			o.to = optarg;
		else if (c == 'b')
			o.base = optarg;
		else if (c == 'T')
			o.tag = optarg;
		else if (c == 'h')
			return help();
		else
			return usage();
	}
	if (argc - optind != 1)
		return usage();
	if (!o.to) {
		fprintf(stderr,
			"policyd: --to is missing (native, aix or ldif)\n");
		return EXIT_USAGE;
	}
	if (!is_syntax(o.from, true))
		return complain("from", o.from, "auto, native, aix or ldif");
	if (!is_syntax(o.to, false))
		return complain("to", o.to, "native, aix or ldif");
	o.path = argv[optind];
	return convert(&o);
}

/* ---- diff --------------------------------------------------------------- */

static int
main_diff(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL,
							 'j' },
		{ "check", no_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'F' },
		{ "name", required_argument, NULL, 'N' },
		{ "requests", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	struct diff_options o = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c == 'j')
			o.json = true;
		else if (c == 'c')
			o.check = true;
		else if (c == 'N')
			o.name = optarg;
		else if (c == 'r')
			o.requests = optarg;
		else if (c == 'h')
			return help();
		else if (c == 'F' && source_format_valid(optarg))
			o.format = optarg;
		else
			return c == 'F' ? complain("format", optarg,
						  "auto, native or aix")
					: usage();
	}
	if (argc - optind != 2)
		return usage();
	o.have = argv[optind];
	o.want = argv[optind + 1];
	return policy_diff(&o);
}

/* ---- serve -------------------------------------------------------------- */

static int
main_serve(int argc, char **argv)
{
	static const struct option options[] = { { "file", required_argument,
							 NULL, 'f' },
		{ "state-dir", required_argument, NULL, 's' },
		{ "no-sandbox", no_argument, NULL, 'n' },
		{ "debug", no_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	struct serve_options o = { .conf_name = "policy.conf",
		.sandbox = true };
	int c;

	while ((c = getopt_long(argc, argv, "dc:f:i:", options, NULL)) != -1) {
		if (c == 'f' || c == 'c')
			o.conf_path = o.conf_name = optarg;
		else if (c == 'i' && !parse_u32(optarg, 86400, &o.poll_s))
			return complain(
				"i", optarg, "a number of seconds to 86400");
		else if (c == 'i')
			continue;
		else if (c == 's')
			o.state_dir = optarg;
		else if (c == 'n')
			o.sandbox = false;
		else if (c == 'd')
			log_set(LOG_LEVEL_DEBUG, UINT32_MAX);
		else
			return usage();
	}
	if (argc != optind)
		return usage();
	return serve(&o);
}

/* ---- explain ------------------------------------------------------------ */

enum {
	OPTIONS_MOST = 48,
	REQUEST_FIRST = 256 /* its value for getopt_long() */
};

/* Those of a request, then those of the command. */
static void
list_options(struct option options[OPTIONS_MOST])
{
	static const struct option own[] = { { "json", no_argument, NULL, 'j' },
		{ "offline", no_argument, NULL, 'o' },
		{ "state-dir", required_argument, NULL, 's' },
		{ "time", required_argument, NULL, 't' },
		{ "format", required_argument, NULL, 'F' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	const size_t count = sizeof(own) / sizeof(own[0]);
	size_t n = 0;
	const char *name;

	for (; n + count < OPTIONS_MOST && (name = policy_question_option(n));
		n++)
		options[n] = (struct option){ name, required_argument, NULL,
			REQUEST_FIRST + (int)n };
	memcpy(&options[n], own, sizeof(own));
}

static int
set_request(struct policy_question *q, const char *name, const char *value)
{
	const char *wants = "";

	if (policy_question_set(q, name, value, &wants) ==
		POLICY_QUESTION_TAKEN)
		return 0;
	return complain(name, value, wants);
}

/* One option; an exit status when it is wrong, else 0. */
static int
take_option(struct explain_options *o, int c, const char *value)
{
	if (c >= REQUEST_FIRST)
		return set_request(&o->question,
			policy_question_option((size_t)(c - REQUEST_FIRST)),
			value);
	switch (c) {
	case 'j':
		o->json = true;
		return 0;
	case 'o':
		o->offline = true;
		return 0;
	case 's':
		o->state_dir = value;
		return 0;
	case 't':
		if (source_moment(value, &o->question.request.now_unix_s))
			return 0;
		return complain("time", value,
			"a moment in UTC (write it like "
			"2026-11-22T03:15:00Z)");
	case 'F':
		o->format = value;
		return source_format_valid(value)
			       ? 0
			       : complain("format", value,
					 "auto, native or aix");
	default:
		return usage();
	}
}

static int
main_explain(int argc, char **argv)
{
	struct option options[OPTIONS_MOST];
	struct explain_options o = { .json = false };
	int status = 0;
	int c;

	policy_question_init(&o.question, time(NULL));
	list_options(options);
	while (status == 0 &&
		(c = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		status = take_option(&o, c, optarg);
	}
	if (status != 0)
		return status;
	if (argc - optind != 1)
		return usage();
	policy_question_settle(&o.question);
	o.conf_path = argv[optind];
	return explain(&o);
}

/* ---- the verbs ---------------------------------------------------------- */

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	int trouble; /* status when the answer could not be told */
} verbs[] = {
	{ "check", main_check, EXIT_WRONG },
	{ "convert", main_convert, EXIT_WRONG },
	{ "diff", main_diff, EXIT_TROUBLE },
	{ "explain", main_explain, EXIT_WRONG },
	{ "serve", main_serve, EXIT_WRONG },
};

/* What could not be printed has not been done. */
static int
finish(int status, int trouble)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "policyd: cannot print: %s\n", strerror(errno));
	return trouble;
}

int
main(int argc, char **argv)
{
	log_open("policyd");
	/* No .ldaprc, no LDAP* variables: policy.conf alone counts. */
	if (setenv("LDAPNOINIT", "1", 1) != 0)
		return EXIT_FAILURE;
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("policyd " PACKAGE_VERSION "\n");
		return finish(EXIT_SUCCESS, EXIT_WRONG);
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return finish(help(), EXIT_WRONG);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
		i++)
		if (strcmp(argv[1], verbs[i].name) == 0) {
			argv[1] = argv[0]; /* who complains of an option */
			return finish(verbs[i].run(argc - 1, argv + 1),
				verbs[i].trouble);
		}
	return usage();
}
