/* SPDX-License-Identifier: ISC */
#include "ctl/qos.h"
int
qos_stat(struct qos *qos, int argc, char **argv)
{
	(void)qos;
	(void)argc;
	(void)argv;
	return QOS_FAILED;
}
