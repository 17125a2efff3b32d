/* SPDX-License-Identifier: ISC */

/* The world of a supervisor; see sup_t.h. */

#include "sup_t.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct sup_t sup_t;

/* ---- files --------------------------------------------------------------- */

static int
file_of(const char *text)
{
	const int fd = memfd_create("file", MFD_CLOEXEC);

	T_EQ(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

int
sup_copy_file(const char *path)
{
	int error = sup_t.conf_error;

	if (strcmp(path, "/etc/passwd") == 0)
		error = sup_t.users_error;
	else if (strcmp(path, sup_t.options.policy_path) == 0)
		error = sup_t.policy_error;
	return error < 0 ? error : file_of(path);
}

int
sup_append(const char *dir, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return sup_t.accounts_error < 0 ? sup_t.accounts_error : file_of(path);
}

int
sup_rewind(int fd)
{
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

void
sup_close(int *fd)
{
	if (*fd >= 0)
		T_EQ(close(*fd), 0);
	*fd = -1;
}

static int
open_socket(int role, const char *text)
{
	sup_t.socket_role = role;
	return sup_t.socket_error < 0 ? sup_t.socket_error : file_of(text);
}

int
sup_raw(int role)
{
	return open_socket(role, "raw");
}

int
sup_udp(int role)
{
	return open_socket(role, "udp");
}

int
sup_pair(int ret_pair[2])
{
	return socketpair(AF_UNIX,
		SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret_pair);
}

void
sup_give_to_group(const char *runtime_dir, const char *name, const char *group)
{
	T_STR(runtime_dir, sup_t.options.runtime_dir);
	T_STR(name, SUP_CTL_SOCKET);
	(void)snprintf(sup_t.group, sizeof(sup_t.group), "%s", group);
}

const char *
supervisor_policy_path(const struct sup_options *options)
{
	return options->policy_path;
}

bool
priv_user_find(const char *name, struct priv_user *ret_user)
{
	*ret_user = (struct priv_user){ .uid = 7 };
	return strcmp(name, sup_t.user_missing) != 0;
}

void
sup_notify(const char *state)
{
	if (strcmp(state, "WATCHDOG=1") == 0)
		sup_t.watchdogs++;
	else
		(void)snprintf(
			sup_t.notified, sizeof(sup_t.notified), "%s", state);
}

void
sup_t_is_at_its_beginning(int fd)
{
	T_EQ(lseek(fd, 0, SEEK_CUR), 0);
}

/* ---- processes ----------------------------------------------------------- */

int __wrap_kill(pid_t pid, int signo);
pid_t __wrap_waitpid(pid_t pid, int *ret_status, int flags);

pid_t
sup_spawn(const struct sup_program *program, const int fds[SUP_GIVEN_FDS])
{
	struct sup_t_process *p = &sup_t.processes[sup_t.count];
	const int error = sup_t.spawn_error;

	sup_t.spawn_error = 0;
	if (error < 0)
		return error;
	T_CHECK(sup_t.count < SUP_T_PROCESSES, "too many processes");
	*p = (struct sup_t_process){ .sock = fcntl(
					     fds[1], F_DUPFD_CLOEXEC, 0) };
	T_CHECK(p->sock >= 0, "no socket to talk by");
	(void)snprintf(p->name, sizeof(p->name), "%s", program->name);
	for (int i = 0; i < 10 && program->argv[i]; i++)
		(void)snprintf(
			p->argv[i], sizeof(p->argv[i]), "%s", program->argv[i]);
	for (int i = 0; i < SUP_GIVEN_FDS; i++)
		p->given[i] = fds[i] >= 0 && fcntl(fds[i], F_GETFD) >= 0;
	return SUP_T_FIRST_PID + (pid_t)sup_t.count++;
}

void
sup_describe_end(int status, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%d", status);
}

static struct sup_t_process *
process_of(pid_t pid)
{
	const size_t i = (size_t)(pid - SUP_T_FIRST_PID);

	T_CHECK(pid >= SUP_T_FIRST_PID && i < sup_t.count, "no process %d",
		(int)pid);
	T_CHECK(!sup_t.processes[i].forgotten, "%d is gone", (int)pid);
	return &sup_t.processes[i];
}

int
__wrap_kill(pid_t pid, int signo)
{
	struct sup_t_process *p = process_of(pid);

	p->signal = signo;
	p->kills++;
	return 0;
}

pid_t
__wrap_waitpid(pid_t pid, int *ret_status, int flags)
{
	struct sup_t_process *p = process_of(pid);

	T_EQ(flags, WNOHANG);
	if (!p->ended)
		return 0;
	p->forgotten = true;
	*ret_status = p->status;
	return pid;
}

/* ---- the scene ----------------------------------------------------------- */

void
sup_t_begin(void)
{
	struct supervisor *sup = &sup_t.sup;

	memset(&sup_t, 0, sizeof(sup_t));
	sup_t.open_fds = t_open_fds();
	sup_t.socket_role = -1;
	sup_t.options = (struct sup_options){ .conf_path = "rsvpd.conf",
		.policy_path = "policy.conf",
		.runtime_dir = "run",
		.state_dir = "state",
		.log_dir = "log" };
	*sup = (struct supervisor){ .options = &sup_t.options,
		.loop = loop_t_begin((struct mono){ INT64_C(1) << 40 }),
		.lock_ns = -1,
		.lock_dir = -1,
		.api_fd = file_of("api"),
		.ctl_fd = file_of("ctl"),
		.conf_good = file_of("conf"),
		.conf_new = -1,
		.watchdog_ms = SUP_DEFAULT_WATCHDOG_MS,
		.exit_status = -1 };
	sup->tick = loop_timer_add(sup->loop, sup_watch_workers, sup);
	for (int i = 0; i < WORKERS; i++) {
		sup->workers[i] = (struct worker){ .sup = sup, .sock = -1 };
		sup->workers[i].restart = loop_timer_add(
			sup->loop, sup_restart_due, &sup->workers[i]);
	}
	T_CHECK(sup_describe_workers(sup), "no users");
}

void
sup_t_run(void)
{
	struct sup_msg msg;

	sup_t_begin();
	for (int i = 0; i < WORKERS; i++)
		sup_start_worker(&sup_t.sup.workers[i]);
	sup_watch_workers(&sup_t.sup);
	T_EQ(sup_t.count, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		while (sup_t_hear(i, &msg)) {
			sup_close(&msg.fd);
			if (msg.type == SUP_PING)
				sup_t_say(
					i, &(struct sup_msg){ .type = SUP_PONG,
						   .fd = -1 });
		}
}

void
sup_t_end(void)
{
	struct supervisor *sup = &sup_t.sup;

	for (int i = 0; i < WORKERS; i++) {
		loop_fd_del(sup->workers[i].watch);
		loop_timer_del(sup->workers[i].restart);
		sup_close(&sup->workers[i].sock);
	}
	loop_timer_del(sup->tick);
	sup_close(&sup->api_fd);
	sup_close(&sup->ctl_fd);
	sup_close(&sup->conf_good);
	sup_close(&sup->conf_new);
	for (size_t i = 0; i < sup_t.count; i++)
		sup_close(&sup_t.processes[i].sock);
	T_EQ(loop_t_left(), 0);
	T_EQ(t_open_fds(), sup_t.open_fds);
}

struct sup_t_process *
sup_t_process(int worker)
{
	const char *name = sup_t.sup.workers[worker].program.name;

	for (size_t i = sup_t.count; i > 0; i--)
		if (strcmp(sup_t.processes[i - 1].name, name) == 0)
			return &sup_t.processes[i - 1];
	T_CHECK(false, "%s was never started", name);
	return NULL;
}

void
sup_t_say(int worker, const struct sup_msg *msg)
{
	T_EQ(sup_msg_send(sup_t_process(worker)->sock, msg), 0);
	while (loop_t_call_fds())
		;
}

void
sup_t_die(int worker, int status)
{
	struct sup_t_process *p = sup_t_process(worker);

	p->ended = true;
	p->status = status;
	sup_close(&p->sock);
	sup_children_ended(&sup_t.sup, SIGCHLD);
}

bool
sup_t_hear(int worker, struct sup_msg *ret_msg)
{
	return sup_msg_recv(sup_t_process(worker)->sock, true, ret_msg) == 1;
}

void
sup_t_text(int fd, char text[64])
{
	const ssize_t n = pread(fd, text, 63, 0);

	T_CHECK(n >= 0, "no descriptor");
	text[n] = '\0';
	sup_close(&fd);
}

void
sup_t_wait_ms(int64_t ms)
{
	loop_t_go_on(ms * 1000);
	while (loop_t_call_timers() || loop_t_call_fds())
		;
}
