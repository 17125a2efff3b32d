/* SPDX-License-Identifier: ISC */
#include "ctl/qos.h"
int
qos_live(const struct qos *qos, const char *text, const char *rule)
{
	(void)qos;
	(void)text;
	(void)rule;
	return QOS_DONE;
}
int
qos_stat(struct qos *qos, int argc, char **argv)
{
	(void)qos;
	(void)argc;
	(void)argv;
	return QOS_FAILED;
}
