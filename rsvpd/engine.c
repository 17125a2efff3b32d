/* SPDX-License-Identifier: ISC */
/*
 * The engine: order of its start, and what the supervisor tells it afterwards.
 *
 * Everything is made before the system-call filter is put on, and the filter is
 * on before the loop reads the first packet.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/os.h"
#include "base/text.h"
#include "rsvpd/account.h"
#include "rsvpd/api_server.h"
#include "rsvpd/ctl_server.h"
#include "rsvpd/daemon.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/priv.h"
#include "rsvpd/rules.h"
#include "rsvpd/sup_msg.h"
#include "rsvpd/supervisor.h"
#include "rsvpd/tc_client.h"

enum { START_MS = 10000, MESSAGES_A_TURN = 16 };

struct process {
	struct engine engine;
	struct stats stats;
	struct loop_fd *watch; /* of the supervisor */
	int fds[SUP_FD_COUNT]; /* came before the start; -1: none */
	char conf_name[SUP_TEXT];
	int exit_status;
};

/* ---- hooks of the core --------------------------------------------------- */

static void
ask_route(void *arg, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	const struct engine *engine = (const struct engine *)arg;

	net_link_route(engine->link, query, ret_route);
}

static void
ask_policy(void *arg, const struct rsvp_policy_query *query,
	struct rsvp_policy_answer *ret_answer)
{
	const struct engine *engine = (const struct engine *)arg;

	policy_client_ask(engine->policy, query, ret_answer);
}

static void
end_policy(void *arg, uint32_t claim)
{
	const struct engine *engine = (const struct engine *)arg;

	policy_client_end(engine->policy, claim);
}

/* ---- configuration ------------------------------------------------------- */

static struct conf *
read_conf(const struct process *p, int fd, struct conf_error *ret_error)
{
	FILE *file = fdopen(fd, "r");
	struct conf *conf;

	if (!file) {
		close(fd);
		(void)text_copy(ret_error->text, sizeof(ret_error->text),
			strerror(ENOMEM));
		return NULL;
	}
	conf = conf_read(file, p->conf_name, ret_error);
	(void)fclose(file); /* was only read */
	return conf;
}

/* RFC 2205 3.7: L >= (K + 0.5) * 1.5 * R; the longest of all interfaces. */
static uint32_t
longest_lifetime_ms(const struct conf *conf)
{
	uint64_t longest_ms = 157500; /* of the defaults */

	for (size_t i = 0; i < conf->iface_count; i++) {
		const struct conf_iface *f = &conf->ifaces[i];
		const uint64_t lifetime_ms =
			(2 * (uint64_t)f->lives + 1) * 3 * f->refresh_ms / 4;

		if (i == 0 || lifetime_ms > longest_ms)
			longest_ms = lifetime_ms;
	}
	return (uint32_t)longest_ms;
}

/* What of the configuration is the core's; hooks and seed are added once. */
static struct rsvp_core_conf
core_conf(const struct conf *conf)
{
	struct rsvp_core_conf c = rsvp_core_defaults();

	c.alloc = alloc_heap();
	c.max_sessions = conf->max_sessions;
	c.max_sessions_neighbour = conf->max_sessions_neighbour;
	c.max_sessions_uid = conf->max_sessions_uid;
	c.max_senders = conf->max_senders;
	c.max_paths = conf->max_paths;
	c.blockade_multiple = conf->blockade_multiple;
	c.tc_wait_ms = conf->tc_wait_ms;
	c.default_lifetime_ms = longest_lifetime_ms(conf);
	c.accounts = true; /* also tells by which rule a flow is marked */
	return c;
}

static void
log_change(void *arg, const char *iface, const char *line)
{
	(void)arg;
	(void)iface;
	log_info(LOG_CONF, "reload: %s", line);
}

static void
answer(const struct sup_msg *msg)
{
	const int ret = sup_msg_send(SUP_WORKER_FD, msg);

	if (ret < 0)
		log_warn(LOG_MAIN, "cannot answer the supervisor: %s",
			strerror(-ret));
}

/* Ask for the sockets that the configuration needs and close those that it does
 * not.  Returns for how many it asked; each is answered. */
static int
need_sockets(struct engine *engine)
{
	static const int roles[] = { SUP_FD_RAW4, SUP_FD_RAW6, SUP_FD_ALERT6,
		SUP_FD_TAP6, SUP_FD_GUARD, SUP_FD_UDP, SUP_FD_UDP_HOST };
	int asked = 0;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (net_raw_lacks(engine->raw, roles[i])) {
			answer(&(struct sup_msg){ .type = SUP_NEED,
				.role = (uint8_t)roles[i],
				.fd = -1 });
			asked++;
		}
	/* Always anew: the file may have been moved away. */
	for (int role = SUP_FD_ACCOUNTS; role <= SUP_FD_USERS; role++)
		if (engine->conf->accounting) {
			answer(&(struct sup_msg){ .type = SUP_NEED,
				.role = (uint8_t)role,
				.fd = -1 });
			asked++;
		}
	return asked;
}

static int
put_in_force(struct engine *engine, struct conf *conf)
{
	const struct rsvp_core_conf core = core_conf(conf);

	engine->conf = conf;
	log_set((enum log_level)conf->log_level, conf->log_debug);
	rsvp_core_reconf(engine->core, &core);
	account_reconf(engine->account);
	(void)need_sockets(engine); /* the loop takes them */

	const int ret = net_link_sync(engine->link);

	if (ret == 0)
		net_link_warn_missing(engine->link);
	return ret;
}

/* The core makes it fit: the operator has to know why. */
static void
warn_of_oversold(const struct rsvp_core *core)
{
	struct rsvp_iface_info info = { 0 };
	char buf[2][48];

	while (rsvp_core_iface_after(core, info.conf.ifindex, &info)) {
		struct text reserved = text_over(buf[0], sizeof(buf[0]));
		struct text limit = text_over(buf[1], sizeof(buf[1]));

		if (info.reserved_Bps <= info.conf.reservable_Bps)
			continue;
		text_add_rate(&reserved, (double)info.reserved_Bps);
		text_add_rate(&limit, (double)info.conf.reservable_Bps);
		log_warn(LOG_CONF,
			"reload: %s: %s are reserved, more than the %s that "
			"may be now (those with the lowest defending priority "
			"are preempted until the rest fits; see rsvpctl "
			"explain)",
			info.conf.name, buf[0], buf[1]);
	}
}

/* The new one whole, or the old one whole. */
static bool
apply(struct engine *engine, struct conf *new, struct conf_error *ret_error)
{
	struct conf *old = engine->conf;
	const int ret = put_in_force(engine, new);

	if (ret == 0) {
		tc_client_again(engine->tc);
		conf_diff(old, new, log_change, NULL);
		warn_of_oversold(engine->core);
		conf_free(old);
		engine->stats->count[STATS_RELOADS]++;
	} else {
		(void)snprintf(ret_error->text, sizeof(ret_error->text),
			"cannot be applied: %s", strerror(-ret));
		/* Was in force before; what it lacks now, notifications of
		 * the kernel repair. */
		(void)put_in_force(engine, old);
		conf_free(new);
	}
	effect_run(engine);
	return ret == 0;
}

/* ---- the supervisor ------------------------------------------------------ */

static void
add_settings(const struct conf *conf, struct sup_msg *msg)
{
	msg->fd = -1;
	msg->watchdog_ms = conf->watchdog_ms;
	(void)text_copy(msg->group, sizeof(msg->group), conf->control_group);
}

static void
reload(struct process *p, int fd)
{
	struct conf_error error = { "no file came with the reload" };
	struct conf *conf = fd >= 0 ? read_conf(p, fd, &error) : NULL;
	struct sup_msg msg = { .type = SUP_RELOADED };

	msg.ok = conf && apply(&p->engine, conf, &error);
	if (msg.ok) {
		log_info(LOG_CONF, "reload: applied");
	} else {
		log_err(LOG_CONF,
			"%s (reload refused, the configuration before stays "
			"in force)",
			error.text);
		(void)text_copy(msg.text, sizeof(msg.text), error.text);
	}
	add_settings(p->engine.conf, &msg);
	answer(&msg);
}

static void
take_fd(struct process *p, int role, int fd)
{
	struct engine *engine = &p->engine;

	switch (role) {
	case SUP_FD_RAW4:
	case SUP_FD_RAW6:
	case SUP_FD_ALERT6:
	case SUP_FD_TAP6:
	case SUP_FD_GUARD:
	case SUP_FD_UDP:
	case SUP_FD_UDP_HOST:
		net_raw_socket(engine->raw, role, fd);
		break;
	case SUP_FD_API:
		api_server_socket(engine->api, fd);
		break;
	case SUP_FD_CTL:
		ctl_server_socket(engine->ctl, fd);
		break;
	case SUP_FD_TC:
		tc_client_socket(engine->tc, fd);
		break;
	case SUP_FD_POLICY:
		policy_client_socket(engine->policy, fd);
		break;
	case SUP_FD_ACCOUNTS:
		account_file(engine->account, fd);
		break;
	case SUP_FD_USERS:
		account_users(engine->account, fd);
		break;
	default:
		close(fd);
		return;
	}
	effect_run(engine);
}

static void
take_message(struct process *p, const struct sup_msg *msg)
{
	switch (msg->type) {
	case SUP_PING:
		answer(&(struct sup_msg){
			.type = SUP_PONG, .serial = msg->serial, .fd = -1 });
		break;
	case SUP_FD:
		if (msg->fd >= 0)
			take_fd(p, msg->role, msg->fd);
		break;
	case SUP_RELOAD:
		reload(p, msg->fd);
		break;
	default:
		if (msg->fd >= 0)
			close(msg->fd);
		break;
	}
}

static void
supervisor_readable(void *arg, int fd, unsigned ready)
{
	struct process *p = (struct process *)arg;
	struct sup_msg msg;

	(void)ready;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		const int got = sup_msg_recv(fd, true, &msg);

		if (got == 1) {
			take_message(p, &msg);
			continue;
		}
		if (got == -EAGAIN)
			return;
		/* The supervisor is gone: so are we, the kernel stays. */
		log_err(LOG_MAIN, "the supervisor is gone, ending");
		p->exit_status = EXIT_FAILURE;
		loop_stop(p->engine.loop);
		return;
	}
}

/* ---- start --------------------------------------------------------------- */

static bool
keep_fd(struct process *p, const struct sup_msg *msg)
{
	if (msg->fd < 0)
		return true;
	if (msg->type != SUP_FD || msg->role >= SUP_FD_COUNT) {
		close(msg->fd);
		return false;
	}
	if (p->fds[msg->role] >= 0)
		close(p->fds[msg->role]);
	p->fds[msg->role] = msg->fd;
	return true;
}

/* The next message of the supervisor, outside of the loop.  0 or a negative
 * errno. */
static int
await_message(struct sup_msg *ret_msg)
{
	struct pollfd wait = { .fd = SUP_WORKER_FD, .events = POLLIN };
	int got = poll(&wait, 1, START_MS);

	if (got <= 0)
		return got == 0 ? -ETIMEDOUT : -errno;
	got = sup_msg_recv(SUP_WORKER_FD, true, ret_msg);
	if (got <= 0)
		return got == 0 ? -EPIPE : got;
	return 0;
}

/* Everything that the supervisor sends before SUP_START.  0 or a negative
 * errno. */
static int
receive_start(struct process *p)
{
	for (;;) {
		struct sup_msg msg = { .fd = -1 };
		const int ret = await_message(&msg);

		if (ret < 0)
			return ret;
		if (!keep_fd(p, &msg))
			return -EPROTO;
		if (msg.type == SUP_PING)
			take_message(p, &msg);
		if (msg.type == SUP_START) {
			(void)text_copy(
				p->conf_name, sizeof(p->conf_name), msg.text);
			return 0;
		}
	}
}

static void
core_due(void *arg)
{
	struct engine *engine = (struct engine *)arg;

	rsvp_core_tick(engine->core, loop_now());
	effect_run(engine);
}

static bool
make_core(struct engine *engine)
{
	struct rsvp_core_conf conf = core_conf(engine->conf);

	conf.hooks = (struct rsvp_hooks){ .arg = engine,
		.route = ask_route,
		.policy = ask_policy,
		.policy_end = end_policy };
	if (getrandom(&conf.seed, sizeof(conf.seed), 0) !=
			(ssize_t)sizeof(conf.seed) ||
		getrandom(&conf.hash_key, sizeof(conf.hash_key), 0) !=
			(ssize_t)sizeof(conf.hash_key))
		return false;
	engine->core = rsvp_core_new(&conf);
	return engine->core != NULL;
}

/* Each part may look at those before it. */
static bool
make_parts(struct engine *engine)
{
	engine->loop = loop_new();
	if (!engine->loop || !make_core(engine) || !engine_hold(engine))
		return false;
	engine->tick = loop_timer_add(engine->loop, core_due, engine);
	engine->account = account_new(engine);
	engine->link = net_link_new(engine);
	engine->raw = net_raw_new(engine);
	engine->tc = tc_client_new(engine);
	engine->policy = policy_client_new(engine);
	engine->rules = engine->tc ? rules_new(engine) : NULL;
	engine->marks = marks_new(engine);
	engine->api = api_server_new(engine);
	engine->ctl = ctl_server_new(engine);
	return engine->tick && engine->account && engine->link && engine->raw &&
	       engine->tc && engine->policy && engine->rules && engine->marks &&
	       engine->api && engine->ctl;
}

static void
free_parts(struct engine *engine)
{
	ctl_server_free(engine->ctl);
	api_server_free(engine->api);
	rsvp_core_free(engine->core);
	policy_client_free(engine->policy);
	tc_client_free(engine->tc);
	rules_free(engine->rules);
	marks_free(engine->marks);
	account_free(engine->account);
	net_raw_free(engine->raw);
	net_link_free(engine->link);
	conf_free(engine->conf);
	loop_free(engine->loop);
}

static void
take_signal(void *arg, int signo)
{
	struct process *p = (struct process *)arg;

	log_info(LOG_MAIN, "ending (%s)", strsignal(signo));
	engine_stop(&p->engine);
}

static int
join_loop(struct process *p)
{
	struct engine *engine = &p->engine;
	int ret;

	p->watch = loop_fd_add(
		engine->loop, SUP_WORKER_FD, LOOP_READ, supervisor_readable, p);
	if (!p->watch)
		return -ENOMEM;
	loop_fd_urgent(p->watch); /* it wants to know whether we live */
	ret = loop_signal_add(engine->loop, SIGTERM, take_signal, p);
	if (ret == 0)
		ret = net_link_sync(engine->link);
	if (ret == 0)
		net_link_warn_missing(engine->link);
	for (int role = SUP_FD_RAW4; ret == 0 && role < SUP_FD_COUNT; role++)
		if (p->fds[role] >= 0) {
			take_fd(p, role, p->fds[role]);
			p->fds[role] = -1;
		}
	return ret;
}

/* Nobody is served before the network is: whoever saw us ready may send. */
static int
open_sockets(struct process *p)
{
	int left = need_sockets(&p->engine);

	while (left > 0) {
		struct sup_msg msg = { .fd = -1 };
		const int ret = await_message(&msg);

		if (ret < 0)
			return ret;
		if (msg.type == SUP_FD && msg.role != SUP_FD_TC &&
			msg.role != SUP_FD_POLICY)
			left--;
		take_message(p, &msg);
	}
	return 0;
}

static int
serve(struct process *p)
{
	struct engine *engine = &p->engine;
	struct sup_msg ready = { .type = SUP_READY };
	int ret;

	if (!make_parts(engine))
		return -ENOMEM;
	ret = join_loop(p);
	if (ret == 0)
		ret = open_sockets(p);
	if (ret == 0)
		ret = priv_filter_engine();
	if (ret < 0)
		return ret;
	effect_run(engine);
	add_settings(engine->conf, &ready);
	answer(&ready);
	return loop_run(engine->loop);
}

static int
begin(struct process *p)
{
	struct conf_error error;
	const int ret = receive_start(p);

	if (ret < 0) {
		log_err(LOG_MAIN, "no start from the supervisor: %s",
			strerror(-ret));
		return EXIT_FAILURE;
	}
	if (p->fds[SUP_FD_CONF] < 0) {
		log_err(LOG_CONF, "no configuration from the supervisor");
		return EXIT_FAILURE;
	}
	p->engine.conf = read_conf(p, p->fds[SUP_FD_CONF], &error);
	p->fds[SUP_FD_CONF] = -1;
	if (!p->engine.conf) {
		log_err(LOG_CONF, "%s", error.text);
		return SUP_EXIT_CONF;
	}
	log_set((enum log_level)p->engine.conf->log_level,
		p->engine.conf->log_debug);
	return EXIT_SUCCESS;
}

/* Nobody but the supervisor has a socket of ours for the fourth descriptor. */
static bool
has_supervisor(void)
{
	return os_is_seqpacket(SUP_WORKER_FD) &&
	       fcntl(SUP_WORKER_FD, F_SETFD, FD_CLOEXEC) == 0;
}

int
engine_run(void)
{
	struct process p = { .engine = { .started = loop_now() } };
	int ret;

	log_open("rsvpd-engine");
	if (!has_supervisor()) {
		log_err(LOG_MAIN,
			"--engine is for rsvpd itself (start rsvpd instead)");
		return EXIT_FAILURE;
	}
	/* Ctrl-C goes to the supervisor too, which ends us in order. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_NAME, "rsvpd-engine", 0, 0, 0);
	/* Keys will be in memory: no core dump, no tracing by our own user. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	for (int role = 0; role < SUP_FD_COUNT; role++)
		p.fds[role] = -1;
	p.engine.stats = &p.stats;
	p.exit_status = begin(&p);
	if (p.exit_status != EXIT_SUCCESS)
		return p.exit_status;
	ret = serve(&p);
	if (ret < 0) {
		log_err(LOG_MAIN, "cannot serve: %s", strerror(-ret));
		p.exit_status = EXIT_FAILURE;
	}
	free_parts(&p.engine);
	return p.exit_status;
}
