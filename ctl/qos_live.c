/* SPDX-License-Identifier: ISC */

/*
 * What a running daemon makes of an edit: it is told to read its files, and
 * asked until it has looked at exactly this text, which it names by a digest.
 * The file is locked meanwhile, so that the answer is about our edit.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/qos.h"

enum { PATH = 4096, POLL_MS = 20 };

/* What the daemon said last. */
struct answer {
	bool any;
	uint64_t digest;
	uint64_t generation;
	uint64_t file_generation;
	uint64_t rules_generation; /* that traffic control has */
	char problem[512];
	char sources[512];
	const char *rule; /* looked for */
	bool found;
};

/* The supervisor's process, from the file that it keeps locked beside its
 * sockets; 0: it does not run. */
static pid_t
find_daemon(const struct qos *qos)
{
	char path[PATH];
	char pid[16] = "";
	struct text t = text_over(path, sizeof(path));
	const char *slash = strrchr(qos->socket, '/');
	int fd;
	ssize_t n;
	bool free_lock;

	text_printf(&t, "%.*s/rsvpd.pid",
		slash ? (int)(slash - qos->socket) : 1,
		slash ? qos->socket : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	free_lock = flock(fd, LOCK_SH | LOCK_NB) == 0;
	n = read(fd, pid, sizeof(pid) - 1);
	close(fd);
	if (free_lock || n <= 0)
		return 0;
	pid[n] = '\0';
	return (pid_t)strtol(pid, NULL, 10);
}

static void
take_record(void *arg, struct buf_reader *facts)
{
	struct answer *a = (struct answer *)arg;
	struct ctl_value v;

	if (!ctl_value_find(facts, CTL_F_KIND, &v) ||
		strcmp(v.text, "status") != 0) {
		if (a->rule && ctl_value_find(facts, CTL_F_NAME, &v) &&
			strcmp(v.text, a->rule) == 0)
			a->found = true;
		return;
	}
	a->any = true;
	if (ctl_value_find(facts, CTL_F_FILE_DIGEST, &v))
		a->digest = v.number;
	if (ctl_value_find(facts, CTL_F_GENERATION, &v))
		a->generation = v.number;
	if (ctl_value_find(facts, CTL_F_FILE_GENERATION, &v))
		a->file_generation = v.number;
	if (ctl_value_find(facts, CTL_F_RULES_GENERATION, &v))
		a->rules_generation = v.number;
	if (ctl_value_find(facts, CTL_F_FILE_PROBLEM, &v))
		(void)text_copy(a->problem, sizeof(a->problem), v.text);
	if (ctl_value_find(facts, CTL_F_SOURCES, &v))
		(void)text_copy(a->sources, sizeof(a->sources), v.text);
}

static struct answer
ask(const struct qos *qos, const char *rule)
{
	const struct ctl_options options = {
		.socket = qos->socket, .program = qos->name, .quiet = true
	};
	struct answer a = { .rule = rule };

	/* Out of reach for a moment, when its engine is started again. */
	(void)ctl_ask(&options, CTL_ASK_POLICY, take_record, &a);
	return a;
}

/* It has looked at this text, and said no or has the rules in force. */
static bool
is_settled(const struct answer *a, uint64_t digest)
{
	return a->any && a->digest == digest &&
	       (a->problem[0] != '\0' ||
		       (a->generation >= a->file_generation &&
			       a->rules_generation >= a->file_generation));
}

/* How one rule is on the interfaces. */
struct installed {
	const char *rule;
	unsigned interfaces;
	unsigned refused;
};

static void
take_installed(void *arg, struct buf_reader *facts)
{
	struct installed *i = (struct installed *)arg;
	struct ctl_value name;
	struct ctl_value iface;
	struct ctl_value state;
	struct ctl_value reason;

	if (!ctl_value_find(facts, CTL_F_NAME, &name) ||
		strcmp(name.text, i->rule) != 0 ||
		!ctl_value_find(facts, CTL_F_INTERFACE, &iface) ||
		!ctl_value_find(facts, CTL_F_STATE, &state))
		return;
	i->interfaces++;
	if (strcmp(state.text, "refused") == 0)
		i->refused++;
	if (!ctl_value_find(facts, CTL_F_REASON, &reason))
		reason.text[0] = '\0';
	printf("%s: %s on %s%s%s\n", i->rule, state.text, iface.text,
		reason.text[0] != '\0' ? ": " : "", reason.text);
}

/* Refused everywhere is not done. */
static int
tell_installed(const struct qos *qos, const char *rule)
{
	const struct ctl_options options = { .socket = qos->socket,
		.program = qos->name };
	struct installed i = { .rule = rule };

	if (!rule)
		return QOS_DONE;
	if (ctl_ask(&options, CTL_ASK_RULES, take_installed, &i) != CTL_DONE)
		return QOS_FAILED;
	if (i.interfaces == 0)
		printf("%s: on no interface (none that rsvpd controls has such "
		       "traffic)\n",
			rule);
	return i.interfaces > 0 && i.refused == i.interfaces ? QOS_FAILED
							     : QOS_DONE;
}

static int
tell_result(const struct qos *qos, const struct answer *a)
{
	if (a->problem[0] != '\0') {
		qos_complain(qos, "not in force: %s", a->problem);
		return QOS_FAILED;
	}
	if (a->rule && !a->found) {
		qos_complain(qos,
			"generation %llu is in force, but policy %s is not in "
			"it (an entry of the directory has its name)",
			(unsigned long long)a->generation, a->rule);
		return QOS_FAILED;
	}
	printf("in force (generation %llu)\n",
		(unsigned long long)a->generation);
	return tell_installed(qos, a->rule);
}

int
qos_live(const struct qos *qos, const char *text, const char *rule)
{
	const uint64_t digest = text_digest(text);
	const struct mono end =
		mono_add_ms(os_now(), (int64_t)qos->wait_s * 1000);
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	const pid_t daemon = qos->offline ? 0 : find_daemon(qos);
	struct answer a;

	if (qos->offline)
		return QOS_DONE;
	if (daemon == 0) {
		printf("written to %s (rsvpd does not run)\n", qos->file);
		return QOS_DONE;
	}
	if (kill(daemon, SIGHUP) < 0) {
		qos_complain(qos,
			"rsvpd, process %d, cannot be told: %s (the file is "
			"written; reload it)",
			(int)daemon, strerror(errno));
		return QOS_FAILED;
	}
	do {
		a = ask(qos, rule);
		if (is_settled(&a, digest))
			return tell_result(qos, &a);
		(void)nanosleep(&pause, NULL); /* shorter is fine */
	} while (mono_ms_between(os_now(), end) > 0);
	qos_complain(qos,
		"rsvpd has not taken %s within %u s (is it the file that it "
		"reads? It says: %s)",
		qos->file, qos->wait_s, a.any ? a.sources : "nothing");
	return QOS_FAILED;
}
