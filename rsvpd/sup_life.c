/* SPDX-License-Identifier: ISC */
/*
 * How workers start, end and start again.
 *
 * The engine is the centre: the two helpers talk to it over a socket pair each.
 * A pair is made when a helper starts, and the engine is handed its end; when
 * the engine dies the helpers are ended and started after it, so that all ends
 * belong together.  Network sockets are opened when the engine asks for them
 * and not kept: one that nobody reads swallows the neighbours' signalling.  The
 * listening sockets stay, so that clients of a dead engine wait for the next.
 */
#include "rsvpd/sup_state.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "rsvpd/daemon.h"

enum { STOP_MS = 5000 }; /* from being asked to being killed */

static bool
find_user(struct worker *w, const char *name)
{
	if (priv_user_find(name, &w->program.user)) {
		w->program.user.name = name;
		return true;
	}
	log_err(LOG_MAIN,
		"no user %s for %s (make it: systemd-sysusers, or useradd "
		"--system %s)",
		name, w->program.name, name);
	return false;
}

bool
sup_describe_workers(struct supervisor *sup)
{
	struct worker *w = sup->workers;

	w[ENGINE].role = -1;
	w[ENGINE].program = (struct sup_program){ .name = "engine",
		.argv = { "rsvpd: engine", "--engine" },
		/* Nothing to clean up, and a hung one must not outlive us. */
		.death_signal = SIGKILL,
		.files_max = 32768 };
	w[TCCTL].role = SUP_FD_TC;
	w[TCCTL].program = (struct sup_program){ .name = "tcctl",
		.file = "tcctl",
		.folder = "tcctl",
		.argv = { "tcctl", "serve" },
		.net_admin = true,
		.death_signal = SIGTERM,
		.files_max = 256 };
	w[POLICYD].role = SUP_FD_POLICY;
	w[POLICYD].program = (struct sup_program){ .name = "policyd",
		.file = "policyd",
		.folder = "policy",
		.argv = { "policyd", "serve", "--state-dir",
			sup->options->state_dir, "-i",
			sup->options->poll_s ? sup->options->poll_s : "0" },
		.death_signal = SIGTERM,
		.files_max = 256 };
	return find_user(&w[ENGINE], ENGINE_USER) &&
	       find_user(&w[TCCTL], TC_USER) &&
	       find_user(&w[POLICYD], POLICY_USER);
}

/* ---- asking workers to end ----------------------------------------------- */

static void
ask_to_end(struct worker *w)
{
	if (w->pid == 0 || w->asked)
		return;
	w->asked = true;
	w->kill_at = mono_add_ms(loop_now(), STOP_MS);
	(void)kill(w->pid, SIGTERM); /* it is our child: it exists */
}

/* One after the other: the engine first, so that nobody asks the others for
 * anything when they end.  The kernel stays as it is. */
static void
stop_next(struct supervisor *sup)
{
	for (size_t i = 0; i < WORKERS; i++)
		if (sup->workers[i].pid != 0) {
			ask_to_end(&sup->workers[i]);
			return;
		}
	loop_stop(sup->loop);
}

void
sup_stop(struct supervisor *sup, int exit_status)
{
	if (sup->stopping)
		return;
	sup->stopping = true;
	sup->exit_status = exit_status;
	sup_notify("STOPPING=1");
	for (size_t i = 0; i < WORKERS; i++)
		loop_timer_stop(sup->workers[i].restart);
	stop_next(sup);
}

/* ---- starting ------------------------------------------------------------ */

static void
worker_started(struct worker *w, pid_t pid, int sock)
{
	w->pid = pid;
	w->sock = sock;
	w->asked = false;
	w->due = false;
	w->pinged = MONO_NEVER;
	w->kill_at = MONO_NEVER;
	w->watch = loop_fd_add(w->sup->loop, sock, LOOP_READ, sup_readable, w);
	log_info(
		LOG_MAIN, "%s: started, process %d", w->program.name, (int)pid);
	if (w->watch)
		return;
	/* Its death starts another one, later. */
	log_err(LOG_MAIN, "%s: out of memory, killed", w->program.name);
	(void)kill(pid, SIGKILL);
}

/* With its own end of a pair on descriptor 4 and what else it is given. */
static int
spawn(struct worker *w, int fd3, int fd5)
{
	int pair[2];
	int ret = sup_pair(pair);
	pid_t pid;

	if (ret < 0)
		return ret;
	pid = sup_spawn(
		&w->program, (const int[SUP_GIVEN_FDS]){ fd3, pair[1], fd5 });
	close(pair[1]);
	if (pid > 0)
		worker_started(w, pid, pair[0]);
	else
		close(pair[0]);
	return pid > 0 ? 0 : pid;
}

/* Of accounting.  The names are ours: the engine chooses no file. */
static void
give_file(struct worker *engine, int role)
{
	static const char records[] = "accounting.jsonl";
	static const char users[] = "/etc/passwd";
	const char *dir = engine->sup->options->log_dir;
	int fd = role == SUP_FD_ACCOUNTS ? sup_append(dir, records)
					 : sup_copy_file(users);

	if (fd < 0 && role == SUP_FD_ACCOUNTS)
		log_err(LOG_MAIN,
			"%s/%s: %s (records wait until a reload, as far as "
			"there is room)",
			dir, records, strerror(-fd));
	else if (fd < 0)
		log_warn(LOG_MAIN, "%s: %s (records have no names)", users,
			strerror(-fd));
	if (fd >= 0 && role == SUP_FD_USERS)
		(void)sup_rewind(fd);
	sup_pass_fd(engine, role, fd < 0 ? -1 : fd);
	sup_close(&fd);
}

/* Opened when the engine asks: it knows what its configuration needs. */
void
sup_give_socket(struct worker *engine, int role)
{
	static const char *const names[SUP_FD_COUNT] = {
		[SUP_FD_RAW4] = "raw IPv4 socket",
		[SUP_FD_RAW6] = "raw IPv6 socket",
		[SUP_FD_ALERT6] = "IPv6 router alert socket",
		[SUP_FD_TAP6] = "IPv6 multicast socket",
		[SUP_FD_GUARD] =
			"nftables rule against forwarding of multicast RSVP",
		[SUP_FD_UDP] = "UDP port 1698",
		[SUP_FD_UDP_HOST] = "UDP port 1699",
	};
	const bool udp = role == SUP_FD_UDP || role == SUP_FD_UDP_HOST;
	int fd;

	if (role == SUP_FD_ACCOUNTS || role == SUP_FD_USERS) {
		give_file(engine, role);
		return;
	}
	if (role >= SUP_FD_COUNT || !names[role])
		return;
	fd = udp ? sup_udp(role) : sup_raw(role);
	if (fd == -EPERM && !udp && role != SUP_FD_GUARD) {
		log_err(LOG_NET,
			"%s: CAP_NET_RAW is missing (start it with the "
			"capabilities of rsvpd(8), or write raw = false; in "
			"rsvpd.conf, on a host that has UDP only)",
			names[role]);
		sup_stop(engine->sup, EXIT_FAILURE);
	} else if (fd < 0) {
		log_warn(LOG_NET, "%s: %s (RSVP does without it)", names[role],
			strerror(-fd));
	}
	/* It waits for an answer, even if that is none. */
	sup_pass_fd(engine, role, fd < 0 ? -1 : fd);
	sup_close(&fd);
}

static int
start_engine(struct worker *engine)
{
	struct supervisor *sup = engine->sup;
	struct sup_msg start = { .type = SUP_START, .fd = -1 };
	const int ret = spawn(engine, -1, -1);

	if (ret < 0)
		return ret;
	sup_pass_fd(engine, SUP_FD_CONF, sup_rewind(sup->conf_good));
	sup_pass_fd(engine, SUP_FD_API, sup->api_fd);
	sup_pass_fd(engine, SUP_FD_CTL, sup->ctl_fd);
	/* Only for messages: cut off when it is very long. */
	(void)text_copy(
		start.text, sizeof(start.text), sup->options->conf_path);
	(void)sup_tell(engine, &start);
	return 0;
}

/* policy.conf for policyd, and its name for policyd's messages; -1: none.  One
 * that is there, or should be, and cannot be read is told by its name alone:
 * policyd must not take it for none, which allows everything. */
static int
open_policy(struct worker *policyd)
{
	enum { NAME_AT = 6 };
	const char *path = supervisor_policy_path(policyd->sup->options);
	const char **argv = policyd->program.argv;
	const int fd = sup_copy_file(path);
	const bool none =
		fd == -ENOENT && !policyd->sup->options->policy_required;

	argv[NAME_AT] = none ? NULL : "-f";
	argv[NAME_AT + 1] = none ? NULL : path;
	if (fd >= 0)
		return sup_rewind(fd);
	if (none)
		log_info(LOG_POLICY, "%s: %s (no file of rules)", path,
			strerror(-fd));
	else
		log_err(LOG_POLICY, "%s: %s", path, strerror(-fd));
	return -1;
}

static int
start_helper(struct worker *w)
{
	struct supervisor *sup = w->sup;
	int policy_fd = -1;
	int pair[2];
	int ret = sup_pair(pair);

	if (ret < 0)
		return ret;
	if (w == &sup->workers[POLICYD])
		policy_fd = open_policy(w);
	ret = spawn(w, pair[1], policy_fd);
	if (ret == 0)
		sup_pass_fd(sup_engine(sup), w->role, pair[0]);
	close(pair[0]);
	close(pair[1]);
	sup_close(&policy_fd);
	return ret;
}

static void
count_death(struct worker *w)
{
	const struct mono now = loop_now();
	const int delay_ms = sup_deaths_add(&w->deaths, now);

	if (delay_ms >= 0) {
		loop_timer_set(w->restart, mono_add_ms(now, delay_ms));
		return;
	}
	log_err(LOG_MAIN,
		"%s: died %d times within a minute, giving up (the kernel "
		"keeps what is installed; see the messages before)",
		w->program.name, SUP_DEATHS_MAX);
	sup_stop(w->sup, EXIT_FAILURE);
}

static void
start(struct worker *w)
{
	struct supervisor *sup = w->sup;
	int ret;

	if (sup->stopping || w->pid != 0)
		return;
	if (w == sup_engine(sup)) {
		ret = start_engine(w);
	} else if (sup_engine(sup)->pid == 0) {
		w->due = true;
		return;
	} else {
		ret = start_helper(w);
	}
	if (ret >= 0)
		return;
	log_err(LOG_MAIN, "%s: cannot start: %s", w->program.name,
		strerror(-ret));
	count_death(w);
}

void
sup_start_worker(struct worker *w)
{
	struct supervisor *sup = w->sup;

	start(w);
	if (w != sup_engine(sup) || w->pid == 0)
		return;
	for (size_t i = ENGINE + 1; i < WORKERS; i++)
		if (sup->workers[i].due)
			start(&sup->workers[i]);
}

void
sup_restart_due(void *arg)
{
	sup_start_worker((struct worker *)arg);
}

/* ---- deaths -------------------------------------------------------------- */

static void
forget_process(struct worker *w)
{
	struct supervisor *sup = w->sup;

	loop_fd_del(w->watch);
	w->watch = NULL;
	sup_close(&w->sock);
	w->pid = 0;
	if (w != sup_engine(sup))
		return;
	sup->ready = false;
	if (sup->conf_new >= 0)
		log_err(LOG_CONF,
			"the engine died during a reload: the configuration "
			"before stays in force");
	sup_close(&sup->conf_new);
	for (size_t i = ENGINE + 1; i < WORKERS; i++) {
		struct worker *helper = &sup->workers[i];

		/* It may have been quicker, and was counted. */
		if (helper->pid == 0 && helper->ended_well)
			sup_deaths_forgive(&helper->deaths, loop_now());
		ask_to_end(helper);
	}
}

/* A helper whose engine dies may be seen to end before the engine is; it ends
 * with status 0 then, which is nobody's fault. */
static void
log_end(const struct worker *w, int status)
{
	char how[80];

	if (w->asked)
		return;
	sup_describe_end(status, how, sizeof(how));
	if (status == 0 || w->sup->stopping)
		log_info(LOG_MAIN, "%s: process %d ended: %s", w->program.name,
			(int)w->pid, how);
	else
		log_err(LOG_MAIN, "%s: process %d ended: %s", w->program.name,
			(int)w->pid, how);
}

static void
worker_ended(struct worker *w, int status)
{
	struct supervisor *sup = w->sup;
	const bool refused = w == sup_engine(sup) && !sup->ever_ready &&
			     WIFEXITED(status) &&
			     WEXITSTATUS(status) == SUP_EXIT_CONF;

	log_end(w, status);
	w->ended_well = status == 0;
	forget_process(w);
	if (sup->stopping)
		stop_next(sup);
	else if (refused)
		sup_stop(sup, EXIT_FAILURE); /* the engine has said why */
	else if (w->asked)
		sup_start_worker(w);
	else
		count_death(w);
}

void
sup_children_ended(void *arg, int signo)
{
	struct supervisor *sup = (struct supervisor *)arg;

	(void)signo;
	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *w = &sup->workers[i];
		int status;

		if (w->pid == 0)
			continue;
		if (waitpid(w->pid, &status, WNOHANG) != w->pid)
			continue;
		/* What it said last counts before its end. */
		sup_drain(w);
		worker_ended(w, status);
	}
}
