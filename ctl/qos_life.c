/* SPDX-License-Identifier: ISC */

/* mkqos and rmqos: the service, now, at boot, or both, by systemd. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/qos.h"

enum { NOT_FOUND = 127 };

#define UNIT "rsvpd.service"

/* What systemctl is told, by flag. */
struct deed {
	int flag;
	const char *words[3]; /* ends with NULL */
};

static const struct deed mk_deeds[] = {
	{ 'B', { "enable", "--now", NULL } },
	{ 'I', { "enable", NULL, NULL } },
	{ 'N', { "start", NULL, NULL } },
	{ 0, { NULL, NULL, NULL } },
};
static const struct deed rm_deeds[] = {
	{ 'B', { "disable", "--now", NULL } },
	{ 'I', { "disable", NULL, NULL } },
	{ 'N', { "stop", NULL, NULL } },
	{ 0, { NULL, NULL, NULL } },
};

/* Say it and do it. */
static int
tell_systemd(const struct qos *qos, const struct deed *d)
{
	const char *second = d->words[1] ? d->words[1] : UNIT;
	const char *third = d->words[1] ? UNIT : NULL;
	int status = 0;
	pid_t pid;

	printf("systemctl %s %s%s%s\n", d->words[0], second, third ? " " : "",
		third ? third : "");
	(void)fflush(stdout); /* before what systemctl says */
	pid = fork();
	if (pid == 0) {
		(void)execlp("systemctl", "systemctl", d->words[0], second,
			third, (char *)NULL);
		_exit(NOT_FOUND);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		qos_complain(qos, "systemctl: %s", strerror(errno));
		return QOS_FAILED;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		qos_complain(qos,
			"there is no systemctl here (start rsvpd by what "
			"starts services on this host)");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? QOS_DONE
							     : QOS_FAILED;
}

static int
run(const struct qos *qos, int argc, char **argv, const struct deed *deeds)
{
	const struct deed *wanted = &deeds[0];
	bool chosen = false;
	int c;

	while ((c = getopt(argc, argv, "BIN")) != -1) {
		const struct deed *d = deeds;

		while (d->flag != 0 && d->flag != c)
			d++;
		if (d->flag == 0 || chosen)
			return QOS_USAGE;
		wanted = d;
		chosen = true;
	}
	return optind == argc ? tell_systemd(qos, wanted) : QOS_USAGE;
}

int
qos_mk(struct qos *qos, int argc, char **argv)
{
	return run(qos, argc, argv, mk_deeds);
}

int
qos_rm(struct qos *qos, int argc, char **argv)
{
	return run(qos, argc, argv, rm_deeds);
}
