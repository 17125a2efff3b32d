/* SPDX-License-Identifier: ISC */

/* The parts and the supervisor of an engine; see engine_t.h. */

#include "engine_t.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "rsvpd/account.h"
#include "rsvpd/api_server.h"
#include "rsvpd/ctl_server.h"
#include "rsvpd/engine_life.h"
#include "rsvpd/marks.h"
#include "rsvpd/net_link.h"
#include "rsvpd/net_raw.h"
#include "rsvpd/policy_client.h"
#include "rsvpd/priv.h"
#include "rsvpd/rules.h"
#include "rsvpd/tc_client.h"
#include "t_log.h"

struct et et;

static int part; /* stands for each */

__attribute__((format(printf, 1, 2))) static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vprintf(&et.said, fmt, ap);
	va_end(ap);
	text_add(&et.said, " ");
	T_CHECK(!et.said.cut, "too many words");
}

/* ---- parts --------------------------------------------------------------- */

static void *
made(const char *name)
{
	say("%s", name);
	return strcmp(name, et.missing) == 0 ? NULL : &part;
}

static void
freed(const char *name, const void *what)
{
	say("-%s%s", name, what ? "" : "(none)");
}

static void
given(const char *name, int fd)
{
	say("%s<", name);
	T_EQ(close(fd), 0);
}

#define PART(type, prefix)                                                     \
	struct type *prefix##_new(struct engine *engine)                       \
	{                                                                      \
		et.engine = engine;                                            \
		return (struct type *)made(#prefix);                           \
	}                                                                      \
	void prefix##_free(struct type *what)                                  \
	{                                                                      \
		freed(#prefix, what);                                          \
	}

PART(account, account)
PART(net_link, net_link)
PART(net_raw, net_raw)
PART(tc_client, tc_client)
PART(policy_client, policy_client)
PART(rules, rules)
PART(marks, marks)
PART(api_server, api_server)
PART(ctl_server, ctl_server)

struct loop *
loop_new(void)
{
	return made("loop") ? loop_t_begin((struct mono){ 1 }) : NULL;
}

void
loop_free(struct loop *loop)
{
	freed("loop", loop);
}

int
loop_run(struct loop *loop)
{
	say("run");
	T_CHECK(loop == et.engine->loop, "another loop");
	if (et.script)
		et.script();
	return 0;
}

int
loop_signal_add(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	(void)loop;
	T_EQ(signo, SIGTERM);
	et.on_signal = fn;
	et.on_signal_arg = arg;
	return made("signal") ? 0 : -ENOMEM;
}

struct rsvp_core_conf
rsvp_core_defaults(void)
{
	return (struct rsvp_core_conf){ .seed = 1 };
}

struct rsvp_core *
rsvp_core_new(const struct rsvp_core_conf *conf)
{
	et.core = *conf;
	return (struct rsvp_core *)made("core");
}

void
rsvp_core_free(struct rsvp_core *core)
{
	freed("core", core);
}

void
rsvp_core_reconf(struct rsvp_core *core, const struct rsvp_core_conf *conf)
{
	(void)core;
	et.core = *conf;
	say("reconf:%u", conf->max_sessions);
}

void
rsvp_core_tick(struct rsvp_core *core, struct mono now)
{
	(void)core;
	say("tick:%d", (int)now.us);
}

bool
rsvp_core_iface_after(const struct rsvp_core *core, uint32_t after,
	struct rsvp_iface_info *ret)
{
	(void)core;
	for (size_t i = 0; i < et.iface_count; i++)
		if (et.ifaces[i].conf.ifindex > after) {
			*ret = et.ifaces[i];
			return true;
		}
	return false;
}

bool
engine_hold(struct engine *engine)
{
	et.engine = engine;
	return made("hold") != NULL;
}

void
engine_stop(struct engine *engine)
{
	T_CHECK(engine == et.engine, "another engine");
	say("stop");
}

void
effect_run(struct engine *engine)
{
	T_CHECK(engine == et.engine, "another engine");
	say("effects");
}

int
priv_filter_engine(void)
{
	say("filter");
	return et.filter_error;
}

void
account_reconf(struct account *account)
{
	(void)account;
	say("accounts:%d", et.engine->conf->accounting);
}

void
account_file(struct account *account, int fd)
{
	(void)account;
	given("account", fd);
}

void
account_users(struct account *account, int fd)
{
	(void)account;
	given("users", fd);
}

int
net_link_sync(struct net_link *link)
{
	const int error = et.sync_error;

	(void)link;
	et.sync_error = 0;
	say("sync");
	return error;
}

void
net_link_warn_missing(const struct net_link *link)
{
	(void)link;
	say("missing");
}

void
net_link_route(struct net_link *link, const struct rsvp_route_query *query,
	struct rsvp_route *ret_route)
{
	(void)link, (void)query, (void)ret_route;
	say("route");
}

bool
net_raw_lacks(struct net_raw *raw, int role)
{
	(void)raw;
	return (et.lacks >> role & 1) != 0;
}

void
net_raw_socket(struct net_raw *raw, int role, int fd)
{
	(void)raw;
	say("%d", role);
	given("raw", fd);
}

void
api_server_socket(struct api_server *api, int fd)
{
	(void)api;
	given("api", fd);
}

void
ctl_server_socket(struct ctl_server *ctl, int fd)
{
	(void)ctl;
	given("ctl", fd);
}

void
tc_client_socket(struct tc_client *tc, int fd)
{
	(void)tc;
	given("tc", fd);
}

void
tc_client_again(struct tc_client *tc)
{
	(void)tc;
	say("tc_again");
}

void
policy_client_socket(struct policy_client *client, int fd)
{
	(void)client;
	given("policy", fd);
}

void
policy_client_ask(struct policy_client *client,
	const struct rsvp_policy_query *query, struct rsvp_policy_answer *ret)
{
	(void)client, (void)query, (void)ret;
	say("policy?");
}

void
policy_client_end(struct policy_client *client, uint32_t claim)
{
	(void)client;
	say("claim:%u", claim);
}

/* ---- the system ---------------------------------------------------------- */

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_prctl(int what, unsigned long arg);
sighandler_t __wrap_signal(int signo, sighandler_t handler);
ssize_t __wrap_getrandom(void *bytes, size_t len, unsigned flags);
void __wrap_log_set(enum log_level level, uint32_t debug_areas);

/* What is to come has come; nobody waits for ever. */
int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	T_CHECK(timeout_ms == 0 || timeout_ms == 10000, "%d", timeout_ms);
	return __real_poll(fds, count, 0);
}

int
__wrap_prctl(int what, unsigned long arg)
{
	if (what == PR_SET_DUMPABLE)
		say("dumpable:%lu", arg);
	return 0;
}

sighandler_t
__wrap_signal(int signo, sighandler_t handler)
{
	T_CHECK(handler == SIG_IGN, "a handler");
	say("ignore:%d", signo);
	return SIG_DFL;
}

ssize_t
__wrap_getrandom(void *bytes, size_t len, unsigned flags)
{
	T_EQ(flags, 0);
	memset(bytes, 0x5a, len);
	if (et.random_error-- == 1)
		return (ssize_t)len - 1;
	return (ssize_t)len;
}

void
__wrap_log_set(enum log_level level, uint32_t debug_areas)
{
	(void)debug_areas;
	et.level = (int)level;
}

T_LOG_KEEP(err, et.logged, et.lines)
T_LOG_KEEP(warn, et.logged, et.lines)
T_LOG_KEEP(info, et.changed, et.lines)

/* ---- the supervisor ------------------------------------------------------ */

int
et_file(const char *text)
{
	const int fd = memfd_create("file", MFD_CLOEXEC);

	T_EQ(write(fd, text, strlen(text)), strlen(text));
	T_EQ(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

void
et_send(struct sup_msg msg)
{
	T_EQ(sup_msg_send(et.sock, &msg), 0);
	if (msg.fd >= 0)
		(void)close(msg.fd);
}

void
et_send_fd(int role, const char *text)
{
	et_send((struct sup_msg){ .type = SUP_FD,
		.role = (uint8_t)role,
		.fd = text ? et_file(text) : -1 });
}

void
et_send_plain(enum sup_msg_type type, uint32_t serial)
{
	et_send((struct sup_msg){ .type = (uint16_t)type,
		.serial = serial,
		.text = "the.conf",
		.fd = -1 });
}

void
et_send_reload(const char *text)
{
	et_send((struct sup_msg){
		.type = SUP_RELOAD, .fd = text ? et_file(text) : -1 });
}

struct sup_msg
et_hear(enum sup_msg_type type)
{
	struct sup_msg msg = { .type = 0 };

	T_EQ(sup_msg_recv(et.sock, false, &msg), 1);
	T_EQ(msg.type, type);
	return msg;
}

void
et_expect_silence(void)
{
	struct sup_msg msg;

	T_EQ(sup_msg_recv(et.sock, false, &msg), -EAGAIN);
}

void
et_begin(void)
{
	int pair[2];

	memset(&et, 0, sizeof(et));
	et.said = text_over(et.words, sizeof(et.words));
	et.missing = "";
	et.level = -1;
	et.open_fds = t_open_fds();
	T_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     0, pair),
		0);
	et.sock = fcntl(pair[0], F_DUPFD_CLOEXEC, 10);
	if (pair[1] != SUP_WORKER_FD) {
		T_EQ(dup2(pair[1], SUP_WORKER_FD), SUP_WORKER_FD);
		(void)close(pair[1]);
	}
	if (pair[0] != SUP_WORKER_FD)
		(void)close(pair[0]);
}

void
et_begin_with(const char *conf)
{
	et_begin();
	et_send_fd(SUP_FD_CONF, conf);
	et_send_plain(SUP_START, 0);
}

void
et_end(void)
{
	if (et.sock >= 0)
		(void)close(et.sock);
	(void)close(SUP_WORKER_FD);
	T_EQ(t_open_fds(), et.open_fds);
}

void
et_forget(void)
{
	et.said = text_over(et.words, sizeof(et.words));
	et.words[0] = '\0';
	et.logged[0] = '\0';
}

void
et_turn(void)
{
	(void)loop_t_call_fds();
}

void
et_expect(const char *words)
{
	T_STR(et.words, words);
	et_forget();
}
