/* SPDX-License-Identifier: ISC */

/* The commands of AIX: which one was called, and what all of them take. */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/qos.h"

struct command {
	const char *name;
	qos_command_fn *run;
	const char *usage;
};

static const struct command commands[] = {
	{ "qosadd", qos_add,
		"[-s ServiceCategory] [-t OutgoingTOS] [-b MaxTokenBucket]\n"
		"              [-f FlowServiceType] [-m MaxRate] service\n"
		"       qosadd [-s ServiceCategory] [-r ServicePolicyRules]\n"
		"              [-l PolicyRulePriority] [-n ProtocolNumber]\n"
		"              [-A SrcAddrRange] [-a DestAddrRange]\n"
		"              [-P SrcPortRange] [-p DestPortRange] policy" },
	{ "qosmod", qos_mod,
		"[-s ServiceCategory] [-t OutgoingTOS] [-b MaxTokenBucket]\n"
		"              [-f FlowServiceType] [-m MaxRate] service\n"
		"       qosmod [-s ServiceCategory] [-r ServicePolicyRules]\n"
		"              [-l PolicyRulePriority] [-n ProtocolNumber]\n"
		"              [-A SrcAddrRange] [-a DestAddrRange]\n"
		"              [-P SrcPortRange] [-p DestPortRange] policy" },
	{ "qosremove", qos_remove, "NAME service | NAME policy | all" },
	{ "qoslist", qos_list, "NAME service | NAME policy | all" },
	{ "qosstat", qos_stat, "[-A] [-n] [-a] [-F] [-S]" },
	{ "mkqos", qos_mk, "[-I | -N | -B]" },
	{ "rmqos", qos_rm, "[-I | -N | -B]" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]), WAIT_S = 10 };

static const struct option long_options[] = {
	{ "file", required_argument, NULL, QOS_OPT_FILE },
	{ "socket", required_argument, NULL, QOS_OPT_SOCKET },
	{ "offline", no_argument, NULL, QOS_OPT_OFFLINE },
	{ "wait", required_argument, NULL, QOS_OPT_WAIT },
	{ NULL, 0, NULL, 0 },
};

const struct option *
qos_long_options(void)
{
	return long_options;
}

void
qos_complain(const struct qos *qos, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", qos->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool
qos_take_option(struct qos *qos, int opt, const char *value)
{
	char *end;
	unsigned long v;

	switch (opt) {
	case QOS_OPT_FILE:
		qos->file = value;
		return true;
	case QOS_OPT_SOCKET:
		qos->socket = value;
		return true;
	case QOS_OPT_OFFLINE:
		qos->offline = true;
		return true;
	case QOS_OPT_WAIT:
		v = strtoul(value, &end, 10);
		qos->wait_s = (unsigned)v;
		if (*value >= '0' && *value <= '9' && *end == '\0' && v <= 3600)
			return true;
		qos_complain(
			qos, "--wait %s: not seconds from 0 to 3600", value);
		return false;
	default:
		return false;
	}
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
list_commands(FILE *out)
{
	fprintf(out, "usage: call it by one of its names:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %s\n", commands[i].name);
	return QOS_USAGE;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int
main(int argc, char **argv)
{
	const struct command *c = find(base_name(argv[0]));
	struct qos qos = {
		.file = QOS_POLICYD_CONF, .socket = CTL_SOCKET, .wait_s = WAIT_S
	};
	int status;

	/* By any other name the first word says which. */
	if (!c && argc > 1) {
		c = find(argv[1]);
		argc--;
		argv++;
	}
	if (!c)
		return list_commands(stderr);
	qos.name = c->name;
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		printf("usage: %s %s\n"
		       "       [--file FILE] [--socket PATH] [--offline] "
		       "[--wait SECONDS]\n",
			c->name, c->usage);
		return QOS_DONE;
	}
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", c->name, PACKAGE_VERSION);
		return QOS_DONE;
	}
	status = c->run(&qos, argc, argv);
	if (status == QOS_USAGE)
		fprintf(stderr, "usage: %s %s\n", c->name, c->usage);
	if (fflush(stdout) != 0 && status == QOS_DONE) {
		qos_complain(&qos, "cannot print: %s", strerror(errno));
		status = QOS_FAILED;
	}
	return status;
}
