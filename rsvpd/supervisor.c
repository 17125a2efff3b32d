/* SPDX-License-Identifier: ISC */
/*
 * Begin and end of the supervisor: what it opens before the first worker
 * starts, the signals it obeys.
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

void
sup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- life ---------------------------------------------------------------- */

static void
take_signal(void *arg, int signo)
{
	struct supervisor *sup = (struct supervisor *)arg;

	if (signo == SIGHUP) {
		sup_reload(sup);
		return;
	}
	log_info(LOG_MAIN, "stopping (%s)", strsignal(signo));
	sup_stop(sup, EXIT_SUCCESS);
}

/* In the order in which a mistake is best told; nothing is started yet.  0, or
 * a negative errno and a log line. */
static int
open_all(struct supervisor *sup)
{
	const struct sup_options *o = sup->options;
	int ret;

	sup->lock_ns = sup_lock_namespace();
	if (sup->lock_ns < 0)
		return sup->lock_ns;
	ret = sup_directory(o->runtime_dir, 0);
	if (ret == 0)
		ret = sup_directory(
			o->state_dir, sup->workers[POLICYD].program.user.uid);
	if (ret < 0)
		return ret;
	sup->lock_dir = sup_lock_directory(o->runtime_dir);
	if (sup->lock_dir < 0)
		return sup->lock_dir;
	sup->conf_good = sup_copy_file(o->conf_path);
	if (sup->conf_good < 0) {
		log_err(LOG_CONF,
			"%s: %s (write one, see rsvpd.conf(5), or name it "
			"with -c)",
			o->conf_path, strerror(-sup->conf_good));
		return sup->conf_good;
	}
	if (o->policy_required && access(o->policy_path, F_OK) != 0) {
		log_err(LOG_POLICY, "%s: %s (write it, or leave -p out)",
			o->policy_path, strerror(errno));
		return -ENOENT;
	}
	sup->api_fd = sup_listen(o->runtime_dir, SUP_API_SOCKET, 0666);
	if (sup->api_fd < 0)
		return sup->api_fd;
	sup->ctl_fd = sup_listen(o->runtime_dir, SUP_CTL_SOCKET, 0660);
	return sup->ctl_fd < 0 ? sup->ctl_fd : 0;
}

static int
make_loop(struct supervisor *sup)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT };
	int ret = 0;

	sup->loop = loop_new();
	if (!sup->loop)
		return -ENOMEM;
	sup->tick = loop_timer_add(sup->loop, sup_watch_workers, sup);
	if (!sup->tick)
		return -ENOMEM;
	for (size_t i = 0; i < WORKERS; i++) {
		sup->workers[i].restart = loop_timer_add(
			sup->loop, sup_restart_due, &sup->workers[i]);
		if (!sup->workers[i].restart)
			return -ENOMEM;
	}
	for (size_t i = 0; ret == 0 && i < sizeof(signals) / sizeof(signals[0]);
		i++)
		ret = loop_signal_add(sup->loop, signals[i], take_signal, sup);
	if (ret == 0)
		ret = loop_signal_add(
			sup->loop, SIGCHLD, sup_children_ended, sup);
	return ret;
}

static void
close_all(struct supervisor *sup)
{
	loop_free(sup->loop);
	if (sup->api_fd >= 0)
		sup_unlink(sup->options->runtime_dir, SUP_API_SOCKET);
	if (sup->ctl_fd >= 0)
		sup_unlink(sup->options->runtime_dir, SUP_CTL_SOCKET);
	sup_close(&sup->api_fd);
	sup_close(&sup->ctl_fd);
	sup_close(&sup->conf_good);
	sup_close(&sup->conf_new);
	sup_close(&sup->lock_dir);
	sup_close(&sup->lock_ns);
}

static bool
may_run(void)
{
	const char *missing = geteuid() == 0 ? priv_missing() : "root";

	if (!missing)
		return true;
	log_err(LOG_MAIN,
		"%s is missing (start it as root, with the capabilities of "
		"rsvpd(8))",
		missing);
	return false;
}

int
supervisor_run(const struct sup_options *options)
{
	struct supervisor sup = { .options = options,
		.lock_ns = -1,
		.lock_dir = -1,
		.api_fd = -1,
		.ctl_fd = -1,
		.conf_good = -1,
		.conf_new = -1,
		.watchdog_ms = SUP_DEFAULT_WATCHDOG_MS,
		.exit_status = EXIT_FAILURE };
	int ret;

	for (size_t i = 0; i < WORKERS; i++)
		sup.workers[i] = (struct worker){ .sup = &sup, .sock = -1 };
	if (!may_run() || !sup_describe_workers(&sup))
		return EXIT_FAILURE;
	if (open_all(&sup) < 0) {
		close_all(&sup);
		return EXIT_FAILURE;
	}
	ret = make_loop(&sup);
	if (ret == 0)
		ret = priv_keep();
	if (ret == 0) {
		for (size_t i = 0; i < WORKERS; i++)
			sup_start_worker(&sup.workers[i]);
		sup_watch_workers(&sup);
		ret = loop_run(sup.loop);
	}
	if (ret < 0)
		log_err(LOG_MAIN, "cannot run: %s", strerror(-ret));
	close_all(&sup);
	return ret < 0 ? EXIT_FAILURE : sup.exit_status;
}
