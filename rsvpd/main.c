/* SPDX-License-Identifier: ISC */
/* rsvpd: options; then the supervisor, the engine, or a check. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/log.h"
#include "rsvpd/conf.h"
#include "rsvpd/supervisor.h"

enum { EXIT_USAGE = 2 };

enum {
	OPT_RUNTIME_DIR = 256,
	OPT_STATE_DIR,
	OPT_LOG_DIR,
	OPT_ENGINE,
	OPT_LIST_KEYS,
	OPT_VERSION,
	OPT_HELP
};

struct wish {
	struct sup_options options;
	bool check;
	bool verbose;
	bool engine;
	int done; /* exit status of what is answered at once; -1: go on */
};

static const struct option long_options[] = {
	{ "runtime-dir", required_argument, NULL, OPT_RUNTIME_DIR },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "log-dir", required_argument, NULL, OPT_LOG_DIR },
	{ "engine", no_argument, NULL, OPT_ENGINE },
	{ "list-keys", no_argument, NULL, OPT_LIST_KEYS },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ 0 },
};

static const char usage[] =
	"usage: rsvpd [-f] [-c FILE] [-p FILE] [-i SECONDS] "
	"[--runtime-dir DIR]\n"
	"             [--state-dir DIR] [--log-dir DIR]\n"
	"       rsvpd -n [-v] [-c FILE] [-p FILE]\n"
	"  -c FILE            configuration (" RSVPD_SYSCONFDIR
	"/rsvpd/rsvpd.conf)\n"
	"  -p FILE            policy (" RSVPD_SYSCONFDIR "/rsvpd/policy.conf)\n"
	"                     or, where only that is there, " RSVPD_SYSCONFDIR
	"/policyd.conf\n"
	"  -i SECONDS         ask the directory so often\n"
	"  --runtime-dir DIR  sockets and lock (" RSVPD_RUNDIR ")\n"
	"  --state-dir DIR    policy cache (" RSVPD_STATEDIR ")\n"
	"  --log-dir DIR      accounting records (" RSVPD_LOGDIR ")\n"
	"  -f                 stay in the foreground, as it always does\n"
	"  -n                 check configuration and policy, start nothing\n"
	"  -v                 with -n: print the effective configuration\n"
	"  --list-keys        the keys of the configuration\n"
	"  --version, --help\n";

/* Is all of it out?  What failed before the last is told by ferror() alone. */
static int
printed(void)
{
	return ferror(stdout) || fflush(stdout) != 0 ? EXIT_FAILURE
						     : EXIT_SUCCESS;
}

static int
print_and_end(const char *text)
{
	(void)fputs(text, stdout);
	return printed();
}

static bool
is_seconds(const char *s)
{
	char *end;
	const unsigned long v = strtoul(s, &end, 10);

	return *s >= '0' && *s <= '9' && *end == '\0' && v >= 1 && v <= 86400;
}

static void
take_option(int opt, struct wish *wish)
{
	switch (opt) {
	case 'c':
		wish->options.conf_path = optarg;
		break;
	case 'p':
		wish->options.policy_path = optarg;
		wish->options.policy_required = true;
		break;
	case 'i':
		if (!is_seconds(optarg)) {
			(void)fprintf(stderr,
				"rsvpd: -i %s: not a number of seconds from 1 "
				"to 86400\n",
				optarg);
			wish->done = EXIT_USAGE;
		}
		wish->options.poll_s = optarg;
		break;
	case 'f':
		break;
	case 'n':
		wish->check = true;
		break;
	case 'v':
		wish->verbose = true;
		break;
	case OPT_RUNTIME_DIR:
		wish->options.runtime_dir = optarg;
		break;
	case OPT_STATE_DIR:
		wish->options.state_dir = optarg;
		break;
	case OPT_LOG_DIR:
		wish->options.log_dir = optarg;
		break;
	case OPT_ENGINE:
		wish->engine = true;
		break;
	case OPT_LIST_KEYS:
		conf_list(stdout);
		wish->done = printed();
		break;
	case OPT_VERSION:
		wish->done = print_and_end("rsvpd " PACKAGE_VERSION "\n");
		break;
	case OPT_HELP:
		wish->done = print_and_end(usage);
		break;
	default:
		(void)fputs(usage, stderr);
		wish->done = EXIT_USAGE;
		break;
	}
}

static void
read_options(int argc, char **argv, struct wish *wish)
{
	int opt;

	while (wish->done < 0 && (opt = getopt_long(argc, argv, "c:p:i:fnv",
					  long_options, NULL)) != -1)
		take_option(opt, wish);
	if (wish->done < 0 && optind < argc) {
		(void)fprintf(stderr, "rsvpd: unexpected argument %s\n%s",
			argv[optind], usage);
		wish->done = EXIT_USAGE;
	}
	if (wish->done < 0 && wish->verbose && !wish->check) {
		(void)fprintf(stderr, "rsvpd: -v goes with -n\n%s", usage);
		wish->done = EXIT_USAGE;
	}
}

/* NULL, and the reason on standard error. */
static struct conf *
check_conf(const char *path)
{
	struct conf_error error;
	FILE *file = fopen(path, "re");
	struct conf *conf;

	if (!file) {
		(void)fprintf(stderr,
			"rsvpd: %s: %s (write one, see rsvpd.conf(5), or name "
			"it with -c)\n",
			path, strerror(errno));
		return NULL;
	}
	conf = conf_read(file, path, &error);
	(void)fclose(file); /* was only read */
	if (!conf)
		(void)fprintf(stderr, "rsvpd: %s\n", error.text);
	return conf;
}

static int
check(const struct wish *wish)
{
	const struct sup_options *o = &wish->options;
	struct conf *conf = check_conf(o->conf_path);
	const char *policy = supervisor_policy_path(o);
	int status = EXIT_SUCCESS;

	if (!conf)
		return EXIT_FAILURE;
	if (wish->verbose)
		conf_print(conf, stdout);
	conf_free(conf);
	if (printed() != EXIT_SUCCESS)
		return EXIT_FAILURE;
	/* With -v, standard output is a configuration and nothing else. */
	if (o->policy_required || access(policy, F_OK) == 0)
		status = supervisor_check_policy(
			policy, wish->verbose ? STDERR_FILENO : STDOUT_FILENO);
	return status == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct wish wish = { .done = -1,
		.options = { .conf_path = RSVPD_SYSCONFDIR "/rsvpd/rsvpd.conf",
			.policy_path = RSVPD_SYSCONFDIR "/rsvpd/policy.conf",
			.policy_classic = RSVPD_SYSCONFDIR "/policyd.conf",
			.runtime_dir = RSVPD_RUNDIR,
			.state_dir = RSVPD_STATEDIR,
			.log_dir = RSVPD_LOGDIR } };

	read_options(argc, argv, &wish);
	if (wish.done >= 0)
		return wish.done;
	if (wish.engine)
		return engine_run();
	if (wish.check)
		return check(&wish);
	/* What somebody left open is not for the workers. */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	log_open("rsvpd");
	return supervisor_run(&wish.options);
}
