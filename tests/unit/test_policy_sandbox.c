/* SPDX-License-Identifier: ISC */

/* What policyd may still do once it serves: policy/sandbox.c. */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/sandbox_int.h"
#include "t.h"

enum { DONE = 7 };

/* How a child ends that does this inside. */
static int
end_of(void (*act)(void))
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_enter() != 0)
			_exit(1);
		act();
		_exit(DONE);
	}
	T_CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	return status;
}

static void
write_and_rename(void)
{
	char path[] = "/tmp/t_sandbox.XXXXXX";
	char other[] = "/tmp/t_sandbox.XXXXXX.new";
	const int fd = mkstemp(path);

	memcpy(other, path, strlen(path));
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 ||
		close(fd) != 0 || rename(path, other) != 0 ||
		unlink(other) != 0)
		_exit(2);
}

static void
ask_a_server(void)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6,
		AF_NETLINK };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
			_exit(3);
}

static void *
nothing(void *arg)
{
	return arg;
}

static void
begin_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) != 0 ||
		pthread_join(thread, NULL) != 0)
		_exit(4);
}

static void
what_it_needs_is_allowed(void)
{
	static void (*const acts[])(
		void) = { write_and_rename, ask_a_server, begin_a_thread };

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const int status = end_of(acts[i]);

		T_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == DONE,
			"%zu: %x", i, (unsigned)status);
	}
}

static void
open_packets(void)
{
	(void)socket(AF_PACKET, SOCK_RAW, 0); /* it has ended */
}

static void
begin_a_program(void)
{
	(void)execl("/bin/true", "true", (char *)NULL); /* as above */
}

static void
become_root(void)
{
	(void)syscall(SYS_setuid, 0); /* as above */
}

static void
end_another(void)
{
	(void)kill(getppid(), 0); /* as above */
}

static void
trace_another(void)
{
	(void)syscall(SYS_ptrace, 16, getppid(), 0, 0); /* as above */
}

static void
look_into_a_folder(void)
{
	char room[256];

	(void)syscall(SYS_getdents, STDERR_FILENO, room, sizeof(room)); /* .. */
}

static void
wait_for_a_child(void)
{
	(void)syscall(SYS_wait4, -1, NULL, WNOHANG, NULL); /* as above */
}

static void
anything_else_ends_it(void)
{
	static const struct {
		void (*act)(void);
		bool sanitizers_do_it;
	} rows[] = { { open_packets, false }, { begin_a_program, false },
		{ become_root, false }, { end_another, true },
		{ trace_another, true }, { look_into_a_folder, true },
		{ wait_for_a_child, true } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int status = end_of(rows[i].act);

		if (rows[i].sanitizers_do_it && SANDBOX_SANITIZED)
			continue;
		T_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			"%zu: %x", i, (unsigned)status);
	}
}

static struct t_case cases[] = {
	{ "what policyd needs is allowed", what_it_needs_is_allowed },
	{ "anything else ends it", anything_else_ends_it },
};
T_MAIN(cases)
