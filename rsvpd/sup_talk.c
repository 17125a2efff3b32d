/* SPDX-License-Identifier: ISC */
/*
 * What the supervisor and its workers say to each other: settings, reload, and
 * signs of life.  A worker that gives none is killed.
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

enum {
	LEAST_WATCHDOG_MS = 500,
	MOST_WATCHDOG_MS = 60000,
	MOST_TICK_MS = 500,
	MESSAGES_A_TURN = 16
};

/* ---- talking to workers -------------------------------------------------- */

int
sup_tell(struct worker *w, const struct sup_msg *msg)
{
	const int ret = sup_msg_send(w->sock, msg);

	/* A worker that dies at this moment is noticed by its end. */
	if (ret < 0 && ret != -EPIPE && ret != -ECONNRESET)
		log_warn(LOG_MAIN, "%s: cannot send it message %d: %s",
			w->program.name, msg->type, strerror(-ret));
	return ret;
}

void
sup_pass_fd(struct worker *engine, int role, int fd)
{
	(void)sup_tell(engine,
		&(struct sup_msg){
			.type = SUP_FD, .role = (uint8_t)role, .fd = fd });
}

static void
ping(struct worker *w, struct mono now)
{
	const struct sup_msg msg = {
		.type = SUP_PING, .serial = ++w->serial, .fd = -1
	};

	if (w->pinged.us == MONO_NEVER.us)
		w->pinged = now;
	/* A full socket is one more question without an answer. */
	(void)sup_msg_send(w->sock, &msg);
}

static void
set_watchdog(struct supervisor *sup, uint32_t watchdog_ms)
{
	if (watchdog_ms < LEAST_WATCHDOG_MS || watchdog_ms > MOST_WATCHDOG_MS ||
		watchdog_ms == sup->watchdog_ms)
		return;
	sup->watchdog_ms = watchdog_ms;
	/* Not when the longer period before would have ended. */
	loop_timer_set(sup->tick, loop_now());
}

static void
take_settings(struct supervisor *sup, const struct sup_msg *msg)
{
	set_watchdog(sup, msg->watchdog_ms);
	if (msg->group[0] != '\0')
		sup_give_to_group(
			sup->options->runtime_dir, SUP_CTL_SOCKET, msg->group);
}

static void
engine_ready(struct supervisor *sup, const struct sup_msg *msg)
{
	take_settings(sup, msg);
	sup->ready = true;
	sup->ever_ready = true;
	sup_notify("READY=1\nSTATUS=serving");
	log_info(LOG_MAIN, "ready");
	if (sup->reload_wanted)
		sup_reload(sup);
}

static void
engine_reloaded(struct supervisor *sup, const struct sup_msg *msg)
{
	if (sup->conf_new < 0)
		return;
	if (msg->ok) {
		sup_close(&sup->conf_good);
		sup->conf_good = sup->conf_new;
		sup->conf_new = -1;
		take_settings(sup, msg);
	}
	sup_close(&sup->conf_new);
	sup_notify(msg->ok ? "READY=1\nSTATUS=serving"
			   : "READY=1\nSTATUS=serving; the last reload was "
			     "refused, see the log");
	if (sup->reload_wanted)
		sup_reload(sup);
}

static void give_policy(struct worker *policyd, uint32_t serial);

static void
take_message(struct worker *w, const struct sup_msg *msg)
{
	struct supervisor *sup = w->sup;

	if (msg->type == SUP_PONG)
		w->pinged = MONO_NEVER;
	else if (msg->type == SUP_NEED && w == sup_engine(sup))
		sup_give_socket(w, msg->role);
	else if (msg->type == SUP_READY && w == sup_engine(sup))
		engine_ready(sup, msg);
	else if (msg->type == SUP_RELOADED && w == sup_engine(sup))
		engine_reloaded(sup, msg);
	else if (msg->type == SUP_POLICY && w == &sup->workers[POLICYD])
		give_policy(w, msg->serial);
}

/* One bounded batch.  The end of a worker is told by its signal, not here. */
void
sup_drain(struct worker *w)
{
	for (int i = 0; i < MESSAGES_A_TURN && w->watch; i++) {
		struct sup_msg msg;
		const int got = sup_msg_recv(w->sock, false, &msg);

		if (got == 1) {
			take_message(w, &msg);
			continue;
		}
		if (got != -EAGAIN)
			loop_fd_set(w->watch, 0);
		if (got == -EPROTO) {
			log_err(LOG_MAIN, "%s: makes no sense, killed",
				w->program.name);
			(void)kill(w->pid, SIGKILL);
		}
		return;
	}
}

void
sup_readable(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	sup_drain((struct worker *)arg);
}

/* ---- reload -------------------------------------------------------------- */

static void
reload_engine(struct supervisor *sup)
{
	struct worker *engine = sup_engine(sup);
	const int fd = sup_copy_file(sup->options->conf_path);

	if (fd < 0) {
		log_err(LOG_CONF,
			"%s: %s (reload refused, the configuration before "
			"stays in force)",
			sup->options->conf_path, strerror(-fd));
		return;
	}
	sup->conf_new = fd;
	sup_notify("RELOADING=1");
	if (sup_tell(engine, &(struct sup_msg){ .type = SUP_RELOAD,
				     .fd = sup_rewind(fd) }) < 0)
		sup_close(&sup->conf_new);
}

/* policy.conf as it is now.  No descriptor, no text: there is no file, and none
 * has to be. */
static void
give_policy(struct worker *policyd, uint32_t serial)
{
	const struct sup_options *o = policyd->sup->options;
	int fd = sup_copy_file(supervisor_policy_path(o));
	struct sup_msg msg = { .type = SUP_RELOAD, .serial = serial, .fd = -1 };

	if (fd >= 0)
		msg.fd = sup_rewind(fd);
	else if (fd != -ENOENT || o->policy_required)
		(void)text_copy(
			msg.text, sizeof(msg.text), strerror(-fd)); /* fits */
	(void)sup_tell(policyd, &msg);
	sup_close(&fd);
}

static void
reload_policy(struct supervisor *sup)
{
	struct worker *policyd = &sup->workers[POLICYD];
	const char *path = supervisor_policy_path(sup->options);
	int fd;

	if (policyd->pid == 0)
		return; /* it starts with the file as it is then */
	fd = sup_copy_file(path);
	if (fd < 0 && (fd != -ENOENT || sup->options->policy_required)) {
		log_err(LOG_POLICY,
			"%s: %s (reload refused, the policy before stays in "
			"force)",
			path, strerror(-fd));
		return;
	}
	(void)sup_tell(policyd, &(struct sup_msg){ .type = SUP_RELOAD,
					.fd = fd >= 0 ? sup_rewind(fd) : -1 });
	sup_close(&fd);
}

void
sup_reload(struct supervisor *sup)
{
	sup->reload_wanted = !sup->ready || sup->conf_new >= 0;
	if (sup->reload_wanted || sup->stopping)
		return;
	log_info(LOG_MAIN, "reload");
	reload_engine(sup);
	reload_policy(sup);
}

/* ---- watchdog ------------------------------------------------------------ */

/* May it live on? */
static bool
judge(struct worker *w, struct mono now)
{
	const int64_t silent_ms = w->pinged.us == MONO_NEVER.us
					  ? 0
					  : mono_ms_between(w->pinged, now);

	if (mono_reached(w->kill_at, now)) {
		log_warn(LOG_MAIN, "%s: does not end, killed", w->program.name);
		w->kill_at = MONO_NEVER;
		(void)kill(w->pid, SIGKILL);
		return false;
	}
	/* One that is about to end has its own time for that, above.
	 * With the time between two questions it makes the whole period. */
	if (w->asked || silent_ms < w->sup->watchdog_ms * INT64_C(3) / 4)
		return true;
	log_err(LOG_MAIN, "%s: process %d is silent for %" PRId64 " ms, killed",
		w->program.name, (int)w->pid, silent_ms);
	w->pinged = now;
	(void)kill(w->pid, SIGKILL);
	return false;
}

void
sup_watch_workers(void *arg)
{
	struct supervisor *sup = (struct supervisor *)arg;
	bool all_answer = sup->ready;
	struct mono now;
	int64_t tick_ms;

	for (size_t i = 0; i < WORKERS; i++) {
		struct worker *w = &sup->workers[i];

		if (w->pid == 0) {
			all_answer = false;
			continue;
		}
		/* Answers may wait while we were the ones who slept. */
		sup_drain(w);
		now = loop_now();
		if (w->pinged.us != MONO_NEVER.us)
			all_answer = false;
		if (judge(w, now))
			ping(w, now);
	}
	if (all_answer)
		sup_notify("WATCHDOG=1");
	/* Now, not before: the engine may just have told another period. */
	tick_ms = sup->watchdog_ms / 8;
	loop_timer_set(sup->tick,
		mono_add_ms(loop_now(),
			tick_ms < MOST_TICK_MS ? tick_ms : MOST_TICK_MS));
}
