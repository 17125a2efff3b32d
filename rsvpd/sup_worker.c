/* SPDX-License-Identifier: ISC */
/*
 * Starting a worker: find its executable, fork, arrange descriptors, become its
 * user, execute.  Between fork and execve nothing is opened and nothing is
 * shared with the supervisor but standard error.
 */
#include "sup_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

enum { EXEC_FAILED = 127, HIGH_FD = 16 };

static int
open_program(const char *folder, const char *between, const char *file)
{
	char path[PATH_MAX];
	struct text t = text_over(path, sizeof(path));

	text_printf(&t, "%s%s%s", folder, between, file);
	if (t.cut || access(path, X_OK) != 0)
		return -ENOENT;
	return open(path, O_PATH | O_CLOEXEC);
}

/* Cuts the last component off; false when there is none. */
static bool
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return false;
	*slash = '\0';
	return true;
}

/* FOLDER/.libs/FILE or FOLDER/FILE beside our own folder of a build tree. */
static int
find_in_build_tree(char *dir, const char *folder, const char *file)
{
	char between[64];
	struct text t = text_over(between, sizeof(between));
	char *last = strrchr(dir, '/');
	int fd;

	if (last && strcmp(last, "/.libs") == 0)
		(void)cut_last(dir);
	if (!cut_last(dir))
		return -ENOENT;
	text_printf(&t, "/%s/.libs/", folder);
	fd = open_program(dir, between, file);
	if (fd >= 0)
		return fd;
	t = text_over(between, sizeof(between));
	text_printf(&t, "/%s/", folder);
	return open_program(dir, between, file);
}

int
sup_find_program(const char *file, const char *folder)
{
	char dir[PATH_MAX];
	const ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	int fd;

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	(void)cut_last(dir); /* an absolute path with a name at its end */
	fd = open_program(dir, "/", file);
	if (fd < 0)
		fd = find_in_build_tree(dir, folder, file);
	if (fd < 0)
		fd = open_program(RSVPD_SBINDIR, "/", file);
	return fd;
}

static int
open_executable(const struct sup_program *program)
{
	if (program->file)
		return sup_find_program(program->file, program->folder);

	/* Ourselves, even if the file has been replaced since. */
	const int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* To that value, or to what we may have if that is less. */
static int
set_limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		return -1;
	if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit);
}

/* Descriptors of the worker; all others close at execve. */
static int
arrange_fds(const int fds[SUP_GIVEN_FDS])
{
	const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high[SUP_GIVEN_FDS];

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	/* First out of the way, or one would be overwritten by another. */
	for (int i = 0; i < SUP_GIVEN_FDS; i++) {
		high[i] = fds[i] < 0 ? -1
				     : fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (fds[i] >= 0 && high[i] < 0)
			return -errno;
	}
	if (close_range(SUP_FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
		return -errno;
	for (int i = 0; i < SUP_GIVEN_FDS; i++)
		if (high[i] >= 0 && dup2(high[i], SUP_FIRST_FD + i) < 0)
			return -errno;
	return 0;
}

static void
reset_signals(void)
{
	sigset_t none;

	/* Handlers of the loop would write into the supervisor's pipe. */
	for (int signo = 1; signo < NSIG; signo++)
		(void)signal(signo, SIG_DFL); /* two refuse, rightly */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Everything up to execve.  0 or a negative errno and which step. */
static int
prepare(const struct sup_program *program, const int fds[SUP_GIVEN_FDS],
	pid_t parent, const char **ret_step)
{
	int ret;

	*ret_step = "descriptors";
	ret = arrange_fds(fds);
	if (ret < 0)
		return ret;
	*ret_step = "limits";
	if (set_limit(RLIMIT_CORE, 0) != 0 ||
		set_limit(RLIMIT_NOFILE, program->files_max) != 0)
		return -errno;
	*ret_step = program->user.name;
	ret = priv_become(&program->user, program->net_admin);
	if (ret < 0)
		return ret;
	*ret_step = "death signal";
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, program->death_signal, 0, 0, 0) != 0)
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	if (chdir("/") != 0)
		return -errno;
	return 0;
}

static _Noreturn void
become_worker(const struct sup_program *program, int exe,
	const int fds[SUP_GIVEN_FDS], pid_t parent)
{
	/* The leak checker needs to trace its own process, which a worker
	 * must not: unit tests look for leaks. */
	char variables[2][48] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"ASAN_OPTIONS=detect_leaks=0:abort_on_error=1" };
	char *const environment[] = { variables[0],
		PRIV_SANITIZED ? variables[1] : NULL, NULL };
	char *argv[sizeof(program->argv) / sizeof(program->argv[0])];
	/* The descriptors that are arranged would overwrite a low one. */
	const int high = fcntl(exe, F_DUPFD_CLOEXEC, HIGH_FD);
	const char *step = "descriptors";
	int ret = high < 0 ? -errno : 0;

	if (ret == 0)
		ret = prepare(program, fds, parent, &step);
	if (ret == 0) {
		reset_signals();
		step = "execve";
		/* It leaves them alone. */
		memcpy(argv, program->argv, sizeof(argv));
		(void)fexecve(high, argv, environment);
		ret = -errno;
	}
	log_err(LOG_MAIN, "%s: cannot start: %s: %s", program->name, step,
		strerror(-ret));
	_exit(EXEC_FAILED);
}

pid_t
sup_spawn(const struct sup_program *program, const int fds[SUP_GIVEN_FDS])
{
	const int exe = open_executable(program);
	const pid_t parent = getpid();
	sigset_t all;
	sigset_t before;
	pid_t pid;

	if (exe < 0) {
		log_err(LOG_MAIN,
			"%s: program not found: %s (install it in %s)",
			program->name, program->file ? program->file : "",
			RSVPD_SBINDIR);
		return exe;
	}
	/* No signal reaches the child before it has its own handlers. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0)
		become_worker(program, exe, fds, parent);

	const int ret = pid < 0 ? -errno : pid;

	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close(exe);
	if (ret < 0)
		log_err(LOG_MAIN, "%s: cannot start: %s", program->name,
			strerror(-ret));
	return ret;
}

void
sup_describe_end(int status, char *buf, size_t size)
{
	struct text t = text_over(buf, size);

	if (WIFSIGNALED(status))
		text_printf(&t, "killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		text_printf(&t, "exit status %d", WEXITSTATUS(status));
}
