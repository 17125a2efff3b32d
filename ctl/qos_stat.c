/* SPDX-License-Identifier: ISC */

/* qosstat: the installed policies and reservations, with their counters. */

#include "ctl/qos_stat.h"

#include <getopt.h>

#include "ctl/qos.h"

int
qos_stat(struct qos *qos, int argc, char **argv)
{
	struct qos_look look = { .all = false };
	struct qos_actions list;
	int c;
	int status;

	while ((c = getopt_long(
			argc, argv, "AanFS", qos_long_options(), NULL)) != -1) {
		if (c == 'A')
			look.handles = true;
		else if (c == 'a')
			look.all = true;
		else if (c == 'n')
			look.numeric = true;
		else if (c == 'F')
			look.filters = true;
		else if (c == 'S')
			look.statistics = true;
		else if (!qos_take_option(qos, c, optarg))
			return QOS_USAGE;
	}
	if (optind != argc)
		return QOS_USAGE;
	status = qos_actions_ask(qos, &list);
	if (status == QOS_DONE) {
		qos_connections(&list, "/proc/net");
		qos_print(stdout, &list, &look);
	}
	qos_actions_free(&list);
	return status;
}
